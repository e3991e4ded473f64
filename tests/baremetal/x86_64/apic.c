/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Interrupts of two CPUs: local APICs, as xAPIC or, where the IOMMU can name such CPUs, x2APIC. */
#include <string.h>

#include "../machine.h"
#include "apic.h"
#include "io.h"
#include "unit.h"

#define APIC_BASE_MSR 0x1bu
#define APIC_BASE_X2 0x400u
#define APIC_BASE_ON 0x800u
#define X2_MSRS 0x800u
#define XAPIC 0xfee00000u

/* Registers, as offsets of xAPIC's page */
#define APIC_ID 0x20u
#define APIC_EOI 0xb0u
#define APIC_SPURIOUS 0xf0u
#define APIC_ESR 0x280u
#define APIC_COMMAND 0x300u
#define APIC_COMMAND_HIGH 0x310u

#define SPURIOUS_ON 0x100u
#define SPURIOUS_VECTOR 0xffu

#define COMMAND_INIT 0x4500u
#define COMMAND_STARTUP 0x4600u

#define TRAMPOLINE 0x8000u
#define MILLISECOND_NS UINT64_C(1000000)

#define GATE 0x8e00u
#define CODE64 0x10u

extern const uint8_t trampoline[], trampoline_end[], interrupt_stubs[];

void other_cpu(void);
void interrupt_taken(uint64_t vector, uint64_t where, uint64_t code);

static struct {
	bool started, x2;
	volatile bool other_runs;
	uint32_t id[CPUS];
	volatile unsigned seen[CPUS][256];
} apic;

static uint64_t idt[256][2] __attribute__((aligned(16)));

static uint32_t apic_read(unsigned reg)
{
	return apic.x2 ? (uint32_t)msr_read(X2_MSRS + reg / 16)
	               : (uint32_t)mmio_read(XAPIC + reg, 4);
}

static void apic_write(unsigned reg, uint32_t val)
{
	if (apic.x2)
		msr_write(X2_MSRS + reg / 16, val);
	else
		mmio_write(XAPIC + reg, 4, val);
}

static uint32_t own_id(void)
{
	return apic.x2 ? apic_read(APIC_ID) : apic_read(APIC_ID) >> 24;
}

/* ---- What arrives ---------------------------------------------------------------------------- */

void interrupt_taken(uint64_t vector, uint64_t where, uint64_t code)
{
	unsigned cpu = own_id() == apic.id[0] ? 0 : 1;

	if (vector < 32) {
		say("\nBail out! Exception %u at 0x%x, code 0x%x\n", (unsigned)vector,
		    (unsigned long long)where, (unsigned long long)code);
		machine_stop();
	}
	apic.seen[cpu][vector]++;
	if (vector != SPURIOUS_VECTOR)
		apic_write(APIC_EOI, 0);
}

static void load_idt(void)
{
	struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} pointer = { sizeof idt - 1, (uintptr_t)idt };

	__asm__ volatile("lidt %0" : : "m"(pointer));
}

void apic_exceptions(void)
{
	for (unsigned n = 0; n < 256; n++) {
		uint64_t to = (uintptr_t)interrupt_stubs + (uint64_t)n * 16;

		idt[n][0] = (to & 0xffff) | CODE64 << 16 | (uint64_t)GATE << 32 |
		            (to >> 16 & 0xffff) << 48;
		idt[n][1] = to >> 32;
	}
	load_idt();
}

/* ---- Starting -------------------------------------------------------------------------------- */

static bool cpu_has_x2apic(void)
{
	uint32_t eax = 1, ecx = 0, ebx, edx;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	return ecx >> 21 & 1;
}

static void apic_on(void)
{
	uint64_t base = msr_read(APIC_BASE_MSR) | APIC_BASE_ON;

	msr_write(APIC_BASE_MSR, base);
	if (apic.x2)
		msr_write(APIC_BASE_MSR, base | APIC_BASE_X2);
	apic_write(APIC_SPURIOUS, SPURIOUS_ON | SPURIOUS_VECTOR);
}

void other_cpu(void)
{
	load_idt();
	apic_on();
	apic.id[1] = own_id();
	apic.other_runs = true;
	for (;;)
		__asm__ volatile("sti; hlt");
}

static void pause_ns(uint64_t ns)
{
	uint64_t since = clock_ns();

	while (clock_ns() - since < ns)
		;
}

/* To all but ourselves: there is one. */
static void command_others(uint32_t command)
{
	command |= 3u << 18;
	if (apic.x2) {
		msr_write(X2_MSRS + APIC_COMMAND / 16, command);
	} else {
		apic_write(APIC_COMMAND_HIGH, 0);
		apic_write(APIC_COMMAND, command);
	}
}

static bool start_other(void)
{
	memcpy((void *)(uintptr_t)TRAMPOLINE, trampoline, (size_t)(trampoline_end - trampoline));
	command_others(COMMAND_INIT);
	pause_ns(10 * MILLISECOND_NS);
	for (unsigned tries = 0; tries < 20 && !apic.other_runs; tries++) {
		if (tries < 2)
			command_others(COMMAND_STARTUP | TRAMPOLINE >> 12);
		pause_ns(50 * MILLISECOND_NS);
	}
	return apic.other_runs;
}

bool interrupts_start(void)
{
	if (apic.started)
		return true;
	/* Nobody serves the old controllers. */
	out8(0x21, 0xff);
	out8(0xa1, 0xff);
	apic.x2 = unit_x86.ecap & ECAP_EIM && cpu_has_x2apic();
	apic_on();
	apic.id[0] = own_id();
	apic.started = start_other();
	__asm__ volatile("sti");
	return apic.started;
}

unsigned interrupts_seen(unsigned cpu, unsigned vector)
{
	return apic.seen[cpu][vector];
}

bool interrupts_wait(unsigned cpu, unsigned vector, unsigned before)
{
	uint64_t since = clock_ns();

	while (apic.seen[cpu][vector] <= before)
		if (clock_ns() - since > INTERRUPT_NS)
			return false;
	return true;
}

struct iom_interrupt_message interrupts_message(unsigned cpu, unsigned vector)
{
	return (struct iom_interrupt_message){ XAPIC | apic.id[cpu] << 12, vector };
}

uint32_t apic_id(unsigned cpu)
{
	return apic.id[cpu];
}
