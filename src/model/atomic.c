/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Atomic operations: of devices, and of a unit for them. */
#include "model/observe.h"

#include <string.h>

int iom_unit_set_bits(struct iom_unit *unit, uint64_t spa, uint64_t bits, uint64_t *found)
{
	uint64_t was = 0;

	for (unsigned i = 0; i < IOM_TRIES_MAX; i++) {
		uint64_t seen = was;
		int result = iom_memory_cas(unit->memory, spa, 8, &seen, was | bits);

		if (result)
			return result;
		if (seen == was) {
			iom_unit_stored(unit, spa, 8);
			*found = seen;
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

/* The same at a place that may be out of reach, and told. */
static int reach(struct iom_port *port, uint64_t spa, unsigned op, uint64_t operand,
                 uint64_t compare, unsigned bytes, uint64_t *old)
{
	struct iom_unit *unit = port->endpoint->unit;
	struct iom_moved moved = { .spa = spa, .bytes = bytes, .write = true, .atomic = true };

	if (spa > unit->spa_last)
		return IOM_EFAULT;
	moved.result = update(unit, spa, op, operand, compare, bytes, &moved.old);
	if (moved.result == IOM_OK) {
		moved.done = bytes;
		*old = moved.old;
	}
	iom_moved(port->endpoint, &moved);
	return moved.result;
}

static int atomic(struct iom_port *port, const struct iom_request *request, unsigned op,
                  uint64_t operand, uint64_t compare, unsigned bytes, uint64_t *old,
                  struct iom_reply *reply)
{
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
	iom_section_begin(port->lane);
	result = iom_translate_part(port, &q, NULL, reply);
	if (!result && reply->target != IOM_TARGET_MEMORY) {
		reply->status = IOM_UNSUPPORTED;
		result = IOM_EFAULT;
	} else if (!result) {
		result = reach(port, reply->spa, op, operand, compare, bytes, old);
		if (result)
			reply->status = IOM_ABORT;
		else
			reply->done = bytes;
	}
	iom_section_end(port->lane);
	return result;
}

int iom_atomic(struct iom_port *port, const struct iom_request *request, unsigned op,
               uint64_t operand, uint64_t compare, unsigned bytes, uint64_t *old,
               struct iom_reply *reply)
{
	const struct iom_request q = *request;

	IOM_TOLD(port->endpoint->unit, atomic(port, &q, op, operand, compare, bytes, old, reply),
	         .kind = IOM_CALL_ATOMIC, IOM_OF_PORT(port), .request = &q, .bytes = bytes,
	         .number = op, .value = operand, .compare = compare, .out = old, .reply = reply);
}
