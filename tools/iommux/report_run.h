/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* iommux run --report: a page about all IOMMUs of a scenario. */
#ifndef IOMMUX_REPORT_RUN_H
#define IOMMUX_REPORT_RUN_H

#include "scenario.h"

/*
 * Runs a scenario as recording_run does, to `record` or, if that is NULL, to files that are removed again,
 * and writes a report of what was recorded to `path`, also where checks failed.  Returns what
 * scenario_run does; EXIT_WRONG, with a complaint, also if the report could not be written.
 */
int report_run(struct scenario *scenario, const char *record, const char *path);

#endif
