/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The tables of one device: its contexts, and what they map. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "complain.h"
#include "regs/riscv.h"
#include "tables_unit.h"
#include "verbs.h"

/* So many ranges of the first stage are followed through the second, and so many bytes of them. */
#define BOTH_MAX 256u
#define BOTH_BYTES (UINT64_C(4) << 30)

struct device {
	struct tables_unit *u;
	struct iom_endpoint *endpoint;
	struct explanation x;
	struct iom_context_info info;
	struct ranges_stage stage[2]; /* the first, the second */
	bool has[2];
	unsigned shown; /* the stage that is told now */
	struct range first[BOTH_MAX];
	unsigned firsts;
};

/* ---- Contexts ------------------------------------------------------------------------------------ */

/* A register's fields, by its name; NULL: it has none. */
static const struct anatomy *fields_of(const struct tables_unit *u, const char *name)
{
	for (size_t i = 0; i < u->map.count; i++) {
		if (!strcmp(u->map.rows[i].name, name))
			return u->map.rows[i].fields;
	}
	return NULL;
}

static void put_step(struct tables_unit *u, const struct explain_step *s)
{
	const struct anatomy *anatomy = s->is_register ? fields_of(u, s->what) : s->anatomy;

	table_record(&u->out, 1, "contexts", s->what);
	if (!s->is_register)
		table_hex(&u->out, "address", s->spa);
	if (s->result || !s->count)
		tables_field(u, "read", s->unknown ? "not known" : "refused");
	else if (anatomy)
		tables_entry(u, 2, anatomy, &(struct anatomy_words){ s->word, s->count, s->how });
	else
		table_hex(&u->out, "value", s->word[0]);
}

static void put_contexts(struct device *d)
{
	for (size_t i = 0; i < d->x.count; i++) {
		const struct explain_step *s = &d->x.step[i];

		if (s->is_register || s->of == IOM_OF_DEVICE || s->of == IOM_OF_PROCESS)
			put_step(d->u, s);
	}
}

/* ---- What is mapped -------------------------------------------------------------------------------- */

static void put_range(struct tables_unit *u, const struct range *r, const char *perm)
{
	char text[128], sizes[96];

	ranges_sizes(r->sizes, sizes, sizeof sizes);
	if (u->out.json) {
		table_record(&u->out, 2, "ranges", "range");
		table_hex(&u->out, "first", r->input);
		table_hex(&u->out, "last", r->input + r->bytes - 1);
		table_hex(&u->out, "output", r->output);
		table_hex(&u->out, "bytes", r->bytes);
	} else {
		snprintf(text, sizeof text, "0x%012" PRIx64 "-0x%012" PRIx64 " -> 0x%012" PRIx64,
		         r->input, r->input + r->bytes - 1, r->output);
		table_record(&u->out, 2, "ranges", text);
	}
	tables_field(u, "perm", perm);
	if (*sizes)
		tables_field(u, "pages", sizes);
}

static void on_range(void *opaque, const struct range *r)
{
	struct device *d = opaque;
	char perm[8];

	put_range(d->u, r, ranges_perm(&d->stage[d->shown], r->perm, perm));
	if (!d->shown && d->firsts < BOTH_MAX)
		d->first[d->firsts++] = *r;
}

static void on_wrong(void *opaque, const char *sentence)
{
	const struct device *d = opaque;
	char text[320];

	snprintf(text, sizeof text, "%s stage: %s", d->shown ? "second" : "first", sentence);
	tables_wrong(d->u, text);
}

static int on_read(void *opaque, uint64_t spa, void *buf, size_t size)
{
	const struct device *d = opaque;

	return tables_read(d->u, spa, buf, size);
}

static void put_stage(struct device *d, unsigned which)
{
	const struct ranges_walk walk = {
		.stage = &d->stage[which],
		.below = !which && d->has[1] ? &d->stage[1] : NULL,
		.read = on_read,
		.range = on_range,
		.wrong = on_wrong,
		.opaque = d,
	};

	d->shown = which;
	table_record(&d->u->out, 1, "stages", which ? "second stage" : "first stage");
	tables_field(d->u, "tables", d->stage[which].name);
	table_hex(&d->u->out, "at", d->stage[which].root.address);
	tables_field(d->u, "output", d->has[1] && !which ? "guest-physical" : "physical");
	ranges_walk(&walk);
}

/* As iom_replay tells it. */
static int on_stretch(void *opaque, uint64_t iova, uint64_t spa, uint64_t bytes, unsigned perm)
{
	struct device *d = opaque;
	const struct range r = { .input = iova, .output = spa, .bytes = bytes };
	char text[8];

	snprintf(text, sizeof text, "%c%c%c", perm & IOM_PERM_READ ? 'r' : '-',
	         perm & IOM_PERM_WRITE ? 'w' : '-', perm & IOM_PERM_EXECUTE ? 'x' : '-');
	put_range(d->u, &r, text);
	return 0;
}

/* What devices reach in the end: the unit is asked, range by range of the first stage. */
static void put_both(struct device *d)
{
	uint64_t left = BOTH_BYTES, next;

	table_record(&d->u->out, 1, "stages", "both stages");
	tables_field(d->u, "output", "physical");
	for (unsigned i = 0; i < d->firsts && left; i++) {
		const struct range *r = &d->first[i];
		const uint64_t bytes = r->bytes < left ? r->bytes : left;

		if (iom_replay(d->endpoint, r->input, r->input + bytes - 1, on_stretch, d, &next) ==
		    IOM_EBUSY)
			left = bytes;
		left -= bytes;
	}
	if (!left || d->firsts == BOTH_MAX)
		tables_wrong(d->u, "both stages: not all of the first stage was followed; 4 GiB "
		                   "and 256 ranges of it are");
}

static void put_mappings(struct device *d)
{
	const struct iom_context_info *info = &d->info;

	d->has[1] = ranges_stage_make(&info->stage2, true, &d->u->unit, NULL, &d->stage[1]);
	d->has[0] = ranges_stage_make(&info->stage1, false, &d->u->unit,
	                              d->has[1] ? &d->stage[1] : NULL, &d->stage[0]);
	for (unsigned which = 0; which < 2; which++) {
		if (d->has[which])
			put_stage(d, which);
	}
	/* The library replays what is mapped for requests without PASID. */
	if (d->has[0] && d->has[1] && !info->has_pasid)
		put_both(d);
}

static void put_interrupts(struct device *d)
{
	const uint32_t requester = d->info.requester;

	if (!d->u->riscv) {
		tables_remapping(d->u, &requester);
		return;
	}
	for (size_t i = 0; i < d->x.count; i++) {
		const struct explain_step *s = &d->x.step[i];

		if (s->anatomy == &anatomy_rv_dc && s->count && s->word[0] & RV_TC_V)
			tables_msi(d->u, s->word, s->count);
	}
}

/* ---- All of it --------------------------------------------------------------------------------------- */

static const char *outcome(const struct device *d)
{
	const struct iom_context_info *info = &d->info;

	if (info->kind == IOM_CONTEXT_BLOCKED)
		return d->x.fault ? d->x.fault : "blocked";
	if (info->stage1.format || info->stage2.format)
		return "translated";
	return "passed through";
}

static void put(struct device *d)
{
	struct tables_unit *u = d->u;
	char room[16];

	explain_device(d->info.requester, room);
	table_record(&u->out, 0, NULL, u->out.json ? "device" : room);
	if (u->out.json)
		tables_field(u, "device", room);
	if (d->info.has_pasid)
		table_hex(&u->out, "pasid", d->info.pasid);
	tables_field(u, "requests", outcome(d));
	tables_from(u);
	put_contexts(d);
	if (d->info.kind == IOM_CONTEXT_TRANSLATED)
		put_mappings(d);
	put_interrupts(d);
}

int tables_device(struct tables_unit *u, uint32_t requester, bool has_pasid, uint32_t pasid)
{
	struct device d = { .u = u };
	const struct scene_question question = {
		.requester = requester,
		.request = { .flags = IOM_REQ_PROBE | (has_pasid ? IOM_REQ_PASID : 0),
		             .pasid = pasid },
	};
	int status;

	if (iom_endpoint_get(u->scene->unit, requester, &d.endpoint))
		return complain("tables: 0x%" PRIx32 " is no device that the IOMMU can have; its "
		                "numbers have %u bits",
		                requester, u->riscv ? 24 : 16);
	status = explanation_make(u->scene, &question, &d.x);
	if (status)
		return status;
	if (iom_fault_in(d.endpoint, has_pasid, pasid, &d.info))
		d.info = (struct iom_context_info){ .requester = requester };
	put(&d);
	explanation_free(&d.x);
	return EXIT_HELD;
}
