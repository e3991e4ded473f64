/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The test device in front of QEMU's own IOMMUs, by what QEMU's core offers to devices: accesses
 * always; translation requests and page requests from QEMU 10.2 on, where the model has them.  A
 * refusal has no reason here, and nobody waits for a device.
 */
#include "testdev.h"

#include "hw/pci/pci_bus.h"
#include "hw/pci/pcie.h"
#include "system/dma.h"

static MemTxAttrs attrs(const Testdev *d, const struct td_request *request)
{
	return (MemTxAttrs){
		.requester_id = pci_requester_id((PCIDevice *)&d->parent_obj),
		.pid = request->pasid,
	};
}

/* A process identifier has 8 bits on its way, and models that know none take no notice of it. */
static bool possible(const struct td_request *request)
{
	return !(request->flags & (TD_FLAG_TRANSLATED | TD_FLAG_EXECUTE | TD_FLAG_PRIVILEGED)) &&
	       request->pasid < 0x100;
}

static uint32_t access_all(Testdev *d, const struct td_request *request, void *buf, uint32_t bytes)
{
	return pci_dma_rw(&d->parent_obj, request->address, buf, bytes,
	                  request->write ? DMA_DIRECTION_FROM_DEVICE : DMA_DIRECTION_TO_DEVICE,
	                  attrs(d, request)) == MEMTX_OK
	               ? TD_DONE
	               : TD_REFUSED;
}

/* What a translated request is to QEMU's core: the unit lets it pass, so it is one to memory. */
static uint32_t move_translated(const struct td_request *request, void *buf, uint32_t bytes)
{
	return address_space_rw(&address_space_memory, request->address, MEMTXATTRS_UNSPECIFIED,
	                        buf, bytes, request->write) == MEMTX_OK
	               ? TD_DONE
	               : TD_REFUSED;
}

static uint32_t move(Testdev *d, const struct td_request *request, void *buf, uint32_t bytes,
                     struct td_answer *answer)
{
	uint32_t status = TD_NOT_THERE;

	if (request->flags & TD_FLAG_CACHED && request->flags & TD_FLAG_TRANSLATED)
		status = move_translated(request, buf, bytes);
	else if (possible(request))
		status = access_all(d, request, buf, bytes);
	answer->moved = status == TD_DONE ? bytes : 0;
	return status;
}

static uint32_t atomic(Testdev *d, const struct td_request *request, uint32_t bytes,
                       uint64_t operand, uint64_t compare, struct td_answer *answer)
{
	return TD_NOT_THERE;
}

static uint32_t open_access(Testdev *d, const struct td_request *request, uint32_t bytes,
                            struct td_answer *answer)
{
	const DMADirection direction =
		request->write ? DMA_DIRECTION_FROM_DEVICE : DMA_DIRECTION_TO_DEVICE;
	const bool translated = request->flags & TD_FLAG_TRANSLATED;
	dma_addr_t length = bytes;

	if (!translated && !possible(request))
		return TD_NOT_THERE;
	d->held = dma_memory_map(translated ? &address_space_memory
	                                    : pci_get_address_space(&d->parent_obj),
	                         request->address, &length, direction, attrs(d, request));
	d->held_bytes = length;
	return d->held ? TD_DONE : TD_REFUSED;
}

static void close_access(Testdev *d)
{
	dma_memory_unmap(&address_space_memory, d->held, d->held_bytes,
	                 d->held_writing ? DMA_DIRECTION_FROM_DEVICE : DMA_DIRECTION_TO_DEVICE,
	                 d->held_bytes);
}

#ifdef IOMMUX_QEMU_HAS_ATS

static uint32_t pasid_of(const struct td_request *request)
{
	return request->flags & TD_FLAG_PASID ? request->pasid : PCI_NO_PASID;
}

static uint32_t status_of(ssize_t error)
{
	return error == -ENODEV ? TD_NOT_THERE : error == -EPERM ? TD_DISABLED : TD_REFUSED;
}

static void forget(IOMMUNotifier *notifier, IOMMUTLBEntry *entry)
{
	Testdev *d = notifier->opaque;
	const bool pasid = entry->pasid != PCI_NO_PASID;
	const struct td_event event = {
		.kind = TD_EVENT_INVALIDATE,
		.address = entry->iova,
		.bytes = entry->addr_mask + 1,
		.pasid = pasid ? entry->pasid | TD_EVENT_PASID : 0,
	};

	td_cache_drop(d, &event);
	td_tell(d, &event);
}

/* One requester has one region at a time here: that of the PASID that it used last. */
static void follow(Testdev *d, uint32_t pasid)
{
	if (d->listening && d->listens_to == pasid)
		return;
	td_qemu_leave(d);
	d->listening = !pci_iommu_init_iotlb_notifier(&d->parent_obj, &d->told, forget, d) &&
	               !pci_iommu_register_iotlb_notifier(&d->parent_obj, pasid, &d->told);
	d->listens_to = pasid;
}

void td_qemu_leave(Testdev *d)
{
	if (d->listening)
		pci_iommu_unregister_iotlb_notifier(&d->parent_obj, d->listens_to, &d->told);
	d->listening = false;
	if (d->asking)
		pci_pri_unregister_notifier(&d->parent_obj, d->asks_for);
	d->asking = false;
}

static uint32_t translate(Testdev *d, const struct td_request *request, struct td_answer *answer)
{
	static const struct {
		IOMMUAccessFlags theirs;
		uint32_t ours;
	} as[] = {
		{ IOMMU_RO, TD_GRANTED_READ },
		{ IOMMU_WO, TD_GRANTED_WRITE },
		{ IOMMU_EXEC, TD_GRANTED_EXECUTE },
		{ IOMMU_PRIV, TD_GRANTED_PRIVILEGED },
		{ IOMMU_GLOBAL, TD_GRANTED_GLOBAL },
		{ IOMMU_UNTRANSLATED_ONLY, TD_GRANTED_UNTRANSLATED },
	};
	IOMMUTLBEntry entry;
	uint32_t errors;
	ssize_t got;

	follow(d, pasid_of(request));
	got = pci_ats_request_translation(&d->parent_obj, pasid_of(request),
	                                  request->flags & TD_FLAG_PRIVILEGED,
	                                  request->flags & TD_FLAG_EXECUTE, request->address, 1,
	                                  request->flags & TD_FLAG_NO_WRITE, &entry, 1, &errors);
	if (got < 0)
		return status_of(got);
	if (!got)
		return TD_REFUSED;
	answer->address = entry.translated_addr | (request->address & entry.addr_mask);
	answer->extent = entry.addr_mask + 1;
	for (unsigned i = 0; i < ARRAY_SIZE(as); i++)
		if (entry.perm & as[i].theirs)
			answer->granted |= as[i].ours;
	return TD_DONE;
}

static void pages_answered(IOMMUPRINotifier *notifier, IOMMUPRIResponse *response)
{
	static const uint32_t codes[] = {
		[IOMMU_PRI_RESP_SUCCESS] = IOM_PAGES_DONE,
		[IOMMU_PRI_RESP_INVALID_REQUEST] = IOM_PAGES_INVALID,
		[IOMMU_PRI_RESP_FAILURE] = IOM_PAGES_FAILED,
	};
	Testdev *d = container_of(notifier, Testdev, pages);

	td_tell(d, &(struct td_event){
			   .kind = TD_EVENT_PAGES,
			   .token = response->prgi,
			   .pasid = d->asks_for == PCI_NO_PASID ? 0 : d->asks_for | TD_EVENT_PASID,
			   .code = codes[response->response_code],
		   });
}

static uint32_t page_request(Testdev *d, const struct td_request *request, uint32_t group)
{
	const uint32_t pasid = pasid_of(request);
	int error;

	d->pages.notify = pages_answered;
	error = pci_pri_register_notifier(&d->parent_obj, pasid, &d->pages);
	if (error)
		return status_of(error);
	d->asking = true;
	d->asks_for = pasid;
	error = pci_pri_request_page(&d->parent_obj, pasid, request->flags & TD_FLAG_PRIVILEGED,
	                             request->flags & TD_FLAG_EXECUTE, request->address,
	                             request->flags & TD_FLAG_PAGE_LAST, (uint16_t)group,
	                             request->flags & TD_FLAG_PAGE_READ,
	                             request->flags & TD_FLAG_PAGE_WRITE);
	return error ? status_of(error) : TD_DONE;
}

#else

static uint32_t translate(Testdev *d, const struct td_request *request, struct td_answer *answer)
{
	return TD_NOT_THERE;
}

static uint32_t page_request(Testdev *d, const struct td_request *request, uint32_t group)
{
	return TD_NOT_THERE;
}

void td_qemu_leave(Testdev *d)
{
}

#endif

static uint32_t completion(Testdev *d, uint32_t itags)
{
	return TD_NOT_THERE;
}

const struct td_path td_path_qemu = {
	.move = move,
	.atomic = atomic,
	.translate = translate,
	.open = open_access,
	.close = close_access,
	.page_request = page_request,
	.completion = completion,
#ifdef IOMMUX_QEMU_HAS_ATS
	.features = TD_CAN_PASID | TD_CAN_ATS | TD_CAN_TRANSLATED | TD_CAN_PRI,
#else
	.features = TD_CAN_PASID,
#endif
};
