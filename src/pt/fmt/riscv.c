/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The builder's instances for RISC-V tables with 64-bit and with 32-bit entries. */
#include "pt/fmt/riscv_table.h"

#include "pt/fmt/riscv.h"

/*
 * The root as the compiler likes it: what is the same in all schemes of a width as constants, and no pointer
 * that a store into a table might change.
 */
PT_INLINE struct pt_root pt_rv64_known(const struct pt_root *root)
{
	struct pt_root known = *root;

	known.granule_lg2 = 12;
	return known;
}

PT_BUILDER_DEFINE(pt_rv64, pt_rv64, pt_rv64_known);

PT_INLINE struct pt_root pt_rv32_known(const struct pt_root *root)
{
	struct pt_root known = *root;

	known.granule_lg2 = 12;
	known.sign_extended = false;
	return known;
}

PT_BUILDER_DEFINE(pt_rv32, pt_rv32, pt_rv32_known);
