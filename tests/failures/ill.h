/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A bench on which the driver's host or its hardware falls ill: one thing fails, when it is its turn. */
#ifndef TESTS_FAILURES_ILL_H
#define TESTS_FAILURES_ILL_H

#include "../os/bench.h"

enum mode {
	HEALTHY,
	NO_MEMORY,  /* an allocation fails                                         */
	GONE_ONCE,  /* a register reads as ones                                    */
	GONE,       /* all do, from one on                                         */
	NEVER_DONE, /* nothing that hardware begins ends, from a look on           */
	LOST,       /* stores to registers have no effect, from one on             */
	SILENT,     /* a device does not answer an invalidation                    */
};

struct ill {
	struct bench *b;
	enum mode mode;
	unsigned left; /* of these, before the failure */
	bool fired;
	uint64_t head; /* cqh, where it does not move any more */
};

/* A bench with a failure after `n` others of its kind.  There is one at a time. */
void ill_new(struct ill *w, enum mode mode, unsigned n);

/* From now on, hardware and memory are as they should be. */
void ill_heal(struct ill *w);

/* Is this what a call may answer to the failure? */
bool ill_fits(const struct ill *w, int err);

/* Brings the driver up, at the second attempt if the first one met the failure. */
void ill_bring_up(struct ill *w);

/* Counts up from 0 until `lives` says that nothing failed; `places`: how often something must. */
void ill_sweep(bool (*lives)(enum mode mode, unsigned n), enum mode mode, unsigned places);

#endif
