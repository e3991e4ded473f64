/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Second-stage address translation: guest physical to system physical addresses. */
#include "inside.h"

enum { PTE_R = 1, PTE_W = 2, PTE_X = 3, PTE_U = 4, PTE_A = 6, PTE_D = 7 };

/* i. Implicit accesses ask what they do themselves, explicit ones what the request does. */
static bool permitted(const struct twin_job *job, enum twin_purpose purpose, uint64_t pte)
{
	switch (purpose) {
	case TWIN_IMPLICIT_READ:
		return bit(pte, PTE_R);
	case TWIN_IMPLICIT_WRITE:
		return bit(pte, PTE_W);
	case TWIN_EXPLICIT:
		break;
	}
	if (job->ats)
		return true;
	switch (job->kind) {
	case TWIN_EXECUTE:
		return bit(pte, PTE_X) && (!job->t2gpa_execute || bit(pte, PTE_R));
	case TWIN_WRITE:
		return bit(pte, PTE_W);
	case TWIN_READ:
		break;
	}
	return bit(pte, PTE_R);
}

/*
 * Whether D is needed: the access writes, or the answer to a translation request lets its device write,
 * which it does not where the first stage has refused that already.
 */
static bool needs_dirty(const struct twin_job *job, enum twin_purpose purpose, uint64_t pte)
{
	if (purpose == TWIN_IMPLICIT_WRITE)
		return true;
	if (purpose == TWIN_IMPLICIT_READ)
		return false;
	if (job->ats)
		return !job->request->no_write && job->first_w && bit(pte, PTE_W);
	return job->kind == TWIN_WRITE;
}

static enum twin_end bus_end(enum twin_bus bus)
{
	return bus == TWIN_BUS_POISON ? TWIN_CORRUPT : TWIN_ACCESS_FAULT;
}

/* l. The leaf's A and D, which hardware sets with GADE. */
static enum twin_end accessed_dirty(struct twin_job *job, enum twin_purpose purpose,
                                    const struct twin_access *at, uint64_t *pte)
{
	bool dirty = needs_dirty(job, purpose, *pte);
	uint64_t want = *pte | 1ull << PTE_A | (dirty ? 1ull << PTE_D : 0);
	enum twin_bus bus;

	if (want != *pte && !job->dc.gade)
		return TWIN_GUEST_PAGE_FAULT;
	if (job->unit->eager_dirty && purpose == TWIN_IMPLICIT_READ && job->dc.gade &&
	    job->dc.sade && bit(*pte, PTE_W))
		want |= 1ull << PTE_D;
	if (want == *pte)
		return TWIN_OK;
	bus = twin_store(job, *at, want);
	if (bus != TWIN_BUS_OK)
		return bus_end(bus);
	*pte = want;
	return TWIN_OK;
}

static enum twin_end walk(struct twin_job *job, uint64_t gpa, enum twin_purpose purpose,
                          struct twin_page *page)
{
	unsigned mode = (unsigned)bits(job->dc.iohgatp, 63, 60);
	struct twin_scheme scheme = twin_scheme(mode, bit(job->unit->fctl, FCTL_GXL), true);
	unsigned width = 12 + (scheme.levels - 1) * scheme.index_bits + scheme.root_bits;
	uint64_t a = bits(job->dc.iohgatp, 43, 0) << 12, pte;
	unsigned i = scheme.levels - 1;
	struct twin_access at;
	enum twin_bus bus;
	enum twin_end end;

	/* 2. Widths: that of the scheme, and of a guest of 32 bits */
	if (gpa >> width)
		return TWIN_GUEST_PAGE_FAULT;
	if (job->dc.sxl && gpa >> 34)
		return TWIN_GUEST_PAGE_FAULT;

	/* 3. Down to the leaf */
	for (;; i--) {
		at = (struct twin_access){ TWIN_SECOND_STAGE, i, bit(job->unit->fctl, FCTL_BE),
			                   a + twin_index(&scheme, i, gpa) * scheme.pte_bytes,
			                   scheme.pte_bytes };
		bus = twin_load(job, at, &pte);
		if (bus != TWIN_BUS_OK)
			return bus_end(bus);
		if (!twin_pte_ok(job->unit, &scheme, i, pte))
			return TWIN_GUEST_PAGE_FAULT;
		if (twin_pte_is_leaf(pte))
			break;
		a = twin_pte_table(&scheme, pte);
	}

	/* 4. i, and k: every access counts as a user's */
	if (!permitted(job, purpose, pte) || !bit(pte, PTE_U))
		return TWIN_GUEST_PAGE_FAULT;
	end = accessed_dirty(job, purpose, &at, &pte);
	if (end != TWIN_OK)
		return end;
	twin_pte_page(&scheme, i, pte, gpa, page);
	return TWIN_OK;
}

enum twin_end twin_stage2(struct twin_job *job, uint64_t gpa, enum twin_purpose purpose,
                          struct twin_page *page)
{
	enum twin_end end;

	/* 1. Bare: as it is; 1 GiB is the size we report. */
	if (bits(job->dc.iohgatp, 63, 60) == 0) {
		*page = (struct twin_page){
			.address = gpa, .size_lg2 = 30, .r = true, .w = true, .x = true, .d = true
		};
		return TWIN_OK;
	}
	end = walk(job, gpa, purpose, page);

	/* 5. Bit 0: an implicit access; bit 1: one that writes */
	if (end == TWIN_GUEST_PAGE_FAULT)
		job->iotval2 = (gpa & ~3ull) | (purpose == TWIN_IMPLICIT_READ    ? 1
		                                : purpose == TWIN_IMPLICIT_WRITE ? 3
		                                                                 : 0);
	return end;
}
