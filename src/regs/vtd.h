/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Intel VT-d: second-stage paging entries (VT-d specification, "Second-Stage Paging Entries").
 * Names and masks, no logic.
 */
#ifndef REGS_VTD_H
#define REGS_VTD_H

#include "base/bits.h"

#define VTD_SS_R IOM_BIT(0)
#define VTD_SS_W IOM_BIT(1)
#define VTD_SS_EMT IOM_MASK(5, 3) /* leaves, with memory types               */
#define VTD_SS_IPAT IOM_BIT(6)    /* the same                                */
#define VTD_SS_PS IOM_BIT(7)      /* PDPE and PDE: a page                    */
#define VTD_SS_A IOM_BIT(8)
#define VTD_SS_D IOM_BIT(9)    /* leaves                                  */
#define VTD_SS_SNP IOM_BIT(11) /* leaves, with snoop control; else reserved */
#define VTD_SS_ADDR IOM_MASK(51, 12)
#define VTD_SS_IR IOM_BIT(61) /* with SSIRWE: takes the place of R       */
#define VTD_SS_IW IOM_BIT(62) /* with SSIRWE: takes the place of W; else reserved */

#endif
