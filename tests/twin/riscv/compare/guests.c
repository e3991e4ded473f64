/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Random guests: second stages, and tables for messages. */
#include "tables.h"

static unsigned second_stage_mode(struct world *w)
{
	unsigned mode = 8 + below(&w->rng, 3);

	if (w->gxl)
		return world_cap(w, CAP_SV32X4) ? 8 : 0;
	return world_cap(w, CAP_SV39X4 + mode - 8) ? mode : 0;
}

void vm_new(struct world *w, struct device *d, struct space *s)
{
	struct vm *vm = &d->vm;
	unsigned lg2;

	vm->mode = chance(&w->rng, 3, 4) ? second_stage_mode(w) : 0;
	if (!vm->mode)
		return;
	*s = space_new(w, vm->mode, w->gxl, NULL, w->be);
	s->updates = d->gade;
	vm->root = s->root;
	/* a PPN of 44 bits reaches no further than 56 */
	vm->width = d->sxl && s->width > 34 ? 34 : s->width > 56 ? 56 : s->width;
	s->width = vm->width;
	/* RAM by one large leaf, or, if `ram_level` is 0, page by page */
	vm->ram_level = below(&w->rng, s->scheme.levels);
	lg2 = leaf_lg2(s, vm->ram_level);
	if (lg2 >= vm->width) {
		vm->ram_level = 0;
		lg2 = 12;
	}
	if (lg2 < 22) {
		/* all pages in one table */
		vm->ram = wide(&w->rng, vm->width) & ~low(22);
		if (vm->ram_level)
			vm->ram |= RAM & low(lg2);
	} else {
		vm->ram = (wide(&w->rng, vm->width) & ~low(lg2)) | (RAM & low(lg2));
	}
	for (unsigned n = 2 + below(&w->rng, 4); n--;) {
		unsigned level = chance(&w->rng, 1, 2) ? 0 : below(&w->rng, s->scheme.levels);
		bool napot = level == 0 && !s->rv32 && chance(&w->rng, 1, 4);
		uint64_t target = anywhere(w), gpa;

		if (s->rv32)
			target &= low(34);
		lg2 = napot ? 16 : leaf_lg2(s, level);
		gpa = random_address(w, s, lg2, target, vm->spots ? vm->spot[0] : 0);
		map_page(w, s, gpa, level, napot, target, random_flags(w, s));
		vm->spot[vm->spots++] = gpa;
	}
}

/* Maps what of RAM is in use. */
void vm_finish(struct world *w, const struct device *d, const struct space *s)
{
	const struct vm *vm = &d->vm;
	bool napot = !s->rv32 && chance(&w->rng, 1, 4);

	if (!vm->mode)
		return;
	if (vm->ram_level) {
		map_page(w, s, vm->ram, vm->ram_level, false, RAM, FULL);
		return;
	}
	for (unsigned page = 0; page < PAGES; page += napot ? 16 : 1) {
		uint64_t pte = FULL;

		if (chance(&w->rng, 1, 24))
			pte = random_flags(w, s);
		/* for tables that hardware would write to */
		if (chance(&w->rng, 1, 10))
			pte &= ~(uint64_t)(chance(&w->rng, 1, 2) ? D : W | D);
		if (s->updates && chance(&w->rng, 1, 2))
			pte &= any(&w->rng) | ~(uint64_t)(A | D);
		if (!s->rv32 && world_cap(w, CAP_SVPBMT) && chance(&w->rng, 1, 8))
			pte |= 1ull << 61;
		if (napot || w->memory.used[page])
			map_page(w, s, vm->ram + page * PAGE, 0, napot, RAM + page * PAGE, pte);
	}
}

static uint64_t deposit(uint64_t index, uint64_t mask)
{
	uint64_t page = 0;

	for (unsigned at = 0, n = 0; at < 52; at++)
		if (bit(mask, at))
			page |= (uint64_t)bit(index, n++) << at;
	return page;
}

static void message_entry(struct world *w, uint64_t at)
{
	struct rng *rng = &w->rng;
	uint64_t dw0, dw1 = any(rng);

	if (world_cap(w, CAP_MSI_MRIF) && chance(rng, 1, 2)) {
		uint64_t file = memory_page(&w->memory, rng, 1) + below(rng, 8) * 512;

		if (chance(rng, 1, 6))
			file = anywhere(w);
		dw0 = 3 | file >> 9 << 7;
		dw1 &= 0x3ff | 1ull << 60;
		dw1 |= (chance(rng, 1, 6) ? anywhere(w) : w->notice) >> 12 << 10;
	} else {
		dw0 = 7 | anywhere(w) >> 12 << 10;
	}
	if (chance(rng, 1, 16))
		dw0 &= ~(1ull << below(rng, 3));
	if (chance(rng, 1, 24))
		dw0 |= 1ull << 63;
	memory_put(&w->memory, at, 8, w->be, dw0);
	memory_put(&w->memory, at + 8, 8, w->be, dw1);
}

void messages(struct world *w, struct device *d, uint64_t *dw)
{
	struct rng *rng = &w->rng;
	uint64_t table = memory_page(&w->memory, rng, 1), page_mask = low(d->vm.width - 12);
	uint64_t mask = 0, pattern;

	for (unsigned n = below(rng, 7); n--;)
		mask |= 1ull << below(rng, chance(rng, 1, 2) ? 8 : d->vm.width - 12);
	pattern = wide(rng, d->vm.width - 12);
	/* near what is mapped, so that large pages must leave it out */
	if (d->vm.spots && chance(rng, 3, 4))
		pattern = (d->vm.spot[below(rng, d->vm.spots)] >> 12) ^ wide(rng, below(rng, 20));
	pattern &= page_mask;
	for (unsigned n = 0; n < 4; n++) {
		uint64_t index = any(rng) & low((unsigned)__builtin_popcountll(mask));

		d->msi[n] = ((pattern & ~mask) | deposit(index, mask)) << 12;
		message_entry(w, table + index * 16);
	}
	d->msis = 4;
	if (chance(rng, 1, 16))
		table = anywhere(w);
	dw[4] = 1ull << 60 | table >> 12;
	dw[5] = mask;
	dw[6] = pattern;
}
