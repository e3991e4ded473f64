/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* How the PCI buses are numbered, as the reader of the DMAR asks. */
#include "unit.h"

#include "../pci.h"

#define HEADER 0x0eu
#define BUSES 0x18u

static bool bridge(void *opaque, uint16_t segment, uint16_t rid, uint8_t *secondary,
                   uint8_t *subordinate)
{
	(void)opaque;
	if (segment || pci_read(rid, 0, 2) == 0xffff || (pci_read(rid, HEADER, 1) & 0x7f) != 1)
		return false;
	*secondary = (uint8_t)pci_read(rid, BUSES + 1, 1);
	*subordinate = (uint8_t)pci_read(rid, BUSES + 2, 1);
	return true;
}

const struct iom_dmar_pci unit_x86_pci = {
	.bytes = sizeof unit_x86_pci,
	.bridge = bridge,
};
