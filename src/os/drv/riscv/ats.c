/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What devices may do beyond plain accesses, and invalidations of what they remember ("PCIe ATS").  The
 * latter follow those of the IOMMU itself, from which a device would else be filled again.
 */
#include "os/drv/riscv/context.h"

#define ATS_INVAL RVD_CMD(RV_OP_ATS, RV_ATS_INVAL)

/* ---- Invalidations ------------------------------------------------------------------------- */

uint64_t rvd_ats_who(uint32_t requester)
{
	uint64_t rid = requester & 0xffff, segment = requester >> 16;

	return IOM_PUT(RV_ATS_RID, rid) |
	       (segment ? RV_ATS_DSV | IOM_PUT(RV_ATS_DSEG, segment) : 0);
}

/* One command, for the smallest naturally aligned range that first..last are in. */
static void forget(struct rvd_driver *d, const struct iom_device *device, uint64_t pasid,
                   uint64_t first, uint64_t last, bool global)
{
	uint64_t pages = (first ^ last) >> IOM_PAGE_LG2;
	unsigned lg2 = pages ? iom_log2(pages) + 1 : 0;
	uint64_t page = first >> IOM_PAGE_LG2 & ~iom_low(lg2);
	uint64_t payload = global ? RV_ATS_INVAL_1_G : 0;

	/* Coded as in NAPOT pages: ones below the lowest 0, which stands for half the size. */
	if (lg2) {
		page |= iom_low(lg2 - 1);
		payload |= RV_ATS_INVAL_1_S;
	}
	d->cq_devices = true;
	rvd_command(d, ATS_INVAL | rvd_ats_who(device->requester) | pasid,
	            payload | IOM_PUT(RV_ATS_INVAL_1_ADDR, page));
}

static uint64_t pasid_of(const struct iom_link *link)
{
	return link->pasid ? RV_ATS_PV | IOM_PUT(RV_ATS_PID, link->pasid) : 0;
}

static void forget_links(struct rvd_driver *d, const struct iom_domain *domain, uint64_t first,
                         uint64_t last, bool global)
{
	const struct iom_link *link;

	/* "Global" means something among PASIDs alone. */
	for (link = domain->links; link; link = link->next)
		if (link->device->abilities & IOM_DEVICE_ATS)
			forget(d, link->device, pasid_of(link), first, last, global && link->pasid);
}

void rvd_ats_forget(struct rvd_driver *d, const struct iom_domain *domain, uint64_t first,
                    uint64_t last, bool global)
{
	const struct iom_domain *child;

	forget_links(d, domain, first, last, global);
	/* Devices know addresses of the first stage only. */
	for (child = domain->child; child; child = child->sibling)
		forget_links(d, child, 0, UINT64_MAX, true);
}

void rvd_ats_forget_link(struct rvd_driver *d, const struct iom_link *link)
{
	if (link->device->abilities & IOM_DEVICE_ATS)
		forget(d, link->device, pasid_of(link), 0, UINT64_MAX, false);
}

void rvd_ats_forget_device(struct rvd_driver *d, const struct iom_device *device)
{
	if (!(device->abilities & IOM_DEVICE_ATS))
		return;
	forget(d, device, 0, 0, UINT64_MAX, false);
	if (device->abilities & IOM_DEVICE_PASID)
		forget(d, device, RV_ATS_PV, 0, UINT64_MAX, true);
}

/* ---- Abilities ----------------------------------------------------------------------------- */

static const struct ability {
	unsigned ability; /* IOM_DEVICE_* */
	uint64_t tc;
} abilities_of_tc[] = {
	{ IOM_DEVICE_ATS, RV_TC_EN_ATS },
	{ IOM_DEVICE_PRI, RV_TC_EN_PRI },
	{ IOM_DEVICE_PRI_PASID, RV_TC_PRPR },
};

uint64_t rvd_tc_abilities(unsigned abilities)
{
	uint64_t tc = 0;
	size_t n;

	for (n = 0; n < IOM_COUNT(abilities_of_tc); n++)
		if (abilities & abilities_of_tc[n].ability)
			tc |= abilities_of_tc[n].tc;
	return tc;
}

/*
 * Nothing is asked of a device that loses ATS: it may be the one that does not answer.  What it
 * remembers is of no use to it, since translated requests are refused from now on.  Hardware is told also
 * of what has not changed: the call before may have failed to.
 */
int rvd_allow(struct iom_driver *driver, struct iom_device *device, unsigned abilities)
{
	struct rvd_driver *d = rvd_of(driver);
	unsigned changed = device->abilities ^ abilities;
	uint64_t tc = rvd_tc_abilities(abilities);
	int err = IOM_OK;

	if (abilities & IOM_DEVICE_ATS && !(d->cap & RV_CAP_ATS))
		return IOM_ENOTSUP;
	if (changed & abilities & IOM_DEVICE_PASID)
		err = rvd_pdt_new(d, device);
	if (!err)
		err = rvd_dc_change(d, device->requester, tc, rvd_tc_abilities(~0u));
	if (!err && changed & ~abilities & IOM_DEVICE_PASID)
		rvd_pdt_free(d, device);
	return err;
}
