/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A comparison for as long as one likes; COMPARE_H is that of an architecture.
 *
 *	[requests [seed]]        10 million, seed 1
 *	--world seed             one world, as a difference names it
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include COMPARE_H

static void progress(uint64_t requests)
{
	static unsigned calls;

	if (calls++ % 256 == 0) {
		printf("\r%llu requests ", (unsigned long long)requests);
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
		run.seed = strtoull(argv[2], NULL, 0);
		good = compare_world(run.seed, &t, text, sizeof text);
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
	printf("%s%s: %.0f s, seed 0x%llx: %s\n", text, argv[0], seconds() - began,
	       (unsigned long long)run.seed, good ? "unit and twin agree" : "unit and twin differ");
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
