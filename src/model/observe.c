/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Who hears of every access, of calls and callbacks, and of what the unit itself does in memory. */
#include "model/observe.h"

#include "base/endian.h"

void iom_watch_locked(struct iom_unit *unit, uint32_t who, bool on)
{
	uint32_t was = iom_peek(&unit->watchers), now = on ? was | who : was & ~who;

	__atomic_store_n(&unit->watchers, now, __ATOMIC_SEQ_CST);
	/* Fronts answer without asking: they must have nothing. */
	if (now & ~was)
		iom_unit_new_epoch_locked(unit);
}

/* ---- Calls -------------------------------------------------------------------------------- */

/* Something that is there, as if it came now. */
static void tell(struct iom_unit *unit, const struct iom_call *call)
{
	iom_enter(unit, call);
	iom_leave(unit, call, IOM_OK);
}

/* The oldest of each bucket first: made anew in this order, they stand as they do here. */
static void tell_endpoints(struct iom_unit *unit)
{
	for (unsigned i = 0; i < IOM_ENDPOINT_BUCKETS; i++) {
		struct iom_endpoint *told = NULL, *e;

		for (; unit->endpoint[i] != told; told = e) {
			for (e = unit->endpoint[i]; e->next != told;)
				e = e->next;
			tell(unit, &(struct iom_call){ .kind = IOM_CALL_ENDPOINT_GET,
			                               IOM_OF_ENDPOINT(e) });
		}
	}
}

static void tell_ports(struct iom_unit *unit)
{
	for (struct iom_lane *lane = unit->lanes; lane; lane = lane->next) {
		for (struct iom_port *port = lane->ports; port; port = port->next) {
			if (!port->endpoint->removed)
				tell(unit, &(struct iom_call){ .kind = IOM_CALL_PORT_OPEN,
				                               .lane = lane,
				                               IOM_OF_PORT(port) });
		}
	}
}

static void tell_sections(struct iom_unit *unit)
{
	for (struct iom_lane *lane = unit->lanes; lane; lane = lane->next) {
		for (unsigned n = iom_lane_depth(lane); n; n--)
			tell(unit, &(struct iom_call){ .kind = IOM_CALL_BEGIN,
			                               .requester = IOM_NOBODYS,
			                               .lane = lane });
	}
}

static void tell_unit(struct iom_unit *unit, uint32_t kind, uint64_t value)
{
	tell(unit, &(struct iom_call){ .kind = kind, .requester = IOM_NOBODYS, .value = value });
}

static void tell_what_is_there(struct iom_unit *unit)
{
	if (unit->backend.context)
		tell_unit(unit, IOM_CALL_BACKEND, 1);
	tell_endpoints(unit);
	if (unit->stepped)
		tell_unit(unit, IOM_CALL_STEP, unit->now_ns);
	tell_ports(unit);
	tell_sections(unit);
	if (iom_peek(&unit->stopped))
		tell_unit(unit, IOM_CALL_STOP, 0);
}

void iom_observe_locked(struct iom_unit *unit, const struct iom_observer *observer, void *opaque)
{
	static const struct iom_observer nobody;

	unit->observer = observer ? *observer : nobody;
	unit->observer_opaque = opaque;
	iom_watch_locked(unit, IOM_WATCH_OBSERVER, observer);
	for (struct iom_lane *lane = unit->lanes; lane; lane = lane->next)
		iom_lane_hear_locked(lane);
}

int iom_observe(struct iom_unit *unit, const struct iom_observer *observer, void *opaque)
{
	if (observer &&
	    (observer->bytes != sizeof *observer || !observer->enter != !observer->leave))
		return IOM_EINVAL;
	iom_lock(&unit->lock);
	iom_observe_locked(unit, observer, opaque);
	iom_unlock(&unit->lock);
	if (iom_heard(unit))
		tell_what_is_there(unit);
	return IOM_OK;
}

/* ---- Callbacks ---------------------------------------------------------------------------- */

void iom_message_to(struct iom_unit *unit, uint32_t requester, const struct iom_message *message)
{
	if (unit->host.message)
		unit->host.message(unit->opaque, requester, message);
	IOM_CALLED(unit, .kind = IOM_CALLED_MESSAGE, .requester = requester, .message = message);
}

void iom_wire_set(struct iom_unit *unit, unsigned wire, bool level)
{
	if (unit->host.wire)
		unit->host.wire(unit->opaque, wire, level);
	IOM_CALLED(unit, .kind = IOM_CALLED_WIRE, .requester = IOM_NOBODYS, .address = wire,
	           .value = level);
}

void iom_order(struct iom_unit *unit, bool reads, bool writes)
{
	if (unit->host.order)
		unit->host.order(unit->opaque, reads, writes);
	IOM_CALLED(unit, .kind = IOM_CALLED_ORDER, .requester = IOM_NOBODYS,
	           .value = (reads ? 1u : 0) | (writes ? 2u : 0));
}

void iom_interrupts_changed(struct iom_unit *unit, uint32_t first, uint32_t last)
{
	if (unit->host.interrupts_changed)
		unit->host.interrupts_changed(unit->opaque, first, last);
	IOM_CALLED(unit, .kind = IOM_CALLED_CHANGED, .requester = IOM_NOBODYS, .address = first,
	           .value = last);
}

/* ---- Data --------------------------------------------------------------------------------- */

void iom_moved(const struct iom_endpoint *endpoint, const struct iom_moved *moved)
{
	const struct iom_unit *unit = endpoint->unit;

	if (unit->observer.moved)
		unit->observer.moved(unit->observer_opaque, iom_peek(&endpoint->requester), moved);
}

/* ---- The unit's own accesses -------------------------------------------------------------- */

void iom_own_tell(struct iom_unit *unit, uint32_t requester, const struct iom_own_access *access)
{
	if (unit->observer.own)
		unit->observer.own(unit->observer_opaque, requester, access);
}

void iom_own_tell_unit(struct iom_unit *unit, unsigned of, uint64_t spa, const void *data,
                       size_t bytes, bool write, int result)
{
	struct iom_own_access access = {
		.spa = spa,
		.bytes = (uint32_t)bytes,
		.result = result == IOM_OK || result == IOM_EPOISON ? result : IOM_EFAULT,
		.of = (uint8_t)of,
		.write = write,
		.data = write || result == IOM_OK ? data : NULL,
	};

	if (!unit->observer.own)
		return;
	if (unit->arch->qos)
		unit->arch->qos(unit, &access.rcid, &access.mcid);
	iom_own_tell(unit, IOM_NOBODYS, &access);
}

int iom_own_read(struct iom_unit *unit, unsigned of, uint64_t spa, void *buf, size_t bytes)
{
	int result = iom_memory_read(unit->memory, spa, buf, bytes);

	if (unit->observer.own)
		iom_own_tell_unit(unit, of, spa, buf, bytes, false, result);
	return result;
}

int iom_own_write(struct iom_unit *unit, unsigned of, uint64_t spa, const void *buf, size_t bytes)
{
	int result = iom_unit_store(unit, spa, buf, bytes);

	if (unit->observer.own)
		iom_own_tell_unit(unit, of, spa, buf, bytes, true, result);
	return result;
}

void iom_own_swap(struct iom_own_access *access, uint64_t found, uint64_t now, bool missed,
                  uint8_t *room)
{
	iom_st64(room, now, false);
	iom_st64(room + 8, found, false);
	access->write = true;
	access->missed = missed;
	access->data = room;
	access->found = access->result == IOM_OK ? room + 8 : NULL;
}
