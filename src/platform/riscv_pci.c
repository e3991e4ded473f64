/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Config space of a RISC-V IOMMU (RISC-V IOMMU, "Software guidelines"; PCI Express Base, "PCI-compatible
 * Configuration Registers", "MSI-X Capability Structure").
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
#define PCI_BAR0 0x10
#define PCI_BAR_MEMORY_64 0x4u
#define PCI_SUB_VENDOR_ID 0x2c
#define PCI_SUBSYSTEM_ID 0x2e
#define PCI_CAP_LIST 0x34

#define PCI_CAP_MSIX 0x11
#define MSIX_CTRL 2  /* 16 bit: vectors - 1, mask, enable       */
#define MSIX_TABLE 4 /* 32 bit: offset, number of the BAR in 2:0 */
#define MSIX_PBA 8   /* 32 bit: the same                         */

_Static_assert(IOM_RISCV_PCI_TABLE == RV_MSI_CFG_TBL, "the table of MSI-X is msi_cfg_tbl");
_Static_assert(IOM_RISCV_PCI_PBA == RV_MSI_CFG_TBL + RV_VECTORS_MAX * RV_MSI_CFG_BYTES,
               "what is pending stands behind the longest table");

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
