/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What a scenario tells.  It is kept until the scenario has ended, since one that turns out to be
 * malformed writes nothing.
 */
#ifndef IOMMUX_OUTPUT_H
#define IOMMUX_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTPUT_MAX ((size_t)16 << 20)

enum output_kind { OUTPUT_SAY, OUTPUT_TITLE, OUTPUT_EXPECT };

/* All zeroes: nothing was told. */
struct output {
	char *bytes;
	size_t len, size;
};

struct output_told {
	enum output_kind kind;
	bool held;     /* of OUTPUT_EXPECT     */
	uint32_t line; /* of the script        */
	uint32_t len;
	const char *text; /* without a 0 behind it */
};

void output_free(struct output *output);

/* False: more than OUTPUT_MAX, or no memory; then nothing was added. */
bool output_tell(struct output *output, const struct output_told *told);

/* The one at *at, which is 0 for the first, and then that of the next; false: there is none. */
bool output_next(const struct output *output, size_t *at, struct output_told *told);

#endif
