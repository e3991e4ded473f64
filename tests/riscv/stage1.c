/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The first stage: its address width, privilege, tables that cannot be read, and the Bare mode. */
#include <stdlib.h>

#include "stage.h"

#define DEVICE 2
#define V 1ull
#define PDTV (1ull << 5)
#define DPE (1ull << 9)
#define SBE (1ull << 10)
#define ENS 2ull
#define SUM 4ull

/* ---- Width -------------------------------------------------------------------------------- */

TEST(s1_canonical, "RV-S1-05")
{
	unsigned levels, bit;

	for (levels = 3; levels <= 5; levels++) {
		const unsigned width = 12 + 9 * levels;
		const uint64_t low = 0x5678, high = ~0xffffull | 0x9678;
		struct stage s;

		stage_init(&s, CAP_EXT, false, levels, 0);
		/* Both ends of the space, mapped wherever a cut-off address would lead. */
		stage_map(&s, low, 0, leaf(STAGE_FAR));
		stage_map(&s, high, 0, leaf(STAGE_FAR));
		stage_map(&s, low | 1ull << (width - 1), levels - 1, leaf(STAGE_FAR));
		stage_map(&s, high ^ 1ull << (width - 1), levels - 1, leaf(STAGE_FAR));
		for (bit = width - 1; bit < 64; bit++) {
			stage_refuses(&s, low | 1ull << bit, "lower half, one bit set");
			stage_refuses(&s, high ^ 1ull << bit, "upper half, one bit clear");
		}
		stage_refuses(&s, 1ull << (width - 1), "first of the hole");
		stage_refuses(&s, ~0ull << (width - 1) & ~(~0ull << 63), "bit 63 alone differs");
		stage_refuses(&s, (~0ull << (width - 1)) - 8, "last of the hole");
		CHECK_EQ(rig_spa(s.r, STAGE_DEVICE, low), STAGE_FAR | 0x678);
		CHECK_EQ(rig_spa(s.r, STAGE_DEVICE, high), STAGE_FAR | 0x678);
		rig_free(s.r);
	}
}

/* ---- Privilege ---------------------------------------------------------------------------- */

/* A device with a process directory of one level; process 5 uses `root` (Sv39). */
static struct rig *processes(uint64_t tc, uint64_t pc_ta, uint64_t *root)
{
	struct rig *r = rig_new(CAP_EXT);
	uint64_t pdt = page(r);
	unsigned pid;

	*root = page(r);
	rig_ddt(r, 1);
	for (pid = 0; pid <= 5; pid += 5) {
		put64(r, pdt + 16 * pid + 8, 8ull << 60 | *root >> 12);
		put64(r, pdt + 16 * pid, V | pc_ta);
	}
	rig_dc_put(r, DEVICE, V | PDTV | tc, 0, 0, 1ull << 60 | pdt >> 12);
	rig_fq(r, 4, false);
	return r;
}

/* What the privilege rules say of a page that permits everything else. */
static bool reachable(bool user_page, bool supervisor, bool sum, unsigned access)
{
	if (!supervisor)
		return user_page;
	return !user_page || (sum && access != IOM_EXECUTE);
}

static void judge_privilege(struct rig *r, uint64_t iova, bool user_page, bool supervisor, bool sum)
{
	unsigned access, should;
	uint64_t pid = 5ull << 12 | 1ull << 32 | (supervisor ? 1ull << 33 : 0);

	for (access = IOM_READ; access <= IOM_ATOMIC; access++) {
		const struct iom_request q = { .iova = iova,
			                       .bytes = 4,
			                       .pasid = 5,
			                       .flags = supervisor
			                                        ? IOM_REQ_PASID | IOM_REQ_PRIVILEGED
			                                        : IOM_REQ_PASID,
			                       .access = (uint8_t)access };
		struct iom_reply reply;

		should = reachable(user_page, supervisor, sum, access) ? 0 : page_fault(access);
		rig_translate(r, DEVICE, &q, &reply);
		CHECK_MSG(reply.fault == should,
		          "U=%d supervisor=%d SUM=%d access %u: %u instead of %u", user_page,
		          supervisor, sum, access, reply.fault, should);
		if (should)
			rig_expect(r, rig_record(should, ttyp_of(access), DEVICE) | pid, iova, 0);
		else /* No supervisor executes a user's page. */
			CHECK_EQ(reply.perm, supervisor && user_page ? 3 : 7);
	}
	rig_expect_none(r);
}

TEST(s1_privilege, "RV-S1-22 RV-S1-23 RV-S1-24")
{
	unsigned round, level, sum;

	for (sum = 0; sum < 2; sum++) {
		uint64_t root;
		struct rig *r = processes(0, sum ? ENS | SUM : ENS, &root);

		for (level = 0; level < 3; level++) {
			const uint64_t user = (level + 1ull) << 30, kernel = (level + 11ull) << 30;

			rig_map(r, root, 3, false, user, level, leaf(STAGE_FAR));
			rig_map(r, root, 3, false, kernel, level, leaf(STAGE_FAR) & ~PTE_U);
			/* Twice: what one privilege left in a cache must not serve the other. */
			for (round = 0; round < 2; round++) {
				judge_privilege(r, user, true, false, sum);
				judge_privilege(r, user, true, true, sum);
				judge_privilege(r, kernel, false, false, sum);
				judge_privilege(r, kernel, false, true, sum);
			}
		}
		rig_free(r);
	}
}

/* By the device's own table (PDTV=0) as by process 0 (DPE=1). */
TEST(s1_privilege_without_process_id, "RV-S1-25")
{
	unsigned dpe, access, claim;

	for (dpe = 0; dpe < 2; dpe++) {
		uint64_t root;
		struct rig *r = processes(DPE, ENS, &root);

		if (!dpe)
			rig_dc_put(r, DEVICE, V, 0, 0, 8ull << 60 | root >> 12);
		rig_map(r, root, 3, false, 0x1000, 0, leaf(STAGE_FAR));
		rig_map(r, root, 3, false, 0x2000, 0, leaf(STAGE_FAR) & ~PTE_U);
		for (access = IOM_READ; access <= IOM_ATOMIC; access++)
			for (claim = 0; claim < 2; claim++) {
				struct iom_request q = { .iova = 0x2000,
					                 .bytes = 4,
					                 .pasid = 5,
					                 .flags = claim ? IOM_REQ_PRIVILEGED : 0,
					                 .access = (uint8_t)access };

				CHECK_EQ(rig_cause_of(r, DEVICE, &q), page_fault(access));
				rig_expect(r,
				           rig_record(page_fault(access), ttyp_of(access), DEVICE),
				           0x2000, 0);
				q.iova = 0x1000;
				CHECK_EQ(rig_cause_of(r, DEVICE, &q), 0);
			}
		rig_free(r);
	}
}

/* ---- Tables that cannot be read ----------------------------------------------------------- */

static void all_accesses(struct stage *s, uint64_t iova, bool poison, const char *why)
{
	unsigned access, is, should;

	for (access = IOM_READ; access <= IOM_ATOMIC; access++) {
		is = rig_cause(s->r, STAGE_DEVICE, iova, access);
		should = poison ? 274 : access_fault(access);
		CHECK_MSG(is == should, "%s, access %u: %u instead of %u", why, access, is, should);
		rig_expect(s->r, rig_record(should, ttyp_of(access), STAGE_DEVICE), iova, 0);
	}
}

static void unreadable_tables(bool second)
{
	unsigned levels, level;

	for (levels = 3; levels <= 5; levels++) {
		struct stage s;

		stage_init(&s, CAP_EXT, second, levels, 0);
		rig_fq(s.r, 4, false);
		for (level = 0; level < levels; level++) {
			uint64_t iova = stage_iova(&s, level);
			uint64_t entry = stage_map(&s, iova, level, leaf(STAGE_FAR));
			uint64_t good;

			CHECK_EQ(iom_memory_poison(s.r->memory, entry, 8), IOM_OK);
			all_accesses(&s, iova, true, "poisoned entry");
			CHECK_EQ(iom_memory_cure(s.r->memory, entry, 8), IOM_OK);
			CHECK_EQ(rig_cause(s.r, STAGE_DEVICE, iova, IOM_READ), 0);

			iova = stage_iova(&s, 20 + level);
			if (level + 1 < levels) {
				stage_map(&s, iova, level, leaf(STAGE_FAR));
				entry = stage_map(&s, iova, level + 1, 0);
				good = PTE_POINTER(RIG_NOWHERE);
				put64(s.r, entry, good);
				all_accesses(&s, iova, false, "table in no memory");
			}
		}
		/* The root. */
		rig_dc_put(s.r, 3, V, second ? stage_mode(levels) | RIG_NOWHERE >> 12 : 0, 0,
		           second ? 0 : stage_mode(levels) | RIG_NOWHERE >> 12);
		CHECK_EQ(rig_cause(s.r, 3, 0, IOM_READ), 5);
		CHECK_EQ(rig_cause(s.r, 3, 0, IOM_WRITE), 7);
		CHECK_EQ(rig_cause(s.r, 3, 0, IOM_ATOMIC), 7);
		CHECK_EQ(rig_cause(s.r, 3, 0, IOM_EXECUTE), 1);
		rig_free(s.r);
	}
}

TEST(s1_unreadable_tables, "RV-S1-30")
{
	unreadable_tables(false);
}

TEST(s2_unreadable_tables, "")
{
	unreadable_tables(true);
}

/* With memory behind the address, so that the width alone refuses it. */
static void tables_beyond_pas(bool second)
{
	const uint64_t high = 1ull << 40;
	const uint64_t cap = CAP_EXT & ~(63ull << 32);
	uint64_t *table = malloc(4096);
	unsigned levels, level, pas, i;

	CHECK(table);
	for (i = 0; i < 512; i++)
		table[i] = leaf(0);
	for (levels = 3; levels <= 5; levels++)
		for (pas = 40; pas <= 41; pas++) {
			struct iom_region region = { .spa = high, .bytes = 4096, .host = table };
			struct stage s;

			stage_init(&s, cap | CAP_PAS(pas), second, levels, 0);
			rig_fq(s.r, 4, false);
			CHECK_EQ(iom_memory_add(s.r->memory, &region, NULL), IOM_OK);
			for (level = 1; level < levels; level++) {
				uint64_t iova = stage_iova(&s, level);

				stage_map(&s, iova, level, PTE_POINTER(high));
				if (pas == 40)
					all_accesses(&s, iova, false, "table beyond PAS");
				else
					rig_spa(s.r, STAGE_DEVICE, iova);
			}
			rig_free(s.r);
		}
	free(table);
}

TEST(s1_tables_beyond_pas, "RV-S1-31")
{
	tables_beyond_pas(false);
}

TEST(s2_tables_beyond_pas, "")
{
	tables_beyond_pas(true);
}

/* Every bit of a root's page number counts: tables stand where that bit alone leads. */
static void high_roots(bool second)
{
	uint64_t *table = malloc(16384);
	unsigned bit, i;

	CHECK(table);
	for (i = 0; i < 2048; i++)
		table[i] = leaf(STAGE_FAR);
	for (bit = 32; bit < 56; bit++) {
		struct iom_region region = { .spa = 1ull << bit, .bytes = 16384, .host = table };
		const uint64_t atp = stage_mode(3) | region.spa >> 12;
		struct rig *r = rig_new(CAP_EXT);

		CHECK_EQ(iom_memory_add(r->memory, &region, NULL), IOM_OK);
		rig_ddt(r, 1);
		rig_dc_put(r, DEVICE, V, second ? atp : 0, 0, second ? 0 : atp);
		CHECK_EQ(rig_spa(r, DEVICE, 0x1230), STAGE_FAR | 0x1230);
		rig_free(r);
	}
	free(table);
}

TEST(s1_high_roots, "")
{
	high_roots(false);
}

TEST(s2_high_roots, "")
{
	high_roots(true);
}

/* ---- Byte order, global pages ------------------------------------------------------------- */

/* The reading half of RV-S1-32: nothing is ever updated here. */
TEST(s1_byte_order, "")
{
	unsigned levels, i;

	for (levels = 3; levels <= 5; levels++) {
		struct stage s;
		uint64_t iova, entry, table;

		stage_init(&s, CAP_EXT, false, levels, SBE);
		iova = stage_iova(&s, 0);
		entry = stage_map(&s, iova, 0, swap64(leaf(STAGE_FAR)));
		for (i = 1; i < levels; i++) {
			stage_refuses(&s, iova, "little-endian pointers");
			table = entry & ~0xfffull;
			entry = stage_map(&s, iova, i, swap64(PTE_POINTER(table)));
		}
		CHECK_EQ(rig_spa(s.r, STAGE_DEVICE, iova), STAGE_FAR | (iova & 0xfff));
		rig_free(s.r);
	}
}

/*
 * G at any level neither faults nor outlives IOTINVAL.VMA of everything.  By PSCID the old address
 * may stay where an entry of the path has G (RV-S1-35, if it was cached), and must go where none has.
 */
TEST(s1_global, "")
{
	unsigned levels, level, i;

	for (levels = 3; levels <= 5; levels++)
		for (level = 0; level <= levels; level++) {
			struct stage s;
			uint64_t iova, entry, last, spa;

			stage_init(&s, CAP_EXT, false, levels, 0);
			rig_cq(s.r, 4, false);
			iova = stage_iova(&s, 0) & ~0xfffull;
			last = stage_map(&s, iova, 0, leaf(STAGE_FAR));
			entry = last;
			for (i = 0; i < levels; i++) {
				if (i)
					entry = stage_map(&s, iova, i,
					                  PTE_POINTER(entry & ~0xfffull));
				if (i == level)
					put64(s.r, entry, ram64(s.r, entry) | PTE_G);
			}
			CHECK_EQ(rig_spa(s.r, STAGE_DEVICE, iova), STAGE_FAR);
			put64(s.r, last, leaf(STAGE_FAR + 0x1000));
			rig_cmd(s.r, 1 | 3ull << 12 | 1ull << 32, 0);
			CHECK_EQ(rd32(s.r, 0x020), 1);
			spa = rig_spa(s.r, STAGE_DEVICE, iova);
			CHECK_MSG(spa == STAGE_FAR + 0x1000 || (level < levels && spa == STAGE_FAR),
			          "%u levels, G at level %u", levels, level);
			rig_cmd(s.r, 1, 0);
			CHECK_EQ(rig_spa(s.r, STAGE_DEVICE, iova), STAGE_FAR + 0x1000);
			rig_free(s.r);
		}
}

/* ---- Bare --------------------------------------------------------------------------------- */

TEST(s1_bare, "RV-S1-38")
{
	unsigned how, access, priv;

	/* 0: fsc Bare.  1: pdtp Bare.  2: a process whose own fsc is Bare, SUM=0. */
	for (how = 0; how < 3; how++) {
		struct rig *r = rig_new(CAP_EXT);
		uint64_t pdt = page(r);

		rig_ddt(r, 1);
		put64(r, pdt + 16 * 5, V | ENS);
		rig_dc_put(r, DEVICE, how ? V | PDTV : V, 0, 0,
		           how == 2 ? 1ull << 60 | pdt >> 12 : 0);
		for (access = IOM_READ; access <= IOM_ATOMIC; access++)
			for (priv = 0; priv < 2; priv++) {
				struct iom_request q = {
					.iova = 0xfedcba9876543210,
					.bytes = 4,
					.pasid = 5,
					.flags = (uint16_t)((how ? IOM_REQ_PASID : 0) |
					                    (priv ? IOM_REQ_PRIVILEGED : 0)),
					.access = (uint8_t)access
				};
				struct iom_reply reply;

				CHECK_EQ(rig_translate(r, DEVICE, &q, &reply), IOM_OK);
				CHECK_EQ(reply.spa, q.iova);
				CHECK_EQ(reply.perm, 7);
				CHECK_EQ(reply.memory_type, IOM_MEMORY_DEFAULT);
				CHECK_EQ(reply.range_lg2, 30);
			}
		rig_free(r);
	}
}
