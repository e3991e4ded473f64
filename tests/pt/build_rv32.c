/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What is peculiar to tables with 32-bit entries: they lie anywhere below 2^34. */
#include "../test.h"

#include <string.h>

#include "pt/fmt/riscv_table.h"

#define TOP (1ull << 34)
#define POOL_PAGES 32u
#define POOL_PHYS (TOP - 4096ull * POOL_PAGES) /* the last that an entry can name */

#define V 1u

struct pool {
	_Alignas(16384) uint8_t memory[4096 * POOL_PAGES];
	unsigned next, live;
};

static void *pool_alloc(void *ctx, unsigned size_lg2, uint64_t *phys)
{
	struct pool *p = ctx;
	unsigned pages = 1u << (size_lg2 - 12), at = p->next;

	CHECK(at + pages <= POOL_PAGES && !(at & (pages - 1)));
	p->next += pages;
	p->live += pages;
	*phys = POOL_PHYS + 4096ull * at;
	return memset(p->memory + 4096ull * at, 0, 4096ull * pages);
}

static void pool_free(void *ctx, void *table, uint64_t phys, unsigned size_lg2)
{
	struct pool *p = ctx;

	CHECK(table == p->memory + (phys - POOL_PHYS));
	p->live -= 1u << (size_lg2 - 12);
}

static void *pool_at(void *ctx, uint64_t phys)
{
	struct pool *p = ctx;

	CHECK(phys >= POOL_PHYS && phys < TOP);
	return p->memory + (phys - POOL_PHYS);
}

static const struct pt_pages pages = {
	.alloc = pool_alloc,
	.free = pool_free,
	.at = pool_at,
};

static struct pt_root root_new(struct pool *p, bool stage2, bool big_endian)
{
	struct pt_root root = {
		.levels = 2,
		.granule_lg2 = 12,
		.root_lg2 = stage2 ? 12 : 10,
		.input_bits = stage2 ? 34 : 32,
		.big_endian = big_endian,
	};

	p->next = p->live = 0;
	pool_alloc(p, stage2 ? 14 : 12, &root.address);
	return root;
}

/* Unlinked tables are a list in their first words, and nothing in them is an entry that is present. */
TEST(build32_gathers_tables, "")
{
	static struct pool pool;

	for (unsigned form = 0; form < 4; form++) {
		struct pt_root root = root_new(&pool, form & 1, form & 2);
		struct pt_removed removed = { 0 };
		unsigned roots = pool.live;

		for (uint64_t n = 0; n < 5; n++)
			CHECK_EQ(pt_rv32_map(&pages, &pool, &root, (n << 22) + 0x7000, 0x1000,
			                     0x2000, PT_R | PT_USER, 0),
			         IOM_OK);
		CHECK_EQ(pool.live, roots + 5);
		CHECK_EQ(pt_rv32_unmap(&pages, &pool, &root, 0, 5ull << 22, &removed), IOM_OK);
		CHECK_EQ(removed.step_lg2, 12);
		for (unsigned at = 0; at < 4096 * (roots + 5); at += 4) {
			uint32_t word;

			memcpy(&word, pool.memory + at, 4);
			CHECK(!((root.big_endian ? __builtin_bswap32(word) : word) & V));
		}
		CHECK_EQ(pool.live, roots + 5);
		pt_rv32_release(&pages, &pool, &root, removed.tables);
		CHECK_EQ(pool.live, roots);
		pt_rv32_free(&pages, &pool, &root);
		CHECK_EQ(pool.live, 0);
	}
}

TEST(build32_says_34_bits, "")
{
	static struct pool pool;
	struct pt_root root = root_new(&pool, false, false);
	struct pt_result found;

	CHECK_EQ(pt_rv32_map(&pages, &pool, &root, 0, TOP, 0x1000, PT_R, 0), IOM_EINVAL);
	CHECK_EQ(pt_rv32_map(&pages, &pool, &root, 0, TOP - 0x1000, 0x2000, PT_R, 0), IOM_EINVAL);
	CHECK_EQ(pt_rv32_map(&pages, &pool, &root, 0, TOP | 0x1000, 0x1000, PT_R, 0), IOM_EINVAL);
	CHECK_EQ(pt_rv32_map(&pages, &pool, &root, 0, 0x1000, 0x1000, PT_R, 1), IOM_EINVAL);
	CHECK_EQ(pt_rv32_map(&pages, &pool, &root, 0xfffff000, 0, 0x2000, PT_R, 0), IOM_EINVAL);
	CHECK_EQ(pt_rv32_map(&pages, &pool, &root, 0xff800000, TOP - 0x800000, 0x800000, PT_R, 0),
	         IOM_OK);
	CHECK_EQ(pt_rv32_lookup(&pages, &pool, &root, 0xfffffabc, &found), PT_OK);
	CHECK_EQ(found.address, TOP - 0x544);
	CHECK_EQ(found.size_lg2, 22);
	pt_rv32_free(&pages, &pool, &root);
	CHECK_EQ(pool.live, 0);
}
