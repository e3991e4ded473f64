/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* RISC-V IOMMU: "In-memory data structures", "Fault/Event-Queue", "Page-Request-Queue" */
#include <inttypes.h>
#include <stdio.h>

#include <iommux/riscv.h>

#include "anatomy_parts.h"
#include "regs/riscv.h"

#define VALID MEANS("not valid", "valid"), TELLING

/* ---- Directories ------------------------------------------------------------------------------- */

static const struct anatomy_field dir[] = {
	PART("V", RV_DIR_V, 0, VALID),
	PART("PPN", RV_DIR_PPN, 0, TELLING),
};

const struct anatomy anatomy_rv_ddt = ANATOMY("non-leaf DDT entry", 1, RV_DIR_V, dir);
const struct anatomy anatomy_rv_pdt = ANATOMY("non-leaf PDT entry", 1, RV_DIR_V, dir);

/* Of iosatp, as tc.SXL says */
static const char *stage1(uint64_t mode, bool sxl)
{
	switch (mode) {
	case RV_ATP_BARE:
		return "Bare";
	case RV_ATP_SV39:
		return sxl ? "Sv32" : "Sv39";
	case RV_ATP_SV48:
		return sxl ? "reserved" : "Sv48";
	case RV_ATP_SV57:
		return sxl ? "reserved" : "Sv57";
	default:
		return mode >= 14 && !sxl ? "custom" : "reserved";
	}
}

static const char *say_iohgatp(const struct anatomy_words *w, uint64_t mode, char *room,
                               size_t size)
{
	static const char *const modes[] = { [0] = "Bare", [8] = "Sv39x4", "Sv48x4", "Sv57x4" };

	(void)room, (void)size;
	if (w->how & ANATOMY_GXL && mode)
		return mode == RV_ATP_SV32 ? "Sv32x4" : "reserved";
	return mode < IOM_COUNT(modes) && modes[mode] ? modes[mode] : "reserved";
}

static const char *say_fsc(const struct anatomy_words *w, uint64_t mode, char *room, size_t size)
{
	static const char *const modes[] = { "pdtp Bare", "pdtp PD8", "pdtp PD17", "pdtp PD20" };

	(void)room, (void)size;
	if (!(w->word[RV_DC_TC] & RV_TC_PDTV))
		return stage1(mode, w->word[RV_DC_TC] & RV_TC_SXL);
	if (mode < IOM_COUNT(modes))
		return modes[mode];
	return mode >= 14 ? "pdtp custom" : "pdtp reserved";
}

static const char *say_msiptp(const struct anatomy_words *w, uint64_t mode, char *room, size_t size)
{
	static const char *const modes[] = { "Off", "Flat" };

	(void)w, (void)room, (void)size;
	if (mode < IOM_COUNT(modes))
		return modes[mode];
	return mode >= 14 ? "custom" : "reserved";
}

static const struct anatomy_field dc[] = {
	PART("tc.V", RV_TC_V, RV_DC_TC, VALID),
	PART("tc.EN_ATS", RV_TC_EN_ATS, RV_DC_TC, SET("ATS and translated requests allowed")),
	PART("tc.EN_PRI", RV_TC_EN_PRI, RV_DC_TC, SET("page requests allowed")),
	PART("tc.T2GPA", RV_TC_T2GPA, RV_DC_TC, SET("ATS answers are guest-physical")),
	PART("tc.DTF", RV_TC_DTF, RV_DC_TC, SET("translation faults are not recorded")),
	PART("tc.PDTV", RV_TC_PDTV, RV_DC_TC, SET("fsc is pdtp")),
	PART("tc.PRPR", RV_TC_PRPR, RV_DC_TC, SET("PRG responses carry the PASID")),
	PART("tc.GADE", RV_TC_GADE, RV_DC_TC, SET("second stage: A and D by hardware")),
	PART("tc.SADE", RV_TC_SADE, RV_DC_TC, SET("first stage: A and D by hardware")),
	PART("tc.DPE", RV_TC_DPE, RV_DC_TC, SET("process_id 0 where there is none")),
	PART("tc.SBE", RV_TC_SBE, RV_DC_TC, SET("PDT and first stage big-endian")),
	PART("tc.SXL", RV_TC_SXL, RV_DC_TC, SET("first stage as in RV32")),
	PART("tc.custom", IOM_MASK(31, 24), RV_DC_TC),
	PART("iohgatp.MODE", RV_IOHGATP_MODE, RV_DC_IOHGATP, .say = say_iohgatp, TELLING),
	PART("iohgatp.GSCID", RV_IOHGATP_GSCID, RV_DC_IOHGATP),
	PART("iohgatp.PPN", RV_IOHGATP_PPN, RV_DC_IOHGATP),
	PART("ta.PSCID", RV_DC_TA_PSCID, RV_DC_TA),
	PART("ta.RCID", RV_DC_TA_RCID, RV_DC_TA),
	PART("ta.MCID", RV_DC_TA_MCID, RV_DC_TA),
	PART("fsc.MODE", RV_FSC_MODE, RV_DC_FSC, .say = say_fsc, TELLING),
	PART("fsc.PPN", RV_FSC_PPN, RV_DC_FSC),
	PART("msiptp.MODE", RV_FSC_MODE, RV_DC_MSIPTP, .say = say_msiptp, TELLING),
	PART("msiptp.PPN", RV_FSC_PPN, RV_DC_MSIPTP),
	PART("msi_addr_mask", RV_MSI_ADDR_BITS, RV_DC_MSI_ADDR_MASK),
	PART("msi_addr_pattern", RV_MSI_ADDR_BITS, RV_DC_MSI_ADDR_PATTERN),
};

const struct anatomy anatomy_rv_dc = ANATOMY("device context", 8, RV_TC_V, dc);

/* SXL stands in the device context, which is not at hand: 8 is both. */
static const char *say_pc_fsc(const struct anatomy_words *w, uint64_t mode, char *room, size_t size)
{
	(void)w, (void)room, (void)size;
	return mode == RV_ATP_SV39 ? "Sv39, with tc.SXL Sv32" : stage1(mode, false);
}

static const struct anatomy_field pc[] = {
	PART("ta.V", RV_PC_TA_V, RV_PC_TA, VALID),
	PART("ta.ENS", RV_PC_TA_ENS, RV_PC_TA, SET("supervisor requests allowed")),
	PART("ta.SUM", RV_PC_TA_SUM, RV_PC_TA, SET("supervisor may access user pages")),
	PART("ta.PSCID", RV_PC_TA_PSCID, RV_PC_TA, TELLING),
	PART("fsc.MODE", RV_FSC_MODE, RV_PC_FSC, .say = say_pc_fsc, TELLING),
	PART("fsc.PPN", RV_FSC_PPN, RV_PC_FSC),
};

const struct anatomy anatomy_rv_pc = ANATOMY("process context", 2, RV_PC_TA_V, pc);

/* ---- Page tables ------------------------------------------------------------------------------- */

/* Bits 9:8 are software's (RSW). */
#define PTE_LOW                                                                                    \
	PART("V", RV_PTE_V, 0, VALID), PART("R", RV_PTE_R, 0, TELLING),                            \
		PART("W", RV_PTE_W, 0, TELLING), PART("X", RV_PTE_X, 0, TELLING),                  \
		PART("G", RV_PTE_G, 0, SET("global")), PART("RSW", IOM_MASK(9, 8), 0)
#define PTE_LEAF                                                                                   \
	PTE_LOW, PART("U", RV_PTE_U, 0, MEANS("supervisor page", "user page"), TELLING),           \
		PART("A", RV_PTE_A, 0, TELLING), PART("D", RV_PTE_D, 0, TELLING)
#define PTE_SOFTWARE PART("RSW60T59B", RV_PTE_RSW60T59, 0, .say = say_rsw60t59b)

static const char *say_rsw60t59b(const struct anatomy_words *w, uint64_t value, char *room,
                                 size_t size)
{
	(void)w, (void)room, (void)size;
	return value ? "reserved without Svrsw60t59b" : NULL;
}

static const char *say_napot(const struct anatomy_words *w, uint64_t value, char *room, size_t size)
{
	(void)room, (void)size;
	if (!value)
		return NULL;
	return IOM_GET(RV_PTE_NAPOT, w->word[0]) == RV_PTE_NAPOT_64K ? "64 KiB" : "reserved size";
}

static const struct anatomy_field pte_table[] = {
	PTE_LOW,
	PART("PPN", RV_PTE_PPN, 0, TELLING),
	PTE_SOFTWARE,
};

static const struct anatomy_field pte_leaf[] = {
	PTE_LEAF,
	PART("PPN", RV_PTE_PPN, 0, TELLING),
	PTE_SOFTWARE,
	PART("PBMT", RV_PTE_PBMT, 0, MEANS(NULL, "NC", "IO", "reserved")),
	PART("N", RV_PTE_N, 0, .say = say_napot),
};

static const struct anatomy_field pte32_table[] = {
	PTE_LOW,
	PART("PPN", RV_PTE32_PPN, 0, TELLING),
};

static const struct anatomy_field pte32_leaf[] = {
	PTE_LEAF,
	PART("PPN", RV_PTE32_PPN, 0, TELLING),
};

const struct anatomy anatomy_rv_pte_table = ANATOMY("non-leaf PTE", 1, RV_PTE_V, pte_table);
const struct anatomy anatomy_rv_pte_leaf = ANATOMY("leaf PTE", 1, RV_PTE_V, pte_leaf);
const struct anatomy anatomy_rv_pte32_table = ANATOMY("non-leaf PTE", 1, RV_PTE_V, pte32_table);
const struct anatomy anatomy_rv_pte32_leaf = ANATOMY("leaf PTE", 1, RV_PTE_V, pte32_leaf);

const struct anatomy *anatomy_rv_pte(uint64_t pte, bool sv32)
{
	if (pte & (RV_PTE_R | RV_PTE_W | RV_PTE_X))
		return sv32 ? &anatomy_rv_pte32_leaf : &anatomy_rv_pte_leaf;
	return sv32 ? &anatomy_rv_pte32_table : &anatomy_rv_pte_table;
}

/* ---- Interrupts (Advanced Interrupt Architecture, "IOMMU support for MSIs to virtual machines") --- */

#define MSI_PTE_LOW                                                                                \
	PART("V", RV_MSIPTE_V, 0, VALID),                                                          \
		PART("M", RV_MSIPTE_M, 0,                                                          \
	             MEANS("reserved", "MRIF mode", "reserved", "basic translate mode"), TELLING), \
		PART("C", RV_MSIPTE_C, 0, SET("custom format"))

static const struct anatomy_field msi_pte[] = {
	MSI_PTE_LOW,
	PART("PPN", RV_MSIPTE_PPN, 0, TELLING),
	PART("ignored", ~UINT64_C(0), 1),
};

static const char *say_nid_high(const struct anatomy_words *w, uint64_t value, char *room,
                                size_t size)
{
	snprintf(room, size, "NID %u",
	         (unsigned)(value << 10 | IOM_GET(RV_MSIPTE_1_NID_LOW, w->word[1])));
	return value ? room : NULL;
}

/* "MRIF Address[55:9]" */
static const char *say_mrif(const struct anatomy_words *w, uint64_t value, char *room, size_t size)
{
	(void)w;
	snprintf(room, size, "at 0x%" PRIx64, (value << RV_MRIF_LG2));
	return room;
}

static const struct anatomy_field msi_pte_mrif[] = {
	MSI_PTE_LOW,
	PART("MRIF_ADDR", RV_MSIPTE_MRIF_ADDR, 0, .say = say_mrif, TELLING),
	PART("NID[9:0]", RV_MSIPTE_1_NID_LOW, 1, TELLING),
	PART("NPPN", RV_MSIPTE_1_NPPN, 1, TELLING),
	PART("NID[10]", RV_MSIPTE_1_NID_HIGH, 1, .say = say_nid_high),
};

const struct anatomy anatomy_rv_msi_pte = ANATOMY("MSI PTE", 2, RV_MSIPTE_V, msi_pte);
const struct anatomy anatomy_rv_msi_pte_mrif = ANATOMY("MSI PTE", 2, RV_MSIPTE_V, msi_pte_mrif);

const struct anatomy *anatomy_rv_msi(uint64_t word)
{
	return IOM_GET(RV_MSIPTE_M, word) == RV_MSIPTE_M_MRIF ? &anatomy_rv_msi_pte_mrif
	                                                      : &anatomy_rv_msi_pte;
}

/* Pending and enable bits of 64 identities */
#define PAIR(n, identities)                                                                        \
	PART("pending " identities, ~UINT64_C(0), 2 * (n)),                                        \
		PART("enabled " identities, ~UINT64_C(0), 2 * (n) + 1)

static const struct anatomy_field mrif[] = {
	PAIR(0, "0..63"),       PAIR(1, "64..127"),     PAIR(2, "128..191"),
	PAIR(3, "192..255"),    PAIR(4, "256..319"),    PAIR(5, "320..383"),
	PAIR(6, "384..447"),    PAIR(7, "448..511"),    PAIR(8, "512..575"),
	PAIR(9, "576..639"),    PAIR(10, "640..703"),   PAIR(11, "704..767"),
	PAIR(12, "768..831"),   PAIR(13, "832..895"),   PAIR(14, "896..959"),
	PAIR(15, "960..1023"),  PAIR(16, "1024..1087"), PAIR(17, "1088..1151"),
	PAIR(18, "1152..1215"), PAIR(19, "1216..1279"), PAIR(20, "1280..1343"),
	PAIR(21, "1344..1407"), PAIR(22, "1408..1471"), PAIR(23, "1472..1535"),
	PAIR(24, "1536..1599"), PAIR(25, "1600..1663"), PAIR(26, "1664..1727"),
	PAIR(27, "1728..1791"), PAIR(28, "1792..1855"), PAIR(29, "1856..1919"),
	PAIR(30, "1920..1983"), PAIR(31, "1984..2047"),
};

const struct anatomy anatomy_rv_mrif = ANATOMY("MRIF", 64, 0, mrif);

/* ---- Records ------------------------------------------------------------------------------------- */

static const char *say_cause(const struct anatomy_words *w, uint64_t value, char *room, size_t size)
{
	(void)w;
	snprintf(room, size, "%u, %s", (unsigned)value, iom_riscv_fault_name((uint32_t)value));
	return room;
}

static const struct anatomy_field fault[] = {
	PART("CAUSE", RV_FQ_CAUSE, 0, .say = say_cause, TELLING),
	PART("TTYP", RV_FQ_TTYP, 0,
	     MEANS("no transaction", "untranslated read for execute", "untranslated read",
	           "untranslated write or AMO", "reserved", "translated read for execute",
	           "translated read", "translated write or AMO", "ATS translation request",
	           "PCIe message"),
	     TELLING),
	PART("DID", RV_FQ_DID, 0, TELLING),
	PART("PV", RV_FQ_PV, 0),
	PART("PID", RV_FQ_PID, 0),
	PART("PRIV", RV_FQ_PRIV, 0, SET("supervisor")),
	PART("custom", IOM_MASK(31, 0), 1),
	PART("iotval", ~UINT64_C(0), 2, TELLING),
	PART("iotval2 implicit", RV_FQ_IOTVAL2_IMPLICIT, 3, SET("access to a first-stage table")),
	PART("iotval2 write", RV_FQ_IOTVAL2_WRITE, 3, SET("to write it")),
	PART("iotval2", RV_FQ_IOTVAL2_GPA, 3, WHOLE),
};

static const struct anatomy_field page_request[] = {
	PART("DID", RV_PQ_DID, 0, TELLING),
	PART("PV", RV_PQ_PV, 0),
	PART("PID", RV_PQ_PID, 0),
	PART("PRIV", RV_PQ_PRIV, 0, SET("supervisor")),
	PART("EXEC", RV_PQ_EXEC, 0, SET("to execute")),
	PART("R", RV_PQ_1_R, 1, TELLING),
	PART("W", RV_PQ_1_W, 1, TELLING),
	PART("L", RV_PQ_1_L, 1, SET("last of its group"), TELLING),
	PART("PRG_INDEX", RV_PQ_1_INDEX, 1, TELLING),
	PART("ADDR", RV_PQ_1_ADDR, 1, WHOLE, TELLING),
};

const struct anatomy anatomy_rv_fault = ANATOMY("fault record", 4, 0, fault);
const struct anatomy anatomy_rv_page_request = ANATOMY("page request record", 2, 0, page_request);
