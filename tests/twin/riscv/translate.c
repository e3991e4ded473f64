/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* "Process to translate an IOVA": the order of its steps decides which fault is reported. */
#include "inside.h"

enum { OFF, BARE, LVL1, LVL2, LVL3 }; /* ddtp.iommu_mode */

/* 3. */
static bool device_id_fits(const struct twin_unit *unit, uint32_t id)
{
	bool extended = bit(unit->capabilities, CAP_MSI_FLAT);

	switch (bits(unit->ddtp, 3, 0)) {
	case LVL1:
		return id >> (extended ? 6 : 7) == 0;
	case LVL2:
		return id >> (extended ? 15 : 16) == 0;
	default:
		return true;
	}
}

/* 5. Whether device context and process_id allow such a request */
static bool type_allowed(const struct twin_job *job)
{
	const struct twin_request *q = job->request;

	if (q->type != TWIN_UNTRANSLATED && !job->dc.en_ats)
		return false;
	if (!q->pv)
		return true;
	if (!job->dc.pdtv)
		return false;
	switch (bits(job->dc.fsc, 63, 60)) {
	case 1:
		return q->process_id >> 8 == 0;
	case 2:
		return q->process_id >> 17 == 0;
	default:
		return true;
	}
}

/* Steps 8 to 12: what the first stage goes by; 0 or a cause. */
static unsigned choose_first_stage(struct twin_job *job)
{
	const struct twin_request *q = job->request;
	unsigned cause;

	/* 8. */
	if (!job->dc.pdtv) {
		job->iosatp = job->dc.fsc;
		return 0;
	}
	/* 9. */
	job->process_id = q->pv ? q->process_id : 0;
	/* 10. */
	if ((!q->pv && !job->dc.dpe) || bits(job->dc.fsc, 63, 60) == 0) {
		job->iosatp = 0;
		return 0;
	}
	/* 11. */
	cause = twin_locate_pc(job);
	if (cause)
		return cause;
	/* 12. */
	if (job->supervisor && !job->pc.ens)
		return 260;
	job->iosatp = job->pc.fsc;
	job->sum = job->pc.sum;
	return 0;
}

static void grant(const struct twin_page *first, const struct twin_page *second,
                  struct twin_answer *answer)
{
	answer->r = first->r && second->r;
	answer->w = first->w && second->w && first->d && second->d;
	answer->x = first->x && second->x;
	answer->pbmt = first->pbmt ? first->pbmt : second->pbmt;
	answer->size_lg2 = first->size_lg2 < second->size_lg2 ? first->size_lg2 : second->size_lg2;
}

/* What an answer to a translation request says besides. */
static void ats_answer(const struct twin_job *job, const struct twin_page *first, bool msi,
                       struct twin_answer *answer)
{
	const struct twin_request *q = job->request;

	answer->x = answer->x && answer->r && job->kind == TWIN_EXECUTE;
	answer->ats_u = answer->mrif;
	answer->ats_global = q->pv && !msi && first->g;
	answer->ats_cxl_io = q->cxl && (msi || job->dc.t2gpa || answer->pbmt != TWIN_PMA);
	answer->t2gpa = job->dc.t2gpa;
	if (job->dc.t2gpa)
		answer->address = first->address;
}

/* Steps 13 to 16; 0 or a cause. */
static unsigned translate(struct twin_job *job, struct twin_answer *answer)
{
	const struct twin_page interrupt_file = { .size_lg2 = 12, .r = true, .w = true, .d = true };
	struct twin_page first, second;
	enum twin_end end;
	unsigned size;
	bool msi;

	answer->translated = true;
	answer->iosatp = job->iosatp;
	answer->iohgatp = job->dc.iohgatp;
	answer->sxl = job->dc.sxl;

	/* 13. */
	answer->step = 13;
	end = twin_stage1(job, job->request->iova, &first);
	if (end != TWIN_OK)
		return twin_cause(end, job->kind);
	job->first_w = first.w;

	/* 14. */
	answer->step = 14;
	msi = twin_msi_match(job, first.address);
	if (msi) {
		unsigned cause = twin_msi_translate(job, first.address, answer);

		if (cause)
			return cause;
		answer->message = true;
		grant(&first, &interrupt_file, answer);
		if (job->ats)
			ats_answer(job, &first, true, answer);
		return 0;
	}

	/* 15. */
	answer->step = 15;
	end = twin_stage2(job, first.address, TWIN_EXPLICIT, &second);
	if (end != TWIN_OK)
		return twin_cause(end, job->kind);

	/* 16. */
	answer->step = 16;
	answer->address = second.address;
	grant(&first, &second, answer);
	size = answer->size_lg2;
	answer->size_lg2 = twin_msi_free(job, first.address, size);
	answer->shrunk = answer->size_lg2 < size;
	if (job->ats)
		ats_answer(job, &first, false, answer);
	return 0;
}

/* The address goes through as it is. */
static void pass(const struct twin_job *job, struct twin_answer *answer)
{
	answer->address = job->request->iova;
	answer->r = answer->w = answer->x = true;
}

/* 0 or a cause; the step is left in the answer. */
static unsigned steps(struct twin_job *job, struct twin_answer *answer)
{
	const struct twin_unit *unit = job->unit;
	const struct twin_request *q = job->request;
	unsigned mode = (unsigned)bits(unit->ddtp, 3, 0), cause;

	answer->step = 1;
	if (mode == OFF)
		return 256;

	answer->step = 2;
	if (mode == BARE) {
		if (q->type != TWIN_UNTRANSLATED)
			return 260;
		if (bit(unit->capabilities, CAP_QOSID)) {
			answer->rcid = (uint32_t)bits(unit->qosid, 11, 0);
			answer->mcid = (uint32_t)bits(unit->qosid, 27, 16);
		}
		pass(job, answer);
		return 0;
	}

	answer->step = 3;
	if (!device_id_fits(unit, q->device_id))
		return 260;

	answer->step = 4;
	cause = twin_locate_dc(job);
	if (cause) {
		job->dc.dtf = false; /* there is no context that could ask for silence */
		return cause;
	}
	answer->dtf = job->dc.dtf;
	answer->sbe = job->dc.sbe;
	if (bit(unit->capabilities, CAP_QOSID)) {
		answer->rcid = (uint32_t)bits(job->dc.ta, 51, 40);
		answer->mcid = (uint32_t)bits(job->dc.ta, 63, 52);
	}

	answer->step = 5;
	if (!type_allowed(job))
		return 260;

	answer->step = 6;
	if (q->type == TWIN_TRANSLATED && !job->dc.t2gpa) {
		pass(job, answer);
		return 0;
	}

	answer->step = 7;
	if (q->type == TWIN_TRANSLATED) {
		job->iosatp = 0;
		job->t2gpa_execute = job->kind == TWIN_EXECUTE;
		return translate(job, answer);
	}

	answer->step = 12; /* 8 to 12 */
	cause = choose_first_stage(job);
	if (cause)
		return cause;
	return translate(job, answer);
}

struct twin_answer twin_translate(const struct twin_unit *unit, const struct twin_request *request)
{
	struct twin_answer answer = { .status = TWIN_SUCCESS };
	struct twin_job job = {
		.unit = unit,
		.request = request,
		.ats = request->type == TWIN_TRANSLATION_REQUEST,
		.kind = request->kind,
		.supervisor = request->pv && request->priv,
	};
	unsigned cause;

	/* Translated requests and translation requests say "execute" beside a process_id only, and a
	 * translation request that does not is a read, although it may ask for writing. */
	if (request->type != TWIN_UNTRANSLATED && request->kind == TWIN_EXECUTE && !request->pv)
		job.kind = TWIN_READ;
	if (job.ats && job.kind == TWIN_WRITE)
		job.kind = TWIN_READ;
	answer.ats_priv = job.ats && job.supervisor;

	cause = steps(&job, &answer);
	if (cause)
		twin_refuse(&job, cause, &answer);
	return answer;
}
