/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The command queue as a ring: order, errors, resumption, byte order, sizes. */
#include <string.h>

#include "rig.h"
#include "sheet.h"

#define SPOT (RIG_RAM + 0x800000) /* fences store here */

/* A fence that stores `data` at `spa`. */
static void fence(struct rig *r, uint32_t data, uint64_t spa)
{
	rig_cmd(r, FENCE | FENCE_AV | FENCE_DATA(data), spa >> 2);
}

/* Puts one at an index, without a doorbell. */
static void put_fence(struct rig *r, uint64_t base, unsigned index, uint32_t data)
{
	put64(r, base + 16ull * index, FENCE | FENCE_AV | FENCE_DATA(data));
	put64(r, base + 16ull * index + 8, SPOT >> 2);
}

static unsigned expected;

static void in_order(struct rig *r, uint64_t off, const void *buf, size_t len)
{
	uint32_t data;

	CHECK_EQ(off, 0);
	CHECK_EQ(len, 4);
	memcpy(&data, buf, 4);
	CHECK_EQ(data, expected);
	/* the head has passed all earlier commands, and none that was not fetched */
	CHECK(rd32(r, CQH) >= expected && rd32(r, CQH) <= expected + 1);
	expected++;
}

TEST(commands_run_in_order, "RV-CQ-01")
{
	struct rig *r = rig_new(0);
	uint64_t base = rig_cq(r, 5, false);

	for (unsigned i = 0; i < 31; i++) {
		put_fence(r, base, i, i);
		put64(r, base + 16 * i + 8, RIG_DEVICE >> 2);
	}
	r->on_device_write = in_order;
	expected = 0;
	wr32(r, CQT, 12);
	CHECK_EQ(expected, 12);
	CHECK_EQ(rd32(r, CQH), 12);
	for (unsigned tail = 13; tail < 32; tail++) {
		wr32(r, CQT, tail);
		CHECK_EQ(expected, tail);
		CHECK_EQ(rd32(r, CQH), tail);
	}
	rig_free(r);
}

TEST(tail_has_the_bits_of_the_queue, "RV-CQ-02")
{
	struct iom_riscv_config c = { .queue_lg2 = 20 };
	struct rig *r = rig_new_config(&c);

	for (unsigned lg2 = 1; lg2 <= 20; lg2++) {
		wr64(r, CQB, lg2 - 1);
		CHECK_EQ(rd32(r, CQT), 0);
		wr32(r, CQT, ~0u);
		CHECK_EQ(rd32(r, CQT), (1u << lg2) - 1);
		wr32(r, CQT, 0xaaaaa);
		CHECK_EQ(rd32(r, CQT), 0xaaaaa & ((1u << lg2) - 1));
	}
	wr64(r, CQB, 0);

	/* round and round in a queue of 8, one to seven commands at a time */
	rig_cq(r, 3, false);
	for (unsigned n = 0; n < 50; n++) {
		uint64_t base = rd64(r, CQB) >> 10 << 12;
		uint32_t tail = rd32(r, CQT);

		for (unsigned i = 0; i <= n % 7; i++, tail = (tail + 1) % 8)
			put_fence(r, base, tail, n * 8 + i);
		wr32(r, CQT, tail | 0xfffffff8);
		CHECK_EQ(rd32(r, CQT), tail);
		CHECK_EQ(rd32(r, CQH), tail);
		CHECK_EQ(ram32(r, SPOT), n * 8 + n % 7);
	}
	rig_free(r);
}

TEST(head_is_the_units, "")
{
	struct rig *r = rig_new(0);

	rig_cq(r, 3, false);
	rig_cmd(r, VMA, 0);
	wr32(r, CQH, 5);
	CHECK_EQ(rd32(r, CQH), 1);
	rig_free(r);
}

/* cmd_to needs ATS. */
TEST(enabling_zeroes_head_and_errors, "RV-CQ-03")
{
	struct rig *r = rig_new(0);
	uint64_t base;

	wr32(r, FCTL, WSI);
	rig_cq(r, 3, false);
	rig_cmd(r, FENCE | FENCE_WSI, 0);
	rig_cmd(r, 0, 0);
	CHECK_EQ(rd32(r, CQCSR), EN | ON | FENCE_W_IP | CMD_ILL);
	CHECK_EQ(rd32(r, CQH), 1);
	wr32(r, CQCSR, 0);
	CHECK_EQ(rd32(r, CQCSR), FENCE_W_IP | CMD_ILL);
	wr32(r, CQT, 0);
	wr32(r, CQCSR, EN);
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	CHECK_EQ(rd32(r, CQH), 0);

	wr32(r, CQCSR, 0);
	base = rig_cq(r, 3, false);
	CHECK_EQ(iom_memory_poison(r->memory, base + 16, 16), IOM_OK);
	rig_cmd(r, VMA, 0);
	rig_cmd(r, VMA, 0);
	CHECK_EQ(rd32(r, CQCSR), EN | ON | MF);
	CHECK_EQ(rd32(r, CQH), 1);
	wr32(r, CQCSR, 0);
	CHECK_EQ(rd32(r, CQCSR), MF);
	wr32(r, CQT, 0);
	wr32(r, CQCSR, EN);
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	CHECK_EQ(rd32(r, CQH), 0);
	rig_free(r);
}

TEST(disabled_queue_fetches_nothing, "RV-CQ-04")
{
	struct rig *r = rig_new(0);

	wr64(r, CQB, PPN_OF(RIG_DEVICE) | 2);
	for (unsigned tail = 0; tail < 8; tail++)
		wr32(r, CQT, tail);
	CHECK_EQ(r->device_reads, 0);
	CHECK_EQ(rd32(r, CQH), 0);
	CHECK_EQ(rd32(r, CQCSR), 0);
	/* the same after it was on */
	wr32(r, CQT, 0);
	wr32(r, CQCSR, EN);
	wr32(r, CQCSR, 0);
	wr32(r, CQT, 3);
	CHECK_EQ(r->device_reads, 0);
	/* what waits there is found when it is enabled */
	wr32(r, CQCSR, EN);
	CHECK(r->device_reads);
	CHECK_EQ(rd32(r, CQCSR), EN | ON | CMD_ILL);
	rig_free(r);
}

TEST(refused_fetch, "RV-CQ-05")
{
	static const uint64_t cap = (CAP_EXT & ~CAP_PAS(63)) | CAP_PAS(32);
	static uint64_t beyond_page[512];
	const struct iom_region beyond = { .spa = 1ull << 32,
		                           .bytes = sizeof beyond_page,
		                           .host = beyond_page };
	static const uint64_t bases[] = { RIG_NOWHERE, 1ull << 32, 0xfffffffffff000 };
	struct rig *r = rig_new(cap);

	beyond_page[0] = VMA;
	CHECK_EQ(iom_memory_add(r->memory, &beyond, NULL), IOM_OK);
	for (unsigned i = 0; i < COUNT(bases); i++) {
		wr64(r, CQB, PPN_OF(bases[i]) | 3);
		wr32(r, CQCSR, EN);
		CHECK_EQ(rd32(r, CQCSR), EN | ON);
		wr32(r, CQT, 1);
		CHECK_EQ(rd32(r, CQCSR), EN | ON | MF);
		CHECK_EQ(rd32(r, CQH), 0);
		wr32(r, CQT, 2);
		CHECK_EQ(rd32(r, CQH), 0);
		wr32(r, CQCSR, 0);
	}

	/* in the middle of a queue, and in each half of a command */
	for (unsigned half = 0; half < 16; half += 8) {
		uint64_t base = rig_cq(r, 3, false);

		for (unsigned i = 0; i < 4; i++)
			put_fence(r, base, i, 100 + i);
		CHECK_EQ(iom_memory_poison(r->memory, base + 32 + half, 8), IOM_OK);
		wr32(r, CQT, 4);
		CHECK_EQ(rd32(r, CQCSR), EN | ON | MF);
		CHECK_EQ(rd32(r, CQH), 2);
		CHECK_EQ(ram32(r, SPOT), 101);
		wr32(r, CQCSR, 0);
	}
	rig_free(r);
}

TEST(fetch_is_tried_again, "RV-CQ-06")
{
	struct rig *r = rig_new(0);
	uint64_t base = rig_cq(r, 3, false);

	for (unsigned i = 0; i < 4; i++)
		put_fence(r, base, i, 100 + i);
	CHECK_EQ(iom_memory_poison(r->memory, base + 32, 16), IOM_OK);
	wr32(r, CQT, 4);
	CHECK_EQ(rd32(r, CQH), 2);
	wr32(r, CQCSR, EN | MF); /* still bad */
	CHECK_EQ(rd32(r, CQCSR), EN | ON | MF);
	CHECK_EQ(rd32(r, CQH), 2);
	CHECK_EQ(iom_memory_cure(r->memory, base + 32, 16), IOM_OK);
	CHECK_EQ(rd32(r, CQH), 2);
	put_fence(r, base, 3, 0); /* only the third command can leave 102 behind */
	put64(r, base + 48 + 8, (SPOT + 4) >> 2);
	wr32(r, CQCSR, EN | MF);
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	CHECK_EQ(rd32(r, CQH), 4);
	CHECK_EQ(ram32(r, SPOT), 102);
	rig_free(r);
}

TEST(illegal_command_stops_the_queue, "RV-CQ-10 RV-CQ-11 RV-CQ-34")
{
	for (unsigned bad = 0; bad < 5; bad++) {
		struct rig *r = rig_new(0);
		uint64_t base = rig_cq(r, 3, false);

		put32(r, SPOT, 99);
		for (unsigned i = 0; i < 5; i++)
			put_fence(r, base, i, 100 + i);
		put64(r, base + 16 * bad, 0);
		wr32(r, CQT, 5);
		CHECK_EQ(rd32(r, CQCSR), EN | ON | CMD_ILL);
		CHECK_EQ(rd32(r, CQH), bad);
		CHECK_EQ(ram32(r, SPOT), 99 + bad);

		/* nothing but the cleared bit sets it going: no doorbell, no write of 0 */
		wr32(r, CQT, 5);
		wr32(r, CQCSR, EN);
		CHECK_EQ(rd32(r, CQH), bad);
		/* a clear without a repair finds the same command */
		wr32(r, CQCSR, EN | CMD_ILL);
		CHECK_EQ(rd32(r, CQCSR), EN | ON | CMD_ILL);
		CHECK_EQ(rd32(r, CQH), bad);

		put64(r, base + 16 * bad, FENCE | FENCE_AV | FENCE_DATA(200));
		put64(r, base + 16 * bad + 8, (SPOT + 4) >> 2);
		CHECK_EQ(ram32(r, SPOT + 4), 0);
		wr32(r, CQCSR, EN | CMD_ILL);
		CHECK_EQ(rd32(r, CQCSR), EN | ON);
		CHECK_EQ(rd32(r, CQH), 5);
		CHECK_EQ(ram32(r, SPOT + 4), 200);
		CHECK_EQ(ram32(r, SPOT), bad == 4 ? 103 : 104);
		rig_free(r);
	}
}

TEST(commands_follow_the_byte_order, "RV-CQ-30")
{
	struct rig *r = rig_new(0);
	uint64_t base;

	wr32(r, FCTL, BE);
	base = rig_cq(r, 3, false);
	put64(r, base, swap64(FENCE | FENCE_AV | FENCE_DATA(0x12345678)));
	put64(r, base + 8, swap64(SPOT >> 2));
	wr32(r, CQT, 1);
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	CHECK_EQ(rd32(r, CQH), 1);
	CHECK_EQ(ram32(r, SPOT), 0x78563412);
	/* a little-endian command is garbage now */
	put_fence(r, base, 1, 1);
	wr32(r, CQT, 2);
	CHECK_EQ(rd32(r, CQCSR), EN | ON | CMD_ILL);
	rig_free(r);
}

TEST(base_is_frozen_while_the_queue_is_on, "RV-CQ-31")
{
	struct rig *r = rig_new(0);
	uint64_t was;

	rig_cq(r, 3, false);
	was = rd64(r, CQB);
	rig_cmd(r, VMA, 0);
	wr64(r, CQB, PPN_OF(RIG_RAM + 0x10000) | 4);
	CHECK_EQ(rd64(r, CQB), was);
	wr32(r, CQB, 0);
	CHECK_EQ(rd64(r, CQB), was);
	wr32(r, CQB + 4, ~0u);
	CHECK_EQ(rd64(r, CQB), was);
	CHECK_EQ(rd32(r, CQT), 1);
	wr32(r, CQCSR, 0);
	CHECK_EQ(rd32(r, CQT), 1);
	wr64(r, CQB, PPN_OF(RIG_RAM + 0x10000) | 4);
	CHECK_EQ(rd64(r, CQB), PPN_OF(RIG_RAM + 0x10000) | 4);
	CHECK_EQ(rd32(r, CQT), 0);
	rig_free(r);
}

/* cmd_to, the fourth, needs ATS. */
TEST(interrupt_pending_of_each_cause, "RV-CQ-32")
{
	for (unsigned cause = 0; cause < 3; cause++)
		for (unsigned cie = 0; cie < 2; cie++) {
			static const uint32_t bits[] = { MF, CMD_ILL, FENCE_W_IP };
			struct rig *r = rig_new(0);

			wr32(r, FCTL, WSI);
			rig_cq(r, 3, cie);
			rig_cmd(r, VMA, 0);
			CHECK_EQ(rd32(r, IPSR), 0);
			if (cause == 0)
				fence(r, 1, RIG_NOWHERE);
			else
				rig_cmd(r, cause == 1 ? 0 : FENCE | FENCE_WSI, 0);
			CHECK_EQ(rd32(r, CQCSR), EN | ON | (cie ? IE : 0) | bits[cause]);
			CHECK_EQ(rd32(r, IPSR), cie ? CIP : 0);
			rig_free(r);
		}
}

TEST(smallest_and_largest_queue, "RV-CQ-33")
{
	struct rig *r = rig_new(0);
	uint64_t base;

	rig_cq(r, 1, false);
	for (unsigned i = 0; i < 9; i++) {
		fence(r, i, SPOT);
		CHECK_EQ(rd32(r, CQH), (i + 1) % 2);
		CHECK_EQ(ram32(r, SPOT), i);
	}
	wr32(r, CQCSR, 0);

	base = rig_cq(r, 16, false);
	CHECK_EQ(rd64(r, CQB) & 0x1f, 15);
	for (unsigned i = 0; i < 65536; i++)
		put_fence(r, base, i, i);
	wr32(r, CQT, 65535);
	CHECK_EQ(rd32(r, CQH), 65535);
	CHECK_EQ(ram32(r, SPOT), 65534);
	wr32(r, CQT, 10);
	CHECK_EQ(rd32(r, CQH), 10);
	CHECK_EQ(ram32(r, SPOT), 9);
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	rig_free(r);
}

TEST(largest_command_queue_can_be_probed, "")
{
	for (unsigned lg2 = 0; lg2 <= 20; lg2++) {
		struct iom_riscv_config c = { .queue_lg2 = (uint8_t)lg2 };
		struct rig *r = rig_new_config(&c);

		wr64(r, CQB, PPN_OF(RIG_RAM));
		wr64(r, CQB, 0x1f);
		CHECK_EQ(rd64(r, CQB), (lg2 ? lg2 : 16) - 1);
		rig_free(r);
	}
}

TEST(wire_bit_of_a_fence_does_not_steer_the_queue, "RV-CQ-24 RV-CQ-35")
{
	struct rig *r = rig_new(0);
	uint64_t base;

	wr32(r, FCTL, WSI);
	base = rig_cq(r, 4, false);
	put64(r, base, FENCE | FENCE_WSI);
	put_fence(r, base, 1, 1);
	wr32(r, CQT, 2);
	CHECK_EQ(rd32(r, CQCSR), EN | ON | FENCE_W_IP);
	CHECK_EQ(rd32(r, CQH), 2);
	CHECK_EQ(ram32(r, SPOT), 1);
	fence(r, 2, SPOT); /* pending, and the queue runs */
	CHECK_EQ(ram32(r, SPOT), 2);

	/* stopped by an illegal command that is repaired meanwhile: not fence_w_ip's business */
	rig_cmd(r, 0, 0);
	fence(r, 4, SPOT);
	put_fence(r, base, 3, 3);
	wr32(r, CQCSR, EN | FENCE_W_IP);
	CHECK_EQ(rd32(r, CQCSR), EN | ON | CMD_ILL);
	CHECK_EQ(rd32(r, CQH), 3);
	CHECK_EQ(ram32(r, SPOT), 2);
	wr32(r, CQCSR, EN | CMD_ILL);
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	CHECK_EQ(ram32(r, SPOT), 4);
	/* clearing it in a running queue changes nothing */
	rig_cmd(r, FENCE | FENCE_WSI, 0);
	wr32(r, CQCSR, EN | FENCE_W_IP);
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	fence(r, 6, SPOT);
	CHECK_EQ(ram32(r, SPOT), 6);
	rig_free(r);
}

static void ring_again(struct rig *r, uint64_t off, const void *buf, size_t len)
{
	(void)off, (void)buf, (void)len;
	if (rd32(r, CQT) < 7)
		rig_cmd(r, FENCE | FENCE_AV, RIG_DEVICE >> 2);
}

/* A device register that a fence writes may ring the unit's own doorbell. */
TEST(doorbell_from_inside_a_fence, "")
{
	struct rig *r = rig_new(0);

	rig_cq(r, 3, false);
	r->on_device_write = ring_again;
	rig_cmd(r, FENCE | FENCE_AV, RIG_DEVICE >> 2);
	CHECK_EQ(rd32(r, CQH), 7);
	CHECK_EQ(r->device_writes, 7);
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	rig_free(r);
}

static void disable(struct rig *r, uint64_t off, const void *buf, size_t len)
{
	(void)off, (void)buf, (void)len;
	wr32(r, CQCSR, 0);
}

/* Software turns the queue off while the unit is inside a command. */
TEST(disabled_from_inside_a_fence, "")
{
	struct rig *r = rig_new(0);
	uint64_t base = rig_cq(r, 3, false);

	put64(r, base, FENCE | FENCE_AV);
	put64(r, base + 8, RIG_DEVICE >> 2);
	put_fence(r, base, 1, 1);
	r->on_device_write = disable;
	wr32(r, CQT, 2);
	CHECK_EQ(rd32(r, CQCSR) & (EN | ON | BUSY), 0);
	CHECK_EQ(ram32(r, SPOT), 0);
	CHECK_EQ(r->device_writes, 1);
	rig_free(r);
}
