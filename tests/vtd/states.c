/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Saved states that no VT-d unit of such a configuration can be in, each for one thing. */
#include "../state.h"
#include "rig.h"

/* The unit's own words of a state in which nothing is under way, in their order. */
enum { CHANGING = 5, QUEUE_ENDS, ITAGS = 12 };

#define OWN(n) (0x10000u + (n))
#define EPM (1u << 31)
#define PROTECTING (CAP_LEGACY | CAP_PLMR)

static struct rig *make(uint64_t cap, uint64_t ecap)
{
	const struct iom_vtd_config config = {
		.cap = cap, .ecap = ecap, .version = 0x40, .address_bits = RIG_HAW
	};

	return rig_new_config(&config);
}

TEST(states_of_other_units_are_refused, "")
{
	static const struct {
		const char *why;
		uint64_t cap;
		struct {
			unsigned at;
			uint64_t value;
		} word[2];
	} wrong[] = {
		{ "a pointer that is set and being set",
		  CAP_LEGACY,
		  { { GSTS, SRTP }, { OWN(CHANGING), SRTP } } },
		{ "a flush without end", CAP_LEGACY | CAP_RWBF, { { GSTS, WBF } } },
		{ "a queue that is off and ends", CAP_LEGACY, { { OWN(QUEUE_ENDS), 1 } } },
		{ "protection that is asked for and off", PROTECTING, { { PMEN, EPM } } },
		{ "a fault record that is not there", CAP_LEGACY, { { FSTS, 0xff00 } } },
	};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct rig *r = make(wrong[i].cap, ECAP_LEGACY);
		struct state s;

		CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
		state_save(&s, r->unit);
		CHECK_EQ(iom_unit_load(r->unit, s.byte, s.bytes, NULL), IOM_OK);
		for (unsigned w = 0; w < 2 && wrong[i].word[w].at; w++) {
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

/* An invalidation of a device's cache that waits: only where devices have caches. */
TEST(states_with_invalidations_of_no_device_are_refused, "")
{
	static const uint64_t invalidation[] = { 0, 0, 1 };

	for (unsigned caches = 0; caches < 2; caches++) {
		struct rig *r = make(CAP_LEGACY, caches ? ECAP_LEGACY : ECAP_LEGACY & ~ECAP_DT);
		struct state s;

		CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
		state_save(&s, r->unit);
		state_put(&s, state_own(&s, ITAGS), 1);
		state_insert(&s, state_own(&s, ITAGS + 1), invalidation, 3);
		if (caches)
			CHECK_EQ(iom_unit_load(r->unit, s.byte, s.bytes, NULL), IOM_OK);
		else
			state_refused(&s, r->unit, "an invalidation without device caches");
		rig_free(r);
	}
}

/* Protected memory regions, on and while they are going on: the section that is awaited stays behind. */
TEST(move_of_a_unit_that_protects_memory, "")
{
	for (unsigned busy = 0; busy < 2; busy++) {
		struct rig *r = make(PROTECTING, ECAP_LEGACY);
		struct iom_unit *old = r->unit;
		struct state s;

		if (busy)
			iom_begin(r->lane);
		wr32(r, PMEN, EPM);
		CHECK_EQ(rd32(r, PMEN), busy ? EPM : EPM | 1);
		CHECK_EQ(iom_unit_stop(old), busy ? IOM_EBUSY : IOM_OK);
		state_save(&s, old);
		r->unit = rig_unit(r, &r->config);
		CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
		CHECK_EQ(iom_unit_load(r->unit, s.byte, s.bytes, NULL), IOM_OK);
		if (busy)
			iom_end(r->lane);
		iom_unit_free(old);
		iom_unit_start(r->unit);
		CHECK_EQ(rd32(r, PMEN), EPM | 1);
		rig_free(r);
	}
}
