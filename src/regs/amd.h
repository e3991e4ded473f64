/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * AMD-Vi: entries of host (v1) page tables (AMD I/O Virtualization Technology specification, "Host
 * Page Tables").  Names and masks, no logic.
 */
#ifndef REGS_AMD_H
#define REGS_AMD_H

#include "base/bits.h"

/* PTE and PDE alike */
#define AMD_PTE_PR IOM_BIT(0)
#define AMD_PTE_A IOM_BIT(5)
#define AMD_PTE_NEXT_LEVEL IOM_MASK(11, 9)
#define AMD_PTE_ADDRESS IOM_MASK(51, 12)
#define AMD_PTE_IR IOM_BIT(61)
#define AMD_PTE_IW IOM_BIT(62)

/* PTE alone: Next Level 0 or 7 */
#define AMD_PTE_D IOM_BIT(6)
#define AMD_PTE_RSVD IOM_MASK(58, 52)
#define AMD_PTE_U IOM_BIT(59)
#define AMD_PTE_FC IOM_BIT(60)

/* PDE alone: Next Level 1 to 6 */
#define AMD_PDE_RSVD IOM_MASK(60, 52)

enum amd_next_level { AMD_NEXT_LEVEL_PAGE = 0, AMD_NEXT_LEVEL_SIZED = 7 };

#endif
