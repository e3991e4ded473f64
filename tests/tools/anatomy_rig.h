/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Structures taken apart, against fields typed from the specifications. */
#ifndef TESTS_TOOLS_ANATOMY_RIG_H
#define TESTS_TOOLS_ANATOMY_RIG_H

#include "anatomy.h"
#include "test.h"

struct place {
	const char *name;
	unsigned high, low;
};

/*
 * Each bit of the structure, set alone, is told as the field that the rows say, or as reserved if no row has
 * it.
 */
void check_places(const struct anatomy *anatomy, const struct place *rows, size_t count);

/* The line of text for these words. */
void check_text(const struct anatomy *anatomy, const uint64_t *words, unsigned count, unsigned how,
                const char *should);

#define CHECK_PLACES(anatomy, ...)                                                                 \
	do {                                                                                       \
		static const struct place rows_[] = { __VA_ARGS__ };                               \
		check_places(anatomy, rows_, sizeof rows_ / sizeof rows_[0]);                      \
	} while (0)

#define CHECK_TEXT(anatomy, how, should, ...)                                                      \
	do {                                                                                       \
		const uint64_t words_[] = { __VA_ARGS__ };                                         \
		check_text(anatomy, words_, sizeof words_ / sizeof words_[0], how, should);        \
	} while (0)

#endif
