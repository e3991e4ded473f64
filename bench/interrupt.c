/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Interrupt messages of a device that are remapped, or posted to a virtual CPU whose notifications are
 * suppressed, by entries that the unit's cache holds.
 */
#include <stdlib.h>

#include "bench.h"
#include "world.h"

#define DEVICE 1u
#define COUNT 64u /* entries that are used in turn */

enum { REMAPPED, POSTED };

#define PRESENT 1ull
#define IM (1ull << 15)
#define VECTOR (0x41ull << 16)
#define SVT_SID (1ull << 18)
#define SN 2ull

static void *make(const struct bench_row *row)
{
	struct world *w = world_new(row->kind, 1 << 20, 12, false);
	uint64_t *entries = world_vtd_interrupts(w), root = world_alloc(w, 4096);

	for (uint64_t i = 0; i < COUNT; i++) {
		uint64_t descriptor = world_alloc(w, 4096);

		world_at(w, descriptor)[4] = SN;
		entries[2 * i] = PRESENT | VECTOR;
		entries[2 * i + 1] = SVT_SID | DEVICE;
		if (row->argument == POSTED) {
			entries[2 * i] |= IM | (descriptor & 0xffffffc0) << 32;
			entries[2 * i + 1] |= descriptor >> 32 << 32;
		}
	}
	world_attach(w, DEVICE, root, 0, 0);
	return w;
}

static void drop(void *state)
{
	world_free(state);
}

static uint64_t run(void *state, uint64_t ops)
{
	struct world *w = state;
	const uint32_t data = 0;
	struct iom_reply reply;

	for (uint64_t i = 0; i < ops; i++) {
		const struct iom_request request = { .iova = 0xfee00010 | (i % COUNT) << 5 };

		if (iom_write(w->port[DEVICE], &request, &data, sizeof data, &reply))
			bench_die("a message to 0x%llx was refused with cause %u",
			          (unsigned long long)request.iova, (unsigned)reply.fault);
	}
	return 0;
}

const struct bench_row bench_interrupt[] = {
	{ "interrupt-remap/vtd", &world_vtd_legacy, 1 << 17, make, drop, NULL, run, REMAPPED,
	  false },
	{ "interrupt-post/vtd", &world_vtd_legacy, 1 << 17, make, drop, NULL, run, POSTED, false },
	{ 0 },
};
