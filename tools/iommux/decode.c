/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* iommux decode: what logs say of IOMMUs, in words. */
#include "decode.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "colour.h"
#include "complain.h"
#include "file.h"
#include "option.h"
#include "verbs.h"

struct ask {
	const char *path, *color;
	bool json, summary;
};

static int read_log(const struct ask *ask, const struct decode_sink *sink, FILE *input)
{
	struct decode_group *g = calloc(1, sizeof *g);
	unsigned long recognised;
	bool whole;

	if (!g)
		return complain("decode: no memory is left");
	g->sink = sink;
	whole = decode_stream(g, input);
	recognised = g->recognised;
	free(g);
	if (!whole)
		return complain("decode: %s cannot be read: %s",
		                ask->path ? ask->path : "standard input", strerror(errno));
	return recognised ? EXIT_HELD : EXIT_FAILED;
}

static int decode_text(const struct ask *ask, FILE *input)
{
	struct decode_text text = { .colours = colour_wanted(ask->color, stdout) };
	const struct decode_sink sink = { text_event, text_line, &text };

	return read_log(ask, &sink, input);
}

static int decode_json(const struct ask *ask, FILE *input)
{
	const struct decode_sink sink = { .event = json_event };

	return read_log(ask, &sink, input);
}

static int decode_summary(const struct ask *ask, FILE *input)
{
	struct decode_summary *summary = summary_create();
	const struct decode_sink sink = { .event = summary_event, .opaque = summary };
	int status;

	if (!summary)
		return complain("decode: no memory is left");
	status = read_log(ask, &sink, input);
	if (status != EXIT_WRONG)
		summary_print(summary, ask->json, colour_wanted(ask->color, stdout));
	summary_free(summary);
	return status;
}

static int decode(const struct ask *ask, FILE *input)
{
	if (ask->summary)
		return decode_summary(ask, input);
	return ask->json ? decode_json(ask, input) : decode_text(ask, input);
}

static int decode_file(const struct ask *ask)
{
	const char *why;
	uint64_t bytes;
	FILE *file = file_open(ask->path, &bytes, &why);
	int status;

	if (!file)
		return complain("decode: %s cannot be read: %s", ask->path, why);
	status = decode(ask, file);
	fclose(file);
	return status;
}

/* ---- The verb ------------------------------------------------------------------------------------ */

static const struct option options[] = {
	{ "--summary", NULL,
	  "Prints nothing but counts, by requester, reason and page, with the first and the last "
	  "time.",
	  .place = offsetof(struct ask, summary) },
	{ "--json", NULL,
	  "Prints nothing but JSON, an object in a line for each message; with --summary for each "
	  "count.",
	  .place = offsetof(struct ask, json) },
	OPTION_COLOR(offsetof(struct ask, color)),
	{ NULL, "FILE", "The log; if it is not given, standard input.",
	  .place = offsetof(struct ask, path), .files = "*" },
	{ .name = NULL },
};

static int run(int argc, char **argv)
{
	struct ask ask = { .path = NULL };
	const int status = option_take_all(&verb_decode, &ask, argc, argv);

	if (status)
		return status;
	return ask.path ? decode_file(&ask) : decode(&ask, stdin);
}

const struct verb verb_decode = {
	.name = "decode",
	.summary = "explain what a log says of IOMMUs: faults, and where they come from",
	.synopsis = { "[--summary] [--json] [FILE]" },
	.description = {
		"Explains what a log says of IOMMUs: faults of devices, interrupts that were "
		"blocked, errors of the units and of firmware.  The log is FILE or standard input: "
		"a line, or all that dmesg or journalctl print, also as mail programs wrap it.",

		"All lines are printed as they are.  Behind those that are recognised stands who did "
		"what, at which address, with which code and its name; what that means; what the "
		"causes are as a rule, the likeliest first; and where to look next.",

		"Forms of Linux, Xen, QEMU, Genode and ESXi are known, for VT-d, AMD-Vi, Arm's "
		"SMMUv2 and SMMUv3, RISC-V and virtio-iommu.",
	},
	.options = options,
	.examples = {
		{ "See what this machine's IOMMU has complained of, and who did most of it:",
		  { "dmesg | iommux decode", "dmesg | iommux decode --summary" } },
	},
	.statuses = {
		[EXIT_HELD] = "Something was recognised.",
		[EXIT_FAILED] = "Nothing was recognised.",
		[EXIT_WRONG] = "An option or the file is not as it must be, or reading failed.",
	},
	.see_also = { "dmesg(1)", "journalctl(1)", "docs/decode.md" },
	.run = run,
};
