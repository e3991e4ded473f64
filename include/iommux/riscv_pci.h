/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A RISC-V IOMMU as a PCI function: its config space, made for embedders whose PCI bus is their own, and
 * read for software that looks for one.  The registers of the unit (riscv.h) are at the beginning of
 * BAR0.
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
 * A message that no entry of the table holds is the notice of an interrupt file in memory, which MSI-X
 * has no say in: it is sent.
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

/* What config space says.  Places in it are byte offsets; 0: the function has none. */
struct iom_riscv_pci_found {
	uint64_t base; /* address of the registers, 4096 bytes: that of BAR0             */
	uint16_t vendor, device;
	uint8_t revision;
	uint8_t bar_bits;     /* the width of BAR0: 32 or 64                                */
	uint8_t vectors;      /* for iom_driver_config: MSI-X's, else MSI's; up to 16       */
	uint8_t msix;         /* place of the MSI-X capability                              */
	uint8_t msix_vectors; /* in its table, which is msi_cfg_tbl: IOM_RISCV_PCI_TABLE    */
	uint8_t msix_pba_bar; /* the BAR with the bits of pending vectors, 0..5             */
	uint32_t msix_pba;    /* and their offset there                                     */
	uint8_t msi;          /* place of the MSI capability                                */
	uint8_t msi_vectors;  /* that it can send: 1, 2, 4, 8, 16 or 32                     */
	uint8_t msi_data;     /* place of its data, 16 bit; the address is at msi + 4       */
	uint8_t msi_mask;     /* place of its mask bits, 32 bit; what is pending follows    */
};

/*
 * Finds a RISC-V IOMMU in a copy of a function's config space, whoever wrote that: nothing is believed
 * that does not add up.  The class code is one of all kinds of IOMMUs; that this is RISC-V's,
 * iom_driver_riscv (os.h) sees in its registers, or the caller in vendor and device.
 *
 * To go on, set bits 1 and 2 of IOM_RISCV_PCI_COMMAND, and let host.mmio_* of os.h reach `base`.  Of
 * MSI-X, set IOM_RISCV_PCI_MSIX_ENABLE and clear IOM_RISCV_PCI_MSIX_MASKED in the 16 bits at
 * `msix` + 2; the driver fills the table.  Where there is MSI alone, put msi_address and msi_data of
 * struct iom_driver_config into the capability as well, the latter a multiple of `vectors`, and enable
 * as many.
 *
 * IOM_ENOENT: nobody answers (all ones), or the function is no IOMMU; IOM_EINVAL: BAR0 has no address
 * yet; IOM_EIO: config space contradicts its manual, or the function cannot be a RISC-V IOMMU: BAR0 in
 * I/O space, a list of capabilities that leaves its place or does not end, a table of MSI-X elsewhere,
 * neither MSI-X nor MSI.  `error`, which may be NULL, says so, and *found is left alone.
 */
int iom_riscv_pci_find(const uint8_t space[IOM_RISCV_PCI_BYTES], struct iom_riscv_pci_found *found,
                       struct iom_error *error);

#ifdef __cplusplus
}
#endif
#endif
