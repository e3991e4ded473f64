/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Recorded calls, carried out. */
#include <stdlib.h>
#include <string.h>

#include "trace/player.h"

#define NAMES_MAX 65536u
#define PORTS_MAX 1024u /* they are large */
/* A device's data at once: what a unit does with them does not depend on what they are, but for the last. */
#define MOVE_MAX (UINT64_C(64) << 20)

/* A call on its way. */
struct play {
	struct trace_replay *r;
	struct trace_event e; /* how it begins */
	struct iom_call call; /* as an observer would be told of it; results for what follows */
	struct iom_reply reply;
	struct iom_route route;
	struct iom_context_info info;
	uint64_t out;
	uint8_t *data;
};

/* ---- Names -------------------------------------------------------------------------------- */

/* The place of a number, made if need be; NULL: the trace is broken. */
static struct trace_named *place(struct trace_replay *r, struct trace_names *names, uint32_t number)
{
	if (!number || number > NAMES_MAX) {
		trace_play_broken(r, IOM_EINVAL, "it gives something the number %u", number);
		return NULL;
	}
	if (number > names->count) {
		uint32_t count = number + number / 2;
		struct trace_named *slot = realloc(names->slot, count * sizeof *slot);

		if (!slot) {
			trace_play_broken(r, IOM_ENOMEM, "no memory is left for it");
			return NULL;
		}
		memset(slot + names->count, 0, (count - names->count) * sizeof *slot);
		names->slot = slot;
		names->count = count;
	}
	return &names->slot[number - 1];
}

static void *find(struct play *p, struct trace_names *names, const char *what, uint32_t number)
{
	if (number && number <= names->count && names->slot[number - 1].thing)
		return names->slot[number - 1].thing;
	trace_play_broken(p->r, IOM_EINVAL, "there is no %s %u", what, number);
	return NULL;
}

static struct iom_port *port_of(struct play *p)
{
	return find(p, &p->r->ports, "port", p->e.port);
}

static struct iom_endpoint *endpoint_of(struct play *p)
{
	return find(p, &p->r->endpoints, "endpoint", p->e.endpoint);
}

static struct iom_lane *lane_of(struct play *p)
{
	struct trace_named *named = place(p->r, &p->r->lanes, p->e.lane);
	struct iom_lane *lane = NULL;

	if (!named)
		return NULL;
	if (!named->thing && iom_lane_open(p->r->unit, &lane) == IOM_OK)
		named->thing = lane;
	if (!named->thing)
		trace_play_broken(p->r, IOM_ENOMEM, "no memory is left for a lane");
	return named->thing;
}

/* Calls under way keep what they were called for: `by` 1 when one begins, -1 when it ends. */
static void busy(struct play *p, int by)
{
	struct trace_replay *r = p->r;

	if (p->e.port && p->e.port <= r->ports.count)
		r->ports.slot[p->e.port - 1].busy += (unsigned)by;
	if (p->e.endpoint && p->e.endpoint <= r->endpoints.count)
		r->endpoints.slot[p->e.endpoint - 1].busy += (unsigned)by;
}

/* May it go?  Its own call is one of those that are under way. */
static bool may_go(struct play *p, const struct trace_names *names, uint32_t number)
{
	if (names->slot[number - 1].busy == 1)
		return true;
	trace_play_broken(p->r, IOM_EINVAL, "it takes away what is in use");
	return false;
}

/* The number that the trace gives to what came of the call, if anything did. */
static uint32_t number_given(struct trace_replay *r, bool endpoint)
{
	const struct trace_event *e = trace_play_peek(r);

	if (!e || e->kind != TRACE_LEAVE)
		return 0;
	return endpoint ? e->endpoint : e->port;
}

/* ---- Calls -------------------------------------------------------------------------------- */

static unsigned width(const struct play *p)
{
	return p->e.bytes <= 8 ? (unsigned)p->e.bytes : 0;
}

static int mmio_read(struct play *p)
{
	p->call.out = &p->out;
	return iom_mmio_read(p->r->unit, p->e.index, p->e.address, width(p), &p->out);
}

static int mmio_write(struct play *p)
{
	return iom_mmio_write(p->r->unit, p->e.index, p->e.address, width(p), p->e.value);
}

static int translate(struct play *p)
{
	struct iom_port *port = port_of(p);

	p->call.reply = &p->reply;
	return port ? iom_translate(port, &p->e.request, &p->reply) : 0;
}

/* A buffer of the length that the device's had, with what the trace kept at its end. */
static uint8_t *buffer(struct play *p)
{
	uint64_t bytes = p->e.bytes;

	if (bytes > MOVE_MAX || p->e.data_bytes > bytes) {
		trace_play_broken(p->r, IOM_EINVAL,
		                  "a device moves 0x%llx bytes; a replay moves 0x%llx at once",
		                  (unsigned long long)bytes, (unsigned long long)MOVE_MAX);
		return NULL;
	}
	p->data = calloc(1, bytes ? (size_t)bytes : 1);
	if (!p->data)
		trace_play_broken(p->r, IOM_ENOMEM, "no memory is left for a device's data");
	else if (p->e.data)
		memcpy(p->data + (bytes - p->e.data_bytes), p->e.data, p->e.data_bytes);
	return p->data;
}

static int move(struct play *p)
{
	struct iom_port *port = port_of(p);
	uint8_t *data = port ? buffer(p) : NULL;

	p->call.reply = &p->reply;
	if (!data)
		return 0;
	return p->e.what == IOM_CALL_READ
	               ? iom_read(port, &p->e.request, data, (size_t)p->e.bytes, &p->reply)
	               : iom_write(port, &p->e.request, data, (size_t)p->e.bytes, &p->reply);
}

static int atomic(struct play *p)
{
	struct iom_port *port = port_of(p);

	p->call.reply = &p->reply;
	p->call.out = &p->out;
	return port ? iom_atomic(port, &p->e.request, p->e.index, p->e.value, p->e.compare,
	                         width(p), &p->out, &p->reply)
	            : 0;
}

static int msi(struct play *p)
{
	struct iom_endpoint *endpoint = endpoint_of(p);

	p->call.reply = &p->reply;
	return endpoint ? iom_msi(endpoint, p->e.address, (uint32_t)p->e.value, &p->reply) : 0;
}

static int msi_translate(struct play *p)
{
	struct iom_endpoint *endpoint = endpoint_of(p);

	p->call.reply = &p->reply;
	p->call.route = &p->route;
	return endpoint ? iom_msi_translate(endpoint, p->e.address, (uint32_t)p->e.value, &p->route,
	                                    &p->reply)
	                : 0;
}

static int message(struct play *p)
{
	struct iom_endpoint *endpoint = endpoint_of(p);

	return endpoint ? iom_message(endpoint, &p->e.message) : 0;
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

static int section(struct play *p)
{
	struct iom_lane *lane = lane_of(p);

	if (lane && p->e.what == IOM_CALL_BEGIN)
		iom_begin(lane);
	else if (lane)
		iom_end(lane);
	return IOM_OK;
}

static int endpoint_get(struct play *p)
{
	struct trace_replay *r = p->r;
	struct iom_endpoint *endpoint;
	int result = iom_endpoint_get(r->unit, p->e.requester, &endpoint);
	uint32_t number = number_given(r, true);
	struct trace_named *named;

	/* A comparison says so, if it came where none should. */
	if (result || !number)
		return result;
	named = place(r, &r->endpoints, number);
	p->call.endpoint = endpoint;
	if (named && named->thing == endpoint)
		return result;
	for (uint32_t i = 0; named && i < r->endpoints.count; i++) {
		void *other = r->endpoints.slot[i].thing;

		if (i + 1 == number ? other && other != endpoint : other == endpoint)
			trace_play_broken(r, IOM_EINVAL, "two endpoints are one, or one is two");
	}
	if (named && !r->broken.code)
		named->thing = endpoint;
	return result;
}

static int endpoint_renumber(struct play *p)
{
	struct iom_endpoint *endpoint = endpoint_of(p);

	return endpoint ? iom_endpoint_renumber(endpoint, (uint32_t)p->e.value) : 0;
}

static int endpoint_remove(struct play *p)
{
	struct iom_endpoint *endpoint = endpoint_of(p);

	if (!endpoint || !may_go(p, &p->r->endpoints, p->e.endpoint))
		return 0;
	iom_endpoint_remove(endpoint);
	p->r->endpoints.slot[p->e.endpoint - 1].thing = NULL;
	return IOM_OK;
}

static int port_open(struct play *p)
{
	struct iom_endpoint *endpoint = endpoint_of(p);
	struct iom_lane *lane = endpoint ? lane_of(p) : NULL;
	struct trace_replay *r = p->r;
	struct trace_named *named;
	struct iom_port *port;
	uint32_t number;
	int result;

	if (!lane)
		return 0;
	if (r->open_ports == PORTS_MAX) {
		trace_play_broken(r, IOM_EINVAL, "more than %u ports are open", PORTS_MAX);
		return 0;
	}
	result = iom_port_open(endpoint, lane, &port);
	if (result)
		return result;
	number = number_given(r, false);
	named = number ? place(r, &r->ports, number) : NULL;
	if (!named || named->thing) {
		iom_port_close(port);
		if (named)
			trace_play_broken(r, IOM_EINVAL, "port %u is open already", number);
		return IOM_OK;
	}
	named->thing = port;
	r->open_ports++;
	return IOM_OK;
}

static int port_close(struct play *p)
{
	struct iom_port *port = port_of(p);

	if (!port || !may_go(p, &p->r->ports, p->e.port))
		return 0;
	iom_port_close(port);
	p->r->ports.slot[p->e.port - 1].thing = NULL;
	p->r->open_ports--;
	return IOM_OK;
}

static int fault_in(struct play *p)
{
	struct iom_endpoint *endpoint = endpoint_of(p);

	p->call.info = &p->info;
	return endpoint ? iom_fault_in(endpoint, p->e.index, (uint32_t)p->e.value, &p->info) : 0;
}

static int replay(struct play *p)
{
	struct iom_endpoint *endpoint = endpoint_of(p);

	p->call.out = &p->out;
	return endpoint ? iom_replay(endpoint, p->e.address, p->e.value, trace_play_stretch, p->r,
	                             &p->out)
	                : 0;
}

static int load(struct play *p)
{
	if (!buffer(p))
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
	[IOM_CALL_TRANSLATE] = { .play = translate },
	[IOM_CALL_READ] = { .play = move },
	[IOM_CALL_WRITE] = { .play = move },
	[IOM_CALL_ATOMIC] = { .play = atomic },
	[IOM_CALL_MSI] = { .play = msi },
	[IOM_CALL_MSI_TRANSLATE] = { .play = msi_translate },
	[IOM_CALL_MESSAGE] = { .play = message },
	[IOM_CALL_STEP] = { .play = step },
	[IOM_CALL_RESET] = { .play = reset, .outermost = true },
	[IOM_CALL_RESET_WARM] = { .play = reset, .outermost = true },
	[IOM_CALL_STOP] = { .play = stop },
	[IOM_CALL_START] = { .play = start },
	[IOM_CALL_BEGIN] = { .play = section },
	[IOM_CALL_END] = { .play = section },
	[IOM_CALL_ENDPOINT_GET] = { .play = endpoint_get },
	[IOM_CALL_ENDPOINT_RENUMBER] = { .play = endpoint_renumber },
	[IOM_CALL_ENDPOINT_REMOVE] = { .play = endpoint_remove },
	[IOM_CALL_PORT_OPEN] = { .play = port_open },
	[IOM_CALL_PORT_CLOSE] = { .play = port_close },
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
	busy(&p, 1);
	result = rows[p.e.what].play(&p);
	busy(&p, -1);
	free(p.data);
	if (r->strayed)
		return;
	trace_from_leave(&did, &p.call, result);
	if (p.e.what == IOM_CALL_ENDPOINT_GET && !result)
		did.endpoint = number_given(r, true);
	if (p.e.what == IOM_CALL_PORT_OPEN && !result)
		did.port = number_given(r, false);
	trace_play_did(r, &did);
}
