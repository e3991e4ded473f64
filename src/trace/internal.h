/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What files of this folder share. */
#ifndef TRACE_INTERNAL_H
#define TRACE_INTERNAL_H

#include <stdarg.h>
#include <stdio.h>

#include <iommux/error.h>

/* Fills `error`, which may be NULL, and returns the code. */
static inline __attribute__((format(printf, 3, 4))) int
trace_fail(struct iom_error *error, int code, const char *format, ...)
{
	va_list args;

	if (!error)
		return code;
	error->code = code;
	va_start(args, format);
	vsnprintf(error->text, sizeof error->text, format, args);
	va_end(args);
	return code;
}

#endif
