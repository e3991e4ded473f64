/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The page-table builder alone, on Sv48 tables: map and unmap of one page, or of 256 pages of 4 KiB
 * in one call each.  The tables stand already, as they do in a domain that is in use.  "Far" pages
 * lie in 64 tables and come in turn, each mapped for 24 turns: too far apart to be remembered.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "pt/fmt/riscv_table.h"

#define PHYS 0x40000000ull
#define POOL (128u << 12)
#define FAR_TABLES 64u
#define FAR_LIVE 24u
#define IOVA 0x7654300000ull
#define PAGE 0x1234567000ull /* aligned to no more than 4 KiB: nothing larger fits */

struct tables {
	uint8_t *memory;
	size_t used;
	struct pt_root root;
	struct pt_recent recent; /* as a domain has one */
	uint64_t bytes;
};

static void *page_alloc(void *ctx, unsigned size_lg2, uint64_t *phys)
{
	struct tables *t = ctx;

	BENCH_NEED(t->used + IOM_BIT(size_lg2) <= POOL);
	*phys = PHYS + t->used;
	t->used += IOM_BIT(size_lg2);
	return t->memory + (*phys - PHYS);
}

static void page_free(void *ctx, void *table, uint64_t phys, unsigned size_lg2)
{
	(void)ctx, (void)table, (void)phys, (void)size_lg2;
}

static void *page_at(void *ctx, uint64_t phys)
{
	const struct tables *t = ctx;

	return t->memory + (phys - PHYS);
}

static const struct pt_pages pages = {
	.alloc = page_alloc,
	.free = page_free,
	.at = page_at,
};

static void *make(const struct bench_row *row)
{
	struct tables *t = calloc(1, sizeof *t);

	BENCH_NEED(t);
	t->memory = aligned_alloc(4096, POOL);
	BENCH_NEED(t->memory);
	memset(t->memory, 0, POOL);
	t->bytes = row->argument * 4096ull;
	t->root = (struct pt_root){
		.levels = 4,
		.granule_lg2 = 12,
		.root_lg2 = 9,
		.input_bits = 48,
		.sign_extended = true,
		.recent = &t->recent,
	};
	BENCH_NEED(page_alloc(t, 12, &t->root.address));
	return t;
}

static void drop(void *state)
{
	struct tables *t = state;

	free(t->memory);
	free(t);
}

static uint64_t run(void *state, uint64_t ops)
{
	struct tables *t = state;
	struct pt_removed removed = { 0 };

	while (ops--)
		BENCH_NEED(!pt_rv64_map(&pages, t, &t->root, IOVA, PAGE, t->bytes,
		                        PT_R | PT_W | PT_USER, 0) &&
		           !pt_rv64_unmap(&pages, t, &t->root, IOVA, t->bytes, &removed));
	BENCH_NEED(removed.step_lg2 == 12 && !removed.tables);
	return 0;
}

static uint64_t far_page(uint64_t n)
{
	return IOVA + (n % FAR_TABLES << 21);
}

static uint64_t run_far(void *state, uint64_t ops)
{
	struct tables *t = state;
	struct pt_removed removed = { 0 };

	for (uint64_t i = 0; i < ops + FAR_LIVE; i++) {
		BENCH_NEED(i >= ops || !pt_rv64_map(&pages, t, &t->root, far_page(i), PAGE, 4096,
		                                    PT_R | PT_W | PT_USER, 0));
		BENCH_NEED(i < FAR_LIVE || !pt_rv64_unmap(&pages, t, &t->root,
		                                          far_page(i - FAR_LIVE), 4096, &removed));
	}
	BENCH_NEED(removed.step_lg2 == 12 && !removed.tables);
	return 0;
}

const struct bench_row bench_tables[] = {
	{ "map-unmap-table/riscv/4K", NULL, 1 << 17, make, drop, NULL, run, 1, false },
	{ "map-unmap-table/riscv/4K-far", NULL, 1 << 16, make, drop, NULL, run_far, 1, false },
	{ "map-unmap-table/riscv/256x4K", NULL, 1 << 13, make, drop, NULL, run, 256, false },
	{ 0 },
};
