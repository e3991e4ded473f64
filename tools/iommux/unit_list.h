/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The IOMMUs of a scenario that are there, numbered in the order in which they were made. */
#ifndef IOMMUX_UNIT_LIST_H
#define IOMMUX_UNIT_LIST_H

#include "machine/arch.h"
#include "trace/config.h"

struct listed_unit {
	struct listed_unit *next; /* made later */
	unsigned number;
	struct iom_unit *unit;
	struct iom_memory *memory;
	const struct machine_arch *arch;
	bool guest;
};

struct unit_list {
	struct listed_unit *first;
	unsigned made;
	bool short_of_memory;
};

/* The list hears of units.  To be kept as long as they live. */
struct machine_units unit_list_listen(struct unit_list *list);
/* What a unit was made of, as traces and snapshots say it. */
struct trace_config unit_list_config(const struct listed_unit *unit, const char *note);
/* Has a device come to the unit under this number? */
bool unit_list_knows(const struct listed_unit *unit, uint32_t requester);
/*
 * Calls `piece` with the unit's RAM: each RAM as a stretch of zeroes (data NULL), then what in it is none.
 * Ends where it returns something else than 0, with that.
 */
int unit_list_ram(const struct listed_unit *unit,
                  int (*piece)(void *opaque, uint64_t address, uint64_t bytes, const void *data),
                  void *opaque);
void unit_list_free(struct unit_list *list);

#endif
