/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Ports: an endpoint, used from a lane. */
#include "model/observe.h"

static size_t port_bytes(const struct iom_unit *unit)
{
	return sizeof(struct iom_port) + unit->slots * sizeof(struct iom_slot);
}

static int port_open(struct iom_endpoint *endpoint, struct iom_lane *lane, struct iom_port **out)
{
	struct iom_port *port;

	if (endpoint->unit != lane->unit)
		return IOM_EINVAL;
	if (iom_peek(&endpoint->removed))
		return IOM_ENOENT;
	port = iom_unit_alloc(lane->unit, port_bytes(lane->unit));
	if (!port)
		return IOM_ENOMEM;
	iom_lock(&lane->unit->lock);
	endpoint->users++;
	iom_unlock(&lane->unit->lock);
	port->endpoint = endpoint;
	port->lane = lane;
	port->counts = lane->unit->cache.count;
	port->slot_last = lane->unit->slots - 1;
	port->memo.tables.last = lane->unit->spa_last;
	port->next = lane->ports;
	lane->ports = port;
	*out = port;
	return IOM_OK;
}

int iom_port_open(struct iom_endpoint *endpoint, struct iom_lane *lane, struct iom_port **out)
{
	struct iom_call call = { .kind = IOM_CALL_PORT_OPEN,
		                 IOM_OF_ENDPOINT(endpoint),
		                 .lane = lane };
	int result;

	if (!iom_heard(lane->unit))
		return port_open(endpoint, lane, out);
	iom_enter(lane->unit, &call);
	result = port_open(endpoint, lane, out);
	if (result == IOM_OK)
		call.port = *out;
	return iom_leave(lane->unit, &call, result);
}

void iom_port_close(struct iom_port *port)
{
	struct iom_call call = { .kind = IOM_CALL_PORT_CLOSE };
	struct iom_unit *unit;
	struct iom_port **link;

	if (!port)
		return;
	unit = port->lane->unit;
	call.requester = iom_peek(&port->endpoint->requester);
	call.port = port;
	call.endpoint = port->endpoint;
	if (iom_heard(unit))
		iom_enter(unit, &call);
	for (link = &port->lane->ports; *link != port; link = &(*link)->next)
		;
	*link = port->next;
	iom_endpoint_put(port->endpoint);
	iom_unit_release(unit, port, port_bytes(unit));
	if (iom_heard(unit))
		iom_leave(unit, &call, IOM_OK);
}
