/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Interrupts of an x86 machine. */
#include "machine/x86.h"

#include "base/endian.h"
#include "machine/board.h"
#include "machine/bus.h"

/* Entries of each IOMMU's interrupt remapping table. */
#define REMAPPED 256u

_Static_assert(APIC_CPUS == BOARD_CPUS_MAX, "each CPU has an APIC");

static int window_read(void *opaque, uint64_t off, void *buf, size_t len)
{
	(void)opaque;
	(void)off;
	(void)buf;
	(void)len;
	return IOM_EFAULT;
}

/* What comes over the bus is a message if it is one: 4 bytes. */
static int window_write(void *opaque, uint64_t off, const void *buf, size_t len)
{
	struct x86_controller *c = opaque;

	if (off % 4 || len != 4)
		return IOM_EFAULT;
	apic_message(&c->apic, APIC_WINDOW + off, iom_ld32(buf, false));
	return IOM_OK;
}

static void send(void *controller, uint64_t address, uint32_t data)
{
	struct x86_controller *c = controller;

	apic_message(&c->apic, address, data);
}

static int connect(void *controller, struct bus *bus, struct iom_unit *unit)
{
	struct x86_controller *c = controller;
	const struct bus_window window = { IOAPIC_SPA, IOAPIC_BYTES, ioapic_read, ioapic_write,
		                           &c->ioapic };
	struct iom_endpoint *endpoint;
	int rc = iom_endpoint_get(unit, IOAPIC_REQUESTER, &endpoint);

	if (rc)
		return rc;
	ioapic_init(&c->ioapic, endpoint);
	return bus_add(bus, &window);
}

static void drive(void *controller, unsigned pin, bool high)
{
	struct x86_controller *c = controller;

	ioapic_pin(&c->ioapic, pin, high);
}

static void listen(void *controller, unsigned cpu)
{
	struct x86_controller *c = controller;

	c->apic.cpus[cpu].enabled = true;
}

static unsigned claim(void *controller, unsigned cpu)
{
	struct x86_controller *c = controller;

	return apic_claim(&c->apic.cpus[cpu]);
}

static struct iom_interrupt_message message(unsigned cpu, unsigned identity)
{
	return (struct iom_interrupt_message){ apic_address(cpu), identity };
}

const struct machine_interrupts x86_interrupts = {
	.bytes = sizeof(struct x86_controller),
	.window = APIC_WINDOW,
	.window_bytes = APIC_WINDOW_BYTES,
	.read = window_read,
	.write = window_write,
	.send = send,
	.connect = connect,
	.pins = IOAPIC_PINS,
	.requester = IOAPIC_REQUESTER,
	.drive = drive,
	.remapped = REMAPPED,
	.reserved = true,
	.listen = listen,
	.claim = claim,
	.message = message,
	.vcpu = &posted_ops,
};
