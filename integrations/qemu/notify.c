/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Who keeps translations (vhost, a device with a cache) is told when they are gone.  More may be told
 * than went: QEMU allows that.
 */
#include "qemu/osdep.h"

#include "internal.h"
#include "qapi/error.h"
#include "qemu/main-loop.h"

/* ---- QEMU's notifiers --------------------------------------------------------------------- */

int iommux_notify_changed(IOMMUMemoryRegion *region, IOMMUNotifierFlag before,
                          IOMMUNotifierFlag after, Error **errp)
{
	struct iommux_function *function = container_of(region, struct iommux_function, iommu);

	if (after & IOMMU_NOTIFIER_MAP) {
		error_setg(errp,
		           "the device at %02x.%x wants to be told of each page that a guest maps, "
		           "which %s cannot; it should stand before no IOMMU of iommux",
		           PCI_SLOT(function->devfn), PCI_FUNC(function->devfn),
		           object_get_typename(OBJECT(function->adapter->device)));
		return -ENOTSUP;
	}
	/* They are told under the big lock, which a callback may not wait for then. */
	if (after && function->adapter->recording) {
		error_setg(errp,
		           "the device at %02x.%x wants to be told of invalidations, which a unit "
		           "that is recorded cannot; %s should be without 'record'",
		           PCI_SLOT(function->devfn), PCI_FUNC(function->devfn),
		           object_get_typename(OBJECT(function->adapter->device)));
		return -ENOTSUP;
	}
	qatomic_set(&function->notified, after);
	return 0;
}

static void tell(struct iommux_function *function, IOMMUNotifierFlag type, uint64_t first,
                 uint64_t mask)
{
	IOMMUTLBEvent event = {
		.type = type,
		.entry = { .target_as = &address_space_memory, .iova = first, .addr_mask = mask },
	};

	BQL_LOCK_GUARD();
	memory_region_notify_iommu(&function->iommu, 0, event);
}

static void tell_all(struct iommux_function *function)
{
	IOMMUNotifier *notifier;

	BQL_LOCK_GUARD();
	IOMMU_NOTIFIER_FOREACH(notifier, &function->iommu)
	{
		memory_region_unmap_iommu_notifier_range(notifier);
	}
}

/* ---- Invalidations of the unit's own cache ------------------------------------------------ */

static void invalidated(void *opaque, const struct iom_invalidation *what)
{
	struct iommux_adapter *adapter = opaque;
	struct iommux_function *function;

	qatomic_inc(&adapter->count.invalidations);
	/* Functions are never taken out of the list. */
	QLIST_FOREACH_RCU(function, &adapter->functions, next)
	{
		if (qatomic_read(&function->notified) & IOMMU_NOTIFIER_UNMAP)
			tell_all(function);
	}
}

static void context_changed(void *opaque, const struct iom_context_info *info)
{
	struct iommux_adapter *adapter = opaque;
	struct iommux_function *function = iommux_function_find(adapter, info->requester);

	if (function && qatomic_read(&function->notified) & IOMMU_NOTIFIER_UNMAP)
		tell_all(function);
}

static const struct iom_backend backend = {
	.bytes = sizeof backend,
	.context = context_changed,
	.invalidate = invalidated,
};

void iommux_notify_start(struct iommux_adapter *adapter)
{
	iom_backend_set(adapter->unit, &backend, adapter);
}

/* ---- Messages to devices ------------------------------------------------------------------ */

/* Devices of QEMU's own have no ITags: what they are told they have done on return. */
static void invalidate(struct iommux_function *function, const struct iom_message *message)
{
	const struct iom_message done = {
		.kind = IOM_MESSAGE_INVALIDATED,
		.token = 1u << message->token,
		.code = 1,
	};
	uint64_t mask = MAKE_64BIT_MASK(0, MIN(message->size_lg2, 63));

	if (qatomic_read(&function->notified) & IOMMU_NOTIFIER_DEVIOTLB_UNMAP)
		tell(function, IOMMU_NOTIFIER_DEVIOTLB_UNMAP, message->address & ~mask, mask);
	iom_message(iommux_function_endpoint(function), &done);
}

void iommux_notify_message(void *opaque, uint32_t requester, const struct iom_message *message)
{
	struct iommux_adapter *adapter = opaque;
	struct iommux_function *function = iommux_function_find(adapter, requester);
	iommux_listener *listener;
	void *listener_opaque;

	if (!function)
		return;
	WITH_QEMU_LOCK_GUARD(&function->lock)
	{
		listener = function->listener;
		listener_opaque = function->listener_opaque;
	}
	if (listener)
		listener(listener_opaque, message);
	else if (message->kind == IOM_MESSAGE_INVALIDATE)
		invalidate(function, message);
}
