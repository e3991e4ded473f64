/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* VT-d 5.10, "Translation Structure Formats", "Interrupt Remapping", fault and page request records */
#include "anatomy_rig.h"

TEST(anatomy_of_root_and_context_entries, "")
{
	CHECK_PLACES(&anatomy_vtd_root, { "P", 0, 0 }, { "CTP", 63, 12 });
	CHECK_PLACES(&anatomy_vtd_root_scalable, { "LP", 0, 0 }, { "LCTP", 63, 12 },
	             { "UP", 64, 64 }, { "UCTP", 127, 76 });
	CHECK_PLACES(&anatomy_vtd_context, { "P", 0, 0 }, { "FPD", 1, 1 }, { "TT", 3, 2 },
	             { "SSPTPTR", 63, 12 }, { "AW", 66, 64 }, { "ignored", 70, 67 },
	             { "DID", 87, 72 });
	CHECK_PLACES(&anatomy_vtd_context_scalable, { "P", 0, 0 }, { "FPD", 1, 1 }, { "DTE", 2, 2 },
	             { "PASIDE", 3, 3 }, { "PRE", 4, 4 }, { "HPTE", 5, 5 }, { "EPTR", 6, 6 },
	             { "PDTS", 11, 9 }, { "PASIDDIRPTR", 63, 12 }, { "RID_PASID", 83, 64 },
	             { "RID_PRIV", 84, 84 });
	CHECK_TEXT(&anatomy_vtd_root, 0, "P=1 present, CTP=0x12345000", 0x12345001, 0);
	CHECK_TEXT(&anatomy_vtd_root_scalable, 0,
	           "LP=0 devices 0 to 15 not present, UP=1 devices 16 to 31, UCTP=0x7000", 0,
	           0x7001);
	CHECK_TEXT(&anatomy_vtd_context, 0,
	           "P=1 present, TT=0 untranslated requests alone, SSPTPTR=0x12345000, "
	           "AW=2 48 bits, 4 levels, DID=0x10",
	           0x12345001, 0x1002);
	CHECK_TEXT(&anatomy_vtd_context, 0, "P=0 not present, FPD=1 faults are not recorded", 2, 0);
	CHECK_TEXT(&anatomy_vtd_context_scalable, 0,
	           "P=1 present, PASIDE=1 requests with PASID allowed, PDTS=7 PASIDs below "
	           "0x100000, "
	           "PASIDDIRPTR=0x1000, RID_PASID=0, reserved 127:85=1 must be 0",
	           0x1e09, 0x200000, 0, 0);
}

TEST(anatomy_of_pasid_structures, "")
{
	CHECK_PLACES(&anatomy_vtd_pasid_directory, { "P", 0, 0 }, { "FPD", 1, 1 },
	             { "SMPTBLPTR", 63, 12 });
	CHECK_PLACES(&anatomy_vtd_pasid, { "P", 0, 0 }, { "FPD", 1, 1 }, { "AW", 4, 2 },
	             { "PGTT", 8, 6 }, { "SSADE", 9, 9 }, { "SSPTPTR", 63, 12 }, { "DID", 79, 64 },
	             { "PWSNP", 87, 87 }, { "PGSNP", 88, 88 }, { "CD", 89, 89 }, { "EMTE", 90, 90 },
	             { "PAT", 127, 96 }, { "SRE", 128, 128 }, { "FSPM", 131, 130 },
	             { "WPE", 132, 132 }, { "ignored", 134, 133 }, { "EAFE", 135, 135 },
	             { "FSPTPTR", 191, 140 }, { "HPTSZ", 257, 256 }, { "HPTPFD", 258, 258 },
	             { "HPTPTR", 319, 268 }, { "HPTDID", 335, 320 });
	CHECK_TEXT(&anatomy_vtd_pasid, 0,
	           "P=1 present, PGTT=3 nested, AW=2 48 bits, 4 levels, SSPTPTR=0x1000, DID=3, "
	           "PWSNP=1 page walks snoop, FSPM=1 5 levels, FSPTPTR=0x2000",
	           0x10c9, 0x800003, 0x2004, 0, 0, 0, 0, 0);
}

#define FS_LOW                                                                                     \
	{ "P", 0, 0 }, { "R/W", 1, 1 }, { "U/S", 2, 2 }, { "PWT", 3, 3 }, { "PCD", 4, 4 },         \
		{ "A", 5, 5 }, { "ignored", 9, 9 }, { "EA", 10, 10 }, { "ignored", 11, 11 },       \
		{ "ignored", 62, 52 },                                                             \
	{                                                                                          \
		"XD", 63, 63                                                                       \
	}

TEST(anatomy_of_first_stage_entries, "")
{
	for (unsigned level = 2; level <= 5; level++)
		CHECK_PLACES(anatomy_vtd_first_stage(1, level), FS_LOW, { "ignored", 6, 6 },
		             { "ignored", 8, 8 }, { "ADDR", 51, 12 });
	for (unsigned ps = 0; ps <= 0x80; ps += 0x80)
		CHECK_PLACES(anatomy_vtd_first_stage(1 | ps, 1), FS_LOW, { "D", 6, 6 },
		             { "PAT", 7, 7 }, { "G", 8, 8 }, { "ADDR", 51, 12 });
	CHECK_PLACES(anatomy_vtd_first_stage(0x81, 2), FS_LOW, { "D", 6, 6 }, { "PS", 7, 7 },
	             { "G", 8, 8 }, { "PAT", 12, 12 }, { "ADDR", 51, 21 });
	CHECK_PLACES(anatomy_vtd_first_stage(0x81, 3), FS_LOW, { "D", 6, 6 }, { "PS", 7, 7 },
	             { "G", 8, 8 }, { "PAT", 12, 12 }, { "ADDR", 51, 30 });
	CHECK_STR(anatomy_vtd_first_stage(0, 5)->name, "FS-PML5E");
	CHECK_TEXT(anatomy_vtd_first_stage(0, 1), 0, "P=0 not present", 0);
	/* Bit 7 of the two upper levels is reserved. */
	CHECK_TEXT(anatomy_vtd_first_stage(0x81, 4), 0,
	           "P=1 present, R/W=0 read-only, U/S=0 supervisor, A=0, ADDR=0, "
	           "reserved 7=1 must be 0",
	           0x81);
}

#define SS_LOW                                                                                     \
	{ "R", 0, 0 }, { "W", 1, 1 }, { "ignored", 2, 2 }, { "A", 8, 8 }, { "ignored", 10, 10 },   \
		{ "ignored", 60, 52 }, { "IR", 61, 61 }, { "IW", 62, 62 },                         \
	{                                                                                          \
		"ignored", 63, 63                                                                  \
	}
#define SS_LEAF                                                                                    \
	SS_LOW, { "EMT", 5, 3 }, { "IPAT", 6, 6 }, { "D", 9, 9 },                                  \
	{                                                                                          \
		"SNP", 11, 11                                                                      \
	}

TEST(anatomy_of_second_stage_entries, "")
{
	for (unsigned level = 2; level <= 5; level++)
		CHECK_PLACES(anatomy_vtd_second_stage(3, level), SS_LOW, { "ignored", 6, 3 },
		             { "ignored", 9, 9 }, { "ADDR", 51, 12 });
	for (unsigned ps = 0; ps <= 0x80; ps += 0x80)
		CHECK_PLACES(anatomy_vtd_second_stage(3 | ps, 1), SS_LEAF, { "ignored", 7, 7 },
		             { "ADDR", 51, 12 });
	CHECK_PLACES(anatomy_vtd_second_stage(0x83, 2), SS_LEAF, { "PS", 7, 7 },
	             { "ADDR", 51, 21 });
	CHECK_PLACES(anatomy_vtd_second_stage(0x83, 3), SS_LEAF, { "PS", 7, 7 },
	             { "ADDR", 51, 30 });
	CHECK_STR(anatomy_vtd_second_stage(0, 3)->name, "SS-PDPE");
	CHECK_TEXT(anatomy_vtd_second_stage(0x83, 2), 0,
	           "R=1, W=0, PS=1 a page, ADDR=0x40000000, reserved 20:12=1 must be 0",
	           0x40001081);
	CHECK_TEXT(anatomy_vtd_second_stage(0, 1), 0, "R=0, W=0", 0);
	CHECK_TEXT(anatomy_vtd_second_stage(0, 1), ANATOMY_SSIRWE,
	           "R=1 ignored, W=0, IR=1, ADDR=0x1000", 0x2000000000001001);
}

#define SOURCE                                                                                     \
	{ "SID", 79, 64 }, { "SQ", 81, 80 },                                                       \
	{                                                                                          \
		"SVT", 83, 82                                                                      \
	}

TEST(anatomy_of_interrupt_remapping, "")
{
	CHECK_PLACES(&anatomy_vtd_irte_remapped, { "P", 0, 0 }, { "FPD", 1, 1 }, { "DM", 2, 2 },
	             { "RH", 3, 3 }, { "TM", 4, 4 }, { "DLM", 7, 5 }, { "AVAIL", 11, 8 },
	             { "IM", 15, 15 }, { "V", 23, 16 }, { "DST", 63, 32 }, SOURCE);
	CHECK_PLACES(&anatomy_vtd_irte_posted, { "P", 0, 0 }, { "FPD", 1, 1 }, { "AVAIL", 11, 8 },
	             { "URG", 14, 14 }, { "IM", 15, 15 }, { "V", 23, 16 }, { "PDAL", 63, 38 },
	             SOURCE, { "PDAH", 127, 96 });
	CHECK_PLACES(&anatomy_vtd_posted_descriptor, { "PIR 63:0", 63, 0 },
	             { "PIR 127:64", 127, 64 }, { "PIR 191:128", 191, 128 },
	             { "PIR 255:192", 255, 192 }, { "ON", 256, 256 }, { "SN", 257, 257 },
	             { "NV", 279, 272 }, { "NDST", 319, 288 });
	CHECK(anatomy_vtd_irte(0x8001) == &anatomy_vtd_irte_posted);
	CHECK(anatomy_vtd_irte(0x0001) == &anatomy_vtd_irte_remapped);
	CHECK_TEXT(&anatomy_vtd_irte_remapped, ANATOMY_EIME,
	           "P=1 present, IM=0 remapped, V=0x31, DLM=0 fixed, DST=2 x2APIC ID 0x2, "
	           "SVT=1 source as SID and SQ say, SID=0x100 01:00.0",
	           0x200310001, 0x40100);
	CHECK_TEXT(&anatomy_vtd_irte_remapped, 0,
	           "P=1 present, IM=0 remapped, V=0x31, DLM=1 lowest priority, DM=1 logical, "
	           "DST=0x200 APIC ID 0x2, SVT=2 source on the buses of SID, SID=0x203 buses 02 to "
	           "03",
	           0x20000310025, 0x80203);
	CHECK_TEXT(&anatomy_vtd_irte_posted, 0,
	           "P=1 present, IM=1 posted, V=0x41, PDAL=1, PDAH=1 "
	           "descriptor at 0x100000040, SVT=0 any source",
	           0x4000418001, 0x100000000);
}

TEST(anatomy_of_vtd_records, "")
{
	CHECK_PLACES(&anatomy_vtd_fault, { "FI", 63, 12 }, { "SID", 79, 64 }, { "T2", 92, 92 },
	             { "PRIV", 93, 93 }, { "EXE", 94, 94 }, { "PP", 95, 95 }, { "FR", 103, 96 },
	             { "PV", 123, 104 }, { "AT", 125, 124 }, { "T1", 126, 126 }, { "F", 127, 127 });
	CHECK_PLACES(&anatomy_vtd_page_request, { "TYPE", 7, 0 }, { "PP", 8, 8 }, { "RID", 31, 16 },
	             { "PASID", 51, 32 }, { "EXR", 52, 52 }, { "PMR", 53, 53 }, { "RD", 64, 64 },
	             { "WR", 65, 65 }, { "LPIG", 66, 66 }, { "PRGI", 75, 67 }, { "ADDR", 127, 76 });
}

#define HEAD                                                                                       \
	{ "type", 3, 0 },                                                                          \
	{                                                                                          \
		"type_high", 11, 9                                                                 \
	}
#define PAGES                                                                                      \
	{ "AM", 69, 64 }, { "IH", 70, 70 },                                                        \
	{                                                                                          \
		"ADDR", 127, 76                                                                    \
	}
#define PFSID                                                                                      \
	{ "PFSID[3:0]", 15, 12 },                                                                  \
	{                                                                                          \
		"PFSID[15:4]", 63, 52                                                              \
	}

TEST(anatomy_of_vtd_descriptors, "")
{
	CHECK_PLACES(anatomy_command("vtd", 1), HEAD, { "G", 5, 4 }, { "DID", 31, 16 },
	             { "SID", 47, 32 }, { "FM", 49, 48 });
	CHECK_PLACES(anatomy_command("vtd", 2), HEAD, { "G", 5, 4 }, { "DW", 6, 6 }, { "DR", 7, 7 },
	             { "DID", 31, 16 }, PAGES);
	CHECK_PLACES(anatomy_command("vtd", 3), HEAD, PFSID, { "MIP", 20, 16 }, { "SID", 47, 32 },
	             { "S", 64, 64 }, { "ADDR", 127, 76 });
	CHECK_PLACES(anatomy_command("vtd", 4), HEAD, { "G", 4, 4 }, { "IM", 31, 27 },
	             { "IIDX", 47, 32 });
	CHECK_PLACES(anatomy_command("vtd", 5), HEAD, { "IF", 4, 4 }, { "SW", 5, 5 },
	             { "FN", 6, 6 }, { "PD", 7, 7 }, { "DATA", 63, 32 }, { "ADDR", 127, 66 });
	CHECK_PLACES(anatomy_command("vtd", 6), HEAD, { "G", 5, 4 }, { "DID", 31, 16 },
	             { "PASID", 51, 32 }, PAGES);
	CHECK_PLACES(anatomy_command("vtd", 7), HEAD, { "G", 5, 4 }, { "DID", 31, 16 },
	             { "PASID", 51, 32 });
	CHECK_PLACES(anatomy_command("vtd", 8), HEAD, { "MIP", 8, 4 }, PFSID, { "SID", 31, 16 },
	             { "PASID", 51, 32 }, { "G", 64, 64 }, { "S", 75, 75 }, { "ADDR", 127, 76 });
	CHECK_PLACES(anatomy_command("vtd", 9), HEAD, { "PP", 4, 4 }, { "code", 15, 12 },
	             { "RID", 31, 16 }, { "PASID", 51, 32 }, { "LPIG", 66, 66 },
	             { "PRGI", 75, 67 });
	CHECK_PLACES(anatomy_command("vtd", 10), HEAD, { "G", 5, 4 }, { "HPTDID", 31, 16 },
	             { "AM", 69, 64 }, { "levels", 71, 70 }, { "ADDR", 127, 76 });
	CHECK(!anatomy_command("vtd", 0));
	CHECK_EQ(anatomy_command_kind("vtd", 0xfffffffffffff1f5), 0x05);
	CHECK_EQ(anatomy_command_kind("vtd", 0x202), 0x12);
	CHECK_TEXT(anatomy_command("vtd", 2), 0,
	           "G=3 pages of a domain, DW=1 writes drained, DR=1 reads drained, "
	           "DID=0x10, "
	           "AM=9, ADDR=0x12345000",
	           0x1000f2, 0x12345009);
}
