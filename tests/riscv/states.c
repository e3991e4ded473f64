/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Saved states that no RISC-V IOMMU of such a configuration can be in, each for one thing. */
#include "../state.h"
#include "ats_rig.h"

/* The unit's own words of a state in which nothing is under way, in their order. */
enum {
	MSI_PENDING = 6,
	DUE,
	FENCE_WAITS,
	FENCE_0,
	DDTP_LEFT = 11,
	CQ_LEFT,
	FQ_LEFT,
	TIMED_OUT = 16,
	ITAGS,
	PAGES,
};

#define OWN(n) (0x10000u + (n))
#define ATS_UNIT (CAP_EXT | CAP_ATS)
#define WIRED ((CAP_EXT & ~CAP_IGS_BOTH) | CAP_IGS_WSI)
#define MESSAGES ((CAP_EXT & ~CAP_IGS_BOTH) | CAP_IGS_MSI)

static struct rig *still(uint64_t capabilities, struct state *s)
{
	const struct iom_riscv_config config = { .capabilities = capabilities,
		                                 .queue_lg2 = 8,
		                                 .busy_ns = 1000 };
	struct rig *r = rig_new_config(&config);

	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	state_save(s, r->unit);
	CHECK_EQ(iom_unit_load(r->unit, s->byte, s->bytes, NULL), IOM_OK);
	return r;
}

TEST(states_of_other_units_are_refused, "")
{
	static const struct {
		const char *why;
		uint64_t capabilities;
		struct {
			unsigned at;
			uint64_t value;
		} word[4];
	} wrong[] = {
		{ "a message pending, without messages", WIRED, { { OWN(MSI_PENDING), 1 } } },
		{ "a message due, without messages", WIRED, { { OWN(DUE), CIP } } },
		{ "no wires, without messages", WIRED, { { FCTL, 0 } } },
		{ "wires, without wires", MESSAGES, { { FCTL, WSI } } },
		{ "GXL, where it is fixed", CAP_EXT, { { FCTL, GXL } } },
		{ "a queue that is off and takes time", CAP_EXT, { { OWN(FQ_LEFT), 5 } } },
		{ "a fence in a queue that is off",
		  CAP_EXT,
		  { { OWN(FENCE_WAITS), 1 }, { OWN(FENCE_0), FENCE } } },
		{ "a fence in a queue that goes on",
		  CAP_EXT,
		  { { OWN(FENCE_WAITS), 1 },
		    { OWN(FENCE_0), FENCE },
		    { CQCSR, EN | BUSY },
		    { OWN(CQ_LEFT), 5 } } },
		{ "ddtp that takes time and is not busy", CAP_EXT, { { OWN(DDTP_LEFT), 5 } } },
		{ "a queue that is too long", CAP_EXT, { { CQB, 8 } } },
		{ "a time-out without ATS", CAP_EXT, { { OWN(TIMED_OUT), 1 } } },
	};

	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct state s;
		struct rig *r = still(wrong[i].capabilities, &s);

		for (unsigned w = 0; w < 4 && wrong[i].word[w].at; w++) {
			unsigned at = wrong[i].word[w].at;

			state_put(&s,
			          at >= OWN(0) ? state_own(&s, at - OWN(0))
			                       : state_register(&s, at),
			          wrong[i].word[w].value);
		}
		state_refused(&s, r->unit, wrong[i].why);
		rig_free(r);
	}
}

/* Invalidations and page requests that wait: only of units with ATS, and as devices can make them. */
TEST(states_with_messages_of_no_device_are_refused, "")
{
	static const uint64_t invalidation[] = { 0, 0, 1 };
	static const uint64_t strange[] = { 0, 1ull << 12, 1ull << 33, 1ull << 34 };
	uint64_t page_request[] = { 0, 0, 255, 0, 0 };
	struct state good, s;

	for (unsigned ats = 0; ats < 2; ats++) {
		struct rig *r = still(ats ? ATS_UNIT : CAP_EXT, &good);

		s = good;
		state_put(&s, state_own(&s, ITAGS), 1);
		state_insert(&s, state_own(&s, ITAGS + 1), invalidation, COUNT(invalidation));
		if (ats)
			CHECK_EQ(iom_unit_load(r->unit, s.byte, s.bytes, NULL), IOM_OK);
		else
			state_refused(&s, r->unit, "an invalidation without ATS");
		for (unsigned i = 0; i < COUNT(strange); i++) {
			s = good;
			page_request[0] = strange[i];
			state_put(&s, state_own(&s, PAGES), 1);
			state_insert(&s, state_own(&s, PAGES + 1), page_request,
			             COUNT(page_request));
			if (ats && !i)
				CHECK_EQ(iom_unit_load(r->unit, s.byte, s.bytes, NULL), IOM_OK);
			else
				state_refused(&s, r->unit, "a strange page request");
		}
		rig_free(r);
	}
}

/* Without messages, and with ATS: a move goes well, and there are no vectors to mask. */
TEST(move_of_a_unit_with_wires_alone, "")
{
	const struct iom_riscv_config config = { .capabilities = WIRED | CAP_ATS,
		                                 .flags = IOM_RISCV_MSI_MASKED };
	struct rig *r = rig_new_config(&config);

	wr32(r, CQCSR, EN | IE);
	rig_move(r);
	CHECK_EQ(rd32(r, CQCSR), EN | ON | IE);
	for (unsigned off = MSI_CFG; off < MSI_END; off += 4)
		CHECK_EQ(rd32(r, off), 0);
	rig_free(r);
}
