/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Devices' messages: to interrupt files by tables as all stores go, and by a guest's message table. */
#include "messages.h"

#include "../bed.h"
#include "../pci.h"
#include "cpu.h"
#include "unit.h"

/* Where a guest believes its two files to be. */
#define GUEST_FILES UINT64_C(0x28000000)

#define NO_MESSAGES "the machine takes no messages"
#define FILE_PROT (RIGHTS | IOM_PROT_MMIO)

static bool signals_to(unsigned device, unsigned cpu, unsigned identity)
{
	unsigned other = interrupts_seen(!cpu, identity), before = interrupts_seen(cpu, identity);

	edu_signal(&bed.device[device]);
	return interrupts_wait(cpu, identity, before) && interrupts_seen(!cpu, identity) == other;
}

static bool sends_to(unsigned device, uint64_t address, unsigned identity)
{
	const struct iom_interrupt_message message = { address, identity };

	return pci_message(bed.device[device].rid, &message);
}

/* The store is refused at this address; code 0: any. */
static bool message_fault(unsigned device, uint64_t address, uint32_t code)
{
	(void)bed_faults();
	edu_signal(&bed.device[device]);
	if (bed_faults() == 1 && bed.fault[0].requester == bed.device[device].rid &&
	    bed.fault[0].iova == address && bed.fault[0].code == code)
		return true;
	say("# %u faults; the first at 0x%x, code 0x%x; should be 0x%x, 0x%x\n",
	    (unsigned)bed.faults, (unsigned long long)bed.fault[0].iova,
	    (unsigned long long)bed.fault[0].code, (unsigned long long)address,
	    (unsigned long long)code);
	return false;
}

void message_mapped(void)
{
	struct iom_domain *domain = bed_domain(IOM_DOMAIN_STAGE1);

	SKIP_IF(!interrupts_start(), NO_MESSAGES);
	CHECK(domain);
	CHECK(!iom_domain_attach(domain, bed.device[0].rid));
	CHECK(sends_to(0, IOVA, VECTOR_FREE));
	for (unsigned round = 0; round < 4; round++) {
		CHECK(!iom_domain_map(domain, IOVA, imsic_file(round % CPUS), PAGE, FILE_PROT));
		CHECK(signals_to(0, round % CPUS, VECTOR_FREE));
		CHECK(!bed_unmap(domain, IOVA, PAGE));
	}
	CHECK_EQ(bed_faults(), 0);
}

void message_refused(void)
{
	struct iom_domain *domain = bed_domain(IOM_DOMAIN_STAGE1);

	SKIP_IF(!interrupts_start(), NO_MESSAGES);
	CHECK(domain);
	CHECK(!iom_domain_attach(domain, bed.device[0].rid));
	CHECK(sends_to(0, imsic_file(0), VECTOR_FREE));
	CHECK(message_fault(0, imsic_file(0), 15));
}

/* A virtual machine's domain, to which a device is attached; its files are nowhere yet. */
static struct iom_domain *guest_of(unsigned device)
{
	struct iom_domain *domain = bed_domain(IOM_DOMAIN_STAGE2);
	struct iom_error error;

	if (!domain || iom_domain_msi_window(domain, GUEST_FILES, PAGE, &error) ||
	    iom_domain_attach(domain, bed.device[device].rid))
		return NULL;
	return domain;
}

void message_guest(void)
{
	struct iom_domain *domain;

	SKIP_IF(!interrupts_start(), NO_MESSAGES);
	SKIP_IF(!(unit_riscv.capabilities & CAP_MSI_FLAT), "no message tables");
	domain = guest_of(0);
	CHECK(domain);
	CHECK(!iom_domain_msi_map(domain, GUEST_FILES + PAGE, imsic_file(1)));
	for (unsigned round = 0; round < 4; round++) {
		CHECK(!iom_domain_msi_map(domain, GUEST_FILES, imsic_file(round % CPUS)));
		CHECK(sends_to(0, GUEST_FILES, VECTOR_FREE));
		CHECK(signals_to(0, round % CPUS, VECTOR_FREE));
		CHECK(sends_to(0, GUEST_FILES + PAGE, VECTOR_FREE + 1));
		CHECK(signals_to(0, 1, VECTOR_FREE + 1));
	}
	CHECK_EQ(bed_faults(), 0);
}

void message_guest_refused(void)
{
	struct iom_domain *domain;

	SKIP_IF(!interrupts_start(), NO_MESSAGES);
	SKIP_IF(!(unit_riscv.capabilities & CAP_MSI_FLAT), "no message tables");
	domain = guest_of(0);
	CHECK(domain);
	CHECK(!iom_domain_msi_map(domain, GUEST_FILES, imsic_file(0)));
	CHECK(sends_to(0, GUEST_FILES, VECTOR_FREE));
	CHECK(signals_to(0, 0, VECTOR_FREE));
	CHECK(!iom_domain_msi_unmap(domain, GUEST_FILES));
	CHECK(message_fault(0, GUEST_FILES, 262));
}

void message_in_memory(void)
{
	uint8_t *page = bed_memory(PAGE);
	struct iom_mrif mrif = { .file = phys(page) + IOM_MRIF_BYTES, .identity = VECTOR_FREE + 2 };
	struct iom_domain *domain;

	SKIP_IF(!interrupts_start(), NO_MESSAGES);
	SKIP_IF(!(unit_riscv.capabilities & CAP_MSI_MRIF), "no files in memory");
	domain = guest_of(0);
	CHECK(domain);
	mrif.notice = imsic_file(1);
	CHECK(!iom_domain_msi_map_mrif(domain, GUEST_FILES, &mrif));
	CHECK(sends_to(0, GUEST_FILES, 77));
	CHECK(signals_to(0, 1, VECTOR_FREE + 2));
	CHECK_EQ(iom_mrif_take(page + IOM_MRIF_BYTES, 77 / 64), UINT64_C(1) << (77 % 64));
	/* And back to a hart's file */
	CHECK(!iom_domain_msi_map(domain, GUEST_FILES, imsic_file(0)));
	CHECK(signals_to(0, 0, 77));
	CHECK_EQ(iom_mrif_take(page + IOM_MRIF_BYTES, 77 / 64), 0);
	CHECK_EQ(bed_faults(), 0);
}
