/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* RISC-V IOMMU: "Memory-mapped register interface" */
#include <stdio.h>

#include "registers_rows.h"
#include "regs/riscv.h"

/* ---- What the unit can do ------------------------------------------------------------------------ */

static const char *say_version(const struct anatomy_words *w, uint64_t value, char *room,
                               size_t size)
{
	(void)w;
	snprintf(room, size, "%u.%u", (unsigned)(value >> 4), (unsigned)(value & 15));
	return room;
}

static const char *say_pas(const struct anatomy_words *w, uint64_t value, char *room, size_t size)
{
	(void)w;
	snprintf(room, size, "physical addresses of %u bits", (unsigned)value);
	return room;
}

static const struct anatomy_field capabilities[] = {
	PART("version", RV_CAP_VERSION, 0, .say = say_version),
	PART("Sv32", RV_CAP_SV32, 0, SET("first stage of 32 bits")),
	PART("Sv39", RV_CAP_SV39, 0, SET("first stage of 39 bits")),
	PART("Sv48", RV_CAP_SV48, 0, SET("first stage of 48 bits")),
	PART("Sv57", RV_CAP_SV57, 0, SET("first stage of 57 bits")),
	PART("Svrsw60t59b", RV_CAP_SVRSW60T59B, 0, SET("PTE bits 60:59 for software")),
	PART("Svpbmt", RV_CAP_SVPBMT, 0, SET("page-based memory types")),
	PART("Sv32x4", RV_CAP_SV32X4, 0, SET("second stage of 34 bits")),
	PART("Sv39x4", RV_CAP_SV39X4, 0, SET("second stage of 41 bits")),
	PART("Sv48x4", RV_CAP_SV48X4, 0, SET("second stage of 50 bits")),
	PART("Sv57x4", RV_CAP_SV57X4, 0, SET("second stage of 59 bits")),
	PART("AMO_MRIF", RV_CAP_AMO_MRIF, 0, SET("MRIFs are changed atomically")),
	PART("MSI_FLAT", RV_CAP_MSI_FLAT, 0, SET("flat MSI page tables")),
	PART("MSI_MRIF", RV_CAP_MSI_MRIF, 0, SET("memory-resident interrupt files")),
	PART("AMO_HWAD", RV_CAP_AMO_HWAD, 0, SET("A and D by hardware")),
	PART("ATS", RV_CAP_ATS, 0, SET("address translation and page requests of PCIe")),
	PART("T2GPA", RV_CAP_T2GPA, 0, SET("ATS answers may be guest-physical")),
	PART("END", RV_CAP_END, 0, SET("both byte orders")),
	PART("IGS", RV_CAP_IGS, 0,
	     MEANS("interrupts by MSI", "by wires", "by MSI or wires", "reserved"), TELLING),
	PART("HPM", RV_CAP_HPM, 0, SET("performance monitor")),
	PART("DBG", RV_CAP_DBG, 0, SET("translation for debugging")),
	PART("PAS", RV_CAP_PAS, 0, .say = say_pas),
	PART("PD8", RV_CAP_PD8, 0, SET("process directory of 1 level")),
	PART("PD17", RV_CAP_PD17, 0, SET("process directory of 2 levels")),
	PART("PD20", RV_CAP_PD20, 0, SET("process directory of 3 levels")),
	PART("QOSID", RV_CAP_QOSID, 0, SET("quality-of-service identifiers")),
	PART("NL", RV_CAP_NL, 0, SET("invalidation of non-leaf entries")),
	PART("S", RV_CAP_S, 0, SET("invalidation of ranges")),
	PART("custom", IOM_MASK(63, 56), 0),
};

/* ---- Features, directory, queues ------------------------------------------------------------------ */

static const struct anatomy_field fctl[] = {
	PART("BE", RV_FCTL_BE, 0, MEANS("little-endian", "big-endian"), TELLING),
	PART("WSI", RV_FCTL_WSI, 0, MEANS("interrupts by MSI", "by wires"), TELLING),
	PART("GXL", RV_FCTL_GXL, 0, SET("second stage is Sv32x4")),
	PART("custom", IOM_MASK(31, 16), 0),
};

static const struct anatomy_field ddtp[] = {
	PART("iommu_mode", RV_DDTP_MODE, 0,
	     MEANS("Off", "Bare", "1LVL", "2LVL", "3LVL", "reserved", "reserved", "reserved",
	           "reserved", "reserved", "reserved", "reserved", "reserved", "reserved", "custom",
	           "custom"),
	     TELLING),
	PART("busy", RV_DDTP_BUSY, 0, SET("changes")),
	PART("PPN", RV_DDTP_PPN, 0),
};

static const char *say_entries(const struct anatomy_words *w, uint64_t value, char *room,
                               size_t size)
{
	(void)w;
	snprintf(room, size, "%llu entries", 2ull << value);
	return room;
}

static const struct anatomy_field queue_base[] = {
	PART("LOG2SZ-1", RV_QB_LOG2SZ_1, 0, .say = say_entries, TELLING),
	PART("PPN", RV_QB_PPN, 0, TELLING),
};

#define CSR_COMMON(busy) PART("busy", busy, 0, SET("changes")), PART("custom", IOM_MASK(31, 28), 0)

static const struct anatomy_field cqcsr[] = {
	PART("cqen", RV_QCSR_EN, 0, TELLING),
	PART("cie", RV_QCSR_IE, 0, SET("interrupts")),
	PART("cqmf", RV_QCSR_MF, 0, SET("memory fault")),
	PART("cmd_to", RV_CQCSR_CMD_TO, 0, SET("a command timed out")),
	PART("cmd_ill", RV_CQCSR_CMD_ILL, 0, SET("illegal command")),
	PART("fence_w_ip", RV_CQCSR_FENCE_W_IP, 0, SET("a fence is done")),
	PART("cqon", RV_QCSR_ON, 0, MEANS("off", "on"), TELLING),
	CSR_COMMON(RV_QCSR_BUSY),
};

static const struct anatomy_field fqcsr[] = {
	PART("fqen", RV_QCSR_EN, 0, TELLING),
	PART("fie", RV_QCSR_IE, 0, SET("interrupts")),
	PART("fqmf", RV_QCSR_MF, 0, SET("memory fault")),
	PART("fqof", RV_QCSR_OF, 0, SET("overflow")),
	PART("fqon", RV_QCSR_ON, 0, MEANS("off", "on"), TELLING),
	CSR_COMMON(RV_QCSR_BUSY),
};

static const struct anatomy_field pqcsr[] = {
	PART("pqen", RV_QCSR_EN, 0, TELLING),
	PART("pie", RV_QCSR_IE, 0, SET("interrupts")),
	PART("pqmf", RV_QCSR_MF, 0, SET("memory fault")),
	PART("pqof", RV_QCSR_OF, 0, SET("overflow")),
	PART("pqon", RV_QCSR_ON, 0, MEANS("off", "on"), TELLING),
	CSR_COMMON(RV_QCSR_BUSY),
};

static const struct anatomy_field ipsr[] = {
	PART("cip", RV_IPSR_CIP, 0, SET("command queue")),
	PART("fip", RV_IPSR_FIP, 0, SET("fault queue")),
	PART("pmip", RV_IPSR_PMIP, 0, SET("performance monitor")),
	PART("pip", RV_IPSR_PIP, 0, SET("page-request queue")),
	PART("custom", IOM_MASK(15, 8), 0),
};

/* ---- Performance monitor, debugging ----------------------------------------------------------------- */

static const struct anatomy_field counter_bits[] = {
	PART("CY", RV_IOCOUNT_CY, 0, SET("iohpmcycles")),
	PART("HPM", RV_IOCOUNT_HPM, 0),
};

static const struct anatomy_field iohpmcycles[] = {
	PART("counter", RV_IOHPMCYCLES_COUNTER, 0),
	PART("OF", RV_IOHPMCYCLES_OF, 0, SET("overflow")),
};

static const struct anatomy_field iohpmevt[] = {
	PART("eventID", RV_IOHPMEVT_EVENT_ID, 0,
	     MEANS("counts nothing", "untranslated requests", "translated requests",
	           "ATS translation requests", "TLB misses", "device directory walks",
	           "process directory walks", "first-stage walks", "second-stage walks"),
	     TELLING),
	PART("DMASK", RV_IOHPMEVT_DMASK, 0, SET("DID_GSCID matches in part")),
	PART("PID_PSCID", RV_IOHPMEVT_PID_PSCID, 0),
	PART("DID_GSCID", RV_IOHPMEVT_DID_GSCID, 0),
	PART("PV_PSCV", RV_IOHPMEVT_PV_PSCV, 0, SET("PID_PSCID must match")),
	PART("DV_GSCV", RV_IOHPMEVT_DV_GSCV, 0, SET("DID_GSCID must match")),
	PART("IDT", RV_IOHPMEVT_IDT, 0, MEANS("device_id and process_id", "GSCID and PSCID")),
	PART("OF", RV_IOHPMEVT_OF, 0, SET("overflow")),
};

static const struct anatomy_field tr_req_iova[] = {
	PART("vpn", RV_TR_REQ_IOVA_VPN, 0),
};

static const struct anatomy_field tr_req_ctl[] = {
	PART("Go/Busy", RV_TR_REQ_CTL_GO, 0, SET("under way")),
	PART("Priv", RV_TR_REQ_CTL_PRIV, 0, SET("supervisor")),
	PART("Exe", RV_TR_REQ_CTL_EXE, 0, SET("to execute")),
	PART("NW", RV_TR_REQ_CTL_NW, 0, SET("read only")),
	PART("PID", RV_TR_REQ_CTL_PID, 0),
	PART("PV", RV_TR_REQ_CTL_PV, 0),
	PART("custom", IOM_MASK(39, 36), 0),
	PART("DID", RV_TR_REQ_CTL_DID, 0, TELLING),
};

static const struct anatomy_field tr_response[] = {
	PART("fault", RV_TR_RESPONSE_FAULT, 0, SET("refused"), TELLING),
	PART("PBMT", RV_TR_RESPONSE_PBMT, 0, MEANS(NULL, "NC", "IO", "reserved")),
	PART("S", RV_TR_RESPONSE_S, 0, SET("PPN has the size too")),
	PART("PPN", RV_TR_RESPONSE_PPN, 0),
	PART("custom", IOM_MASK(63, 60), 0),
};

/* ---- Identifiers, interrupts ----------------------------------------------------------------------------- */

static const struct anatomy_field qosid[] = {
	PART("RCID", RV_QOSID_RCID, 0),
	PART("MCID", RV_QOSID_MCID, 0),
};

static const struct anatomy_field icvec[] = {
	PART("civ", RV_ICVEC_CIV, 0, TELLING),   PART("fiv", RV_ICVEC_FIV, 0, TELLING),
	PART("pmiv", RV_ICVEC_PMIV, 0, TELLING), PART("piv", RV_ICVEC_PIV, 0, TELLING),
	PART("custom", IOM_MASK(63, 32), 0),
};

static const struct anatomy_field msi_addr[] = {
	PART("ADDR", RV_MSI_ADDR_ADDR, 0, WHOLE, TELLING),
};

static const struct anatomy_field msi_vec_ctl[] = {
	PART("M", RV_MSI_VEC_CTL_M, 0, SET("masked")),
};

/* ---- Where they are -------------------------------------------------------------------------------------- */

#define ALWAYS .needs = { 0 }
#define NEEDS(cap) .needs = { (cap) }
#define COUNTERS .count = RV_IOHPM_COUNTERS, .stride = RV_IOHPM_BYTES, .first = 1
#define VECTORS .count = RV_VECTORS_MAX, .stride = RV_MSI_CFG_BYTES

const struct register_row registers_riscv[] = {
	REG(RV_CAP, 8, "capabilities", capabilities, ALWAYS, .constant = true),
	REG(RV_FCTL, 4, "fctl", fctl, ALWAYS),
	REG(RV_DDTP, 8, "ddtp", ddtp, ALWAYS),
	REG(RV_CQB, 8, "cqb", queue_base, ALWAYS),
	NUMBER(RV_CQH, 4, "cqh", ALWAYS),
	NUMBER(RV_CQT, 4, "cqt", ALWAYS),
	REG(RV_FQB, 8, "fqb", queue_base, ALWAYS),
	NUMBER(RV_FQH, 4, "fqh", ALWAYS),
	NUMBER(RV_FQT, 4, "fqt", ALWAYS),
	REG(RV_PQB, 8, "pqb", queue_base, NEEDS(RV_CAP_ATS)),
	NUMBER(RV_PQH, 4, "pqh", NEEDS(RV_CAP_ATS)),
	NUMBER(RV_PQT, 4, "pqt", NEEDS(RV_CAP_ATS)),
	REG(RV_CQCSR, 4, "cqcsr", cqcsr, ALWAYS),
	REG(RV_FQCSR, 4, "fqcsr", fqcsr, ALWAYS),
	REG(RV_PQCSR, 4, "pqcsr", pqcsr, NEEDS(RV_CAP_ATS)),
	REG(RV_IPSR, 4, "ipsr", ipsr, ALWAYS),
	REG(RV_IOCOUNTOVF, 4, "iocountovf", counter_bits, NEEDS(RV_CAP_HPM)),
	REG(RV_IOCOUNTINH, 4, "iocountinh", counter_bits, NEEDS(RV_CAP_HPM)),
	REG(RV_IOHPMCYCLES, 8, "iohpmcycles", iohpmcycles, NEEDS(RV_CAP_HPM)),
	NUMBER(RV_IOHPMCTR, 8, "iohpmctr", NEEDS(RV_CAP_HPM), COUNTERS),
	REG(RV_IOHPMEVT, 8, "iohpmevt", iohpmevt, NEEDS(RV_CAP_HPM), COUNTERS),
	REG(RV_TR_REQ_IOVA, 8, "tr_req_iova", tr_req_iova, NEEDS(RV_CAP_DBG)),
	REG(RV_TR_REQ_CTL, 8, "tr_req_ctl", tr_req_ctl, NEEDS(RV_CAP_DBG)),
	REG(RV_TR_RESPONSE, 8, "tr_response", tr_response, NEEDS(RV_CAP_DBG)),
	REG(RV_QOSID, 4, "iommu_qosid", qosid, NEEDS(RV_CAP_QOSID)),
	REG(RV_ICVEC, 8, "icvec", icvec, ALWAYS),
	REG(RV_MSI_CFG_TBL + RV_MSI_ADDR, 8, "msi_addr_", msi_addr, VECTORS),
	NUMBER(RV_MSI_CFG_TBL + RV_MSI_DATA, 4, "msi_data_", VECTORS),
	REG(RV_MSI_CFG_TBL + RV_MSI_VEC_CTL, 4, "msi_vec_ctl_", msi_vec_ctl, VECTORS),
};

const size_t registers_riscv_count = IOM_COUNT(registers_riscv);
