/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Config space of a RISC-V IOMMU, written and read (RISC-V IOMMU, "Software guidelines"; PCI Express Base,
 * "PCI-compatible Configuration Registers", "MSI Capability Structures", "MSI-X Capability and Table
 * Structure").
 */
#include <iommux/riscv_pci.h>

#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "regs/riscv.h"

#define PCI_VENDOR_ID 0x00
#define PCI_DEVICE_ID 0x02
#define PCI_COMMAND 0x04
#define PCI_COMMAND_MEMORY 0x0002u
#define PCI_COMMAND_MASTER 0x0004u
#define PCI_STATUS 0x06
#define PCI_STATUS_CAP_LIST 0x0010u
#define PCI_REVISION 0x08
#define PCI_CLASS 0x09 /* 24 bit */
#define PCI_CLASS_IOMMU 0x080600u
#define PCI_HEADER 0x0e
#define PCI_HEADER_TYPE 0x7fu /* without the bit of functions that are not alone */
#define PCI_BAR0 0x10
#define PCI_BAR_IO 0x1u
#define PCI_BAR_TYPE 0x6u
#define PCI_BAR_MEMORY_32 0x0u
#define PCI_BAR_MEMORY_64 0x4u
#define PCI_BAR_FLAGS 0xfu
#define PCI_SUB_VENDOR_ID 0x2c
#define PCI_SUBSYSTEM_ID 0x2e
#define PCI_CAP_LIST 0x34
#define PCI_CAPS 0x40     /* where capabilities begin             */
#define PCI_CAP_MASK 0xfc /* pointers to them have two spare bits */

#define PCI_CAP_MSI 0x05
#define MSI_CTRL 2          /* 16 bit                           */
#define MSI_CAPABLE 0x000eu /* log2 of how many it can send     */
#define MSI_64 0x0080u      /* addresses of 64 bits             */
#define MSI_MASKS 0x0100u   /* a mask bit for each vector       */
#define MSI_BYTES 10u       /* with neither of these            */
#define MSI_64_BYTES 4u     /* what the former adds             */
#define MSI_MASKS_BYTES 10u /* what the latter adds             */
#define MSI_DATA 8u         /* 16 bit; behind a longer address  */
#define MSI_DATA_TO_MASKS 4u

#define PCI_CAP_MSIX 0x11
#define MSIX_BYTES 12u
#define MSIX_CTRL 2  /* 16 bit: vectors - 1, mask, enable       */
#define MSIX_TABLE 4 /* 32 bit: offset, number of the BAR in 2:0 */
#define MSIX_PBA 8   /* 32 bit: the same                         */
#define MSIX_VECTORS 0x07ffu
#define MSIX_BAR 0x7u
#define BARS 6u

_Static_assert(IOM_RISCV_PCI_TABLE == RV_MSI_CFG_TBL, "the table of MSI-X is msi_cfg_tbl");
_Static_assert(IOM_RISCV_PCI_PBA == RV_MSI_CFG_TBL + RV_VECTORS_MAX * RV_MSI_CFG_BYTES,
               "what is pending stands behind the longest table");

/* ---- Writing ------------------------------------------------------------------------------- */

static void put(uint8_t *space, unsigned off, uint32_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		space[off + i] = (uint8_t)(value >> (8 * i));
}

static void use_defaults(struct iom_riscv_pci_config *config)
{
	if (!config->capabilities)
		config->capabilities = IOM_PUT(RV_CAP_IGS, RV_IGS_BOTH);
	if (!config->vectors)
		config->vectors = 4;
	if (!config->bar_lg2)
		config->bar_lg2 = 12;
	if (!config->vendor && !config->device) {
		config->vendor = 0x1b36;
		config->device = 0x0014;
	}
	if (!config->sub_vendor && !config->subsystem) {
		config->sub_vendor = config->vendor;
		config->subsystem = config->device;
	}
}

static int check(const struct iom_riscv_pci_config *config, struct iom_error *error)
{
	unsigned igs = (unsigned)IOM_GET(RV_CAP_IGS, config->capabilities);

	if (igs != RV_IGS_MSI && igs != RV_IGS_BOTH)
		return iom_fail(error, IOM_EINVAL,
		                "capabilities.IGS is %u; a PCI function signals by messages, so it "
		                "should be 0 or 2",
		                igs);
	if (!iom_is_pow2(config->vectors) || config->vectors > RV_VECTORS_MAX)
		return iom_fail(error, IOM_EINVAL, "vectors is %u; it should be 1, 2, 4, 8 or 16",
		                config->vectors);
	if (config->bar_lg2 < 12 || config->bar_lg2 > 31)
		return iom_fail(error, IOM_EINVAL, "bar_lg2 is %u; it should be 12 to 31",
		                config->bar_lg2);
	return IOM_OK;
}

int iom_riscv_pci(const struct iom_riscv_pci_config *config, uint8_t space[IOM_RISCV_PCI_BYTES],
                  uint8_t writable[IOM_RISCV_PCI_BYTES], struct iom_error *error)
{
	struct iom_riscv_pci_config c = { .bytes = sizeof c };
	int r;

	if (config)
		c = *config;
	if (c.bytes != sizeof c)
		return iom_fail(error, IOM_EINVAL,
		                "bytes should be the size of struct iom_riscv_pci_config");
	use_defaults(&c);
	if ((r = check(&c, error)))
		return r;

	memset(space, 0, IOM_RISCV_PCI_BYTES);
	put(space, PCI_VENDOR_ID, c.vendor, 2);
	put(space, PCI_DEVICE_ID, c.device, 2);
	put(space, PCI_STATUS, PCI_STATUS_CAP_LIST, 2);
	put(space, PCI_REVISION, c.revision, 1);
	put(space, PCI_CLASS, PCI_CLASS_IOMMU, 3);
	put(space, PCI_BAR0, PCI_BAR_MEMORY_64, 4);
	put(space, PCI_SUB_VENDOR_ID, c.sub_vendor, 2);
	put(space, PCI_SUBSYSTEM_ID, c.subsystem, 2);
	put(space, PCI_CAP_LIST, IOM_RISCV_PCI_MSIX, 1);
	put(space, IOM_RISCV_PCI_MSIX, PCI_CAP_MSIX, 2);
	put(space, IOM_RISCV_PCI_MSIX + MSIX_CTRL, c.vectors - 1u, 2);
	put(space, IOM_RISCV_PCI_MSIX + MSIX_TABLE, IOM_RISCV_PCI_TABLE, 4);
	put(space, IOM_RISCV_PCI_MSIX + MSIX_PBA, IOM_RISCV_PCI_PBA, 4);

	memset(writable, 0, IOM_RISCV_PCI_BYTES);
	put(writable, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
	put(writable, PCI_BAR0, ~UINT32_C(0) << c.bar_lg2, 4);
	put(writable, PCI_BAR0 + 4, ~UINT32_C(0), 4);
	put(writable, IOM_RISCV_PCI_MSIX_CTRL,
	    IOM_RISCV_PCI_MSIX_ENABLE | IOM_RISCV_PCI_MSIX_MASKED, 2);
	iom_succeed(error);
	return IOM_OK;
}

/* ---- Reading ------------------------------------------------------------------------------- */

static uint32_t get(const uint8_t *space, unsigned off, unsigned bytes)
{
	uint32_t value = 0;

	while (bytes--)
		value = value << 8 | space[off + bytes];
	return value;
}

static int find_identity(const uint8_t *space, struct iom_riscv_pci_found *found,
                         struct iom_error *error)
{
	unsigned class = get(space, PCI_CLASS, 3), header = space[PCI_HEADER] & PCI_HEADER_TYPE;

	found->vendor = (uint16_t)get(space, PCI_VENDOR_ID, 2);
	found->device = (uint16_t)get(space, PCI_DEVICE_ID, 2);
	found->revision = space[PCI_REVISION];
	if (found->vendor == 0xffff)
		return iom_fail(error, IOM_ENOENT,
		                "the vendor reads 0xffff: no function answers here");
	if (class != PCI_CLASS_IOMMU)
		return iom_fail(error, IOM_ENOENT,
		                "the class code is 0x%llx; that of an IOMMU is 0x%llx",
		                (unsigned long long)class, (unsigned long long)PCI_CLASS_IOMMU);
	if (header)
		return iom_fail(error, IOM_EIO,
		                "the header is of type %u; an IOMMU has one of type 0", header);
	return IOM_OK;
}

static int find_registers(const uint8_t *space, struct iom_riscv_pci_found *found,
                          struct iom_error *error)
{
	uint64_t bar = get(space, PCI_BAR0, 4);
	unsigned type = (unsigned)bar & PCI_BAR_TYPE;

	if (bar & PCI_BAR_IO || (type != PCI_BAR_MEMORY_32 && type != PCI_BAR_MEMORY_64))
		return iom_fail(error, IOM_EIO,
		                "BAR0 reads 0x%llx; it must be in memory, with 32 or 64 bits: 0 or "
		                "4 in its bits 2:0",
		                (unsigned long long)bar);
	if (type == PCI_BAR_MEMORY_64)
		bar |= (uint64_t)get(space, PCI_BAR0 + 4, 4) << 32;
	found->bar_bits = type == PCI_BAR_MEMORY_64 ? 64 : 32;
	found->base = bar & ~(uint64_t)PCI_BAR_FLAGS;
	if (!found->base)
		return iom_fail(error, IOM_EINVAL,
		                "BAR0 has no address yet; give it one, and look again");
	if (found->base % RV_MMIO_BYTES)
		return iom_fail(error, IOM_EIO,
		                "BAR0 is at 0x%llx; the registers take %u bytes and are aligned to "
		                "them",
		                (unsigned long long)found->base, RV_MMIO_BYTES);
	return IOM_OK;
}

static int beyond(struct iom_error *error, const char *name, unsigned at, unsigned bytes)
{
	return iom_fail(error, IOM_EIO,
	                "the %s capability at 0x%llx has %u bytes; config space ends at 0x%llx",
	                name, (unsigned long long)at, bytes,
	                (unsigned long long)IOM_RISCV_PCI_BYTES);
}

static int find_msix(const uint8_t *space, unsigned at, struct iom_riscv_pci_found *found,
                     struct iom_error *error)
{
	unsigned vectors, bar;
	uint32_t table, pba;

	if (at + MSIX_BYTES > IOM_RISCV_PCI_BYTES)
		return beyond(error, "MSI-X", at, MSIX_BYTES);
	vectors = (get(space, at + MSIX_CTRL, 2) & MSIX_VECTORS) + 1;
	table = get(space, at + MSIX_TABLE, 4);
	pba = get(space, at + MSIX_PBA, 4);
	bar = pba & MSIX_BAR;
	if (vectors > RV_VECTORS_MAX)
		return iom_fail(error, IOM_EIO,
		                "the table of MSI-X has %u vectors; msi_cfg_tbl has at most %u",
		                vectors, RV_VECTORS_MAX);
	if (table != IOM_RISCV_PCI_TABLE)
		return iom_fail(error, IOM_EIO,
		                "the table of MSI-X is at 0x%llx of BAR%u; it must be msi_cfg_tbl, "
		                "at 0x%llx of BAR0",
		                (unsigned long long)(table & ~MSIX_BAR), table & MSIX_BAR,
		                (unsigned long long)IOM_RISCV_PCI_TABLE);
	/* A BAR of 64 bits takes the place of the next as well. */
	if (bar >= BARS || (!bar && pba < IOM_RISCV_PCI_PBA) || (bar == 1 && found->bar_bits == 64))
		return iom_fail(error, IOM_EIO,
		                "the pending bits of MSI-X are at 0x%llx of BAR%u; they must be in "
		                "BAR0 from 0x%llx on, or in another of the six",
		                (unsigned long long)(pba & ~MSIX_BAR), bar,
		                (unsigned long long)IOM_RISCV_PCI_PBA);
	found->msix = (uint8_t)at;
	found->msix_vectors = (uint8_t)vectors;
	found->msix_pba_bar = (uint8_t)bar;
	found->msix_pba = pba & ~MSIX_BAR;
	return IOM_OK;
}

static int find_msi(const uint8_t *space, unsigned at, struct iom_riscv_pci_found *found,
                    struct iom_error *error)
{
	unsigned ctrl = get(space, at + MSI_CTRL, 2);
	unsigned lg2 = (unsigned)IOM_GET(MSI_CAPABLE, ctrl);
	unsigned wide = ctrl & MSI_64 ? MSI_64_BYTES : 0;
	unsigned bytes = MSI_BYTES + wide + (ctrl & MSI_MASKS ? MSI_MASKS_BYTES : 0);

	if (at + bytes > IOM_RISCV_PCI_BYTES)
		return beyond(error, "MSI", at, bytes);
	if (lg2 > 5)
		return iom_fail(error, IOM_EIO,
		                "MSI can send 2^%u messages; that should be at most 2^5", lg2);
	found->msi = (uint8_t)at;
	found->msi_vectors = (uint8_t)(1u << lg2);
	found->msi_data = (uint8_t)(at + MSI_DATA + wide);
	found->msi_mask = ctrl & MSI_MASKS ? (uint8_t)(found->msi_data + MSI_DATA_TO_MASKS) : 0;
	return IOM_OK;
}

static int find_capabilities(const uint8_t *space, struct iom_riscv_pci_found *found,
                             struct iom_error *error)
{
	unsigned left = (IOM_RISCV_PCI_BYTES - PCI_CAPS) / 4, at = 0;
	int err = IOM_OK;

	if (get(space, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST)
		at = space[PCI_CAP_LIST] & PCI_CAP_MASK;
	for (; at && !err; at = space[at + 1] & PCI_CAP_MASK) {
		if (at < PCI_CAPS)
			return iom_fail(error, IOM_EIO,
			                "the list of capabilities goes on at 0x%llx; it must stay "
			                "in 0x%llx to 0xff",
			                (unsigned long long)at, (unsigned long long)PCI_CAPS);
		if (!left--)
			return iom_fail(error, IOM_EIO,
			                "the list of capabilities does not end: 0x%llx comes again",
			                (unsigned long long)at);
		/* Of several of a kind, the first. */
		if (space[at] == PCI_CAP_MSIX && !found->msix)
			err = find_msix(space, at, found, error);
		else if (space[at] == PCI_CAP_MSI && !found->msi)
			err = find_msi(space, at, found, error);
	}
	return err;
}

static int find_vectors(struct iom_riscv_pci_found *found, struct iom_error *error)
{
	unsigned vectors = found->msix ? found->msix_vectors : found->msi_vectors;

	if (!vectors)
		return iom_fail(error, IOM_EIO,
		                "there is neither MSI-X nor MSI; an IOMMU signals by one of them");
	found->vectors = (uint8_t)(vectors < RV_VECTORS_MAX ? vectors : RV_VECTORS_MAX);
	return IOM_OK;
}

int iom_riscv_pci_find(const uint8_t space[IOM_RISCV_PCI_BYTES], struct iom_riscv_pci_found *found,
                       struct iom_error *error)
{
	struct iom_riscv_pci_found f = { 0 };
	int err = find_identity(space, &f, error);

	if (!err)
		err = find_registers(space, &f, error);
	if (!err)
		err = find_capabilities(space, &f, error);
	if (!err)
		err = find_vectors(&f, error);
	if (err)
		return err;
	*found = f;
	iom_succeed(error);
	return IOM_OK;
}
