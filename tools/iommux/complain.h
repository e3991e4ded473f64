/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Telling the user, on standard error, what was wrong. */
#ifndef IOMMUX_COMPLAIN_H
#define IOMMUX_COMPLAIN_H

/*
 * Writes "iommux: " and one sentence of one line; whatever in it does not print becomes '?'.
 * Returns EXIT_WRONG, so that a refusal is one statement.
 */
int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
