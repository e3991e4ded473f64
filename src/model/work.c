/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The worker, and the drain of access sections. */
#include "model/work.h"

/*
 * A command may ring its own doorbell, through memory that leads to this unit's registers.  After so
 * many rounds the rest is left to the next call.
 */
#define ROUNDS_MAX 64

void iom_work_later(struct iom_unit *unit, uint32_t what)
{
	__atomic_fetch_or(&unit->work, what, __ATOMIC_SEQ_CST);
}

void iom_work(struct iom_unit *unit, uint32_t what)
{
	if (what)
		iom_work_later(unit, what);
	for (unsigned round = 0; round < ROUNDS_MAX; round++) {
		if (!__atomic_load_n(&unit->work, __ATOMIC_SEQ_CST) ||
		    __atomic_load_n(&unit->stopped, __ATOMIC_SEQ_CST) ||
		    __atomic_exchange_n(&unit->worker, 1, __ATOMIC_SEQ_CST))
			return;
		what = __atomic_exchange_n(&unit->work, 0, __ATOMIC_SEQ_CST);
		if (what)
			unit->arch->work(unit, what);
		__atomic_store_n(&unit->worker, 0, __ATOMIC_SEQ_CST);
	}
}

/*
 * Marks every open section, so that its end counts down.  A section that begins while this runs
 * begins with a full barrier, and sees what was invalidated before.  True: none was open.
 */
static bool sections_ended(struct iom_unit *unit)
{
	__atomic_store_n(&unit->drain_left, 1, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	iom_lock(&unit->lock);
	for (struct iom_lane *lane = unit->lanes; lane; lane = lane->next) {
		uint32_t open = IOM_LANE_OPEN;

		if (!__atomic_load_n(&lane->state, __ATOMIC_SEQ_CST))
			continue;
		__atomic_fetch_add(&unit->drain_left, 1, __ATOMIC_SEQ_CST);
		if (!__atomic_compare_exchange_n(&lane->state, &open,
		                                 IOM_LANE_OPEN | IOM_LANE_AWAITED, false,
		                                 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			__atomic_fetch_sub(&unit->drain_left, 1, __ATOMIC_SEQ_CST);
	}
	iom_unlock(&unit->lock);
	return __atomic_sub_fetch(&unit->drain_left, 1, __ATOMIC_SEQ_CST) == 0;
}

uint32_t iom_drain(struct iom_unit *unit, uint32_t ask, bool drained)
{
	uint32_t done = 0;

	unit->drain_asked |= ask;
	if (drained) {
		done = unit->draining;
		unit->draining = 0;
	}
	if (!unit->draining && unit->drain_asked) {
		unit->draining = unit->drain_asked;
		unit->drain_asked = 0;
		if (sections_ended(unit)) {
			done |= unit->draining;
			unit->draining = 0;
		}
	}
	return done;
}
