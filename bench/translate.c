/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Translations: hits in a port's front, and misses of several kinds.
 *
 * What a hit needs stands in one slot of the front for each page number modulo 1024.  Misses are
 * made, with all caches on, by pages that share slots and by a translation cache of 8 entries; the
 * device's context stays cached, and each result is put into the caches again.  The uncached rows
 * read the device directory too, and keep nothing.
 */
#include <pthread.h>
#include <stdlib.h>

#include "bench.h"
#include "world.h"

#define PSCID 5u
#define IOVA 0x40000000ull
#define FRONT 1024u
#define UNCACHED 1u /* argument of rows of misses */

struct reads {
	struct world *world;
	unsigned count; /* a power of two */
	uint32_t *device;
	uint64_t *iova;
	struct iom_lane *lane; /* of the second thread */
	struct iom_port *port;
	uint32_t ready;
};

static struct reads *reads_new(struct world *world, unsigned count)
{
	struct reads *r = calloc(1, sizeof *r);

	BENCH_NEED(r);
	r->world = world;
	r->count = count;
	r->device = calloc(count, sizeof *r->device);
	r->iova = calloc(count, sizeof *r->iova);
	BENCH_NEED(r->device && r->iova);
	return r;
}

static void reads_free(void *state)
{
	struct reads *r = state;

	world_free(r->world);
	free(r->device);
	free(r->iova);
	free(r);
}

/* ---- What is read ------------------------------------------------------------------------- */

/* A page of the data, such that none follows its neighbour. */
static uint64_t scattered(uint64_t n)
{
	return WORLD_DATA + (n * 0x9e375 % WORLD_DATA_PAGES << 12);
}

static void *make_hits(const struct bench_row *row)
{
	struct reads *r = reads_new(world_new(row->kind, 1 << 20, 12, false), row->argument);
	uint64_t root = world_alloc(r->world, 4096);

	for (unsigned i = 0; i < r->count; i++) {
		r->iova[i] = IOVA + 4096ull * i;
		world_map(r->world, root, r->iova[i], scattered(i), 0);
	}
	world_attach(r->world, 1, root, PSCID, 0);
	for (unsigned i = 0; i < r->count; i++)
		r->device[i] = 1;
	return r;
}

#define SLOTS 64u /* that the misses share, two pages each */

static void *make_misses(const struct bench_row *row)
{
	struct reads *r =
		reads_new(world_new(row->kind, 1 << 20, 3, row->argument == UNCACHED), 2 * SLOTS);
	uint64_t root = world_alloc(r->world, 4096);

	for (unsigned i = 0; i < r->count; i++) {
		r->iova[i] = IOVA + 4096ull * (i % SLOTS + i / SLOTS * FRONT);
		r->device[i] = 1;
		world_map(r->world, root, r->iova[i], scattered(i), 0);
	}
	world_attach(r->world, 1, root, PSCID, 0);
	return r;
}

#define GUESTS 8u
#define REGIONS 8u

/*
 * Eight devices with tables of their own, which come in turn, and pages that have no table but the
 * root in common: when an address of a table comes again, the small cache has forgotten it.
 */
static void *make_nested(const struct bench_row *row)
{
	struct reads *r = reads_new(world_new(row->kind, 4 << 20, 3, row->argument == UNCACHED),
	                            GUESTS * REGIONS);
	uint64_t guest = world_second(r->world), root[GUESTS];

	for (unsigned i = 0; i < GUESTS; i++) {
		root[i] = world_alloc(r->world, 4096);
		world_map_guest(r->world, guest, root[i], root[i]);
	}
	for (unsigned i = 0; i < r->count; i++) {
		uint64_t region = i / GUESTS, device = i % GUESTS;
		uint64_t gpa = 0x100000000ull + 4096ull * i;

		r->device[i] = (uint32_t)device;
		/* Indices that put the entries into different lines of the CPU's cache. */
		r->iova[i] = region << 39 | (i * 41 % 512) << 30 | (i * 58 % 512) << 21 |
		             device * 40 << 12;
		world_map_guest(r->world, guest, gpa, scattered(i));
		world_map(r->world, root[device], r->iova[i], gpa, guest);
	}
	for (uint32_t i = 0; i < GUESTS; i++)
		world_attach(r->world, i, root[i], PSCID + i, guest);
	return r;
}

/* One device whose first stage is forgotten after each round: the second stage stays cached. */
static void *make_half_nested(const struct bench_row *row)
{
	struct reads *r = reads_new(world_new(row->kind, 4 << 20, 16, false), row->argument);
	uint64_t guest = world_second(r->world), root = world_alloc(r->world, 4096);

	world_map_guest(r->world, guest, root, root);
	for (unsigned i = 0; i < r->count; i++) {
		uint64_t gpa = 0x100000000ull + 4096ull * i;

		r->device[i] = 1;
		r->iova[i] = IOVA + 4096ull * i;
		world_map_guest(r->world, guest, gpa, scattered(i));
		world_map(r->world, root, r->iova[i], gpa, guest);
	}
	world_attach(r->world, 1, root, PSCID, guest);
	return r;
}

static void *make_random(const struct bench_row *row)
{
	struct reads *r = reads_new(world_new(row->kind, 16 << 20, 20, false), row->argument);
	uint64_t root = world_alloc(r->world, 4096), x = 1;

	for (uint64_t i = 0; i < WORLD_DATA_PAGES; i++)
		world_map(r->world, root, IOVA + 4096 * i, scattered(i), 0);
	world_attach(r->world, 1, root, PSCID, 0);
	iom_begin(r->world->lane);
	for (uint64_t i = 0; i < WORLD_DATA_PAGES; i++)
		world_read(r->world->port[1], IOVA + 4096 * i);
	iom_end(r->world->lane);
	for (unsigned i = 0; i < r->count; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		r->iova[i] = IOVA + 4096 * (x >> 44);
		r->device[i] = 1;
	}
	return r;
}

static void *make_threads(const struct bench_row *row)
{
	struct reads *r = make_hits(row);
	struct iom_endpoint *endpoint;

	BENCH_NEED(!iom_endpoint_get(r->world->unit, 1, &endpoint) &&
	           !iom_lane_open(r->world->unit, &r->lane) &&
	           !iom_port_open(endpoint, r->lane, &r->port));
	return r;
}

/* ---- How it is read ----------------------------------------------------------------------- */

static uint64_t run_reads(void *state, uint64_t ops)
{
	const struct reads *r = state;
	struct world *w = r->world;

	iom_begin(w->lane);
	for (uint64_t i = 0; i < ops; i++) {
		unsigned n = (unsigned)i & (r->count - 1);

		world_read(w->port[r->device[n]], r->iova[n]);
	}
	iom_end(w->lane);
	return 0;
}

static uint64_t run_sections(void *state, uint64_t ops)
{
	const struct reads *r = state;
	struct world *w = r->world;

	while (ops--) {
		iom_begin(w->lane);
		world_read(w->port[1], IOVA);
		iom_end(w->lane);
	}
	return 0;
}

static uint64_t run_rounds(void *state, uint64_t ops)
{
	const struct reads *r = state;

	for (uint64_t i = 0; i < ops; i += r->count) {
		r->world->kind->forget(r->world, PSCID, true);
		run_reads(state, r->count);
	}
	return 0;
}

struct reader {
	struct reads *reads;
	struct iom_lane *lane;
	struct iom_port *port;
	uint64_t ops, ns;
};

static void *reader(void *arg)
{
	struct reader *me = arg;
	uint64_t begin;

	__atomic_sub_fetch(&me->reads->ready, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&me->reads->ready, __ATOMIC_SEQ_CST))
		;
	begin = bench_thread_ns();
	iom_begin(me->lane);
	for (uint64_t i = 0; i < me->ops; i++)
		world_read(me->port, me->reads->iova[i & (me->reads->count - 1)]);
	iom_end(me->lane);
	me->ns = bench_thread_ns() - begin;
	return NULL;
}

static uint64_t run_threads(void *state, uint64_t ops)
{
	struct reads *r = state;
	struct reader me[2] = {
		{ r, r->world->lane, r->world->port[1], ops / 2, 0 },
		{ r, r->lane, r->port, ops / 2, 0 },
	};
	pthread_t other;

	r->ready = 2;
	BENCH_NEED(!pthread_create(&other, NULL, reader, &me[1]));
	reader(&me[0]);
	BENCH_NEED(!pthread_join(other, NULL));
	return me[0].ns > me[1].ns ? me[0].ns : me[1].ns;
}

#define HITS make_hits, reads_free, NULL, run_reads
#define SECTIONS make_hits, reads_free, NULL, run_sections
#define THREADS make_threads, reads_free, NULL, run_threads
#define MISSES make_misses, reads_free, NULL, run_reads
#define NESTED make_nested, reads_free, NULL, run_reads
#define HALF_NESTED make_half_nested, reads_free, NULL, run_rounds
#define RANDOM make_random, reads_free, NULL, run_reads

const struct bench_row bench_translate[] = {
	/* clang-format off */
	{ "hit/riscv/one-page", &world_riscv, 1 << 20, HITS, 1, false },
	{ "hit/vtd/one-page", &world_vtd_legacy, 1 << 20, HITS, 1, false },
	{ "hit/riscv/1024-pages", &world_riscv, 1 << 20, HITS, FRONT, false },
	{ "hit-section/riscv/one-page", &world_riscv, 1 << 19, SECTIONS, 1, false },
	{ "hit-two-threads/riscv", &world_riscv, 1 << 21, THREADS, 1, true },
	{ "miss/riscv-sv48/4-level", &world_riscv, 1 << 17, MISSES, 0, false },
	{ "miss/vtd-legacy/4-level", &world_vtd_legacy, 1 << 17, MISSES, 0, false },
	{ "miss/vtd-first/4-level", &world_vtd_scalable, 1 << 17, MISSES, 0, false },
	{ "miss-uncached/riscv-sv48/4-level", &world_riscv, 1 << 17, MISSES, UNCACHED, false },
	{ "miss-uncached/vtd-legacy/4-level", &world_vtd_legacy, 1 << 17, MISSES, UNCACHED, false },
	{ "miss-uncached/vtd-first/4-level", &world_vtd_scalable, 1 << 17, MISSES, UNCACHED, false },
	{ "miss-nested/riscv-sv48-sv48x4/4+4-level", &world_riscv, 1 << 15, NESTED, 0, false },
	{ "miss-nested/vtd/4+4-level", &world_vtd_scalable, 1 << 15, NESTED, 0, false },
	{ "miss-nested-uncached/riscv-sv48-sv48x4/4+4-level", &world_riscv, 1 << 15, NESTED, UNCACHED,
	  false },
	{ "miss-nested/riscv-sv48-sv48x4/stage-2-cached", &world_riscv, 1 << 16, HALF_NESTED, 1024,
	  false },
	{ "miss-nested/vtd/stage-2-cached", &world_vtd_scalable, 1 << 16, HALF_NESTED, 1024, false },
	{ "random/riscv/1Mi-pages", &world_riscv, 1 << 17, RANDOM, 1 << 17, false },
	{ 0 },
	/* clang-format on */
};
