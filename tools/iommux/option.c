/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What a verb takes. */
#include "option.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "nearest.h"
#include "verbs.h"

#define WORDS_MAX 256 /* letters in a list of words */

bool option_is_words(const char *value)
{
	return strchr(value, '|') != NULL;
}

/* ---- Values that are one of several words -------------------------------------------------------- */

static bool among(const char *words, const char *value)
{
	const size_t len = strlen(value);

	for (const char *w = words; *w; w += strcspn(w, "|"), w += *w == '|') {
		if (strcspn(w, "|") == len && !memcmp(w, value, len))
			return true;
	}
	return false;
}

/* "riscv|vtd" as "riscv or vtd" */
static void sentence(const char *words, char *text, size_t size)
{
	size_t n = 0;

	text[0] = '\0';
	while (*words && n < size) {
		const size_t len = strcspn(words, "|");
		const bool last = !words[len],
			   next_is_last = !last && !strchr(words + len + 1, '|');

		n += (size_t)snprintf(text + n, size - n, "%.*s%s", (int)len, words,
		                      last           ? ""
		                      : next_is_last ? " or "
		                                     : ", ");
		words += len + !last;
	}
}

static int refuse_word(const struct verb *verb, const struct option *option, const char *value)
{
	const char *before = option->name ? option->name : "", *blank = option->name ? " " : "";
	char words[WORDS_MAX], list[2 * WORDS_MAX];
	struct nearest search;
	char *rest = words;

	snprintf(words, sizeof words, "%s", option->value);
	nearest_begin(&search, value);
	for (char *w = strtok_r(words, "|", &rest); w; w = strtok_r(NULL, "|", &rest))
		nearest_offer(&search, w);
	if (search.best)
		return complain("%s: %s%s%s is not known; did you mean '%s'?", verb->name, before,
		                blank, value, search.best);
	sentence(option->value, list, sizeof list);
	return complain("%s: %s%s%s is not known; it should be %s", verb->name, before, blank,
	                value, list);
}

/* ---- Options and arguments ----------------------------------------------------------------------- */

static bool is_end(const struct option *option)
{
	return !option->name && !option->value;
}

static int take_value(const struct verb *verb, const struct option *option, void *opaque,
                      const char *value)
{
	if (option_is_words(option->value) && !among(option->value, value))
		return refuse_word(verb, option, value);
	if (option->set)
		return option->set(opaque, value);
	*(const char **)((char *)opaque + option->place) = value;
	return EXIT_HELD;
}

static int unknown(const struct verb *verb, const char *arg)
{
	struct nearest search;

	nearest_begin(&search, arg);
	for (const struct option *o = verb->options; !is_end(o); o++) {
		if (o->name)
			nearest_offer(&search, o->name);
	}
	nearest_offer(&search, "--help");
	if (search.best)
		return complain("%s: there is no option '%s'; did you mean '%s'?", verb->name, arg,
		                search.best);
	return complain("%s: there is no option '%s'; 'iommux %s --help' lists them", verb->name,
	                arg, verb->name);
}

/* Takes the option at argv[*i], and moves *i behind it. */
static int take_option(const struct verb *verb, void *opaque, int argc, char **argv, int *i)
{
	const char *arg = argv[(*i)++], *equals = strchr(arg, '=');
	const size_t len = equals ? (size_t)(equals - arg) : strlen(arg);

	for (const struct option *o = verb->options; !is_end(o); o++) {
		if (!o->name || strlen(o->name) != len || memcmp(o->name, arg, len) != 0)
			continue;
		if (o->value && equals)
			return take_value(verb, o, opaque, equals + 1);
		if (o->value && *i == argc)
			return complain("%s: %s needs a value, %s", verb->name, o->name, o->value);
		if (o->value)
			return take_value(verb, o, opaque, argv[(*i)++]);
		if (equals)
			return complain("%s: %s takes no value", verb->name, o->name);
		*(bool *)((char *)opaque + o->place) = true;
		return EXIT_HELD;
	}
	return unknown(verb, arg);
}

/* The first argument in the table behind this row, or its end. */
static const struct option *next_argument(const struct option *option)
{
	while (option->name)
		option++;
	return option;
}

/* There is a row for each of those that came before. */
static int too_many(const struct verb *verb, const char *arg)
{
	return complain("%s: '%s' is one argument too many; 'iommux %s --help' shows what it takes",
	                verb->name, arg, verb->name);
}

int option_take_all(const struct verb *verb, void *opaque, int argc, char **argv)
{
	const struct option *argument = next_argument(verb->options);
	bool options = true; /* "--" ends them */
	int status = EXIT_HELD;

	for (int i = 1; i < argc && !status;) {
		if (options && !strcmp(argv[i], "--")) {
			options = false;
			i++;
		} else if (options && argv[i][0] == '-' && argv[i][1]) {
			status = take_option(verb, opaque, argc, argv, &i);
		} else if (is_end(argument)) {
			status = too_many(verb, argv[i]);
		} else {
			status = take_value(verb, argument, opaque, argv[i++]);
			if (!argument->many)
				argument = next_argument(argument + 1);
		}
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
