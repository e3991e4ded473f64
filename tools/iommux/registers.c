/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Finding and reading registers. */
#include "registers.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "regs/riscv.h"
#include "regs/vtd.h"

bool register_map_make(const char *arch, const uint64_t capabilities[2], struct register_map *map)
{
	*map = (struct register_map){ .capabilities = { capabilities[0], capabilities[1] } };
	if (!strcmp(arch, "riscv")) {
		map->rows = registers_riscv;
		map->count = registers_riscv_count;
	} else if (!strcmp(arch, "vtd")) {
		map->rows = registers_vtd;
		map->count = registers_vtd_count;
	}
	return map->rows;
}

static uint64_t load(struct iom_unit *unit, uint64_t off, unsigned bytes)
{
	uint64_t value;

	return iom_mmio_read(unit, 0, off, bytes, &value) ? 0 : value;
}

bool register_map_of(struct iom_unit *unit, struct register_map *map)
{
	const bool riscv = !strcmp(iom_unit_arch(unit), "riscv");
	const uint64_t capabilities[2] = {
		load(unit, riscv ? RV_CAP : VTD_CAP, 8),
		riscv ? 0 : load(unit, VTD_ECAP, 8),
	};

	return register_map_make(iom_unit_arch(unit), capabilities, map);
}

static unsigned first_off(const struct register_map *map, const struct register_row *row)
{
	switch (row->base) {
	case REGISTER_AT_IRO:
		return row->off + 16 * (unsigned)IOM_GET(VTD_ECAP_IRO, map->capabilities[1]);
	case REGISTER_AT_FRO:
		return row->off + 16 * (unsigned)IOM_GET(VTD_CAP_FRO, map->capabilities[0]);
	default:
		return row->off;
	}
}

static unsigned row_count(const struct register_map *map, const struct register_row *row)
{
	for (unsigned i = 0; i < 2; i++) {
		if (row->needs[i] & ~map->capabilities[i])
			return 0;
	}
	if (row->base == REGISTER_AT_FRO)
		return 1 + (unsigned)IOM_GET(VTD_CAP_NFR, map->capabilities[0]);
	return row->count ? row->count : 1;
}

bool register_next(const struct register_map *map, uint64_t from, struct register_place *place)
{
	place->row = NULL;
	for (size_t i = 0; i < map->count; i++) {
		const struct register_row *row = &map->rows[i];
		const unsigned count = row_count(map, row), first = first_off(map, row);
		unsigned n = 0, off = first;

		if (row->stride && from > first)
			n = (unsigned)((from - first) / row->stride);
		for (; n < count; n++) {
			off = first + n * row->stride;
			if (off + row->bytes > from)
				break;
		}
		if (n >= count || (place->row && off >= place->off))
			continue;
		place->row = row;
		place->off = off;
		if (row->stride)
			snprintf(place->name, sizeof place->name, "%s%u", row->name,
			         row->first + n);
		else
			snprintf(place->name, sizeof place->name, "%s", row->name);
	}
	return place->row;
}

void register_read(struct iom_unit *unit, const struct register_place *place, uint64_t *word)
{
	const unsigned bytes = place->row->bytes;

	word[0] = load(unit, place->off, bytes < 8 ? bytes : 8);
	word[1] = bytes > 8 ? load(unit, place->off + 8, 8) : 0;
}

bool register_words(const struct register_map *map, uint64_t off, unsigned bytes,
                    const uint64_t *value, char *text, size_t size)
{
	struct register_place place;
	uint64_t word[2] = { 0 };
	unsigned at;
	size_t n;

	if (!bytes || !register_next(map, off, &place) || place.off > off)
		return false;
	at = (unsigned)(off - place.off);
	n = (size_t)snprintf(text, size,
	                     at || bytes < place.row->bytes ? "%s, bytes %u to %u" : "%s",
	                     place.name, at, at + bytes - 1);
	if (!value || !place.row->fields || at % bytes || n + 2 >= size)
		return true;
	word[at / 8] = *value << 8 * (at % 8);
	if (!word[0] && !word[1])
		return true;
	n += (size_t)snprintf(text + n, size - n, ": ");
	anatomy_text(place.row->fields,
	             &(struct anatomy_words){ word, place.row->fields->words,
	                                      bytes < place.row->bytes ? ANATOMY_PART : 0 },
	             text + n, size - n);
	return true;
}
