/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Atomic operations: of devices, and of a unit for them. */
#include "model/unit.h"

#include <string.h>

int iom_unit_set_bits(struct iom_unit *unit, uint64_t spa, uint64_t bits)
{
	uint64_t was = 0;

	for (unsigned i = 0; i < IOM_TRIES_MAX; i++) {
		uint64_t seen = was;
		int result = iom_memory_cas(unit->memory, spa, 8, &seen, was | bits);

		if (result)
			return result;
		if (seen == was) {
			iom_unit_stored(unit, spa, 8);
			return IOM_OK;
		}
		was = seen;
	}
	return IOM_EFAULT;
}

/* What a device's own compare-and-swap finds is its answer; the others begin with a guess. */
static int update(struct iom_unit *unit, uint64_t spa, unsigned op, uint64_t operand,
                  uint64_t compare, unsigned bytes, uint64_t *old)
{
	uint64_t mask = iom_low(8 * bytes), was = op == IOM_CAS ? compare & mask : 0;

	for (unsigned i = 0; i < IOM_TRIES_MAX; i++) {
		uint64_t seen = was, now = (op == IOM_FETCH_ADD ? was + operand : operand) & mask;
		int result = iom_memory_cas(unit->memory, spa, bytes, &seen, now);

		if (result)
			return result;
		seen &= mask;
		if (seen == was)
			iom_unit_stored(unit, spa, bytes);
		if (seen == was || op == IOM_CAS) {
			*old = seen;
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
	if (!result && reply->target != IOM_TARGET_MEMORY) {
		reply->status = IOM_UNSUPPORTED;
		result = IOM_EFAULT;
	} else if (!result) {
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
