/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What stands of each event: one description for both directions. */
#include "trace/codec.h"

#include "trace/field.h"

/* ---- Parts -------------------------------------------------------------------------------- */

static void request(struct codec *c, struct iom_request *q)
{
	field_address(c, TRACE_SORT_IOVA, &q->iova);
	FIELD_NUMBER(c, q->bytes);
	FIELD_NUMBER(c, q->pasid);
	FIELD_NUMBER(c, q->flags);
	FIELD_NUMBER(c, q->access);
	FIELD_NUMBER(c, q->at);
}

static void reply(struct codec *c, struct iom_reply *r)
{
	field_address(c, TRACE_SORT_REPLY, &r->spa);
	FIELD_NUMBER(c, r->done);
	FIELD_NUMBER(c, r->token);
	FIELD_NUMBER(c, r->fault);
	FIELD_NUMBER(c, r->range_lg2);
	FIELD_NUMBER(c, r->perm);
	FIELD_NUMBER(c, r->memory_type);
	FIELD_NUMBER(c, r->status);
	FIELD_NUMBER(c, r->target);
	FIELD_NUMBER(c, r->ats);
	FIELD_NUMBER(c, r->rcid);
	FIELD_NUMBER(c, r->mcid);
}

static void message(struct codec *c, struct iom_message *m)
{
	FIELD_NUMBER(c, m->address);
	FIELD_NUMBER(c, m->kind);
	FIELD_NUMBER(c, m->token);
	FIELD_NUMBER(c, m->pasid);
	FIELD_NUMBER(c, m->flags);
	FIELD_NUMBER(c, m->size_lg2);
	FIELD_NUMBER(c, m->code);
}

static void route(struct codec *c, struct iom_route *r)
{
	FIELD_NUMBER(c, r->address);
	FIELD_NUMBER(c, r->data);
	FIELD_NUMBER(c, r->kind);
	FIELD_NUMBER(c, r->vector);
	field_flag(c, &r->urgent);
}

static void stage(struct codec *c, struct iom_stage *s)
{
	FIELD_NUMBER(c, s->root);
	FIELD_NUMBER(c, s->format);
	FIELD_NUMBER(c, s->tag);
	field_flag(c, &s->big_endian);
}

static void info(struct codec *c, struct iom_context_info *i)
{
	FIELD_NUMBER(c, i->requester);
	FIELD_NUMBER(c, i->pasid);
	field_flag(c, &i->has_pasid);
	FIELD_NUMBER(c, i->kind);
	stage(c, &i->stage1);
	stage(c, &i->stage2);
}

static void invalidation(struct codec *c, struct iom_invalidation *i)
{
	bool *const flags[] = { &i->stage1,      &i->stage2,    &i->no_guest,      &i->one_guest,
		                &i->one_process, &i->one_range, &i->one_requester, &i->one_pasid };

	for (size_t n = 0; n < sizeof flags / sizeof flags[0]; n++)
		field_flag(c, flags[n]);
	FIELD_NUMBER(c, i->guest_tag);
	FIELD_NUMBER(c, i->process_tag);
	FIELD_NUMBER(c, i->first);
	FIELD_NUMBER(c, i->last);
	FIELD_NUMBER(c, i->requester);
	FIELD_NUMBER(c, i->pasid);
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
	[IOM_CALLED_LATER] = 0,
};

static void parts(struct codec *c, uint32_t which, struct trace_event *e)
{
	if (which & RESULT)
		field_signed(c, &e->result);
	if (which & PORT)
		FIELD_NUMBER(c, e->port);
	if (which & ENDPOINT)
		FIELD_NUMBER(c, e->endpoint);
	if (which & LANE)
		FIELD_NUMBER(c, e->lane);
	if (which & INDEX)
		FIELD_NUMBER(c, e->index);
	if (which & ADDRESS)
		field_address(c, TRACE_SORT_OTHER, &e->address);
	if (which & BYTES)
		FIELD_NUMBER(c, e->bytes);
	if (which & VALUE)
		FIELD_NUMBER(c, e->value);
	if (which & COMPARE)
		FIELD_NUMBER(c, e->compare);
	if (which & REQUEST)
		request(c, &e->request);
	if (which & MESSAGE)
		message(c, &e->message);
	if (which & DATA)
		field_bytes(c, &e->data, &e->data_bytes);
	if (which & OUT)
		FIELD_NUMBER(c, e->out);
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
	field_requester(c, &e->requester);
	field_address(c, TRACE_SORT_OWN + e->what, &e->address);
	FIELD_NUMBER(c, e->bytes);
	field_signed(c, &e->result);
	FIELD_NUMBER(c, e->rcid);
	FIELD_NUMBER(c, e->mcid);
	field_flag(c, &e->write);
	field_flag(c, &e->missed);
	field_bytes(c, &e->data, &e->data_bytes);
	field_bytes(c, &e->found, &e->found_bytes);
	c->bad = c->bad || (e->data && e->data_bytes != e->bytes) ||
	         (e->found && e->found_bytes != e->bytes);
}

static void moved(struct codec *c, struct trace_event *e)
{
	field_requester(c, &e->requester);
	field_address(c, TRACE_SORT_MOVED, &e->address);
	FIELD_NUMBER(c, e->bytes);
	FIELD_NUMBER(c, e->done);
	field_signed(c, &e->result);
	field_flag(c, &e->write);
	field_flag(c, &e->atomic);
	FIELD_NUMBER(c, e->out);
}

static void visit(struct codec *c, struct trace_event *e)
{
	switch (e->kind) {
	case TRACE_CALL:
		if (e->what && e->what < IOM_CALLS) {
			uint64_t passed = e->time_ns - c->past->time_ns;

			field_number(c, &passed);
			e->time_ns = c->past->time_ns + passed;
			c->past->time_ns = e->time_ns;
			field_requester(c, &e->requester);
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
			field_requester(c, &e->requester);
			parts(c, callbacks[e->what], e);
			return;
		}
		break;
	case TRACE_ACCESS:
		field_requester(c, &e->requester);
		parts(c, REQUEST | REPLY | RESULT, e);
		return;
	case TRACE_COMMAND:
		field_bytes(c, &e->data, &e->data_bytes);
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
