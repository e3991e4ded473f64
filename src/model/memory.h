/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* System physical memory, as the engine uses it. */
#ifndef MODEL_MEMORY_H
#define MODEL_MEMORY_H

#include <iommux/memory.h>

#include "base/bits.h"

struct iom_unit;

/*
 * Copies the region that holds `spa`; false if none does.  *piece becomes the number of bytes from
 * `spa` on, at most `len`, that lie in that region, or in the same gap between regions.
 */
bool iom_memory_find(const struct iom_memory *memory, uint64_t spa, uint64_t len,
                     struct iom_region *region, uint64_t *piece);

/* Units that must hear of changed regions, because their ports remember host pointers. */
void iom_memory_join(struct iom_memory *memory, struct iom_unit *unit);
void iom_memory_leave(struct iom_memory *memory, struct iom_unit *unit);

/*
 * Loads an aligned doubleword in the given byte order, as one access that no store of another
 * thread can tear.
 */
int iom_memory_ld64(struct iom_memory *memory, uint64_t spa, bool big_endian, uint64_t *val);

#endif
