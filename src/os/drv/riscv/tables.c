/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Domains: roots, identifiers, and their page tables. */
#include "os/drv/riscv/riscv.h"

#include "pt/fmt/riscv.h"
#include "pt/fmt/riscv_table.h"

static void *page_alloc(void *ctx, unsigned size_lg2, uint64_t *phys)
{
	return rvd_alloc(ctx, (size_t)1 << size_lg2, phys);
}

static void page_free(void *ctx, void *table, uint64_t phys, unsigned size_lg2)
{
	struct rvd_driver *d = ctx;

	iom_os_free(&d->base, table, phys, (size_t)1 << size_lg2);
}

static void *page_at(void *ctx, uint64_t phys)
{
	struct rvd_driver *d = ctx;

	return d->base.host.at(d->base.opaque, phys);
}

static const struct pt_pages pages = { page_alloc, page_free, page_at };

static struct iom_ids *ids_of(struct rvd_driver *d, const struct iom_domain *domain)
{
	return domain->kind == IOM_DOMAIN_STAGE2 ? &d->gscids : &d->pscids;
}

int rvd_domain_init(struct iom_domain *domain, struct iom_error *error)
{
	struct rvd_driver *d = rvd_of(domain->driver);
	bool stage2 = domain->kind == IOM_DOMAIN_STAGE2;
	unsigned mode = stage2 ? d->stage2_mode : d->stage1_mode;
	struct pt_root *root = &domain->root;
	uint64_t phys;
	int err;

	if (!iom_domain_has_tables(domain)) {
		if (domain->kind == IOM_DOMAIN_IDENTITY)
			domain->last = ~UINT64_C(0);
		return IOM_OK;
	}
	if (!mode)
		return iom_fail(error, IOM_ENOTSUP,
		                "the IOMMU has no 64-bit %s stage (capabilities 0x%llx)",
		                stage2 ? "second" : "first", (unsigned long long)d->cap);
	err = iom_ids_take(&d->base, ids_of(d, domain), &domain->id);
	if (err)
		return iom_fail(error, err, "no %s is left for the domain",
		                stage2 ? "GSCID" : "PSCID");
	*root = pt_rv64_root(0, mode, stage2);
	if (!rvd_alloc(d, (size_t)8 << root->root_lg2, &phys)) {
		iom_ids_give(ids_of(d, domain), domain->id);
		return iom_fail(error, IOM_ENOMEM, "no memory for the domain's root table");
	}
	root->address = phys;
	root->big_endian = RV_CPU_IS_BIG;
	root->recent = &domain->recent;
	if (d->cap & RV_CAP_SVPBMT)
		root->features = PT_RV_SVPBMT;
	/* Of the sign-extended space the lower half: nobody's arithmetic meets the hole. */
	domain->last = iom_low(root->input_bits - (root->sign_extended ? 1u : 0u));
	return IOM_OK;
}

/* ---- Tables of others ----------------------------------------------------------------------- */

/* The formats that a context can name for a first stage. */
static const struct stage_format {
	uint32_t format; /* IOM_FORMAT_* */
	uint8_t mode;    /* of iosatp    */
	uint64_t cap;
} formats[] = {
	{ IOM_FORMAT_RISCV_SV39, RV_ATP_SV39, RV_CAP_SV39 },
	{ IOM_FORMAT_RISCV_SV48, RV_ATP_SV48, RV_CAP_SV48 },
	{ IOM_FORMAT_RISCV_SV57, RV_ATP_SV57, RV_CAP_SV57 },
};

static const struct stage_format *format_find(const struct rvd_driver *d, uint32_t format)
{
	size_t n;

	for (n = 0; n < IOM_COUNT(formats); n++)
		if (formats[n].format == format && d->cap & formats[n].cap)
			return &formats[n];
	return NULL;
}

/*
 * The PSCID is ours, not the owner's: two tables that a guest gave one number stay apart.  Under a
 * parent it means something with its GSCID alone, so that guests cannot meet.
 */
int rvd_borrow(struct iom_domain *domain, const struct iom_stage *stage, struct iom_error *error)
{
	struct rvd_driver *d = rvd_of(domain->driver);
	const struct stage_format *f = format_find(d, stage->format);
	int err;

	if (!f)
		return iom_fail(error, IOM_ENOTSUP,
		                "the IOMMU cannot read tables of format %u (capabilities 0x%llx)",
		                (unsigned)stage->format, (unsigned long long)d->cap);
	if (stage->root & (IOM_PAGE - 1) || stage->root >> IOM_PAGE_LG2 & ~RV_FSC_PPN)
		return iom_fail(error, IOM_EINVAL,
		                "a root table cannot be at 0x%llx: it must be a multiple of 4096 "
		                "below 2^56",
		                (unsigned long long)stage->root);
	err = iom_ids_take(&d->base, &d->pscids, &domain->id);
	if (err)
		return iom_fail(error, err, "no PSCID is left for the domain");
	domain->root = pt_rv64_root(stage->root >> IOM_PAGE_LG2, f->mode, false);
	domain->root.big_endian = stage->big_endian;
	domain->last = iom_low(domain->root.input_bits - 1u);
	return IOM_OK;
}

/* ---- The end -------------------------------------------------------------------------------- */

void rvd_domain_fini(struct iom_domain *domain)
{
	struct rvd_driver *d = rvd_of(domain->driver);

	rvd_msi_fini(domain);
	if (iom_domain_has_tables(domain))
		pt_rv64_free(&pages, d, &domain->root);
	else if (domain->kind != IOM_DOMAIN_NESTED && domain->kind != IOM_DOMAIN_PROCESS)
		return;
	iom_ids_give(ids_of(d, domain), domain->id);
}

/* ---- Mappings ------------------------------------------------------------------------------- */

/* Devices access as users, so all pages are user pages. */
int rvd_map(struct iom_domain *domain, uint64_t iova, uint64_t phys, uint64_t bytes, unsigned prot)
{
	struct rvd_driver *d = rvd_of(domain->driver);
	unsigned perm = PT_USER | (prot & IOM_PROT_READ ? PT_R : 0) |
	                (prot & IOM_PROT_WRITE ? PT_W : 0) | (prot & IOM_PROT_EXECUTE ? PT_X : 0);
	bool io = prot & IOM_PROT_MMIO && d->cap & RV_CAP_SVPBMT;

	if ((phys + bytes - 1) & ~iom_low((unsigned)IOM_GET(RV_CAP_PAS, d->cap)))
		return IOM_EINVAL;
	return pt_rv64_map(&pages, d, &domain->root, iova, phys, bytes, perm,
	                   io ? RV_PBMT_IO : RV_PBMT_PMA);
}

int rvd_unmap(struct iom_domain *domain, uint64_t iova, uint64_t bytes, struct pt_removed *removed)
{
	return pt_rv64_unmap(&pages, rvd_of(domain->driver), &domain->root, iova, bytes, removed);
}

int rvd_lookup(struct iom_domain *domain, uint64_t iova, uint64_t *phys)
{
	struct pt_result found;

	if (iova > domain->last ||
	    pt_rv64_lookup(&pages, rvd_of(domain->driver), &domain->root, iova, &found) != PT_OK)
		return IOM_ENOENT;
	*phys = found.address;
	return IOM_OK;
}

void rvd_release(struct iom_domain *domain, uint64_t tables)
{
	pt_rv64_release(&pages, rvd_of(domain->driver), &domain->root, tables);
}
