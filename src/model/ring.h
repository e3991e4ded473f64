/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Queues in memory.  A ring is described afresh, from register values, whenever it is used, so that
 * its size, the size of its entries and their byte order may change between two uses.  Indices stay in
 * registers and are taken as they stand there: whatever software wrote, no place outside the ring is
 * touched.
 *
 * Without a wrap bit a ring is full at one entry less than it has places.  With one, an index counts
 * to twice the places, and all of them can be used; indices that are further apart than that are
 * software's mistake, and such a ring gives nothing and takes nothing.
 */
#ifndef MODEL_RING_H
#define MODEL_RING_H

#include "base/bits.h"

struct iom_unit;
struct iom_view;

/* No architecture has larger entries. */
#define IOM_RING_WORDS_MAX 4

struct iom_ring {
	uint64_t base;
	uint64_t last; /* entries above this address cannot be reached */
	uint8_t entries_lg2;
	uint8_t entry_lg2;   /* bytes of an entry: 8, 16 or 32                                  */
	uint8_t index_shift; /* an index counts entries from this bit on; below it are no bits  */
	bool wrap_bit;       /* the bit above an index toggles whenever the index starts again  */
	bool big_endian;     /* of each doubleword                                              */
};

enum iom_ring_result {
	IOM_RING_OK,
	IOM_RING_EMPTY,
	IOM_RING_FULL,
	IOM_RING_FAULT, /* memory refused, or gave corrupt data */
};

/* The bits of an index register that count. */
static inline uint32_t iom_ring_mask(const struct iom_ring *ring)
{
	return (uint32_t)(iom_low(ring->entries_lg2 + (ring->wrap_bit ? 1u : 0u))
	                  << ring->index_shift);
}

static inline uint32_t iom_ring_next(const struct iom_ring *ring, uint32_t index)
{
	return (index + (1u << ring->index_shift)) & iom_ring_mask(ring);
}

/* Entries from `head` to `tail`; with a wrap bit perhaps more than there are places. */
static inline uint32_t iom_ring_used(const struct iom_ring *ring, uint32_t head, uint32_t tail)
{
	uint32_t mask = iom_ring_mask(ring);

	return (((tail & mask) - (head & mask)) & mask) >> ring->index_shift;
}

/* Loads the entry at `head`, each word once; the caller then moves its head on by iom_ring_next. */
enum iom_ring_result iom_ring_peek(struct iom_unit *unit, const struct iom_ring *ring,
                                   uint32_t head, uint32_t tail, uint64_t *words);

/* Loads the entry as iom_ring_peek if it is in view; false: it is not, and perhaps not there at all. */
bool iom_ring_look(const struct iom_ring *ring, const struct iom_view *view, uint32_t head,
                   uint32_t tail, uint64_t *words);
/* Takes the entry at `head` into view. */
void iom_ring_view(struct iom_unit *unit, const struct iom_ring *ring, uint32_t head,
                   struct iom_view *view);

/* Stores an entry at `tail`; the caller then moves its tail on by iom_ring_next. */
enum iom_ring_result iom_ring_put(struct iom_unit *unit, const struct iom_ring *ring, uint32_t head,
                                  uint32_t tail, const uint64_t *words);

#endif
