/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Processes ("Process-directory-table").  The context of a device with IOM_DEVICE_PASID has PDTV=1 from the
 * first attachment on, whatever that is: the form of a context cannot change while the device is
 * at work.  Requests without PASID are process 0's, by DPE; in an identity domain they pass, without DPE.
 */
#include "os/drv/riscv/context.h"
#include "os/drv/riscv/directory.h"

#define PC_LEAF_LG2 8

static struct rvd_directory pdt_of(const struct rvd_driver *d, const struct iom_device *device)
{
	return (struct rvd_directory){
		.root = device->table,
		.phys = device->table_phys,
		.levels = d->pdt_levels,
		.leaf_lg2 = PC_LEAF_LG2,
	};
}

uint64_t rvd_pdtp(const struct rvd_driver *d, const struct iom_device *device)
{
	return IOM_PUT(RV_FSC_MODE, RV_PDTP_PD8 + d->pdt_levels - 1u) |
	       IOM_PUT(RV_FSC_PPN, device->table_phys >> IOM_PAGE_LG2);
}

/* ---- Process contexts --------------------------------------------------------------------- */

/* NULL: no memory for the tables on the way. */
static uint64_t *pc_find(struct rvd_driver *d, const struct iom_device *device, uint32_t pasid)
{
	const struct rvd_directory pdt = pdt_of(d, device);
	uint64_t *leaf = rvd_directory_leaf(d, &pdt, pasid);

	return leaf ? leaf + (pasid & iom_low(PC_LEAF_LG2)) * (RV_PC_BYTES / sizeof *leaf) : NULL;
}

/* V last. */
static void pc_put(uint64_t *pc, const struct iom_domain *domain)
{
	rvd_dir_put(&pc[RV_PC_FSC], rvd_stage1(domain));
	rvd_dir_put(&pc[RV_PC_TA], RV_PC_TA_V | IOM_PUT(RV_PC_TA_PSCID, domain->id));
}

static void pc_stop(uint64_t *pc)
{
	rvd_dir_put(&pc[RV_PC_TA], rvd_dir_get(&pc[RV_PC_TA]) & ~RV_PC_TA_V);
}

static void pc_clear(uint64_t *pc)
{
	rvd_dir_put(&pc[RV_PC_TA], 0);
	rvd_dir_put(&pc[RV_PC_FSC], 0);
}

static bool has_stage1(const struct iom_domain *domain)
{
	return domain->kind == IOM_DOMAIN_STAGE1 || domain->kind == IOM_DOMAIN_PROCESS;
}

static bool is_identity(const struct iom_device *device)
{
	return device->plain.domain && device->plain.domain->kind == IOM_DOMAIN_IDENTITY;
}

/* A context became valid. */
static int pc_on(struct rvd_driver *d, struct iom_device *device, uint64_t *pc,
                 const struct iom_link *link)
{
	int err;

	pc_put(pc, link->domain);
	rvd_inval_process(d, device->requester, link->pasid);
	err = rvd_dc_processes(d, device, is_identity(device));
	if (!err)
		err = rvd_fence(d);
	if (err)
		pc_stop(pc);
	return err;
}

/* Takes a context away, and makes hardware and the device forget what they had of it. */
static int pc_off(struct rvd_driver *d, struct iom_device *device, uint64_t *pc,
                  const struct iom_link *link)
{
	int err;

	pc_stop(pc);
	rvd_inval_process(d, device->requester, link->pasid);
	rvd_inval_pscid(d, link->domain->id);
	rvd_ats_forget_link(d, link);
	err = rvd_fence(d);
	if (!err)
		pc_clear(pc);
	return err;
}

/* ---- Requests without PASID ---------------------------------------------------------------- */

int rvd_attach_plain(struct rvd_driver *d, struct iom_device *device)
{
	uint64_t *pc = pc_find(d, device, 0);
	int err;

	if (!pc)
		return IOM_ENOMEM;
	if (has_stage1(device->plain.domain))
		return pc_on(d, device, pc, &device->plain);
	if (!is_identity(device))
		return IOM_OK;
	err = rvd_dc_processes(d, device, true);
	if (err)
		(void)rvd_dc_change(d, device->requester, RV_TC_DPE, 0);
	return err;
}

int rvd_detach_plain(struct rvd_driver *d, struct iom_device *device)
{
	uint64_t *pc = pc_find(d, device, 0);
	int err;

	if (!pc)
		return IOM_ENOMEM;
	if (device->processes.used && has_stage1(device->plain.domain))
		return pc_off(d, device, pc, &device->plain);
	if (!device->processes.used) {
		err = rvd_dc_off(d, device->requester);
		if (!err)
			pc_clear(pc);
		return err;
	}
	if (!is_identity(device))
		return IOM_OK;
	err = rvd_dc_change(d, device->requester, RV_TC_DPE, 0);
	if (err)
		return err;
	rvd_ats_forget_link(d, &device->plain);
	return rvd_fence(d);
}

/* ---- PASIDs ------------------------------------------------------------------------------- */

int rvd_prepare_pasid(struct iom_driver *driver, struct iom_device *device, uint32_t pasid)
{
	struct rvd_driver *d = rvd_of(driver);
	const struct rvd_directory pdt = pdt_of(d, device);
	unsigned bits = rvd_directory_bits(&pdt);

	if (pasid >> (bits < RVD_PASID_BITS ? bits : RVD_PASID_BITS))
		return IOM_EINVAL;
	return pc_find(d, device, pasid) ? IOM_OK : IOM_ENOMEM;
}

int rvd_attach_pasid(struct iom_driver *driver, struct iom_link *link)
{
	struct rvd_driver *d = rvd_of(driver);
	uint64_t *pc = pc_find(d, link->device, link->pasid);

	return pc ? pc_on(d, link->device, pc, link) : IOM_ENOMEM;
}

/* The last one takes the device's context along, if nothing else needs it. */
int rvd_detach_pasid(struct iom_driver *driver, struct iom_link *link)
{
	struct rvd_driver *d = rvd_of(driver);
	struct iom_device *device = link->device;
	const struct iom_domain *plain = device->plain.domain;
	uint64_t *pc = pc_find(d, device, link->pasid);
	int err;

	if (!pc)
		return IOM_ENOMEM;
	if (device->processes.used > 1 || (plain && plain->kind != IOM_DOMAIN_BLOCKED))
		return pc_off(d, device, pc, link);
	err = rvd_dc_off(d, device->requester);
	if (!err)
		pc_clear(pc);
	return err;
}

/* ---- Directories and domains ---------------------------------------------------------------- */

/* Process 0's context comes along: attaching a domain must not fail for want of memory. */
int rvd_pdt_new(struct rvd_driver *d, struct iom_device *device)
{
	if (!d->pdt_levels)
		return IOM_ENOTSUP;
	device->table = rvd_alloc(d, IOM_PAGE, &device->table_phys);
	if (!device->table)
		return IOM_ENOMEM;
	if (pc_find(d, device, 0))
		return IOM_OK;
	rvd_pdt_free(d, device);
	return IOM_ENOMEM;
}

void rvd_pdt_free(struct rvd_driver *d, struct iom_device *device)
{
	const struct rvd_directory pdt = pdt_of(d, device);

	if (device->table)
		rvd_directory_free(d, &pdt);
	device->table = NULL;
}

/* The directory and all its processes' tables are read in one byte order: ours. */
int rvd_process_init(struct iom_domain *domain, const struct iom_stage *stage,
                     struct iom_error *error)
{
	const struct rvd_driver *d = rvd_of(domain->driver);
	unsigned pas = (unsigned)IOM_GET(RV_CAP_PAS, d->cap);

	if (stage->big_endian != RV_CPU_IS_BIG)
		return iom_fail(error, IOM_ENOTSUP,
		                "a process's tables must be in the CPU's byte order");
	if (stage->root & ~iom_low(pas))
		return iom_fail(error, IOM_EINVAL,
		                "a process's root table cannot be at 0x%llx: the IOMMU knows "
		                "addresses of %u bits",
		                (unsigned long long)stage->root, pas);
	return rvd_borrow(domain, stage, error);
}
