/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Interrupt messages of a guest's device, through a flat table of interrupt files: found in the port's
 * front, looked up in the table, and stored in a file in memory.
 */
#include <stdlib.h>

#include "bench.h"
#include "world.h"

#define FILES 0x28000000ull
#define FILES_LG2 7u
/* 64 slots of the front, two files each: pages that are 1024 apart share one. */
#define MASK (0x3full | 1ull << 10)
#define COUNT (1u << FILES_LG2)
#define PENDING_FILE 4096u /* bytes of RAM that one file in memory is given */

#define UNCACHED 1u /* argument of rows of misses */

#define PTE_FLAT 7ull /* V, basic */
#define PTE_MRIF 3ull /* V, file in memory */

struct messages {
	struct world *world;
	unsigned count; /* of files that are written in turn */
};

static uint64_t file_at(uint64_t n)
{
	return FILES + 4096 * ((n & 0x3f) | n >> 6 << 10);
}

static struct messages *messages_new(unsigned cache_lg2, bool uncached, unsigned count)
{
	struct messages *m = calloc(1, sizeof *m);
	uint64_t guest, table, *dc;

	BENCH_NEED(m);
	m->world = world_new(&world_riscv, 1 << 20, cache_lg2, uncached);
	m->count = count;
	guest = world_second(m->world);
	table = world_alloc(m->world, 4096);
	world_attach(m->world, 1, 0, 0, guest);
	dc = world_riscv_context(m->world, 1);
	dc[4] = 1ull << 60 | table >> 12;
	dc[5] = MASK;
	dc[6] = FILES >> 12;
	for (unsigned i = 0; i < COUNT; i++)
		world_at(m->world, table)[2 * i] =
			(WORLD_DATA + 4096ull * i) >> 12 << 10 | PTE_FLAT;
	return m;
}

static void *make_hits(const struct bench_row *row)
{
	return messages_new(12, false, row->argument);
}

static void *make_misses(const struct bench_row *row)
{
	return messages_new(3, row->argument == UNCACHED, COUNT);
}

static void *make_mrif(const struct bench_row *row)
{
	struct messages *m = messages_new(12, false, row->argument);
	uint64_t file = world_alloc(m->world, PENDING_FILE);
	uint64_t table = (world_riscv_context(m->world, 1)[4] << 20) >> 8;

	/* Nothing in it is enabled: no notice is sent. */
	world_at(m->world, table)[1] = WORLD_DATA >> 12 << 10;
	world_at(m->world, table)[0] = file >> 9 << 7 | PTE_MRIF;
	return m;
}

static void drop(void *state)
{
	struct messages *m = state;

	world_free(m->world);
	free(m);
}

static uint64_t run_translations(void *state, uint64_t ops)
{
	const struct messages *m = state;
	struct world *w = m->world;
	struct iom_reply reply;

	iom_begin(w->lane);
	for (uint64_t i = 0; i < ops; i++) {
		const struct iom_request request = { .iova = file_at(i & (m->count - 1)),
			                             .bytes = 4,
			                             .access = IOM_WRITE };

		if (iom_translate(w->port[1], &request, &reply))
			bench_die("a message to 0x%llx was refused with cause %u",
			          (unsigned long long)request.iova, (unsigned)reply.fault);
	}
	iom_end(w->lane);
	return 0;
}

static uint64_t run_stores(void *state, uint64_t ops)
{
	const struct messages *m = state;
	const struct iom_request request = { .iova = FILES };
	struct iom_reply reply;

	for (uint64_t i = 0; i < ops; i++) {
		/* Identity 5, little-endian as all machines that we measure on. */
		const uint32_t data = 5;

		if (iom_write(m->world->port[1], &request, &data, sizeof data, &reply))
			bench_die("a message to a file in memory was refused with cause %u",
			          (unsigned)reply.fault);
	}
	return 0;
}

const struct bench_row bench_msi[] = {
	{ "msi/riscv/flat-hit", &world_riscv, 1 << 20, make_hits, drop, NULL, run_translations, 1,
	  false },
	{ "msi/riscv/flat-miss", &world_riscv, 1 << 17, make_misses, drop, NULL, run_translations,
	  0, false },
	{ "msi-uncached/riscv/flat-miss", &world_riscv, 1 << 17, make_misses, drop, NULL,
	  run_translations, UNCACHED, false },
	{ "msi/riscv/mrif", &world_riscv, 1 << 17, make_mrif, drop, NULL, run_stores, 1, false },
	{ 0 },
};
