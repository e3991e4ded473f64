/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Posted interrupts ("Interrupt Posting"): the manual changes the descriptor's line in one step.  Here
 * its two doublewords change one after the other, each in one step: PIR before ON, so that software,
 * which clears ON before it takes PIR, finds every bit, or is notified again.
 */
#include "model/vtd/vtd.h"

#define WORDS (VTD_PID_BYTES / 8)
#define CONTROL 4u /* the quadword after PIR */

static bool reserved_set(const uint64_t *word, bool x2apic)
{
	uint64_t reserved = VTD_PID_4_RSVD | (x2apic ? 0 : VTD_PID_4_XAPIC_RSVD);

	return word[CONTROL] & reserved || word[CONTROL + 1] || word[CONTROL + 2] ||
	       word[CONTROL + 3];
}

/*
 * Sets ON where a notification is due.  *control, as it was loaded, becomes what it was then.  It is
 * swapped even if nothing changes: whoever clears ON afterwards sees the bit in PIR.
 */
static int set_on(const struct iom_query *query, uint64_t spa, bool urgent, uint64_t *control,
                  bool *due)
{
	struct iom_unit *unit = query->unit;

	for (unsigned i = 0; i < IOM_TRIES_MAX; i++) {
		uint64_t was = *control, now;
		int result;

		*due = !(was & VTD_PID_4_ON) && (urgent || !(was & VTD_PID_4_SN));
		now = was | (*due ? VTD_PID_4_ON : 0);
		result = iom_memory_cas(unit->memory, spa, 8, control, now);
		if (query->watchers)
			vtd_swapped(query, IOM_OF_MRIF, spa, *control, now, *control != was,
			            result);
		if (result)
			return result;
		if (*control == was) {
			if (*due)
				iom_unit_stored(unit, spa, 8);
			return IOM_OK;
		}
	}
	return IOM_EFAULT;
}

/* Nobody listening changes nothing: the interrupt is posted. */
static void notify(struct iom_unit *unit, uint64_t control, bool x2apic)
{
	uint64_t apic_id = IOM_GET(x2apic ? VTD_PID_4_NDST : VTD_PID_4_NDST_XAPIC, control);
	uint64_t address = vtd_message_address((uint32_t)apic_id, false, false);
	uint32_t data = (uint32_t)(IOM_PUT(VTD_MSI_DATA_VECTOR, IOM_GET(VTD_PID_4_NV, control)) |
	                           VTD_MSI_DATA_ASSERT);
	int result = vtd_send(vtd_of(unit), address, data);

	vtd_event_told(unit, address, data, result);
}

static int set_pir(const struct iom_query *query, uint64_t spa, uint64_t bit)
{
	uint64_t found = 0;
	int result = iom_unit_set_bits(query->unit, spa, bit, &found);

	if (query->watchers)
		vtd_swapped(query, IOM_OF_MRIF, spa, found, found | bit, false, result);
	return result;
}

int vtd_post(const struct iom_query *query, const struct iom_route *route, bool x2apic,
             struct iom_fault *fault)
{
	uint64_t pir = route->address + UINT64_C(8) * (route->vector / 64), word[WORDS];
	bool due = false;
	int result;

	if (vtd_load(query, IOM_OF_MRIF, route->address, WORDS, word))
		return vtd_interrupt_refused(fault, VTD_FR_IR_DESCRIPTOR_ACCESS);
	if (reserved_set(word, x2apic))
		return vtd_interrupt_refused(fault, VTD_FR_IR_DESCRIPTOR);
	result = set_pir(query, pir, IOM_BIT(route->vector % 64));
	if (!result)
		result = set_on(query, route->address + UINT64_C(8) * CONTROL, route->urgent,
		                &word[CONTROL], &due);
	if (result)
		return vtd_interrupt_refused(fault, VTD_FR_IR_DESCRIPTOR_ACCESS);
	if (due)
		notify(query->unit, word[CONTROL], x2apic);
	return IOM_OK;
}
