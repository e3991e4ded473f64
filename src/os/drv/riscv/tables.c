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

/* An entry of 4 bytes cannot name every address that the IOMMU reaches. */
static void *page_alloc32(void *ctx, unsigned size_lg2, uint64_t *phys)
{
	void *table = page_alloc(ctx, size_lg2, phys);

	if (table && *phys >> RVD_RV32_BITS) {
		page_free(ctx, table, *phys, size_lg2);
		return NULL;
	}
	return table;
}

static const struct pt_pages pages64 = {
	.alloc = page_alloc,
	.free = page_free,
	.at = page_at,
};
static const struct pt_pages pages32 = {
	.alloc = page_alloc32,
	.free = page_free,
	.at = page_at,
};

static struct iom_ids *ids_of(struct rvd_driver *d, const struct iom_domain *domain)
{
	return domain->kind == IOM_DOMAIN_STAGE2 ? &d->gscids : &d->pscids;
}

int rvd_domain_init(struct iom_domain *domain, struct iom_error *error)
{
	struct rvd_driver *d = rvd_of(domain->driver);
	bool stage2 = domain->kind == IOM_DOMAIN_STAGE2;
	const struct rvd_scheme *scheme = stage2 ? &d->stage2 : &d->stage1;
	struct pt_root *root = &domain->root;
	uint64_t phys;
	int err;

	if (!iom_domain_has_tables(domain)) {
		if (domain->kind == IOM_DOMAIN_IDENTITY)
			domain->last = ~UINT64_C(0);
		return IOM_OK;
	}
	if (!scheme->mode)
		return iom_fail(error, IOM_ENOTSUP,
		                "the IOMMU has no %s stage (capabilities 0x%llx, fctl.GXL %u)",
		                stage2 ? "second" : "first", (unsigned long long)d->cap, d->gxl);
	err = iom_ids_take(&d->base, ids_of(d, domain), &domain->id);
	if (err)
		return iom_fail(error, err, "no %s is left for the domain",
		                stage2 ? "GSCID" : "PSCID");
	*root = scheme->rv32 ? pt_rv32_root(0, stage2) : pt_rv64_root(0, scheme->mode, stage2);
	if (!rvd_alloc(d, (size_t)(scheme->rv32 ? 4 : 8) << root->root_lg2, &phys)) {
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
	struct rvd_scheme scheme;
	uint64_t cap;
} formats[] = {
	{ IOM_FORMAT_RISCV_SV32, { RV_ATP_SV32, true }, RV_CAP_SV32 },
	{ IOM_FORMAT_RISCV_SV39, { RV_ATP_SV39, false }, RV_CAP_SV39 },
	{ IOM_FORMAT_RISCV_SV48, { RV_ATP_SV48, false }, RV_CAP_SV48 },
	{ IOM_FORMAT_RISCV_SV57, { RV_ATP_SV57, false }, RV_CAP_SV57 },
};

/*
 * What tc.SXL may be.  The processes of a device share it with each other and with the domains that
 * we make ourselves.
 */
static bool width_ok(const struct rvd_driver *d, const struct iom_domain *domain, bool rv32)
{
	if (domain->kind == IOM_DOMAIN_PROCESS)
		return rv32 == d->stage1.rv32;
	return rv32 ? d->gxl || d->sxl_free : !d->gxl;
}

static const struct stage_format *format_find(const struct iom_domain *domain, uint32_t format)
{
	const struct rvd_driver *d = rvd_of(domain->driver);
	size_t n;

	for (n = 0; n < IOM_COUNT(formats); n++)
		if (formats[n].format == format && d->cap & formats[n].cap &&
		    width_ok(d, domain, formats[n].scheme.rv32))
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
	const struct stage_format *f = format_find(domain, stage->format);
	uint64_t ppn = stage->root >> IOM_PAGE_LG2;
	struct pt_root *root = &domain->root;
	unsigned bits;
	int err;

	if (!f)
		return iom_fail(error, IOM_ENOTSUP,
		                "the IOMMU cannot read tables of format %u (capabilities 0x%llx)",
		                (unsigned)stage->format, (unsigned long long)d->cap);
	bits = f->scheme.rv32 ? RVD_RV32_BITS : 56;
	if (stage->root & (IOM_PAGE - 1) || stage->root >> bits)
		return iom_fail(error, IOM_EINVAL,
		                "a root table cannot be at 0x%llx: it must be a multiple of 4096 "
		                "below 2^%u",
		                (unsigned long long)stage->root, bits);
	err = iom_ids_take(&d->base, &d->pscids, &domain->id);
	if (err)
		return iom_fail(error, err, "no PSCID is left for the domain");
	*root = f->scheme.rv32 ? pt_rv32_root(ppn, false)
	                       : pt_rv64_root(ppn, f->scheme.mode, false);
	root->big_endian = stage->big_endian;
	domain->last = iom_low(root->input_bits - (root->sign_extended ? 1u : 0u));
	return IOM_OK;
}

/* ---- The end -------------------------------------------------------------------------------- */

void rvd_domain_fini(struct iom_domain *domain)
{
	struct rvd_driver *d = rvd_of(domain->driver);

	rvd_msi_fini(domain);
	if (iom_domain_has_tables(domain) && rvd_rv32(domain))
		pt_rv32_free(&pages32, d, &domain->root);
	else if (iom_domain_has_tables(domain))
		pt_rv64_free(&pages64, d, &domain->root);
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
	/* Svpbmt is for entries of 8 bytes. */
	if (rvd_rv32(domain))
		return pt_rv32_map(&pages32, d, &domain->root, iova, phys, bytes, perm, 0);
	return pt_rv64_map(&pages64, d, &domain->root, iova, phys, bytes, perm,
	                   io ? RV_PBMT_IO : RV_PBMT_PMA);
}

int rvd_unmap(struct iom_domain *domain, uint64_t iova, uint64_t bytes, struct pt_removed *removed)
{
	struct rvd_driver *d = rvd_of(domain->driver);

	if (rvd_rv32(domain))
		return pt_rv32_unmap(&pages32, d, &domain->root, iova, bytes, removed);
	return pt_rv64_unmap(&pages64, d, &domain->root, iova, bytes, removed);
}

int rvd_lookup(struct iom_domain *domain, uint64_t iova, uint64_t *phys)
{
	struct rvd_driver *d = rvd_of(domain->driver);
	struct pt_result found;
	enum pt_why why;

	if (iova > domain->last)
		return IOM_ENOENT;
	why = rvd_rv32(domain) ? pt_rv32_lookup(&pages32, d, &domain->root, iova, &found)
	                       : pt_rv64_lookup(&pages64, d, &domain->root, iova, &found);
	if (why != PT_OK)
		return IOM_ENOENT;
	*phys = found.address;
	return IOM_OK;
}

void rvd_release(struct iom_domain *domain, uint64_t tables)
{
	struct rvd_driver *d = rvd_of(domain->driver);

	if (rvd_rv32(domain))
		pt_rv32_release(&pages32, d, &domain->root, tables);
	else
		pt_rv64_release(&pages64, d, &domain->root, tables);
}
