/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Saving a unit and loading it into another of the same configuration, which then stands as the first
 * did: registers, queues and what is under way, with nothing waiting.
 */
#include <iommux/snapshot.h>
#include <stdlib.h>

#include "bench.h"
#include "world.h"

struct migration {
	struct world *world;
	struct iom_unit *target;
	size_t size;
	uint8_t *buf;
};

static void *make(const struct bench_row *row)
{
	struct migration *m = calloc(1, sizeof *m);

	BENCH_NEED(m);
	m->world = world_new(row->kind, 1 << 20, 12, false);
	for (uint32_t device = 0; device < WORLD_DEVICES; device++)
		world_attach(m->world, device, world_alloc(m->world, 4096), device, 0);
	BENCH_NEED(!row->kind->unit_new(m->world, 12, false, &m->target) &&
	           iom_unit_save(m->world->unit, NULL, 0, &m->size) == IOM_ENOSPC);
	m->buf = malloc(m->size);
	BENCH_NEED(m->buf);
	return m;
}

static void drop(void *state)
{
	struct migration *m = state;

	iom_unit_free(m->target);
	world_free(m->world);
	free(m->buf);
	free(m);
}

static uint64_t run(void *state, uint64_t ops)
{
	struct migration *m = state;
	size_t bytes;

	while (ops--)
		BENCH_NEED(!iom_unit_save(m->world->unit, m->buf, m->size, &bytes) &&
		           !iom_unit_load(m->target, m->buf, bytes, NULL));
	return 0;
}

const struct bench_row bench_snapshot[] = {
	{ "save-load/riscv", &world_riscv, 1 << 10, make, drop, NULL, run, 0, false },
	{ "save-load/vtd", &world_vtd_legacy, 1 << 10, make, drop, NULL, run, 0, false },
	{ 0 },
};
