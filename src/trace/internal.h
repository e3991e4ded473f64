/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What files of this folder share. */
#ifndef TRACE_INTERNAL_H
#define TRACE_INTERNAL_H

#include <stdarg.h>
#include <stdio.h>

#include <iommux/error.h>

#include "trace/block.h"
#include "trace/file.h"

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

/* Can a snapshot hold it? */
static inline bool trace_piece_ok(const struct trace_piece *p)
{
	return !(p->address % 4) && !(p->bytes % 4) && p->bytes &&
	       p->bytes - 1 <= UINT64_MAX - p->address &&
	       (!p->data || p->bytes <= TRACE_PIECE_DATA_MAX);
}

#endif
