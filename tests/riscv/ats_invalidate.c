/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Invalidations under way: ITags, completions, fences that wait, devices that do not answer. */
#include "ats_rig.h"

#define A 0x100u
#define B 0x200u
#define ITAGS 32u
#define NS 1000000ull
#define SPOT (RIG_RAM + 0x800000)
#define STAMP 0xfeedbeefu

static struct rig *bench(uint64_t timeout_ns)
{
	const struct iom_riscv_config config = { .capabilities = CAP_ALL_ATS,
		                                 .flags = IOM_RISCV_UNCACHED,
		                                 .ats_timeout_ns = timeout_ns };
	struct rig *r = rig_new_config(&config);

	rig_fq(r, 4, false);
	rig_cq(r, 7, false);
	return r;
}

/* Sends one and returns its ITag. */
static unsigned inval(struct rig *r, uint32_t device)
{
	unsigned n = r->messages;

	rig_cmd(r,
	        ATS_INVAL | CMD_RID(device & 0xffff) | (device >> 16 ? CMD_DSEG(device >> 16) : 0),
	        0x5000);
	CHECK_EQ(r->messages, n + 1);
	CHECK(n < RIG_LOG);
	CHECK_EQ(r->message[n].requester, device);
	CHECK_EQ(r->message[n].what.kind, IOM_MESSAGE_INVALIDATE);
	CHECK(r->message[n].what.token < ITAGS);
	return r->message[n].what.token;
}

/* A fence that stores the stamp. */
static void fence(struct rig *r)
{
	put32(r, SPOT, 0);
	rig_cmd(r, FENCE | FENCE_AV | FENCE_PR | FENCE_PW | FENCE_DATA(STAMP), SPOT >> 2);
}

/* It waits, as the last command, with this in cqcsr beside cqen and cqon. */
static void waits(struct rig *r, uint32_t csr)
{
	CHECK_EQ(rd32(r, CQH), rd32(r, CQT) - 1);
	CHECK_EQ(rd32(r, CQCSR), EN | ON | csr);
	CHECK_EQ(ram32(r, SPOT), 0);
	CHECK_EQ(r->orders, 0);
}

static void passed(struct rig *r)
{
	CHECK_EQ(rd32(r, CQH), rd32(r, CQT));
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	CHECK_EQ(ram32(r, SPOT), STAMP);
	CHECK_EQ(r->orders, 1);
	r->orders = 0;
	rig_expect_none(r);
}

TEST(fence_waits_for_the_device, "RV-CQ-26")
{
	struct rig *r = bench(0);
	unsigned tag = inval(r, A);

	/* the queue goes on meanwhile */
	CHECK_EQ(rd32(r, CQH), 1);
	rig_cmd(r, VMA, 0);
	rig_cmd(r, INVAL_DDT, 0);
	CHECK_EQ(rd32(r, CQH), 3);
	fence(r);
	waits(r, 0);
	wr32(r, CQT, rd32(r, CQT));
	iom_step(r->unit, 0);
	iom_step(r->unit, 1000);
	waits(r, 0);
	ats_complete(r, A, 1u << tag, 1);
	passed(r);
	/* nothing is left to wait for */
	fence(r);
	passed(r);
	rig_free(r);
}

TEST(fence_waits_for_all_devices, "RV-CQ-26 RV-ATS-27")
{
	struct rig *r = bench(0);
	unsigned a = inval(r, A), b = inval(r, B), a2 = inval(r, A);

	CHECK(a != b && b != a2 && a != a2);
	fence(r);
	ats_complete(r, A, 1u << a2, 1);
	waits(r, 0);
	ats_complete(r, A, 1u << a, 1);
	waits(r, 0);
	ats_complete(r, B, 1u << b, 1);
	passed(r);
	/* one completion for two */
	a = inval(r, A);
	b = inval(r, A);
	fence(r);
	waits(r, 0);
	ats_complete(r, A, 1u << a | 1u << b, 1);
	passed(r);
	rig_free(r);
}

/* What comes behind a waiting fence waits too. */
TEST(fence_holds_the_queue, "RV-CQ-26")
{
	struct rig *r = bench(0);
	unsigned tag = inval(r, A);

	fence(r);
	rig_cmd(r, ATS_PRGR | CMD_RID(B), 0x77ull << 32);
	CHECK_EQ(r->messages, 1);
	CHECK_EQ(rd32(r, CQH), 1);
	ats_complete(r, A, 1u << tag, 1);
	CHECK_EQ(r->messages, 2);
	CHECK_EQ(r->message[1].what.kind, IOM_MESSAGE_PAGES);
	passed(r);
	rig_free(r);
}

static void at_once(struct rig *r, uint32_t requester, const struct iom_message *m)
{
	ats_complete(r, requester, 1u << m->token, 1);
}

TEST(device_answers_at_once, "RV-ATS-27")
{
	struct rig *r = bench(0);

	r->on_message = at_once;
	for (unsigned i = 0; i < 3 * ITAGS; i++) {
		r->messages = 0;
		inval(r, i & 1 ? A : B);
	}
	fence(r);
	passed(r);
	rig_free(r);
}

TEST(itags_are_reused_when_free, "RV-ATS-27")
{
	struct rig *r = bench(0);
	unsigned tag[8];
	uint32_t used = 0;

	for (unsigned i = 0; i < 8; i++) {
		tag[i] = inval(r, A);
		CHECK_EQ(used >> tag[i] & 1, 0);
		used |= 1u << tag[i];
	}
	for (unsigned i = 0; i < 100; i++) {
		unsigned slot = i * 5 % 8;

		ats_complete(r, A, 1u << tag[slot], 1);
		used &= ~(1u << tag[slot]);
		r->messages = 0;
		tag[slot] = inval(r, A);
		CHECK_EQ(used >> tag[slot] & 1, 0);
		used |= 1u << tag[slot];
	}
	fence(r);
	waits(r, 0);
	ats_complete(r, A, used, 1);
	passed(r);
	rig_free(r);
}

TEST(completions_are_counted, "RV-ATS-28")
{
	static const unsigned ccs[] = { 1, 3, 7, 0 };
	struct rig *r = bench(0);

	/* Each request counts its own: in the end one completion is missing, the other's or this one's. */
	for (unsigned i = 0; i < 2 * COUNT(ccs); i++) {
		unsigned cc = ccs[i / 2], tag = inval(r, A), other = inval(r, A);
		bool others_last = i % 2;

		fence(r);
		ats_complete(r, A, 1u << other, 2);
		for (unsigned n = cc ? cc : 8; n > 1; n--) {
			ats_complete(r, A, 1u << tag, cc);
			waits(r, 0);
		}
		ats_complete(r, A, 1u << (others_last ? tag : other), others_last ? cc : 2);
		waits(r, 0);
		ats_complete(r, A, 1u << (others_last ? other : tag), others_last ? 2 : cc);
		passed(r);
	}
	rig_free(r);
}

/* The count starts afresh with each use of an ITag. */
TEST(completions_do_not_count_for_others, "RV-ATS-28 RV-ATS-27")
{
	struct rig *r = bench(0);
	unsigned tag = inval(r, A);

	for (unsigned i = 0; i < 3; i++)
		ats_complete(r, A, 1u << tag, 3);
	/* idle ITags, before they are used */
	ats_complete(r, A, ~0u, 2);
	for (unsigned i = 0; i < ITAGS; i++) {
		tag = inval(r, A);
		fence(r);
		ats_complete(r, A, 1u << tag, 2);
		waits(r, 0);
		ats_complete(r, A, 1u << tag, 2);
		passed(r);
	}
	rig_free(r);
}

TEST(completions_of_others, "RV-ATS-29 RV-ATS-35")
{
	static const uint32_t others[] = { B, A + 1, A ^ 0x8000, A | 0x10000 };
	struct rig *r = bench(0);
	unsigned tag, b;

	for (unsigned i = 0; i < COUNT(others); i++) {
		tag = inval(r, A);
		fence(r);
		ats_complete(r, others[i], ~0u, 1);
		waits(r, 0);
		ats_complete(r, A, ~(1u << tag), 1);
		waits(r, 0);
		ats_complete(r, A, 1u << tag, 1);
		passed(r);
	}
	/* a segment is part of the name */
	tag = inval(r, A | 0x420000);
	fence(r);
	ats_complete(r, A, ~0u, 1);
	ats_complete(r, A | 0x430000, ~0u, 1);
	waits(r, 0);
	ats_complete(r, A | 0x420000, 1u << tag, 1);
	passed(r);
	/* each completes its own, whatever else it names */
	tag = inval(r, A);
	b = inval(r, B);
	fence(r);
	ats_complete(r, B, 1u << tag | 1u << b, 1);
	waits(r, 0);
	ats_complete(r, A, 1u << tag | 1u << b, 1);
	passed(r);
	rig_free(r);
}

TEST(completions_in_off_and_bare, "RV-ATS-34")
{
	for (unsigned mode = OFF; mode <= BARE; mode++) {
		struct rig *r = bench(0);
		unsigned tag;

		rig_ddt(r, 1);
		tag = inval(r, A);
		fence(r);
		wr64(r, DDTP, mode);
		waits(r, 0);
		ats_complete(r, B, 1u << tag, 1); /* and what nobody waits for makes none either */
		rig_expect_none(r);
		ats_complete(r, A, 1u << tag, 1);
		passed(r);
		ats_complete(r, A, 1u << tag, 1);
		rig_expect_none(r);
		rig_free(r);
	}
}

TEST(itags_run_out, "RV-ATS-30 RV-ATS-27")
{
	struct rig *r = bench(0);
	uint32_t used = 0;
	unsigned last;

	for (unsigned i = 0; i < ITAGS; i++) {
		unsigned tag = inval(r, A);

		CHECK_EQ(used >> tag & 1, 0);
		used |= 1u << tag;
	}
	CHECK_EQ(used, ~0u);
	for (unsigned i = 0; i < 3; i++)
		rig_cmd(r, ATS_INVAL | CMD_RID(B), 0);
	rig_cmd(r, ATS_PRGR | CMD_RID(B), 0);
	CHECK_EQ(r->messages, ITAGS);
	CHECK_EQ(rd32(r, CQH), ITAGS);
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	/* one becomes free */
	ats_complete(r, A, 1u << 17, 1);
	CHECK_EQ(r->messages, ITAGS + 1);
	CHECK_EQ(r->message[ITAGS].requester, B);
	CHECK_EQ(r->message[ITAGS].what.token, 17);
	CHECK_EQ(rd32(r, CQH), ITAGS + 1);
	/* and enough of them */
	ats_complete(r, A, 1u << 3 | 1u << 30, 1);
	CHECK_EQ(r->messages, ITAGS + 4);
	CHECK_EQ(r->message[ITAGS + 3].what.kind, IOM_MESSAGE_PAGES);
	CHECK_EQ(rd32(r, CQH), ITAGS + 4);
	last = r->message[ITAGS + 1].what.token;
	CHECK(last == 3 || last == 30);
	CHECK_EQ(r->message[ITAGS + 2].what.token, 33 - last);
	fence(r);
	ats_complete(r, A, ~0u, 1);
	waits(r, 0);
	ats_complete(r, B, ~0u, 1);
	passed(r);
	rig_free(r);
}

/* Resets forget what was under way; so does nothing else. */
TEST(invalidations_and_resets, "")
{
	for (unsigned warm = 0; warm < 2; warm++) {
		struct rig *r = bench(NS);
		unsigned tag;

		iom_step(r->unit, 0);
		tag = inval(r, A);
		rig_move(r);
		fence(r);
		rig_move(r);
		waits(r, 0);
		ats_complete(r, A, 1u << tag, 1);
		passed(r);
		inval(r, A);
		fence(r);
		if (warm)
			iom_unit_reset_warm(r->unit);
		else
			iom_unit_reset(r->unit);
		CHECK_EQ(ram32(r, SPOT), 0);
		r->messages = 0;
		rig_cq(r, 7, false);
		fence(r);
		passed(r);
		for (unsigned i = 0; i < ITAGS; i++)
			inval(r, A);
		rig_free(r);
	}
}

/* A queue that is turned off while it waits for an ITag. */
TEST(itags_run_out_and_the_queue_goes_off, "RV-ATS-30")
{
	struct rig *r = bench(0);

	for (unsigned i = 0; i < ITAGS; i++)
		inval(r, A);
	rig_cmd(r, ATS_INVAL | CMD_RID(B), 0);
	CHECK_EQ(rd32(r, CQH), ITAGS);
	wr32(r, CQCSR, 0);
	ats_complete(r, A, ~0u, 1);
	ats_complete(r, B, ~0u, 1);
	CHECK_EQ(rd32(r, CQCSR), 0);
	r->messages = 0;
	rig_cq(r, 7, false);
	for (unsigned i = 0; i < ITAGS; i++)
		inval(r, A);
	fence(r);
	waits(r, 0);
	ats_complete(r, A, ~0u, 1);
	passed(r);
	rig_free(r);
}
