/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Colours, for terminals. */
#include "colour.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const codes[] = {
	[COLOUR_PLAIN] = "",
	[COLOUR_HEADING] = "\033[1m",
	[COLOUR_GOOD] = "\033[32m",
	[COLOUR_BAD] = "\033[1;31m",
};

bool colour_terminal(FILE *stream)
{
	const char *term = getenv("TERM");

	return isatty(fileno(stream)) && term && *term && strcmp(term, "dumb") != 0;
}

bool colour_wanted(const char *when, FILE *stream)
{
	const char *no_color = getenv("NO_COLOR");

	if (when && strcmp(when, "auto") != 0)
		return !strcmp(when, "always");
	return colour_terminal(stream) && !(no_color && *no_color);
}

const char *colour_on(bool wanted, enum colour colour)
{
	return wanted ? codes[colour] : "";
}

const char *colour_off(bool wanted, enum colour colour)
{
	return wanted && colour != COLOUR_PLAIN ? "\033[0m" : "";
}
