/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Telling the user what was wrong. */
#include "complain.h"

#include <stdarg.h>
#include <stdio.h>

#include "verbs.h"

int complain(const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	/* File names and scenarios may hold control sequences for the terminal; UTF-8 passes. */
	for (unsigned char *c = (unsigned char *)text; *c; c++)
		if (*c < 0x20 || *c == 0x7f)
			*c = '?';
	fprintf(stderr, "iommux: %s\n", text);
	return EXIT_WRONG;
}
