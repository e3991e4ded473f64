/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The builder's instance for AMD-Vi's host (v1) tables. */
#include "pt/fmt/amd_v1_table.h"

#include "pt/fmt/amd_v1.h"

PT_INLINE struct pt_root pt_amd_v1_known(const struct pt_root *root)
{
	struct pt_root known = *root;

	known.granule_lg2 = 12;
	known.big_endian = false;
	known.upper = false;
	return known;
}

PT_BUILDER_DEFINE(pt_amd_v1, pt_amd_v1, pt_amd_v1_known);
