/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Words taken apart, as data and as text. */
#include "anatomy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "anatomy_parts.h"
#include "tables.h"

const char *anatomy_say_pci(const struct anatomy_words *w, uint64_t value, char *room, size_t size)
{
	(void)w;
	snprintf(room, size, "%02x:%02x.%x", (unsigned)(value >> 8 & 0xff),
	         (unsigned)(value >> 3 & 0x1f), (unsigned)(value & 7));
	return room;
}

static void place(struct anatomy_value *v, unsigned word, uint64_t mask)
{
	v->high = 64 * word + iom_log2(mask);
	v->low = 64 * word + iom_ctz(mask);
}

static void take_field(const struct anatomy_field *f, const struct anatomy_words *w, bool valid,
                       struct anatomy_value *v)
{
	const uint64_t word = w->word[f->word];

	v->name = f->name;
	place(v, f->word, f->mask);
	v->value = f->whole ? word & f->mask : IOM_GET(f->mask, word);
	if (f->say)
		v->meaning = f->say(w, v->value, v->room, sizeof v->room);
	else
		v->meaning = v->value < f->count ? f->means[v->value] : NULL;
	v->matters = !f->named && (v->value || (f->telling && valid));
}

/* The lowest of the runs of bits in a mask that is not 0 */
static uint64_t lowest_run(uint64_t mask)
{
	const unsigned low = iom_ctz(mask);
	const uint64_t gaps = ~(mask >> low);

	return gaps ? (IOM_LSB(gaps) - 1) << low : mask;
}

/* What no field has, run by run */
static size_t take_reserved(const struct anatomy *a, const struct anatomy_words *w, unsigned word,
                            struct anatomy_value *values, size_t n)
{
	uint64_t left = ~UINT64_C(0);

	for (unsigned i = 0; i < a->count; i++) {
		if (a->fields[i].word == word)
			left &= ~a->fields[i].mask;
	}
	while (left && n < ANATOMY_VALUES) {
		const uint64_t run = lowest_run(left);
		struct anatomy_value *v = &values[n];

		left &= ~run;
		if (!(w->word[word] & run))
			continue;
		v->name = "reserved";
		v->value = IOM_GET(run, w->word[word]);
		v->meaning = "must be 0";
		v->matters = true;
		place(v, word, run);
		n++;
	}
	return n;
}

size_t anatomy_take(const struct anatomy *a, const struct anatomy_words *w,
                    struct anatomy_value *values)
{
	const bool valid =
		!(w->how & ANATOMY_PART) && (!a->valid || (w->count && w->word[0] & a->valid));
	size_t n = 0;

	for (unsigned i = 0; i < a->count && n < ANATOMY_VALUES; i++) {
		const struct anatomy_field *f = &a->fields[i];

		/* Whether it is valid is said in any case. */
		if (f->word < w->count)
			take_field(f, w, valid || (!f->word && f->mask & a->valid), &values[n++]);
	}
	for (unsigned word = 0; word < w->count && word < a->words; word++)
		n = take_reserved(a, w, word, values, n);
	return n;
}

/* "PPN=0x80123", "reserved 63:54=1" */
static int put_value(const struct anatomy_value *v, bool first, char *room, size_t size)
{
	char name[48];

	if (!strcmp(v->name, "reserved") || !strcmp(v->name, "ignored"))
		snprintf(name, sizeof name, v->high == v->low ? "%s %u" : "%s %u:%u", v->name,
		         v->high, v->low);
	else
		snprintf(name, sizeof name, "%s", v->name);
	/* Numbers of modes and the like are decimal in the manuals. */
	return snprintf(room, size,
	                v->value < 10 || v->high - v->low < 4 ? "%s%s=%" PRIu64 "%s%s"
	                                                      : "%s%s=0x%" PRIx64 "%s%s",
	                first ? "" : ", ", name, v->value, v->meaning ? " " : "",
	                v->meaning ? v->meaning : "");
}

const char *anatomy_text(const struct anatomy *a, const struct anatomy_words *w, char *text,
                         size_t size)
{
	struct anatomy_value values[ANATOMY_VALUES];
	const size_t count = anatomy_take(a, w, values);
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < count && len < size; i++) {
		if (values[i].matters)
			len += (size_t)put_value(&values[i], !len, text + len, size - len);
	}
	return text;
}

void anatomy_json(const struct anatomy *a, const struct anatomy_words *w, struct table_out *out,
                  unsigned depth)
{
	struct anatomy_value values[ANATOMY_VALUES];
	const size_t count = anatomy_take(a, w, values);

	for (size_t i = 0; i < count; i++) {
		table_record(out, depth, "fields", values[i].name);
		table_number(out, "high", values[i].high);
		table_number(out, "low", values[i].low);
		table_hex(out, "value", values[i].value);
		if (values[i].meaning)
			table_text(out, "meaning", values[i].meaning, strlen(values[i].meaning));
	}
}
