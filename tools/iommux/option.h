/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Options of a verb: "--name", "--name value", "--name=value". */
#ifndef IOMMUX_OPTION_H
#define IOMMUX_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct option {
	const char *name;
	bool has_value;
	/* Returns an exit status; `value` is NULL if there is none. */
	int (*set)(void *opaque, const char *value);
};

struct option_set {
	const char *verb;
	const struct option *options;
	size_t count;
};

/* Is this argument an option? */
bool option_is(const char *arg);

/* Takes the option at argv[*i], and moves *i behind it; returns an exit status. */
int option_take(const struct option_set *set, void *opaque, int argc, char **argv, int *i);

/* A whole number from 0 to 2^64 - 1, decimal or 0x...; false: it is none. */
bool option_number(const char *text, uint64_t *number);

#endif
