/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* How the tables of registers are written. */
#ifndef IOMMUX_REGISTERS_ROWS_H
#define IOMMUX_REGISTERS_ROWS_H

#include "anatomy_parts.h"
#include "registers.h"

/* With the fields of `rows`. */
#define REG(at, size, called, rows, ...)                                                           \
	{                                                                                          \
		.name = (called), .fields = &(const struct anatomy)ANATOMY(called, 1, 0, rows),    \
		.off = (at), .bytes = (size), __VA_ARGS__                                          \
	}
/* A number as a whole. */
#define NUMBER(at, size, called, ...)                                                              \
	{                                                                                          \
		.name = (called), .off = (at), .bytes = (size), __VA_ARGS__                        \
	}

#endif
