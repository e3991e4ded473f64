/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* IOFENCE.C: what it stores, what it orders, what it waits for. */
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "sheet.h"

#define SPOT (RIG_RAM + 0x800000)

static void fence(struct rig *r, uint32_t data)
{
	rig_cmd(r, FENCE | FENCE_AV | FENCE_DATA(data), SPOT >> 2);
}

/* Exactly 4 bytes at any 4-byte address, in fctl.BE's order; all other memory is as before. */
TEST(fence_stores_four_bytes, "RV-CQ-22")
{
	uint8_t *was = malloc(RIG_RAM_BYTES);

	CHECK(was);
	for (unsigned big = 0; big < 2; big++) {
		struct rig *r = rig_new(0);
		uint64_t base;

		wr32(r, FCTL, big ? BE : 0);
		base = rig_cq(r, 4, false);
		memset(r->ram + (SPOT - RIG_RAM), 0xee, 64);
		for (unsigned i = 0; i < 8; i++) {
			uint64_t dw0 = FENCE | FENCE_AV | FENCE_DATA(0x11223344);
			uint64_t dw1 = (SPOT + 4 * i) >> 2;
			uint8_t *spot = was + (SPOT + 4 * i - RIG_RAM);

			put64(r, base + 16 * i, big ? swap64(dw0) : dw0);
			put64(r, base + 16 * i + 8, big ? swap64(dw1) : dw1);
			memcpy(was, r->ram, RIG_RAM_BYTES);
			wr32(r, CQT, i + 1);
			CHECK_EQ(rd32(r, CQH), i + 1);
			for (unsigned b = 0; b < 4; b++)
				spot[big ? b : 3 - b] = (uint8_t)(0x11 * (b + 1));
			CHECK_EQ(memcmp(was, r->ram, RIG_RAM_BYTES), 0);
		}
		rig_free(r);
	}
	free(was);
}

TEST(fence_without_av_stores_nothing, "")
{
	struct rig *r = rig_new(0);

	rig_cq(r, 3, false);
	put32(r, SPOT, 0x5a5a5a5a);
	rig_cmd(r, FENCE | FENCE_DATA(1), SPOT >> 2);
	CHECK_EQ(rd32(r, CQH), 1);
	CHECK_EQ(ram32(r, SPOT), 0x5a5a5a5a);
	rig_free(r);
}

TEST(refused_store_of_a_fence, "RV-CQ-23")
{
	static uint64_t guarded[512];
	const struct iom_region readonly = { .spa = 0x20000000,
		                             .bytes = sizeof guarded,
		                             .host = guarded,
		                             .flags = IOM_REGION_READONLY };
	const struct iom_region beyond = { .spa = 1ull << 32,
		                           .bytes = sizeof guarded,
		                           .host = guarded };
	static const uint64_t targets[] = { RIG_NOWHERE, 0x20000000, 1ull << 32, (1ull << 56) - 4,
		                            ~3ull };

	for (unsigned i = 0; i < COUNT(targets); i++) {
		struct rig *r = rig_new((CAP_EXT & ~CAP_PAS(63)) | CAP_PAS(32));
		uint64_t base = rig_cq(r, 3, false);

		CHECK_EQ(iom_memory_add(r->memory, &readonly, NULL), IOM_OK);
		CHECK_EQ(iom_memory_add(r->memory, &beyond, NULL), IOM_OK);
		put64(r, base, VMA);
		put64(r, base + 16, FENCE | FENCE_AV | FENCE_DATA(1));
		put64(r, base + 24, targets[i] >> 2);
		put64(r, base + 32, FENCE | FENCE_AV | FENCE_DATA(2));
		put64(r, base + 40, SPOT >> 2);
		wr32(r, CQT, 3);
		CHECK_EQ(rd32(r, CQCSR), EN | ON | MF);
		CHECK_EQ(rd32(r, CQH), 1);
		CHECK_EQ(ram32(r, SPOT), 0);
		CHECK_EQ(guarded[0], 0);

		/* the same fence is carried out when it points somewhere */
		put64(r, base + 24, (SPOT + 4) >> 2);
		wr32(r, CQCSR, EN | MF);
		CHECK_EQ(rd32(r, CQH), 3);
		CHECK_EQ(ram32(r, SPOT + 4), 1);
		CHECK_EQ(ram32(r, SPOT), 2);
		rig_free(r);
	}
}

static void not_stored_yet(struct rig *r)
{
	CHECK_EQ(ram32(r, SPOT), 0);
}

TEST(fence_orders_device_accesses, "RV-CQ-25")
{
	for (unsigned bits = 0; bits < 4; bits++) {
		struct rig *r = rig_new(0);

		rig_cq(r, 3, false);
		r->on_order = not_stored_yet;
		rig_cmd(r,
		        FENCE | FENCE_AV | FENCE_DATA(7) | (bits & 1 ? FENCE_PR : 0) |
		                (bits & 2 ? FENCE_PW : 0),
		        SPOT >> 2);
		CHECK_EQ(ram32(r, SPOT), 7);
		CHECK_EQ(r->orders, bits != 0);
		if (bits) {
			CHECK_EQ(r->order[0].reads, bits & 1);
			CHECK_EQ(r->order[0].writes, bits >> 1);
		}
		rig_free(r);
	}
}

/* ---- Access sections ---------------------------------------------------------------------- */

static void fence_from_inside(struct rig *r)
{
	r->on_device_read = NULL;
	fence(r, 9);
	CHECK_EQ(ram32(r, SPOT), 0);
}

/* Who asks outside of a section reads tables all the same, and software may want to take them away. */
TEST(fence_waits_for_a_translation_in_no_section, "")
{
	const struct iom_request request = { .iova = 0x1000, .bytes = 8 };
	struct rig *r = rig_new(0);
	struct iom_reply reply;

	rig_cq(r, 3, false);
	rig_ddt(r, 1);
	rig_dc_put(r, 5, 1, 0, 0, 8ull << 60 | RIG_DEVICE >> 12);
	r->on_device_read = fence_from_inside;
	CHECK_EQ(iom_translate(rig_port(r, 5), &request, &reply), IOM_EFAULT);
	CHECK_EQ(r->device_reads, 1);
	CHECK_EQ(ram32(r, SPOT), 9);
	rig_free(r);
}

TEST(fence_waits_for_an_open_section, "")
{
	struct rig *r = rig_new(0);

	rig_cq(r, 3, true);
	iom_begin(r->lane);
	rig_cmd(r, VMA, 0); /* an invalidation alone waits for nobody */
	CHECK_EQ(rd32(r, CQH), 1);
	rig_cmd(r, FENCE | FENCE_AV | FENCE_DATA(5) | FENCE_PR, SPOT >> 2);
	rig_cmd(r, 0, 0);
	CHECK_EQ(rd32(r, CQH), 1);
	CHECK_EQ(rd32(r, CQCSR), EN | IE | ON);
	CHECK_EQ(ram32(r, SPOT), 0);
	CHECK_EQ(r->orders, 0);
	/* the end carries it out, and what stands behind it, with all callbacks */
	iom_end(r->lane);
	CHECK_EQ(ram32(r, SPOT), 5);
	CHECK_EQ(r->orders, 1);
	CHECK_EQ(rd32(r, CQH), 2);
	CHECK_EQ(rd32(r, CQCSR), EN | IE | ON | CMD_ILL);
	CHECK_EQ(r->msis, 1);
	rig_free(r);
}

TEST(fence_waits_for_the_outermost_end, "")
{
	struct rig *r = rig_new(0);

	rig_cq(r, 3, false);
	iom_begin(r->lane);
	iom_begin(r->lane);
	fence(r, 5);
	iom_end(r->lane);
	CHECK_EQ(ram32(r, SPOT), 0);
	iom_end(r->lane);
	CHECK_EQ(ram32(r, SPOT), 5);
	iom_end(r->lane); /* one too many is ignored */
	fence(r, 6);
	CHECK_EQ(ram32(r, SPOT), 6);
	rig_free(r);
}

TEST(fence_waits_for_every_lane_that_was_inside, "")
{
	for (unsigned order = 0; order < 6; order++) {
		static const unsigned char orders[6][3] = {
			{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
			{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
		};
		struct rig *r = rig_new(0);
		struct iom_lane *lanes[3];

		rig_cq(r, 3, false);
		for (unsigned i = 0; i < 3; i++) {
			CHECK_EQ(iom_lane_open(r->unit, &lanes[i]), IOM_OK);
			iom_begin(lanes[i]);
		}
		fence(r, 5);
		for (unsigned i = 0; i < 3; i++) {
			CHECK_EQ(ram32(r, SPOT), 0);
			if (order & 1)
				iom_lane_close(lanes[orders[order][i]]); /* ends its section */
			else
				iom_end(lanes[orders[order][i]]);
		}
		CHECK_EQ(ram32(r, SPOT), 5);
		rig_free(r);
	}
}

TEST(fence_waits_for_no_later_section, "")
{
	struct rig *r = rig_new(0);
	struct iom_lane *later;

	rig_cq(r, 3, false);
	CHECK_EQ(iom_lane_open(r->unit, &later), IOM_OK);
	iom_begin(r->lane);
	fence(r, 5);
	iom_begin(later);
	iom_end(r->lane);
	CHECK_EQ(ram32(r, SPOT), 5);
	/* a lane that ends and begins again is a new section */
	fence(r, 6);
	iom_begin(r->lane);
	CHECK_EQ(ram32(r, SPOT), 5);
	iom_end(later);
	CHECK_EQ(ram32(r, SPOT), 6);
	iom_begin(later);
	iom_end(r->lane);
	fence(r, 7);
	CHECK_EQ(ram32(r, SPOT), 6);
	iom_end(later);
	CHECK_EQ(ram32(r, SPOT), 7);
	rig_free(r);
}

TEST(second_fence_waits_for_sections_opened_meanwhile, "")
{
	struct rig *r = rig_new(0);
	struct iom_lane *later;

	rig_cq(r, 3, false);
	CHECK_EQ(iom_lane_open(r->unit, &later), IOM_OK);
	iom_begin(r->lane);
	fence(r, 5);
	fence(r, 6);
	iom_begin(later);
	iom_end(r->lane);
	CHECK_EQ(ram32(r, SPOT), 5);
	CHECK_EQ(rd32(r, CQH), 1);
	iom_end(later);
	CHECK_EQ(ram32(r, SPOT), 6);
	CHECK_EQ(rd32(r, CQH), 2);
	rig_free(r);
}

TEST(turning_off_under_a_waiting_fence, "RV-CQ-29")
{
	struct rig *r = rig_new(0);
	uint64_t cqb;

	rig_cq(r, 3, false);
	cqb = rd64(r, CQB);
	iom_begin(r->lane);
	fence(r, 5);
	fence(r, 6);
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	wr32(r, CQCSR, 0);
	CHECK_EQ(rd32(r, CQCSR), ON | BUSY);
	/* still on: neither base nor csr can be written */
	wr64(r, CQB, 0);
	CHECK_EQ(rd64(r, CQB), cqb);
	wr32(r, CQCSR, EN | IE);
	CHECK_EQ(rd32(r, CQCSR), ON | BUSY);
	iom_end(r->lane);
	CHECK_EQ(rd32(r, CQCSR), 0);
	CHECK(ram32(r, SPOT) != 6);
	/* and it can be used again */
	wr64(r, CQB, cqb);
	wr32(r, CQCSR, EN);
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	fence(r, 7);
	CHECK_EQ(ram32(r, SPOT), 7);
	rig_free(r);
}

static void ring(struct rig *r, uint64_t off, const void *buf, size_t len)
{
	(void)off, (void)buf, (void)len;
	fence(r, 5);
	CHECK_EQ(ram32(r, SPOT), 0);
}

/* A device access rings the unit's own doorbell: its own section holds the fence back. */
TEST(doorbell_from_inside_a_device_access, "")
{
	struct rig *r = rig_new(0);
	struct iom_reply reply;
	const struct iom_request q = { .iova = RIG_DEVICE };

	wr64(r, DDTP, BARE);
	rig_cq(r, 3, false);
	r->on_device_write = ring;
	CHECK_EQ(iom_write(rig_port(r, 1), &q, "abcd", 4, &reply), IOM_OK);
	CHECK_EQ(ram32(r, SPOT), 5);
	CHECK_EQ(rd32(r, CQH), 1);
	rig_free(r);
}
