/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What devices may do beyond plain accesses, and invalidations of what they remember ("Device-TLB
 * Invalidate Descriptors").  The latter follow those of the unit itself, from which a device would else
 * be filled again; the unit keeps that order.
 */
#include "os/drv/vtd/context.h"

/* ---- Invalidations -------------------------------------------------------------------------- */

/* Units that count what a function has outstanding do so for its physical function: itself, here. */
static uint64_t function_of(const struct vtdd_driver *d, uint32_t sid)
{
	if (!(d->ecap & VTD_ECAP_DIT))
		return 0;
	return IOM_PUT(VTD_QI_PFSID_LOW, sid) | IOM_PUT(VTD_QI_PFSID_HIGH, sid >> 4);
}

/* The smallest naturally aligned range that first..last are in: ones below a 0 say how large it is. */
static uint64_t range_of(uint64_t first, uint64_t last, uint64_t s)
{
	uint64_t pages = (first ^ last) >> IOM_PAGE_LG2;
	unsigned lg2 = pages ? iom_log2(pages) + 1 : 0;
	uint64_t page = first >> IOM_PAGE_LG2 & ~iom_low(lg2);

	if (!lg2)
		return IOM_PUT(VTD_QI_1_ADDRESS, page);
	return IOM_PUT(VTD_QI_1_ADDRESS, page | iom_low(lg2 - 1)) | s;
}

static void forget(struct vtdd_driver *d, const struct iom_device *device, uint32_t pasid,
                   uint64_t first, uint64_t last)
{
	uint32_t sid = device->requester;
	uint64_t function = function_of(d, sid);

	d->iq_devices = true;
	if (!pasid)
		vtdd_submit(d, VTD_QI_DEVICE | function | IOM_PUT(VTD_QI_DEVICE_SID, sid),
		            range_of(first, last, VTD_QI_DEVICE_1_S));
	else
		vtdd_submit(d,
		            VTD_QI_PASID_DEVICE | function | IOM_PUT(VTD_QI_PASID_DEVICE_SID, sid) |
		                    IOM_PUT(VTD_QI_PASID, pasid),
		            range_of(first, last, VTD_QI_PASID_DEVICE_1_S));
}

static void forget_links(struct vtdd_driver *d, const struct iom_domain *domain, uint64_t first,
                         uint64_t last)
{
	const struct iom_link *link;

	for (link = domain->links; link; link = link->next)
		if (link->device->abilities & IOM_DEVICE_ATS)
			forget(d, link->device, link->pasid, first, last);
}

void vtdd_ats_forget(struct vtdd_driver *d, const struct iom_domain *domain, uint64_t first,
                     uint64_t last)
{
	const struct iom_domain *child;

	forget_links(d, domain, first, last);
	/* Devices know addresses of the first stage only. */
	for (child = domain->child; child; child = child->sibling)
		forget_links(d, child, 0, UINT64_MAX);
}

void vtdd_ats_forget_link(struct vtdd_driver *d, const struct iom_link *link)
{
	if (link->device->abilities & IOM_DEVICE_ATS)
		forget(d, link->device, link->pasid, 0, UINT64_MAX);
}

/* Whatever has no PASID, and then whatever has one. */
void vtdd_ats_forget_device(struct vtdd_driver *d, const struct iom_device *device)
{
	uint32_t sid = device->requester;

	if (!(device->abilities & IOM_DEVICE_ATS))
		return;
	forget(d, device, 0, 0, UINT64_MAX);
	if (device->abilities & IOM_DEVICE_PASID)
		vtdd_submit(d,
		            VTD_QI_PASID_DEVICE | function_of(d, sid) |
		                    IOM_PUT(VTD_QI_PASID_DEVICE_SID, sid),
		            range_of(0, UINT64_MAX, VTD_QI_PASID_DEVICE_1_S) |
		                    VTD_QI_PASID_DEVICE_1_G);
}

/* ---- Abilities ------------------------------------------------------------------------------ */

/* What the unit can let devices do. */
static unsigned possible(const struct vtdd_driver *d)
{
	return (d->ecap & VTD_ECAP_DT ? IOM_DEVICE_ATS : 0) |
	       (d->pasid_bits ? IOM_DEVICE_PASID : 0) |
	       (d->pq.ring ? IOM_DEVICE_PRI | IOM_DEVICE_PRI_PASID : 0);
}

/*
 * Nothing is asked of a device that loses ATS: it may be the one that does not answer.  What it
 * remembers is of no use to it, since translated requests are refused from now on.
 */
int vtdd_allow(struct iom_driver *driver, struct iom_device *device, unsigned abilities)
{
	struct vtdd_driver *d = vtdd_of(driver);
	uint64_t *ce;

	if (abilities & ~possible(d))
		return IOM_ENOTSUP;
	if (abilities & ~device->abilities & IOM_DEVICE_PASID) {
		ce = vtdd_ce_find(d, device->requester);
		if (!ce || vtdd_directory_make(d, ce, d->pasid_bits))
			return IOM_ENOMEM;
	}
	return vtdd_ce_change(d, device, abilities);
}
