/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* iommux run: options, the scenario, its parameters. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "colour.h"
#include "complain.h"
#include "option.h"
#include "recording.h"
#include "report_run.h"
#include "scenario.h"
#include "snapshots.h"
#include "verbs.h"

#define PARAMS_MAX 64

struct run {
	struct scenario scenario;
	struct scenario_param params[PARAMS_MAX];
	const char *record, *report, *snapshot; /* files, or NULL */
	const char *color;
};

static int set_arch(void *opaque, const char *value)
{
	struct run *r = opaque;

	r->scenario.arch = machine_arch_find(value);
	return EXIT_HELD;
}

static int set_seed(void *opaque, const char *value)
{
	struct run *r = opaque;

	if (!option_number(value, &r->scenario.seed))
		return complain("run: --seed %s must be a whole number from 0 to 2^64 - 1", value);
	return EXIT_HELD;
}

static int set_at(void *opaque, const char *value)
{
	struct run *r = opaque;

	if (!option_number(value, &r->scenario.at) || !r->scenario.at)
		return complain("run: --at %s must be the number of a step, from 1 on", value);
	return EXIT_HELD;
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

static int take_param(void *opaque, const char *arg)
{
	struct run *r = opaque;
	struct scenario *s = &r->scenario;
	const char *equals = strchr(arg, '=');
	size_t len = equals ? (size_t)(equals - arg) : 0;

	if (!equals || !is_name(arg, len))
		return complain("run: '%s' behind the scenario must be a parameter, NAME=value",
		                arg);
	for (unsigned i = 0; i < s->param_count; i++)
		if (s->params[i].name_len == len && !memcmp(s->params[i].name, arg, len))
			return complain("run: the parameter '%.*s' is given twice; give it once",
			                (int)len, arg);
	if (s->param_count == PARAMS_MAX)
		return complain("run: '%s' is one parameter too many; there may be %d", arg,
		                PARAMS_MAX);
	r->params[s->param_count++] = (struct scenario_param){ arg, len, equals + 1, false };
	return EXIT_HELD;
}

static const struct option options[] = {
	{ "--arch", "riscv|vtd",
	  "The kind of IOMMU that machines get: riscv, a RISC-V IOMMU, which is the default; or "
	  "vtd, Intel VT-d, with local APICs and an I/O APIC.  A scenario runs on either, "
	  "unless it says that it does not.",
	  .set = set_arch },
	{ "--seed", "NUMBER",
	  "The seed of the order in which memory is handed out, and of math.random: a whole number "
	  "from 0 to 2^64 - 1, by default 1.  The same number gives the same run, apart from "
	  "measured times.",
	  .set = set_seed },
	{ "--record", "FILE",
	  "Records each IOMMU to a file of its own, in the order in which they are made: FILE.0, "
	  "FILE.1 and so on.",
	  .place = offsetof(struct run, record), .files = "*" },
	{ "--report", "FILE",
	  "Writes a page that shows what each IOMMU did, for a browser, also where a check failed; "
	  "docs/report.md says how to read it.",
	  .place = offsetof(struct run, report), .files = "*.html" },
	{ "--steps", NULL,
	  "Puts a number before each title, line and check that the scenario tells.",
	  .place = offsetof(struct run, scenario.numbered) },
	{ "--snapshot", "FILE",
	  "When the step of --at was told, saves each IOMMU with its memory to a file of its own, "
	  "FILE.0, FILE.1 and so on; 'iommux explain' looks at them.",
	  .place = offsetof(struct run, snapshot), .files = "*" },
	{ "--at", "STEP", "When --snapshot takes place: a number that --steps shows.",
	  .set = set_at },
	{ "--json", NULL, "Prints what the scenario tells as JSON.",
	  .place = offsetof(struct run, scenario.json) },
	OPTION_COLOR(offsetof(struct run, color)),
	{ NULL, "SCENARIO.lua", "The script.", .place = offsetof(struct run, scenario.path),
	  .files = "*.lua" },
	{ NULL, "NAME=value",
	  "The script sees it as param.NAME, a string.  One that the script never looks at is "
	  "refused, as it is probably mistyped.",
	  .set = take_param, .many = true },
	{ .name = NULL },
};

static int run(int argc, char **argv)
{
	struct run r = { .scenario = { .arch = machine_archs[0], .seed = 1 } };
	unsigned units;
	int status;

	r.scenario.params = r.params;
	status = option_take_all(&verb_run, &r, argc, argv);
	if (status)
		return status;
	if (!r.scenario.path)
		return complain("run: no scenario was given; try 'iommux run examples/os.lua'");
	if (r.scenario.json && r.scenario.numbered)
		return complain("run: --json has the number of each step; --steps is not for it");
	r.scenario.colours = colour_wanted(r.color, stdout);
	if (!r.snapshot != !r.scenario.at)
		return complain("run: --snapshot FILE and --at STEP belong together");
	if (r.snapshot && (r.record || r.report))
		return complain("run: %s and --snapshot are for two runs; give one of them",
		                r.record ? "--record" : "--report");
	if (r.snapshot)
		return snapshots_run(&r.scenario, r.snapshot);
	if (r.report)
		return report_run(&r.scenario, r.record, r.report);
	return r.record ? recording_run(&r.scenario, r.record, &units) : scenario_run(&r.scenario);
}

const struct verb verb_run = {
	.name = "run",
	.summary = "run a scenario: machines, devices and an IOMMU, told in Lua",
	.synopsis = {
		"[--arch riscv|vtd] [--seed NUMBER] [--steps | --json] [--record FILE] "
		"[--report FILE] SCENARIO.lua [NAME=value ...]",
		"--snapshot FILE --at STEP ... SCENARIO.lua [NAME=value ...]",
	},
	.description = {
		"Runs a scenario: a Lua 5.4 script that builds machines with devices behind an "
		"IOMMU, and virtual machines that devices are assigned to; lets the devices work or "
		"misbehave, and checks what comes of it.  What it says is written when it has ended.",

		"The functions that a script has are described in docs/scenarios.md.  A script can "
		"read any regular file that the user can read, but write none, and it may print "
		"what it read.",

		"Measured times are those of the simulation, not of hardware.",
	},
	.options = options,
	.examples = {
		{ "Move a file through an IOMMU, reach memory above 4 GiB with a 32-bit device, and "
		  "stop a stray DMA:",
		  { "iommux run examples/os.lua FILE=/etc/services" } },
		{ "Keep two virtual machines with their devices apart; give a guest an IOMMU of its "
		  "own:",
		  { "iommux run examples/hypervisor.lua", "iommux run examples/guest.lua" } },
		{ "Move a guest to another virtual machine while its device works:",
		  { "iommux run examples/migrate.lua" } },
		{ "Let two processes share a device, with their own page tables:",
		  { "iommux run examples/sva.lua" } },
		{ "The same with Intel VT-d; and what becomes there of interrupts, forged ones too:",
		  { "iommux run --arch vtd examples/sva.lua",
		    "iommux run --arch vtd examples/interrupts.lua" } },
		{ "See in a browser what the IOMMUs did:",
		  { "iommux run --report report.html examples/guest.lua" } },
	},
	.statuses = {
		[EXIT_HELD] = "The scenario ran to its end, and all checks held.",
		[EXIT_FAILED] = "The scenario ran to its end, and a check failed.",
		[EXIT_WRONG] = "An option, a file or the scenario is not as it must be; nothing but "
		               "one sentence is written.",
	},
	.see_also = { "iommux-replay(1)", "docs/scenarios.md", "docs/report.md" },
	.run = run,
};
