/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What a scenario says. */
#include "output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const codes[] = {
	[OUTPUT_PLAIN] = "",
	[OUTPUT_GOOD] = "\033[32m",
	[OUTPUT_BAD] = "\033[1;31m",
	[OUTPUT_HEADING] = "\033[1m",
};

void output_init(struct output *o)
{
	const char *no_color = getenv("NO_COLOR");

	*o = (struct output){ .colours = isatty(STDOUT_FILENO) && !(no_color && *no_color) };
}

void output_free(struct output *o)
{
	free(o->text);
	*o = (struct output){ 0 };
}

static bool reserve(struct output *o, size_t more)
{
	size_t size = o->size ? o->size : 4096;
	char *text;

	if (more > OUTPUT_MAX - o->len)
		return false;
	while (size < o->len + more)
		size *= 2;
	if (size == o->size)
		return true;
	text = realloc(o->text, size);
	if (!text)
		return false;
	o->text = text;
	o->size = size;
	return true;
}

static void append(struct output *o, const char *text, size_t len)
{
	memcpy(o->text + o->len, text, len);
	o->len += len;
}

bool output_add(struct output *o, enum output_style style, const char *text, size_t len)
{
	static const char end[] = "\033[0m";
	const char *code = o->colours ? codes[style] : "";
	size_t extra = *code ? strlen(code) + sizeof end - 1 : 0;

	if (len > OUTPUT_MAX || !reserve(o, len + extra))
		return false;
	append(o, code, strlen(code));
	append(o, text, len);
	if (extra)
		append(o, end, sizeof end - 1);
	return true;
}

bool output_write(const struct output *o)
{
	return fwrite(o->text ? o->text : "", 1, o->len, stdout) == o->len && !fflush(stdout);
}
