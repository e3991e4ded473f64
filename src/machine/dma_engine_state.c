/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A DMA engine's state, to go on elsewhere: 22 words of 64 bits, little-endian. */
#include "base/bits.h"
#include "base/endian.h"
#include "machine/dma_engine.h"

struct words {
	uint64_t word[ENGINE_STATE_BYTES / 8];
	unsigned at;
};

static void put(struct words *w, uint64_t val)
{
	w->word[w->at++] = val;
}

static void put_reach(struct words *w, const struct engine_reach *reach)
{
	put(w, reach->iova);
	put(w, reach->left);
	put(w, reach->list);
	put(w, reach->elements);
}

void dma_engine_save(const struct dma_engine *e, uint8_t state[ENGINE_STATE_BYTES])
{
	const struct engine_order *o = &e->order;
	struct words w = { .at = 0 };

	put(&w, e->bits);
	put(&w, e->ring_base);
	put(&w, e->entries);
	put(&w, e->head);
	put(&w, e->tail);
	put(&w, e->msi_address);
	put(&w, e->msi_data);
	put(&w, e->status);
	put(&w, o->open);
	put(&w, o->iova);
	put(&w, o->bytes);
	put(&w, o->flags);
	put(&w, o->done);
	put(&w, o->result);
	put_reach(&w, &o->from);
	put_reach(&w, &o->to);
	for (unsigned i = 0; i < IOM_COUNT(w.word); i++)
		iom_st64(state + (size_t)i * 8, w.word[i], false);
}

/* A word that must not be above `last`. */
static uint32_t take(struct words *w, uint64_t last, bool *good)
{
	uint64_t val = w->word[w->at++];

	*good = *good && val <= last;
	return (uint32_t)val;
}

static void take_reach(struct words *w, struct engine_reach *reach, bool *good)
{
	reach->iova = w->word[w->at++];
	reach->left = w->word[w->at++];
	reach->list = w->word[w->at++];
	reach->elements = take(w, ENGINE_LIST_MAX, good);
}

static bool take_order(struct words *w, struct engine_order *o)
{
	bool good = true;

	o->open = take(w, 1, &good);
	o->iova = w->word[w->at++];
	o->bytes = take(w, UINT32_MAX, &good);
	o->flags = take(w, UINT32_MAX, &good);
	o->done = take(w, o->bytes, &good);
	o->result = take(w, ENGINE_RESULTS - 1, &good);
	take_reach(w, &o->from, &good);
	take_reach(w, &o->to, &good);
	return good;
}

int dma_engine_restore(struct dma_engine *e, const uint8_t state[ENGINE_STATE_BYTES])
{
	struct dma_engine to = *e;
	struct words w = { .at = 0 };
	bool good = true;

	for (unsigned i = 0; i < IOM_COUNT(w.word); i++)
		w.word[i] = iom_ld64(state + (size_t)i * 8, false);
	good = w.word[w.at++] == e->bits;
	to.ring_base = w.word[w.at++];
	to.entries = take(&w, ENGINE_RING_MAX, &good);
	to.head = take(&w, to.entries ? to.entries - 1 : 0, &good);
	to.tail = take(&w, to.entries ? to.entries - 1 : 0, &good);
	to.msi_address = w.word[w.at++];
	to.msi_data = take(&w, UINT32_MAX, &good);
	to.status = take(&w, ENGINE_RING_REFUSED | ENGINE_MSI_REFUSED, &good);
	good = take_order(&w, &to.order) && good;
	if (!good || (to.order.open && !to.entries))
		return IOM_EINVAL;
	to.stuck = to.status & ENGINE_RING_REFUSED;
	to.question = (struct engine_question){ .group = e->question.group };
	*e = to;
	return IOM_OK;
}
