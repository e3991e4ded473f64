/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
#include "pool.h"

#include <stdbool.h>
#include <string.h>

#define PAGES_MAX 16384u

static struct {
	uint64_t base;
	size_t pages, taken;
	bool used[PAGES_MAX];
} pool;

void pool_start(uint64_t from, uint64_t end)
{
	pool.base = (from + PAGE_2M - 1) & ~(uint64_t)(PAGE_2M - 1);
	pool.pages = (size_t)((end - pool.base) / PAGE);
	if (pool.pages > PAGES_MAX)
		pool.pages = PAGES_MAX;
}

static void mark(size_t first, size_t count, bool used)
{
	for (size_t n = first; n < first + count; n++)
		pool.used[n] = used;
	pool.taken += used ? count : -count;
}

static bool is_free(size_t first, size_t count)
{
	for (size_t n = first; n < first + count; n++)
		if (pool.used[n])
			return false;
	return true;
}

void *pool_take(size_t bytes)
{
	size_t count = bytes / PAGE, first;
	uint64_t at = (pool.base + bytes - 1) & ~((uint64_t)bytes - 1);

	for (first = (size_t)(at - pool.base) / PAGE; first + count <= pool.pages; first += count)
		if (is_free(first, count)) {
			mark(first, count, true);
			return memset((void *)(uintptr_t)(pool.base + first * PAGE), 0, bytes);
		}
	return NULL;
}

void pool_give(void *memory, size_t bytes)
{
	mark((size_t)((uintptr_t)memory - pool.base) / PAGE, bytes / PAGE, false);
}

size_t pool_taken(void)
{
	return pool.taken;
}
