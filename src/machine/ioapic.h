/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * An I/O APIC: it turns levels of pins into messages.  Those go through the IOMMU that it is behind, with a
 * source-id of its own; an entry in remappable form names the interrupt by the IOMMU's index, one in
 * compatibility form by CPU and vector (VT-d, "I/OxAPIC Programming").
 */
#ifndef MACHINE_IOAPIC_H
#define MACHINE_IOAPIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iommux/iommux.h>

#define IOAPIC_SPA UINT64_C(0xfec00000)
#define IOAPIC_BYTES 0x1000u
#define IOAPIC_REQUESTER 0xf0ffu /* as firmware would tell */
#define IOAPIC_PINS 24u

/* Registers, 4 bytes each */
#define IOAPIC_SELECT 0x00u
#define IOAPIC_DATA 0x10u
#define IOAPIC_EOI 0x40u /* WO: a vector */
/* What IOAPIC_DATA is, by IOAPIC_SELECT */
#define IOAPIC_VERSION 0x01u
#define IOAPIC_ENTRIES 0x10u /* two halves for each pin */

/* Redirection entry */
#define IOAPIC_VECTOR UINT64_C(0xff)
#define IOAPIC_DELIVERY UINT64_C(0x700)
#define IOAPIC_LOGICAL UINT64_C(0x800) /* in remappable form index bit 15 */
#define IOAPIC_ACTIVE_LOW UINT64_C(0x2000)
#define IOAPIC_REMOTE_IRR UINT64_C(0x4000) /* RO: its level was sent, and not ended */
#define IOAPIC_LEVEL UINT64_C(0x8000)
#define IOAPIC_MASKED UINT64_C(0x10000)
#define IOAPIC_REMAPPABLE UINT64_C(0x1000000000000)
#define IOAPIC_INDEX UINT64_C(0xfffe000000000000)
#define IOAPIC_DESTINATION UINT64_C(0xff00000000000000)

struct ioapic {
	struct iom_endpoint *endpoint;
	uint32_t select;
	uint64_t entries[IOAPIC_PINS];
	bool high[IOAPIC_PINS];
	uint64_t refused; /* messages that were not let through */
};

/* Every pin is low, and masked. */
void ioapic_init(struct ioapic *ioapic, struct iom_endpoint *endpoint);

/* Something drives a pin. */
void ioapic_pin(struct ioapic *ioapic, unsigned pin, bool high);

/* Bus functions; `opaque` is the struct ioapic.  All but 4 bytes at a register: IOM_EFAULT. */
int ioapic_read(void *opaque, uint64_t off, void *buf, size_t len);
int ioapic_write(void *opaque, uint64_t off, const void *buf, size_t len);

#endif
