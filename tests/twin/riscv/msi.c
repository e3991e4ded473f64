/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Addresses of interrupt files ("Process to translate addresses of MSIs"), and what a store to a
 * memory-resident interrupt file does.
 */
#include "inside.h"

bool twin_msi_match(const struct twin_job *job, uint64_t a)
{
	const struct twin_dc *dc = &job->dc;

	if (bits(dc->msiptp, 63, 60) == 0)
		return false;
	return (a >> 12 & ~dc->msi_addr_mask) == (dc->msi_addr_pattern & ~dc->msi_addr_mask);
}

/*
 * Pages that differ from `a` in low bits only: one of them matches if the bits that are the same for
 * all of them do.
 */
unsigned twin_msi_free(const struct twin_job *job, uint64_t a, unsigned size_lg2)
{
	const struct twin_dc *dc = &job->dc;
	uint64_t differs = (a >> 12 ^ dc->msi_addr_pattern) & ~dc->msi_addr_mask;

	if (bits(dc->msiptp, 63, 60) == 0)
		return size_lg2;
	while (size_lg2 > 12 && differs >> (size_lg2 - 12) == 0)
		size_lg2--;
	return size_lg2;
}

/* The bits of `page` that `mask` selects, packed to the low end. */
static uint64_t extract(uint64_t page, uint64_t mask)
{
	uint64_t packed = 0;
	unsigned n = 0;

	for (unsigned at = 0; at < 52; at++)
		if (bit(mask, at))
			packed |= (uint64_t)bit(page, at) << n++;
	return packed;
}

/* `a` matches; 0 or a cause. */
unsigned twin_msi_translate(const struct twin_job *job, uint64_t a, struct twin_answer *answer)
{
	struct twin_access at = { TWIN_MSI_TABLE, 0, bit(job->unit->fctl, FCTL_BE), 0, 16 };
	uint64_t dw[2], i;
	enum twin_bus bus;

	/* 2. */
	i = extract(a >> 12, job->dc.msi_addr_mask);
	/* 3. */
	at.spa = bits(job->dc.msiptp, 43, 0) << 12 | i * 16;
	bus = twin_load(job, at, dw);
	if (bus == TWIN_BUS_FAULT)
		return 261;
	if (bus == TWIN_BUS_POISON)
		return 270;
	/* 4. V, C, M */
	if (!bit(dw[0], 0))
		return 262;
	if (bit(dw[0], 63))
		return 263;
	if (bits(dw[0], 2, 1) == 0 || bits(dw[0], 2, 1) == 2)
		return 263;
	if (bits(dw[0], 2, 1) == 3) {
		/* 5. Basic translate mode */
		if (bits(dw[0], 9, 3) || bits(dw[0], 62, 54))
			return 263;
		answer->address = bits(dw[0], 53, 10) << 12 | bits(a, 11, 0);
	} else {
		/* 6. MRIF mode */
		if (!bit(job->unit->capabilities, CAP_MSI_MRIF))
			return 263;
		if (bits(dw[0], 6, 3) || bits(dw[0], 62, 54))
			return 263;
		if (bits(dw[1], 59, 54) || bits(dw[1], 63, 61))
			return 263;
		answer->mrif = true;
		answer->address = bits(dw[0], 53, 7) << 9;
		answer->notice = bits(dw[1], 53, 10) << 12;
		answer->nid = (uint32_t)(bits(dw[1], 9, 0) | bits(dw[1], 60, 60) << 10);
	}
	/* 7. */
	if (!job->ats && job->kind == TWIN_EXECUTE)
		return 1;
	return 0;
}

static uint32_t swap(uint32_t v)
{
	return v >> 24 | (v >> 8 & 0xff00) | (v << 8 & 0xff0000) | v << 24;
}

void twin_mrif_store(const struct twin_unit *unit, const struct twin_request *request,
                     struct twin_answer *answer, uint32_t data, unsigned bytes)
{
	struct twin_job job = { .unit = unit, .request = request, .kind = request->kind };
	struct twin_access at = { TWIN_MRIF, 0, false, 0, 8 };
	uint64_t pending;
	enum twin_bus bus;
	uint32_t d;

	job.dc.dtf = answer->dtf;
	/* not a word: aborted, and no cause is defined */
	if (bytes != 4 || request->iova % 4) {
		answer->status = TWIN_UR;
		return;
	}
	/* only the first two words of the page are registers */
	if (bits(request->iova, 11, 3))
		return;
	if (bit(request->iova, 2) && unit->no_msi_be)
		return;
	d = bit(request->iova, 2) ? swap(data) : data;
	if (d >> 11)
		return;

	at.spa = answer->address + d / 64 * 16;
	bus = twin_load(&job, at, &pending);
	if (bus == TWIN_BUS_OK)
		bus = twin_store(&job, at, pending | 1ull << d % 64);
	if (bus != TWIN_BUS_OK) {
		twin_refuse(&job, bus == TWIN_BUS_POISON ? 271 : 264, answer);
		return;
	}

	/* the notice */
	at = (struct twin_access){ TWIN_NOTICE, 0, false, answer->notice, 4 };
	if (twin_store(&job, at, answer->nid) != TWIN_BUS_OK) {
		answer->recorded = true;
		answer->record[0] = 273;
		answer->record[1] = 0;
		answer->record[2] = answer->notice;
		answer->record[3] = 0;
	}
}
