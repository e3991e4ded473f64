/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* System physical memory, as the engine uses it. */
#ifndef MODEL_MEMORY_H
#define MODEL_MEMORY_H

#include <iommux/memory.h>

#include "base/bits.h"

/*
 * The region that holds `spa`, or NULL; *piece becomes the number of bytes from `spa` on, at most
 * `len`, that lie in that region, or in the same gap between regions.
 */
const struct iom_region *iom_memory_find(const struct iom_memory *memory, uint64_t spa,
                                         uint64_t len, uint64_t *piece);

/*
 * Loads an aligned doubleword in the given byte order, as one access that no store of another
 * thread can tear.
 */
int iom_memory_ld64(struct iom_memory *memory, uint64_t spa, bool big_endian, uint64_t *val);

#endif
