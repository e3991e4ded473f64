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

static bool same_memory(struct pass *p, const struct twin_request *q, const struct twin_answer *a,
                        const struct said *said)
{
	uint64_t at = memory_differs(&p->w->memory);
	char what[128];

	if (!at && p->step % 256 == 0)
		at = memory_differs_anywhere(&p->w->memory);
	if (!at)
		return true;
	snprintf(what, sizeof what, "memory at 0x%llx: twin 0x%llx, unit 0x%llx",
	         (unsigned long long)at,
	         (unsigned long long)memory_get(&p->w->memory, at, 8, false),
	         (unsigned long long)memory_unit(&p->w->memory, at));
	return different(p, what, q, a, said);
}

/* `why`: in what the answers differ, or NULL */
static bool same(struct pass *p, const struct twin_request *q, const struct twin_answer *a,
                 const struct said *said, const char *why)
{
	struct memory *m = &p->w->memory;

	if ((why || memory_differs(m)) && memory_uneven(m) &&
	    !(p->w->config.flags & IOM_RISCV_UNCACHED)) {
		p->t->excused++;
		memory_follow(m);
		return true;
	}
	return why ? different(p, why, q, a, said) : same_memory(p, q, a, said);
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
 * Stores to the interrupt file in memory that a request was led to: mostly a word where messages go,
 * mostly of an identity that exists.
 */
static bool store(struct pass *p, const struct twin_request *q)
{
	static const uint8_t sizes[] = { 4, 4, 4, 4, 4, 4, 1, 2, 8 };
	struct world *w = p->w;
	struct rng *rng = &w->rng;
	unsigned bytes = sizes[below(rng, sizeof sizes)];
	uint64_t data = wide(rng, chance(rng, 7, 8) ? 11 : 64);
	struct twin_request at = *q;
	struct twin_answer a;
	struct said said;

	at.iova = (q->iova & ~0xfffull) | (chance(rng, 7, 8) ? 0 : below(rng, 512) * 8) |
	          (chance(rng, 1, 4) ? 4 : 0);
	if (chance(rng, 1, 16) && bytes == 4)
		at.iova ^= 2;
	at.iova &= ~(uint64_t)(bytes == 8 ? 7 : 0);
	if ((at.iova & 4) && chance(rng, 3, 4))
		data = (uint32_t)data << 24 | ((uint32_t)data & 0xff00) << 8;

	memory_forget(&w->memory);
	a = twin_translate(&w->twin, &at);
	/* among uneven entries of a NAPOT leaf, another one may answer */
	if (a.cause || !a.mrif) {
		memory_undo(&w->memory);
		return true;
	}
	if (chance(rng, 1, 16))
		memory_poison(&w->memory, a.address + (data & 2047) / 64 * 16, 8);
	twin_mrif_store(&w->twin, &at, &a, (uint32_t)data, bytes);
	said = store_unit(w, &at, data, bytes);
	memory_cure(&w->memory);
	tally_store(p->t, &at, &a);
	if (!same(p, &at, &a, &said, judge_store(&a, &said, bytes)))
		return false;
	world_invalidate(w);
	return true;
}

/*
 * Reads a word where a request was led to.  What does not answer there is refused by the bus: that is no
 * fault of the unit's.
 */
static bool load(struct pass *p, const struct twin_request *q)
{
	struct world *w = p->w;
	struct twin_request at = *q;
	struct twin_answer a;
	struct said said;
	uint32_t data;

	at.iova &= ~3ull;
	memory_forget(&w->memory);
	a = twin_translate(&w->twin, &at);
	said = load_unit(w, &at, &data);
	p->t->loads++;
	return same(p, &at, &a, &said, judge_load(w, &a, &said, data));
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
	if (!same(p, q, &a, &said, judge(w, q, &a, &said, false)))
		return false;
	/* hardware wrote where something else is cached from */
	if (w->memory.tangled)
		world_invalidate(w);
	if (a.cause || q->type == TWIN_TRANSLATION_REQUEST)
		return true;
	if (a.mrif && q->kind == TWIN_WRITE)
		return store(p, q);
	if (q->kind != TWIN_WRITE && chance(&w->rng, 1, 16))
		return load(p, q);
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
	return world_idle(p->w) || different(p, "commands stopped", &nothing, &a, &said);
}

static bool one_world(struct world *w, uint64_t seed, const struct built *built, struct tally *t,
                      char *text, unsigned size)
{
	struct pass p = { .w = w, .t = t, .text = text, .size = size };
	struct iom_error why;
	bool good = true;

	t->worlds++;
	if (world_open(w, seed, built, &why)) {
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
	struct built built = what_is_built();
	struct world *w = calloc(1, sizeof *w);
	bool good = w && one_world(w, seed, &built, t, text, size);

	free(w);
	return good;
}

bool compare_run(const struct run *run, struct tally *t, char *text, unsigned size)
{
	struct built built = what_is_built();
	struct world *w = calloc(1, sizeof *w);
	struct rng rng = { run->seed };
	bool good = w != NULL;

	while (good && t->requests < run->requests) {
		good = one_world(w, any(&rng), &built, t, text, size);
		if (run->progress)
			run->progress(t->requests);
	}
	free(w);
	return good;
}
