/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The word that a mistyped one was probably meant to be. */
#include "nearest.h"

#include <stddef.h>
#include <string.h>

#define LETTERS_MAX 31 /* longer words are not compared */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance, one row at a time. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned row[LETTERS_MAX + 1];

	for (unsigned j = 0; j <= b_len; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a_len; i++) {
		unsigned corner = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= b_len; j++) {
			unsigned swap = corner + (a[i - 1] != b[j - 1]);

			corner = row[j];
			row[j] = least(swap, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[b_len];
}

void nearest_begin(struct nearest *search, const char *word)
{
	size_t len = strlen(word);

	/* A third of the letters may be wrong, and one more. */
	*search = (struct nearest){ word, NULL, (unsigned)(len > LETTERS_MAX ? 0 : len / 3 + 2) };
}

void nearest_offer(struct nearest *search, const char *candidate)
{
	size_t a = strlen(search->word), b = strlen(candidate);
	unsigned d;

	if (a > LETTERS_MAX || b > LETTERS_MAX)
		return;
	d = distance(search->word, a, candidate, b);
	if (d < search->distance) {
		search->distance = d;
		search->best = candidate;
	}
}
