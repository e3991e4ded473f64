/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The format suite over AMD-Vi's host tables.  Numbers come from the fact sheet. */
#include "suite.h"

#include "pt/fmt/amd_v1.h"
#include "pt/fmt/amd_v1_table.h"

SUITE_WALK(walk, pt_amd_v1)

/* log2 of the default page sizes, and of what comes after the last */
static const unsigned defaults[] = { 12, 21, 30, 39, 48, 57 };

static uint64_t reserved(const struct suite_row *row, unsigned level, unsigned size)
{
	uint64_t wide = row->shape.output_bits < 52 ? IOM_MASK(51, row->shape.output_bits) : 0;
	unsigned n;

	if (!size) /* bits 11:9 hold the next level: any bit more makes it too high, or 7 */
		return wide | IOM_MASK(60, 52) | (IOM_MASK(11, 9) & ~((uint64_t)level << 9));
	if (size == defaults[level]) {
		/* any of bits 11:9 names a table, whose level must be lower */
		uint64_t bits = wide | IOM_MASK(58, 52);

		for (n = 0; n < 3; n++)
			if (1u << n > level)
				bits |= IOM_BIT(9 + n);
		return level ? bits | IOM_MASK(defaults[level] - 1, 12) : bits;
	}
	/* The size's own 0 bit becomes 1: the next 0 tells a size twice as large. */
	if (size + 1 == defaults[level + 1])
		wide |= IOM_BIT(size - 1);
	return wide | IOM_MASK(58, 52);
}

/* clang-format off */
#define AMD(title, mode_, out, feature, options_) {                                                \
	.name = title,                                                                             \
	.fmt = &pt_amd_v1,                                                                         \
	.root = { .features = feature, .levels = mode_, .granule_lg2 = 12,                         \
	          .root_lg2 = mode_ == 6 ? 7 : 9,                                                  \
	          .input_bits = mode_ == 6 ? 64 : 12 + 9 * mode_, .output_bits = out },            \
	.twin = twin_amd_v1,                                                                       \
	.shape = { .mode = mode_, .output_bits = out, .options = options_ },                       \
	.sizes = { IOM_MASK(20, 12), mode_ > 1 ? IOM_MASK(29, 21) : 0,                             \
	           mode_ > 2 ? IOM_MASK(38, 30) : 0, mode_ > 3 ? IOM_MASK(47, 39) : 0,             \
	           mode_ > 4 ? IOM_MASK(51, 48) : 0 },                                             \
	.says = SUITE_SAYS(0) | SUITE_SAYS(PT_R) | SUITE_SAYS(PT_W) | SUITE_SAYS(PT_R | PT_W),     \
	.memory_types = 3,                                                                         \
	.perm = PT_R | PT_W,                                                                       \
	.accessed = (options_) & TWIN_AMD_A ? IOM_BIT(5) : 0,                                      \
	.dirty = (options_) & TWIN_AMD_D ? IOM_BIT(6) : 0, .tables_accessed = true,                \
	.reserved = reserved,                                                                      \
	SUITE_INSTANCES(pt_amd_v1, walk),                                                          \
}
/* clang-format on */

static const struct suite_row rows[] = {
	AMD("Mode 1", 1, 52, 0, 0),
	AMD("Mode 2", 2, 52, 0, 0),
	AMD("Mode 3", 3, 40, 0, 0),
	AMD("Mode 4, A and D", 4, 48, PT_AMD_A | PT_AMD_D, TWIN_AMD_A | TWIN_AMD_D),
	AMD("Mode 5, A", 5, 52, PT_AMD_A, TWIN_AMD_A),
	AMD("Mode 6", 6, 52, 0, 0),
};

SUITE(amd_v1, rows)

/* The worked encodings of the sheet. */
TEST(amd_v1_worked_encodings, "")
{
	const struct pt_root root = pt_amd_v1_root(0, 4, 52, 0);

	CHECK_EQ(pt_amd_v1_encode_leaf(&root, 0x12345000, 0, 12, PT_R | PT_W, PT_AMD_FC) & ~0x60ull,
	         0x7000000012345001);
	CHECK_EQ(pt_amd_v1_encode_leaf(&root, 0x40000000, 1, 21, PT_R | PT_W, 0) & ~0x60ull,
	         0x6000000040000001);
	CHECK_EQ(pt_amd_v1_encode_table(&root, 0x23456000, 1) & ~0x20ull, 0x6000000023456201);
	CHECK_EQ(pt_amd_v1_encode_leaf(&root, 0x100010000, 0, 16, PT_R | PT_W, 0) & ~0x60ull,
	         0x6000000100017e01);
	CHECK_EQ(pt_amd_v1_encode_leaf(&root, 0x80000000, 1, 22, PT_R | PT_W, 0) & ~0x60ull,
	         0x60000000801ffe01);
}

TEST(amd_v1_roots, "")
{
	for (unsigned i = 0; i < IOM_COUNT(rows); i++)
		suite_root_is(&rows[i],
		              pt_amd_v1_root(0x6000000100000e03, rows[i].shape.mode,
		                             rows[i].shape.output_bits, rows[i].root.features));
}

/* Words of a small memory: the table at 0x1000 is the root, of level 4. */
struct words {
	uint64_t at[4], word[4];
};

static int load_word(void *ctx, uint64_t spa, unsigned size_lg2, bool big_endian, uint64_t *raw)
{
	const struct words *w = ctx;

	CHECK(size_lg2 == 3 && !big_endian);
	*raw = 0;
	for (unsigned i = 0; i < 4; i++)
		if (w->at[i] == spa)
			*raw = w->word[i];
	return IOM_OK;
}

static enum pt_why walk_words(const struct words *w, uint64_t input, struct pt_result *out)
{
	static const struct pt_source source = { .load = load_word };
	static const struct pt_want read = { .perm = PT_R };
	const struct pt_root root = pt_amd_v1_root(0x1000, 4, 52, 0);
	struct words copy = *w;

	return pt_walk(&pt_amd_v1, &source, &root, input, &read, &copy, out);
}

TEST(amd_v1_skips_levels, "")
{
	/* level 4, index 1: a table of level 1, whose entry 2 is a page and entry 3 a page of 8 KiB */
	const struct words w = {
		{ 0x1008, 0x2010, 0x2018 },
		{ 0x6000000000002201, 0x6000000012345001, 0x6000000012344e01 },
	};
	struct pt_result r;

	CHECK_EQ(walk_words(&w, 0x8000002abc, &r), PT_OK);
	CHECK_EQ(r.address, 0x12345abc);
	CHECK_EQ(r.level, 0);
	CHECK_EQ(walk_words(&w, 0x8000003abc, &r), PT_OK);
	CHECK_EQ(r.address, 0x12345abc);
	CHECK_EQ(r.size_lg2, 13);
	/* index bits of levels 2 and 3 */
	for (unsigned bit = 21; bit < 39; bit++) {
		CHECK_EQ(walk_words(&w, 0x8000002abc | 1ull << bit, &r), PT_WHY_INPUT);
		CHECK_EQ(r.level, 3);
		CHECK_EQ(r.entry, 0x1008);
	}
	CHECK_EQ(walk_words(&w, 0x8000004abc, &r), PT_WHY_EMPTY);
}

TEST(amd_v1_tells_reserved_bits_from_encodings, "")
{
	static const struct {
		uint64_t word;
		enum pt_why why;
	} cases[] = {
		{ 0x6000000000000000, PT_WHY_EMPTY },    { 0x6000000000002801, PT_WHY_BAD },
		{ 0x6000000000002a01, PT_WHY_BAD },      { 0x6000000000002c01, PT_WHY_BAD },
		{ 0x6010000000002801, PT_WHY_RESERVED }, { 0x6010000000002201, PT_WHY_RESERVED },
		{ 0x6800000000002201, PT_WHY_RESERVED }, { 0x6010000000000001, PT_WHY_RESERVED },
		{ 0x6000000000001001, PT_WHY_RESERVED }, /* not at a multiple of 512 GiB     */
		{ 0x600ffffffffffe01, PT_WHY_BAD },      /* no size at all                   */
		{ 0x6000003ffffffe01, PT_WHY_BAD },      /* 512 GiB is the default           */
		{ 0x60007ffffffffe01, PT_WHY_BAD },      /* 256 TiB is the next level's      */
	};

	for (unsigned i = 0; i < IOM_COUNT(cases); i++) {
		const struct words w = { { 0x1000 }, { cases[i].word } };
		struct pt_result r;

		CHECK_MSG(walk_words(&w, 0, &r) == cases[i].why, "case %u", i);
	}
}
