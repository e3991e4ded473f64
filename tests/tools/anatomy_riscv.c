/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* RISC-V IOMMU 1.0, "In-memory data structures"; Privileged Architecture; AIA */
#include "anatomy_rig.h"

TEST(anatomy_of_riscv_directories, "")
{
	CHECK_PLACES(&anatomy_rv_ddt, { "V", 0, 0 }, { "PPN", 53, 10 });
	CHECK_PLACES(&anatomy_rv_pdt, { "V", 0, 0 }, { "PPN", 53, 10 });
	CHECK_PLACES(&anatomy_rv_pc, { "ta.V", 0, 0 }, { "ta.ENS", 1, 1 }, { "ta.SUM", 2, 2 },
	             { "ta.PSCID", 31, 12 }, { "fsc.PPN", 107, 64 }, { "fsc.MODE", 127, 124 });
}

TEST(anatomy_of_a_device_context, "")
{
	CHECK_PLACES(&anatomy_rv_dc, { "tc.V", 0, 0 }, { "tc.EN_ATS", 1, 1 }, { "tc.EN_PRI", 2, 2 },
	             { "tc.T2GPA", 3, 3 }, { "tc.DTF", 4, 4 }, { "tc.PDTV", 5, 5 },
	             { "tc.PRPR", 6, 6 }, { "tc.GADE", 7, 7 }, { "tc.SADE", 8, 8 },
	             { "tc.DPE", 9, 9 }, { "tc.SBE", 10, 10 }, { "tc.SXL", 11, 11 },
	             { "tc.custom", 31, 24 }, { "iohgatp.PPN", 64 + 43, 64 },
	             { "iohgatp.GSCID", 64 + 59, 64 + 44 }, { "iohgatp.MODE", 64 + 63, 64 + 60 },
	             { "ta.PSCID", 128 + 31, 128 + 12 }, { "ta.RCID", 128 + 51, 128 + 40 },
	             { "ta.MCID", 128 + 63, 128 + 52 }, { "fsc.PPN", 192 + 43, 192 },
	             { "fsc.MODE", 192 + 63, 192 + 60 }, { "msiptp.PPN", 256 + 43, 256 },
	             { "msiptp.MODE", 256 + 63, 256 + 60 }, { "msi_addr_mask", 320 + 51, 320 },
	             { "msi_addr_pattern", 384 + 51, 384 });
}

TEST(device_contexts_in_words, "")
{
	CHECK_TEXT(&anatomy_rv_dc, 0, "tc.V=0 not valid", 0, 0, 0, 0);
	CHECK_TEXT(&anatomy_rv_dc, 0,
	           "tc.V=1 valid, iohgatp.MODE=0 Bare, ta.PSCID=0x123, fsc.MODE=9 Sv48, "
	           "fsc.PPN=0x80123",
	           1, 0, 0x123000, 0x9000000000080123);
	/* Extended, with a virtual machine's message table */
	CHECK_TEXT(&anatomy_rv_dc, 0,
	           "tc.V=1 valid, iohgatp.MODE=8 Sv39x4, iohgatp.GSCID=7, iohgatp.PPN=0x80004, "
	           "fsc.MODE=0 Bare, msiptp.MODE=1 Flat, msiptp.PPN=0x80040, msi_addr_mask=0xff",
	           1, 0x8000700000080004, 0, 0, 0x1000000000080040, 0xff, 0, 0);
	/* fsc is pdtp; fctl.GXL */
	CHECK_TEXT(&anatomy_rv_dc, ANATOMY_GXL,
	           "tc.V=1 valid, tc.PDTV=1 fsc is pdtp, tc.SXL=1 first stage as in RV32, "
	           "iohgatp.MODE=8 Sv32x4, fsc.MODE=2 pdtp PD17, fsc.PPN=5",
	           0x821, 0x8000000000000000, 0, 0x2000000000000005);
	CHECK_TEXT(&anatomy_rv_dc, 0,
	           "tc.V=1 valid, tc.SXL=1 first stage as in RV32, iohgatp.MODE=1 reserved, "
	           "fsc.MODE=8 Sv32, reserved 23:12=1 must be 0, reserved 251:236=2 must be 0",
	           0x1801, 0x1000000000000000, 0, 0x8000200000000000);
}

TEST(anatomy_of_riscv_page_tables, "")
{
#define LOW                                                                                        \
	{ "V", 0, 0 }, { "R", 1, 1 }, { "W", 2, 2 }, { "X", 3, 3 }, { "G", 5, 5 }, { "RSW", 9, 8 }
	CHECK_PLACES(&anatomy_rv_pte_leaf, LOW, { "U", 4, 4 }, { "A", 6, 6 }, { "D", 7, 7 },
	             { "PPN", 53, 10 }, { "RSW60T59B", 60, 59 }, { "PBMT", 62, 61 },
	             { "N", 63, 63 });
	/* A, D, U, PBMT and N of an entry that points to a table are reserved. */
	CHECK_PLACES(&anatomy_rv_pte_table, LOW, { "PPN", 53, 10 }, { "RSW60T59B", 60, 59 });
	CHECK_PLACES(&anatomy_rv_pte32_leaf, LOW, { "U", 4, 4 }, { "A", 6, 6 }, { "D", 7, 7 },
	             { "PPN", 31, 10 });
	CHECK_PLACES(&anatomy_rv_pte32_table, LOW, { "PPN", 31, 10 });
#undef LOW
	CHECK(anatomy_rv_pte(0x01, false) == &anatomy_rv_pte_table);
	CHECK(anatomy_rv_pte(0x0f, false) == &anatomy_rv_pte_leaf);
	CHECK(anatomy_rv_pte(0x09, true) == &anatomy_rv_pte32_leaf);
	CHECK(anatomy_rv_pte(0x11, true) == &anatomy_rv_pte32_table);
	CHECK_TEXT(&anatomy_rv_pte_leaf, 0,
	           "V=1 valid, R=1, W=1, X=0, U=1 user page, A=1, D=0, PPN=0x80123, PBMT=1 NC",
	           0x2000000020048c57);
	CHECK_TEXT(&anatomy_rv_pte_leaf, 0,
	           "V=1 valid, R=1, W=0, X=0, U=0 supervisor page, A=0, D=0, PPN=0x18, N=1 64 KiB",
	           0x8000000000006003);
	CHECK_TEXT(&anatomy_rv_pte_table, 0,
	           "V=1 valid, R=0, W=0, X=0, PPN=0x80123, reserved 7:6=2 must be 0", 0x20048c81);
}

TEST(anatomy_of_riscv_interrupts, "")
{
	CHECK_PLACES(&anatomy_rv_msi_pte, { "V", 0, 0 }, { "M", 2, 1 }, { "PPN", 53, 10 },
	             { "C", 63, 63 }, { "ignored", 127, 64 });
	CHECK_PLACES(&anatomy_rv_msi_pte_mrif, { "V", 0, 0 }, { "M", 2, 1 }, { "MRIF_ADDR", 53, 7 },
	             { "C", 63, 63 }, { "NID[9:0]", 64 + 9, 64 }, { "NPPN", 64 + 53, 64 + 10 },
	             { "NID[10]", 64 + 60, 64 + 60 });
	CHECK(anatomy_rv_msi(0x3) == &anatomy_rv_msi_pte_mrif);
	CHECK(anatomy_rv_msi(0x7) == &anatomy_rv_msi_pte);
	CHECK_TEXT(&anatomy_rv_msi_pte, 0, "V=1 valid, M=3 basic translate mode, PPN=0x24000",
	           0x9000007, 0);
	CHECK_TEXT(&anatomy_rv_msi_pte_mrif, 0,
	           "V=1 valid, M=1 MRIF mode, MRIF_ADDR=0x400009 at 0x80001200, NID[9:0]=3, "
	           "NPPN=0x24000, NID[10]=1 NID 1027",
	           0x20000483, 0x1000000009000003);
	CHECK_TEXT(&anatomy_rv_mrif, 0, "pending 64..127=2, enabled 64..127=6", 0, 0, 2, 6);
}

TEST(anatomy_of_riscv_records, "")
{
	CHECK_PLACES(&anatomy_rv_fault, { "CAUSE", 11, 0 }, { "PID", 31, 12 }, { "PV", 32, 32 },
	             { "PRIV", 33, 33 }, { "TTYP", 39, 34 }, { "DID", 63, 40 },
	             { "custom", 95, 64 }, { "iotval", 191, 128 }, { "iotval2 implicit", 192, 192 },
	             { "iotval2 write", 193, 193 }, { "iotval2", 255, 194 });
	CHECK_PLACES(&anatomy_rv_page_request, { "PID", 31, 12 }, { "PV", 32, 32 },
	             { "PRIV", 33, 33 }, { "EXEC", 34, 34 }, { "DID", 63, 40 }, { "R", 64, 64 },
	             { "W", 65, 65 }, { "L", 66, 66 }, { "PRG_INDEX", 75, 67 },
	             { "ADDR", 127, 76 });
}

#define HEAD                                                                                       \
	{ "opcode", 6, 0 },                                                                        \
	{                                                                                          \
		"func3", 9, 7                                                                      \
	}

TEST(anatomy_of_riscv_commands, "")
{
	for (unsigned func3 = 0; func3 <= 0x80; func3 += 0x80)
		CHECK_PLACES(anatomy_command("riscv", 1 | func3), HEAD, { "AV", 10, 10 },
		             { "PSCID", 31, 12 }, { "PSCV", 32, 32 }, { "GV", 33, 33 },
		             { "NL", 34, 34 }, { "GSCID", 59, 44 }, { "S", 73, 73 },
		             { "ADDR", 125, 74 });
	CHECK_PLACES(anatomy_command("riscv", 2), HEAD, { "AV", 10, 10 }, { "WSI", 11, 11 },
	             { "PR", 12, 12 }, { "PW", 13, 13 }, { "DATA", 63, 32 }, { "ADDR", 125, 64 });
	for (unsigned func3 = 0; func3 <= 0x80; func3 += 0x80)
		CHECK_PLACES(anatomy_command("riscv", 3 | func3), HEAD, { "PID", 31, 12 },
		             { "DV", 33, 33 }, { "DID", 63, 40 });
#define ATS                                                                                        \
	HEAD, { "PID", 31, 12 }, { "PV", 32, 32 }, { "DSV", 33, 33 }, { "RID", 55, 40 },           \
		{ "DSEG", 63, 56 }
	CHECK_PLACES(anatomy_command("riscv", 4), ATS, { "G", 64, 64 }, { "S", 75, 75 },
	             { "ADDR", 127, 76 });
	CHECK_PLACES(anatomy_command("riscv", 0x84), ATS, { "PRG_INDEX", 104, 96 },
	             { "CODE", 111, 108 });
	CHECK(!anatomy_command("riscv", 5));
	CHECK_EQ(anatomy_command_kind("riscv", 0xfffffffffffffc81), 0x81);
	CHECK_STR(anatomy_command("riscv", 0x81)->name, "IOTINVAL.GVMA");
	CHECK_TEXT(anatomy_command("riscv", 1), 0,
	           "AV=1 one address, PSCID=5, PSCV=1 one PSCID, "
	           "ADDR=0x10000 page 0x10000000",
	           0x100005401, 0x4000000);
	CHECK_TEXT(anatomy_command("riscv", 2), 0,
	           "AV=1 stores DATA, DATA=7, ADDR=0x20000000 at 0x80000000", 0x700000402,
	           0x20000000);
}
