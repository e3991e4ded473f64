/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Options of a verb. */
#include "option.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "nearest.h"
#include "verbs.h"

bool option_is(const char *arg)
{
	return arg[0] == '-' && arg[1];
}

static int unknown(const struct option_set *set, const char *arg)
{
	struct nearest search;

	nearest_begin(&search, arg);
	for (size_t i = 0; i < set->count; i++)
		nearest_offer(&search, set->options[i].name);
	if (search.best)
		return complain("%s: there is no option '%s'; did you mean '%s'?", set->verb, arg,
		                search.best);
	return complain("%s: there is no option '%s'; 'iommux %s --help' lists them", set->verb,
	                arg, set->verb);
}

int option_take(const struct option_set *set, void *opaque, int argc, char **argv, int *i)
{
	const char *arg = argv[(*i)++], *equals = strchr(arg, '=');
	size_t len = equals ? (size_t)(equals - arg) : strlen(arg);

	for (size_t o = 0; o < set->count; o++) {
		const struct option *option = &set->options[o];

		if (strlen(option->name) != len || memcmp(option->name, arg, len) != 0)
			continue;
		if (!option->set) {
			if (equals)
				return complain("%s: %s takes no value", set->verb, option->name);
			*(bool *)((char *)opaque + option->flag) = true;
			return EXIT_HELD;
		}
		if (equals)
			return option->set(opaque, equals + 1);
		if (*i == argc)
			return complain("%s: %s needs a value", set->verb, option->name);
		return option->set(opaque, argv[(*i)++]);
	}
	return unknown(set, arg);
}

int option_take_all(const struct option_set *set, void *opaque, const bool *help, const char *what,
                    const char **path, int argc, char **argv)
{
	int status = EXIT_HELD;

	for (int i = 1; i < argc && !status && !*help;) {
		if (option_is(argv[i]))
			status = option_take(set, opaque, argc, argv, &i);
		else if (*path)
			status = complain("%s: '%s' is a second %s; there should be one", set->verb,
			                  argv[i], what);
		else
			*path = argv[i++];
	}
	return status;
}

bool option_number(const char *text, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 0);
	return *text >= '0' && *text <= '9' && !*end && !errno;
}
