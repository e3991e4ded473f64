/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Which addresses the devices of a trace used, and when: gathered, and laid out to be drawn.  Addresses
 * that nobody used are left out; what is used stands in regions, each as high as the square root of its
 * pages.
 */
#ifndef IOMMUX_REPLAY_MAP_H
#define IOMMUX_REPLAY_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tally.h"
#include "trace/event.h"

#define MAP_PAGE_LG2 12
#define MAP_REGIONS_MAX 48
#define MAP_COLOURS 8u /* the last one is for all devices but the busiest */
#define MAP_COLUMNS 440u
#define MAP_ROWS 280u

/* Where on the horizontal axis something is: by events, or by time. */
struct map_place {
	uint64_t event, time_ns;
};

struct map_access {
	struct map_place at;
	uint64_t first, last; /* pages */
	uint32_t requester;
	bool refused, cached;
};

/* All zeroes before the first event. */
struct replay_map {
	struct map_access *accesses;
	size_t count, room;
	struct map_place *commands;
	size_t command_count, command_room;
	struct map_place first, last;
	bool started, short_of_memory;
};

/* `cached`: of a request, whether the unit read no table for it. */
void map_event(struct replay_map *map, const struct trace_event *event, bool cached);
void map_free(struct replay_map *map);

struct map_region {
	uint64_t first, last; /* pages                */
	unsigned row, rows;   /* counted from the top */
};

/* What overlaps or follows becomes one: how many regions are left, the lowest first. */
size_t map_unite(struct map_region *region, size_t n);

struct map_picture {
	const struct replay_map *map;
	bool by_time;
	uint64_t first, last; /* of the horizontal axis */
	struct map_region region[MAP_REGIONS_MAX];
	unsigned regions;
	uint32_t colour_of[MAP_COLOURS - 1];
	unsigned colours;
	/* Bit n: colour n; the top bit: refused. */
	uint16_t cells[MAP_ROWS][MAP_COLUMNS];
	bool commands[MAP_COLUMNS];
};

#define MAP_REFUSED 0x8000u

/* Lays out; `requesters` are sorted.  False: no memory is left. */
bool map_draw(struct map_picture *picture, const struct replay_map *map, bool by_time,
              const struct tally *requesters);
/* The column of an event or a time. */
unsigned map_column(const struct map_picture *picture, uint64_t at);

#endif
