/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* "Process to locate the Process-context" and "Process-context configuration checks". */
#include "inside.h"

static bool misconfigured(const struct twin_job *job)
{
	const struct twin_pc *pc = &job->pc;

	if (bits(pc->ta, 11, 3) || bits(pc->ta, 63, 32) || bits(pc->fsc, 59, 44))
		return true;
	return !twin_iosatp_ok(job->unit, job->dc.sxl, (unsigned)bits(pc->fsc, 63, 60));
}

/* One entry at guest physical (or, with the second stage Bare, physical) address `a`; 0 or a cause. */
static unsigned read_entry(struct twin_job *job, uint64_t a, unsigned level, uint64_t *dw)
{
	struct twin_page page;
	enum twin_end end;
	enum twin_bus bus;

	/* 3. */
	end = twin_stage2(job, a, TWIN_IMPLICIT_READ, &page);
	if (end == TWIN_ACCESS_FAULT)
		return 265;
	if (end == TWIN_CORRUPT)
		return 269;
	if (end != TWIN_OK)
		return twin_cause(end, job->kind);

	/* 4. and 5., the reading */
	bus = twin_load(job,
	                (struct twin_access){ level ? TWIN_PDT : TWIN_PC, level, job->dc.sbe,
	                                      page.address, level ? 8 : 16 },
	                dw);
	if (bus == TWIN_BUS_FAULT)
		return 265;
	if (bus == TWIN_BUS_POISON)
		return 269;
	/* V of a non-leaf entry and of ta are at the same place */
	return bit(dw[0], 0) ? 0 : 266;
}

unsigned twin_locate_pc(struct twin_job *job)
{
	uint32_t id = job->process_id;
	unsigned pdi[3] = { (unsigned)bits(id, 7, 0), (unsigned)bits(id, 16, 8),
		            (unsigned)bits(id, 19, 17) };
	unsigned i, cause;
	uint64_t a, dw[2];

	/* 1. */
	a = bits(job->dc.fsc, 43, 0) << 12;
	i = (unsigned)bits(job->dc.fsc, 63, 60) - 1; /* PD8 is 1 */

	/* 2., 3., 4. Non-leaf entries. */
	for (; i > 0; i--) {
		cause = read_entry(job, a + pdi[i] * 8, i, dw);
		if (cause)
			return cause;
		if (bits(dw[0], 9, 1) || bits(dw[0], 63, 54))
			return 267;
		a = bits(dw[0], 53, 10) << 12;
	}

	/* 2., 3., 5. The process context. */
	cause = read_entry(job, a + pdi[0] * 16, 0, dw);
	if (cause)
		return cause;
	job->pc = (struct twin_pc){
		.ta = dw[0],
		.ens = bit(dw[0], 1),
		.sum = bit(dw[0], 2),
		.fsc = dw[1],
	};
	return misconfigured(job) ? 267 : 0;
}
