/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The builder's instances for VMSAv8-64 tables: one a stage, for all granules. */
#include "pt/fmt/vmsav8_table.h"

#include "pt/fmt/vmsav8.h"

PT_INLINE struct pt_root pt_vmsa_known(const struct pt_root *root)
{
	struct pt_root known = *root;

	known.sign_extended = false;
	return known;
}

PT_BUILDER_DEFINE(pt_vmsa_s1, pt_vmsa_s1, pt_vmsa_known);
PT_BUILDER_DEFINE(pt_vmsa_s2, pt_vmsa_s2, pt_vmsa_known);
