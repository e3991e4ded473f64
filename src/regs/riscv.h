/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * RISC-V IOMMU: registers and in-memory layouts (RISC-V IOMMU Architecture Specification 1.0,
 * "Memory-mapped register interface", "In-memory data structures", "In-memory queue interface";
 * PTEs: Privileged Architecture).  Names and masks, no logic.
 */
#ifndef REGS_RISCV_H
#define REGS_RISCV_H

#include "base/bits.h"

#define RV_MMIO_BYTES 4096

/* PPN field of registers, non-leaf directory entries and PTEs */
#define RV_PPN IOM_MASK(53, 10)

/* capabilities, 64 bit, RO */
#define RV_CAP 0x000
#define RV_CAP_VERSION IOM_MASK(7, 0)
#define RV_CAP_VERSION_1_0 0x10
#define RV_CAP_SV32 IOM_BIT(8)
#define RV_CAP_SV39 IOM_BIT(9)
#define RV_CAP_SV48 IOM_BIT(10)
#define RV_CAP_SV57 IOM_BIT(11)
#define RV_CAP_SVRSW60T59B IOM_BIT(14)
#define RV_CAP_SVPBMT IOM_BIT(15)
#define RV_CAP_SV32X4 IOM_BIT(16)
#define RV_CAP_SV39X4 IOM_BIT(17)
#define RV_CAP_SV48X4 IOM_BIT(18)
#define RV_CAP_SV57X4 IOM_BIT(19)
#define RV_CAP_AMO_MRIF IOM_BIT(21)
#define RV_CAP_MSI_FLAT IOM_BIT(22)
#define RV_CAP_MSI_MRIF IOM_BIT(23)
#define RV_CAP_AMO_HWAD IOM_BIT(24)
#define RV_CAP_ATS IOM_BIT(25)
#define RV_CAP_T2GPA IOM_BIT(26)
#define RV_CAP_END IOM_BIT(27)
#define RV_CAP_IGS IOM_MASK(29, 28)
#define RV_CAP_HPM IOM_BIT(30)
#define RV_CAP_DBG IOM_BIT(31)
#define RV_CAP_PAS IOM_MASK(37, 32)
#define RV_CAP_PD8 IOM_BIT(38)
#define RV_CAP_PD17 IOM_BIT(39)
#define RV_CAP_PD20 IOM_BIT(40)
#define RV_CAP_QOSID IOM_BIT(41)
#define RV_CAP_NL IOM_BIT(42)
#define RV_CAP_S IOM_BIT(43)

enum rv_igs { RV_IGS_MSI, RV_IGS_WSI, RV_IGS_BOTH, RV_IGS_RESERVED };

/* fctl - features control, 32 bit */
#define RV_FCTL 0x008
#define RV_FCTL_BE IOM_BIT(0)  /* WARL with END      */
#define RV_FCTL_WSI IOM_BIT(1) /* WARL with IGS=BOTH */
#define RV_FCTL_GXL IOM_BIT(2) /* WARL               */

/* ddtp - device-directory-table pointer, 64 bit */
#define RV_DDTP 0x010
#define RV_DDTP_MODE IOM_MASK(3, 0) /* WARL */
#define RV_DDTP_BUSY IOM_BIT(4)     /* RO   */
#define RV_DDTP_PPN RV_PPN          /* WARL */

enum rv_ddtp_mode { RV_DDTP_OFF, RV_DDTP_BARE, RV_DDTP_1LVL, RV_DDTP_2LVL, RV_DDTP_3LVL };

/* cqb, fqb, pqb - queue base, 64 bit */
#define RV_CQB 0x018
#define RV_FQB 0x028
#define RV_PQB 0x038
#define RV_QB_LOG2SZ_1 IOM_MASK(4, 0) /* WARL log2(entries) - 1 */
#define RV_QB_PPN RV_PPN              /* WARL                   */

/* queue indices, 32 bit */
#define RV_CQH 0x020
#define RV_CQT 0x024
#define RV_FQH 0x030
#define RV_FQT 0x034
#define RV_PQH 0x040
#define RV_PQT 0x044

/* cqcsr, fqcsr, pqcsr - queue control and status, 32 bit; the bits that all queues share */
#define RV_CQCSR 0x048
#define RV_FQCSR 0x04c
#define RV_PQCSR 0x050
#define RV_QCSR_EN IOM_BIT(0)    /* RW   queue asked for    */
#define RV_QCSR_IE IOM_BIT(1)    /* RW   interrupt enable   */
#define RV_QCSR_MF IOM_BIT(8)    /* RW1C queue memory fault */
#define RV_QCSR_OF IOM_BIT(9)    /* RW1C queue overflow (fault and page-request queues) */
#define RV_QCSR_ON IOM_BIT(16)   /* RO   queue is running   */
#define RV_QCSR_BUSY IOM_BIT(17) /* RO   change in progress */
/* the command queue's own */
#define RV_CQCSR_CMD_TO IOM_BIT(9)      /* RW1C command timed out    */
#define RV_CQCSR_CMD_ILL IOM_BIT(10)    /* RW1C illegal command      */
#define RV_CQCSR_FENCE_W_IP IOM_BIT(11) /* RW1C fence raised by wire */

/* ipsr - interrupt pending status, 32 bit, RW1C */
#define RV_IPSR 0x054
#define RV_IPSR_CIP IOM_BIT(0)
#define RV_IPSR_FIP IOM_BIT(1)
#define RV_IPSR_PMIP IOM_BIT(2)
#define RV_IPSR_PIP IOM_BIT(3)

/* Performance monitor.  iocountovf and iocountinh, 32 bit: bit n is event counter n's */
#define RV_IOCOUNTOVF 0x058      /* RO   */
#define RV_IOCOUNTINH 0x05c      /* WARL */
#define RV_IOCOUNT_CY IOM_BIT(0) /* the cycle counter's */
#define RV_IOCOUNT_HPM IOM_MASK(31, 1)

/* iohpmcycles, 64 bit */
#define RV_IOHPMCYCLES 0x060
#define RV_IOHPMCYCLES_COUNTER IOM_MASK(62, 0) /* WARL */
#define RV_IOHPMCYCLES_OF IOM_BIT(63)          /* RW   */

/* iohpmctr1..31 and iohpmevt1..31, 64 bit */
#define RV_IOHPMCTR 0x068
#define RV_IOHPMEVT 0x160
#define RV_IOHPM_BYTES 8
#define RV_IOHPM_COUNTERS 31
#define RV_IOHPMEVT_EVENT_ID IOM_MASK(14, 0) /* WARL */
#define RV_IOHPMEVT_DMASK IOM_BIT(15)
#define RV_IOHPMEVT_PID_PSCID IOM_MASK(35, 16)
#define RV_IOHPMEVT_DID_GSCID IOM_MASK(59, 36)
#define RV_IOHPMEVT_PV_PSCV IOM_BIT(60)
#define RV_IOHPMEVT_DV_GSCV IOM_BIT(61)
#define RV_IOHPMEVT_IDT IOM_BIT(62)
#define RV_IOHPMEVT_OF IOM_BIT(63)

enum rv_event {
	RV_EVENT_NONE,
	RV_EVENT_UNTRANSLATED,
	RV_EVENT_TRANSLATED,
	RV_EVENT_ATS_REQUEST,
	RV_EVENT_TLB_MISS,
	RV_EVENT_DDT_WALK,
	RV_EVENT_PDT_WALK,
	RV_EVENT_STAGE1_WALK,
	RV_EVENT_STAGE2_WALK,
	RV_EVENTS,
};

/* tr_req_iova, tr_req_ctl, tr_response - debug translation, 64 bit */
#define RV_TR_REQ_IOVA 0x258
#define RV_TR_REQ_IOVA_VPN IOM_MASK(63, 12)
#define RV_TR_REQ_CTL 0x260
#define RV_TR_REQ_CTL_GO IOM_BIT(0) /* RW1S */
#define RV_TR_REQ_CTL_PRIV IOM_BIT(1)
#define RV_TR_REQ_CTL_EXE IOM_BIT(2)
#define RV_TR_REQ_CTL_NW IOM_BIT(3)
#define RV_TR_REQ_CTL_PID IOM_MASK(31, 12)
#define RV_TR_REQ_CTL_PV IOM_BIT(32)
#define RV_TR_REQ_CTL_DID IOM_MASK(63, 40)
#define RV_TR_RESPONSE 0x268 /* RO */
#define RV_TR_RESPONSE_FAULT IOM_BIT(0)
#define RV_TR_RESPONSE_PBMT IOM_MASK(8, 7)
#define RV_TR_RESPONSE_S IOM_BIT(9)
#define RV_TR_RESPONSE_PPN RV_PPN

/* icvec - interrupt-cause to vector, 64 bit: one nibble a source, in ipsr's order */
#define RV_ICVEC 0x2f8
#define RV_ICVEC_CIV IOM_MASK(3, 0)
#define RV_ICVEC_FIV IOM_MASK(7, 4)
#define RV_ICVEC_PMIV IOM_MASK(11, 8)
#define RV_ICVEC_PIV IOM_MASK(15, 12)

/* msi_cfg_tbl - 16 entries of 16 bytes */
#define RV_MSI_CFG_TBL 0x300
#define RV_MSI_CFG_BYTES 16
#define RV_MSI_ADDR 0x0 /* 64 bit */
#define RV_MSI_ADDR_ADDR IOM_MASK(55, 2)
#define RV_MSI_DATA 0x8    /* 32 bit */
#define RV_MSI_VEC_CTL 0xc /* 32 bit */
#define RV_MSI_VEC_CTL_M IOM_BIT(0)
#define RV_VECTORS_MAX 16

/* Non-leaf DDT and PDT entry, 64 bit */
#define RV_DIR_V IOM_BIT(0)
#define RV_DIR_PPN RV_PPN
#define RV_DIR_RSVD (IOM_MASK(9, 1) | IOM_MASK(63, 54))

/* Device context: doubleword numbers */
#define RV_DC_TC 0
#define RV_DC_IOHGATP 1
#define RV_DC_TA 2
#define RV_DC_FSC 3
#define RV_DC_MSIPTP 4
#define RV_DC_MSI_ADDR_MASK 5
#define RV_DC_MSI_ADDR_PATTERN 6
#define RV_DC_RSVD 7
#define RV_DC_BASE_BYTES 32
#define RV_DC_EXT_BYTES 64

#define RV_TC_V IOM_BIT(0)
#define RV_TC_EN_ATS IOM_BIT(1)
#define RV_TC_EN_PRI IOM_BIT(2)
#define RV_TC_T2GPA IOM_BIT(3)
#define RV_TC_DTF IOM_BIT(4)
#define RV_TC_PDTV IOM_BIT(5)
#define RV_TC_PRPR IOM_BIT(6)
#define RV_TC_GADE IOM_BIT(7)
#define RV_TC_SADE IOM_BIT(8)
#define RV_TC_DPE IOM_BIT(9)
#define RV_TC_SBE IOM_BIT(10)
#define RV_TC_SXL IOM_BIT(11)
#define RV_TC_RSVD (IOM_MASK(23, 12) | IOM_MASK(63, 32))

#define RV_IOHGATP_PPN IOM_MASK(43, 0)
#define RV_IOHGATP_GSCID IOM_MASK(59, 44)
#define RV_IOHGATP_MODE IOM_MASK(63, 60)

#define RV_DC_TA_PSCID IOM_MASK(31, 12)
#define RV_DC_TA_RCID IOM_MASK(51, 40)
#define RV_DC_TA_MCID IOM_MASK(63, 52)
#define RV_DC_TA_RSVD (IOM_MASK(11, 0) | IOM_MASK(39, 32))

/* fsc (iosatp or pdtp) and msiptp share their shape */
#define RV_FSC_PPN IOM_MASK(43, 0)
#define RV_FSC_RSVD IOM_MASK(59, 44)
#define RV_FSC_MODE IOM_MASK(63, 60)

#define RV_MSI_ADDR_BITS IOM_MASK(51, 0) /* msi_addr_mask, msi_addr_pattern */
#define RV_MSI_ADDR_RSVD IOM_MASK(63, 52)

/* MODE of iosatp and iohgatp (the stage 2 forms have x4 in their names), pdtp and msiptp */
enum rv_atp_mode {
	RV_ATP_BARE = 0,
	RV_ATP_SV32 = 8,
	RV_ATP_SV39 = 8,
	RV_ATP_SV48 = 9,
	RV_ATP_SV57 = 10
};
enum rv_pdtp_mode { RV_PDTP_BARE, RV_PDTP_PD8, RV_PDTP_PD17, RV_PDTP_PD20 };
enum rv_msiptp_mode { RV_MSIPTP_OFF, RV_MSIPTP_FLAT };

/* Process context, 16 bytes: ta, fsc */
#define RV_PC_TA 0
#define RV_PC_FSC 1
#define RV_PC_BYTES 16
#define RV_PC_TA_V IOM_BIT(0)
#define RV_PC_TA_ENS IOM_BIT(1)
#define RV_PC_TA_SUM IOM_BIT(2)
#define RV_PC_TA_PSCID IOM_MASK(31, 12)
#define RV_PC_TA_RSVD (IOM_MASK(11, 3) | IOM_MASK(63, 32))

/* Page-table entry of 64 bits */
#define RV_PTE_V IOM_BIT(0)
#define RV_PTE_R IOM_BIT(1)
#define RV_PTE_W IOM_BIT(2)
#define RV_PTE_X IOM_BIT(3)
#define RV_PTE_U IOM_BIT(4)
#define RV_PTE_G IOM_BIT(5)
#define RV_PTE_A IOM_BIT(6)
#define RV_PTE_D IOM_BIT(7)
#define RV_PTE_PPN RV_PPN
#define RV_PTE_RSVD IOM_MASK(58, 54)
#define RV_PTE_RSW60T59 IOM_MASK(60, 59) /* software's with Svrsw60t59b, else reserved */
#define RV_PTE_PBMT IOM_MASK(62, 61)
#define RV_PTE_N IOM_BIT(63)
#define RV_PTE_NAPOT IOM_MASK(13, 10) /* with N: PPN[3:0] must be 8, a page of 64 KiB */
#define RV_PTE_NAPOT_64K 8

enum rv_pbmt { RV_PBMT_PMA, RV_PBMT_NC, RV_PBMT_IO, RV_PBMT_RSVD };

#define RV_PTE32_PPN IOM_MASK(31, 10) /* of 32 bits: the low ten are the same, and no others */

/* MSI page-table entry, 16 bytes */
#define RV_MSIPTE_BYTES 16
#define RV_MSIPTE_V IOM_BIT(0)
#define RV_MSIPTE_M IOM_MASK(2, 1)
#define RV_MSIPTE_C IOM_BIT(63)
#define RV_MSIPTE_PPN RV_PPN
#define RV_MSIPTE_BASIC_RSVD (IOM_MASK(9, 3) | IOM_MASK(62, 54))

enum rv_msipte_m { RV_MSIPTE_M_MRIF = 1, RV_MSIPTE_M_BASIC = 3 };

/* Commands, 16 bytes: doubleword 0 (and 1 where the name says so) */
#define RV_CMD_BYTES 16
#define RV_CMD_OPCODE IOM_MASK(6, 0)
#define RV_CMD_FUNC3 IOM_MASK(9, 7)

enum rv_opcode { RV_OP_IOTINVAL = 1, RV_OP_IOFENCE = 2, RV_OP_IODIR = 3, RV_OP_ATS = 4 };
enum rv_iotinval_func { RV_IOTINVAL_VMA, RV_IOTINVAL_GVMA };
enum rv_iofence_func { RV_IOFENCE_C };
enum rv_iodir_func { RV_IODIR_INVAL_DDT, RV_IODIR_INVAL_PDT };
enum rv_ats_func { RV_ATS_INVAL, RV_ATS_PRGR };

#define RV_IOTINVAL_AV IOM_BIT(10)
#define RV_IOTINVAL_PSCID IOM_MASK(31, 12)
#define RV_IOTINVAL_PSCV IOM_BIT(32)
#define RV_IOTINVAL_GV IOM_BIT(33)
#define RV_IOTINVAL_NL IOM_BIT(34)
#define RV_IOTINVAL_GSCID IOM_MASK(59, 44)
#define RV_IOTINVAL_1_S IOM_BIT(9)
#define RV_IOTINVAL_1_ADDR IOM_MASK(61, 10) /* ADDR[63:12] */

#define RV_IOFENCE_AV IOM_BIT(10)
#define RV_IOFENCE_WSI IOM_BIT(11)
#define RV_IOFENCE_PR IOM_BIT(12)
#define RV_IOFENCE_PW IOM_BIT(13)
#define RV_IOFENCE_DATA IOM_MASK(63, 32)
#define RV_IOFENCE_1_ADDR IOM_MASK(61, 0) /* ADDR[63:2] */

#define RV_IODIR_PID IOM_MASK(31, 12)
#define RV_IODIR_DV IOM_BIT(33)
#define RV_IODIR_DID IOM_MASK(63, 40)

#define RV_ATS_PID IOM_MASK(31, 12)
#define RV_ATS_PV IOM_BIT(32)
#define RV_ATS_DSV IOM_BIT(33)
#define RV_ATS_RID IOM_MASK(55, 40)
#define RV_ATS_DSEG IOM_MASK(63, 56)
#define RV_ATS_INVAL_1_G IOM_BIT(0)
#define RV_ATS_INVAL_1_S IOM_BIT(11)
#define RV_ATS_INVAL_1_ADDR IOM_MASK(63, 12)
#define RV_ATS_PRGR_1_INDEX IOM_MASK(40, 32)
#define RV_ATS_PRGR_1_CODE IOM_MASK(47, 44)

/* Fault record, 32 bytes: doublewords 0 and 1; 2 is iotval, 3 iotval2 */
#define RV_FQ_BYTES 32
#define RV_FQ_CAUSE IOM_MASK(11, 0)
#define RV_FQ_PID IOM_MASK(31, 12)
#define RV_FQ_PV IOM_BIT(32)
#define RV_FQ_PRIV IOM_BIT(33)
#define RV_FQ_TTYP IOM_MASK(39, 34)
#define RV_FQ_DID IOM_MASK(63, 40)
#define RV_FQ_IOTVAL2_IMPLICIT IOM_BIT(0)
#define RV_FQ_IOTVAL2_WRITE IOM_BIT(1)
#define RV_FQ_IOTVAL2_GPA IOM_MASK(63, 2)

enum rv_ttyp {
	RV_TTYP_NONE = 0,
	RV_TTYP_EXEC = 1,
	RV_TTYP_READ = 2,
	RV_TTYP_WRITE = 3,
	RV_TTYP_TRANSLATED_EXEC = 5,
	RV_TTYP_TRANSLATED_READ = 6,
	RV_TTYP_TRANSLATED_WRITE = 7,
	RV_TTYP_ATS_REQUEST = 8,
	RV_TTYP_MESSAGE = 9,
};

/* iotval of a message's record: PCI Express's message code */
#define RV_MESSAGE_PAGE_REQUEST 0x04

/* Page request record, 16 bytes: doubleword 0, and 1 where the name says so */
#define RV_PQ_BYTES 16
#define RV_PQ_PID IOM_MASK(31, 12)
#define RV_PQ_PV IOM_BIT(32)
#define RV_PQ_PRIV IOM_BIT(33)
#define RV_PQ_EXEC IOM_BIT(34)
#define RV_PQ_DID IOM_MASK(63, 40)
#define RV_PQ_1_R IOM_BIT(0)
#define RV_PQ_1_W IOM_BIT(1)
#define RV_PQ_1_L IOM_BIT(2)
#define RV_PQ_1_INDEX IOM_MASK(11, 3)
#define RV_PQ_1_ADDR IOM_MASK(63, 12)

enum rv_cause {
	RV_CAUSE_EXEC_ACCESS = 1,
	RV_CAUSE_READ_ACCESS = 5,
	RV_CAUSE_WRITE_ACCESS = 7,
	RV_CAUSE_EXEC_PAGE = 12,
	RV_CAUSE_READ_PAGE = 13,
	RV_CAUSE_WRITE_PAGE = 15,
	RV_CAUSE_EXEC_GUEST_PAGE = 20,
	RV_CAUSE_READ_GUEST_PAGE = 21,
	RV_CAUSE_WRITE_GUEST_PAGE = 23,
	RV_CAUSE_ALL_DISALLOWED = 256,
	RV_CAUSE_DDT_ACCESS = 257,
	RV_CAUSE_DDT_INVALID = 258,
	RV_CAUSE_DDT_MISCONFIGURED = 259,
	RV_CAUSE_TYPE_DISALLOWED = 260,
	RV_CAUSE_MSI_PTE_ACCESS = 261,
	RV_CAUSE_MSI_PTE_INVALID = 262,
	RV_CAUSE_MSI_PTE_MISCONFIGURED = 263,
	RV_CAUSE_PDT_ACCESS = 265,
	RV_CAUSE_PDT_INVALID = 266,
	RV_CAUSE_PDT_MISCONFIGURED = 267,
	RV_CAUSE_DDT_CORRUPT = 268,
	RV_CAUSE_PDT_CORRUPT = 269,
	RV_CAUSE_MSI_PT_CORRUPT = 270,
	RV_CAUSE_MSI_WRITE_ACCESS = 273,
	RV_CAUSE_PT_CORRUPT = 274,
};

#endif
