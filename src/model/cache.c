/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The translation cache. */
#include "model/cache_find.h"

#include <string.h>

#include "model/unit.h"

_Static_assert(sizeof(struct iom_set) == 128, "two lines");

/* Beside the line that never changes. */
#define COUNTS_MIN 1024u

static uint32_t counts_of(uint32_t entries)
{
	return entries > COUNTS_MIN ? entries : COUNTS_MIN;
}

static size_t set_bytes(uint32_t entries)
{
	return entries / IOM_WAYS * sizeof(struct iom_set);
}

size_t iom_cache_bytes(uint32_t entries)
{
	return set_bytes(entries) + (IOM_COUNTS_LINE + counts_of(entries)) * sizeof(uint32_t);
}

void iom_cache_init(struct iom_cache *cache, void *memory, uint32_t entries)
{
	cache->set = memory;
	cache->count = (uint32_t *)(void *)((uint8_t *)memory + set_bytes(entries));
	cache->entries = entries;
	cache->set_shift = entries ? 64 - iom_log2(entries / IOM_WAYS) : 63;
	cache->count_shift = 64 - iom_log2(counts_of(entries));
	cache->spaces = 1;
}

/* Numbers, generations and counts go on, so that what remembers old ones is never right. */
void iom_cache_clear(struct iom_cache *cache)
{
	memset(cache->set, 0, set_bytes(cache->entries));
	memset(cache->bucket, 0, sizeof cache->bucket);
	cache->spaces = 1;
	cache->victim = 0;
}

/* ---- Spaces ------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t v)
{
	v *= UINT64_C(0x9e3779b97f4a7c15);
	return v ^ v >> 32;
}

/* Chains of spaces: those that have a first tag in common, and those that have both. */
enum { FIRST, BOTH, CHAINS };

static uint32_t *bucket_of(struct iom_cache *cache, unsigned chain, uint32_t kind,
                           const uint32_t *tag)
{
	uint64_t second = chain == BOTH ? tag[1] : 0;
	uint64_t h = mix(tag[0] ^ second << 32 ^ (uint64_t)kind << 60);

	return &cache->bucket[chain][h % IOM_SPACE_BUCKETS];
}

static bool same_key(const struct iom_space_key *a, const struct iom_space_key *b)
{
	return a->kind == b->kind && !memcmp(a->tag, b->tag, sizeof a->tag) &&
	       !memcmp(a->word, b->word, sizeof a->word);
}

static void link_space(struct iom_cache *cache, uint32_t index)
{
	struct iom_space *space = &cache->space[index];

	for (unsigned chain = 0; chain < CHAINS; chain++) {
		uint32_t *bucket = bucket_of(cache, chain, space->key.kind, space->key.tag);

		space->next[chain] = *bucket;
		*bucket = index;
	}
}

static void unlink_space(struct iom_cache *cache, uint32_t index)
{
	struct iom_space *space = &cache->space[index];

	for (unsigned chain = 0; chain < CHAINS; chain++) {
		uint32_t *link = bucket_of(cache, chain, space->key.kind, space->key.tag);

		while (*link != index)
			link = &cache->space[*link].next[chain];
		*link = space->next[chain];
	}
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
	struct iom_space_ref ref;
	struct iom_space *space;
	bool evicted = false;
	uint32_t index;

	iom_lock(&cache->lock);
	index = *bucket_of(cache, BOTH, key->kind, key->tag);
	for (; index; index = cache->space[index].next[BOTH]) {
		if (same_key(&cache->space[index].key, key))
			break;
	}
	if (!index) {
		evicted = cache->spaces == IOM_SPACES;
		index = free_place_locked(unit);
		space = &cache->space[index];
		space->key = *key;
		link_space(cache, index);
		iom_poke(&space->number, ++cache->numbers);
		__atomic_store_n(&space->gen[0], ++cache->gens, __ATOMIC_SEQ_CST);
		__atomic_store_n(&space->gen[1], ++cache->gens, __ATOMIC_SEQ_CST);
		iom_poke(&space->sizes, 0);
		/* Before the lock is free: no invalidation finds the old space any more. */
		if (evicted) {
			__atomic_store_n(&cache->evicted, cache->evicted + 1, __ATOMIC_RELEASE);
			iom_unit_new_epoch(unit);
		}
	}
	ref = (struct iom_space_ref){ index, cache->space[index].number };
	iom_unlock(&cache->lock);
	return ref;
}

/* ---- Entries ------------------------------------------------------------------------------ */

/*
 * The way that a new entry takes: its own old one, else an empty one, else the next in turn.  Those of
 * an old generation wait for their turn: to find them would cost a look at every space.
 */
static inline unsigned choose(const struct iom_set *set, uint64_t tag)
{
	unsigned way = iom_way_of(set, tag);

	if (way == IOM_WAYS)
		way = iom_way_of(set, 0);
	if (way < IOM_WAYS)
		return way;
	/* Each entry written adds 2. */
	return (iom_peek(&set->seq[0]) + iom_peek(&set->seq[1]) + iom_peek(&set->seq[2]) +
	        iom_peek(&set->seq[3])) /
	       2 % IOM_WAYS;
}

/* Whoever remembers an entry of the page asks again. */
static void outdate(struct iom_cache *cache, uint64_t tag)
{
	__atomic_fetch_add(&cache->count[iom_count_of(cache, tag)], 1, __ATOMIC_RELEASE);
}

/* What goes to make room.  Of an old generation, nobody remembers it any more. */
static void leave_way(struct iom_cache *cache, const struct iom_set *set, unsigned way)
{
	uint64_t tag = iom_peek(&set->tag[way]);
	struct pt_result r;

	iom_attr_tell(iom_peek(&set->attr[way]), &r);
	if (tag &&
	    iom_peek(&set->gen[way]) == iom_space_gen(&cache->space[tag % IOM_SPACES], r.flags))
		outdate(cache, tag);
}

static void write_way(struct iom_set *set, unsigned way, uint64_t tag, uint64_t gen,
                      uint64_t address, uint32_t attr)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
	iom_poke(&set->tag[way], tag);
	iom_poke(&set->gen[way], gen);
	iom_poke(&set->address[way], address);
	iom_poke(&set->attr[way], attr);
}

bool iom_cache_keep(struct iom_unit *unit, struct iom_space_ref ref, uint64_t input,
                    const struct pt_result *r, uint64_t invalidations, struct iom_ref *entry)
{
	struct iom_cache *cache = &unit->cache;
	struct iom_space *space = &cache->space[ref.index];
	uint64_t size = IOM_BIT(r->size_lg2), tag, gen;
	struct iom_set *set;
	uint32_t *count, seq;
	unsigned way;
	bool kept;

	if (!cache->entries || r->size_lg2 < IOM_CACHE_PAGE_LG2)
		return false;
	tag = iom_tag_of(ref.index, input, r->size_lg2);
	set = iom_set_of(cache, tag);
	/* In one total order with the count of invalidations below. */
	if (!(__atomic_load_n(&space->sizes, __ATOMIC_SEQ_CST) & size))
		__atomic_fetch_or(&space->sizes, size, __ATOMIC_SEQ_CST);
	gen = iom_space_gen(space, r->flags);
	way = choose(set, tag);
	count = &set->seq[way];
	seq = iom_peek(count);
	if (seq & 1 || !__atomic_compare_exchange_n(count, &seq, seq + 1, false, __ATOMIC_SEQ_CST,
	                                            __ATOMIC_RELAXED))
		return false;
	leave_way(cache, set, way);
	*entry = iom_ref_of(cache, tag);
	/* Whoever invalidates counts first and looks at the entry afterwards, when it is free. */
	kept = iom_unit_invalidations(unit) == invalidations &&
	       iom_peek(&space->number) == ref.number;
	if (kept) {
		write_way(set, way, tag, gen, r->address & ~iom_low(r->size_lg2), iom_attr_of(r));
		seq += 2;
	}
	__atomic_store_n(count, seq, __ATOMIC_RELEASE);
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

static bool is_global(const struct iom_set *set, unsigned way)
{
	struct pt_result r;

	iom_attr_tell(iom_peek(&set->attr[way]), &r);
	return r.flags & PT_GLOBAL;
}

/* An entry that is being written may be a walk's from before: it is waited for, a few stores. */
static void kill_way(struct iom_set *set, unsigned way, uint64_t tag, bool keep_global)
{
	uint32_t *count = &set->seq[way], seq = __atomic_load_n(count, __ATOMIC_SEQ_CST);

	for (;;) {
		while (seq & 1) {
			iom_pause();
			seq = __atomic_load_n(count, __ATOMIC_SEQ_CST);
		}
		if (iom_peek(&set->tag[way]) != tag || (keep_global && is_global(set, way)))
			return;
		if (__atomic_compare_exchange_n(count, &seq, seq + 1, false, __ATOMIC_SEQ_CST,
		                                __ATOMIC_SEQ_CST))
			break;
	}
	/* The other line is left alone. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	iom_poke(&set->tag[way], 0);
	__atomic_store_n(count, seq + 2, __ATOMIC_RELEASE);
}

static void kill_page(struct iom_cache *cache, uint32_t index, const struct iom_scope *scope,
                      uint64_t page, unsigned lg2)
{
	uint64_t tag = iom_tag_of(index, page, lg2);
	struct iom_set *set = iom_set_of(cache, tag);

	for (unsigned i = 0; i < IOM_WAYS; i++)
		kill_way(set, i, tag, scope->keep_global);
	outdate(cache, tag);
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
			kill_page(cache, index, scope, first + (i << lg2), lg2);
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
	/* The barrier comes with the new epoch. */
	__atomic_store_n(&space->gen[0], ++cache->gens, __ATOMIC_RELEASE);
	if (!scope->keep_global)
		__atomic_store_n(&space->gen[1], ++cache->gens, __ATOMIC_RELEASE);
	sweep->touched |= IOM_BIT(index % 64);
}

static void invalidate_locked(struct iom_unit *unit, struct sweep *sweep)
{
	const struct iom_scope *scope = sweep->scope;
	struct iom_cache *cache = &unit->cache;

	unsigned chain = scope->any_tag[1] ? FIRST : BOTH;

	if (scope->any_tag[0]) {
		for (uint32_t i = 1; i < cache->spaces; i++)
			invalidate_space(unit, i, sweep);
		return;
	}
	for (uint32_t kinds = scope->kinds; kinds; kinds &= kinds - 1) {
		uint32_t i = *bucket_of(cache, chain, kinds & -kinds, scope->tag);

		for (; i; i = cache->space[i].next[chain])
			invalidate_space(unit, i, sweep);
	}
}

/* Whoever inserts sees the count, or what it inserts is seen by the sweep. */
void iom_invalidate(struct iom_unit *unit, const struct iom_scope *scope)
{
	struct sweep sweep = { scope, 0, PROBES_MAX };

	iom_poke(&unit->worker_invalidations, unit->worker_invalidations + 1);
	iom_lock(&unit->cache.lock);
	iom_locked_fence();
	invalidate_locked(unit, &sweep);
	iom_unlock(&unit->cache.lock);
	if (sweep.touched)
		iom_unit_new_epoch_of(unit, sweep.touched);
}

void iom_invalidate_all(struct iom_unit *unit)
{
	static const struct iom_scope all = { .kinds = ~0u, .any_tag = { true, true } };
	struct sweep sweep = { &all, 0, PROBES_MAX };

	__atomic_fetch_add(&unit->invalidations, 1, __ATOMIC_SEQ_CST);
	iom_lock(&unit->cache.lock);
	invalidate_locked(unit, &sweep);
	iom_unlock(&unit->cache.lock);
	iom_contexts_forget(unit, NULL);
	iom_unit_new_epoch(unit);
}
