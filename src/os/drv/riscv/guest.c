/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Virtual machines: a guest's first stage over ours, and flat MSI page tables ("Process to translate
 * addresses of MSIs"; AIA, "IOMMU support for MSIs to virtual machines").
 */
#include "os/drv/riscv/riscv.h"

/* ---- Nested domains ----------------------------------------------------------------------- */

int rvd_nested_init(struct iom_domain *domain, const struct iom_stage *stage,
                    struct iom_error *error)
{
	const struct rvd_driver *d = rvd_of(domain->driver);

	if (stage->big_endian != RV_CPU_IS_BIG && !(d->cap & RV_CAP_END))
		return iom_fail(error, IOM_ENOTSUP,
		                "the IOMMU cannot read a guest's tables in %s-endian order",
		                stage->big_endian ? "big" : "little");
	return rvd_borrow(domain, stage, error);
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
	rvd_ats_forget(d, domain, gpa, gpa, false);
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
