/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What device contexts, processes and abilities of devices need of each other. */
#ifndef OS_DRV_RISCV_CONTEXT_H
#define OS_DRV_RISCV_CONTEXT_H

#include "os/drv/riscv/riscv.h"

/* iosatp of a domain with a first stage. */
static inline uint64_t rvd_stage1(const struct iom_domain *domain)
{
	return IOM_PUT(RV_FSC_MODE,
	               rvd_rv32(domain) ? RV_ATP_SV32 : domain->root.levels - 3u + RV_ATP_SV39) |
	       IOM_PUT(RV_FSC_PPN, domain->root.address >> IOM_PAGE_LG2);
}

/* Takes a device's context away, and makes hardware and the device forget all that they had of it. */
int rvd_dc_off(struct rvd_driver *d, uint32_t requester);

/* Changes bits of tc in a context that is valid, while the device is at work. */
int rvd_dc_change(struct rvd_driver *d, uint32_t requester, uint64_t set, uint64_t clear);

/*
 * Leads the device's PASIDs to its processes; requests without one are process 0's, or with `identity`
 * pass as they are.
 */
int rvd_dc_processes(struct rvd_driver *d, const struct iom_device *device, bool identity);

/* processes.c: pdtp of a device, and the moves of its requests without PASID. */
uint64_t rvd_pdtp(const struct rvd_driver *d, const struct iom_device *device);
int rvd_attach_plain(struct rvd_driver *d, struct iom_device *device);
int rvd_detach_plain(struct rvd_driver *d, struct iom_device *device);

/* ats.c: the bits of tc that say what a device may do. */
uint64_t rvd_tc_abilities(unsigned abilities);

#endif
