/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Lines for a terminal. */
#ifndef IOMMUX_LINES_H
#define IOMMUX_LINES_H

/*
 * Prints a list, broken behind its commas where a line would be too long.  Each line is begun, by a newline and
 * so many blanks; none is ended.
 */
void lines_wrapped(const char *text, unsigned indent);

#endif
