/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Lanes and their access sections. */
#include "model/work.h"

static void join(struct iom_lane *lane, struct iom_unit *unit)
{
	lane->unit = unit;
	iom_lock(&unit->lock);
	lane->next = unit->lanes;
	unit->lanes = lane;
	iom_unlock(&unit->lock);
}

static void leave(struct iom_lane *lane)
{
	struct iom_unit *unit = lane->unit;
	struct iom_lane **link;

	iom_lock(&unit->lock);
	for (link = &unit->lanes; *link != lane; link = &(*link)->next)
		;
	*link = lane->next;
	iom_unlock(&unit->lock);
}

int iom_lane_open(struct iom_unit *unit, struct iom_lane **out)
{
	struct iom_lane *lane = iom_unit_alloc(unit, sizeof *lane);

	if (!lane)
		return IOM_ENOMEM;
	join(lane, unit);
	*out = lane;
	return IOM_OK;
}

void iom_lane_close(struct iom_lane *lane)
{
	if (!lane)
		return;
	while (lane->depth)
		iom_end(lane);
	while (lane->ports)
		iom_port_close(lane->ports);
	leave(lane);
	iom_unit_release(lane->unit, lane, sizeof *lane);
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

void iom_lane_of_call(struct iom_lane *lane, struct iom_unit *unit)
{
	*lane = (struct iom_lane){ 0 };
	join(lane, unit);
	iom_begin(lane);
}

void iom_lane_of_call_end(struct iom_lane *lane)
{
	iom_end(lane);
	leave(lane);
}
