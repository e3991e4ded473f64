/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* iommux run: options, the scenario, its parameters. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "complain.h"
#include "nearest.h"
#include "option.h"
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

static int set_arch(void *opaque, const char *value)
{
	struct run *r = opaque;
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

static int set_seed(void *opaque, const char *value)
{
	struct run *r = opaque;

	if (!option_number(value, &r->scenario.seed))
		return complain("run: --seed %s must be a whole number from 0 to 2^64 - 1", value);
	return EXIT_HELD;
}

static int set_record(void *opaque, const char *value)
{
	struct run *r = opaque;

	r->record = value;
	return EXIT_HELD;
}

static const struct option options[] = {
	{ "--arch", set_arch, 0 },
	{ "--seed", set_seed, 0 },
	{ "--record", set_record, 0 },
	{ "--help", NULL, offsetof(struct run, help) },
};

static const struct option_set option_set = { "run", options, sizeof options / sizeof options[0] };

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

		if (option_is(arg))
			status = option_take(&option_set, r, argc, argv, &i);
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
