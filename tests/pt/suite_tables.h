/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The tables that the format suite walks and builds, and the walk by library and twin at once. */
#ifndef TESTS_PT_SUITE_TABLES_H
#define TESTS_PT_SUITE_TABLES_H

#include "suite.h"

#define POOL_PHYS 0x40000000ull
#define POOL_PAGES 4096u /* of 4 KiB */

/*
 * Either a pool in which a builder works, or a memory that has a word at every address, made from the
 * address when it is asked for.
 */
struct tables {
	uint8_t *memory;
	uint16_t used[POOL_PAGES]; /* pages of the table that begins here */
	unsigned live, hint;
	int countdown; /* allocations until one fails; negative: never */
	bool big_endian;
	uint64_t seed;
	/* random words */
	bool random;
	uint64_t epoch;
	const struct suite_row *row;
	/* entries that were loaded */
	uint64_t path[PT_LEVELS_MAX];
	unsigned loads;
};

struct tables *tables_new(const struct suite_row *row);
void tables_free(struct tables *t);
/* Takes everything back, for tables that nobody will walk again. */
void tables_forget(struct tables *t);

extern const struct pt_pages tables_pages;
void *tables_alloc(void *ctx, unsigned size_lg2, uint64_t *phys);
unsigned root_alloc_lg2(const struct suite_row *row);
struct pt_root root_new(struct tables *t);
void root_free(struct tables *t, const struct pt_root *root, uint64_t removed);

/* One entry, in the CPU's byte order. */
bool tables_load(struct tables *t, uint64_t address, uint64_t *raw);
void tables_store(struct tables *t, uint64_t address, uint64_t raw);

/* Walks with both, and lets them agree. */
struct twin_answer walk_both(struct tables *t, const struct pt_root *root, uint64_t input,
                             const struct pt_want *want);
extern const enum twin_why as_twin[];

uint64_t tables_next(uint64_t *seed);
uint64_t tables_roll(struct tables *t, uint64_t below);
struct pt_want random_want(struct tables *t);
uint64_t random_input(struct tables *t, const struct pt_root *root);
/* Of that alignment, and not beyond what the format can say. */
uint64_t random_output(struct tables *t, unsigned align_lg2);

/* The n-th range of inputs, n = 0, 1; false: there is none. */
bool input_range(const struct pt_root *root, unsigned n, uint64_t *first, uint64_t *last);
/* What one entry of a level covers, as log2. */
unsigned shift_of(const struct suite_row *row, unsigned level);

#endif
