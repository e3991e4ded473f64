/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Recording: events of an observer, with numbers for what it tells by pointers, to a writer. */
#include "trace/record.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "trace/block.h"
#include "trace/internal.h"

/* Who is who: the number of slot i is i + 1. */
struct names {
	const void **slot; /* NULL: free */
	uint32_t count, room;
};

struct trace_recorder {
	struct iom_unit *unit;
	pthread_mutex_t lock; /* from a call's begin to its end */
	struct trace_writer *writer;
	struct names endpoints, lanes, ports;
	unsigned depth;
	bool begins, stopped;       /* what is there is told; the unit is stopped */
	uint64_t begun_ns, time_ns; /* of the recording; of the outermost call */
	struct iom_error failed;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- Names -------------------------------------------------------------------------------- */

static uint32_t name_of(const struct names *names, const void *thing)
{
	for (uint32_t i = names->count; i-- && thing;) {
		if (names->slot[i] == thing)
			return i + 1;
	}
	return 0;
}

static uint32_t name_new(struct trace_recorder *r, struct names *names, const void *thing,
                         bool again)
{
	for (uint32_t i = 0; i < names->count && again; i++) {
		if (!names->slot[i]) {
			names->slot[i] = thing;
			return i + 1;
		}
	}
	if (names->count == names->room) {
		uint32_t room = names->room ? 2 * names->room : 16;
		const void **slot = realloc(names->slot, room * sizeof *slot);

		if (!slot) {
			trace_fail(&r->failed, IOM_ENOMEM, "no memory is left to record with");
			return 0;
		}
		names->slot = slot;
		names->room = room;
	}
	names->slot[names->count] = thing;
	return ++names->count;
}

static void name_free(struct names *names, const void *thing)
{
	uint32_t name = name_of(names, thing);

	if (name)
		names->slot[name - 1] = NULL;
}

/* ---- Events ------------------------------------------------------------------------------- */

/* The trace ends here. */
static void give_up(struct trace_recorder *r)
{
	struct iom_error *error = r->failed.code ? NULL : &r->failed;

	if (r->writer)
		trace_writer_end(r->writer, error);
	r->writer = NULL;
}

static void put(struct trace_recorder *r, struct trace_event *event)
{
	event->time_ns = r->time_ns;
	if (r->failed.code || trace_write(r->writer, event))
		give_up(r);
}

static void on_enter(void *opaque, const struct iom_call *call)
{
	struct trace_recorder *r = opaque;
	struct trace_event event;

	pthread_mutex_lock(&r->lock);
	r->stopped = r->stopped || (r->begins && call->kind == IOM_CALL_STOP);
	if (!r->depth++)
		r->time_ns = now_ns() - r->begun_ns;
	if (r->failed.code)
		return;
	trace_from_call(&event, call);
	event.endpoint = name_of(&r->endpoints, call->endpoint);
	event.port = name_of(&r->ports, call->port);
	event.lane = name_of(&r->lanes, call->lane);
	if (call->lane && !event.lane)
		event.lane = name_new(r, &r->lanes, call->lane, false);
	if (r->depth > TRACE_DEPTH_MAX) {
		trace_fail(&r->failed, IOM_EINVAL,
		           "a callback of a callback called the unit %u times inside itself; a "
		           "trace "
		           "holds %u",
		           r->depth, TRACE_DEPTH_MAX);
	}
	put(r, &event);
}

/* What came, and what went.  The number of an endpoint is not given again: its ports may live on. */
static void name_results(struct trace_recorder *r, struct trace_event *event,
                         const struct iom_call *call)
{
	switch (call->kind) {
	case IOM_CALL_ENDPOINT_GET:
		event->endpoint = name_of(&r->endpoints, call->endpoint);
		if (call->endpoint && !event->endpoint)
			event->endpoint = name_new(r, &r->endpoints, call->endpoint, false);
		break;
	case IOM_CALL_PORT_OPEN:
		if (call->port)
			event->port = name_new(r, &r->ports, call->port, true);
		break;
	case IOM_CALL_PORT_CLOSE:
		name_free(&r->ports, call->port);
		break;
	case IOM_CALL_ENDPOINT_REMOVE:
		name_free(&r->endpoints, call->endpoint);
		break;
	default:
		break;
	}
}

static void on_leave(void *opaque, const struct iom_call *call, int result)
{
	struct trace_recorder *r = opaque;
	struct trace_event event;

	if (!r->failed.code) {
		trace_from_leave(&event, call, result);
		name_results(r, &event, call);
		put(r, &event);
	}
	r->depth--;
	pthread_mutex_unlock(&r->lock);
}

static void on_access(void *opaque, uint32_t requester, const struct iom_request *request,
                      const struct iom_reply *reply, int result)
{
	struct trace_event event;

	trace_from_access(&event, requester, request, reply, result);
	put(opaque, &event);
}

static void on_command(void *opaque, const uint64_t *word, unsigned words)
{
	uint8_t room[8 * TRACE_COMMAND_WORDS];
	struct trace_event event;

	trace_from_command(&event, word, words, room);
	put(opaque, &event);
}

static void on_own(void *opaque, uint32_t requester, const struct iom_own_access *access)
{
	struct trace_event event;

	trace_from_own(&event, requester, access);
	put(opaque, &event);
}

static void on_moved(void *opaque, uint32_t requester, const struct iom_moved *moved)
{
	struct trace_event event;

	trace_from_moved(&event, requester, moved);
	put(opaque, &event);
}

static void on_called(void *opaque, const struct iom_called *called)
{
	struct trace_event event;

	trace_from_called(&event, called);
	put(opaque, &event);
}

/* ---- Beginning and ending ----------------------------------------------------------------- */

static int put_header(struct trace_recorder *r, const struct trace_config *config,
                      const struct trace_sink *sink, struct iom_error *error)
{
	struct trace_header header = { 0 };
	int result = trace_header_make(r->unit, config, &header, error);

	if (!result)
		result = trace_writer_new(sink, &header, &r->writer, error);
	trace_header_free(&header);
	return result;
}

static int lock_init(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attr;
	int result = pthread_mutexattr_init(&attr);

	if (result)
		return result;
	result = pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	if (!result)
		result = pthread_mutex_init(lock, &attr);
	pthread_mutexattr_destroy(&attr);
	return result;
}

int trace_record(struct iom_unit *unit, const struct trace_config *config,
                 const struct trace_sink *sink, struct trace_recorder **out,
                 struct iom_error *error)
{
	static const struct iom_observer observer = {
		.bytes = sizeof observer,
		.enter = on_enter,
		.leave = on_leave,
		.access = on_access,
		.command = on_command,
		.own = on_own,
		.moved = on_moved,
		.called = on_called,
	};
	struct trace_recorder *r = calloc(1, sizeof *r);
	struct trace_event begins = { .kind = TRACE_BEGINS };
	int result;

	*out = NULL;
	if (!r || lock_init(&r->lock)) {
		free(r);
		return trace_fail(error, IOM_ENOMEM, "no memory is left to record with");
	}
	r->unit = unit;
	r->begun_ns = now_ns();
	iom_observe(unit, NULL, NULL);
	iom_forget(unit);
	result = put_header(r, config, sink, error);
	if (result) {
		pthread_mutex_destroy(&r->lock);
		free(r);
		return result;
	}
	/* It is of this library's size, and has both ends of calls. */
	r->begins = true;
	(void)iom_observe(unit, &observer, r);
	r->begins = false;
	if (r->stopped) {
		(void)trace_record_end(r, NULL);
		return trace_fail(error, IOM_EBUSY,
		                  "the unit is stopped; it can be recorded once it was started");
	}
	put(r, &begins);
	*out = r;
	return IOM_OK;
}

int trace_record_result(struct trace_recorder *r, struct iom_error *error)
{
	struct iom_error failed;

	pthread_mutex_lock(&r->lock);
	failed = r->failed;
	pthread_mutex_unlock(&r->lock);
	if (error)
		*error = failed;
	return failed.code;
}

int trace_record_end(struct trace_recorder *r, struct iom_error *error)
{
	int result;

	(void)iom_observe(r->unit, NULL, NULL);
	give_up(r);
	result = r->failed.code;
	if (error)
		*error = r->failed;
	free(r->endpoints.slot);
	free(r->lanes.slot);
	free(r->ports.slot);
	pthread_mutex_destroy(&r->lock);
	free(r);
	return result;
}
