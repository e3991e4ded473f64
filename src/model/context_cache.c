/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The context cache: one place per hash, generations for what is forgotten as a whole. */
#include "model/context_cache.h"

#include <stddef.h>
#include <string.h>

#include "model/unit.h"

static uint32_t place_of(uint32_t requester, uint32_t which)
{
	uint64_t h = ((uint64_t)which << 32 | requester) * UINT64_C(0x9e3779b97f4a7c15);

	return (uint32_t)(h >> 55) % IOM_CONTEXTS;
}

static void remember(struct iom_memo *memo, const struct iom_context_memo *head, const void *words,
                     unsigned count)
{
	memcpy(&memo->context, head, offsetof(struct iom_context_memo, word));
	memcpy(memo->context.word, words, count * sizeof memo->context.word[0]);
}

bool iom_context_find(const struct iom_query *query, uint32_t which, void *words, unsigned count)
{
	const struct iom_unit *unit = query->unit;
	const struct iom_context *c = &unit->contexts.context[place_of(query->requester, which)];
	struct iom_context_memo head; /* without words */

	head.place = c;
	head.seq = iom_peek_acquire(&c->seq);
	head.requester = iom_peek(&c->requester);
	head.which = iom_peek(&c->which);
	head.all = iom_peek(&c->all);
	head.endpoint = iom_peek(&c->endpoint);
	/* Before the caller looks whether the context's spaces are still there. */
	head.evicted = iom_peek_acquire(&unit->cache.evicted);
	if (head.requester != query->requester || head.which != which ||
	    head.all != iom_peek_acquire(&unit->contexts.all) ||
	    head.endpoint != iom_peek_acquire(&query->endpoint->contexts))
		return false;
	for (unsigned i = 0; i < count; i++) {
		uint64_t word = iom_peek(&c->word[i]);

		memcpy((uint8_t *)words + i * sizeof word, &word, sizeof word);
	}
	if (!iom_seq_same(&c->seq, head.seq))
		return false;
	if (query->memo)
		remember(query->memo, &head, words, count);
	return true;
}

static void write_locked(struct iom_context *c, uint32_t requester, uint32_t which, uint32_t all,
                         uint32_t endpoint, const uint64_t *words)
{
	iom_seq_begin(&c->seq);
	iom_poke(&c->requester, requester);
	iom_poke(&c->which, which);
	iom_poke(&c->all, all);
	iom_poke(&c->endpoint, endpoint);
	for (unsigned i = 0; words && i < IOM_CONTEXT_WORDS; i++)
		iom_poke(&c->word[i], words[i]);
	iom_seq_end(&c->seq);
}

void iom_context_keep(struct iom_unit *unit, const struct iom_endpoint *endpoint, uint32_t which,
                      const uint64_t *words, uint64_t invalidations)
{
	uint32_t requester = iom_peek(&endpoint->requester);
	struct iom_context_cache *cache = &unit->contexts;

	if (!cache->enabled || !iom_trylock(&cache->lock))
		return;
	/* Whoever forgets counts first, and takes the lock or changes a generation afterwards. */
	if (iom_unit_invalidations(unit) == invalidations)
		write_locked(&cache->context[place_of(requester, which)], requester, which,
		             iom_peek(&cache->all), iom_peek(&endpoint->contexts), words);
	iom_unlock(&cache->lock);
}

void iom_context_forget(struct iom_unit *unit, struct iom_endpoint *endpoint, uint32_t which)
{
	uint32_t requester = iom_peek(&endpoint->requester);
	struct iom_context_cache *cache = &unit->contexts;
	struct iom_context *c = &cache->context[place_of(requester, which)];

	__atomic_fetch_add(&unit->invalidations, 1, __ATOMIC_SEQ_CST);
	iom_lock(&cache->lock);
	if (c->requester == requester && c->which == which)
		write_locked(c, 0, 0, 0, 0, NULL);
	iom_unlock(&cache->lock);
	__atomic_fetch_add(&endpoint->epoch, 1, __ATOMIC_SEQ_CST);
}

void iom_contexts_forget_named(struct iom_unit *unit, iom_context_named *named, const void *opaque)
{
	struct iom_context_cache *cache = &unit->contexts;

	iom_poke(&unit->worker_invalidations, unit->worker_invalidations + 1);
	iom_lock(&cache->lock);
	iom_locked_fence();
	for (unsigned i = 0; i < IOM_CONTEXTS; i++) {
		struct iom_context *c = &cache->context[i];

		if (c->all == cache->all && named(opaque, c->requester, c->which, c->word))
			write_locked(c, 0, 0, 0, 0, NULL);
	}
	iom_unlock(&cache->lock);
	/* Fronts outlive contexts that lost their place to others. */
	iom_unit_new_epoch(unit);
}

void iom_contexts_forget(struct iom_unit *unit, struct iom_endpoint *endpoint)
{
	__atomic_fetch_add(&unit->invalidations, 1, __ATOMIC_SEQ_CST);
	if (endpoint) {
		iom_lock(&unit->contexts.lock);
		__atomic_fetch_add(&endpoint->contexts, 1, __ATOMIC_SEQ_CST);
		iom_unlock(&unit->contexts.lock);
		__atomic_fetch_add(&endpoint->epoch, 1, __ATOMIC_SEQ_CST);
		return;
	}
	iom_lock(&unit->contexts.lock);
	__atomic_fetch_add(&unit->contexts.all, 1, __ATOMIC_SEQ_CST);
	iom_unlock(&unit->contexts.lock);
	iom_unit_new_epoch(unit);
}
