/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The invalidation queue and the page request queue: memory, on and off ("Queued Invalidation
 * Interface", "Page Request Queue").  Hardware sees the CPU's caches of both, whatever ECAP.C says.
 */
#include "os/drv/vtd/vtd.h"

/* 256 descriptors: a page, or two of the wider ones. */
#define DESCRIPTORS_LG2 8

/* Page requests: 64 KiB, as in Linux. */
#define PQ_PAGES_LG2 4
#define PQ_BYTES (IOM_PAGE << PQ_PAGES_LG2)

static unsigned descriptor_lg2(const struct vtdd_driver *d)
{
	return d->wide ? 5 : 4;
}

static int queue_memory(struct vtdd_driver *d, struct vtdd_queue *q, size_t bytes,
                        unsigned entry_lg2)
{
	q->ring = vtdd_alloc(d, bytes, &q->phys);
	if (!q->ring)
		return IOM_ENOMEM;
	q->bytes = bytes;
	q->mask = (uint32_t)(bytes >> entry_lg2) - 1;
	q->index = 0;
	return IOM_OK;
}

static int iq_on(struct vtdd_driver *d, struct iom_error *error)
{
	unsigned lg2 = descriptor_lg2(d);
	uint64_t iqa;
	int err = queue_memory(d, &d->iq, (size_t)1 << (DESCRIPTORS_LG2 + lg2), lg2);

	if (err)
		return iom_fail(error, err, "no memory for the invalidation queue");
	iqa = d->iq.phys | (d->wide ? VTD_IQA_DW | IOM_PUT(VTD_IQA_QS, 1) : 0);
	vtdd_wr32(d, VTD_IQT, 0);
	vtdd_wr64(d, VTD_IQA, iqa);
	vtdd_wr32(d, VTD_FSTS, VTD_FSTS_IQE | VTD_FSTS_ICE | VTD_FSTS_ITE);
	err = vtdd_global(d, (uint32_t)VTD_G_QIE, true);
	if (err)
		return iom_fail(error, err, "GSTS.QIES did not become 1");
	/* Not before: QEMU's unit then tells the address that it uses.  The queue is empty as yet. */
	if (vtdd_rd64(d, VTD_IQA) != iqa)
		return iom_fail(error, IOM_EIO, "IQA reads 0x%llx, not 0x%llx",
		                (unsigned long long)vtdd_rd64(d, VTD_IQA), (unsigned long long)iqa);
	return IOM_OK;
}

/* Nothing turns it off but that no context entry has PRE. */
static int pq_on(struct vtdd_driver *d, struct iom_error *error)
{
	if (queue_memory(d, &d->pq, PQ_BYTES, iom_log2(VTD_PRD_BYTES)))
		return iom_fail(error, IOM_ENOMEM, "no memory for the page request queue");
	vtdd_wr64(d, VTD_PQH, 0);
	vtdd_wr64(d, VTD_PQT, 0);
	vtdd_wr64(d, VTD_PQA, d->pq.phys | IOM_PUT(VTD_PQA_PQS, PQ_PAGES_LG2));
	vtdd_wr32(d, VTD_PRS, VTD_PRS_PPR | VTD_PRS_PRO);
	return IOM_OK;
}

int vtdd_queues_on(struct vtdd_driver *d, struct iom_error *error)
{
	int err = d->ecap & VTD_ECAP_QI ? iq_on(d, error) : IOM_OK;

	if (!err && d->scalable && d->ecap & VTD_ECAP_PRS && d->base.host.page_request)
		err = pq_on(d, error);
	return err;
}

/* A queue that stands at an error is empty as far as it will ever be. */
int vtdd_queue_leave(struct vtdd_driver *d)
{
	uint64_t tail = vtdd_rd64(d, VTD_IQT) & VTD_IQ_INDEX, head;

	if (!(vtdd_rd32(d, VTD_FSTS) & (VTD_FSTS_IQE | VTD_FSTS_ITE)))
		(void)vtdd_wait(d, VTD_IQH, 8, VTD_IQ_INDEX, tail, &head);
	return vtdd_global(d, (uint32_t)VTD_G_QIE, false);
}

static void queue_free(struct vtdd_driver *d, struct vtdd_queue *q)
{
	if (q->ring)
		iom_os_free(&d->base, q->ring, q->phys, q->bytes);
	q->ring = NULL;
}

int vtdd_queues_off(struct vtdd_driver *d)
{
	int err = d->iq.ring ? vtdd_global(d, (uint32_t)VTD_G_QIE, false) : IOM_OK;

	if (err)
		return err;
	queue_free(d, &d->iq);
	queue_free(d, &d->pq);
	return IOM_OK;
}
