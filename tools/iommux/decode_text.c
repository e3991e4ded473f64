/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Messages for people: behind the lines that they came from. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "colour.h"
#include "decode.h"

void text_line(void *opaque, const char *line, size_t len)
{
	struct decode_text *t = opaque;

	fwrite(line, 1, len, stdout);
	t->broken = len && line[len - 1] != '\n';
}

static void put_list(const char *title, const char *const *list, size_t count, bool numbered)
{
	for (size_t i = 0; i < count && list[i]; i++) {
		printf("       %-8s ", i ? "" : title);
		if (numbered)
			printf("%zu. ", i + 1);
		printf("%s\n", list[i]);
	}
}

static void put_advice(struct decode_text *t, const struct decode_event *e)
{
	const struct decode_advice *a = &decode_advice[e->class];

	if (!a->means)
		return;
	if (t->told[e->class]) {
		printf("       causes:  as at line %lu\n", t->told[e->class]);
		return;
	}
	t->told[e->class] = e->first_line;
	printf("       means:   %s\n", a->means);
	put_list("causes:", a->likely, sizeof a->likely / sizeof a->likely[0], true);
	put_list("look at:", a->look, sizeof a->look / sizeof a->look[0], false);
}

static void remember(struct decode_text *t, const struct decode_event *e)
{
	if (!decode_has(e, FIELD_LAST) || t->region_count == DECODE_REGIONS)
		return;
	t->regions[t->region_count++] =
		(struct decode_region){ e->value[FIELD_ADDRESS], e->value[FIELD_LAST],
		                        e->first_line };
}

static void put_region(const struct decode_text *t, const struct decode_event *e)
{
	const uint64_t address = e->value[FIELD_ADDRESS];

	if (e->kind > KIND_INTERRUPT || !decode_has(e, FIELD_ADDRESS))
		return;
	for (unsigned i = 0; i < t->region_count; i++) {
		if (address >= t->regions[i].first && address <= t->regions[i].last) {
			printf("       note:    inside firmware's region of line %lu\n",
			       t->regions[i].line);
			return;
		}
	}
}

void text_event(void *opaque, const struct decode_event *e)
{
	struct decode_text *t = opaque;
	const char *hint = decode_hint(e);
	char sentence[1024];
	enum colour colour;

	/* It says no more than that a fault is told next. */
	if (e->kind == KIND_STATUS && decode_has(e, FIELD_STATUS) && !e->more[0])
		return;
	if (t->broken)
		putchar('\n');
	t->broken = false;
	decode_sentence(e, sentence, sizeof sentence);
	colour = e->kind <= KIND_INTERRUPT ? COLOUR_BAD : COLOUR_HEADING;
	printf("    %s=> %s%s\n", colour_on(t->colours, colour), sentence,
	       colour_off(t->colours, colour));
	if (e->driver[0] && e->kind <= KIND_INTERRUPT)
		printf("       driver:  %s\n", e->driver);
	if (hint)
		printf("       note:    %s\n", hint);
	put_region(t, e);
	remember(t, e);
	put_advice(t, e);
}
