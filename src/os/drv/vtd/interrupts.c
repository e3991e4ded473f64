/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The unit's own events ("Event Control Registers"): messages.  Ends of waits raise none, as nobody sleeps
 * until then.
 */
#include "os/drv/vtd/vtd.h"

/* A device that faults without end is left to the next interrupt after so many rounds. */
#define ROUNDS_MAX 4

#define FAULT_VECTOR 0u
#define PAGE_VECTOR 1u

int vtdd_interrupts_judge(struct vtdd_driver *d, const struct iom_driver_config *config,
                          struct iom_error *error)
{
	uint64_t data = (uint64_t)config->msi_data + config->vectors;

	if (config->msi_address & ~(VTD_EVENT_ADDRESS_MASK | IOM_MASK(63, 32)) ||
	    (config->msi_address >> 32 && !(d->ecap & VTD_ECAP_EIM)))
		return iom_fail(error, IOM_EINVAL,
		                "config.msi_address 0x%llx must be a multiple of 4, and below "
		                "2^32 without ECAP.EIM",
		                (unsigned long long)config->msi_address);
	if (config->msi_address && data & ~VTD_EVENT_DATA_MASK)
		return iom_fail(error, IOM_EINVAL,
		                "config.msi_data 0x%llx and its vectors must be below 2^16",
		                (unsigned long long)config->msi_data);
	return IOM_OK;
}

static void event_on(struct vtdd_driver *d, uint64_t at, const struct iom_driver_config *config,
                     unsigned vector)
{
	uint32_t vectors = config->vectors ? config->vectors : 1;

	vtdd_wr32(d, at + VTD_EVENT_DATA, config->msi_data + vector % vectors);
	vtdd_wr32(d, at + VTD_EVENT_ADDRESS, config->msi_address);
	vtdd_wr32(d, at + VTD_EVENT_UPPER, config->msi_address >> 32);
	vtdd_wr32(d, at, 0);
	/* Reading it back brings it to the unit. */
	(void)vtdd_rd32(d, at);
}

void vtdd_interrupts_on(struct vtdd_driver *d, const struct iom_driver_config *config)
{
	if (!config->msi_address)
		return;
	event_on(d, VTD_FECTL, config, FAULT_VECTOR);
	if (d->pq.ring)
		event_on(d, VTD_PECTL, config, PAGE_VECTOR);
}

static void event_off(struct vtdd_driver *d, uint64_t at)
{
	vtdd_wr32(d, at, VTD_EVENT_IM);
	(void)vtdd_rd32(d, at);
}

/* Registers of what the unit lacks take no store. */
void vtdd_interrupts_off(struct vtdd_driver *d)
{
	event_off(d, VTD_FECTL);
	if (d->ecap & VTD_ECAP_QI)
		event_off(d, VTD_IECTL);
	if (d->ecap & VTD_ECAP_PRS)
		event_off(d, VTD_PECTL);
}

/*
 * While a condition stands no further message is sent, so all are cleared; one that arises behind our
 * look is seen by the next round.
 */
int vtdd_interrupt(struct iom_driver *driver)
{
	struct vtdd_driver *d = vtdd_of(driver);
	unsigned round;
	int count = 0;

	for (round = 0; round < ROUNDS_MAX; round++) {
		uint32_t fsts = vtdd_rd32(d, VTD_FSTS);

		if (vtdd_gone(fsts))
			break;
		if (d->pq.ring)
			vtdd_page_requests(d);
		vtdd_repair(d);
		if (!(fsts & (VTD_FSTS_PPF | VTD_FSTS_PFO)))
			break;
		count += vtdd_faults(d, true);
	}
	return count;
}
