/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Runs the tests of a program; an argument selects those whose name contains it. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TESTS_MAX 1024

static struct CMUnitTest tests[TESTS_MAX];
static size_t count;

void test_register(const char *name, const char *requirements, void (*run)(void **state))
{
	size_t len = strlen(name) + strlen(requirements) + 4;
	char *full = malloc(len);

	if (!full || count == TESTS_MAX)
		abort();
	snprintf(full, len, "%s [%s]", name, requirements);
	tests[count++] = (struct CMUnitTest){ .name = full, .test_func = run };
}

int main(int argc, char **argv)
{
	const char *group = strrchr(argv[0], '/');
	int failed;

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	failed = _cmocka_run_group_tests(group ? group + 1 : argv[0], tests, count, NULL, NULL);
	while (count)
		free((void *)(uintptr_t)tests[--count].name);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
