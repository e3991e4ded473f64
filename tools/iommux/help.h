/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* How the command and its verbs are used, for a terminal. */
#ifndef IOMMUX_HELP_H
#define IOMMUX_HELP_H

#include "verbs.h"

/* Of a verb or of `command`; returns EXIT_HELD. */
int help_print(const struct verb *verb);

#endif
