/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Worlds, and in each the rounds: harm to the tables, then a few requests. */
#include "compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 64 };

/* A world that is being compared */
struct pass {
	struct world *w;
	struct tally *t;
	unsigned step;
	char *text;
	unsigned size;
};

static bool different(struct pass *p, const char *what, const struct twin_request *q,
                      const struct twin_answer *a, const struct said *said)
{
	int n = snprintf(p->text, p->size, "world 0x%llx, step %u: %s\n",
	                 (unsigned long long)p->w->seed, p->step, what);

	if (n > 0 && (unsigned)n < p->size)
		explain(p->w, q, a, said, p->text + n, p->size - (unsigned)n);
	return false;
}

/* `why`: in what the answers differ, or NULL */
static bool same(struct pass *p, const struct twin_request *q, const struct twin_answer *a,
                 const struct said *said, const char *why)
{
	uint64_t at = memory_differs(&p->w->memory);
	char what[128];

	if (why)
		return different(p, why, q, a, said);
	if (!at && p->step % 256 == 0)
		at = memory_differs_anywhere(&p->w->memory);
	if (!at)
		return true;
	snprintf(what, sizeof what, "memory at 0x%llx: twin 0x%llx, unit 0x%llx",
	         (unsigned long long)at, (unsigned long long)memory_get(&p->w->memory, at),
	         (unsigned long long)memory_unit(&p->w->memory, at));
	return different(p, what, q, a, said);
}

/* What is only asked changes nothing, and is answered as what is done after it. */
static bool probe(struct pass *p, const struct twin_request *q)
{
	struct world *w = p->w;
	struct twin_answer a;
	struct said said;

	memory_forget(&w->memory);
	a = twin_translate(&w->twin, q);
	memory_undo(&w->memory);
	/* what does not store cannot learn that a store is refused */
	if (w->memory.refused)
		return true;
	said = ask_unit(w, q, IOM_REQ_PROBE);
	p->t->probes++;
	return same(p, q, &a, &said, judge(w, q, &a, &said, true));
}

/*
 * D may have been set since an entry was cached, by way of another one that is read from the same word:
 * that a page may be written is then found when somebody writes.
 */
static bool is_stale(const struct world *w, const struct twin_request *q,
                     const struct twin_answer *a, const struct said *said)
{
	return !(w->config.flags & IOM_VTD_UNCACHED) && a->flagged && a->w &&
	       q->at == TWIN_UNTRANSLATED && (q->kind == TWIN_READ || q->kind == TWIN_EXECUTE) &&
	       !(said->reply.perm & IOM_PERM_WRITE);
}

static bool request(struct pass *p, const struct twin_request *q)
{
	struct world *w = p->w;
	struct twin_answer a;
	struct said said;

	p->step++;
	if (chance(&w->rng, 1, 32) && !probe(p, q))
		return false;
	memory_forget(&w->memory);
	a = twin_translate(&w->twin, q);
	said = ask_unit(w, q, 0);
	tally_add(p->t, w, q, &a);
	if (said.result == IOM_OK && is_stale(w, q, &a, &said)) {
		p->t->excused++;
		a.w = false;
	}
	if (!same(p, q, &a, &said, judge(w, q, &a, &said, false)))
		return false;
	/* hardware wrote where something else is cached from */
	if (w->memory.tangled)
		world_invalidate(w);
	return true;
}

/* Runs the twin alone, to learn which words a request reads. */
static void rehearse(struct world *w, const struct twin_request *q)
{
	memory_forget(&w->memory);
	twin_translate(&w->twin, q);
	memory_undo(&w->memory);
}

static bool round_of(struct pass *p)
{
	struct world *w = p->w;
	struct twin_request q = random_request(w), other;
	bool changed = harm_undo(w);

	if (chance(&w->rng, 1, 2)) {
		rehearse(w, &q);
		harm(w);
		changed |= w->harm[0] != 0;
	}
	if (changed)
		world_invalidate(w);
	if (!request(p, &q))
		return false;
	for (unsigned n = below(&w->rng, 4); n--;) {
		other = chance(&w->rng, 3, 4) ? random_sibling(w, &q) : random_request(w);
		if (!request(p, &other))
			return false;
	}
	if (chance(&w->rng, 1, 2)) {
		p->t->repeats++;
		return request(p, &q);
	}
	return true;
}

static bool rounds(struct pass *p)
{
	const struct twin_request nothing = { 0 };
	const struct twin_answer a = { 0 };
	const struct said said = { 0 };

	for (unsigned n = 0; n < ROUNDS; n++)
		if (!round_of(p))
			return false;
	memory_forget(&p->w->memory);
	if (memory_differs_anywhere(&p->w->memory))
		return different(p, "memory that nobody was seen to write", &nothing, &a, &said);
	return world_idle(p->w) || different(p, "invalidations stopped", &nothing, &a, &said);
}

static bool one_world(struct world *w, uint64_t seed, struct tally *t, char *text, unsigned size)
{
	struct pass p = { .w = w, .t = t, .text = text, .size = size };
	struct iom_error why;
	bool good = true;

	t->worlds++;
	if (world_open(w, seed, &why)) {
		world_tables(w);
		good = rounds(&p);
	} else {
		t->refused++;
		snprintf(text, size, "world 0x%llx was refused: %s\n", (unsigned long long)seed,
		         why.text);
	}
	world_close(w);
	return good;
}

bool compare_world(uint64_t seed, struct tally *t, char *text, unsigned size)
{
	struct world *w = calloc(1, sizeof *w);
	bool good = w && one_world(w, seed, t, text, size);

	free(w);
	return good;
}

bool compare_run(const struct run *run, struct tally *t, char *text, unsigned size)
{
	struct world *w = calloc(1, sizeof *w);
	struct rng rng = { run->seed };
	bool good = w != NULL;

	while (good && t->requests < run->requests) {
		good = one_world(w, any(&rng), t, text, size);
		if (run->progress)
			run->progress(t->requests);
	}
	free(w);
	return good;
}
