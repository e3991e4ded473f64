/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Scenes from snapshots: what a file holds is all that there is. */
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "file.h"
#include "scene.h"
#include "verbs.h"

static bool take_header(const struct trace_header *from, struct scene *s)
{
	uint8_t *state = malloc(from->state_bytes + 1);

	if (!state)
		return false;
	memcpy(state, from->state, from->state_bytes);
	s->header = *from;
	s->header.state = state;
	return true;
}

/* The note is somebody else's, and may hold what steers a terminal. */
static void name_it(struct scene *s, const char *path)
{
	const char *note = s->header.note;

	snprintf(s->name, sizeof s->name, "%s%s%s", path, *note ? ": " : "", note);
	for (char *c = s->name; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

static int read_all(const struct scene_spec *spec, struct trace_reader *reader, struct scene *s)
{
	struct trace_piece piece;
	struct iom_error error;

	if (!take_header(trace_reader_header(reader), s))
		return complain("%s: no memory is left", spec->verb);
	name_it(s, spec->path);
	while (trace_piece_read(reader, &piece))
		if (scene_learn(s, piece.address, piece.bytes, piece.data))
			return complain("%s: %s: no memory is left for all that it holds",
			                spec->verb, spec->path);
	if (trace_reader_result(reader, &error))
		return complain("%s: %s: %s", spec->verb, spec->path, error.text);
	return EXIT_HELD;
}

int scene_from_snapshot(const struct scene_spec *spec, struct scene *s)
{
	struct trace_source source;
	struct trace_reader *reader;
	struct iom_error error;
	const char *why;
	uint64_t bytes;
	int status;
	FILE *file;

	if (spec->has_at || spec->has_event || spec->has_unit)
		return complain("%s: %s is a snapshot, of one IOMMU at one moment; %s is not for "
		                "it",
		                spec->verb, spec->path,
		                spec->has_at      ? "--at"
		                : spec->has_event ? "--event"
		                                  : "--unit");
	file = file_open(spec->path, &bytes, &why);
	if (!file)
		return complain("%s: %s cannot be read: %s", spec->verb, spec->path, why);
	source = trace_source_of(file);
	if (trace_snapshot_reader_new(&source, &reader, &error)) {
		status = complain("%s: %s: %s", spec->verb, spec->path, error.text);
	} else {
		status = read_all(spec, reader, s);
		trace_reader_free(reader);
	}
	fclose(file);
	return status;
}
