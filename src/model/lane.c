/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Lanes and their access sections. */
#include "model/work.h"

int iom_lane_open(struct iom_unit *unit, struct iom_lane **out)
{
	struct iom_lane *lane = iom_unit_alloc(unit, sizeof *lane);

	if (!lane)
		return IOM_ENOMEM;
	lane->unit = unit;
	iom_lock(&unit->lock);
	lane->next = unit->lanes;
	unit->lanes = lane;
	iom_unlock(&unit->lock);
	*out = lane;
	return IOM_OK;
}

void iom_lane_close(struct iom_lane *lane)
{
	struct iom_lane **link;
	struct iom_unit *unit;

	if (!lane)
		return;
	unit = lane->unit;
	while (lane->depth)
		iom_end(lane);
	while (lane->ports)
		iom_port_close(lane->ports);
	iom_lock(&unit->lock);
	for (link = &unit->lanes; *link != lane; link = &(*link)->next)
		;
	*link = lane->next;
	iom_unlock(&unit->lock);
	iom_unit_release(unit, lane, sizeof *lane);
}

void iom_begin(struct iom_lane *lane)
{
	if (lane->depth++)
		return;
	/* Either a drain sees the section, or the section sees what was invalidated before. */
	iom_announce(&lane->state, IOM_LANE_OPEN);
}

void iom_end(struct iom_lane *lane)
{
	uint32_t state;

	if (!lane->depth || --lane->depth)
		return;
	state = __atomic_exchange_n(&lane->state, 0, __ATOMIC_SEQ_CST);
	if (state & IOM_LANE_AWAITED &&
	    __atomic_sub_fetch(&lane->unit->drain_left, 1, __ATOMIC_SEQ_CST) == 0)
		iom_work(lane->unit, IOM_WORK_DRAINED);
}
