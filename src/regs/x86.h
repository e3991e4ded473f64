/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * x86-64 paging-structure entries, as the first stage of VT-d and the guest tables of AMD-Vi use
 * them (Intel SDM volume 3, "4-Level Paging and 5-Level Paging"; VT-d, "First-Stage
 * Paging-Structure Entry Formats").  Names and masks, no logic.
 */
#ifndef REGS_X86_H
#define REGS_X86_H

#include "base/bits.h"

#define X86_PTE_P IOM_BIT(0)
#define X86_PTE_RW IOM_BIT(1)
#define X86_PTE_US IOM_BIT(2)
#define X86_PTE_PWT IOM_BIT(3)
#define X86_PTE_PCD IOM_BIT(4)
#define X86_PTE_A IOM_BIT(5)
#define X86_PTE_D IOM_BIT(6)   /* leaves                                */
#define X86_PTE_PS IOM_BIT(7)  /* PDPTE and PDE: a page                 */
#define X86_PTE_PAT IOM_BIT(7) /* PTE                                   */
#define X86_PTE_EA IOM_BIT(10) /* VT-d's extended accessed flag         */
#define X86_PTE_PAT_LARGE IOM_BIT(12)
#define X86_PTE_ADDRESS IOM_MASK(51, 12)
#define X86_PTE_XD IOM_BIT(63)

#endif
