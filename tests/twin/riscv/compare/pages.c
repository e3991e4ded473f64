/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Random page tables of either stage. */
#include "tables.h"

uint64_t to_gpa(const struct vm *vm, uint64_t spa)
{
	return vm && vm->mode ? vm->ram + (spa - RAM) : spa;
}

uint64_t to_spa(const struct vm *vm, uint64_t gpa)
{
	return vm && vm->mode ? gpa - vm->ram + RAM : gpa;
}

static unsigned pas(const struct world *w)
{
	return (unsigned)bits(w->config.capabilities, 37, 32);
}

struct space space_new(struct world *w, unsigned mode, bool rv32, const struct vm *vm, bool big)
{
	struct space s = { .rv32 = rv32, .first = vm != NULL, .big = big, .vm = vm };

	s.scheme = twin_scheme(mode, rv32, !s.first);
	s.width = 12 + (s.scheme.levels - 1) * s.scheme.index_bits + s.scheme.root_bits;
	s.root = memory_page(&w->memory, &w->rng, s.first ? 1 : 4);
	return s;
}

unsigned leaf_lg2(const struct space *s, unsigned level)
{
	return 12 + level * s->scheme.index_bits;
}

uint64_t random_flags(struct world *w, const struct space *s)
{
	struct rng *rng = &w->rng;
	uint64_t pte = FULL;

	if (chance(rng, 1, 4))
		pte &= any(rng) | V | A | D | U;
	if (chance(rng, 1, 8))
		pte &= ~(uint64_t)U;
	if (s->updates ? chance(rng, 2, 3) : chance(rng, 1, 12))
		pte &= any(rng) | ~(uint64_t)(A | D);
	if ((pte & W) && !(pte & R))
		pte ^= chance(rng, 1, 2) ? R : W;
	if (chance(rng, 1, 4))
		pte |= G;
	pte |= (uint64_t)below(rng, 4) << 8;
	if (s->rv32)
		return pte;
	if (world_cap(w, CAP_SVRSW60T59B))
		pte |= (uint64_t)below(rng, 4) << 59;
	if (world_cap(w, CAP_SVPBMT) && chance(rng, 1, 2))
		pte |= (uint64_t)below(rng, 3) << 61;
	return pte;
}

/* Where the entry of `level` for `va` is, tables on the way being made; 0 if a leaf is in the way. */
static uint64_t slot(struct world *w, const struct space *s, uint64_t va, unsigned level)
{
	unsigned bytes = s->scheme.pte_bytes;
	uint64_t table = s->root, at, old;

	for (unsigned i = s->scheme.levels - 1;; i--) {
		at = table + twin_index(&s->scheme, i, va) * bytes;
		old = memory_get(&w->memory, at, bytes, s->big);
		if (i == level)
			return at;
		if (old & (R | X))
			return 0;
		if (!(old & V)) {
			table = memory_page(&w->memory, &w->rng, 1);
			if (!table)
				return 0;
			old = to_gpa(s->vm, table) >> 12 << 10 | V;
			if (chance(&w->rng, 1, 6))
				old |= G;
			memory_put(&w->memory, at, bytes, s->big, old);
		}
		table = to_spa(s->vm, twin_pte_table(&s->scheme, old));
	}
}

void map_page(struct world *w, const struct space *s, uint64_t va, unsigned level, bool napot,
              uint64_t target, uint64_t pte)
{
	unsigned lg2 = napot ? 16 : leaf_lg2(s, level), bytes = s->scheme.pte_bytes;
	unsigned entries = napot ? 16 : 1;
	uint64_t at = slot(w, s, napot ? va & ~low(16) : va, level);

	if (!at)
		return;
	pte |= (target & ~low(lg2)) >> 12 << 10;
	if (napot)
		pte |= 1ull << 63 | 1ull << 13;
	for (unsigned i = 0; i < entries; i++)
		if (memory_get(&w->memory, at + i * bytes, bytes, s->big) & V)
			return;
	for (unsigned i = 0; i < entries; i++)
		memory_put(&w->memory, at + i * bytes, bytes, s->big, pte);
}

uint64_t random_address(struct world *w, const struct space *s, unsigned lg2, uint64_t target,
                        uint64_t near)
{
	uint64_t va = wide(&w->rng, s->width);

	/* near another one: so that tables are shared */
	if (near && chance(&w->rng, 2, 3))
		va = near ^ wide(&w->rng, 4) << (12 + 9 * below(&w->rng, 3));
	va = (va & ~low(lg2)) | (target & low(lg2));
	if (s->width < 64)
		va &= low(s->width);
	if (s->first && !s->rv32 && va >> (s->width - 1) & 1)
		va |= ~low(s->width);
	return va;
}

uint64_t anywhere(struct world *w)
{
	switch (below(&w->rng, 4)) {
	case 0:
		return wide(&w->rng, pas(w)) & ~7ull;
	case 1:
		return wide(&w->rng, 56) & ~7ull;
	default:
		return RAM + below(&w->rng, PAGES) * PAGE + below(&w->rng, 512) * 8;
	}
}
