/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What a scenario told, on standard output. */
#ifndef IOMMUX_SCENARIO_OUT_H
#define IOMMUX_SCENARIO_OUT_H

#include "scenario.h"

void scenario_text(const struct scenario *scenario);
void scenario_json(const struct scenario *scenario);

#endif
