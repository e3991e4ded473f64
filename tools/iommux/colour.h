/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Colours, for terminals: few, and nothing is told by colour alone. */
#ifndef IOMMUX_COLOUR_H
#define IOMMUX_COLOUR_H

#include <stdbool.h>
#include <stdio.h>

enum colour { COLOUR_PLAIN, COLOUR_HEADING, COLOUR_GOOD, COLOUR_BAD };

/* A verb's row for it; `at` is where the word is kept, for colour_wanted(). */
#define OPTION_COLOR(at)                                                                           \
	{                                                                                          \
		"--color", "auto|always|never",                                                    \
			"Colours what is printed for people: auto, which is the default, if it "   \
			"goes to a terminal that NO_COLOR and TERM do not speak against; JSON "    \
			"never.",                                                                  \
			.place = (at)                                                              \
	}

/* Is this a terminal for people, whom colours and lines that change may reach? */
bool colour_terminal(FILE *stream);

/* What --color says of this stream; NULL: it was not given. */
bool colour_wanted(const char *when, FILE *stream);

/* What begins and what ends this colour; "" for none, or if colours are not `wanted`. */
const char *colour_on(bool wanted, enum colour colour);
const char *colour_off(bool wanted, enum colour colour);

#endif
