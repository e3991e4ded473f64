/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Reports of traces, to files. */
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "complain.h"
#include "file.h"
#include "verbs.h"

bool report_begin(struct report *r, const char *source)
{
	*r = (struct report){ 0 };
	r->to = open_memstream(&r->text, &r->bytes);
	if (r->to)
		page_begin(source, r->to);
	return r->to;
}

static int write_text(const struct report *r, const char *verb, const char *path)
{
	FILE *file = fopen(path, "wb");
	bool failed;

	if (!file)
		return complain("%s: %s cannot be written: %s", verb, path, strerror(errno));
	failed = fwrite(r->text, 1, r->bytes, file) != r->bytes;
	if (fclose(file) || failed)
		return complain("%s: %s could not be written: %s", verb, path, strerror(errno));
	return EXIT_HELD;
}

int report_end(struct report *r, bool whole, const char *verb, const char *path)
{
	bool failed = !whole;
	int status;

	page_end(r->to);
	failed |= ferror(r->to);
	if (fclose(r->to) || failed)
		status = complain("%s: no memory is left for the report", verb);
	else
		status = write_text(r, verb, path);
	free(r->text);
	return status;
}

int report_probe(const char *verb, const char *path)
{
	const bool was_there = !access(path, F_OK);
	FILE *file = fopen(path, "ab");

	if (!file)
		return complain("%s: %s cannot be written: %s", verb, path, strerror(errno));
	(void)fclose(file);
	if (!was_there)
		(void)unlink(path);
	return EXIT_HELD;
}

/* ---- A trace ------------------------------------------------------------------------------------------ */

struct listener {
	struct replay_stats stats;
	struct replay_map map;
	struct report_steps *steps;
	char difference[480];
};

static void on_event(void *opaque, const struct trace_event *e)
{
	struct listener *l = opaque;

	stats_event(&l->stats, e);
	map_event(&l->map, e, l->stats.cached_last);
	steps_event(l->steps, &l->stats, e);
}

static bool on_difference(void *opaque, const struct trace_difference *d)
{
	struct listener *l = opaque;

	snprintf(l->difference, sizeof l->difference, "%s", d->text);
	return false;
}

static int add_replay(struct report *r, struct listener *l, struct replay_view *view,
                      struct trace_replay *replay, const char *verb)
{
	struct report_unit unit = { .number = r->units,
		                    .view = view,
		                    .stats = &l->stats,
		                    .map = &l->map,
		                    .steps = l->steps };
	struct iom_error error;
	int result;

	view->unit = trace_replay_unit(replay);
	do {
		walks_registers(&l->steps->walks, view->unit, view->header->arch);
		result = trace_replay_step(replay, &error);
	} while (!result);
	if (result < 0)
		return complain("%s: %s: %s", verb, view->path, error.text);
	stats_end(&l->stats);
	unit.difference = l->difference[0] ? l->difference : NULL;
	if (l->stats.short_of_memory || l->map.short_of_memory || l->steps->short_of_memory ||
	    !page_unit(&unit, r->to))
		return complain("%s: no memory is left for the report", verb);
	r->units++;
	return EXIT_HELD;
}

static int add_open(struct report *r, const char *verb, struct replay_view *view, FILE *file)
{
	struct listener l = { .steps = calloc(1, sizeof *l.steps) };
	const struct trace_replay_watch watch = { on_event, on_difference, &l };
	const struct trace_source source = trace_source_of(file);
	struct trace_reader *reader;
	struct trace_replay *replay;
	struct iom_error error;
	int status;

	if (!l.steps)
		return complain("%s: no memory is left for the report", verb);
	/* The header is wanted with the first event, before there is a replay. */
	if (trace_reader_new(&source, &reader, &error)) {
		free(l.steps);
		return complain("%s: %s: %s", verb, view->path, error.text);
	}
	rewind(file);
	view->header = trace_reader_header(reader);
	l.stats.arch = view->header->arch;
	if (trace_replay_new(&source, &watch, &replay, &error)) {
		status = complain("%s: %s: %s", verb, view->path, error.text);
	} else {
		status = add_replay(r, &l, view, replay, verb);
		trace_replay_free(replay);
	}
	trace_reader_free(reader);
	stats_free(&l.stats);
	map_free(&l.map);
	steps_free(l.steps);
	free(l.steps);
	return status;
}

int report_add_file(struct report *r, const char *verb, const char *path)
{
	struct replay_view view = { .path = path };
	const char *why;
	FILE *file = file_open(path, &view.bytes, &why);
	int status;

	if (!file)
		return complain("%s: %s cannot be read: %s", verb, path, why);
	status = add_open(r, verb, &view, file);
	(void)fclose(file);
	return status;
}
