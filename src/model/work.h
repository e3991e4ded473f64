/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Work that calls out: commands, fault records, messages, wires.  One thread at a time is a unit's
 * worker.  Who finds the place taken leaves its wish behind, and the worker sees to it before it
 * goes: nobody waits, and nobody calls out with a lock in hand.
 */
#ifndef MODEL_WORK_H
#define MODEL_WORK_H

#include "model/unit.h"

/* The drain under way has found its last section ended.  Architectures number theirs from 1 up. */
#define IOM_WORK_DRAINED IOM_BIT(0)

/* What calls out looks at this between one thing and the next, and leaves the rest as a wish. */
static inline bool iom_unit_stopped(const struct iom_unit *unit)
{
	return __atomic_load_n(&unit->stopped, __ATOMIC_SEQ_CST);
}

/* In unit.work: somebody is the worker.  Not a wish. */
#define IOM_WORKER UINT32_C(0x80000000)

/* Is a worker at work? */
bool iom_working(const struct iom_unit *unit);

/* Leaves a wish; somebody calls iom_work soon.  May be called under the lock. */
void iom_work_later(struct iom_unit *unit, uint32_t what);

/* The same from the hooks of a register store, whose end does the rest. */
static inline void iom_work_soon_locked(struct iom_unit *unit, uint32_t what)
{
	unit->soon |= what;
}

/* Leaves a wish and becomes the worker, if nobody else is.  Never under the lock. */
void iom_work(struct iom_unit *unit, uint32_t what);

/*
 * Worker only: takes one step's worth of what a call may do.  False: there is nothing left of it, and
 * the rest is to be left for later.
 */
bool iom_work_step(struct iom_unit *unit);

/*
 * Worker only: does one thing after the other, until `next` says that there is nothing left; or leaves
 * `what` as a wish.
 */
void iom_work_through(struct iom_unit *unit, bool (*next)(struct iom_unit *unit), uint32_t what);

/* Under the lock: no access section is open that began before the lock was taken. */
bool iom_sections_ended_locked(const struct iom_unit *unit);

/*
 * Worker only: asks that all access sections open now be awaited on behalf of `ask` (bits of the
 * architecture's own, 0 to ask for nothing); `drained` passes on IOM_WORK_DRAINED.  Returns the bits
 * whose sections have ended.
 */
uint32_t iom_drain(struct iom_unit *unit, uint32_t ask, bool drained);

/* Worker only: has a drain that was asked for on behalf of `ask` not ended yet? */
static inline bool iom_drains(const struct iom_unit *unit, uint32_t ask)
{
	return (unit->draining | unit->drain_asked) & ask;
}

/* ---- Resets and loads, while somebody else is at work: what began before ends without effect. */

/* There is one.  Before any wish that comes of it. */
static inline void iom_restart_locked(struct iom_unit *unit)
{
	iom_poke(&unit->resets, unit->resets + 1);
}

/*
 * Worker only, before anything else: has there been one since it looked last?  Nobody wants to know of
 * the drains that were asked for before, whoever stands below is told, and *ask becomes what is to be
 * drained now.
 */
bool iom_restarted(struct iom_unit *unit, uint32_t *ask);

/*
 * Worker only, under the lock: has there been one since then?  What it found before it took the lock is
 * of no account, and it will be called once more.
 */
static inline bool iom_overtaken_locked(const struct iom_unit *unit)
{
	return unit->resets != unit->resets_seen;
}

/* For others: what they find after this is of no account if it gives another number at the end. */
uint32_t iom_unit_resets(struct iom_unit *unit);

#endif
