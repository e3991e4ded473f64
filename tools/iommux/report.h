/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The report: one page of HTML that shows what units did, each from its trace.  Numbers are those of
 * replay_stats.c, addresses those of replay_map.c; what is kept beside them are steps: requests, commands
 * and interrupts to be looked at one by one.
 */
#ifndef IOMMUX_REPORT_H
#define IOMMUX_REPORT_H

#include "explanation.h"
#include "replay.h"

/* ---- Steps (report_steps.c) ------------------------------------------------------------------------ */

/* kind of a step */
enum { REPORT_REQUEST, REPORT_COMMAND, REPORT_INTERRUPT, REPORT_MESSAGE };

#define REPORT_WORDS 8u
#define REPORT_OWN_MAX 256u

/* An access of the unit's own. */
struct report_own {
	uint64_t address, found, word[REPORT_WORDS];
	uint32_t bytes;
	int32_t result;
	uint8_t of, words; /* words: so many of `word` were read or stored */
	bool write, swap;  /* swap: `found` became word[0], or would have  */
	bool missed;
};

struct report_step {
	struct map_place at;
	struct explain_walk walk; /* as it begins, for walk_label */
	uint64_t nth;             /* of its class, from 0 */
	uint8_t kind, class;
	bool cached, from_device; /* REQUEST; MESSAGE */
	uint32_t requester;
	int32_t result;
	struct iom_request request;
	struct iom_reply reply;
	struct iom_message message;
	/* INTERRUPT, or what a request came to: an address of all ones is a wire, or none. */
	uint64_t address, value;
	struct report_own command; /* its words */
	struct report_own *own;    /* in their order */
	size_t owns, owns_more;    /* more: that were not kept */
};

/* ---- What accesses are of (report_walk.c) ------------------------------------------------------------ */

#define REPORT_CONTEXTS 64u

/* What was read of a device's context, or a process's. */
struct report_context {
	uint64_t key;
	struct explain_walk walk;
};

/* All zeroes before the first event. */
struct report_walks {
	const struct explain_arch *arch;
	bool stored; /* registers were stored to since they were looked at */
	struct explain_walk base;
	struct report_context context[REPORT_CONTEXTS];
	size_t count, next;
};

/* Between outermost calls: looks at registers, if need be. */
void walks_registers(struct report_walks *walks, struct iom_unit *unit, const char *arch);
/* Of a request that made these accesses: how its walk began. */
struct explain_walk walks_request(struct report_walks *walks, const struct trace_event *event,
                                  const struct report_own *own, size_t count);
/* Says what the next access of a walk is of; `x` has the question. */
void walk_label(const struct explain_arch *arch, struct explanation *x, struct explain_walk *walk,
                const struct report_own *own, struct explain_step *step);

/* What is sampled alike. */
enum {
	REPORT_FIRST_REFUSED, /* the first ones of each kind of fault */
	REPORT_REFUSED,
	REPORT_WALKED,
	REPORT_CACHED,
	REPORT_COMMANDS,
	REPORT_INTERRUPTS,
	REPORT_MESSAGES,
	REPORT_CLASSES,
};

struct report_class {
	uint64_t seen, stride; /* every stride-th is kept */
	size_t kept;
};

/* All zeroes before the first event. */
struct report_steps {
	struct report_step *steps;
	size_t count, room;
	struct report_class class[REPORT_CLASSES];
	struct report_walks walks;
	struct report_own own[REPORT_OWN_MAX]; /* since the last answer */
	uint32_t own_depth[REPORT_OWN_MAX];
	size_t owns, owns_more;
	bool request_at[TRACE_DEPTH_MAX +
	                1];      /* is the call at this depth one of a device's request? */
	bool sent;               /* an interrupt, in the request that is under way       */
	uint64_t address, value; /* that interrupt                                       */
	bool short_of_memory;
};

/* After stats_event for the same event. */
void steps_event(struct report_steps *steps, const struct replay_stats *stats,
                 const struct trace_event *event);
void steps_free(struct report_steps *steps);

/* ---- Hit rate and working set (report_hits.c) ----------------------------------------------------------- */

struct report_window {
	struct map_place first;
	uint64_t pages, requests, cached;
};

#define REPORT_WINDOWS_MAX 128

struct report_hits {
	uint64_t each; /* requests in a window */
	size_t count;
	struct report_window window[REPORT_WINDOWS_MAX];
};

/* False: no memory is left. */
bool hits_find(struct report_hits *hits, const struct replay_map *map);

/* ---- The page (report_page.c) --------------------------------------------------------------------------- */

/* One unit, when its trace was replayed. */
struct report_unit {
	unsigned number; /* on the page, from 0 */
	const struct replay_view *view;
	const struct replay_stats *stats; /* ended */
	const struct replay_map *map;
	const struct report_steps *steps;
	const char *difference; /* a sentence, or NULL */
	struct report_hits hits;
};

/* The page before its units, and after them.  `source`: what was run or replayed. */
void page_begin(const char *source, FILE *to);
/* False: no memory is left. */
bool page_unit(struct report_unit *unit, FILE *to);
void page_end(FILE *to);

/* What stands in the place of marks of the page (report_tables.c, report_machine.c, report_data.c). */
void report_summary(const struct report_unit *unit, FILE *to);
void report_devices(const struct report_unit *unit, FILE *to);
void report_accesses(const struct report_unit *unit, FILE *to);
void report_made_of(const struct report_unit *unit, FILE *to);
void report_faults(const struct report_unit *unit, FILE *to);
void report_commands(const struct report_unit *unit, FILE *to);
void report_machine(const struct report_unit *unit, FILE *to);
void report_kept(const struct report_unit *unit, FILE *to);
void report_hits(const struct report_unit *unit, FILE *to);
void report_windows(const struct report_unit *unit, FILE *to);
void report_data(const struct report_unit *unit, FILE *to);

/* What an access of the unit's own is of (IOM_OF_*), in words; never NULL. */
const char *report_of_name(unsigned of);

/* Devices that the machine shows: those with most requests, the others as one. */
#define REPORT_BOXES 4u
unsigned report_boxes(const struct report_unit *unit);

/* ---- Files (report.c) ----------------------------------------------------------------------------------- */

/* A page that is made: in memory, until it is whole. */
struct report {
	FILE *to;
	char *text;
	size_t bytes;
	unsigned units;
};

/* `source`: what was run or replayed.  False: no memory is left. */
bool report_begin(struct report *report, const char *source);
/* Ends the page and, if it is `whole`, writes it to `path`; a complaint of `verb` and EXIT_WRONG if not. */
int report_end(struct report *report, bool whole, const char *verb, const char *path);
/* Can a file be written there?  Does not change it.  A complaint and EXIT_WRONG if not. */
int report_probe(const char *verb, const char *path);
/* Replays a whole trace, and adds it.  EXIT_WRONG, with a complaint, if it cannot be; else EXIT_HELD. */
int report_add_file(struct report *report, const char *verb, const char *path);

#endif
