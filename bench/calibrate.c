/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The yardstick: a chain of dependent steps, each a load from the first-level cache, an addition
 * and an exclusive or.  Its time follows the clock rate, so that ratios to it compare runs.
 */
#include "bench.h"

#define WORDS 512u

void bench_calibrate(uint64_t steps)
{
	uint64_t word[WORDS], x = 1;

	for (uint64_t i = 0; i < WORDS; i++)
		word[i] = i * 167 + 13;
	while (steps--) {
		x = (word[x % WORDS] + x) ^ steps;
		__asm__ volatile("" : "+r"(x));
	}
}
