/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A source of chance that gives the same everywhere: SplitMix64. */
#ifndef TESTS_TWIN_COMPARE_RANDOM_H
#define TESTS_TWIN_COMPARE_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

static inline uint64_t any(struct rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* 0 .. n - 1 */
static inline unsigned below(struct rng *rng, unsigned n)
{
	return (unsigned)((any(rng) >> 32) * n >> 32);
}

/* True in `n` of `of` cases */
static inline bool chance(struct rng *rng, unsigned n, unsigned of)
{
	return below(rng, of) < n;
}

/* A number of at most `width` bits */
static inline uint64_t wide(struct rng *rng, unsigned width)
{
	return width ? any(rng) >> (64 - width) : 0;
}

#endif
