/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Arm SMMUv3: VMSAv8-64 translation table descriptors (Arm Architecture Reference Manual, "VMSAv8-64
 * translation table format descriptors").  Names and masks, no logic.
 */
#ifndef REGS_SMMU3_H
#define REGS_SMMU3_H

#include "base/bits.h"

#define VMSA_VALID IOM_BIT(0)
#define VMSA_TABLE IOM_BIT(1) /* level 3: a page; elsewhere a table, or a block if 0 */
#define VMSA_ADDRESS IOM_MASK(47, 12)
#define VMSA_ADDRESS_51_48 IOM_MASK(15, 12) /* 64-KiB granule with addresses of 52 bits */

/* Table descriptors of stage 1 */
#define VMSA_PXN_TABLE IOM_BIT(59)
#define VMSA_UXN_TABLE IOM_BIT(60) /* XNTable where there is one privilege */
#define VMSA_AP_TABLE_USER IOM_BIT(61)
#define VMSA_AP_TABLE_WRITE IOM_BIT(62)

/* Block and page descriptors */
#define VMSA_SH IOM_MASK(9, 8)
#define VMSA_AF IOM_BIT(10)
#define VMSA_CONTIGUOUS IOM_BIT(52)

/* the same, stage 1 */
#define VMSA_ATTR_INDX IOM_MASK(4, 2)
#define VMSA_AP_1 IOM_BIT(6) /* unprivileged access */
#define VMSA_AP_2 IOM_BIT(7) /* read-only           */
#define VMSA_NG IOM_BIT(11)
#define VMSA_PXN IOM_BIT(53)
#define VMSA_UXN IOM_BIT(54) /* XN where there is one privilege */

/* the same, stage 2 */
#define VMSA_S2_MEM_ATTR IOM_MASK(5, 2)
#define VMSA_S2AP_R IOM_BIT(6)
#define VMSA_S2AP_W IOM_BIT(7)
#define VMSA_S2_XN IOM_MASK(54, 53) /* without XNX bit 54 alone counts */

enum vmsa_s2_xn { VMSA_S2_XN_NONE, VMSA_S2_XN_PRIV, VMSA_S2_XN_ALL, VMSA_S2_XN_UNPRIV };

#endif
