/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Endpoints and ports: who asks, and from where. */
#include "model/unit.h"

int iom_endpoint_get(struct iom_unit *unit, uint32_t requester, struct iom_endpoint **out)
{
	struct iom_endpoint **bucket = &unit->endpoint[requester % IOM_ENDPOINT_BUCKETS];
	struct iom_endpoint *endpoint;

	if (requester > unit->arch->requester_last)
		return IOM_EINVAL;
	for (endpoint = *bucket; endpoint; endpoint = endpoint->next) {
		if (endpoint->requester == requester) {
			*out = endpoint;
			return IOM_OK;
		}
	}
	endpoint = iom_unit_alloc(unit, sizeof *endpoint);
	if (!endpoint)
		return IOM_ENOMEM;
	endpoint->unit = unit;
	endpoint->requester = requester;
	endpoint->next = *bucket;
	*bucket = endpoint;
	*out = endpoint;
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
