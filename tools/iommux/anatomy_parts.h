/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* How the tables of anatomy_*.c are written. */
#ifndef IOMMUX_ANATOMY_PARTS_H
#define IOMMUX_ANATOMY_PARTS_H

#include "anatomy.h"
#include "base/bits.h"

/* A field: name, mask, number of the doubleword, and what else there is to say. */
#define PART(called, bits, ...)                                                                    \
	{                                                                                          \
		.name = (called), .mask = (bits), .word = __VA_ARGS__                              \
	}

/* What the values from 0 on mean, in a row. */
#define MEANS(...)                                                                                 \
	.means = (const char *const[]){ __VA_ARGS__ },                                             \
	.count = sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *)
/* What a 1 means. */
#define SET(text) MEANS(NULL, text)
#define NAMED .named = true
#define TELLING .telling = true
#define WHOLE .whole = true

#define ANATOMY(what, doublewords, bits, rows)                                                     \
	{                                                                                          \
		.name = (what), .words = (doublewords), .valid = (bits), .fields = (rows),         \
		.count = IOM_COUNT(rows)                                                           \
	}

/* "01:00.0" */
const char *anatomy_say_pci(const struct anatomy_words *w, uint64_t value, char *room, size_t size);

#endif
