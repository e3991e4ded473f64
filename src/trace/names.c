/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Endpoints, lanes and ports by the numbers that a trace gives them, and the calls by which they come and go. */
#include <stdlib.h>
#include <string.h>

#include "trace/perform.h"

#define NAMES_MAX 65536u
#define PORTS_MAX 1024u /* they are large */
#define SECTIONS_MAX 4096u

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

struct iom_port *trace_play_port(struct play *p)
{
	return find(p, &p->r->ports, "port", p->e.port);
}

struct iom_endpoint *trace_play_endpoint(struct play *p)
{
	return find(p, &p->r->endpoints, "endpoint", p->e.endpoint);
}

struct iom_lane *trace_play_lane(struct play *p)
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

void trace_play_busy(struct play *p, int by)
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

uint32_t trace_play_given(struct trace_replay *r, bool endpoint)
{
	const struct trace_event *e = trace_play_peek(r);

	if (!e || e->kind != TRACE_LEAVE)
		return 0;
	return endpoint ? e->endpoint : e->port;
}

/* ---- Coming and going -------------------------------------------------------------------- */

int trace_play_section(struct play *p)
{
	struct iom_lane *lane = trace_play_lane(p);
	unsigned *open = lane ? &p->r->lanes.slot[p->e.lane - 1].busy : NULL;

	if (!lane)
		return IOM_OK;
	if (p->e.what == IOM_CALL_END) {
		*open -= *open > 0;
		iom_end(lane);
	} else if (*open == SECTIONS_MAX) {
		trace_play_broken(p->r, IOM_EINVAL, "lane %u has %u open sections already",
		                  p->e.lane, SECTIONS_MAX);
	} else {
		++*open;
		iom_begin(lane);
	}
	return IOM_OK;
}

int trace_play_endpoint_get(struct play *p)
{
	struct trace_replay *r = p->r;
	struct iom_endpoint *endpoint;
	int result = iom_endpoint_get(r->unit, p->e.requester, &endpoint);
	uint32_t number = trace_play_given(r, true);
	struct trace_named *named;

	/* A comparison says so, if it came where none should. */
	if (!result && !number && ++r->unnamed > NAMES_MAX)
		trace_play_broken(r, IOM_EINVAL, "more than %u endpoints have no number",
		                  NAMES_MAX);
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

int trace_play_endpoint_renumber(struct play *p)
{
	struct iom_endpoint *endpoint = trace_play_endpoint(p);

	return endpoint ? iom_endpoint_renumber(endpoint, (uint32_t)p->e.value) : 0;
}

int trace_play_endpoint_remove(struct play *p)
{
	struct iom_endpoint *endpoint = trace_play_endpoint(p);

	if (!endpoint || !may_go(p, &p->r->endpoints, p->e.endpoint))
		return 0;
	iom_endpoint_remove(endpoint);
	p->r->endpoints.slot[p->e.endpoint - 1].thing = NULL;
	return IOM_OK;
}

int trace_play_port_open(struct play *p)
{
	struct iom_endpoint *endpoint = trace_play_endpoint(p);
	struct iom_lane *lane = endpoint ? trace_play_lane(p) : NULL;
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
	number = trace_play_given(r, false);
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

int trace_play_port_close(struct play *p)
{
	struct iom_port *port = trace_play_port(p);

	if (!port || !may_go(p, &p->r->ports, p->e.port))
		return 0;
	iom_port_close(port);
	p->r->ports.slot[p->e.port - 1].thing = NULL;
	p->r->open_ports--;
	return IOM_OK;
}
