/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Snapshots of all IOMMUs of a scenario: a file each. */
#include "snapshots.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "complain.h"
#include "unit_list.h"
#include "verbs.h"

struct snapshots {
	const struct scenario *scenario;
	const char *path;
	struct unit_list list;
	char wrong[4700]; /* what went wrong first; empty: nothing */
};

static int put_piece(void *opaque, uint64_t address, uint64_t bytes, const void *data)
{
	const struct trace_piece piece = { address, bytes, data };

	return trace_piece_write(opaque, &piece);
}

static int put_unit(const struct listed_unit *u, const char *note, FILE *file,
                    struct iom_error *error)
{
	const struct trace_config config = unit_list_config(u, note);
	const struct trace_sink sink = trace_sink_of(file);
	struct trace_writer *writer;
	struct trace_header header;
	int result = trace_header_make(u->unit, &config, &header, error);

	if (!result)
		result = trace_snapshot_new(&sink, &header, &writer, error);
	trace_header_free(&header);
	if (result)
		return result;
	(void)unit_list_ram(u, put_piece, writer);
	return trace_writer_end(writer, error);
}

static void put_file(struct snapshots *s, const struct listed_unit *u)
{
	char path[4096], note[192];
	struct iom_error error = { .text = "" };
	const char *why = NULL;
	FILE *file;

	if (snprintf(path, sizeof path, "%s.%u", s->path, u->number) >= (int)sizeof path) {
		snprintf(s->wrong, sizeof s->wrong, "%s: the name is too long", s->path);
		return;
	}
	snprintf(note, sizeof note, "IOMMU %u of %s at step %" PRIu64 "%s", u->number,
	         s->scenario->path, s->scenario->at, u->guest ? ", a guest's" : "");
	file = fopen(path, "wb");
	if (!file) {
		why = strerror(errno);
	} else {
		if (put_unit(u, note, file, &error))
			why = error.text;
		if (fclose(file) && !why)
			why = strerror(errno);
	}
	if (why)
		snprintf(s->wrong, sizeof s->wrong, "%s: the snapshot cannot be written: %s", path,
		         why);
}

static bool reached(void *opaque)
{
	struct snapshots *s = opaque;

	for (const struct listed_unit *u = s->list.first; u && !s->wrong[0]; u = u->next)
		put_file(s, u);
	if (!s->list.first)
		snprintf(s->wrong, sizeof s->wrong, "%s has no machine at step %" PRIu64,
		         s->scenario->path, s->scenario->at);
	return s->wrong[0] != '\0';
}

int snapshots_run(struct scenario *scenario, const char *path)
{
	struct snapshots s = { .scenario = scenario, .path = path };
	const struct machine_units units = unit_list_listen(&s.list);
	int status;

	scenario->units = &units;
	scenario->reached = reached;
	scenario->opaque = &s;
	status = scenario_run(scenario);
	scenario->units = NULL;
	unit_list_free(&s.list);
	if (s.wrong[0])
		return complain("run: %s", s.wrong);
	return status;
}
