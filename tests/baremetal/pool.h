/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Memory by the page. */
#ifndef BAREMETAL_POOL_H
#define BAREMETAL_POOL_H

#include <stddef.h>
#include <stdint.h>

#define PAGE 4096u
#define PAGE_2M 0x200000u

void pool_start(uint64_t from, uint64_t end);
/* Zeroed, aligned to its size, which is a power of two from PAGE up; NULL: nothing is left. */
void *pool_take(size_t bytes);
void pool_give(void *memory, size_t bytes);
/* How many pages are taken. */
size_t pool_taken(void);

#endif
