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
 * arch.recover is what software does after an error: clears the error bits of the queues, which lets the
 * command queue go on, takes the records, and acknowledges the interrupts.  All commands are done then.
 */

/* The first of an architecture brings it up. */
struct step {
	const char *name;
	void (*run)(struct world *w);
	bool asks_again; /* the unit may do so by itself, and see nothing of a failure */
};

/* Steps that every architecture has. */
void life_plain_dma(struct world *w);
void life_marks(struct world *w);
void life_refusals(struct world *w);
void life_probe(struct world *w);
void life_ats(struct world *w);
void life_page_requests(struct world *w);
void life_backend(struct world *w);
void life_remove_and_come_back(struct world *w);
void life_reset(struct world *w);

#endif
