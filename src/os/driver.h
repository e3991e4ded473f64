/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What domain.c and the drivers agree on.  A driver is one const row of functions and a structure
 * that begins with struct iom_driver.
 */
#ifndef OS_DRIVER_H
#define OS_DRIVER_H

#include <iommux/os.h>

#include "base/bits.h"
#include "os/device.h"
#include "os/interrupt.h"
#include "os/pool.h"
#include "os/requesters.h"
#include "pt/build.h"

/* The unit of the host's allocator, and of mapping. */
#define IOM_PAGE_LG2 12
#define IOM_PAGE ((size_t)1 << IOM_PAGE_LG2)

/* Where messages to a page of the window go. */
struct iom_msi_target {
	uint64_t phys;               /* of a hart's interrupt file        */
	const struct iom_mrif *mrif; /* or in memory, if this is not NULL */
};

struct iom_driver_ops {
	/*
	 * Gives a domain what its kind needs: identifier, root, range, memory type of devices.
	 * domain_fini takes it back, once no hardware knows the domain any more.
	 */
	int (*domain_init)(struct iom_domain *domain, struct iom_error *error);
	void (*domain_fini)(struct iom_domain *domain);

	/*
	 * prepare makes what the directory needs for a device: IOM_EINVAL, IOM_ENOMEM.  attach
	 * takes a prepared device out of the blocked state; if it fails, the device is blocked, but
	 * hardware may still know the domain.  detach blocks a device and makes hardware forget all
	 * that it used; if it fails, hardware may still know it.
	 */
	int (*prepare)(struct iom_driver *driver, uint32_t requester);
	int (*attach)(struct iom_domain *domain, uint32_t requester);
	int (*detach)(struct iom_driver *driver, uint32_t requester);

	/* Tables of a domain that has some.  `phys` + `bytes` does not wrap. */
	int (*map)(struct iom_domain *domain, uint64_t iova, uint64_t phys, uint64_t bytes,
	           unsigned prot);
	int (*unmap)(struct iom_domain *domain, uint64_t iova, uint64_t bytes,
	             struct pt_removed *removed);
	int (*lookup)(struct iom_domain *domain, uint64_t iova, uint64_t *phys);
	void (*release)(struct iom_domain *domain, uint64_t tables);
	/* Makes hardware forget what was gathered, and waits. */
	int (*flush)(struct iom_domain *domain, const struct iom_gather *gather);

	/*
	 * Virtual machines (guest.c).  nested_init gives a domain with a parent what it needs, and
	 * domain_fini takes it back; forget is flush for a range of tables that are not ours.
	 */
	int (*nested_init)(struct iom_domain *domain, const struct iom_stage *stage,
	                   struct iom_error *error);
	int (*forget)(struct iom_domain *domain, uint64_t first, uint64_t last, bool global);
	/* Makes the empty table of domain->msi; domain_fini frees it.  NULL: hardware has none. */
	int (*msi_init)(struct iom_domain *domain, struct iom_error *error);
	/* Writes the entry of a page of the window, `to` NULL: none; and makes hardware forget it. */
	int (*msi_put)(struct iom_domain *domain, uint64_t gpa, const struct iom_msi_target *to);

	/*
	 * Devices that can do more (device.c).  allow lets hardware accept `abilities` and no others;
	 * device->abilities are still the former ones.  IOM_ENOTSUP, IOM_ENOMEM: nothing has changed.
	 */
	int (*allow)(struct iom_driver *driver, struct iom_device *device, unsigned abilities);
	int (*respond)(struct iom_driver *driver, const struct iom_os_page_request *request,
	               unsigned code);

	/*
	 * Processes (process.c).  process_init as nested_init.  The others as prepare, attach and
	 * detach; a link is among the device's and the domain's already, and still.
	 */
	int (*process_init)(struct iom_domain *domain, const struct iom_stage *stage,
	                    struct iom_error *error);
	int (*prepare_pasid)(struct iom_driver *driver, struct iom_device *device, uint32_t pasid);
	int (*attach_pasid)(struct iom_driver *driver, struct iom_link *link);
	int (*detach_pasid)(struct iom_driver *driver, struct iom_link *link);

	/*
	 * Interrupts of devices (interrupt.c), where config.interrupts is not 0 and iom_interrupts_new
	 * was called.  own lets entries that are off accept this requester alone, once they are set;
	 * IOM_EINVAL: it is too wide.  off undoes set, whether that succeeded or not.
	 */
	int (*interrupt_own)(struct iom_driver *driver, uint32_t requester, uint32_t first,
	                     unsigned count);
	int (*interrupt_set)(struct iom_driver *driver, uint32_t index,
	                     const struct iom_interrupt_target *target);
	int (*interrupt_off)(struct iom_driver *driver, uint32_t first, unsigned count);
	/* `first` is the first that was allocated together with `index`. */
	struct iom_interrupt_message (*interrupt_message)(uint32_t first, uint32_t index);
	uint64_t (*interrupt_ioapic)(uint32_t index, uint8_t vector, bool level, bool active_low);

	/* Turns translation on; may come again.  NULL: it is on from the beginning. */
	int (*start)(struct iom_driver *driver);
	int (*interrupt)(struct iom_driver *driver);
	/* Turns the hardware off and frees its memory; frees nothing that it may still use. */
	int (*remove)(struct iom_driver *driver);
};

struct iom_driver {
	const struct iom_driver_ops *ops;
	struct iom_os_host host;
	void *opaque;
	uint64_t phys;                    /* of this structure's page */
	struct iom_requesters requesters; /* attached: their domains     */
	struct iom_requesters devices;    /* that can do more (device.h) */
	struct iom_pool device_pool, link_pool;
	struct iom_interrupts interrupts;
	uint32_t domains;
	uint64_t overflows;      /* see iom_driver_overflows      */
	uint64_t page_overflows; /* see iom_driver_page_overflows */
	uint64_t command_errors; /* see iom_driver_command_errors */
};

/* Kinds that iom_domain_new does not make: a guest's first stage over `parent`, a process's tables. */
#define IOM_DOMAIN_NESTED 4u
#define IOM_DOMAIN_PROCESS 5u

/* Where a guest's interrupt files are, and what they are; hardware's table has an entry for each. */
struct iom_msi_window {
	void *table; /* NULL: there is no window */
	uint64_t phys, bytes;
	uint64_t address, mask;
};

struct iom_domain {
	struct iom_driver *driver;
	struct iom_domain *parent; /* of a nested domain: its second stage */
	struct iom_domain *child;  /* the first of those nested in this one */
	struct iom_domain *sibling;
	struct iom_link *links; /* devices that can do more             */
	uint64_t phys;          /* of this structure's page */
	unsigned kind;          /* IOM_DOMAIN_* */
	uint32_t id;            /* tag in hardware's caches, if it has tables */
	uint32_t attached;      /* devices and PASIDs, also of domains nested in this one */
	uint64_t first, last;
	struct pt_root root; /* of a nested domain: at a guest-physical address   */
	struct pt_recent recent;
	struct iom_msi_window msi;
};

static inline bool iom_domain_has_tables(const struct iom_domain *domain)
{
	return domain->kind == IOM_DOMAIN_STAGE1 || domain->kind == IOM_DOMAIN_STAGE2;
}

/* Does it take the second stage?  A guest's first stage is the guest's. */
static inline bool iom_domain_is_machines(const struct iom_domain *domain)
{
	return domain->kind == IOM_DOMAIN_STAGE2 || domain->kind == IOM_DOMAIN_NESTED;
}

/* A device, or a PASID of one, came or went; one of a nested domain uses the parent too. */
void iom_domain_count_device(struct iom_domain *domain, bool more);

/* A domain's zeroed page, with what every domain has; freed by iom_domain_drop.  NULL: no memory. */
struct iom_domain *iom_domain_make(struct iom_driver *driver, unsigned kind);
void iom_domain_drop(struct iom_domain *domain);

/* Memory from the host.  What breaks the host's promise counts as none: it could not be used. */
static inline void *iom_os_alloc(struct iom_driver *driver, size_t bytes, uint64_t *phys)
{
	void *memory = driver->host.alloc(driver->opaque, bytes, phys);

	if (memory && (!*phys || *phys & (bytes - 1))) {
		driver->host.free(driver->opaque, memory, *phys, bytes);
		return NULL;
	}
	return memory;
}

static inline void iom_os_free(struct iom_driver *driver, void *memory, uint64_t phys, size_t bytes)
{
	driver->host.free(driver->opaque, memory, phys, bytes);
}

/* Checks host and config of a constructor, and makes the driver's zeroed page; *config is not NULL then. */
int iom_driver_new(const struct iom_driver_config **config, const struct iom_os_host *host,
                   void *opaque, struct iom_driver **out, struct iom_error *error);
/* Frees that page. */
void iom_driver_drop(struct iom_driver *driver);

#endif
