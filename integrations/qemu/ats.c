/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What QEMU's core offers to devices with a cache of translations (ATS) and to those that ask for pages (PRI), since
 * QEMU 10.2.  Who listens is known under the big lock; a device may ask on any thread.
 */
#include "qemu/osdep.h"

#include "hw/pci/pci_bus.h"
#include "internal.h"

/* Who hears of one process's translations, or of the pages that it asked for. */
struct listener {
	uint32_t pasid; /* or PCI_NO_PASID */
	IOMMUNotifier *translations;
	IOMMUPRINotifier *pages; /* the one or the other */
};

static struct iommux_function *function_of(PCIBus *bus, void *opaque, int devfn)
{
	return container_of(iommux_function_space(bus, opaque, devfn), struct iommux_function, as);
}

static void set_pasid(uint32_t pasid, uint32_t *to, uint16_t *flags)
{
	if (pasid != PCI_NO_PASID) {
		*to = pasid;
		*flags |= IOM_REQ_PASID;
	}
}

/* ---- Translation requests ----------------------------------------------------------------- */

static void get_info(void *opaque, uint8_t *width, uint32_t *page_size)
{
	struct iommux_adapter *adapter = opaque;

	*width = adapter->address_width;
	*page_size = 4096;
}

static IOMMUTLBEntry answer_of(const struct iom_request *request, int result,
                               const struct iom_reply *reply)
{
	uint64_t mask = result == IOM_OK ? MAKE_64BIT_MASK(0, MIN(reply->range_lg2, 63)) : 0xfff;
	IOMMUTLBEntry entry = {
		.target_as = &address_space_memory,
		.iova = request->iova & ~mask,
		.addr_mask = mask,
		.perm = IOMMU_NONE,
		.pasid = request->flags & IOM_REQ_PASID ? request->pasid : PCI_NO_PASID,
	};

	if (result != IOM_OK)
		return entry;
	entry.translated_addr = reply->spa & ~mask;
	entry.perm =
		IOMMU_ACCESS_FLAG_FULL(reply->perm & IOM_PERM_READ, reply->perm & IOM_PERM_WRITE,
	                               reply->perm & IOM_PERM_EXECUTE,
	                               reply->ats & IOM_ATS_PRIVILEGED, reply->ats & IOM_ATS_GLOBAL,
	                               reply->ats & IOM_ATS_UNTRANSLATED);
	return entry;
}

/* One answer a page; what is refused has one, too, which permits nothing. */
static ssize_t request_translation(PCIBus *bus, void *opaque, int devfn, uint32_t pasid,
                                   bool privileged, bool execute, hwaddr address, size_t length,
                                   bool no_write, IOMMUTLBEntry *answers, size_t room,
                                   uint32_t *lacking)
{
	struct iommux_function *function = function_of(bus, opaque, devfn);
	const unsigned wanted = no_write ? IOMMU_RO : IOMMU_RW;
	const hwaddr last = address + (length - 1);
	struct iom_request request = {
		.iova = address,
		.bytes = 1,
		.access = execute ? IOM_EXECUTE : IOM_READ,
		.at = IOM_AT_TRANSLATION_REQUEST,
		.flags = (privileged ? IOM_REQ_PRIVILEGED : 0) | (no_write ? IOM_REQ_NO_WRITE : 0),
	};
	struct iom_reply reply;
	ssize_t count = 0;
	hwaddr end;

	set_pasid(pasid, &request.pasid, &request.flags);
	*lacking = 0;
	if (!length)
		return 0;
	do {
		if ((size_t)count == room)
			return -ENOMEM;
		answers[count] = answer_of(&request,
		                           iommux_function_ask(function, &request, &reply), &reply);
		*lacking += (answers[count].perm & wanted) != wanted;
		end = answers[count].iova | answers[count].addr_mask;
		request.iova = end + 1;
		count++;
	} while (end < last);
	return count;
}

/* ---- Listeners ---------------------------------------------------------------------------- */

static void add_listener(struct iommux_function *function, const struct listener *listener)
{
	if (!function->devices)
		function->devices = g_array_new(false, false, sizeof *listener);
	g_array_append_vals(function->devices, listener, 1);
}

/* One of them, or with neither the one that waits for pages. */
static void remove_listener(struct iommux_function *function, const struct listener *listener)
{
	for (guint i = 0; function->devices && i < function->devices->len; i++) {
		const struct listener *l = &g_array_index(function->devices, struct listener, i);

		if (l->pasid == listener->pasid && l->translations == listener->translations) {
			g_array_remove_index(function->devices, i);
			return;
		}
	}
}

static void init_notifier(PCIBus *bus, void *opaque, int devfn, IOMMUNotifier *notifier,
                          IOMMUNotify notify, void *user)
{
	iommu_notifier_init(notifier, notify, IOMMU_NOTIFIER_DEVIOTLB_EVENTS, 0, HWADDR_MAX, 0);
	notifier->opaque = user;
}

static void register_notifier(PCIBus *bus, void *opaque, int devfn, uint32_t pasid,
                              IOMMUNotifier *notifier)
{
	add_listener(function_of(bus, opaque, devfn),
	             &(struct listener){ .pasid = pasid, .translations = notifier });
}

static void unregister_notifier(PCIBus *bus, void *opaque, int devfn, uint32_t pasid,
                                IOMMUNotifier *notifier)
{
	remove_listener(function_of(bus, opaque, devfn),
	                &(struct listener){ .pasid = pasid, .translations = notifier });
}

static void unregister_pages(PCIBus *bus, void *opaque, int devfn, uint32_t pasid)
{
	remove_listener(function_of(bus, opaque, devfn), &(struct listener){ .pasid = pasid });
}

static void register_pages(PCIBus *bus, void *opaque, int devfn, uint32_t pasid,
                           IOMMUPRINotifier *notifier)
{
	unregister_pages(bus, opaque, devfn, pasid);
	add_listener(function_of(bus, opaque, devfn),
	             &(struct listener){ .pasid = pasid, .pages = notifier });
}

static void tell_gone(const struct listener *listener, const struct iom_message *message)
{
	const uint64_t mask = MAKE_64BIT_MASK(0, MIN(message->size_lg2, 63));
	IOMMUTLBEntry entry = {
		.target_as = &address_space_memory,
		.iova = message->address & ~mask,
		.addr_mask = mask,
		.perm = IOMMU_NONE,
		.pasid = listener->pasid,
	};

	/* All of 2^64 is in two halves, to which an entry's length fits. */
	listener->translations->notify(listener->translations, &entry);
	if (message->size_lg2 > 63) {
		entry.iova ^= mask + 1;
		listener->translations->notify(listener->translations, &entry);
	}
}

static void tell_pages(const struct listener *listener, const struct iom_message *message)
{
	IOMMUPRIResponse response = {
		.response_code = message->code == IOM_PAGES_DONE ? IOMMU_PRI_RESP_SUCCESS
		                 : message->code == IOM_PAGES_INVALID
		                         ? IOMMU_PRI_RESP_INVALID_REQUEST
		                         : IOMMU_PRI_RESP_FAILURE,
		.prgi = (uint16_t)message->token,
	};

	listener->pages->notify(listener->pages, &response);
}

void iommux_ats_tell(struct iommux_function *function, const struct iom_message *message)
{
	const uint32_t pasid = message->flags & IOM_REQ_PASID ? message->pasid : PCI_NO_PASID;
	const bool gone = message->kind == IOM_MESSAGE_INVALIDATE;
	const bool all = gone && message->flags & IOM_MESSAGE_GLOBAL;

	if (!gone && message->kind != IOM_MESSAGE_PAGES)
		return;
	/* From the end: who hears something may go. */
	for (guint i = function->devices ? function->devices->len : 0; i--;) {
		struct listener listener;

		if (i >= function->devices->len)
			continue;
		listener = g_array_index(function->devices, struct listener, i);
		if (!all && listener.pasid != pasid)
			continue;
		if (gone && listener.translations)
			tell_gone(&listener, message);
		if (!gone && listener.pages)
			tell_pages(&listener, message);
	}
}

/* ---- Page requests ------------------------------------------------------------------------ */

static int request_page(PCIBus *bus, void *opaque, int devfn, uint32_t pasid, bool privileged,
                        bool execute, hwaddr address, bool is_last, uint16_t group, bool is_read,
                        bool is_write)
{
	struct iom_endpoint *endpoint = iommux_function_endpoint(function_of(bus, opaque, devfn));
	struct iom_message message = {
		.kind = IOM_MESSAGE_PAGE_REQUEST,
		.address = address & ~(hwaddr)0xfff,
		.token = group & PCI_PRI_PRGI_MASK,
		.flags = privileged ? IOM_REQ_PRIVILEGED : 0,
		.code = (is_read ? IOM_PAGE_READ : 0) | (is_write ? IOM_PAGE_WRITE : 0) |
		        (execute ? IOM_PAGE_EXECUTE : 0) | (is_last ? IOM_PAGE_LAST : 0),
	};

	set_pasid(pasid, &message.pasid, &message.flags);
	switch (endpoint ? iom_message(endpoint, &message) : IOM_ENOMEM) {
	case IOM_OK:
		return 0;
	case IOM_EBUSY:
		return -ENOSPC;
	case IOM_EINVAL:
		return -EINVAL;
	default:
		return -EPERM;
	}
}

const PCIIOMMUOps iommux_pci_ops = {
	.get_address_space = iommux_function_space,
	.get_iotlb_info = get_info,
	.init_iotlb_notifier = init_notifier,
	.register_iotlb_notifier = register_notifier,
	.unregister_iotlb_notifier = unregister_notifier,
	.ats_request_translation = request_translation,
	.pri_register_notifier = register_pages,
	.pri_unregister_notifier = unregister_pages,
	.pri_request_page = request_page,
};
