/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Address translation caches of devices: accesses, invalidations, and how an address is reached. */
#include <iommux/iommux.h>

#include <string.h>

#include "base/error.h"
#include "model/atc_cache.h"
#include "model/unit.h"

#define ENTRIES_LG2 6
#define ENTRIES_LG2_MAX 20
#define CACHES_MAX 8
#define FLAGS_ALL IOM_ATC_PASID_TRANSLATED

/* A question is asked again where an invalidation overtook its answer, but not for ever. */
#define TRIES_MAX 8

/* state */
#define UNDER_WAY 1u
#define AWAITED 2u

struct iom_atc {
	uint32_t state;   /* of the access                                       */
	unsigned depth;   /* of iom_atc_begin                                     */
	uint32_t parked;  /* ITags that the end of the access answers            */
	uint32_t enabled; /* 0, or which time it is                              */
	uint32_t times;
	uint32_t flags;
	uint8_t caches;
	uint64_t requests;
	struct iom_port *port;
	struct iom_atc_cache cache;
	size_t bytes; /* of all this, entries included */
	struct iom_atc_entry entry[];
} __attribute__((aligned(64)));

/* ---- Coming and going --------------------------------------------------------------------- */

static int judge(const struct iom_atc_config *config, struct iom_error *error)
{
	if (config->bytes != sizeof *config)
		return iom_fail(error, IOM_EINVAL,
		                "iom_atc_config.bytes is %llu; it must be sizeof(struct "
		                "iom_atc_config), %llu",
		                (unsigned long long)config->bytes,
		                (unsigned long long)sizeof *config);
	if (config->flags & ~FLAGS_ALL)
		return iom_fail(error, IOM_EINVAL,
		                "iom_atc_config.flags is 0x%llx; only 0x%llx is known",
		                (unsigned long long)config->flags, (unsigned long long)FLAGS_ALL);
	if (config->entries_lg2 == 1 || config->entries_lg2 > ENTRIES_LG2_MAX)
		return iom_fail(error, IOM_EINVAL,
		                "iom_atc_config.entries_lg2 is %u; it must be 2 to %u, or 0",
		                config->entries_lg2, ENTRIES_LG2_MAX);
	if (config->caches > CACHES_MAX)
		return iom_fail(error, IOM_EINVAL,
		                "iom_atc_config.caches is %u; it must be 1 to %u, or 0",
		                config->caches, CACHES_MAX);
	return IOM_OK;
}

int iom_atc_new(struct iom_port *port, const struct iom_atc_config *config, struct iom_atc **out,
                struct iom_error *error)
{
	const struct iom_atc_config plain = { .bytes = sizeof plain };
	const struct iom_atc_config *c = config ? config : &plain;
	uint32_t entries = UINT32_C(1) << (c->entries_lg2 ? c->entries_lg2 : ENTRIES_LG2);
	int result = judge(c, error);
	struct iom_atc *atc;
	size_t bytes;

	*out = NULL;
	if (result)
		return result;
	bytes = sizeof *atc + entries * sizeof atc->entry[0];
	atc = iom_unit_alloc(port->lane->unit, bytes);
	if (!atc)
		return iom_fail(error, IOM_ENOMEM,
		                "the host's allocator had no %llu bytes for a device's cache",
		                (unsigned long long)bytes);
	atc->port = port;
	atc->flags = c->flags;
	atc->caches = c->caches ? c->caches : 1;
	atc->bytes = bytes;
	atc->cache.entry = atc->entry;
	atc->cache.sets = entries / IOM_ATC_WAYS;
	*out = atc;
	iom_succeed(error);
	return IOM_OK;
}

void iom_atc_free(struct iom_atc *atc)
{
	if (!atc)
		return;
	while (atc->depth)
		iom_atc_end(atc);
	iom_unit_release(atc->port->lane->unit, atc, atc->bytes);
}

void iom_atc_enable(struct iom_atc *atc, bool enable)
{
	uint32_t time = __atomic_add_fetch(&atc->times, 1, __ATOMIC_RELAXED);

	__atomic_store_n(&atc->enabled, 0, __ATOMIC_SEQ_CST);
	iom_atc_drop_all(&atc->cache);
	if (enable)
		__atomic_store_n(&atc->enabled, time | UINT32_C(1) << 31, __ATOMIC_SEQ_CST);
}

/* ---- Accesses and invalidations ----------------------------------------------------------- */

static void answer(struct iom_atc *atc, uint32_t itags)
{
	const struct iom_message message = {
		.kind = IOM_MESSAGE_INVALIDATED,
		.token = itags,
		.code = atc->caches & 7, /* a count of 8 is coded as 0 */
	};

	/* An endpoint that was removed owes nothing any more. */
	if (itags)
		(void)iom_message(atc->port->endpoint, &message);
}

void iom_atc_begin(struct iom_atc *atc)
{
	if (atc->depth++)
		return;
	iom_begin(atc->port->lane);
	/* Either an invalidation sees the access, or the access sees what it dropped before. */
	iom_announce(&atc->state, UNDER_WAY);
}

void iom_atc_end(struct iom_atc *atc)
{
	uint32_t state;

	if (!atc->depth || --atc->depth)
		return;
	state = __atomic_exchange_n(&atc->state, 0, __ATOMIC_SEQ_CST);
	iom_end(atc->port->lane);
	if (state & AWAITED)
		answer(atc, __atomic_exchange_n(&atc->parked, 0, __ATOMIC_SEQ_CST));
}

/* Is an access under way?  Then its end will look at what is parked. */
static bool awaits(struct iom_atc *atc)
{
	uint32_t state = UNDER_WAY;

	return __atomic_compare_exchange_n(&atc->state, &state, UNDER_WAY | AWAITED, false,
	                                   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) ||
	       state & AWAITED;
}

int iom_atc_message(struct iom_atc *atc, const struct iom_message *message)
{
	uint32_t itag = UINT32_C(1) << (message->token & 31);

	if (message->kind != IOM_MESSAGE_INVALIDATE)
		return IOM_EINVAL;
	iom_atc_drop(&atc->cache, message);
	__atomic_fetch_or(&atc->parked, itag, __ATOMIC_SEQ_CST);
	if (awaits(atc))
		return IOM_OK;
	/* No access: unless one that ended just now has answered already. */
	if (__atomic_fetch_and(&atc->parked, ~itag, __ATOMIC_SEQ_CST) & itag)
		answer(atc, itag);
	return IOM_OK;
}

/* ---- How an address is reached ------------------------------------------------------------ */

/* The request to make, and what is known of the address before it is made. */
struct route {
	struct iom_request q;
	uint8_t lg2, perm, ats;
};

static bool executes(const struct iom_request *q)
{
	return q->access == IOM_EXECUTE && q->flags & IOM_REQ_PASID;
}

/* Without a PASID nobody is told apart who reads and who executes. */
static unsigned needed(const struct iom_request *q)
{
	static const uint8_t perm[] = {
		[IOM_READ] = IOM_PERM_READ,
		[IOM_WRITE] = IOM_PERM_WRITE,
		[IOM_EXECUTE] = IOM_PERM_READ,
		[IOM_ATOMIC] = IOM_PERM_READ | IOM_PERM_WRITE,
	};

	return perm[q->access] | (executes(q) ? IOM_PERM_EXECUTE : 0);
}

/* Bytes from the address to the end of the 2^lg2 bytes around it, less one. */
static uint64_t rest_of(uint64_t address, unsigned lg2)
{
	return iom_low(lg2) - (address & iom_low(lg2));
}

static void straight(const struct iom_request *request, struct route *route, unsigned lg2)
{
	route->q = *request;
	route->lg2 = (uint8_t)lg2;
	route->perm = IOM_PERM_READ | IOM_PERM_WRITE | IOM_PERM_EXECUTE;
	route->ats = 0;
}

static void translated(const struct iom_atc *atc, const struct iom_request *request,
                       const struct iom_atc_entry *e, struct route *route)
{
	uint64_t rest = rest_of(request->iova, e->lg2);
	struct iom_request *q = &route->q;

	*q = *request;
	q->at = IOM_AT_TRANSLATED;
	q->iova = e->address + (request->iova & iom_low(e->lg2));
	if (q->bytes && q->bytes - 1 > rest)
		q->bytes = rest + 1;
	if (!(atc->flags & IOM_ATC_PASID_TRANSLATED)) {
		q->flags &= (uint16_t) ~(IOM_REQ_PASID | IOM_REQ_PRIVILEGED);
		if (q->access == IOM_EXECUTE)
			q->access = IOM_READ;
	}
	route->lg2 = e->lg2;
	route->perm = e->perm;
	route->ats = e->ats;
}

/* Sends translation requests until no invalidation overtakes the answer; *dropped goes with it. */
static int ask(struct iom_atc *atc, const struct iom_request *request, struct iom_reply *reply,
               uint64_t *dropped)
{
	struct iom_request q = *request;
	int result;

	q.at = IOM_AT_TRANSLATION_REQUEST;
	q.access = executes(request) ? IOM_EXECUTE : IOM_READ;
	if (!(needed(request) & IOM_PERM_WRITE))
		q.flags |= IOM_REQ_NO_WRITE;
	for (unsigned i = 0; i < TRIES_MAX; i++) {
		*dropped = iom_atc_dropped(&atc->cache);
		atc->requests++;
		result = iom_translate(atc->port, &q, reply);
		if (result || *dropped == iom_atc_dropped(&atc->cache))
			break;
	}
	return result;
}

/* What comes of an answer. */
static int take(struct iom_atc *atc, const struct iom_request *request, struct iom_reply *reply,
                uint64_t dropped, struct route *route)
{
	struct iom_atc_entry e = {
		.who = iom_atc_who(request),
		/* Half of all addresses is the most that an entry holds: sizes are bits of a word. */
		.lg2 = reply->range_lg2 < 63 ? reply->range_lg2 : 63,
		.perm = reply->perm,
		.ats = reply->ats,
	};

	if (needed(request) & ~reply->perm) {
		reply->host = NULL;
		reply->status = IOM_DONE;
		return IOM_EFAULT;
	}
	if (reply->ats & IOM_ATS_UNTRANSLATED) {
		straight(request, route, reply->range_lg2);
		route->ats = reply->ats;
		return IOM_OK;
	}
	e.page = request->iova >> e.lg2;
	e.address = reply->spa - (request->iova & iom_low(e.lg2));
	if (!(request->flags & IOM_REQ_PROBE))
		iom_atc_keep(&atc->cache, &e, dropped);
	translated(atc, request, &e, route);
	return IOM_OK;
}

static __attribute__((noinline)) int miss(struct iom_atc *atc, const struct iom_request *request,
                                          uint32_t enabled, struct iom_reply *reply,
                                          struct route *route)
{
	uint64_t dropped;
	int result = ask(atc, request, reply, &dropped);

	if (result == IOM_EFAULT && reply->status == IOM_UNSUPPORTED) {
		/* Unless it was enabled anew meanwhile. */
		if (!(request->flags & IOM_REQ_PROBE) &&
		    __atomic_compare_exchange_n(&atc->enabled, &enabled, 0, false, __ATOMIC_SEQ_CST,
		                                __ATOMIC_SEQ_CST))
			iom_atc_drop_all(&atc->cache);
		straight(request, route, 64);
		return IOM_OK;
	}
	return result ? result : take(atc, request, reply, dropped, route);
}

static int find(struct iom_atc *atc, const struct iom_request *request, struct iom_reply *reply,
                struct route *route)
{
	uint32_t enabled = iom_peek_acquire(&atc->enabled);
	const struct iom_atc_entry *e;

	if (!enabled) {
		straight(request, route, 64);
		return IOM_OK;
	}
	e = iom_atc_find(&atc->cache, request->iova, iom_atc_who(request), needed(request));
	if (!e)
		return miss(atc, request, enabled, reply, route);
	translated(atc, request, e, route);
	return IOM_OK;
}

/* ---- The port's calls once more ----------------------------------------------------------- */

static bool request_ok(const struct iom_request *q)
{
	return q->at == IOM_AT_UNTRANSLATED && q->access <= IOM_ATOMIC &&
	       !(q->flags & ~(IOM_REQ_PASID | IOM_REQ_PRIVILEGED | IOM_REQ_PROBE)) &&
	       (!q->bytes || q->iova + (q->bytes - 1) >= q->iova);
}

static int malformed(struct iom_reply *reply)
{
	memset(reply, 0, sizeof *reply);
	reply->status = IOM_UNSUPPORTED;
	return IOM_EINVAL;
}

/* The reply to a route's request says what holds for the address that the device began with. */
static void tell(const struct route *route, uint64_t iova, struct iom_reply *reply)
{
	uint64_t rest = rest_of(iova, route->lg2);

	if (reply->range_lg2 > route->lg2)
		reply->range_lg2 = route->lg2;
	if (reply->host && reply->host_bytes - 1 > rest)
		reply->host_bytes = rest + 1;
	reply->perm &= route->perm;
	reply->ats = route->ats;
}

int iom_atc_translate(struct iom_atc *atc, const struct iom_request *request,
                      struct iom_reply *reply)
{
	struct route route;
	int result;

	if (!request_ok(request))
		return malformed(reply);
	result = find(atc, request, reply, &route);
	if (result)
		return result;
	result = iom_translate(atc->port, &route.q, reply);
	if (!result)
		tell(&route, request->iova, reply);
	return result;
}

static int move(struct iom_atc *atc, const struct iom_request *request, uint8_t *to,
                const uint8_t *from, size_t bytes, struct iom_reply *reply)
{
	struct iom_request q = *request;
	struct route route;
	size_t done = 0;
	int result;

	q.bytes = bytes;
	if (!request_ok(&q))
		return malformed(reply);
	iom_atc_begin(atc);
	do {
		size_t n = bytes - done;

		q.iova = request->iova + done;
		q.bytes = n;
		result = find(atc, &q, reply, &route);
		if (result)
			break;
		if (n && n - 1 > rest_of(q.iova, route.lg2))
			n = (size_t)rest_of(q.iova, route.lg2) + 1;
		result = q.access == IOM_WRITE
		                 ? iom_write(atc->port, &route.q, from ? from + done : NULL, n,
		                             reply)
		                 : iom_read(atc->port, &route.q, to ? to + done : NULL, n, reply);
		done += (size_t)reply->done;
		if (!result)
			tell(&route, q.iova, reply);
	} while (!result && done < bytes);
	iom_atc_end(atc);
	reply->done = done;
	return result;
}

int iom_atc_read(struct iom_atc *atc, const struct iom_request *request, void *buf, size_t bytes,
                 struct iom_reply *reply)
{
	struct iom_request q = *request;
	int result;

	if (q.access != IOM_EXECUTE)
		q.access = IOM_READ;
	result = move(atc, &q, buf, NULL, bytes, reply);
	if (result && bytes)
		memset((uint8_t *)buf + reply->done, 0xff, bytes - (size_t)reply->done);
	return result;
}

int iom_atc_write(struct iom_atc *atc, const struct iom_request *request, const void *buf,
                  size_t bytes, struct iom_reply *reply)
{
	struct iom_request q = *request;

	q.access = IOM_WRITE;
	return move(atc, &q, NULL, buf, bytes, reply);
}

int iom_atc_atomic(struct iom_atc *atc, const struct iom_request *request, unsigned op,
                   uint64_t operand, uint64_t compare, unsigned bytes, uint64_t *old,
                   struct iom_reply *reply)
{
	struct iom_request q = *request;
	struct route route;
	int result;

	q.access = IOM_ATOMIC;
	q.bytes = bytes;
	if (!request_ok(&q))
		return malformed(reply);
	iom_atc_begin(atc);
	result = find(atc, &q, reply, &route);
	if (!result) {
		result = iom_atomic(atc->port, &route.q, op, operand, compare, bytes, old, reply);
		if (!result)
			tell(&route, q.iova, reply);
	}
	iom_atc_end(atc);
	return result;
}

uint64_t iom_atc_requests(const struct iom_atc *atc)
{
	return atc->requests;
}
