/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Virtual machines: a guest's first stage over ours, and flat MSI page tables ("Process to translate
 * addresses of MSIs"; AIA, "IOMMU support for MSIs to virtual machines").
 */
#include "os/drv/riscv/riscv.h"

#include "pt/fmt/riscv.h"

/* ---- Nested domains ----------------------------------------------------------------------- */

/* The formats that a device context can name for the first stage of a guest. */
static const struct guest_format {
	uint32_t format; /* IOM_FORMAT_* */
	uint8_t mode;    /* of iosatp    */
	uint64_t cap;
} formats[] = {
	{ IOM_FORMAT_RISCV_SV39, RV_ATP_SV39, RV_CAP_SV39 },
	{ IOM_FORMAT_RISCV_SV48, RV_ATP_SV48, RV_CAP_SV48 },
	{ IOM_FORMAT_RISCV_SV57, RV_ATP_SV57, RV_CAP_SV57 },
};

static const struct guest_format *format_find(const struct rvd_driver *d, uint32_t format)
{
	size_t n;

	for (n = 0; n < IOM_COUNT(formats); n++)
		if (formats[n].format == format && d->cap & formats[n].cap)
			return &formats[n];
	return NULL;
}

unsigned rvd_nested_mode(const struct iom_domain *domain)
{
	return domain->root.levels - 3u + RV_ATP_SV39;
}

/*
 * The PSCID is ours, not the guest's: two tables that a guest gave one number stay apart.  It means
 * something under the parent's GSCID alone, so that guests cannot meet.
 */
int rvd_nested_init(struct iom_domain *domain, const struct iom_stage *stage,
                    struct iom_error *error)
{
	struct rvd_driver *d = rvd_of(domain->driver);
	const struct guest_format *f = format_find(d, stage->format);
	int err;

	if (!f)
		return iom_fail(error, IOM_ENOTSUP,
		                "the IOMMU cannot read a guest's tables of format %u "
		                "(capabilities 0x%llx)",
		                (unsigned)stage->format, (unsigned long long)d->cap);
	if (stage->big_endian != RV_CPU_IS_BIG && !(d->cap & RV_CAP_END))
		return iom_fail(error, IOM_ENOTSUP,
		                "the IOMMU cannot read a guest's tables in %s-endian order",
		                stage->big_endian ? "big" : "little");
	if (stage->root & (IOM_PAGE - 1) || stage->root >> IOM_PAGE_LG2 & ~RV_FSC_PPN)
		return iom_fail(error, IOM_EINVAL,
		                "a guest's root table cannot be at 0x%llx: it must be a multiple "
		                "of "
		                "4096 below 2^56",
		                (unsigned long long)stage->root);
	err = iom_ids_take(&d->base, &d->pscids, &domain->id);
	if (err)
		return iom_fail(error, err, "no PSCID is left for the domain");
	domain->root = pt_rv64_root(stage->root >> IOM_PAGE_LG2, f->mode, false);
	domain->root.big_endian = stage->big_endian;
	domain->last = iom_low(domain->root.input_bits - 1u);
	return IOM_OK;
}

/* ---- MSI page tables ---------------------------------------------------------------------- */

int rvd_msi_init(struct iom_domain *domain, struct iom_error *error)
{
	struct rvd_driver *d = rvd_of(domain->driver);
	struct iom_msi_window *w = &domain->msi;
	uint64_t mask;

	if (!(d->cap & RV_CAP_MSI_FLAT))
		return iom_fail(error, IOM_ENOTSUP,
		                "the IOMMU has no MSI page tables (capabilities 0x%llx)",
		                (unsigned long long)d->cap);
	w->bytes = RV_MSIPTE_BYTES;
	for (mask = w->mask; mask; mask &= mask - 1)
		w->bytes *= 2;
	if (w->bytes < IOM_PAGE)
		w->bytes = IOM_PAGE;
	w->table = rvd_alloc(d, w->bytes, &w->phys);
	return w->table ? IOM_OK : iom_fail(error, IOM_ENOMEM, "no memory for the MSI page table");
}

void rvd_msi_fini(struct iom_domain *domain)
{
	struct iom_msi_window *w = &domain->msi;

	if (w->table)
		iom_os_free(domain->driver, w->table, w->phys, w->bytes);
	w->table = NULL;
}

/* The bits of the page's address that the mask selects, packed to the low end in their order. */
static uint64_t file_number(const struct iom_msi_window *w, uint64_t gpa)
{
	uint64_t number = 0, mask;
	unsigned n = 0;

	for (mask = w->mask; mask; mask &= mask - 1, n++)
		if (gpa & IOM_LSB(mask))
			number |= IOM_BIT(n);
	return number;
}

static bool reachable(const struct rvd_driver *d, uint64_t phys)
{
	return !(phys & ~iom_low((unsigned)IOM_GET(RV_CAP_PAS, d->cap)));
}

/* Both doublewords; those of an entry that is not valid are 0. */
static int encode(const struct rvd_driver *d, const struct iom_msi_target *to, uint64_t *words)
{
	const struct iom_mrif *mrif = to ? to->mrif : NULL;

	words[0] = words[1] = 0;
	if (!to)
		return IOM_OK;
	if (!mrif) {
		words[0] = RV_MSIPTE_V | IOM_PUT(RV_MSIPTE_M, RV_MSIPTE_M_BASIC) |
		           IOM_PUT(RV_MSIPTE_PPN, to->phys >> IOM_PAGE_LG2);
		return reachable(d, to->phys) ? IOM_OK : IOM_EINVAL;
	}
	if (!(d->cap & RV_CAP_MSI_MRIF))
		return IOM_ENOTSUP;
	words[0] = RV_MSIPTE_V | IOM_PUT(RV_MSIPTE_M, RV_MSIPTE_M_MRIF) |
	           IOM_PUT(RV_MSIPTE_MRIF_ADDR, mrif->file >> RV_MRIF_LG2);
	words[1] = IOM_PUT(RV_MSIPTE_1_NID_LOW, mrif->identity) |
	           (mrif->identity >> 10 ? RV_MSIPTE_1_NID_HIGH : 0) |
	           IOM_PUT(RV_MSIPTE_1_NPPN, mrif->notice >> IOM_PAGE_LG2);
	return reachable(d, mrif->file) && reachable(d, mrif->notice) ? IOM_OK : IOM_EINVAL;
}

static int forget(struct rvd_driver *d, const struct iom_domain *domain, uint64_t gpa)
{
	rvd_inval_gpa(d, domain, gpa);
	return rvd_fence(d);
}

/*
 * Hardware reads the two doublewords one by one, in any order.  The second counts for an MRIF alone, and
 * goes first: once nobody can have an old one in hand, which would send a notice anywhere, one store
 * of the first changes the entry as a whole.  Devices' messages are never refused meanwhile.  Leaving
 * an MRIF keeps the second, so that a virtual CPU that comes and goes costs one fence each time.
 * Entries that are not valid are never cached.
 */
int rvd_msi_put(struct iom_domain *domain, uint64_t gpa, const struct iom_msi_target *to)
{
	struct rvd_driver *d = rvd_of(domain->driver);
	uint64_t *entry = (uint64_t *)domain->msi.table +
	                  file_number(&domain->msi, gpa) * (RV_MSIPTE_BYTES / sizeof *entry);
	uint64_t was = iom_cpu64(__atomic_load_n(entry, __ATOMIC_RELAXED), RV_CPU_IS_BIG);
	uint64_t words[2];
	int err = encode(d, to, words);

	if (err)
		return err;
	words[1] = iom_cpu64(words[1], RV_CPU_IS_BIG);
	if (to && to->mrif && __atomic_load_n(entry + 1, __ATOMIC_RELAXED) != words[1]) {
		rvd_store(entry + 1, words[1]);
		err = domain->attached ? forget(d, domain, gpa) : IOM_OK;
		if (err)
			return err;
	}
	rvd_store(entry, iom_cpu64(words[0], RV_CPU_IS_BIG));
	return was & RV_MSIPTE_V && domain->attached ? forget(d, domain, gpa) : IOM_OK;
}
