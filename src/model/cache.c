/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The translation cache. */
#include "model/cache.h"

#include <string.h>

#include "model/unit.h"

#define WAYS 4u

size_t iom_cache_bytes(uint32_t entries)
{
	/* The entry that never changes has a set's place of its own. */
	return (entries + WAYS) * sizeof(struct iom_entry);
}

void iom_cache_init(struct iom_cache *cache, void *memory, uint32_t entries)
{
	cache->entry = memory;
	cache->entries = entries;
	cache->spaces = 1;
}

/* ---- Spaces ------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t v)
{
	v *= UINT64_C(0x9e3779b97f4a7c15);
	return v ^ v >> 32;
}

static uint32_t *bucket_of(struct iom_cache *cache, uint32_t kind, const uint32_t *tag)
{
	uint64_t h = mix(tag[0] ^ (uint64_t)tag[1] << 32 ^ (uint64_t)kind << 60);

	return &cache->bucket[h % IOM_SPACE_BUCKETS];
}

static bool same_key(const struct iom_space_key *a, const struct iom_space_key *b)
{
	return a->kind == b->kind && !memcmp(a->tag, b->tag, sizeof a->tag) &&
	       !memcmp(a->word, b->word, sizeof a->word);
}

static void unlink_space(struct iom_cache *cache, uint32_t index)
{
	struct iom_space *space = &cache->space[index];
	uint32_t *link = bucket_of(cache, space->key.kind, space->key.tag);

	while (*link != index)
		link = &cache->space[*link].next;
	*link = space->next;
}

/* Entries of whoever had the place before, and fronts that lean on them, must not live on. */
static uint32_t free_place_locked(struct iom_unit *unit)
{
	struct iom_cache *cache = &unit->cache;
	uint32_t index;

	if (cache->spaces < IOM_SPACES)
		return cache->spaces++;
	index = 1 + cache->victim++ % (IOM_SPACES - 1);
	unlink_space(cache, index);
	__atomic_fetch_add(&unit->invalidations, 1, __ATOMIC_SEQ_CST);
	return index;
}

struct iom_space_ref iom_space_get(struct iom_unit *unit, const struct iom_space_key *key)
{
	struct iom_cache *cache = &unit->cache;
	uint32_t *bucket, index;
	struct iom_space_ref ref;
	struct iom_space *space;
	bool evicted = false;

	iom_lock(&cache->lock);
	bucket = bucket_of(cache, key->kind, key->tag);
	for (index = *bucket; index; index = cache->space[index].next) {
		if (same_key(&cache->space[index].key, key))
			break;
	}
	if (!index) {
		evicted = cache->spaces == IOM_SPACES;
		index = free_place_locked(unit);
		space = &cache->space[index];
		space->key = *key;
		space->next = *bucket;
		*bucket = index;
		iom_poke(&space->number, ++cache->numbers);
		__atomic_store_n(&space->gen[0], ++cache->gens, __ATOMIC_SEQ_CST);
		__atomic_store_n(&space->gen[1], ++cache->gens, __ATOMIC_SEQ_CST);
		iom_poke(&space->sizes, 0);
		/* Before the lock is free: no invalidation finds the old space any more. */
		if (evicted)
			iom_unit_new_epoch(unit);
	}
	ref = (struct iom_space_ref){ index, cache->space[index].number };
	iom_unlock(&cache->lock);
	return ref;
}

/* ---- Entries ------------------------------------------------------------------------------ */

static uint32_t set_of(const struct iom_cache *cache, uint32_t space, uint64_t page, unsigned lg2)
{
	/* Spread before it meets the page: devices like to use the same addresses. */
	uint64_t who = ((uint64_t)space << 6 | lg2) * UINT64_C(0xd6e8feb86659fd93);

	/* A power of two; a division would be felt. */
	return WAYS + ((uint32_t)(mix(page ^ who) >> 16) & (cache->entries / WAYS - 1)) * WAYS;
}

/* Copies an entry; false if it changes meanwhile. */
static bool entry_copy(const struct iom_entry *e, struct iom_entry *copy)
{
	copy->seq = iom_peek_acquire(&e->seq);
	copy->space = iom_peek(&e->space);
	copy->gen = iom_peek(&e->gen);
	copy->page = iom_peek(&e->page);
	copy->address = iom_peek(&e->address);
	copy->size_lg2 = iom_peek(&e->size_lg2);
	copy->perm = iom_peek(&e->perm);
	copy->flags = iom_peek(&e->flags);
	copy->memory_type = iom_peek(&e->memory_type);
	return iom_seq_same(&e->seq, copy->seq);
}

static void entry_write(struct iom_entry *e, const struct iom_entry *from)
{
	iom_seq_begin(&e->seq);
	iom_poke(&e->space, from->space);
	iom_poke(&e->gen, from->gen);
	iom_poke(&e->page, from->page);
	iom_poke(&e->address, from->address);
	iom_poke(&e->size_lg2, from->size_lg2);
	iom_poke(&e->perm, from->perm);
	iom_poke(&e->flags, from->flags);
	iom_poke(&e->memory_type, from->memory_type);
	iom_seq_end(&e->seq);
}

static bool entry_is(const struct iom_entry *e, uint32_t space, uint64_t page, unsigned lg2)
{
	return iom_peek(&e->space) == space && iom_peek(&e->page) == page &&
	       iom_peek(&e->size_lg2) == lg2;
}

/*
 * Whoever looks has marked its endpoint as a user of the space before; whoever invalidates changes the
 * generation and looks for users afterwards.  In one total order, one of them sees the other.
 */
static uint64_t space_gen(const struct iom_space *space, unsigned flags)
{
	return __atomic_load_n(&space->gen[flags & PT_GLOBAL ? 1 : 0], __ATOMIC_SEQ_CST);
}

bool iom_cache_find(const struct iom_cache *cache, struct iom_space_ref ref, uint64_t input,
                    struct pt_result *out, struct iom_ref *entry)
{
	const struct iom_space *space = &cache->space[ref.index];
	struct iom_entry e;

	if (!cache->entries)
		return false;
	for (uint64_t sizes = iom_peek(&space->sizes); sizes; sizes &= sizes - 1) {
		unsigned lg2 = iom_ctz(sizes);
		uint32_t set = set_of(cache, ref.index, input >> lg2, lg2);

		for (uint32_t i = set; i < set + WAYS; i++) {
			if (!entry_is(&cache->entry[i], ref.index, input >> lg2, lg2) ||
			    !entry_copy(&cache->entry[i], &e) ||
			    !entry_is(&e, ref.index, input >> lg2, lg2) ||
			    e.gen != space_gen(space, e.flags))
				continue;
			/* Looked at last: another space may have come to the place, with entries. */
			if (iom_peek(&space->number) != ref.number)
				return false;
			*out = (struct pt_result){ .address = e.address | (input & iom_low(lg2)),
				                   .size_lg2 = e.size_lg2,
				                   .perm = e.perm,
				                   .flags = e.flags,
				                   .memory_type = e.memory_type };
			*entry = (struct iom_ref){ i, e.seq };
			return true;
		}
	}
	return false;
}

/* The way that a new entry takes: its own old one, else a dead one, else the next in turn. */
static struct iom_entry *choose_locked(struct iom_cache *cache, uint32_t set,
                                       const struct iom_entry *e)
{
	struct iom_entry *dead = NULL;

	for (uint32_t i = set; i < set + WAYS; i++) {
		struct iom_entry *way = &cache->entry[i];

		if (entry_is(way, e->space, e->page, e->size_lg2))
			return way;
		if (!dead &&
		    (!way->space || way->gen != space_gen(&cache->space[way->space], way->flags)))
			dead = way;
	}
	return dead ? dead : &cache->entry[set + cache->entry[set].turn++ % WAYS];
}

bool iom_cache_keep(struct iom_unit *unit, struct iom_space_ref ref, uint64_t input,
                    const struct pt_result *r, uint64_t invalidations, struct iom_ref *entry)
{
	struct iom_cache *cache = &unit->cache;
	struct iom_space *space = &cache->space[ref.index];
	struct iom_entry e = {
		.space = ref.index,
		.page = input >> r->size_lg2,
		.address = r->address & ~iom_low(r->size_lg2),
		.size_lg2 = r->size_lg2,
		.perm = r->perm,
		.flags = r->flags,
		.memory_type = r->memory_type,
	};
	uint64_t size = IOM_BIT(r->size_lg2);
	struct iom_entry *way;
	struct iom_lock *lock;
	uint32_t set;
	bool kept;

	if (!cache->entries)
		return false;
	set = set_of(cache, ref.index, e.page, e.size_lg2);
	lock = &cache->entry[set].lock;
	/* In one total order with the count of invalidations below. */
	if (!(__atomic_load_n(&space->sizes, __ATOMIC_SEQ_CST) & size))
		__atomic_fetch_or(&space->sizes, size, __ATOMIC_SEQ_CST);
	e.gen = space_gen(space, e.flags);
	if (!iom_trylock(lock))
		return false;
	/* Whoever invalidates counts first and looks into the set afterwards, under its lock. */
	kept = __atomic_load_n(&unit->invalidations, __ATOMIC_SEQ_CST) == invalidations &&
	       iom_peek(&space->number) == ref.number;
	if (kept) {
		way = choose_locked(cache, set, &e);
		entry_write(way, &e);
		*entry = (struct iom_ref){ (uint32_t)(way - cache->entry), way->seq };
	}
	iom_unlock(lock);
	return kept;
}

/* ---- Invalidation ------------------------------------------------------------------------- */

/* So many sets are looked into for one invalidation, beside one per size in each space. */
#define PROBES_MAX 4096

/* An invalidation on its way through the spaces. */
struct sweep {
	const struct iom_scope *scope;
	uint64_t touched; /* spaces with new generations: a bit for several of them */
	unsigned probes;  /* that may still be spent on ranges                      */
};

static void kill_page(struct iom_cache *cache, uint32_t index, const struct iom_scope *scope,
                      uint64_t page, unsigned lg2)
{
	static const struct iom_entry none;
	uint32_t set = set_of(cache, index, page, lg2);

	iom_lock(&cache->entry[set].lock);
	for (uint32_t i = set; i < set + WAYS; i++) {
		struct iom_entry *way = &cache->entry[i];

		if (entry_is(way, index, page, lg2) &&
		    !(scope->keep_global && way->flags & PT_GLOBAL))
			entry_write(way, &none);
	}
	iom_unlock(&cache->entry[set].lock);
}

/* Pages of 2^lg2 bytes that hold part of a range. */
static uint64_t pages_in(unsigned range_lg2, unsigned lg2)
{
	return range_lg2 > lg2 ? IOM_BIT(range_lg2 - lg2) : 1;
}

/* Takes out what the range names; false: that would take too long. */
static bool kill_range(struct iom_cache *cache, uint32_t index, struct sweep *sweep)
{
	uint64_t sizes = __atomic_load_n(&cache->space[index].sizes, __ATOMIC_SEQ_CST);
	const struct iom_scope *scope = sweep->scope;
	uint64_t first = scope->page & ~iom_low(scope->range_lg2);

	for (uint64_t rest = sizes; rest; rest &= rest - 1) {
		uint64_t more = pages_in(scope->range_lg2, iom_ctz(rest)) - 1;

		if (more > sweep->probes)
			return false;
		sweep->probes -= (unsigned)more;
	}
	for (uint64_t rest = sizes; rest; rest &= rest - 1) {
		unsigned lg2 = iom_ctz(rest);
		uint64_t pages = pages_in(scope->range_lg2, lg2);

		for (uint64_t i = 0; i < pages; i++)
			kill_page(cache, index, scope, (first >> lg2) + i, lg2);
	}
	return true;
}

static void invalidate_space(struct iom_unit *unit, uint32_t index, struct sweep *sweep)
{
	struct iom_cache *cache = &unit->cache;
	struct iom_space *space = &cache->space[index];
	const struct iom_scope *scope = sweep->scope;

	if (!(space->key.kind & scope->kinds) ||
	    (!scope->any_tag[0] && space->key.tag[0] != scope->tag[0]) ||
	    (!scope->any_tag[1] && space->key.tag[1] != scope->tag[1]))
		return;
	if (scope->by_page && kill_range(cache, index, sweep))
		return;
	__atomic_store_n(&space->gen[0], ++cache->gens, __ATOMIC_SEQ_CST);
	if (!scope->keep_global)
		__atomic_store_n(&space->gen[1], ++cache->gens, __ATOMIC_SEQ_CST);
	sweep->touched |= IOM_BIT(index % 64);
}

void iom_invalidate(struct iom_unit *unit, const struct iom_scope *scope)
{
	struct iom_cache *cache = &unit->cache;
	struct sweep sweep = { scope, 0, PROBES_MAX };

	__atomic_fetch_add(&unit->invalidations, 1, __ATOMIC_SEQ_CST);
	iom_lock(&cache->lock);
	if (!scope->any_tag[0] && !scope->any_tag[1]) {
		for (uint32_t kinds = scope->kinds; kinds; kinds &= kinds - 1) {
			uint32_t i = *bucket_of(cache, kinds & -kinds, scope->tag);

			for (; i; i = cache->space[i].next)
				invalidate_space(unit, i, &sweep);
		}
	} else {
		for (uint32_t i = 1; i < cache->spaces; i++)
			invalidate_space(unit, i, &sweep);
	}
	iom_unlock(&cache->lock);
	if (sweep.touched)
		iom_unit_new_epoch_of(unit, sweep.touched);
}

void iom_invalidate_all(struct iom_unit *unit)
{
	static const struct iom_scope all = { .kinds = ~0u, .any_tag = { true, true } };

	iom_invalidate(unit, &all);
	iom_contexts_forget(unit, NULL);
	iom_unit_new_epoch(unit);
}
