/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Lanes and their access sections. */
#include "model/observe.h"
#include "model/work.h"

void iom_lane_hear_locked(struct iom_lane *lane)
{
	lane->depth = iom_lane_depth(lane) | (iom_heard(lane->unit) ? IOM_LANE_HEARD : 0);
}

static void join(struct iom_lane *lane, struct iom_unit *unit)
{
	lane->unit = unit;
	iom_lock(&unit->lock);
	lane->next = unit->lanes;
	unit->lanes = lane;
	iom_lane_hear_locked(lane);
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
	while (iom_lane_depth(lane))
		iom_end(lane);
	while (lane->ports)
		iom_port_close(lane->ports);
	leave(lane);
	iom_unit_release(lane->unit, lane, sizeof *lane);
}

/* Either a drain sees the section, or the section sees what was invalidated before. */
static void open_section(struct iom_lane *lane)
{
	iom_announce(&lane->state, IOM_LANE_OPEN);
}

static void end_section(struct iom_lane *lane)
{
	uint32_t state = __atomic_exchange_n(&lane->state, 0, __ATOMIC_SEQ_CST);

	if (state & IOM_LANE_AWAITED &&
	    __atomic_sub_fetch(&lane->unit->drain_left, 1, __ATOMIC_SEQ_CST) == 0)
		iom_work(lane->unit, IOM_WORK_DRAINED);
}

void iom_section_begin(struct iom_lane *lane)
{
	if (!(lane->depth++ & ~IOM_LANE_HEARD))
		open_section(lane);
}

void iom_section_end(struct iom_lane *lane)
{
	if (iom_lane_depth(lane) && !(--lane->depth & ~IOM_LANE_HEARD))
		end_section(lane);
}

static __attribute__((noinline)) void begin_heard(struct iom_lane *lane)
{
	const struct iom_call call = { .kind = IOM_CALL_BEGIN,
		                       .requester = IOM_NOBODYS,
		                       .lane = lane };

	iom_enter(lane->unit, &call);
	iom_section_begin(lane);
	iom_leave(lane->unit, &call, IOM_OK);
}

static __attribute__((noinline)) void end_heard(struct iom_lane *lane)
{
	const struct iom_call call = { .kind = IOM_CALL_END,
		                       .requester = IOM_NOBODYS,
		                       .lane = lane };

	iom_enter(lane->unit, &call);
	iom_section_end(lane);
	iom_leave(lane->unit, &call, IOM_OK);
}

void iom_begin(struct iom_lane *lane)
{
	if (lane->depth) {
		if (lane->depth & IOM_LANE_HEARD)
			begin_heard(lane);
		else
			lane->depth++;
		return;
	}
	lane->depth = 1;
	open_section(lane);
}

void iom_end(struct iom_lane *lane)
{
	if (lane->depth != 1) {
		if (lane->depth & IOM_LANE_HEARD)
			end_heard(lane);
		else if (lane->depth)
			lane->depth--;
		return;
	}
	lane->depth = 0;
	end_section(lane);
}

void iom_lane_of_call(struct iom_lane *lane, struct iom_unit *unit)
{
	*lane = (struct iom_lane){ 0 };
	join(lane, unit);
	iom_section_begin(lane);
}

void iom_lane_of_call_end(struct iom_lane *lane)
{
	iom_section_end(lane);
	leave(lane);
}
