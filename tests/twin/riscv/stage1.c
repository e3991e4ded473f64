/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* First-stage address translation: I/O virtual to guest physical (or physical) addresses. */
#include "inside.h"

enum { PTE_R = 1, PTE_W = 2, PTE_X = 3, PTE_U = 4, PTE_G = 5, PTE_A = 6, PTE_D = 7 };

static enum twin_end bus_end(enum twin_bus bus)
{
	return bus == TWIN_BUS_POISON ? TWIN_CORRUPT : TWIN_ACCESS_FAULT;
}

/* Sv32 zero-extends its addresses, the others sign-extend them. */
static bool width_ok(const struct twin_scheme *scheme, uint64_t iova)
{
	unsigned width = 12 + scheme->levels * scheme->index_bits;
	uint64_t above = iova >> (width - 1);

	if (scheme->pte_bytes == 4)
		return iova >> width == 0;
	return above == 0 || above == ~0ull >> (width - 1);
}

/* i. Of translation requests nothing is asked here. */
static bool permitted(const struct twin_job *job, uint64_t pte)
{
	if (job->ats)
		return true;
	switch (job->kind) {
	case TWIN_EXECUTE:
		return bit(pte, PTE_X);
	case TWIN_WRITE:
		return bit(pte, PTE_W);
	case TWIN_READ:
		break;
	}
	return bit(pte, PTE_R);
}

/* j. */
static bool privilege_ok(const struct twin_job *job, uint64_t pte)
{
	if (!job->supervisor)
		return bit(pte, PTE_U);
	if (!bit(pte, PTE_U))
		return true;
	return job->kind != TWIN_EXECUTE && job->sum;
}

/*
 * l. The leaf's A and D, which hardware sets with SADE; the store goes to `gpa` through the second
 * stage, as a write.
 */
static enum twin_end accessed_dirty(struct twin_job *job, uint64_t gpa,
                                    const struct twin_access *at, uint64_t *pte)
{
	bool writes =
		job->ats ? !job->request->no_write && bit(*pte, PTE_W) : job->kind == TWIN_WRITE;
	uint64_t want = *pte | 1ull << PTE_A | (writes ? 1ull << PTE_D : 0);
	struct twin_page table;
	enum twin_end end;
	enum twin_bus bus;

	if (want == *pte)
		return TWIN_OK;
	if (!job->dc.sade)
		return TWIN_PAGE_FAULT;
	end = twin_stage2(job, gpa, TWIN_IMPLICIT_WRITE, &table);
	if (end != TWIN_OK)
		return end;
	bus = twin_store(job, *at, want);
	if (bus != TWIN_BUS_OK)
		return bus_end(bus);
	*pte = want;
	return TWIN_OK;
}

static enum twin_end walk(struct twin_job *job, uint64_t iova, struct twin_page *page)
{
	unsigned mode = (unsigned)bits(job->iosatp, 63, 60);
	struct twin_scheme scheme = twin_scheme(mode, job->dc.sxl, false);
	uint64_t a = bits(job->iosatp, 43, 0) << 12, gpa, pte;
	unsigned i = scheme.levels - 1;
	bool global = false;
	struct twin_page table;
	struct twin_access at;
	enum twin_bus bus;
	enum twin_end end;

	/* 2. */
	if (!width_ok(&scheme, iova))
		return TWIN_PAGE_FAULT;

	/* 3. */
	for (;; i--) {
		/* 4. Where the entry is */
		gpa = a + twin_index(&scheme, i, iova) * scheme.pte_bytes;
		end = twin_stage2(job, gpa, TWIN_IMPLICIT_READ, &table);
		if (end != TWIN_OK)
			return end;
		/* 5. What it holds */
		at = (struct twin_access){ TWIN_FIRST_STAGE, i, job->dc.sbe, table.address,
			                   scheme.pte_bytes };
		bus = twin_load(job, at, &pte);
		if (bus != TWIN_BUS_OK)
			return bus_end(bus);
		/* 6. */
		if (!twin_pte_ok(job->unit, &scheme, i, pte))
			return TWIN_PAGE_FAULT;
		global |= bit(pte, PTE_G);
		if (twin_pte_is_leaf(pte))
			break;
		a = twin_pte_table(&scheme, pte);
	}

	/* 7. */
	if (!permitted(job, pte) || !privilege_ok(job, pte))
		return TWIN_PAGE_FAULT;
	end = accessed_dirty(job, gpa, &at, &pte);
	if (end != TWIN_OK)
		return end;

	/* 8. */
	twin_pte_page(&scheme, i, pte, iova, page);
	page->g = global;
	if (job->supervisor && bit(pte, PTE_U))
		page->x = false;
	return TWIN_OK;
}

enum twin_end twin_stage1(struct twin_job *job, uint64_t iova, struct twin_page *page)
{
	/* 1. Bare: as it is; 1 GiB is the size we report. */
	if (bits(job->iosatp, 63, 60) == 0) {
		*page = (struct twin_page){ .address = iova,
			                    .size_lg2 = 30,
			                    .r = true,
			                    .w = true,
			                    .x = true,
			                    .d = true,
			                    .g = job->unit->bare_global };
		return TWIN_OK;
	}
	return walk(job, iova, page);
}
