/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The parts of `iommux replay`. */
#ifndef IOMMUX_REPLAY_H
#define IOMMUX_REPLAY_H

#include <stdio.h>

#include "registers.h"
#include "replay_map.h"
#include "colour.h"
#include "tables.h"
#include "tally.h"
#include "trace/block.h"
#include "trace/replay.h"

/* ---- What is counted (replay_stats.c) ---------------------------------------------------------- */

/* Counts of a row for a requester; those of faults and commands have the first, and the last two. */
enum {
	COUNT_REQUESTS, /* or how many there were */
	COUNT_CACHED,   /* answered without reading a table */
	COUNT_REFUSED,
	COUNT_READ,    /* bytes that it read ... */
	COUNT_WRITTEN, /* ... and wrote          */
	COUNT_FIRST,   /* number of the first event */
	COUNT_ADDRESS, /* of the first request with a fault */
};

#define REPLAY_OFS (IOM_OF_INTERRUPT + 1u)
#define REPLAY_ATS (IOM_AT_TRANSLATED + 1u)

/* All zeroes before the first event. */
struct replay_stats {
	const char *arch;
	uint64_t events, outermost, first_ns, last_ns;
	uint64_t calls[IOM_CALLS], called[IOM_CALLED_KINDS];
	uint64_t loads[REPLAY_OFS], stores[REPLAY_OFS]; /* of the unit's own */
	uint64_t asked[REPLAY_ATS];
	uint64_t requests, granted, refused, stalled, cached;
	uint64_t to_interrupts; /* requests that were interrupt messages */
	struct tally commands;  /* by kind                                */
	struct tally faults;    /* by code << 32 | requester              */
	struct tally requesters;
	bool walked[TRACE_DEPTH_MAX + 1]; /* since the last request at this depth */
	bool cached_last;                 /* of the last request: was it? */
	bool started, short_of_memory;
	uint64_t replay_ns, requests_ns; /* CPU time of the replay; of its calls with requests */
};

void stats_event(struct replay_stats *stats, const struct trace_event *event);
/* When all events were told. */
void stats_end(struct replay_stats *stats);
void stats_free(struct replay_stats *stats);

/* ---- How it is shown (replay_summary.c, replay_words.c) ------------------------------------------ */

struct replay_view {
	const char *path;
	const struct trace_header *header;
	struct iom_unit *unit; /* NULL: it is being made */
	uint64_t bytes;        /* of the file            */
	bool partly;           /* stopped before its end */
	bool colours;
	struct register_map registers;
};

void summary_text(const struct replay_view *view, const struct replay_stats *stats, bool all);
/* `difference` is a sentence, or NULL.  Returns an exit status. */
int summary_json(const struct replay_view *view, const struct replay_stats *stats,
                 const char *difference);
/* The difference alone; returns EXIT_FAILED. */
int summary_difference(const struct replay_view *view, const char *difference);

/* Finds out which registers the unit has; its header is known. */
void words_registers(struct replay_view *view);
/* An event in words, with what codes mean; always terminated. */
void words_of(const struct replay_view *view, const struct trace_event *event, char *text,
              size_t size);
/* COLOUR_BAD: a request was refused. */
enum colour words_colour(const struct trace_event *event);
/* The fields of an event in JSON, whose words these are. */
void words_fields(struct table_out *out, uint64_t number, uint64_t time_ns, uint32_t depth,
                  const char *words, bool refused);
/* An event as a line: number, time, depth, words. */
void words_line(const struct replay_view *view, const struct trace_event *event, char mark,
                FILE *to);
/* The same as an object of JSON in a line of its own. */
void words_json(const struct replay_view *view, const struct trace_event *event);
void words_difference(const struct replay_view *view, const struct trace_difference *difference,
                      FILE *to);

/* ---- One event with what belongs to it (replay_event.c) ------------------------------------------- */

struct replay_part;

/* The lines of the outermost call that is under way. */
struct replay_event {
	uint64_t number; /* that is wanted */
	struct replay_part *parts;
	size_t count, room, at; /* at: of the wanted one, if `met` */
	bool met, done, short_of_memory;
	bool too_many; /* events in that call */
};

void event_add(struct replay_event *wanted, const struct replay_view *view,
               const struct trace_event *event);
void event_print(const struct replay_event *wanted, const struct replay_view *view, FILE *to);
void event_json(const struct replay_event *wanted, const struct replay_view *view);
void event_free(struct replay_event *wanted);

/* ---- A picture (replay_svg.c) ---------------------------------------------------------------------- */

#define SVG_WIDTH (150u + 2u * MAP_COLUMNS + 30u)
#define SVG_HEIGHT (60u + 2u * MAP_ROWS + 56u)

/* What of it stands in an svg element of that size, without style. */
void svg_picture(const struct map_picture *picture, const struct tally *requesters, FILE *to);
/* A whole file.  False: there is no memory for it. */
bool svg_print(const struct replay_map *map, bool by_time, const struct replay_view *view,
               const struct tally *requesters, FILE *to);

/* ---- Numbers for people (replay_numbers.c) --------------------------------------------------------- */

/* Each returns `room`. */
const char *bytes_text(uint64_t bytes, char *room, size_t size);
const char *time_text(uint64_t ns, char *room, size_t size);
const char *count_text(uint64_t number, char *room, size_t size); /* 12,345 */
double share_of(uint64_t part, uint64_t whole);                   /* in percent */
/* Bytes of all requesters: COUNT_READ or COUNT_WRITTEN. */
uint64_t bytes_moved(const struct replay_stats *stats, unsigned which);

#endif
