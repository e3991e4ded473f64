/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* How far something is that takes long: a line on standard error, if that is a terminal. */
#ifndef IOMMUX_PROGRESS_H
#define IOMMUX_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* All zeroes: nobody is told. */
struct progress {
	bool wanted, shown;
	uint64_t next_ms; /* when to show it next */
};

/* Begins now; `wanted`: if standard error is a terminal. */
void progress_begin(struct progress *progress, bool wanted);

/* Is it time to show it?  Not within the first second, and then ten times in each. */
bool progress_due(struct progress *progress);
void progress_show(struct progress *progress, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Erases it; before anything else is written. */
void progress_end(struct progress *progress);

#endif
