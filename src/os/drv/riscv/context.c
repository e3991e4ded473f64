/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The device directory ("Device-directory-table"): made on demand, one context per device. */
#include "os/drv/riscv/riscv.h"

#include <string.h>

#define DIR_LG2 9 /* index bits of a table of non-leaf entries */

static unsigned dc_lg2(const struct rvd_driver *d)
{
	return iom_log2(d->extended ? RV_DC_EXT_BYTES : RV_DC_BASE_BYTES);
}

/* The lowest bit of DDI[level] in a device_id. */
static unsigned ddi_shift(const struct rvd_driver *d, unsigned level)
{
	return level ? IOM_PAGE_LG2 - dc_lg2(d) + DIR_LG2 * (level - 1) : 0;
}

/* Three levels reach 24 bits in either format; in the base format they do not fill the root. */
static unsigned device_id_bits(const struct rvd_driver *d)
{
	return d->ddt_levels == 3 ? 24 : ddi_shift(d, d->ddt_levels);
}

int rvd_ddt_new(struct rvd_driver *d)
{
	d->ddt = rvd_alloc(d, IOM_PAGE, &d->ddt_phys);
	return d->ddt ? IOM_OK : IOM_ENOMEM;
}

static uint64_t dir_get(const uint64_t *entry)
{
	return iom_cpu64(__atomic_load_n(entry, __ATOMIC_ACQUIRE), RV_CPU_IS_BIG);
}

static void dir_put(uint64_t *entry, uint64_t val)
{
	rvd_store(entry, iom_cpu64(val, RV_CPU_IS_BIG));
}

static void *dir_table(struct rvd_driver *d, uint64_t entry)
{
	return d->base.host.at(d->base.opaque, IOM_GET(RV_DIR_PPN, entry) << IOM_PAGE_LG2);
}

/* As deep as the directory: three levels at most.  NOLINTNEXTLINE(misc-no-recursion) */
static void ddt_free_table(struct rvd_driver *d, uint64_t *table, uint64_t phys, unsigned level)
{
	unsigned n;

	for (n = 0; level && n < 1u << DIR_LG2; n++) {
		uint64_t entry = dir_get(&table[n]);

		if (entry & RV_DIR_V)
			ddt_free_table(d, dir_table(d, entry),
			               IOM_GET(RV_DIR_PPN, entry) << IOM_PAGE_LG2, level - 1);
	}
	iom_os_free(&d->base, table, phys, IOM_PAGE);
}

void rvd_ddt_free(struct rvd_driver *d)
{
	if (d->ddt)
		ddt_free_table(d, d->ddt, d->ddt_phys, d->ddt_levels - 1u);
	d->ddt = NULL;
}

/* Finds the context of a device, making tables on the way.  IOM_EINVAL, IOM_ENOMEM. */
static int dc_find(struct rvd_driver *d, uint32_t device_id, uint64_t **dc)
{
	uint64_t *table = d->ddt, phys;
	unsigned level;

	if (device_id >> device_id_bits(d))
		return IOM_EINVAL;
	for (level = d->ddt_levels - 1u; level; level--) {
		uint64_t *entry = &table[device_id >> ddi_shift(d, level) & iom_low(DIR_LG2)];

		if (!(dir_get(entry) & RV_DIR_V)) {
			if (!rvd_alloc(d, IOM_PAGE, &phys))
				return IOM_ENOMEM;
			dir_put(entry, IOM_PUT(RV_DIR_PPN, phys >> IOM_PAGE_LG2) | RV_DIR_V);
		}
		table = dir_table(d, dir_get(entry));
	}
	device_id &= (uint32_t)iom_low(IOM_PAGE_LG2 - dc_lg2(d));
	*dc = table + ((size_t)device_id << (dc_lg2(d) - 3));
	return IOM_OK;
}

int rvd_prepare(struct iom_driver *driver, uint32_t requester)
{
	uint64_t *dc;

	return dc_find(rvd_of(driver), requester, &dc);
}

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

	dc[RV_DC_IOHGATP] = IOM_PUT(RV_IOHGATP_MODE, d->stage2_mode) |
	                    IOM_PUT(RV_IOHGATP_GSCID, domain->id) |
	                    IOM_PUT(RV_IOHGATP_PPN, domain->root.address >> IOM_PAGE_LG2);
	if (!w->table)
		return;
	dc[RV_DC_MSIPTP] =
		IOM_PUT(RV_FSC_MODE, RV_MSIPTP_FLAT) | IOM_PUT(RV_FSC_PPN, w->phys >> IOM_PAGE_LG2);
	dc[RV_DC_MSI_ADDR_MASK] = w->mask >> IOM_PAGE_LG2;
	dc[RV_DC_MSI_ADDR_PATTERN] = w->address >> IOM_PAGE_LG2;
}

static void dc_encode_stage1(unsigned mode, const struct iom_domain *domain,
                             uint64_t dc[RV_DC_RSVD])
{
	dc[RV_DC_TA] = IOM_PUT(RV_DC_TA_PSCID, domain->id);
	dc[RV_DC_FSC] = IOM_PUT(RV_FSC_MODE, mode) |
	                IOM_PUT(RV_FSC_PPN, domain->root.address >> IOM_PAGE_LG2);
}

/* What a device context says of a domain; false: the device stays without one. */
static bool dc_encode(const struct rvd_driver *d, const struct iom_domain *domain,
                      uint64_t dc[RV_DC_RSVD])
{
	memset(dc, 0, RV_DC_RSVD * sizeof dc[0]);
	dc[RV_DC_TC] = RV_TC_V | (RV_CPU_IS_BIG ? RV_TC_SBE : 0);
	switch (domain->kind) {
	case IOM_DOMAIN_STAGE1:
		dc_encode_stage1(d->stage1_mode, domain, dc);
		return true;
	case IOM_DOMAIN_STAGE2:
		dc_encode_stage2(d, domain, dc);
		return true;
	case IOM_DOMAIN_NESTED:
		dc[RV_DC_TC] = RV_TC_V | (domain->root.big_endian ? RV_TC_SBE : 0);
		dc_encode_stage1(rvd_nested_mode(domain), domain, dc);
		dc_encode_stage2(d, domain->parent, dc);
		return true;
	default:
		return domain->kind == IOM_DOMAIN_IDENTITY;
	}
}

static void dc_load(const struct rvd_driver *d, const uint64_t *dc, uint64_t words[RV_DC_RSVD])
{
	unsigned n;

	for (n = 0; n < dc_words(d); n++)
		words[n] = dir_get(&dc[n]);
}

/*
 * V last, behind a barrier.  The invalidation afterwards is for hardware that caches contexts with
 * V=0, which it should not; Linux is as careful.
 */
int rvd_attach(struct iom_domain *domain, uint32_t requester)
{
	struct rvd_driver *d = rvd_of(domain->driver);
	uint64_t *dc, words[RV_DC_RSVD];
	int err = dc_find(d, requester, &dc);
	unsigned n;

	if (err || !dc_encode(d, domain, words))
		return err;
	for (n = RV_DC_TC + 1; n < dc_words(d); n++)
		dir_put(&dc[n], words[n]);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	dir_put(&dc[RV_DC_TC], words[RV_DC_TC]);
	rvd_inval_device(d, requester, words);
	err = rvd_fence(d);
	if (err)
		dir_put(&dc[RV_DC_TC], words[RV_DC_TC] & ~RV_TC_V);
	return err;
}

/* The other words stay until hardware has forgotten them: a second attempt needs them again. */
int rvd_detach(struct iom_driver *driver, uint32_t requester)
{
	struct rvd_driver *d = rvd_of(driver);
	uint64_t *dc, words[RV_DC_RSVD];
	int err = dc_find(d, requester, &dc);
	unsigned n;

	if (err)
		return err;
	dc_load(d, dc, words);
	dir_put(&dc[RV_DC_TC], words[RV_DC_TC] & ~RV_TC_V);
	rvd_inval_device(d, requester, words);
	err = rvd_fence(d);
	if (err)
		return err;
	for (n = 0; n < dc_words(d); n++)
		dir_put(&dc[n], 0);
	return IOM_OK;
}
