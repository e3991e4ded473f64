/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Recording a unit.  The recorder is the unit's observer (iommux/observe.h) for as long as it records.
 *
 * Calls on the unit then wait for one another: a call that another thread makes begins when the one
 * under way, with all its callbacks, has ended.  A callback must therefore not wait for a thread that
 * may be about to call the unit.
 */
#ifndef TRACE_RECORD_H
#define TRACE_RECORD_H

#include "trace/config.h"

struct trace_recorder;

/*
 * Begins to record.  Not while other calls on the unit are under way; sections may be open.  What the
 * unit has cached is dropped, which is never wrong, and what its observer was is forgotten.  The sink is
 * called from then on, on any thread that calls the unit, and never twice at once.
 *
 * IOM_EBUSY: the unit is stopped; IOM_EIO: the sink did not take the first bytes; IOM_ENOTSUP: not such a
 * unit; IOM_ENOMEM.  The unit is then not recorded, and has no observer.
 */
int trace_record(struct iom_unit *unit, const struct trace_config *config,
                 const struct trace_sink *sink, struct trace_recorder **out,
                 struct iom_error *error);

/*
 * Did all go well so far?  If not, the trace ends where `error` says, and the unit goes on unharmed and
 * unrecorded.  May be called at any time, from any thread.
 */
int trace_record_result(struct trace_recorder *recorder, struct iom_error *error);

/*
 * Ends the recording, and says how it went.  Not while other calls on the unit are under way; to be called
 * before the unit is freed.
 */
int trace_record_end(struct trace_recorder *recorder, struct iom_error *error);

#endif
