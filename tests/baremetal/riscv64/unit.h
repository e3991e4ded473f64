/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The RISC-V IOMMU that was found, for tests that are its own. */
#ifndef BAREMETAL_RISCV64_UNIT_H
#define BAREMETAL_RISCV64_UNIT_H

#include <stdbool.h>
#include <stdint.h>

#include <iommux/riscv_pci.h>

struct unit_riscv {
	uint64_t capabilities;
	uint32_t pci_host; /* nodes of the device tree; 0: none       */
	uint32_t node;     /* of the IOMMU, of either kind            */
	bool is_pci;
	uint16_t rid; /* of a PCI IOMMU                          */
	struct iom_riscv_pci_found found;
};

extern struct unit_riscv unit_riscv;

#define CAP_MSI_FLAT (UINT64_C(1) << 22)
#define CAP_MSI_MRIF (UINT64_C(1) << 23)

#endif
