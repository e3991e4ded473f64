/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What is invalidated when ("Caching Translation Information", "Guidance to Software for
 * Invalidations").  The order is always contexts, PASID entries, translations, devices.
 */
#include "os/drv/vtd/vtd.h"

/* More descriptors than that, and the domain is forgotten as a whole. */
#define PIECES_MAX 64

/* ---- One invalidation each ------------------------------------------------------------------ */

/* The first thing that went wrong is what the fence tells. */
static void note(struct vtdd_driver *d, int err)
{
	if (err && !d->iq_error)
		d->iq_error = err;
}

static void context(struct vtdd_driver *d, unsigned granularity, uint32_t did, uint32_t sid)
{
	if (d->iq.ring)
		vtdd_submit(d,
		            VTD_QI_CONTEXT | IOM_PUT(VTD_QI_G, granularity) |
		                    IOM_PUT(VTD_QI_DID, did) | IOM_PUT(VTD_QI_CONTEXT_SID, sid),
		            0);
	else
		note(d, vtdd_ccmd(d, granularity, did, sid));
}

/* DMA that was translated before has reached memory, where hardware needs to be asked for that. */
static void iotlb(struct vtdd_driver *d, unsigned granularity, uint32_t did, uint64_t address)
{
	if (d->iq.ring)
		vtdd_submit(d,
		            VTD_QI_IOTLB | IOM_PUT(VTD_QI_G, granularity) |
		                    IOM_PUT(VTD_QI_DID, did) |
		                    (d->cap & VTD_CAP_DWD ? VTD_QI_IOTLB_DW : 0) |
		                    (d->cap & VTD_CAP_DRD ? VTD_QI_IOTLB_DR : 0),
		            address);
	else
		note(d, vtdd_iotlb(d, granularity, did, address));
}

static void pasid_cache(struct vtdd_driver *d, unsigned granularity, uint32_t did, uint32_t pasid)
{
	vtdd_submit(d,
	            VTD_QI_PASID_CACHE | IOM_PUT(VTD_QI_G, granularity) | IOM_PUT(VTD_QI_DID, did) |
	                    IOM_PUT(VTD_QI_PASID, pasid),
	            0);
}

static void pasid_iotlb(struct vtdd_driver *d, unsigned granularity, uint32_t did, uint32_t pasid,
                        uint64_t address)
{
	vtdd_submit(d,
	            VTD_QI_PASID_IOTLB | IOM_PUT(VTD_QI_G, granularity) | IOM_PUT(VTD_QI_DID, did) |
	                    IOM_PUT(VTD_QI_PASID, pasid),
	            address);
}

/* ---- Entries -------------------------------------------------------------------------------- */

void vtdd_inval_everything(struct vtdd_driver *d)
{
	context(d, VTD_G_GLOBAL, 0, 0);
	if (d->scalable)
		pasid_cache(d, VTD_QI_PASID_GLOBAL, 0, 0);
	iotlb(d, VTD_G_GLOBAL, 0, 0);
}

void vtdd_inval_context(struct vtdd_driver *d, uint32_t sid, uint32_t did)
{
	context(d, VTD_G_SELECTIVE, did, sid);
}

void vtdd_inval_domain(struct vtdd_driver *d, uint32_t did)
{
	iotlb(d, VTD_G_DOMAIN, did, 0);
}

/* Not-present entries are remembered under domain-id 0, if at all. */
void vtdd_inval_pasid(struct vtdd_driver *d, const uint64_t *words, uint32_t pasid, bool fresh)
{
	unsigned pgtt = (unsigned)IOM_GET(VTD_PE_PGTT, words[0]);
	uint32_t did = (uint32_t)IOM_GET(VTD_PE_1_DID, words[1]);

	if (fresh)
		pasid_cache(d, VTD_QI_PASID_ONE, VTDD_DID_NONE, pasid);
	pasid_cache(d, VTD_QI_PASID_ONE, did, pasid);
	if (pgtt == VTD_PGTT_SS || pgtt == VTD_PGTT_NESTED)
		vtdd_inval_domain(d, did);
	else
		pasid_iotlb(d, VTD_QI_PASID_IOTLB_ALL, did, pasid, 0);
}

/* ---- Ranges --------------------------------------------------------------------------------- */

/* A range as naturally aligned pieces of at most 2^max_lg2 pages, of which each is a power of two. */
struct pieces {
	uint64_t page, left; /* numbers of pages */
	unsigned max_lg2;
};

static struct pieces pieces_of(uint64_t first, uint64_t last, unsigned max_lg2)
{
	uint64_t page = first >> IOM_PAGE_LG2;

	return (struct pieces){ page, (last >> IOM_PAGE_LG2) - page + 1, max_lg2 };
}

/* Address and AM of the next one. */
static uint64_t next_piece(struct pieces *p)
{
	unsigned lg2 = iom_log2(p->left);
	uint64_t page = p->page;

	if (lg2 > p->max_lg2)
		lg2 = p->max_lg2;
	if (page && iom_ctz(page) < lg2)
		lg2 = iom_ctz(page);
	p->page += IOM_BIT(lg2);
	p->left -= IOM_BIT(lg2);
	return IOM_PUT(VTD_QI_1_ADDRESS, page) | lg2;
}

/* How many there would be; beyond `most` it does not matter. */
static unsigned count_pieces(struct pieces p, unsigned most)
{
	unsigned n = 0;

	for (; p.left && n <= most; n++)
		(void)next_piece(&p);
	return n;
}

/* The second stage of a domain; IH=0, so that what leads to the pages is forgotten, too. */
static void forget_second(struct vtdd_driver *d, uint32_t did, uint64_t first, uint64_t last)
{
	struct pieces p = pieces_of(first, last, (unsigned)IOM_GET(VTD_CAP_MAMV, d->cap));

	if (!(d->cap & VTD_CAP_PSI) || count_pieces(p, PIECES_MAX) > PIECES_MAX) {
		vtdd_inval_domain(d, did);
		return;
	}
	while (p.left)
		iotlb(d, VTD_G_SELECTIVE, did, next_piece(&p));
}

/* The first stage of one PASID, which knows no MAMV. */
static void forget_first(struct vtdd_driver *d, uint32_t did, uint32_t pasid, uint64_t first,
                         uint64_t last)
{
	struct pieces p = pieces_of(first, last, 63);

	if (count_pieces(p, PIECES_MAX) > PIECES_MAX || (!first && last == UINT64_MAX)) {
		pasid_iotlb(d, VTD_QI_PASID_IOTLB_ALL, did, pasid, 0);
		return;
	}
	while (p.left)
		pasid_iotlb(d, VTD_QI_PASID_IOTLB_PAGE, did, pasid, next_piece(&p));
}

/* Every PASID that uses the domain; devices that are merely attached use that of the RID. */
static void forget_firsts(struct vtdd_driver *d, const struct iom_domain *domain, uint64_t first,
                          uint64_t last)
{
	const struct iom_link *link;
	uint32_t others = 0;

	for (link = domain->links; link; link = link->next) {
		if (!link->pasid)
			continue;
		others++;
		forget_first(d, domain->id, link->pasid, first, last);
	}
	if (domain->attached > others)
		forget_first(d, domain->id, VTDD_RID_PASID, first, last);
}

/* What was translated by both stages knows addresses of the first only. */
static void forget_seconds(struct vtdd_driver *d, const struct iom_domain *domain, uint64_t first,
                           uint64_t last)
{
	const struct iom_domain *child;

	forget_second(d, domain->id, first, last);
	for (child = domain->child; child; child = child->sibling)
		if (child->attached)
			vtdd_inval_domain(d, child->id);
}

static int forget(struct iom_domain *domain, uint64_t first, uint64_t last)
{
	struct vtdd_driver *d = vtdd_of(domain->driver);

	if (vtdd_first_stage(domain))
		forget_firsts(d, domain, first, last);
	else
		forget_seconds(d, domain, first, last);
	vtdd_ats_forget(d, domain, first, last);
	return vtdd_fence(d);
}

int vtdd_flush(struct iom_domain *domain, const struct iom_gather *gather)
{
	return forget(domain, gather->first, gather->last);
}

/* Entries that are marked global are like others. */
int vtdd_forget(struct iom_domain *domain, uint64_t first, uint64_t last, bool global)
{
	(void)global;
	return forget(domain, first, last);
}

/* First stages are never remembered as not there, and devices remember nothing that is not there. */
int vtdd_mapped(struct iom_domain *domain, uint64_t first, uint64_t last)
{
	struct vtdd_driver *d = vtdd_of(domain->driver);

	if (!domain->attached)
		return IOM_OK;
	if (!(d->cap & VTD_CAP_CM) || vtdd_first_stage(domain))
		return vtdd_write_buffer(d);
	forget_seconds(d, domain, first, last);
	return vtdd_fence(d);
}
