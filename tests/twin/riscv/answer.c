/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What becomes of a fault: the record ("Fault/Event-Queue"), and how the request completes. */
#include "inside.h"

/* The cause of an access, by what the original access was. */
unsigned twin_cause(enum twin_end end, enum twin_kind kind)
{
	/* of reading, writing, executing */
	static const unsigned short causes[][3] = {
		[TWIN_PAGE_FAULT] = { 13, 15, 12 },
		[TWIN_GUEST_PAGE_FAULT] = { 21, 23, 20 },
		[TWIN_ACCESS_FAULT] = { 5, 7, 1 },
		[TWIN_CORRUPT] = { 274, 274, 274 },
	};

	return causes[end][kind];
}

/* Untranslated requests begin at 1, translated ones at 5; an address translation request is 8. */
static uint64_t ttyp(const struct twin_job *job)
{
	static const uint64_t of_kind[] = { 1, 2, 0 };

	switch (job->request->type) {
	case TWIN_UNTRANSLATED:
		return 1 + of_kind[job->kind];
	case TWIN_TRANSLATED:
		return 5 + of_kind[job->kind];
	case TWIN_TRANSLATION_REQUEST:
		break;
	}
	return 8;
}

/* Causes that tell of the unit or its device directory are recorded whatever DTF says. */
static bool despite_dtf(unsigned cause)
{
	return (cause >= 256 && cause <= 259) || cause == 268 || cause == 272 || cause == 273;
}

static bool is_corruption(unsigned cause)
{
	return (cause >= 268 && cause <= 272) || cause == 274;
}

/* Faults that an address translation request does not see: it is told that nothing may be done. */
static bool ats_hides(unsigned cause)
{
	return cause == 12 || cause == 13 || cause == 15 || cause == 20 || cause == 21 ||
	       cause == 23 || cause == 262 || cause == 266;
}

static enum twin_status status(const struct twin_job *job, unsigned cause)
{
	if (job->request->type == TWIN_TRANSLATION_REQUEST)
		return cause >= 256 && cause <= 260 ? TWIN_UR : TWIN_CA;
	return is_corruption(cause) ? TWIN_CA : TWIN_UR;
}

static void record(const struct twin_job *job, unsigned cause, uint64_t rec[4])
{
	const struct twin_request *q = job->request;

	rec[0] = cause | ttyp(job) << 34 | (uint64_t)q->device_id << 40;
	if (q->pv)
		rec[0] |= (uint64_t)q->process_id << 12 | 1ull << 32 | (uint64_t)q->priv << 33;
	rec[1] = 0;
	rec[2] = q->iova;
	rec[3] = cause == 20 || cause == 21 || cause == 23 ? job->iotval2 : 0;
}

void twin_refuse(const struct twin_job *job, unsigned cause, struct twin_answer *answer)
{
	answer->cause = cause;
	if (job->ats && ats_hides(cause)) {
		answer->status = TWIN_SUCCESS;
		answer->denied = true;
		return;
	}
	answer->status = status(job, cause);
	answer->recorded = !job->dc.dtf || despite_dtf(cause);
	if (answer->recorded)
		record(job, cause, answer->record);
}
