/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Every allocation and every access of a unit's life fails in turn.  It is told, what was refused has no
 * effect, and after software has cleaned up everything goes on as if nothing had been.
 */
#include "life.h"

static void good_life(struct world *good)
{
	world_init(good);
	life(good, NULL);
	CHECK(!good->fired);
}

/* Returns how often something could fail. */
static unsigned sweep(enum failing kind, int code)
{
	static struct world good, w;
	bool fired = true;
	unsigned n;

	good_life(&good);
	for (n = 0; fired; n++) {
		world_init(&w);
		w.kind = kind;
		w.left = n;
		w.code = code;
		life(&w, &good);
		fired = w.fired;
		world_end(&w);
	}
	world_end(&good);
	return n - 1;
}

TEST(every_allocation_fails, "")
{
	CHECK(sweep(FAIL_ALLOC, IOM_ENOMEM) > 20);
}

TEST(every_read_meets_nothing, "")
{
	CHECK(sweep(FAIL_READ, IOM_EFAULT) > 400);
}

TEST(every_read_meets_corrupt_data, "")
{
	CHECK(sweep(FAIL_READ, IOM_EPOISON) > 400);
}

TEST(every_write_is_refused, "")
{
	CHECK(sweep(FAIL_WRITE, IOM_EFAULT) > 20);
}

TEST(every_write_meets_corrupt_data, "")
{
	CHECK(sweep(FAIL_WRITE, IOM_EPOISON) > 20);
}

TEST(every_compare_and_swap_is_refused, "")
{
	CHECK(sweep(FAIL_CAS, IOM_EFAULT) > 20);
}

TEST(every_compare_and_swap_meets_corrupt_data, "")
{
	CHECK(sweep(FAIL_CAS, IOM_EPOISON) > 20);
}

TEST(every_message_is_refused, "")
{
	CHECK(sweep(FAIL_MSI, IOM_EFAULT) > 5);
}
