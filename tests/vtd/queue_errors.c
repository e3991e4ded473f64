/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The invalidation queue: how it stops, what software is told, how it goes on. */
#include "queue.h"

#define ISLAND 0x50000000ull

static struct rig *make(bool wide)
{
	return queue_new(CAP_ALL, ECAP_ALL, TTM_LEGACY, 0, wide);
}

TEST(a_descriptor_that_cannot_be_read, "VTD-QI-06 VTD-QI-07")
{
	unsigned wide, bytes;

	for (wide = 0; wide < 2; wide++)
		for (bytes = 0; bytes < (wide ? 32 : 16); bytes += 8) {
			struct rig *r = rig_new();
			unsigned i, step = wide ? 32 : 16;

			/* Memory ends `bytes` behind the start of the third. */
			rig_ram_at(r, ISLAND, 2 * step + bytes);
			for (i = 0; i < 2; i++)
				put64(r, ISLAND + (uint64_t)step * i, T_WAIT);
			if (bytes)
				put64(r, ISLAND + 2 * step, T_WAIT);
			wr64(r, IQT, 0);
			wr64(r, IQA, ISLAND | (wide ? 1u << 11 : 0));
			rig_gcmd(r, QIE, true);
			wr32(r, IQT, 4 * step);
			queue_stopped(r, 2 * step, 2);
			wr32(r, FSTS, IQE);
			queue_stopped(r, 2 * step, 2);
			/* Software gives it up. */
			rig_gcmd(r, QIE, false);
			wr32(r, FSTS, IQE);
			rig_queue(r, 0, wide);
			rig_wait(r);
			rig_free(r);
		}
}

TEST(nothing_is_fetched_until_software_says_so, "VTD-QI-18 VTD-QI-45")
{
	const uint64_t bad[4] = { T_WAIT | 1u << 8 };
	unsigned wide;

	for (wide = 0; wide < 2; wide++) {
		struct rig *r = make(wide);
		uint64_t status = page(r), head;

		queue_wait(r, status, 1, 0);
		CHECK_EQ(ram32(r, status), 1);
		head = r->tail;
		rig_store(r, bad);
		queue_wait(r, status + 4, 2, 0);
		queue_stopped(r, head, 4);
		CHECK_EQ(ram32(r, status + 4), 0);
		/* Neither by another doorbell nor because memory holds something better. */
		rig_watch(r);
		rig_ring(r);
		puts64(r, r->queue + head, (const uint64_t[2]){ T_WAIT, 0 }, 2);
		rig_ring(r);
		queue_wait(r, status + 8, 3, 0);
		wr32(r, FSTS, ~IQE);
		CHECK_EQ(r->owns, 0);
		queue_stopped(r, head, 4);
		CHECK_EQ(ram32(r, status + 4), 0);
		wr32(r, FSTS, IQE);
		CHECK_EQ(rd32(r, FSTS) & IQE, 0);
		CHECK_EQ(rd64(r, IQH), r->tail);
		CHECK_EQ(ram32(r, status + 4), 2);
		CHECK_EQ(ram32(r, status + 8), 3);
		rig_free(r);
	}
}

TEST(one_event_for_one_error, "VTD-QI-19")
{
	const uint64_t bad[4] = { 0 };
	struct rig *r = make(false);

	rig_event(r, FECTL, 0xfee01000, 0x41);
	rig_store(r, bad);
	rig_store(r, bad);
	rig_ring(r);
	queue_stopped(r, 0, 3);
	CHECK_EQ(r->msis, 1);
	CHECK_EQ(r->msi[0].address, 0xfee01000);
	CHECK_EQ(r->msi[0].data, 0x41);
	rig_ring(r);
	wr32(r, IQT, 0x7fff0);
	CHECK_EQ(r->msis, 1);
	rig_ring(r);
	/* Cleared, and met again. */
	wr32(r, FSTS, IQE);
	queue_stopped(r, 0, 3);
	CHECK_EQ(r->msis, 2);
	queue_repair(r);
	queue_stopped(r, 16, 3);
	CHECK_EQ(r->msis, 3);
	queue_repair(r);
	CHECK_EQ(rd32(r, FSTS) & IQE, 0);
	CHECK_EQ(rd64(r, IQH), r->tail);
	CHECK_EQ(r->msis, 3);
	/* Masked, it stays pending until software has seen to it. */
	wr32(r, FECTL, 1u << 31);
	rig_submit4(r, bad);
	CHECK_EQ(rd32(r, FECTL), 3u << 30);
	queue_repair(r);
	CHECK_EQ(rd32(r, FECTL), 1u << 31);
	wr32(r, FECTL, 0);
	CHECK_EQ(r->msis, 3);
	rig_free(r);
}

TEST(a_bad_descriptor_is_overwritten, "VTD-QI-20 VTD-QI-18")
{
	struct rig *r = make(false);
	uint64_t status = page(r), head = 16 * 3;
	unsigned i;

	/* The driver's way: it puts its own wait in the place of what was refused. */
	for (i = 0; i < 3; i++)
		queue_wait(r, status + 4 * i, 5, 0);
	rig_store(r, (const uint64_t[4]){ T_IOTLB | G(1), 0x800 });
	queue_wait(r, status + 12, 5, 0);
	queue_stopped(r, head, 4);
	for (i = 0; i < 4; i++)
		CHECK_EQ(ram32(r, status + 4 * i), i < 3 ? 5 : 0);
	puts64(r, r->queue + head,
	       (const uint64_t[2]){ WAIT_DATA(6) | WAIT_SW | T_WAIT, status + 16 }, 2);
	wr32(r, FSTS, IQE);
	CHECK_EQ(ram32(r, status + 16), 6);
	CHECK_EQ(ram32(r, status + 12), 5);
	CHECK_EQ(rd64(r, IQH), r->tail);
	rig_free(r);
}

TEST(the_first_error_is_kept, "VTD-QI-38")
{
	struct rig *r = make(true);

	rig_submit(r, 0, 0);
	queue_stopped(r, 0, 3);
	wr32(r, IQT, 0x30);
	queue_stopped(r, 0, 3);
	wr32(r, IQT, 0x7ffe0);
	queue_stopped(r, 0, 3);
	wr64(r, IQERCD, ~0ull);
	queue_stopped(r, 0, 3);
	/* Once cleared, the next one counts. */
	wr32(r, FSTS, IQE);
	queue_stopped(r, 0, 1);
	wr32(r, IQT, 0x30);
	wr32(r, FSTS, IQE);
	queue_stopped(r, 0, 6);
	rig_free(r);
}

/* Nothing of a bad descriptor is carried out. */
TEST(a_bad_descriptor_does_nothing, "VTD-QI-14 VTD-QI-18")
{
	struct rig *r = make(false);
	uint64_t status = page(r);

	rig_event(r, IECTL, 0xfee01000, 0x41);
	rig_submit(r, WAIT_DATA(5) | WAIT_SW | WAIT_IF | T_WAIT | 1u << 12, status);
	queue_stopped(r, 0, 4);
	CHECK_EQ(ram32(r, status), 0);
	CHECK_EQ(rd32(r, ICS), 0);
	CHECK_EQ(r->msis, 0);
	queue_repair(r);
	rig_submit(r, T_DEVICE | 1u << 5, 0);
	CHECK_EQ(r->messages, 0);
	rig_free(r);
}
