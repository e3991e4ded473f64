/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What is VT-d's own: the DMAR, and remapped interrupts. */
#include "../bed.h"
#include "../pci.h"
#include "../tests.h"
#include "acpi.h"
#include "apic.h"
#include "io.h"
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

/* ---- Remapped interrupts --------------------------------------------------------------------- */

#define INTERRUPTS 256u

/* The driver, with remapping; false: the test is skipped, or has failed. */
static bool remapping(void)
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

/* Gives a device an interrupt, and lets the device know it. */
static bool own_interrupt(unsigned device, uint32_t *index)
{
	struct iom_interrupt_message message;

	return !iom_interrupt_alloc(bed.driver, bed.device[device].rid, 1, index) &&
	       !iom_interrupt_message(bed.driver, *index, &message) &&
	       pci_message(bed.device[device].rid, &message);
}

static int go_to(uint32_t index, unsigned cpu, unsigned vector)
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

/* The device signals, and this is what happens, and nothing else. */
static bool signals_to(unsigned device, unsigned cpu, unsigned vector)
{
	unsigned before = interrupts_seen(cpu, vector), all = total();

	edu_signal(&bed.device[device]);
	return interrupts_wait(cpu, vector, before) && total() == all + 1;
}

static bool signals_nobody(unsigned device)
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

static void not_remapped(void)
{
	struct iom_interrupt_message message;

	CHECK(interrupts_start());
	for (unsigned cpu = 0; cpu < CPUS; cpu++) {
		message = interrupts_message(cpu, VECTOR_FREE);
		CHECK(pci_message(bed.device[0].rid, &message));
		CHECK(signals_to(0, cpu, VECTOR_FREE));
	}
}

static void arrives(void)
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

static void moves(void)
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

static void devices_have_their_own(void)
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
static void of_several(void)
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

static void not_set(void)
{
	uint32_t index;

	if (!remapping())
		return;
	CHECK(own_interrupt(0, &index));
	CHECK(signals_nobody(0));
	CHECK(interrupt_fault(0, index, 0x22));
}

static void taken_back(void)
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

static void of_another_device(void)
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

static void beyond_the_table(void)
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

static void compatibility_format(void)
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
static void with_domains(void)
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

/* ---- The I/O APIC ---------------------------------------------------------------------------- */

#define IOAPIC 0xfec00000u
#define IOAPIC_DATA 0x10u
#define IOAPIC_RTE(pin) (0x10u + 2 * (pin))
#define IOAPIC_MASKED 0x10000u

#define COM1 0x3f8
#define COM1_PIN 4u
#define COM1_IER 1
#define COM1_IIR 2
#define COM1_MCR 4

static void ioapic_write(unsigned reg, uint32_t val)
{
	mmio_write(IOAPIC, 4, reg);
	mmio_write(IOAPIC + IOAPIC_DATA, 4, val);
}

static void rte_write(unsigned pin, uint64_t entry)
{
	ioapic_write(IOAPIC_RTE(pin), IOAPIC_MASKED);
	ioapic_write(IOAPIC_RTE(pin) + 1, (uint32_t)(entry >> 32));
	ioapic_write(IOAPIC_RTE(pin), (uint32_t)entry);
}

/* The serial port says that it has room, each time that this is enabled anew. */
static bool serial_signals_to(unsigned cpu, unsigned vector)
{
	unsigned before = interrupts_seen(cpu, vector);
	bool seen;

	out8(COM1 + COM1_MCR, 0x08);
	out8(COM1 + COM1_IER, 0x02);
	seen = interrupts_wait(cpu, vector, before);
	(void)in8(COM1 + COM1_IIR);
	out8(COM1 + COM1_IER, 0);
	return seen;
}

/* The I/O APIC's interrupt for the serial port's pin, at this vector of the other CPU. */
static bool ioapic_up(struct iom_dmar_source *source, uint32_t *index, uint8_t vector)
{
	const struct iom_interrupt_target target = { .cpu = apic_id(1), .vector = vector };
	uint64_t entry;

	if (iom_dmar_find_source(&unit_x86.dmar, &unit_x86_pci, IOM_DMAR_IOAPIC, 0, source) ||
	    source->drhd.base != bed.unit.registers ||
	    iom_interrupt_alloc(bed.driver, source->rid, 1, index) ||
	    iom_interrupt_set(bed.driver, *index, &target) ||
	    iom_interrupt_ioapic(bed.driver, *index, vector, false, false, &entry))
		return false;
	rte_write(COM1_PIN, entry);
	return true;
}

static void ioapic(void)
{
	struct iom_dmar_source source;
	uint32_t index;

	if (!remapping())
		return;
	CHECK(ioapic_up(&source, &index, VECTOR_FREE));
	CHECK(serial_signals_to(1, VECTOR_FREE));
	CHECK(!go_to(index, 0, VECTOR_FREE));
	CHECK(serial_signals_to(0, VECTOR_FREE));
	CHECK_EQ(bed_faults(), 0);
	CHECK(!iom_interrupt_free(bed.driver, index, 1));
	CHECK(!serial_signals_to(0, VECTOR_FREE));
	CHECK_EQ(bed_faults(), 1);
	CHECK_EQ(bed.fault[0].code, 0x22);
	CHECK_EQ(bed.fault[0].iova, index);
	rte_write(COM1_PIN, IOAPIC_MASKED);
}

static void ioapic_source(void)
{
	struct iom_dmar_source source;
	uint32_t index;

	if (!remapping())
		return;
	CHECK(ioapic_up(&source, &index, VECTOR_FREE));
	CHECK(!iom_interrupt_free(bed.driver, index, 1));
	CHECK(!serial_signals_to(1, VECTOR_FREE));
	CHECK_EQ(bed_faults(), 1);
	CHECK_EQ(bed.fault[0].requester, source.rid);
	rte_write(COM1_PIN, IOAPIC_MASKED);
}

const struct test machine_tests[] = {
	{ "DMAR: makes sense", dmar_makes_sense },
	{ "DMAR: tells whether interrupts are remapped", dmar_tells_of_remapping },
	{ "driver: translation begins when it is told", held },
	{ "interrupt: as the device sent it, without remapping", not_remapped },
	{ "interrupt: arrives remapped", arrives },
	{ "interrupt: moves to other CPUs and vectors", moves },
	{ "interrupt: each device its own", devices_have_their_own },
	{ "interrupt: four of one device", of_several },
	{ "interrupt: refused before it has a target", not_set },
	{ "interrupt: refused when it was taken back", taken_back },
	{ "interrupt: refused from another device", of_another_device },
	{ "interrupt: refused beyond the table", beyond_the_table },
	{ "interrupt: refused in compatibility format", compatibility_format },
	{ "interrupt: beside domains", with_domains },
	{ "interrupt: the I/O APIC's", ioapic },
	{ "interrupt: the I/O APIC's has its source-id", ioapic_source },
};

const size_t machine_test_count = COUNT(machine_tests);
