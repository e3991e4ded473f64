/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The masks of page-table entries in regs/x86.h, vtd.h, amd.h and smmu3.h against positions typed from
 * the manuals' tables.
 */
#include "field.h"
#include "regs/amd.h"
#include "regs/smmu3.h"
#include "regs/vtd.h"
#include "regs/x86.h"

static const struct field entries[] = {
	/* x86-64, as VT-d's "First-stage paging entries" */
	BIT(X86_PTE_P, 0),
	BIT(X86_PTE_RW, 1),
	BIT(X86_PTE_US, 2),
	BIT(X86_PTE_PWT, 3),
	BIT(X86_PTE_PCD, 4),
	BIT(X86_PTE_A, 5),
	BIT(X86_PTE_D, 6),
	BIT(X86_PTE_PS, 7),
	BIT(X86_PTE_PAT, 7),
	BIT(X86_PTE_EA, 10),
	BIT(X86_PTE_PAT_LARGE, 12),
	FIELD(X86_PTE_ADDRESS, 51, 12),
	BIT(X86_PTE_XD, 63),
	/* VT-d, "Second-stage paging entries" */
	BIT(VTD_SS_R, 0),
	BIT(VTD_SS_W, 1),
	FIELD(VTD_SS_EMT, 5, 3),
	BIT(VTD_SS_IPAT, 6),
	BIT(VTD_SS_PS, 7),
	BIT(VTD_SS_A, 8),
	BIT(VTD_SS_D, 9),
	BIT(VTD_SS_SNP, 11),
	FIELD(VTD_SS_ADDR, 51, 12),
	BIT(VTD_SS_IR, 61),
	BIT(VTD_SS_IW, 62),
	/* AMD-Vi, "Host page tables" */
	BIT(AMD_PTE_PR, 0),
	BIT(AMD_PTE_A, 5),
	BIT(AMD_PTE_D, 6),
	FIELD(AMD_PTE_NEXT_LEVEL, 11, 9),
	FIELD(AMD_PTE_ADDRESS, 51, 12),
	FIELD(AMD_PTE_RSVD, 58, 52),
	BIT(AMD_PTE_U, 59),
	BIT(AMD_PTE_FC, 60),
	BIT(AMD_PTE_IR, 61),
	BIT(AMD_PTE_IW, 62),
	FIELD(AMD_PDE_RSVD, 60, 52),
	/* Arm, VMSAv8-64 descriptors */
	BIT(VMSA_VALID, 0),
	BIT(VMSA_TABLE, 1),
	FIELD(VMSA_ADDRESS, 47, 12),
	FIELD(VMSA_ADDRESS_51_48, 15, 12),
	BIT(VMSA_PXN_TABLE, 59),
	BIT(VMSA_UXN_TABLE, 60),
	BIT(VMSA_AP_TABLE_USER, 61),
	BIT(VMSA_AP_TABLE_WRITE, 62),
	FIELD(VMSA_SH, 9, 8),
	BIT(VMSA_AF, 10),
	BIT(VMSA_CONTIGUOUS, 52),
	FIELD(VMSA_ATTR_INDX, 4, 2),
	BIT(VMSA_AP_1, 6),
	BIT(VMSA_AP_2, 7),
	BIT(VMSA_NG, 11),
	BIT(VMSA_PXN, 53),
	BIT(VMSA_UXN, 54),
	FIELD(VMSA_S2_MEM_ATTR, 5, 2),
	BIT(VMSA_S2AP_R, 6),
	BIT(VMSA_S2AP_W, 7),
	FIELD(VMSA_S2_XN, 54, 53),
};

static const struct number numbers[] = {
	NUMBER(AMD_NEXT_LEVEL_PAGE, 0),
	NUMBER(AMD_NEXT_LEVEL_SIZED, 7),
	/* XN[1:0]: 01 leaves execution to the unprivileged, 11 to the privileged */
	NUMBER(VMSA_S2_XN_NONE, 0),
	NUMBER(VMSA_S2_XN_PRIV, 1),
	NUMBER(VMSA_S2_XN_ALL, 2),
	NUMBER(VMSA_S2_XN_UNPRIV, 3),
};

TEST(entries_are_as_the_manuals_put_them, "")
{
	check_fields(entries, sizeof entries / sizeof entries[0]);
	check_numbers(numbers, sizeof numbers / sizeof numbers[0]);
}
