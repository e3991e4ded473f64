/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Devices that do not answer an invalidation in time, and how the fence tells of them. */
#include "../state.h"
#include "ats_rig.h"

#define A 0x100u
#define B 0x200u
#define ITAGS 32u
#define NS 1000000ull
#define SPOT (RIG_RAM + 0x800000)
#define STAMP 0xfeedbeefu

static struct rig *bench(uint64_t timeout_ns, bool cie)
{
	const struct iom_riscv_config config = { .capabilities = CAP_ALL_ATS,
		                                 .flags = IOM_RISCV_UNCACHED,
		                                 .ats_timeout_ns = timeout_ns };
	struct rig *r = rig_new_config(&config);

	rig_fq(r, 4, false);
	rig_cq(r, 7, cie);
	iom_step(r->unit, 77);
	return r;
}

static void inval(struct rig *r, uint32_t device)
{
	rig_cmd(r, ATS_INVAL | CMD_RID(device), 0x5000);
}

/* A fence that stores the stamp. */
static void fence(struct rig *r)
{
	put32(r, SPOT, 0);
	rig_cmd(r, FENCE | FENCE_AV | FENCE_DATA(STAMP), SPOT >> 2);
}

/* The fence is the last command, and has not been carried out. */
static void waits(struct rig *r, uint32_t csr)
{
	CHECK_EQ(rd32(r, CQH), rd32(r, CQT) - 1);
	CHECK_EQ(rd32(r, CQCSR) & ~(uint32_t)IE, EN | ON | csr);
	CHECK_EQ(ram32(r, SPOT), 0);
}

static void passed(struct rig *r)
{
	CHECK_EQ(rd32(r, CQH), rd32(r, CQT));
	CHECK_EQ(rd32(r, CQCSR) & ~(uint32_t)IE, EN | ON);
	CHECK_EQ(ram32(r, SPOT), STAMP);
	rig_expect_none(r);
}

TEST(timeout_stops_the_fence, "RV-CQ-27 RV-CQ-28")
{
	struct rig *r = bench(NS, false);

	for (unsigned i = 0; i < 3; i++) {
		const uint64_t now = 77 + 10 * i * NS;

		iom_step(r->unit, now);
		inval(r, A);
		fence(r);
		waits(r, 0);
		iom_step(r->unit, now + NS - 1);
		waits(r, 0);
		iom_step(r->unit, now + NS);
		waits(r, CMD_TO);
		/* only clearing it helps */
		iom_step(r->unit, now + 3 * NS);
		wr32(r, CQT, rd32(r, CQT));
		wr32(r, CQCSR, EN);
		waits(r, CMD_TO);
		/* the fence is tried again, and has nothing to tell */
		wr32(r, CQCSR, EN | CMD_TO);
		passed(r);
	}
	rig_free(r);
}

/* The condition waits for its fence; other commands do not see it. */
TEST(timeout_before_the_fence, "RV-CQ-27 RV-CQ-28")
{
	struct rig *r = bench(NS, false);

	inval(r, A);
	iom_step(r->unit, 77 + 2 * NS);
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	CHECK_EQ(rd32(r, CQH), 1);
	rig_cmd(r, VMA, 0);
	inval(r, B);
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	CHECK_EQ(rd32(r, CQH), 3);
	ats_complete(r, B, 1u << r->message[1].what.token, 1);
	fence(r);
	waits(r, CMD_TO);
	/* the commands behind it do not run */
	rig_cmd(r, ATS_PRGR | CMD_RID(B), 0);
	CHECK_EQ(r->messages, 2);
	CHECK_EQ(rd32(r, CQH), 3);
	wr32(r, CQCSR, EN | CMD_TO);
	CHECK_EQ(r->messages, 3);
	passed(r);
	fence(r);
	passed(r);
	rig_free(r);
}

/* The stop comes after all other commands are complete. */
TEST(timeout_of_one_of_two, "RV-CQ-27")
{
	for (unsigned both = 0; both < 2; both++) {
		struct rig *r = bench(NS, false);

		inval(r, A);
		iom_step(r->unit, 77 + NS / 2);
		inval(r, B);
		fence(r);
		iom_step(r->unit, 77 + NS);
		waits(r, 0);
		if (both)
			iom_step(r->unit, 77 + NS + NS / 2);
		else
			ats_complete(r, B, 1u << r->message[1].what.token, 1);
		waits(r, CMD_TO);
		wr32(r, CQCSR, EN | CMD_TO);
		passed(r);
		rig_free(r);
	}
}

TEST(timeout_in_time, "RV-CQ-26 RV-CQ-27")
{
	struct rig *r = bench(NS, false);

	inval(r, A);
	fence(r);
	iom_step(r->unit, 77 + NS - 1);
	ats_complete(r, A, 1u << r->message[0].what.token, 1);
	passed(r);
	iom_step(r->unit, 77 + 5 * NS);
	fence(r);
	passed(r);
	/* some of the completions are none */
	inval(r, A);
	fence(r);
	ats_complete(r, A, 1u << r->message[1].what.token, 2);
	iom_step(r->unit, 77 + 6 * NS);
	waits(r, CMD_TO);
	/* what comes too late is for nobody */
	ats_complete(r, A, 1u << r->message[1].what.token, 2);
	waits(r, CMD_TO);
	rig_expect_none(r);
	wr32(r, CQCSR, EN | CMD_TO);
	passed(r);
	rig_free(r);
}

TEST(timeout_of_the_default_configuration, "")
{
	struct rig *r = bench(0, false);
	const uint64_t minute = 60000000000;

	inval(r, A);
	fence(r);
	iom_step(r->unit, 77 + minute - 1);
	waits(r, 0);
	iom_step(r->unit, 77 + minute);
	waits(r, CMD_TO);
	rig_free(r);
}

TEST(timeout_interrupts, "RV-CQ-32 RV-CQ-03")
{
	struct rig *r = bench(NS, true);

	inval(r, A);
	fence(r);
	CHECK_EQ(rd32(r, IPSR), 0);
	iom_step(r->unit, 77 + NS);
	waits(r, CMD_TO);
	CHECK_EQ(rd32(r, IPSR), CIP);
	CHECK_EQ(r->msis, 1);
	wr32(r, IPSR, CIP); /* it lasts */
	CHECK_EQ(rd32(r, IPSR), CIP);
	CHECK_EQ(r->msis, 2);
	/* disabling the queue keeps the bit, enabling clears it */
	wr32(r, CQCSR, IE);
	CHECK_EQ(rd32(r, CQCSR) & ~(uint32_t)IE, CMD_TO);
	wr32(r, CQT, 0);
	wr32(r, CQCSR, EN);
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	CHECK_EQ(rd32(r, CQH), 0);
	rig_free(r);

	r = bench(NS, false);
	inval(r, A);
	fence(r);
	iom_step(r->unit, 77 + NS);
	waits(r, CMD_TO);
	CHECK_EQ(rd32(r, IPSR), 0);
	wr32(r, CQCSR, EN | IE);
	CHECK_EQ(rd32(r, IPSR), CIP);
	rig_free(r);
}

/* ITags of devices that never answer come back. */
TEST(timeout_frees_itags, "RV-ATS-30 RV-ATS-27")
{
	struct rig *r = bench(NS, false);

	for (unsigned i = 0; i < ITAGS + 2; i++)
		inval(r, A);
	CHECK_EQ(r->messages, ITAGS);
	CHECK_EQ(rd32(r, CQH), ITAGS);
	iom_step(r->unit, 77 + NS);
	CHECK_EQ(r->messages, ITAGS + 2);
	CHECK_EQ(rd32(r, CQH), ITAGS + 2);
	fence(r);
	waits(r, 0);
	iom_step(r->unit, 77 + 2 * NS);
	waits(r, CMD_TO);
	wr32(r, CQCSR, EN | CMD_TO);
	passed(r);
	rig_free(r);
}

TEST(fence_that_waits_keeps_a_disabled_queue_on, "RV-CQ-29")
{
	for (unsigned times_out = 0; times_out < 2; times_out++) {
		struct rig *r = bench(NS, false);

		inval(r, A);
		fence(r);
		wr32(r, CQCSR, 0);
		CHECK_EQ(rd32(r, CQCSR), ON | BUSY);
		CHECK_EQ(ram32(r, SPOT), 0);
		if (times_out)
			iom_step(r->unit, 77 + NS);
		else
			ats_complete(r, A, 1u << r->message[0].what.token, 1);
		CHECK_EQ(rd32(r, CQCSR) & (EN | ON | BUSY), 0);
		CHECK_EQ(ram32(r, SPOT), times_out ? 0 : STAMP);
		/* and it starts as new */
		rig_cq(r, 4, false);
		fence(r);
		if (times_out && rd32(r, CQCSR) & CMD_TO)
			wr32(r, CQCSR, EN | CMD_TO);
		passed(r);
		rig_free(r);
	}
}

/* Nobody listens: as if the device did not answer. */
TEST(timeout_where_no_device_listens, "")
{
	struct rig *r = bench(NS, false);
	const struct iom_host deaf = { .bytes = sizeof(deaf) };
	struct iom_unit *unit;

	CHECK_EQ(iom_riscv_new(&r->config, r->memory, &deaf, NULL, &unit, NULL), IOM_OK);
	iom_unit_free(r->unit);
	r->unit = unit;
	rig_fq(r, 4, false);
	rig_cq(r, 7, false);
	iom_step(r->unit, 77);
	inval(r, A);
	fence(r);
	waits(r, 0);
	iom_step(r->unit, 77 + NS);
	waits(r, CMD_TO);
	rig_free(r);
}

/* fence_w_ip tells of fences that passed. */
TEST(timeout_and_the_wire_of_the_fence, "RV-CQ-27 RV-CQ-28")
{
	const struct iom_riscv_config config = { .capabilities = CAP_ALL_ATS,
		                                 .ats_timeout_ns = NS };
	struct rig *r = rig_new_config(&config);

	wr32(r, FCTL, WSI);
	rig_cq(r, 4, false);
	iom_step(r->unit, 77);
	inval(r, A);
	rig_cmd(r, FENCE | FENCE_WSI, 0);
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	iom_step(r->unit, 77 + NS);
	CHECK_EQ(rd32(r, CQCSR), EN | ON | CMD_TO);
	CHECK_EQ(rd32(r, CQH), 1);
	wr32(r, CQCSR, EN | CMD_TO);
	CHECK_EQ(rd32(r, CQCSR), EN | ON | FENCE_W_IP);
	CHECK_EQ(rd32(r, CQH), 2);
	rig_free(r);
}

/* Two things to wait for: the device's completion, and accesses that are under way. */
TEST(fence_waits_for_sections_too, "RV-CQ-26")
{
	for (unsigned section_first = 0; section_first < 2; section_first++) {
		struct rig *r = bench(NS, false);

		iom_begin(r->lane);
		inval(r, A);
		fence(r);
		waits(r, 0);
		if (section_first)
			iom_end(r->lane);
		else
			ats_complete(r, A, 1u << r->message[0].what.token, 1);
		waits(r, 0);
		if (section_first)
			ats_complete(r, A, 1u << r->message[0].what.token, 1);
		else
			iom_end(r->lane);
		passed(r);
		rig_free(r);
	}
}

/* The clock counts from its first call on, and does not go back. */
TEST(timeout_by_the_clock, "RV-CQ-27")
{
	const struct iom_riscv_config config = { .capabilities = CAP_ALL_ATS,
		                                 .ats_timeout_ns = NS };
	struct rig *r = rig_new_config(&config);
	const uint64_t late = 1ull << 62;

	rig_cq(r, 4, false);
	inval(r, A);
	fence(r);
	iom_step(r->unit, late);
	waits(r, 0);
	iom_step(r->unit, 5);
	iom_step(r->unit, late + NS - 1);
	waits(r, 0);
	iom_step(r->unit, 5 + NS);
	waits(r, 0);
	iom_step(r->unit, late + NS);
	waits(r, CMD_TO);
	rig_free(r);
}

/* What is left of the time moves with the unit, and so do completions that were counted. */
TEST(timeout_moves, "")
{
	struct rig *r = bench(NS, false);
	unsigned tag;

	inval(r, A);
	inval(r, B);
	tag = r->message[1].what.token;
	ats_complete(r, B, 1u << tag, 3);
	iom_step(r->unit, 77 + NS / 2);
	rig_move(r);
	ats_complete(r, B, 1u << tag, 3);
	iom_step(r->unit, 5);
	fence(r);
	iom_step(r->unit, 5 + NS / 2 - 1);
	waits(r, 0);
	rig_move(r);
	ats_complete(r, B, 1u << tag, 3);
	iom_step(r->unit, 0);
	waits(r, 0);
	iom_step(r->unit, 1);
	waits(r, CMD_TO);
	rig_move(r);
	waits(r, CMD_TO);
	wr32(r, CQCSR, EN | CMD_TO);
	passed(r);
	/* and that the time was over, as long as no fence has told it */
	iom_step(r->unit, 1);
	inval(r, A);
	iom_step(r->unit, 1 + NS);
	rig_move(r);
	fence(r);
	waits(r, CMD_TO);
	rig_free(r);
}

/* A unit that goes back to an earlier state counts anew, whatever its clock has shown or shows then. */
TEST(timeout_of_a_unit_that_goes_back, "")
{
	static const uint64_t clocks[] = { 5, 77 + NS, 1ull << 60 };
	struct rig *r = bench(NS, false);
	struct state s;

	inval(r, A);
	fence(r);
	iom_step(r->unit, 77 + NS / 2);
	state_save(&s, r->unit);
	for (unsigned i = 0; i < COUNT(clocks); i++) {
		iom_step(r->unit, 1ull << 40);
		waits(r, CMD_TO);
		CHECK_EQ(iom_unit_load(r->unit, s.byte, s.bytes, NULL), IOM_OK);
		iom_step(r->unit, clocks[i]);
		iom_step(r->unit, clocks[i] + NS / 2 - 1);
		waits(r, 0);
		iom_step(r->unit, clocks[i] + NS / 2);
		waits(r, CMD_TO);
	}
	rig_free(r);
}
