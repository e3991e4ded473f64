/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Interrupts of devices, remapped and refused. */
#include "interrupts.h"

#include "../bed.h"
#include "../pci.h"
#include "apic.h"
#include "unit.h"

bool remapping(void)
{
	struct iom_driver_config config = bed.unit.config;

	if (!(unit_x86.ecap & ECAP_IR)) {
		tap_skip("the unit remaps no interrupts");
		return false;
	}
	if (!interrupts_start()) {
		tap_fail(__FILE__, __LINE__, "both CPUs take interrupts");
		return false;
	}
	config.interrupts = INTERRUPTS;
	return bed_again(&config);
}

bool own_interrupt(unsigned device, uint32_t *index)
{
	struct iom_interrupt_message message;

	return !iom_interrupt_alloc(bed.driver, bed.device[device].rid, 1, index) &&
	       !iom_interrupt_message(bed.driver, *index, &message) &&
	       pci_message(bed.device[device].rid, &message);
}

int go_to(uint32_t index, unsigned cpu, unsigned vector)
{
	const struct iom_interrupt_target target = { .cpu = apic_id(cpu),
		                                     .vector = (uint8_t)vector };

	return iom_interrupt_set(bed.driver, index, &target);
}

static unsigned total(void)
{
	unsigned count = 0;

	for (unsigned cpu = 0; cpu < CPUS; cpu++)
		for (unsigned vector = 16; vector < 256; vector++)
			count += interrupts_seen(cpu, vector);
	return count;
}

bool signals_to(unsigned device, unsigned cpu, unsigned vector)
{
	unsigned before = interrupts_seen(cpu, vector), all = total();

	edu_signal(&bed.device[device]);
	return interrupts_wait(cpu, vector, before) && total() == all + 1;
}

bool signals_nobody(unsigned device)
{
	unsigned all = total();

	edu_signal(&bed.device[device]);
	return !interrupts_wait(0, VECTOR_FREE, interrupts_seen(0, VECTOR_FREE)) && total() == all;
}

/* One record, of an interrupt of this device, at this index. */
static bool interrupt_fault(unsigned device, uint32_t index, uint32_t code)
{
	uint16_t rid = bed.device[device].rid;

	if (bed_faults() == 1 && bed.fault[0].requester == rid && bed.fault[0].iova == index &&
	    bed.fault[0].code == code)
		return true;
	say("# %u faults; the first by 0x%x, index 0x%x, code 0x%x; should be 0x%x, 0x%x, 0x%x\n",
	    (unsigned)bed.faults, (unsigned long long)bed.fault[0].requester,
	    (unsigned long long)bed.fault[0].iova, (unsigned long long)bed.fault[0].code,
	    (unsigned long long)rid, (unsigned long long)index, (unsigned long long)code);
	return false;
}

void interrupt_not_remapped(void)
{
	struct iom_interrupt_message message;

	CHECK(interrupts_start());
	for (unsigned cpu = 0; cpu < CPUS; cpu++) {
		message = interrupts_message(cpu, VECTOR_FREE);
		CHECK(pci_message(bed.device[0].rid, &message));
		CHECK(signals_to(0, cpu, VECTOR_FREE));
	}
}

void interrupt_arrives(void)
{
	uint32_t index;

	if (!remapping())
		return;
	CHECK(own_interrupt(0, &index));
	CHECK(!go_to(index, 0, VECTOR_FREE));
	CHECK(signals_to(0, 0, VECTOR_FREE));
	CHECK(signals_to(0, 0, VECTOR_FREE));
	CHECK_EQ(bed_faults(), 0);
	CHECK(!iom_interrupt_free(bed.driver, index, 1));
}

void interrupt_moves(void)
{
	uint32_t index;

	if (!remapping())
		return;
	CHECK(own_interrupt(0, &index));
	for (unsigned round = 0; round < 8; round++) {
		CHECK(!go_to(index, round % CPUS, VECTOR_FREE + round));
		CHECK(signals_to(0, round % CPUS, VECTOR_FREE + round));
	}
	CHECK_EQ(bed_faults(), 0);
}

void interrupt_devices_have_their_own(void)
{
	uint32_t index[DEVICES];

	if (!remapping())
		return;
	for (unsigned n = 0; n < DEVICES; n++) {
		CHECK(own_interrupt(n, &index[n]));
		CHECK(!go_to(index[n], n % CPUS, VECTOR_FREE + n));
	}
	for (unsigned n = 0; n < DEVICES; n++)
		CHECK(signals_to(n, n % CPUS, VECTOR_FREE + n));
	CHECK_EQ(bed_faults(), 0);
}

/* Several together: a device with plain MSI adds to the data. */
void interrupt_of_several(void)
{
	struct iom_interrupt_message message;
	uint32_t first;

	if (!remapping())
		return;
	CHECK(!iom_interrupt_alloc(bed.driver, bed.device[0].rid, 4, &first));
	for (unsigned n = 0; n < 4; n++)
		CHECK(!go_to(first + n, n % CPUS, VECTOR_FREE + n));
	for (unsigned n = 0; n < 4; n++) {
		CHECK(!iom_interrupt_message(bed.driver, first + n, &message));
		CHECK(pci_message(bed.device[0].rid, &message));
		CHECK(signals_to(0, n % CPUS, VECTOR_FREE + n));
	}
}

void interrupt_not_set(void)
{
	uint32_t index;

	if (!remapping())
		return;
	CHECK(own_interrupt(0, &index));
	CHECK(signals_nobody(0));
	CHECK(interrupt_fault(0, index, 0x22));
}

void interrupt_taken_back(void)
{
	uint32_t index;

	if (!remapping())
		return;
	CHECK(own_interrupt(0, &index));
	CHECK(!go_to(index, 1, VECTOR_FREE));
	CHECK(signals_to(0, 1, VECTOR_FREE));
	CHECK(!iom_interrupt_free(bed.driver, index, 1));
	CHECK(signals_nobody(0));
	CHECK(interrupt_fault(0, index, 0x22));
}

void interrupt_of_another_device(void)
{
	struct iom_interrupt_message message;
	uint32_t index;

	if (!remapping())
		return;
	CHECK(own_interrupt(0, &index));
	CHECK(!go_to(index, 0, VECTOR_FREE));
	CHECK(!iom_interrupt_message(bed.driver, index, &message));
	CHECK(pci_message(bed.device[2].rid, &message));
	CHECK(signals_nobody(2));
	CHECK(interrupt_fault(2, index, 0x26));
	CHECK(signals_to(0, 0, VECTOR_FREE));
}

void interrupt_beyond_the_table(void)
{
	struct iom_interrupt_message message;
	uint32_t index;

	if (!remapping())
		return;
	CHECK(own_interrupt(0, &index));
	CHECK(!iom_interrupt_message(bed.driver, index, &message));
	message.data = INTERRUPTS;
	CHECK(pci_message(bed.device[0].rid, &message));
	CHECK(signals_nobody(0));
	CHECK(interrupt_fault(0, index + INTERRUPTS, 0x21));
}

void interrupt_compatibility_format(void)
{
	struct iom_interrupt_message message;

	if (!remapping())
		return;
	message = interrupts_message(0, VECTOR_FREE);
	CHECK(pci_message(bed.device[0].rid, &message));
	CHECK(signals_nobody(0));
	CHECK_EQ(bed_faults(), 1);
	CHECK_EQ(bed.fault[0].requester, bed.device[0].rid);
	CHECK_EQ(bed.fault[0].code, 0x25);
}

/* The fault of an interrupt is heard as others are; the unit's own messages are not remapped. */
void interrupt_with_domains(void)
{
	uint8_t *page = bed_memory(PAGE);
	struct iom_domain *domain;
	uint32_t index;

	if (!remapping())
		return;
	domain = bed_domain(IOM_DOMAIN_STAGE1);
	CHECK(domain);
	CHECK(!iom_domain_map(domain, IOVA, phys(page), PAGE, RIGHTS));
	CHECK(!iom_domain_attach(domain, bed.device[0].rid));
	CHECK(own_interrupt(0, &index));
	CHECK(!go_to(index, 1, VECTOR_FREE));
	CHECK(bed_arrives(0, IOVA, page, 64));
	CHECK(signals_to(0, 1, VECTOR_FREE));
	CHECK(!iom_domain_detach(domain, bed.device[0].rid));
	/* Interrupts go their own way. */
	CHECK(signals_to(0, 1, VECTOR_FREE));
	CHECK_EQ(bed_faults(), 0);
}
