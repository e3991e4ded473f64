/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What a device's translation cache remembers.  One thread looks up and keeps, any thread drops: a
 * look-up takes no lock, and finds nothing that was dropped before it began.
 */
#ifndef MODEL_ATC_CACHE_H
#define MODEL_ATC_CACHE_H

#include <stddef.h>

#include <iommux/message.h>

#include "base/bits.h"
#include "model/sync.h"

#define IOM_ATC_WAYS 4u

/* One answer.  Its thread writes all of it under the lock; others only clear `live`. */
struct iom_atc_entry {
	uint64_t page;    /* iova >> lg2                                              */
	uint64_t who;     /* iom_atc_who()                                            */
	uint64_t address; /* of the range's first byte, for translated requests      */
	uint32_t live;
	uint8_t lg2, perm, ats;
};

struct iom_atc_cache {
	struct iom_lock lock;
	uint32_t turn;
	uint64_t sizes;   /* that entries may have: a bit for each log2 */
	uint64_t dropped; /* how often something was                   */
	uint32_t sets;    /* a power of two                            */
	struct iom_atc_entry *entry;
};

/* Everything but the page that an answer depends on. */
#define IOM_ATC_NO_PASID (UINT64_C(1) << 32)
#define IOM_ATC_PRIVILEGED (UINT64_C(1) << 33)
#define IOM_ATC_EXECUTE (UINT64_C(1) << 34)

static inline uint64_t iom_atc_who(const struct iom_request *q)
{
	uint64_t who = q->pasid;

	if (!(q->flags & IOM_REQ_PASID))
		return IOM_ATC_NO_PASID;
	if (q->flags & IOM_REQ_PRIVILEGED)
		who |= IOM_ATC_PRIVILEGED;
	return q->access == IOM_EXECUTE ? who | IOM_ATC_EXECUTE : who;
}

static inline struct iom_atc_entry *iom_atc_set(const struct iom_atc_cache *c, uint64_t page,
                                                uint64_t who)
{
	uint64_t hash = page ^ page >> 16 ^ who * 0x61;

	return &c->entry[(hash & (c->sets - 1)) * IOM_ATC_WAYS];
}

/* A live entry for the address with these permissions, or NULL. */
static inline const struct iom_atc_entry *iom_atc_find(const struct iom_atc_cache *c, uint64_t iova,
                                                       uint64_t who, unsigned perm)
{
	for (uint64_t sizes = iom_peek(&c->sizes); sizes; sizes &= sizes - 1) {
		unsigned lg2 = iom_ctz(sizes);
		uint64_t page = iova >> lg2;
		const struct iom_atc_entry *e = iom_atc_set(c, page, who);

		for (unsigned way = 0; way < IOM_ATC_WAYS; way++, e++) {
			if (e->page == page && e->who == who && e->lg2 == lg2 &&
			    !(perm & ~e->perm) && iom_peek_acquire(&e->live))
				return e;
		}
	}
	return NULL;
}

/* What iom_atc_keep compares: taken before the question is asked. */
static inline uint64_t iom_atc_dropped(const struct iom_atc_cache *c)
{
	return iom_peek_acquire(&c->dropped);
}

/*
 * Keeps an answer, unless something was dropped since `dropped` was taken: it may have been this.
 * Waits for nobody, and rather forgets.
 */
void iom_atc_keep(struct iom_atc_cache *cache, const struct iom_atc_entry *answer,
                  uint64_t dropped);

/* Drops what an invalidation names. */
void iom_atc_drop(struct iom_atc_cache *cache, const struct iom_message *what);
void iom_atc_drop_all(struct iom_atc_cache *cache);

#endif
