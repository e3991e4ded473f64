/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Domains: roots, identifiers, and their page tables. */
#include "os/drv/vtd/vtd.h"

#include "pt/fmt/vtd_ss.h"
#include "pt/fmt/vtd_ss_table.h"
#include "pt/fmt/x86_64.h"
#include "pt/fmt/x86_64_table.h"

static void *page_alloc(void *ctx, unsigned size_lg2, uint64_t *phys)
{
	return vtdd_alloc(ctx, (size_t)1 << size_lg2, phys);
}

static void page_free(void *ctx, void *table, uint64_t phys, unsigned size_lg2)
{
	struct vtdd_driver *d = ctx;

	iom_os_free(&d->base, table, phys, (size_t)1 << size_lg2);
}

static void *page_at(void *ctx, uint64_t phys)
{
	struct vtdd_driver *d = ctx;

	return d->base.host.at(d->base.opaque, phys);
}

static void page_flush(void *ctx, const void *entries, size_t bytes)
{
	struct vtdd_driver *d = ctx;

	d->base.host.flush(d->base.opaque, entries, bytes);
}

static const struct pt_pages seen = {
	.alloc = page_alloc,
	.free = page_free,
	.at = page_at,
};

static const struct pt_pages written_back = {
	.alloc = page_alloc,
	.free = page_free,
	.at = page_at,
	.flush = page_flush,
};

static const struct pt_pages *pages_of(const struct vtdd_driver *d)
{
	return d->flush_tables ? &written_back : &seen;
}

/* ---- Domains -------------------------------------------------------------------------------- */

static struct pt_root first_stage(const struct vtdd_driver *d)
{
	return pt_x86_64_root(0, d->fs_levels, vtdd_address_bits(d),
	                      d->cap & VTD_CAP_FS1GP ? PT_X86_1GP : 0);
}

static struct pt_root second_stage(const struct vtdd_driver *d)
{
	unsigned mgaw = (unsigned)IOM_GET(VTD_CAP_MGAW, d->cap) + 1;
	unsigned agaw = 12 + 9u * d->ss_levels;

	return pt_vtd_ss_root(0, d->ss_levels, mgaw < agaw ? mgaw : agaw, vtdd_address_bits(d),
	                      (d->cap & VTD_CAP_SSLPS_2M ? PT_VTD_2MP : 0) |
	                              (d->cap & VTD_CAP_SSLPS_1G ? PT_VTD_1GP : 0));
}

static int plain_init(struct iom_domain *domain, struct iom_error *error)
{
	const struct vtdd_driver *d = vtdd_of(domain->driver);

	if (domain->kind != IOM_DOMAIN_IDENTITY)
		return IOM_OK;
	if (!(d->ecap & VTD_ECAP_PT))
		return iom_fail(error, IOM_ENOTSUP,
		                "the unit lets no device's addresses pass as they are: ECAP.PT is "
		                "0");
	domain->last = iom_low(vtdd_address_bits(d));
	return IOM_OK;
}

/* A kernel's domain takes what there is; a machine's is one that others can be nested in. */
int vtdd_domain_init(struct iom_domain *domain, struct iom_error *error)
{
	struct vtdd_driver *d = vtdd_of(domain->driver);
	struct pt_root *root = &domain->root;
	uint64_t phys;
	int err;

	if (!iom_domain_has_tables(domain))
		return plain_init(domain, error);
	if (domain->kind == IOM_DOMAIN_STAGE2 && !d->ss_levels)
		return iom_fail(error, IOM_ENOTSUP,
		                "the unit has no second stage (CAP 0x%llx, ECAP 0x%llx)",
		                (unsigned long long)d->cap, (unsigned long long)d->ecap);
	err = iom_ids_take(&d->base, &d->dids, &domain->id);
	if (err)
		return iom_fail(error, err, "no domain-id is left for the domain");
	*root = domain->kind == IOM_DOMAIN_STAGE1 && d->fs_levels ? first_stage(d)
	                                                          : second_stage(d);
	if (!vtdd_alloc(d, IOM_PAGE, &phys)) {
		iom_ids_give(&d->dids, domain->id);
		return iom_fail(error, IOM_ENOMEM, "no memory for the domain's root table");
	}
	root->address = phys;
	root->recent = &domain->recent;
	/* Of the sign-extended space the lower half: nobody's arithmetic meets the hole. */
	domain->last = iom_low(root->input_bits - (root->sign_extended ? 1u : 0u));
	return IOM_OK;
}

/* How many levels tables of others may have. */
static unsigned levels_of(const struct vtdd_driver *d, uint32_t format)
{
	if (format == IOM_FORMAT_X86_4LEVEL && d->fs_levels)
		return 4;
	return format == IOM_FORMAT_X86_5LEVEL && d->fs_levels == 5 ? 5 : 0;
}

int vtdd_borrow(struct iom_domain *domain, const struct iom_stage *stage, unsigned bits,
                struct iom_error *error)
{
	struct vtdd_driver *d = vtdd_of(domain->driver);
	unsigned levels = stage->big_endian ? 0 : levels_of(d, stage->format);
	struct pt_root *root = &domain->root;
	int err;

	if (!levels)
		return iom_fail(error, IOM_ENOTSUP,
		                "the unit cannot read tables of format %u, %s-endian (CAP 0x%llx, "
		                "ECAP 0x%llx)",
		                (unsigned)stage->format, stage->big_endian ? "big" : "little",
		                (unsigned long long)d->cap, (unsigned long long)d->ecap);
	if (stage->root & ((IOM_PAGE - 1) | ~iom_low(bits)))
		return iom_fail(error, IOM_EINVAL,
		                "a root table cannot be at 0x%llx: it must be a multiple of 4096 "
		                "below 2^%u",
		                (unsigned long long)stage->root, bits);
	err = iom_ids_take(&d->base, &d->dids, &domain->id);
	if (err)
		return iom_fail(error, err, "no domain-id is left for the domain");
	*root = pt_x86_64_root(stage->root, levels, vtdd_address_bits(d), 0);
	domain->last = iom_low(root->input_bits - 1u);
	return IOM_OK;
}

void vtdd_domain_fini(struct iom_domain *domain)
{
	struct vtdd_driver *d = vtdd_of(domain->driver);

	if (!domain->root.levels)
		return;
	if (iom_domain_has_tables(domain) && vtdd_first_stage(domain))
		pt_x86_64_free(pages_of(d), d, &domain->root);
	else if (iom_domain_has_tables(domain))
		pt_vtd_ss_free(pages_of(d), d, &domain->root);
	iom_ids_give(&d->dids, domain->id);
}

/* ---- Mappings ------------------------------------------------------------------------------- */

/* Accesses without PASID to that range are interrupts, and no table may lead there. */
static bool meets_interrupts(uint64_t at, uint64_t bytes)
{
	return at <= (VTD_INTERRUPT_RANGE | iom_low(VTD_INTERRUPT_RANGE_LG2)) &&
	       at + bytes - 1 >= VTD_INTERRUPT_RANGE;
}

/* What the second stage lets devices read they may execute; the first lets them execute everything. */
int vtdd_map(struct iom_domain *domain, uint64_t iova, uint64_t phys, uint64_t bytes, unsigned prot)
{
	struct vtdd_driver *d = vtdd_of(domain->driver);
	unsigned perm = (prot & IOM_PROT_READ ? PT_R : 0) | (prot & IOM_PROT_WRITE ? PT_W : 0);
	int err;

	if ((phys + bytes - 1) & ~iom_low(vtdd_address_bits(d)) || meets_interrupts(iova, bytes) ||
	    meets_interrupts(phys, bytes) || (prot & IOM_PROT_EXECUTE && !(prot & IOM_PROT_READ)))
		return IOM_EINVAL;
	if (vtdd_first_stage(domain))
		err = pt_x86_64_map(pages_of(d), d, &domain->root, iova, phys, bytes,
		                    perm | PT_X | PT_USER, 0);
	else
		err = pt_vtd_ss_map(pages_of(d), d, &domain->root, iova, phys, bytes, perm, 0);
	return err ? err : vtdd_mapped(domain, iova, iova + bytes - 1);
}

int vtdd_unmap(struct iom_domain *domain, uint64_t iova, uint64_t bytes, struct pt_removed *removed)
{
	struct vtdd_driver *d = vtdd_of(domain->driver);

	if (vtdd_first_stage(domain))
		return pt_x86_64_unmap(pages_of(d), d, &domain->root, iova, bytes, removed);
	return pt_vtd_ss_unmap(pages_of(d), d, &domain->root, iova, bytes, removed);
}

int vtdd_lookup(struct iom_domain *domain, uint64_t iova, uint64_t *phys)
{
	struct vtdd_driver *d = vtdd_of(domain->driver);
	struct pt_result found;
	enum pt_why why;

	if (iova > domain->last)
		return IOM_ENOENT;
	why = vtdd_first_stage(domain)
	              ? pt_x86_64_lookup(pages_of(d), d, &domain->root, iova, &found)
	              : pt_vtd_ss_lookup(pages_of(d), d, &domain->root, iova, &found);
	if (why != PT_OK)
		return IOM_ENOENT;
	*phys = found.address;
	return IOM_OK;
}

void vtdd_release(struct iom_domain *domain, uint64_t tables)
{
	struct vtdd_driver *d = vtdd_of(domain->driver);

	if (vtdd_first_stage(domain))
		pt_x86_64_release(pages_of(d), d, &domain->root, tables);
	else
		pt_vtd_ss_release(pages_of(d), d, &domain->root, tables);
}
