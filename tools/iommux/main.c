/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The command iommux: finds the verb and hands over. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <iommux/iommux.h>

#include "complain.h"
#include "nearest.h"
#include "verbs.h"

static int help(void)
{
	puts("usage: iommux VERB ...\n"
	     "       iommux --version | --help\n"
	     "\n"
	     "Machines with an IOMMU, at a terminal.\n");
	for (const struct verb *v = verbs; v->name; v++)
		printf("  %-8s %s\n", v->name, v->summary);
	puts("\n'iommux VERB --help' says more.");
	return EXIT_HELD;
}

static int version(void)
{
	printf("iommux %s\n", iom_version());
	return EXIT_HELD;
}

static int unknown(const char *word)
{
	struct nearest search;

	nearest_begin(&search, word);
	for (const struct verb *v = verbs; v->name; v++)
		nearest_offer(&search, v->name);
	if (search.best)
		return complain("there is no verb '%s'; did you mean '%s'?", word, search.best);
	return complain("there is no verb '%s'; 'iommux --help' lists them", word);
}

static int choose(int argc, char **argv)
{
	if (argc < 2)
		return complain("no verb was given; 'iommux --help' lists them");
	if (!strcmp(argv[1], "--help"))
		return help();
	if (!strcmp(argv[1], "--version"))
		return version();
	for (const struct verb *v = verbs; v->name; v++)
		if (!strcmp(v->name, argv[1]))
			return v->run(argc - 1, argv + 1);
	return unknown(argv[1]);
}

int main(int argc, char **argv)
{
	int status = choose(argc, argv);

	if (fflush(stdout))
		return complain("standard output could not be written: %s", strerror(errno));
	return status;
}
