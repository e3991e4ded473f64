/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The builder in its RISC-V form, against a walker of our own and a plain list of pages.  Numbers
 * come from the fact sheet.
 */
#include "../test.h"

#include <stdlib.h>
#include <string.h>

#include "pt/fmt/riscv_table.h"

#define POOL_PHYS 0x40000000ull
#define POOL_PAGES 4096u

/* Bits of a PTE */
#define V 0x01ull
#define R 0x02ull
#define W 0x04ull
#define X 0x08ull
#define U 0x10ull
#define A 0x40ull
#define D 0x80ull
#define N (1ull << 63)

struct pool {
	uint8_t *memory;
	uint16_t used[POOL_PAGES]; /* pages of the table that begins here */
	unsigned live, hint;
	int countdown; /* allocations until one fails; negative: never */
};

static void *pool_alloc(void *ctx, unsigned size_lg2, uint64_t *phys)
{
	struct pool *p = ctx;
	unsigned pages = 1u << (size_lg2 - 12), n, tries;

	if (p->countdown >= 0 && p->countdown-- == 0)
		return NULL;
	for (tries = 0; tries < POOL_PAGES; tries += pages) {
		bool taken = false;

		p->hint = (p->hint + pages) & ~(pages - 1);
		if (p->hint + pages > POOL_PAGES)
			p->hint = 0;
		for (n = 0; n < pages; n++)
			taken |= p->used[p->hint + n];
		if (taken)
			continue;
		for (n = 0; n < pages; n++)
			p->used[p->hint + n] = (uint16_t)(n ? 0xffff : pages);
		p->live += pages;
		*phys = POOL_PHYS + 4096ull * p->hint;
		memset(p->memory + 4096ull * p->hint, 0, 4096ull * pages);
		return p->memory + 4096ull * p->hint;
	}
	return NULL;
}

static void pool_free(void *ctx, void *table, uint64_t phys, unsigned size_lg2)
{
	struct pool *p = ctx;
	unsigned at = (unsigned)((phys - POOL_PHYS) / 4096), pages = 1u << (size_lg2 - 12);

	CHECK(at < POOL_PAGES && table == p->memory + 4096ull * at);
	CHECK_EQ(p->used[at], pages);
	memset(&p->used[at], 0, pages * sizeof p->used[0]);
	memset(table, 0xdb, 4096ull * pages);
	p->live -= pages;
}

static void *pool_at(void *ctx, uint64_t phys)
{
	struct pool *p = ctx;

	CHECK(phys >= POOL_PHYS && phys - POOL_PHYS < 4096ull * POOL_PAGES);
	return p->memory + (phys - POOL_PHYS);
}

static const struct pt_pages pages = {
	.alloc = pool_alloc,
	.free = pool_free,
	.at = pool_at,
};

struct fixture {
	struct pool pool;
	struct pt_root root;
	struct pt_recent recent;
};

static struct fixture *fixture_new(unsigned levels, bool stage2)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	f->pool.memory = aligned_alloc(16384, 4096ull * POOL_PAGES);
	assert_non_null(f->pool.memory);
	f->pool.countdown = -1;
	f->root = (struct pt_root){
		.levels = (uint8_t)levels,
		.granule_lg2 = 12,
		.root_lg2 = stage2 ? 11 : 9,
		.input_bits = (uint8_t)(12 + 9 * levels + (stage2 ? 2 : 0)),
		.sign_extended = !stage2,
	};
	assert_non_null(pool_alloc(&f->pool, stage2 ? 14 : 12, &f->root.address));
	return f;
}

/* Nothing is lost, if `tables` is what unmaps gathered and nobody has freed yet. */
static void fixture_free(struct fixture *f, uint64_t tables)
{
	pt_rv64_release(&pages, &f->pool, &f->root, tables);
	pt_rv64_free(&pages, &f->pool, &f->root);
	CHECK_EQ(f->pool.live, 0);
	free(f->pool.memory);
	free(f);
}

static int map(struct fixture *f, uint64_t input, uint64_t output, uint64_t bytes, unsigned perm)
{
	return pt_rv64_map(&pages, &f->pool, &f->root, input, output, bytes, perm | PT_USER, 0);
}

static int unmap(struct fixture *f, uint64_t input, uint64_t bytes, struct pt_removed *removed)
{
	return pt_rv64_unmap(&pages, &f->pool, &f->root, input, bytes, removed);
}

/* A walk written from the manual: the leaf's word and its level, or 0. */
static uint64_t leaf_at(struct fixture *f, uint64_t input, unsigned *level)
{
	uint64_t table = f->root.address, pte;
	unsigned root_bits = f->root.root_lg2, n;

	for (n = f->root.levels; n-- > 0;) {
		unsigned bits = n + 1 == f->root.levels ? root_bits : 9;
		uint64_t index = input >> (12 + 9 * n) & ((1u << bits) - 1);

		memcpy(&pte, pool_at(&f->pool, table + 8 * index), 8);
		if (!(pte & V))
			return 0;
		if (pte & (R | W | X)) {
			*level = n;
			return pte;
		}
		table = (pte >> 10 & 0xfffffffffffull) << 12;
	}
	fail();
	return 0;
}

/* Where the same walk says that `input` goes; ~0: nowhere. */
static uint64_t goes_to(struct fixture *f, uint64_t input)
{
	unsigned level;
	uint64_t pte = leaf_at(f, input, &level), ppn, size;

	if (!pte)
		return ~0ull;
	ppn = pte >> 10 & 0xfffffffffffull;
	size = 1ull << (12 + 9 * level);
	if (pte & N) {
		CHECK_EQ(level, 0);
		CHECK_EQ(ppn & 15, 8);
		size = 0x10000;
		ppn &= ~15ull;
	}
	CHECK_EQ((ppn << 12) & (size - 1), 0);
	return (ppn << 12) | (input & (size - 1));
}

TEST(build_leaf_words, "")
{
	struct fixture *f = fixture_new(3, false);
	unsigned level;

	CHECK_EQ(map(f, 0x1000, 0x80001000, 0x1000, PT_R), IOM_OK);
	CHECK_EQ(map(f, 0x2000, 0x80003000, 0x1000, PT_R | PT_W), IOM_OK);
	CHECK_EQ(map(f, 0x3000, 0x80002000, 0x1000, PT_R | PT_X), IOM_OK);
	CHECK_EQ(map(f, 0x4000, 0x80002000, 0x1000, PT_X), IOM_OK);
	CHECK_EQ(leaf_at(f, 0x1000, &level), 0x80001000ull >> 2 | V | R | U | A);
	CHECK_EQ(leaf_at(f, 0x2000, &level), 0x80003000ull >> 2 | V | R | W | U | A | D);
	CHECK_EQ(leaf_at(f, 0x3000, &level), 0x80002000ull >> 2 | V | R | X | U | A);
	CHECK_EQ(leaf_at(f, 0x4000, &level), 0x80002000ull >> 2 | V | X | U | A);
	CHECK_EQ(level, 0);
	fixture_free(f, 0);
}

TEST(build_largest_leaves, "")
{
	struct fixture *f = fixture_new(4, false);
	unsigned level, n;

	/* 4-KiB pages, then 64 KiB, then 2 MiB, 1 GiB, and down again */
	CHECK_EQ(map(f, 0x3ffff000, 0x7ffff000, 0x40000000 + 0x200000 + 0x10000 + 0x2000,
	             PT_R | PT_W),
	         IOM_OK);
	leaf_at(f, 0x3ffff000, &level);
	CHECK_EQ(level, 0);
	leaf_at(f, 0x40000000, &level);
	CHECK_EQ(level, 2);
	leaf_at(f, 0x80000000, &level);
	CHECK_EQ(level, 1);
	for (n = 0; n < 16; n++)
		CHECK_EQ(leaf_at(f, 0x80200000 + 0x1000 * n, &level),
		         N | (0xc0200000ull + 0x8000) >> 2 | V | R | W | U | A | D);
	CHECK_EQ(leaf_at(f, 0x80210000, &level), 0xc0210000ull >> 2 | V | R | W | U | A | D);
	CHECK_EQ(goes_to(f, 0x80211000), ~0ull);
	CHECK_EQ(goes_to(f, 0x5a5a5a5a), 0x9a5a5a5a);
	CHECK_EQ(goes_to(f, 0x80203456), 0xc0203456);
	fixture_free(f, 0);

	/* a run of small pages ends where a larger one may begin */
	f = fixture_new(3, false);
	CHECK_EQ(map(f, 0x1000, 0x80001000, 0x210000, PT_R), IOM_OK);
	CHECK(!(leaf_at(f, 0xf000, &level) & N) && leaf_at(f, 0x10000, &level) & N);
	CHECK(leaf_at(f, 0x1ff000, &level) & N && level == 0);
	CHECK(leaf_at(f, 0x200000, &level) & N && !(leaf_at(f, 0x210000, &level) & N));
	fixture_free(f, 0);

	/* 512 GiB with five levels; an offset that is never aligned takes small pages alone */
	f = fixture_new(5, false);
	CHECK_EQ(map(f, 1ull << 39, 1ull << 40, 1ull << 39, PT_R), IOM_OK);
	CHECK(leaf_at(f, 1ull << 39, &level) & V);
	CHECK_EQ(level, 3);
	CHECK_EQ(map(f, 0, 0x1000, 0x400000, PT_R), IOM_OK);
	for (n = 0; n < 0x400; n++)
		CHECK(!(leaf_at(f, 0x1000 * n, &level) & N) && level == 0);
	fixture_free(f, 0);
}

TEST(build_refuses_without_a_trace, "")
{
	struct fixture *f = fixture_new(3, false);
	struct pt_removed removed = { 0 };

	CHECK_EQ(map(f, 0x1000, 0x80000000, 0, PT_R), IOM_EINVAL);
	CHECK_EQ(map(f, 0x1001, 0x80000000, 0x1000, PT_R), IOM_EINVAL);
	CHECK_EQ(map(f, 0x1000, 0x80000001, 0x1000, PT_R), IOM_EINVAL);
	CHECK_EQ(map(f, 0x1000, 0x80000000, 0x1800, PT_R), IOM_EINVAL);
	CHECK_EQ(map(f, 0x1000, 0x80000000, 0x1000, PT_W), IOM_EINVAL);
	CHECK_EQ(map(f, 0x1000, 0x80000000, 0x1000, 0), IOM_EINVAL);
	CHECK_EQ(map(f, 1ull << 38, 0x80000000, 0x1000, PT_R), IOM_EINVAL);
	CHECK_EQ(map(f, (1ull << 38) - 0x1000, 0x80000000, 0x2000, PT_R), IOM_EINVAL);
	CHECK_EQ(map(f, 0ull - 0x1000, 0x80000000, 0x2000, PT_R), IOM_EINVAL);
	CHECK_EQ(map(f, 0x1000, 1ull << 56, 0x1000, PT_R), IOM_EINVAL);
	CHECK_EQ(map(f, 0x1000, (1ull << 56) - 0x1000, 0x2000, PT_R), IOM_EINVAL);
	CHECK_EQ(pt_rv64_map(&pages, &f->pool, &f->root, 0x1000, 0x80000000, 0x1000, PT_R, 2),
	         IOM_EINVAL); /* a memory type without Svpbmt */
	CHECK_EQ(unmap(f, 0x800, 0x1000, &removed), IOM_EINVAL);
	CHECK_EQ(unmap(f, 0x1000, 0, &removed), IOM_EINVAL);
	CHECK_EQ(f->pool.live, 1);

	/* the ends of both halves can be mapped */
	CHECK_EQ(map(f, 0, 0x80000000, 0x1000, PT_R), IOM_OK);
	CHECK_EQ(map(f, (1ull << 38) - 0x1000, 0x80001000, 0x1000, PT_R), IOM_OK);
	CHECK_EQ(map(f, 0ull - (1ull << 38), 0x80002000, 0x1000, PT_R), IOM_OK);
	CHECK_EQ(map(f, 0ull - 0x1000, (1ull << 56) - 0x1000, 0x1000, PT_R), IOM_OK);
	CHECK_EQ(goes_to(f, 0ull - 1), (1ull << 56) - 1);
	CHECK_EQ(unmap(f, 0ull - (1ull << 38), 1ull << 38, &removed), IOM_OK);
	CHECK_EQ(removed.step_lg2, 12);
	CHECK_EQ(goes_to(f, 0ull - 1), ~0ull);
	CHECK_EQ(goes_to(f, 0), 0x80000000);

	/* something stands in the way: at the end, in the middle, below, above */
	CHECK_EQ(map(f, 0x300000, 0x90000000, 0x1000, PT_R), IOM_OK);
	CHECK_EQ(map(f, 0x200000, 0xa0000000, 0x101000, PT_R), IOM_EEXIST);
	CHECK_EQ(map(f, 0x200000, 0xa0000000, 0x200000, PT_R), IOM_EEXIST);
	CHECK_EQ(map(f, 0x2f8000, 0xa0000000, 0x10000, PT_R), IOM_EEXIST);
	CHECK_EQ(goes_to(f, 0x200000), ~0ull);
	CHECK_EQ(goes_to(f, 0x2ff000), ~0ull);
	CHECK_EQ(goes_to(f, 0x300000), 0x90000000);
	CHECK_EQ(map(f, 0x400000, 0xa0000000, 0x200000, PT_R), IOM_OK);
	CHECK_EQ(map(f, 0x450000, 0xa0000000, 0x1000, PT_R), IOM_EEXIST);
	CHECK_EQ(map(f, 0x400000, 0xa0000000, 0x200000, PT_R), IOM_EEXIST);
	fixture_free(f, removed.tables);
}

TEST(build_unmap_cuts_no_page, "")
{
	struct fixture *f = fixture_new(3, false);
	struct pt_removed removed = { 0 };
	uint64_t n;

	CHECK_EQ(map(f, 0x200000, 0x80000000, 0x400000, PT_R), IOM_OK); /* 2 x 2 MiB */
	CHECK_EQ(map(f, 0x610000, 0x80610000, 0x20000, PT_R), IOM_OK);  /* 2 x 64 KiB */
	CHECK_EQ(unmap(f, 0x200000, 0x1000, &removed), IOM_EINVAL);
	CHECK_EQ(unmap(f, 0x200000, 0x201000, &removed), IOM_EINVAL);
	CHECK_EQ(unmap(f, 0x3ff000, 0x201000, &removed), IOM_EINVAL);
	CHECK_EQ(unmap(f, 0x0, 0x300000, &removed), IOM_EINVAL);
	CHECK_EQ(unmap(f, 0x61f000, 0x1000, &removed), IOM_EINVAL);
	CHECK_EQ(unmap(f, 0x200000, 0x411000, &removed), IOM_EINVAL);
	CHECK_EQ(removed.step_lg2 | removed.tables, 0);
	for (n = 0x200000; n < 0x600000; n += 0x1000)
		CHECK_EQ(goes_to(f, n), n + 0x7fe00000);
	CHECK_EQ(goes_to(f, 0x62ffff), 0x8062ffff);

	CHECK_EQ(unmap(f, 0x200000, 0x200000, &removed), IOM_OK);
	CHECK_EQ(removed.step_lg2, 21);
	CHECK_EQ(removed.tables, 0);
	CHECK_EQ(unmap(f, 0x610000, 0x10000, &removed), IOM_OK);
	CHECK_EQ(removed.step_lg2, 16);
	CHECK_EQ(goes_to(f, 0x610000), ~0ull);
	CHECK_EQ(goes_to(f, 0x620000), 0x80620000);
	CHECK_EQ(goes_to(f, 0x400000), 0x80200000);
	/* holes are passed over, a table that is covered is unlinked but not freed */
	n = f->pool.live;
	CHECK_EQ(unmap(f, 0x0, 0x800000, &removed), IOM_OK);
	CHECK_EQ(goes_to(f, 0x620000), ~0ull);
	CHECK_EQ(goes_to(f, 0x400000), ~0ull);
	CHECK(removed.tables != 0);
	CHECK_EQ(f->pool.live, n);
	fixture_free(f, removed.tables);
}

TEST(build_gathers_whole_subtrees, "")
{
	struct fixture *f = fixture_new(5, false);
	struct pt_removed removed = { 0 };
	uint64_t table, n;
	unsigned count = 0;

	/* below one entry of level 3: a table of level 2, 2 of level 1, 4 of level 0 */
	for (n = 0; n < 4; n++)
		CHECK_EQ(map(f, (n >> 1 << 30) + ((n & 1) << 21), 0x80001000, 0x1000, PT_R),
		         IOM_OK);
	CHECK_EQ(f->pool.live, 1 + 1 + 1 + 2 + 4);
	CHECK_EQ(unmap(f, 0, 1ull << 39, &removed), IOM_OK);
	CHECK_EQ(removed.step_lg2, 12);
	for (table = removed.tables; table; count++) {
		/* what hardware might still meet there: entries that are not present */
		for (n = 0; n < 512; n++)
			CHECK(!(*(uint64_t *)pool_at(&f->pool, table + 8 * n) & V));
		memcpy(&table, pool_at(&f->pool, table), 8);
	}
	CHECK_EQ(count, 7);
	CHECK_EQ(f->pool.live, 9);
	pt_rv64_release(&pages, &f->pool, &f->root, removed.tables);
	CHECK_EQ(f->pool.live, 2);
	fixture_free(f, 0);
}

TEST(build_second_stage_root, "")
{
	struct fixture *f = fixture_new(3, true);
	struct pt_removed removed = { 0 };
	uint64_t top = (1ull << 41) - 0x1000;

	CHECK_EQ(map(f, top, 0x80000000, 0x1000, PT_R), IOM_OK);
	CHECK_EQ(goes_to(f, top), 0x80000000);
	CHECK_EQ(map(f, 1ull << 41, 0x80000000, 0x1000, PT_R), IOM_EINVAL);
	CHECK_EQ(map(f, 0, 0, 1ull << 40, PT_R), IOM_OK);
	CHECK_EQ(goes_to(f, 0xff12345678), 0xff12345678);
	CHECK_EQ(unmap(f, 0, 1ull << 41, &removed), IOM_OK);
	CHECK_EQ(goes_to(f, top), ~0ull);
	CHECK_EQ(goes_to(f, 0), ~0ull);
	fixture_free(f, removed.tables);
}

/* Fails the n-th allocation of maps that need many, n = 0, 1, 2 ... */
TEST(build_enomem_leaves_no_leaf, "")
{
	int n, err;

	for (n = 0;; n++) {
		struct fixture *f = fixture_new(5, false);
		uint64_t first = 0x7fffe00000ull - 0x3000, a;
		struct pt_result found;

		f->pool.countdown = n;
		err = map(f, first, 0x1000, 0x600000, PT_R | PT_W);
		f->pool.countdown = -1;
		if (err == IOM_OK) {
			CHECK_EQ(goes_to(f, first + 0x5fffff), 0x600fff);
			fixture_free(f, 0);
			break;
		}
		CHECK_EQ(err, IOM_ENOMEM);
		for (a = first; a < first + 0x600000; a += 0x1000) {
			CHECK_EQ(goes_to(f, a), ~0ull);
			CHECK(pt_rv64_lookup(&pages, &f->pool, &f->root, a, &found) != PT_OK);
		}
		/* and the same range can be mapped afterwards */
		CHECK_EQ(map(f, first, 0x1000, 0x600000, PT_R | PT_W), IOM_OK);
		CHECK_EQ(goes_to(f, first + 0x5fffff), 0x600fff);
		fixture_free(f, 0);
	}
	CHECK(n > 5);
}

/* ---- Against a list of pages ---------------------------------------------------------------- */

#define WINDOW 3072u /* pages: six tables of level 0 */

static uint64_t seed = 88172645463325252ull;

static uint64_t roll(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 11) % below;
}

struct shadow {
	uint64_t to[WINDOW];  /* ~0: not mapped */
	uint8_t size[WINDOW]; /* pages of the leaf, as log2, that the builder chose */
};

/* Reads the sizes that the builder chose, and compares all pages. */
static void compare(struct fixture *f, struct shadow *s, uint64_t base, unsigned from, unsigned to)
{
	unsigned n, level;

	for (n = from; n < to; n++) {
		uint64_t iova = base + 0x1000ull * n, pte;
		struct pt_result found;
		enum pt_why why = pt_rv64_lookup(&pages, &f->pool, &f->root, iova, &found);

		CHECK_EQ(goes_to(f, iova), s->to[n]);
		CHECK_EQ(why == PT_OK ? found.address : ~0ull, s->to[n]);
		pte = leaf_at(f, iova, &level);
		s->size[n] = (uint8_t)(!pte ? 0 : pte & N ? 4 : 9 * level);
		if (pte)
			CHECK_EQ(found.size_lg2, 12 + s->size[n]);
	}
}

/* `remembers`: the root names the table that was used last. */
static void random_steps(unsigned levels, bool stage2, uint64_t base, unsigned steps,
                         bool remembers)
{
	struct fixture *f = fixture_new(levels, stage2);
	struct shadow *s = calloc(1, sizeof *s);
	struct pt_removed removed = { 0 };
	unsigned n, step;

	assert_non_null(s);
	f->root.recent = remembers ? &f->recent : NULL;
	memset(s->to, 0xff, sizeof s->to);
	for (step = 0; step < steps; step++) {
		static const unsigned grain[] = { 1, 1, 1, 16, 16, 512 };
		unsigned g = grain[roll(6)];
		unsigned first = (unsigned)roll(WINDOW / g) * g;
		unsigned count = (unsigned)(1 + roll(roll(4) ? 3 : 40)) * g;
		uint64_t iova = base + 0x1000ull * first, out;
		bool taken = false, cut = false;
		int err;

		if (first + count > WINDOW)
			count = WINDOW - first;
		for (n = first; n < first + count; n++)
			taken |= s->to[n] != ~0ull;
		if (roll(2)) {
			out = 0x100000000ull;
			out += roll(2) ? 0x1000ull * roll(4096)
			               : 0x200000 * roll(9) + 0x1000ull * (first & 511);
			err = map(f, iova, out, 0x1000ull * count, PT_R | PT_W);
			CHECK_MSG(err == (taken ? IOM_EEXIST : IOM_OK), "step %u: %d", step, err);
			for (n = 0; !err && n < count; n++)
				s->to[first + n] = out + 0x1000ull * n;
		} else {
			unsigned last = first + count - 1;

			cut = (first & ((1u << s->size[first]) - 1)) != 0 ||
			      ((last + 1) & ((1u << s->size[last]) - 1)) != 0;
			err = unmap(f, iova, 0x1000ull * count, &removed);
			CHECK_MSG(err == (cut ? IOM_EINVAL : IOM_OK), "step %u: %d", step, err);
			for (n = 0; !err && n < count; n++)
				s->to[first + n] = ~0ull;
		}
		compare(f, s, base, first ? first - 1 : 0,
		        first + count < WINDOW ? first + count + 1 : WINDOW);
		if (!roll(20)) {
			pt_rv64_release(&pages, &f->pool, &f->root, removed.tables);
			removed = (struct pt_removed){ 0 };
		}
		if (!roll(500))
			compare(f, s, base, 0, WINDOW);
	}
	compare(f, s, base, 0, WINDOW);
	free(s);
	fixture_free(f, removed.tables);
}

/* The table that is remembered is unlinked: what comes next needs a new one. */
TEST(build_remembered_table_goes, "")
{
	struct fixture *f = fixture_new(4, false);
	struct pt_removed removed = { 0 };
	uint64_t iova = 0x40000000ull;

	f->root.recent = &f->recent;
	CHECK_EQ(map(f, iova, 0x1000, 0x1000, PT_R), IOM_OK);
	CHECK_EQ(map(f, iova + 0x1000, 0x5000, 0x1000, PT_R), IOM_OK);
	CHECK_EQ(map(f, iova + 0x1000, 0x5000, 0x1000, PT_R), IOM_EEXIST);
	CHECK_EQ(map(f, iova + 0x2000, 0x5000, 0x1000, PT_W), IOM_EINVAL);
	CHECK_EQ(map(f, iova + 0x2000, 0x5800, 0x1000, PT_R), IOM_EINVAL);
	CHECK_EQ(map(f, iova + 0x2000, 1ull << 56, 0x1000, PT_R), IOM_EINVAL);
	CHECK_EQ(map(f, iova + 0x2800, 0x5000, 0x1000, PT_R), IOM_EINVAL);
	CHECK_EQ(goes_to(f, iova + 0x1000), 0x5000);
	CHECK_EQ(unmap(f, iova, 0x200000, &removed), IOM_OK);
	CHECK(removed.tables);
	CHECK_EQ(map(f, iova, 0x3000, 0x1000, PT_R), IOM_OK);
	CHECK_EQ(goes_to(f, iova), 0x3000);
	CHECK_EQ(goes_to(f, iova + 0x1000), ~0ull);
	fixture_free(f, removed.tables);
}

TEST(build_random_against_a_list, "")
{
	for (unsigned n = 0; n < 2; n++) {
		random_steps(3, false, 0, 40000, n);
		/* Across tables of level 1 and 2; the end of the upper half. */
		random_steps(4, false, 0x7fffc00000ull, 20000, n);
		random_steps(5, false, 0ull - 0x1000ull * WINDOW, 20000, n);
		random_steps(3, true, (1ull << 41) - 0x1000ull * WINDOW, 20000, n);
	}
}
