/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Traces of all IOMMUs of a scenario: a file each. */
#include "recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "trace/record.h"
#include "verbs.h"

/* One IOMMU that is recorded now. */
struct track {
	struct track *next;
	const struct iom_unit *unit;
	struct trace_recorder *recorder;
	FILE *file;
	char *path;
};

struct recording {
	const struct scenario *scenario;
	const char *path;
	unsigned made;
	struct track *tracks;
	char wrong[4500]; /* what went wrong first; empty: nothing */
};

static void wrong(struct recording *r, const char *path, const char *why)
{
	if (!r->wrong[0])
		snprintf(r->wrong, sizeof r->wrong, "%s: the trace cannot be written: %s", path,
		         why);
}

static void drop(struct track *t)
{
	if (!t)
		return;
	if (t->file)
		(void)fclose(t->file);
	free(t->path);
	free(t);
}

static int begin(struct recording *r, struct track *t, struct iom_unit *unit,
                 const struct trace_config *config)
{
	struct trace_sink sink;
	struct iom_error error;

	t->unit = unit;
	t->file = fopen(t->path, "wb");
	if (!t->file) {
		wrong(r, t->path, strerror(errno));
		return -1;
	}
	sink = trace_sink_of(t->file);
	if (trace_record(unit, config, &sink, &t->recorder, &error)) {
		wrong(r, t->path, error.text);
		return -1;
	}
	return 0;
}

static void made(void *opaque, struct iom_unit *unit, struct iom_memory *memory,
                 const struct machine_arch *arch, bool guest)
{
	struct recording *r = opaque;
	size_t size = strlen(r->path) + 16;
	struct track *t = calloc(1, sizeof *t);
	char note[192];
	const struct trace_config config = { .riscv = arch->riscv[guest],
		                             .vtd = arch->vtd[guest],
		                             .note = note };

	(void)memory;
	if (t)
		t->path = malloc(size);
	if (!t || !t->path) {
		wrong(r, r->path, "no memory is left");
		drop(t);
		return;
	}
	snprintf(t->path, size, "%s.%u", r->path, r->made);
	snprintf(note, sizeof note, "IOMMU %u of %s%s", r->made++, r->scenario->path,
	         guest ? ", a guest's" : "");
	if (begin(r, t, unit, &config)) {
		drop(t);
		return;
	}
	t->next = r->tracks;
	r->tracks = t;
}

static void gone(void *opaque, struct iom_unit *unit)
{
	struct recording *r = opaque;
	struct track **link = &r->tracks, *t;
	struct iom_error error;

	while (*link && (*link)->unit != unit)
		link = &(*link)->next;
	t = *link;
	if (!t)
		return;
	*link = t->next;
	if (trace_record_end(t->recorder, &error))
		wrong(r, t->path, error.text);
	if (fclose(t->file))
		wrong(r, t->path, strerror(errno));
	t->file = NULL;
	drop(t);
}

/* Before the scenario has said anything: can files be made there? */
static bool writable(struct recording *r)
{
	char first[4096];
	FILE *file;

	if (snprintf(first, sizeof first, "%s.0", r->path) >= (int)sizeof first) {
		wrong(r, r->path, "the name is too long");
		return false;
	}
	file = fopen(first, "wb");
	if (!file) {
		wrong(r, first, strerror(errno));
		return false;
	}
	(void)fclose(file);
	return true;
}

int recording_run(struct scenario *scenario, const char *path, unsigned *count)
{
	struct recording r = { .scenario = scenario, .path = path };
	const struct machine_units units = { made, gone, &r };
	int status;

	if (!writable(&r))
		return complain("run: %s", r.wrong);
	scenario->units = &units;
	status = scenario_run(scenario);
	scenario->units = NULL;
	*count = r.made;
	return r.wrong[0] && status != EXIT_WRONG ? complain("run: %s", r.wrong) : status;
}
