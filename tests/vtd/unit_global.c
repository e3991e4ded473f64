/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Global commands, protected memory, and the drains before their status. */
#include "unit_bench.h"

#define GCMD 0x018
#define GSTS 0x01c
#define RTADDR 0x020
#define PMEN 0x064
#define PLMBASE 0x068
#define IQH 0x080
#define IRTA 0x0b8
#define TE 0x80000000u
#define RTP 0x40000000u
#define WBF 0x08000000u
#define QIE 0x04000000u
#define IRE 0x02000000u
#define IRTP 0x01000000u
#define CFI 0x00800000u

TEST(commands_change_one_status_bit, "VTD-GCMD-01 VTD-GCMD-07 VTD-GCMD-08 VTD-GCMD-11 VTD-GCMD-13 "
                                     "VTD-GCMD-14 VTD-GCMD-16 VTD-GCMD-17 VTD-GCMD-18")
{
	static const struct {
		uint32_t set, clear;
	} steps[] = {
		{ QIE, 0 }, { IRTP, 0 }, { IRE, 0 }, { CFI, 0 }, { RTP, 0 }, { TE, 0 },  { RTP, 0 },
		{ 0, TE },  { 0, CFI },  { TE, 0 },  { 0, IRE }, { 0, TE },  { 0, QIE },
	};
	uint32_t gsts = 0;
	struct bench b;

	bench_profile(&b, IOM_VTD_FULL);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		uint32_t command = (uint32_t)rd(&b, GSTS, 4) & 0x96ffffff;

		wr(&b, GCMD, 4, (command | steps[i].set) & ~steps[i].clear);
		gsts = (gsts | steps[i].set) & ~steps[i].clear;
		CHECK_EQ(rd(&b, GSTS, 4), gsts);
	}
	bench_free(&b);
}

TEST(commands_of_absent_features, "VTD-GCMD-10 VTD-GCMD-15")
{
	struct iom_vtd_config config = { .bytes = sizeof config,
		                         .cap = 0x00d2008c226f0606,
		                         .ecap = 0xf01 };
	struct bench b;

	CHECK_EQ(bench_try(&b, &config, NULL), IOM_OK);
	wr(&b, GCMD, 4, 0x7fffffff);
	CHECK_EQ(rd(&b, GSTS, 4), RTP);
	bench_free(&b);

	config.cap |= 1ull << 4;
	CHECK_EQ(bench_try(&b, &config, NULL), IOM_OK);
	wr(&b, GCMD, 4, WBF);
	CHECK_EQ(rd(&b, GSTS, 4), 0);
	bench_free(&b);
}

TEST(status_waits_for_open_sections, "VTD-GCMD-21 VTD-PMR-01")
{
	struct iom_lane *lane;
	struct bench b;

	bench_profile(&b, IOM_VTD_FULL);
	CHECK_EQ(iom_lane_open(b.unit, &lane), IOM_OK);
	iom_begin(lane);
	wr(&b, GCMD, 4, TE | RTP);
	CHECK_EQ(rd(&b, GSTS, 4), 0);
	wr(&b, PMEN, 4, TE);
	CHECK_EQ(rd(&b, PMEN, 4), TE);
	wr(&b, PLMBASE, 4, 0x200000);
	CHECK_EQ(rd(&b, PLMBASE, 4), 0);
	iom_end(lane);
	CHECK_EQ(rd(&b, GSTS, 4), TE | RTP);
	CHECK_EQ(rd(&b, PMEN, 4), TE | 1);

	/* The next pointer is latched while remapping goes on. */
	iom_begin(lane);
	wr(&b, GCMD, 4, TE | RTP);
	CHECK_EQ(rd(&b, GSTS, 4), TE);
	wr(&b, PMEN, 4, 0);
	CHECK_EQ(rd(&b, PMEN, 4), 1);
	iom_end(lane);
	CHECK_EQ(rd(&b, GSTS, 4), TE | RTP);
	CHECK_EQ(rd(&b, PMEN, 4), 0);
	bench_free(&b);
}

TEST(latched_state_moves_with_a_snapshot, "")
{
	static uint8_t bytes[65536];
	struct bench b, other;
	struct iom_lane *lane;
	size_t size;

	bench_profile(&b, IOM_VTD_FULL);
	bench_profile(&other, IOM_VTD_FULL);
	CHECK_EQ(iom_lane_open(b.unit, &lane), IOM_OK);
	wr(&b, RTADDR, 8, 0x5400);
	wr(&b, GCMD, 4, QIE | RTP);
	iom_begin(lane);
	wr(&b, GCMD, 4, QIE | TE);
	CHECK_EQ(iom_unit_save(b.unit, bytes, sizeof bytes, &size), IOM_OK);
	CHECK_EQ(iom_unit_load(other.unit, bytes, size, NULL), IOM_OK);
	CHECK_EQ(rd(&b, GSTS, 4), QIE | RTP);
	CHECK_EQ(rd(&other, GSTS, 4), QIE | RTP | TE);
	CHECK_EQ(rd(&other, RTADDR, 8), 0x5400);
	iom_end(lane);
	bench_free(&b);
	bench_free(&other);
}
