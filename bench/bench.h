/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Benchmarks: a row each, measured by main.c. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct world_kind;

struct bench_row {
	const char *name;
	const struct world_kind *kind; /* which IOMMU (world.h); NULL where the row has no world */
	uint64_t ops;                  /* of one repetition; some milliseconds' worth */

	/* Makes what is measured; `argument` tells the rows of one function apart. */
	void *(*make)(const struct bench_row *row);
	void (*drop)(void *state);
	/* Brings it into the state that a run of `ops` begins with; not timed.  May be NULL. */
	void (*prepare)(void *state, uint64_t ops);
	/* Carries out `ops` operations.  Returns the nanoseconds if it measured them itself, else 0. */
	uint64_t (*run)(void *state, uint64_t ops);
	unsigned argument;
	bool threads; /* it has several: instructions are not counted */
};

/* The rows of one subject; the last has no name. */
extern const struct bench_row bench_translate[], bench_invalidate[], bench_tables[], bench_strict[],
	bench_snapshot[], bench_atc[], bench_msi[], bench_interrupt[];

/* The time that this thread has computed for: other programs on the machine do not count. */
uint64_t bench_thread_ns(void);

/* Goes `steps` steps along a chain in which each needs the one before: see calibrate.c. */
void bench_calibrate(uint64_t steps);

/* Ends the program with a sentence. */
void bench_die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* The same unless `good`. */
#define BENCH_NEED(good)                                                                           \
	do {                                                                                       \
		if (!(good))                                                                       \
			bench_die("%s:%d: this should hold: %s", __FILE__, __LINE__, #good);       \
	} while (0)

#endif
