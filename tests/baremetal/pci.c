/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
#include "pci.h"

#define PCI_STATUS 0x06u
#define PCI_STATUS_CAPS 0x10u
#define PCI_HEADER 0x0eu
#define PCI_BUSES 0x18u /* of a bridge: primary, secondary, subordinate */
#define PCI_CAPS 0x34u

#define MSI_CTRL 2u
#define MSI_ENABLE 0x1u
#define MSI_64 0x80u

#define BAR_64 0x4u

static struct {
	uint64_t ecam, next_bar, bars_end;
} pci;

void pci_start(const struct machine *machine)
{
	pci.ecam = machine->ecam;
	pci.next_bar = machine->bars;
	pci.bars_end = machine->bars_end;
}

uint32_t pci_read(uint16_t rid, unsigned off, unsigned size)
{
	return (uint32_t)mmio_read(pci.ecam + ((uint64_t)rid << 12) + off, size);
}

void pci_write(uint16_t rid, unsigned off, unsigned size, uint32_t val)
{
	mmio_write(pci.ecam + ((uint64_t)rid << 12) + off, size, val);
}

/* Firmware has numbered the buses behind bridges, or there are no bridges. */
static void visit_bus(unsigned bus, void (*visit)(void *opaque, uint16_t rid), void *opaque)
{
	for (unsigned devfn = 0; devfn < 256; devfn++) {
		uint16_t rid = (uint16_t)(bus << 8 | devfn);
		unsigned secondary;

		if (pci_read(rid, 0, 2) == 0xffff)
			continue;
		visit(opaque, rid);
		if ((pci_read(rid, PCI_HEADER, 1) & 0x7f) != 1)
			continue;
		secondary = pci_read(rid, PCI_BUSES + 1, 1);
		if (secondary > bus)
			visit_bus(secondary, visit, opaque);
	}
}

void pci_visit(void (*visit)(void *opaque, uint16_t rid), void *opaque)
{
	visit_bus(0, visit, opaque);
}

static uint64_t bar_size(uint16_t rid)
{
	uint32_t was = pci_read(rid, PCI_BAR0, 4), mask;

	pci_write(rid, PCI_BAR0, 4, ~UINT32_C(0));
	mask = pci_read(rid, PCI_BAR0, 4) & ~UINT32_C(0xf);
	pci_write(rid, PCI_BAR0, 4, was);
	return ~mask + UINT64_C(1);
}

static uint64_t bar_place(uint64_t size)
{
	uint64_t at = (pci.next_bar + size - 1) & ~(size - 1);

	if (at + size > pci.bars_end)
		return 0;
	pci.next_bar = at + size;
	return at;
}

uint64_t pci_enable(uint16_t rid)
{
	uint64_t bar = pci_read(rid, PCI_BAR0, 4);
	bool wide = bar & BAR_64;

	if (!(bar & ~UINT64_C(0xf)) && pci.next_bar) {
		bar = bar_place(bar_size(rid));
		pci_write(rid, PCI_BAR0, 4, (uint32_t)bar);
		if (wide)
			pci_write(rid, PCI_BAR0 + 4, 4, (uint32_t)(bar >> 32));
	} else if (wide) {
		bar |= (uint64_t)pci_read(rid, PCI_BAR0 + 4, 4) << 32;
	}
	pci_write(rid, PCI_COMMAND, 2,
	          pci_read(rid, PCI_COMMAND, 2) | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	return bar & ~UINT64_C(0xf);
}

unsigned pci_capability(uint16_t rid, unsigned id)
{
	unsigned at = 0;

	if (pci_read(rid, PCI_STATUS, 2) & PCI_STATUS_CAPS)
		at = pci_read(rid, PCI_CAPS, 1) & 0xfc;
	while (at && pci_read(rid, at, 1) != id)
		at = pci_read(rid, at + 1, 1) & 0xfc;
	return at;
}

bool pci_message(uint16_t rid, const struct iom_interrupt_message *message)
{
	unsigned at = pci_capability(rid, PCI_CAP_MSI), ctrl;

	if (!at)
		return false;
	ctrl = pci_read(rid, at + MSI_CTRL, 2);
	pci_write(rid, at + MSI_CTRL, 2, ctrl & ~MSI_ENABLE);
	pci_write(rid, at + 4, 4, (uint32_t)message->address);
	if (ctrl & MSI_64)
		pci_write(rid, at + 8, 4, (uint32_t)(message->address >> 32));
	else if (message->address >> 32)
		return false;
	pci_write(rid, at + (ctrl & MSI_64 ? 12 : 8), 2, message->data);
	pci_write(rid, at + MSI_CTRL, 2, ctrl | MSI_ENABLE);
	return true;
}
