/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Records and their fields, in lines or in JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "colour.h"
#include "tables.h"
#include "verbs.h"

/* Nothing that steers a terminal or ends a text. */
static void put_clean(const char *text, size_t len, bool json)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (json && (c == '"' || c == '\\'))
			putchar('\\');
		putchar(c >= ' ' && c <= '~' ? c : '?');
	}
}

/* Bytes of the character in UTF-8 that begins here; 0: none does. */
static size_t utf8_bytes(const unsigned char *c, size_t len)
{
	static const struct {
		unsigned char mask, begin;
		unsigned least; /* what a shorter form could not say */
	} forms[] = {
		{ 0x80, 0, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 }
	};

	for (size_t n = 1; n <= 4 && n <= len; n++) {
		unsigned code = c[0] & ~forms[n - 1].mask & 0xff;

		if ((c[0] & forms[n - 1].mask) != forms[n - 1].begin)
			continue;
		for (size_t i = 1; i < n; i++) {
			if ((c[i] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | (c[i] & 0x3f);
		}
		if (code < forms[n - 1].least || code > 0x10ffff ||
		    (code >= 0xd800 && code < 0xe000))
			return 0;
		return n;
	}
	return 0;
}

/* A text of JSON that says exactly this; what is no character becomes U+FFFD. */
static void put_string(const char *text, size_t len)
{
	putchar('"');
	for (size_t i = 0; i < len;) {
		const unsigned char *c = (const unsigned char *)text + i;
		const size_t n = utf8_bytes(c, len - i);

		if (!n)
			fputs("\\ufffd", stdout);
		else if (*c < 0x20 || *c == 0x7f)
			printf("\\u%04x", *c);
		else
			printf("%s%.*s", *c == '"' || *c == '\\' ? "\\" : "", (int)n, text + i);
		i += n ? n : 1;
	}
	putchar('"');
}

static void put_json(const char *text)
{
	put_string(text, strlen(text));
}

static void close_list(struct table_out *t)
{
	if (t->list[t->depth - 1])
		putchar(']');
	t->list[t->depth - 1] = NULL;
}

/* Closes records until `depth` are open. */
static void close_to(struct table_out *t, unsigned depth)
{
	for (; t->depth > depth; t->depth--) {
		if (t->json) {
			close_list(t);
			putchar('}');
		}
	}
}

/* The next in this list of the latest record; another one ends with it. */
static void next_in(struct table_out *t, const char *list)
{
	const char **open = &t->list[t->depth - 1];

	if (*open && !strcmp(*open, list)) {
		putchar(',');
		return;
	}
	close_list(t);
	printf(",\"%s\":[", list);
	*open = list;
}

void table_record(struct table_out *t, unsigned depth, const char *list, const char *type)
{
	close_to(t, depth);
	if (t->json) {
		if (depth)
			next_in(t, list);
		fputs("{\"type\":", stdout);
		put_json(type);
	} else {
		printf("%s%*s%s%s%s", depth ? "\n" : "", (int)(4 * depth), "",
		       colour_on(t->colours, COLOUR_HEADING), type,
		       colour_off(t->colours, COLOUR_HEADING));
	}
	t->list[t->depth++] = NULL;
	t->fields = false;
}

static void begin_field(struct table_out *t, const char *name)
{
	if (t->json)
		printf(",\"%s\":", name);
	else
		printf("%s%s ", t->fields ? ", " : "  ", name);
	t->fields = true;
}

void table_text(struct table_out *t, const char *name, const char *text, size_t len)
{
	begin_field(t, name);
	if (t->json)
		putchar('"');
	put_clean(text, len, t->json);
	if (t->json)
		putchar('"');
}

void table_string(struct table_out *t, const char *name, const char *text, size_t len)
{
	begin_field(t, name);
	if (t->json)
		put_string(text, len);
	else
		fwrite(text, 1, len, stdout);
}

void table_bool(struct table_out *t, const char *name, bool value)
{
	begin_field(t, name);
	fputs(value ? "true" : "false", stdout);
}

void table_number(struct table_out *t, const char *name, uint64_t value)
{
	begin_field(t, name);
	printf("%" PRIu64, value);
}

void table_hex(struct table_out *t, const char *name, uint64_t value)
{
	begin_field(t, name);
	printf(t->json ? "\"0x%" PRIx64 "\"" : "0x%" PRIx64, value);
}

static void put_flag(struct table_out *t, const char *name, unsigned bit, bool first)
{
	if (!first)
		putchar(t->json ? ',' : ' ');
	if (t->json)
		putchar('"');
	if (name)
		fputs(name, stdout);
	else
		printf("bit %u", bit);
	if (t->json)
		putchar('"');
}

void table_flags(struct table_out *t, uint32_t flags, const struct table_flag *names, size_t count)
{
	bool first = true;

	if (!flags)
		return;
	begin_field(t, "flags");
	if (t->json)
		putchar('[');
	for (unsigned bit = 0; bit < 32; bit++) {
		const uint32_t mask = UINT32_C(1) << bit;
		const char *name = NULL;

		if (!(flags & mask))
			continue;
		for (size_t i = 0; i < count; i++) {
			if (names[i].mask == mask)
				name = names[i].name;
		}
		put_flag(t, name, bit, first);
		first = false;
	}
	if (t->json)
		putchar(']');
}

void table_texts(struct table_out *t, const char *name, const char *const *texts, size_t count)
{
	if (!count || !texts[0])
		return;
	begin_field(t, name);
	if (t->json)
		putchar('[');
	for (size_t i = 0; i < count && texts[i]; i++) {
		if (i)
			fputs(t->json ? "," : "; ", stdout);
		if (t->json)
			put_json(texts[i]);
		else
			put_clean(texts[i], strlen(texts[i]), false);
	}
	if (t->json)
		putchar(']');
}

void table_wrong(struct table_out *t, const char *sentence)
{
	close_to(t, 1);
	t->wrong++;
	if (t->json) {
		next_in(t, "wrong");
		put_json(sentence);
	} else {
		printf("%s\n%swrong: %s%s", t->wrong == 1 ? "\n" : "",
		       colour_on(t->colours, COLOUR_BAD), sentence,
		       colour_off(t->colours, COLOUR_BAD));
	}
}

void table_close(struct table_out *t)
{
	close_to(t, 0);
	putchar('\n');
}

int table_end(struct table_out *t)
{
	close_to(t, 1);
	if (t->json && !t->wrong) {
		close_list(t);
		fputs(",\"wrong\":[]", stdout);
	}
	if (!t->json && !t->wrong)
		fputs("\n\nNothing is wrong with it.", stdout);
	table_close(t);
	return t->wrong ? EXIT_FAILED : EXIT_HELD;
}
