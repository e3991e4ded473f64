/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Devices' messages to interrupt files: as all stores go, and by guests' message tables. */
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

/* The store is refused, and the one record says so: who, and this code. */
static bool message_fault(unsigned device, uint32_t code)
{
	(void)bed_faults();
	edu_signal(&bed.device[device]);
	if (bed_faults() == 1 && bed.fault[0].requester == bed.device[device].rid &&
	    bed.fault[0].code == code)
		return true;
	say("# %u faults; the first with code 0x%x, should be 0x%x\n", (unsigned)bed.faults,
	    (unsigned long long)bed.fault[0].code, (unsigned long long)code);
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
	CHECK(message_fault(0, 15));
	CHECK_EQ(bed.fault[0].iova, imsic_file(0));
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

/* What the device sent once goes nowhere any more. */
static bool taken_away(void)
{
	struct iom_domain *domain = guest_of(0);

	return domain && !iom_domain_msi_map(domain, GUEST_FILES, imsic_file(0)) &&
	       sends_to(0, GUEST_FILES, VECTOR_FREE) && signals_to(0, 0, VECTOR_FREE) &&
	       !iom_domain_msi_unmap(domain, GUEST_FILES) && message_fault(0, 262);
}

void message_guest_refused(void)
{
	SKIP_IF(!interrupts_start(), NO_MESSAGES);
	SKIP_IF(!(unit_riscv.capabilities & CAP_MSI_FLAT), "no message tables");
	CHECK(taken_away());
}

void message_guest_address(void)
{
	SKIP_IF(!interrupts_start(), NO_MESSAGES);
	SKIP_IF(!(unit_riscv.capabilities & CAP_MSI_FLAT), "no message tables");
	CHECK(taken_away());
	CHECK_EQ(bed.fault[0].iova, GUEST_FILES);
}

/* ---- Files in memory ------------------------------------------------------------------------- */

#define NOTICE (VECTOR_FREE + 2)

/* An identity is enabled in the second doubleword of its pair.  Notices go to the other CPU. */
static void in_memory(unsigned identity, bool enabled)
{
	uint8_t *page = bed_memory(PAGE);
	uint64_t *file = (void *)(page + IOM_MRIF_BYTES), bit = UINT64_C(1) << identity % 64;
	struct iom_mrif mrif = { .file = phys(file), .identity = NOTICE };
	struct iom_domain *domain;

	SKIP_IF(!interrupts_start(), NO_MESSAGES);
	SKIP_IF(!(unit_riscv.capabilities & CAP_MSI_MRIF), "no files in memory");
	domain = guest_of(0);
	CHECK(domain);
	mrif.notice = imsic_file(1);
	if (enabled)
		file[identity / 64 * 2 + 1] = bit;
	CHECK(!iom_domain_msi_map_mrif(domain, GUEST_FILES, &mrif));
	CHECK(sends_to(0, GUEST_FILES, identity));
	CHECK(signals_to(0, 1, NOTICE));
	CHECK_EQ(iom_mrif_take(file, identity / 64), bit);
	/* And back to a hart's file */
	CHECK(!iom_domain_msi_map(domain, GUEST_FILES, imsic_file(0)));
	CHECK(signals_to(0, 0, identity));
	CHECK_EQ(iom_mrif_take(file, identity / 64), 0);
	CHECK_EQ(bed_faults(), 0);
}

void message_in_memory(void)
{
	in_memory(45, true);
}

void message_second_group(void)
{
	in_memory(77, true);
}

void message_not_enabled(void)
{
	in_memory(45, false);
}
