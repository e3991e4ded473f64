/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What the test device is told: by the IOMMU, and by notifiers of QEMU's core. */
#include "testdev.h"

#include "qapi/error.h"

void td_tell(Testdev *d, const struct td_event *event)
{
	const uint32_t told = td_get(d, TD_TOLD);

	d->event[told % TD_EVENT_COUNT] = *event;
	td_set(d, TD_TOLD, told + 1);
}

void td_invalidate(Testdev *d, const struct td_event *event)
{
	const bool used = td_cache_drop(d, event);
	const uint32_t itag = 1u << event->token;

	td_tell(d, event);
	if (used || td_get(d, TD_CONTROL) & TD_CONTROL_SILENT)
		td_set(d, TD_PARKED, td_get(d, TD_PARKED) | itag);
	else
		d->path->completion(d, itag);
}

/* A notifier says which addresses it is about by a mask. */
static void notified(IOMMUNotifier *notifier, IOMMUTLBEntry *entry)
{
	Testdev *d = container_of(notifier, Testdev, watch);
	const bool device = notifier->notifier_flags & IOMMU_NOTIFIER_DEVIOTLB_EVENTS;

	td_copy_tell(d, entry);
	td_tell(d, &(struct td_event){
			   .kind = entry->perm & IOMMU_RW ? TD_EVENT_MAPPED
	                           : device               ? TD_EVENT_DEVICE
	                                                  : TD_EVENT_UNMAPPED,
			   .token = entry->perm,
			   .address = entry->iova,
			   .bytes = entry->addr_mask + 1,
			   .code = (uint32_t)(entry->translated_addr >> 12),
		   });
}

uint32_t td_watch(Testdev *d, uint64_t address, uint32_t what, uint32_t pasid)
{
	AddressSpace *as = pci_device_iommu_address_space(&d->parent_obj);
	MemoryRegionSection section;
	Error *error = NULL;

	if (d->watched)
		return TD_BUSY;
	if (!what || what & ~(uint32_t)IOMMU_NOTIFIER_ALL)
		return TD_INVALID;
	section = memory_region_find(as->root, address, 1);
	if (!section.mr)
		return TD_NOT_THERE;
	if (!memory_region_is_iommu(section.mr)) {
		memory_region_unref(section.mr);
		return TD_NOT_THERE;
	}
	d->watched = IOMMU_MEMORY_REGION(section.mr);
	if (pasid >= (uint32_t)memory_region_iommu_num_indexes(d->watched)) {
		memory_region_unref(section.mr);
		d->watched = NULL;
		return TD_NOT_THERE;
	}
	iommu_notifier_init(&d->watch, notified, (IOMMUNotifierFlag)what, 0, HWADDR_MAX,
	                    (int)pasid);
	if (memory_region_register_iommu_notifier(section.mr, &d->watch, &error)) {
		warn_report_err(error);
		memory_region_unref(section.mr);
		d->watched = NULL;
		return TD_REFUSED;
	}
	/* Who wants to know what is mapped begins with what is mapped already. */
	if (what & TD_WATCH_MAP) {
		td_copy_begin(d);
		memory_region_iommu_replay(d->watched, &d->watch);
	}
	return TD_DONE;
}

void td_unwatch(Testdev *d)
{
	if (!d->watched)
		return;
	memory_region_unregister_iommu_notifier(MEMORY_REGION(d->watched), &d->watch);
	memory_region_unref(MEMORY_REGION(d->watched));
	d->watched = NULL;
	td_copy_end(d);
}
