/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Two CPUs map and unmap neighbouring pages of one table at once. */
#include "../test.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "pt/fmt/riscv_table.h"

#define ROUNDS 300u
#define PAGES 2048u

/* Physical addresses are the CPU's here. */
static void *alloc(void *ctx, unsigned size_lg2, uint64_t *phys)
{
	void *table = aligned_alloc((size_t)1 << size_lg2, (size_t)1 << size_lg2);

	if (!table)
		abort();
	memset(table, 0, (size_t)1 << size_lg2);
	__atomic_add_fetch((long *)ctx, 1, __ATOMIC_RELAXED);
	*phys = (uintptr_t)table;
	return table;
}

static void release(void *ctx, void *table, uint64_t phys, unsigned size_lg2)
{
	(void)phys, (void)size_lg2;
	__atomic_sub_fetch((long *)ctx, 1, __ATOMIC_RELAXED);
	free(table);
}

static void *at(void *ctx, uint64_t phys)
{
	(void)ctx;
	return (void *)(uintptr_t)phys;
}

static const struct pt_pages pages = {
	.alloc = alloc,
	.free = release,
	.at = at,
};

struct cpu {
	struct pt_root *root;
	long *live;
	unsigned parity;
	unsigned wrong;
};

static void *work(void *arg)
{
	struct cpu *cpu = arg;
	struct pt_removed removed = { 0 };
	struct pt_result found;
	unsigned round, n;

	for (round = 0; round < ROUNDS; round++) {
		/* A new stretch each time, so that both need the same new tables. */
		uint64_t base = (uint64_t)round << 25, a;

		for (n = cpu->parity; n < PAGES; n += 2) {
			a = base + 4096ull * n;
			cpu->wrong +=
				pt_rv64_map(&pages, cpu->live, cpu->root, a, 4096ull * (n + 1),
			                    4096, PT_R | PT_USER, 0) != IOM_OK;
		}
		for (n = cpu->parity; n < PAGES; n += 2) {
			a = base + 4096ull * n;
			cpu->wrong += pt_rv64_lookup(&pages, cpu->live, cpu->root, a, &found) ||
			              found.address != 4096ull * (n + 1);
		}
		for (n = cpu->parity; n < PAGES; n += 4) {
			a = base + 4096ull * n;
			cpu->wrong += pt_rv64_unmap(&pages, cpu->live, cpu->root, a, 4096,
			                            &removed) != IOM_OK;
		}
	}
	cpu->wrong += removed.tables != 0;
	return NULL;
}

static void two_cpus(struct pt_recent *recent)
{
	struct pt_root root = {
		.recent = recent,
		.levels = 3,
		.granule_lg2 = 12,
		.root_lg2 = 9,
		.input_bits = 39,
		.sign_extended = true,
	};
	long live = 0;
	struct cpu cpus[2] = { { &root, &live, 0, 0 }, { &root, &live, 1, 0 } };
	struct pt_result found;
	pthread_t thread;
	unsigned round, n;

	alloc(&live, 12, &root.address);
	assert_int_equal(pthread_create(&thread, NULL, work, &cpus[1]), 0);
	work(&cpus[0]);
	assert_int_equal(pthread_join(thread, NULL), 0);
	CHECK_EQ(cpus[0].wrong, 0);
	CHECK_EQ(cpus[1].wrong, 0);
	for (round = 0; round < ROUNDS; round++)
		for (n = 0; n < PAGES; n++) {
			uint64_t a = ((uint64_t)round << 25) + 4096ull * n;
			enum pt_why why = pt_rv64_lookup(&pages, &live, &root, a, &found);

			CHECK_EQ(why == PT_OK, n / 2 % 2);
		}
	pt_rv64_free(&pages, &live, &root);
	CHECK_EQ(live, 0);
}

TEST(build_two_cpus, "")
{
	two_cpus(NULL);
}

/* Both remember in the same place, and one often finds the other's table there. */
TEST(build_two_cpus_remember, "")
{
	struct pt_recent recent = { 0 };

	two_cpus(&recent);
}
