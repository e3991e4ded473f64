/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* iommux run --snapshot: all IOMMUs of a scenario at one step. */
#ifndef IOMMUX_SNAPSHOTS_H
#define IOMMUX_SNAPSHOTS_H

#include "scenario.h"

/*
 * Runs a scenario; when it has told as many steps as scenario->at says, each IOMMU that there is and its
 * memory go to `path` with the IOMMU's number behind it.  Returns what scenario_run does; EXIT_WRONG, with a
 * complaint, also if a snapshot could not be written or the scenario has fewer steps.
 */
int snapshots_run(struct scenario *scenario, const char *path);

#endif
