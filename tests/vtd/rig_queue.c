/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The bench of rig.h: the invalidation queue, events and the interrupt remapping table. */
#include "rig.h"

void rig_queue(struct rig *r, unsigned qs, bool wide)
{
	r->queue_bytes = PAGE << qs;
	r->queue = pages(r, 1u << qs, PAGE);
	r->status = page(r);
	r->tail = 0;
	r->wide = wide;
	wr64(r, IQT, 0);
	wr64(r, IQA, r->queue | (wide ? 1u << 11 : 0) | qs);
	rig_gcmd(r, QIE, true);
	CHECK_EQ(rd64(r, IQH), 0);
}

void rig_store(struct rig *r, const uint64_t qw[4])
{
	puts64(r, r->queue + r->tail, qw, r->wide ? 4 : 2);
	r->tail = (r->tail + (r->wide ? 32 : 16)) % r->queue_bytes;
}

void rig_ring(struct rig *r)
{
	wr32(r, IQT, (uint32_t)r->tail);
}

void rig_submit4(struct rig *r, const uint64_t qw[4])
{
	rig_store(r, qw);
	rig_ring(r);
}

void rig_submit(struct rig *r, uint64_t qw0, uint64_t qw1)
{
	const uint64_t qw[4] = { qw0, qw1 };

	rig_submit4(r, qw);
}

void rig_wait(struct rig *r)
{
	r->wait_data++;
	put32(r, r->status, 0);
	rig_submit(r, (uint64_t)r->wait_data << 32 | 1u << 5 | 5, r->status);
	CHECK_MSG(!(rd32(r, FSTS) & (IQE | ITE)), "IQERCD 0x%llx",
	          (unsigned long long)rd64(r, IQERCD));
	CHECK_EQ(ram32(r, r->status), r->wait_data);
	CHECK_EQ(rd64(r, IQH), r->tail);
}

static void invalidate(struct rig *r, uint64_t qw0, uint64_t qw1)
{
	rig_submit(r, qw0, qw1);
	rig_wait(r);
}

/* Granularity and domain, which most descriptors have at the same place. */
static uint64_t head(unsigned type, unsigned g, uint16_t did)
{
	return (uint64_t)did << 16 | g << 4 | type;
}

static uint64_t range(uint64_t iova, unsigned am, bool ih)
{
	return (iova & ~0xfffull) | (ih ? 0x40 : 0) | am;
}

void inv_context(struct rig *r)
{
	invalidate(r, head(1, 1, 0), 0);
}

void inv_context_domain(struct rig *r, uint16_t did)
{
	invalidate(r, head(1, 2, did), 0);
}

void inv_context_device(struct rig *r, uint16_t did, uint16_t sid, unsigned fm)
{
	invalidate(r, head(1, 3, did) | (uint64_t)sid << 32 | (uint64_t)fm << 48, 0);
}

void inv_iotlb(struct rig *r)
{
	invalidate(r, head(2, 1, 0) | 0xc0, 0);
}

void inv_iotlb_domain(struct rig *r, uint16_t did)
{
	invalidate(r, head(2, 2, did) | 0xc0, 0);
}

void inv_iotlb_page(struct rig *r, uint16_t did, uint64_t iova, unsigned am, bool ih)
{
	invalidate(r, head(2, 3, did) | 0xc0, range(iova, am, ih));
}

void inv_pasid_cache(struct rig *r)
{
	invalidate(r, head(7, 3, 0), 0);
}

void inv_pasid_cache_domain(struct rig *r, uint16_t did)
{
	invalidate(r, head(7, 0, did), 0);
}

void inv_pasid_cache_one(struct rig *r, uint16_t did, uint32_t pasid)
{
	invalidate(r, head(7, 1, did) | (uint64_t)pasid << 32, 0);
}

void inv_piotlb(struct rig *r, uint16_t did, uint32_t pasid)
{
	invalidate(r, head(6, 2, did) | (uint64_t)pasid << 32, 0);
}

void inv_piotlb_page(struct rig *r, uint16_t did, uint32_t pasid, uint64_t iova, unsigned am,
                     bool ih)
{
	invalidate(r, head(6, 3, did) | (uint64_t)pasid << 32, range(iova, am, ih));
}

void inv_irte(struct rig *r)
{
	invalidate(r, 4, 0);
}

void inv_irte_index(struct rig *r, uint16_t index, unsigned im)
{
	invalidate(r, (uint64_t)index << 32 | (uint64_t)im << 27 | 1u << 4 | 4, 0);
}

void inv_all(struct rig *r)
{
	inv_context(r);
	if (rd64(r, RTADDR) & 1u << 10)
		inv_pasid_cache(r);
	inv_iotlb(r);
	if (r->ecap & ECAP_IR)
		inv_irte(r);
}

uint64_t rig_page_queue(struct rig *r, unsigned pqs)
{
	uint64_t base = pages(r, 1u << pqs, PAGE);

	wr64(r, PQH, 0);
	wr64(r, PQT, 0);
	wr64(r, PQA, base | pqs);
	return base;
}

bool rig_page_take(struct rig *r, uint64_t qw[4])
{
	uint64_t pqa = rd64(r, PQA), head = rd64(r, PQH);
	unsigned i;

	if (head == rd64(r, PQT))
		return false;
	for (i = 0; i < 4; i++)
		qw[i] = ram64(r, (pqa & ~0xfffull) + head + 8ull * i);
	wr64(r, PQH, (head + 32) % (PAGE << (pqa & 7)));
	return true;
}

void rig_event(struct rig *r, uint64_t xctl, uint64_t address, uint32_t data)
{
	wr32(r, xctl + xDATA, data);
	wr32(r, xctl + xADDR, (uint32_t)address);
	wr32(r, xctl + xUADDR, (uint32_t)(address >> 32));
	wr32(r, xctl, 0);
	CHECK_EQ(rd32(r, xctl) >> 31, 0);
}

uint64_t rig_irt(struct rig *r, unsigned s, bool eime)
{
	unsigned bytes = 16u << (s + 1);
	uint64_t table = pages(r, (unsigned)((bytes + PAGE - 1) / PAGE), PAGE);

	wr64(r, IRTA, table | (eime ? 1u << 11 : 0) | s);
	rig_gcmd(r, SIRTP, true);
	rig_gcmd(r, IRE, true);
	return table;
}
