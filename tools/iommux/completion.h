/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The parts of `iommux completion`. */
#ifndef IOMMUX_COMPLETION_H
#define IOMMUX_COMPLETION_H

#include "option.h"

/* Is the row's value one of several words, and what are they?  With blanks between them. */
bool completion_has_words(const struct option *row);
void completion_put_words(const struct option *row);

/* The begin of a help text, up to its first stop, with these before each ' and each [ or ]. */
void completion_put_brief(const char *help, const char *quote, const char *bracket);

/* Write the whole script. */
void completion_zsh(void);
void completion_fish(void);

#endif
