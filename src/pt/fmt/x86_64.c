/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The builder's instance for x86-64 tables. */
#include "pt/fmt/x86_64_table.h"

#include "pt/fmt/x86_64.h"

PT_INLINE struct pt_root pt_x86_64_known(const struct pt_root *root)
{
	struct pt_root known = *root;

	known.granule_lg2 = 12;
	known.big_endian = false;
	known.upper = false;
	return known;
}

PT_BUILDER_DEFINE(pt_x86_64, pt_x86_64, pt_x86_64_known);
