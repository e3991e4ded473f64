/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Intel VT-d: registers and in-memory layouts (Virtualization Technology for Directed I/O,
 * Architecture Specification 5.10, "Register Descriptions", "Translation Structure Formats",
 * "Queued Invalidation Interface").  Masks of a structure of several quadwords name the quadword in
 * their comment or their name (_1: the second one).  Names and masks, no logic.
 */
#ifndef REGS_VTD_H
#define REGS_VTD_H

#include "base/bits.h"

#define VTD_MMIO_BYTES 4096

/* Page-aligned addresses of registers and entries */
#define VTD_ADDRESS IOM_MASK(63, 12)

/* ---- Registers ---------------------------------------------------------------------------- */

#define VTD_VER 0x000 /* 32 bit, RO */
#define VTD_VER_MINOR IOM_MASK(3, 0)
#define VTD_VER_MAJOR IOM_MASK(7, 4)

#define VTD_CAP 0x008 /* 64 bit, RO */
#define VTD_CAP_ND IOM_MASK(2, 0)
#define VTD_CAP_RWBF IOM_BIT(4)
#define VTD_CAP_PLMR IOM_BIT(5)
#define VTD_CAP_PHMR IOM_BIT(6)
#define VTD_CAP_CM IOM_BIT(7)
#define VTD_CAP_SAGAW IOM_MASK(12, 8) /* bit n: AW n, which is n + 2 levels */
#define VTD_CAP_MGAW IOM_MASK(21, 16)
#define VTD_CAP_ZLR IOM_BIT(22)
#define VTD_CAP_FRO IOM_MASK(33, 24)
#define VTD_CAP_SSLPS IOM_MASK(37, 34)
#define VTD_CAP_SSLPS_2M IOM_BIT(34)
#define VTD_CAP_SSLPS_1G IOM_BIT(35)
#define VTD_CAP_PSI IOM_BIT(39)
#define VTD_CAP_NFR IOM_MASK(47, 40)
#define VTD_CAP_MAMV IOM_MASK(53, 48)
#define VTD_CAP_DWD IOM_BIT(54)
#define VTD_CAP_DRD IOM_BIT(55)
#define VTD_CAP_FS1GP IOM_BIT(56)
#define VTD_CAP_PI IOM_BIT(59)
#define VTD_CAP_FS5LP IOM_BIT(60)
#define VTD_CAP_ECMDS IOM_BIT(61)
#define VTD_CAP_ESIRTPS IOM_BIT(62)
#define VTD_CAP_ESRTPS IOM_BIT(63)

#define VTD_ECAP 0x010 /* 64 bit, RO */
#define VTD_ECAP_C IOM_BIT(0)
#define VTD_ECAP_QI IOM_BIT(1)
#define VTD_ECAP_DT IOM_BIT(2)
#define VTD_ECAP_IR IOM_BIT(3)
#define VTD_ECAP_EIM IOM_BIT(4)
#define VTD_ECAP_PT IOM_BIT(6)
#define VTD_ECAP_SC IOM_BIT(7)
#define VTD_ECAP_IRO IOM_MASK(17, 8)
#define VTD_ECAP_MHMV IOM_MASK(23, 20)
#define VTD_ECAP_MTS IOM_BIT(25)
#define VTD_ECAP_NEST IOM_BIT(26)
#define VTD_ECAP_PRS IOM_BIT(29)
#define VTD_ECAP_ERS IOM_BIT(30)
#define VTD_ECAP_SRS IOM_BIT(31)
#define VTD_ECAP_NWFS IOM_BIT(33)
#define VTD_ECAP_EAFS IOM_BIT(34)
#define VTD_ECAP_PSS IOM_MASK(39, 35)
#define VTD_ECAP_PASID IOM_BIT(40)
#define VTD_ECAP_DIT IOM_BIT(41)
#define VTD_ECAP_PDS IOM_BIT(42)
#define VTD_ECAP_SMTS IOM_BIT(43)
#define VTD_ECAP_VCS IOM_BIT(44)
#define VTD_ECAP_SSADS IOM_BIT(45)
#define VTD_ECAP_SSTS IOM_BIT(46)
#define VTD_ECAP_FSTS IOM_BIT(47)
#define VTD_ECAP_SMPWCS IOM_BIT(48)
#define VTD_ECAP_RPS IOM_BIT(49)
#define VTD_ECAP_TDXCS IOM_BIT(50)
#define VTD_ECAP_PMS IOM_BIT(51)
#define VTD_ECAP_ADMS IOM_BIT(52)
#define VTD_ECAP_RPRIVS IOM_BIT(53)
#define VTD_ECAP_HPTS IOM_BIT(55)
#define VTD_ECAP_PTRS IOM_BIT(56)
#define VTD_ECAP_SSIRWS IOM_BIT(57)
#define VTD_ECAP_SMS IOM_BIT(58)
#define VTD_ECAP_HPT1GPS IOM_BIT(59)
#define VTD_ECAP_RDTS IOM_BIT(60)
#define VTD_ECAP_EIMER IOM_BIT(61)
#define VTD_ECAP_IRREQ IOM_BIT(62)

/* Global command and status, 32 bit each: the same bits */
#define VTD_GCMD 0x018 /* WO */
#define VTD_GSTS 0x01c /* RO */
#define VTD_G_TE IOM_BIT(31)
#define VTD_G_RTP IOM_BIT(30) /* one-shot */
#define VTD_G_WBF IOM_BIT(27) /* one-shot */
#define VTD_G_QIE IOM_BIT(26)
#define VTD_G_IRE IOM_BIT(25)
#define VTD_G_IRTP IOM_BIT(24) /* one-shot */
#define VTD_G_CFI IOM_BIT(23)
#define VTD_G_ALL                                                                                  \
	(VTD_G_TE | VTD_G_RTP | VTD_G_WBF | VTD_G_QIE | VTD_G_IRE | VTD_G_IRTP | VTD_G_CFI)

#define VTD_RTADDR 0x020 /* 64 bit */
#define VTD_RTADDR_SSIRWE IOM_BIT(7)
#define VTD_RTADDR_TTM IOM_MASK(11, 10)

enum vtd_ttm { VTD_TTM_LEGACY, VTD_TTM_SCALABLE, VTD_TTM_RESERVED, VTD_TTM_ABORT };

#define VTD_CCMD 0x028 /* 64 bit */
#define VTD_CCMD_DID IOM_MASK(15, 0)
#define VTD_CCMD_SID IOM_MASK(31, 16) /* WO */
#define VTD_CCMD_FM IOM_MASK(33, 32)  /* WO */
#define VTD_CCMD_CAIG IOM_MASK(60, 59)
#define VTD_CCMD_CIRG IOM_MASK(62, 61)
#define VTD_CCMD_ICC IOM_BIT(63)

/* Granularities of CCMD, of the IOTLB register and of descriptors */
enum vtd_granularity { VTD_G_NONE, VTD_G_GLOBAL, VTD_G_DOMAIN, VTD_G_SELECTIVE };

#define VTD_FSTS 0x034 /* 32 bit */
#define VTD_FSTS_PFO IOM_BIT(0)
#define VTD_FSTS_PPF IOM_BIT(1)
#define VTD_FSTS_IQE IOM_BIT(4)
#define VTD_FSTS_ICE IOM_BIT(5)
#define VTD_FSTS_ITE IOM_BIT(6)
#define VTD_FSTS_FRI IOM_MASK(15, 8)
#define VTD_FSTS_ALL (VTD_FSTS_PFO | VTD_FSTS_PPF | VTD_FSTS_IQE | VTD_FSTS_ICE | VTD_FSTS_ITE)

/* Event registers, 32 bit each: control, and from there data, address, upper address */
#define VTD_FECTL 0x038
#define VTD_IECTL 0x0a0
#define VTD_PECTL 0x0e0
#define VTD_PERFINTRCTL 0x328
#define VTD_EVENT_DATA 0x4
#define VTD_EVENT_ADDRESS 0x8
#define VTD_EVENT_UPPER 0xc
#define VTD_EVENT_IM IOM_BIT(31)
#define VTD_EVENT_IP IOM_BIT(30)
#define VTD_EVENT_DATA_MASK IOM_MASK(15, 0)
#define VTD_EVENT_ADDRESS_MASK IOM_MASK(31, 2)

/* Protected memory: 32 bit, PHM* 64 bit */
#define VTD_PMEN 0x064
#define VTD_PMEN_EPM IOM_BIT(31)
#define VTD_PMEN_PRS IOM_BIT(0)
#define VTD_PLMBASE 0x068
#define VTD_PLMLIMIT 0x06c
#define VTD_PHMBASE 0x070
#define VTD_PHMLIMIT 0x078

/* Invalidation queue */
#define VTD_IQH 0x080 /* 64 bit */
#define VTD_IQT 0x088 /* 64 bit */
#define VTD_IQ_INDEX IOM_MASK(18, 4)
#define VTD_IQA 0x090 /* 64 bit */
#define VTD_IQA_QS IOM_MASK(2, 0)
#define VTD_IQA_DW IOM_BIT(11)
#define VTD_ICS 0x09c /* 32 bit */
#define VTD_ICS_IWC IOM_BIT(0)
#define VTD_IQERCD 0x0b0 /* 64 bit */
#define VTD_IQERCD_IQEI IOM_MASK(3, 0)
#define VTD_IQERCD_ITESID IOM_MASK(47, 32)
#define VTD_IQERCD_ICESID IOM_MASK(63, 48)

enum vtd_iqei {
	VTD_IQEI_NONE,
	VTD_IQEI_TAIL,      /* beyond the queue                              */
	VTD_IQEI_FETCH,     /* descriptor not readable                       */
	VTD_IQEI_TYPE,      /* not valid for unit, mode or width             */
	VTD_IQEI_FIELD,     /* reserved field, or value not allowed          */
	VTD_IQEI_WIDTH,     /* DW not allowed                                */
	VTD_IQEI_ALIGNMENT, /* tail not a multiple of 32 bytes with DW = 1   */
	VTD_IQEI_TTM,       /* TTM not valid                                 */
};

/* Interrupt remapping table address, 64 bit */
#define VTD_IRTA 0x0b8
#define VTD_IRTA_S IOM_MASK(3, 0)
#define VTD_IRTA_EIME IOM_BIT(11)

/* Page request queue */
#define VTD_PQH 0x0c0 /* 64 bit */
#define VTD_PQT 0x0c8 /* 64 bit */
#define VTD_PQ_INDEX IOM_MASK(18, 5)
#define VTD_PQA 0x0d0 /* 64 bit */
#define VTD_PQA_PQS IOM_MASK(2, 0)
#define VTD_PRS 0x0dc /* 32 bit */
#define VTD_PRS_PPR IOM_BIT(0)
#define VTD_PRS_PRO IOM_BIT(1)

/* Register-based IOTLB invalidation: at 16 * ECAP.IRO, 64 bit each */
#define VTD_IOTLB_BYTES 16
#define VTD_IVA 0x0
#define VTD_IVA_AM IOM_MASK(5, 0)
#define VTD_IVA_IH IOM_BIT(6)
#define VTD_IOTLB 0x8
#define VTD_IOTLB_DID IOM_MASK(47, 32)
#define VTD_IOTLB_DW IOM_BIT(48)
#define VTD_IOTLB_DR IOM_BIT(49)
#define VTD_IOTLB_IAIG IOM_MASK(58, 57)
#define VTD_IOTLB_IIRG IOM_MASK(61, 60)
#define VTD_IOTLB_IVT IOM_BIT(63)

/* Fault records: at 16 * CAP.FRO + 16 * n, two quadwords each */
#define VTD_FRCD_BYTES 16
#define VTD_FRCD_1 8 /* offset of the second quadword */
#define VTD_FRCD_FI IOM_MASK(63, 12)
#define VTD_FRCD_FI_INDEX IOM_MASK(63, 48) /* of an interrupt fault */
#define VTD_FRCD_1_SID IOM_MASK(15, 0)
#define VTD_FRCD_1_T2 IOM_BIT(28)
#define VTD_FRCD_1_PRIV IOM_BIT(29)
#define VTD_FRCD_1_EXE IOM_BIT(30)
#define VTD_FRCD_1_PP IOM_BIT(31)
#define VTD_FRCD_1_FR IOM_MASK(39, 32)
#define VTD_FRCD_1_PV IOM_MASK(59, 40)
#define VTD_FRCD_1_AT IOM_MASK(61, 60)
#define VTD_FRCD_1_T1 IOM_BIT(62)
#define VTD_FRCD_1_F IOM_BIT(63)

/* ---- Root, context and PASID structures ------------------------------------------------------ */

#define VTD_ROOT_BYTES 16
#define VTD_ROOT_P IOM_BIT(0) /* also LP, and in the second quadword UP */
#define VTD_ROOT_RSVD IOM_MASK(11, 1)

/* Legacy context entry, two quadwords */
#define VTD_CE_BYTES 16
#define VTD_CE_P IOM_BIT(0)
#define VTD_CE_FPD IOM_BIT(1)
#define VTD_CE_TT IOM_MASK(3, 2)
#define VTD_CE_RSVD IOM_MASK(11, 4)
#define VTD_CE_SSPTPTR VTD_ADDRESS
#define VTD_CE_1_AW IOM_MASK(2, 0)
#define VTD_CE_1_DID IOM_MASK(23, 8)
#define VTD_CE_1_RSVD (IOM_BIT(7) | IOM_MASK(63, 24))

enum vtd_tt { VTD_TT_UNTRANSLATED, VTD_TT_ALL, VTD_TT_PASS_THROUGH, VTD_TT_RESERVED };

/* AW of contexts and PASID entries: its number plus 2 is that of levels */
#define VTD_AW_39 1u
#define VTD_AW_48 2u
#define VTD_AW_57 3u

/* Scalable-mode context entry, four quadwords, the last two reserved */
#define VTD_SCE_BYTES 32
#define VTD_SCE_P IOM_BIT(0)
#define VTD_SCE_FPD IOM_BIT(1)
#define VTD_SCE_DTE IOM_BIT(2)
#define VTD_SCE_PASIDE IOM_BIT(3)
#define VTD_SCE_PRE IOM_BIT(4)
#define VTD_SCE_HPTE IOM_BIT(5)
#define VTD_SCE_EPTR IOM_BIT(6)
#define VTD_SCE_RSVD IOM_MASK(8, 7)
#define VTD_SCE_PDTS IOM_MASK(11, 9)
#define VTD_SCE_PASIDDIRPTR VTD_ADDRESS
#define VTD_SCE_1_RID_PASID IOM_MASK(19, 0)
#define VTD_SCE_1_RID_PRIV IOM_BIT(20)
#define VTD_SCE_1_RSVD IOM_MASK(63, 21)

/* PASID directory entry, one quadword */
#define VTD_PDE_BYTES 8
#define VTD_PDE_P IOM_BIT(0)
#define VTD_PDE_FPD IOM_BIT(1)
#define VTD_PDE_RSVD IOM_MASK(11, 2)
#define VTD_PDE_SMPTBLPTR VTD_ADDRESS

/* PASID table entry, eight quadwords */
#define VTD_PE_BYTES 64
#define VTD_PE_P IOM_BIT(0)
#define VTD_PE_FPD IOM_BIT(1)
#define VTD_PE_AW IOM_MASK(4, 2)
#define VTD_PE_PGTT IOM_MASK(8, 6)
#define VTD_PE_SSADE IOM_BIT(9)
#define VTD_PE_RSVD (IOM_BIT(5) | IOM_MASK(11, 10))
#define VTD_PE_SSPTPTR VTD_ADDRESS
#define VTD_PE_1_DID IOM_MASK(15, 0)
#define VTD_PE_1_PWSNP IOM_BIT(23)
#define VTD_PE_1_PGSNP IOM_BIT(24)
#define VTD_PE_1_CD IOM_BIT(25)
#define VTD_PE_1_EMTE IOM_BIT(26)
#define VTD_PE_1_PAT IOM_MASK(63, 32) /* eight of 4 bits, the top one of each reserved */
#define VTD_PE_1_PAT_RSVD (0x88888888 * IOM_BIT(32))
#define VTD_PE_1_RSVD (IOM_MASK(22, 16) | IOM_MASK(31, 27))
#define VTD_PE_2_SRE IOM_BIT(0)
#define VTD_PE_2_FSPM IOM_MASK(3, 2)
#define VTD_PE_2_WPE IOM_BIT(4)
#define VTD_PE_2_EAFE IOM_BIT(7)
#define VTD_PE_2_RSVD (IOM_BIT(1) | IOM_MASK(11, 8))
#define VTD_PE_2_FSPTPTR VTD_ADDRESS
#define VTD_PE_4_HPTSZ IOM_MASK(1, 0)
#define VTD_PE_4_HPTPFD IOM_BIT(2)
#define VTD_PE_4_RSVD IOM_MASK(11, 3)
#define VTD_PE_4_HPTPTR VTD_ADDRESS
#define VTD_PE_5_HPTDID IOM_MASK(15, 0)
#define VTD_PE_5_RSVD IOM_MASK(63, 16)

enum vtd_pgtt { VTD_PGTT_FS = 1, VTD_PGTT_SS, VTD_PGTT_NESTED, VTD_PGTT_PT };
enum vtd_fspm { VTD_FSPM_4, VTD_FSPM_5 };

/* ---- Second-stage paging entries; the first stage's are in x86.h --------------------------------- */

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

/* ---- Interrupts -------------------------------------------------------------------------------- */

/* The interrupt address range: 1 MiB at 0xfee00000 */
#define VTD_INTERRUPT_RANGE UINT64_C(0xfee00000)
#define VTD_INTERRUPT_RANGE_LG2 20u

/* Address and data of a message in remappable format */
#define VTD_MSI_REMAPPABLE IOM_BIT(4)
#define VTD_MSI_HANDLE IOM_MASK(19, 5) /* bits 14:0 */
#define VTD_MSI_HANDLE_15 IOM_BIT(2)
#define VTD_MSI_SHV IOM_BIT(3)
#define VTD_MSI_DATA_SUBHANDLE IOM_MASK(15, 0)
#define VTD_MSI_DATA_RSVD IOM_MASK(31, 16)
/* In compatibility format, which is the CPU's own */
#define VTD_MSI_DESTINATION IOM_MASK(19, 12)
#define VTD_MSI_RH IOM_BIT(3)
#define VTD_MSI_DM IOM_BIT(2)
#define VTD_MSI_DESTINATION_UPPER IOM_MASK(63, 40) /* bits 31:8 of an x2APIC destination */
#define VTD_MSI_DATA_VECTOR IOM_MASK(7, 0)
#define VTD_MSI_DATA_DLM IOM_MASK(10, 8)
#define VTD_MSI_DATA_ASSERT IOM_BIT(14)
#define VTD_MSI_DATA_LEVEL IOM_BIT(15)

/* An I/O APIC's redirection entry in remappable format */
#define VTD_RTE_V IOM_MASK(7, 0)
#define VTD_RTE_INDEX_15 IOM_BIT(11)
#define VTD_RTE_ACTIVE_LOW IOM_BIT(13)
#define VTD_RTE_LEVEL IOM_BIT(15)
#define VTD_RTE_REMAPPABLE IOM_BIT(48)
#define VTD_RTE_INDEX IOM_MASK(63, 49) /* bits 14:0 */

/* Interrupt remapping table entry, two quadwords */
#define VTD_IRTE_BYTES 16
#define VTD_IRTE_P IOM_BIT(0)
#define VTD_IRTE_FPD IOM_BIT(1)
#define VTD_IRTE_DM IOM_BIT(2)
#define VTD_IRTE_RH IOM_BIT(3)
#define VTD_IRTE_TM IOM_BIT(4)
#define VTD_IRTE_DLM IOM_MASK(7, 5)
#define VTD_IRTE_AVAIL IOM_MASK(11, 8)
#define VTD_IRTE_URG IOM_BIT(14) /* posted format */
#define VTD_IRTE_IM IOM_BIT(15)
#define VTD_IRTE_V IOM_MASK(23, 16)
#define VTD_IRTE_DST IOM_MASK(63, 32)       /* x2APIC */
#define VTD_IRTE_DST_XAPIC IOM_MASK(47, 40) /* the rest of DST reserved */
#define VTD_IRTE_RSVD (IOM_MASK(14, 12) | IOM_MASK(31, 24))
#define VTD_IRTE_XAPIC_RSVD (IOM_MASK(63, 48) | IOM_MASK(39, 32))
#define VTD_IRTE_POSTED_RSVD (IOM_MASK(7, 2) | IOM_MASK(13, 12) | IOM_MASK(37, 24))
#define VTD_IRTE_PDAL IOM_MASK(63, 38) /* descriptor address bits 31:6 */
#define VTD_IRTE_1_SID IOM_MASK(15, 0)
#define VTD_IRTE_1_SQ IOM_MASK(17, 16)
#define VTD_IRTE_1_SVT IOM_MASK(19, 18)
#define VTD_IRTE_1_RSVD IOM_MASK(63, 20)
#define VTD_IRTE_1_POSTED_RSVD IOM_MASK(31, 20)
#define VTD_IRTE_1_PDAH IOM_MASK(63, 32) /* descriptor address bits 63:32 */

enum vtd_svt { VTD_SVT_NONE, VTD_SVT_SID, VTD_SVT_BUS, VTD_SVT_RESERVED };

/* Delivery modes, of messages too; 3 and 6 are reserved */
enum vtd_dlm {
	VTD_DLM_FIXED,
	VTD_DLM_LOWEST,
	VTD_DLM_SMI,
	VTD_DLM_NMI = 4,
	VTD_DLM_INIT,
	VTD_DLM_EXTINT = 7,
};

/* Posted interrupt descriptor, eight quadwords: four of PIR, then this one */
#define VTD_PID_BYTES 64
#define VTD_PID_4_ON IOM_BIT(0)
#define VTD_PID_4_SN IOM_BIT(1)
#define VTD_PID_4_NV IOM_MASK(23, 16)
#define VTD_PID_4_NDST IOM_MASK(63, 32)
#define VTD_PID_4_NDST_XAPIC IOM_MASK(47, 40)
#define VTD_PID_4_RSVD (IOM_MASK(15, 2) | IOM_MASK(31, 24))
#define VTD_PID_4_XAPIC_RSVD (IOM_MASK(39, 32) | IOM_MASK(63, 48))

/* ---- Fault reasons ---------------------------------------------------------------------------------- */

/*
 * "Fault Conditions".  ABSENT: an entry is not present, or grants nothing; FETCH: it is not readable,
 * FETCH_FIRST: the one that the pointer of a context or PASID entry leads to; RSVD: a reserved field is
 * set; the bare name of a structure: its fields contradict the unit or each other.
 */
enum vtd_fr {
	/* Legacy mode */
	VTD_FR_ROOT_ABSENT = 0x01,
	VTD_FR_CONTEXT_ABSENT,
	VTD_FR_CONTEXT, /* AW or TT, or the first paging entry is not readable     */
	VTD_FR_ADDRESS, /* beyond min(MGAW, AGAW), or HAW                          */
	VTD_FR_WRITE,   /* not permitted                                           */
	VTD_FR_READ,
	VTD_FR_PAGING_FETCH,
	VTD_FR_ROOT_FETCH,
	VTD_FR_CONTEXT_FETCH,
	VTD_FR_ROOT_RSVD,
	VTD_FR_CONTEXT_RSVD,
	VTD_FR_PAGING_RSVD,
	VTD_FR_TT,        /* the request came translated, or asks for a translation  */
	VTD_FR_INTERRUPT, /* output in the interrupt address range                   */

	/* Interrupt requests */
	VTD_FR_IR_REQUEST = 0x20,    /* reserved field of the request                */
	VTD_FR_IR_INDEX,             /* beyond the table, or its entry beyond HAW    */
	VTD_FR_IR_ABSENT,            /* P = 0                                        */
	VTD_FR_IR_FETCH,             /* entry not readable                           */
	VTD_FR_IR_ENTRY,             /* reserved field or encoding of a present entry */
	VTD_FR_IR_COMPATIBILITY,     /* blocked                                      */
	VTD_FR_IR_SOURCE,            /* the source-id is not the entry's             */
	VTD_FR_IR_DESCRIPTOR_ACCESS, /* posted interrupt descriptor                  */
	VTD_FR_IR_DESCRIPTOR,        /* reserved field of it                         */
	VTD_FR_IR_NO_MESSAGE,        /* other requests to the address range          */
	VTD_FR_IR_XAPIC,             /* EIMER = 1, EIME = 0                          */
	VTD_FR_IR_OFF,               /* IRREQ = 1, IRES = 0                          */

	/* The mode */
	VTD_FR_TTM = 0x30, /* not one of the unit's                                     */
	VTD_FR_TTM_PASID,  /* legacy mode: a request with PASID                         */
	VTD_FR_TTM_PAGES,  /* ... a page request                                        */
	VTD_FR_TTM_ABORT,  /* abort-DMA mode                                            */
	VTD_FR_EXECUTE,    /* version 8: ER = 1                                         */

	/* Scalable mode: root and context entries */
	VTD_FR_SROOT_FETCH = 0x38,
	VTD_FR_SROOT_ABSENT,
	VTD_FR_SROOT_RSVD,
	VTD_FR_SCONTEXT_FETCH = 0x40,
	VTD_FR_SCONTEXT_ABSENT,
	VTD_FR_SCONTEXT_RSVD,
	VTD_FR_SCONTEXT,
	VTD_FR_DTE,       /* 0, and the request came translated, or asks for a translation */
	VTD_FR_PASIDE,    /* 0, and the request has a PASID                                */
	VTD_FR_PDTS,      /* the PASID is beyond the directory                             */
	VTD_FR_PRE,       /* 0, and it is a page request                                   */
	VTD_FR_RID_PASID, /* the request's PASID equals it                                 */
	VTD_FR_EPTR,      /* 0, and the request came translated with a PASID               */

	/* PASID directory and table entries */
	VTD_FR_DIRECTORY_FETCH = 0x50,
	VTD_FR_DIRECTORY_ABSENT,
	VTD_FR_DIRECTORY_RSVD,
	VTD_FR_PASID_FETCH = 0x58,
	VTD_FR_PASID_ABSENT,
	VTD_FR_PASID_RSVD,
	VTD_FR_PASID,
	VTD_FR_ERE,          /* 0, and ER = 1                                   */
	VTD_FR_SRE,          /* 0, and the request is privileged                */
	VTD_FR_HPTSZ = 0x60, /* a translated address is beyond it               */

	/* First-stage entries; READ, WRITE: the second stage forbids that to the unit */
	VTD_FR_FS_FETCH = 0x70,
	VTD_FR_FS_ABSENT,
	VTD_FR_FS_RSVD,
	VTD_FR_FS_FETCH_FIRST,
	VTD_FR_FS_ADDRESS, /* nested: beyond what the second stage translates */
	VTD_FR_FS_READ_FIRST,
	VTD_FR_FS_READ,
	VTD_FR_FS_WRITE,

	/* Second-stage entries; UNSNOOPED, UPDATE: a flag was to be set (PWSNP = 0), or could not be */
	VTD_FR_SS_FETCH = 0x78,
	VTD_FR_SS_ABSENT,
	VTD_FR_SS_RSVD,
	VTD_FR_SS_FETCH_FIRST,
	VTD_FR_SS_UNSNOOPED,
	VTD_FR_SS_UPDATE,

	/* Scalable mode: the request itself */
	VTD_FR_SM_CANONICAL = 0x80, /* the address is not                            */
	VTD_FR_SM_USER,             /* no privilege, and a supervisor page           */
	VTD_FR_SM_EXECUTE,          /* not permitted; before 4.0                     */
	VTD_FR_SM_HOST_ADDRESS,     /* beyond HAW                                    */
	VTD_FR_SM_ADDRESS,          /* beyond what the second stage translates       */
	VTD_FR_SM_WRITE,            /* not permitted                                 */
	VTD_FR_SM_READ,
	VTD_FR_SM_INTERRUPT,       /* output in the interrupt address range          */
	VTD_FR_PASID_WIDTH = 0x89, /* the PASID is wider than PSS says               */
	VTD_FR_FS_UNSNOOPED = 0x90,
	VTD_FR_FS_UPDATE,

	/* The host permission table */
	VTD_FR_HPT_FETCH = 0xa0,
	VTD_FR_HPT_RSVD,
	VTD_FR_HPT_FETCH_FIRST,
	VTD_FR_HPT_ABSENT, /* of a zero-length read */
	VTD_FR_HPT_WRITE,
	VTD_FR_HPT_READ,
};

/* ---- Page requests --------------------------------------------------------------------------------- */

/* Page request descriptor, four quadwords, the last two reserved */
#define VTD_PRD_BYTES 32
#define VTD_PRD_TYPE IOM_MASK(7, 0)
#define VTD_PRD_TYPE_PAGE 0x01u
#define VTD_PRD_PP IOM_BIT(8)
#define VTD_PRD_RID IOM_MASK(31, 16)
#define VTD_PRD_PASID IOM_MASK(51, 32)
#define VTD_PRD_EXR IOM_BIT(52)
#define VTD_PRD_PMR IOM_BIT(53)
#define VTD_PRD_1_RD IOM_BIT(0)
#define VTD_PRD_1_WR IOM_BIT(1)
#define VTD_PRD_1_LPIG IOM_BIT(2)
#define VTD_PRD_1_PRGI IOM_MASK(11, 3)
#define VTD_PRD_1_ADDRESS VTD_ADDRESS

/* ---- Invalidation descriptors: two quadwords, or four with IQA.DW ----------------------------------- */

#define VTD_QI_TYPE IOM_MASK(3, 0)
#define VTD_QI_TYPE_HIGH IOM_MASK(11, 9)

enum vtd_qi {
	VTD_QI_CONTEXT = 1,
	VTD_QI_IOTLB,
	VTD_QI_DEVICE,
	VTD_QI_IEC,
	VTD_QI_WAIT,
	VTD_QI_PASID_IOTLB,
	VTD_QI_PASID_CACHE,
	VTD_QI_PASID_DEVICE,
	VTD_QI_PAGE_RESPONSE,
	VTD_QI_HPT,
};

/* Fields that several types have */
#define VTD_QI_G IOM_MASK(5, 4)
#define VTD_QI_DID IOM_MASK(31, 16)
#define VTD_QI_PASID IOM_MASK(51, 32)
#define VTD_QI_1_ADDRESS VTD_ADDRESS
#define VTD_QI_1_AM IOM_MASK(5, 0)
#define VTD_QI_1_IH IOM_BIT(6)

#define VTD_QI_CONTEXT_SID IOM_MASK(47, 32)
#define VTD_QI_CONTEXT_FM IOM_MASK(49, 48)
#define VTD_QI_IOTLB_DW IOM_BIT(6)
#define VTD_QI_IOTLB_DR IOM_BIT(7)

/* PFSID of both device types: bits 3:0 and 15:4 */
#define VTD_QI_PFSID_LOW IOM_MASK(15, 12)
#define VTD_QI_PFSID_HIGH IOM_MASK(63, 52)
#define VTD_QI_DEVICE_MIP IOM_MASK(20, 16)
#define VTD_QI_DEVICE_SID IOM_MASK(47, 32)
#define VTD_QI_DEVICE_1_S IOM_BIT(0)
#define VTD_QI_PASID_DEVICE_MIP IOM_MASK(8, 4)
#define VTD_QI_PASID_DEVICE_SID IOM_MASK(31, 16)
#define VTD_QI_PASID_DEVICE_1_G IOM_BIT(0)
#define VTD_QI_PASID_DEVICE_1_S IOM_BIT(11)

#define VTD_QI_IEC_G IOM_BIT(4) /* 1: by index */
#define VTD_QI_IEC_IM IOM_MASK(31, 27)
#define VTD_QI_IEC_IIDX IOM_MASK(47, 32)

#define VTD_QI_WAIT_IF IOM_BIT(4)
#define VTD_QI_WAIT_SW IOM_BIT(5)
#define VTD_QI_WAIT_FN IOM_BIT(6)
#define VTD_QI_WAIT_PD IOM_BIT(7)
#define VTD_QI_WAIT_DATA IOM_MASK(63, 32)
#define VTD_QI_WAIT_1_ADDRESS IOM_MASK(63, 2)

/* Granularities of the two types that number them otherwise */
#define VTD_QI_PASID_IOTLB_ALL 2u
#define VTD_QI_PASID_IOTLB_PAGE 3u
#define VTD_QI_PASID_OF_DOMAIN 0u
#define VTD_QI_PASID_ONE 1u
#define VTD_QI_PASID_GLOBAL 3u

#define VTD_QI_RESPONSE_PP IOM_BIT(4)
#define VTD_QI_RESPONSE_CODE IOM_MASK(15, 12)
#define VTD_QI_RESPONSE_RID IOM_MASK(31, 16)
#define VTD_QI_RESPONSE_1_LPIG IOM_BIT(2) /* before 4.0; now ignored */
#define VTD_QI_RESPONSE_1_PRGI IOM_MASK(11, 3)

#define VTD_QI_HPT_1_LEVELS IOM_MASK(7, 6)

#endif
