/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A unit's life in steps; each leaves the unit as it found it. */
#ifndef TESTS_FAILURES_LIFE_H
#define TESTS_FAILURES_LIFE_H

#include "world.h"

/*
 * One life.  `good`: what each step notes if nothing fails; NULL for that run itself.  Step 0 of the
 * notes is creation, the last one the move of what the unit has become.
 */
void life(struct world *w, const struct world *good);

/*
 * What software does after an error: clears the error bits of the queues, which lets the command queue
 * go on, takes the records, and acknowledges the interrupts.  All commands are done then.
 */
void life_recover(struct world *w);

#endif
