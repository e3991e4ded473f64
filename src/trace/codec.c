/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Numbers of 7 bits a byte, the lowest first; signed ones zigzag; addresses by their distance from the last
 * of their sort.  Each function below passes a field on in either direction.
 */
#include "trace/codec.h"

#include <string.h>

struct codec {
	uint8_t *out;      /* NULL: this takes in, from ... */
	const uint8_t *in; /* ... here                      */
	size_t at, size;
	bool bad;
	struct trace_past *past;
};

static void number(struct codec *c, uint64_t *v)
{
	unsigned shift = 0;
	uint8_t byte;

	if (c->out) {
		uint64_t rest = *v;

		for (; rest >> 7; rest >>= 7)
			c->out[c->at++] = (uint8_t)(rest | 0x80);
		c->out[c->at++] = (uint8_t)rest;
		return;
	}
	*v = 0;
	do {
		/* The tenth byte holds one bit, and is the last. */
		if (c->at >= c->size || shift > 63 || (shift == 63 && c->in[c->at] > 1)) {
			c->bad = true;
			return;
		}
		byte = c->in[c->at++];
		*v |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
}

/* A field of any width: what does not fit is no event. */
#define NUMBER(c, field)                                                                           \
	do {                                                                                       \
		uint64_t v_ = (uint64_t)(field);                                                   \
                                                                                                   \
		number(c, &v_);                                                                    \
		if (!(c)->out) {                                                                   \
			(field) = (__typeof__(field))v_;                                           \
			(c)->bad = (c)->bad || (uint64_t)(field) != v_;                            \
		}                                                                                  \
	} while (0)

static void flag(struct codec *c, bool *field)
{
	uint64_t v = *field;

	number(c, &v);
	*field = v;
	c->bad = c->bad || v > 1;
}

static uint64_t zigzag(uint64_t v)
{
	return v << 1 ^ (v >> 63 ? ~UINT64_C(0) : 0);
}

static uint64_t unzigzag(uint64_t v)
{
	return v >> 1 ^ (v & 1 ? ~UINT64_C(0) : 0);
}

static void signed_number(struct codec *c, int32_t *field)
{
	uint64_t v = zigzag((uint64_t)(int64_t)*field);

	number(c, &v);
	if (c->out)
		return;
	v = unzigzag(v);
	*field = (int32_t)(uint32_t)v;
	c->bad = c->bad || (uint64_t)(int64_t)*field != v;
}

static void address(struct codec *c, unsigned sort, uint64_t *field)
{
	uint64_t *last = &c->past->last[sort], v = zigzag(*field - *last);

	number(c, &v);
	if (!c->out)
		*field = *last + unzigzag(v);
	*last = *field;
}

/* All ones are many: 0 is all ones, 1 the last one that was not, others are the number and 2. */
static void requester(struct codec *c, uint32_t *field)
{
	uint64_t v = *field == UINT32_MAX           ? 0
	             : *field == c->past->requester ? 1
	                                            : (uint64_t)*field + 2;

	number(c, &v);
	if (!c->out) {
		c->bad = c->bad || v > (uint64_t)UINT32_MAX + 1;
		*field = v == 0 ? UINT32_MAX : v == 1 ? c->past->requester : (uint32_t)(v - 2);
	}
	if (*field != UINT32_MAX)
		c->past->requester = *field;
}

/* 0: there are none; else the length and 1. */
static void bytes(struct codec *c, const uint8_t **field, size_t *length)
{
	uint64_t v = *field ? (uint64_t)*length + 1 : 0;

	number(c, &v);
	if (c->out) {
		if (*field && *length)
			memcpy(c->out + c->at, *field, *length);
		c->at += *field ? *length : 0;
		return;
	}
	*field = NULL;
	*length = 0;
	if (c->bad || !v)
		return;
	if (v - 1 > c->size - c->at) {
		c->bad = true;
		return;
	}
	*field = c->in + c->at;
	*length = (size_t)(v - 1);
	c->at += *length;
}

/* ---- Parts -------------------------------------------------------------------------------- */

static void request(struct codec *c, struct iom_request *q)
{
	address(c, TRACE_SORT_IOVA, &q->iova);
	NUMBER(c, q->bytes);
	NUMBER(c, q->pasid);
	NUMBER(c, q->flags);
	NUMBER(c, q->access);
	NUMBER(c, q->at);
}

static void reply(struct codec *c, struct iom_reply *r)
{
	address(c, TRACE_SORT_REPLY, &r->spa);
	NUMBER(c, r->done);
	NUMBER(c, r->token);
	NUMBER(c, r->fault);
	NUMBER(c, r->range_lg2);
	NUMBER(c, r->perm);
	NUMBER(c, r->memory_type);
	NUMBER(c, r->status);
	NUMBER(c, r->target);
	NUMBER(c, r->ats);
	NUMBER(c, r->rcid);
	NUMBER(c, r->mcid);
}

static void message(struct codec *c, struct iom_message *m)
{
	NUMBER(c, m->address);
	NUMBER(c, m->kind);
	NUMBER(c, m->token);
	NUMBER(c, m->pasid);
	NUMBER(c, m->flags);
	NUMBER(c, m->size_lg2);
	NUMBER(c, m->code);
}

static void route(struct codec *c, struct iom_route *r)
{
	NUMBER(c, r->address);
	NUMBER(c, r->data);
	NUMBER(c, r->kind);
	NUMBER(c, r->vector);
	flag(c, &r->urgent);
}

static void stage(struct codec *c, struct iom_stage *s)
{
	NUMBER(c, s->root);
	NUMBER(c, s->format);
	NUMBER(c, s->tag);
	flag(c, &s->big_endian);
}

static void info(struct codec *c, struct iom_context_info *i)
{
	NUMBER(c, i->requester);
	NUMBER(c, i->pasid);
	flag(c, &i->has_pasid);
	NUMBER(c, i->kind);
	stage(c, &i->stage1);
	stage(c, &i->stage2);
}

static void invalidation(struct codec *c, struct iom_invalidation *i)
{
	bool *const flags[] = { &i->stage1,      &i->stage2,    &i->no_guest,      &i->one_guest,
		                &i->one_process, &i->one_range, &i->one_requester, &i->one_pasid };

	for (size_t n = 0; n < sizeof flags / sizeof flags[0]; n++)
		flag(c, flags[n]);
	NUMBER(c, i->guest_tag);
	NUMBER(c, i->process_tag);
	NUMBER(c, i->first);
	NUMBER(c, i->last);
	NUMBER(c, i->requester);
	NUMBER(c, i->pasid);
}

/* ---- Calls -------------------------------------------------------------------------------- */

/* What belongs to a call of each kind, when it begins and when it ends. */
enum {
	INDEX = 1 << 0,
	ADDRESS = 1 << 1,
	BYTES = 1 << 2,
	VALUE = 1 << 3,
	COMPARE = 1 << 4,
	ENDPOINT = 1 << 5,
	LANE = 1 << 6,
	PORT = 1 << 7,
	REQUEST = 1 << 8,
	MESSAGE = 1 << 9,
	DATA = 1 << 10,
	OUT = 1 << 11,
	REPLY = 1 << 12,
	ROUTE = 1 << 13,
	INFO = 1 << 14,
	INVALIDATION = 1 << 15,
	RESULT = 1 << 16,
};

static const struct {
	uint32_t begins, ends;
} calls[IOM_CALLS] = {
	[IOM_CALL_MMIO_READ] = { INDEX | ADDRESS | BYTES, OUT },
	[IOM_CALL_MMIO_WRITE] = { INDEX | ADDRESS | BYTES | VALUE, 0 },
	[IOM_CALL_TRANSLATE] = { PORT | REQUEST, REPLY },
	[IOM_CALL_READ] = { PORT | REQUEST | BYTES, REPLY },
	[IOM_CALL_WRITE] = { PORT | REQUEST | BYTES | DATA, REPLY },
	[IOM_CALL_ATOMIC] = { PORT | REQUEST | BYTES | INDEX | VALUE | COMPARE, OUT | REPLY },
	[IOM_CALL_MSI] = { ENDPOINT | ADDRESS | VALUE, REPLY },
	[IOM_CALL_MSI_TRANSLATE] = { ENDPOINT | ADDRESS | VALUE, ROUTE | REPLY },
	[IOM_CALL_MESSAGE] = { ENDPOINT | MESSAGE, 0 },
	[IOM_CALL_STEP] = { VALUE, 0 },
	[IOM_CALL_BEGIN] = { LANE, 0 },
	[IOM_CALL_END] = { LANE, 0 },
	[IOM_CALL_ENDPOINT_GET] = { 0, ENDPOINT },
	[IOM_CALL_ENDPOINT_RENUMBER] = { ENDPOINT | VALUE, 0 },
	[IOM_CALL_ENDPOINT_REMOVE] = { ENDPOINT, 0 },
	[IOM_CALL_PORT_OPEN] = { ENDPOINT | LANE, PORT },
	[IOM_CALL_PORT_CLOSE] = { PORT, 0 },
	[IOM_CALL_FAULT_IN] = { ENDPOINT | INDEX | VALUE, INFO },
	[IOM_CALL_REPLAY] = { ENDPOINT | ADDRESS | VALUE, OUT },
	[IOM_CALL_LOAD] = { DATA | BYTES, 0 },
	[IOM_CALL_BACKEND] = { VALUE, 0 },
};

static const uint32_t callbacks[IOM_CALLED_KINDS] = {
	[IOM_CALLED_MSI] = ADDRESS | VALUE | RESULT,
	[IOM_CALLED_MESSAGE] = MESSAGE,
	[IOM_CALLED_WIRE] = ADDRESS | VALUE,
	[IOM_CALLED_ORDER] = VALUE,
	[IOM_CALLED_CHANGED] = ADDRESS | VALUE,
	[IOM_CALLED_CONTEXT] = INFO,
	[IOM_CALLED_INVALIDATE] = INVALIDATION,
	[IOM_CALLED_STRETCH] = ADDRESS | VALUE | BYTES | INDEX | RESULT,
};

static void parts(struct codec *c, uint32_t which, struct trace_event *e)
{
	if (which & RESULT)
		signed_number(c, &e->result);
	if (which & PORT)
		NUMBER(c, e->port);
	if (which & ENDPOINT)
		NUMBER(c, e->endpoint);
	if (which & LANE)
		NUMBER(c, e->lane);
	if (which & INDEX)
		NUMBER(c, e->index);
	if (which & ADDRESS)
		address(c, TRACE_SORT_OTHER, &e->address);
	if (which & BYTES)
		NUMBER(c, e->bytes);
	if (which & VALUE)
		NUMBER(c, e->value);
	if (which & COMPARE)
		NUMBER(c, e->compare);
	if (which & REQUEST)
		request(c, &e->request);
	if (which & MESSAGE)
		message(c, &e->message);
	if (which & DATA)
		bytes(c, &e->data, &e->data_bytes);
	if (which & OUT)
		NUMBER(c, e->out);
	if (which & REPLY)
		reply(c, &e->reply);
	if (which & ROUTE)
		route(c, &e->route);
	if (which & INFO)
		info(c, &e->info);
	if (which & INVALIDATION)
		invalidation(c, &e->invalidation);
}

/* ---- Events ------------------------------------------------------------------------------- */

static void own(struct codec *c, struct trace_event *e)
{
	if (e->what < IOM_OF_DEVICE || e->what > IOM_OF_INTERRUPT) {
		c->bad = true;
		return;
	}
	requester(c, &e->requester);
	address(c, TRACE_SORT_OWN + e->what, &e->address);
	NUMBER(c, e->bytes);
	signed_number(c, &e->result);
	NUMBER(c, e->rcid);
	NUMBER(c, e->mcid);
	flag(c, &e->write);
	flag(c, &e->missed);
	bytes(c, &e->data, &e->data_bytes);
	bytes(c, &e->found, &e->found_bytes);
	c->bad = c->bad || (e->data && e->data_bytes != e->bytes) ||
	         (e->found && e->found_bytes != e->bytes);
}

static void moved(struct codec *c, struct trace_event *e)
{
	requester(c, &e->requester);
	address(c, TRACE_SORT_MOVED, &e->address);
	NUMBER(c, e->bytes);
	NUMBER(c, e->done);
	signed_number(c, &e->result);
	flag(c, &e->write);
	flag(c, &e->atomic);
	NUMBER(c, e->out);
}

static void visit(struct codec *c, struct trace_event *e)
{
	switch (e->kind) {
	case TRACE_CALL:
		if (e->what && e->what < IOM_CALLS) {
			uint64_t passed = e->time_ns - c->past->time_ns;

			number(c, &passed);
			e->time_ns = c->past->time_ns + passed;
			c->past->time_ns = e->time_ns;
			requester(c, &e->requester);
			parts(c, calls[e->what].begins, e);
			return;
		}
		break;
	case TRACE_LEAVE:
		if (e->what && e->what < IOM_CALLS) {
			parts(c, calls[e->what].ends | RESULT, e);
			return;
		}
		break;
	case TRACE_CALLED:
		if (e->what && e->what < IOM_CALLED_KINDS) {
			requester(c, &e->requester);
			parts(c, callbacks[e->what], e);
			return;
		}
		break;
	case TRACE_ACCESS:
		requester(c, &e->requester);
		parts(c, REQUEST | REPLY | RESULT, e);
		return;
	case TRACE_COMMAND:
		bytes(c, &e->data, &e->data_bytes);
		return;
	case TRACE_OWN:
		own(c, e);
		return;
	case TRACE_MOVED:
		moved(c, e);
		return;
	case TRACE_BEGINS:
		return;
	default:
		break;
	}
	c->bad = true;
}

size_t trace_encode(struct trace_past *past, const struct trace_event *event, uint8_t *out)
{
	struct codec c = { .out = out, .past = past, .at = 2 };
	struct trace_event copy = *event;

	out[0] = event->kind;
	out[1] = event->what;
	visit(&c, &copy);
	return c.at;
}

size_t trace_decode(struct trace_past *past, struct trace_event *event, const uint8_t *in,
                    size_t size)
{
	struct codec c = { .in = in, .size = size, .past = past, .at = 2 };

	if (size < 2)
		return 0;
	*event = (struct trace_event){ .kind = in[0], .what = in[1] };
	visit(&c, event);
	return c.bad ? 0 : c.at;
}
