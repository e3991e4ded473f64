/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Interrupt messages that come through no port, and the question where one would go. */
#include <iommux/interrupt.h>

#include "base/endian.h"
#include "model/observe.h"

#define BYTES 4u

static int send(struct iom_unit *unit, uint64_t address, uint32_t data)
{
	uint8_t bytes[BYTES];

	if (unit->host.msi)
		return unit->host.msi(unit->opaque, address, data);
	if (address > unit->spa_last)
		return IOM_EFAULT;
	iom_st32(bytes, data, false);
	return iom_unit_store(unit, address, bytes, sizeof bytes);
}

int iom_message_send(struct iom_unit *unit, uint64_t address, uint32_t data)
{
	int result = send(unit, address, data);

	IOM_CALLED(unit, .kind = IOM_CALLED_MSI, .requester = IOM_NOBODYS, .address = address,
	           .value = data, .result = result);
	return result;
}

static int store(const struct iom_endpoint *endpoint, uint64_t spa, const uint8_t *bytes)
{
	struct iom_moved moved = { .spa = spa, .bytes = BYTES, .write = true };

	moved.result = iom_unit_store(endpoint->unit, spa, bytes, BYTES);
	moved.done = moved.result ? 0 : BYTES;
	iom_moved(endpoint, &moved);
	return moved.result;
}

/* The message goes to memory, or to whatever else answers there. */
static int to_memory(const struct iom_endpoint *endpoint, uint64_t spa, const uint8_t *bytes,
                     struct iom_route *route, struct iom_reply *reply)
{
	int result = IOM_EFAULT;

	if (!(spa % BYTES) && spa <= endpoint->unit->spa_last)
		result = route ? IOM_OK : store(endpoint, spa, bytes);
	if (result)
		reply->status = IOM_ABORT;
	else if (route)
		*route = (struct iom_route){ .address = spa,
			                     .data = iom_ld32(bytes, false),
			                     .kind = IOM_ROUTE_MESSAGE };
	return result;
}

static int message(struct iom_endpoint *endpoint, uint64_t address, uint32_t data,
                   struct iom_route *route, struct iom_reply *reply)
{
	const struct iom_request q = { .iova = address,
		                       .bytes = BYTES,
		                       .access = IOM_WRITE,
		                       .flags = route ? IOM_REQ_PROBE : 0 };
	uint8_t bytes[BYTES];
	const struct iom_data sent = { .from = bytes };
	struct iom_view view = { .last = endpoint->unit->spa_last };
	struct iom_query query = { .unit = endpoint->unit,
		                   .endpoint = endpoint,
		                   .request = &q,
		                   .view = &view,
		                   .data = &sent,
		                   .route = route };
	struct iom_grant grant = { 0 };
	int result;

	iom_st32(bytes, data, false);
	result = iom_resolve(&query, &grant, reply);
	if (!result && grant.target == IOM_TARGET_MEMORY)
		result = to_memory(endpoint, grant.spa, bytes, route, reply);
	return result;
}

static int deliver(struct iom_endpoint *endpoint, uint64_t address, uint32_t data,
                   struct iom_reply *reply)
{
	struct iom_lane lane;
	int result;

	iom_lane_of_call(&lane, endpoint->unit);
	result = message(endpoint, address, data, NULL, reply);
	if (!result)
		reply->done = BYTES;
	iom_lane_of_call_end(&lane);
	return result;
}

int iom_msi(struct iom_endpoint *endpoint, uint64_t address, uint32_t data, struct iom_reply *reply)
{
	struct iom_reply own;

	if (!reply)
		reply = &own;
	IOM_TOLD(endpoint->unit, deliver(endpoint, address, data, reply), .kind = IOM_CALL_MSI,
	         IOM_OF_ENDPOINT(endpoint), .address = address, .value = data, .reply = reply);
}

int iom_msi_translate(struct iom_endpoint *endpoint, uint64_t address, uint32_t data,
                      struct iom_route *route, struct iom_reply *reply)
{
	struct iom_reply own;

	if (!reply)
		reply = &own;
	IOM_TOLD(endpoint->unit, message(endpoint, address, data, route, reply),
	         .kind = IOM_CALL_MSI_TRANSLATE, IOM_OF_ENDPOINT(endpoint), .address = address,
	         .value = data, .route = route, .reply = reply);
}
