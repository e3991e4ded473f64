/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Asks the unit, and judges whether it said what the twin said. */
#include "compare.h"

#include <string.h>

#include "../inside.h"

enum { FSTS = 0x034, PFO = 1, PPF = 2, TOO_MANY = 99 };

static struct iom_request unit_request(const struct twin_request *q)
{
	static const uint8_t access[] = { IOM_READ, IOM_WRITE, IOM_EXECUTE, IOM_ATOMIC };
	static const uint8_t at[] = { IOM_AT_UNTRANSLATED, IOM_AT_TRANSLATION_REQUEST,
		                      IOM_AT_TRANSLATED };

	return (struct iom_request){
		.iova = q->iova,
		.bytes = q->bytes,
		.pasid = q->pasid,
		.flags = (uint16_t)((q->pp ? IOM_REQ_PASID : 0) |
		                    (q->priv ? IOM_REQ_PRIVILEGED : 0) |
		                    (q->no_write ? IOM_REQ_NO_WRITE : 0)),
		.access = access[q->kind],
		.at = at[q->at],
	};
}

/* Takes the fault record out of its register; false: more than one came. */
static bool take_record(struct world *w, struct said *said)
{
	unsigned records = (unsigned)bits(w->config.cap, 47, 40) + 1;
	uint64_t at = 16 * (bits(w->config.cap, 33, 24) + w->record);

	said->recorded = world_read(w, FSTS, 4) & PPF;
	if (!said->recorded)
		return true;
	said->record[0] = world_read(w, at, 8);
	said->record[1] = world_read(w, at + 8, 8);
	world_write(w, at + 12, 4, 1u << 31);
	w->record = (w->record + 1) % records;
	return !(world_read(w, FSTS, 4) & (PFO | PPF));
}

struct said ask_unit(struct world *w, const struct twin_request *q, uint16_t flags)
{
	struct iom_request request = unit_request(q);
	struct said said = { 0 };

	request.flags |= flags;
	iom_begin(w->lane);
	said.result = iom_translate(world_port(w, q->sid), &request, &said.reply);
	iom_end(w->lane);
	if (!take_record(w, &said))
		said.result = TOO_MANY;
	return said;
}

static const char *judge_record(const struct twin_answer *a, const struct said *said)
{
	if (a->recorded && !said->recorded)
		return "no fault record";
	if (!a->recorded && said->recorded)
		return "a fault record too many";
	if (a->recorded && memcmp(a->record, said->record, sizeof a->record) != 0)
		return "fault record";
	return NULL;
}

/*
 * The range is the page, unless the interrupt address range is in it, or in what it is mapped to:
 * then it ends before it.
 */
static const char *judge_range(const struct twin_request *q, const struct twin_answer *a,
                               const struct iom_reply *reply)
{
	unsigned lg2 = a->size_lg2 ? a->size_lg2 : reply->range_lg2;
	bool overlap = overlaps_interrupts(a->address, lg2) ||
	               (!q->pp && overlaps_interrupts(q->iova, lg2));

	if (q->at == TWIN_TRANSLATED || !a->pgtt)
		return reply->range_lg2 < 12 ? "range" : NULL;
	if (reply->range_lg2 < 12 || reply->range_lg2 > lg2)
		return "range";
	if (!overlap)
		return a->size_lg2 && reply->range_lg2 != lg2 ? "range" : NULL;
	if (overlaps_interrupts(a->address, reply->range_lg2) ||
	    (!q->pp && overlaps_interrupts(q->iova, reply->range_lg2)))
		return "range, with interrupts in it";
	return NULL;
}

static const char *judge_grant(const struct world *w, const struct twin_request *q,
                               const struct twin_answer *a, const struct iom_reply *reply,
                               bool probe)
{
	unsigned perm = (a->r ? IOM_PERM_READ : 0) | (a->w ? IOM_PERM_WRITE : 0);

	if (reply->target != IOM_TARGET_MEMORY)
		return "target";
	if (reply->spa != a->address)
		return "address";
	/* A probe says what is there now: D may be missing that a request would set. */
	if (!probe && (reply->perm & ~IOM_PERM_EXECUTE) != perm)
		return "permissions";
	if (reply->memory_type != (a->snoop ? IOM_MEMORY_SNOOPED : IOM_MEMORY_DEFAULT))
		return "snooping";
	if (reply->host && (!memory_is(reply->spa) ||
	                    (const uint8_t *)reply->host != w->memory.unit + (reply->spa - RAM)))
		return "host pointer";
	return judge_range(q, a, reply);
}

static const char *judge_ats(const struct twin_answer *a, const struct iom_reply *reply)
{
	unsigned flags =
		(a->ats_priv ? IOM_ATS_PRIVILEGED : 0) | (a->ats_u ? IOM_ATS_UNTRANSLATED : 0);

	if (reply->perm & IOM_PERM_EXECUTE)
		return "execute";
	return reply->ats == flags ? NULL : "flags of the ATS answer";
}

const char *judge(const struct world *w, const struct twin_request *q, const struct twin_answer *a,
                  const struct said *said, bool probe)
{
	static const uint8_t status[] = { IOM_DONE, IOM_UNSUPPORTED, IOM_ABORT };
	const struct iom_reply *reply = &said->reply;
	const char *why;

	if (said->result == TOO_MANY)
		return "number of fault records";
	/* what is refused without a code is malformed */
	if (a->status == TWIN_SUCCESS
	            ? said->result != IOM_OK
	            : said->result != IOM_EFAULT && (a->code || said->result != IOM_EINVAL))
		return "result";
	if (reply->status != status[a->status])
		return "status";
	if (a->status != TWIN_SUCCESS && reply->fault != a->code)
		return "code";
	if (probe ? said->recorded : judge_record(a, said) != NULL)
		return probe ? "a fault record of a probe" : judge_record(a, said);
	if (a->status != TWIN_SUCCESS || a->zero_length)
		return NULL;
	if (a->interrupt)
		return reply->target == IOM_TARGET_INTERRUPT ? NULL : "target";
	if (a->ats_u)
		return reply->perm == IOM_PERM_WRITE ? judge_ats(a, reply) : "permissions";
	/* an answer that grants nothing says nothing else */
	if (q->at == TWIN_TRANSLATION_REQUEST && !a->r && !a->w)
		return reply->perm ? "permissions" : a->code == 0x5d ? judge_ats(a, reply) : NULL;
	why = judge_grant(w, q, a, reply, probe);
	if (!why && q->at == TWIN_TRANSLATION_REQUEST)
		why = judge_ats(a, reply);
	return why;
}
