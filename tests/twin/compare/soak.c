/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
#include "soak.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

int soak(int argc, char **argv, const struct soak *what)
{
	struct run run = { .seed = 1, .requests = 10000000 };
	bool one = argc == 3 && !strcmp(argv[1], "--world"), good;
	double began = seconds();
	static char text[16384];

	if (one) {
		run.seed = strtoull(argv[2], NULL, 0);
		good = what->world(run.seed, text, sizeof text);
	} else {
		if (argc > 1)
			run.requests = strtoull(argv[1], NULL, 0);
		if (argc > 2)
			run.seed = strtoull(argv[2], NULL, 0);
		if (isatty(STDOUT_FILENO))
			run.progress = progress;
		good = what->run(&run, text, sizeof text);
		if (run.progress)
			printf("\r");
	}
	what->print();
	printf("%s%s: %.0f s, seed 0x%llx: %s\n", text, argv[0], seconds() - began,
	       (unsigned long long)run.seed, good ? "unit and twin agree" : "unit and twin differ");
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
