/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The command's verbs.  Each has a row in verbs.c and a file of its own. */
#ifndef IOMMUX_VERBS_H
#define IOMMUX_VERBS_H

/* Exit statuses */
enum {
	EXIT_HELD = 0,   /* done; all checks held                                */
	EXIT_FAILED = 1, /* done; a check failed                                 */
	EXIT_WRONG = 2,  /* an option, a file or a scenario is not as it must be */
};

struct verb {
	const char *name;
	const char *summary;
	/* argv[0] is the verb; returns an exit status. */
	int (*run)(int argc, char **argv);
};

/* Ends with a row whose name is NULL. */
extern const struct verb verbs[];

int verb_run(int argc, char **argv);
int verb_replay(int argc, char **argv);
int verb_tables(int argc, char **argv);
int verb_decode(int argc, char **argv);

#endif
