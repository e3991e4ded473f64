/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The I/O APIC's interrupts: the serial port's pin. */
#include "interrupts.h"

#include "../bed.h"
#include "apic.h"
#include "io.h"
#include "unit.h"

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

void interrupt_ioapic(void)
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

void interrupt_ioapic_source(void)
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
