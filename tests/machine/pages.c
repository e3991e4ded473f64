/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The page allocator. */
#include "machine/pages.h"

#include <string.h>

#include "../test.h"

#define SPA 0x80000000ull

TEST(pages_single_ones_are_scattered_and_all_there, "")
{
	bool seen[64] = { false };
	unsigned neighbours = 0;
	uint64_t spa, before = 0;
	struct pages p;

	CHECK_EQ(pages_init(&p, SPA, 64 * PAGE_BYTES, 1), 0);
	for (unsigned i = 0; i < 64; i++) {
		CHECK(pages_take(&p, &spa));
		CHECK(pages_contain(&p, spa) && spa % PAGE_BYTES == 0);
		CHECK(!seen[(spa - SPA) / PAGE_BYTES]);
		seen[(spa - SPA) / PAGE_BYTES] = true;
		neighbours += spa == before + PAGE_BYTES;
		before = spa;
	}
	CHECK(neighbours < 16);
	CHECK(!pages_take(&p, &spa));
	pages_release(&p);
}

TEST(pages_order_follows_the_seed, "")
{
	uint64_t first[3];

	for (unsigned i = 0; i < 3; i++) {
		struct pages p;
		uint64_t spa[4];

		CHECK_EQ(pages_init(&p, SPA, 1024 * PAGE_BYTES, i == 1 ? 5 : 6), 0);
		for (unsigned n = 0; n < 4; n++)
			CHECK(pages_take(&p, &spa[n]));
		first[i] = spa[0] ^ spa[1] << 1 ^ spa[2] << 2 ^ spa[3] << 3;
		pages_release(&p);
	}
	CHECK_EQ(first[0], first[2]);
	CHECK(first[0] != first[1]);
}

TEST(pages_runs_are_contiguous_aligned_and_zeroed, "")
{
	uint64_t one, run, spa;
	struct pages p;

	CHECK_EQ(pages_init(&p, SPA, 32 * PAGE_BYTES, 1), 0);
	CHECK(pages_take_run(&p, 1, false, &one));
	CHECK_EQ(one, SPA);
	CHECK(pages_take_run(&p, 4, true, &run));
	CHECK_EQ(run, SPA + 4 * PAGE_BYTES);
	memset(pages_at(&p, run), 0xff, 4 * PAGE_BYTES);
	pages_give(&p, run, 4);
	CHECK(pages_take_run(&p, 4, true, &spa));
	CHECK_EQ(spa, run);
	for (unsigned i = 0; i < 4 * PAGE_BYTES; i++)
		CHECK_EQ(((uint8_t *)pages_at(&p, run))[i], 0);
	CHECK(!pages_take_run(&p, 28, false, &spa));
	CHECK(pages_take_run(&p, 24, false, &spa));
	CHECK_EQ(p.unused, 3);
	CHECK(!pages_take_run(&p, 0, false, &spa));
	pages_release(&p);
}

TEST(pages_given_back_are_found_again, "")
{
	uint64_t spa, again;
	struct pages p;

	CHECK_EQ(pages_init(&p, SPA, 8 * PAGE_BYTES, 1), 0);
	for (unsigned i = 0; i < 8; i++)
		CHECK(pages_take(&p, &spa));
	pages_give(&p, SPA + 3 * PAGE_BYTES, 1);
	CHECK(pages_take(&p, &again));
	CHECK_EQ(again, SPA + 3 * PAGE_BYTES);
	CHECK_EQ(p.unused, 0);
	pages_release(&p);
}

TEST(pages_no_ram_is_a_ram_too, "")
{
	struct pages p;
	uint64_t spa;

	CHECK_EQ(pages_init(&p, SPA, 0, 1), 0);
	CHECK(!pages_take(&p, &spa));
	CHECK(!pages_take_run(&p, 1, false, &spa));
	CHECK(!pages_contain(&p, SPA));
	pages_release(&p);
}
