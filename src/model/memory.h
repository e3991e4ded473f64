/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* System physical memory, as the engine uses it. */
#ifndef MODEL_MEMORY_H
#define MODEL_MEMORY_H

#include <iommux/memory.h>

#include "base/bits.h"
#include "base/endian.h"
#include "model/sync.h"

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

/* The region that was found last, so that the next address in it needs no search.  Zeroes: none. */
struct iom_near {
	struct iom_region region;
	const uint32_t *live; /* the memory's count of changes ... */
	uint32_t seq;         /* ... when this was found           */
};

bool iom_memory_find_search(const struct iom_memory *memory, struct iom_near *near, uint64_t spa,
                            uint64_t len, uint64_t *piece);

/* Does as iom_memory_find; the region is near->region. */
static inline bool iom_memory_find_near(const struct iom_memory *memory, struct iom_near *near,
                                        uint64_t spa, uint64_t len, uint64_t *piece)
{
	uint64_t offset = spa - near->region.spa, room = near->region.bytes - offset;

	if (offset >= near->region.bytes || iom_peek_acquire(near->live) != near->seq)
		return iom_memory_find_search(memory, near, spa, len, piece);
	*piece = len < room ? len : room;
	return true;
}

/*
 * The piece of RAM that a load met last, so that the next one from it needs no search.  Begins as all
 * zeroes but for `last`, which is none.  Each request looks once whether it is still there:
 * memory is not given back before calls that are under way have ended.
 */
struct iom_view {
	uint64_t spa, room; /* doublewords may begin in the first `room` bytes */
	const uint8_t *host;
	uint64_t last;        /* the view reaches no further than this address */
	const uint32_t *live; /* the memory's count of changes ...             */
	uint32_t seq;         /* ... when this was found                       */
};

static inline void iom_view_begin(struct iom_view *view)
{
	if (view->room && iom_peek_acquire(view->live) != view->seq)
		view->room = 0;
}

/* Loads an aligned doubleword in the CPU's own byte order from what is in view; false: it is not. */
static inline bool iom_view_ld64(const struct iom_view *view, uint64_t spa, uint64_t *val)
{
	uint64_t offset = spa - view->spa;

	if (offset >= view->room)
		return false;
	*val = __atomic_load_n((const uint64_t *)(view->host + offset), __ATOMIC_ACQUIRE);
	return true;
}

/* Takes the RAM around `spa` into view, if it is RAM and none of the memory is corrupt. */
void iom_view_find(const struct iom_memory *memory, struct iom_view *view, uint64_t spa);

int iom_memory_ld64_search(struct iom_memory *memory, struct iom_view *view, uint64_t spa,
                           bool big_endian, uint64_t *val);

/*
 * Loads an aligned doubleword, or word, in the given byte order, as one access that no store of
 * another thread can tear.
 */
static inline int iom_memory_ld64(struct iom_memory *memory, struct iom_view *view, uint64_t spa,
                                  bool big_endian, uint64_t *val)
{
	if (iom_view_ld64(view, spa, val)) {
		*val = iom_cpu64(*val, big_endian);
		return IOM_OK;
	}
	return iom_memory_ld64_search(memory, view, spa, big_endian, val);
}
int iom_memory_ld32(struct iom_memory *memory, uint64_t spa, bool big_endian, uint32_t *val);

/* As iom_memory_read and iom_memory_write; *done becomes the bytes that were moved. */
int iom_memory_read_upto(struct iom_memory *memory, uint64_t spa, void *buf, size_t len,
                         size_t *done);
int iom_memory_write_upto(struct iom_memory *memory, uint64_t spa, const void *buf, size_t len,
                          size_t *done);

/* Others may win a word this often before it counts as out of reach. */
#define IOM_TRIES_MAX 1024

/*
 * Compares and swaps an aligned word of `bytes` bytes, 4 or 8; values are what a little-endian load
 * would give.  *expected becomes what was there.  IOM_OK, whether it matched or not; else as memory
 * refuses.  Atomic in RAM regions; outside them by ops.cas, or by a read and a write without it.
 */
int iom_memory_cas(struct iom_memory *memory, uint64_t spa, unsigned bytes, uint64_t *expected,
                   uint64_t desired);

#endif
