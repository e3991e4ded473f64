/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * One event with what belongs to it.  But for calls and commands, what is caused is told before its
 * cause: the accesses to tables, then the answer that came of them.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"

/* An outermost call with more events is not shown. */
#define PARTS_MAX (UINT32_C(1) << 20)

/* What is left of an event: its words. */
struct replay_part {
	uint64_t number, offset, time_ns;
	uint32_t depth;
	uint8_t kind, what;
	bool write, refused;
	char *words;
};

static void forget(struct replay_event *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->parts[i].words);
	w->count = 0;
	w->too_many = false;
}

void event_free(struct replay_event *w)
{
	forget(w);
	free(w->parts);
	*w = (struct replay_event){ 0 };
}

void event_add(struct replay_event *w, const struct replay_view *v, const struct trace_event *e)
{
	char text[512];

	if (w->done)
		return;
	if (e->kind == TRACE_CALL && !e->depth)
		forget(w);
	if (w->count == PARTS_MAX) {
		w->too_many = true;
		w->done = e->number >= w->number;
		return;
	}
	if (w->count == w->room) {
		size_t room = w->room ? 2 * w->room : 256;
		struct replay_part *parts = realloc(w->parts, room * sizeof *parts);

		if (!parts) {
			w->short_of_memory = true;
			return;
		}
		w->parts = parts;
		w->room = room;
	}
	words_of(v, e, text, sizeof text);
	w->parts[w->count] = (struct replay_part){
		.number = e->number,
		.offset = e->offset,
		.time_ns = e->time_ns,
		.depth = e->depth,
		.kind = e->kind,
		.what = e->what,
		.write = e->write,
		.refused = words_colour(e) == COLOUR_BAD,
		.words = strdup(text),
	};
	if (!w->parts[w->count].words) {
		w->short_of_memory = true;
		return;
	}
	if (e->number == w->number) {
		w->met = true;
		w->at = w->count;
	}
	w->count++;
	w->done = w->met && (e->kind == TRACE_BEGINS || (e->kind == TRACE_LEAVE && !e->depth));
}

static bool is_fetch(const struct replay_part *p)
{
	return p->kind == TRACE_OWN && p->what == IOM_OF_QUEUE && !p->write;
}

/* The first and the last event that belong to the wanted one. */
static void extent(const struct replay_event *w, size_t *first, size_t *last)
{
	const struct replay_part *p = w->parts;
	const uint32_t depth = p[w->at].depth;
	size_t i = w->at;

	*first = *last = w->at;
	switch (p[w->at].kind) {
	case TRACE_CALL:
		while (*last + 1 < w->count &&
		       !(p[*last].kind == TRACE_LEAVE && p[*last].depth == depth))
			++*last;
		break;
	case TRACE_LEAVE:
		while (*first && !(p[*first].kind == TRACE_CALL && p[*first].depth == depth))
			--*first;
		break;
	case TRACE_COMMAND:
		/* With its fetch, and up to that of the next, or to the end of the call. */
		*first -= i && is_fetch(&p[i - 1]);
		while (++i < w->count && p[i].depth >= depth &&
		       !(p[i].depth == depth && is_fetch(&p[i])))
			*last = i;
		break;
	case TRACE_ACCESS:
		while (i && p[i - 1].depth >= depth &&
		       !(p[i - 1].depth == depth &&
		         (p[i - 1].kind == TRACE_ACCESS || p[i - 1].kind == TRACE_MOVED)))
			*first = --i;
		break;
	default:
		break;
	}
}

static void put(const struct replay_view *v, const struct replay_part *p, char mark, FILE *to)
{
	const enum colour colour = p->refused    ? COLOUR_BAD
	                           : mark != ' ' ? COLOUR_HEADING
	                                         : COLOUR_PLAIN;

	fprintf(to, "%c%9" PRIu64 "  %*s%s%s%s\n", mark, p->number, (int)(2 * p->depth), "",
	        colour_on(v->colours, colour), p->words, colour_off(v->colours, colour));
}

/* The call of this depth in which the part at `first` happened. */
static size_t caller(const struct replay_event *w, size_t first, uint32_t depth)
{
	size_t i = first;

	while (i && !(w->parts[i].kind == TRACE_CALL && w->parts[i].depth == depth))
		i--;
	return i;
}

void event_print(const struct replay_event *w, const struct replay_view *v, FILE *to)
{
	const struct replay_part *e = &w->parts[w->at];
	size_t first, last;

	fprintf(to,
	        "Event %" PRIu64 " of %s, %.6f s after its begin, in the block at offset %" PRIu64
	        ":\n\n",
	        e->number, v->path, (double)e->time_ns / 1e9, e->offset);
	extent(w, &first, &last);
	for (uint32_t depth = 0; depth < w->parts[first].depth; depth++)
		put(v, &w->parts[caller(w, first, depth)], ' ', to);
	for (size_t i = first; i <= last; i++)
		put(v, &w->parts[i], i == w->at ? '>' : ' ', to);
}

static void put_fields(struct table_out *t, const struct replay_part *p)
{
	words_fields(t, p->number, p->time_ns, p->depth, p->words, p->refused);
}

static void put_json(struct table_out *t, const char *list, const struct replay_part *p)
{
	table_record(t, 1, list, trace_kind_name(p->kind));
	put_fields(t, p);
}

void event_json(const struct replay_event *w, const struct replay_view *v)
{
	const struct replay_part *e = &w->parts[w->at];
	struct table_out t = { .json = true };
	size_t first, last;

	table_record(&t, 0, NULL, trace_kind_name(e->kind));
	table_string(&t, "file", v->path, strlen(v->path));
	table_number(&t, "offset", e->offset);
	put_fields(&t, e);
	extent(w, &first, &last);
	for (uint32_t depth = 0; depth < w->parts[first].depth; depth++)
		put_json(&t, "within", &w->parts[caller(w, first, depth)]);
	for (size_t i = first; i <= last; i++)
		put_json(&t, "events", &w->parts[i]);
	table_close(&t);
}
