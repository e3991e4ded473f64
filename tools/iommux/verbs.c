/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The command's verbs. */
#include "verbs.h"

#include <stddef.h>

const struct verb verbs[] = {
	{ "run", "run a scenario: machines, devices and an IOMMU, told in Lua", verb_run },
	{ "replay", "replay a recorded IOMMU, compare, and tell what happened", verb_replay },
	{ "tables", "print an ACPI table that describes IOMMUs, and what is wrong with it",
	  verb_tables },
	{ "decode", "explain what a log says of IOMMUs: faults, and where they come from",
	  verb_decode },
	{ .name = NULL },
};
