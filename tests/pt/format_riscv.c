/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The format suite over RISC-V tables.  Numbers come from the fact sheet. */
#include "suite.h"

#include "pt/fmt/riscv.h"
#include "pt/fmt/riscv_table.h"

SUITE_WALK(walk, pt_rv64)

/* Bits of a good PTE that is a table or a leaf with R and W. */
static uint64_t reserved(const struct suite_row *row, unsigned level, unsigned size)
{
	uint64_t bits = IOM_MASK(60, 54);

	if (!(row->shape.options & TWIN_RV_SVPBMT))
		bits |= IOM_MASK(62, 61);
	if (!size) /* W: R is 0 */
		return bits | IOM_BIT(2) | IOM_BIT(4) | IOM_BIT(6) | IOM_BIT(7) | IOM_MASK(63, 61);
	if (size == 16)
		return bits | IOM_MASK(12, 10);
	/* N asks for PPN[3:0] = 8, and is for level 0 alone */
	bits |= IOM_BIT(63);
	return level ? bits | IOM_MASK(9 + 9 * level, 10) : bits;
}

#define SAYS                                                                                       \
	(SUITE_SAYS_USER(PT_R) | SUITE_SAYS_USER(PT_R | PT_W) | SUITE_SAYS_USER(PT_X) |            \
	 SUITE_SAYS_USER(PT_R | PT_X) | SUITE_SAYS_USER(PT_R | PT_W | PT_X))

/* clang-format off */
#define RV(title, bits, levels_, four, more, feature, big) {                                       \
	.name = title,                                                                             \
	.fmt = &pt_rv64,                                                                           \
	.root = { .features = feature, .levels = levels_, .granule_lg2 = 12,                       \
	          .root_lg2 = four ? 11 : 9, .input_bits = four ? bits + 2 : bits,                 \
	          .sign_extended = !four, .big_endian = big },                                     \
	.twin = twin_riscv,                                                                        \
	.shape = { .mode = bits, .options = (four ? TWIN_RV_X4 : 0) | (more) },                    \
	.sizes = { IOM_BIT(12) | IOM_BIT(16), IOM_BIT(21), IOM_BIT(30),                            \
	           levels_ > 3 ? IOM_BIT(39) : 0, levels_ > 4 ? IOM_BIT(48) : 0 },                 \
	.says = SAYS,                                                                              \
	.memory_types = (more) & TWIN_RV_SVPBMT ? 1 : 0,                                           \
	.perm = PT_R | PT_W | PT_USER,                                                             \
	.accessed = IOM_BIT(6), .dirty = IOM_BIT(7),                                               \
	.reserved = reserved,                                                                      \
	SUITE_INSTANCES(pt_rv64, walk),                                                            \
}
/* clang-format on */

static const struct suite_row rows[] = {
	RV("Sv39", 39, 3, false, 0, 0, false),
	RV("Sv48", 48, 4, false, 0, 0, false),
	RV("Sv57", 57, 5, false, 0, 0, false),
	RV("Sv39x4", 39, 3, true, 0, 0, false),
	RV("Sv48x4", 48, 4, true, 0, 0, false),
	RV("Sv57x4", 57, 5, true, 0, 0, false),
	RV("Sv39, Svpbmt", 39, 3, false, TWIN_RV_SVPBMT, PT_RV_SVPBMT, false),
	RV("Sv48, big-endian", 48, 4, false, 0, 0, true),
};

SUITE(rv64, rows)

TEST(rv64_roots, "")
{
	for (unsigned i = 0; i < 6; i++) {
		struct pt_root root = pt_rv64_root(0x100000, 8 + i % 3, i >= 3);

		suite_root_is(&rows[i], root);
	}
}

/* ---- Sv32 ---------------------------------------------------------------------------------- */

SUITE_WALK(walk_sv32, pt_rv32)

static uint64_t sv32_reserved(const struct suite_row *row, unsigned level, unsigned size)
{
	(void)row;
	if (!size) /* W: R is 0 */
		return IOM_BIT(2) | IOM_BIT(4) | IOM_BIT(6) | IOM_BIT(7);
	return level ? IOM_MASK(19, 10) : 0;
}

/* clang-format off */
#define SV32(title, four, big) {                                                                   \
	.name = title,                                                                             \
	.fmt = &pt_rv32,                                                                           \
	.root = { .levels = 2, .granule_lg2 = 12, .root_lg2 = four ? 12 : 10,                      \
	          .input_bits = four ? 34 : 32, .big_endian = big },                               \
	.twin = twin_riscv,                                                                        \
	.shape = { .mode = 32, .output_bits = 34, .options = four ? TWIN_RV_X4 : 0 },              \
	.sizes = { IOM_BIT(12), IOM_BIT(22) },                                                     \
	.says = SAYS,                                                                              \
	.perm = PT_R | PT_W | PT_USER,                                                             \
	.accessed = IOM_BIT(6), .dirty = IOM_BIT(7),                                               \
	.reserved = sv32_reserved,                                                                 \
	SUITE_INSTANCES(pt_rv32, walk_sv32),                                                       \
}
/* clang-format on */

static const struct suite_row rows32[] = {
	SV32("Sv32", false, false),
	SV32("Sv32x4", true, false),
	SV32("Sv32, big-endian", false, true),
};

SUITE(rv32, rows32)

TEST(rv32_roots, "")
{
	suite_root_is(&rows32[0], pt_rv32_root(0x100000, false));
	suite_root_is(&rows32[1], pt_rv32_root(0x100000, true));
}
