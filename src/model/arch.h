/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What an architecture provides, and what it is asked. */
#ifndef MODEL_ARCH_H
#define MODEL_ARCH_H

#include <iommux/backend.h>
#include <iommux/interrupt.h>
#include <iommux/message.h>
#include <iommux/port.h>

#include "model/cache.h"
#include "model/fault.h"
#include "model/memory.h"

struct iom_memo; /* unit.h */

/* Quality-of-service identifiers of an access: resource control, monitoring counter. */
struct iom_qos {
	uint16_t rcid, mcid;
};

/* What a translation allows: the thing that a port's front keeps.  `spa` belongs to request.iova. */
struct iom_grant {
	uint64_t spa;
	uint64_t word[2]; /* the architecture's own, of a target that is not memory */
	struct iom_qos qos;
	uint8_t target;      /* IOM_TARGET_*: if not memory, nothing is kept           */
	uint8_t range_lg2;   /* not beside perm: two bytes copied at once wait for their stores */
	uint8_t alike_lg2;   /* for replays: the naturally aligned 2^alike_lg2 bytes around */
			     /* request.iova are mapped in a row; 0: 2^range_lg2 bytes */
	uint8_t perm;        /* IOM_PERM_*                                             */
	bool keep;           /* the front may keep it for as long as both entries live */
	uint8_t memory_type; /* IOM_MEMORY_*                                           */
	uint8_t ats;         /* IOM_ATS_*                                              */
	struct iom_ref entry[2];
};

/* A device's data on their way: one of the two is NULL. */
struct iom_data {
	void *to;
	const void *from;
};

/* How a request's way begins; resolve gets it, and fills grant or fault. */
struct iom_query {
	struct iom_unit *unit;
	struct iom_endpoint *endpoint;
	const struct iom_request *request;
	uint64_t invalidations;      /* the unit's, before anything was looked at        */
	uint32_t requester;          /* the endpoint's number at that time               */
	struct iom_view *view;       /* of its loads                                     */
	struct iom_memo *memo;       /* the port's; NULL: nobody remembers anything      */
	const struct iom_data *data; /* NULL: the request only asks                      */
	struct iom_route *route;     /* the request asks where its data would go as a message */
	uint32_t watchers;           /* unit.watchers when it began                      */
};

struct iom_stream; /* snapshot.h */

struct iom_arch {
	const char *name;
	size_t unit_bytes;       /* of the structure that begins with struct iom_unit */
	uint32_t requester_last; /* the highest requester number                      */

	/*
	 * Gives registers their reset values; they are 0 when it is called, but for those that a warm
	 * reset keeps.  Under the lock.
	 */
	void (*reset_locked)(struct iom_unit *unit);
	/* The whole way through contexts and stages.  False: refused, *fault says why. */
	bool (*resolve)(const struct iom_query *query, struct iom_grant *grant,
	                struct iom_fault *fault);
	/*
	 * Carries out an access to a target that is not memory, after resolve: `bytes` of query.data,
	 * which lie in one range.  IOM_OK; IOM_EFAULT: refused, *fault says why; IOM_ENOTSUP: the target
	 * does not know such accesses, which is nobody's fault.  NULL: every target is memory.
	 */
	int (*access)(const struct iom_query *query, const struct iom_grant *grant, uint64_t bytes,
	              struct iom_fault *fault);
	/*
	 * Fills query.route instead: where the message of 4 bytes at query.data would go, with nothing
	 * delivered.  Results as of access.  NULL: every target is memory.
	 */
	int (*route)(const struct iom_query *query, const struct iom_grant *grant,
	             struct iom_fault *fault);
	/*
	 * Fills reply's fault and status, and records the refusal where the architecture wants it and the
	 * request is no probe.  May hold the request back, unless it is a probe: status IOM_STALLED and
	 * a token.  A translation request may be answered without a permission instead: status IOM_DONE.
	 * Whoever holds back looks at endpoint.removed under the lock, because `removed` may have
	 * been called since the request came.
	 */
	void (*refuse)(const struct iom_query *query, const struct iom_fault *fault,
	               struct iom_reply *reply);
	/* Carries out work, without the lock and on one thread at a time: see work.h. */
	void (*work)(struct iom_unit *unit, uint32_t what);
	/*
	 * For iom_restarted: the worker's own becomes what it is after a reset or a load.  Returns the
	 * drains that what waits now is to ask for.
	 */
	uint32_t (*restarted_locked)(struct iom_unit *unit);
	const char *(*fault_name)(uint32_t fault);
	/* What the context in memory says, for a backend; query.request names the process. */
	void (*inform)(const struct iom_query *query, struct iom_context_info *info);
	/* A device's message; NULL: none is understood. */
	int (*message)(struct iom_unit *unit, struct iom_endpoint *endpoint,
	               const struct iom_message *message);
	/*
	 * The endpoint goes: whatever is held back for it ends.  Not under the lock, and not as the
	 * worker: messages are work.  NULL: nothing is ever held back.
	 */
	void (*removed)(struct iom_unit *unit, struct iom_endpoint *endpoint);
	/*
	 * State beside the registers: writes it; reads it back.  The first reading only judges (an
	 * error's sentence and false), with the registers' values as they would be; the second, under
	 * the lock, takes it over.
	 */
	void (*save_locked)(struct iom_unit *unit, struct iom_stream *stream);
	bool (*load)(struct iom_unit *unit, struct iom_stream *stream, const uint64_t *regs,
	             bool commit, struct iom_error *error);
	/* So much time has passed since the last call.  NULL: the unit takes none. */
	void (*step_locked)(struct iom_unit *unit, uint64_t passed_ns);
	/* Drops what the architecture caches beside the engine's caches.  NULL: nothing. */
	void (*forget)(struct iom_unit *unit);
	/*
	 * The identifiers of quality of service on accesses that the unit makes for no request.  NULL:
	 * there are none.
	 */
	void (*qos)(const struct iom_unit *unit, uint16_t *rcid, uint16_t *mcid);
};

#endif
