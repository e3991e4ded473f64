/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Events to bytes and back, by one description for both ways. */
#ifndef TRACE_CODEC_H
#define TRACE_CODEC_H

#include "trace/event.h"

/* Addresses are told by their distance from the last one of their sort. */
enum trace_sort {
	TRACE_SORT_IOVA,
	TRACE_SORT_REPLY,
	TRACE_SORT_MOVED,
	TRACE_SORT_OTHER,
	TRACE_SORT_OWN, /* and one more for each IOM_OF_* */
	TRACE_SORTS = TRACE_SORT_OWN + IOM_OF_INTERRUPT + 1
};

/* What the bytes of an event depend on beside the event: begins as zeroes in each block. */
struct trace_past {
	uint64_t last[TRACE_SORTS];
	uint64_t time_ns;
	uint32_t requester;
};

/* No event takes more without its data. */
#define TRACE_EVENT_BYTES_MAX 512u

/*
 * Appends the event to `out`, which has room for TRACE_EVENT_BYTES_MAX and its data.  Returns the number
 * of bytes.
 */
size_t trace_encode(struct trace_past *past, const struct trace_event *event, uint8_t *out);

/*
 * Takes an event from the `size` bytes at `in`: kind, what, and the fields that belong to them.  Its data
 * point into `in`.  Returns the number of bytes, or 0: this is no event.
 */
size_t trace_decode(struct trace_past *past, struct trace_event *event, const uint8_t *in,
                    size_t size);

#endif
