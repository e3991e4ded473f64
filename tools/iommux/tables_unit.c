/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What the parts of `iommux tables` share. */
#include "tables_unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "lines.h"
#include "regs/vtd.h"

bool tables_unit_init(struct tables_unit *u, struct scene *scene, bool json)
{
	*u = (struct tables_unit){ .scene = scene, .out = { .json = json } };
	if (!register_map_of(scene->unit, &u->map))
		return false;
	u->riscv = !strcmp(scene->header.arch, "riscv");
	u->unit.map = &u->map;
	u->unit.ssirwe = !u->riscv && tables_register(u, VTD_RTADDR, 8) & VTD_RTADDR_SSIRWE;
	u->unit.address_bits = (unsigned)IOM_GET(VTD_CAP_MGAW, u->map.capabilities[0]) + 1;
	for (unsigned i = 0; i < scene->header.numbers; i++) {
		if (!strcmp(scene->header.number[i].name, "address_bits") &&
		    scene->header.number[i].value)
			u->unit.address_bits = (unsigned)scene->header.number[i].value;
	}
	return true;
}

uint64_t tables_register(const struct tables_unit *u, uint64_t off, unsigned bytes)
{
	uint64_t value;

	return iom_mmio_read(u->scene->unit, 0, off, bytes, &value) ? 0 : value;
}

int tables_read(const struct tables_unit *u, uint64_t spa, void *buf, size_t size)
{
	uint8_t *to = buf;
	const int result = scene_read(u->scene, spa, buf, size);

	if (result != SCENE_UNKNOWN)
		return result;
	for (size_t at = 0; at < size; at += SPARSE_WORD) {
		if (scene_read(u->scene, spa + at, to + at, SPARSE_WORD))
			memset(to + at, 0, SPARSE_WORD);
	}
	return IOM_OK;
}

void tables_from(struct tables_unit *u)
{
	tables_field(u, "from", u->scene->name);
	if (u->scene->header.partial)
		tables_field(u, "memory", "what the unit was seen to read and store");
}

void tables_wrong(struct tables_unit *u, const char *sentence)
{
	if (u->wrongs < TABLES_WRONG_MAX)
		snprintf(u->wrong[u->wrongs++], sizeof u->wrong[0], "%s", sentence);
}

void tables_field(struct tables_unit *u, const char *name, const char *text)
{
	table_text(&u->out, name, text, strlen(text));
}

void tables_entry(struct tables_unit *u, unsigned depth, const struct anatomy *anatomy,
                  const struct anatomy_words *words)
{
	char text[ANATOMY_TEXT];
	size_t len = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < words->count && len < sizeof text; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s0x%" PRIx64, i ? " " : "",
		                        words->word[i]);
	tables_field(u, "value", text);
	if (u->out.json)
		anatomy_json(anatomy, words, &u->out, depth);
	else
		lines_wrapped(anatomy_text(anatomy, words, text, sizeof text), 4 * depth);
}
