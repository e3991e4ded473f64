/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Recorded calls, carried out. */
#include <stdlib.h>
#include <string.h>

#include "trace/perform.h"

static int mmio_read(struct play *p)
{
	p->call.out = &p->out;
	return iom_mmio_read(p->r->unit, p->e.index, p->e.address, trace_play_width(p), &p->out);
}

static int mmio_write(struct play *p)
{
	return iom_mmio_write(p->r->unit, p->e.index, p->e.address, trace_play_width(p),
	                      p->e.value);
}

static int step(struct play *p)
{
	iom_step(p->r->unit, p->e.value);
	return IOM_OK;
}

static int reset(struct play *p)
{
	if (p->e.what == IOM_CALL_RESET)
		iom_unit_reset(p->r->unit);
	else
		iom_unit_reset_warm(p->r->unit);
	return IOM_OK;
}

static int stop(struct play *p)
{
	return iom_unit_stop(p->r->unit);
}

static int start(struct play *p)
{
	iom_unit_start(p->r->unit);
	return IOM_OK;
}

static int fault_in(struct play *p)
{
	struct iom_endpoint *endpoint = trace_play_endpoint(p);

	p->call.info = &p->info;
	return endpoint ? iom_fault_in(endpoint, p->e.index, (uint32_t)p->e.value, &p->info) : 0;
}

static int replay(struct play *p)
{
	struct iom_endpoint *endpoint = trace_play_endpoint(p);

	p->call.out = &p->out;
	return endpoint ? iom_replay(endpoint, p->e.address, p->e.value, trace_play_stretch, p->r,
	                             &p->out)
	                : 0;
}

static int load(struct play *p)
{
	if (p->e.data_bytes != p->e.bytes) {
		trace_play_broken(p->r, IOM_EINVAL, "a state of 0x%llx bytes has 0x%llx",
		                  (unsigned long long)p->e.bytes,
		                  (unsigned long long)p->e.data_bytes);
		return 0;
	}
	if (!trace_play_buffer(p))
		return 0;
	return iom_unit_load(p->r->unit, p->data, (size_t)p->e.bytes, NULL);
}

static int backend(struct play *p)
{
	return iom_backend_set(p->r->unit, p->e.value ? &trace_play_backend : NULL, p->r);
}

static int forget(struct play *p)
{
	iom_forget(p->r->unit);
	return IOM_OK;
}

static const struct {
	int (*play)(struct play *p);
	bool outermost; /* may not be called from inside a callback */
} rows[IOM_CALLS] = {
	[IOM_CALL_MMIO_READ] = { .play = mmio_read },
	[IOM_CALL_MMIO_WRITE] = { .play = mmio_write },
	[IOM_CALL_TRANSLATE] = { .play = trace_play_translate },
	[IOM_CALL_READ] = { .play = trace_play_move },
	[IOM_CALL_WRITE] = { .play = trace_play_move },
	[IOM_CALL_ATOMIC] = { .play = trace_play_atomic },
	[IOM_CALL_MSI] = { .play = trace_play_msi },
	[IOM_CALL_MSI_TRANSLATE] = { .play = trace_play_msi_translate },
	[IOM_CALL_MESSAGE] = { .play = trace_play_message },
	[IOM_CALL_STEP] = { .play = step },
	[IOM_CALL_RESET] = { .play = reset, .outermost = true },
	[IOM_CALL_RESET_WARM] = { .play = reset, .outermost = true },
	[IOM_CALL_STOP] = { .play = stop },
	[IOM_CALL_START] = { .play = start },
	[IOM_CALL_BEGIN] = { .play = trace_play_section },
	[IOM_CALL_END] = { .play = trace_play_section },
	[IOM_CALL_ENDPOINT_GET] = { .play = trace_play_endpoint_get },
	[IOM_CALL_ENDPOINT_RENUMBER] = { .play = trace_play_endpoint_renumber },
	[IOM_CALL_ENDPOINT_REMOVE] = { .play = trace_play_endpoint_remove },
	[IOM_CALL_PORT_OPEN] = { .play = trace_play_port_open },
	[IOM_CALL_PORT_CLOSE] = { .play = trace_play_port_close },
	[IOM_CALL_FAULT_IN] = { .play = fault_in },
	[IOM_CALL_REPLAY] = { .play = replay },
	[IOM_CALL_LOAD] = { .play = load, .outermost = true },
	[IOM_CALL_BACKEND] = { .play = backend, .outermost = true },
	[IOM_CALL_FORGET] = { .play = forget, .outermost = true },
};

/*
 * Calls of ports and endpoints that were gone when recording began, or had been removed: the trace knows
 * no number for them.  All that they can get is a refusal.
 */
static bool nobodys(const struct trace_event *e)
{
	switch (e->what) {
	case IOM_CALL_TRANSLATE:
	case IOM_CALL_READ:
	case IOM_CALL_WRITE:
	case IOM_CALL_ATOMIC:
	case IOM_CALL_PORT_CLOSE:
		return !e->port;
	case IOM_CALL_MSI:
	case IOM_CALL_MSI_TRANSLATE:
	case IOM_CALL_MESSAGE:
	case IOM_CALL_ENDPOINT_RENUMBER:
	case IOM_CALL_ENDPOINT_REMOVE:
	case IOM_CALL_PORT_OPEN:
	case IOM_CALL_FAULT_IN:
	case IOM_CALL_REPLAY:
		return !e->endpoint;
	default:
		return false;
	}
}

static void pass_over(struct trace_replay *r, unsigned depth)
{
	const struct trace_event *e;
	bool end = false;

	while (!end && (e = trace_play_peek(r)) != NULL) {
		end = e->kind == TRACE_LEAVE && e->depth == depth;
		trace_play_take(r);
	}
}

void trace_play_call(struct trace_replay *r)
{
	struct play p = { .r = r, .e = *trace_play_peek(r) };
	uint8_t kept[TRACE_DATA_MAX];
	struct trace_event did;
	int result;

	if (rows[p.e.what].outermost && p.e.depth) {
		trace_play_broken(r, IOM_EINVAL,
		                  "a call comes from inside a callback, where none may");
		return;
	}
	/* The reader goes on; what is longer than this is used before it does. */
	if (p.e.data && p.e.data_bytes <= sizeof kept)
		p.e.data = memcpy(kept, p.e.data, p.e.data_bytes);
	trace_play_take(r);
	if (nobodys(&p.e)) {
		pass_over(r, p.e.depth);
		return;
	}
	p.call.kind = p.e.what;
	trace_play_busy(&p, 1);
	result = rows[p.e.what].play(&p);
	trace_play_busy(&p, -1);
	trace_play_buffer_free(&p);
	if (r->strayed)
		return;
	trace_from_leave(&did, &p.call, result);
	if (p.e.what == IOM_CALL_ENDPOINT_GET && !result)
		did.endpoint = trace_play_given(r, true);
	if (p.e.what == IOM_CALL_PORT_OPEN && !result)
		did.port = trace_play_given(r, false);
	trace_play_did(r, &did);
}
