/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Lanes and their access sections. */
#include "model/unit.h"

int iom_lane_open(struct iom_unit *unit, struct iom_lane **out)
{
	struct iom_lane *lane = iom_unit_alloc(unit, sizeof *lane);

	if (!lane)
		return IOM_ENOMEM;
	lane->unit = unit;
	lane->next = unit->lanes;
	unit->lanes = lane;
	*out = lane;
	return IOM_OK;
}

void iom_lane_close(struct iom_lane *lane)
{
	struct iom_lane **link;

	if (!lane)
		return;
	while (lane->depth)
		iom_end(lane);
	while (lane->ports)
		iom_port_close(lane->ports);
	for (link = &lane->unit->lanes; *link != lane; link = &(*link)->next)
		;
	*link = lane->next;
	iom_unit_release(lane->unit, lane, sizeof *lane);
}

void iom_begin(struct iom_lane *lane)
{
	if (!lane->depth++)
		lane->since = ++lane->unit->sections;
}

void iom_end(struct iom_lane *lane)
{
	struct iom_unit *unit = lane->unit;

	if (!lane->depth || --lane->depth)
		return;
	lane->since = 0;
	if (unit->parked)
		unit->arch->resume(unit);
}

uint64_t iom_sections_mark(const struct iom_unit *unit)
{
	return unit->sections;
}

bool iom_sections_ended(const struct iom_unit *unit, uint64_t mark)
{
	for (const struct iom_lane *lane = unit->lanes; lane; lane = lane->next) {
		if (lane->since && lane->since <= mark)
			return false;
	}
	return true;
}
