/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* VT-d's fault reasons: the manual's names of their conditions, and what they are about. */
#include "explain_vtd.h"
#include "regs/vtd.h"

#define CONDITION(name) "Fault Conditions, " name
#define INTERRUPT "Fault Conditions, interrupt remapping"

const struct explain_clause explain_vtd_clauses[] = {
	/* Legacy mode */
	{ VTD_FR_ROOT_ABSENT, CONDITION("LRT.2"),
	  "the root entry of the device's bus has P=0: no device of that bus was set up" },
	{ VTD_FR_CONTEXT_ABSENT, CONDITION("LCT.2"),
	  "the device's context entry has P=0: nobody has set up this device" },
	{ VTD_FR_CONTEXT, CONDITION("LCT.4"),
	  "the context entry asks for what the unit cannot do (AW, TT), or there is no memory "
	  "where its page table should be" },
	{ VTD_FR_ADDRESS, CONDITION("LGN.1"),
	  "the address is wider than the page table, or than the unit's addresses" },
	{ VTD_FR_WRITE, CONDITION("LGN.2"), "some entry on the way has W=0" },
	{ VTD_FR_READ, CONDITION("LGN.3"), "some entry on the way has R=0" },
	{ VTD_FR_PAGING_FETCH, CONDITION("LSS.1"),
	  "there is no memory where a page table should be" },
	{ VTD_FR_ROOT_FETCH, CONDITION("LRT.1"),
	  "there is no memory where RTADDR says that the root table is" },
	{ VTD_FR_CONTEXT_FETCH, CONDITION("LCT.1"),
	  "there is no memory where the context table should be" },
	{ VTD_FR_ROOT_RSVD, CONDITION("LRT.3"), "reserved bits of the root entry are set" },
	{ VTD_FR_CONTEXT_RSVD, CONDITION("LCT.3"), "reserved bits of the context entry are set" },
	{ VTD_FR_PAGING_RSVD, CONDITION("LSS.2"), "reserved bits of a paging entry are set" },
	{ VTD_FR_TT, CONDITION("LCT.5"), "TT of the context entry does not allow ATS" },
	{ VTD_FR_INTERRUPT, CONDITION("LGN.4"),
	  "the page is in 0xfee00000..0xfeefffff, which is for interrupts alone" },

	/* Interrupts */
	{ VTD_FR_IR_REQUEST, INTERRUPT, "reserved bits of the message's data are set" },
	{ VTD_FR_IR_INDEX, INTERRUPT, "the message's index is beyond the table's end (IRTA.S)" },
	{ VTD_FR_IR_ABSENT, INTERRUPT, "the entry has P=0: nobody has set up this interrupt" },
	{ VTD_FR_IR_FETCH, INTERRUPT, "there is no memory where IRTA says that the table is" },
	{ VTD_FR_IR_ENTRY, INTERRUPT,
	  "reserved bits are set, or a field has a value that is reserved" },
	{ VTD_FR_IR_COMPATIBILITY, INTERRUPT,
	  "the message has bit 4 of its address clear, which is the format without remapping, and "
	  "GSTS.CFIS or IRTA.EIME forbids that" },
	{ VTD_FR_IR_SOURCE, INTERRUPT,
	  "the entry is for another device: SID, SQ and SVT do not fit the one that sends" },
	{ VTD_FR_IR_DESCRIPTOR_ACCESS, "Interrupt Posting",
	  "there is no memory where the posted interrupt descriptor should be" },
	{ VTD_FR_IR_DESCRIPTOR, "Interrupt Posting",
	  "reserved bits of the posted interrupt descriptor are set" },
	{ VTD_FR_IR_NO_MESSAGE, INTERRUPT,
	  "0xfee00000..0xfeefffff takes aligned writes of 4 bytes, which are messages, and "
	  "nothing else" },
	{ VTD_FR_IR_XAPIC, INTERRUPT, "extended interrupt mode is required and not enabled" },
	{ VTD_FR_IR_OFF, INTERRUPT, "interrupt remapping is required and not enabled" },

	/* The mode */
	{ VTD_FR_TTM, CONDITION("RTA.1"), "RTADDR.TTM is a mode that the unit does not have" },
	{ VTD_FR_TTM_PASID, CONDITION("RTA.2"), "legacy mode knows no PASID" },
	{ VTD_FR_TTM_PAGES, CONDITION("RTA.3"), "legacy mode knows no page requests" },
	{ VTD_FR_TTM_ABORT, CONDITION("RTA.4"), "RTADDR.TTM blocks all DMA" },
	{ VTD_FR_EXECUTE, CONDITION("RTA.5"), "requests for execution are no more" },

	/* Scalable mode: root and context entries */
	{ VTD_FR_SROOT_FETCH, CONDITION("SRT.1"),
	  "there is no memory where RTADDR says that the root table is" },
	{ VTD_FR_SROOT_ABSENT, CONDITION("SRT.2"),
	  "the half of the root entry has LP or UP clear: none of its devices was set up" },
	{ VTD_FR_SROOT_RSVD, CONDITION("SRT.3"), "reserved bits of the root entry are set" },
	{ VTD_FR_SCONTEXT_FETCH, CONDITION("SCT.1"),
	  "there is no memory where the context table should be" },
	{ VTD_FR_SCONTEXT_ABSENT, CONDITION("SCT.2"),
	  "the device's context entry has P=0: nobody has set up this device" },
	{ VTD_FR_SCONTEXT_RSVD, CONDITION("SCT.3"),
	  "reserved bits of the context entry are set, or fields of what the unit does not have" },
	{ VTD_FR_SCONTEXT, CONDITION("SCT.4"),
	  "fields of the context entry contradict each other" },
	{ VTD_FR_DTE, CONDITION("SCT.5"), "DTE of the context entry does not allow ATS" },
	{ VTD_FR_PASIDE, CONDITION("SCT.6"), "PASIDE of the context entry allows no PASID" },
	{ VTD_FR_PDTS, CONDITION("SCT.7"), "the PASID is beyond the directory's end (PDTS)" },
	{ VTD_FR_PRE, CONDITION("SCT.8"), "PRE of the context entry allows no page requests" },
	{ VTD_FR_RID_PASID, CONDITION("SCT.9"),
	  "the PASID is the one of requests without PASID (RID_PASID)" },
	{ VTD_FR_EPTR, CONDITION("SCT.10"),
	  "EPTR of the context entry allows no translated requests with PASID" },

	/* PASID directory and table */
	{ VTD_FR_DIRECTORY_FETCH, CONDITION("SPD.1"),
	  "there is no memory where the PASID directory should be" },
	{ VTD_FR_DIRECTORY_ABSENT, CONDITION("SPD.2"), "the PASID directory's entry has P=0" },
	{ VTD_FR_DIRECTORY_RSVD, CONDITION("SPD.3"),
	  "reserved bits of the PASID directory's entry are set" },
	{ VTD_FR_PASID_FETCH, CONDITION("SPT.1"),
	  "there is no memory where the PASID table should be" },
	{ VTD_FR_PASID_ABSENT, CONDITION("SPT.2"),
	  "the PASID table's entry has P=0: nobody has set up this PASID" },
	{ VTD_FR_PASID_RSVD, CONDITION("SPT.3"),
	  "reserved bits of the PASID table's entry are set, or fields of what the unit does not "
	  "have" },
	{ VTD_FR_PASID, CONDITION("SPT.4"),
	  "the PASID table's entry asks for what the unit cannot do (PGTT, AW, FSPM)" },
	{ VTD_FR_ERE, CONDITION("SPT.5"), "ERE of the PASID table's entry allows no execution" },
	{ VTD_FR_SRE, CONDITION("SPT.6"),
	  "SRE of the PASID table's entry allows no privileged requests" },
	{ VTD_FR_HPTSZ, CONDITION("SPT.9"),
	  "the address is beyond the host permission table (HPTSZ)" },

	/* First stage */
	{ VTD_FR_FS_FETCH, CONDITION("SFS.1"), "there is no memory where a page table should be" },
	{ VTD_FR_FS_ABSENT, CONDITION("SFS.2"), "a first-stage entry has P=0" },
	{ VTD_FR_FS_RSVD, CONDITION("SFS.3"), "reserved bits of a first-stage entry are set" },
	{ VTD_FR_FS_FETCH_FIRST, CONDITION("SFS.4"),
	  "there is no memory where FSPTPTR says that the page table is" },
	{ VTD_FR_FS_ADDRESS, CONDITION("SFS.5"),
	  "an address of the first stage is wider than the second stage" },
	{ VTD_FR_FS_READ_FIRST, CONDITION("SFS.6"),
	  "the second stage does not let the unit read the page table" },
	{ VTD_FR_FS_READ, CONDITION("SFS.7"),
	  "the second stage does not let the unit read the page table" },
	{ VTD_FR_FS_WRITE, CONDITION("SFS.8"),
	  "the second stage does not let the unit set flags in the page table" },

	/* Second stage */
	{ VTD_FR_SS_FETCH, CONDITION("SSS.1"), "there is no memory where a page table should be" },
	{ VTD_FR_SS_ABSENT, CONDITION("SSS.2"),
	  "a second-stage entry, or all on the way together, have R=W=0" },
	{ VTD_FR_SS_RSVD, CONDITION("SSS.3"), "reserved bits of a second-stage entry are set" },
	{ VTD_FR_SS_FETCH_FIRST, CONDITION("SSS.4"),
	  "there is no memory where SSPTPTR says that the page table is" },
	{ VTD_FR_SS_UNSNOOPED, CONDITION("SSS.5"), "a flag had to be set, and PWSNP is 0" },
	{ VTD_FR_SS_UPDATE, CONDITION("SSS.6"), "a flag had to be set, and memory refused" },

	/* The request */
	{ VTD_FR_SM_CANONICAL, CONDITION("SGN.1"),
	  "bits above the width of the first stage are not all equal to its top one" },
	{ VTD_FR_SM_USER, CONDITION("SGN.2"),
	  "a request without privilege met an entry with U/S=0" },
	{ VTD_FR_SM_EXECUTE, CONDITION("SGN.3"), "the page may not be executed from" },
	{ VTD_FR_SM_HOST_ADDRESS, CONDITION("SGN.4"),
	  "the address is wider than the unit's addresses" },
	{ VTD_FR_SM_ADDRESS, CONDITION("SGN.5"), "the address is wider than the second stage" },
	{ VTD_FR_SM_WRITE, CONDITION("SGN.6"), "some entry on the way does not allow writes" },
	{ VTD_FR_SM_READ, CONDITION("SGN.7"), "some entry on the way does not allow reads" },
	{ VTD_FR_SM_INTERRUPT, CONDITION("SGN.8"),
	  "the page is in 0xfee00000..0xfeefffff, which is for interrupts alone" },
	{ VTD_FR_PASID_WIDTH, CONDITION("SGN.10"), "the PASID has more bits than ECAP.PSS says" },
	{ VTD_FR_FS_UNSNOOPED, CONDITION("SFS.9"), "a flag had to be set, and PWSNP is 0" },
	{ VTD_FR_FS_UPDATE, CONDITION("SFS.10"), "a flag had to be set, and memory refused" },

	/* The host permission table */
	{ VTD_FR_HPT_FETCH, CONDITION("HPT.1"), "there is no memory where the table should be" },
	{ VTD_FR_HPT_RSVD, CONDITION("HPT.2"), "reserved bits are set" },
	{ VTD_FR_HPT_FETCH_FIRST, CONDITION("HPT.3"), "there is no memory where HPTPTR points" },
	{ VTD_FR_HPT_ABSENT, CONDITION("HPT.4"), "the table grants nothing for this address" },
	{ VTD_FR_HPT_WRITE, CONDITION("HPT.5"), "the table does not grant writes" },
	{ VTD_FR_HPT_READ, CONDITION("HPT.6"), "the table does not grant reads" },
	{ .code = 0 },
};
