/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The queues: size, memory, on and off ("In-memory queue interface"). */
#include "os/drv/riscv/riscv.h"

/* What tells them apart. */
struct queue_row {
	const char *name;
	uint16_t base, csr, index; /* registers; index is the one that we write */
	uint8_t entry_lg2;
	uint8_t want_lg2; /* entries that we ask for */
	uint32_t pending; /* its bit in ipsr */
};

/* 512 invalidations and their fence fit at once; faults come in bursts from broken devices. */
static const struct queue_row cq_row = {
	"command", RV_CQB, RV_CQCSR, RV_CQT, 4, 10, RV_IPSR_CIP,
};
static const struct queue_row fq_row = {
	"fault", RV_FQB, RV_FQCSR, RV_FQH, 5, 10, RV_IPSR_FIP,
};
static const struct queue_row pq_row = {
	"page-request", RV_PQB, RV_PQCSR, RV_PQH, 4, 10, RV_IPSR_PIP,
};

/* The largest LOG2SZ-1 that hardware takes is what it makes of all ones. */
static int queue_memory(struct rvd_driver *d, const struct queue_row *row, struct rvd_queue *q,
                        struct iom_error *error)
{
	uint64_t base;
	unsigned lg2;

	rvd_wr64(d, row->base, RV_QB_LOG2SZ_1);
	base = rvd_rd64(d, row->base);
	if (base & RV_QB_PPN)
		return iom_fail(error, IOM_ENOTSUP,
		                "the %s queue is fixed to memory at 0x%llx; it must be in RAM",
		                row->name, (unsigned long long)IOM_GET(RV_QB_PPN, base) << 12);
	lg2 = (unsigned)IOM_GET(RV_QB_LOG2SZ_1, base) + 1;
	if (lg2 > row->want_lg2)
		lg2 = row->want_lg2;

	q->bytes = (size_t)1 << (lg2 + row->entry_lg2);
	if (q->bytes < IOM_PAGE)
		q->bytes = IOM_PAGE;
	q->ring = rvd_alloc(d, q->bytes, &q->phys);
	if (!q->ring)
		return iom_fail(error, IOM_ENOMEM, "no memory for the %s queue: %u bytes",
		                row->name, (unsigned)q->bytes);
	q->mask = (uint32_t)iom_low(lg2);
	base = IOM_PUT(RV_QB_PPN, q->phys >> 12) | IOM_PUT(RV_QB_LOG2SZ_1, lg2 - 1);
	rvd_wr64(d, row->base, base);
	if (rvd_rd64(d, row->base) != base)
		return iom_fail(error, IOM_EIO, "the %s queue's base reads 0x%llx, not 0x%llx",
		                row->name, (unsigned long long)rvd_rd64(d, row->base),
		                (unsigned long long)base);
	return IOM_OK;
}

static int queue_on(struct rvd_driver *d, const struct queue_row *row, struct rvd_queue *q,
                    struct iom_error *error)
{
	uint64_t csr;
	int err = queue_memory(d, row, q, error);

	if (err)
		return err;
	q->index = 0;
	rvd_wr32(d, row->index, 0);
	rvd_wr32(d, row->csr, RV_QCSR_EN | RV_QCSR_IE | RV_QCSR_MF);
	err = rvd_wait_clear(d, row->csr, 4, RV_QCSR_BUSY, RV_QUEUE_NS, &csr);
	if (!err && (csr & (RV_QCSR_ON | RV_QCSR_MF)) != RV_QCSR_ON)
		err = IOM_EIO;
	if (err)
		return iom_fail(error, err, "the %s queue did not start: its csr reads 0x%llx",
		                row->name, (unsigned long long)csr);
	rvd_wr32(d, RV_IPSR, row->pending);
	return IOM_OK;
}

static int queue_off(struct rvd_driver *d, const struct queue_row *row, struct rvd_queue *q)
{
	uint64_t csr;
	int err;

	if (!q->ring)
		return IOM_OK;
	rvd_wr32(d, row->csr, 0);
	err = rvd_wait_clear(d, row->csr, 4, RV_QCSR_BUSY | RV_QCSR_ON, RV_QUEUE_NS, &csr);
	if (err)
		return err;
	iom_os_free(&d->base, q->ring, q->phys, q->bytes);
	q->ring = NULL;
	return IOM_OK;
}

int rvd_queues_on(struct rvd_driver *d, struct iom_error *error)
{
	int err = queue_on(d, &cq_row, &d->cq, error);

	if (!err)
		err = queue_on(d, &fq_row, &d->fq, error);
	if (!err && d->cap & RV_CAP_ATS && d->base.host.page_request)
		err = queue_on(d, &pq_row, &d->pq, error);
	return err;
}

int rvd_queues_off(struct rvd_driver *d)
{
	int err = queue_off(d, &cq_row, &d->cq);

	if (!err)
		err = queue_off(d, &fq_row, &d->fq);
	return err ? err : queue_off(d, &pq_row, &d->pq);
}
