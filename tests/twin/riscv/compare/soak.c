/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The comparison for as long as one likes:
 *
 *	soak [requests [seed]]        10 million, seed 1
 *	soak --world seed             one world, as a difference names it
 */
#include "compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void progress(const struct tally *t)
{
	if (t->worlds % 256 == 0) {
		printf("\r%llu requests ", (unsigned long long)t->requests);
		fflush(stdout);
	}
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct run run = { .seed = 1, .requests = 10000000 };
	bool one = argc == 3 && !strcmp(argv[1], "--world"), good;
	double began = seconds();
	static char text[16384];
	static struct tally t;

	if (one) {
		good = compare_world(strtoull(argv[2], NULL, 0), &t, text, sizeof text);
	} else {
		if (argc > 1)
			run.requests = strtoull(argv[1], NULL, 0);
		if (argc > 2)
			run.seed = strtoull(argv[2], NULL, 0);
		if (isatty(STDOUT_FILENO))
			run.progress = progress;
		good = compare_run(&run, &t, text, sizeof text);
		if (run.progress)
			printf("\r");
	}
	tally_print(&t);
	if (!good || t.refused)
		printf("%s", text);
	printf("soak: %llu requests in %.0f s, seed %llu: %s\n", (unsigned long long)t.requests,
	       seconds() - began, (unsigned long long)run.seed,
	       good ? "unit and twin agree" : "unit and twin differ");
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
