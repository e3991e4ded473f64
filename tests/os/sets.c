/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The driver side's two sets, against plain arrays. */
#include "../test.h"

#include <stdlib.h>
#include <string.h>

#include "os/driver.h"
#include "os/ids.h"

static long live;
static int countdown = -1;

static void *alloc(void *opaque, size_t size, uint64_t *phys)
{
	void *memory;

	(void)opaque;
	if (countdown >= 0 && countdown-- == 0)
		return NULL;
	memory = aligned_alloc(size, size);
	assert_non_null(memory);
	memset(memory, 0, size);
	live += (long)size;
	*phys = (uintptr_t)memory;
	return memory;
}

static void release(void *opaque, void *memory, uint64_t phys, size_t size)
{
	(void)opaque;
	CHECK_EQ(phys, (uintptr_t)memory);
	live -= (long)size;
	free(memory);
}

static struct iom_driver driver = { .host = { .alloc = alloc, .free = release } };
static uint64_t seed = 88172645463325252ull;

static unsigned roll(unsigned below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)((seed >> 11) % below);
}

TEST(requesters_random, "")
{
	static struct iom_domain domains[3], *is[2000];
	struct iom_requesters set = { 0 };
	unsigned step, n, used = 0;

	for (step = 0; step < 200000; step++) {
		n = roll(2000);
		CHECK(iom_requesters_find(&set, 3 * n) == is[n]);
		/* now filling up, now emptying */
		if (!is[n] && roll(100) < (step / 20000 % 2 ? 20u : 80u)) {
			if (!roll(10)) {
				countdown = 0;
				if (iom_requesters_reserve(&driver, &set) == IOM_ENOMEM) {
					countdown = -1;
					continue;
				}
				countdown = -1;
			}
			CHECK_EQ(iom_requesters_reserve(&driver, &set), IOM_OK);
			is[n] = &domains[roll(3)];
			iom_requesters_add(&set, 3 * n, is[n]);
			used++;
		} else if (is[n]) {
			iom_requesters_drop(&set, 3 * n);
			is[n] = NULL;
			used--;
		}
		CHECK_EQ(set.used, used);
	}
	for (n = 0; n < 2000; n++)
		CHECK(iom_requesters_find(&set, 3 * n) == is[n]);
	iom_requesters_free(&driver, &set);
	CHECK_EQ(live, 0);
}

TEST(ids_smallest_free, "")
{
	struct iom_ids ids = { .limit = 70000 };
	static bool taken[70000];
	unsigned n, step, smallest;
	uint32_t id;

	for (n = 1; n < 70000; n++) {
		CHECK_EQ(iom_ids_take(&driver, &ids, &id), IOM_OK);
		CHECK_EQ(id, n);
		taken[n] = true;
	}
	CHECK_EQ(iom_ids_take(&driver, &ids, &id), IOM_ENOSPC);
	for (step = 0; step < 2000; step++) {
		n = 1 + roll(69999);
		if (taken[n])
			iom_ids_give(&ids, n);
		taken[n] = false;
		if (roll(3))
			continue;
		for (smallest = 1; taken[smallest];)
			smallest++;
		CHECK_EQ(iom_ids_take(&driver, &ids, &id), IOM_OK);
		CHECK_EQ(id, smallest);
		taken[id] = true;
	}
	iom_ids_free(&driver, &ids);
	CHECK_EQ(live, 0);
}
