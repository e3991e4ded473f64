/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Scenes from traces: the unit as it was before the outermost call that an event belongs to.  Memory is what
 * the unit was seen to read and store up to the end of that call: all that was there before a word was
 * stored in it.  Nobody tells what software stored meanwhile.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "file.h"
#include "replayed.h"
#include "scene.h"
#include "verbs.h"

struct looking {
	const struct scene_spec *spec;
	struct scene *scene;
	FILE *file;
	uint64_t first; /* of the outermost call that the event belongs to, or UINT64_MAX */
	bool met;       /* the event has been there */
	struct trace_event call; /* the innermost of a device that is under way, for its data */
	uint32_t call_data;
	bool answered;             /* the question's own answer has been there           */
	struct scene_warm pending; /* reads for the request that is on its way           */
	struct sparse touched;     /* what the call itself was first to read or store in */
	bool short_of_memory;
};

/* ---- Memory ------------------------------------------------------------------------------------ */

static void put(struct looking *l, struct sparse *to, uint64_t address, const uint8_t *data,
                size_t n)
{
	if (data && n && !sparse_put(to, address, data, n))
		l->short_of_memory = true;
}

/* A load or store before the call: what was there afterwards. */
static void learn(struct looking *l, const struct trace_event *e)
{
	if (!replayed_learn(&l->scene->known, e))
		l->short_of_memory = true;
}

/* One in the call: what was there when it began. */
static void learn_late(struct looking *l, const struct trace_event *e)
{
	uint8_t word[SPARSE_WORD];
	bool seen = sparse_get(&l->touched, e->address - e->address % SPARSE_WORD, word);

	if (!seen && e->write)
		put(l, &l->scene->known, e->address, e->found, e->found_bytes);
	else if (!seen)
		put(l, &l->scene->known, e->address, e->data, e->data_bytes);
	put(l, &l->touched, e->address, e->data, e->data_bytes);
}

/* ---- The question ------------------------------------------------------------------------------ */

static void note_read(struct looking *l, const struct trace_event *e)
{
	struct scene_warm *w = &l->pending;

	if (e->write || e->requester == UINT32_MAX)
		return;
	if (w->count == w->room) {
		size_t room = w->room ? 2 * w->room : 32;
		struct scene_read *reads = realloc(w->reads, room * sizeof *reads);

		if (!reads) {
			l->short_of_memory = true;
			return;
		}
		w->reads = reads;
		w->room = room;
	}
	w->reads[w->count++] =
		(struct scene_read){ e->address, (uint32_t)e->bytes, (uint8_t)e->what };
}

static bool is_message(const struct looking *l, const struct trace_event *e)
{
	if (l->call.what == IOM_CALL_MSI || l->call.what == IOM_CALL_MSI_TRANSLATE)
		return true;
	return l->call.what == IOM_CALL_WRITE && l->call.bytes == 4 &&
	       e->request.iova >> 20 == 0xfee && !(e->request.flags & IOM_REQ_PASID) &&
	       !strcmp(l->scene->header.arch, "vtd");
}

/* The first answer from the event on; or else the last one before it. */
static void take_answer(struct looking *l, const struct trace_event *e)
{
	struct scene *s = l->scene;
	struct scene_warm pending = l->pending;

	l->pending = (struct scene_warm){ .asked = false };
	if (l->answered) {
		free(pending.reads);
		return;
	}
	free(s->warm.reads);
	s->warm = pending;
	s->warm.asked = true;
	s->warm.result = e->result;
	s->warm.reply = e->reply;
	s->has_question = true;
	s->question = (struct scene_question){ .requester = e->requester, .request = e->request };
	s->question.request.flags &= (uint16_t)~IOM_REQ_PROBE;
	if (is_message(l, e)) {
		s->question.interrupt = true;
		s->question.data = l->call_data;
	}
	l->answered = l->met;
}

static void note_call(struct looking *l, const struct trace_event *e)
{
	if (e->requester == UINT32_MAX)
		return;
	l->call = *e;
	l->call.data = l->call.found = NULL;
	l->call_data = (uint32_t)e->value;
	if (e->what == IOM_CALL_WRITE && e->data && e->data_bytes >= 4)
		l->call_data = e->data[0] | (uint32_t)e->data[1] << 8 | (uint32_t)e->data[2] << 16 |
		               (uint32_t)e->data[3] << 24;
}

static void in_call(struct looking *l, const struct trace_event *e)
{
	l->met = l->met || e->number >= l->spec->event;
	if (e->kind == TRACE_OWN) {
		learn_late(l, e);
		note_read(l, e);
	} else if (e->kind == TRACE_ACCESS) {
		take_answer(l, e);
	} else if (e->kind == TRACE_CALL) {
		note_call(l, e);
	}
}

/* ---- Through the trace ------------------------------------------------------------------------- */

static int broken(const struct looking *l, const struct iom_error *error)
{
	return complain("%s: %s: %s", l->spec->verb, l->spec->path, error->text);
}

/* Which outermost call is it? */
static int find(struct looking *l, struct trace_reader *reader)
{
	const struct trace_event *e;
	struct iom_error error;
	uint64_t last = 0;
	bool begun = false;

	l->first = UINT64_MAX;
	while ((e = trace_peek(reader)) != NULL) {
		last = e->number;
		begun = begun || e->kind == TRACE_BEGINS;
		if (begun && e->kind == TRACE_CALL && !e->depth)
			l->first = e->number;
		if (last == l->spec->event)
			break;
		trace_next(reader);
	}
	if (!e && trace_reader_result(reader, &error))
		return broken(l, &error);
	if (!e)
		return complain("%s: %s has no event %" PRIu64 "; the last one is %" PRIu64,
		                l->spec->verb, l->spec->path, l->spec->event, last);
	if (l->first == UINT64_MAX)
		return complain("%s: event %" PRIu64 " of %s is from before the recording; choose "
		                "a "
		                "later one",
		                l->spec->verb, l->spec->event, l->spec->path);
	return EXIT_HELD;
}

/* Words up to the end of the call. */
static int read_words(struct looking *l, struct trace_reader *reader)
{
	const struct trace_event *e;
	struct iom_error error;

	while ((e = trace_peek(reader)) != NULL) {
		if (e->number < l->first && e->kind == TRACE_OWN)
			learn(l, e);
		if (e->number >= l->first) {
			in_call(l, e);
			if (e->kind == TRACE_LEAVE && !e->depth)
				break;
		}
		trace_next(reader);
	}
	if (!e && trace_reader_result(reader, &error))
		return broken(l, &error);
	if (l->short_of_memory)
		return complain("%s: no memory is left", l->spec->verb);
	return EXIT_HELD;
}

static int with_reader(struct looking *l, int (*read)(struct looking *, struct trace_reader *))
{
	const struct trace_source source = trace_source_of(l->file);
	struct trace_reader *reader;
	struct iom_error error;
	int status;

	rewind(l->file);
	if (trace_reader_new(&source, &reader, &error))
		return broken(l, &error);
	status = read(l, reader);
	trace_reader_free(reader);
	return status;
}

static int take_state(struct looking *l, struct trace_replay *replay)
{
	struct iom_error error;

	return replayed_header(replay, &l->scene->header, &error) ? broken(l, &error) : EXIT_HELD;
}

static int replay_to(struct looking *l)
{
	const struct trace_source source = trace_source_of(l->file);
	struct trace_replay *replay;
	const struct trace_event *e;
	struct iom_error error;
	int result = IOM_OK, status;

	rewind(l->file);
	if (trace_replay_new(&source, NULL, &replay, &error))
		return broken(l, &error);
	while (!result && (e = trace_replay_peek(replay)) != NULL && e->number < l->first)
		result = trace_replay_step(replay, &error);
	if (result < 0)
		status = broken(l, &error);
	else if (result)
		status = complain("%s: %s: the replay differs before event %" PRIu64 "; 'iommux "
		                  "replay' "
		                  "shows where",
		                  l->spec->verb, l->spec->path, l->first);
	else
		status = take_state(l, replay);
	trace_replay_free(replay);
	return status;
}

static void name_it(struct scene *s, const struct looking *l)
{
	const char *note = s->header.note;

	snprintf(s->name, sizeof s->name, "%s before event %" PRIu64 "%s%s", l->spec->path,
	         l->first, *note ? ": " : "", note);
	for (char *c = s->name; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

int scene_from_trace(const struct scene_spec *spec, struct scene *s)
{
	struct looking l = { .spec = spec, .scene = s };
	const char *why;
	uint64_t bytes;
	int status;

	if (!spec->has_event)
		return complain("%s: %s is a trace; --event N says when ('iommux replay --dump' "
		                "numbers them)",
		                spec->verb, spec->path);
	if (spec->has_at || spec->has_unit)
		return complain("%s: %s is a trace, of one IOMMU; %s is for scenarios", spec->verb,
		                spec->path, spec->has_at ? "--at" : "--unit");
	l.file = file_open(spec->path, &bytes, &why);
	if (!l.file)
		return complain("%s: %s cannot be read: %s", spec->verb, spec->path, why);
	status = with_reader(&l, find);
	if (!status)
		status = replay_to(&l);
	if (!status)
		status = with_reader(&l, read_words);
	if (!status)
		name_it(s, &l);
	fclose(l.file);
	free(l.pending.reads);
	sparse_free(&l.touched);
	return status;
}
