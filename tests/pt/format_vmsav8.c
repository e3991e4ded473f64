/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The format suite over VMSAv8-64 tables.  Numbers come from the fact sheet. */
#include "suite.h"

#include "pt/fmt/vmsav8.h"
#include "pt/fmt/vmsav8_table.h"

SUITE_WALK(walk_s1, pt_vmsa_s1)
SUITE_WALK(walk_s2, pt_vmsa_s2)

/* Nothing is reserved in the others' sense; what is left is an address that is too wide. */
static uint64_t reserved(const struct suite_row *row, unsigned level, unsigned size)
{
	uint64_t bits = row->shape.output_bits < 48 ? IOM_MASK(47, row->shape.output_bits) : 0;
	bool wide = row->shape.options & TWIN_VMSA_OA52;

	(void)level;
	(void)size;
	if (wide && row->shape.output_bits < 52)
		bits |= IOM_MASK(15, 12 + row->shape.output_bits - 48);
	return bits;
}

/* All of stage 1 but pages that cannot be read; with one privilege a page is everybody's. */
#define R(more) SUITE_SAYS(PT_R | (more))
#define WITH(more) (R(more) | R(PT_W | (more)))
#define S1_SAYS                                                                                    \
	(WITH(0) | WITH(PT_X) | WITH(PT_PX) | WITH(PT_X | PT_PX) | WITH(PT_USER) |                 \
	 WITH(PT_USER | PT_X) | WITH(PT_USER | PT_PX) | WITH(PT_USER | PT_X | PT_PX))
#define EL2_SAYS (WITH(PT_USER) | WITH(PT_USER | PT_X | PT_PX))
#define ANY(more)                                                                                  \
	(SUITE_SAYS(more) | SUITE_SAYS(PT_R | (more)) | SUITE_SAYS(PT_W | (more)) |                \
	 SUITE_SAYS(PT_R | PT_W | (more)))
#define S2_SAYS (ANY(0) | ANY(PT_X | PT_PX))
#define S2_XNX_SAYS (S2_SAYS | ANY(PT_X) | ANY(PT_PX))

#define SIZES_4K_2 IOM_BIT(12) | IOM_BIT(16), IOM_BIT(21) | IOM_BIT(25)
#define SIZES_4K SIZES_4K_2, IOM_BIT(30) | IOM_BIT(34)
#define SIZES_16K IOM_BIT(14) | IOM_BIT(21), IOM_BIT(25) | IOM_BIT(30)
#define SIZES_64K IOM_BIT(16) | IOM_BIT(21), IOM_BIT(29) | IOM_BIT(34)
#define SIZES(...)                                                                                 \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

/* The rows of stage 1 without an access flag are the big-endian ones. */
/* clang-format off */
#define S1(title, kib, g, tsz, levels_, root_bits, out, feature, options_, rules_, sizes_) {       \
	.name = title,                                                                             \
	.fmt = &pt_vmsa_s1,                                                                        \
	.root = { .features = feature, .levels = levels_, .granule_lg2 = g,                        \
	          .root_lg2 = root_bits, .input_bits = 64 - (tsz), .output_bits = out,             \
	          .upper = ((options_) & TWIN_VMSA_UPPER) != 0,                                    \
	          .big_endian = ((options_) & TWIN_VMSA_AFFD) != 0 },                              \
	.rules = rules_,                                                                           \
	.twin = twin_vmsa_s1,                                                                      \
	.shape = { .mode = tsz, .granule = kib, .output_bits = out, .options = options_ },         \
	.sizes = sizes_,                                                                           \
	.says = (options_) & TWIN_VMSA_EL2 ? EL2_SAYS : S1_SAYS,                                   \
	.memory_types = 0x1f,                                                                      \
	.perm = PT_R | PT_W | PT_USER,                                                             \
	.accessed = (options_) & TWIN_VMSA_AFFD ? 0 : IOM_BIT(10),                                 \
	.reserved = reserved,                                                                      \
	SUITE_INSTANCES(pt_vmsa_s1, walk_s1),                                                      \
}
#define S2(title, kib, g, tsz, start_, root_bits, out, feature, options_, sizes_) {                \
	.name = title,                                                                             \
	.fmt = &pt_vmsa_s2,                                                                        \
	.root = { .features = feature, .levels = 4 - (start_), .granule_lg2 = g,                   \
	          .root_lg2 = root_bits, .input_bits = 64 - (tsz), .output_bits = out },           \
	.twin = twin_vmsa_s2,                                                                      \
	.shape = { .mode = tsz, .granule = kib, .start = start_, .output_bits = out,               \
	           .options = options_ },                                                          \
	.sizes = sizes_,                                                                           \
	.says = (options_) & TWIN_VMSA_XNX ? S2_XNX_SAYS : S2_SAYS,                                \
	.memory_types = 0x3f,                                                                      \
	.perm = PT_R | PT_W,                                                                       \
	.accessed = (options_) & TWIN_VMSA_AFFD ? 0 : IOM_BIT(10),                                 \
	.reserved = reserved,                                                                      \
	SUITE_INSTANCES(pt_vmsa_s2, walk_s2),                                                      \
}
/* clang-format on */

static const struct suite_row stage1[] = {
	S1("4 KiB, 48 bits", 4, 12, 16, 4, 9, 44, 0, 0, 0, SIZES(SIZES_4K)),
	S1("4 KiB, 39 bits, upper half", 4, 12, 25, 3, 9, 48, 0, TWIN_VMSA_UPPER, 0,
	   SIZES(SIZES_4K)),
	S1("4 KiB, 32 bits, WXN", 4, 12, 32, 3, 2, 40, 0, TWIN_VMSA_WXN, PT_VMSA_WXN,
	   SIZES(SIZES_4K_2, IOM_BIT(30))),
	S1("4 KiB, 25 bits", 4, 12, 39, 2, 4, 32, PT_VMSA_HAD, TWIN_VMSA_HAD, 0, SIZES(SIZES_4K_2)),
	S1("16 KiB, 48 bits", 16, 14, 16, 4, 1, 48, 0, 0, 0, SIZES(SIZES_16K)),
	S1("16 KiB, 47 bits, upper half, big-endian", 16, 14, 17, 3, 11, 42, PT_VMSA_AFFD,
	   TWIN_VMSA_UPPER | TWIN_VMSA_AFFD, 0, SIZES(SIZES_16K)),
	S1("16 KiB, 36 bits, one privilege", 16, 14, 28, 2, 11, 36, PT_VMSA_ONE_PRIVILEGE,
	   TWIN_VMSA_EL2 | TWIN_VMSA_WXN, PT_VMSA_ONE | PT_VMSA_WXN, SIZES(SIZES_16K)),
	S1("64 KiB, 48 bits", 64, 16, 16, 3, 6, 48, 0, 0, 0, SIZES(SIZES_64K)),
	S1("64 KiB, 52 bits, upper half", 64, 16, 12, 3, 10, 52, PT_VMSA_OA52,
	   TWIN_VMSA_UPPER | TWIN_VMSA_OA52, 0, SIZES(SIZES_64K, IOM_BIT(42))),
	S1("64 KiB, 42 bits, output of 50", 64, 16, 22, 2, 13, 50, PT_VMSA_OA52, TWIN_VMSA_OA52, 0,
	   SIZES(SIZES_64K)),
};

/* Roots of 2 to 16 tables and of one, at every start level */
static const struct suite_row stage2[] = {
	S2("4 KiB, 48 bits from level 0", 4, 12, 16, 0, 9, 48, 0, 0, SIZES(SIZES_4K)),
	S2("4 KiB, 40 bits from level 1", 4, 12, 24, 1, 10, 40, PT_VMSA_XNX, TWIN_VMSA_XNX,
	   SIZES(SIZES_4K)),
	S2("4 KiB, 43 bits from level 1", 4, 12, 21, 1, 13, 44, 0, 0, SIZES(SIZES_4K)),
	S2("4 KiB, 34 bits from level 2", 4, 12, 30, 2, 13, 48, 0, 0, SIZES(SIZES_4K_2)),
	S2("4 KiB, 20 bits from level 3", 4, 12, 44, 3, 8, 48, 0, 0,
	   SIZES(IOM_BIT(12) | IOM_BIT(16))),
	S2("16 KiB, 48 bits from level 1", 16, 14, 16, 1, 12, 48, PT_VMSA_XNX, TWIN_VMSA_XNX,
	   SIZES(SIZES_16K)),
	S2("16 KiB, 40 bits from level 2", 16, 14, 24, 2, 15, 40, 0, 0, SIZES(SIZES_16K)),
	S2("64 KiB, 48 bits from level 1", 64, 16, 16, 1, 6, 48, 0, 0, SIZES(SIZES_64K)),
	S2("64 KiB, 44 bits from level 2, AFFD", 64, 16, 20, 2, 15, 52, PT_VMSA_OA52 | PT_VMSA_AFFD,
	   TWIN_VMSA_OA52 | TWIN_VMSA_AFFD, SIZES(SIZES_64K)),
};

SUITE(vmsa_s1, stage1)
SUITE(vmsa_s2, stage2)

/* Bits below the size of the root are ignored. */
TEST(vmsa_roots, "")
{
	for (unsigned i = 0; i < IOM_COUNT(stage1); i++) {
		const struct suite_row *row = &stage1[i];

		suite_root_is(row, pt_vmsa_s1_root(0x100000000 + (1u << (row->root.root_lg2 + 2)),
		                                   row->root.upper, row->root.granule_lg2,
		                                   row->shape.mode, row->shape.output_bits,
		                                   row->root.features));
	}
	for (unsigned i = 0; i < IOM_COUNT(stage2); i++) {
		const struct suite_row *row = &stage2[i];

		CHECK(pt_vmsa_s2_consistent(row->root.granule_lg2, row->shape.mode,
		                            4 - row->shape.start));
		suite_root_is(row, pt_vmsa_s2_root(0x100000000 + (1u << (row->root.root_lg2 + 2)),
		                                   row->root.granule_lg2, row->shape.mode,
		                                   4 - row->shape.start, row->shape.output_bits,
		                                   row->root.features));
	}
	/* 64 bytes at least, where addresses have more than 48 bits */
	CHECK_EQ(pt_vmsa_s2_root(0x10000003f, 16, 34, 2, 52, 0).address, 0x100000000);
	CHECK_EQ(pt_vmsa_s2_root(0x10000003f, 16, 34, 2, 48, 0).address, 0x100000030);
}

/* Input widths that fit a start level: index bits at the start from 1 to a table's plus 4 */
TEST(vmsa_s2_sizes_and_start_levels, "")
{
	static const struct {
		unsigned granule_lg2, start, least, most;
	} cases[] = {
		{ 12, 0, 40, 52 }, { 12, 1, 31, 43 }, { 12, 2, 22, 34 }, { 12, 3, 13, 25 },
		{ 14, 1, 37, 51 }, { 14, 2, 26, 40 }, { 14, 3, 15, 29 }, { 16, 1, 43, 59 },
		{ 16, 2, 30, 46 }, { 16, 3, 17, 33 },
	};

	for (unsigned i = 0; i < IOM_COUNT(cases); i++)
		for (unsigned bits = 1; bits < 64; bits++)
			CHECK_MSG(pt_vmsa_s2_consistent(cases[i].granule_lg2, 64 - bits,
			                                4 - cases[i].start) ==
			                  (bits >= cases[i].least && bits <= cases[i].most),
			          "case %u, %u bits", i, bits);
}

/* One address space of two halves: bit 55 selects, the top byte may be ignored. */
TEST(vmsa_halves, "")
{
	const struct pt_root half[2] = {
		pt_vmsa_s1_root(0, false, 12, 16, 48, 0),
		pt_vmsa_s1_root(0, true, 12, 25, 48, 0),
	};
	static const struct {
		uint64_t va;
		bool tbi, upper, inside;
	} cases[] = {
		{ 0x0000000000000000, false, false, true },
		{ 0x0000ffffffffffff, false, false, true },
		{ 0x0001000000000000, false, false, false },
		{ 0x5a00ffffffffffff, false, false, false },
		{ 0x5a00ffffffffffff, true, false, true },
		{ 0xff7fffffffffffff, true, false, false },
		{ 0xffffff8000000000, false, true, true },
		{ 0xffffffffffffffff, false, true, true },
		{ 0xffffff7fffffffff, false, true, false },
		{ 0x5affff8000000000, false, true, false },
		{ 0x5affff8000000000, true, true, true },
		{ 0x0080000000000000, true, true, false },
	};

	for (unsigned i = 0; i < IOM_COUNT(cases); i++) {
		uint64_t va = cases[i].va;

		CHECK_EQ(pt_vmsa_upper(va), cases[i].upper);
		CHECK_MSG(pt_input_ok(&half[cases[i].upper], pt_vmsa_input(va, cases[i].tbi)) ==
		                  cases[i].inside,
		          "case %u", i);
	}
}

/* Entries of a group, each with an address of its own; one that lies is only itself. */
TEST(vmsa_contiguous_words, "")
{
	const struct pt_root root = pt_vmsa_s1_root(0, false, 12, 16, 48, 0);

	/* AF, page, nG, AP[1], UXN, PXN, and Contiguous */
	CHECK_EQ(pt_vmsa_s1_encode_leaf(&root, 0x80000000, 0, 16, PT_R | PT_W | PT_USER, 0),
	         0x0070000080000c43);
	CHECK_EQ(pt_vmsa_s1_encode_leaf(&root, 0x8000f000, 0, 16, PT_R | PT_W | PT_USER, 0),
	         0x007000008000fc43);
	CHECK_EQ(pt_vmsa_s1_encode_leaf(&root, 0x80000000, 1, 21, PT_R, 1), 0x0060000080000c85);
	CHECK_EQ(pt_vmsa_encode_table(&root, 0x80000000, 1), 0x80000003);
}
