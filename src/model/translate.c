/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The way of a device's request: check it, find the grant, fill the reply, move the data.  Every
 * grant comes from arch.resolve; a cache belongs between the two, in iom_translate alone.
 */
#include "model/unit.h"

#include <string.h>

#define PASID_LAST 0xfffffu

static bool request_ok(const struct iom_request *q)
{
	return q->access <= IOM_ATOMIC && q->at <= IOM_AT_TRANSLATED &&
	       !(q->flags & ~(IOM_REQ_PASID | IOM_REQ_PRIVILEGED)) &&
	       (!(q->flags & IOM_REQ_PASID) || q->pasid <= PASID_LAST) &&
	       (!q->bytes || q->iova + (q->bytes - 1) >= q->iova);
}

/* Bytes from `iova` to the end of the naturally aligned 2^lg2 bytes around it; 0 means 2^64. */
static uint64_t range_rest(uint64_t iova, unsigned lg2)
{
	return (iom_low(lg2) - (iova & iom_low(lg2))) + 1;
}

/* Finds the RAM behind a granted address. */
static void reply_host(const struct iom_unit *unit, const struct iom_request *q,
                       struct iom_reply *reply)
{
	/* A length of all ones is short of 2^64 by one byte that no region could hold. */
	uint64_t rest = range_rest(q->iova, reply->range_lg2), piece;
	const struct iom_region *r =
		iom_memory_find(unit->memory, reply->spa, rest ? rest : ~UINT64_C(0), &piece);

	if (r && reply->spa <= unit->spa_last) {
		reply->host = (uint8_t *)r->host + (reply->spa - r->spa);
		reply->host_bytes = piece;
	}
}

int iom_translate(struct iom_port *port, const struct iom_request *request, struct iom_reply *reply)
{
	struct iom_unit *unit = port->endpoint->unit;
	uint32_t requester = port->endpoint->requester;
	struct iom_request q = *request;
	struct iom_grant grant = { 0 };
	struct iom_fault fault = { 0 };

	memset(reply, 0, sizeof *reply);
	if (!request_ok(&q)) {
		reply->status = IOM_UNSUPPORTED;
		return IOM_EINVAL;
	}
	if (!unit->arch->resolve(unit, requester, &q, &grant, &fault)) {
		unit->arch->refuse(unit, requester, &q, &fault, reply);
		return IOM_EFAULT;
	}
	reply->spa = grant.spa;
	reply->range_lg2 = grant.range_lg2;
	reply->perm = grant.perm;
	reply->memory_type = grant.memory_type;
	reply_host(unit, &q, reply);
	return IOM_OK;
}

/* Moves one piece; `to` or `from` is NULL. */
static int move(struct iom_unit *unit, uint64_t spa, void *to, const void *from, size_t bytes)
{
	if (spa > unit->spa_last)
		return IOM_EFAULT;
	return to ? iom_memory_read(unit->memory, spa, to, bytes)
	          : iom_unit_store(unit, spa, from, bytes);
}

static int transfer(struct iom_port *port, const struct iom_request *request, uint8_t *to,
                    const uint8_t *from, size_t bytes, struct iom_reply *reply)
{
	struct iom_unit *unit = port->endpoint->unit;
	struct iom_request q = *request;
	uint64_t done = 0;
	int result;

	q.bytes = bytes;
	if (!request_ok(&q) || q.at == IOM_AT_TRANSLATION_REQUEST) {
		memset(reply, 0, sizeof *reply);
		reply->status = IOM_UNSUPPORTED;
		return IOM_EINVAL;
	}
	iom_begin(port->lane);
	do {
		uint64_t rest;

		q.iova = request->iova + done;
		q.bytes = bytes - done;
		result = iom_translate(port, &q, reply);
		if (result)
			break;
		rest = range_rest(q.iova, reply->range_lg2) - 1; /* so that 2^64 fits */
		if (q.bytes && rest > q.bytes - 1)
			rest = q.bytes - 1;
		if (reply->host && rest > reply->host_bytes - 1)
			rest = reply->host_bytes - 1;
		if (!q.bytes)
			break;
		result = move(unit, reply->spa, to ? to + done : NULL, from ? from + done : NULL,
		              (size_t)rest + 1);
		if (result) {
			reply->status = IOM_ABORT;
			break;
		}
		done += rest + 1;
	} while (done < bytes);
	iom_end(port->lane);
	reply->done = done;
	return result;
}

int iom_read(struct iom_port *port, const struct iom_request *request, void *buf, size_t bytes,
             struct iom_reply *reply)
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

int iom_write(struct iom_port *port, const struct iom_request *request, const void *buf,
              size_t bytes, struct iom_reply *reply)
{
	struct iom_request q = *request;

	q.access = IOM_WRITE;
	return transfer(port, &q, NULL, buf, bytes, reply);
}
