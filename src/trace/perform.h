/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A recorded call on its way: what carries out calls of each kind. */
#ifndef TRACE_PERFORM_H
#define TRACE_PERFORM_H

#include "trace/player.h"

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

/* Of a register access; 0: no access is that wide. */
static inline unsigned trace_play_width(const struct play *p)
{
	return p->e.bytes <= 8 ? (unsigned)p->e.bytes : 0;
}

/* What the call names; NULL: the trace is broken (names.c). */
struct iom_port *trace_play_port(struct play *p);
struct iom_endpoint *trace_play_endpoint(struct play *p);
struct iom_lane *trace_play_lane(struct play *p);
/* Calls under way keep what they were called for: `by` 1 when one begins, -1 when it ends. */
void trace_play_busy(struct play *p, int by);
/* The number that the trace gives to what came of the call, if anything did. */
uint32_t trace_play_given(struct trace_replay *r, bool endpoint);

/* A buffer of the length that the call's had, with what the trace kept at its end; NULL: broken. */
uint8_t *trace_play_buffer(struct play *p);
void trace_play_buffer_free(struct play *p);

/* Each carries out a call and returns its result (requests.c). */
int trace_play_translate(struct play *p);
int trace_play_move(struct play *p);
int trace_play_atomic(struct play *p);
int trace_play_msi(struct play *p);
int trace_play_msi_translate(struct play *p);
int trace_play_message(struct play *p);
/* Calls by which something comes or goes (names.c). */
int trace_play_section(struct play *p);
int trace_play_endpoint_get(struct play *p);
int trace_play_endpoint_renumber(struct play *p);
int trace_play_endpoint_remove(struct play *p);
int trace_play_port_open(struct play *p);
int trace_play_port_close(struct play *p);

#endif
