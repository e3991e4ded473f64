/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The context cache: what an architecture decoded from its device and process directories, by
 * requester and process.
 */
#ifndef MODEL_CONTEXT_CACHE_H
#define MODEL_CONTEXT_CACHE_H

#include "model/sync.h"

struct iom_unit;
struct iom_endpoint;
struct iom_query;

#define IOM_CONTEXT_WORDS 12

/* Which context of an endpoint: a PASID, or one of these. */
#define IOM_CONTEXT_NO_PASID 0x100000u /* of requests without PASID      */
#define IOM_CONTEXT_DEVICE 0x100001u   /* of the device, for all of them */

struct iom_context {
	uint32_t seq;
	uint32_t requester, which;
	uint32_t all, endpoint; /* generations of the unit and of the endpoint */
	uint64_t word[IOM_CONTEXT_WORDS];
} __attribute__((aligned(64)));

/* A context that a port remembers; valid while nothing of this has changed. */
struct iom_context_memo {
	const struct iom_context *place; /* NULL: none */
	uint32_t seq, requester, which, all, endpoint;
	uint32_t evicted; /* spaces that had lost their places */
	uint64_t word[IOM_CONTEXT_WORDS];
};

#define IOM_CONTEXTS 512

struct iom_context_cache {
	bool enabled;
	uint32_t all; /* goes up when every context is forgotten; 0 is never valid */
	struct iom_lock lock;
	struct iom_context context[IOM_CONTEXTS];
};

/* Finds a context, and copies its first `count` words to `words`; the port remembers it. */
bool iom_context_find(const struct iom_query *query, uint32_t which, void *words, unsigned count);
/* Keeps a context, unless something was invalidated since `invalidations` was read. */
void iom_context_keep(struct iom_unit *unit, const struct iom_endpoint *endpoint, uint32_t which,
                      const uint64_t *words, uint64_t invalidations);

/* Forgets one context of an endpoint, all of them, or (endpoint NULL) all of the unit. */
void iom_context_forget(struct iom_unit *unit, struct iom_endpoint *endpoint, uint32_t which);
void iom_contexts_forget(struct iom_unit *unit, struct iom_endpoint *endpoint);

/*
 * Worker only: forgets the contexts of which this is true.  It is asked about each that the cache holds,
 * under the cache's lock; the words are as they were kept.
 */
typedef bool iom_context_named(const void *opaque, uint32_t requester, uint32_t which,
                               const uint64_t *words);
void iom_contexts_forget_named(struct iom_unit *unit, iom_context_named *named, const void *opaque);

#endif
