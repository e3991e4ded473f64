/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The way of a device's request.  A port's front answers for pages that it was granted before, as
 * long as nothing that the grant rests on has changed; else the architecture resolves it.
 */
#include "model/observe.h"

#include <string.h>

#define PASID_LAST 0xfffffu
#define PAGE_LG2 12

static inline bool range_ok(const struct iom_request *q)
{
	return !q->bytes || q->iova + (q->bytes - 1) >= q->iova;
}

static unsigned flags_of(const struct iom_request *q)
{
	const unsigned all = IOM_REQ_PASID | IOM_REQ_PRIVILEGED | IOM_REQ_PROBE;

	return q->at == IOM_AT_TRANSLATION_REQUEST ? all | IOM_REQ_NO_WRITE | IOM_REQ_CXL : all;
}

static inline bool request_ok(const struct iom_request *q)
{
	return q->access <= IOM_ATOMIC && q->at <= IOM_AT_TRANSLATED &&
	       !(q->flags & ~flags_of(q)) &&
	       (!(q->flags & IOM_REQ_PASID) || q->pasid <= PASID_LAST) && range_ok(q);
}

/* Bytes from `address` to the end of the naturally aligned 2^lg2 bytes around it, less one. */
static uint64_t range_rest(uint64_t address, unsigned lg2)
{
	return iom_low(lg2) - (address & iom_low(lg2));
}

/* ---- The front ---------------------------------------------------------------------------- */

static inline struct iom_slot *slot_of(struct iom_port *port, const struct iom_request *q)
{
	return &port->slot[(q->iova >> PAGE_LG2 ^ q->pasid) & port->slot_last];
}

_Static_assert(IOM_PERM_READ == 1u << IOM_READ && IOM_PERM_WRITE == 1u << IOM_WRITE &&
                       IOM_PERM_EXECUTE == 1u << IOM_EXECUTE,
               "a bit for each access");

/* Some architectures ask of an atomic access what a read needs as well. */
static inline uint8_t may_of(unsigned perm)
{
	const unsigned both = IOM_PERM_READ | IOM_PERM_WRITE;

	return (uint8_t)(perm | ((perm & both) == both ? 1u << IOM_ATOMIC : 0));
}

static inline unsigned perm_of(unsigned may)
{
	return may & (IOM_PERM_READ | IOM_PERM_WRITE | IOM_PERM_EXECUTE);
}

static inline bool ref_valid(const struct iom_port *port, struct iom_ref ref)
{
	return iom_peek(port->counts + ref.index) == ref.count;
}

/* Field by field: whoever asks may have stored them so, and a wider load would wait for the stores. */
static inline bool same_kind(const struct iom_slot *slot, const struct iom_request *q)
{
	return slot->pasid == q->pasid && slot->flags == q->flags && slot->at == q->at;
}

static inline bool front_answers(const struct iom_port *port, const struct iom_slot *slot,
                                 const struct iom_request *q)
{
	return slot->page == q->iova >> PAGE_LG2 && same_kind(slot, q) &&
	       slot->epoch == iom_peek_acquire(&port->endpoint->epoch) &&
	       ref_valid(port, slot->entry[0]) && ref_valid(port, slot->entry[1]) &&
	       q->access <= IOM_ATOMIC && slot->may >> q->access & 1 && range_ok(q);
}

static inline void front_reply(const struct iom_port *port, const struct iom_slot *slot,
                               const struct iom_request *q, struct iom_reply *reply)
{
	uint64_t offset = q->iova & iom_low(PAGE_LG2);

	reply->spa = slot->spa + offset;
	reply->done = 0;
	reply->host = slot->host ? slot->host + offset : NULL;
	reply->host_bytes = slot->host ? slot->room - offset : 0;
	reply->token = 0;
	reply->fault = 0;
	reply->range_lg2 = slot->range_lg2;
	reply->perm = (uint8_t)perm_of(slot->may);
	reply->memory_type = slot->memory_type;
	reply->status = IOM_DONE;
	reply->target = IOM_TARGET_MEMORY;
	reply->ats = 0;
	reply->rcid = port->qos.rcid;
	reply->mcid = port->qos.mcid;
}

/*
 * Remembers a grant.  The pointer is kept for the whole page or not at all; a grant of a range
 * smaller than the region's remainder ends with the range.
 */
static void front_keep(struct iom_port *port, const struct iom_request *q,
                       const struct iom_grant *grant, const struct iom_reply *reply, uint32_t epoch,
                       const struct iom_region *region)
{
	struct iom_slot *slot = slot_of(port, q);
	uint64_t offset = q->iova & iom_low(PAGE_LG2);
	bool whole = reply->host && reply->spa - region->spa >= offset &&
	             (reply->host_bytes > iom_low(PAGE_LG2) - offset);

	if (reply->host && !whole)
		return;
	slot->page = q->iova >> PAGE_LG2;
	slot->pasid = q->pasid;
	slot->flags = q->flags;
	slot->at = q->at;
	slot->spa = reply->spa - offset;
	slot->host = reply->host ? (uint8_t *)reply->host - offset : NULL;
	slot->room = reply->host_bytes + offset;
	slot->entry[0] = grant->entry[0];
	slot->entry[1] = grant->entry[1];
	slot->epoch = epoch;
	slot->range_lg2 = grant->range_lg2;
	slot->may = may_of(grant->perm);
	slot->memory_type = grant->memory_type;
	slot->plain = reply->host && !region->flags;
	port->qos = grant->qos;
}

/* ---- The whole way ------------------------------------------------------------------------ */

/* Brings the data, if the request has any, to a target that is not memory; or from there. */
static int reach(const struct iom_query *query, const struct iom_grant *grant,
                 struct iom_fault *fault, struct iom_reply *reply)
{
	const struct iom_request *q = query->request;
	uint64_t last = range_rest(q->iova, grant->range_lg2);
	int result;

	if (!query->data)
		return IOM_OK;
	if (query->route)
		result = query->unit->arch->route(query, grant, fault);
	else
		result = query->unit->arch->access(query, grant,
		                                   last < q->bytes ? last + 1 : q->bytes, fault);
	if (result == IOM_EFAULT)
		query->unit->arch->refuse(query, fault, reply);
	else if (result)
		reply->status = IOM_UNSUPPORTED;
	return result ? IOM_EFAULT : IOM_OK;
}

/*
 * Asks the architecture; the port remembers the region that holds reply->host.  Who asks for a
 * translation moves nothing, and gets no pointer.
 */
static int ask(const struct iom_query *query, struct iom_grant *grant, struct iom_reply *reply)
{
	struct iom_unit *unit = query->unit;
	struct iom_fault fault = { 0 };
	struct iom_near *target;
	uint64_t rest;

	if (!unit->arch->resolve(query, grant, &fault)) {
		unit->arch->refuse(query, &fault, reply);
		if (reply->status == IOM_DONE)
			return IOM_OK;
		return reply->status == IOM_STALLED ? IOM_EBUSY : IOM_EFAULT;
	}
	reply->spa = grant->spa;
	reply->range_lg2 = grant->range_lg2;
	reply->perm = grant->perm;
	reply->memory_type = grant->memory_type;
	reply->ats = grant->ats;
	reply->target = grant->target;
	reply->rcid = grant->qos.rcid;
	reply->mcid = grant->qos.mcid;
	if (query->request->at == IOM_AT_TRANSLATION_REQUEST)
		return IOM_OK;
	if (grant->target != IOM_TARGET_MEMORY)
		return reach(query, grant, &fault, reply);
	if (!query->memo)
		return IOM_OK;

	target = &query->memo->target;
	/* 2^64 bytes fall short by one that no region could hold. */
	rest = range_rest(query->request->iova, grant->range_lg2);
	if (grant->spa <= unit->spa_last &&
	    iom_memory_find_near(unit->memory, target, grant->spa, rest + (rest != ~UINT64_C(0)),
	                         &rest)) {
		reply->host = (uint8_t *)target->region.host + (grant->spa - target->region.spa);
		reply->host_bytes = rest;
	}
	return IOM_OK;
}

int iom_resolve(struct iom_query *query, struct iom_grant *grant, struct iom_reply *reply)
{
	struct iom_unit *unit = query->unit;
	int result;

	memset(reply, 0, sizeof *reply);
	iom_view_begin(query->view);
	query->invalidations = iom_unit_invalidations(unit);
	query->watchers = __atomic_load_n(&unit->watchers, __ATOMIC_SEQ_CST);
	query->requester = iom_peek(&query->endpoint->requester);
	if (!request_ok(query->request)) {
		reply->status = IOM_UNSUPPORTED;
		result = IOM_EINVAL;
	} else if (iom_peek(&query->endpoint->removed)) {
		reply->status = IOM_UNSUPPORTED;
		result = IOM_ENOENT;
	} else if (__atomic_load_n(&unit->stopped, __ATOMIC_SEQ_CST)) {
		reply->status = IOM_STALLED;
		result = IOM_EBUSY;
	} else {
		result = ask(query, grant, reply);
	}
	if (unit->observer.access)
		unit->observer.access(unit->observer_opaque, query->requester, query->request,
		                      reply, result);
	return result;
}

static __attribute__((noinline)) int resolve(struct iom_port *port, const struct iom_request *q,
                                             const struct iom_data *data, struct iom_reply *reply)
{
	struct iom_query query = {
		.unit = port->endpoint->unit,
		.endpoint = port->endpoint,
		.request = q,
		.view = &port->memo.tables,
		.memo = &port->memo,
		.data = data,
	};
	struct iom_grant grant = { 0 };
	uint32_t epoch;
	int result;

	/* Software may take a table away once no section is open: who asks in none has one here. */
	iom_section_begin(port->lane);
	/* Before anything else: who comes to watch changes it afterwards. */
	epoch = __atomic_load_n(&port->endpoint->epoch, __ATOMIC_SEQ_CST);
	result = iom_resolve(&query, &grant, reply);

	if (!result && grant.keep && !query.watchers && !(q->flags & IOM_REQ_PROBE))
		front_keep(port, q, &grant, reply, epoch, &port->memo.target.region);
	iom_section_end(port->lane);
	return result;
}

static __attribute__((noinline, cold)) int
resolve_told(struct iom_port *port, const struct iom_request *q, struct iom_reply *reply)
{
	IOM_TOLD(port->endpoint->unit, resolve(port, q, NULL, reply), .kind = IOM_CALL_TRANSLATE,
	         IOM_OF_PORT(port), .request = q, .reply = reply);
}

static __attribute__((noinline)) int
translate_far(struct iom_port *port, const struct iom_request *q, struct iom_reply *reply)
{
	return iom_heard(port->endpoint->unit) ? resolve_told(port, q, reply)
	                                       : resolve(port, q, NULL, reply);
}

int iom_translate(struct iom_port *port, const struct iom_request *request, struct iom_reply *reply)
{
	const struct iom_slot *slot = slot_of(port, request);
	struct iom_request q;

	if (front_answers(port, slot, request)) {
		front_reply(port, slot, request, reply);
		return IOM_OK;
	}
	/* What is judged is what is used.  Each field for itself: see same_kind. */
	q.iova = iom_peek(&request->iova);
	q.bytes = iom_peek(&request->bytes);
	q.pasid = iom_peek(&request->pasid);
	q.flags = iom_peek(&request->flags);
	q.access = iom_peek(&request->access);
	q.at = iom_peek(&request->at);
	return translate_far(port, &q, reply);
}

int iom_translate_part(struct iom_port *port, const struct iom_request *q,
                       const struct iom_data *data, struct iom_reply *reply)
{
	const struct iom_slot *slot = slot_of(port, q);

	if (front_answers(port, slot, q)) {
		front_reply(port, slot, q, reply);
		return IOM_OK;
	}
	return resolve(port, q, data, reply);
}

/* The long way of a piece: through several regions, if it must be. */
static int move_far(struct iom_port *port, uint64_t spa, const struct iom_data *data, size_t bytes,
                    size_t *done)
{
	struct iom_unit *unit = port->endpoint->unit;
	struct iom_moved moved = { .spa = spa, .bytes = bytes, .write = data->from };

	*done = 0;
	if (spa > unit->spa_last)
		return IOM_EFAULT;
	moved.result = data->to ? iom_memory_read_upto(unit->memory, spa, data->to, bytes, done)
	                        : iom_unit_store_upto(unit, spa, data->from, bytes, done);
	moved.done = *done;
	iom_moved(port->endpoint, &moved);
	return moved.result;
}

/* Moves one piece, or as much of it as memory lets. */
static int move(struct iom_port *port, const struct iom_request *q, const struct iom_reply *reply,
                const struct iom_data *data, size_t bytes, size_t *done)
{
	const struct iom_slot *slot = slot_of(port, q);

	/* The slot's word on the region counts if the slot is where the reply came from. */
	if (data->from && slot->plain && bytes <= reply->host_bytes && reply->host &&
	    slot->spa + (q->iova & iom_low(PAGE_LG2)) == reply->spa &&
	    slot->epoch == iom_peek_acquire(&port->endpoint->epoch)) {
		memcpy(reply->host, data->from, bytes);
		*done = bytes;
		return IOM_OK;
	}
	return move_far(port, reply->spa, data, bytes, done);
}

static int transfer(struct iom_port *port, const struct iom_request *request, uint8_t *to,
                    const uint8_t *from, size_t bytes, struct iom_reply *reply)
{
	struct iom_request q = *request;
	uint64_t done = 0;
	int result;

	q.bytes = bytes;
	if (!request_ok(&q) || q.at == IOM_AT_TRANSLATION_REQUEST) {
		memset(reply, 0, sizeof *reply);
		reply->status = IOM_UNSUPPORTED;
		return IOM_EINVAL;
	}
	iom_section_begin(port->lane);
	do {
		const struct iom_data data = { to ? to + done : NULL, from ? from + done : NULL };
		uint64_t last; /* bytes of this piece, less one */
		size_t moved;

		q.iova = request->iova + done;
		q.bytes = bytes - done;
		result = iom_translate_part(port, &q, q.bytes ? &data : NULL, reply);
		if (result || !q.bytes)
			break;
		last = range_rest(q.iova, reply->range_lg2);
		if (last > q.bytes - 1)
			last = q.bytes - 1;
		moved = (size_t)last + 1;
		if (reply->target == IOM_TARGET_MEMORY)
			result = move(port, &q, reply, &data, moved, &moved);
		done += moved;
		if (result) {
			reply->status = IOM_ABORT;
			break;
		}
	} while (done < bytes);
	iom_section_end(port->lane);
	reply->done = done;
	return result;
}

static int read_to(struct iom_port *port, const struct iom_request *request, void *buf,
                   size_t bytes, struct iom_reply *reply)
{
	struct iom_request q = *request;
	int result;

	if (q.access != IOM_EXECUTE)
		q.access = IOM_READ;
	result = transfer(port, &q, buf, NULL, bytes, reply);
	if (result && bytes)
		memset((uint8_t *)buf + reply->done, 0xff, bytes - (size_t)reply->done);
	return result;
}

int iom_read(struct iom_port *port, const struct iom_request *request, void *buf, size_t bytes,
             struct iom_reply *reply)
{
	const struct iom_request q = *request;

	IOM_TOLD(port->endpoint->unit, read_to(port, &q, buf, bytes, reply), .kind = IOM_CALL_READ,
	         IOM_OF_PORT(port), .request = &q, .data = buf, .bytes = bytes, .reply = reply);
}

static int write_from(struct iom_port *port, const struct iom_request *request, const void *buf,
                      size_t bytes, struct iom_reply *reply)
{
	struct iom_request q = *request;

	q.access = IOM_WRITE;
	return transfer(port, &q, NULL, buf, bytes, reply);
}

int iom_write(struct iom_port *port, const struct iom_request *request, const void *buf,
              size_t bytes, struct iom_reply *reply)
{
	const struct iom_request q = *request;

	IOM_TOLD(port->endpoint->unit, write_from(port, &q, buf, bytes, reply),
	         .kind = IOM_CALL_WRITE, IOM_OF_PORT(port), .request = &q, .data = buf,
	         .bytes = bytes, .reply = reply);
}
