/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Small records of one size, out of the host's pages. */
#ifndef OS_POOL_H
#define OS_POOL_H

#include <stddef.h>
#include <stdint.h>

struct iom_driver;

/* Begins as all zeroes but for `bytes`, a multiple of 8 from 16 on. */
struct iom_pool {
	size_t bytes; /* of a record */
	void *free;   /* the records that are free, chained by their first word */
	void *pages;  /* chained by their first words: the next one, and its own physical address */
};

/* A zeroed record, or NULL. */
void *iom_pool_take(struct iom_driver *driver, struct iom_pool *pool);
void iom_pool_give(struct iom_pool *pool, void *record);
/* Frees all pages, whatever is still in use. */
void iom_pool_free(struct iom_driver *driver, struct iom_pool *pool);

#endif
