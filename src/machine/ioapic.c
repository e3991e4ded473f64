/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* An I/O APIC. */
#include "machine/ioapic.h"

#include <iommux/interrupt.h>

#include "base/bits.h"
#include "base/endian.h"
#include "machine/apic.h"

#define VERSION_WITH_EOI 0x20u
#define WRITABLE                                                                                   \
	(IOAPIC_VECTOR | IOAPIC_DELIVERY | IOAPIC_LOGICAL | IOAPIC_ACTIVE_LOW | IOAPIC_LEVEL |     \
	 IOAPIC_MASKED | IOAPIC_REMAPPABLE | IOAPIC_INDEX | IOAPIC_DESTINATION)

/* Message in remappable format; without a subhandle the data means nothing but is still there */
#define REMAPPABLE 0x10u
#define HANDLE 0xfffe0u
#define HANDLE_15 0x4u
#define ASSERT 0x4000u

/* ---- Messages -------------------------------------------------------------------------------- */

static uint64_t address_of(uint64_t entry)
{
	uint64_t address = APIC_WINDOW;

	if (entry & IOAPIC_REMAPPABLE)
		return address | REMAPPABLE | IOM_PUT(HANDLE, IOM_GET(IOAPIC_INDEX, entry)) |
		       (entry & IOAPIC_LOGICAL ? HANDLE_15 : 0);
	return address | IOM_PUT(APIC_DESTINATION, IOM_GET(IOAPIC_DESTINATION, entry)) |
	       (entry & IOAPIC_LOGICAL ? APIC_LOGICAL : 0);
}

static uint32_t data_of(uint64_t entry)
{
	return (uint32_t)(entry & (IOAPIC_VECTOR | IOAPIC_DELIVERY | IOAPIC_LEVEL)) | ASSERT;
}

static void send(struct ioapic *io, unsigned pin)
{
	uint64_t *entry = &io->entries[pin];

	if (iom_msi(io->endpoint, address_of(*entry), data_of(*entry), NULL))
		io->refused++;
	else if (*entry & IOAPIC_LEVEL)
		*entry |= IOAPIC_REMOTE_IRR;
}

static bool is_active(const struct ioapic *io, unsigned pin)
{
	return io->high[pin] != !!(io->entries[pin] & IOAPIC_ACTIVE_LOW);
}

/* A level that nobody has been told of. */
static void send_level(struct ioapic *io, unsigned pin)
{
	uint64_t entry = io->entries[pin];

	if (entry & IOAPIC_LEVEL && !(entry & (IOAPIC_REMOTE_IRR | IOAPIC_MASKED)) &&
	    is_active(io, pin))
		send(io, pin);
}

void ioapic_pin(struct ioapic *io, unsigned pin, bool high)
{
	bool was = is_active(io, pin);

	io->high[pin] = high;
	if (!(io->entries[pin] & (IOAPIC_LEVEL | IOAPIC_MASKED)) && !was && is_active(io, pin))
		send(io, pin);
	else
		send_level(io, pin);
}

static void end(struct ioapic *io, uint64_t vector)
{
	for (unsigned pin = 0; pin < IOAPIC_PINS; pin++) {
		if (!(io->entries[pin] & IOAPIC_LEVEL) ||
		    (io->entries[pin] & IOAPIC_VECTOR) != vector)
			continue;
		io->entries[pin] &= ~IOAPIC_REMOTE_IRR;
		send_level(io, pin);
	}
}

/* ---- Registers ------------------------------------------------------------------------------- */

static void entry_write(struct ioapic *io, unsigned pin, unsigned half, uint32_t val)
{
	uint64_t *entry = &io->entries[pin], keep = half ? UINT32_MAX : UINT64_C(0xffffffff) << 32;

	*entry = (*entry & (keep | IOAPIC_REMOTE_IRR)) |
	         ((uint64_t)val << 32 * half & WRITABLE & ~keep);
	if (!(*entry & IOAPIC_LEVEL))
		*entry &= ~IOAPIC_REMOTE_IRR;
	send_level(io, pin);
}

static uint32_t data_read(const struct ioapic *io)
{
	unsigned n = io->select - IOAPIC_ENTRIES;

	if (io->select == IOAPIC_VERSION)
		return VERSION_WITH_EOI | (IOAPIC_PINS - 1) << 16;
	return n < 2 * IOAPIC_PINS ? (uint32_t)(io->entries[n / 2] >> 32 * (n % 2)) : 0;
}

int ioapic_read(void *opaque, uint64_t off, void *buf, size_t len)
{
	const struct ioapic *io = opaque;

	if (len != 4 || (off != IOAPIC_SELECT && off != IOAPIC_DATA))
		return IOM_EFAULT;
	iom_st32(buf, off == IOAPIC_SELECT ? io->select : data_read(io), false);
	return IOM_OK;
}

int ioapic_write(void *opaque, uint64_t off, const void *buf, size_t len)
{
	struct ioapic *io = opaque;
	uint32_t val;
	unsigned n = io->select - IOAPIC_ENTRIES;

	if (len != 4)
		return IOM_EFAULT;
	val = iom_ld32(buf, false);
	if (off == IOAPIC_SELECT)
		io->select = val & 0xff;
	else if (off == IOAPIC_EOI)
		end(io, val & 0xff);
	else if (off != IOAPIC_DATA)
		return IOM_EFAULT;
	else if (n < 2 * IOAPIC_PINS)
		entry_write(io, n / 2, n % 2, val);
	return IOM_OK;
}

void ioapic_init(struct ioapic *io, struct iom_endpoint *endpoint)
{
	*io = (struct ioapic){ .endpoint = endpoint };
	for (unsigned pin = 0; pin < IOAPIC_PINS; pin++)
		io->entries[pin] = IOAPIC_MASKED;
}
