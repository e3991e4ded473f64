/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Endpoints and ports: who asks, and from where. */
#include "model/unit.h"

#include <string.h>

static struct iom_endpoint *find_locked(struct iom_unit *unit, uint32_t requester)
{
	struct iom_endpoint *endpoint = unit->endpoint[requester % IOM_ENDPOINT_BUCKETS];

	while (endpoint && endpoint->requester != requester)
		endpoint = endpoint->next;
	return endpoint;
}

struct iom_endpoint *iom_unit_endpoint(struct iom_unit *unit, uint32_t requester)
{
	struct iom_endpoint *endpoint;

	iom_lock(&unit->lock);
	endpoint = find_locked(unit, requester);
	iom_unlock(&unit->lock);
	return endpoint;
}

int iom_endpoint_get(struct iom_unit *unit, uint32_t requester, struct iom_endpoint **out)
{
	struct iom_endpoint **bucket = &unit->endpoint[requester % IOM_ENDPOINT_BUCKETS];
	struct iom_endpoint *fresh, *old;

	if (requester > unit->arch->requester_last)
		return IOM_EINVAL;
	*out = iom_unit_endpoint(unit, requester);
	if (*out)
		return IOM_OK;
	fresh = iom_unit_alloc(unit, sizeof *fresh);
	if (!fresh)
		return IOM_ENOMEM;
	fresh->unit = unit;
	fresh->requester = requester;
	fresh->epoch = fresh->contexts = 1;

	iom_lock(&unit->lock);
	old = find_locked(unit, requester);
	if (!old) {
		fresh->next = *bucket;
		*bucket = fresh;
	}
	iom_unlock(&unit->lock);
	if (old)
		iom_unit_release(unit, fresh, sizeof *fresh);
	*out = old ? old : fresh;
	return IOM_OK;
}

uint32_t iom_endpoint_requester(const struct iom_endpoint *endpoint)
{
	return endpoint->requester;
}

int iom_port_open(struct iom_endpoint *endpoint, struct iom_lane *lane, struct iom_port **out)
{
	struct iom_port *port;

	if (endpoint->unit != lane->unit)
		return IOM_EINVAL;
	port = iom_unit_alloc(lane->unit, sizeof *port);
	if (!port)
		return IOM_ENOMEM;
	port->endpoint = endpoint;
	port->lane = lane;
	/* Epochs begin at 1: no slot of zeroes is valid. */
	port->next = lane->ports;
	lane->ports = port;
	*out = port;
	return IOM_OK;
}

void iom_port_close(struct iom_port *port)
{
	struct iom_port **link;

	if (!port)
		return;
	for (link = &port->lane->ports; *link != port; link = &(*link)->next)
		;
	*link = port->next;
	iom_unit_release(port->lane->unit, port, sizeof *port);
}
