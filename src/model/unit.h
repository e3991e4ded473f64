/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What all units share. */
#ifndef MODEL_UNIT_H
#define MODEL_UNIT_H

#include <iommux/backend.h>
#include <iommux/host.h>
#include <iommux/interrupt.h>
#include <iommux/message.h>
#include <iommux/observe.h>
#include <iommux/port.h>

#include "base/bits.h"
#include "model/arch.h"
#include "model/cache.h"
#include "model/context_cache.h"
#include "model/fault.h"
#include "model/memory.h"
#include "model/regfile.h"
#include "model/sync.h"

#define IOM_ENDPOINT_BUCKETS 64

/* Who hears of every access.  While there is somebody, fronts keep nothing. */
#define IOM_WATCH_OBSERVER 0x1u
#define IOM_WATCH_COUNTERS 0x2u

struct iom_unit {
	/* Fixed at creation */
	const struct iom_arch *arch;
	struct iom_memory *memory;
	struct iom_host host;
	void *opaque;
	uint64_t spa_last; /* the bus reaches no further; the architecture sets it */
	uint32_t slots;    /* of each port: a power of two                         */
	struct iom_cache cache;
	struct iom_context_cache contexts;

	struct iom_lock lock; /* registers, the lists below, and what hardware remembers */
	struct iom_regfile regs;
	struct iom_lane *lanes;
	struct iom_endpoint *endpoint[IOM_ENDPOINT_BUCKETS];
	struct iom_unit *memory_next; /* of the units on the same memory; memory's lock */

	/* work.c */
	uint32_t work;                  /* wishes, and IOM_WORKER */
	uint32_t soon;                  /* wishes of the register store under way; the lock */
	uint32_t drain_left;            /* sections that the drain under way waits for, and 1 */
	uint32_t drain_asked, draining; /* the worker's own */
	uint32_t work_left;             /* the worker's own: what this call may still do */
	uint32_t resets;                /* and loads; the lock                           */
	uint32_t resets_seen;           /* those after which the worker has begun anew; the lock */

	uint64_t invalidations;        /* how many were carried out; a walk compares the sum ... */
	uint64_t worker_invalidations; /* ... with these, which the worker alone counts   */
	uint32_t stopped;
	uint32_t watchers; /* IOM_WATCH_*, changed under the lock */
	bool stepped;      /* the clock has been read ... */
	uint64_t now_ns;   /* ... and showed this         */

	/* Set while nothing is under way */
	struct iom_backend backend;
	void *backend_opaque;
	struct iom_observer observer;
	void *observer_opaque;
};

struct iom_endpoint {
	struct iom_unit *unit;
	struct iom_endpoint *next;
	uint32_t requester;
	uint32_t users; /* ports, and one while the endpoint is not removed: unit.lock */
	bool removed;
	uint32_t epoch;    /* fronts keep only what was found in this epoch       */
	uint32_t contexts; /* goes up when the endpoint's contexts are forgotten  */
	uint64_t spaces;   /* which spaces it used: a bit for several of them     */
} __attribute__((aligned(64)));

#define IOM_LANE_OPEN 1u
#define IOM_LANE_AWAITED 2u
/* In `depth`: somebody wants to hear of sections.  It makes iom_begin and iom_end take the slow way. */
#define IOM_LANE_HEARD 0x80000000u

struct iom_lane {
	uint32_t state; /* IOM_LANE_*; alone in its line, so that sections of others cost nothing */
	uint32_t depth; /* of sections; IOM_LANE_HEARD */
	struct iom_unit *unit;
	struct iom_lane *next;
	struct iom_port *ports;
} __attribute__((aligned(64)));

/* One page that a port may use at once. */
struct iom_slot {
	uint64_t page;  /* iova >> 12                                            */
	uint32_t pasid; /* as in the request that was granted, valid or not     */
	uint16_t flags;
	uint8_t at;
	uint64_t spa;  /* of the page                                           */
	uint8_t *host; /* of the page, or NULL                                  */
	uint64_t room; /* bytes behind `host`, from the page's start            */
	struct iom_ref entry[2];
	uint32_t epoch;
	uint8_t range_lg2, memory_type;
	uint8_t may; /* granted: a bit for each IOM_READ ...; 0 in an empty one */
	bool plain;  /* stores need no report and are not refused               */
} __attribute__((aligned(64)));

/*
 * What a port remembers from one request to the next.  Each part is compared with what it was taken
 * from before it is used.
 */
struct iom_memo {
	struct iom_view tables;
	struct iom_near target;
	struct iom_context_memo context;
};

/* How many pages a port can remember, as powers of two; IOM_FRONT_LG2: unless told. */
#define IOM_FRONT_LG2 10
#define IOM_FRONT_LG2_MIN 6
#define IOM_FRONT_LG2_MAX 20

struct iom_port {
	struct iom_endpoint *endpoint;
	struct iom_lane *lane;
	const uint32_t *counts; /* what iom_ref.index counts from: the cache's */
	struct iom_port *next;
	struct iom_qos qos; /* of all that the slots hold: a device's, in one epoch */
	struct iom_memo memo;
	uint32_t slot_last; /* their number less 1 */
	struct iom_slot slot[];
};

/*
 * What every constructor refuses: a configuration (`name`) or a host of another library's size, half an
 * allocator, no memory.
 */
int iom_unit_check(const char *name, size_t bytes, size_t should, const struct iom_memory *memory,
                   const struct iom_host *host, struct iom_error *error);

/*
 * Makes a unit of an architecture: host and memory attached, caches of `entries` translations (0:
 * none), ports with `slots` pages.  NULL: no memory.  The architecture fills the rest, and calls
 * iom_unit_reset.
 */
struct iom_unit *iom_unit_new(const struct iom_arch *arch, struct iom_memory *memory,
                              const struct iom_host *host, void *opaque, uint32_t entries,
                              uint32_t slots);

/*
 * As iom_translate, for a request that nobody else can change, as part of another call: it may have
 * `data` to move (NULL: none).
 */
int iom_translate_part(struct iom_port *port, const struct iom_request *q,
                       const struct iom_data *data, struct iom_reply *reply);
/* Tells that a device's data have moved. */
void iom_moved(const struct iom_endpoint *endpoint, const struct iom_moved *moved);

/*
 * The way of a request that no front has answered; query's unit, endpoint, request, view, memo, data and
 * route are given.  Results as of iom_translate; data have moved where the target is not memory.
 */
int iom_resolve(struct iom_query *query, struct iom_grant *grant, struct iom_reply *reply);

static inline unsigned iom_lane_depth(const struct iom_lane *lane)
{
	return lane->depth & ~IOM_LANE_HEARD;
}

/* Sections that are part of another call, and are not told. */
void iom_section_begin(struct iom_lane *lane);
void iom_section_end(struct iom_lane *lane);
/* Somebody begins or ceases to hear. */
void iom_lane_hear_locked(struct iom_lane *lane);

/*
 * A call's own lane, which lives no longer than the call: drains wait for it as for any other while its
 * section is open.
 */
void iom_lane_of_call(struct iom_lane *lane, struct iom_unit *unit);
void iom_lane_of_call_end(struct iom_lane *lane);

/* Sends 4 bytes as a message: to the host's msi or, without one, through memory. */
int iom_message_send(struct iom_unit *unit, uint64_t address, uint32_t data);
/* The host's functions, where it has them; the observer is told. */
void iom_message_to(struct iom_unit *unit, uint32_t requester, const struct iom_message *message);
void iom_wire_set(struct iom_unit *unit, unsigned wire, bool level);
void iom_order(struct iom_unit *unit, bool reads, bool writes);
/* Worker: what was told of messages with these handles is out of date. */
void iom_interrupts_changed(struct iom_unit *unit, uint32_t first, uint32_t last);

/* The host's allocator: zeroed memory, aligned to 64, or NULL. */
void *iom_unit_alloc(const struct iom_unit *unit, size_t size);
void iom_unit_release(const struct iom_unit *unit, void *memory, size_t size);

/* Stores to memory on the unit's or its devices' behalf, and reports tracked regions. */
int iom_unit_store(struct iom_unit *unit, uint64_t spa, const void *buf, size_t len);
/* The same, and a load: *done becomes the bytes that were moved, also where memory refuses some. */
int iom_unit_store_upto(struct iom_unit *unit, uint64_t spa, const void *buf, size_t len,
                        size_t *done);

/*
 * Sets bits of an aligned little-endian doubleword, atomically towards everything in RAM regions; *found
 * becomes what was there.
 */
int iom_unit_set_bits(struct iom_unit *unit, uint64_t spa, uint64_t bits, uint64_t *found);

/* Reports a store that was made otherwise. */
void iom_unit_stored(struct iom_unit *unit, uint64_t spa, size_t len);

/* Both kinds only grow: the sum is the same if neither changed. */
static inline uint64_t iom_unit_invalidations(const struct iom_unit *unit)
{
	return __atomic_load_n(&unit->invalidations, __ATOMIC_SEQ_CST) +
	       __atomic_load_n(&unit->worker_invalidations, __ATOMIC_SEQ_CST);
}
/* Who hears; nobody without a word (NULL). */
void iom_observe_locked(struct iom_unit *unit, const struct iom_observer *observer, void *opaque);

/* A question that no port asks, for the hooks of the architecture. */
static inline struct iom_query iom_query_of(struct iom_endpoint *endpoint,
                                            const struct iom_request *q, struct iom_view *view)
{
	struct iom_unit *unit = endpoint->unit;

	return (struct iom_query){
		.unit = unit,
		.endpoint = endpoint,
		.request = q,
		.view = view,
		.invalidations = iom_unit_invalidations(unit),
		.requester = iom_peek(&endpoint->requester),
		.watchers = __atomic_load_n(&unit->watchers, __ATOMIC_SEQ_CST),
	};
}

/* Watchers come, or go. */
void iom_watch_locked(struct iom_unit *unit, uint32_t who, bool on);

/*
 * Reads and writes on the unit's own behalf: as memory and iom_unit_store do, and told to the observer
 * as `of`, IOM_OF_*.
 */
int iom_own_read(struct iom_unit *unit, unsigned of, uint64_t spa, void *buf, size_t bytes);
int iom_own_write(struct iom_unit *unit, unsigned of, uint64_t spa, const void *buf, size_t bytes);
/* Tells of an access that was made otherwise, for no request; and of one made for a request. */
void iom_own_tell_unit(struct iom_unit *unit, unsigned of, uint64_t spa, const void *data,
                       size_t bytes, bool write, int result);
void iom_own_tell(struct iom_unit *unit, uint32_t requester, const struct iom_own_access *access);
/*
 * Makes it an access that swapped a word, as little-endian loads would find it; its result is there.  The
 * 16 bytes of `room` hold what it points to.
 */
void iom_own_swap(struct iom_own_access *access, uint64_t found, uint64_t now, bool missed,
                  uint8_t *room);

/* Makes every front forget what it holds. */
void iom_unit_new_epoch(struct iom_unit *unit);
void iom_unit_new_epoch_locked(struct iom_unit *unit);
/* The same for endpoints that used one of these spaces (bits as in endpoint.spaces). */
void iom_unit_new_epoch_of(struct iom_unit *unit, uint64_t spaces);
/*
 * One endpoint after the other, while they come, go and get other numbers: each that stays as it is
 * at least once.  Begins with NULL and *bucket 0.  Takes back `after`, and after the last one gives NULL.
 */
struct iom_endpoint *iom_unit_next_endpoint(struct iom_unit *unit, struct iom_endpoint *after,
                                            unsigned *bucket);
/* The endpoint of a requester, or NULL.  Both are to be given back by iom_endpoint_put. */
struct iom_endpoint *iom_unit_endpoint(struct iom_unit *unit, uint32_t requester);
void iom_endpoint_put(struct iom_endpoint *endpoint);
/* Is a message, of a kind that devices send, one that a bus can carry? */
bool iom_message_ok(const struct iom_message *message);

/* The value of a register that exists in the table: in one piece, with the lock or without. */
static inline uint64_t iom_reg_get(const struct iom_unit *unit, unsigned off)
{
	return iom_peek_acquire(&unit->regs.cell[unit->regs.at[off / 4] - 1].value);
}

/* The words of a context that the port remembers, or NULL.  The spaces that it names are still there. */
static inline const void *iom_context_recall(const struct iom_query *query, uint32_t which)
{
	const struct iom_context_memo *memo = query->memo ? &query->memo->context : NULL;

	if (!memo || !memo->place || memo->which != which || memo->requester != query->requester ||
	    iom_peek_acquire(&memo->place->seq) != memo->seq ||
	    iom_peek_acquire(&query->unit->contexts.all) != memo->all ||
	    iom_peek_acquire(&query->endpoint->contexts) != memo->endpoint ||
	    iom_peek_acquire(&query->unit->cache.evicted) != memo->evicted)
		return NULL;
	return memo->word;
}

/* The endpoint uses the space from now on: see iom_space_gen. */
static inline void iom_space_use(const struct iom_query *query, struct iom_space_ref space)
{
	uint64_t bit = IOM_BIT(space.index % 64);

	if (space.index && !(__atomic_load_n(&query->endpoint->spaces, __ATOMIC_SEQ_CST) & bit))
		__atomic_fetch_or(&query->endpoint->spaces, bit, __ATOMIC_SEQ_CST);
}

/* What the caller found in a context was out of date. */
static inline void iom_context_mistrust(const struct iom_query *query)
{
	if (query->memo)
		query->memo->context.place = NULL;
}

#endif
