/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What happened in a trace, for people and as JSON. */
#include <inttypes.h>
#include <string.h>

#include "anatomy.h"
#include "colour.h"
#include "replay.h"
#include "tables.h"
#include "verbs.h"

static uint64_t per(uint64_t ns, uint64_t things)
{
	return things ? ns / things : 0;
}

/* ---- For people ---------------------------------------------------------------------------------- */

static void heading(const struct replay_view *v, const char *text)
{
	const enum colour colour = *text ? COLOUR_HEADING : COLOUR_PLAIN;

	printf("%s%-12s%s ", colour_on(v->colours, colour), text, colour_off(v->colours, colour));
}

/* "5 refused", which is worth a look if it is not 0 */
static void put_refused(const struct replay_view *v, uint64_t refused)
{
	const enum colour colour = refused ? COLOUR_BAD : COLOUR_PLAIN;

	printf("%s%" PRIu64 " refused%s", colour_on(v->colours, colour), refused,
	       colour_off(v->colours, colour));
}

/* Is what has this name made of bits, or a number? */
static bool is_word(const char *name)
{
	return strstr(name, "cap") || !strcmp(name, "flags") || !strcmp(name, "version");
}

static void put_unit(const struct replay_view *v)
{
	const struct trace_header *h = v->header;

	heading(v, "Unit");
	fputs(h->arch, stdout);
	for (unsigned i = 0; i < h->numbers; i++)
		if (h->number[i].value)
			printf(is_word(h->number[i].name) ? ", %s 0x%" PRIx64 : ", %s %" PRIu64,
			       h->number[i].name, h->number[i].value);
	putchar('\n');
}

static void put_trace(const struct replay_view *v, const struct replay_stats *s)
{
	char size[32], span[32], took[32], one[32];

	heading(v, "Trace");
	printf("%" PRIu64 " events, %" PRIu64 " calls, within %s; %s\n", s->events, s->outermost,
	       time_text(s->last_ns - s->first_ns, span, sizeof span),
	       bytes_text(v->bytes, size, sizeof size));
	heading(v, "Replay");
	printf("%s, in %s of CPU time", v->partly ? "as recorded up to there" : "as recorded",
	       time_text(s->replay_ns, took, sizeof took));
	if (s->requests)
		printf("; %s a request",
		       time_text(per(s->requests_ns, s->requests), one, sizeof one));
	putchar('\n');
}

static void put_requests(const struct replay_view *v, const struct replay_stats *s)
{
	char from[32], to[32];

	heading(v, "Requests");
	printf("%" PRIu64, s->requests);
	if (s->requests) {
		printf(": %" PRIu64 " granted, ", s->granted);
		put_refused(v, s->refused);
		printf(", %" PRIu64 " stalled", s->stalled);
	}
	if (s->asked[IOM_AT_TRANSLATION_REQUEST] || s->asked[IOM_AT_TRANSLATED])
		printf("; %" PRIu64 " translation requests, %" PRIu64 " translated",
		       s->asked[IOM_AT_TRANSLATION_REQUEST], s->asked[IOM_AT_TRANSLATED]);
	putchar('\n');
	if (!s->requests)
		return;
	heading(v, "Cached");
	printf("%.1f %% were answered without reading a table\n", share_of(s->cached, s->requests));
	heading(v, "Moved");
	printf("%s read, %s written\n", bytes_text(bytes_moved(s, COUNT_READ), from, sizeof from),
	       bytes_text(bytes_moved(s, COUNT_WRITTEN), to, sizeof to));
}

static void put_own(const struct replay_view *v, const struct replay_stats *s)
{
	const char *before = "";

	heading(v, "Own accesses");
	for (unsigned of = IOM_OF_DEVICE; of < REPLAY_OFS; of++) {
		if (!s->loads[of] && !s->stores[of])
			continue;
		printf("%s%s %" PRIu64, before, trace_of_name(of), s->loads[of]);
		if (s->stores[of])
			printf("+%" PRIu64, s->stores[of]);
		before = ", ";
	}
	puts(*before ? " (loads+stores)" : "none");
}

static void put_interrupts(const struct replay_view *v, const struct replay_stats *s)
{
	heading(v, "Interrupts");
	printf("%" PRIu64 " messages: %" PRIu64 " of the unit's own, %" PRIu64
	       " requests of devices; %" PRIu64 " changes of wires\n",
	       s->called[IOM_CALLED_MSI], s->stores[IOM_OF_INTERRUPT],
	       s->to_interrupts + s->calls[IOM_CALL_MSI], s->called[IOM_CALLED_WIRE]);
	if (!s->called[IOM_CALLED_MESSAGE] && !s->calls[IOM_CALL_MESSAGE])
		return;
	heading(v, "Messages");
	printf("%" PRIu64 " to devices, %" PRIu64 " from devices\n", s->called[IOM_CALLED_MESSAGE],
	       s->calls[IOM_CALL_MESSAGE]);
}

static void put_commands(const struct replay_view *v, const struct replay_stats *s)
{
	char room[32];

	heading(v, "Registers");
	printf("%" PRIu64 " loads, %" PRIu64 " stores\n", s->calls[IOM_CALL_MMIO_READ],
	       s->calls[IOM_CALL_MMIO_WRITE]);
	for (size_t i = 0; i < s->commands.used; i++) {
		const struct tally_row *row = &s->commands.rows[i];

		heading(v, i ? "" : "Commands");
		printf("%8" PRIu64 "  %s\n", row->count[COUNT_REQUESTS],
		       anatomy_command_name(v->header->arch, (unsigned)row->key, room,
		                            sizeof room));
	}
}

static void put_faults(const struct replay_view *v, const struct replay_stats *s)
{
	for (size_t i = 0; i < s->faults.used; i++) {
		const struct tally_row *row = &s->faults.rows[i];
		const uint32_t code = (uint32_t)(row->key >> 32);

		heading(v, i ? "" : "Faults");
		printf("%8" PRIu64 "  %s0x%x %s%s, of 0x%x, first in event %" PRIu64 "\n",
		       row->count[COUNT_REQUESTS], colour_on(v->colours, COLOUR_BAD), code,
		       iom_fault_name(v->unit, code), colour_off(v->colours, COLOUR_BAD),
		       (uint32_t)row->key, row->count[COUNT_FIRST]);
	}
}

/* The busiest; all if there are only a few more. */
#define DEVICES_SHOWN 12

static void put_devices(const struct replay_view *v, const struct replay_stats *s, bool all)
{
	size_t shown =
		all || s->requesters.used <= DEVICES_SHOWN + 4 ? s->requesters.used : DEVICES_SHOWN;
	char from[32], to[32];

	for (size_t i = 0; i < shown; i++) {
		const struct tally_row *row = &s->requesters.rows[i];
		const uint64_t *n = row->count;

		heading(v, i ? "" : "Devices");
		printf("%8" PRIu64 "  requests of 0x%" PRIx64 ", %.1f %% cached, ",
		       n[COUNT_REQUESTS], row->key, share_of(n[COUNT_CACHED], n[COUNT_REQUESTS]));
		put_refused(v, n[COUNT_REFUSED]);
		printf("; %s read, %s written\n", bytes_text(n[COUNT_READ], from, sizeof from),
		       bytes_text(n[COUNT_WRITTEN], to, sizeof to));
	}
	if (shown < s->requesters.used) {
		heading(v, "");
		printf("          and %zu more; --stats lists them\n", s->requesters.used - shown);
	}
}

static void put_calls(const struct replay_view *v, const struct replay_stats *s)
{
	bool first = true;

	for (unsigned i = 0; i < IOM_CALLS; i++) {
		if (!s->calls[i])
			continue;
		heading(v, first ? "Calls" : "");
		printf("%8" PRIu64 "  %s\n", s->calls[i], trace_call_name(i));
		first = false;
	}
	first = true;
	for (unsigned i = 0; i < IOM_CALLED_KINDS; i++) {
		if (!s->called[i])
			continue;
		heading(v, first ? "Callbacks" : "");
		printf("%8" PRIu64 "  %s\n", s->called[i], trace_called_name(i));
		first = false;
	}
}

void summary_text(const struct replay_view *v, const struct replay_stats *s, bool all)
{
	heading(v, "File");
	printf("%s%s%s\n", v->path, v->header->note[0] ? ": " : "", v->header->note);
	put_unit(v);
	put_trace(v, s);
	put_requests(v, s);
	put_own(v, s);
	put_interrupts(v, s);
	put_commands(v, s);
	put_faults(v, s);
	put_devices(v, s, all);
	if (all)
		put_calls(v, s);
}

/* ---- As JSON ------------------------------------------------------------------------------------- */

static void json_head(struct table_out *t, const struct replay_view *v,
                      const struct replay_stats *s)
{
	table_record(t, 0, NULL, "trace");
	table_string(t, "file", v->path, strlen(v->path));
	table_string(t, "note", v->header->note, strlen(v->header->note));
	table_text(t, "arch", v->header->arch, strlen(v->header->arch));
	table_number(t, "bytes", v->bytes);
	table_number(t, "events", s->events);
	table_number(t, "outermost_calls", s->outermost);
	table_number(t, "span_ns", s->last_ns - s->first_ns);
	table_number(t, "replay_cpu_ns", s->replay_ns);
	table_number(t, "request_cpu_ns", per(s->requests_ns, s->requests));
	table_number(t, "requests", s->requests);
	table_number(t, "granted", s->granted);
	table_number(t, "refused", s->refused);
	table_number(t, "stalled", s->stalled);
	table_number(t, "cached", s->cached);
	table_number(t, "translation_requests", s->asked[IOM_AT_TRANSLATION_REQUEST]);
	table_number(t, "translated_requests", s->asked[IOM_AT_TRANSLATED]);
	table_number(t, "bytes_read", bytes_moved(s, COUNT_READ));
	table_number(t, "bytes_written", bytes_moved(s, COUNT_WRITTEN));
	table_number(t, "device_interrupts", s->to_interrupts + s->calls[IOM_CALL_MSI]);
}

static void json_counts(struct table_out *t, const char *list, const uint64_t *counts, unsigned n,
                        const char *(*name)(unsigned i))
{
	for (unsigned i = 0; i < n; i++) {
		if (!counts[i])
			continue;
		table_record(t, 1, list, name(i));
		table_number(t, "count", counts[i]);
	}
}

static void json_commands(struct table_out *t, const struct replay_view *v,
                          const struct replay_stats *s)
{
	char room[32];

	for (size_t i = 0; i < s->commands.used; i++) {
		const struct tally_row *row = &s->commands.rows[i];

		table_record(t, 1, "commands",
		             anatomy_command_name(v->header->arch, (unsigned)row->key, room,
		                                  sizeof room));
		table_number(t, "count", row->count[COUNT_REQUESTS]);
	}
}

static void json_faults(struct table_out *t, const struct replay_view *v,
                        const struct replay_stats *s)
{
	for (size_t i = 0; i < s->faults.used; i++) {
		const struct tally_row *row = &s->faults.rows[i];
		const uint32_t code = (uint32_t)(row->key >> 32);

		table_record(t, 1, "faults", iom_fault_name(v->unit, code));
		table_number(t, "code", code);
		table_number(t, "requester", (uint32_t)row->key);
		table_number(t, "count", row->count[COUNT_REQUESTS]);
		table_number(t, "first_event", row->count[COUNT_FIRST]);
		table_hex(t, "first_address", row->count[COUNT_ADDRESS]);
	}
}

static void json_devices(struct table_out *t, const struct replay_stats *s)
{
	for (size_t i = 0; i < s->requesters.used; i++) {
		const struct tally_row *row = &s->requesters.rows[i];

		table_record(t, 1, "devices", "device");
		table_number(t, "requester", row->key);
		table_number(t, "requests", row->count[COUNT_REQUESTS]);
		table_number(t, "cached", row->count[COUNT_CACHED]);
		table_number(t, "refused", row->count[COUNT_REFUSED]);
		table_number(t, "bytes_read", row->count[COUNT_READ]);
		table_number(t, "bytes_written", row->count[COUNT_WRITTEN]);
	}
}

int summary_json(const struct replay_view *v, const struct replay_stats *s, const char *difference)
{
	struct table_out t = { .json = true };

	json_head(&t, v, s);
	for (unsigned i = 0; i < v->header->numbers; i++) {
		table_record(&t, 1, "unit", v->header->number[i].name);
		table_hex(&t, "value", v->header->number[i].value);
	}
	json_counts(&t, "calls", s->calls, IOM_CALLS, trace_call_name);
	json_counts(&t, "callbacks", s->called, IOM_CALLED_KINDS, trace_called_name);
	json_counts(&t, "loads", s->loads, REPLAY_OFS, trace_of_name);
	json_counts(&t, "stores", s->stores, REPLAY_OFS, trace_of_name);
	json_commands(&t, v, s);
	json_faults(&t, v, s);
	json_devices(&t, s);
	if (difference)
		table_wrong(&t, difference);
	return table_end(&t);
}

int summary_difference(const struct replay_view *v, const char *difference)
{
	struct table_out t = { .json = true };

	table_record(&t, 0, NULL, "difference");
	table_string(&t, "file", v->path, strlen(v->path));
	table_wrong(&t, difference);
	return table_end(&t);
}
