/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Sentences for struct iom_error, without a C library. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>
#include <stddef.h>

#include <iommux/error.h>

/*
 * Writes a text of at most `size` bytes with its terminator, cut if it would not fit.  Knows %s, %u,
 * %llu, %llx and %%: what the sentences need.
 */
void iom_text(char *out, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void iom_vtext(char *out, size_t size, const char *format, va_list args);

/* Fills *error, unless it is NULL, and returns `code`: the one line of every refusal. */
int iom_fail(struct iom_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Says that all is well. */
void iom_succeed(struct iom_error *error);

#endif
