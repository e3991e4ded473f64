/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Events and differences in words. */
#include <inttypes.h>
#include <string.h>

#include "anatomy.h"
#include "replay.h"
#include "tables.h"

void words_registers(struct replay_view *v)
{
	static const char *const names[] = { "capabilities", "cap", "ecap" };
	uint64_t capabilities[2] = { 0 };

	for (unsigned i = 0; i < v->header->numbers; i++) {
		for (unsigned n = 0; n < sizeof names / sizeof names[0]; n++) {
			if (!strcmp(v->header->number[i].name, names[n]))
				capabilities[n / 2] = v->header->number[i].value;
		}
	}
	(void)register_map_make(v->header->arch, capabilities, &v->registers);
}

/* What a code in the event means, or NULL. */
static const char *meaning(const struct replay_view *v, const struct trace_event *e, char *room,
                           size_t size)
{
	uint64_t word = 0;

	if (e->kind == TRACE_CALL && !e->index &&
	    (e->what == IOM_CALL_MMIO_READ || e->what == IOM_CALL_MMIO_WRITE)) {
		const uint64_t *value = e->what == IOM_CALL_MMIO_WRITE ? &e->value : NULL;

		return register_words(&v->registers, e->address, (unsigned)e->bytes, value, room,
		                      size)
		               ? room
		               : NULL;
	}
	if (e->kind == TRACE_COMMAND) {
		for (size_t i = e->data_bytes < 8 ? e->data_bytes : 8; i--;)
			word = word << 8 | e->data[i];
		return anatomy_command_name(v->header->arch,
		                            anatomy_command_kind(v->header->arch, word), room,
		                            size);
	}
	if ((e->kind == TRACE_ACCESS || e->kind == TRACE_LEAVE) && e->reply.fault && v->unit)
		return iom_fault_name(v->unit, e->reply.fault);
	return NULL;
}

void words_of(const struct replay_view *v, const struct trace_event *e, char *text, size_t size)
{
	char room[256];
	const char *more = meaning(v, e, room, sizeof room);
	size_t n;

	trace_event_text(e, text, size);
	n = strlen(text);
	if (more)
		snprintf(text + n, size - n, " (%s)", more);
}

enum colour words_colour(const struct trace_event *e)
{
	if (e->kind != TRACE_ACCESS)
		return COLOUR_PLAIN;
	return e->result || (e->reply.status != IOM_DONE && e->reply.status != IOM_STALLED)
	               ? COLOUR_BAD
	               : COLOUR_PLAIN;
}

void words_line(const struct replay_view *v, const struct trace_event *e, char mark, FILE *to)
{
	char text[512];

	const enum colour colour = words_colour(e);

	words_of(v, e, text, sizeof text);
	fprintf(to, "%c%9" PRIu64 " %12.6f  %*s%s%s%s\n", mark, e->number, (double)e->time_ns / 1e9,
	        (int)(2 * e->depth), "", colour_on(v->colours, colour), text,
	        colour_off(v->colours, colour));
}

void words_fields(struct table_out *t, uint64_t number, uint64_t time_ns, uint32_t depth,
                  const char *words, bool refused)
{
	table_number(t, "event", number);
	table_number(t, "time_ns", time_ns);
	table_number(t, "depth", depth);
	table_string(t, "text", words, strlen(words));
	if (refused)
		table_bool(t, "refused", true);
}

void words_json(const struct replay_view *v, const struct trace_event *e)
{
	struct table_out t = { .json = true };
	char text[512];

	words_of(v, e, text, sizeof text);
	table_record(&t, 0, NULL, trace_kind_name(e->kind));
	words_fields(&t, e->number, e->time_ns, e->depth, text, words_colour(e) == COLOUR_BAD);
	table_close(&t);
}

void words_difference(const struct replay_view *v, const struct trace_difference *d, FILE *to)
{
	const struct trace_event *e = d->recorded;
	char text[512];

	fputs(colour_on(v->colours, COLOUR_BAD), to);
	if (e)
		fprintf(to,
		        "%s: the replay differs at event %" PRIu64 ", in the block at offset "
		        "%" PRIu64 ".",
		        v->path, e->number, e->offset);
	else
		fprintf(to, "%s: the replay differs at the trace's end.", v->path);
	fprintf(to, "%s\n", colour_off(v->colours, COLOUR_BAD));
	if (e)
		words_of(v, e, text, sizeof text);
	fprintf(to, "  recorded: %s%s%s\n", colour_on(v->colours, COLOUR_GOOD),
	        e ? text : "nothing more", colour_off(v->colours, COLOUR_GOOD));
	if (d->replayed)
		words_of(v, d->replayed, text, sizeof text);
	else
		snprintf(text, sizeof text, "%.*s", (int)strcspn(d->text, ";"), d->text);
	fprintf(to, "  replayed: %s%s%s\n", colour_on(v->colours, COLOUR_BAD), text,
	        colour_off(v->colours, COLOUR_BAD));
	fputs("What came before:\n", to);
	for (unsigned i = 0; i < d->lasts; i++)
		words_line(v, &d->last[i], ' ', to);
}
