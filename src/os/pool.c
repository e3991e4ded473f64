/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
#include "os/pool.h"

#include <string.h>

#include "os/driver.h"

struct page {
	struct page *next;
	uint64_t phys;
};

/* Leaves the pool as it is if there is no memory. */
static void grow(struct iom_driver *driver, struct iom_pool *pool)
{
	uint64_t phys;
	struct page *page = iom_os_alloc(driver, IOM_PAGE, &phys);
	size_t at;

	if (!page)
		return;
	page->next = pool->pages;
	page->phys = phys;
	pool->pages = page;
	for (at = sizeof *page; at + pool->bytes <= IOM_PAGE; at += pool->bytes)
		iom_pool_give(pool, (uint8_t *)page + at);
}

void *iom_pool_take(struct iom_driver *driver, struct iom_pool *pool)
{
	void *record;

	if (!pool->free)
		grow(driver, pool);
	record = pool->free;
	if (!record)
		return NULL;
	memcpy(&pool->free, record, sizeof pool->free);
	return memset(record, 0, pool->bytes);
}

void iom_pool_give(struct iom_pool *pool, void *record)
{
	memcpy(record, &pool->free, sizeof pool->free);
	pool->free = record;
}

void iom_pool_free(struct iom_driver *driver, struct iom_pool *pool)
{
	struct page *page = pool->pages, *next;

	for (; page; page = next) {
		next = page->next;
		iom_os_free(driver, page, page->phys, IOM_PAGE);
	}
	pool->pages = pool->free = NULL;
}
