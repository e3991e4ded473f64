/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What a scenario says.  It is kept until the scenario has ended, since one that turns out to be
 * malformed writes nothing.
 */
#ifndef IOMMUX_OUTPUT_H
#define IOMMUX_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#define OUTPUT_MAX ((size_t)16 << 20)

enum output_style { OUTPUT_PLAIN, OUTPUT_GOOD, OUTPUT_BAD, OUTPUT_HEADING };

struct output {
	char *text;
	size_t len, size;
	bool colours;
};

/* Colours are for terminals, and not if NO_COLOR is set. */
void output_init(struct output *output);
void output_free(struct output *output);

/* False: more than OUTPUT_MAX, or no memory; then nothing was added. */
bool output_add(struct output *output, enum output_style style, const char *text, size_t len);

/* Writes all of it to standard output; false: that failed, errno says why. */
bool output_write(const struct output *output);

#endif
