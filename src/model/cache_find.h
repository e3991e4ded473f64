/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * How an entry of the translation cache is found: inlined into whoever looks, because a miss looks
 * several times.
 */
#ifndef MODEL_CACHE_FIND_H
#define MODEL_CACHE_FIND_H

#include <stddef.h>
#include <string.h>

#include "model/cache.h"

/* The smallest page that there is. */
#define IOM_CACHE_PAGE_LG2 12u

/*
 * Space, size and page in one word: the space at the low end, and the page as an address of 53 bits
 * whose lowest 1 tells its size.
 */
static inline uint64_t iom_tag_of(uint32_t space, uint64_t input, unsigned lg2)
{
	return (input & ~iom_low(lg2)) >> 1 | IOM_BIT(lg2 - 2) | space;
}
_Static_assert(IOM_SPACES <= 1 << (IOM_CACHE_PAGE_LG2 - 2), "a space's number stands below the "
                                                            "page");

static inline uint64_t iom_hash_of(uint64_t tag)
{
	return tag * UINT64_C(0x9e3779b97f4a7c15);
}

static inline struct iom_set *iom_set_of(const struct iom_cache *cache, uint64_t tag)
{
	return &cache->set[iom_hash_of(tag) >> cache->set_shift];
}

/* Small pages in a row have theirs in one line. */
static inline uint32_t iom_count_of(const struct iom_cache *cache, uint64_t tag)
{
	const unsigned page_at = IOM_CACHE_PAGE_LG2 - 1;
	const uint64_t low = IOM_COUNTS_LINE - 1;
	uint64_t line = iom_hash_of(tag & ~(low << page_at)) >> cache->count_shift & ~low;

	return (uint32_t)(IOM_COUNTS_LINE + line + (tag >> page_at & low));
}

/*
 * To be taken before an entry, or the number of invalidations, is looked at: whoever takes an entry out
 * changes its count last.
 */
static inline struct iom_ref iom_ref_of(const struct iom_cache *cache, uint64_t tag)
{
	uint32_t index = iom_count_of(cache, tag);

	return (struct iom_ref){ index, iom_peek_acquire(&cache->count[index]) };
}

/* What a leaf says beside its address: size_lg2, perm, flags and memory_type, in one word. */
_Static_assert(offsetof(struct pt_result, memory_type) == offsetof(struct pt_result, size_lg2) + 3,
               "the four stand together");

static inline uint32_t iom_attr_of(const struct pt_result *r)
{
	uint32_t attr;

	memcpy(&attr, (const uint8_t *)r + offsetof(struct pt_result, size_lg2), sizeof attr);
	return attr;
}

static inline void iom_attr_tell(uint32_t attr, struct pt_result *out)
{
	memcpy((uint8_t *)out + offsetof(struct pt_result, size_lg2), &attr, sizeof attr);
}

/*
 * Whoever looks has marked its endpoint as a user of the space before; whoever invalidates changes the
 * generation and looks for users afterwards.  In one total order, one of them sees the other.
 */
static inline uint64_t iom_space_gen(const struct iom_space *space, unsigned flags)
{
	return __atomic_load_n(&space->gen[flags & PT_GLOBAL ? 1 : 0], __ATOMIC_SEQ_CST);
}

/* The way that has the tag, or IOM_WAYS. */
static inline unsigned iom_way_of(const struct iom_set *set, uint64_t tag)
{
	return iom_peek(&set->tag[0]) == tag   ? 0
	       : iom_peek(&set->tag[1]) == tag ? 1
	       : iom_peek(&set->tag[2]) == tag ? 2
	       : iom_peek(&set->tag[3]) == tag ? 3
	                                       : IOM_WAYS;
}
_Static_assert(IOM_WAYS == 4, "all of them are looked at");

/* Finds the entry for `input`.  The caller judges what it grants. */
PT_INLINE bool iom_cache_find(const struct iom_cache *cache, struct iom_space_ref ref,
                              uint64_t input, struct pt_result *out, struct iom_ref *entry)
{
	const struct iom_space *space = &cache->space[ref.index];

	for (uint64_t sizes = iom_peek(&space->sizes); sizes; sizes &= sizes - 1) {
		unsigned lg2 = iom_ctz(sizes), way;
		uint32_t seq, attr;
		uint64_t tag = iom_tag_of(ref.index, input, lg2), gen, address;
		const struct iom_set *set = iom_set_of(cache, tag);

		way = iom_way_of(set, tag);
		if (way == IOM_WAYS)
			continue;
		*entry = iom_ref_of(cache, tag);
		/* Others may write it meanwhile; then it counts as not there. */
		seq = iom_peek_acquire(&set->seq[way]);
		if (iom_peek(&set->tag[way]) != tag)
			continue;
		gen = iom_peek(&set->gen[way]);
		address = iom_peek(&set->address[way]);
		attr = iom_peek(&set->attr[way]);
		if (!iom_seq_same(&set->seq[way], seq))
			continue;
		iom_attr_tell(attr, out);
		if (gen != iom_space_gen(space, out->flags))
			continue;
		/* Looked at last: another space may have come to the place, with entries. */
		if (iom_peek(&space->number) != ref.number)
			return false;
		out->address = address | (input & iom_low(lg2));
		return true;
	}
	return false;
}

#endif
