/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Random harm to the words that a request reads, so that every check is reached along the way. */
#include "compare.h"

#include <stdio.h>
#include <string.h>

static void note(struct world *w, const char *what, uint64_t spa)
{
	size_t n = strlen(w->harm);

	snprintf(w->harm + n, sizeof w->harm - n, "%s%s 0x%llx", n ? "; " : "", what,
	         (unsigned long long)spa);
}

/* The address in bits 63:12, of another page, of nothing, of what is too wide */
static uint64_t other_page(struct world *w, uint64_t word)
{
	struct rng *rng = &w->rng;

	switch (below(rng, 4)) {
	case 0:
		return (word & 0xfff0000000000fffull) | (wide(rng, 52) & ~0xfffull);
	case 1:
		return word ^ 1ull << (12 + below(rng, 52));
	default:
		return (word & 0xfff0000000000fffull) | (RAM + below(rng, PAGES) * PAGE);
	}
}

static uint64_t other_word(struct world *w, uint64_t word)
{
	struct rng *rng = &w->rng;

	switch (below(rng, 10)) {
	case 0:
	case 1:
	case 2:
		return word ^ 1ull << below(rng, 64);
	case 3:
	case 4:
	case 5:
		return word ^ 1ull << below(rng, 12);
	case 6: /* of a paging entry: as if nobody had used it */
		return word & ~0x760ull;
	case 7:
		return word ^ 1ull << below(rng, 12) ^ 1ull << below(rng, 12);
	case 8:
		return other_page(w, word);
	default:
		return chance(rng, 1, 4) ? 0 : any(rng) | 1;
	}
}

/*
 * A page can go silent, or refuse stores, only where callbacks answer; and not where words are corrupt,
 * since what is met first depends on the order of loads.
 */
static bool harm_page(struct world *w, uint64_t spa)
{
	unsigned page = (unsigned)((spa - RAM) / PAGE);

	if (page < PAGES_RAM + PAGES_ROM || w->memory.poisons)
		return false;
	if (chance(&w->rng, 1, 2)) {
		w->memory.silent[page] = true;
		note(w, "silent page", spa & ~0xfffull);
	} else {
		w->memory.readonly[page] = true;
		note(w, "read-only page", spa & ~0xfffull);
	}
	return true;
}

static bool is_taken(const struct world *w, uint16_t did)
{
	for (unsigned i = 0; i < w->n_dids; i++)
		if (w->did[i] == did)
			return true;
	return false;
}

/*
 * Entries with one domain must agree, and caches rely on it: harm gives an entry no domain of another,
 * nor domain 0, which is not software's where CAP.CM is set.
 */
static uint64_t keep_domain(const struct world *w, const struct twin_access *a, unsigned n,
                            uint64_t word, uint64_t other)
{
	unsigned shift = a->use == TWIN_CONTEXT ? 8 : 0;
	uint16_t did = (uint16_t)(other >> shift), was = (uint16_t)(word >> shift);

	if (n != 1 || (a->use == TWIN_CONTEXT ? a->bytes != 16 : a->use != TWIN_PASID))
		return other;
	if (did == was || (did && !is_taken(w, did)))
		return other;
	return (other & ~(0xffffull << shift)) | (uint64_t)was << shift;
}

static void harm_word(struct world *w, const struct twin_access *a)
{
	unsigned words = a->bytes / 8, n;
	uint64_t spa, word, other;

	/* the first words of a large entry have more in them */
	if (words > 3 && !chance(&w->rng, 1, 4))
		words = 3;
	n = below(&w->rng, words);
	spa = a->spa + 8ull * n;
	if (!memory_is(spa) || w->n_harmed == sizeof w->harmed / sizeof w->harmed[0])
		return;
	if (!w->memory.silent[(spa - RAM) / PAGE] && chance(&w->rng, 1, 12)) {
		memory_poison(&w->memory, spa);
		note(w, "poison at", spa);
		return;
	}
	if (chance(&w->rng, 1, 12) && harm_page(w, spa))
		return;
	word = memory_get(&w->memory, spa);
	other = keep_domain(w, a, n, word, other_word(w, word));
	note(w, "changed", spa);
	w->harmed[w->n_harmed].spa = spa;
	w->harmed[w->n_harmed++].was = word;
	memory_put(&w->memory, spa, other);
}

void harm(struct world *w)
{
	unsigned n = 1 + (chance(&w->rng, 1, 3) ? below(&w->rng, 3) : 0);

	if (!w->memory.n_reads)
		return;
	while (n--) {
		unsigned i = below(&w->rng, w->memory.n_reads);
		unsigned j = below(&w->rng, w->memory.n_reads);

		/* later ones are further down the road, which is what is hard to reach */
		harm_word(w, &w->memory.reads[i > j ? i : j]);
	}
}

bool harm_undo(struct world *w)
{
	struct memory *m = &w->memory;

	if (!w->harm[0])
		return false;
	/* the latest first: a word may be there twice */
	while (w->n_harmed) {
		w->n_harmed--;
		memory_put(m, w->harmed[w->n_harmed].spa, w->harmed[w->n_harmed].was);
	}
	memory_cure(m);
	for (unsigned page = PAGES_RAM + PAGES_ROM; page < PAGES; page++)
		m->silent[page] = m->readonly[page] = false;
	w->harm[0] = 0;
	return true;
}
