/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The page request queue ("Page Request Services"), and the answers. */
#include "os/drv/vtd/vtd.h"

static struct iom_os_page_request decode(const uint8_t *record)
{
	uint64_t qw0 = iom_ld64(record, false), qw1 = iom_ld64(record + 8, false);

	return (struct iom_os_page_request){
		.address = qw1 & VTD_PRD_1_ADDRESS,
		.requester = (uint32_t)IOM_GET(VTD_PRD_RID, qw0),
		.pasid = (uint32_t)IOM_GET(VTD_PRD_PASID, qw0),
		.access = (qw1 & VTD_PRD_1_RD ? IOM_PROT_READ : 0) |
		          (qw1 & VTD_PRD_1_WR ? IOM_PROT_WRITE : 0) |
		          (qw0 & VTD_PRD_EXR ? IOM_PROT_EXECUTE : 0),
		.group = (uint16_t)IOM_GET(VTD_PRD_1_PRGI, qw1),
		.last = qw1 & VTD_PRD_1_LPIG,
		.has_pasid = qw0 & VTD_PRD_PP,
		.privileged = qw0 & VTD_PRD_PMR,
	};
}

/* PQH and PQT count bytes. */
static uint64_t offset_of(uint32_t index)
{
	return (uint64_t)index * VTD_PRD_BYTES;
}

/*
 * Up to the tail that was read once, so that a device that asks without end cannot hold us.  A tail
 * outside the queue is none: nothing answers there any more.
 */
static void drain(struct vtdd_driver *d)
{
	uint64_t tail = vtdd_rd64(d, VTD_PQT);

	if (tail > offset_of(d->pq.mask) || tail % VTD_PRD_BYTES)
		return;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	while (offset_of(d->pq.index) != tail) {
		const struct iom_os_page_request request =
			decode(d->pq.ring + offset_of(d->pq.index));

		d->pq.index = (d->pq.index + 1) & d->pq.mask;
		/* The record has been read before hardware may write it again. */
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		vtdd_wr64(d, VTD_PQH, offset_of(d->pq.index));
		d->base.host.page_request(d->base.opaque, &request);
	}
}

/*
 * PPR is cleared before the tail is read: while it is 1 no further event is made, so what comes after
 * our look must find it 0.  The unit takes no requests while PRO is 1, which ends when there is room.
 */
void vtdd_page_requests(struct vtdd_driver *d)
{
	uint32_t prs = vtdd_rd32(d, VTD_PRS);

	if (vtdd_gone(prs))
		return;
	if (prs & VTD_PRS_PPR)
		vtdd_wr32(d, VTD_PRS, VTD_PRS_PPR);
	drain(d);
	if (!(prs & VTD_PRS_PRO))
		return;
	d->base.page_overflows++;
	vtdd_wr32(d, VTD_PRS, VTD_PRS_PRO);
}

/* The PASID goes along only where the device wants it: others take the answer for malformed. */
int vtdd_respond(struct iom_driver *driver, const struct iom_os_page_request *request,
                 unsigned code)
{
	struct vtdd_driver *d = vtdd_of(driver);
	const struct iom_device *device = iom_device_find(driver, request->requester);
	uint64_t pasid = 0;

	if (!d->pq.ring)
		return IOM_EINVAL;
	if (request->has_pasid && device && device->abilities & IOM_DEVICE_PRI_PASID)
		pasid = VTD_QI_RESPONSE_PP | IOM_PUT(VTD_QI_PASID, request->pasid);
	vtdd_submit(d,
	            VTD_QI_PAGE_RESPONSE | pasid | IOM_PUT(VTD_QI_RESPONSE_CODE, code) |
	                    IOM_PUT(VTD_QI_RESPONSE_RID, request->requester),
	            IOM_PUT(VTD_QI_RESPONSE_1_PRGI, request->group));
	return vtdd_fence(d);
}
