/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The translation cache: results of walks through one stage.
 *
 * Each distinct set of tables, with the tags under which software invalidates it, is interned as a
 * space.  An entry is one leaf at its true size; it is found by space, size and page.  Invalidation by
 * page takes out the entries it names; by tag it changes the space's generation, which costs the
 * same however many entries there are.  A range is looked for page by page, and where it has too many
 * pages, its whole space goes: more than was named, which every architecture allows.
 */
#ifndef MODEL_CACHE_H
#define MODEL_CACHE_H

#include "model/sync.h"
#include "pt/walk.h"

struct iom_unit;

/* A space's kind; scopes name several. */
#define IOM_SPACE_STAGE1 0x1u
#define IOM_SPACE_STAGE2 0x2u
#define IOM_SPACE_MSI 0x4u

#define IOM_SPACE_WORDS 4

/* What makes spaces distinct. */
struct iom_space_key {
	uint64_t word
		[IOM_SPACE_WORDS]; /* the architecture's: roots, modes, byte orders            */
	uint32_t kind;             /* IOM_SPACE_*                                              */
	uint32_t tag[2];           /* e.g. VMID and ASID; an architecture says what 0 means     */
};

/* A space as others remember it: valid while the number is still that space's. */
struct iom_space_ref {
	uint32_t index; /* 0: no space */
	uint32_t number;
};

/* An entry as others remember it: valid while its page's count is the same. */
struct iom_ref {
	uint32_t index; /* of the count; 0: one that never changes */
	uint32_t count;
};

struct iom_space {
	struct iom_space_key key;
	uint32_t next[2]; /* in the bucket of its first tag, and of both; index */
	uint32_t number;  /* of this use of the place                           */
	uint64_t gen[2];  /* of entries that are not global, and that are */
	uint64_t sizes;   /* which page sizes entries have: a bit for each log2 */
};

#define IOM_WAYS 4u
#define IOM_COUNTS_LINE 16u /* counts in a line of the CPU's cache */

/*
 * A set: one line of the CPU's cache to see whether an entry is there, and one for what it says.
 * Each entry has a sequence count; it is odd while somebody writes, and thereby the entry's lock.
 */
struct iom_set {
	uint32_t seq[IOM_WAYS];
	uint32_t attr[IOM_WAYS]; /* size, permissions, flags, memory type */
	uint64_t tag[IOM_WAYS];  /* space, size and page; 0: empty        */
	uint64_t gen[IOM_WAYS];
	uint64_t address[IOM_WAYS];
} __attribute__((aligned(64)));

#define IOM_SPACES 1024
#define IOM_SPACE_BUCKETS 256

struct iom_cache {
	struct iom_set *set;
	/*
	 * Change when an entry of a page goes; several pages share one.  Beside the sets, because
	 * who looks at little more than these should find them near the CPU.  The first line never changes.
	 */
	uint32_t *count;
	unsigned set_shift, count_shift; /* make a set's number of 64 bits, and a count's */
	uint32_t entries;                /* a power of two; 0: nothing is cached */
	uint32_t spaces;                 /* places used in space[], the first being nobody's */
	uint32_t evicted;                /* how many spaces lost their place to others */
	uint32_t victim;
	uint32_t numbers;
	uint64_t gens;                         /* every generation is given once */
	struct iom_lock lock;                  /* of the spaces' places and chains */
	uint32_t bucket[2][IOM_SPACE_BUCKETS]; /* by kind and first tag; by kind and both tags */
	struct iom_space space[IOM_SPACES];
};

/* The most entries that a cache can have, as a power of two. */
#define IOM_CACHE_LG2_MAX 22

/* Gives a cache its entries and counts, in memory of iom_cache_bytes(entries): a power of two from 8 on, or 0. */
size_t iom_cache_bytes(uint32_t entries);
void iom_cache_init(struct iom_cache *cache, void *memory, uint32_t entries);

/* Makes it as it was at first.  Everything has been invalidated, and nobody uses it. */
void iom_cache_clear(struct iom_cache *cache);

/* Finds or makes the space of a key.  Never fails: an old space gives its place. */
struct iom_space_ref iom_space_get(struct iom_unit *unit, const struct iom_space_key *key);

/*
 * Keeps a walk's result, unless something was invalidated since `invalidations` was read.  *entry
 * becomes the entry.  False: not kept.
 */
bool iom_cache_keep(struct iom_unit *unit, struct iom_space_ref ref, uint64_t input,
                    const struct pt_result *r, uint64_t invalidations, struct iom_ref *entry);

/* Is the place still this space's?  "No space" always is. */
static inline bool iom_space_is(const struct iom_cache *cache, struct iom_space_ref space)
{
	return iom_peek(&cache->space[space.index].number) == space.number;
}

/* What an invalidation names. */
struct iom_scope {
	uint32_t kinds;  /* IOM_SPACE_*                                          */
	uint32_t tag[2]; /* compared where any_tag is false                      */
	bool any_tag[2];
	bool keep_global; /* global entries stay                                  */
	bool by_page;     /* only leaves that hold part of the range around `page` */
	uint64_t page;    /* an input address                                     */
	uint8_t range_lg2; /* the naturally aligned 2^range_lg2 bytes around it; 0 for the page alone */
};

/* Worker only. */
void iom_invalidate(struct iom_unit *unit, const struct iom_scope *scope);
/* Forgets everything: spaces, entries, contexts, fronts. */
void iom_invalidate_all(struct iom_unit *unit);

#endif
