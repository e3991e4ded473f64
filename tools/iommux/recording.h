/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* iommux run --record: traces of all IOMMUs of a scenario. */
#ifndef IOMMUX_RECORDING_H
#define IOMMUX_RECORDING_H

#include "scenario.h"

/*
 * Runs a scenario, and records each IOMMU that it makes to `path` with a number behind it, from 0 to
 * *count - 1.  Returns what scenario_run does; EXIT_WRONG, with a complaint, also if a trace could not be
 * written.
 */
int recording_run(struct scenario *scenario, const char *path, unsigned *count);

#endif
