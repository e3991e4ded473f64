/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Asks the unit, and judges whether it said what the twin said. */
#include "compare.h"

#include <stdio.h>
#include <string.h>

enum { FQH = 0x030, FQT = 0x034, FQ_ENTRIES = 128 };

struct iom_request unit_request(const struct twin_request *q, uint64_t bytes)
{
	static const uint8_t access[] = { IOM_READ, IOM_WRITE, IOM_EXECUTE };
	static const uint8_t at[] = { IOM_AT_UNTRANSLATED, IOM_AT_TRANSLATION_REQUEST,
		                      IOM_AT_TRANSLATED };

	return (struct iom_request){
		.iova = q->iova,
		.bytes = bytes,
		.pasid = q->process_id,
		.flags = (uint16_t)((q->pv ? IOM_REQ_PASID : 0) |
		                    (q->priv ? IOM_REQ_PRIVILEGED : 0) |
		                    (q->no_write ? IOM_REQ_NO_WRITE : 0) |
		                    (q->cxl ? IOM_REQ_CXL : 0)),
		.access = access[q->kind],
		.at = at[q->type],
	};
}

bool take_record(struct world *w, struct said *said)
{
	const uint8_t *at = w->memory.queues + w->fqh * 32;
	uint64_t fqt = w->fqh;

	iom_mmio_read(w->unit, 0, FQT, 4, &fqt);
	said->recorded = fqt != w->fqh;
	if (!said->recorded)
		return true;
	for (unsigned i = 0; i < 4; i++) {
		said->record[i] = 0;
		for (unsigned b = 0; b < 8; b++)
			said->record[i] |= (uint64_t)at[i * 8 + b] << 8 * (w->be ? 7 - b : b);
	}
	w->fqh = (w->fqh + 1) % FQ_ENTRIES;
	iom_mmio_write(w->unit, 0, FQH, 4, w->fqh);
	return fqt == w->fqh;
}

struct said ask_unit(struct world *w, const struct twin_request *q, uint16_t flags)
{
	struct iom_request request = unit_request(q, 0);
	struct said said = { 0 };

	request.flags |= flags;
	iom_begin(w->lane);
	said.result = iom_translate(world_port(w, q->device_id), &request, &said.reply);
	iom_end(w->lane);
	if (!take_record(w, &said))
		said.result = 99;
	return said;
}

struct said load_unit(struct world *w, const struct twin_request *q, uint32_t *data)
{
	struct iom_request request = unit_request(q, 4);
	struct said said = { 0 };
	uint8_t buf[4] = { 0 };

	said.result = iom_read(world_port(w, q->device_id), &request, buf, sizeof buf, &said.reply);
	*data = buf[0] | buf[1] << 8 | buf[2] << 16 | (uint32_t)buf[3] << 24;
	if (!take_record(w, &said))
		said.result = 99;
	return said;
}

struct said store_unit(struct world *w, const struct twin_request *q, uint64_t data, unsigned bytes)
{
	struct iom_request request = unit_request(q, bytes);
	struct said said = { 0 };
	uint8_t buf[8];

	for (unsigned i = 0; i < 8; i++)
		buf[i] = (uint8_t)(data >> 8 * i);
	said.result = iom_write(world_port(w, q->device_id), &request, buf, bytes, &said.reply);
	if (!take_record(w, &said))
		said.result = 99;
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

static const char *judge_grant(const struct world *w, const struct twin_answer *a,
                               const struct iom_reply *reply, bool probe)
{
	unsigned perm = (a->r ? IOM_PERM_READ : 0) | (a->w ? IOM_PERM_WRITE : 0) |
	                (a->x ? IOM_PERM_EXECUTE : 0);

	if (reply->target != (a->mrif ? IOM_TARGET_MRIF : IOM_TARGET_MEMORY))
		return "target";
	if (!a->ats_u && reply->spa != a->address)
		return "address";
	/* A probe says what is there now: D may be missing that a request would set. */
	if (!probe && reply->perm != perm)
		return "permissions";
	if (reply->memory_type != (uint8_t)a->pbmt)
		return "memory type";
	if (a->size_lg2 ? reply->range_lg2 != a->size_lg2 : reply->range_lg2 < 12)
		return "range";
	if (reply->rcid != a->rcid || reply->mcid != a->mcid)
		return "quality-of-service identifiers";
	if (reply->host && (!memory_is(reply->spa) ||
	                    (const uint8_t *)reply->host != w->memory.unit + (reply->spa - RAM)))
		return "host pointer";
	return NULL;
}

static const char *judge_ats(const struct twin_answer *a, const struct iom_reply *reply)
{
	unsigned flags =
		(a->ats_global ? IOM_ATS_GLOBAL : 0) | (a->ats_priv ? IOM_ATS_PRIVILEGED : 0) |
		(a->ats_u ? IOM_ATS_UNTRANSLATED : 0) | (a->ats_cxl_io ? IOM_ATS_CXL_IO : 0);

	return reply->ats == flags ? NULL : "flags of the ATS answer";
}

const char *judge(const struct world *w, const struct twin_request *q, const struct twin_answer *a,
                  const struct said *said, bool probe)
{
	static const uint8_t status[] = { IOM_DONE, IOM_UNSUPPORTED, IOM_ABORT };
	const struct iom_reply *reply = &said->reply;
	const char *why;

	if (said->result == 99)
		return "number of fault records";
	if (said->result != (a->status == TWIN_SUCCESS ? IOM_OK : IOM_EFAULT))
		return "result";
	if (reply->status != status[a->status])
		return "status";
	if (a->status != TWIN_SUCCESS && reply->fault != a->cause)
		return "cause";
	if (probe ? said->recorded : judge_record(a, said) != NULL)
		return probe ? "a fault record of a probe" : judge_record(a, said);
	if (a->status != TWIN_SUCCESS)
		return NULL;
	/* an answer that grants nothing says nothing else */
	if (a->denied || (q->type == TWIN_TRANSLATION_REQUEST && !a->r && !a->w && !a->x))
		return reply->perm ? "permissions" : NULL;
	why = judge_grant(w, a, reply, probe);
	if (!why && q->type == TWIN_TRANSLATION_REQUEST)
		why = judge_ats(a, reply);
	return why;
}

const char *judge_load(const struct world *w, const struct twin_answer *a, const struct said *said,
                       uint32_t data)
{
	static const int result[] = { IOM_OK, IOM_EFAULT, IOM_EPOISON };
	uint32_t word = 0; /* what an MRIF answers */
	enum twin_bus bus = TWIN_BUS_OK;

	if (!a->mrif)
		bus = memory_word(&w->memory, a->address, &word);
	if (bus != TWIN_BUS_OK)
		word = 0xffffffff;
	if (said->recorded)
		return "load: a fault record";
	if (said->result != result[bus])
		return "load: result";
	if (said->reply.status != (bus == TWIN_BUS_OK ? IOM_DONE : IOM_ABORT) || said->reply.fault)
		return "load: status";
	return data == word ? NULL : "load: data";
}

const char *judge_store(const struct twin_answer *a, const struct said *said, unsigned bytes)
{
	static const uint8_t status[] = { IOM_DONE, IOM_UNSUPPORTED, IOM_ABORT };

	if (said->result == 99)
		return "store: number of fault records";
	if (said->result != (a->status == TWIN_SUCCESS ? IOM_OK : IOM_EFAULT))
		return "store: result";
	if (said->reply.status != status[a->status])
		return "store: status";
	if (said->reply.fault != a->cause)
		return "store: cause";
	if (said->reply.done != (a->status == TWIN_SUCCESS ? bytes : 0))
		return "store: bytes done";
	return judge_record(a, said);
}

void explain(const struct world *w, const struct twin_request *q, const struct twin_answer *a,
             const struct said *said, char *text, unsigned size)
{
	static const char *const types[] = { "untranslated", "translation request", "translated" };
	static const char *const kinds[] = { "read", "write", "execute" };
	static const char *const uses[] = {
		"DDT", "DC",   "PDT",   "PC", "first-stage PTE", "second-stage PTE",
		"MSI", "MRIF", "notice"
	};
	const struct iom_reply *r = &said->reply;
	int n = 0;

#define SAY(...)                                                                                   \
	do {                                                                                       \
		if (n >= 0 && (unsigned)n < size)                                                  \
			n += snprintf(text + n, size - (unsigned)n, __VA_ARGS__);                  \
	} while (0)

	SAY("  capabilities 0x%llx, fctl 0x%x, ddtp 0x%llx, flags 0x%x\n",
	    (unsigned long long)w->config.capabilities, w->twin.fctl,
	    (unsigned long long)w->twin.ddtp, w->config.flags);
	SAY("  request: %s %s of 0x%llx by device 0x%x", types[q->type], kinds[q->kind],
	    (unsigned long long)q->iova, q->device_id);
	if (q->pv)
		SAY(", process_id 0x%x%s", q->process_id, q->priv ? ", supervisor" : "");
	SAY("%s%s\n", q->no_write ? ", no write" : "", q->cxl ? ", CXL" : "");
	SAY("  twin: status %u, cause %u%s at step %u, address 0x%llx, 2^%u, %s%s%s, pbmt %u, ats "
	    "%u%u%u%u, qos %u %u, mrif %u\n",
	    a->status, a->cause, a->denied ? " (hidden)" : "", a->step,
	    (unsigned long long)a->address, a->size_lg2, a->r ? "r" : "-", a->w ? "w" : "-",
	    a->x ? "x" : "-", a->pbmt, a->ats_u, a->ats_priv, a->ats_global, a->ats_cxl_io, a->rcid,
	    a->mcid, a->mrif);
	SAY("  unit: result %d, status %u, cause %u, address 0x%llx, 2^%u, perm %u, type %u, ats "
	    "0x%x, "
	    "qos %u %u, target %u\n",
	    said->result, r->status, r->fault, (unsigned long long)r->spa, r->range_lg2, r->perm,
	    r->memory_type, r->ats, r->rcid, r->mcid, r->target);
	for (unsigned i = 0; i < 4; i++)
		SAY("  record %u: twin 0x%016llx, unit 0x%016llx\n", i,
		    a->recorded ? (unsigned long long)a->record[i] : 0,
		    said->recorded ? (unsigned long long)said->record[i] : 0);
	for (unsigned i = 0; i < w->memory.n_reads; i++) {
		const struct twin_access *at = &w->memory.reads[i];

		SAY("  %s, level %u, at 0x%llx:", uses[at->use], at->level,
		    (unsigned long long)at->spa);
		for (unsigned b = 0; b < at->bytes; b += at->bytes == 4 ? 4 : 8)
			SAY(" 0x%llx",
			    (unsigned long long)memory_get(&w->memory, at->spa + b,
			                                   at->bytes == 4 ? 4 : 8, at->big));
		SAY("%s\n", memory_is(at->spa) ? "" : " (nowhere)");
	}
	for (unsigned i = 0; i < w->memory.n_writes; i++)
		SAY("  written: 0x%llx\n", (unsigned long long)w->memory.writes[i].access.spa);
	for (unsigned i = 0; i < w->memory.n_stores; i++)
		SAY("  unit wrote near: 0x%llx\n", (unsigned long long)w->memory.stores[i]);
	SAY("  harm: %s\n", w->harm[0] ? w->harm : "none");
#undef SAY
}
