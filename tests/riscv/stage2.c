/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The second stage alone: its wider root, its address width, and the Bare mode. */
#include <stdlib.h>
#include <string.h>

#include "stage.h"

#define DEVICE 2
#define V 1ull
#define PDTV (1ull << 5)

TEST(s2_root_of_16_kib, "RV-S2-02")
{
	unsigned levels, i;
	const unsigned index[] = { 0x1ff, 0x200, 0x2aa, 0x400, 0x555, 0x600, 0x7ff };

	for (levels = 3; levels <= 5; levels++) {
		unsigned shift = 12 + 9 * (levels - 1);
		struct stage s;

		stage_init(&s, CAP_EXT, true, levels, 0);
		/* Placed by hand; each root entry has its own target. */
		for (i = 0; i < sizeof(index) / sizeof(*index); i++) {
			uint64_t gpa = (uint64_t)index[i] << shift | 0x1abc;

			stage_refuses(&s, gpa, "empty root entry");
			put64(s.r, s.root + 8ull * index[i], leaf((uint64_t)i << shift));
			CHECK_EQ(rig_spa(s.r, STAGE_DEVICE, gpa), (uint64_t)i << shift | 0x1abc);
		}
		rig_free(s.r);
	}
}

/* Every bit above the width, alone; the table maps what the address would be without it. */
TEST(s2_width, "RV-S2-03")
{
	unsigned levels, bit, access;

	for (levels = 3; levels <= 5; levels++) {
		const uint64_t low = 0x5abf;
		struct stage s;

		stage_init(&s, CAP_EXT, true, levels, 0);
		rig_fq(s.r, 4, false);
		stage_map(&s, low, 0, leaf(STAGE_FAR));
		for (bit = 14 + 9 * levels; bit < 64; bit++) {
			const uint64_t gpa = low | 1ull << bit;

			for (access = IOM_READ; access <= IOM_ATOMIC; access++) {
				CHECK_EQ(rig_cause(s.r, STAGE_DEVICE, gpa, access),
				         guest_page_fault(access));
				rig_expect(s.r,
				           rig_record(guest_page_fault(access), ttyp_of(access),
				                      STAGE_DEVICE),
				           gpa, gpa & ~3ull);
			}
		}
		CHECK_EQ(rig_cause(s.r, STAGE_DEVICE, ~0ull << 12, IOM_READ), 21);
		rig_expect(s.r, rig_record(21, 2, STAGE_DEVICE), ~0ull << 12, ~0ull << 12);
		CHECK_EQ(rig_spa(s.r, STAGE_DEVICE, low), STAGE_FAR | 0xabf);
		rig_free(s.r);
	}
}

TEST(s2_user_bit, "RV-S2-05")
{
	unsigned levels, level, access, priv;

	for (levels = 3; levels <= 5; levels++) {
		struct rig *r = rig_new(CAP_EXT);
		uint64_t root = pages(r, 4, 16384);
		struct stage s = { .r = r, .second = true, .levels = levels, .root = root };

		rig_ddt(r, 1);
		rig_fq(r, 4, false);
		/* pdtp Bare lets supervisor requests come as far as the second stage. */
		rig_dc_put(r, STAGE_DEVICE, V | PDTV, stage_mode(levels) | root >> 12, 0, 0);
		for (level = 0; level < levels; level++) {
			uint64_t gpa = stage_iova(&s, level);

			stage_map(&s, gpa, level, leaf(STAGE_FAR) & ~PTE_U);
			stage_refuses(&s, gpa, "U=0");
			for (access = IOM_READ; access <= IOM_ATOMIC; access++)
				rig_expect(r,
				           rig_record(guest_page_fault(access), ttyp_of(access),
				                      STAGE_DEVICE),
				           gpa, gpa & ~3ull);
			for (access = IOM_READ; access <= IOM_ATOMIC; access++)
				for (priv = 0; priv < 2; priv++) {
					CHECK_EQ(rig_cause_pid(r, STAGE_DEVICE, gpa, access, 9,
					                       priv),
					         guest_page_fault(access));
					rig_expect(r,
					           rig_record(guest_page_fault(access),
					                      ttyp_of(access), STAGE_DEVICE) |
					                   9ull << 12 | 1ull << 32 |
					                   (uint64_t)priv << 33,
					           gpa, gpa & ~3ull);
				}
			gpa = stage_iova(&s, 20 + level);
			stage_map(&s, gpa, level, leaf(STAGE_FAR));
			for (access = IOM_READ; access <= IOM_ATOMIC; access++) {
				CHECK_EQ(rig_cause(r, STAGE_DEVICE, gpa, access), 0);
				CHECK_EQ(rig_cause_pid(r, STAGE_DEVICE, gpa, access, 9, true), 0);
			}
		}
		rig_free(r);
	}
}

TEST(s2_first_stage_bare, "RV-S2-18")
{
	unsigned levels;

	for (levels = 3; levels <= 5; levels++) {
		/* Not canonical as a virtual address, and not to be judged as one. */
		const uint64_t gpa =
			(1ull << (13 + 9 * levels)) | (1ull << (11 + 9 * levels)) | 0x7abc;
		struct stage s;

		stage_init(&s, CAP_EXT, true, levels, 0);
		rig_fq(s.r, 4, false);
		stage_refuses(&s, gpa, "not mapped");
		rig_expect(s.r, rig_record(21, 2, STAGE_DEVICE), gpa, gpa);
		stage_map(&s, gpa, 0, leaf(STAGE_FAR));
		CHECK_EQ(rig_spa(s.r, STAGE_DEVICE, gpa), STAGE_FAR | 0xabc);
		rig_free(s.r);
	}
}

TEST(s2_both_bare, "RV-S2-19")
{
	struct rig *r = rig_new(CAP_EXT);
	unsigned bit;

	rig_ddt(r, 1);
	rig_dc_put(r, DEVICE, V, 0, 0, 0);
	for (bit = 0; bit < 64; bit++) {
		CHECK_EQ(rig_spa(r, DEVICE, 1ull << bit), 1ull << bit);
		CHECK_EQ(rig_spa(r, DEVICE, (~0ull ^ 1ull << bit) & ~7ull),
		         (~0ull ^ 1ull << bit) & ~7ull);
	}
	CHECK_EQ(rig_spa(r, DEVICE, 0), 0);
	CHECK_EQ(rig_spa(r, DEVICE, ~7ull), ~7ull);
	rig_free(r);
}

/* With memory behind the address, so that the width alone refuses it. */
TEST(s2_leaf_beyond_pas, "RV-S2-21")
{
	const uint64_t high = 1ull << 40;
	const uint64_t cap = CAP_EXT & ~(63ull << 32);
	uint8_t *memory = malloc(4096);
	unsigned second, levels, pas;

	CHECK(memory);
	for (second = 0; second < 2; second++)
		for (levels = 3; levels <= 5; levels++)
			for (pas = 40; pas <= 41; pas++) {
				struct iom_region region = { .spa = high,
					                     .bytes = 4096,
					                     .host = memory };
				const struct iom_request q = { .iova = 0x5010, .bytes = 4 };
				const uint8_t data[4] = { 1, 2, 3, 4 };
				uint8_t buf[4] = { 0 };
				struct iom_reply reply;
				struct iom_port *port;
				struct stage s;

				memset(memory, 0x55, 4096);
				stage_init(&s, cap | CAP_PAS(pas), second, levels, 0);
				rig_fq(s.r, 4, false);
				CHECK_EQ(iom_memory_add(s.r->memory, &region, NULL), IOM_OK);
				stage_map(&s, q.iova, 0, leaf(high));
				CHECK_EQ(rig_translate(s.r, STAGE_DEVICE, &q, &reply), IOM_OK);
				CHECK_EQ(reply.spa, high | 0x10);
				port = rig_port(s.r, STAGE_DEVICE);
				if (pas == 41) {
					CHECK_EQ(iom_read(port, &q, buf, 4, &reply), IOM_OK);
					CHECK_EQ(buf[0], 0x55);
				} else {
					CHECK(!reply.host);
					CHECK_EQ(reply.host_bytes, 0);
					CHECK_EQ(iom_read(port, &q, buf, 4, &reply), IOM_EFAULT);
					CHECK_EQ(reply.fault, 0);
					CHECK_EQ(reply.status, IOM_ABORT);
					CHECK_EQ(reply.done, 0);
					CHECK_EQ(buf[0] & buf[1] & buf[2] & buf[3], 0xff);
					CHECK_EQ(iom_write(port, &q, data, 4, &reply), IOM_EFAULT);
					CHECK_EQ(reply.fault, 0);
					CHECK_EQ(reply.status, IOM_ABORT);
					CHECK_EQ(memory[0x10], 0x55);
				}
				rig_expect_none(s.r);
				rig_free(s.r);
			}
	free(memory);
}
