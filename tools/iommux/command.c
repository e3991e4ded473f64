/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What the command says of itself. */
#include <stddef.h>

#include "verbs.h"

/* main() takes them. */
static const struct option options[] = {
	{ .name = "--version", .help = "Shows the version of the library." },
	{ .value = "VERB", .help = "What is to be done." },
	{ .name = NULL },
};

const struct verb command = {
	.name = "",
	.summary = "machines with an IOMMU, at a terminal",
	.synopsis = { "VERB ...", "--version | --help" },
	.description = {
		"Works with register-level models of IOMMUs, the drivers for them, and a small "
		"simulated machine that holds both; and tells what others say of theirs: traces, "
		"logs, firmware tables.",

		"Each verb has its own manual page.  'iommux VERB --help' and 'iommux help VERB' "
		"show how it is used.  Options are written as --name VALUE or --name=VALUE, before "
		"or behind arguments; -- ends them.",

		"What is printed for people is coloured at a terminal; work that takes longer than a "
		"second shows there how far it is.  --json, of all verbs that tell something, prints "
		"JSON; docs/command.md has its fields.",
	},
	.options = options,
	.examples = {
		{ "Move a file through an IOMMU, and see what becomes of a stray DMA:",
		  { "iommux run examples/os.lua FILE=/etc/services" } },
		{ "See what this machine's own IOMMU has complained of:",
		  { "dmesg | iommux decode" } },
	},
	.environment = {
		{ "NO_COLOR", "If it is set and not empty, --color=auto colours nothing." },
		{ "TERM", "If it is dumb or not set, a terminal gets neither colours nor progress." },
	},
	.statuses = {
		"Done.  What was to be found out is so: all checks held, the replay did what was "
		"recorded, nothing is wrong with the table, something in the log was recognised.",
		"Done.  What was to be found out is not so: a check failed, the replay differs, "
		"something is wrong with the table, nothing in the log was recognised.",
		"Not done: an option, a file or what is in it is not as it must be, or the output "
		"could not be written.  One sentence on standard error says what was wrong, where, "
		"and what would be right.",
	},
	.see_also = { "docs/command.md" },
};
