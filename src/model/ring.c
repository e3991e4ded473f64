/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The ring engine. */
#include "model/ring.h"

#include "base/endian.h"
#include "model/unit.h"

static uint64_t entry_spa(const struct iom_ring *ring, uint32_t index)
{
	uint64_t place = index >> ring->index_shift & iom_low(ring->entries_lg2);

	return ring->base + (place << ring->entry_lg2);
}

static bool reachable(const struct iom_ring *ring, uint64_t spa)
{
	return spa >= ring->base && spa <= ring->last;
}

/* Entries that a ring can hold. */
static uint64_t capacity(const struct iom_ring *ring)
{
	return ring->wrap_bit ? IOM_BIT(ring->entries_lg2) : iom_low(ring->entries_lg2);
}

static unsigned entry_words(const struct iom_ring *ring)
{
	return 1u << (ring->entry_lg2 - 3);
}

enum iom_ring_result iom_ring_peek(struct iom_unit *unit, const struct iom_ring *ring,
                                   uint32_t head, uint32_t tail, uint64_t *words)
{
	uint32_t used = iom_ring_used(ring, head, tail);
	uint64_t spa = entry_spa(ring, head);
	uint64_t raw[IOM_RING_WORDS_MAX];

	if (!used || used > capacity(ring))
		return IOM_RING_EMPTY;
	if (!reachable(ring, spa) ||
	    iom_own_read(unit, IOM_OF_QUEUE, spa, raw, (size_t)1 << ring->entry_lg2))
		return IOM_RING_FAULT;
	for (unsigned i = 0; i < entry_words(ring); i++)
		words[i] = iom_cpu64(raw[i], ring->big_endian);
	return IOM_RING_OK;
}

bool iom_ring_look(const struct iom_ring *ring, const struct iom_view *view, uint32_t head,
                   uint32_t tail, uint64_t *words)
{
	uint32_t used = iom_ring_used(ring, head, tail);
	uint64_t spa = entry_spa(ring, head);

	if (!used || (ring->wrap_bit && used > capacity(ring)) || spa < ring->base)
		return false;
	/* A ring of the other byte order may go the long way. */
	for (unsigned i = 0; i < entry_words(ring); i++) {
		if (ring->big_endian != IOM_BIG_ENDIAN ||
		    !iom_view_ld64(view, spa + UINT64_C(8) * i, &words[i]))
			return false;
	}
	return true;
}

void iom_ring_view(struct iom_unit *unit, const struct iom_ring *ring, uint32_t head,
                   struct iom_view *view)
{
	view->last = ring->last;
	iom_view_find(unit->memory, view, entry_spa(ring, head));
}

enum iom_ring_result iom_ring_put(struct iom_unit *unit, const struct iom_ring *ring, uint32_t head,
                                  uint32_t tail, const uint64_t *words)
{
	uint64_t spa = entry_spa(ring, tail);
	uint64_t raw[IOM_RING_WORDS_MAX];

	if (iom_ring_used(ring, head, tail) >= capacity(ring))
		return IOM_RING_FULL;
	for (unsigned i = 0; i < entry_words(ring); i++)
		raw[i] = iom_cpu64(words[i], ring->big_endian);
	if (!reachable(ring, spa) ||
	    iom_own_write(unit, IOM_OF_QUEUE, spa, raw, (size_t)1 << ring->entry_lg2))
		return IOM_RING_FAULT;
	return IOM_RING_OK;
}
