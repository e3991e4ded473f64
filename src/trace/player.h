/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The parts of a replay. */
#ifndef TRACE_PLAYER_H
#define TRACE_PLAYER_H

#include <iommux/iommux.h>

#include "trace/replay.h"

#define TRACE_KEPT_BYTES 64u

/* Data of devices, in all calls that are under way together. */
#define TRACE_PLAY_MOVE_MAX (UINT64_C(64) << 20)

/* An event with its data: those of the reader are gone soon. */
struct trace_kept {
	struct trace_event event;
	uint8_t data[TRACE_KEPT_BYTES], found[TRACE_KEPT_BYTES];
};

/* What the trace calls by a number.  `busy`: calls of it are under way; sections of a lane are open. */
struct trace_named {
	void *thing; /* NULL: nothing has the number */
	unsigned busy;
};

struct trace_names {
	struct trace_named *slot;
	uint32_t count;
};

struct trace_replay {
	struct trace_reader *reader;
	struct trace_replay_watch watch;
	struct iom_memory *memory;
	struct iom_unit *unit;
	struct trace_names endpoints, lanes, ports;
	uint32_t open_ports;
	uint32_t unnamed;            /* endpoints that have no number */
	uint64_t moving;             /* bytes of data in calls that are under way */
	uint64_t cache_bytes, spent; /* bounds.c */
	bool quiet;   /* what was there already is made: nothing is compared                */
	bool strayed; /* of the call under way nothing counts any more: a difference, or ... */
	struct iom_error broken; /* ... the trace makes no sense: code is not 0               */
	bool ended;              /* by a difference */
	uint64_t events, differences;
	struct trace_kept last[TRACE_LAST];
	uint64_t kept;
	struct trace_difference difference;
};

/* Whether a trace as long as this one may cost so much as with this event; if not, it is broken (bounds.c). */
bool trace_play_pay(struct trace_replay *r, const struct trace_event *e);

/* The next event, or NULL, also if nothing counts any more. */
const struct trace_event *trace_play_peek(struct trace_replay *r);
/* Takes the next event, which was met as it should. */
void trace_play_take(struct trace_replay *r);
/* The unit did this: compared with the next event, which is taken. */
void trace_play_did(struct trace_replay *r, const struct trace_event *did);
/* The unit wants something that the trace has not; in words. */
void trace_play_wants(struct trace_replay *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The trace tells what cannot be. */
void trace_play_broken(struct trace_replay *r, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Calls that a callback made: the next events, as long as they are calls. */
void trace_play_nested(struct trace_replay *r);
/* Carries out the call that is the next event, and compares how it ends. */
void trace_play_call(struct trace_replay *r);

/* What the unit finds around it (surroundings.c). */
int trace_play_make(struct trace_replay *r, struct iom_error *error);
void trace_play_listen(struct trace_replay *r);
extern const struct iom_backend trace_play_backend;
int trace_play_stretch(void *opaque, uint64_t iova, uint64_t spa, uint64_t bytes, unsigned perm);

#endif
