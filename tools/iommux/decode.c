/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* iommux decode: what logs say of IOMMUs, in words. */
#include "decode.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "file.h"
#include "option.h"
#include "verbs.h"

static const char usage[] =
	"usage: iommux decode [--summary] [--json] [FILE]\n"
	"\n"
	"Explains what a log says of IOMMUs: faults, lost interrupts, errors of the units\n"
	"and of firmware.  The log is FILE or standard input: a line, or all that dmesg or\n"
	"journalctl print, also as mail programs wrap it.  It knows the forms of Linux, Xen,\n"
	"QEMU, Genode and ESXi for VT-d, AMD-Vi, Arm's SMMUs, RISC-V and virtio-iommu.\n"
	"All lines are printed as they are, and behind those that are recognised what\n"
	"happened, who did it, why as a rule, and where to look next.\n"
	"\n"
	"  --summary   prints nothing but counts, by requester, reason and page\n"
	"  --json      prints nothing but JSON, an object in a line for each message; with\n"
	"              --summary for each count\n"
	"  --help      this text\n"
	"\n"
	"Exit status: 0 something was recognised, 1 nothing was, 2 an option or the file is\n"
	"not as it must be, or reading failed.\n";

struct ask {
	const char *path;
	bool json, summary, help;
};

static const struct option options[] = {
	{ "--summary", NULL, offsetof(struct ask, summary) },
	{ "--json", NULL, offsetof(struct ask, json) },
	{ "--help", NULL, offsetof(struct ask, help) },
};

static const struct option_set option_set = { "decode", options,
	                                      sizeof options / sizeof options[0] };

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
	struct decode_text text = { .region_count = 0 };
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
		summary_print(summary, ask->json);
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

int verb_decode(int argc, char **argv)
{
	struct ask ask = { .path = NULL };
	int status = option_take_all(&option_set, &ask, &ask.help, "file", &ask.path, argc, argv);

	if (status)
		return status;
	if (ask.help) {
		fputs(usage, stdout);
		return EXIT_HELD;
	}
	return ask.path ? decode_file(&ask) : decode(&ask, stdin);
}
