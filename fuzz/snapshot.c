/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Fuzz target: bytes of saved states.  Either the input itself, or what a unit that has worked would
 * save, with some words changed; then the unit that took the state over has to work.
 */
#include <stdlib.h>

#include "target.h"
#include "world.h"

#define CHANGES_MAX 16

static const struct op ops[] = {
	{ op_command, 0 },   { op_register, 0 }, { op_request, 0 },
	{ op_section, 0 },   { op_time, 0 },     { op_transfer, 0 },
	{ op_interrupt, 0 }, { op_ats, 0 },      { op_message, 0 },
};

/* The state of the world's unit, in memory of its own. */
static uint8_t *saved(struct world *w, size_t *bytes)
{
	uint8_t *state;

	(void)iom_unit_save(w->unit, NULL, 0, bytes);
	state = malloc(*bytes);
	if (!state || iom_unit_save(w->unit, state, *bytes, bytes))
		abort();
	return state;
}

static void change(struct world *w, uint8_t *state, size_t bytes)
{
	for (unsigned n = (unsigned)take(&w->in, 1) % CHANGES_MAX; n; n--) {
		size_t at = (size_t)take(&w->in, 2) % bytes;

		state[at] = (uint8_t)take(&w->in, 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input rest;
	struct world w;
	uint8_t *state;
	size_t bytes;

	world_make(&w, data, size);
	if (take(&w.in, 1) & 1) {
		/* Half of the input for the life before, half for the life after. */
		rest = w.in;
		w.in.left /= 2;
		rest.at += w.in.left;
		rest.left -= w.in.left;
		world_play(&w, ops, sizeof ops / sizeof ops[0]);
		w.in = rest;
		state = saved(&w, &bytes);
		change(&w, state, bytes);
		(void)iom_unit_load(w.unit, state, bytes, NULL);
		free(state);
	} else {
		(void)iom_unit_load(w.unit, w.in.at, w.in.left, NULL);
	}
	world_play(&w, ops, sizeof ops / sizeof ops[0]);
	world_check(&w);
	world_free(&w);
	return 0;
}
