/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The builder's instance for VT-d's second-stage tables. */
#include "pt/fmt/vtd_ss_table.h"

#include "pt/fmt/vtd_ss.h"

PT_INLINE struct pt_root pt_vtd_ss_known(const struct pt_root *root)
{
	struct pt_root known = *root;

	known.granule_lg2 = 12;
	known.big_endian = false;
	known.upper = false;
	return known;
}

PT_BUILDER_DEFINE(pt_vtd_ss, pt_vtd_ss, pt_vtd_ss_known);
