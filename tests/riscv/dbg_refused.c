/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Translation asked for by register: refusals, records, and as whom it asks. */
#include "dbg.h"

#define CAP (CAP_EXT | CAP_DBG)
#define DEVICE STAGE_DEVICE
#define PDTV (1ull << 5)
#define DTF (1ull << 4)
#define DPE (1ull << 9)
#define PC_ENS 2ull
#define READ DBG_NW
#define WRITE 0ull
#define EXECUTE (DBG_NW | DBG_EXE)

TEST(dbg_permissions, "RV-DBG-03")
{
	static const struct {
		uint64_t clear; /* of the leaf */
		unsigned read, write, execute;
	} rows[] = {
		{ 0, 0, 0, 0 },      { PTE_W, 0, 15, 0 },   { PTE_R | PTE_W, 13, 15, 0 },
		{ PTE_X, 0, 0, 12 }, { PTE_U, 13, 15, 12 }, { PTE_A, 13, 15, 12 },
		{ PTE_D, 0, 15, 0 }, { PTE_V, 13, 15, 12 },
	};

	for (unsigned i = 0; i < COUNT(rows); i++) {
		const struct {
			uint64_t ctl;
			unsigned cause;
		} asks[] = {
			{ READ, rows[i].read },
			{ WRITE, rows[i].write },
			{ EXECUTE, rows[i].execute },
		};
		struct stage s;
		uint64_t iova;

		stage_init(&s, CAP, false, 3, 0);
		rig_fq(s.r, 4, false);
		iova = stage_iova(&s, 1);
		stage_map(&s, iova, 0, leaf(STAGE_FAR) & ~rows[i].clear);
		for (unsigned k = 0; k < COUNT(asks); k++) {
			if (asks[k].cause)
				dbg_refused(s.r, DEVICE, iova, asks[k].ctl, asks[k].cause);
			else
				CHECK_MSG(!dbg_ask(s.r, DEVICE, iova, asks[k].ctl).fault,
				          "row %u, kind %u", i, k);
		}
		rig_expect_none(s.r);
		rig_free(s.r);
	}
}

TEST(dbg_guest_page_fault, "RV-DBG-03")
{
	static const uint64_t kinds[] = { READ, WRITE, EXECUTE };
	static const unsigned causes[] = { 21, 23, 20 }, ttyps[] = { 2, 3, 1 };
	struct stage s;
	const uint64_t gpa = 0x123456000;

	stage_init(&s, CAP, true, 3, 0);
	rig_fq(s.r, 4, false);
	for (unsigned k = 0; k < 3; k++) {
		CHECK(dbg_ask(s.r, DEVICE, gpa, kinds[k]).fault);
		rig_expect(s.r, rig_record(causes[k], ttyps[k], DEVICE), gpa, gpa);
	}
	rig_free(s.r);
}

/* Faults of the directories are recorded as those of any request. */
TEST(dbg_directory_faults, "RV-DBG-03")
{
	struct rig *r = rig_new(CAP);
	uint64_t dc;

	rig_ddt(r, 1);
	rig_fq(r, 4, false);
	dbg_refused(r, 7, 0x5000, READ, 258);
	dbg_refused(r, 7, 0x5000, WRITE, 258);
	dbg_refused(r, 7, 0x5000, EXECUTE, 258);
	dbg_refused(r, 0x40, 0x5000, READ, 260); /* wider than one level */
	dc = rig_dc(r, 7);
	put64(r, dc, 1 | 1ull << 12);
	dbg_refused(r, 7, 0x5000, READ, 259);
	put64(r, dc, 1);
	dbg_refused(r, 7, 0x5000, READ | DBG_PID(3), 260); /* a process_id without a directory */
	CHECK_EQ(iom_memory_poison(r->memory, dc, 8), IOM_OK);
	dbg_refused(r, 7, 0x5000, READ, 268);
	rig_free(r);
}

TEST(dbg_dtf, "RV-DBG-09")
{
	for (unsigned dtf = 0; dtf < 2; dtf++) {
		struct stage s;

		stage_init(&s, CAP, false, 3, dtf ? DTF : 0);
		rig_fq(s.r, 4, false);
		CHECK(dbg_ask(s.r, DEVICE, 0x5000, READ).fault);
		CHECK_EQ(rd32(s.r, FQT), !dtf);
		/* 258 is recorded whatever any DC says. */
		CHECK(dbg_ask(s.r, DEVICE + 1, 0x5000, READ).fault);
		CHECK_EQ(rd32(s.r, FQT), 1 + !dtf);
		rig_free(s.r);
	}
}

TEST(dbg_off_and_bare, "RV-DBG-10")
{
	struct rig *r = rig_new(CAP);
	static const uint64_t iovas[] = { 0, 0x1000, 0x123456000, 0xfffffffffff000 };

	rig_fq(r, 4, false);
	for (unsigned i = 0; i < COUNT(iovas); i++) {
		wr64(r, DDTP, OFF);
		dbg_refused(r, 5, iovas[i], READ, 256);
		dbg_refused(r, 0xffffff, iovas[i], WRITE, 256);
		dbg_refused(r, 5, iovas[i], EXECUTE, 256);
		dbg_refused(r, 5, iovas[i], READ | DBG_PID(9) | DBG_PRIV, 256);
		wr64(r, DDTP, BARE);
		for (unsigned nw = 0; nw < 2; nw++) {
			struct dbg_answer a = dbg_ask(r, 0xffffff, iovas[i], nw ? DBG_NW : 0);

			CHECK(!a.fault);
			CHECK_EQ(a.pbmt, 0);
			CHECK_EQ(a.base, iovas[i] & ~(a.bytes - 1));
		}
		rig_expect_none(r);
	}
	rig_free(r);
}

/* ---- Processes and privilege -------------------------------------------------------------- */

#define USER_PAGE 0x5000ull
#define SUPERVISOR_PAGE 0x6000ull
#define PID 5

/* A device with a PDT: process 5, supervisors allowed, one user's page and one supervisor's. */
static struct rig *rig_with_processes(uint64_t tc)
{
	struct rig *r = rig_new(CAP);
	uint64_t pdt = page(r), root = page(r);

	rig_ddt(r, 1);
	rig_fq(r, 4, false);
	rig_map(r, root, 3, false, USER_PAGE, 0, leaf(STAGE_FAR + 0x1000));
	rig_map(r, root, 3, false, SUPERVISOR_PAGE, 0, leaf(STAGE_FAR + 0x2000) & ~PTE_U);
	put64(r, pdt + 16 * PID + 8, stage_mode(3) | root >> 12);
	put64(r, pdt + 16 * PID, 1 | PC_ENS);
	put64(r, pdt + 8, stage_mode(3) | root >> 12);
	put64(r, pdt, 1);
	rig_dc_put(r, DEVICE, 1 | PDTV | tc, 0, 0, 1ull << 60 | pdt >> 12);
	return r;
}

TEST(dbg_process, "RV-DBG-05")
{
	struct rig *r = rig_with_processes(0);
	const uint64_t user = DBG_PID(PID), supervisor = DBG_PID(PID) | DBG_PRIV;
	static const uint64_t kinds[] = { READ, WRITE, EXECUTE };
	static const unsigned causes[] = { 13, 15, 12 };

	for (unsigned k = 0; k < COUNT(kinds); k++) {
		CHECK_EQ(dbg_ask(r, DEVICE, USER_PAGE, kinds[k] | user).base, STAGE_FAR + 0x1000);
		CHECK_EQ(dbg_ask(r, DEVICE, SUPERVISOR_PAGE, kinds[k] | supervisor).base,
		         STAGE_FAR + 0x2000);
		dbg_refused(r, DEVICE, SUPERVISOR_PAGE, kinds[k] | user, causes[k]);
		dbg_refused(r, DEVICE, USER_PAGE, kinds[k] | supervisor, causes[k]);
		/* Other processes are not there, or allow no supervisor. */
		dbg_refused(r, DEVICE, USER_PAGE, kinds[k] | DBG_PID(PID + 1), 266);
		dbg_refused(r, DEVICE, USER_PAGE, kinds[k] | DBG_PID(0x100), 260);
		dbg_refused(r, DEVICE, USER_PAGE, kinds[k] | DBG_PID(0xfffff) | DBG_PRIV, 260);
		dbg_refused(r, DEVICE, SUPERVISOR_PAGE, kinds[k] | DBG_PID(0) | DBG_PRIV, 260);
	}
	rig_free(r);
}

/* Without PV the process and the privilege do not count, whatever they are. */
TEST(dbg_without_process, "RV-DBG-04 RV-DBG-11")
{
	static const uint64_t ignored[] = { 0, DBG_PRIV, 5ull << 12, 5ull << 12 | DBG_PRIV,
		                            0xfffffull << 12 };

	for (unsigned i = 0; i < COUNT(ignored); i++) {
		struct rig *r = rig_with_processes(0);
		struct dbg_answer a;

		/* No process: a Bare first stage. */
		a = dbg_ask(r, DEVICE, USER_PAGE, ignored[i]);
		CHECK(!a.fault);
		CHECK_EQ(a.base, USER_PAGE & ~(a.bytes - 1));
		/* DPE: process 0, a user; the record has neither. */
		put64(r, rig_dc(r, DEVICE), 1 | PDTV | DPE);
		CHECK_EQ(dbg_ask(r, DEVICE, USER_PAGE, ignored[i]).base, STAGE_FAR + 0x1000);
		dbg_refused(r, DEVICE, SUPERVISOR_PAGE, ignored[i], 15);
		dbg_refused(r, DEVICE, SUPERVISOR_PAGE, ignored[i] | READ, 13);
		rig_free(r);
	}
	/* The same of a first stage in the DC. */
	for (unsigned i = 0; i < COUNT(ignored); i++) {
		struct stage s;

		stage_init(&s, CAP, false, 3, 0);
		rig_fq(s.r, 4, false);
		stage_map(&s, USER_PAGE, 0, leaf(STAGE_FAR));
		stage_map(&s, SUPERVISOR_PAGE, 0, leaf(STAGE_FAR) & ~PTE_U);
		CHECK_EQ(dbg_ask(s.r, DEVICE, USER_PAGE, ignored[i]).base, STAGE_FAR);
		dbg_refused(s.r, DEVICE, SUPERVISOR_PAGE, ignored[i] | READ, 13);
		rig_free(s.r);
	}
}
