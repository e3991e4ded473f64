/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The page-request queue ("Page-Request-Queue"), and the answers. */
#include "os/drv/riscv/riscv.h"

static struct iom_os_page_request decode(const uint8_t *record)
{
	uint64_t dw0 = iom_ld64(record, RV_CPU_IS_BIG);
	uint64_t dw1 = iom_ld64(record + 8, RV_CPU_IS_BIG);

	return (struct iom_os_page_request){
		.address = dw1 & RV_PQ_1_ADDR,
		.requester = (uint32_t)IOM_GET(RV_PQ_DID, dw0),
		.pasid = (uint32_t)IOM_GET(RV_PQ_PID, dw0),
		.access = (dw1 & RV_PQ_1_R ? IOM_PROT_READ : 0) |
		          (dw1 & RV_PQ_1_W ? IOM_PROT_WRITE : 0) |
		          (dw0 & RV_PQ_EXEC ? IOM_PROT_EXECUTE : 0),
		.group = (uint16_t)IOM_GET(RV_PQ_1_INDEX, dw1),
		.last = dw1 & RV_PQ_1_L,
		.has_pasid = dw0 & RV_PQ_PV,
		.privileged = dw0 & RV_PQ_PRIV,
	};
}

/* As rvd_faults. */
void rvd_page_requests(struct rvd_driver *d)
{
	uint32_t tail = rvd_rd32(d, RV_PQT);

	if (tail & ~d->pq.mask)
		return;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	while (d->pq.index != tail) {
		const struct iom_os_page_request request =
			decode(d->pq.ring + (size_t)d->pq.index * RV_PQ_BYTES);

		d->pq.index = (d->pq.index + 1) & d->pq.mask;
		/* The record has been read before hardware may write it again. */
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		rvd_wr32(d, RV_PQH, d->pq.index);
		d->base.host.page_request(d->base.opaque, &request);
	}
}

/* The PASID goes along only where the device wants it: others take the answer for malformed. */
int rvd_respond(struct iom_driver *driver, const struct iom_os_page_request *request, unsigned code)
{
	struct rvd_driver *d = rvd_of(driver);
	const struct iom_device *device = iom_device_find(driver, request->requester);
	uint64_t pasid = 0;

	if (request->has_pasid && device && device->abilities & IOM_DEVICE_PRI_PASID)
		pasid = RV_ATS_PV | IOM_PUT(RV_ATS_PID, request->pasid);
	rvd_command(d, RVD_CMD(RV_OP_ATS, RV_ATS_PRGR) | rvd_ats_who(request->requester) | pasid,
	            IOM_PUT(RV_ATS_PRGR_1_INDEX, request->group) |
	                    IOM_PUT(RV_ATS_PRGR_1_CODE, code));
	return rvd_fence(d);
}
