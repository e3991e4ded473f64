/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The IOMMUs of a scenario that are there. */
#include "unit_list.h"

#include <stdlib.h>
#include <string.h>

#include "machine/machine.h"

static void made(void *opaque, struct iom_unit *unit, struct iom_memory *memory,
                 const struct machine_arch *arch, bool guest)
{
	struct unit_list *list = opaque;
	struct listed_unit **end = &list->first, *u = malloc(sizeof *u);

	if (!u) {
		list->short_of_memory = true;
		return;
	}
	while (*end)
		end = &(*end)->next;
	*u = (struct listed_unit){ NULL, list->made++, unit, memory, arch, guest };
	*end = u;
}

static void gone(void *opaque, struct iom_unit *unit)
{
	struct unit_list *list = opaque;
	struct listed_unit **link = &list->first, *u;

	while (*link && (*link)->unit != unit)
		link = &(*link)->next;
	u = *link;
	if (u)
		*link = u->next;
	free(u);
}

struct machine_units unit_list_listen(struct unit_list *list)
{
	return (struct machine_units){ made, gone, list };
}

struct trace_config unit_list_config(const struct listed_unit *u, const char *note)
{
	return (struct trace_config){ .riscv = u->arch->riscv[u->guest],
		                      .vtd = u->arch->vtd[u->guest],
		                      .note = note };
}

/* ---- Devices ----------------------------------------------------------------------------------- */

struct search {
	uint32_t requester;
	bool found;
};

static void on_enter(void *opaque, const struct iom_call *call)
{
	struct search *search = opaque;

	if (call->kind == IOM_CALL_ENDPOINT_GET && call->requester == search->requester)
		search->found = true;
}

static void on_leave(void *opaque, const struct iom_call *call, int result)
{
	(void)opaque, (void)call, (void)result;
}

/* Who begins to observe a unit is told what is there. */
bool unit_list_knows(const struct listed_unit *u, uint32_t requester)
{
	static const struct iom_observer observer = {
		.bytes = sizeof observer,
		.enter = on_enter,
		.leave = on_leave,
	};
	struct search search = { requester, false };

	(void)iom_observe(u->unit, &observer, &search);
	(void)iom_observe(u->unit, NULL, NULL);
	return search.found;
}

/* ---- RAM --------------------------------------------------------------------------------------- */

#define PAGE 4096u

static const uint64_t rams[] = { MACHINE_LOW_RAM, MACHINE_HIGH_RAM };

/* Up to the first page that is not there. */
static uint64_t ram_bytes(struct iom_memory *memory, uint64_t begin)
{
	uint64_t bytes = 0;
	uint8_t byte;

	while (bytes < MACHINE_RAM_MAX &&
	       iom_memory_read(memory, begin + bytes, &byte, 1) != IOM_EFAULT)
		bytes += PAGE;
	return bytes;
}

int unit_list_ram(const struct listed_unit *u,
                  int (*piece)(void *opaque, uint64_t address, uint64_t bytes, const void *data),
                  void *opaque)
{
	static const uint8_t nothing[PAGE];
	uint8_t page[PAGE];
	int result = 0;

	for (unsigned i = 0; i < sizeof rams / sizeof *rams && !result; i++) {
		uint64_t bytes = ram_bytes(u->memory, rams[i]);

		if (bytes)
			result = piece(opaque, rams[i], bytes, NULL);
		for (uint64_t at = 0; at < bytes && !result; at += PAGE)
			if (!iom_memory_read(u->memory, rams[i] + at, page, PAGE) &&
			    memcmp(page, nothing, PAGE) != 0)
				result = piece(opaque, rams[i] + at, PAGE, page);
	}
	return result;
}

void unit_list_free(struct unit_list *list)
{
	while (list->first) {
		struct listed_unit *u = list->first;

		list->first = u->next;
		free(u);
	}
}
