/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Counts by key. */
#ifndef IOMMUX_TALLY_H
#define IOMMUX_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TALLY_COUNTS 7

struct tally_row {
	uint64_t key, count[TALLY_COUNTS];
	bool used;
};

/* All zeroes is an empty one. */
struct tally {
	struct tally_row *rows;
	size_t used, room;
};

/* The row of a key, made if need be, until the next call; NULL: no memory is left. */
struct tally_row *tally_at(struct tally *tally, uint64_t key);

/* A count of a key; 0 if it has no row. */
uint64_t tally_count(const struct tally *tally, uint64_t key, unsigned which);

/* Puts those with the largest first count first, in rows[0..used - 1]; no more calls of tally_at then. */
void tally_sort(struct tally *tally);
void tally_free(struct tally *tally);

#endif
