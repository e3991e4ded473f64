/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The fault queue ("Fault/Event-Queue"). */
#include "os/drv/riscv/riscv.h"

struct cause {
	uint16_t code;
	const char *reason;
};

static const struct cause causes[] = {
	{ 1, "instruction fetch: a table, or the page, is outside usable memory" },
	{ 4, "read at a misaligned address" },
	{ 5, "read: a table is outside usable memory" },
	{ 6, "write at a misaligned address" },
	{ 7, "write: a table is outside usable memory" },
	{ 12, "instruction fetch: not mapped, or not permitted" },
	{ 13, "read: not mapped, or not permitted" },
	{ 15, "write: not mapped, or not permitted" },
	{ 20, "instruction fetch: not mapped, or not permitted, by the second stage" },
	{ 21, "read: not mapped, or not permitted, by the second stage" },
	{ 23, "write: not mapped, or not permitted, by the second stage" },
	{ 256, "the IOMMU is off and lets nothing pass" },
	{ 257, "the device directory is outside usable memory" },
	{ 258, "the device is attached to no domain" },
	{ 259, "the device's directory entry is malformed" },
	{ 260, "a kind of request that the device may not make" },
	{ 261, "the MSI page table is outside usable memory" },
	{ 262, "the interrupt file is not mapped" },
	{ 263, "the MSI page-table entry is malformed" },
	{ 264, "the memory-resident interrupt file is outside usable memory" },
	{ 265, "the process directory is outside usable memory" },
	{ 266, "the process is not known" },
	{ 267, "the process's directory entry is malformed" },
	{ 268, "the device directory is corrupt in memory" },
	{ 269, "the process directory is corrupt in memory" },
	{ 270, "the MSI page table is corrupt in memory" },
	{ 271, "the memory-resident interrupt file is corrupt in memory" },
	{ 272, "the IOMMU's own data path failed" },
	{ 273, "the IOMMU could not deliver its own interrupt message" },
	{ 274, "a page table is corrupt in memory" },
};

static const char *reason_of(uint32_t code)
{
	size_t n;

	for (n = 0; n < IOM_COUNT(causes); n++)
		if (causes[n].code == code)
			return causes[n].reason;
	return "a cause that this driver does not know";
}

static struct iom_os_fault decode(const uint8_t *record)
{
	uint64_t dw0 = iom_ld64(record, RV_CPU_IS_BIG);
	uint64_t iotval = iom_ld64(record + 16, RV_CPU_IS_BIG);
	uint64_t iotval2 = iom_ld64(record + 24, RV_CPU_IS_BIG);
	uint32_t code = (uint32_t)IOM_GET(RV_FQ_CAUSE, dw0);
	unsigned type = (unsigned)IOM_GET(RV_FQ_TTYP, dw0);
	bool guest = code >= RV_CAUSE_EXEC_GUEST_PAGE && code <= RV_CAUSE_WRITE_GUEST_PAGE;

	return (struct iom_os_fault){
		.iova = iotval,
		.gpa = guest ? iotval2 & RV_FQ_IOTVAL2_GPA : 0,
		.requester = (uint32_t)IOM_GET(RV_FQ_DID, dw0),
		.pasid = (uint32_t)IOM_GET(RV_FQ_PID, dw0),
		.code = code,
		.has_pasid = dw0 & RV_FQ_PV,
		.write = type == RV_TTYP_WRITE || type == RV_TTYP_TRANSLATED_WRITE,
		.reason = reason_of(code),
	};
}

/*
 * Up to the tail that was read once, so that a device that faults without end cannot hold us.  A tail
 * outside the queue is none: nothing answers there any more.
 */
int rvd_faults(struct rvd_driver *d)
{
	uint32_t tail = rvd_rd32(d, RV_FQT);
	int count = 0;

	if (tail & ~d->fq.mask)
		return 0;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	for (; d->fq.index != tail; d->fq.index = (d->fq.index + 1) & d->fq.mask, count++) {
		struct iom_os_fault fault = decode(d->fq.ring + (size_t)d->fq.index * RV_FQ_BYTES);

		if (d->base.host.fault)
			d->base.host.fault(d->base.opaque, &fault);
	}
	if (count) {
		/* The records have been read before hardware may write them again. */
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		rvd_wr32(d, RV_FQH, d->fq.index);
	}
	return count;
}
