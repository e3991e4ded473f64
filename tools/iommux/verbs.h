/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The command's verbs.  Each describes itself in a file of its own, and has a row in verbs.c; what
 * is said here is shown by `iommux help`, and is its manual page.
 *
 * In all texts --options and the names of values, which are in capitals, are marked by those who
 * print them.
 */
#ifndef IOMMUX_VERBS_H
#define IOMMUX_VERBS_H

#include "option.h"

/* Exit statuses */
enum {
	EXIT_HELD = 0,   /* done; all checks held                                */
	EXIT_FAILED = 1, /* done; a check failed                                 */
	EXIT_WRONG = 2,  /* an option, a file or a scenario is not as it must be */
	EXIT_STATUSES,
};

/* The lists end with NULL. */
struct verb {
	const char *name;
	const char *summary;         /* behind "iommux VERB - "; no full stop               */
	const char *synopsis[8];     /* ways to write what stands behind "iommux VERB"      */
	const char *description[12]; /* paragraphs; the first alone has to be enough        */
	const struct option *options;
	struct verb_example {
		const char *says;    /* "Move a file:"        */
		const char *does[4]; /* lines for a shell     */
	} examples[8];
	struct {
		const char *name, *says;
	} environment[4];
	const char *statuses[EXIT_STATUSES]; /* when it exits so; sentences                 */
	const char *see_also[5];             /* "dmesg(1)", "docs/decode.md"; beside iommux(1) */

	/* argv[0] is the verb; returns an exit status. */
	int (*run)(int argc, char **argv);
};

extern const struct verb verb_run, verb_replay, verb_explain, verb_regs, verb_tables, verb_decode,
	verb_help, verb_man, verb_completion;

/* The command itself, whose name is empty, and which is not run. */
extern const struct verb command;

/* Ends with NULL. */
extern const struct verb *const verbs[];

/* NULL: there is none of this name, which has been complained of. */
const struct verb *verb_find(const char *name);

#endif
