/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Fuzz target: the text of a scenario. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../tools/iommux/scenario.h"
#include "target.h"

/* Instructions that an input may take before it is refused as endless. */
#define STEPS 200000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scenario scenario = { .arch = machine_archs[0],
		                     .seed = 1,
		                     .steps = SCENARIO_STEPS_MAX - STEPS };
	char path[64];
	int fd = memfd_create("scenario", 0);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	scenario.path = path;
	(void)scenario_run(&scenario);
	close(fd);
	return 0;
}
