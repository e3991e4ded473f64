/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The invalidation queue as a ring: sizes, head and tail, on and off. */
#include "queue.h"

/* Both widths, in a mode that has both. */
#define EACH_WIDTH(wide) for (wide = 0; wide < 2; wide++)

static struct rig *ring(unsigned qs, bool wide)
{
	struct rig *r = queue_new(CAP_ALL, ECAP_ALL, TTM_LEGACY, qs, wide);

	/* What comes behind the ring is no descriptor. */
	page(r);
	return r;
}

/* Stores a wait with SW in slot `i`, for the status word of that slot. */
static void slot(struct rig *r, uint64_t i, uint64_t status, uint32_t data)
{
	const uint64_t qw[4] = { WAIT_DATA(data) | WAIT_SW | T_WAIT, status };

	puts64(r, r->queue + i * (r->wide ? 32 : 16), qw, r->wide ? 4 : 2);
}

TEST(an_empty_queue_fetches_nothing, "VTD-QI-01")
{
	unsigned wide;

	EACH_WIDTH(wide)
	{
		struct rig *r = rig_new();

		rig_watch(r);
		rig_queue(r, 0, wide);
		wr32(r, IQT, 0);
		wr64(r, IQT, 0);
		CHECK_EQ(r->owns, 0);
		rig_submit(r, T_WAIT, 0);
		CHECK_EQ(r->owns, 1);
		CHECK_EQ(r->own[0].spa, r->queue);
		CHECK_EQ(r->own[0].bytes, wide ? 32 : 16);
		wr32(r, IQT, (uint32_t)r->tail);
		CHECK_EQ(r->owns, 1);
		CHECK_EQ(rd32(r, FSTS), 0);
		rig_free(r);
	}
}

TEST(a_ring_of_every_size, "VTD-QI-02 VTD-QI-03")
{
	unsigned qs, wide;

	EACH_WIDTH(wide)
	for (qs = 0; qs < 8; qs++) {
		struct rig *r = ring(qs, wide);
		uint64_t step = wide ? 32 : 16, n = (PAGE << qs) / step, i;
		uint64_t status = pages(r, (unsigned)(4 * n / PAGE + 1), PAGE);

		for (i = 0; i < n; i++)
			slot(r, i, status + 4 * i, (uint32_t)(i + 1));
		/* As many as there can be: the last slot stays empty. */
		wr32(r, IQT, (uint32_t)((n - 1) * step));
		CHECK_EQ(rd32(r, FSTS) & IQE, 0);
		CHECK_EQ(rd64(r, IQH), (n - 1) * step);
		for (i = 0; i < n; i++)
			CHECK_EQ(ram32(r, status + 4 * i), i < n - 1 ? i + 1 : 0);
		/* Over the end. */
		slot(r, 0, status, 0xabc);
		wr32(r, IQT, (uint32_t)step);
		CHECK_EQ(rd32(r, FSTS) & IQE, 0);
		CHECK_EQ(rd64(r, IQH), step);
		CHECK_EQ(ram32(r, status + 4 * (n - 1)), n);
		CHECK_EQ(ram32(r, status), 0xabc);
		CHECK_EQ(ram32(r, status + 4), 2);
		/* To the very end, which is the start. */
		for (i = 0; i < n; i++)
			slot(r, i, status + 4 * i, (uint32_t)(i + 0x100000));
		wr32(r, IQT, 0);
		CHECK_EQ(rd64(r, IQH), 0);
		CHECK_EQ(ram32(r, status), 0xabc);
		for (i = 1; i < n; i++)
			CHECK_EQ(ram32(r, status + 4 * i), i + 0x100000);
		rig_free(r);
	}
}

TEST(a_full_queue_waits, "VTD-QI-03 VTD-QI-18 VTD-QI-45")
{
	const uint64_t bad[4] = { 0 };
	unsigned wide;

	EACH_WIDTH(wide)
	{
		struct rig *r = ring(0, wide);
		uint64_t step = wide ? 32 : 16, n = PAGE / step, i, status = page(r);

		rig_submit4(r, bad);
		queue_stopped(r, 0, 3);
		for (i = 1; i < n - 1; i++) {
			slot(r, i, status + 4 * i, 7);
			wr32(r, IQT, (uint32_t)((i + 1) * step));
			CHECK_EQ(rd64(r, IQH), 0);
		}
		for (i = 1; i < n; i++)
			CHECK_EQ(ram32(r, status + 4 * i), 0);
		slot(r, 0, status, 6);
		wr32(r, FSTS, IQE);
		CHECK_EQ(rd64(r, IQH), (n - 1) * step);
		for (i = 0; i < n; i++)
			CHECK_EQ(ram32(r, status + 4 * i), i == 0 ? 6 : i < n - 1 ? 7 : 0);
		rig_free(r);
	}
}

TEST(tail_outside_of_the_queue, "VTD-QI-04")
{
	unsigned qs, wide, i;

	EACH_WIDTH(wide)
	for (qs = 0; qs < 7; qs++) {
		const uint32_t end = (uint32_t)(PAGE << qs);
		const uint32_t tails[] = { end, end + 32, 0x7ffe0 };

		for (i = 0; i < 3; i++) {
			struct rig *r = ring(qs, wide);

			rig_submit(r, T_WAIT, 0);
			rig_watch(r);
			wr32(r, IQT, tails[i]);
			queue_stopped(r, r->tail, 1);
			CHECK_EQ(r->owns, 0);
			/* Nothing has become better. */
			wr32(r, FSTS, IQE);
			queue_stopped(r, r->tail, 1);
			rig_store(r, (const uint64_t[4]){ T_WAIT });
			wr32(r, IQT, (uint32_t)r->tail);
			wr32(r, FSTS, IQE);
			CHECK_EQ(rd32(r, FSTS) & IQE, 0);
			CHECK_EQ(rd64(r, IQH), r->tail);
			rig_free(r);
		}
	}
}

TEST(tail_between_wide_descriptors, "VTD-QI-05")
{
	struct rig *r = ring(0, true);

	rig_submit(r, T_WAIT, 0);
	rig_watch(r);
	wr32(r, IQT, 0x30);
	queue_stopped(r, 0x20, 6);
	CHECK_EQ(r->owns, 0);
	wr32(r, IQT, 0x20);
	wr32(r, FSTS, IQE);
	CHECK_EQ(rd32(r, FSTS) & IQE, 0);
	CHECK_EQ(rd64(r, IQH), 0x20);
	rig_free(r);
	/* Narrow ones can end there. */
	r = ring(0, false);
	put64(r, r->queue, T_WAIT);
	wr32(r, IQT, 0x10);
	CHECK_EQ(rd32(r, FSTS) & IQE, 0);
	CHECK_EQ(rd64(r, IQH), 0x10);
	rig_free(r);
}

TEST(on_and_off, "VTD-QI-29 VTD-GCMD-14")
{
	unsigned wide;

	EACH_WIDTH(wide)
	{
		struct rig *r = ring(0, wide);
		uint64_t status = page(r), step = wide ? 32 : 16;

		rig_submit(r, T_WAIT, 0);
		rig_submit(r, T_WAIT, 0);
		CHECK_EQ(rd64(r, IQH), 2 * step);
		rig_gcmd(r, QIE, false);
		CHECK_EQ(rd64(r, IQH), 0);
		/* While it is off nothing happens. */
		slot(r, 0, status, 5);
		slot(r, 1, status + 4, 6);
		wr32(r, IQT, (uint32_t)step);
		CHECK_EQ(ram32(r, status), 0);
		CHECK_EQ(rd64(r, IQH), 0);
		wr32(r, IQT, 0);
		rig_gcmd(r, QIE, true);
		CHECK_EQ(ram32(r, status), 0);
		wr32(r, IQT, (uint32_t)step);
		CHECK_EQ(ram32(r, status), 5);
		CHECK_EQ(ram32(r, status + 4), 0);
		CHECK_EQ(rd64(r, IQH), step);
		rig_free(r);
	}
}

TEST(on_with_a_tail, "VTD-QI-37")
{
	unsigned wide;

	EACH_WIDTH(wide)
	{
		struct rig *r = ring(0, wide);
		uint64_t status = page(r), step = wide ? 32 : 16, i;

		rig_gcmd(r, QIE, false);
		for (i = 0; i < 9; i++)
			slot(r, i, status + 4 * i, 5);
		wr32(r, IQT, (uint32_t)(7 * step));
		CHECK_EQ(ram32(r, status), 0);
		rig_gcmd(r, QIE, true);
		CHECK_EQ(rd64(r, IQH), 7 * step);
		for (i = 0; i < 9; i++)
			CHECK_EQ(ram32(r, status + 4 * i), i < 7 ? 5 : 0);
		rig_free(r);
	}
}

TEST(a_queue_needs_nothing_else, "VTD-QI-41")
{
	struct rig *r = rig_new();

	rig_queue(r, 0, true);
	CHECK_EQ(rd32(r, GSTS), QIE);
	inv_context(r);
	inv_iotlb(r);
	inv_irte(r);
	rig_free(r);
}
