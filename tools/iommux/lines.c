/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Lines for a terminal. */
#include "lines.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS 100

/* The first item of a list, with the comma that ends it */
static size_t item(const char *text)
{
	const char *comma = strstr(text, ", ");

	return comma ? (size_t)(comma - text) + 1 : strlen(text);
}

void lines_wrapped(const char *text, unsigned indent)
{
	size_t column = 0;

	while (*text) {
		const size_t n = item(text);

		if (!column || column + 1 + n > COLUMNS)
			column = (size_t)printf("\n%*s", (int)indent, "") - 1;
		else
			column += (size_t)printf(" ");
		column += (size_t)printf("%.*s", (int)n, text);
		text += n;
		text += *text == ' ';
	}
}
