/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What is VT-d's own: the DMAR, a start that waits; and the list. */
#include "../bed.h"
#include "../tests.h"
#include "interrupts.h"
#include "unit.h"

/* ---- Firmware -------------------------------------------------------------------------------- */

static void tell(void *opaque, const char *sentence)
{
	(void)opaque;
	say("# %s\n", sentence);
}

static void dmar_makes_sense(void)
{
	CHECK_EQ(iom_dmar_check(&unit_x86.dmar, tell, NULL), 0);
}

static int count_flags(void *opaque, unsigned address_bits, unsigned flags)
{
	unsigned *seen = opaque;

	*seen = flags;
	return address_bits < 32;
}

static void dmar_tells_of_remapping(void)
{
	const struct iom_dmar_visitor visitor = { .bytes = sizeof visitor, .head = count_flags };
	unsigned flags = 0;

	CHECK(!iom_dmar_visit(&unit_x86.dmar, &visitor, &flags));
	CHECK_EQ(!!(flags & IOM_DMAR_INTR_REMAP), !!(unit_x86.ecap & ECAP_IR));
}

/* ---- Translation that begins later ----------------------------------------------------------- */

static void held(void)
{
	struct iom_driver_config config = bed.unit.config;
	uint8_t *page = bed_memory(PAGE);
	struct iom_domain *domain;

	config.held = true;
	CHECK(bed_again(&config));
	CHECK(bed_arrives(0, phys(page), page, 64));
	domain = bed_domain(IOM_DOMAIN_STAGE1);
	CHECK(domain);
	CHECK(!iom_domain_map(domain, phys(page), phys(page), PAGE, RIGHTS));
	CHECK(!iom_domain_attach(domain, bed.device[0].rid));
	CHECK(!iom_driver_start(bed.driver));
	CHECK(bed_arrives(0, phys(page), page, 64));
	CHECK_EQ(bed_faults(), 0);
	CHECK(bed_unknown(1, phys(page)));
}

const struct test machine_tests[] = {
	{ "DMAR: makes sense", dmar_makes_sense },
	{ "DMAR: tells whether interrupts are remapped", dmar_tells_of_remapping },
	{ "driver: translation begins when it is told", held },
	{ "interrupt: as the device sent it, without remapping", interrupt_not_remapped },
	{ "interrupt: arrives remapped", interrupt_arrives },
	{ "interrupt: moves to other CPUs and vectors", interrupt_moves },
	{ "interrupt: each device its own", interrupt_devices_have_their_own },
	{ "interrupt: four of one device", interrupt_of_several },
	{ "interrupt: refused before it has a target", interrupt_not_set },
	{ "interrupt: refused when it was taken back", interrupt_taken_back },
	{ "interrupt: refused from another device", interrupt_of_another_device },
	{ "interrupt: refused beyond the table", interrupt_beyond_the_table },
	{ "interrupt: refused in compatibility format", interrupt_compatibility_format },
	{ "interrupt: beside domains", interrupt_with_domains },
	{ "interrupt: posted, with a notification", interrupt_posted },
	{ "interrupt: posted, while the CPU knows", interrupt_posted_again },
	{ "interrupt: the I/O APIC's", interrupt_ioapic },
	{ "interrupt: the I/O APIC's has its source-id", interrupt_ioapic_source },
};

const size_t machine_test_count = COUNT(machine_tests);
