/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* PCI config space, reached through ECAM. */
#ifndef BAREMETAL_PCI_H
#define BAREMETAL_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include "machine.h"

#define PCI_COMMAND 0x04u
#define PCI_COMMAND_MEMORY 0x2u
#define PCI_COMMAND_MASTER 0x4u
#define PCI_BAR0 0x10u

#define PCI_CAP_MSI 0x05u

void pci_start(const struct machine *machine);

uint32_t pci_read(uint16_t rid, unsigned off, unsigned size);
void pci_write(uint16_t rid, unsigned off, unsigned size, uint32_t val);

/* Calls `visit` for each function that answers. */
void pci_visit(void (*visit)(void *opaque, uint16_t rid), void *opaque);

/* Lets BAR0 have an address, if it has none, and the function answer there and master the bus. */
uint64_t pci_enable(uint16_t rid);

/* The place of a capability; 0: it has none of this kind. */
unsigned pci_capability(uint16_t rid, unsigned id);

/* Lets the function's first message be this one; false: it has no MSI. */
bool pci_message(uint16_t rid, const struct iom_interrupt_message *message);

#endif
