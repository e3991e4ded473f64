/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* iommux run: options, the scenario, its parameters. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "nearest.h"
#include "recording.h"
#include "scenario.h"
#include "verbs.h"

#define PARAMS_MAX 64

static const char usage[] = "usage: iommux run [--arch NAME] [--seed NUMBER] [--record FILE] "
			    "SCENARIO.lua [NAME=value ...]\n"
			    "\n"
			    "Runs a scenario: a Lua script that builds machines with devices "
			    "behind an IOMMU,\n"
			    "lets them work or misbehave, and checks what comes of it.\n"
			    "\n"
			    "  --arch NAME    the kind of IOMMU; one of:\n";

static const char usage_end[] =
	"  --seed NUMBER  of the order in which memory is handed out, and of\n"
	"                 math.random; the same number gives the same run (default 1)\n"
	"  --record FILE  records each IOMMU to a file of its own, in the order in which\n"
	"                 they are made: FILE.0, FILE.1 and so on\n"
	"  --help         this text\n"
	"\n"
	"The script sees NAME=value as param.NAME, a string.\n"
	"\n"
	"Exit status: 0 all checks held, 1 a check failed, 2 an option, a file or the\n"
	"scenario is not as it must be; then nothing but one sentence is written.\n";

struct run {
	struct scenario scenario;
	struct scenario_param params[PARAMS_MAX];
	const char *record; /* --record, or NULL */
	bool help;
};

static int set_arch(struct run *r, const char *value)
{
	struct nearest search;

	r->scenario.arch = machine_arch_find(value);
	if (r->scenario.arch)
		return EXIT_HELD;
	nearest_begin(&search, value);
	for (const struct machine_arch *const *a = machine_archs; *a; a++)
		nearest_offer(&search, (*a)->name);
	if (search.best)
		return complain("run: --arch %s is not known; did you mean '%s'?", value,
		                search.best);
	return complain("run: --arch %s is not known; 'iommux run --help' lists what is", value);
}

static int set_seed(struct run *r, const char *value)
{
	char *end;

	errno = 0;
	r->scenario.seed = strtoull(value, &end, 0);
	if (*value < '0' || *value > '9' || *end || errno)
		return complain("run: --seed %s must be a whole number from 0 to 2^64 - 1", value);
	return EXIT_HELD;
}

static int set_record(struct run *r, const char *value)
{
	r->record = value;
	return EXIT_HELD;
}

static int set_help(struct run *r, const char *value)
{
	(void)value;
	r->help = true;
	return EXIT_HELD;
}

static const struct option {
	const char *name;
	bool has_value;
	int (*set)(struct run *r, const char *value);
} options[] = {
	{ "--arch", true, set_arch },
	{ "--seed", true, set_seed },
	{ "--record", true, set_record },
	{ "--help", false, set_help },
};

#define OPTIONS (sizeof options / sizeof options[0])

static int unknown_option(const char *arg)
{
	struct nearest search;

	nearest_begin(&search, arg);
	for (size_t i = 0; i < OPTIONS; i++)
		nearest_offer(&search, options[i].name);
	if (search.best)
		return complain("run: there is no option '%s'; did you mean '%s'?", arg,
		                search.best);
	return complain("run: there is no option '%s'; 'iommux run --help' lists them", arg);
}

/* Takes the option at argv[*i], "--name value" or "--name=value", and moves *i behind it. */
static int take_option(struct run *r, int argc, char **argv, int *i)
{
	const char *arg = argv[(*i)++], *equals = strchr(arg, '=');
	size_t len = equals ? (size_t)(equals - arg) : strlen(arg);

	for (size_t o = 0; o < OPTIONS; o++) {
		const struct option *option = &options[o];

		if (strlen(option->name) != len || memcmp(option->name, arg, len) != 0)
			continue;
		if (!option->has_value)
			return equals ? complain("run: %s takes no value", option->name)
			              : option->set(r, NULL);
		if (equals)
			return option->set(r, equals + 1);
		if (*i == argc)
			return complain("run: %s needs a value", option->name);
		return option->set(r, argv[(*i)++]);
	}
	return unknown_option(arg);
}

static bool is_name(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

		if (!letter && !(i && c >= '0' && c <= '9'))
			return false;
	}
	return len > 0;
}

static int take_param(struct run *r, const char *arg)
{
	struct scenario *s = &r->scenario;
	const char *equals = strchr(arg, '=');
	size_t len = equals ? (size_t)(equals - arg) : 0;

	if (!equals || !is_name(arg, len))
		return complain("run: '%s' behind the scenario must be a parameter, NAME=value",
		                arg);
	for (unsigned i = 0; i < s->param_count; i++)
		if (s->params[i].name_len == len && !memcmp(s->params[i].name, arg, len))
			return complain("run: the parameter '%.*s' is given twice", (int)len, arg);
	if (s->param_count == PARAMS_MAX)
		return complain("run: there are at most %d parameters", PARAMS_MAX);
	r->params[s->param_count++] = (struct scenario_param){ arg, len, equals + 1, false };
	return EXIT_HELD;
}

static int take_arguments(struct run *r, int argc, char **argv)
{
	int status = EXIT_HELD;

	for (int i = 1; i < argc && !status && !r->help;) {
		const char *arg = argv[i];

		if (arg[0] == '-' && arg[1])
			status = take_option(r, argc, argv, &i);
		else if (!r->scenario.path)
			r->scenario.path = argv[i++];
		else
			status = take_param(r, argv[i++]);
	}
	return status;
}

static int help(void)
{
	fputs(usage, stdout);
	for (const struct machine_arch *const *a = machine_archs; *a; a++)
		printf("                   %-8s %s%s\n", (*a)->name, (*a)->summary,
		       a == machine_archs ? " (default)" : "");
	fputs(usage_end, stdout);
	return EXIT_HELD;
}

int verb_run(int argc, char **argv)
{
	struct run r = { .scenario = { .arch = machine_archs[0], .seed = 1 } };
	int status;

	r.scenario.params = r.params;
	status = take_arguments(&r, argc, argv);
	if (status)
		return status;
	if (r.help)
		return help();
	if (!r.scenario.path)
		return complain("run: no scenario was given; try 'iommux run examples/os.lua'");
	return r.record ? recording_run(&r.scenario, r.record) : scenario_run(&r.scenario);
}
