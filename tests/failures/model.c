/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Every allocation and every access of a unit's life fails in turn.  It is told, what was refused has no
 * effect, and after software has cleaned up everything goes on as if nothing had been.
 */
#include "life.h"

static void good_life(struct world *good, const struct arch *arch)
{
	world_init(good, arch);
	life(good, NULL);
	CHECK(!good->fired);
}

/* Returns how often something could fail. */
static unsigned sweep(const struct arch *arch, enum failing kind, int code)
{
	static struct world good, w;
	bool fired = true;
	unsigned n;

	good_life(&good, arch);
	for (n = 0; fired; n++) {
		world_init(&w, arch);
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
	CHECK(sweep(&arch_riscv, FAIL_ALLOC, IOM_ENOMEM) > 20);
}

TEST(every_read_meets_nothing, "")
{
	CHECK(sweep(&arch_riscv, FAIL_READ, IOM_EFAULT) > 400);
}

TEST(every_read_meets_corrupt_data, "")
{
	CHECK(sweep(&arch_riscv, FAIL_READ, IOM_EPOISON) > 400);
}

TEST(every_write_is_refused, "")
{
	CHECK(sweep(&arch_riscv, FAIL_WRITE, IOM_EFAULT) > 20);
}

TEST(every_write_meets_corrupt_data, "")
{
	CHECK(sweep(&arch_riscv, FAIL_WRITE, IOM_EPOISON) > 20);
}

TEST(every_compare_and_swap_is_refused, "")
{
	CHECK(sweep(&arch_riscv, FAIL_CAS, IOM_EFAULT) > 20);
}

TEST(every_compare_and_swap_meets_corrupt_data, "")
{
	CHECK(sweep(&arch_riscv, FAIL_CAS, IOM_EPOISON) > 20);
}

TEST(every_message_is_refused, "")
{
	CHECK(sweep(&arch_riscv, FAIL_MSI, IOM_EFAULT) > 5);
}

TEST(vtd_every_allocation_fails, "")
{
	CHECK(sweep(&arch_vtd, FAIL_ALLOC, IOM_ENOMEM) > 20);
}

TEST(vtd_every_read_meets_nothing, "")
{
	CHECK(sweep(&arch_vtd, FAIL_READ, IOM_EFAULT) > 800);
}

TEST(vtd_every_read_meets_corrupt_data, "")
{
	CHECK(sweep(&arch_vtd, FAIL_READ, IOM_EPOISON) > 800);
}

TEST(vtd_every_write_is_refused, "")
{
	CHECK(sweep(&arch_vtd, FAIL_WRITE, IOM_EFAULT) > 20);
}

TEST(vtd_every_write_meets_corrupt_data, "")
{
	CHECK(sweep(&arch_vtd, FAIL_WRITE, IOM_EPOISON) > 20);
}

TEST(vtd_every_compare_and_swap_is_refused, "")
{
	CHECK(sweep(&arch_vtd, FAIL_CAS, IOM_EFAULT) > 60);
}

TEST(vtd_every_compare_and_swap_meets_corrupt_data, "")
{
	CHECK(sweep(&arch_vtd, FAIL_CAS, IOM_EPOISON) > 60);
}

TEST(vtd_every_message_is_refused, "")
{
	CHECK(sweep(&arch_vtd, FAIL_MSI, IOM_EFAULT) > 15);
}
