/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The invalidation queue: fetching, errors, waits. */
#include "queue_bench.h"

TEST(queue_wraps, "VTD-QI-01 VTD-QI-02 VTD-QI-03 VTD-QI-21 VTD-QI-26 VTD-QI-29 VTD-QI-41")
{
	struct queue_bench q;

	for (unsigned wide = 0; wide < 2; wide++) {
		unsigned step = wide ? 32 : 16;

		for (unsigned qs = 0; qs < 8; qs++) {
			qb_new(&q, IOM_VTD_FULL, 0, wide);
			wr(&q.b, GCMD, 4, 0);
			qb_queue(&q, qs, wide);
			CHECK_EQ(rd(&q.b, IQH, 8), 0);
			/* All but one, and then over the end. */
			for (uint64_t at = 0; at < q.queue_bytes - 2 * step; at += step)
				qb_store(&q, 5, 0);
			qb_submit(&q, WAIT(0x1234), STATUS);
			CHECK(qb_waited(&q, 0x1234));
			CHECK_EQ(rd(&q.b, IQH, 8), q.queue_bytes - step);
			qb_submit(&q, WAIT(0x5678), STATUS);
			CHECK(qb_waited(&q, 0x5678));
			CHECK_EQ(rd(&q.b, IQH, 8), 0);
			CHECK_EQ(rd(&q.b, FSTS, 4), 0);
			wr(&q.b, GCMD, 4, 0);
			CHECK_EQ(rd(&q.b, GSTS, 4) & QIE, 0);
			qb_free(&q);
		}
	}
}

TEST(queue_tail_must_be_inside, "VTD-QI-04 VTD-QI-05 VTD-QI-18 VTD-QI-45")
{
	struct queue_bench q;

	qb_new(&q, IOM_VTD_FULL, 0, true);
	wr(&q.b, IQT, 8, 0x10);
	CHECK_EQ(rd(&q.b, FSTS, 4), IQE);
	CHECK_EQ(rd(&q.b, IQERCD, 8), 6);
	wr(&q.b, IQT, 8, 0x1000);
	CHECK_EQ(rd(&q.b, IQERCD, 8), 6);
	wr(&q.b, FSTS, 4, IQE);
	CHECK_EQ(rd(&q.b, FSTS, 4), IQE);
	CHECK_EQ(rd(&q.b, IQERCD, 8), 1);
	CHECK_EQ(rd(&q.b, IQH, 8), 0);
	qb_submit(&q, WAIT(1), STATUS);
	CHECK(!qb_waited(&q, 1));
	wr(&q.b, FSTS, 4, IQE);
	CHECK(qb_waited(&q, 1));
	qb_free(&q);
}

TEST(queue_errors, "VTD-QI-06 VTD-QI-08 VTD-QI-09 VTD-QI-10 VTD-QI-15 VTD-QI-16 VTD-QI-17 "
                   "VTD-QI-20 VTD-QI-46")
{
	static const uint64_t types[] = { 0, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf, 0x201, 0x405, 0x805 };
	struct iom_vtd_config config = { .bytes = sizeof config,
		                         .cap = 0x00d2008c226f0606,
		                         .ecap = 0xf02 };
	struct queue_bench q;

	qb_new(&q, IOM_VTD_FULL, 1, true);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		qb_refuses(&q, types[i], 0, 3);
	qb_refuses(&q, 1, 0, 4);
	qb_refuses(&q, 2, 0, 4);
	qb_refuses(&q, 2 | G(3), 19, 4);
	qb_refuses(&q, 4 | G(1) | 16ull << 27, 0, 4);
	qb_refuses(&q, 6 | G(0), 0, 4);
	qb_refuses(&q, 6 | G(1), 0, 4);
	qb_refuses(&q, 7 | G(2), 0, 4);
	qb_submit(&q, 6 | G(3), 63);
	qb_submit(&q, 2 | G(3), 18);
	CHECK_EQ(rd(&q.b, FSTS, 4), 0);
	qb_free(&q);

	qb_new(&q, IOM_VTD_FULL, 0, true);
	for (unsigned type = 6; type < 0xb; type++)
		qb_refuses(&q, type | G(3), 0, 3);
	qb_free(&q);

	qb_new(&q, IOM_VTD_FULL, 0, true);
	wr(&q.b, IQA, 8, 0x40000800);
	wr(&q.b, IQT, 8, 0x20);
	CHECK_EQ(rd(&q.b, FSTS, 4), IQE);
	CHECK_EQ(rd(&q.b, IQERCD, 8), 2);
	qb_free(&q);

	/* Without Device-TLBs and interrupt remapping */
	qb_new_config(&q, &config);
	qb_queue(&q, 0, false);
	qb_refuses(&q, 3, 0, 3);
	qb_refuses(&q, 4, 0, 3);
	qb_refuses(&q, 9, 0, 3);
	qb_free(&q);
}

TEST(queue_modes_and_widths, "VTD-QI-11 VTD-QI-12 VTD-QI-13")
{
	struct queue_bench q;

	qb_new(&q, IOM_VTD_FULL, 1, false);
	qb_submit(&q, 5, 0);
	CHECK_EQ(rd(&q.b, FSTS, 4), IQE);
	CHECK_EQ(rd(&q.b, IQERCD, 8), 5);
	qb_root(&q, 2, false);
	wr(&q.b, FSTS, 4, IQE);
	CHECK_EQ(rd(&q.b, IQERCD, 8), 7);
	qb_root(&q, 3, false);
	wr(&q.b, FSTS, 4, IQE);
	CHECK_EQ(rd(&q.b, FSTS, 4), IQE);
	CHECK_EQ(rd(&q.b, IQERCD, 8), 5);
	CHECK_EQ(rd(&q.b, IQH, 8), 0);
	qb_root(&q, 0, false);
	wr(&q.b, FSTS, 4, IQE);
	CHECK_EQ(rd(&q.b, FSTS, 4), 0);
	qb_free(&q);

	qb_new(&q, IOM_VTD_LEGACY, 0, true);
	qb_submit(&q, 5, 0);
	CHECK_EQ(rd(&q.b, IQERCD, 8), 5);
	qb_free(&q);
}

TEST(queue_reserved_bits, "VTD-QI-14 VTD-QI-27 VTD-DEV-04 VTD-QI-44")
{
	/* IOM_VTD_SCALABLE has PDS, and no DIT. */
	static const struct {
		uint64_t qw0, reserved[2];
	} types[] = {
		{ 1 | G(1), { 0xfffc00000000f1c0, ~0ull } },
		{ 2 | G(1), { 0xffffffff0000f100, 0xf80 } },
		{ 3, { 0xfff0000000000000 | 0xf000 | 0x000f0000ffe001f0, 0xffe } },
		{ 4, { 0xffff000007fff1e0, ~0ull } },
		{ 5, { 0xfffff100, 3 } },
		{ 6 | G(2), { 0xfff000000000f1c0, 0xf80 } },
		{ 7 | G(3), { 0xfff000000000f1c0, ~0ull } },
		{ 8, { 0xfff000000000f000, 0x7fe } },
		{ 9, { 0xfff00000000001e0, 0xfffffffffffff003 } },
	};
	struct queue_bench q;

	qb_new(&q, IOM_VTD_SCALABLE, 1, true);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		bool device = (types[i].qw0 & 0xf) == 3 || (types[i].qw0 & 0xf) == 8;

		for (unsigned bit = 0; bit < 64; bit++) {
			uint64_t one = 1ull << bit;

			if (types[i].reserved[0] & one)
				qb_refuses(&q, types[i].qw0 | one, 0, 4);
			if (types[i].reserved[1] & one)
				qb_refuses(&q, types[i].qw0, one, 4);
			else if (!device && bit != 2) {
				qb_submit(&q, types[i].qw0, one);
				CHECK_EQ(rd(&q.b, FSTS, 4), 0);
			}
			for (unsigned w = 2; w < 4; w++) {
				put64(&q, QUEUE + q.tail + 8 * w, one);
				put64(&q, QUEUE + q.tail, types[i].qw0);
				put64(&q, QUEUE + q.tail + 8, 0);
				put64(&q, QUEUE + q.tail + 40 - 8 * w, 0);
				wr(&q.b, IQT, 8, (q.tail + 32) % 4096);
				CHECK_EQ(rd(&q.b, IQERCD, 8) & 0xf, 4);
				CHECK_EQ(rd(&q.b, FSTS, 4), IQE);
				wr(&q.b, IQT, 8, q.tail);
				wr(&q.b, FSTS, 4, IQE);
			}
		}
	}
	qb_free(&q);

	/* Without PDS */
	qb_new(&q, IOM_VTD_LEGACY, 0, false);
	qb_refuses(&q, WAIT(1) | WAIT_PD, STATUS, 4);
	qb_free(&q);
}

TEST(wait_tells, "VTD-QI-19 VTD-QI-22 VTD-QI-23 VTD-QI-24 VTD-QI-28 VTD-QI-38")
{
	struct queue_bench q;

	qb_new(&q, IOM_VTD_LEGACY, 0, false);
	wr(&q.b, IECTL + 4, 4, 0x41);
	wr(&q.b, IECTL + 8, 4, 0xfee00000);
	wr(&q.b, IECTL, 4, 0);
	qb_submit(&q, WAIT(1) | WAIT_IF, STATUS);
	CHECK_EQ(q.b.msis, 1);
	CHECK_EQ(q.b.data, 0x41);
	CHECK_EQ(rd(&q.b, ICS, 4), 1);
	qb_submit(&q, WAIT(2) | WAIT_IF, STATUS);
	CHECK(qb_waited(&q, 2));
	CHECK_EQ(q.b.msis, 1);
	wr(&q.b, ICS, 4, 1);
	wr(&q.b, IECTL, 4, 0x80000000);
	qb_submit(&q, 5 | WAIT_IF, 0);
	CHECK_EQ(q.b.msis, 1);
	CHECK_EQ(rd(&q.b, IECTL, 4), 0xc0000000);
	wr(&q.b, IECTL, 4, 0);
	CHECK_EQ(q.b.msis, 2);
	wr(&q.b, ICS, 4, 1);

	/* A status that cannot be stored, and the fault event */
	wr(&q.b, FECTL, 4, 0);
	qb_submit(&q, WAIT(3) | WAIT_IF, 0x40000000);
	CHECK_EQ(q.b.msis, 3);
	CHECK_EQ(rd(&q.b, FSTS, 4), IQE);
	CHECK_EQ(rd(&q.b, ICS, 4), 0);
	CHECK_EQ(rd(&q.b, IQH, 8), q.tail - 16);
	wr(&q.b, FSTS, 4, IQE);
	CHECK_EQ(rd(&q.b, FSTS, 4), IQE);
	CHECK_EQ(q.b.msis, 4);
	put64(&q, QUEUE + q.tail - 8, STATUS);
	wr(&q.b, FSTS, 4, IQE);
	CHECK(qb_waited(&q, 3));
	CHECK_EQ(rd(&q.b, IQH, 8), q.tail);
	qb_free(&q);
}

TEST(wait_for_sections, "VTD-QI-25 VTD-QI-32 VTD-QI-40")
{
	static const uint64_t drained[] = { 2 | G(1), 2 | G(2) | DID(1), 2 | G(3), 4 };
	struct queue_bench q;

	qb_new(&q, IOM_VTD_LEGACY, 0, false);
	/* Nothing to wait for */
	iom_begin(q.lane);
	qb_submit(&q, 1 | G(1), 0);
	qb_submit(&q, WAIT(1), STATUS);
	CHECK(qb_waited(&q, 1));
	for (unsigned i = 0; i < 4; i++) {
		qb_submit(&q, drained[i], 0);
		qb_submit(&q, WAIT(2), STATUS);
		qb_submit(&q, WAIT(3), STATUS + 8);
		CHECK(!qb_waited(&q, 2));
		CHECK_EQ(ram64(&q, STATUS + 8), 0);
		iom_end(q.lane);
		CHECK(qb_waited(&q, 2));
		CHECK_EQ(ram64(&q, STATUS + 8), 3);
		CHECK_EQ(rd(&q.b, IQH, 8), q.tail);
		put64(&q, STATUS, 0);
		put64(&q, STATUS + 8, 0);
		iom_begin(q.lane);
	}
	iom_end(q.lane);

	/* A status that cannot be stored, of a wait that waited */
	iom_begin(q.lane);
	qb_submit(&q, 2 | G(1), 0);
	qb_submit(&q, WAIT(4), 0x40000000);
	CHECK_EQ(rd(&q.b, FSTS, 4), 0);
	iom_end(q.lane);
	CHECK_EQ(rd(&q.b, FSTS, 4), IQE);
	CHECK_EQ(rd(&q.b, IQH, 8), q.tail - 16);
	put64(&q, QUEUE + q.tail - 8, STATUS);
	wr(&q.b, FSTS, 4, IQE);
	CHECK(qb_waited(&q, 4));
	qb_free(&q);
}

TEST(queue_ends_after_its_waits, "VTD-GCMD-14 VTD-QI-29 VTD-QI-37")
{
	struct queue_bench q;

	qb_new(&q, IOM_VTD_LEGACY, 0, false);
	iom_begin(q.lane);
	qb_submit(&q, 2 | G(1), 0);
	qb_submit(&q, WAIT(1), STATUS);
	wr(&q.b, GCMD, 4, 0);
	CHECK_EQ(rd(&q.b, GSTS, 4) & QIE, QIE);
	iom_end(q.lane);
	CHECK(qb_waited(&q, 1));
	CHECK_EQ(rd(&q.b, GSTS, 4) & QIE, 0);
	CHECK_EQ(rd(&q.b, IQH, 8), 0);
	/* As Windows does: the tail first */
	put64(&q, STATUS, 0);
	wr(&q.b, GCMD, 4, QIE);
	CHECK(qb_waited(&q, 1));
	CHECK_EQ(rd(&q.b, IQH, 8), 0x20);
	qb_free(&q);
}

TEST(wait_outlives_a_snapshot, "")
{
	static uint8_t saved[65536];
	struct queue_bench q;
	size_t bytes;

	qb_new(&q, IOM_VTD_LEGACY, 0, false);
	iom_begin(q.lane);
	qb_submit(&q, 2 | G(1), 0);
	qb_submit(&q, WAIT(1), STATUS);
	CHECK_EQ(iom_unit_save(q.b.unit, saved, sizeof saved, &bytes), IOM_OK);
	iom_unit_reset(q.b.unit);
	iom_end(q.lane);
	CHECK(!qb_waited(&q, 1));
	iom_begin(q.lane);
	CHECK_EQ(iom_unit_load(q.b.unit, saved, bytes, NULL), IOM_OK);
	iom_step(q.b.unit, 1);
	CHECK(!qb_waited(&q, 1));
	iom_end(q.lane);
	CHECK(qb_waited(&q, 1));
	qb_free(&q);
}
