/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* How the command and its verbs are used, for a terminal. */
#ifndef IOMMUX_HELP_H
#define IOMMUX_HELP_H

#include "verbs.h"

/* Both return EXIT_HELD. */
int help_command(void);
int help_verb(const struct verb *verb);

#endif
