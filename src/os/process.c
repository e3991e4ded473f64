/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Domains of processes, and the PASIDs that use them, as os.h offers them. */
#include "os/driver.h"

#include "base/error.h"

int iom_domain_new_process(struct iom_driver *driver, const struct iom_stage *stage,
                           struct iom_domain **out, struct iom_error *error)
{
	struct iom_domain *domain = iom_domain_make(driver, IOM_DOMAIN_PROCESS);
	int err;

	if (!domain)
		return iom_fail(error, IOM_ENOMEM, "no memory for a domain");
	err = driver->ops->process_init(domain, stage, error);
	if (err) {
		iom_domain_drop(domain);
		return err;
	}
	*out = domain;
	iom_succeed(error);
	return IOM_OK;
}

/* ---- PASIDs ------------------------------------------------------------------------------- */

/* Enters a PASID that the device does not use yet. */
static int enter(struct iom_domain *domain, struct iom_device *device, uint32_t pasid,
                 struct iom_link **out)
{
	struct iom_driver *driver = domain->driver;
	struct iom_link *link;
	int err = driver->ops->prepare_pasid(driver, device, pasid);

	if (!err)
		err = iom_requesters_reserve(driver, &device->processes);
	if (err)
		return err;
	link = iom_pool_take(driver, &driver->link_pool);
	if (!link)
		return IOM_ENOMEM;
	link->device = device;
	link->pasid = pasid;
	iom_link_in(link, domain);
	iom_requesters_add(&device->processes, pasid, link);
	iom_domain_count_device(domain, true);
	*out = link;
	return IOM_OK;
}

int iom_domain_attach_pasid(struct iom_domain *domain, uint32_t requester, uint32_t pasid)
{
	struct iom_driver *driver = domain->driver;
	struct iom_device *device = iom_device_find(driver, requester);
	struct iom_link *link;
	int err;

	if ((domain->kind != IOM_DOMAIN_PROCESS && domain->kind != IOM_DOMAIN_STAGE1) || !pasid ||
	    !device || !(device->abilities & IOM_DEVICE_PASID))
		return IOM_EINVAL;
	if (device->plain.domain && iom_domain_is_machines(device->plain.domain))
		return IOM_EBUSY;
	link = iom_requesters_find(&device->processes, pasid);
	if (link && link->domain != domain)
		return IOM_EEXIST;
	if (!link) {
		err = enter(domain, device, pasid, &link);
		if (err)
			return err;
	}
	return driver->ops->attach_pasid(driver, link);
}

int iom_domain_detach_pasid(struct iom_domain *domain, uint32_t requester, uint32_t pasid)
{
	struct iom_driver *driver = domain->driver;
	struct iom_device *device = iom_device_find(driver, requester);
	struct iom_link *link = device ? iom_requesters_find(&device->processes, pasid) : NULL;
	int err;

	if (!link || link->domain != domain)
		return IOM_ENOENT;
	err = driver->ops->detach_pasid(driver, link);
	if (err)
		return err;
	iom_link_out(link);
	iom_requesters_drop(&device->processes, pasid);
	iom_pool_give(&driver->link_pool, link);
	iom_domain_count_device(domain, false);
	return IOM_OK;
}
