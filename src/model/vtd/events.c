/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The unit's own interrupts ("Hardware Generated Interrupts"): from a status bit to a message. */
#include "model/vtd/vtd.h"

#include "base/endian.h"

static const struct {
	uint16_t control, status;
	uint32_t bits; /* of the status register: what is pending */
} groups[VTD_EVENTS] = {
	[VTD_EVENT_FAULT] = { VTD_FECTL, VTD_FSTS, VTD_FSTS_ALL },
	[VTD_EVENT_INVALIDATION] = { VTD_IECTL, VTD_ICS, VTD_ICS_IWC },
	[VTD_EVENT_PAGE] = { VTD_PECTL, VTD_PRS, VTD_PRS_PPR | VTD_PRS_PRO },
};

/* IP stays set until the worker sends the message, as it does while IM is set. */
void vtd_event_locked(struct vtd_unit *vtd, enum vtd_event event)
{
	iom_reg_change(&vtd->unit, groups[event].control, 0, VTD_EVENT_IP);
	iom_work_later(&vtd->unit, VTD_WORK_EVENTS);
}

void vtd_event_served_locked(struct vtd_unit *vtd, enum vtd_event event)
{
	if (!(vtd_get(vtd, groups[event].status) & groups[event].bits))
		iom_reg_change(&vtd->unit, groups[event].control, VTD_EVENT_IP, 0);
}

/* Takes the next message that may go out; false if there is none. */
static bool next_message(struct vtd_unit *vtd, uint64_t *address, uint32_t *data)
{
	bool found = false;

	iom_lock(&vtd->unit.lock);
	for (unsigned i = 0; i < VTD_EVENTS && !found; i++) {
		unsigned control = groups[i].control;

		if (!vtd_has_register(vtd, control) ||
		    (vtd_get(vtd, control) & (VTD_EVENT_IM | VTD_EVENT_IP)) != VTD_EVENT_IP)
			continue;
		iom_reg_change(&vtd->unit, control, VTD_EVENT_IP, 0);
		*address = vtd_get(vtd, control + VTD_EVENT_UPPER) << 32 |
		           vtd_get(vtd, control + VTD_EVENT_ADDRESS);
		*data = (uint32_t)vtd_get(vtd, control + VTD_EVENT_DATA);
		found = true;
	}
	iom_unlock(&vtd->unit.lock);
	return found;
}

/* A message's upper address is part of its destination, and reaches further than memory does. */
int vtd_send(struct vtd_unit *vtd, uint64_t address, uint32_t data)
{
	return iom_message_send(&vtd->unit, address, data);
}

void vtd_event_told(struct iom_unit *unit, uint64_t address, uint32_t data, int result)
{
	uint8_t bytes[4];

	iom_st32(bytes, data, false);
	iom_own_tell_unit(unit, IOM_OF_INTERRUPT, address, bytes, sizeof bytes, true, result);
}

/* Nobody hears of an event that the bus refuses. */
static bool send_one(struct iom_unit *unit)
{
	struct vtd_unit *vtd = vtd_of(unit);
	uint64_t address;
	uint32_t data;
	int result;

	if (!next_message(vtd, &address, &data))
		return false;
	result = vtd_send(vtd, address, data);
	vtd_event_told(unit, address, data, result);
	return true;
}

void vtd_events_send(struct vtd_unit *vtd)
{
	iom_work_through(&vtd->unit, send_one, VTD_WORK_EVENTS);
}
