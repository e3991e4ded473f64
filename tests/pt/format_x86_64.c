/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The format suite over x86-64 tables.  Numbers come from VT-d's fact sheet. */
#include "suite.h"

#include "pt/fmt/x86_64.h"
#include "pt/fmt/x86_64_table.h"

SUITE_WALK(walk, pt_x86_64)

static uint64_t reserved(const struct suite_row *row, unsigned level, unsigned size)
{
	uint64_t bits = row->shape.output_bits < 52 ? IOM_MASK(51, row->shape.output_bits) : 0;

	if (!(row->shape.options & (TWIN_X86_NXE | TWIN_X86_IGNORE_XD)))
		bits |= IOM_BIT(63);
	if (size == 21)
		return bits | IOM_MASK(20, 13);
	if (size == 30)
		return bits | IOM_MASK(29, 13);
	if (!size && (level >= 3 || (level == 2 && !(row->shape.options & TWIN_X86_FS1GP))))
		bits |= IOM_BIT(7);
	return bits;
}

/* Reading is always possible; execution is withheld by XD alone. */
#define XD_SAYS                                                                                    \
	(SUITE_SAYS_USER(PT_R) | SUITE_SAYS_USER(PT_R | PT_W) | SUITE_SAYS_USER(PT_R | PT_X) |     \
	 SUITE_SAYS_USER(PT_R | PT_W | PT_X))
#define NO_XD_SAYS (SUITE_SAYS_USER(PT_R | PT_X) | SUITE_SAYS_USER(PT_R | PT_W | PT_X))

/* clang-format off */
#define X86(title, levels_, out, feature, options_, rules_) {                                      \
	.name = title,                                                                             \
	.fmt = &pt_x86_64,                                                                         \
	.root = { .features = feature, .levels = levels_, .granule_lg2 = 12, .root_lg2 = 9,        \
	          .input_bits = 12 + 9 * levels_, .output_bits = out, .sign_extended = true },     \
	.rules = rules_,                                                                           \
	.twin = twin_x86_64,                                                                       \
	.shape = { .mode = levels_, .output_bits = out, .options = options_ },                     \
	.sizes = { IOM_BIT(12), IOM_BIT(21), (options_) & TWIN_X86_FS1GP ? IOM_BIT(30) : 0 },      \
	.says = (options_) & TWIN_X86_NXE ? XD_SAYS : NO_XD_SAYS,                                  \
	.memory_types = (feature) & PT_X86_MEMORY_TYPE ? 7 : 0,                                    \
	.perm = PT_R | PT_W | PT_USER | ((options_) & TWIN_X86_NXE ? 0 : PT_X),                    \
	.accessed = IOM_BIT(5) | ((options_) & TWIN_X86_EAFE ? IOM_BIT(10) : 0),                   \
	.dirty = IOM_BIT(6), .tables_accessed = true,                                              \
	.reserved = reserved,                                                                      \
	SUITE_INSTANCES(pt_x86_64, walk),                                                          \
}
/* clang-format on */

static const struct suite_row rows[] = {
	X86("4 levels, XD", 4, 46, PT_X86_1GP | PT_X86_NXE | PT_X86_MEMORY_TYPE,
	    TWIN_X86_FS1GP | TWIN_X86_NXE | TWIN_X86_WPE, PT_X86_WPE),
	X86("4 levels, no XD, no 1 GiB", 4, 39, 0, 0, 0),
	X86("5 levels, XD ignored", 5, 52, PT_X86_1GP | PT_X86_XD_IGNORED,
	    TWIN_X86_FS1GP | TWIN_X86_IGNORE_XD, 0),
	X86("5 levels, EA, SMEP", 5, 48, PT_X86_1GP | PT_X86_NXE | PT_X86_EAFE,
	    TWIN_X86_FS1GP | TWIN_X86_NXE | TWIN_X86_EAFE | TWIN_X86_SMEP, PT_X86_SMEP),
	X86("4 levels, WPE, SMEP", 4, 46, PT_X86_1GP | PT_X86_NXE,
	    TWIN_X86_FS1GP | TWIN_X86_NXE | TWIN_X86_WPE | TWIN_X86_SMEP, PT_X86_WPE | PT_X86_SMEP),
};

SUITE(x86_64, rows)

TEST(x86_64_roots, "")
{
	/* the low bits of what holds the address mean other things */
	for (unsigned i = 0; i < IOM_COUNT(rows); i++)
		suite_root_is(&rows[i],
		              pt_x86_64_root(0x100000fff, rows[i].shape.mode,
		                             rows[i].shape.output_bits, rows[i].root.features));
}

TEST(x86_64_addresses_of_guests, "")
{
	static const struct {
		uint64_t raw;
		unsigned level;
		uint8_t kind, why;
	} cases[] = {
		{ 0x7fffff0001, 3, PT_TABLE, 0 },
		{ 0x8000000001, 3, PT_BAD, PT_WHY_OUTPUT },
		{ 0x8000000081, 3, PT_BAD, 0 },
		{ 0x8000000081, 1, PT_BAD, PT_WHY_OUTPUT },
		{ 0x8000002081, 1, PT_BAD, 0 },
		{ 0x8000001081, 1, PT_BAD, PT_WHY_OUTPUT },
		{ 0x8000000001, 0, PT_BAD, PT_WHY_OUTPUT },
		{ 0x8000000000, 0, PT_EMPTY, 0 },
	};
	const struct pt_root root = pt_x86_64_root(0, 4, 39, PT_X86_GUEST);

	for (size_t i = 0; i < IOM_COUNT(cases); i++) {
		struct pt_entry e = pt_x86_64.decode(&root, cases[i].raw, cases[i].level,
		                                     12 + 9 * cases[i].level);

		CHECK_MSG(e.kind == cases[i].kind && e.why == cases[i].why, "%zu: %u, %u", i,
		          e.kind, e.why);
	}
}

TEST(x86_64_dirty_can_wait, "")
{
	struct pt_entry leaf = { .perm = PT_R | PT_W | PT_USER, .flags = PT_ACCESSED };
	struct pt_want want = { .perm = PT_W, .user = true };

	CHECK_EQ(pt_x86_64.refuse(&leaf, &want), PT_WHY_DIRTY);
	want.rules = PT_X86_UNDIRTY;
	CHECK_EQ(pt_x86_64.refuse(&leaf, &want), PT_OK);
	leaf.flags = 0;
	CHECK_EQ(pt_x86_64.refuse(&leaf, &want), PT_WHY_ACCESSED);
	leaf.perm = PT_R | PT_USER;
	CHECK_EQ(pt_x86_64.refuse(&leaf, &want), PT_WHY_PERMISSION);
}
