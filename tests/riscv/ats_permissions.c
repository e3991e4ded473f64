/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What a translation request is granted: both stages' permissions, privilege, A and D. */
#include "ats_rig.h"

#define IOVA 0x12345000ull
#define NW IOM_REQ_NO_WRITE
#define SUPERVISOR IOM_REQ_PRIVILEGED

static const uint64_t kinds[] = {
	PTE_R, PTE_R | PTE_W, PTE_X, PTE_R | PTE_X, PTE_R | PTE_W | PTE_X,
};
#define UAD (PTE_V | PTE_U | PTE_A | PTE_D)

/* What is left of two entries' R, W and X. */
static unsigned both(uint64_t one, uint64_t two, bool execute)
{
	uint64_t common = one & two;

	return (common & PTE_R ? IOM_PERM_READ : 0) | (common & PTE_W ? IOM_PERM_WRITE : 0) |
	       (execute && (common & PTE_R) && (common & PTE_X) ? IOM_PERM_EXECUTE : 0);
}

TEST(ats_permissions_of_both_stages, "RV-ATS-02 RV-ATS-03")
{
	struct ats a;

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	for (unsigned i = 0; i < COUNT(kinds); i++)
		for (unsigned j = 0; j < COUNT(kinds); j++)
			for (unsigned nw = 0; nw <= NW; nw += NW) {
				unsigned perm = both(kinds[i], kinds[j], false);
				unsigned exec = both(kinds[i], kinds[j], true);
				uint64_t spa = a.path.data.spa;

				put64(a.r, a.path.entry[0],
				      PTE_PPN(a.path.data.gpa) | UAD | kinds[i]);
				put64(a.r, a.path.data.leaf, PTE_PPN(spa) | UAD | kinds[j]);
				ats_grants(a.r, GUEST, ats_plain(a.path.iova, nw), perm, spa);
				ats_grants(a.r, GUEST_PROC, ats_pid(a.path.iova, nw, PID), perm,
				           spa);
				ats_grants(a.r, GUEST_PROC, ats_execute(a.path.iova, nw, PID), exec,
				           spa);
			}
	rig_free(a.r);
}

TEST(ats_permissions_of_one_stage, "RV-ATS-02 RV-ATS-03")
{
	struct ats a;

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	for (unsigned i = 0; i < COUNT(kinds); i++) {
		unsigned perm = both(kinds[i], kinds[i], false);
		unsigned exec = both(kinds[i], kinds[i], true);

		rig_map(a.r, a.s1, 3, false, IOVA, 0, PTE_PPN(STAGE_FAR) | UAD | kinds[i]);
		rig_map(a.r, a.n.root, 3, true, IOVA, 0, PTE_PPN(STAGE_FAR) | UAD | kinds[i]);
		ats_grants(a.r, HOST, ats_plain(IOVA, 0), perm, STAGE_FAR);
		ats_grants(a.r, PROC, ats_pid(IOVA, 0, PID), perm, STAGE_FAR);
		ats_grants(a.r, PROC, ats_execute(IOVA, 0, PID), exec, STAGE_FAR);
		ats_grants(a.r, SECOND, ats_plain(IOVA, 0), perm, STAGE_FAR);
	}
	rig_free(a.r);
}

/* Execute is asked for with a PASID only; also where the process is the default one, or no one. */
TEST(ats_execute_only_with_pasid, "RV-ATS-03")
{
	struct ats a;
	struct iom_request without = ats_plain(IOVA, 0);

	without.access = IOM_EXECUTE;
	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	rig_map(a.r, a.s1, 3, false, IOVA, 0, leaf(STAGE_FAR));
	ats_grants(a.r, HOST, without, PERM_RW, STAGE_FAR);
	ats_grants(a.r, BOTH_BARE, without, PERM_RW, IOVA);
	put64(a.r, a.pdt, ram64(a.r, a.pc));
	put64(a.r, a.pdt + 8, ram64(a.r, a.pc + 8));
	ats_tc(&a, PROC, ATS_ON | TC_PDTV | TC_DPE);
	ats_grants(a.r, PROC, without, PERM_RW, STAGE_FAR);
	ats_grants(a.r, PROC, ats_execute(IOVA, 0, 0), PERM_RWX, STAGE_FAR);
	/* a Bare pdtp, and a process whose stage is Bare */
	put64(a.r, a.pc + 8, 0);
	ats_grants(a.r, PROC, ats_execute(IOVA, 0, PID), PERM_RWX, IOVA);
	ats_grants(a.r, PROC, ats_pid(IOVA, 0, PID), PERM_RW, IOVA);
	put64(a.r, rig_dc(a.r, PROC) + 24, 0);
	ats_tc(&a, PROC, ATS_ON | TC_PDTV);
	ats_grants(a.r, PROC, ats_execute(IOVA, 0, PID), PERM_RWX, IOVA);
	ats_grants(a.r, PROC, ats_pid(IOVA, 0, PID), PERM_RW, IOVA);
	ats_grants(a.r, PROC, without, PERM_RW, IOVA);
	rig_free(a.r);
}

TEST(ats_privilege, "RV-ATS-09 RV-ATS-10 RV-ATS-19")
{
	struct ats a;
	struct iom_reply reply;

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	for (unsigned sum = 0; sum < 2; sum++) {
		put64(a.r, a.pc, PC_V | PC_ENS | (sum ? PC_SUM : 0) | PSCID(9));
		/* a user's page */
		rig_map(a.r, a.s1, 3, false, IOVA, 0, leaf(STAGE_FAR));
		reply = ats_grants(a.r, PROC, ats_execute(IOVA, 0, PID), PERM_RWX, STAGE_FAR);
		CHECK_EQ(reply.ats & IOM_ATS_PRIVILEGED, 0);
		if (sum) {
			reply = ats_grants(a.r, PROC, ats_pid(IOVA, SUPERVISOR, PID), PERM_RW,
			                   STAGE_FAR);
			CHECK_EQ(reply.ats & IOM_ATS_PRIVILEGED, IOM_ATS_PRIVILEGED);
		} else {
			ats_nothing(a.r, PROC, ats_pid(IOVA, SUPERVISOR, PID), "SUM=0");
		}
		ats_nothing(a.r, PROC, ats_execute(IOVA, SUPERVISOR, PID), "execute of U=1");
		/* a supervisor's */
		rig_map(a.r, a.s1, 3, false, IOVA, 0, leaf(STAGE_FAR) & ~PTE_U);
		ats_nothing(a.r, PROC, ats_pid(IOVA, 0, PID), "user");
		ats_nothing(a.r, PROC, ats_execute(IOVA, 0, PID), "user");
		reply = ats_grants(a.r, PROC, ats_execute(IOVA, SUPERVISOR, PID), PERM_RWX,
		                   STAGE_FAR);
		CHECK_EQ(reply.ats & IOM_ATS_PRIVILEGED, IOM_ATS_PRIVILEGED);
		reply = ats_grants(a.r, PROC, ats_pid(IOVA, SUPERVISOR, PID), PERM_RW, STAGE_FAR);
		CHECK_EQ(reply.ats & IOM_ATS_PRIVILEGED, IOM_ATS_PRIVILEGED);
	}
	rig_free(a.r);
}

/* The second stage asks for U of everybody; without PASID there is no supervisor. */
TEST(ats_privilege_elsewhere, "RV-ATS-09 RV-ATS-19")
{
	struct ats a;
	struct iom_reply reply;

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	rig_map(a.r, a.s1, 3, false, IOVA, 0, leaf(STAGE_FAR) & ~PTE_U);
	ats_nothing(a.r, HOST, ats_plain(IOVA, 0), "user");
	ats_nothing(a.r, HOST, ats_plain(IOVA, SUPERVISOR), "no supervisor without PASID");
	rig_map(a.r, a.s1, 3, false, IOVA, 0, leaf(STAGE_FAR));
	reply = ats_grants(a.r, HOST, ats_plain(IOVA, SUPERVISOR), PERM_RW, STAGE_FAR);
	CHECK_EQ(reply.ats, 0);
	reply = ats_grants(a.r, BOTH_BARE, ats_plain(IOVA, SUPERVISOR), PERM_RW, IOVA);
	CHECK_EQ(reply.ats, 0);

	put64(a.r, a.gpc, PC_V | PC_ENS | PC_SUM);
	reply = ats_grants(a.r, GUEST_PROC, ats_pid(a.path.iova, SUPERVISOR, PID), PERM_RW,
	                   a.path.data.spa);
	CHECK_EQ(reply.ats, IOM_ATS_PRIVILEGED);
	put64(a.r, a.path.data.leaf, leaf(a.path.data.spa) & ~PTE_U);
	ats_nothing(a.r, GUEST_PROC, ats_pid(a.path.iova, SUPERVISOR, PID), "U=0 behind");
	/* a Bare stage lets everybody pass, and says for whom */
	put64(a.r, a.pc, PC_V | PC_ENS);
	put64(a.r, a.pc + 8, 0);
	reply = ats_grants(a.r, PROC, ats_execute(IOVA, SUPERVISOR, PID), PERM_RWX, IOVA);
	CHECK_EQ(reply.ats, IOM_ATS_PRIVILEGED);
	put64(a.r, rig_dc(a.r, PROC) + 24, 0);
	reply = ats_grants(a.r, PROC, ats_pid(IOVA, SUPERVISOR, PID), PERM_RW, IOVA);
	CHECK_EQ(reply.ats, IOM_ATS_PRIVILEGED);
	reply = ats_grants(a.r, PROC, ats_pid(IOVA, 0, PID), PERM_RW, IOVA);
	CHECK_EQ(reply.ats, 0);
	/* DPE's process is a user, whatever the request says */
	put64(a.r, a.path.data.leaf, leaf(a.path.data.spa));
	put64(a.r, a.gpdt.spa, PC_V | PC_ENS);
	put64(a.r, a.gpdt.spa + 8, a.path.fsc);
	ats_tc(&a, GUEST_PROC, ATS_ON | TC_PDTV | TC_DPE);
	reply = ats_grants(a.r, GUEST_PROC, ats_plain(a.path.iova, SUPERVISOR), PERM_RW,
	                   a.path.data.spa);
	CHECK_EQ(reply.ats, 0);
	rig_free(a.r);
}

/* ---- A and D ------------------------------------------------------------------------------ */

/* One request for a page of `pte`: what it grants, and what the entry holds then. */
static void update(struct ats *a, uint32_t device, uint64_t entry, unsigned nw, uint64_t was,
                   uint64_t now, unsigned perm)
{
	struct iom_reply reply;

	put64(a->r, entry, PTE_PPN(STAGE_FAR) | was);
	reply = ats_ask(a->r, device, ats_plain(IOVA, nw));
	CHECK_MSG(reply.perm == perm, "entry 0x%llx, NW=%u: %u instead of %u",
	          (unsigned long long)was, nw != 0, reply.perm, perm);
	CHECK_EQ(ram64(a->r, entry), PTE_PPN(STAGE_FAR) | now);
}

TEST(ats_updates_of_one_stage, "RV-ATS-11 RV-ATS-12 RV-ATS-13 RV-ATS-14 RV-ATS-15")
{
	const uint64_t ro = PTE_V | PTE_R | PTE_U, rw = ro | PTE_W, A = PTE_A, D = PTE_D;
	struct ats a;
	const struct {
		uint32_t device;
		uint64_t root, ade;
	} stages[] = { { HOST, 0, TC_SADE }, { SECOND, 1, TC_GADE } };

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	for (unsigned i = 0; i < 2; i++) {
		const uint32_t d = stages[i].device;
		uint64_t e = rig_map(a.r, stages[i].root ? a.n.root : a.s1, 3, stages[i].root, IOVA,
		                     0, 0);

		/* the bits belong to software */
		update(&a, d, e, 0, rw | A | D, rw | A | D, PERM_RW);
		update(&a, d, e, NW, rw | A | D, rw | A | D, PERM_RW);
		update(&a, d, e, 0, rw | A, rw | A, 0);
		update(&a, d, e, NW, rw | A, rw | A, PERM_R);
		update(&a, d, e, 0, rw | D, rw | D, 0);
		update(&a, d, e, NW, rw | D, rw | D, 0);
		update(&a, d, e, 0, rw, rw, 0);
		update(&a, d, e, 0, ro | A, ro | A, PERM_R);
		update(&a, d, e, NW, ro | A, ro | A, PERM_R);
		update(&a, d, e, 0, ro, ro, 0);
		/* they are set for it */
		ats_tc(&a, d, ATS_ON | stages[i].ade);
		update(&a, d, e, 0, rw | A | D, rw | A | D, PERM_RW);
		update(&a, d, e, 0, rw | A, rw | A | D, PERM_RW);
		update(&a, d, e, 0, rw | D, rw | A | D, PERM_RW);
		update(&a, d, e, 0, rw, rw | A | D, PERM_RW);
		update(&a, d, e, NW, rw | A, rw | A, PERM_R);
		update(&a, d, e, NW, rw | A | D, rw | A | D, PERM_RW);
		update(&a, d, e, NW, rw, rw | A, PERM_R);
		update(&a, d, e, NW, rw | D, rw | A | D, PERM_RW);
		update(&a, d, e, 0, ro, ro | A, PERM_R);
		update(&a, d, e, 0, ro | A, ro | A, PERM_R);
		update(&a, d, e, NW, ro, ro | A, PERM_R);
		/* nothing is set where the page is refused */
		update(&a, d, e, 0, rw & ~PTE_U, rw & ~PTE_U, 0);
		update(&a, d, e, 0, (rw & ~PTE_R), (rw & ~PTE_R), 0);
	}
	rig_free(a.r);
}

/* Both stages have a page that may be written, and either may let its D be set. */
TEST(ats_updates_of_both_stages, "RV-ATS-11 RV-ATS-12 RV-ATS-13")
{
	struct ats a;

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	for (unsigned bits = 0; bits < 32; bits++) {
		const uint64_t d1 = bits & 1 ? PTE_D : 0, d2 = bits & 2 ? PTE_D : 0;
		const bool sade = bits & 4, gade = bits & 8, nw = bits & 16;
		const uint64_t one = leaf(a.path.data.gpa) & ~PTE_D;
		const uint64_t two = leaf(a.path.data.spa) & ~PTE_D;
		struct iom_reply reply;

		ats_tc(&a, GUEST, ATS_ON | (sade ? TC_SADE : 0) | (gade ? TC_GADE : 0));
		put64(a.r, a.path.entry[0], one | d1);
		put64(a.r, a.path.data.leaf, two | d2);
		reply = ats_ask(a.r, GUEST, ats_plain(a.path.iova, nw ? NW : 0));
		if (nw) {
			CHECK_EQ(reply.perm, d1 && d2 ? PERM_RW : PERM_R);
			CHECK_EQ(ram64(a.r, a.path.entry[0]), one | d1);
			CHECK_EQ(ram64(a.r, a.path.data.leaf), two | d2);
		} else if ((d1 || sade) && (d2 || gade)) {
			CHECK_EQ(reply.perm, PERM_RW);
			CHECK_EQ(ram64(a.r, a.path.entry[0]), one | PTE_D);
			CHECK_EQ(ram64(a.r, a.path.data.leaf), two | PTE_D);
		} else {
			CHECK_MSG(reply.perm == 0, "bits %u: %u", bits, reply.perm);
			CHECK_EQ(ram64(a.r, a.path.data.leaf), two | d2);
		}
	}
	rig_free(a.r);
}

/* What the first stage does not let be written is not written in the second: D is neither due nor set. */
TEST(ats_no_write_behind_a_read_only_page, "RV-ATS-14")
{
	struct ats a;

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	for (unsigned bits = 0; bits < 4; bits++) {
		const uint64_t one = leaf(a.path.data.gpa) & ~(PTE_W | PTE_D);
		const uint64_t two = leaf(a.path.data.spa) & ~PTE_D;

		ats_tc(&a, GUEST, ATS_ON | (bits & 1 ? TC_SADE : 0) | (bits & 2 ? TC_GADE : 0));
		put64(a.r, a.path.entry[0], one);
		put64(a.r, a.path.data.leaf, two);
		ats_grants(a.r, GUEST, ats_plain(a.path.iova, 0), PERM_R, a.path.data.spa);
		CHECK_EQ(ram64(a.r, a.path.entry[0]), one);
		CHECK_EQ(ram64(a.r, a.path.data.leaf), two);
	}
	rig_free(a.r);
}

/* ---- Pages that tables lie in ------------------------------------------------------------- */

TEST(ats_implicit_reads, "RV-ATS-33")
{
	struct ats a;
	struct guest_page *const tables[] = { &a.path.table[0], &a.path.table[1], &a.path.table[2],
		                              &a.gpdt };

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	for (unsigned i = 0; i < COUNT(tables); i++) {
		uint64_t whole = leaf(tables[i]->spa);

		put64(a.r, tables[i]->leaf, whole & ~(PTE_R | PTE_W));
		ats_nothing(a.r, GUEST_PROC, ats_pid(a.path.iova, 0, PID), "a table without R");
		ats_nothing(a.r, GUEST_PROC, ats_execute(a.path.iova, 0, PID), "without R");
		if (i < 3)
			ats_nothing(a.r, GUEST, ats_plain(a.path.iova, NW), "without R");
		/* R is all that reading needs */
		put64(a.r, tables[i]->leaf, whole & ~(PTE_W | PTE_X | PTE_D));
		ats_grants(a.r, GUEST_PROC, ats_pid(a.path.iova, 0, PID), PERM_RW, a.path.data.spa);
		ats_grants(a.r, GUEST_PROC, ats_execute(a.path.iova, 0, PID), PERM_RWX,
		           a.path.data.spa);
		/* D is not set by it, nor A missed */
		put64(a.r, tables[i]->leaf, whole & ~PTE_A);
		ats_nothing(a.r, GUEST_PROC, ats_pid(a.path.iova, 0, PID), "a table without A");
		ats_tc(&a, GUEST_PROC, ATS_ON | TC_PDTV | TC_GADE);
		put64(a.r, tables[i]->leaf, whole & ~(PTE_A | PTE_D));
		ats_grants(a.r, GUEST_PROC, ats_pid(a.path.iova, 0, PID), PERM_RW, a.path.data.spa);
		CHECK_EQ(ram64(a.r, tables[i]->leaf), whole & ~PTE_D);
		ats_tc(&a, GUEST_PROC, ATS_ON | TC_PDTV);
		put64(a.r, tables[i]->leaf, whole);
	}
	rig_free(a.r);
}

/* Storing A or D in a guest's table is a store: W, and D. */
TEST(ats_implicit_stores, "RV-ATS-33 RV-ATS-12")
{
	struct ats a;
	uint64_t whole, none;

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	whole = leaf(a.path.table[0].spa);
	none = leaf(a.path.data.gpa) & ~PTE_D;
	ats_tc(&a, GUEST, ATS_ON | TC_SADE);
	for (unsigned i = 0; i < 2; i++) {
		put64(a.r, a.path.table[0].leaf, whole & ~(i ? PTE_W : PTE_D));
		put64(a.r, a.path.entry[0], none);
		ats_nothing(a.r, GUEST, ats_plain(a.path.iova, 0), "the table cannot be written");
		CHECK_EQ(ram64(a.r, a.path.entry[0]), none);
		ats_grants(a.r, GUEST, ats_plain(a.path.iova, NW), PERM_R, a.path.data.spa);
		put64(a.r, a.path.entry[0], none | PTE_D);
		ats_grants(a.r, GUEST, ats_plain(a.path.iova, 0), PERM_RW, a.path.data.spa);
	}
	ats_tc(&a, GUEST, ATS_ON | TC_SADE | TC_GADE);
	put64(a.r, a.path.table[0].leaf, whole & ~PTE_D);
	put64(a.r, a.path.entry[0], none);
	ats_grants(a.r, GUEST, ats_plain(a.path.iova, 0), PERM_RW, a.path.data.spa);
	CHECK_EQ(ram64(a.r, a.path.entry[0]), none | PTE_D);
	CHECK_EQ(ram64(a.r, a.path.table[0].leaf), whole);
	rig_free(a.r);
}
