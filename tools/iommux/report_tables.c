/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Numbers of a unit as HTML: what is read without a script, too. */
#include <inttypes.h>

#include "anatomy.h"
#include "markup.h"
#include "report.h"

#define ROWS_MAX 100u /* of a table; the trace may have thousands */

#define N "<td class=\"n\">"

const char *report_of_name(unsigned of)
{
	static const char *const names[REPLAY_OFS] = {
		[IOM_OF_DEVICE] = "device tables", [IOM_OF_PROCESS] = "process tables",
		[IOM_OF_STAGE1] = "first stage",   [IOM_OF_STAGE2] = "second stage",
		[IOM_OF_MSI] = "interrupt tables", [IOM_OF_MRIF] = "interrupt files",
		[IOM_OF_QUEUE] = "queues",         [IOM_OF_INTERRUPT] = "interrupt messages",
	};

	return of < REPLAY_OFS && names[of] ? names[of] : "?";
}

/* ---- Summary ---------------------------------------------------------------------------------------- */

static void tile(const char *key, const char *name, const char *value, FILE *to)
{
	fprintf(to, "<div><dt>%s</dt><dd data-key=\"%s\">%s</dd></div>\n", name, key, value);
}

static void tile_count(const char *key, const char *name, uint64_t count, FILE *to)
{
	char room[32];

	tile(key, name, count_text(count, room, sizeof room), to);
}

/* Emulators ask for addresses, and move the data themselves. */
static void put_moved(const struct replay_stats *s, FILE *to)
{
	const uint64_t from = bytes_moved(s, COUNT_READ), into = bytes_moved(s, COUNT_WRITTEN);
	char room[32];

	if (!from && !into)
		return;
	tile("bytes_read", "Read by devices", bytes_text(from, room, sizeof room), to);
	tile("bytes_written", "Written by devices", bytes_text(into, room, sizeof room), to);
}

static void put_sentence(const struct report_unit *u, FILE *to)
{
	const struct replay_stats *s = u->stats;
	char requests[32], refused[32];

	if (!s->requests) {
		fputs("<p class=\"lead\">No device asked this IOMMU for anything.</p>\n", to);
		return;
	}
	fprintf(to, "<p class=\"lead\">%zu device%s asked for memory %s time%s. ",
	        s->requesters.used, s->requesters.used == 1 ? "" : "s",
	        count_text(s->requests, requests, sizeof requests), s->requests == 1 ? "" : "s");
	if (s->refused)
		fprintf(to, "<strong class=\"bad\">%s %s refused</strong>. ",
		        count_text(s->refused, refused, sizeof refused),
		        s->refused == 1 ? "was" : "were");
	else
		fputs("Nothing was refused. ", to);
	fprintf(to, "%.1f %% of the answers needed no table to be read.</p>\n",
	        share_of(s->cached, s->requests));
}

void report_summary(const struct report_unit *u, FILE *to)
{
	const struct replay_stats *s = u->stats;
	char room[32];

	if (u->difference) {
		fputs("<p class=\"bad\"><strong>The replay differs from the recording ", to);
		markup_text(u->difference, to);
		fputs("</strong> What follows is up to there.</p>\n", to);
	} else if (u->view->partly) {
		fputs("<p>The trace was replayed up to here, not to its end.</p>\n", to);
	}
	put_sentence(u, to);
	fputs("<dl class=\"tiles\">\n", to);
	tile_count("requests", "Requests", s->requests, to);
	tile_count("granted", "Granted", s->granted, to);
	tile_count("refused", "Refused", s->refused, to);
	if (s->stalled)
		tile_count("stalled", "Stalled", s->stalled, to);
	if (s->asked[IOM_AT_TRANSLATION_REQUEST])
		tile_count("translation_requests", "Translation requests",
		           s->asked[IOM_AT_TRANSLATION_REQUEST], to);
	if (s->asked[IOM_AT_TRANSLATED])
		tile_count("translated_requests", "Already translated", s->asked[IOM_AT_TRANSLATED],
		           to);
	tile_count("cached", "Without reading a table", s->cached, to);
	put_moved(s, to);
	tile_count("interrupts", "Interrupt messages", s->called[IOM_CALLED_MSI], to);
	tile_count("events", "Events in the trace", s->events, to);
	tile("span", "Time recorded", time_text(s->last_ns - s->first_ns, room, sizeof room), to);
	fputs("</dl>\n", to);
}

void report_made_of(const struct report_unit *u, FILE *to)
{
	const struct trace_header *h = u->view->header;

	fputs("<dl class=\"pairs\"><dt>architecture</dt><dd>", to);
	markup_text(h->arch, to);
	fputs("</dd>", to);
	for (unsigned i = 0; i < h->numbers; i++) {
		if (!h->number[i].value)
			continue;
		fputs("<dt>", to);
		markup_text(h->number[i].name, to);
		fprintf(to, "</dt><dd>0x%" PRIx64 "</dd>", h->number[i].value);
	}
	fputs("</dl>\n", to);
}

/* ---- Tables ----------------------------------------------------------------------------------------- */

/* A heading's first character says how its column is set: '>' to the right. */
static void begin_table(const char *const *headings, FILE *to)
{
	fputs("<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>", to);
	for (; *headings; headings++)
		fprintf(to, "<th scope=\"col\"%s>%s</th>", **headings == '>' ? " class=\"n\"" : "",
		        *headings + (**headings == '>'));
	fputs("</tr></thead><tbody>\n", to);
}

static void end_table(size_t rows, FILE *to)
{
	fputs("</tbody></table></div>\n", to);
	if (rows > ROWS_MAX)
		fprintf(to, "<p>And %zu more rows.</p>\n", rows - ROWS_MAX);
}

static void put_count(uint64_t count, FILE *to)
{
	char room[32];

	fprintf(to, N "%s</td>", count_text(count, room, sizeof room));
}

static void put_bytes(uint64_t bytes, FILE *to)
{
	char room[32];

	fprintf(to, N "%s</td>", bytes_text(bytes, room, sizeof room));
}

static bool any_moved(const struct replay_stats *s)
{
	return bytes_moved(s, COUNT_READ) || bytes_moved(s, COUNT_WRITTEN);
}

void report_devices(const struct report_unit *u, FILE *to)
{
	static const char *const all[] = { "Device", ">Requests", ">Cached", ">Refused",
		                           ">Read",  ">Written",  NULL };
	static const char *const fewer[] = { "Device", ">Requests", ">Cached", ">Refused", NULL };
	const struct tally *t = &u->stats->requesters;
	const bool moved = any_moved(u->stats);

	if (!t->used)
		return;
	fputs("<h4>Devices</h4>\n", to);
	begin_table(moved ? all : fewer, to);
	for (size_t i = 0; i < t->used && i < ROWS_MAX; i++) {
		const uint64_t *n = t->rows[i].count;

		fprintf(to, "<tr><td class=\"m\">0x%" PRIx64 "</td>", t->rows[i].key);
		put_count(n[COUNT_REQUESTS], to);
		fprintf(to, N "%.1f %%</td>", share_of(n[COUNT_CACHED], n[COUNT_REQUESTS]));
		put_count(n[COUNT_REFUSED], to);
		if (moved) {
			put_bytes(n[COUNT_READ], to);
			put_bytes(n[COUNT_WRITTEN], to);
		}
		fputs("</tr>\n", to);
	}
	end_table(t->used, to);
}

void report_accesses(const struct report_unit *u, FILE *to)
{
	static const char *const headings[] = { "Of", ">Loads", ">Stores", NULL };

	fputs("<h4>The unit&#8217;s own accesses</h4>\n", to);
	begin_table(headings, to);
	for (unsigned of = IOM_OF_DEVICE; of < REPLAY_OFS; of++) {
		if (!u->stats->loads[of] && !u->stats->stores[of])
			continue;
		fprintf(to, "<tr><td>%s</td>", report_of_name(of));
		put_count(u->stats->loads[of], to);
		put_count(u->stats->stores[of], to);
		fputs("</tr>\n", to);
	}
	end_table(0, to);
}

void report_faults(const struct report_unit *u, FILE *to)
{
	static const char *const headings[] = { "Device", "First address", "Fault", ">Code",
		                                ">Count", ">First event",  NULL };
	const struct tally *t = &u->stats->faults;

	if (!t->used) {
		fputs("<p>There were no faults.</p>\n", to);
		return;
	}
	begin_table(headings, to);
	for (size_t i = 0; i < t->used && i < ROWS_MAX; i++) {
		const struct tally_row *row = &t->rows[i];
		const uint32_t code = (uint32_t)(row->key >> 32);
		char room[32];

		fprintf(to, "<tr><td class=\"m\">0x%x</td><td class=\"m\">0x%" PRIx64 "</td><td>",
		        (uint32_t)row->key, row->count[COUNT_ADDRESS]);
		markup_text(iom_fault_name(u->view->unit, code), to);
		fprintf(to, "</td><td class=\"n m\">0x%x</td>", code);
		put_count(row->count[COUNT_REQUESTS], to);
		fprintf(to, N "<span data-event=\"%" PRIu64 "\">%s</span></td></tr>\n",
		        row->count[COUNT_FIRST],
		        count_text(row->count[COUNT_FIRST], room, sizeof room));
	}
	end_table(t->used, to);
}

void report_commands(const struct report_unit *u, FILE *to)
{
	static const char *const headings[] = { "Command", ">Count", ">First event", NULL };
	const struct tally *t = &u->stats->commands;
	char room[32];

	fprintf(to, "<p>Software loaded registers %s times, ",
	        count_text(u->stats->calls[IOM_CALL_MMIO_READ], room, sizeof room));
	fprintf(to, "and stored to them %s times.</p>\n",
	        count_text(u->stats->calls[IOM_CALL_MMIO_WRITE], room, sizeof room));
	if (!t->used) {
		fputs("<p>It gave no commands.</p>\n", to);
		return;
	}
	begin_table(headings, to);
	for (size_t i = 0; i < t->used && i < ROWS_MAX; i++) {
		fputs("<tr><td>", to);
		markup_text(anatomy_command_name(u->view->header->arch, (unsigned)t->rows[i].key,
		                                 room, sizeof room),
		            to);
		fputs("</td>", to);
		put_count(t->rows[i].count[COUNT_REQUESTS], to);
		put_count(t->rows[i].count[COUNT_FIRST], to);
		fputs("</tr>\n", to);
	}
	end_table(t->used, to);
}

/* ---- What is not shown -------------------------------------------------------------------------------- */

void report_kept(const struct report_unit *u, FILE *to)
{
	static const char *const names[REPORT_CLASSES] = {
		[REPORT_FIRST_REFUSED] = "first refusals of a kind",
		[REPORT_REFUSED] = "further refusals",
		[REPORT_WALKED] = "requests that read tables",
		[REPORT_CACHED] = "requests that read none",
		[REPORT_COMMANDS] = "commands",
		[REPORT_INTERRUPTS] = "interrupts beside requests",
		[REPORT_MESSAGES] = "messages to and from devices",
	};
	bool any = false;
	char seen[32];

	for (unsigned i = 0; i < REPORT_CLASSES; i++) {
		const struct report_class *c = &u->steps->class[i];

		if (c->stride < 2)
			continue;
		fputs(any ? ", " : "<p class=\"d\">The recording is long; here is a sample of it: ",
		      to);
		fprintf(to, "every %" PRIu64 "%s of %s %s", c->stride, c->stride == 2 ? "nd" : "th",
		        count_text(c->seen, seen, sizeof seen), names[i]);
		any = true;
	}
	if (any)
		fputs(". All numbers count everything.</p>\n", to);
}
