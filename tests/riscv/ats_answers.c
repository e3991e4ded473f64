/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Which answer a translation request gets: Success, Success that grants nothing, Completer Abort,
 * Unsupported Request, and what is recorded of it.
 */
#include "ats_rig.h"

#define IOVA 0x12345000ull
#define CA IOM_ABORT
#define UR IOM_UNSUPPORTED

/* An untranslated write would be refused for these, and so the address is not good for anything. */
static const struct {
	uint64_t pte;
	const char *why;
} bad[] = {
	{ 0xdf & ~PTE_V, "V=0" },
	{ 0xdf & ~PTE_R, "W without R" },
	{ 0xdf & ~(PTE_R | PTE_X), "W alone" },
	{ 0xdf & ~(PTE_R | PTE_W | PTE_X | PTE_A | PTE_D | PTE_U), "pointer at level 0" },
	{ 0xdf | 1ull << 54, "bit 54" },
	{ 0xdf | 1ull << 60, "bit 60" },
	{ 0xdf | PTE_PBMT(3), "PBMT=3" },
	{ 0xdf & ~PTE_U, "U=0" },
	{ 0xdf & ~PTE_A, "A=0" },
};

TEST(ats_plain_page, "RV-ATS-01 RV-ATS-21")
{
	struct ats a;
	const unsigned nw[] = { 0, IOM_REQ_NO_WRITE };

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	rig_map(a.r, a.s1, 3, false, IOVA, 0, leaf(STAGE_FAR));
	for (unsigned i = 0; i < 2; i++) {
		struct iom_reply reply;

		reply = ats_grants(a.r, HOST, ats_plain(IOVA, nw[i]), PERM_RW, STAGE_FAR);
		CHECK_EQ(reply.ats, 0);
		CHECK_EQ(reply.range_lg2, 12);
		CHECK_EQ(reply.target, IOM_TARGET_MEMORY);
		reply = ats_grants(a.r, PROC, ats_pid(IOVA, nw[i], PID), PERM_RW, STAGE_FAR);
		CHECK_EQ(reply.ats, 0);
		ats_grants(a.r, GUEST, ats_plain(a.path.iova, nw[i]), PERM_RW, a.path.data.spa);
		ats_grants(a.r, SECOND, ats_plain(a.path.data.gpa, nw[i]), PERM_RW,
		           a.path.data.spa);
		ats_grants(a.r, GUEST_PROC, ats_pid(a.path.iova, nw[i], PID), PERM_RW,
		           a.path.data.spa);
		ats_grants(a.r, BOTH_BARE, ats_plain(IOVA, nw[i]), PERM_RW, IOVA);
	}
	ats_grants(a.r, HOST, ats_plain(IOVA + 0x128, 0), PERM_RW, STAGE_FAR + 0x128);
	/* Whether the page may be written does not depend on what is wanted of it. */
	rig_map(a.r, a.s1, 3, false, IOVA, 0, leaf(STAGE_FAR) & ~PTE_W);
	for (unsigned i = 0; i < 2; i++)
		ats_grants(a.r, HOST, ats_plain(IOVA, nw[i]), PERM_R, STAGE_FAR);
	rig_free(a.r);
}

TEST(ats_page_faults_grant_nothing, "RV-ATS-04 RV-ATS-09 RV-ATS-15")
{
	struct ats a;

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	for (unsigned i = 0; i < COUNT(bad); i++) {
		uint64_t data = PPN_OF(a.path.data.spa) | bad[i].pte;
		uint64_t entry;

		rig_map(a.r, a.s1, 3, false, IOVA, 0, data);
		ats_nothing(a.r, HOST, ats_plain(IOVA, 0), bad[i].why);
		ats_nothing(a.r, HOST, ats_plain(IOVA, IOM_REQ_NO_WRITE), bad[i].why);
		ats_nothing(a.r, PROC, ats_pid(IOVA, 0, PID), bad[i].why);
		ats_nothing(a.r, PROC, ats_execute(IOVA, IOM_REQ_NO_WRITE, PID), bad[i].why);
		/* the page itself, in the second stage */
		put64(a.r, a.path.data.leaf, data);
		ats_nothing(a.r, GUEST, ats_plain(a.path.iova, 0), bad[i].why);
		ats_nothing(a.r, SECOND, ats_plain(a.path.data.gpa, 0), bad[i].why);
		ats_nothing(a.r, GUEST_PROC, ats_execute(a.path.iova, 0, PID), bad[i].why);
		put64(a.r, a.path.data.leaf, leaf(a.path.data.spa));
		/* each first-stage table, in the second stage */
		for (unsigned level = 0; level < 3; level++) {
			entry = ram64(a.r, a.path.table[level].leaf);
			put64(a.r, a.path.table[level].leaf, (entry & ~0xffull) | bad[i].pte);
			ats_nothing(a.r, GUEST, ats_plain(a.path.iova, 0), bad[i].why);
			ats_nothing(a.r, GUEST_PROC, ats_execute(a.path.iova, 0, PID), bad[i].why);
			put64(a.r, a.path.table[level].leaf, entry);
		}
		/* the page of process contexts, in the second stage */
		entry = ram64(a.r, a.gpdt.leaf);
		put64(a.r, a.gpdt.leaf, (entry & ~0xffull) | bad[i].pte);
		ats_nothing(a.r, GUEST_PROC, ats_pid(a.path.iova, 0, PID), bad[i].why);
		ats_nothing(a.r, GUEST_PROC, ats_execute(a.path.iova, 0, PID), bad[i].why);
		put64(a.r, a.gpdt.leaf, entry);
		ats_grants(a.r, GUEST_PROC, ats_pid(a.path.iova, 0, PID), PERM_RW, a.path.data.spa);
	}
	/* higher levels, and addresses that no table can hold */
	ats_nothing(a.r, HOST, ats_plain(0x3fc0000000, 0), "no table");
	ats_nothing(a.r, HOST, ats_plain(1ull << 38, 0), "not canonical");
	ats_nothing(a.r, HOST, ats_plain(1ull << 63, 0), "not canonical");
	ats_nothing(a.r, SECOND, ats_plain(1ull << 41, 0), "wider than Sv39x4");
	ats_nothing(a.r, SECOND, ats_plain(1ull << 40, 0), "no table");
	rig_map(a.r, a.s1, 3, false, IOVA, 0, leaf(STAGE_FAR) | PTE_N);
	ats_nothing(a.r, HOST, ats_plain(IOVA, 0), "NAPOT of an unknown size");
	rig_map(a.r, a.s1, 3, false, 0x40000000, 2, leaf(0x40001000));
	ats_nothing(a.r, HOST, ats_plain(0x40000000, 0), "misaligned superpage");
	rig_free(a.r);
}

TEST(ats_absent_process_or_file_grants_nothing, "RV-ATS-05")
{
	struct ats a;
	uint64_t table;

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	rig_map(a.r, a.s1, 3, false, IOVA, 0, leaf(STAGE_FAR));
	ats_grants(a.r, PROC, ats_pid(IOVA, 0, PID), PERM_RW, STAGE_FAR);
	ats_nothing(a.r, PROC, ats_pid(IOVA, 0, PID + 1), "PC.V=0");
	ats_nothing(a.r, GUEST_PROC, ats_pid(a.path.iova, 0, PID + 1), "PC.V=0");
	/* V=0 comes before all that is wrong beside it */
	put64(a.r, a.pc, ~1ull);
	ats_nothing(a.r, PROC, ats_pid(IOVA, 0, PID), "PC.V=0");
	ats_nothing(a.r, PROC, ats_execute(IOVA, IOM_REQ_PRIVILEGED, PID), "PC.V=0");
	put64(a.r, rig_dc(a.r, PROC) + 24, MODE(PD17) | page(a.r) >> 12);
	ats_nothing(a.r, PROC, ats_pid(IOVA, 0, PID), "pointer of the PDT with V=0");
	/* the same for the process that requests without one have */
	ats_tc(&a, PROC, ATS_ON | TC_PDTV | TC_DPE);
	ats_nothing(a.r, PROC, ats_plain(IOVA, 0), "pointer of the PDT with V=0");

	table = ats_msi(&a, SECOND, 3, a.path.data.gpa >> 12);
	ats_nothing(a.r, SECOND, ats_plain(a.path.data.gpa, 0), "MSI PTE of V=0");
	put64(a.r, table + 16 * (a.path.data.gpa >> 12 & 3), ~1ull);
	ats_nothing(a.r, SECOND, ats_plain(a.path.data.gpa, 0), "MSI PTE of V=0");
	put64(a.r, table + 16 * (a.path.data.gpa >> 12 & 3), PTE_PPN(STAGE_FAR) | 7);
	ats_grants(a.r, SECOND, ats_plain(a.path.data.gpa, 0), PERM_RW, STAGE_FAR);
	rig_free(a.r);
}

/* ---- What is refused ---------------------------------------------------------------------- */

static void set_tc(struct ats *a, uint32_t device, bool dtf)
{
	uint64_t dc = rig_dc(a->r, device);

	put64(a->r, dc, (ram64(a->r, dc) & ~TC_DTF) | (dtf ? TC_DTF : 0));
}

/* Refused, and recorded as long as DTF is 0. */
static void filtered(struct ats *a, uint32_t device, struct iom_request q, unsigned status,
                     unsigned cause)
{
	for (unsigned dtf = 0; dtf < 2; dtf++) {
		set_tc(a, device, dtf);
		ats_refused(a->r, device, q, status, cause, !dtf);
	}
	set_tc(a, device, false);
}

TEST(ats_completer_abort, "RV-ATS-06 RV-ATS-08 RV-FQ-05 RV-FQ-17")
{
	struct ats a;
	uint64_t table, gpa, index;

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	/* 5 and 1: a table, or the root, is where nothing answers, near and far */
	for (unsigned i = 0; i < 2; i++) {
		const uint64_t away = i ? RIG_NOWHERE : 1ull << 55;

		rig_map(a.r, a.s1, 3, false, IOVA, 1, PTE_POINTER(away));
		filtered(&a, HOST, ats_plain(IOVA, 0), CA, 5);
		filtered(&a, HOST, ats_plain(IOVA, IOM_REQ_NO_WRITE), CA, 5);
		filtered(&a, PROC, ats_pid(IOVA, 0, PID), CA, 5);
		filtered(&a, PROC, ats_execute(IOVA, 0, PID), CA, 1);
		rig_map(a.r, a.n.root, 3, true, 0x40000000, 1, PTE_POINTER(away));
		filtered(&a, SECOND, ats_plain(0x40000000, 0), CA, 5);
		/* the guest's table is mapped to a place where nothing is */
		put64(a.r, a.path.table[1].leaf, leaf(away));
		filtered(&a, GUEST, ats_plain(a.path.iova, 0), CA, 5);
		filtered(&a, GUEST_PROC, ats_execute(a.path.iova, 0, PID), CA, 1);
		put64(a.r, a.path.table[1].leaf, leaf(a.path.table[1].spa));
		/* 265 */
		put64(a.r, rig_dc(a.r, PROC) + 24, MODE(PD8) | away >> 12);
		filtered(&a, PROC, ats_pid(IOVA, 0, PID), CA, 265);
		filtered(&a, PROC, ats_execute(IOVA, 0, PID), CA, 265);
		put64(a.r, rig_dc(a.r, PROC) + 24, MODE(PD8) | a.pdt >> 12);
		put64(a.r, a.gpdt.leaf, leaf(away));
		filtered(&a, GUEST_PROC, ats_pid(a.path.iova, 0, PID), CA, 265);
		put64(a.r, a.gpdt.leaf, leaf(a.gpdt.spa));
	}
	/* 267 */
	put64(a.r, a.pc, PC_V | 1ull << 3);
	filtered(&a, PROC, ats_pid(IOVA, 0, PID), CA, 267);
	put64(a.r, a.pc, PC_V);
	put64(a.r, a.pc + 8, MODE(11));
	filtered(&a, PROC, ats_pid(IOVA, 0, PID), CA, 267);
	/* the default process is not named */
	put64(a.r, a.pdt, PC_V | 1ull << 3);
	ats_tc(&a, PROC, ATS_ON | TC_PDTV | TC_DPE);
	filtered(&a, PROC, ats_plain(IOVA, 0), CA, 267);
	/* 263 and 261 */
	gpa = 0x28000000;
	table = ats_msi(&a, SECOND, 3, gpa >> 12);
	index = 16 * (gpa >> 12 & 3);
	for (unsigned m = 0; m < 3; m += 2) {
		put64(a.r, table + index, PTE_PPN(STAGE_FAR) | 1 | m << 1);
		filtered(&a, SECOND, ats_plain(gpa, 0), CA, 263);
	}
	put64(a.r, table + index, PTE_PPN(STAGE_FAR) | 7 | 1ull << 63);
	filtered(&a, SECOND, ats_plain(gpa, 0), CA, 263);
	put64(a.r, rig_dc(a.r, SECOND) + 32, MODE(FLAT) | RIG_NOWHERE >> 12);
	filtered(&a, SECOND, ats_plain(gpa, 0), CA, 261);
	rig_free(a.r);
}

/* The store of A and D is part of the translation. */
TEST(ats_update_that_memory_refuses, "RV-ATS-06")
{
	struct ats a;
	const uint64_t rom = RIG_RAM + RIG_RAM_BYTES;
	static uint64_t bytes[512];
	struct iom_region region = {
		.spa = rom, .bytes = sizeof(bytes), .host = bytes, .flags = IOM_REGION_READONLY
	};

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	CHECK_EQ(iom_memory_add(a.r->memory, &region, NULL), IOM_OK);
	for (unsigned i = 0; i < 512; i++)
		bytes[i] = leaf(STAGE_FAR) & ~PTE_A;
	rig_map(a.r, a.s1, 3, false, IOVA, 1, PTE_POINTER(rom));
	ats_tc(&a, HOST, ATS_ON | TC_SADE);
	filtered(&a, HOST, ats_plain(IOVA, 0), CA, 5);
	ats_tc(&a, PROC, ATS_ON | TC_SADE | TC_PDTV);
	filtered(&a, PROC, ats_execute(IOVA, 0, PID), CA, 1);
	rig_free(a.r);
}

TEST(ats_corrupt_memory, "RV-ATS-32 RV-FQ-17")
{
	struct ats a;
	uint64_t table, entry, dc;
	struct iom_memory *m;

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	m = a.r->memory;
	/* 268 is found before DTF is known */
	for (unsigned dtf = 0; dtf < 2; dtf++) {
		dc = rig_dc(a.r, HOST);
		set_tc(&a, HOST, dtf);
		CHECK_EQ(iom_memory_poison(m, dc, 8), IOM_OK);
		ats_refused(a.r, HOST, ats_plain(IOVA, 0), CA, 268, true);
		CHECK_EQ(iom_memory_cure(m, dc, 8), IOM_OK);
	}
	set_tc(&a, HOST, false);
	CHECK_EQ(iom_memory_poison(m, a.pc, 16), IOM_OK);
	filtered(&a, PROC, ats_pid(IOVA, 0, PID), CA, 269);
	CHECK_EQ(iom_memory_cure(m, a.pc, 16), IOM_OK);

	entry = rig_map(a.r, a.s1, 3, false, IOVA, 0, leaf(STAGE_FAR));
	CHECK_EQ(iom_memory_poison(m, entry, 8), IOM_OK);
	filtered(&a, HOST, ats_plain(IOVA, 0), CA, 274);
	filtered(&a, PROC, ats_execute(IOVA, 0, PID), CA, 274);
	CHECK_EQ(iom_memory_cure(m, entry, 8), IOM_OK);
	CHECK_EQ(iom_memory_poison(m, a.path.data.leaf, 8), IOM_OK);
	filtered(&a, SECOND, ats_plain(a.path.data.gpa, 0), CA, 274);
	filtered(&a, GUEST, ats_plain(a.path.iova, 0), CA, 274);
	CHECK_EQ(iom_memory_cure(m, a.path.data.leaf, 8), IOM_OK);

	table = ats_msi(&a, SECOND, 0, 0x28000);
	CHECK_EQ(iom_memory_poison(m, table, 16), IOM_OK);
	filtered(&a, SECOND, ats_plain(0x28000000, 0), CA, 270);
	rig_free(a.r);
}

TEST(ats_unsupported_request, "RV-ATS-07 RV-TR-03 RV-FQ-17")
{
	struct ats a;
	struct rig *r;
	uint64_t ddtp;

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	r = a.r;
	ddtp = rd64(r, DDTP);
	rig_map(r, a.s1, 3, false, IOVA, 0, leaf(STAGE_FAR));
	wr64(r, DDTP, OFF);
	ats_refused(r, HOST, ats_plain(IOVA, 0), UR, 256, true);
	wr64(r, DDTP, BARE);
	ats_refused(r, HOST, ats_plain(IOVA, 0), UR, 260, true);
	ats_refused(r, PROC, ats_execute(IOVA, 0, PID), UR, 260, true);
	wr64(r, DDTP, OFF);
	wr64(r, DDTP, PPN_OF(RIG_NOWHERE) | LVL1);
	ats_refused(r, HOST, ats_plain(IOVA, 0), UR, 257, true);
	wr64(r, DDTP, OFF);
	wr64(r, DDTP, ddtp);
	ats_refused(r, 64, ats_plain(IOVA, 0), UR, 260, true);
	ats_refused(r, 20, ats_plain(IOVA, 0), UR, 258, true);
	/* what is wrong with the DC is known before its DTF counts */
	ats_tc(&a, 20, ATS_ON | TC_DTF | 1ull << 12);
	ats_refused(r, 20, ats_plain(IOVA, 0), UR, 259, true);

	/* 260, which DTF suppresses */
	ats_tc(&a, 20, TC_V);
	filtered(&a, 20, ats_plain(IOVA, 0), UR, 260);
	filtered(&a, HOST, ats_pid(IOVA, 0, PID), UR, 260);                  /* PDTV=0 */
	filtered(&a, PROC, ats_pid(IOVA, 0, 256), UR, 260);                  /* wider than PD8 */
	filtered(&a, PROC, ats_pid(IOVA, IOM_REQ_PRIVILEGED, PID), UR, 260); /* ENS=0 */
	put64(r, a.pc, PC_V | PC_ENS | PC_SUM);
	ats_grants(r, PROC, ats_pid(IOVA, IOM_REQ_PRIVILEGED, PID), PERM_RW, STAGE_FAR);
	rig_free(r);
}

/* A request that only asks leaves no record behind. */
TEST(ats_probe, "")
{
	struct ats a;
	struct iom_reply reply;
	struct iom_request q = ats_plain(IOVA, IOM_REQ_PROBE);
	uint64_t entry;

	ats_init(&a, 0, IOM_RISCV_UNCACHED);
	CHECK_EQ(rig_translate(a.r, 20, &q, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 258);
	CHECK_EQ(reply.status, UR);
	rig_expect_none(a.r);
	ats_tc(&a, HOST, ATS_ON | TC_SADE);
	entry = rig_map(a.r, a.s1, 3, false, IOVA, 0, leaf(STAGE_FAR) & ~(PTE_A | PTE_D));
	ats_ask(a.r, HOST, q);
	CHECK_EQ(ram64(a.r, entry), leaf(STAGE_FAR) & ~(PTE_A | PTE_D));
	rig_free(a.r);
}

/* It moves no data. */
TEST(ats_is_no_access, "")
{
	struct ats a;
	struct iom_reply reply;
	struct iom_request q = ats_plain(IOVA, 0);
	struct iom_port *port;
	uint64_t spa, word = 7;

	ats_init(&a, 0, 0);
	spa = page(a.r);
	put64(a.r, spa, 5);
	rig_map(a.r, a.s1, 3, false, IOVA, 0, leaf(spa));
	port = rig_port(a.r, HOST);
	CHECK_EQ(iom_write(port, &q, &word, 8, &reply), IOM_EINVAL);
	CHECK_EQ(iom_read(port, &q, &word, 8, &reply), IOM_EINVAL);
	CHECK_EQ(iom_atomic(port, &q, IOM_SWAP, 9, 0, 8, &word, &reply), IOM_EINVAL);
	CHECK_EQ(ram64(a.r, spa), 5);
	rig_expect_none(a.r);
	rig_free(a.r);
}
