/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Atomic operations of devices. */
#include "model/unit.h"

#include <string.h>

/* Somebody else may win the word this often before the device is told that it did not work. */
#define TRIES_MAX 1024

static uint64_t result_of(unsigned op, uint64_t was, uint64_t operand, uint64_t compare)
{
	switch (op) {
	case IOM_FETCH_ADD:
		return was + operand;
	case IOM_SWAP:
		return operand;
	default:
		return was == compare ? operand : was;
	}
}

static int update(struct iom_unit *unit, uint64_t spa, unsigned op, uint64_t operand,
                  uint64_t compare, unsigned bytes, uint64_t *old)
{
	uint64_t mask = iom_low(8 * bytes), was = 0, seen, now;

	for (unsigned i = 0; i < TRIES_MAX; i++) {
		int result;

		now = result_of(op, was, operand & mask, compare & mask) & mask;
		seen = was;
		result = iom_memory_cas(unit->memory, spa, bytes, &seen, now);
		if (result)
			return result;
		if (seen == was) {
			*old = was;
			iom_unit_stored(unit, spa, bytes);
			return IOM_OK;
		}
		was = seen;
	}
	return IOM_EFAULT;
}

int iom_atomic(struct iom_port *port, const struct iom_request *request, unsigned op,
               uint64_t operand, uint64_t compare, unsigned bytes, uint64_t *old,
               struct iom_reply *reply)
{
	struct iom_unit *unit = port->endpoint->unit;
	struct iom_request q = *request;
	int result;

	q.access = IOM_ATOMIC;
	q.bytes = bytes;
	if ((bytes != 4 && bytes != 8) || q.iova % bytes || op > IOM_CAS ||
	    q.at == IOM_AT_TRANSLATION_REQUEST) {
		memset(reply, 0, sizeof *reply);
		reply->status = IOM_UNSUPPORTED;
		return IOM_EINVAL;
	}
	iom_begin(port->lane);
	result = iom_translate(port, &q, reply);
	if (!result) {
		result = reply->spa > unit->spa_last
		                 ? IOM_EFAULT
		                 : update(unit, reply->spa, op, operand, compare, bytes, old);
		if (result)
			reply->status = IOM_ABORT;
		else
			reply->done = bytes;
	}
	iom_end(port->lane);
	return result;
}
