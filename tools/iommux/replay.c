/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* iommux replay: a recorded IOMMU once more, without its machine. */
#include "replay.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "colour.h"
#include "complain.h"
#include "file.h"
#include "option.h"
#include "progress.h"
#include "replayed.h"
#include "report.h"
#include "verbs.h"

struct replay {
	const char *path, *svg_path, *report_path, *snapshot_path, *color;
	bool stats, json, dump, one, limited;
	uint64_t until;
	struct replay_view view;
	struct replay_stats counts;
	struct replay_event wanted;
	struct replay_map map;
	bool by_time;
	struct report_steps steps;
	struct sparse memory; /* as the unit saw it: for --snapshot */
	bool short_of_memory;
	struct trace_replay *player;
	FILE *file;
	struct progress progress;
	uint64_t started_ns;
	uint64_t whole; /* events up to the end of the last outermost call */
	char difference[480];
};

/* Of this thread: other programs do not count. */
static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- Events ------------------------------------------------------------------------------------ */

static void on_event(void *opaque, const struct trace_event *e)
{
	struct replay *r = opaque;

	stats_event(&r->counts, e);
	if (r->dump && r->json)
		words_json(&r->view, e);
	else if (r->dump)
		words_line(&r->view, e, ' ', stdout);
	if (r->one)
		event_add(&r->wanted, &r->view, e);
	if (r->svg_path || r->report_path)
		map_event(&r->map, e, r->counts.cached_last);
	if (r->report_path)
		steps_event(&r->steps, &r->counts, e);
	if (r->snapshot_path && e->kind == TRACE_OWN && !replayed_learn(&r->memory, e))
		r->short_of_memory = true;
}

static bool on_difference(void *opaque, const struct trace_difference *d)
{
	struct replay *r = opaque;

	if (d->recorded)
		snprintf(r->difference, sizeof r->difference,
		         "in the block at offset %" PRIu64 ": %s", d->recorded->offset, d->text);
	else
		snprintf(r->difference, sizeof r->difference, "%s", d->text);
	progress_end(&r->progress);
	if (!r->json)
		words_difference(&r->view, d, stdout);
	return false;
}

static const bool is_request[IOM_CALLS] = {
	[IOM_CALL_TRANSLATE] = true, [IOM_CALL_READ] = true, [IOM_CALL_WRITE] = true,
	[IOM_CALL_ATOMIC] = true,    [IOM_CALL_MSI] = true,  [IOM_CALL_MSI_TRANSLATE] = true,
};

/* One outermost call; what trace_replay_step returns. */
static int step(struct replay *r, struct iom_error *error)
{
	const struct trace_event *e = trace_replay_peek(r->player);
	const bool measured = e && e->kind == TRACE_CALL && is_request[e->what];
	const uint64_t begun = measured ? cpu_ns() : 0;
	const int result = trace_replay_step(r->player, error);

	if (measured)
		r->counts.requests_ns += cpu_ns() - begun;
	if (!result)
		r->whole = trace_replay_events(r->player);
	return result;
}

static bool reached(const struct replay *r)
{
	const uint64_t n = r->one ? r->wanted.number : r->until;

	return (r->one || r->limited) && trace_replay_events(r->player) > n;
}

static int broken(const struct replay *r, const struct iom_error *error)
{
	if (!r->whole)
		return complain("replay: %s: %s", r->path, error->text);
	return complain("replay: %s: %s; --until %" PRIu64 " replays what is before it", r->path,
	                error->text, r->whole - 1);
}

/* ---- What came of it ----------------------------------------------------------------------------- */

static int put_svg(const struct replay *r)
{
	FILE *file = fopen(r->svg_path, "wb");
	bool failed;

	if (!file)
		return complain("replay: %s cannot be written: %s", r->svg_path, strerror(errno));
	failed = !svg_print(&r->map, r->by_time, &r->view, &r->counts.requesters, file) ||
	         ferror(file);
	if (fclose(file) || failed)
		return complain("replay: %s could not be written: %s", r->svg_path,
		                strerror(errno));
	return EXIT_HELD;
}

static int put_report(const struct replay *r)
{
	struct report report;
	struct report_unit unit = { .view = &r->view,
		                    .stats = &r->counts,
		                    .map = &r->map,
		                    .steps = &r->steps,
		                    .difference = r->difference[0] ? r->difference : NULL };

	if (!report_begin(&report, r->path))
		return complain("replay: no memory is left");
	return report_end(&report, page_unit(&unit, report.to), "replay", r->report_path);
}

static int put_snapshot(const struct replay *r)
{
	struct iom_error error;

	if (replayed_snapshot(r->player, &r->memory, r->snapshot_path, &error))
		return complain("replay: %s: the snapshot cannot be written: %s", r->snapshot_path,
		                error.text);
	return EXIT_HELD;
}

static int put_event(const struct replay *r)
{
	if (r->wanted.too_many && r->wanted.done)
		return complain("replay: event %" PRIu64 " of %s belongs to a call of more than a "
		                "million events; --dump prints them",
		                r->wanted.number, r->path);
	if (!r->wanted.met)
		return complain("replay: %s has no event %" PRIu64 "; the last one is %" PRIu64,
		                r->path, r->wanted.number, r->counts.events - 1);
	if (r->json)
		event_json(&r->wanted, &r->view);
	else
		event_print(&r->wanted, &r->view, stdout);
	return EXIT_HELD;
}

static int put_all(struct replay *r)
{
	const bool differs = r->difference[0] != 0;
	int status;

	stats_end(&r->counts);
	if (r->counts.short_of_memory || r->wanted.short_of_memory || r->map.short_of_memory ||
	    r->steps.short_of_memory || r->short_of_memory)
		return complain("replay: no memory is left");
	if (r->svg_path) {
		status = put_svg(r);
		if (status)
			return status;
	}
	if (r->snapshot_path && !differs) {
		status = put_snapshot(r);
		if (status)
			return status;
	}
	if (r->report_path) {
		status = put_report(r);
		if (status)
			return status;
	}
	if (r->json && !r->one && !r->dump)
		return summary_json(&r->view, &r->counts, differs ? r->difference : NULL);
	if (differs)
		return r->json ? summary_difference(&r->view, r->difference) : EXIT_FAILED;
	if (r->one)
		return put_event(r);
	if (!r->dump)
		summary_text(&r->view, &r->counts, r->stats);
	return EXIT_HELD;
}

static void put_progress(struct replay *r)
{
	const long at = ftell(r->file);
	const uint64_t bytes = r->view.bytes ? r->view.bytes : 1;

	progress_show(&r->progress, "%.0f %%, %" PRIu64 " events",
	              at < 0 ? 0 : 100.0 * (double)at / (double)bytes, r->counts.events);
}

static int play(struct replay *r)
{
	struct iom_error error;
	int result = IOM_OK;

	while (!result && !reached(r)) {
		if (r->report_path)
			walks_registers(&r->steps.walks, r->view.unit, r->view.header->arch);
		result = step(r, &error);
		if (progress_due(&r->progress))
			put_progress(r);
	}
	progress_end(&r->progress);
	if (result < 0)
		return broken(r, &error);
	r->counts.replay_ns = cpu_ns() - r->started_ns;
	r->view.partly = result == IOM_OK && trace_replay_peek(r->player);
	return put_all(r);
}

static int run(struct replay *r)
{
	const struct trace_replay_watch watch = { on_event, on_difference, r };
	struct trace_source source = trace_source_of(r->file);
	struct trace_reader *reader;
	struct iom_error error;
	int status;

	/* The header is wanted with the first event, before there is a replay. */
	if (trace_reader_new(&source, &reader, &error))
		return complain("replay: %s: %s", r->path, error.text);
	rewind(r->file);
	r->view.path = r->path;
	r->view.header = trace_reader_header(reader);
	words_registers(&r->view);
	r->counts.arch = r->view.header->arch;
	r->started_ns = cpu_ns();
	if (trace_replay_new(&source, &watch, &r->player, &error)) {
		status = complain("replay: %s: %s", r->path, error.text);
	} else {
		r->view.unit = trace_replay_unit(r->player);
		status = play(r);
		trace_replay_free(r->player);
	}
	stats_free(&r->counts);
	event_free(&r->wanted);
	map_free(&r->map);
	steps_free(&r->steps);
	sparse_free(&r->memory);
	trace_reader_free(reader);
	return status;
}

static int run_file(struct replay *r)
{
	const char *why;
	int status;

	r->file = file_open(r->path, &r->view.bytes, &why);
	if (!r->file)
		return complain("replay: %s cannot be read: %s", r->path, why);
	/* Not among lines that appear at the same terminal. */
	progress_begin(&r->progress, !r->dump || !isatty(STDOUT_FILENO));
	status = run(r);
	fclose(r->file);
	return status;
}

/* ---- Options ------------------------------------------------------------------------------------- */

static int set_until(void *opaque, const char *value)
{
	struct replay *r = opaque;

	r->limited = true;
	if (!option_number(value, &r->until))
		return complain("replay: --until %s must be the number of an event; --dump shows "
		                "them",
		                value);
	return EXIT_HELD;
}

static int set_event(void *opaque, const char *value)
{
	struct replay *r = opaque;

	r->one = true;
	if (!option_number(value, &r->wanted.number))
		return complain("replay: --event %s must be the number of an event; --dump shows "
		                "them",
		                value);
	return EXIT_HELD;
}

static const struct option options[] = {
	{ "--until", "NUMBER",
	  "The replay ends with the outermost call that the event of this number belongs to.",
	  .set = set_until },
	{ "--stats", NULL, "Prints all devices as well, and every kind of call and callback.",
	  .place = offsetof(struct replay, stats) },
	{ "--json", NULL,
	  "Prints JSON: what happened, or the event, or with --dump an object in a line for each.",
	  .place = offsetof(struct replay, json) },
	OPTION_COLOR(offsetof(struct replay, color)),
	{ "--svg", "FILE", "Draws the addresses that devices used, over the events.",
	  .place = offsetof(struct replay, svg_path), .files = "*.svg" },
	{ "--snapshot", "FILE",
	  "Saves the unit as it is at the end, and the memory that it was seen to read and store, "
	  "to a file for 'iommux explain'.",
	  .place = offsetof(struct replay, snapshot_path), .files = "*" },
	{ "--time", NULL, "With --svg, draws them over the time that the recording took.",
	  .place = offsetof(struct replay, by_time) },
	{ "--report", "FILE",
	  "Writes a page that shows all of it, for a browser; docs/report.md says how to read it.",
	  .place = offsetof(struct replay, report_path), .files = "*.html" },
	{ "--dump", NULL, "Prints all events, a line each: number, time in seconds, words.",
	  .place = offsetof(struct replay, dump) },
	{ "--event", "NUMBER",
	  "Prints the event of this number, the call in which it happened, and what it caused.",
	  .set = set_event },
	{ NULL, "TRACE", "What was recorded.", .place = offsetof(struct replay, path),
	  .files = "*.iomtrace *.[0-9]*" },
	{ .name = NULL },
};

static int check(const struct replay *r)
{
	if (!r->path)
		return complain("replay: no trace was given; 'iommux run --record' makes some");
	if (r->one + r->dump + r->stats > 1)
		return complain("replay: --event, --dump and --stats each print something else; "
		                "give one of them");
	if (r->one && r->limited)
		return complain("replay: --event ends by itself; --until is not for it");
	if (r->one && r->report_path)
		return complain("replay: --event ends with that event; --report is not for it");
	if (r->by_time && !r->svg_path)
		return complain("replay: --time says how --svg draws, which was not given");
	return EXIT_HELD;
}

static int replay(int argc, char **argv)
{
	struct replay r = { .path = NULL };
	int status = option_take_all(&verb_replay, &r, argc, argv);

	if (!status)
		status = check(&r);
	r.view.colours = colour_wanted(r.color, stdout);
	if (!status && r.report_path)
		status = report_probe("replay", r.report_path);
	return status ? status : run_file(&r);
}

const struct verb verb_replay = {
	.name = "replay",
	.summary = "replay a recorded IOMMU, compare, and tell what happened",
	.synopsis = {
		"[--until NUMBER] [--stats] [--json] [--svg FILE [--time]] [--report FILE] "
		"TRACE",
		"[--until NUMBER] --snapshot FILE TRACE",
		"[--until NUMBER] --dump [--json] TRACE",
		"--event NUMBER [--json] TRACE",
	},
	.description = {
		"Makes the IOMMU that was recorded (iommux run --record) once more, has it do all "
		"that it did, without the machine and the software that it was in, and compares: "
		"every load and store of its own, every answer, interrupt and message.  Prints what "
		"happened.",

		"That is the unit, commands, requests and how many were answered without reading a "
		"table, faults, interrupts, devices.  If the unit does something else, the first "
		"difference is shown: both sides, the number of the event, its block's offset in "
		"the file, and the events before.",
	},
	.options = options,
	.examples = {
		{ "Record the IOMMUs of a scenario, and see what became of that of PCI devices:",
		  { "iommux run --record trace examples/guest.lua", "iommux replay trace.1" } },
		{ "See one event, and what it caused:", { "iommux replay --event 651 trace.1" } },
		{ "Draw the addresses that the devices used:",
		  { "iommux replay --svg trace.svg trace.1" } },
		{ "See the machine at work, in a browser:",
		  { "iommux replay --report report.html trace.1" } },
	},
	.statuses = {
		[EXIT_HELD] = "The replay did what was recorded.",
		[EXIT_FAILED] = "The replay did something else, which is shown.",
		[EXIT_WRONG] = "An option or a file is not as it must be, or the trace is damaged; "
		               "nothing but one sentence is written, and by --dump the events before "
		               "the damage.",
	},
	.see_also = { "iommux-run(1)", "docs/replay.md", "docs/report.md", "docs/trace-format.md" },
	.run = replay,
};
