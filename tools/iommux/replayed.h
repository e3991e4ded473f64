/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What a replay leaves behind: a unit, and memory as it was seen. */
#ifndef IOMMUX_REPLAYED_H
#define IOMMUX_REPLAYED_H

#include "sparse.h"
#include "trace/replay.h"

/* After an access of the unit's own (TRACE_OWN): what is there now.  False: there is no memory for it. */
bool replayed_learn(struct sparse *memory, const struct trace_event *event);

/*
 * The header of a snapshot: the replayed unit as it is now, over memory that is known in part.  Freed by
 * trace_header_free.  IOM_ENOMEM, IOM_EBUSY.
 */
int replayed_header(struct trace_replay *replay, struct trace_header *header,
                    struct iom_error *error);

/* Writes the snapshot.  `error` says what went wrong. */
int replayed_snapshot(struct trace_replay *replay, const struct sparse *memory, const char *path,
                      struct iom_error *error);

#endif
