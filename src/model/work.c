/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The worker, and the drain of access sections. */
#include "model/work.h"

#include "model/backend.h"
#include "model/observe.h"

/*
 * How many steps one call takes: enough for the largest ring.  A command may ring its own doorbell,
 * through memory that leads to this unit's registers, and would go on for ever.
 */
#define STEPS_MAX (UINT32_C(1) << 20)

/*
 * A drain that a reset overtakes runs to its end on behalf of nobody: its sections are marked, and the
 * next one must not mark them anew.
 */
#define DRAIN_NOBODY UINT32_C(0x80000000)

void iom_work_later(struct iom_unit *unit, uint32_t what)
{
	__atomic_fetch_or(&unit->work, what, __ATOMIC_SEQ_CST);
}

bool iom_working(const struct iom_unit *unit)
{
	return __atomic_load_n(&unit->work, __ATOMIC_SEQ_CST) & IOM_WORKER;
}

/*
 * Becomes the worker and takes all wishes, `what` among them.  0: there is none, or somebody else is
 * the worker, and has `what` among his.
 */
static uint32_t take(struct iom_unit *unit, uint32_t what)
{
	uint32_t was = __atomic_load_n(&unit->work, __ATOMIC_SEQ_CST), now;

	do {
		now = was & IOM_WORKER ? was | what : IOM_WORKER;
		if (now == was || !(was | what))
			return 0;
	} while (!__atomic_compare_exchange_n(&unit->work, &was, now, false, __ATOMIC_SEQ_CST,
	                                      __ATOMIC_SEQ_CST));
	return was & IOM_WORKER ? 0 : was | what;
}

/*
 * Is this thread to do what there is?  What it leaves is on record before somebody else is told to come.
 * Who found nothing does not look again: what others leave meanwhile is told to somebody by them.
 */
static bool may_work(struct iom_unit *unit, uint32_t *what)
{
	if (!unit->host.may_work)
		return true;
	if (*what)
		iom_work_later(unit, *what);
	*what = 0;
	if (!(__atomic_load_n(&unit->work, __ATOMIC_SEQ_CST) & ~IOM_WORKER))
		return false;
	if (unit->host.may_work(unit->opaque))
		return true;
	IOM_CALLED(unit, .kind = IOM_CALLED_LATER, .requester = IOM_NOBODYS);
	return false;
}

void iom_work(struct iom_unit *unit, uint32_t what)
{
	uint32_t left = STEPS_MAX;

	if (!may_work(unit, &what))
		return;
	while (left) {
		if (iom_unit_stopped(unit)) {
			if (what)
				iom_work_later(unit, what);
			return;
		}
		what = take(unit, what);
		if (!what)
			return;
		unit->work_left = left - 1;
		/* Who stops the unit looks for a worker afterwards. */
		if (iom_unit_stopped(unit))
			iom_work_later(unit, what);
		else
			unit->arch->work(unit, what);
		what = 0;
		left = unit->work_left;
		/* Wishes that came meanwhile stay, and are looked at once more. */
		__atomic_fetch_and(&unit->work, ~IOM_WORKER, __ATOMIC_SEQ_CST);
	}
}

bool iom_work_step(struct iom_unit *unit)
{
	if (!unit->work_left)
		return false;
	unit->work_left--;
	return true;
}

void iom_work_through(struct iom_unit *unit, bool (*next)(struct iom_unit *unit), uint32_t what)
{
	bool go = true;

	while (go && !iom_unit_stopped(unit) && next(unit))
		go = iom_work_step(unit);
	if (!go || iom_unit_stopped(unit))
		iom_work_later(unit, what);
}

bool iom_restarted(struct iom_unit *unit, uint32_t *ask)
{
	if (iom_peek(&unit->resets) == unit->resets_seen)
		return false;
	iom_lock(&unit->lock);
	unit->resets_seen = unit->resets;
	*ask = unit->arch->restarted_locked(unit);
	iom_unlock(&unit->lock);
	unit->drain_asked = 0;
	if (unit->draining)
		unit->draining = DRAIN_NOBODY;
	iom_backend_restart(unit);
	iom_interrupts_changed(unit, 0, UINT32_MAX);
	return true;
}

uint32_t iom_unit_resets(struct iom_unit *unit)
{
	uint32_t resets;

	iom_lock(&unit->lock);
	resets = unit->resets;
	iom_unlock(&unit->lock);
	return resets;
}

/*
 * A section that begins while this runs begins with a full barrier, and sees what was invalidated
 * before.
 */
bool iom_sections_ended_locked(const struct iom_unit *unit)
{
	iom_locked_fence();
	for (const struct iom_lane *lane = unit->lanes; lane; lane = lane->next) {
		if (__atomic_load_n(&lane->state, __ATOMIC_SEQ_CST))
			return false;
	}
	return true;
}

/* Marks every open section, so that its end counts down. */
static void mark_sections_locked(struct iom_unit *unit)
{
	for (struct iom_lane *lane = unit->lanes; lane; lane = lane->next) {
		uint32_t open = IOM_LANE_OPEN;

		__atomic_fetch_add(&unit->drain_left, 1, __ATOMIC_SEQ_CST);
		if (!__atomic_compare_exchange_n(&lane->state, &open,
		                                 IOM_LANE_OPEN | IOM_LANE_AWAITED, false,
		                                 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			__atomic_fetch_sub(&unit->drain_left, 1, __ATOMIC_SEQ_CST);
	}
}

/* True: no section that began before this is open any more. */
static bool sections_ended(struct iom_unit *unit)
{
	bool open;

	iom_lock(&unit->lock);
	open = !iom_sections_ended_locked(unit);
	if (open) {
		/* One for ourselves, so that nobody finds the last one gone before all are marked. */
		__atomic_store_n(&unit->drain_left, 1, __ATOMIC_SEQ_CST);
		mark_sections_locked(unit);
	}
	iom_unlock(&unit->lock);
	return !open || __atomic_sub_fetch(&unit->drain_left, 1, __ATOMIC_SEQ_CST) == 0;
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
