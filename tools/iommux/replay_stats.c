/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What is counted of a trace. */
#include <string.h>

#include "anatomy.h"
#include "replay.h"

static void count(struct replay_stats *s, struct tally *tally, uint64_t key, unsigned which,
                  uint64_t by, uint64_t event)
{
	struct tally_row *row = tally_at(tally, key);

	if (!row) {
		s->short_of_memory = true;
		return;
	}
	if (!row->count[COUNT_REQUESTS])
		row->count[COUNT_FIRST] = event;
	row->count[which] += by;
}

static void count_fault(struct replay_stats *s, const struct trace_event *e)
{
	const uint64_t key = (uint64_t)e->reply.fault << 32 | e->requester;
	struct tally_row *row;

	count(s, &s->faults, key, COUNT_REQUESTS, 1, e->number);
	row = tally_at(&s->faults, key);
	if (row && row->count[COUNT_FIRST] == e->number)
		row->count[COUNT_ADDRESS] = e->request.iova;
}

/* A request is cached if the unit read no entry of a table for it. */
static void on_access(struct replay_stats *s, const struct trace_event *e)
{
	const bool cached = !s->walked[e->depth];
	const bool stalled = e->reply.status == IOM_STALLED;
	const bool refused = e->result || (e->reply.status != IOM_DONE && !stalled);

	s->walked[e->depth] = false;
	s->cached_last = cached;
	s->requests++;
	s->cached += cached;
	s->stalled += stalled;
	s->refused += refused;
	s->granted += !stalled && !refused;
	s->to_interrupts += !refused && e->reply.target != IOM_TARGET_MEMORY;
	if (e->request.at < REPLAY_ATS)
		s->asked[e->request.at]++;
	count(s, &s->requesters, e->requester, COUNT_REQUESTS, 1, e->number);
	count(s, &s->requesters, e->requester, COUNT_CACHED, cached, e->number);
	count(s, &s->requesters, e->requester, COUNT_REFUSED, refused, e->number);
	if (e->reply.fault)
		count_fault(s, e);
}

static void on_own(struct replay_stats *s, const struct trace_event *e)
{
	if (e->what <= IOM_OF_MSI)
		s->walked[e->depth] = true;
	if (e->what < REPLAY_OFS)
		*(e->write ? &s->stores[e->what] : &s->loads[e->what]) += 1;
}

static void on_command(struct replay_stats *s, const struct trace_event *e)
{
	uint64_t word = 0;

	for (size_t i = e->data_bytes < 8 ? e->data_bytes : 8; i--;)
		word = word << 8 | e->data[i];
	count(s, &s->commands, anatomy_command_kind(s->arch, word), COUNT_REQUESTS, 1, e->number);
}

void stats_event(struct replay_stats *s, const struct trace_event *e)
{
	s->events++;
	switch (e->kind) {
	case TRACE_CALL:
		s->calls[e->what]++;
		s->walked[e->depth + 1] = false;
		if (e->depth)
			break;
		if (!s->started)
			s->first_ns = e->time_ns;
		s->started = true;
		s->last_ns = e->time_ns;
		s->outermost++;
		break;
	case TRACE_ACCESS:
		on_access(s, e);
		break;
	case TRACE_COMMAND:
		on_command(s, e);
		break;
	case TRACE_OWN:
		on_own(s, e);
		break;
	case TRACE_MOVED:
		count(s, &s->requesters, e->requester, e->write ? COUNT_WRITTEN : COUNT_READ,
		      e->done, e->number);
		break;
	case TRACE_CALLED:
		s->called[e->what]++;
		break;
	default:
		break;
	}
}

void stats_end(struct replay_stats *s)
{
	tally_sort(&s->commands);
	tally_sort(&s->faults);
	tally_sort(&s->requesters);
}

void stats_free(struct replay_stats *s)
{
	tally_free(&s->commands);
	tally_free(&s->faults);
	tally_free(&s->requesters);
}
