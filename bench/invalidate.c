/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Invalidations while 2^20 translations are cached, those of 64 devices: one command and its doorbell
 * each.  What was forgotten is translated again before the next repetition.
 */
#include <stdlib.h>

#include "bench.h"
#include "world.h"

#define PAGES (WORLD_DATA_PAGES / WORLD_DEVICES) /* of each device */
#define IOVA 0x40000000ull

static void *make(const struct bench_row *row)
{
	struct world *w = world_new(row->kind, 32 << 20, 21, false);
	uint64_t root[WORLD_DEVICES];

	for (uint32_t device = 0; device < WORLD_DEVICES; device++) {
		root[device] = world_alloc(w, 4096);
		for (uint64_t i = 0; i < PAGES; i++)
			world_map(w, root[device], IOVA + 4096 * i,
			          WORLD_DATA + (i * 77 % PAGES << 12), 0);
		world_attach(w, device, root[device], device, 0);
	}
	return w;
}

static void drop(void *state)
{
	world_free(state);
}

static void prepare(void *state, uint64_t ops)
{
	struct world *w = state;

	(void)ops;
	iom_begin(w->lane);
	for (uint64_t i = 0; i < PAGES; i++)
		for (uint32_t device = 0; device < WORLD_DEVICES; device++)
			world_read(w->port[device], IOVA + 4096 * i);
	iom_end(w->lane);
}

static uint64_t run_pages(void *state, uint64_t ops)
{
	struct world *w = state;

	for (uint64_t i = 0; i < ops; i++)
		w->kind->forget_range(w, (uint32_t)i % WORLD_DEVICES,
		                      IOVA + (i * 1031 % PAGES << 12), 12);
	return 0;
}

#define RANGE_LG2 21u /* 512 pages */

static uint64_t run_ranges(void *state, uint64_t ops)
{
	struct world *w = state;

	for (uint64_t i = 0; i < ops; i++)
		w->kind->forget_range(w, (uint32_t)i % WORLD_DEVICES,
		                      IOVA + (i / WORLD_DEVICES % (PAGES / 512) << RANGE_LG2),
		                      RANGE_LG2);
	return 0;
}

static uint64_t run_tags(void *state, uint64_t ops)
{
	struct world *w = state;

	for (uint64_t i = 0; i < ops; i++)
		w->kind->forget(w, (uint32_t)i % WORLD_DEVICES, false);
	return 0;
}

const struct bench_row bench_invalidate[] = {
	/* clang-format off */
	{ "invalidate-page/riscv/1Mi-cached", &world_riscv, 1 << 13, make, drop, prepare, run_pages, 0,
	  false },
	{ "invalidate-page/vtd/1Mi-cached", &world_vtd_legacy, 1 << 13, make, drop, prepare, run_pages, 0,
	  false },
	{ "invalidate-range/riscv/512-of-1Mi-cached", &world_riscv, 1 << 8, make, drop, prepare,
	  run_ranges, 0, false },
	{ "invalidate-range/vtd/512-of-1Mi-cached", &world_vtd_legacy, 1 << 8, make, drop, prepare,
	  run_ranges, 0, false },
	{ "invalidate-tag/riscv/1Mi-cached", &world_riscv, WORLD_DEVICES, make, drop, prepare, run_tags, 0,
	  false },
	{ "invalidate-tag/vtd/1Mi-cached", &world_vtd_legacy, WORLD_DEVICES, make, drop, prepare, run_tags,
	  0, false },
	{ 0 },
	/* clang-format on */
};
