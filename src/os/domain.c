/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Drivers and domains as os.h offers them: what holds for every architecture.  Arguments are judged
 * here, and who is attached where is known here.
 */
#include "os/driver.h"

#include "base/error.h"

#define VECTORS_MAX 16u
#define INTERRUPTS_MAX 65536u
#define PROT_ALL (IOM_PROT_READ | IOM_PROT_WRITE | IOM_PROT_EXECUTE | IOM_PROT_MMIO)

_Static_assert(sizeof(struct iom_domain) <= IOM_PAGE, "a domain takes one page");

/* ---- Drivers ------------------------------------------------------------------------------ */

int iom_driver_new(const struct iom_driver_config **config, const struct iom_os_host *host,
                   void *opaque, struct iom_driver **out, struct iom_error *error)
{
	static const struct iom_driver_config plain = { .bytes = sizeof plain };
	struct iom_driver *driver;
	uint64_t phys;

	if (!*config)
		*config = &plain;
	if ((*config)->bytes != sizeof **config)
		return iom_fail(error, IOM_EINVAL,
		                "config.bytes must be sizeof(struct iom_driver_config), %u",
		                (unsigned)sizeof **config);
	if ((*config)->vectors > VECTORS_MAX)
		return iom_fail(error, IOM_EINVAL, "config.vectors is %u; at most %u exist",
		                (unsigned)(*config)->vectors, VECTORS_MAX);
	if ((*config)->interrupts &&
	    (!iom_is_pow2((*config)->interrupts) || (*config)->interrupts < 2 ||
	     (*config)->interrupts > INTERRUPTS_MAX))
		return iom_fail(error, IOM_EINVAL,
		                "config.interrupts is %u; it must be 0 or a power of two from 2 to "
		                "%u",
		                (unsigned)(*config)->interrupts, INTERRUPTS_MAX);
	if (!host || host->bytes != sizeof *host)
		return iom_fail(error, IOM_EINVAL,
		                "host.bytes must be sizeof(struct iom_os_host), %u",
		                (unsigned)sizeof *host);
	if (!host->mmio_read || !host->mmio_write || !host->alloc || !host->free || !host->at ||
	    !host->now_ns)
		return iom_fail(error, IOM_EINVAL,
		                "the host lacks a function: all but flush, fault, page_request and "
		                "relax are needed");
	driver = host->alloc(opaque, IOM_PAGE, &phys);
	if (!driver)
		return iom_fail(error, IOM_ENOMEM, "no memory for the driver itself");
	driver->host = *host;
	driver->opaque = opaque;
	driver->phys = phys;
	driver->device_pool.bytes = sizeof(struct iom_device);
	driver->link_pool.bytes = sizeof(struct iom_link);
	*out = driver;
	return IOM_OK;
}

void iom_driver_drop(struct iom_driver *driver)
{
	struct iom_os_host host = driver->host;

	iom_requesters_free(driver, &driver->requesters);
	iom_devices_free(driver);
	iom_interrupts_free(driver);
	host.free(driver->opaque, driver, driver->phys, IOM_PAGE);
}

int iom_driver_interrupt(struct iom_driver *driver)
{
	return driver->ops->interrupt(driver);
}

int iom_driver_start(struct iom_driver *driver)
{
	return driver->ops->start ? driver->ops->start(driver) : IOM_OK;
}

uint64_t iom_driver_overflows(const struct iom_driver *driver)
{
	return driver->overflows;
}

uint64_t iom_driver_command_errors(const struct iom_driver *driver)
{
	return driver->command_errors;
}

int iom_driver_free(struct iom_driver *driver)
{
	int err;

	if (!driver)
		return IOM_OK;
	if (driver->domains)
		return IOM_EBUSY;
	err = driver->ops->remove(driver);
	if (err)
		return err;
	iom_driver_drop(driver);
	return IOM_OK;
}

/* ---- Domains ------------------------------------------------------------------------------ */

struct iom_domain *iom_domain_make(struct iom_driver *driver, unsigned kind)
{
	uint64_t phys;
	struct iom_domain *domain = iom_os_alloc(driver, IOM_PAGE, &phys);

	if (!domain)
		return NULL;
	domain->driver = driver;
	domain->phys = phys;
	domain->kind = kind;
	driver->domains++;
	return domain;
}

void iom_domain_drop(struct iom_domain *domain)
{
	domain->driver->domains--;
	iom_os_free(domain->driver, domain, domain->phys, IOM_PAGE);
}

int iom_domain_new(struct iom_driver *driver, unsigned kind, struct iom_domain **out,
                   struct iom_error *error)
{
	struct iom_domain *domain;
	int err;

	if (kind > IOM_DOMAIN_STAGE2)
		return iom_fail(error, IOM_EINVAL, "there is no domain kind %u; the last is %u",
		                kind, IOM_DOMAIN_STAGE2);
	domain = iom_domain_make(driver, kind);
	if (!domain)
		return iom_fail(error, IOM_ENOMEM, "no memory for a domain");
	err = driver->ops->domain_init(domain, error);
	if (err) {
		iom_domain_drop(domain);
		return err;
	}
	*out = domain;
	iom_succeed(error);
	return IOM_OK;
}

static void leave_parent(struct iom_domain *domain)
{
	struct iom_domain **at = &domain->parent->child;

	while (*at != domain)
		at = &(*at)->sibling;
	*at = domain->sibling;
}

int iom_domain_free(struct iom_domain *domain)
{
	if (!domain)
		return IOM_OK;
	if (domain->attached || domain->child)
		return IOM_EBUSY;
	domain->driver->ops->domain_fini(domain);
	if (domain->parent)
		leave_parent(domain);
	iom_domain_drop(domain);
	return IOM_OK;
}

void iom_domain_count_device(struct iom_domain *domain, bool more)
{
	for (; domain; domain = domain->parent)
		domain->attached += more ? 1u : -1u;
}

static int leave(struct iom_domain *domain, uint32_t requester)
{
	struct iom_driver *driver = domain->driver;
	struct iom_device *device = iom_device_find(driver, requester);
	int err = driver->ops->detach(driver, requester);

	if (err)
		return err;
	if (device)
		iom_link_out(&device->plain);
	iom_requesters_drop(&driver->requesters, requester);
	iom_domain_count_device(domain, false);
	return IOM_OK;
}

int iom_domain_attach(struct iom_domain *domain, uint32_t requester)
{
	struct iom_driver *driver = domain->driver;
	struct iom_device *device = iom_device_find(driver, requester);
	struct iom_domain *from;
	int err;

	if (device && device->processes.used && iom_domain_is_machines(domain))
		return IOM_EBUSY;
	err = driver->ops->prepare(driver, requester);
	if (!err)
		err = iom_requesters_reserve(driver, &driver->requesters);
	if (err)
		return err;
	from = iom_requesters_find(&driver->requesters, requester);
	if (from) {
		err = leave(from, requester);
		if (err)
			return err;
	}
	/* Entered before the attempt: after a failure hardware may know the domain all the same. */
	iom_requesters_add(&driver->requesters, requester, domain);
	iom_domain_count_device(domain, true);
	if (device)
		iom_link_in(&device->plain, domain);
	return driver->ops->attach(domain, requester);
}

int iom_domain_detach(struct iom_domain *domain, uint32_t requester)
{
	if (iom_requesters_find(&domain->driver->requesters, requester) != domain)
		return IOM_ENOENT;
	return leave(domain, requester);
}

void iom_domain_range(const struct iom_domain *domain, uint64_t *first, uint64_t *last)
{
	*first = domain->first;
	*last = domain->last;
}

/* ---- Mappings ----------------------------------------------------------------------------- */

static bool range_ok(const struct iom_domain *domain, uint64_t iova, uint64_t bytes)
{
	uint64_t last = iova + bytes - 1;

	return iom_domain_has_tables(domain) && bytes && !((iova | bytes) & (IOM_PAGE - 1)) &&
	       last >= iova && iova >= domain->first && last <= domain->last;
}

int iom_domain_map(struct iom_domain *domain, uint64_t iova, uint64_t phys, uint64_t bytes,
                   unsigned prot)
{
	if (!range_ok(domain, iova, bytes) || phys & (IOM_PAGE - 1) || phys + bytes - 1 < phys ||
	    prot & ~PROT_ALL)
		return IOM_EINVAL;
	return domain->driver->ops->map(domain, iova, phys, bytes, prot);
}

int iom_domain_unmap(struct iom_domain *domain, uint64_t iova, uint64_t bytes,
                     struct iom_gather *gather)
{
	struct pt_removed removed = { .tables = gather->tables };
	int err;

	if (!range_ok(domain, iova, bytes))
		return IOM_EINVAL;
	err = domain->driver->ops->unmap(domain, iova, bytes, &removed);
	if (err || (!removed.step_lg2 && removed.tables == gather->tables))
		return err;

	if (!gather->some || iova < gather->first)
		gather->first = iova;
	if (!gather->some || iova + bytes - 1 > gather->last)
		gather->last = iova + bytes - 1;
	if (removed.step_lg2 && (!gather->step_lg2 || removed.step_lg2 < gather->step_lg2))
		gather->step_lg2 = removed.step_lg2;
	gather->tables = removed.tables;
	gather->some = true;
	return IOM_OK;
}

int iom_domain_sync(struct iom_domain *domain, struct iom_gather *gather)
{
	int err = IOM_OK;

	if (!gather->some)
		return IOM_OK;
	/* What hardware knew of the domain, it had to forget when the last device left. */
	if (domain->attached)
		err = domain->driver->ops->flush(domain, gather);
	if (err)
		return err;
	domain->driver->ops->release(domain, gather->tables);
	*gather = (struct iom_gather){ 0 };
	return IOM_OK;
}

int iom_domain_invalidate(struct iom_domain *domain, uint64_t first, uint64_t last, bool global)
{
	if ((domain->kind != IOM_DOMAIN_NESTED && domain->kind != IOM_DOMAIN_PROCESS) ||
	    last < first)
		return IOM_EINVAL;
	/* What hardware knew of the domain, it had to forget when the last device left. */
	if (!domain->attached)
		return IOM_OK;
	return domain->driver->ops->forget(domain, first, last, global);
}

int iom_domain_iova_to_phys(struct iom_domain *domain, uint64_t iova, uint64_t *phys)
{
	if (iom_domain_has_tables(domain))
		return domain->driver->ops->lookup(domain, iova, phys);
	if (domain->kind != IOM_DOMAIN_IDENTITY)
		return IOM_ENOENT;
	*phys = iova;
	return IOM_OK;
}
