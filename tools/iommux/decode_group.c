/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Lines become messages.  A line belongs to the message before it if that says more with it: it is
 * the rest of a line that was wrapped, or one of the further lines that the format has.
 */
#include <stdlib.h>
#include <string.h>

#include "decode.h"

/* Other messages may come between the lines of one, as processors speak at once. */
#define FOREIGN_MAX 2

static bool hungry(const struct decode_event *e)
{
	return e->format->wanted & ~e->have;
}

/*
 * Cleans a line for looking at: no marks of quotation, no end, and no control characters, so that
 * nothing that is taken from it can steer a terminal.
 */
static void clean(char out[DECODE_LINE], const char *line, size_t len)
{
	size_t n = 0;

	while (len && (line[len - 1] == '\n' || line[len - 1] == '\r' || line[len - 1] == ' '))
		len--;
	while (len && strchr(" \t>|\"", line[0]) && line[0]) {
		line++;
		len--;
	}
	for (; n < len && n < DECODE_LINE - 1; n++)
		out[n] = (unsigned char)line[n] < ' ' || line[n] == 0x7f ? ' ' : line[n];
	out[n] = '\0';
}

static bool append(struct decode_event *e, const char *line)
{
	const size_t len = strlen(line);

	if (e->len + len + 2 > sizeof e->text)
		return false;
	if (e->len)
		e->text[e->len++] = ' ';
	memcpy(e->text + e->len, line, len + 1);
	e->len += len;
	return true;
}

static void begin(struct decode_event *e, const struct decode_arch *arch,
                  const struct decode_format *format, const char *line)
{
	e->arch = arch;
	e->format = format;
	e->len = 0;
	e->time[0] = '\0';
	e->more[0] = '\0';
	e->kind = format->kind;
	e->class = format->class;
	e->name = format->what;
	append(e, line);
	decode_parse(e);
}

/* Does `more` have all that `e` has, with the same values, and something besides? */
static bool grows(const struct decode_event *e, const struct decode_event *more)
{
	for (unsigned f = 0; f < FIELDS; f++) {
		if (decode_has(e, f) && (!decode_has(more, f) || e->value[f] != more->value[f]))
			return false;
	}
	return more->have & ~e->have;
}

static bool agree(const struct decode_event *e, const struct decode_event *more)
{
	for (unsigned f = 0; f < FIELDS; f++) {
		if (decode_has(e, f) && decode_has(more, f) && e->value[f] != more->value[f])
			return false;
	}
	return true;
}

/* Makes the line part of the open message, if it is one. */
static bool join(struct decode_group *g, const char *line, const struct decode_arch *arch,
                 const struct decode_format *format)
{
	struct decode_event *e = &g->event, *next = &g->next;

	if (!g->open)
		return false;
	if (format) {
		if (!format->part || arch != e->arch)
			return false;
		if (format->kind == KIND_DETAIL && !format->repeats)
			return g->foreign == 0;
		begin(next, arch, format, line);
		if (!format->repeats && !agree(next, e))
			return false;
	} else if (!hungry(e) || g->foreign) {
		return false;
	}
	*next = *e;
	if (!append(next, line))
		return false;
	decode_parse(next);
	if (!grows(e, next) && !(format && format->echoes && agree(e, next)))
		return false;
	*e = *next;
	return true;
}

static void flush(struct decode_group *g)
{
	if (!g->open)
		return;
	g->open = false;
	if (g->event.arch->interpret)
		g->event.arch->interpret(&g->event);
	g->sink->event(g->sink->opaque, &g->event);
}

/* Returns whether the line belongs to a message. */
static void look(struct decode_group *g, const char *text, size_t len)
{
	const struct decode_arch *arch = NULL;
	const struct decode_format *format = NULL;
	char line[DECODE_LINE];

	clean(line, text, len);
	if (!decode_identify(line, &arch, &format))
		format = NULL;
	if (join(g, line, arch, format)) {
		g->event.last_line = g->line;
		g->foreign = 0;
		g->recognised++;
		return;
	}
	if (format || !g->open || !hungry(&g->event) || ++g->foreign > FOREIGN_MAX)
		flush(g);
	if (!format)
		return;
	begin(&g->event, arch, format, line);
	decode_time(line, g->event.time);
	g->event.first_line = g->event.last_line = g->line;
	g->foreign = 0;
	g->recognised++;
	g->open = true;
}

/* Where the two characters \n stand for the end of a line, or the end of the text */
static size_t part_length(const char *text, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++) {
		if (text[i] == '\\' && text[i + 1] == 'n')
			return i;
	}
	return len;
}

static void echo(const struct decode_group *g, const char *line, size_t len)
{
	if (g->sink->line)
		g->sink->line(g->sink->opaque, line, len);
}

void decode_line(struct decode_group *g, const char *line, size_t len, bool whole)
{
	size_t end;

	if (!whole) {
		echo(g, line, len);
		return;
	}
	g->line++;
	end = part_length(line, len);
	look(g, line, end);
	echo(g, line, len);
	while (end < len) {
		const size_t from = end + 2;

		end = from + part_length(line + from, len - from);
		look(g, line + from, end - from);
	}
}

void decode_end(struct decode_group *g)
{
	flush(g);
}

bool decode_stream(struct decode_group *g, FILE *input)
{
	char line[DECODE_BUFFER];
	size_t len = 0;
	bool whole = true;
	int c;

	while ((c = getc(input)) != EOF) {
		line[len++] = (char)c;
		if (c == '\n' || len == sizeof line) {
			decode_line(g, line, len, whole);
			whole = c == '\n';
			len = 0;
		}
	}
	if (len)
		decode_line(g, line, len, whole);
	decode_end(g);
	return !ferror(input);
}
