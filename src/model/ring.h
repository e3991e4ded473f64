/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Queues in memory.  A ring is described afresh, from register values, whenever it is used; indices
 * stay in registers.  It is full at one entry less than it has places.
 */
#ifndef MODEL_RING_H
#define MODEL_RING_H

#include "base/bits.h"

struct iom_unit;

/* No architecture has larger entries. */
#define IOM_RING_WORDS_MAX 4

struct iom_ring {
	uint64_t base;
	uint64_t last; /* entries above this address cannot be reached */
	uint8_t entries_lg2;
	uint8_t entry_lg2; /* bytes of an entry: 16 or 32 */
	bool big_endian;   /* of each doubleword */
};

enum iom_ring_result {
	IOM_RING_OK,
	IOM_RING_EMPTY,
	IOM_RING_FULL,
	IOM_RING_FAULT, /* memory refused, or gave corrupt data */
};

static inline uint32_t iom_ring_next(const struct iom_ring *ring, uint32_t index)
{
	return (uint32_t)((index + 1) & iom_low(ring->entries_lg2));
}

/* Loads the entry at `head`, each word once. */
enum iom_ring_result iom_ring_peek(struct iom_unit *unit, const struct iom_ring *ring,
                                   uint32_t head, uint32_t tail, uint64_t *words);

/* Stores an entry at `tail`; the caller then moves its tail on by iom_ring_next. */
enum iom_ring_result iom_ring_put(struct iom_unit *unit, const struct iom_ring *ring, uint32_t head,
                                  uint32_t tail, const uint64_t *words);

#endif
