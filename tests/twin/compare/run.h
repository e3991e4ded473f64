/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What the comparisons of units with their twins have in common when they run for long. */
#ifndef TESTS_TWIN_COMPARE_SOAK_H
#define TESTS_TWIN_COMPARE_SOAK_H

#include <stdbool.h>
#include <stdint.h>

struct run {
	uint64_t seed, requests; /* at least so many */
	void (*progress)(uint64_t requests);
};

/* A comparison, which counts what it has reached */
struct soak {
	/* True if no difference was found, else `text` has the first one, in words. */
	bool (*run)(const struct run *run, char *text, unsigned size);
	/* One world alone */
	bool (*world)(uint64_t seed, char *text, unsigned size);
	/* Prints what was reached. */
	void (*print)(void);
};

/*
 * The program: for as long as one likes.
 *
 *	[requests [seed]]        10 million, seed 1
 *	--world seed             one world, as a difference names it
 */
int soak(int argc, char **argv, const struct soak *what);

#endif
