/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A difference in words. */
#include "compare.h"

#include <stdio.h>

struct text {
	char *at;
	unsigned left;
};

static void went_on(struct text *t, int n)
{
	if (n > 0 && (unsigned)n < t->left) {
		t->at += n;
		t->left -= (unsigned)n;
	}
}

#define SAY(t, ...) went_on(t, snprintf((t)->at, (t)->left, __VA_ARGS__))

static unsigned long long ull(uint64_t value)
{
	return value;
}

static void say_tables(const struct world *w, struct text *t)
{
	static const char *const uses[] = { "root",        "context",     "PASID directory",
		                            "PASID table", "first stage", "second stage" };

	for (unsigned i = 0; i < w->memory.n_reads; i++) {
		const struct twin_access *at = &w->memory.reads[i];

		SAY(t, "  %s, level %u, at 0x%llx:", uses[at->use], at->level, ull(at->spa));
		for (unsigned b = 0; b < at->bytes; b += 8)
			SAY(t, " 0x%llx", ull(memory_get(&w->memory, at->spa + b)));
		SAY(t, "%s\n", memory_is(at->spa) ? "" : " (nowhere)");
	}
	for (unsigned i = 0; i < w->memory.n_writes; i++)
		SAY(t, "  written: 0x%llx, was 0x%llx\n", ull(w->memory.writes[i].access.spa),
		    ull(w->memory.writes[i].was));
	for (unsigned i = 0; i < w->memory.n_stores; i++)
		SAY(t, "  unit wrote near: 0x%llx\n", ull(w->memory.stores[i]));
}

void explain(const struct world *w, const struct twin_request *q, const struct twin_answer *a,
             const struct said *said, char *text, unsigned size)
{
	static const char *const types[] = { "untranslated", "translation request", "translated" };
	static const char *const kinds[] = { "read", "write", "execute", "atomic" };
	const struct iom_reply *r = &said->reply;
	struct text t = { text, size };

	SAY(&t, "  CAP 0x%llx, ECAP 0x%llx, version 0x%x, HAW %u, RTADDR 0x%llx, flags 0x%x%s\n",
	    ull(w->config.cap), ull(w->config.ecap), w->config.version, w->twin.haw,
	    ull(w->twin.rtaddr), w->config.flags, w->twin.tes ? "" : ", TES=0");
	SAY(&t, "  request: %s %s of %u bytes at 0x%llx by 0x%x", types[q->at], kinds[q->kind],
	    q->bytes, ull(q->iova), q->sid);
	if (q->pp)
		SAY(&t, ", PASID 0x%x%s", q->pasid, q->priv ? ", supervisor" : "");
	SAY(&t, "%s\n", q->no_write ? ", no write" : "");
	SAY(&t, "  twin: status %u, code 0x%x%s, address 0x%llx, 2^%u, %s%s, snoop %u, ats %u%u\n",
	    a->status, a->code, a->fpd ? " (FPD)" : "", ull(a->address), a->size_lg2,
	    a->r ? "r" : "-", a->w ? "w" : "-", a->snoop, a->ats_u, a->ats_priv);
	SAY(&t,
	    "  unit: result %d, status %u, code 0x%x, address 0x%llx, 2^%u, perm %u, type %u, ats "
	    "0x%x, target %u\n",
	    said->result, r->status, r->fault, ull(r->spa), r->range_lg2, r->perm, r->memory_type,
	    r->ats, r->target);
	for (unsigned i = 0; i < 2; i++)
		SAY(&t, "  record %u: twin 0x%016llx, unit 0x%016llx\n", i,
		    ull(a->recorded ? a->record[i] : 0), ull(said->recorded ? said->record[i] : 0));
	say_tables(w, &t);
	SAY(&t, "  harm: %s\n", w->harm[0] ? w->harm : "none");
}
