/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Registers whose place is the configuration's choice: fault records, IVA and IOTLB. */
#include "registers_map.h"

#define SID 0x0123

TEST(fault_records_are_where_the_capability_says, "VTD-REG-16")
{
	static const struct {
		unsigned offset, records;
	} rows[] = { { 0x200, 1 }, { 0x220, 8 }, { 0x400, 2 }, { 0xe00, 32 } };
	size_t i;
	unsigned n;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const uint64_t fro = rows[i].offset, end = fro + 16ull * rows[i].records;
		uint64_t cap = (CAP_ALL & ~(CAP_FRO(0x3ff0) | CAP_NFR(256))) | CAP_FRO(fro) |
		               CAP_NFR(rows[i].records);
		struct rig *r = rig_new_caps(cap, ECAP_ALL);

		rig_on(r, TTM_LEGACY);
		for (n = 0; n < rows[i].records; n++) {
			const uint64_t at = fro + 16ull * n;
			uint64_t high;

			CHECK_EQ(rd64(r, at + 8), 0);
			CHECK_EQ(rig_translate(r, SID, rq(0x5000 + n * PAGE, IOM_READ),
			                       &(struct iom_reply){ 0 }),
			         IOM_EFAULT);
			high = 1ull << 63 | 1ull << 62 | 1ull << 32 | SID;
			CHECK_EQ(rd64(r, at), 0x5000 + n * PAGE);
			CHECK_EQ(rd64(r, at + 8), high);
			wr64(r, at, ~0ull);
			wr32(r, at + 8, ~0u);
			wr32(r, at + 12, 0x7fffffff);
			CHECK_EQ(rd64(r, at), 0x5000 + n * PAGE);
			CHECK_EQ(rd64(r, at + 8), high);
		}
		CHECK_EQ(rd32(r, FSTS) & PFO, 0);
		CHECK_EQ(rig_translate(r, SID, rq(0x1000, IOM_READ), &(struct iom_reply){ 0 }),
		         IOM_EFAULT);
		CHECK_EQ(rd32(r, FSTS) & PFO, PFO);
		for (; end < WINDOW && n < rows[i].records + 4; n++)
			CHECK_EQ(rd64(r, fro + 16ull * n + 8), 0);
		rig_free(r);
	}
}

TEST(invalidation_registers_are_where_the_capability_says, "VTD-REG-17")
{
	static const unsigned rows[] = { 0x0f0, 0x100, 0x200, 0x800, 0xff0 };
	size_t i, k;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t ecap = (ECAP_ALL & ~ECAP_IRO(0x3ff0)) | ECAP_IRO(rows[i]);
		struct rig *r = rig_new_caps(CAP_ALL, ecap);

		rig_on(r, TTM_LEGACY);
		for (k = 0; k < sizeof(rows) / sizeof(*rows); k++) {
			/* Domain-selective */
			wr64(r, rows[k] + 8, 1ull << 63 | 2ull << 60 | 7ull << 32);
			CHECK_EQ(rd64(r, rows[k] + 8) >> 63, 0);
			CHECK_EQ(rd64(r, rows[k] + 8) >> 57 & 3, i == k ? 2 : 0);
		}
		rig_free(r);
	}
}
