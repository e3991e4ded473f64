/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Who keeps translations (vhost, a device with a cache) is told when they are gone.  More may be told
 * than went: QEMU allows that.  Who keeps a copy of what is mapped: follow.c.
 *
 * The unit tells under the big lock, as notifiers want it: its work is done by nobody else (adapter.h), and
 * until it is done software does not see an invalidation complete.  What is asked of the unit here comes back to
 * this file.
 */
#include "qemu/osdep.h"

#include "internal.h"
#include "qapi/error.h"
#include "qemu/main-loop.h"
#include "system/dma.h"

/* ---- QEMU's notifiers --------------------------------------------------------------------- */

int iommux_notify_changed(IOMMUMemoryRegion *region, IOMMUNotifierFlag before,
                          IOMMUNotifierFlag after, Error **errp)
{
	struct iommux_function *function = container_of(region, struct iommux_function, iommu);

	if (after & IOMMU_NOTIFIER_MAP && !function->adapter->maps_are_told) {
		error_setg(errp,
		           "the device at %02x.%x wants to be told of each page that a guest maps, "
		           "which %s cannot; it should stand before no IOMMU of iommux",
		           PCI_SLOT(function->devfn), PCI_FUNC(function->devfn),
		           object_get_typename(OBJECT(function->adapter->device)));
		return -ENOTSUP;
	}
	if (after & IOMMU_NOTIFIER_MAP)
		iommux_follow_begin(function);
	else
		iommux_follow_end(function);
	function->notified = after;
	return 0;
}

void iommux_notify_range(IOMMUNotifier *notifier, const DMAMap *piece)
{
	uint64_t first = MAX(piece->iova, notifier->start);
	uint64_t last = MIN(piece->iova + piece->size, notifier->end), mask;

	for (uint64_t at = first; at <= last; at += mask + 1) {
		mask = dma_aligned_pow2_mask(at, last, 64);
		IOMMUTLBEvent event = {
			.type = piece->perm ? IOMMU_NOTIFIER_MAP : IOMMU_NOTIFIER_UNMAP,
			.entry = {
				.target_as = &address_space_memory,
				.iova = at,
				.translated_addr =
					piece->perm ? piece->translated_addr + (at - piece->iova) : 0,
				.addr_mask = mask,
				.perm = piece->perm,
			},
		};

		memory_region_notify_iommu_one(notifier, &event);
		if (last - at == mask)
			break;
	}
}

static void tell_unmapped(IOMMUNotifier *notifier, uint64_t first, uint64_t last)
{
	const DMAMap range = { .iova = first, .size = last - first };

	if (range.size == UINT64_MAX)
		memory_region_unmap_iommu_notifier_range(notifier);
	else
		iommux_notify_range(notifier, &range);
}

/* ---- Invalidations of the unit's own cache ------------------------------------------------ */

/*
 * Does it name results that the space of a process (0: of requests without one) may have?  [*first, *last]:
 * which addresses.  What a context is now counts: when it becomes another one, everything is told.
 */
static bool names(struct iommux_function *function, int process,
                  const struct iom_invalidation *what, uint64_t *first, uint64_t *last)
{
	struct iom_endpoint *endpoint = iommux_function_endpoint(function);
	struct iom_context_info info;
	bool tagged;

	*first = 0;
	*last = UINT64_MAX;
	function->adapter->asking = true;
	if (!endpoint || iom_fault_in(endpoint, process, process, &info) != IOM_OK)
		info.kind = IOM_CONTEXT_BLOCKED;
	function->adapter->asking = false;
	if (info.kind != IOM_CONTEXT_TRANSLATED)
		return true;
	/* A stage that is not there may have no tag: RISC-V's tables for messages do without. */
	tagged = info.stage2.format || info.stage2.tag;
	if ((!what->stage2 && !info.stage1.format) || (what->no_guest && info.stage2.format) ||
	    (what->one_guest && tagged && what->guest_tag != info.stage2.tag) ||
	    (what->one_process && what->process_tag != info.stage1.tag))
		return false;
	/* Where the first stage is active, addresses of the second one's are no devices'. */
	if (what->one_range && !(what->stage2 && info.stage1.format)) {
		*first = what->first;
		*last = what->last;
	}
	return true;
}

static void tell_invalidated(struct iommux_function *function, const struct iom_invalidation *what)
{
	IOMMUNotifier *notifier;
	uint64_t first, last;

	IOMMU_NOTIFIER_FOREACH(notifier, &function->iommu)
	{
		if (!(notifier->notifier_flags & IOMMU_NOTIFIER_MAP) &&
		    names(function, notifier->iommu_idx, what, &first, &last))
			tell_unmapped(notifier, first, last);
	}
	if (function->told && names(function, 0, what, &first, &last))
		iommux_follow(function, first, last);
}

static bool is_notified(const struct iommux_function *function)
{
	return function->notified & IOMMU_NOTIFIER_IOTLB_EVENTS;
}

static void invalidated(void *opaque, const struct iom_invalidation *what)
{
	struct iommux_adapter *adapter = opaque;
	struct iommux_function *function;

	g_assert(bql_locked());
	adapter->count.invalidations++;
	/* Functions are never taken out of the list. */
	QLIST_FOREACH_RCU(function, &adapter->functions, next)
	{
		if (!is_notified(function))
			continue;
		/* Of contexts the unit tells next, but of those alone that have an endpoint. */
		if (what->stage1 || what->stage2)
			tell_invalidated(function, what);
		else
			iommux_function_endpoint(function);
	}
}

static void context_changed(void *opaque, const struct iom_context_info *info)
{
	static const struct iom_invalidation everything = { .stage1 = true, .stage2 = true };
	struct iommux_adapter *adapter = opaque;
	struct iommux_function *function = iommux_function_find(adapter, info->requester);

	if (function && is_notified(function) && !adapter->asking)
		tell_invalidated(function, &everything);
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

static void tell_device(struct iommux_function *function, const struct iom_message *message)
{
	const uint64_t mask = MAKE_64BIT_MASK(0, MIN(message->size_lg2, 63));
	const int process = message->flags & IOM_REQ_PASID ? (int)message->pasid : 0;
	const IOMMUTLBEvent event = {
		.type = IOMMU_NOTIFIER_DEVIOTLB_UNMAP,
		.entry = { .target_as = &address_space_memory,
		           .iova = message->address & ~mask,
		           .addr_mask = mask },
	};
	IOMMUNotifier *notifier;

	IOMMU_NOTIFIER_FOREACH(notifier, &function->iommu)
	{
		if (message->flags & IOM_MESSAGE_GLOBAL || notifier->iommu_idx == process)
			memory_region_notify_iommu_one(notifier, &event);
	}
}

/* Devices of QEMU's own have no ITags: what they are told they have done on return. */
static void pass_on(struct iommux_function *function, const struct iom_message *message)
{
	const struct iom_message done = {
		.kind = IOM_MESSAGE_INVALIDATED,
		.token = 1u << message->token,
		.code = 1,
	};

	struct iom_endpoint *endpoint = iommux_function_endpoint(function);

#ifdef IOMMUX_QEMU_HAS_ATS
	iommux_ats_tell(function, message);
#endif
	if (message->kind != IOM_MESSAGE_INVALIDATE)
		return;
	if (function->notified & IOMMU_NOTIFIER_DEVIOTLB_UNMAP)
		tell_device(function, message);
	/* Without an endpoint, for which there was no memory, the unit finds that nobody answers in time. */
	if (endpoint)
		iom_message(endpoint, &done);
}

void iommux_notify_message(void *opaque, uint32_t requester, const struct iom_message *message)
{
	struct iommux_adapter *adapter = opaque;
	struct iommux_function *function = iommux_function_find(adapter, requester);

	if (!function)
		return;
	if (function->listener)
		function->listener(function->listener_opaque, message);
	else
		pass_on(function, message);
}
