/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Global commands of a unit with caches: what they drop, and what they leave. */
#include "rig.h"

#define SID 0x0123
#define OTHER 0x01a3
#define IOVA 0x12345000ull
#define A 0x1111111000ull
#define B 0x2222222000ull
#define C 0x3333333000ull
#define PASID 9

static struct rig *caching(uint64_t cap, uint64_t ecap)
{
	const struct iom_vtd_config config = {
		.cap = cap, .ecap = ecap, .version = 0x40, .address_bits = RIG_HAW
	};

	return rig_new_config(&config);
}

/* Second-stage tables that lead IOVA to `to`. */
static uint64_t leading(struct rig *r, uint64_t to)
{
	uint64_t root = page(r);

	rig_ss(r, root, 4, IOVA, 1, to | SS_RW);
	return root;
}

/* A device in legacy mode, in use: its context entry and one translation are cached. */
static void legacy_device(struct rig *r)
{
	rig_context_put(r, SID, CTX_P | leading(r, A), AW(4) | DID(3));
	rig_grants(r, SID, rq(IOVA, IOM_READ), A);
}

static uint64_t legacy_now(struct rig *r)
{
	struct iom_reply reply;

	CHECK_EQ(rig_translate(r, SID, rq(IOVA, IOM_READ), &reply), IOM_OK);
	return reply.spa;
}

/* Every entry changes, and nothing is invalidated. */
TEST(root_pointer_and_caches_in_legacy_mode, "VTD-GCMD-05 VTD-GCMD-06")
{
	unsigned dropped, at;

	for (dropped = 0; dropped < 2; dropped++)
		for (at = 0; at < 2; at++) {
			struct rig *r =
				caching(CAP_LEGACY | (dropped ? CAP_ESRTPS : 0), ECAP_LEGACY);

			rig_on(r, TTM_LEGACY);
			legacy_device(r);
			if (at)
				rig_context_put(r, SID, CTX_P | leading(r, B), AW(4) | DID(3));
			else
				rig_ss(r, ram64(r, rig_context(r, SID)) & ~0xfffull, 4, IOVA, 1,
				       B | SS_RW);
			CHECK_EQ(legacy_now(r), A);
			wr64(r, RTADDR, r->root);
			CHECK_EQ(legacy_now(r), A);
			rig_gcmd(r, SRTP, true);
			CHECK_EQ(legacy_now(r), dropped ? B : A);
			/* Another root table, whole */
			rig_root(r, TTM_LEGACY);
			rig_context_put(r, SID, CTX_P | leading(r, C), AW(4) | DID(3));
			if (!dropped) {
				wr64(r, CCMD, 1ull << 63 | 1ull << 61);
				wr64(r, RIG_IRO + 8, 1ull << 63 | 1ull << 60);
			}
			CHECK_EQ(legacy_now(r), C);
			rig_free(r);
		}
}

/* A PASID entry and a first-stage translation beside those of a device without PASID. */
struct scalable {
	struct rig *r;
	uint64_t ss, fs;
};

static uint64_t fs_leading(struct rig *r, uint64_t to)
{
	uint64_t root = page(r);

	rig_fs(r, root, 4, IOVA, 1, to | FS_PRU | FS_A | FS_D);
	return root;
}

static void put_pasids(struct rig *r, uint64_t ss, uint64_t fs)
{
	rig_pasid_put(r, SID, 0, PE_P | PGTT_SS | PE_AW(4) | ss, 3 | PWSNP, 0);
	rig_pasid_put(r, SID, PASID, PE_P | PGTT_FS, 4 | PWSNP, fs);
}

static void both_lead(struct rig *r, uint64_t to)
{
	rig_grants(r, SID, rq(IOVA, IOM_READ), to);
	rig_grants(r, SID, rq_pid(IOVA, IOM_READ, PASID), to);
}

static struct scalable in_use(uint64_t cap)
{
	struct scalable s = { .r = caching(cap, ECAP_ALL) };

	rig_on(s.r, TTM_SCALABLE);
	rig_device(s.r, SID, 0, PASIDE, 0);
	s.ss = leading(s.r, A);
	s.fs = fs_leading(s.r, A);
	put_pasids(s.r, s.ss, s.fs);
	both_lead(s.r, A);
	return s;
}

static void change_leaves(struct scalable *s)
{
	rig_ss(s->r, s->ss, 4, IOVA, 1, B | SS_RW);
	rig_fs(s->r, s->fs, 4, IOVA, 1, B | FS_PRU | FS_A | FS_D);
}

static void change_pasids(struct scalable *s)
{
	put_pasids(s->r, leading(s->r, B), fs_leading(s->r, B));
}

static void change_contexts(struct scalable *s)
{
	rig_device(s->r, SID, 0, PASIDE, 0);
	change_pasids(s);
}

static void change_root(struct scalable *s)
{
	s->r->root = page(s->r);
	change_contexts(s);
	wr64(s->r, RTADDR, s->r->root | TTM_SCALABLE << 10);
}

static void (*const changes[])(struct scalable *) = { change_leaves, change_pasids, change_contexts,
	                                              change_root };

TEST(root_pointer_and_caches_in_scalable_mode, "VTD-GCMD-05 VTD-GCMD-06")
{
	unsigned i, dropped;

	for (dropped = 0; dropped < 2; dropped++)
		for (i = 0; i < 4; i++) {
			struct scalable s = in_use(CAP_ALL | (dropped ? CAP_ESRTPS : 0));

			changes[i](&s);
			both_lead(s.r, A);
			rig_gcmd(s.r, SRTP, true);
			both_lead(s.r, dropped ? B : A);
			rig_free(s.r);
		}
}

TEST(end_of_translation_drops_what_is_cached, "VTD-GCMD-20")
{
	unsigned i;

	for (i = 0; i < 3; i++) {
		struct scalable s = in_use(CAP_ALL);

		changes[i](&s);
		both_lead(s.r, A);
		rig_gcmd(s.r, TE, false);
		rig_grants(s.r, SID, rq(IOVA, IOM_READ), IOVA);
		rig_gcmd(s.r, TE, true);
		both_lead(s.r, B);
		rig_free(s.r);
	}
}

/* ---- Interrupts --------------------------------------------------------------------------- */

static uint64_t irte(unsigned vector)
{
	return 1ull | vector << 16 | 5ull << 40;
}

static void interrupts(struct rig *r, unsigned vector)
{
	CHECK_EQ(rig_msi(r, SID, 0xfee00010 | 5 << 5, 0, NULL), IOM_OK);
	CHECK_EQ(r->msi[r->msis - 1].data & 0xff, vector);
}

TEST(interrupt_table_pointer_drops_what_is_cached, "VTD-GCMD-12 VTD-IR-19")
{
	unsigned dropped;

	for (dropped = 0; dropped < 2; dropped++) {
		struct rig *r = caching(CAP_ALL | (dropped ? CAP_ESIRTPS : 0), ECAP_ALL);
		uint64_t irt;

		rig_queue(r, 0, true);
		irt = rig_irt(r, 7, false);
		put64(r, irt + 16ull * 5, irte(0x41));
		interrupts(r, 0x41);
		put64(r, irt + 16ull * 5, irte(0x42));
		rig_gcmd(r, SIRTP, true);
		/* Both are allowed without ESIRTPS, until it is invalidated. */
		if (!dropped)
			inv_irte(r);
		interrupts(r, 0x42);
		put64(r, irt + 16ull * 5, irte(0x43));
		/* A table of another place */
		irt = pages(r, 1, PAGE);
		put64(r, irt + 16ull * 5, irte(0x44));
		wr64(r, IRTA, irt | 7);
		rig_gcmd(r, SIRTP, true);
		if (!dropped)
			inv_irte(r);
		interrupts(r, 0x44);
		rig_free(r);
	}
}

TEST(end_of_interrupt_remapping_drops_what_is_cached, "VTD-GCMD-20")
{
	struct rig *r = caching(CAP_ALL | CAP_ESIRTPS, ECAP_ALL);
	uint64_t irt;

	rig_queue(r, 0, true);
	irt = rig_irt(r, 7, false);
	put64(r, irt + 16ull * 5, irte(0x41));
	interrupts(r, 0x41);
	put64(r, irt + 16ull * 5, irte(0x42));
	rig_gcmd(r, IRE, false);
	rig_gcmd(r, IRE, true);
	interrupts(r, 0x42);
	rig_free(r);
}

/* Neither kind of remapping drops what belongs to the other. */
TEST(caches_of_the_other_remapping_stay, "VTD-GCMD-16 VTD-GCMD-17")
{
	struct scalable s = in_use(CAP_ALL | CAP_ESIRTPS | CAP_ESRTPS);
	struct rig *r = s.r;
	uint64_t irt;

	rig_queue(r, 0, true);
	irt = rig_irt(r, 7, false);
	put64(r, irt + 16ull * 5, irte(0x41));
	interrupts(r, 0x41);
	change_leaves(&s);
	rig_gcmd(r, IRE, false);
	rig_gcmd(r, SIRTP, true);
	rig_gcmd(r, IRE, true);
	interrupts(r, 0x41);
	both_lead(r, A);
	rig_gcmd(r, SRTP, true);
	both_lead(r, B);
	interrupts(r, 0x41);
	rig_free(r);
}
