/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What a verb takes: options, "--name", "--name value", "--name=value", and arguments beside them.
 * A verb's table of these is what `--help`, the manual page and the shells' completion are made of.
 */
#ifndef IOMMUX_OPTION_H
#define IOMMUX_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct verb;

/* A table of these ends with a row that has neither name nor value. */
struct option {
	const char *name;  /* "--name"; NULL: an argument, which are taken in the table's order */
	const char *value; /* what it is called, "FILE"; or the words that it may be, "riscv|vtd";
	                      NULL: none */
	const char *help;  /* sentences */

	/* Takes the value, and returns an exit status.  NULL: the value is kept in ... */
	int (*set)(void *opaque, const char *value);
	/* ... the const char * at this place of what `opaque` points to, or, of an option that has
	   none, the bool there becomes true. */
	size_t place;
	const char *files; /* the value is a file; the shells offer these, "*.lua *.txt" */
	bool many;         /* an argument that takes all that follow                     */
};

/* Is it a value that is one of several words? */
bool option_is_words(const char *value);

/* Takes all arguments of a verb, argv[0] being the verb; returns an exit status. */
int option_take_all(const struct verb *verb, void *opaque, int argc, char **argv);

/* A whole number from 0 to 2^64 - 1, decimal or 0x...; false: it is none. */
bool option_number(const char *text, uint64_t *number);

#endif
