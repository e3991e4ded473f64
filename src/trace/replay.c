/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Replaying: one event after the other, compared with what the unit does. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "trace/internal.h"
#include "trace/player.h"

/* ---- Events ------------------------------------------------------------------------------- */

void trace_play_broken(struct trace_replay *r, int code, const char *format, ...)
{
	const struct trace_event *e = trace_peek(r->reader);
	struct iom_error damaged;
	char what[160];
	va_list args;

	r->strayed = true;
	if (r->broken.code)
		return;
	if (trace_reader_result(r->reader, &damaged)) {
		r->broken = damaged;
		return;
	}
	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	if (e)
		trace_fail(&r->broken, code,
		           "the trace cannot be replayed at event %llu, in the block at offset "
		           "%llu: "
		           "%s",
		           (unsigned long long)e->number, (unsigned long long)e->offset, what);
	else
		trace_fail(&r->broken, code, "the trace cannot be replayed at its end: %s", what);
}

const struct trace_event *trace_play_peek(struct trace_replay *r)
{
	const struct trace_event *e;

	if (r->strayed)
		return NULL;
	e = trace_peek(r->reader);
	if (!e && trace_reader_result(r->reader, &r->broken))
		r->strayed = true;
	return e;
}

static void keep(struct trace_replay *r, const struct trace_event *e)
{
	struct trace_kept *k = &r->last[r->kept++ % TRACE_LAST];

	k->event = *e;
	if (k->event.data_bytes > TRACE_KEPT_BYTES)
		k->event.data_bytes = TRACE_KEPT_BYTES;
	if (k->event.found_bytes > TRACE_KEPT_BYTES)
		k->event.found_bytes = TRACE_KEPT_BYTES;
	if (e->data)
		k->event.data = memcpy(k->data, e->data, k->event.data_bytes);
	if (e->found)
		k->event.found = memcpy(k->found, e->found, k->event.found_bytes);
}

void trace_play_take(struct trace_replay *r)
{
	const struct trace_event *e = trace_play_peek(r);

	if (!e || !trace_play_pay(r, e))
		return;
	keep(r, e);
	r->events++;
	if (r->watch.event)
		r->watch.event(r->watch.opaque, e);
	trace_next(r->reader);
}

/* Tells of a difference; what is left of the outermost call does not count. */
static void differ(struct trace_replay *r, const struct trace_event *recorded,
                   const struct trace_event *replayed)
{
	struct trace_difference *d = &r->difference;

	r->strayed = true;
	r->differences++;
	d->recorded = recorded;
	d->replayed = replayed;
	d->lasts = 0;
	for (uint64_t n = r->kept < TRACE_LAST ? r->kept : TRACE_LAST; n; n--)
		d->last[d->lasts++] = r->last[(r->kept - n) % TRACE_LAST].event;
	r->ended = !r->watch.differs || !r->watch.differs(r->watch.opaque, d);
	d->recorded = d->replayed = NULL;
}

static void where(const struct trace_event *e, char *text, size_t size)
{
	char line[160];

	if (!e) {
		snprintf(text, size, "the trace has ended");
		return;
	}
	trace_event_text(e, line, sizeof line);
	snprintf(text, size, "event %llu is: %s", (unsigned long long)e->number, line);
}

void trace_play_wants(struct trace_replay *r, const char *format, ...)
{
	const struct trace_event *e = trace_play_peek(r);
	char wish[100], have[200];
	va_list args;

	if (r->strayed)
		return;
	va_start(args, format);
	vsnprintf(wish, sizeof wish, format, args);
	va_end(args);
	where(e, have, sizeof have);
	snprintf(r->difference.text, sizeof r->difference.text, "%s; %s", wish, have);
	differ(r, e, NULL);
}

void trace_play_did(struct trace_replay *r, const struct trace_event *did)
{
	const struct trace_event *e = trace_play_peek(r);
	char line[160], have[200];

	if (r->strayed)
		return;
	if (r->quiet) {
		/* Only ends of calls are met in the trace, whatever they say. */
		if (did->kind == TRACE_LEAVE && e && e->kind == TRACE_LEAVE)
			trace_play_take(r);
		else if (did->kind == TRACE_LEAVE)
			trace_play_broken(r, IOM_EINVAL, "a call should end here");
		return;
	}
	if (e && trace_event_same(e, did)) {
		trace_play_take(r);
		return;
	}
	trace_event_text(did, line, sizeof line);
	where(e, have, sizeof have);
	snprintf(r->difference.text, sizeof r->difference.text, "the unit does: %s; %s", line,
	         have);
	differ(r, e, did);
}

void trace_play_nested(struct trace_replay *r)
{
	const struct trace_event *e;

	while (!r->quiet && (e = trace_play_peek(r)) != NULL && e->kind == TRACE_CALL)
		trace_play_call(r);
}

/* ---- From begin to end -------------------------------------------------------------------- */

/* Makes again what was there when recording began. */
static void make_what_was_there(struct trace_replay *r)
{
	const struct trace_event *e;

	while ((e = trace_play_peek(r)) != NULL && e->kind == TRACE_CALL) {
		if (e->what != IOM_CALL_BACKEND && e->what != IOM_CALL_ENDPOINT_GET &&
		    e->what != IOM_CALL_STEP && e->what != IOM_CALL_PORT_OPEN &&
		    e->what != IOM_CALL_BEGIN) {
			trace_play_broken(r, IOM_EINVAL, "a recording does not begin with that");
			return;
		}
		trace_play_call(r);
	}
	if (!r->strayed && (!e || e->kind != TRACE_BEGINS))
		trace_play_broken(r, IOM_EINVAL, "the recording should begin here");
	trace_play_take(r);
}

/* The unit is stopped while it takes over its state, so that what waits goes on afterwards. */
static int begin(struct trace_replay *r, struct iom_error *error)
{
	const struct trace_header *header = trace_reader_header(r->reader);
	int result;

	(void)iom_unit_stop(r->unit);
	result = iom_unit_load(r->unit, header->state, header->state_bytes, error);
	if (result)
		return result;
	make_what_was_there(r);
	if (r->broken.code) {
		if (error)
			*error = r->broken;
		return r->broken.code;
	}
	iom_unit_start(r->unit);
	iom_forget(r->unit);
	trace_play_listen(r);
	r->quiet = false;
	return IOM_OK;
}

int trace_replay_new(const struct trace_source *source, const struct trace_replay_watch *watch,
                     struct trace_replay **out, struct iom_error *error)
{
	struct trace_replay *r = calloc(1, sizeof *r);
	int result;

	*out = NULL;
	if (!r)
		return trace_fail(error, IOM_ENOMEM, "no memory is left to replay a trace");
	r->quiet = true;
	if (watch)
		r->watch = *watch;
	result = trace_reader_new(source, &r->reader, error);
	if (!result)
		result = trace_play_make(r, error);
	if (!result)
		result = begin(r, error);
	if (result) {
		trace_replay_free(r);
		return result;
	}
	*out = r;
	return IOM_OK;
}

void trace_replay_free(struct trace_replay *r)
{
	if (!r)
		return;
	r->strayed = true;
	iom_unit_free(r->unit);
	iom_memory_free(r->memory);
	trace_reader_free(r->reader);
	free(r->endpoints.slot);
	free(r->lanes.slot);
	free(r->ports.slot);
	free(r);
}

/* Events that are left of an outermost call with a difference. */
static void skip_to_call(struct trace_replay *r)
{
	const struct trace_event *e;

	while ((e = trace_peek(r->reader)) != NULL && !(e->kind == TRACE_CALL && !e->depth) &&
	       trace_play_pay(r, e))
		trace_next(r->reader);
}

int trace_replay_step(struct trace_replay *r, struct iom_error *error)
{
	const struct trace_event *e;

	if (!r->ended && !r->broken.code) {
		if (r->strayed) {
			skip_to_call(r);
			r->strayed = false;
		}
		e = trace_play_peek(r);
		if (!e && !r->broken.code)
			return TRACE_REPLAY_END;
		if (e && e->kind == TRACE_CALL)
			trace_play_call(r);
		else if (e)
			trace_play_broken(r, IOM_EINVAL, "a call should begin here");
	}
	if (r->broken.code && error)
		*error = r->broken;
	return r->broken.code ? r->broken.code : r->ended ? TRACE_REPLAY_DIFFERS : IOM_OK;
}

struct iom_unit *trace_replay_unit(struct trace_replay *r)
{
	return r->unit;
}

const struct trace_header *trace_replay_header(const struct trace_replay *r)
{
	return trace_reader_header(r->reader);
}

const struct trace_event *trace_replay_peek(struct trace_replay *r)
{
	return trace_peek(r->reader);
}

uint64_t trace_replay_events(const struct trace_replay *r)
{
	return r->events;
}

uint64_t trace_replay_differences(const struct trace_replay *r)
{
	return r->differences;
}
