/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What devices may do beyond plain accesses, and their requests for pages, as os.h offers them. */
#include "os/driver.h"

#define ABILITIES_ALL (IOM_DEVICE_PASID | IOM_DEVICE_ATS | IOM_DEVICE_PRI | IOM_DEVICE_PRI_PASID)

struct iom_device *iom_device_find(struct iom_driver *driver, uint32_t requester)
{
	return iom_requesters_find(&driver->devices, requester);
}

void iom_link_in(struct iom_link *link, struct iom_domain *domain)
{
	link->domain = domain;
	link->next = domain->links;
	link->back = &domain->links;
	if (link->next)
		link->next->back = &link->next;
	domain->links = link;
}

void iom_link_out(struct iom_link *link)
{
	if (!link->domain)
		return;
	*link->back = link->next;
	if (link->next)
		link->next->back = link->back;
	link->domain = NULL;
}

void iom_devices_free(struct iom_driver *driver)
{
	struct iom_requesters *set = &driver->devices;
	uint32_t n;

	for (n = 0; n < set->count; n++) {
		struct iom_device *device = set->place[n].what;

		if (device)
			iom_requesters_free(driver, &device->processes);
	}
	iom_requesters_free(driver, set);
	iom_pool_free(driver, &driver->device_pool);
	iom_pool_free(driver, &driver->link_pool);
}

/* ---- Abilities ---------------------------------------------------------------------------- */

/* A device may have been attached before anybody knew what it can do. */
static struct iom_device *device_new(struct iom_driver *driver, uint32_t requester)
{
	struct iom_domain *domain = iom_requesters_find(&driver->requesters, requester);
	struct iom_device *device;

	if (iom_requesters_reserve(driver, &driver->devices))
		return NULL;
	device = iom_pool_take(driver, &driver->device_pool);
	if (!device)
		return NULL;
	device->requester = requester;
	device->plain.device = device;
	if (domain)
		iom_link_in(&device->plain, domain);
	iom_requesters_add(&driver->devices, requester, device);
	return device;
}

static void device_drop(struct iom_driver *driver, struct iom_device *device)
{
	iom_link_out(&device->plain);
	iom_requesters_free(driver, &device->processes);
	iom_requesters_drop(&driver->devices, device->requester);
	iom_pool_give(&driver->device_pool, device);
}

static int judge(const struct iom_driver *driver, const struct iom_device *device,
                 unsigned abilities)
{
	if (abilities & ~ABILITIES_ALL ||
	    (abilities & IOM_DEVICE_PRI && !(abilities & IOM_DEVICE_ATS)) ||
	    (abilities & IOM_DEVICE_PRI_PASID && !(abilities & IOM_DEVICE_PRI)))
		return IOM_EINVAL;
	if (abilities & IOM_DEVICE_PRI && !driver->host.page_request)
		return IOM_ENOTSUP;
	if ((abilities ^ device->abilities) & IOM_DEVICE_PASID &&
	    (device->plain.domain || device->processes.used))
		return IOM_EBUSY;
	return IOM_OK;
}

static int allow(struct iom_driver *driver, struct iom_device *device, unsigned abilities)
{
	int err = judge(driver, device, abilities);

	if (!err)
		err = driver->ops->allow(driver, device, abilities);
	if (!err)
		device->abilities = abilities;
	else if (err == IOM_ETIMEOUT || err == IOM_EIO)
		device->abilities |= abilities;
	return err;
}

int iom_device_allow(struct iom_driver *driver, uint32_t requester, unsigned abilities)
{
	struct iom_device *device = iom_device_find(driver, requester);
	int err;

	if (!device && !abilities)
		return IOM_OK;
	err = driver->ops->prepare(driver, requester);
	if (err)
		return err;
	if (!device)
		device = device_new(driver, requester);
	if (!device)
		return IOM_ENOMEM;
	err = allow(driver, device, abilities);
	if (!device->abilities)
		device_drop(driver, device);
	return err;
}

/* ---- Requests for pages ------------------------------------------------------------------- */

int iom_driver_respond(struct iom_driver *driver, const struct iom_os_page_request *request,
                       unsigned code)
{
	if (!request->last || !request->access ||
	    (code != IOM_RESPONSE_DONE && code != IOM_RESPONSE_INVALID &&
	     code != IOM_RESPONSE_FAILED))
		return IOM_EINVAL;
	return driver->ops->respond(driver, request, code);
}

uint64_t iom_driver_page_overflows(const struct iom_driver *driver)
{
	return driver->page_overflows;
}
