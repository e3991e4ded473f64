/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Device contexts ("Device-directory-table"): one for each device, V=0 until it has a domain. */
#include "os/drv/riscv/context.h"

#include <string.h>

#include "os/drv/riscv/directory.h"

#define DEVICE_ID_BITS 24

static unsigned dc_lg2(const struct rvd_driver *d)
{
	return iom_log2(d->extended ? RV_DC_EXT_BYTES : RV_DC_BASE_BYTES);
}

static struct rvd_directory ddt_of(const struct rvd_driver *d)
{
	return (struct rvd_directory){
		.root = d->ddt,
		.phys = d->ddt_phys,
		.levels = d->ddt_levels,
		.leaf_lg2 = (uint8_t)(IOM_PAGE_LG2 - dc_lg2(d)),
	};
}

int rvd_ddt_new(struct rvd_driver *d)
{
	d->ddt = rvd_alloc(d, IOM_PAGE, &d->ddt_phys);
	return d->ddt ? IOM_OK : IOM_ENOMEM;
}

void rvd_ddt_free(struct rvd_driver *d)
{
	const struct rvd_directory ddt = ddt_of(d);

	if (d->ddt)
		rvd_directory_free(d, &ddt);
	d->ddt = NULL;
}

/* Finds the context of a device, making tables on the way.  IOM_EINVAL, IOM_ENOMEM. */
static int dc_find(struct rvd_driver *d, uint32_t device_id, uint64_t **dc)
{
	const struct rvd_directory ddt = ddt_of(d);
	unsigned bits = rvd_directory_bits(&ddt);
	uint64_t *leaf;

	/* Three levels of the base format do not fill their root. */
	if (device_id >> (bits < DEVICE_ID_BITS ? bits : DEVICE_ID_BITS))
		return IOM_EINVAL;
	leaf = rvd_directory_leaf(d, &ddt, device_id);
	if (!leaf)
		return IOM_ENOMEM;
	device_id &= (uint32_t)iom_low(ddt.leaf_lg2);
	*dc = leaf + ((size_t)device_id << (dc_lg2(d) - 3));
	return IOM_OK;
}

int rvd_prepare(struct iom_driver *driver, uint32_t requester)
{
	uint64_t *dc;

	return dc_find(rvd_of(driver), requester, &dc);
}

/* ---- What a context says ------------------------------------------------------------------- */

/* Doublewords of a device context that mean something. */
static unsigned dc_words(const struct rvd_driver *d)
{
	return d->extended ? RV_DC_RSVD : RV_DC_FSC + 1;
}

/* The second stage of a guest's memory, and its interrupt files. */
static void dc_encode_stage2(const struct rvd_driver *d, const struct iom_domain *domain,
                             uint64_t dc[RV_DC_RSVD])
{
	const struct iom_msi_window *w = &domain->msi;

	dc[RV_DC_IOHGATP] = IOM_PUT(RV_IOHGATP_MODE, d->stage2.mode) |
	                    IOM_PUT(RV_IOHGATP_GSCID, domain->id) |
	                    IOM_PUT(RV_IOHGATP_PPN, domain->root.address >> IOM_PAGE_LG2);
	if (!w->table)
		return;
	dc[RV_DC_MSIPTP] =
		IOM_PUT(RV_FSC_MODE, RV_MSIPTP_FLAT) | IOM_PUT(RV_FSC_PPN, w->phys >> IOM_PAGE_LG2);
	dc[RV_DC_MSI_ADDR_MASK] = w->mask >> IOM_PAGE_LG2;
	dc[RV_DC_MSI_ADDR_PATTERN] = w->address >> IOM_PAGE_LG2;
}

static void dc_encode_stage1(const struct iom_domain *domain, uint64_t dc[RV_DC_RSVD])
{
	dc[RV_DC_TA] = IOM_PUT(RV_DC_TA_PSCID, domain->id);
	dc[RV_DC_FSC] = rvd_stage1(domain);
}

/* tc, but for what a domain says. */
static uint64_t tc_of(const struct iom_device *device)
{
	return RV_TC_V | (RV_CPU_IS_BIG ? RV_TC_SBE : 0) |
	       (device ? rvd_tc_abilities(device->abilities) : 0);
}

/* RV32's second stages leave no choice of the first. */
static uint64_t tc_sxl(const struct rvd_driver *d, const struct iom_domain *domain)
{
	return d->gxl || rvd_rv32(domain) ? RV_TC_SXL : 0;
}

/* What a device context says of a domain; false: the device stays without one. */
static bool dc_encode(const struct rvd_driver *d, const struct iom_device *device,
                      const struct iom_domain *domain, uint64_t dc[RV_DC_RSVD])
{
	memset(dc, 0, RV_DC_RSVD * sizeof dc[0]);
	dc[RV_DC_TC] = tc_of(device) | tc_sxl(d, domain);
	switch (domain->kind) {
	case IOM_DOMAIN_STAGE1:
	case IOM_DOMAIN_PROCESS:
		dc_encode_stage1(domain, dc);
		return true;
	case IOM_DOMAIN_STAGE2:
		dc_encode_stage2(d, domain, dc);
		return true;
	case IOM_DOMAIN_NESTED:
		dc[RV_DC_TC] &= ~RV_TC_SBE;
		dc[RV_DC_TC] |= domain->root.big_endian ? RV_TC_SBE : 0;
		dc_encode_stage1(domain, dc);
		dc_encode_stage2(d, domain->parent, dc);
		return true;
	default:
		return domain->kind == IOM_DOMAIN_IDENTITY;
	}
}

/* ---- Changing contexts --------------------------------------------------------------------- */

static void dc_load(const struct rvd_driver *d, const uint64_t *dc, uint64_t words[RV_DC_RSVD])
{
	unsigned n;

	for (n = 0; n < dc_words(d); n++)
		words[n] = rvd_dir_get(&dc[n]);
}

/*
 * V last, behind a barrier.  The invalidation afterwards is for hardware that caches contexts with
 * V=0, which it should not; Linux is as careful.
 */
static int dc_on(struct rvd_driver *d, uint32_t requester, const uint64_t words[RV_DC_RSVD])
{
	uint64_t *dc;
	int err = dc_find(d, requester, &dc);
	unsigned n;

	if (err)
		return err;
	for (n = RV_DC_TC + 1; n < dc_words(d); n++)
		rvd_dir_put(&dc[n], words[n]);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	rvd_dir_put(&dc[RV_DC_TC], words[RV_DC_TC]);
	rvd_inval_device(d, requester, words);
	err = rvd_fence(d);
	if (err)
		rvd_dir_put(&dc[RV_DC_TC], words[RV_DC_TC] & ~RV_TC_V);
	return err;
}

int rvd_dc_off(struct rvd_driver *d, uint32_t requester)
{
	const struct iom_device *device = iom_device_find(&d->base, requester);
	uint64_t *dc, words[RV_DC_RSVD];
	int err = dc_find(d, requester, &dc);
	unsigned n;

	if (err)
		return err;
	dc_load(d, dc, words);
	rvd_dir_put(&dc[RV_DC_TC], words[RV_DC_TC] & ~RV_TC_V);
	rvd_inval_device(d, requester, words);
	if (device)
		rvd_ats_forget_device(d, device);
	/* The other words stay until hardware has forgotten them: a second attempt needs them again. */
	err = rvd_fence(d);
	if (err)
		return err;
	for (n = 0; n < dc_words(d); n++)
		rvd_dir_put(&dc[n], 0);
	return IOM_OK;
}

int rvd_dc_change(struct rvd_driver *d, uint32_t requester, uint64_t set, uint64_t clear)
{
	uint64_t *dc, words[RV_DC_RSVD], tc;
	int err = dc_find(d, requester, &dc);

	if (err)
		return err;
	dc_load(d, dc, words);
	tc = (words[RV_DC_TC] & ~clear) | set;
	if (!(tc & RV_TC_V))
		return IOM_OK;
	rvd_dir_put(&dc[RV_DC_TC], tc);
	rvd_inval_device(d, requester, words);
	return rvd_fence(d);
}

int rvd_dc_processes(struct rvd_driver *d, const struct iom_device *device, bool identity)
{
	uint64_t words[RV_DC_RSVD] = { 0 }, *dc;
	int err = dc_find(d, device->requester, &dc);

	if (err)
		return err;
	if (rvd_dir_get(&dc[RV_DC_TC]) & RV_TC_V)
		return rvd_dc_change(d, device->requester, identity ? 0 : RV_TC_DPE,
		                     identity ? RV_TC_DPE : 0);
	words[RV_DC_TC] = tc_of(device) | RV_TC_PDTV | (identity ? 0 : RV_TC_DPE) |
	                  (d->stage1.rv32 ? RV_TC_SXL : 0);
	words[RV_DC_FSC] = rvd_pdtp(d, device);
	return dc_on(d, device->requester, words);
}

int rvd_attach(struct iom_domain *domain, uint32_t requester)
{
	struct rvd_driver *d = rvd_of(domain->driver);
	struct iom_device *device = iom_device_find(domain->driver, requester);
	uint64_t words[RV_DC_RSVD];

	if (device && device->table && !iom_domain_is_machines(domain))
		return rvd_attach_plain(d, device);
	return dc_encode(d, device, domain, words) ? dc_on(d, requester, words) : IOM_OK;
}

int rvd_detach(struct iom_driver *driver, uint32_t requester)
{
	struct rvd_driver *d = rvd_of(driver);
	struct iom_device *device = iom_device_find(driver, requester);

	if (device && device->table && !iom_domain_is_machines(device->plain.domain))
		return rvd_detach_plain(d, device);
	return rvd_dc_off(d, requester);
}
