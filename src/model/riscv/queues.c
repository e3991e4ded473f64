/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What the queues have in common ("In-memory queue interface"). */
#include "model/riscv/riscv.h"

const struct rv_queue rv_cq = {
	.number = 0,
	.base = RV_CQB,
	.head = RV_CQH,
	.tail = RV_CQT,
	.csr = RV_CQCSR,
	.own = RV_CQH,
	.software = RV_CQT,
	.entry_lg2 = 4,
	.errors = RV_QCSR_MF | RV_CQCSR_CMD_TO | RV_CQCSR_CMD_ILL,
	.status = RV_QCSR_MF | RV_CQCSR_CMD_TO | RV_CQCSR_CMD_ILL | RV_CQCSR_FENCE_W_IP,
	.pending = RV_IPSR_CIP,
};

const struct rv_queue rv_fq = {
	.number = 1,
	.base = RV_FQB,
	.head = RV_FQH,
	.tail = RV_FQT,
	.csr = RV_FQCSR,
	.own = RV_FQT,
	.software = RV_FQH,
	.entry_lg2 = 5,
	.errors = RV_QCSR_MF | RV_QCSR_OF,
	.status = RV_QCSR_MF | RV_QCSR_OF,
	.pending = RV_IPSR_FIP,
};

const struct rv_queue rv_pq = {
	.number = 2,
	.base = RV_PQB,
	.head = RV_PQH,
	.tail = RV_PQT,
	.csr = RV_PQCSR,
	.own = RV_PQT,
	.software = RV_PQH,
	.entry_lg2 = 4,
	.errors = RV_QCSR_MF | RV_QCSR_OF,
	.status = RV_QCSR_MF | RV_QCSR_OF,
	.pending = RV_IPSR_PIP,
};

const struct rv_queue *const rv_queues[RV_QUEUES] = { &rv_cq, &rv_fq, &rv_pq };

const struct rv_queue *rv_queue_of(unsigned off)
{
	for (unsigned i = 0; i < RV_QUEUES; i++) {
		const struct rv_queue *queue = rv_queues[i];

		if (off == queue->base || off == queue->software || off == queue->csr)
			return queue;
	}
	return NULL;
}

struct iom_ring rv_ring(const struct rv_unit *rv, const struct rv_queue *queue)
{
	uint64_t base = rv_get(rv, queue->base);

	return (struct iom_ring){
		.base = IOM_GET(RV_QB_PPN, base) << 12,
		.last = rv->unit.spa_last,
		.entries_lg2 = (uint8_t)(IOM_GET(RV_QB_LOG2SZ_1, base) + 1),
		.entry_lg2 = queue->entry_lg2,
		.big_endian = rv_big_endian(rv),
	};
}

bool rv_queue_enabled(const struct rv_unit *rv, const struct rv_queue *queue)
{
	return rv_get(rv, queue->csr) & (RV_QCSR_EN | RV_QCSR_ON | RV_QCSR_BUSY);
}

bool rv_queue_works(const struct rv_unit *rv, const struct rv_queue *queue)
{
	uint64_t csr = rv_get(rv, queue->csr);

	return csr & RV_QCSR_EN && csr & RV_QCSR_ON && !(csr & queue->errors);
}

uint64_t *rv_queue_left(struct rv_unit *rv, const struct rv_queue *queue)
{
	return &rv->queue_left[queue->number];
}

void rv_queue_settle_locked(struct rv_unit *rv, const struct rv_queue *queue)
{
	uint64_t csr = rv_get(rv, queue->csr);

	if (!(csr & RV_QCSR_BUSY) || *rv_queue_left(rv, queue))
		return;
	if (csr & RV_QCSR_EN) {
		iom_reg_change(&rv->unit, queue->csr, RV_QCSR_BUSY, RV_QCSR_ON);
		if (queue == &rv_cq)
			iom_work_later(&rv->unit, RV_WORK_COMMANDS);
	} else if (queue != rv->handled && !(queue == &rv_cq && rv->fence_waits)) {
		iom_reg_change(&rv->unit, queue->csr, RV_QCSR_ON | RV_QCSR_BUSY, 0);
	}
}

void rv_queue_csr_wrote_locked(struct rv_unit *rv, const struct rv_queue *queue, uint64_t was,
                               uint64_t now)
{
	struct iom_unit *unit = &rv->unit;

	if (~was & now & RV_QCSR_EN) {
		if (queue == &rv_cq)
			rv->inval_waits = false;
		iom_reg_set(unit, queue->own, 0);
		iom_reg_change(unit, queue->csr, queue->status, 0);
	}
	if ((was ^ now) & RV_QCSR_EN) {
		iom_reg_change(unit, queue->csr, 0, RV_QCSR_BUSY);
		*rv_queue_left(rv, queue) = rv->config.busy_ns;
		rv_queue_settle_locked(rv, queue);
	}
	rv_interrupts_update_locked(rv);
	if (queue == &rv_cq)
		iom_work_later(unit, RV_WORK_COMMANDS);
}

void rv_queue_status_locked(struct rv_unit *rv, const struct rv_queue *queue, uint32_t bits)
{
	iom_reg_change(&rv->unit, queue->csr, 0, bits);
	rv_interrupts_update_locked(rv);
}

void rv_queue_take_locked(struct rv_unit *rv, const struct rv_queue *queue)
{
	rv->handled = queue;
}

void rv_queue_leave_locked(struct rv_unit *rv)
{
	const struct rv_queue *queue = rv->handled;

	rv->handled = NULL;
	rv_queue_settle_locked(rv, queue);
}

/* What storing an entry leaves behind: the next index, or why there is none. */
static void stored_locked(struct rv_unit *rv, const struct rv_queue *queue,
                          enum iom_ring_result result, uint32_t next)
{
	if (result == IOM_RING_OK) {
		iom_reg_set(&rv->unit, queue->own, next);
		if (rv_get(rv, queue->csr) & RV_QCSR_IE)
			rv_raise_locked(rv, queue->pending);
		return;
	}
	rv_queue_status_locked(rv, queue, result == IOM_RING_FULL ? RV_QCSR_OF : RV_QCSR_MF);
}

bool rv_queue_store_locked(struct rv_unit *rv, const struct rv_queue *queue, const uint64_t *record,
                           enum iom_ring_result *result)
{
	uint32_t head = (uint32_t)rv_get(rv, queue->head);
	uint32_t tail = (uint32_t)rv_get(rv, queue->tail);
	struct iom_ring ring = rv_ring(rv, queue);
	bool overtaken;

	rv_queue_take_locked(rv, queue);
	iom_unlock(&rv->unit.lock);
	*result = iom_ring_put(&rv->unit, &ring, head, tail, record);
	iom_lock(&rv->unit.lock);
	overtaken = iom_overtaken_locked(&rv->unit);
	if (!overtaken)
		stored_locked(rv, queue, *result, iom_ring_next(&ring, tail));
	rv_queue_leave_locked(rv);
	return !overtaken;
}
