/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The command iommux: finds the verb and hands over. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <iommux/iommux.h>

#include "complain.h"
#include "help.h"
#include "verbs.h"

static int version(void)
{
	printf("iommux %s\n", iom_version());
	return EXIT_HELD;
}

/* Whoever asks for help gets it, whatever else stands there. */
static bool asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return true;
	}
	return false;
}

static int choose(int argc, char **argv)
{
	const struct verb *verb;

	if (argc < 2)
		return complain("no verb was given; 'iommux --help' lists them");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return help_print(&command);
	if (!strcmp(argv[1], "--version"))
		return version();
	verb = verb_find(argv[1]);
	if (!verb)
		return EXIT_WRONG;
	return asks_for_help(argc - 1, argv + 1) ? help_print(verb) : verb->run(argc - 1, argv + 1);
}

/* What was printed has to arrive. */
static int finish(int status)
{
	bool failed = ferror(stdout);

	errno = 0;
	failed |= fclose(stdout) != 0;
	if (!failed)
		return status;
	return complain("standard output could not be written: %s",
	                errno ? strerror(errno) : "some of it is missing");
}

int main(int argc, char **argv)
{
	/* Whoever stops reading wants no more, and no complaint; even if our parent ignores it. */
	(void)signal(SIGPIPE, SIG_DFL);
	return finish(choose(argc, argv));
}
