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
	/* Takes the option's value, and returns an exit status.  NULL: it has none, and ... */
	int (*set)(void *opaque, const char *value);
	size_t flag; /* ... the bool at this place of what `opaque` points to becomes true */
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

/*
 * Takes all arguments of a verb that has options and at most one argument beside them, *path, which is
 * left as it is if there is none; `what` says of a second one what it would be.  Ends where *help
 * becomes true.  Returns an exit status.
 */
int option_take_all(const struct option_set *set, void *opaque, const bool *help, const char *what,
                    const char **path, int argc, char **argv);

/* A whole number from 0 to 2^64 - 1, decimal or 0x...; false: it is none. */
bool option_number(const char *text, uint64_t *number);

#endif
