/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Events in words. */
#include "trace/event.h"

#include <stdarg.h>
#include <stdio.h>

#include <iommux/backend.h>

static const char *const kinds[TRACE_KINDS] = {
	[TRACE_CALL] = "call",       [TRACE_LEAVE] = "leave",   [TRACE_ACCESS] = "access",
	[TRACE_COMMAND] = "command", [TRACE_OWN] = "own",       [TRACE_MOVED] = "moved",
	[TRACE_CALLED] = "called",   [TRACE_BEGINS] = "begins",
};

static const char *const calls[IOM_CALLS] = {
	[IOM_CALL_MMIO_READ] = "mmio-read",
	[IOM_CALL_MMIO_WRITE] = "mmio-write",
	[IOM_CALL_TRANSLATE] = "translate",
	[IOM_CALL_READ] = "read",
	[IOM_CALL_WRITE] = "write",
	[IOM_CALL_ATOMIC] = "atomic",
	[IOM_CALL_MSI] = "msi",
	[IOM_CALL_MSI_TRANSLATE] = "msi-translate",
	[IOM_CALL_MESSAGE] = "message",
	[IOM_CALL_STEP] = "step",
	[IOM_CALL_RESET] = "reset",
	[IOM_CALL_RESET_WARM] = "reset-warm",
	[IOM_CALL_STOP] = "stop",
	[IOM_CALL_START] = "start",
	[IOM_CALL_BEGIN] = "begin",
	[IOM_CALL_END] = "end",
	[IOM_CALL_ENDPOINT_GET] = "endpoint-get",
	[IOM_CALL_ENDPOINT_RENUMBER] = "endpoint-renumber",
	[IOM_CALL_ENDPOINT_REMOVE] = "endpoint-remove",
	[IOM_CALL_PORT_OPEN] = "port-open",
	[IOM_CALL_PORT_CLOSE] = "port-close",
	[IOM_CALL_FAULT_IN] = "fault-in",
	[IOM_CALL_REPLAY] = "replay",
	[IOM_CALL_LOAD] = "load",
	[IOM_CALL_BACKEND] = "backend",
	[IOM_CALL_FORGET] = "forget",
};

static const char *const callbacks[IOM_CALLED_KINDS] = {
	[IOM_CALLED_MSI] = "msi",
	[IOM_CALLED_MESSAGE] = "message",
	[IOM_CALLED_WIRE] = "wire",
	[IOM_CALLED_ORDER] = "order",
	[IOM_CALLED_CHANGED] = "interrupts-changed",
	[IOM_CALLED_CONTEXT] = "context",
	[IOM_CALLED_INVALIDATE] = "invalidate",
	[IOM_CALLED_STRETCH] = "stretch",
	[IOM_CALLED_LATER] = "later",
};

static const char *const ofs[] = {
	[IOM_OF_DEVICE] = "device-table", [IOM_OF_PROCESS] = "process-table",
	[IOM_OF_STAGE1] = "stage1",       [IOM_OF_STAGE2] = "stage2",
	[IOM_OF_MSI] = "msi-table",       [IOM_OF_MRIF] = "interrupt-file",
	[IOM_OF_QUEUE] = "queue",         [IOM_OF_INTERRUPT] = "interrupt",
};

static const char *name(const char *const *names, size_t count, unsigned i)
{
	return i < count && names[i] ? names[i] : "?";
}

#define NAME(names, i) name(names, sizeof(names) / sizeof((names)[0]), i)

const char *trace_kind_name(unsigned kind)
{
	return NAME(kinds, kind);
}

const char *trace_call_name(unsigned call)
{
	return NAME(calls, call);
}

const char *trace_called_name(unsigned called)
{
	return NAME(callbacks, called);
}

const char *trace_of_name(unsigned of)
{
	return NAME(ofs, of);
}

/* ---- Lines -------------------------------------------------------------------------------- */

struct line {
	char *text;
	size_t at, size;
};

static __attribute__((format(printf, 2, 3))) void say(struct line *line, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line->text + line->at, line->size - line->at, format, args);
	va_end(args);
	if (n > 0)
		line->at =
			(size_t)n < line->size - line->at ? line->at + (size_t)n : line->size - 1;
}

/* A number that is mostly 0. */
static void say_number(struct line *line, const char *what, uint64_t v)
{
	if (v)
		say(line, " %s 0x%llx", what, (unsigned long long)v);
}

static void say_bytes(struct line *line, const uint8_t *bytes, size_t length)
{
	/* As words, the way that manuals show them; a state is too long for that. */
	for (size_t i = 0; i < length && i < 64; i += 8) {
		uint64_t word = 0;
		size_t n = length - i < 8 ? length - i : 8;

		for (size_t b = n; b--;)
			word = word << 8 | bytes[i + b];
		say(line, " %0*llx", (int)(2 * n), (unsigned long long)word);
	}
	if (length > 64)
		say(line, " ...");
}

static void say_request(struct line *line, const struct iom_request *q)
{
	static const char *const accesses[] = { "read", "write", "execute", "atomic" };
	static const char *const ats[] = { "", " translation-request", " translated" };

	say(line, " %s%s iova 0x%llx", NAME(accesses, q->access), NAME(ats, q->at),
	    (unsigned long long)q->iova);
	say_number(line, "bytes", q->bytes);
	if (q->flags & IOM_REQ_PASID)
		say(line, " pasid 0x%x", q->pasid);
	say_number(line, "flags", q->flags);
}

static void say_result(struct line *line, int result)
{
	if (result)
		say(line, " = %d (%s)", result, iom_strerror(result));
}

static void say_reply(struct line *line, const struct iom_reply *r)
{
	static const char *const targets[] = { "", " mrif", " interrupt" };

	if (r->fault)
		say(line, " fault 0x%x", r->fault);
	if (r->status)
		say(line, " status %u", r->status);
	if (r->perm)
		say(line, " spa 0x%llx perm %u range 2^%u%s", (unsigned long long)r->spa, r->perm,
		    r->range_lg2, NAME(targets, r->target));
	say_number(line, "done", r->done);
	say_number(line, "token", r->token);
	say_number(line, "type", r->memory_type);
	say_number(line, "ats", r->ats);
}

static void say_message(struct line *line, const struct iom_message *m)
{
	static const char *const names[] = { "?",     "resume",      "terminate",   "invalidate",
		                             "pages", "invalidated", "page-request" };

	say(line, " %s token 0x%x", NAME(names, m->kind), m->token);
	say_number(line, "address", m->address);
	if (m->flags & IOM_REQ_PASID)
		say(line, " pasid 0x%x", m->pasid);
	say_number(line, "flags", m->flags);
	say_number(line, "size_lg2", m->size_lg2);
	say_number(line, "code", m->code);
}

static void say_objects(struct line *line, const struct trace_event *e)
{
	if (e->requester != UINT32_MAX)
		say(line, " of 0x%x", e->requester);
	if (e->port)
		say(line, " port %u", e->port);
	if (e->endpoint)
		say(line, " endpoint %u", e->endpoint);
	if (e->lane)
		say(line, " lane %u", e->lane);
}

static void say_call(struct line *line, const struct trace_event *e)
{
	say(line, "%s", trace_call_name(e->what));
	say_objects(line, e);
	switch (e->what) {
	case IOM_CALL_MMIO_READ:
	case IOM_CALL_MMIO_WRITE:
		say(line, " 0x%llx/%llu", (unsigned long long)e->address,
		    (unsigned long long)e->bytes);
		if (e->what == IOM_CALL_MMIO_WRITE)
			say(line, " <- 0x%llx", (unsigned long long)e->value);
		break;
	case IOM_CALL_TRANSLATE:
	case IOM_CALL_READ:
	case IOM_CALL_WRITE:
	case IOM_CALL_ATOMIC:
		say_request(line, &e->request);
		say_number(line, "length", e->bytes);
		break;
	case IOM_CALL_MESSAGE:
		say_message(line, &e->message);
		break;
	default:
		say_number(line, "address", e->address);
		say_number(line, "value", e->value);
		say_number(line, "bytes", e->bytes);
		break;
	}
	if (e->data)
		say_bytes(line, e->data, e->data_bytes);
}

static void say_leave(struct line *line, const struct trace_event *e)
{
	say(line, "%s ends", trace_call_name(e->what));
	say_result(line, e->result);
	if (e->what == IOM_CALL_MMIO_READ || e->what == IOM_CALL_ATOMIC ||
	    e->what == IOM_CALL_REPLAY)
		say(line, " -> 0x%llx", (unsigned long long)e->out);
	if (e->what == IOM_CALL_MSI_TRANSLATE && !e->result)
		say(line, " -> kind %u address 0x%llx data 0x%x vector 0x%x", e->route.kind,
		    (unsigned long long)e->route.address, e->route.data, e->route.vector);
	if (e->endpoint)
		say(line, " endpoint %u", e->endpoint);
	if (e->port)
		say(line, " port %u", e->port);
	say_reply(line, &e->reply);
}

static void say_stage(struct line *line, const char *name, const struct iom_stage *s)
{
	if (!s->format)
		return;
	say(line, " %s format %u at 0x%llx", name, s->format, (unsigned long long)s->root);
	say_number(line, "tag", s->tag);
	if (s->big_endian)
		say(line, " big-endian");
}

static void say_invalidation(struct line *line, const struct iom_invalidation *i)
{
	say(line, "%s%s%s%s", i->stage1 ? " stage1" : "", i->stage2 ? " stage2" : "",
	    i->stage1 || i->stage2 ? "" : " contexts", i->no_guest ? " of no guest" : "");
	if (i->one_guest)
		say(line, " guest 0x%x", i->guest_tag);
	if (i->one_process)
		say(line, " process 0x%x", i->process_tag);
	if (i->one_range)
		say(line, " 0x%llx..0x%llx", (unsigned long long)i->first,
		    (unsigned long long)i->last);
	if (i->one_requester)
		say(line, " of 0x%x", i->requester);
	if (i->one_pasid)
		say(line, " pasid 0x%x", i->pasid);
}

static void say_called(struct line *line, const struct trace_event *e)
{
	say(line, "calls %s", trace_called_name(e->what));
	if (e->requester != UINT32_MAX)
		say(line, " of 0x%x", e->requester);
	switch (e->what) {
	case IOM_CALLED_MESSAGE:
		say_message(line, &e->message);
		break;
	case IOM_CALLED_CONTEXT:
		if (e->info.has_pasid)
			say(line, " pasid 0x%x", e->info.pasid);
		say(line, " kind %u", e->info.kind);
		say_stage(line, "stage1", &e->info.stage1);
		say_stage(line, "stage2", &e->info.stage2);
		break;
	case IOM_CALLED_INVALIDATE:
		say_invalidation(line, &e->invalidation);
		break;
	default:
		say(line, " 0x%llx 0x%llx", (unsigned long long)e->address,
		    (unsigned long long)e->value);
		say_number(line, "bytes", e->bytes);
		break;
	}
	say_result(line, e->result);
}

static void say_own(struct line *line, const struct trace_event *e)
{
	say(line, "%s %s 0x%llx/%llu",
	    e->found   ? "swaps"
	    : e->write ? "stores"
	               : "loads",
	    trace_of_name(e->what), (unsigned long long)e->address, (unsigned long long)e->bytes);
	if (e->requester != UINT32_MAX)
		say(line, " for 0x%x", e->requester);
	say_result(line, e->result);
	say_number(line, "rcid", e->rcid);
	say_number(line, "mcid", e->mcid);
	if (e->found) {
		say_bytes(line, e->found, e->found_bytes);
		say(line, e->missed ? " not" : " to");
	}
	if (e->data)
		say_bytes(line, e->data, e->data_bytes);
}

void trace_event_text(const struct trace_event *e, char *text, size_t size)
{
	struct line line = { .text = text, .size = size };

	if (!size)
		return;
	text[0] = 0;
	switch (e->kind) {
	case TRACE_CALL:
		say_call(&line, e);
		break;
	case TRACE_LEAVE:
		say_leave(&line, e);
		break;
	case TRACE_ACCESS:
		say(&line, "answers 0x%x", e->requester);
		say_request(&line, &e->request);
		say_result(&line, e->result);
		say_reply(&line, &e->reply);
		break;
	case TRACE_COMMAND:
		say(&line, "command");
		say_bytes(&line, e->data, e->data_bytes);
		break;
	case TRACE_OWN:
		say_own(&line, e);
		break;
	case TRACE_MOVED:
		say(&line, "moves 0x%llx bytes %s 0x%llx", (unsigned long long)e->bytes,
		    e->atomic  ? "at"
		    : e->write ? "to"
		               : "from",
		    (unsigned long long)e->address);
		say_result(&line, e->result);
		break;
	case TRACE_CALLED:
		say_called(&line, e);
		break;
	default:
		say(&line, "%s", trace_kind_name(e->kind));
		break;
	}
}
