/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Messages counted: by who, what and why, and in these by page.  What does not fit into the tables is
 * counted as such; a log of any length takes the same memory.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "colour.h"
#include "decode.h"
#include "tables.h"

#define GROUPS 1024u
#define PAGES 32768u
#define SLOTS (2 * (size_t)PAGES)
#define PAGES_SHOWN 8
#define PAGE_LG2 12

struct group {
	struct decode_event sample; /* its first message */
	uint64_t count, lost;
	unsigned long last_line;
	char last_time[DECODE_WORD];
	unsigned order; /* of its first message; pages name it so */
};

struct page {
	uint64_t page, count;
	unsigned group;
	bool used;
};

struct decode_summary {
	struct group *groups;
	unsigned group_count, page_count;
	uint64_t other_groups, other_pages;
	struct page pages[SLOTS];
};

struct decode_summary *summary_create(void)
{
	struct decode_summary *s = calloc(1, sizeof *s);

	if (s)
		s->groups = calloc(GROUPS, sizeof *s->groups);
	if (s && !s->groups) {
		free(s);
		s = NULL;
	}
	return s;
}

void summary_free(struct decode_summary *s)
{
	if (s)
		free(s->groups);
	free(s);
}

/* What messages of a group have in common */
static const uint8_t fields[] = { FIELD_REQUESTER, FIELD_STREAM, FIELD_ENDPOINT,
	                          FIELD_DEVICE,    FIELD_PASID,  FIELD_CODE };

static bool same(const struct decode_event *a, const struct decode_event *b)
{
	if (a->arch != b->arch || a->kind != b->kind || a->name != b->name)
		return false;
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		const enum decode_field f = fields[i];

		if (decode_has(a, f) != decode_has(b, f) ||
		    (decode_has(a, f) && a->value[f] != b->value[f]))
			return false;
	}
	return true;
}

static struct group *find_group(struct decode_summary *s, const struct decode_event *e)
{
	struct group *g;

	for (unsigned i = 0; i < s->group_count; i++) {
		if (same(&s->groups[i].sample, e))
			return &s->groups[i];
	}
	if (s->group_count == GROUPS)
		return NULL;
	g = &s->groups[s->group_count];
	g->sample = *e;
	g->order = s->group_count++;
	return g;
}

static void count_page(struct decode_summary *s, unsigned group, uint64_t page)
{
	const uint64_t hash = (page + group) * UINT64_C(0x9e3779b97f4a7c15) >> 40;
	size_t i = hash % SLOTS;

	while (s->pages[i].used && (s->pages[i].page != page || s->pages[i].group != group))
		i = (i + 1) % SLOTS;
	if (!s->pages[i].used) {
		if (s->page_count == PAGES) {
			s->other_pages++;
			return;
		}
		s->page_count++;
		s->pages[i] = (struct page){ .page = page, .group = group, .used = true };
	}
	s->pages[i].count++;
}

void summary_event(void *opaque, const struct decode_event *e)
{
	struct decode_summary *s = opaque;
	struct group *g;

	/* They go with a message that is counted. */
	if (e->kind == KIND_STATUS || e->kind == KIND_DETAIL)
		return;
	g = find_group(s, e);
	if (!g) {
		s->other_groups++;
		return;
	}
	g->count++;
	g->lost += e->value[FIELD_COUNT] * decode_has(e, FIELD_COUNT);
	g->last_line = e->last_line;
	memcpy(g->last_time, e->time, sizeof g->last_time);
	if (decode_has(e, FIELD_ADDRESS))
		count_page(s, g->order, e->value[FIELD_ADDRESS] >> PAGE_LG2);
}

static int by_count(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* The pages of each group together, those with the highest counts first */
static int by_group(const void *a, const void *b)
{
	const struct page *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return x->page < y->page ? -1 : x->page > y->page;
}

/* Brings the pages together at the front, in order; no more are counted then. */
static void sort_pages(struct decode_summary *s)
{
	size_t n = 0;

	for (size_t i = 0; i < SLOTS; i++) {
		if (s->pages[i].used)
			s->pages[n++] = s->pages[i];
	}
	qsort(s->pages, n, sizeof *s->pages, by_group);
}

struct range {
	const struct page *first;
	size_t count;
};

static struct range pages_of(const struct decode_summary *s, unsigned group)
{
	struct range r = { s->pages, 0 };
	const struct page *end = s->pages + s->page_count;

	while (r.first < end && r.first->group != group)
		r.first++;
	while (r.first + r.count < end && r.first[r.count].group == group)
		r.count++;
	return r;
}

/* ---- For people ------------------------------------------------------------------------------------- */

static void put_pages(struct range r)
{
	uint64_t low = UINT64_MAX, high = 0;

	for (size_t i = 0; i < r.count; i++) {
		const struct page *p = &r.first[i];

		if (i < PAGES_SHOWN)
			printf("%10" PRIu64 "  page 0x%" PRIx64 "\n", p->count,
			       p->page << PAGE_LG2);
		else if (p->page < low)
			low = p->page;
		if (i >= PAGES_SHOWN && p->page > high)
			high = p->page;
	}
	if (r.count > PAGES_SHOWN)
		printf("            and %zu more pages, from 0x%" PRIx64 " to 0x%" PRIx64 "\n",
		       r.count - PAGES_SHOWN, low << PAGE_LG2, high << PAGE_LG2);
}

/* What all messages of a group have: their sentence without what may differ. */
static void put_group(const struct decode_summary *s, const struct group *g, bool colours)
{
	const struct decode_advice *a = &decode_advice[g->sample.class];
	struct decode_event e = g->sample;
	char sentence[1024];

	e.have &= ~(FIELD_BIT(FIELD_ADDRESS) | FIELD_BIT(FIELD_LAST) | FIELD_BIT(FIELD_IPA) |
	            FIELD_BIT(FIELD_COUNT) | FIELD_BIT(FIELD_INDEX) | FIELD_BIT(FIELD_DOMAIN) |
	            FIELD_BIT(FIELD_BANK));
	e.more[0] = '\0';
	decode_sentence(&e, sentence, sizeof sentence);
	printf("%s%6" PRIu64 "  %s%s\n", colour_on(colours, COLOUR_HEADING), g->count, sentence,
	       colour_off(colours, COLOUR_HEADING));
	if (g->lost)
		printf("        %" PRIu64 " were not written\n", g->lost);
	printf("        lines %lu to %lu", g->sample.first_line, g->last_line);
	if (g->sample.time[0] && g->last_time[0])
		printf(", times %s to %s", g->sample.time, g->last_time);
	putchar('\n');
	put_pages(pages_of(s, g->order));
	if (a->likely[0])
		printf("        likeliest: %s\n", a->likely[0]);
}

/* ---- JSON ------------------------------------------------------------------------------------------- */

static void json_group(const struct decode_summary *s, const struct group *g)
{
	const struct range r = pages_of(s, g->order);
	struct table_out out = { .json = true };
	char room[DECODE_WORD];

	table_record(&out, 0, NULL, decode_kind_names[g->sample.kind]);
	json_text(&out, "arch", g->sample.arch->name);
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		if (decode_has(&g->sample, fields[i]))
			json_text(&out, decode_field_names[fields[i]].name,
			          decode_value(&g->sample, fields[i], room, sizeof room));
	}
	json_text(&out, "name", g->sample.name);
	table_number(&out, "count", g->count);
	if (g->lost)
		table_number(&out, "lost", g->lost);
	table_number(&out, "first_line", g->sample.first_line);
	table_number(&out, "last_line", g->last_line);
	json_text(&out, "first_time", g->sample.time);
	json_text(&out, "last_time", g->last_time);
	for (size_t i = 0; i < r.count; i++) {
		table_record(&out, 1, "pages", "page");
		table_hex(&out, "page", r.first[i].page << PAGE_LG2);
		table_number(&out, "count", r.first[i].count);
	}
	table_close(&out);
}

void summary_print(struct decode_summary *s, bool json, bool colours)
{
	qsort(s->groups, s->group_count, sizeof *s->groups, by_count);
	sort_pages(s);
	for (unsigned i = 0; i < s->group_count; i++) {
		if (json)
			json_group(s, &s->groups[i]);
		else
			put_group(s, &s->groups[i], colours);
	}
	if (!json && s->other_groups)
		printf("%6" PRIu64 "  of other kinds, more than can be told apart\n",
		       s->other_groups);
	if (!json && s->other_pages)
		printf("%6" PRIu64 "  at other pages, more than can be told apart\n",
		       s->other_pages);
}
