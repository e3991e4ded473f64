/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What else an answer says: guest-physical addresses, Global, CXL.io, message pages. */
#include "ats_rig.h"

#define IOVA 0x12345000ull

/* ---- Guest-physical addresses ------------------------------------------------------------- */

TEST(ats_t2gpa, "RV-ATS-17 RV-ATS-18")
{
	for (unsigned flags = 0; flags <= IOM_RISCV_UNCACHED; flags += IOM_RISCV_UNCACHED) {
		struct ats a;

		ats_init(&a, 0, flags);
		ats_tc(&a, SECOND, ATS_ON | TC_T2GPA);
		ats_tc(&a, GUEST_PROC, ATS_ON | TC_T2GPA | TC_PDTV);
		/* GUEST has the same tables under the same names, without T2GPA */
		put64(a.r, a.gpc, PC_V | PSCID(3));
		for (unsigned i = 0; i < 3; i++) {
			const uint64_t iova = a.path.iova, gpa = a.path.data.gpa;
			const uint64_t spa = a.path.data.spa;

			ats_grants(a.r, GUEST, ats_plain(iova, 0), PERM_RW, spa);
			CHECK_EQ(rig_cause_pid(a.r, GUEST_PROC, iova, IOM_WRITE, PID, false), 0);
			ats_grants(a.r, GUEST_PROC, ats_pid(iova, 0, PID), PERM_RW, gpa);
			ats_grants(a.r, GUEST_PROC, ats_execute(iova, 0, PID), PERM_RWX, gpa);
			CHECK_EQ(rig_spa(a.r, SECOND, gpa), spa);
			ats_grants(a.r, SECOND, ats_plain(gpa, 0), PERM_RW, gpa);
			CHECK_EQ(rig_spa(a.r, SECOND, gpa), spa);
			CHECK_EQ(rig_spa(a.r, GUEST, iova), spa);
		}
		rig_free(a.r);
	}
}

/* The same context, whose T2GPA changes under what is cached. */
TEST(ats_t2gpa_from_the_cache, "RV-ATS-17")
{
	struct ats a;
	const struct iom_request untranslated = { .bytes = 8, .access = IOM_WRITE };
	struct iom_request q;
	struct iom_port *port;
	struct iom_reply reply;

	ats_init(&a, 0, 0);
	rig_cq(a.r, 4, false);
	ats_tc(&a, GUEST, ATS_ON | TC_T2GPA);
	port = rig_port(a.r, GUEST);
	for (unsigned i = 0; i < 6; i++) {
		iom_begin(a.r->lane);
		q = untranslated;
		q.iova = a.path.iova;
		CHECK_EQ(iom_translate(port, &q, &reply), IOM_OK);
		CHECK_EQ(reply.spa, a.path.data.spa);
		q = ats_plain(a.path.iova, 0);
		CHECK_EQ(iom_translate(port, &q, &reply), IOM_OK);
		CHECK_EQ(reply.spa, i < 3 ? a.path.data.gpa : a.path.data.spa);
		iom_end(a.r->lane);
		if (i == 2) {
			ats_tc(&a, GUEST, ATS_ON);
			rig_cmd(a.r, INVAL_DDT, 0);
			rig_cmd(a.r, FENCE, 0);
		}
	}
	rig_free(a.r);
}

TEST(ats_t2gpa_walks_the_second_stage, "RV-ATS-18 RV-ATS-02")
{
	struct ats a;

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	ats_tc(&a, GUEST, ATS_ON | TC_T2GPA);
	put64(a.r, a.path.data.leaf, leaf(a.path.data.spa) & ~(PTE_W | PTE_X));
	ats_grants(a.r, GUEST, ats_plain(a.path.iova, 0), PERM_R, a.path.data.gpa);
	put64(a.r, a.path.data.leaf, leaf(a.path.data.spa) & ~PTE_U);
	ats_nothing(a.r, GUEST, ats_plain(a.path.iova, 0), "U=0");
	put64(a.r, a.path.data.leaf, leaf(a.path.data.spa) & ~PTE_A);
	ats_nothing(a.r, GUEST, ats_plain(a.path.iova, 0), "A=0");
	put64(a.r, a.path.data.leaf, 0);
	ats_nothing(a.r, GUEST, ats_plain(a.path.iova, 0), "not mapped");
	/* A and D are set as ever */
	ats_tc(&a, GUEST, ATS_ON | TC_T2GPA | TC_GADE);
	put64(a.r, a.path.data.leaf, leaf(a.path.data.spa) & ~(PTE_A | PTE_D));
	ats_grants(a.r, GUEST, ats_plain(a.path.iova, 0), PERM_RW, a.path.data.gpa);
	CHECK_EQ(ram64(a.r, a.path.data.leaf), leaf(a.path.data.spa));
	rig_map(a.r, a.n.root, 3, true, a.path.data.gpa, 1, PTE_POINTER(RIG_NOWHERE));
	ats_refused(a.r, GUEST, ats_plain(a.path.iova, 0), IOM_ABORT, 5, true);
	rig_free(a.r);
}

/* ---- Global ------------------------------------------------------------------------------- */

static unsigned global(struct ats *a, uint32_t device, struct iom_request q)
{
	struct iom_reply reply = ats_ask(a->r, device, q);

	CHECK(reply.perm);
	CHECK_EQ(reply.ats & ~IOM_ATS_GLOBAL, 0);
	return reply.ats;
}

TEST(ats_global, "RV-ATS-20 RV-S1-35")
{
	struct ats a;
	uint64_t top;

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	put64(a.r, a.pdt, ram64(a.r, a.pc));
	put64(a.r, a.pdt + 8, ram64(a.r, a.pc + 8));
	for (unsigned level = 0; level < 4; level++) {
		/* G in the leaf, or in what leads to it; 3: nowhere */
		rig_map(a.r, a.s1, 3, false, IOVA, 0, leaf(STAGE_FAR));
		top = a.s1 + 8 * (IOVA >> 30);
		for (unsigned i = 3; i-- > 0;) {
			uint64_t entry =
				i == 2   ? top
				: i == 1 ? (ram64(a.r, top) >> 10 << 12) + 8 * (IOVA >> 21 & 0x1ff)
					 : 0;

			if (!i)
				rig_map(a.r, a.s1, 3, false, IOVA, 0,
				        leaf(STAGE_FAR) | (level == 0 ? PTE_G : 0));
			else
				put64(a.r, entry,
				      (ram64(a.r, entry) & ~PTE_G) | (level == i ? PTE_G : 0));
		}
		ats_tc(&a, PROC, ATS_ON | TC_PDTV);
		CHECK_EQ(global(&a, PROC, ats_pid(IOVA, 0, PID)), level < 3 ? IOM_ATS_GLOBAL : 0);
		CHECK_EQ(global(&a, HOST, ats_plain(IOVA, 0)), 0);
		ats_tc(&a, PROC, ATS_ON | TC_PDTV | TC_DPE);
		CHECK_EQ(global(&a, PROC, ats_plain(IOVA, 0)), 0);
		CHECK_EQ(global(&a, PROC, ats_pid(IOVA, 0, 0)), level < 3 ? IOM_ATS_GLOBAL : 0);
	}
	rig_free(a.r);
}

TEST(ats_global_is_of_the_first_stage, "RV-ATS-20 RV-S2-08")
{
	for (unsigned flags = 0; flags <= IOM_RISCV_BARE_GLOBAL; flags += IOM_RISCV_BARE_GLOBAL) {
		const unsigned bare = flags ? IOM_ATS_GLOBAL : 0;
		struct ats a;

		ats_init(&a, 0, IOM_RISCV_UNCACHED | flags);
		put64(a.r, a.path.data.leaf, leaf(a.path.data.spa) | PTE_G);
		CHECK_EQ(global(&a, GUEST_PROC, ats_pid(a.path.iova, 0, PID)), 0);
		put64(a.r, a.path.entry[0], leaf(a.path.data.gpa) | PTE_G);
		CHECK_EQ(global(&a, GUEST_PROC, ats_pid(a.path.iova, 0, PID)), IOM_ATS_GLOBAL);
		CHECK_EQ(global(&a, GUEST, ats_plain(a.path.iova, 0)), 0);
		/* nobody's first stage */
		put64(a.r, a.pc + 8, 0);
		CHECK_EQ(global(&a, PROC, ats_pid(IOVA, 0, PID)), bare);
		CHECK_EQ(global(&a, PROC, ats_plain(IOVA, 0)), 0);
		CHECK_EQ(global(&a, BOTH_BARE, ats_plain(IOVA, 0)), 0);
		put64(a.r, a.gpc + 8, 0);
		CHECK_EQ(global(&a, GUEST_PROC, ats_pid(a.path.data.gpa, 0, PID)), bare);
		rig_free(a.r);
	}
}

/* ---- CXL ---------------------------------------------------------------------------------- */

TEST(ats_cxl_io, "RV-ATS-22")
{
	for (unsigned cxl = 0; cxl <= IOM_REQ_CXL; cxl += IOM_REQ_CXL) {
		const unsigned io = cxl ? IOM_ATS_CXL_IO : 0;
		struct ats a;
		uint64_t table;

		ats_init(&a, 0, IOM_RISCV_UNCACHED);
		for (unsigned pbmt = 0; pbmt < 3; pbmt++) {
			const uint64_t gpa = a.path.data.gpa;

			rig_map(a.r, a.s1, 3, false, IOVA, 0, leaf(STAGE_FAR) | PTE_PBMT(pbmt));
			CHECK_EQ(ats_ask(a.r, HOST, ats_plain(IOVA, cxl)).ats, pbmt ? io : 0);
			put64(a.r, a.path.data.leaf, leaf(a.path.data.spa) | PTE_PBMT(pbmt));
			CHECK_EQ(ats_ask(a.r, SECOND, ats_plain(gpa, cxl)).ats, pbmt ? io : 0);
			CHECK_EQ(ats_ask(a.r, GUEST, ats_plain(a.path.iova, cxl)).ats,
			         pbmt ? io : 0);
		}
		put64(a.r, a.path.data.leaf, leaf(a.path.data.spa));
		CHECK_EQ(ats_ask(a.r, SECOND, ats_plain(a.path.data.gpa, cxl)).ats, 0);
		ats_tc(&a, SECOND, ATS_ON | TC_T2GPA);
		CHECK_EQ(ats_ask(a.r, SECOND, ats_plain(a.path.data.gpa, cxl)).ats, io);
		ats_tc(&a, SECOND, ATS_ON);
		table = ats_msi(&a, SECOND, 0, 0x28000);
		put64(a.r, table, PTE_PPN(STAGE_FAR) | 7);
		CHECK_EQ(ats_ask(a.r, SECOND, ats_plain(0x28000000, cxl)).ats, io);
		rig_free(a.r);
	}
}

/* ---- Message pages ------------------------------------------------------------------------ */

TEST(ats_message_page, "RV-ATS-23 RV-ATS-17")
{
	const uint64_t perms[] = { PTE_R, PTE_R | PTE_W, PTE_R | PTE_W | PTE_X };
	struct ats a;
	uint64_t table, gpa;

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	gpa = a.path.data.gpa;
	/* what the second stage says of the page does not count */
	put64(a.r, a.path.data.leaf, 0);
	table = ats_msi(&a, GUEST_PROC, 0, gpa >> 12);
	put64(a.r, table, PTE_PPN(STAGE_FAR) | 7);
	table = ats_msi(&a, SECOND, 0, gpa >> 12);
	put64(a.r, table, PTE_PPN(STAGE_FAR) | 7);
	for (unsigned t2gpa = 0; t2gpa < 2; t2gpa++) {
		const uint64_t to = t2gpa ? gpa : STAGE_FAR;
		struct iom_reply reply;

		ats_tc(&a, GUEST_PROC, ATS_ON | TC_PDTV | (t2gpa ? TC_T2GPA : 0));
		ats_tc(&a, SECOND, ATS_ON | (t2gpa ? TC_T2GPA : 0));
		for (unsigned i = 0; i < COUNT(perms); i++) {
			const unsigned perm = perms[i] & PTE_W ? PERM_RW : PERM_R;
			const uint64_t pte = PTE_PPN(gpa) | PTE_V | PTE_U | PTE_A | PTE_D | PTE_G;

			put64(a.r, a.path.entry[0], pte | perms[i]);
			reply = ats_grants(a.r, GUEST_PROC, ats_pid(a.path.iova, 0, PID), perm, to);
			CHECK_EQ(reply.ats, 0);
			CHECK_EQ(reply.range_lg2, 12);
			CHECK_EQ(reply.target, IOM_TARGET_MEMORY);
			reply = ats_grants(a.r, GUEST_PROC, ats_execute(a.path.iova, 0, PID), perm,
			                   to);
			CHECK_EQ(reply.ats, 0);
		}
		put64(a.r, a.gpc, PC_V | PC_ENS | PC_SUM);
		reply = ats_grants(a.r, GUEST_PROC, ats_pid(a.path.iova, IOM_REQ_PRIVILEGED, PID),
		                   PERM_RW, to);
		CHECK_EQ(reply.ats, IOM_ATS_PRIVILEGED);
		reply = ats_grants(a.r, SECOND, ats_plain(gpa, 0), PERM_RW, to);
		CHECK_EQ(reply.ats, 0);
		CHECK_EQ(reply.range_lg2, 12);
	}
	/* the first stage's A and D */
	put64(a.r, a.path.entry[0], leaf(gpa) & ~PTE_D);
	ats_nothing(a.r, GUEST_PROC, ats_pid(a.path.iova, 0, PID), "D=0");
	ats_grants(a.r, GUEST_PROC, ats_pid(a.path.iova, IOM_REQ_NO_WRITE, PID), PERM_R, gpa);
	rig_free(a.r);
}

/* The device is told to go on with untranslated requests, which the interrupt file is for. */
TEST(ats_interrupt_file_in_memory, "RV-ATS-24")
{
	struct ats a;
	uint64_t file;

	if (!ats_builds(CAP_ALL_ATS | CAP_MSI_MRIF))
		skip();
	ats_init(&a, CAP_ALL_ATS | CAP_MSI_MRIF, IOM_RISCV_UNCACHED);
	file = page(a.r);
	for (unsigned t2gpa = 0; t2gpa < 2; t2gpa++) {
		const uint64_t gpa = a.path.data.gpa;
		uint64_t table = ats_msi(&a, GUEST_PROC, 0, gpa >> 12);
		struct iom_reply reply;

		ats_tc(&a, GUEST_PROC, ATS_ON | TC_PDTV | (t2gpa ? TC_T2GPA : 0));
		put64(a.r, table, file >> 9 << 7 | 3);
		put64(a.r, table + 8, PTE_PPN(STAGE_FAR) | 5);
		put64(a.r, a.path.entry[0], leaf(gpa) | PTE_G);
		reply = ats_ask(a.r, GUEST_PROC, ats_execute(a.path.iova, 0, PID));
		CHECK_EQ(reply.perm, PERM_RW);
		CHECK_EQ(reply.ats, IOM_ATS_UNTRANSLATED);
		CHECK_EQ(reply.range_lg2, 12);
		put64(a.r, a.path.entry[0], leaf(gpa) & ~PTE_W);
		reply = ats_ask(a.r, GUEST_PROC, ats_pid(a.path.iova, 0, PID));
		CHECK_EQ(reply.perm, PERM_R);
		CHECK_EQ(reply.ats, IOM_ATS_UNTRANSLATED);
	}
	rig_free(a.r);
}
