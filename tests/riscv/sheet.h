/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Register offsets, bits and command codes, typed from the specification for the tests. */
#ifndef TESTS_RISCV_SHEET_H
#define TESTS_RISCV_SHEET_H

/* clang-format off */
enum {
	CAPABILITIES = 0x000, FCTL = 0x008, DDTP = 0x010,
	CQB = 0x018, CQH = 0x020, CQT = 0x024,
	FQB = 0x028, FQH = 0x030, FQT = 0x034,
	PQB = 0x038, PQH = 0x040, PQT = 0x044,
	CQCSR = 0x048, FQCSR = 0x04c, PQCSR = 0x050, IPSR = 0x054,
	HPM_FIRST = 0x058, HPM_END = 0x258, TR_REQ_IOVA = 0x258, TR_REQ_CTL = 0x260,
	TR_END = 0x270, QOSID = 0x270, RESERVED_LOW = 0x274, CUSTOM_LOW = 0x2b0,
	ICVEC = 0x2f8, MSI_CFG = 0x300, MSI_END = 0x400, WINDOW = 0x1000,
};

enum { BE = 1, WSI = 2, GXL = 4 };                          /* fctl */
enum { OFF, BARE, LVL1, LVL2, LVL3, DDTP_BUSY = 1 << 4 };   /* ddtp */
enum { EN = 1, IE = 2, MF = 1 << 8, OF = 1 << 9, ON = 1 << 16, BUSY = 1 << 17 };
enum { CMD_TO = 1 << 9, CMD_ILL = 1 << 10, FENCE_W_IP = 1 << 11 };
enum { CIP = 1, FIP = 2, PMIP = 4, PIP = 8 };
/* clang-format on */

/* opcode and func3 */
enum { VMA = 0x001, GVMA = 0x081, FENCE = 0x002, INVAL_DDT = 0x003, INVAL_PDT = 0x083 };
#define FENCE_AV (1ull << 10)
#define FENCE_WSI (1ull << 11)
#define FENCE_PR (1ull << 12)
#define FENCE_PW (1ull << 13)
#define FENCE_DATA(d) ((unsigned long long)(d) << 32)

#define PPN_OF(address) ((address) >> 12 << 10) /* in queue bases, ddtp, directories and PTEs */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
