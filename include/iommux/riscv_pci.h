/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A RISC-V IOMMU as a PCI function: the config space that software finds, for embedders whose PCI bus
 * is their own.  The registers of the unit (riscv.h) are at the beginning of BAR0.
 */
#ifndef IOMMUX_RISCV_PCI_H
#define IOMMUX_RISCV_PCI_H

#include <stddef.h>
#include <stdint.h>

#include <iommux/error.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IOM_RISCV_PCI_BYTES 256u

/* Where things are that the embedder has to look at */
#define IOM_RISCV_PCI_COMMAND 0x04u   /* 16 bit: bit 1 answers in BAR0, bit 2 masters the bus */
#define IOM_RISCV_PCI_BAR0 0x10u      /* 64 bit                                               */
#define IOM_RISCV_PCI_MSIX 0x40u      /* the capability, 12 bytes, the last of its list       */
#define IOM_RISCV_PCI_MSIX_CTRL 0x42u /* 16 bit                                               */
#define IOM_RISCV_PCI_MSIX_ENABLE 0x8000u
#define IOM_RISCV_PCI_MSIX_MASKED 0x4000u /* the function's mask */

/* In BAR0 */
#define IOM_RISCV_PCI_TABLE 0x300u /* 16 bytes a vector: the unit's msi_cfg_tbl */
#define IOM_RISCV_PCI_PBA 0x400u   /* 8 bytes, a bit a vector                    */

/* All zeroes but `bytes`: what Linux binds to, for a unit of default configuration. */
struct iom_riscv_pci_config {
	size_t bytes;          /* sizeof(struct iom_riscv_pci_config)                        */
	uint64_t capabilities; /* the unit's; 0: as in struct iom_riscv_config               */
	uint8_t vectors;       /* the unit's; 0: 4                                           */
	uint8_t bar_lg2;       /* log2 of the size of BAR0, 12..31; 0: 12                    */
	uint8_t revision;
	uint16_t vendor, device;        /* both 0: 0x1b36, 0x0014                             */
	uint16_t sub_vendor, subsystem; /* both 0: as vendor and device                      */
};

/*
 * Fills config space as it is after reset, and says with a 1 which of its bits software can write: a
 * store makes of each byte `(config & ~writable) | (data & writable)`, which is all that it takes for
 * BAR0 to be sized and placed.  There is no PCI Express capability: a function that shall have one
 * gets it behind the one of MSI-X, whose pointer to the next is the byte at IOM_RISCV_PCI_MSIX + 1.
 *
 * MSI-X stands between unit and bus.  The table is msi_cfg_tbl, so entries and their masks need
 * nothing: the unit does not call host.msi for a vector whose entry is masked, and calls it when the
 * mask goes.  Give the unit IOM_RISCV_MSI_MASKED, because MSI-X entries are masked after reset.  The two
 * bits of MSI-X control are the embedder's, in host.msi:
 *  - enable 0, or bus mastering off: the message is dropped, with IOM_OK;
 *  - enable 1, masked 1: it is kept, once a vector, which is the entry of the table that holds this
 *    address and data; when software clears `masked`, it is sent as the entry then says;
 *  - enable 1, masked 0: it is sent, as a store of the function's own.
 * The unit reads 0 at IOM_RISCV_PCI_PBA.  The embedder answers there instead, with a 1 for each vector
 * that it keeps; what an entry's own mask holds back is in the unit and is not seen there.
 *
 * The function's own DMA, fetching tables and commands and storing records, does not pass through an
 * IOMMU: its RID is left out of maps (rimt.h, devicetree.h).
 *
 * IOM_EINVAL: a number is out of range, or capabilities.IGS knows no messages; `error`, which may be
 * NULL, says so, and nothing was written.
 */
int iom_riscv_pci(const struct iom_riscv_pci_config *config, uint8_t space[IOM_RISCV_PCI_BYTES],
                  uint8_t writable[IOM_RISCV_PCI_BYTES], struct iom_error *error);

#ifdef __cplusplus
}
#endif
#endif
