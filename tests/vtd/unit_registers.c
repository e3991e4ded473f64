/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Registers of a VT-d unit: what they hold, and which are there. */
#include "unit_bench.h"

#define VER 0x000
#define CAP 0x008
#define ECAP 0x010
#define GCMD 0x018
#define GSTS 0x01c
#define RTADDR 0x020
#define CCMD 0x028
#define FSTS 0x034
#define FECTL 0x038
#define PMEN 0x064
#define PLMBASE 0x068
#define PHMLIMIT 0x078
#define IQH 0x080
#define IQT 0x088
#define IQA 0x090
#define ICS 0x09c
#define IECTL 0x0a0
#define IRTA 0x0b8
#define PQH 0x0c0
#define PQA 0x0d0
#define PECTL 0x0e0
#define IVA 0x0f0
#define FRCD 0x220

static uint64_t ones(struct bench *b, unsigned off, unsigned bytes)
{
	wr(b, off, bytes, ~0ull);
	return rd(b, off, bytes);
}

TEST(registers_hold_what_they_may, "VTD-REG-01 VTD-REG-02 VTD-REG-09 VTD-REG-11 VTD-REG-14 "
                                   "VTD-REG-15 VTD-REG-19 VTD-REG-20 "
                                   "VTD-REG-21 VTD-REG-22 VTD-REG-23 VTD-REG-27")
{
	static const struct {
		unsigned off, bytes;
		uint64_t value;
	} rows[] = {
		{ VER, 4, 0x50 },
		{ RTADDR, 8, 0xfffffffffffffc80 },
		{ FSTS, 4, 0 },
		{ FECTL + 4, 4, 0xffff },
		{ FECTL + 8, 4, 0xfffffffc },
		{ FECTL + 12, 4, 0xffffffff },
		{ PLMBASE, 4, 0xffe00000 },
		{ PHMLIMIT, 8, 0xffffffffffe00000 },
		{ IQH, 8, 0 },
		{ IQT, 8, 0x7fff0 },
		{ IQA, 8, 0xfffffffffffff807 },
		{ IRTA, 8, 0xfffffffffffff80f },
		{ PQH, 8, 0x7ffe0 },
		{ PQA, 8, 0xfffffffffffff007 },
		{ IVA, 8, 0 },
		{ FRCD + 8, 8, 0 },
		{ 0x030, 4, 0 },
		{ 0x058, 8, 0 },
		{ 0x100, 8, 0 },
	};
	struct bench b;
	uint64_t cap, ecap;

	bench_profile(&b, IOM_VTD_FULL);
	cap = rd(&b, CAP, 8);
	ecap = rd(&b, ECAP, 8);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		CHECK_MSG(ones(&b, rows[i].off, rows[i].bytes) == rows[i].value, "at 0x%x: 0x%llx",
		          rows[i].off, (unsigned long long)rd(&b, rows[i].off, rows[i].bytes));
	CHECK_EQ(ones(&b, CAP, 8), cap);
	CHECK_EQ(ones(&b, ECAP, 8), ecap);
	wr(&b, GCMD, 4, 0x80000000);
	CHECK_EQ(rd(&b, GCMD, 4), 0);
	/* SID and FM are write-only; nothing is asked for without ICC. */
	wr(&b, CCMD, 8, 0x7fffffffffffffff);
	CHECK_EQ(rd(&b, CCMD, 8), 0x600000000000ffff);
	bench_free(&b);
}

/* Ones that software cannot take away. */
TEST(identity_stays_whatever_is_stored, "VTD-REG-01 VTD-REG-02")
{
	static const uint16_t fixed[] = { VER, CAP, CAP + 4, ECAP, ECAP + 4 };
	static const uint64_t data[] = { 0, 0x5555555555555555, 0xaaaaaaaaaaaaaaaa };

	for (uint32_t profile = IOM_VTD_LEGACY; profile <= IOM_VTD_FULL; profile++) {
		struct bench b;

		bench_profile(&b, profile);
		for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
			uint64_t is = rd(&b, fixed[i], 4);

			for (size_t d = 0; d < sizeof data / sizeof *data; d++) {
				wr(&b, fixed[i], 4, data[d]);
				CHECK_EQ(rd(&b, fixed[i], 4), is);
				if (!(fixed[i] % 8))
					wr(&b, fixed[i], 8, data[d]);
				CHECK_EQ(rd(&b, fixed[i], 4), is);
			}
		}
		bench_free(&b);
	}
}

TEST(registers_of_absent_features, "VTD-REG-18 VTD-REG-30")
{
	static const struct {
		unsigned off, bytes;
	} absent[] = {
		{ PMEN, 4 }, { PLMBASE, 4 }, { PHMLIMIT, 8 }, { PQH, 8 }, { PQA, 8 }, { PECTL, 4 },
	};
	struct bench b;

	bench_profile(&b, IOM_VTD_LEGACY);
	for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
		CHECK_EQ(ones(&b, absent[i].off, absent[i].bytes), 0);
	CHECK_EQ(ones(&b, RTADDR, 8), 0xfffffffffffffc00);
	bench_free(&b);
}

TEST(registers_after_resets, "VTD-REG-12 VTD-REG-13 VTD-REG-25")
{
	struct bench b;

	bench_profile(&b, IOM_VTD_FULL);
	for (unsigned warm = 0; warm < 2; warm++) {
		wr(&b, FECTL, 4, 0);
		CHECK_EQ(rd(&b, FECTL, 4), 0);
		CHECK_EQ(ones(&b, IECTL, 4), 0x80000000);
		wr(&b, RTADDR, 8, 0x1000);
		wr(&b, GCMD, 4, 0xc0000000);
		if (warm)
			iom_unit_reset_warm(b.unit);
		else
			iom_unit_reset(b.unit);
		CHECK_EQ(rd(&b, FECTL, 4), 0x80000000);
		CHECK_EQ(rd(&b, IECTL, 4), 0x80000000);
		CHECK_EQ(rd(&b, PECTL, 4), 0x80000000);
		CHECK_EQ(rd(&b, RTADDR, 8), 0);
		CHECK_EQ(rd(&b, GSTS, 4), 0);
	}
	bench_free(&b);
}
