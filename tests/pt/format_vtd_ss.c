/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The format suite over VT-d's second-stage tables.  Numbers come from the fact sheet. */
#include "suite.h"

#include "pt/fmt/vtd_ss.h"
#include "pt/fmt/vtd_ss_table.h"

SUITE_WALK(walk, pt_vtd_ss)

static uint64_t reserved(const struct suite_row *row, unsigned level, unsigned size)
{
	unsigned options = row->shape.options;
	uint64_t bits = row->shape.output_bits < 52 ? IOM_MASK(51, row->shape.output_bits) : 0;

	if (!(options & TWIN_VTD_SSIRWE))
		bits |= IOM_BIT(62);
	if (!size || !(options & TWIN_VTD_SC))
		bits |= IOM_BIT(11);
	if (size == 21)
		bits |= IOM_MASK(20, 12);
	if (size == 30)
		bits |= IOM_MASK(29, 12);
	if (!size && (level >= 3 || (level == 2 && !(options & TWIN_VTD_1G)) ||
	              (level == 1 && !(options & TWIN_VTD_2M))))
		bits |= IOM_BIT(7);
	return bits;
}

/* clang-format off */
#define VTD(title, levels_, in, out, feature, options_, types) {                                   \
	.name = title,                                                                             \
	.fmt = &pt_vtd_ss,                                                                         \
	.root = { .features = feature, .levels = levels_, .granule_lg2 = 12, .root_lg2 = 9,        \
	          .input_bits = in, .output_bits = out },                                          \
	.twin = twin_vtd_ss,                                                                       \
	.shape = { .mode = levels_, .input_bits = in, .output_bits = out, .options = options_ },   \
	.sizes = { IOM_BIT(12), (options_) & TWIN_VTD_2M ? IOM_BIT(21) : 0,                        \
	           (options_) & TWIN_VTD_1G ? IOM_BIT(30) : 0 },                                   \
	.says = SUITE_SAYS(PT_R) | SUITE_SAYS(PT_W) | SUITE_SAYS(PT_R | PT_W),                     \
	.memory_types = types,                                                                     \
	.perm = PT_R | PT_W,                                                                       \
	.accessed = (options_) & TWIN_VTD_SSADE ? IOM_BIT(8) : 0,                                  \
	.dirty = (options_) & TWIN_VTD_SSADE ? IOM_BIT(9) : 0, .tables_accessed = true,            \
	.reserved = reserved,                                                                      \
	SUITE_INSTANCES(pt_vtd_ss, walk),                                                          \
}
/* clang-format on */

static const struct suite_row rows[] = {
	VTD("3 levels", 3, 39, 39, PT_VTD_2MP | PT_VTD_1GP, TWIN_VTD_2M | TWIN_VTD_1G, 0),
	VTD("4 levels, SNP, memory types", 4, 48, 46,
	    PT_VTD_2MP | PT_VTD_1GP | PT_VTD_SC | PT_VTD_MEMORY_TYPE,
	    TWIN_VTD_2M | TWIN_VTD_1G | TWIN_VTD_SC, 0x1f),
	VTD("4 levels, MGAW 42, small pages", 4, 42, 52, 0, 0, 0),
	VTD("5 levels, A/D, IR/IW", 5, 57, 52,
	    PT_VTD_2MP | PT_VTD_1GP | PT_VTD_SC | PT_VTD_SSADE | PT_VTD_SSIRWE,
	    TWIN_VTD_2M | TWIN_VTD_1G | TWIN_VTD_SC | TWIN_VTD_SSADE | TWIN_VTD_SSIRWE, 1),
	VTD("4 levels, A/D, 2 MiB", 4, 48, 48, PT_VTD_2MP | PT_VTD_SSADE,
	    TWIN_VTD_2M | TWIN_VTD_SSADE, 0),
};

SUITE(vtd_ss, rows)

TEST(vtd_ss_roots, "")
{
	for (unsigned i = 0; i < IOM_COUNT(rows); i++)
		suite_root_is(&rows[i],
		              pt_vtd_ss_root(0x100000fff, rows[i].shape.mode,
		                             rows[i].shape.input_bits, rows[i].shape.output_bits,
		                             rows[i].root.features));
}

TEST(vtd_ss_either_right, "")
{
	struct pt_want want = { .rules = PT_VTD_ANY };

	for (unsigned perm = 0; perm < 4; perm++) {
		struct pt_entry leaf = { .perm = (uint8_t)perm, .flags = PT_ACCESSED };

		CHECK_EQ(pt_vtd_ss.refuse(&leaf, &want), perm ? PT_OK : PT_WHY_PERMISSION);
	}
}

TEST(vtd_ss_dirty_can_wait, "")
{
	struct pt_entry leaf = { .perm = PT_R | PT_W, .flags = PT_ACCESSED };
	struct pt_want want = { .perm = PT_W };

	CHECK_EQ(pt_vtd_ss.refuse(&leaf, &want), PT_WHY_DIRTY);
	want.rules = PT_VTD_UNDIRTY;
	CHECK_EQ(pt_vtd_ss.refuse(&leaf, &want), PT_OK);
	leaf.flags = 0;
	CHECK_EQ(pt_vtd_ss.refuse(&leaf, &want), PT_WHY_ACCESSED);
}
