/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What a scenario told, for people and as JSON. */
#include "scenario_out.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "colour.h"
#include "tables.h"

static void put(const struct output_told *told, bool colours, enum colour colour)
{
	fputs(colour_on(colours, colour), stdout);
	fwrite(told->text, 1, told->len, stdout);
	fputs(colour_off(colours, colour), stdout);
}

static void put_expect(const struct scenario *s, const struct output_told *told)
{
	const enum colour colour = told->held ? COLOUR_GOOD : COLOUR_BAD;

	printf("%s%s%s", colour_on(s->colours, colour), told->held ? "  ok    " : "  FAIL  ",
	       colour_off(s->colours, colour));
	put(told, s->colours, COLOUR_PLAIN);
	if (!told->held)
		printf("  (%s:%" PRIu32 ")", s->source, told->line);
}

static void put_end(const struct scenario *s)
{
	const enum colour colour = s->failed ? COLOUR_BAD : COLOUR_GOOD;

	if (!s->checks)
		return;
	printf("\n%s", colour_on(s->colours, colour));
	if (s->failed)
		printf("%u of %u checks failed.", s->failed, s->checks);
	else if (s->checks == 1)
		fputs("The one check held.", stdout);
	else
		printf("All %u checks held.", s->checks);
	printf("%s\n", colour_off(s->colours, colour));
}

void scenario_text(const struct scenario *s)
{
	struct output_told told;
	uint64_t step = 0;
	size_t at = 0;

	while (output_next(&s->output, &at, &told)) {
		if (told.kind == OUTPUT_TITLE && step)
			putchar('\n');
		step++;
		if (s->numbered)
			printf("%5" PRIu64 "  ", step);
		if (told.kind == OUTPUT_EXPECT)
			put_expect(s, &told);
		else
			put(&told, s->colours,
			    told.kind == OUTPUT_TITLE ? COLOUR_HEADING : COLOUR_PLAIN);
		putchar('\n');
	}
	put_end(s);
}

static const char *const kinds[] = {
	[OUTPUT_SAY] = "say",
	[OUTPUT_TITLE] = "title",
	[OUTPUT_EXPECT] = "expect",
};

static void put_wrong(struct table_out *t, const struct scenario *s)
{
	struct output_told told;
	char sentence[512];
	size_t at = 0;

	while (output_next(&s->output, &at, &told)) {
		if (told.kind != OUTPUT_EXPECT || told.held)
			continue;
		snprintf(sentence, sizeof sentence, "%s:%" PRIu32 ": %.*s", s->source, told.line,
		         (int)(told.len < 400 ? told.len : 400), told.text);
		table_wrong(t, sentence);
	}
}

void scenario_json(const struct scenario *s)
{
	struct table_out t = { .json = true };
	struct output_told told;
	uint64_t step = 0;
	size_t at = 0;

	table_record(&t, 0, NULL, "scenario");
	table_string(&t, "file", s->path, strlen(s->path));
	table_string(&t, "arch", s->arch->name, strlen(s->arch->name));
	table_number(&t, "seed", s->seed);
	table_number(&t, "checks", s->checks);
	table_number(&t, "failed", s->failed);
	while (output_next(&s->output, &at, &told)) {
		table_record(&t, 1, "told", kinds[told.kind]);
		table_number(&t, "step", ++step);
		table_number(&t, "line", told.line);
		table_string(&t, "text", told.text, told.len);
		if (told.kind == OUTPUT_EXPECT)
			table_bool(&t, "held", told.held);
	}
	put_wrong(&t, s);
	(void)table_end(&t);
}
