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

static void remember(struct world *w, uint64_t spa)
{
	spa &= ~7ull;
	w->harmed[w->n_harmed].spa = spa;
	w->harmed[w->n_harmed++].was = memory_get(&w->memory, spa, 8, false);
}

/* A PPN at bit 10 or, in contexts, at bit 0: of another page, of nothing, of what is too wide. */
static uint64_t other_page(struct world *w, const struct twin_access *a, uint64_t word)
{
	struct rng *rng = &w->rng;
	bool at_0 = a->use == TWIN_DC || a->use == TWIN_PC;
	unsigned shift = at_0 ? 0 : 10, bits = a->bytes == 4 ? 22 : 44;
	uint64_t mask = ((1ull << bits) - 1) << shift, ppn;

	switch (below(rng, 4)) {
	case 0:
		ppn = wide(rng, bits);
		break;
	case 1:
		ppn = word >> shift ^ 1ull << below(rng, bits);
		break;
	default:
		ppn = (RAM >> 12) + below(rng, PAGES);
	}
	return (word & ~mask) | (ppn << shift & mask);
}

static uint64_t other_word(struct world *w, const struct twin_access *a, uint64_t word,
                           unsigned wide_bits)
{
	struct rng *rng = &w->rng;

	switch (below(rng, 11)) {
	case 0:
	case 1:
	case 2:
		return word ^ 1ull << below(rng, wide_bits);
	case 3:
	case 4:
	case 5:
		return word ^ 1ull << below(rng, 12);
	case 6: /* where modes and the highest bits of a PTE are */
		return word ^ 1ull << (wide_bits - 1 - below(rng, 10));
	case 7:
		return (word & ((1ull << (wide_bits - 4)) - 1)) | any(rng) << (wide_bits - 4);
	case 8:
		return other_page(w, a, word);
	case 9: /* of a PTE: as if nobody had used it */
		return word & ~0xc0ull;
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
	unsigned page = (unsigned)((spa - RAM) / 4096);

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

static void change(struct world *w, uint64_t spa, unsigned bytes, bool big, uint64_t word)
{
	if (w->n_harmed == sizeof w->harmed / sizeof w->harmed[0])
		return;
	remember(w, spa);
	memory_put(&w->memory, spa, bytes, big, word);
}

/*
 * The 16 entries of a NAPOT leaf must say the same, or a cached one may answer for the others; so they
 * do where there are caches.
 */
static bool is_napot(const struct world *w, const struct twin_access *a, uint64_t word)
{
	return (a->use == TWIN_FIRST_STAGE || a->use == TWIN_SECOND_STAGE) && a->bytes == 8 &&
	       a->level == 0 && word >> 63 && !(w->config.flags & IOM_RISCV_UNCACHED);
}

static void change_word(struct world *w, const struct twin_access *a, uint64_t spa, uint64_t word,
                        uint64_t new)
{
	unsigned bytes = a->bytes == 4 ? 4 : 8;

	if (is_napot(w, a, word) || is_napot(w, a, new))
		for (unsigned i = 0; i < 16; i++)
			change(w, (spa & ~127ull) + i * 8, bytes, a->big, new);
	else
		change(w, spa, bytes, a->big, new);
}

static void harm_word(struct world *w, const struct twin_access *a)
{
	unsigned bytes = a->bytes == 4 ? 4 : 8;
	uint64_t spa = a->spa + below(&w->rng, a->bytes / bytes) * bytes, word, new;

	if (!memory_is(spa))
		return;
	word = memory_get(&w->memory, spa, bytes, a->big);
	new = other_word(w, a, word, bytes * 8);
	if (!w->memory.silent[(spa - RAM) / 4096] && chance(&w->rng, 1, 12)) {
		bool napot = is_napot(w, a, word);

		memory_poison(&w->memory, napot ? spa & ~127ull : spa, napot ? 128 : bytes);
		note(w, "poison at", spa);
		return;
	}
	if (chance(&w->rng, 1, 12) && harm_page(w, spa))
		return;
	note(w, "changed", spa);
	change_word(w, a, spa, word, new);
}

static void clear(struct world *w, const struct twin_access *a, uint64_t mask)
{
	uint64_t word = memory_get(&w->memory, a->spa, a->bytes, a->big);

	if (memory_is(a->spa))
		change_word(w, a, a->spa, word, word & ~mask);
}

/*
 * A first-stage leaf that nobody has used, on a page that cannot be written, or that nobody has written:
 * the store of A and D is refused where everything else is right.
 */
static bool harm_update(struct world *w)
{
	static const uint64_t what[] = { 0x80, 0x84 }; /* D; D and W */
	const struct twin_access *a = w->memory.reads;
	unsigned i = w->memory.n_reads;

	while (i-- > 1)
		if (a[i].use == TWIN_FIRST_STAGE && a[i].level == 0 &&
		    a[i - 1].use == TWIN_SECOND_STAGE) {
			note(w, "leaf that cannot be marked", a[i].spa);
			clear(w, &a[i], 0xc0);
			clear(w, &a[i - 1], what[below(&w->rng, 2)]);
			return true;
		}
	return false;
}

void harm(struct world *w)
{
	unsigned n = 1 + (chance(&w->rng, 1, 3) ? below(&w->rng, 3) : 0);

	if (!w->memory.n_reads || (chance(&w->rng, 1, 8) && harm_update(w)))
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
		memory_put(m, w->harmed[w->n_harmed].spa, 8, false, w->harmed[w->n_harmed].was);
	}
	memory_cure(m);
	for (unsigned page = PAGES_RAM + PAGES_ROM; page < PAGES; page++)
		m->silent[page] = m->readonly[page] = false;
	w->harm[0] = 0;
	return true;
}
