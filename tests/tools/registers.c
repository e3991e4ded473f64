/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Registers: offsets, widths and fields as RISC-V's "Memory-mapped register interface" and VT-d's "Register
 * Descriptions" have them. */
#include "registers.h"

#include <stdio.h>

#include "anatomy_rig.h"

struct reg {
	const char *name;
	unsigned off, bytes;
};

/* A unit with these capabilities has these registers, and no others before `end`. */
static void check_registers(const char *arch, uint64_t cap, uint64_t ecap, const struct reg *regs,
                            size_t count, unsigned end)
{
	struct register_place place;
	struct register_map map;
	uint64_t from = 0;

	CHECK(register_map_make(arch, (uint64_t[]){ cap, ecap }, &map));
	for (size_t i = 0; i < count; i++) {
		CHECK(register_next(&map, from, &place));
		CHECK_STR(place.name, regs[i].name);
		CHECK_EQ(place.off, regs[i].off);
		CHECK_EQ(place.row->bytes, regs[i].bytes);
		from = place.off + place.row->bytes;
		/* It is found by each of its bytes. */
		CHECK(register_next(&map, from - 1, &place));
		CHECK_EQ(place.off, regs[i].off);
	}
	CHECK(!register_next(&map, from, &place) || place.off >= end);
}

#define CHECK_REGISTERS(arch, cap, ecap, end, ...)                                                 \
	do {                                                                                       \
		static const struct reg regs_[] = { __VA_ARGS__ };                                 \
		check_registers(arch, cap, ecap, regs_, sizeof regs_ / sizeof regs_[0], end);      \
	} while (0)

/* The fields of the register at `off`; 32 more bits are none's. */
static void check_fields(const char *arch, uint64_t off, const struct place *rows, size_t count)
{
	struct register_place place;
	struct register_map map;

	CHECK(register_map_make(arch, (uint64_t[]){ ~UINT64_C(0), 0xfff }, &map));
	CHECK(register_next(&map, off, &place));
	CHECK_EQ(place.off, off);
	check_places(place.row->fields, rows, count);
}

#define CHECK_FIELDS(arch, off, ...)                                                               \
	do {                                                                                       \
		static const struct place rows_[] = { __VA_ARGS__ };                               \
		check_fields(arch, off, rows_, sizeof rows_ / sizeof rows_[0]);                    \
	} while (0)

#define QUEUES                                                                                     \
	{ "capabilities", 0, 8 }, { "fctl", 8, 4 }, { "ddtp", 16, 8 }, { "cqb", 24, 8 },           \
		{ "cqh", 32, 4 }, { "cqt", 36, 4 }, { "fqb", 40, 8 }, { "fqh", 48, 4 },            \
	{                                                                                          \
		"fqt", 52, 4                                                                       \
	}

TEST(riscv_registers_are_where_the_manual_has_them, "")
{
	static const char *const vectors[] = { "msi_addr_", "msi_data_", "msi_vec_ctl_" };
	struct register_place place;
	struct register_map map;
	char name[32];

	CHECK_REGISTERS("riscv", 0, 0, 768, QUEUES, { "cqcsr", 72, 4 }, { "fqcsr", 76, 4 },
	                { "ipsr", 84, 4 }, { "icvec", 760, 8 });
	CHECK_REGISTERS("riscv", 1 << 25 | 1 << 30, 0, 112, QUEUES, { "pqb", 56, 8 },
	                { "pqh", 64, 4 }, { "pqt", 68, 4 }, { "cqcsr", 72, 4 }, { "fqcsr", 76, 4 },
	                { "pqcsr", 80, 4 }, { "ipsr", 84, 4 }, { "iocountovf", 88, 4 },
	                { "iocountinh", 92, 4 }, { "iohpmcycles", 96, 8 }, { "iohpmctr1", 104, 8 });
	CHECK_REGISTERS("riscv", UINT64_C(1) << 31 | UINT64_C(1) << 41, 0, 768, QUEUES,
	                { "cqcsr", 72, 4 }, { "fqcsr", 76, 4 }, { "ipsr", 84, 4 },
	                { "tr_req_iova", 600, 8 }, { "tr_req_ctl", 608, 8 },
	                { "tr_response", 616, 8 }, { "iommu_qosid", 624, 4 }, { "icvec", 760, 8 });
	CHECK(register_map_make("riscv", (uint64_t[]){ UINT64_C(1) << 30, 0 }, &map));
	for (unsigned i = 1; i <= 31; i++) {
		CHECK(register_next(&map, 96 + 8 * i, &place));
		snprintf(name, sizeof name, "iohpmctr%u", i);
		CHECK_STR(place.name, name);
		CHECK(register_next(&map, 344 + 8 * i, &place));
		snprintf(name, sizeof name, "iohpmevt%u", i);
		CHECK_STR(place.name, name);
	}
	for (unsigned i = 0; i < 48; i++) {
		CHECK(register_next(&map, 768 + i / 3 * 16 + (i % 3 ? 4 + i % 3 * 4 : 0), &place));
		snprintf(name, sizeof name, "%s%u", vectors[i % 3], i / 3);
		CHECK_STR(place.name, name);
		CHECK_EQ(place.row->bytes, i % 3 ? 4 : 8);
	}
	CHECK(!register_next(&map, 1024, &place));
}

#define CSR(on)                                                                                    \
	{ on, 16, 16 }, { "busy", 17, 17 },                                                        \
	{                                                                                          \
		"custom", 31, 28                                                                   \
	}

TEST(fields_of_riscv_registers, "")
{
	CHECK_FIELDS("riscv", 0, { "version", 7, 0 }, { "Sv32", 8, 8 }, { "Sv39", 9, 9 },
	             { "Sv48", 10, 10 }, { "Sv57", 11, 11 }, { "Svrsw60t59b", 14, 14 },
	             { "Svpbmt", 15, 15 }, { "Sv32x4", 16, 16 }, { "Sv39x4", 17, 17 },
	             { "Sv48x4", 18, 18 }, { "Sv57x4", 19, 19 }, { "AMO_MRIF", 21, 21 },
	             { "MSI_FLAT", 22, 22 }, { "MSI_MRIF", 23, 23 }, { "AMO_HWAD", 24, 24 },
	             { "ATS", 25, 25 }, { "T2GPA", 26, 26 }, { "END", 27, 27 }, { "IGS", 29, 28 },
	             { "HPM", 30, 30 }, { "DBG", 31, 31 }, { "PAS", 37, 32 }, { "PD8", 38, 38 },
	             { "PD17", 39, 39 }, { "PD20", 40, 40 }, { "QOSID", 41, 41 }, { "NL", 42, 42 },
	             { "S", 43, 43 }, { "custom", 63, 56 });
	CHECK_FIELDS("riscv", 8, { "BE", 0, 0 }, { "WSI", 1, 1 }, { "GXL", 2, 2 },
	             { "custom", 31, 16 });
	CHECK_FIELDS("riscv", 16, { "iommu_mode", 3, 0 }, { "busy", 4, 4 }, { "PPN", 53, 10 });
	for (unsigned off = 24; off <= 56; off += 16)
		CHECK_FIELDS("riscv", off, { "LOG2SZ-1", 4, 0 }, { "PPN", 53, 10 });
	CHECK_FIELDS("riscv", 72, { "cqen", 0, 0 }, { "cie", 1, 1 }, { "cqmf", 8, 8 },
	             { "cmd_to", 9, 9 }, { "cmd_ill", 10, 10 }, { "fence_w_ip", 11, 11 },
	             CSR("cqon"));
	CHECK_FIELDS("riscv", 76, { "fqen", 0, 0 }, { "fie", 1, 1 }, { "fqmf", 8, 8 },
	             { "fqof", 9, 9 }, CSR("fqon"));
	CHECK_FIELDS("riscv", 80, { "pqen", 0, 0 }, { "pie", 1, 1 }, { "pqmf", 8, 8 },
	             { "pqof", 9, 9 }, CSR("pqon"));
	CHECK_FIELDS("riscv", 84, { "cip", 0, 0 }, { "fip", 1, 1 }, { "pmip", 2, 2 },
	             { "pip", 3, 3 }, { "custom", 15, 8 });
	CHECK_FIELDS("riscv", 88, { "CY", 0, 0 }, { "HPM", 31, 1 });
	CHECK_FIELDS("riscv", 92, { "CY", 0, 0 }, { "HPM", 31, 1 });
	CHECK_FIELDS("riscv", 96, { "counter", 62, 0 }, { "OF", 63, 63 });
	CHECK_FIELDS("riscv", 352, { "eventID", 14, 0 }, { "DMASK", 15, 15 },
	             { "PID_PSCID", 35, 16 }, { "DID_GSCID", 59, 36 }, { "PV_PSCV", 60, 60 },
	             { "DV_GSCV", 61, 61 }, { "IDT", 62, 62 }, { "OF", 63, 63 });
	CHECK_FIELDS("riscv", 600, { "vpn", 63, 12 });
	CHECK_FIELDS("riscv", 608, { "Go/Busy", 0, 0 }, { "Priv", 1, 1 }, { "Exe", 2, 2 },
	             { "NW", 3, 3 }, { "PID", 31, 12 }, { "PV", 32, 32 }, { "custom", 39, 36 },
	             { "DID", 63, 40 });
	CHECK_FIELDS("riscv", 616, { "fault", 0, 0 }, { "PBMT", 8, 7 }, { "S", 9, 9 },
	             { "PPN", 53, 10 }, { "custom", 63, 60 });
	CHECK_FIELDS("riscv", 624, { "RCID", 11, 0 }, { "MCID", 27, 16 });
	CHECK_FIELDS("riscv", 760, { "civ", 3, 0 }, { "fiv", 7, 4 }, { "pmiv", 11, 8 },
	             { "piv", 15, 12 }, { "custom", 63, 32 });
	CHECK_FIELDS("riscv", 768, { "ADDR", 55, 2 });
	CHECK_FIELDS("riscv", 780, { "M", 0, 0 });
}

#define EVENT(name, off)                                                                           \
	{ name "CTL", off, 4 }, { name "DATA", (off) + 4, 4 }, { name "ADDR", (off) + 8, 4 },      \
	{                                                                                          \
		name "UADDR", (off) + 12, 4                                                        \
	}
#define GLOBAL                                                                                     \
	{ "VER", 0, 4 }, { "CAP", 8, 8 }, { "ECAP", 0x10, 8 }, { "GCMD", 0x18, 4 },                \
		{ "GSTS", 0x1c, 4 }, { "RTADDR", 0x20, 8 }, { "CCMD", 0x28, 8 },                   \
		{ "FSTS", 0x34, 4 }, EVENT("FE", 0x38),                                            \
	{                                                                                          \
		"PMEN", 0x64, 4                                                                    \
	}

TEST(vtd_registers_are_where_the_manual_has_them, "")
{
	/* FRO 0x22, IRO 0xf, two records */
	CHECK_REGISTERS("vtd", 0x10022000000, 0xf00, 0x1000, GLOBAL, { "IVA", 0xf0, 8 },
	                { "IOTLB", 0xf8, 8 }, { "FRCD0", 0x220, 16 }, { "FRCD1", 0x230, 16 });
	/* PLMR, PHMR; QI, IR, PRS; FRO 0x400, one record */
	CHECK_REGISTERS("vtd", 0x40000060, 0x2000f00a, 0x1000, GLOBAL, { "PLMBASE", 0x68, 4 },
	                { "PLMLIMIT", 0x6c, 4 }, { "PHMBASE", 0x70, 8 }, { "PHMLIMIT", 0x78, 8 },
	                { "IQH", 0x80, 8 }, { "IQT", 0x88, 8 }, { "IQA", 0x90, 8 },
	                { "ICS", 0x9c, 4 }, EVENT("IE", 0xa0), { "IQERCD", 0xb0, 8 },
	                { "IRTA", 0xb8, 8 }, { "PQH", 0xc0, 8 }, { "PQT", 0xc8, 8 },
	                { "PQA", 0xd0, 8 }, { "PRS", 0xdc, 4 }, EVENT("PE", 0xe0),
	                { "FRCD0", 0x400, 16 }, { "IVA", 0xf00, 8 }, { "IOTLB", 0xf08, 8 });
}

TEST(fields_of_vtd_registers, "")
{
	CHECK_FIELDS("vtd", 0, { "MIN", 3, 0 }, { "MAX", 7, 4 });
	CHECK_FIELDS("vtd", 8, { "ND", 2, 0 }, { "RWBF", 4, 4 }, { "PLMR", 5, 5 }, { "PHMR", 6, 6 },
	             { "CM", 7, 7 }, { "SAGAW", 12, 8 }, { "MGAW", 21, 16 }, { "ZLR", 22, 22 },
	             { "FRO", 33, 24 }, { "SSLPS", 37, 34 }, { "PSI", 39, 39 }, { "NFR", 47, 40 },
	             { "MAMV", 53, 48 }, { "DWD", 54, 54 }, { "DRD", 55, 55 }, { "FS1GP", 56, 56 },
	             { "PI", 59, 59 }, { "FS5LP", 60, 60 }, { "ECMDS", 61, 61 },
	             { "ESIRTPS", 62, 62 }, { "ESRTPS", 63, 63 });
	CHECK_FIELDS("vtd", 0x10, { "C", 0, 0 }, { "QI", 1, 1 }, { "DT", 2, 2 }, { "IR", 3, 3 },
	             { "EIM", 4, 4 }, { "PT", 6, 6 }, { "SC", 7, 7 }, { "IRO", 17, 8 },
	             { "MHMV", 23, 20 }, { "MTS", 25, 25 }, { "NEST", 26, 26 }, { "PRS", 29, 29 },
	             { "ERS", 30, 30 }, { "SRS", 31, 31 }, { "NWFS", 33, 33 }, { "EAFS", 34, 34 },
	             { "PSS", 39, 35 }, { "PASID", 40, 40 }, { "DIT", 41, 41 }, { "PDS", 42, 42 },
	             { "SMTS", 43, 43 }, { "VCS", 44, 44 }, { "SSADS", 45, 45 }, { "SSTS", 46, 46 },
	             { "FSTS", 47, 47 }, { "SMPWCS", 48, 48 }, { "RPS", 49, 49 },
	             { "TDXCS", 50, 50 }, { "PMS", 51, 51 }, { "ADMS", 52, 52 },
	             { "RPRIVS", 53, 53 }, { "HPTS", 55, 55 }, { "PTRS", 56, 56 },
	             { "SSIRWS", 57, 57 }, { "SMS", 58, 58 }, { "HPT1GPS", 59, 59 },
	             { "RDTS", 60, 60 }, { "EIMER", 61, 61 }, { "IRREQ", 62, 62 });
	CHECK_FIELDS("vtd", 0x18, { "TE", 31, 31 }, { "SRTP", 30, 30 }, { "WBF", 27, 27 },
	             { "QIE", 26, 26 }, { "IRE", 25, 25 }, { "SIRTP", 24, 24 }, { "CFI", 23, 23 });
	CHECK_FIELDS("vtd", 0x1c, { "TES", 31, 31 }, { "RTPS", 30, 30 }, { "WBFS", 27, 27 },
	             { "QIES", 26, 26 }, { "IRES", 25, 25 }, { "IRTPS", 24, 24 },
	             { "CFIS", 23, 23 });
	CHECK_FIELDS("vtd", 0x20, { "SSIRWE", 7, 7 }, { "TTM", 11, 10 }, { "RTA", 63, 12 });
	CHECK_FIELDS("vtd", 0x28, { "DID", 15, 0 }, { "SID", 31, 16 }, { "FM", 33, 32 },
	             { "CAIG", 60, 59 }, { "CIRG", 62, 61 }, { "ICC", 63, 63 });
	CHECK_FIELDS("vtd", 0x34, { "PFO", 0, 0 }, { "PPF", 1, 1 }, { "IQE", 4, 4 },
	             { "ICE", 5, 5 }, { "ITE", 6, 6 }, { "FRI", 15, 8 });
	for (unsigned off = 0x38; off; off = off == 0x38 ? 0xa0 : 0) {
		CHECK_FIELDS("vtd", off, { "IM", 31, 31 }, { "IP", 30, 30 });
		CHECK_FIELDS("vtd", off + 4, { "IMD", 15, 0 });
		CHECK_FIELDS("vtd", off + 8, { "MA", 31, 2 });
	}
	CHECK_FIELDS("vtd", 0x64, { "EPM", 31, 31 }, { "PRS", 0, 0 });
	CHECK_FIELDS("vtd", 0x80, { "QH", 18, 4 });
	CHECK_FIELDS("vtd", 0x88, { "QT", 18, 4 });
	CHECK_FIELDS("vtd", 0x90, { "QS", 2, 0 }, { "DW", 11, 11 }, { "IQA", 63, 12 });
	CHECK_FIELDS("vtd", 0x9c, { "IWC", 0, 0 });
	CHECK_FIELDS("vtd", 0xb0, { "IQEI", 3, 0 }, { "ITESID", 47, 32 }, { "ICESID", 63, 48 });
	CHECK_FIELDS("vtd", 0xb8, { "S", 3, 0 }, { "EIME", 11, 11 }, { "IRTA", 63, 12 });
}

TEST(fields_of_vtd_registers_for_page_requests_and_register_commands, "")
{
	struct register_place place;
	struct register_map map;

	/* PRS; IRO 0x50 */
	CHECK(register_map_make("vtd", (uint64_t[]){ 0, 0x20005000 }, &map));
	CHECK(register_next(&map, 0xc0, &place));
	CHECK_PLACES(place.row->fields, { "PQH", 18, 5 });
	CHECK(register_next(&map, 0xc8, &place));
	CHECK_PLACES(place.row->fields, { "PQT", 18, 5 });
	CHECK(register_next(&map, 0xd0, &place));
	CHECK_PLACES(place.row->fields, { "PQS", 2, 0 }, { "PQA", 63, 12 });
	CHECK(register_next(&map, 0xdc, &place));
	CHECK_PLACES(place.row->fields, { "PPR", 0, 0 }, { "PRO", 1, 1 });
	CHECK(register_next(&map, 0x500, &place));
	CHECK_PLACES(place.row->fields, { "AM", 5, 0 }, { "IH", 6, 6 }, { "ADDR", 63, 12 });
	CHECK(register_next(&map, 0x508, &place));
	CHECK_PLACES(place.row->fields, { "DID", 47, 32 }, { "DW", 48, 48 }, { "DR", 49, 49 },
	             { "IAIG", 58, 57 }, { "IIRG", 61, 60 }, { "IVT", 63, 63 });
}

static const char *words(const char *arch, uint64_t off, unsigned bytes, uint64_t value, char *text,
                         size_t size)
{
	struct register_map map;

	CHECK(register_map_make(arch, (uint64_t[]){ 0x10022000000, 0xf0a }, &map));
	return register_words(&map, off, bytes, &value, text, size) ? text : NULL;
}

TEST(accesses_to_registers_in_words, "")
{
	char text[128];

	CHECK_STR(words("riscv", 0x10, 8, 0x20048c04, text, sizeof text), "ddtp: iommu_mode=4 "
	                                                                  "3LVL, PPN=0x80123");
	CHECK_STR(words("riscv", 0x24, 4, 5, text, sizeof text), "cqt");
	CHECK_STR(words("riscv", 0x14, 4, 0, text, sizeof text), "ddtp, bytes 4 to 7");
	CHECK(!words("riscv", 0xc, 4, 0, text, sizeof text));
	CHECK(!words("riscv", 0x400, 4, 0, text, sizeof text));
	CHECK_STR(words("vtd", 0x18, 4, 0x80000000, text, sizeof text), "GCMD: TE=1 enable "
	                                                                "translation");
	CHECK_STR(words("vtd", 0x23c, 4, 0x80000000, text, sizeof text), "FRCD1, bytes 12 to 15: "
	                                                                 "F=1 a fault");
	CHECK_STR(words("vtd", 0x90, 8, 0x1001, text, sizeof text), "IQA: QS=1 512 entries, DW=0 "
	                                                            "128-bit descriptors, "
	                                                            "IQA=0x1000");
	/* Cut where there is no more room */
	CHECK_STR(words("vtd", 0x90, 8, 0x1001, text, 10), "IQA: QS=1");
}
