/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Translations by a device's own cache (ATS): hits in it, which still pass the unit as translated. */
#include <stdlib.h>

#include "bench.h"
#include "world.h"

#define PSCID 5u
#define IOVA 0x40000000ull

struct device {
	struct world *world;
	struct iom_atc *atc;
	unsigned pages; /* a power of two */
};

static void *make(const struct bench_row *row)
{
	const struct iom_atc_config config = { .bytes = sizeof config, .entries_lg2 = 12 };
	struct device *d = calloc(1, sizeof *d);
	uint64_t root;

	BENCH_NEED(d);
	d->world = world_new(row->kind, 1 << 20, 12, false);
	d->pages = row->argument;
	root = world_alloc(d->world, 4096);
	for (unsigned i = 0; i < d->pages; i++)
		world_map(d->world, root, IOVA + 4096ull * i, WORLD_DATA + 4096ull * i, 0);
	world_attach(d->world, 1, root, PSCID, 0);
	row->kind->allow_ats(d->world, 1);
	BENCH_NEED(!iom_atc_new(d->world->port[1], &config, &d->atc, NULL));
	iom_atc_enable(d->atc, true);
	return d;
}

static void drop(void *state)
{
	struct device *d = state;

	iom_atc_free(d->atc);
	world_free(d->world);
	free(d);
}

static void translate(struct iom_atc *atc, uint64_t iova)
{
	const struct iom_request request = { .iova = iova, .bytes = 64 };
	struct iom_reply reply;

	if (iom_atc_translate(atc, &request, &reply))
		bench_die("a read of 0x%llx was refused", (unsigned long long)iova);
}

static uint64_t run(void *state, uint64_t ops)
{
	const struct device *d = state;

	iom_atc_begin(d->atc);
	for (uint64_t i = 0; i < ops; i++)
		translate(d->atc, IOVA + 4096 * (i & (d->pages - 1)));
	iom_atc_end(d->atc);
	return 0;
}

static uint64_t run_accesses(void *state, uint64_t ops)
{
	const struct device *d = state;

	while (ops--) {
		iom_atc_begin(d->atc);
		translate(d->atc, IOVA);
		iom_atc_end(d->atc);
	}
	return 0;
}

const struct bench_row bench_atc[] = {
	{ "atc-hit/riscv/one-page", &world_riscv, 1 << 20, make, drop, NULL, run, 1, false },
	{ "atc-hit/vtd/one-page", &world_vtd_legacy, 1 << 20, make, drop, NULL, run, 1, false },
	{ "atc-hit/riscv/128-pages", &world_riscv, 1 << 20, make, drop, NULL, run, 128, false },
	{ "atc-hit-access/riscv/one-page", &world_riscv, 1 << 19, make, drop, NULL, run_accesses, 1,
	  false },
	{ 0 },
};
