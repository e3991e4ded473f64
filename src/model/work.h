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

/*
 * Worker only: nobody who asked so far wants to know any more.  A drain that is under way still runs
 * to its end, on behalf of nobody: its sections are marked, and the next one must not mark them anew.
 */
#define IOM_DRAIN_NOBODY UINT32_C(0x80000000)
void iom_drain_forget(struct iom_unit *unit);

#endif
