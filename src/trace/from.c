/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Events from what an observer gets. */
#include "trace/codec.h"

#include <string.h>

static void take_reply(struct trace_event *event, const struct iom_reply *reply)
{
	event->reply = *reply;
	event->reply.host = NULL;
	event->reply.host_bytes = 0;
}

static void begin(struct trace_event *event, unsigned kind, unsigned what)
{
	*event = (struct trace_event){ .kind = (uint8_t)kind, .what = (uint8_t)what };
}

void trace_from_call(struct trace_event *event, const struct iom_call *call)
{
	begin(event, TRACE_CALL, call->kind);
	event->requester = call->requester;
	event->index = call->number;
	event->address = call->address;
	event->bytes = call->bytes;
	event->value = call->value;
	event->compare = call->compare;
	if (call->request)
		event->request = *call->request;
	if (call->message)
		event->message = *call->message;
	if (call->kind == IOM_CALL_LOAD) {
		event->data = call->data;
		event->data_bytes = (size_t)call->bytes;
	} else if (call->kind == IOM_CALL_WRITE && call->data) {
		event->data_bytes =
			(size_t)(call->bytes < TRACE_DATA_MAX ? call->bytes : TRACE_DATA_MAX);
		event->data = (const uint8_t *)call->data + (call->bytes - event->data_bytes);
	}
}

void trace_from_leave(struct trace_event *event, const struct iom_call *call, int result)
{
	bool out = call->kind == IOM_CALL_MMIO_READ ||
	           (call->kind == IOM_CALL_REPLAY ? result == IOM_EBUSY : result == IOM_OK);

	begin(event, TRACE_LEAVE, call->kind);
	event->result = result;
	if (call->out && out)
		event->out = *call->out;
	if (call->reply)
		take_reply(event, call->reply);
	if (call->route && result == IOM_OK)
		event->route = *call->route;
	if (call->info && result == IOM_OK)
		event->info = *call->info;
}

void trace_from_access(struct trace_event *event, uint32_t requester,
                       const struct iom_request *request, const struct iom_reply *reply, int result)
{
	begin(event, TRACE_ACCESS, 0);
	event->requester = requester;
	event->request = *request;
	take_reply(event, reply);
	event->result = result;
}

void trace_from_command(struct trace_event *event, const uint64_t *word, unsigned words,
                        uint8_t *room)
{
	if (words > TRACE_COMMAND_WORDS)
		words = TRACE_COMMAND_WORDS;
	begin(event, TRACE_COMMAND, 0);
	for (unsigned i = 0; i < 8 * words; i++)
		room[i] = (uint8_t)(word[i / 8] >> 8 * (i % 8));
	event->data = room;
	event->data_bytes = (size_t)8 * words;
}

void trace_from_own(struct trace_event *event, uint32_t requester,
                    const struct iom_own_access *access)
{
	begin(event, TRACE_OWN, access->of);
	event->requester = requester;
	event->address = access->spa;
	event->bytes = access->bytes;
	event->result = access->result;
	event->rcid = access->rcid;
	event->mcid = access->mcid;
	event->write = access->write;
	event->missed = access->missed;
	event->data = access->data;
	event->data_bytes = access->data ? access->bytes : 0;
	event->found = access->found;
	event->found_bytes = access->found ? access->bytes : 0;
}

void trace_from_moved(struct trace_event *event, uint32_t requester, const struct iom_moved *moved)
{
	begin(event, TRACE_MOVED, 0);
	event->requester = requester;
	event->address = moved->spa;
	event->bytes = moved->bytes;
	event->done = moved->done;
	event->result = moved->result;
	event->write = moved->write;
	event->atomic = moved->atomic;
	event->out = moved->old;
}

void trace_from_called(struct trace_event *event, const struct iom_called *called)
{
	begin(event, TRACE_CALLED, called->kind);
	event->requester = called->requester;
	event->result = called->result;
	event->index = called->perm;
	event->address = called->address;
	event->value = called->value;
	event->bytes = called->bytes;
	if (called->message)
		event->message = *called->message;
	if (called->info)
		event->info = *called->info;
	if (called->invalidation)
		event->invalidation = *called->invalidation;
}

/* What memory decided, not the unit. */
static void leave_out(struct trace_event *event)
{
	event->time_ns = 0;
	event->done = 0;
	if (event->result && !event->reply.fault)
		event->reply.done = 0;
}

bool trace_event_same(const struct trace_event *a, const struct trace_event *b)
{
	struct trace_event one = *a, other = *b;
	uint8_t bytes[2][TRACE_EVENT_BYTES_MAX];
	struct trace_past past[2] = { 0 };
	size_t n;

	if (a->data_bytes != b->data_bytes || !a->data != !b->data ||
	    a->found_bytes != b->found_bytes || !a->found != !b->found ||
	    (a->data && memcmp(a->data, b->data, a->data_bytes) != 0) ||
	    (a->found && memcmp(a->found, b->found, a->found_bytes) != 0))
		return false;
	leave_out(&one);
	leave_out(&other);
	one.data = one.found = other.data = other.found = NULL;
	n = trace_encode(&past[0], &one, bytes[0]);
	return n == trace_encode(&past[1], &other, bytes[1]) && !memcmp(bytes[0], bytes[1], n);
}
