/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The masks of regs/riscv.h against field positions typed from the specification ("Memory-mapped
 * register interface", "In-memory data structures", "In-memory queue interface").  The only test
 * that sees that header: a bit that is wrong there is wrong in model and driver alike.
 */
#include "regs/riscv.h"
#include "test.h"

struct field {
	const char *name;
	uint64_t mask;
	unsigned char at[6]; /* pairs hi, lo */
	unsigned char pairs;
};

/* clang-format off */
#define BIT(name, n) { #name, name, { n, n }, 1 }
#define FIELD(name, hi, lo) { #name, name, { hi, lo }, 1 }
#define TWO(name, hi, lo, hi2, lo2) { #name, name, { hi, lo, hi2, lo2 }, 2 }
#define NUMBER(name, should) { #name, name, should }
/* clang-format on */

static const struct field fields[] = {
	FIELD(RV_PPN, 53, 10),
	/* capabilities */
	FIELD(RV_CAP_VERSION, 7, 0),
	BIT(RV_CAP_SV32, 8),
	BIT(RV_CAP_SV39, 9),
	BIT(RV_CAP_SV48, 10),
	BIT(RV_CAP_SV57, 11),
	BIT(RV_CAP_SVRSW60T59B, 14),
	BIT(RV_CAP_SVPBMT, 15),
	BIT(RV_CAP_SV32X4, 16),
	BIT(RV_CAP_SV39X4, 17),
	BIT(RV_CAP_SV48X4, 18),
	BIT(RV_CAP_SV57X4, 19),
	BIT(RV_CAP_AMO_MRIF, 21),
	BIT(RV_CAP_MSI_FLAT, 22),
	BIT(RV_CAP_MSI_MRIF, 23),
	BIT(RV_CAP_AMO_HWAD, 24),
	BIT(RV_CAP_ATS, 25),
	BIT(RV_CAP_T2GPA, 26),
	BIT(RV_CAP_END, 27),
	FIELD(RV_CAP_IGS, 29, 28),
	BIT(RV_CAP_HPM, 30),
	BIT(RV_CAP_DBG, 31),
	FIELD(RV_CAP_PAS, 37, 32),
	BIT(RV_CAP_PD8, 38),
	BIT(RV_CAP_PD17, 39),
	BIT(RV_CAP_PD20, 40),
	BIT(RV_CAP_QOSID, 41),
	BIT(RV_CAP_NL, 42),
	BIT(RV_CAP_S, 43),
	/* fctl */
	BIT(RV_FCTL_BE, 0),
	BIT(RV_FCTL_WSI, 1),
	BIT(RV_FCTL_GXL, 2),
	/* ddtp */
	FIELD(RV_DDTP_MODE, 3, 0),
	BIT(RV_DDTP_BUSY, 4),
	FIELD(RV_DDTP_PPN, 53, 10),
	/* queue base */
	FIELD(RV_QB_LOG2SZ_1, 4, 0),
	FIELD(RV_QB_PPN, 53, 10),
	/* queue control and status */
	BIT(RV_QCSR_EN, 0),
	BIT(RV_QCSR_IE, 1),
	BIT(RV_QCSR_MF, 8),
	BIT(RV_QCSR_OF, 9),
	BIT(RV_QCSR_ON, 16),
	BIT(RV_QCSR_BUSY, 17),
	BIT(RV_CQCSR_CMD_TO, 9),
	BIT(RV_CQCSR_CMD_ILL, 10),
	BIT(RV_CQCSR_FENCE_W_IP, 11),
	/* ipsr, icvec, msi_cfg_tbl */
	BIT(RV_IPSR_CIP, 0),
	BIT(RV_IPSR_FIP, 1),
	BIT(RV_IPSR_PMIP, 2),
	BIT(RV_IPSR_PIP, 3),
	FIELD(RV_ICVEC_CIV, 3, 0),
	FIELD(RV_ICVEC_FIV, 7, 4),
	FIELD(RV_ICVEC_PMIV, 11, 8),
	FIELD(RV_ICVEC_PIV, 15, 12),
	FIELD(RV_MSI_ADDR_ADDR, 55, 2),
	BIT(RV_MSI_VEC_CTL_M, 0),
	/* non-leaf directory entry */
	BIT(RV_DIR_V, 0),
	FIELD(RV_DIR_PPN, 53, 10),
	TWO(RV_DIR_RSVD, 63, 54, 9, 1),
	/* device context */
	BIT(RV_TC_V, 0),
	BIT(RV_TC_EN_ATS, 1),
	BIT(RV_TC_EN_PRI, 2),
	BIT(RV_TC_T2GPA, 3),
	BIT(RV_TC_DTF, 4),
	BIT(RV_TC_PDTV, 5),
	BIT(RV_TC_PRPR, 6),
	BIT(RV_TC_GADE, 7),
	BIT(RV_TC_SADE, 8),
	BIT(RV_TC_DPE, 9),
	BIT(RV_TC_SBE, 10),
	BIT(RV_TC_SXL, 11),
	TWO(RV_TC_RSVD, 63, 32, 23, 12),
	FIELD(RV_IOHGATP_PPN, 43, 0),
	FIELD(RV_IOHGATP_GSCID, 59, 44),
	FIELD(RV_IOHGATP_MODE, 63, 60),
	FIELD(RV_DC_TA_PSCID, 31, 12),
	FIELD(RV_DC_TA_RCID, 51, 40),
	FIELD(RV_DC_TA_MCID, 63, 52),
	TWO(RV_DC_TA_RSVD, 39, 32, 11, 0),
	FIELD(RV_FSC_PPN, 43, 0),
	FIELD(RV_FSC_RSVD, 59, 44),
	FIELD(RV_FSC_MODE, 63, 60),
	FIELD(RV_MSI_ADDR_BITS, 51, 0),
	FIELD(RV_MSI_ADDR_RSVD, 63, 52),
	/* process context */
	BIT(RV_PC_TA_V, 0),
	BIT(RV_PC_TA_ENS, 1),
	BIT(RV_PC_TA_SUM, 2),
	FIELD(RV_PC_TA_PSCID, 31, 12),
	TWO(RV_PC_TA_RSVD, 63, 32, 11, 3),
	/* page-table entry */
	BIT(RV_PTE_V, 0),
	BIT(RV_PTE_R, 1),
	BIT(RV_PTE_W, 2),
	BIT(RV_PTE_X, 3),
	BIT(RV_PTE_U, 4),
	BIT(RV_PTE_G, 5),
	BIT(RV_PTE_A, 6),
	BIT(RV_PTE_D, 7),
	FIELD(RV_PTE_PPN, 53, 10),
	FIELD(RV_PTE_RSVD, 58, 54),
	FIELD(RV_PTE_RSW60T59, 60, 59),
	FIELD(RV_PTE_PBMT, 62, 61),
	BIT(RV_PTE_N, 63),
	FIELD(RV_PTE_NAPOT, 13, 10),
	/* MSI page-table entry */
	BIT(RV_MSIPTE_V, 0),
	FIELD(RV_MSIPTE_M, 2, 1),
	BIT(RV_MSIPTE_C, 63),
	FIELD(RV_MSIPTE_PPN, 53, 10),
	TWO(RV_MSIPTE_BASIC_RSVD, 62, 54, 9, 3),
	/* commands; positions of doubleword 1 count from its own bit 0 */
	FIELD(RV_CMD_OPCODE, 6, 0),
	FIELD(RV_CMD_FUNC3, 9, 7),
	BIT(RV_IOTINVAL_AV, 10),
	FIELD(RV_IOTINVAL_PSCID, 31, 12),
	BIT(RV_IOTINVAL_PSCV, 32),
	BIT(RV_IOTINVAL_GV, 33),
	BIT(RV_IOTINVAL_NL, 34),
	FIELD(RV_IOTINVAL_GSCID, 59, 44),
	BIT(RV_IOTINVAL_1_S, 73 - 64),
	FIELD(RV_IOTINVAL_1_ADDR, 125 - 64, 74 - 64),
	BIT(RV_IOFENCE_AV, 10),
	BIT(RV_IOFENCE_WSI, 11),
	BIT(RV_IOFENCE_PR, 12),
	BIT(RV_IOFENCE_PW, 13),
	FIELD(RV_IOFENCE_DATA, 63, 32),
	FIELD(RV_IOFENCE_1_ADDR, 125 - 64, 64 - 64),
	FIELD(RV_IODIR_PID, 31, 12),
	BIT(RV_IODIR_DV, 33),
	FIELD(RV_IODIR_DID, 63, 40),
	/* fault record */
	FIELD(RV_FQ_CAUSE, 11, 0),
	FIELD(RV_FQ_PID, 31, 12),
	BIT(RV_FQ_PV, 32),
	BIT(RV_FQ_PRIV, 33),
	FIELD(RV_FQ_TTYP, 39, 34),
	FIELD(RV_FQ_DID, 63, 40),
	BIT(RV_FQ_IOTVAL2_IMPLICIT, 0),
	BIT(RV_FQ_IOTVAL2_WRITE, 1),
	FIELD(RV_FQ_IOTVAL2_GPA, 63, 2),
};

TEST(riscv_fields_are_where_the_specification_puts_them, "")
{
	for (unsigned i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		const struct field *f = &fields[i];
		uint64_t should = 0;

		for (unsigned p = 0; p < f->pairs; p++)
			for (unsigned bit = f->at[2 * p + 1]; bit <= f->at[2 * p]; bit++)
				should |= 1ull << bit;
		CHECK_MSG(f->mask == should, "%s is 0x%llx, should be 0x%llx", f->name,
		          (unsigned long long)f->mask, (unsigned long long)should);
	}
}

struct number {
	const char *name;
	uint64_t is, should;
};

static const struct number numbers[] = {
	/* register offsets */
	NUMBER(RV_MMIO_BYTES, 4096),
	NUMBER(RV_CAP, 0),
	NUMBER(RV_FCTL, 8),
	NUMBER(RV_DDTP, 16),
	NUMBER(RV_CQB, 24),
	NUMBER(RV_CQH, 32),
	NUMBER(RV_CQT, 36),
	NUMBER(RV_FQB, 40),
	NUMBER(RV_FQH, 48),
	NUMBER(RV_FQT, 52),
	NUMBER(RV_PQB, 56),
	NUMBER(RV_PQH, 64),
	NUMBER(RV_PQT, 68),
	NUMBER(RV_CQCSR, 72),
	NUMBER(RV_FQCSR, 76),
	NUMBER(RV_PQCSR, 80),
	NUMBER(RV_IPSR, 84),
	NUMBER(RV_ICVEC, 760),
	NUMBER(RV_MSI_CFG_TBL, 768),
	NUMBER(RV_MSI_CFG_BYTES, 16),
	NUMBER(RV_MSI_ADDR, 0),
	NUMBER(RV_MSI_DATA, 8),
	NUMBER(RV_MSI_VEC_CTL, 12),
	NUMBER(RV_VECTORS_MAX, 16),
	/* encodings of registers */
	NUMBER(RV_CAP_VERSION_1_0, 0x10),
	NUMBER(RV_IGS_MSI, 0),
	NUMBER(RV_IGS_WSI, 1),
	NUMBER(RV_IGS_BOTH, 2),
	NUMBER(RV_IGS_RESERVED, 3),
	NUMBER(RV_DDTP_OFF, 0),
	NUMBER(RV_DDTP_BARE, 1),
	NUMBER(RV_DDTP_1LVL, 2),
	NUMBER(RV_DDTP_2LVL, 3),
	NUMBER(RV_DDTP_3LVL, 4),
	/* contexts: doubleword numbers and sizes */
	NUMBER(RV_DC_TC, 0),
	NUMBER(RV_DC_IOHGATP, 8 / 8),
	NUMBER(RV_DC_TA, 16 / 8),
	NUMBER(RV_DC_FSC, 24 / 8),
	NUMBER(RV_DC_MSIPTP, 32 / 8),
	NUMBER(RV_DC_MSI_ADDR_MASK, 40 / 8),
	NUMBER(RV_DC_MSI_ADDR_PATTERN, 48 / 8),
	NUMBER(RV_DC_RSVD, 56 / 8),
	NUMBER(RV_DC_BASE_BYTES, 32),
	NUMBER(RV_DC_EXT_BYTES, 64),
	NUMBER(RV_PC_TA, 0),
	NUMBER(RV_PC_FSC, 8 / 8),
	NUMBER(RV_PC_BYTES, 16),
	/* modes */
	NUMBER(RV_ATP_BARE, 0),
	NUMBER(RV_ATP_SV32, 8),
	NUMBER(RV_ATP_SV39, 8),
	NUMBER(RV_ATP_SV48, 9),
	NUMBER(RV_ATP_SV57, 10),
	NUMBER(RV_PDTP_BARE, 0),
	NUMBER(RV_PDTP_PD8, 1),
	NUMBER(RV_PDTP_PD17, 2),
	NUMBER(RV_PDTP_PD20, 3),
	NUMBER(RV_MSIPTP_OFF, 0),
	NUMBER(RV_MSIPTP_FLAT, 1),
	/* entries */
	NUMBER(RV_PTE_NAPOT_64K, 8),
	NUMBER(RV_PBMT_PMA, 0),
	NUMBER(RV_PBMT_NC, 1),
	NUMBER(RV_PBMT_IO, 2),
	NUMBER(RV_PBMT_RSVD, 3),
	NUMBER(RV_MSIPTE_BYTES, 16),
	NUMBER(RV_MSIPTE_M_MRIF, 1),
	NUMBER(RV_MSIPTE_M_BASIC, 3),
	/* commands */
	NUMBER(RV_CMD_BYTES, 16),
	NUMBER(RV_OP_IOTINVAL, 1),
	NUMBER(RV_OP_IOFENCE, 2),
	NUMBER(RV_OP_IODIR, 3),
	NUMBER(RV_OP_ATS, 4),
	NUMBER(RV_IOTINVAL_VMA, 0),
	NUMBER(RV_IOTINVAL_GVMA, 1),
	NUMBER(RV_IOFENCE_C, 0),
	NUMBER(RV_IODIR_INVAL_DDT, 0),
	NUMBER(RV_IODIR_INVAL_PDT, 1),
	/* fault records */
	NUMBER(RV_FQ_BYTES, 32),
	NUMBER(RV_TTYP_NONE, 0),
	NUMBER(RV_TTYP_EXEC, 1),
	NUMBER(RV_TTYP_READ, 2),
	NUMBER(RV_TTYP_WRITE, 3),
	NUMBER(RV_TTYP_TRANSLATED_EXEC, 5),
	NUMBER(RV_TTYP_TRANSLATED_READ, 6),
	NUMBER(RV_TTYP_TRANSLATED_WRITE, 7),
	NUMBER(RV_TTYP_ATS_REQUEST, 8),
	NUMBER(RV_CAUSE_EXEC_ACCESS, 1),
	NUMBER(RV_CAUSE_READ_ACCESS, 5),
	NUMBER(RV_CAUSE_WRITE_ACCESS, 7),
	NUMBER(RV_CAUSE_EXEC_PAGE, 12),
	NUMBER(RV_CAUSE_READ_PAGE, 13),
	NUMBER(RV_CAUSE_WRITE_PAGE, 15),
	NUMBER(RV_CAUSE_EXEC_GUEST_PAGE, 20),
	NUMBER(RV_CAUSE_READ_GUEST_PAGE, 21),
	NUMBER(RV_CAUSE_WRITE_GUEST_PAGE, 23),
	NUMBER(RV_CAUSE_ALL_DISALLOWED, 256),
	NUMBER(RV_CAUSE_DDT_ACCESS, 257),
	NUMBER(RV_CAUSE_DDT_INVALID, 258),
	NUMBER(RV_CAUSE_DDT_MISCONFIGURED, 259),
	NUMBER(RV_CAUSE_TYPE_DISALLOWED, 260),
	NUMBER(RV_CAUSE_MSI_PTE_ACCESS, 261),
	NUMBER(RV_CAUSE_MSI_PTE_INVALID, 262),
	NUMBER(RV_CAUSE_MSI_PTE_MISCONFIGURED, 263),
	NUMBER(RV_CAUSE_PDT_ACCESS, 265),
	NUMBER(RV_CAUSE_PDT_INVALID, 266),
	NUMBER(RV_CAUSE_PDT_MISCONFIGURED, 267),
	NUMBER(RV_CAUSE_DDT_CORRUPT, 268),
	NUMBER(RV_CAUSE_PDT_CORRUPT, 269),
	NUMBER(RV_CAUSE_MSI_PT_CORRUPT, 270),
	NUMBER(RV_CAUSE_MSI_WRITE_ACCESS, 273),
	NUMBER(RV_CAUSE_PT_CORRUPT, 274),
};

TEST(riscv_numbers_are_the_specifications, "")
{
	for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		CHECK_MSG(numbers[i].is == numbers[i].should, "%s is %llu, should be %llu",
		          numbers[i].name, (unsigned long long)numbers[i].is,
		          (unsigned long long)numbers[i].should);
}
