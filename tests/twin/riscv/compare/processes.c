/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Random first stages, and directories of processes that have them. */
#include "tables.h"

void add_spot(struct world *w, const struct device *d, bool pv, uint32_t process_id, uint64_t iova,
              unsigned lg2, bool gpa)
{
	if (w->n_spots == SPOTS)
		return;
	w->spots[w->n_spots++] = (struct spot){ .device_id = d->id,
		                                .process_id = process_id,
		                                .pv = pv,
		                                .iova = iova,
		                                .size_lg2 = lg2,
		                                .gpa = gpa };
}

static unsigned first_stage_mode(struct world *w, bool sxl)
{
	unsigned mode = 8 + below(&w->rng, 3);

	if (sxl)
		return world_cap(w, CAP_SV32) ? 8 : 0;
	return world_cap(w, CAP_SV39 + mode - 8) ? mode : 0;
}

uint64_t guest_address(struct world *w, const struct device *d)
{
	struct rng *rng = &w->rng;

	if (!d->vm.mode)
		return anywhere(w);
	if (d->msis && chance(rng, 1, 3))
		return d->msi[below(rng, d->msis)] |
		       (chance(rng, 1, 2) ? 0 : wide(rng, 12) & ~7ull);
	if (chance(rng, 1, 6))
		return d->vm.ram + below(rng, PAGES) * PAGE;
	if (chance(rng, 1, 16))
		return wide(rng, 56);
	return d->vm.spot[below(rng, d->vm.spots)];
}

/* Bare, as iosatp and fsc have it, with spots to send requests to. */
uint64_t bare(struct world *w, struct device *d, bool pv, uint32_t process_id)
{
	for (unsigned n = 0; n < 4; n++)
		add_spot(w, d, pv, process_id, guest_address(w, d), 30, true);
	return 0;
}

/* iosatp or fsc of a new first stage */
uint64_t first_stage(struct world *w, struct device *d, bool pv, uint32_t process_id)
{
	unsigned mode = chance(&w->rng, 7, 8) ? first_stage_mode(w, d->sxl) : 0;
	struct space s;
	uint64_t va = 0;

	if (!mode)
		return bare(w, d, pv, process_id);
	s = space_new(w, mode, d->sxl, &d->vm, d->sbe);
	if (!s.root)
		return bare(w, d, pv, process_id);
	s.updates = d->sade;
	for (unsigned n = 2 + below(&w->rng, 4); n--;) {
		unsigned level = chance(&w->rng, 1, 2) ? 0 : below(&w->rng, s.scheme.levels);
		bool napot = level == 0 && !s.rv32 && chance(&w->rng, 1, 4);
		unsigned lg2 = napot ? 16 : leaf_lg2(&s, level);
		uint64_t target = guest_address(w, d);

		if (s.rv32)
			target &= low(34);
		va = random_address(w, &s, lg2, target, va);
		map_page(w, &s, va, level, napot, target, random_flags(w, &s));
		add_spot(w, d, pv, process_id, va, lg2, false);
	}
	return (uint64_t)mode << 60 | to_gpa(&d->vm, s.root) >> 12;
}

uint64_t random_pscid(struct world *w)
{
	return wide(&w->rng, 20) << 12;
}

/* The slot of a process context, with the tables before it; 0 if memory ran out. */
static uint64_t process_slot(struct world *w, const struct device *d, unsigned mode, uint64_t root,
                             uint32_t process_id)
{
	static const unsigned shifts[] = { 0, 8, 17 };
	uint64_t table = root;

	for (unsigned i = mode - 1; i > 0; i--) {
		uint64_t at = table + bits(process_id, i == 1 ? 16 : 19, shifts[i]) * 8;
		uint64_t old = memory_get(&w->memory, at, 8, d->sbe);

		if (!(old & 1)) {
			table = memory_page(&w->memory, &w->rng, 1);
			if (!table)
				return 0;
			old = to_gpa(&d->vm, table) >> 12 << 10 | 1;
			memory_put(&w->memory, at, 8, d->sbe, old);
		}
		table = to_spa(&d->vm, bits(old, 53, 10) << 12);
	}
	return table + bits(process_id, 7, 0) * 16;
}

/* fsc of a device with processes */
uint64_t processes(struct world *w, struct device *d, bool dpe)
{
	static const unsigned widths[] = { 0, 8, 17, 20 };
	unsigned mode = below(&w->rng, 4);
	uint64_t root, slot;

	if (mode == 0 || !world_cap(w, CAP_PD8 + mode - 1)) {
		bare(w, d, true, (uint32_t)wide(&w->rng, 20));
		return bare(w, d, false, 0);
	}
	root = memory_page(&w->memory, &w->rng, 1);
	if (!root)
		return 0;
	for (unsigned n = 0; n < 3; n++) {
		uint32_t id = n ? (uint32_t)wide(&w->rng, widths[mode]) : 0;

		slot = process_slot(w, d, mode, root, id);
		if (!slot || (memory_get(&w->memory, slot, 8, d->sbe) & 1))
			continue;
		memory_put(&w->memory, slot, 8, d->sbe,
		           1 | (chance(&w->rng, 7, 8) ? 2 : 0) | (chance(&w->rng, 1, 2) ? 4 : 0) |
		                   random_pscid(w));
		memory_put(&w->memory, slot + 8, 8, d->sbe,
		           first_stage(w, d, !(n == 0 && dpe && chance(&w->rng, 1, 2)), id));
	}
	if (!dpe)
		bare(w, d, false, 0);
	return (uint64_t)mode << 60 | to_gpa(&d->vm, root) >> 12;
}
