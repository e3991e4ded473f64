/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Text from elsewhere inside of HTML, SVG and JSON. */
#include "markup.h"

#include <string.h>

static int printable(char c)
{
	return c >= ' ' && c <= '~' ? c : '?';
}

void markup_text(const char *text, FILE *to)
{
	for (; *text; text++) {
		if (strchr("&<>\"'", *text))
			fprintf(to, "&#%d;", *text);
		else
			fputc(printable(*text), to);
	}
}

void markup_json(const char *text, FILE *to)
{
	fputc('"', to);
	for (; *text; text++) {
		/* "</script" and "<!--" mean something to HTML wherever they stand. */
		if (strchr("\"\\&<>", *text))
			fprintf(to, "\\u%04x", (unsigned)*text);
		else
			fputc(printable(*text), to);
	}
	fputc('"', to);
}
