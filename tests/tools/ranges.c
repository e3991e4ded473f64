/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What page tables map, as ranges: entries typed from the manuals, hostile tables, and the walker as a judge. */
#include "ranges.h"

#include <stdio.h>
#include <string.h>

#include <iommux/error.h>

#include "pt/walk.h"
#include "test.h"

#define PAGES 64u
#define WORDS 512u

/* Memory from 0 on, in doublewords; what is beyond cannot be read. */
static uint64_t memory[PAGES * WORDS];

struct told {
	struct range range[4096];
	unsigned ranges, wrongs;
	char wrong[20][256];
};

static int read_memory(void *opaque, uint64_t spa, void *buf, size_t size)
{
	(void)opaque;
	if (spa > sizeof memory || size > sizeof memory - spa)
		return IOM_EFAULT;
	memcpy(buf, (const uint8_t *)memory + spa, size);
	return IOM_OK;
}

static void on_range(void *opaque, const struct range *r)
{
	struct told *told = opaque;

	if (told->ranges < 4096)
		told->range[told->ranges] = *r;
	told->ranges++;
}

static void on_wrong(void *opaque, const char *sentence)
{
	struct told *told = opaque;

	CHECK(told->wrongs < 20);
	snprintf(told->wrong[told->wrongs++], sizeof told->wrong[0], "%s", sentence);
}

static struct told told;

static void walk(const struct ranges_stage *stage, const struct ranges_stage *below)
{
	const struct ranges_walk w = {
		.stage = stage,
		.below = below,
		.read = read_memory,
		.range = on_range,
		.wrong = on_wrong,
		.opaque = &told,
	};

	memset(&told, 0, sizeof told);
	ranges_walk(&w);
}

static void clear(void)
{
	memset(memory, 0, sizeof memory);
}

static void put(uint64_t address, uint64_t word)
{
	memory[address / 8] = word;
}

static struct ranges_stage stage_of(const char *arch, uint32_t format, uint64_t root, bool second,
                                    const struct ranges_stage *below)
{
	/* Svpbmt; 2 MiB, 1 GiB, 48-bit guest addresses */
	const uint64_t cap = !strcmp(arch, "riscv") ? 0x8000 : 0x10000c00000000 | 47 << 16;
	const struct iom_stage from = { .root = root, .format = format };
	struct register_map map;
	const struct ranges_unit unit = { .map = &map, .address_bits = 46 };
	struct ranges_stage stage;

	CHECK(register_map_make(arch, (uint64_t[]){ cap, 0 }, &map));
	CHECK(ranges_stage_make(&from, second, &unit, below, &stage));
	return stage;
}

static void range_is(unsigned i, uint64_t input, uint64_t output, uint64_t bytes, unsigned perm,
                     uint64_t sizes)
{
	CHECK(i < told.ranges);
	CHECK_EQ(told.range[i].input, input);
	CHECK_EQ(told.range[i].output, output);
	CHECK_EQ(told.range[i].bytes, bytes);
	CHECK_EQ(told.range[i].perm, perm);
	CHECK_EQ(told.range[i].sizes, sizes);
}

/* ---- What is told -------------------------------------------------------------------------------- */

TEST(ranges_of_sv39, "")
{
	const struct ranges_stage stage =
		stage_of("riscv", IOM_FORMAT_RISCV_SV39, 0x1000, false, NULL);
	char room[64];

	clear();
	put(0x1000, 0x801);                /* the first GiB has a table at 0x2000 ...   */
	put(0x1000 + 8 * 256, 0x100000df); /* ... the upper half a page at 0x40000000 */
	put(0x2000, 0xc01);                /* table at 0x3000 */
	put(0x2008, 0x800d7);              /* a page of 2 MiB at 0x200000 */
	put(0x3000 + 8 * 511, 0x7fcd7);    /* the last page before it, at 0x1ff000 */
	put(0x3000, 0x48c53);              /* 0x123000, read-only */
	put(0x3008, 0x49053);              /* 0x124000 */
	for (unsigned i = 16; i < 32; i++)
		put(0x3000 + 8 * i, 0x80000000000060d7); /* 64 KiB at 0x10000 */
	walk(&stage, NULL);
	CHECK_EQ(told.wrongs, 0);
	CHECK_EQ(told.ranges, 4);
	range_is(0, 0, 0x123000, 0x2000, 9, 0x1000);
	range_is(1, 0x10000, 0x10000, 0x10000, 0xb, 0x10000);
	/* Pages of two sizes that continue each other */
	range_is(2, 0x1ff000, 0x1ff000, 0x201000, 0xb, 0x201000);
	range_is(3, 0xffffffc000000000, 0x40000000, 0x40000000, 0xf, 0x40000000);
	CHECK_STR(stage.name, "Sv39");
	CHECK_STR(ranges_perm(&stage, 0xb, room), "rw-u");
	CHECK_STR(ranges_sizes(0x40201000, room, sizeof room), "4 KiB, 2 MiB, 1 GiB");
}

TEST(ranges_of_vtd, "")
{
	const struct ranges_stage second =
		stage_of("vtd", IOM_FORMAT_VTD_4LEVEL, 0x1000, true, NULL);
	const struct ranges_stage wider =
		stage_of("vtd", IOM_FORMAT_VTD_5LEVEL, 0x5000, true, NULL);
	char room[8];

	clear();
	put(0x1000, 0x2003);
	put(0x2000, 0x3003);
	put(0x2008, 0x40000083); /* PS: 1 GiB, read and write */
	put(0x3000, 0x4001);     /* read-only for all below it */
	put(0x4000, 0x10003);
	put(0x4010, 0x12002);
	walk(&second, NULL);
	CHECK_EQ(told.wrongs, 0);
	CHECK_EQ(told.ranges, 3);
	range_is(0, 0, 0x10000, 0x1000, 1, 0x1000);
	range_is(1, 0x2000, 0x12000, 0x1000, 0, 0x1000);
	range_is(2, 0x40000000, 0x40000000, 0x40000000, 3, 0x40000000);
	CHECK_STR(ranges_perm(&second, 1, room), "r-");
	/* What lies beyond the 48 bits of MGAW nobody translates. */
	put(0x5000, 0x1003);
	put(0x5008, 0x1003);
	walk(&wider, NULL);
	CHECK_EQ(told.wrongs, 0);
	CHECK_EQ(told.ranges, 3);
}

/* Tables of the first stage are where the second has them. */
TEST(ranges_of_nested_tables, "")
{
	const struct ranges_stage second =
		stage_of("vtd", IOM_FORMAT_VTD_3LEVEL, 0x1000, true, NULL);
	const struct ranges_stage first =
		stage_of("vtd", IOM_FORMAT_X86_4LEVEL, 0x100000, false, &second);

	clear();
	put(0x1000, 0x2003);
	put(0x2000, 0x3003);
	for (unsigned i = 0; i < 3; i++) /* guest-physical 0x100000 to 0x103000 is at 0x8000 on */
		put(0x3000 + 8 * (0x100 + i), 0x8003 + 0x1000 * i);
	put(0x8000, 0x101027);
	put(0x9000, 0x102027);
	put(0xa000,
	    0x200087 | 0x27); /* a page of 2 MiB ... one level too high: not without FS1GP */
	put(0x9008, 0x102027);
	walk(&first, &second);
	/* PDPTEs 0 and 1 lead to the same table, which is a table of PDEs. */
	CHECK_EQ(told.wrongs, 0);
	CHECK_EQ(told.ranges, 2);
	range_is(0, 0, 0x200000, 0x200000, 0xb, 0x200000);
	range_is(1, 0x40000000, 0x200000, 0x200000, 0xb, 0x200000);
	put(0xa008, 0x500027);
	walk(&first, &second);
	CHECK_EQ(told.wrongs, 2);
	CHECK_STR(told.wrong[0], "the table at 0x500000, guest-physical, is not mapped by the "
	                         "second stage");
}

TEST(what_is_wrong_with_tables, "")
{
	const struct ranges_stage stage =
		stage_of("riscv", IOM_FORMAT_RISCV_SV39, 0x1000, false, NULL);

	clear();
	put(0x1000, 0x401);      /* the root itself */
	put(0x1008, 0x801);      /* a table at 0x2000 ... */
	put(0x1010, 0x10000001); /* ... and one where there is no memory */
	put(0x1018, 0x4000d7);   /* a page of 1 GiB at 0x1000000 */
	put(0x2000, 0x401);      /* the root again */
	put(0x2008, 0xc05);      /* writable and not readable */
	walk(&stage, NULL);
	CHECK_EQ(told.ranges, 0);
	CHECK_EQ(told.wrongs, 5);
	CHECK_STR(told.wrong[0], "the table at 0x1000, for 0x0, is one that leads to itself");
	CHECK_STR(told.wrong[1], "the table at 0x1000, for 0x40000000, is one that leads to "
	                         "itself");
	CHECK_STR(told.wrong[2], "the entry for 0x40200000 at 0x2008, 0xc05, is malformed");
	CHECK_STR(told.wrong[3], "the table at 0x40000000, for 0x80000000, cannot be read");
	CHECK_STR(told.wrong[4], "the entry for 0xc0000000 at 0x1018, 0x4000d7, is malformed");
}

/* 2^27 ways lead through five pages; a walk does not go all of them. */
TEST(a_walk_ends_whatever_the_tables_hold, "")
{
	const struct ranges_stage stage =
		stage_of("riscv", IOM_FORMAT_RISCV_SV57, 0x1000, false, NULL);

	clear();
	for (unsigned page = 1; page < 5; page++)
		for (unsigned i = 0; i < WORDS; i++)
			put(0x1000 * page + 8 * i, (uint64_t)(page + 1) << 10 | 1);
	for (unsigned i = 0; i < WORDS; i++)
		put(0x5000 + 8 * i, 0x400 * i * 2 + 0xd7);
	walk(&stage, NULL);
	CHECK_EQ(told.ranges, RANGES_MAX);
	CHECK_EQ(told.wrongs, 1);
	CHECK_STR(told.wrong[0], "the walk was ended at 0x10000000, after 65536 ranges; there may "
	                         "be more");
	/* All alike, and few ranges: */
	for (unsigned i = 0; i < WORDS; i++)
		put(0x5000 + 8 * i, 0);
	walk(&stage, NULL);
	CHECK_EQ(told.ranges, 0);
	CHECK_EQ(told.wrongs, 1);
	CHECK(strstr(told.wrong[0], "after 16384 tables; there may be more"));
	/* Every entry malformed: some are told, the rest are counted. */
	for (unsigned i = 0; i < WORDS; i++)
		put(0x5000 + 8 * i, 5);
	for (unsigned page = 1; page < 5; page++)
		for (unsigned i = 1; i < WORDS; i++)
			put(0x1000 * page + 8 * i, 0);
	walk(&stage, NULL);
	CHECK_EQ(told.wrongs, RANGES_WRONG_MAX + 1);
	CHECK_STR(told.wrong[RANGES_WRONG_MAX], "and 496 more that are like these");
}

/* ---- The walker as a judge ------------------------------------------------------------------------ */

static int judge_load(void *ctx, uint64_t spa, unsigned size_lg2, bool big_endian, uint64_t *raw)
{
	(void)big_endian;
	return read_memory(ctx, spa, raw, (size_t)1 << size_lg2);
}

/* Does the walker find this page, and where?  A page may have any permission. */
static bool finds(const struct ranges_stage *stage, uint64_t input, uint64_t *output)
{
	static const struct pt_source source = { .load = judge_load };
	struct pt_result found = { 0 };

	for (unsigned perm = 1; perm < 8; perm++) {
		for (unsigned user = 0; user < 2; user++) {
			const struct pt_want want = { .perm = (uint8_t)(perm & 1   ? PT_R
				                                        : perm & 2 ? PT_W
				                                                   : PT_X),
				                      .user = user,
				                      .rules =
				                              stage->format->marks_tables ? 2 : 0 };

			if (!pt_walk(stage->format, &source, &stage->root, input, &want, NULL,
			             &found)) {
				*output = found.address;
				return true;
			}
		}
	}
	return false;
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static bool told_of(uint64_t input, uint64_t *output)
{
	for (unsigned i = 0; i < told.ranges && i < 4096; i++) {
		const struct range *r = &told.range[i];

		if (input - r->input < r->bytes) {
			*output = r->output + (input - r->input);
			return true;
		}
	}
	return false;
}

/* Random tables of Sv39: some 20 entries each, pointing down or to pages, some malformed. */
TEST(the_walker_finds_what_is_told_and_no_more, "")
{
	const struct ranges_stage stage =
		stage_of("riscv", IOM_FORMAT_RISCV_SV39, 0x1000, false, NULL);
	uint64_t seed = 0x9e3779b97f4a7c15;

	for (unsigned round = 0; round < 50; round++) {
		uint64_t is = 0, should = 0;
		unsigned hits = 0;

		clear();
		for (unsigned page = 1; page < 16; page++) {
			for (unsigned n = 0; n < 12; n++) {
				const uint64_t r = next_random(&seed);
				const uint64_t down = page + 1 + r % (16 - page);
				const uint64_t raw = r >> 60 & 1 ? down << 10 | 1
				                                 : (r >> 20 & 0xff) << 28 |
				                                           (r >> 32 & 0x1f) | 0xc1;

				put(0x1000 * page + 8 * (r >> 40 & 31), raw);
			}
		}
		walk(&stage, NULL);
		CHECK(told.ranges <= 4096);
		for (unsigned n = 0; n < 20000; n++) {
			const uint64_t r = next_random(&seed);
			uint64_t input = (r & 31) << 30 | (r >> 8 & 31) << 21 |
			                 (r >> 16 & 31) << 12 | (r >> 32 & 0xfff);
			bool found, expected;

			/* Half of the time where something was told. */
			if (told.ranges && r >> 63)
				input = told.range[(r >> 4) % told.ranges].input +
				        (r >> 24) % told.range[(r >> 4) % told.ranges].bytes;
			found = finds(&stage, input, &should);
			expected = told_of(input, &is);
			CHECK_MSG(found == expected, "round %u: 0x%llx", round,
			          (unsigned long long)input);
			if (found)
				CHECK_EQ(is, should);
			hits += found;
		}
		CHECK(!told.ranges || hits);
	}
}
