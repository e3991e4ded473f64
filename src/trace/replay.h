/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Replaying a trace: the unit is made anew, gets the calls that were recorded, and every word that it
 * reads from the trace.  What it does is compared with what the recorded unit did.
 */
#ifndef TRACE_REPLAY_H
#define TRACE_REPLAY_H

#include "trace/file.h"

struct trace_replay;

/* Events before a difference that are kept to be shown; their data are cut to 64 bytes. */
#define TRACE_LAST 8u

/* What the unit did otherwise. */
struct trace_difference {
	const struct trace_event *recorded; /* NULL: the trace has ended                          */
	const struct trace_event
		*replayed; /* NULL: the unit asked for what the trace has not:    */
	char text[400];    /* says what is different, in a sentence               */
	struct trace_event
		last[TRACE_LAST]; /* what came before, oldest first                     */
	unsigned lasts;
};

/* Each may be NULL. */
struct trace_replay_watch {
	/* An event of the trace was replayed as it was recorded, or begins to be: a call. */
	void (*event)(void *opaque, const struct trace_event *event);
	/*
	 * The unit did something else.  True: go on with the next outermost call, with the unit as it
	 * is; what is left of this one is skipped.  NULL: the replay ends.
	 */
	bool (*differs)(void *opaque, const struct trace_difference *difference);
	void *opaque;
};

/*
 * Reads the header and makes the unit, with all that was there when recording began.  `watch` may be NULL,
 * and is copied.  IOM_EINVAL, IOM_EIO, IOM_ENOTSUP, IOM_ENOMEM: `error` says why the trace cannot be
 * replayed.
 */
int trace_replay_new(const struct trace_source *source, const struct trace_replay_watch *watch,
                     struct trace_replay **out, struct iom_error *error);
void trace_replay_free(struct trace_replay *replay);

/* What trace_replay_step returns beside IOM_OK and negative codes. */
#define TRACE_REPLAY_END 1     /* the trace has ended */
#define TRACE_REPLAY_DIFFERS 2 /* the unit did something else, and the replay ends */

/*
 * Replays the next outermost call with all that it causes.  IOM_EINVAL, IOM_EIO, IOM_ENOMEM: the trace is
 * damaged, or tells what no embedder does; `error` says what and where.  After anything but IOM_OK
 * there are no more steps: the call repeats its answer.
 */
int trace_replay_step(struct trace_replay *replay, struct iom_error *error);

/*
 * The unit, to be looked at between steps: iom_unit_save, iom_mmio_read of registers.  Calls that change
 * something are the caller's to answer for.
 */
struct iom_unit *trace_replay_unit(struct trace_replay *replay);
const struct trace_header *trace_replay_header(const struct trace_replay *replay);
/* The next event, which the next step begins with; NULL at the end. */
const struct trace_event *trace_replay_peek(struct trace_replay *replay);
/* How many events were replayed as they had been recorded, and how many differences were met. */
uint64_t trace_replay_events(const struct trace_replay *replay);
uint64_t trace_replay_differences(const struct trace_replay *replay);

#endif
