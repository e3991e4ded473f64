/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* How far an answer reaches. */
#include "ats_rig.h"
#include "sv32.h"

#define GIB1 0x40000000ull

static const struct {
	unsigned level, lg2;
	uint64_t napot;
} sizes[] = {
	{ 0, 12, 0 },
	{ 0, 16, PTE_N | PTE_PPN(0x8000) },
	{ 1, 21, 0 },
	{ 2, 30, 0 },
};

/* A leaf of this size for the range at `pa`; `iova` is somewhere inside it. */
static void map_size(struct rig *r, uint64_t root, bool x4, uint64_t iova, unsigned size,
                     uint64_t pa)
{
	rig_map(r, root, 3, x4, iova, sizes[size].level, leaf(pa) | sizes[size].napot);
}

TEST(ats_ranges, "RV-ATS-16")
{
	const uint64_t iova = 7 * GIB1 + 0x12345000;

	for (unsigned i = 0; i < COUNT(sizes); i++) {
		const uint64_t in = iova & ((1ull << sizes[i].lg2) - 1);
		struct iom_reply reply;
		struct ats a;

		ats_init(&a, 0, IOM_RISCV_UNCACHED);
		map_size(a.r, a.s1, false, iova, i, STAGE_FAR);
		map_size(a.r, a.n.root, true, iova, i, STAGE_FAR);
		reply = ats_grants(a.r, HOST, ats_plain(iova, 0), PERM_RW, STAGE_FAR + in);
		CHECK_EQ(reply.range_lg2, sizes[i].lg2);
		reply = ats_grants(a.r, PROC, ats_execute(iova, 0, PID), PERM_RWX, STAGE_FAR + in);
		CHECK_EQ(reply.range_lg2, sizes[i].lg2);
		reply = ats_grants(a.r, SECOND, ats_plain(iova, 0), PERM_RW, STAGE_FAR + in);
		CHECK_EQ(reply.range_lg2, sizes[i].lg2);
		rig_free(a.r);
	}
}

/* One stage's range over the other's; T2GPA: the same, of guest-physical addresses. */
TEST(ats_ranges_of_both_stages, "RV-ATS-16 RV-ATS-17")
{
	const uint64_t iova = 7 * GIB1 + 0x12345000, gpa = 0x100 * GIB1;

	for (unsigned i = 0; i < COUNT(sizes); i++)
		for (unsigned j = 0; j < COUNT(sizes); j++) {
			const uint64_t in = iova & ((1ull << sizes[i].lg2) - 1);
			const uint64_t behind = (gpa + in) & ((1ull << sizes[j].lg2) - 1);
			unsigned less = sizes[i].lg2 < sizes[j].lg2 ? sizes[i].lg2 : sizes[j].lg2;
			struct iom_reply reply;
			struct ats a;

			ats_init(&a, 0, IOM_RISCV_UNCACHED);
			map_size(a.r, a.n.root, true, gpa + in, j, STAGE_FAR);
			/* guest tables lie in the guest's RAM, which is mapped one to one */
			rig_map(a.r, a.n.root, 3, true, RIG_RAM, 2, leaf(RIG_RAM));
			put64(a.r, rig_dc(a.r, GUEST) + 24, stage_mode(3) | a.s1 >> 12);
			map_size(a.r, a.s1, false, iova, i, gpa);
			reply = ats_grants(a.r, GUEST, ats_plain(iova, 0), PERM_RW,
			                   STAGE_FAR + behind);
			CHECK_EQ(reply.range_lg2, less);
			ats_tc(&a, GUEST, ATS_ON | TC_T2GPA);
			reply = ats_grants(a.r, GUEST, ats_plain(iova, 0), PERM_RW, gpa + in);
			CHECK_EQ(reply.range_lg2, less);
			rig_free(a.r);
		}
}

/* No page of messages may lie inside a range: the device would send to it by a wrong address. */
TEST(ats_ranges_spare_message_pages, "RV-ATS-16 RV-MSI-17")
{
	struct ats a;

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	ats_msi(&a, SECOND, 1, (GIB1 + 0x10000) >> 12); /* pages 0x10 and 0x11 of it */
	rig_map(a.r, a.n.root, 3, true, GIB1, 1, leaf(STAGE_FAR));
	for (unsigned t2gpa = 0; t2gpa < 2; t2gpa++) {
		ats_tc(&a, SECOND, ATS_ON | (t2gpa ? TC_T2GPA : 0));
		for (unsigned i = 0; i < 512; i++) {
			const uint64_t gpa = GIB1 + 0x1000 * i;
			struct iom_reply reply;
			unsigned n;

			if (i == 0x10 || i == 0x11) {
				ats_nothing(a.r, SECOND, ats_plain(gpa, 0), "absent file");
				continue;
			}
			reply = ats_grants(a.r, SECOND, ats_plain(gpa, 0), PERM_RW,
			                   t2gpa ? gpa : STAGE_FAR + gpa - GIB1);
			CHECK(reply.range_lg2 <= 21);
			n = reply.range_lg2 - 12;
			CHECK_MSG(i >> n != 0x10u >> n && i >> n != 0x11u >> n, "page %u, 2^%u", i,
			          reply.range_lg2);
		}
	}
	rig_free(a.r);
}

/* Each level of each scheme, alone. */
TEST(ats_ranges_of_all_schemes, "RV-ATS-16")
{
	for (unsigned second = 0; second < 2; second++)
		for (unsigned levels = 3; levels <= 5; levels++) {
			struct stage s;

			stage_init(&s, CAP_ALL_ATS, second, levels, TC_EN_ATS);
			rig_fq(s.r, 4, false);
			for (unsigned level = 0; level < levels; level++) {
				const uint64_t iova = stage_iova(&s, level) & ~0xfffull;
				const uint64_t in = iova & (stage_page_bytes(level) - 1);
				struct iom_reply reply;

				stage_map(&s, iova, level, leaf(STAGE_FAR));
				reply = ats_grants(s.r, STAGE_DEVICE, ats_plain(iova, 0), PERM_RW,
				                   STAGE_FAR + in);
				/* the stage that is Bare passes 1 GiB at a time */
				CHECK_EQ(reply.range_lg2, level < 2 ? 12 + 9 * level : 30);
			}
			rig_free(s.r);
		}
}

TEST(ats_ranges_of_32_bit_tables, "RV-ATS-16")
{
	const uint64_t iova = 0xfedc3000, pa = 0x3edc00000;
	struct rig *r = rig32(CAP_BOTH | CAP_ALL_ATS, 0);
	uint64_t root = page(r);
	struct iom_reply reply;

	rig_dc_put(r, 1, ATS_ON | TC_SXL, 0, 0, MODE_SV32 | root >> 12);
	map32(r, root, false, iova, 1, leaf32(pa), false);
	reply = ats_grants(r, 1, ats_plain(iova, 0), PERM_RW, pa + (iova & 0x3fffff));
	CHECK_EQ(reply.range_lg2, 22);
	map32(r, root, false, 0x1000, 0, leaf32(0x3edcba000), false);
	reply = ats_grants(r, 1, ats_plain(0x1000, 0), PERM_RW, 0x3edcba000);
	CHECK_EQ(reply.range_lg2, 12);
	ats_nothing(r, 1, ats_plain(iova | 1ull << 32, 0), "wider than Sv32");
	rig_free(r);
}
