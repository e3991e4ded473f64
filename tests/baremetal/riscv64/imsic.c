/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Traps, and the interrupt files of two harts (RISC-V AIA, "Incoming MSI Controller"). */
#include "../machine.h"
#include "cpu.h"
#include "sbi.h"

#define CAUSE_INTERRUPT (UINT64_C(1) << 63)
#define CAUSE_EXTERNAL 9u

#define SIE_SEIE (1u << CAUSE_EXTERNAL)
#define SSTATUS_SIE 0x2u

/* CSRs of the AIA: siselect, sireg, stopei */
#define SISELECT 0x150
#define SIREG 0x151
#define STOPEI 0x15c
#define CSR(name) CSR_(name)
#define CSR_(name) #name

#define EIDELIVERY 0x70u
#define EITHRESHOLD 0x72u
#define EIE0 0xc0u

#define IDENTITIES 256u

extern uint64_t boot_hart;
extern const char other_start[];

void other_cpu(void);
void trap_taken(uint64_t cause, uint64_t where, uint64_t value);

static struct {
	uint64_t files;
	bool started;
	volatile bool other_runs;
	volatile unsigned seen[CPUS][IDENTITIES];
} imsic;

/* The stack tells which hart this is: the other's is above the boot hart's. */
static unsigned this_cpu(void)
{
	extern const char boot_stack_end[];
	uint64_t here;

	__asm__("mv %0, sp" : "=r"(here));
	return here > (uintptr_t)boot_stack_end;
}

static uint64_t claim(void)
{
	uint64_t val;

	__asm__ volatile("csrrw %0, " CSR(STOPEI) ", x0" : "=r"(val) : : "memory");
	return val >> 16;
}

static void file_write(uint64_t reg, uint64_t val)
{
	__asm__ volatile("csrw " CSR(SISELECT) ", %0\n\tcsrw " CSR(SIREG) ", %1"
	                 :
	                 : "r"(reg), "r"(val)
	                 : "memory");
}

void trap_taken(uint64_t cause, uint64_t where, uint64_t value)
{
	uint64_t identity;

	if (cause != (CAUSE_INTERRUPT | CAUSE_EXTERNAL)) {
		say("\nBail out! Trap 0x%x at 0x%x, value 0x%x\n", (unsigned long long)cause,
		    (unsigned long long)where, (unsigned long long)value);
		machine_stop();
	}
	while ((identity = claim()))
		imsic.seen[this_cpu()][identity % IDENTITIES]++;
}

static void file_on(void)
{
	for (unsigned n = 0; n < IDENTITIES / 64; n++)
		file_write(EIE0 + 2 * n, ~UINT64_C(0));
	file_write(EITHRESHOLD, 0);
	file_write(EIDELIVERY, 1);
	csr_set(sie, SIE_SEIE);
	csr_set(sstatus, SSTATUS_SIE);
}

void other_cpu(void)
{
	file_on();
	imsic.other_runs = true;
	for (;;)
		__asm__ volatile("wfi");
}

void imsic_start(uint64_t files)
{
	imsic.files = files;
}

/* Of two harts the boot hart may be either. */
uint64_t imsic_file(unsigned cpu)
{
	return imsic.files ? imsic.files + (boot_hart ^ cpu) * 4096 : 0;
}

bool interrupts_start(void)
{
	uint64_t since = clock_ns();

	if (imsic.started || !imsic.files)
		return imsic.started;
	file_on();
	if (sbi(SBI_HSM, 0, boot_hart ^ 1, (uintptr_t)other_start, 0))
		return false;
	while (!imsic.other_runs)
		if (clock_ns() - since > UINT64_C(5000000000))
			return false;
	imsic.started = true;
	return true;
}

unsigned interrupts_seen(unsigned cpu, unsigned vector)
{
	return imsic.seen[cpu][vector];
}

bool interrupts_wait(unsigned cpu, unsigned vector, unsigned before)
{
	uint64_t since = clock_ns();

	while (imsic.seen[cpu][vector] <= before)
		if (clock_ns() - since > INTERRUPT_NS)
			return false;
	return true;
}

struct iom_interrupt_message interrupts_message(unsigned cpu, unsigned vector)
{
	return (struct iom_interrupt_message){ imsic_file(cpu), vector };
}
