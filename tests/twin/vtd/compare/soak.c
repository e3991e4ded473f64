/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The comparison for as long as one likes. */
#include "compare.h"

static struct tally t;

static bool run(const struct run *run, char *text, unsigned size)
{
	return compare_run(run, &t, text, size);
}

static bool world(uint64_t seed, char *text, unsigned size)
{
	return compare_world(seed, &t, text, size);
}

static void print(void)
{
	tally_print(&t);
}

int main(int argc, char **argv)
{
	static const struct soak what = { run, world, print };

	return soak(argc, argv, &what);
}
