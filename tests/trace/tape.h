/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Traces in memory, for tests. */
#ifndef TESTS_TRACE_TAPE_H
#define TESTS_TRACE_TAPE_H

#include "trace/record.h"
#include "trace/replay.h"

struct tape {
	uint8_t *bytes;
	size_t length, room;
	size_t at;    /* that is read next                                     */
	size_t limit; /* the sink takes no more than this; 0: as much as comes */
};

void tape_free(struct tape *tape);
struct trace_sink tape_sink(struct tape *tape);
/* From its begin. */
struct trace_source tape_source(struct tape *tape);

/* Replays all of it; TRACE_REPLAY_END if it agrees.  `text` says what is wrong otherwise. */
int tape_replay(struct tape *tape, char *text, size_t size, uint64_t *events);

#endif
