/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* iommux regs: the registers of an IOMMU, in words. */
#include "regs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "colour.h"
#include "complain.h"
#include "lines.h"
#include "scene_option.h"
#include "tables.h"
#include "verbs.h"

/* A unit as it was saved: nothing that waits in it goes on, so that its registers stay as they were. */
struct regs {
	struct scene_spec spec;
	bool json, all;
	const char *color;
	struct scene scene;
	struct iom_unit *fresh, *unit;
	struct register_map map;
};

static int make_units(struct regs *r)
{
	static const struct iom_host host = { .bytes = sizeof host };
	const struct trace_header *header = &r->scene.header;
	struct iom_error error = { .text = "" };
	int result = trace_config_make(header, r->scene.memory, &host, NULL, &r->fresh, &error);

	if (!result)
		result = trace_config_make(header, r->scene.memory, &host, NULL, &r->unit, &error);
	if (!result) {
		(void)iom_unit_stop(r->unit);
		if (header->state)
			result = iom_unit_load(r->unit, header->state, header->state_bytes, &error);
	}
	if (!result && !register_map_of(r->unit, &r->map))
		return complain("regs: %s: the registers of %s are not known", r->scene.name,
		                iom_unit_arch(r->unit));
	return result ? complain("regs: %s: %s", r->scene.name, error.text) : EXIT_HELD;
}

/* The register that is next to be shown, and what is in it; false: there are no more. */
static bool next(const struct regs *r, uint64_t *from, struct register_place *place,
                 uint64_t word[2], uint64_t reset[2])
{
	while (register_next(&r->map, *from, place)) {
		*from = place->off + place->row->bytes;
		register_read(r->unit, place, word);
		register_read(r->fresh, place, reset);
		if (r->all || word[0] != reset[0] || word[1] != reset[1] || place->row->constant)
			return true;
	}
	return false;
}

/* ---- For people --------------------------------------------------------------------------------- */

static void print_register(const struct register_place *p, const uint64_t word[2], bool colours)
{
	char text[ANATOMY_TEXT];

	printf("\n0x%03x  %s%-14s%s ", p->off, colour_on(colours, COLOUR_HEADING), p->name,
	       colour_off(colours, COLOUR_HEADING));
	if (p->row->bytes > 8)
		printf("0x%016" PRIx64 "%016" PRIx64, word[1], word[0]);
	else
		printf("0x%0*" PRIx64, 2 * p->row->bytes, word[0]);
	if (!p->row->fields)
		return;
	anatomy_text(p->row->fields, &(struct anatomy_words){ word, p->row->fields->words, 0 },
	             text, sizeof text);
	lines_wrapped(text, 7);
}

static void print_all(const struct regs *r)
{
	struct queue queues[QUEUES_MAX];
	uint64_t from = 0, word[2], reset[2];
	struct register_place place;
	const bool colours = colour_wanted(r->color, stdout);
	char text[512];
	unsigned count;

	printf("%s: %s\n", r->scene.name, iom_unit_arch(r->unit));
	while (next(r, &from, &place, word, reset))
		print_register(&place, word, colours);
	if (!r->all)
		printf("\n\nAll others have the values of a reset; --all shows them.");
	puts("\n");
	count = queues_of(r->unit, &r->map, queues);
	for (unsigned i = 0; i < count; i++)
		puts(queue_sentence(&queues[i], text, sizeof text));
}

/* ---- As JSON ------------------------------------------------------------------------------------ */

static void json_register(struct table_out *t, const struct register_place *p,
                          const uint64_t word[2], const uint64_t reset[2])
{
	table_record(t, 1, "registers", p->name);
	table_hex(t, "offset", p->off);
	table_number(t, "bytes", p->row->bytes);
	table_hex(t, "value", word[0]);
	if (p->row->bytes > 8)
		table_hex(t, "value_high", word[1]);
	table_hex(t, "reset", reset[0]);
	if (p->row->fields)
		anatomy_json(p->row->fields,
		             &(struct anatomy_words){ word, p->row->fields->words, 0 }, t, 2);
}

static void json_queue(struct table_out *t, const struct queue *q)
{
	const char *errors[QUEUE_ERRORS];
	char text[512];

	for (unsigned i = 0; i < q->error_count; i++)
		errors[i] = q->errors[i];
	table_record(t, 1, "queues", q->name);
	if (q->state)
		table_text(t, "state", q->state, strlen(q->state));
	table_number(t, "entries", q->entries);
	if (q->indices) {
		table_hex(t, "address", q->address);
		table_number(t, "head", q->head);
		table_number(t, "tail", q->tail);
	}
	table_number(t, "pending", q->pending);
	table_texts(t, "errors", errors, q->error_count);
	queue_sentence(q, text, sizeof text);
	table_text(t, "sentence", text, strlen(text));
}

static void json_all(const struct regs *r)
{
	struct table_out t = { .json = true };
	struct queue queues[QUEUES_MAX];
	uint64_t from = 0, word[2], reset[2];
	struct register_place place;
	unsigned count;

	table_record(&t, 0, NULL, "unit");
	table_text(&t, "from", r->scene.name, strlen(r->scene.name));
	table_text(&t, "arch", iom_unit_arch(r->unit), strlen(iom_unit_arch(r->unit)));
	while (next(r, &from, &place, word, reset))
		json_register(&t, &place, word, reset);
	count = queues_of(r->unit, &r->map, queues);
	for (unsigned i = 0; i < count; i++)
		json_queue(&t, &queues[i]);
	table_close(&t);
}

/* ---- The verb ------------------------------------------------------------------------------------ */

static const struct option options[] = {
	{ "--all", NULL, "Shows registers that have the values of a reset, too.",
	  .place = offsetof(struct regs, all) },
	{ "--json", NULL, "Prints all of it as JSON.", .place = offsetof(struct regs, json) },
	OPTION_COLOR(offsetof(struct regs, color)),
	SCENE_MOMENT_OPTIONS,
	{ NULL, "FILE", "A snapshot, as 'iommux run --snapshot' makes them, a trace or a scenario.",
	  .place = offsetof(struct regs, spec.path), .files = "*" },
	{ .name = NULL },
};

static int run(int argc, char **argv)
{
	struct regs r = { .spec.verb = "regs" };
	int status = option_take_all(&verb_regs, &r, argc, argv);

	if (status)
		return status;
	if (!r.spec.path)
		return complain("regs: no file was given; 'iommux run --snapshot' makes snapshots");
	status = scene_open(&r.spec, NULL, &r.scene);
	if (status)
		return status;
	status = make_units(&r);
	if (!status && r.json)
		json_all(&r);
	else if (!status)
		print_all(&r);
	iom_unit_free(r.fresh);
	iom_unit_free(r.unit);
	scene_close(&r.scene);
	return status;
}

const struct verb verb_regs = {
	.name = "regs",
	.summary = "show the registers of an IOMMU, and what is in them",
	.synopsis = { "[--all] [--event N | --at STEP [--unit N]] [--json] FILE" },
	.description = {
		"Prints the registers of an IOMMU: offset, name, value, and the fields that are not 0 or "
		"that decide, with what they mean.  Registers that have the value that they have after a "
		"reset are left out.",

		"Behind them stands what the registers say of each queue: where it is, its head and its "
		"tail, how many entries are pending, and which errors stand.",
	},
	.options = options,
	.examples = {
		{ "Look at the IOMMU of a scenario's PCI devices at its third step:",
		  { "iommux regs --at 3 --unit 1 examples/os.lua" } },
	},
	.statuses = {
		[EXIT_HELD] = "The registers were printed.",
		[EXIT_WRONG] = "An option or the file is not as it must be; nothing but one sentence is "
		               "written.",
	},
	.see_also = { "iommux-run(1)", "iommux-tables(1)", "docs/tables.md" },
	.run = run,
};
