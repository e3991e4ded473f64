/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What a trace may ask for.  A few bytes of it can have the unit look at 65536 pages, empty a large cache,
 * or fill megabytes: each of that has a price, about the time that a line of memory takes, and is paid by
 * the length of the file.  What is recorded of an operating system costs some hundredths of that.
 */
#include "trace/player.h"

#define UNITS_AT_FIRST (UINT64_C(1) << 25)
#define UNITS_PER_BYTE UINT64_C(4096)

#define EVENT_UNITS 16u
/* An invalidation looks into so many sets of the cache, and at all address spaces ... */
#define INVALIDATION_UNITS 256u
/* ... and at endpoints and lanes, of which a line of memory holds the ends of several lists. */
#define THINGS_PER_UNIT 16u
#define LINE_BYTES 64u

static const uint32_t call_units[IOM_CALLS] = {
	[IOM_CALL_MMIO_WRITE] = INVALIDATION_UNITS,
	[IOM_CALL_STOP] = INVALIDATION_UNITS,
	[IOM_CALL_RESET] = INVALIDATION_UNITS,
	[IOM_CALL_RESET_WARM] = INVALIDATION_UNITS,
	[IOM_CALL_LOAD] = INVALIDATION_UNITS,
	[IOM_CALL_FORGET] = INVALIDATION_UNITS,
	[IOM_CALL_PORT_OPEN] = 2048, /* a front */
	[IOM_CALL_REPLAY] = 262144,  /* looks at 65536 pages */
};

static uint64_t units_of(const struct trace_replay *r, const struct trace_event *e)
{
	const uint64_t things =
		(uint64_t)r->endpoints.count + r->unnamed + r->lanes.count + THINGS_PER_UNIT - 1;
	uint64_t units = EVENT_UNITS;

	if (e->kind == TRACE_COMMAND)
		units += INVALIDATION_UNITS;
	else if (e->kind == TRACE_CALL)
		units += call_units[e->what];
	else
		return units;
	if (e->kind == TRACE_CALL && e->what == IOM_CALL_FORGET)
		units += r->cache_bytes / LINE_BYTES;
	if (e->kind == TRACE_CALL && e->bytes <= TRACE_PLAY_MOVE_MAX)
		units += e->bytes / LINE_BYTES;
	return units + things / THINGS_PER_UNIT;
}

bool trace_play_pay(struct trace_replay *r, const struct trace_event *e)
{
	const uint64_t length = trace_reader_bytes(r->reader);

	r->spent += units_of(r, e);
	if (r->spent <= UNITS_AT_FIRST + UNITS_PER_BYTE * length)
		return true;
	trace_play_broken(r, IOM_EINVAL,
	                  "with it the trace has asked for more work than %llu bytes may",
	                  (unsigned long long)length);
	return false;
}
