/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What invalidations make the unit forget, and what they leave. */
#include "queue_bench.h"

#define CCMD 0x028
#define IVA 0x0f0
#define IOTLB 0x0f8
#define ICC (1ull << 63)

/* Devices 00:02.0 to 00:02.7 */
#define SID 0x10u

static const struct iom_vtd_config legacy = { .bytes = sizeof legacy };

/* Second-stage tables of three levels at `root`, with a page at 0x1000 and one of 2 MiB at 2 MiB. */
static void tables(struct queue_bench *q, uint64_t root)
{
	put64(q, root, (root + 0x1000) | 3);
	put64(q, root + 0x1000, (root + 0x2000) | 3);
	put64(q, root + 0x1008, 0x40000000 | 0x83);
	put64(q, root + 0x2008, 0x50000000 | 3);
}

/* All that the tables say moves by 1 GiB. */
static void move(struct queue_bench *q, uint64_t root)
{
	put64(q, root + 0x1008, ram64(q, root + 0x1008) + 0x40000000);
	put64(q, root + 0x2008, ram64(q, root + 0x2008) + 0x40000000);
}

static void legacy_context(struct queue_bench *q, uint32_t sid, uint64_t root, uint32_t did)
{
	put64(q, CONTEXT + 16 * sid + 8, did << 8 | 1);
	put64(q, CONTEXT + 16 * sid, root | 1);
}

static uint64_t page(struct queue_bench *q, uint32_t sid)
{
	return qb_reads(q, sid, 0x1000, false, 0);
}

static uint64_t large(struct queue_bench *q, uint32_t sid)
{
	return qb_reads(q, sid, 0x234000, false, 0);
}

/* SID and SID + 1 in domain 1, SID + 2 in domain 2; each table has been used, and then moved. */
static void with_legacy(struct queue_bench *q, bool queued)
{
	qb_new_config(q, &legacy);
	put64(q, ROOT, CONTEXT | 1);
	legacy_context(q, SID, TABLES, 1);
	legacy_context(q, SID + 1, TABLES, 1);
	legacy_context(q, SID + 2, TABLES + 0x3000, 2);
	tables(q, TABLES);
	tables(q, TABLES + 0x3000);
	qb_root(q, 0, true);
	if (queued)
		qb_queue(q, 0, false);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(page(q, SID + i), 0x50000000);
		CHECK_EQ(large(q, SID + i), 0x40034000);
	}
	move(q, TABLES);
	move(q, TABLES + 0x3000);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(page(q, SID + i), 0x50000000);
		CHECK_EQ(large(q, SID + i), 0x40034000);
	}
}

/* The descriptor, or the register, makes these be forgotten: a bit for SID, one for SID + 2. */
static void forgets(bool queued, uint64_t qw0, uint64_t qw1, unsigned pages, unsigned larges)
{
	struct queue_bench q;

	with_legacy(&q, queued);
	if (queued) {
		qb_submit(&q, qw0, qw1);
	} else {
		wr(&q.b, IVA, 8, qw1);
		wr(&q.b, IOTLB, 4, (uint32_t)qw0);
		CHECK_EQ(rd(&q.b, IOTLB + 4, 4) >> 31, 0);
		wr(&q.b, IOTLB + 4, 4, qw0 >> 32);
		/* The actual granularity is the one that was asked for. */
		CHECK_EQ(rd(&q.b, IOTLB, 8) >> 57, (qw0 >> 60 & 3) << 3 | (qw0 >> 60 & 3));
	}
	CHECK_EQ(page(&q, SID), pages & 1 ? 0x90000000 : 0x50000000);
	CHECK_EQ(page(&q, SID + 1), pages & 1 ? 0x90000000 : 0x50000000);
	CHECK_EQ(page(&q, SID + 2), pages & 2 ? 0x90000000 : 0x50000000);
	CHECK_EQ(large(&q, SID), larges & 1 ? 0x80034000 : 0x40034000);
	CHECK_EQ(large(&q, SID + 2), larges & 2 ? 0x80034000 : 0x40034000);
	qb_free(&q);
}

TEST(iotlb_by_descriptor, "VTD-QI-35 VTD-QI-44 VTD-CM-06 VTD-CM-07")
{
	forgets(true, 1 | G(1), 0, 0, 0);
	forgets(true, 2 | G(1), 0, 3, 3);
	forgets(true, 2 | G(2) | DID(1), 0, 1, 1);
	forgets(true, 2 | G(2) | DID(2), 0, 2, 2);
	forgets(true, 2 | G(3) | DID(1), 0x1000, 1, 0);
	forgets(true, 2 | G(3) | DID(1), 0xffff000000001040, 1, 0);
	forgets(true, 2 | G(3) | DID(1), 0x3ff000, 0, 1);
	forgets(true, 2 | G(3) | DID(1), 0x8000 | 3, 0, 0);
	forgets(true, 2 | G(3) | DID(1), 0x7000 | 3, 1, 0);
	forgets(true, 2 | G(3) | DID(2), 10, 2, 2);
}

TEST(iotlb_by_register, "VTD-IOTLB-01 VTD-IOTLB-04 VTD-IOTLB-05 VTD-IOTLB-06 VTD-IOTLB-07")
{
	const uint64_t ivt = 1ull << 63;

	forgets(false, ivt | 1ull << 60, 0, 3, 3);
	forgets(false, ivt | 2ull << 60 | 1ull << 32 | 3ull << 48, 0, 1, 1);
	forgets(false, ivt | 3ull << 60 | 2ull << 32, 0x1000, 2, 0);
	forgets(false, ivt | 3ull << 60 | 1ull << 32, 0x201040, 0, 1);
}

TEST(iotlb_register_refuses, "VTD-IOTLB-02 VTD-IOTLB-03 VTD-CCMD-04 VTD-CCMD-05 VTD-CCMD-07 "
                             "VTD-REG-26")
{
	static const uint64_t wrong[] = { ICC, ICC | 3ull << 60 | 1ull << 32 };
	struct iom_vtd_config config = { .bytes = sizeof config, .version = 0x50 };
	struct queue_bench q;

	with_legacy(&q, false);
	for (unsigned i = 0; i < 2; i++) {
		wr(&q.b, IVA, 8, 19);
		wr(&q.b, IOTLB, 8, wrong[i]);
		CHECK_EQ(rd(&q.b, IOTLB, 8) >> 57, wrong[i] >> 60 << 3 & 0x18);
		CHECK_EQ(page(&q, SID), 0x50000000);
	}
	wr(&q.b, CCMD, 8, ICC);
	CHECK_EQ(rd(&q.b, CCMD, 8), 0);
	qb_free(&q);

	/* In scalable mode; with version 6 in any */
	for (unsigned i = 0; i < 2; i++) {
		config.profile = IOM_VTD_SCALABLE;
		config.version = i ? 0x60 : 0x50;
		qb_new_config(&q, &config);
		qb_root(&q, !i, false);
		wr(&q.b, IOTLB, 8, ICC | 1ull << 60);
		CHECK_EQ(rd(&q.b, IOTLB, 8), 1ull << 60);
		wr(&q.b, CCMD, 8, ICC | 1ull << 61);
		CHECK_EQ(rd(&q.b, CCMD, 8), 1ull << 61);
		qb_free(&q);
	}

	/* While queued invalidation is on, unless the configuration says otherwise */
	for (unsigned i = 0; i < 2; i++) {
		const struct iom_vtd_config always = { .bytes = sizeof always,
			                               .flags = i ? IOM_VTD_REGISTERS_ALWAYS : 0 };

		qb_new_config(&q, &always);
		qb_root(&q, 0, false);
		qb_queue(&q, 0, false);
		wr(&q.b, CCMD, 8, ICC | 1ull << 61);
		CHECK_EQ(rd(&q.b, CCMD, 8), 1ull << 61 | (uint64_t)i << 59);
		wr(&q.b, IOTLB, 8, ICC | 2ull << 60);
		CHECK_EQ(rd(&q.b, IOTLB, 8), 2ull << 60 | (uint64_t)i << 58);
		qb_free(&q);
	}
}

TEST(iotlb_register_waits, "VTD-QI-32")
{
	struct queue_bench q;

	with_legacy(&q, false);
	iom_begin(q.lane);
	wr(&q.b, IOTLB, 8, ICC | 1ull << 60);
	CHECK_EQ(rd(&q.b, IOTLB, 8), ICC | 1ull << 60);
	iom_end(q.lane);
	CHECK_EQ(rd(&q.b, IOTLB, 8), 1ull << 60 | 1ull << 57);
	qb_free(&q);
}

/* After it, these devices have no context: a bit each. */
static void forgets_contexts(bool queued, uint64_t qw0, unsigned devices)
{
	struct queue_bench q;

	with_legacy(&q, queued);
	/* Absent, for everybody */
	for (unsigned i = 0; i < 3; i++)
		put64(&q, CONTEXT + 16 * (SID + i), 0);
	if (queued) {
		qb_submit(&q, qw0, 0);
	} else {
		wr(&q.b, CCMD, 4, (uint32_t)qw0);
		wr(&q.b, CCMD + 4, 4, qw0 >> 32);
		CHECK_EQ(rd(&q.b, CCMD, 8) >> 59, (qw0 >> 61 & 3) << 2 | (qw0 >> 61 & 3));
	}
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(page(&q, SID + i) == 0, devices >> i & 1);
	qb_free(&q);
}

TEST(contexts_of_legacy_mode, "VTD-CCMD-01 VTD-CCMD-02 VTD-CCMD-03 VTD-CCMD-06")
{
	const uint64_t sid = (uint64_t)SID << 32;

	forgets_contexts(true, 2 | G(1), 0);
	forgets_contexts(true, 1 | G(1), 7);
	forgets_contexts(true, 1 | G(2) | DID(1), 3);
	forgets_contexts(true, 1 | G(2) | DID(2), 4);
	forgets_contexts(true, 1 | G(3) | DID(1) | sid, 1);
	forgets_contexts(true, 1 | G(3) | DID(2) | sid, 0);
	forgets_contexts(true, 1 | G(3) | DID(1) | (sid + (4ull << 32)) | 1ull << 48, 1);
	forgets_contexts(true, 1 | G(3) | DID(2) | sid | 2ull << 48, 4);
	forgets_contexts(true, 1 | G(3) | DID(1) | (sid + (7ull << 32)) | 3ull << 48, 3);
	forgets_contexts(true, 1 | G(3) | DID(1) | (sid + (8ull << 32)) | 3ull << 48, 0);
	forgets_contexts(false, ICC | 1ull << 61, 7);
	forgets_contexts(false, ICC | 2ull << 61 | 2, 4);
	forgets_contexts(false, ICC | 3ull << 61 | 3ull << 32 | (SID + 5) << 16 | 1, 3);
}

/* ---- Scalable mode ------------------------------------------------------------------------ */

#define FIRST (TABLES + 0x10000)

static void pasid_entry(struct queue_bench *q, uint32_t pasid, uint64_t pgtt, uint32_t did,
                        uint64_t ss, uint64_t fs)
{
	put64(q, PASIDS + 64 * pasid + 16, fs);
	put64(q, PASIDS + 64 * pasid + 8, 1 << 23 | did); /* PWSNP */
	put64(q, PASIDS + 64 * pasid, (pgtt & 2 ? ss | 1 << 2 : 0) | pgtt << 6 | 1);
}

/*
 * PASID 0, which requests without one use, is of the second stage in domain 1; 1 and 2 of the first stage
 * in 2 and 3; 3 of the second one in 2.
 */
static void with_scalable(struct queue_bench *q)
{
	qb_new(q, IOM_VTD_SCALABLE, 1, true);
	put64(q, ROOT, CONTEXT | 1);
	put64(q, CONTEXT + 32 * SID, DIRECTORY | 0x1d);
	put64(q, DIRECTORY, PASIDS | 1);
	tables(q, TABLES);
	tables(q, TABLES + 0x3000);
	for (unsigned i = 0; i < 2; i++) {
		uint64_t root = FIRST + 0x4000 * i;

		put64(q, root, (root + 0x1000) | 7);
		put64(q, root + 0x1000, (root + 0x2000) | 7);
		put64(q, root + 0x2000, (root + 0x3000) | 7);
		put64(q, root + 0x2008, 0x40000000 | 0x87);
		put64(q, root + 0x3008, 0x50000000 | 7);
	}
	pasid_entry(q, 0, 2, 1, TABLES, 0);
	pasid_entry(q, 1, 1, 2, 0, FIRST);
	pasid_entry(q, 2, 1, 3, 0, FIRST + 0x4000);
	pasid_entry(q, 3, 2, 2, TABLES + 0x3000, 0);
	qb_root(q, 1, true);
}

static uint64_t page_of(struct queue_bench *q, uint32_t pasid)
{
	return qb_reads(q, SID, 0x1000, pasid != 0, pasid);
}

static uint64_t large_of(struct queue_bench *q, uint32_t pasid)
{
	return qb_reads(q, SID, 0x234000, pasid != 0, pasid);
}

static void forgets_pages(uint64_t qw0, uint64_t qw1, unsigned pages, unsigned larges)
{
	struct queue_bench q;

	with_scalable(&q);
	for (unsigned i = 0; i < 4; i++) {
		CHECK_EQ(page_of(&q, i), 0x50000000);
		CHECK_EQ(large_of(&q, i), 0x40034000);
	}
	move(&q, TABLES);
	move(&q, TABLES + 0x3000);
	for (unsigned i = 0; i < 2; i++) {
		uint64_t root = FIRST + 0x4000 * i;

		put64(&q, root + 0x2008, ram64(&q, root + 0x2008) + 0x40000000);
		put64(&q, root + 0x3008, ram64(&q, root + 0x3008) + 0x40000000);
	}
	qb_submit(&q, qw0, qw1);
	CHECK_EQ(rd(&q.b, FSTS, 4), 0);
	for (unsigned i = 0; i < 4; i++) {
		CHECK_EQ(page_of(&q, i), pages >> i & 1 ? 0x90000000 : 0x50000000);
		CHECK_EQ(large_of(&q, i), larges >> i & 1 ? 0x80034000 : 0x40034000);
	}
	qb_free(&q);
}

TEST(pasids_translations, "VTD-QI-34 VTD-QI-35 VTD-QI-43")
{
	forgets_pages(7 | G(3), 0, 0, 0);
	forgets_pages(1 | G(1), 0, 0, 0);
	forgets_pages(6 | G(2) | DID(2) | PASID(1), 0, 2, 2);
	forgets_pages(6 | G(2) | DID(1) | PASID(0), 0, 1, 1);
	forgets_pages(6 | G(2) | DID(2) | PASID(3), 0, 8, 8);
	forgets_pages(6 | G(2) | DID(3) | PASID(1), 0, 0, 0);
	forgets_pages(6 | G(3) | DID(2) | PASID(1), 0x1000, 2, 0);
	forgets_pages(6 | G(3) | DID(2) | PASID(1), 0x200000, 0, 2);
	forgets_pages(6 | G(3) | DID(2) | PASID(1), 63, 2, 2);
	forgets_pages(6 | G(3) | DID(2) | PASID(3), 0x1000, 0, 0);
	forgets_pages(2 | G(2) | DID(2), 0, 0xa, 0xa);
	forgets_pages(2 | G(3) | DID(2), 0x1000, 0xa, 2);
	forgets_pages(2 | G(1), 0, 0xf, 0xf);
}

static void forgets_pasids(uint64_t qw0, unsigned pasids)
{
	struct queue_bench q;

	with_scalable(&q);
	for (unsigned i = 0; i < 4; i++)
		CHECK_EQ(page_of(&q, i), 0x50000000);
	/* Absent, for everybody */
	for (unsigned i = 0; i < 4; i++)
		put64(&q, PASIDS + 64 * i, 0);
	qb_submit(&q, qw0, 0);
	CHECK_EQ(rd(&q.b, FSTS, 4), 0);
	for (unsigned i = 0; i < 4; i++)
		CHECK_EQ(page_of(&q, i), pasids >> i & 1 ? 0 : 0x50000000);
	qb_free(&q);
}

TEST(pasids_contexts, "VTD-QI-33 VTD-QI-36")
{
	forgets_pasids(2 | G(1), 0);
	forgets_pasids(7 | G(3), 0xf);
	forgets_pasids(7 | G(0) | DID(2), 0xa);
	forgets_pasids(7 | G(1) | DID(2) | PASID(1), 2);
	forgets_pasids(7 | G(1) | DID(1) | PASID(0), 1);
	forgets_pasids(7 | G(1) | DID(1) | PASID(3), 0);
	forgets_pasids(1 | G(2) | DID(9), 0xf);
	forgets_pasids(1 | G(3) | DID(9) | (uint64_t)SID << 32, 0xf);
	forgets_pasids(1 | G(3) | DID(9) | (uint64_t)(SID + 1) << 32, 0);
}

TEST(page_request_forgets_its_page, "VTD-PRQ-11")
{
	struct iom_message m = { .kind = IOM_MESSAGE_PAGE_REQUEST,
		                 .address = 0x1000,
		                 .pasid = 1,
		                 .flags = IOM_REQ_PASID,
		                 .code = IOM_PAGE_READ };
	struct queue_bench q;

	with_scalable(&q);
	wr(&q.b, PQA, 8, PAGES_QUEUE);
	CHECK_EQ(page_of(&q, 0), 0x50000000);
	CHECK_EQ(page_of(&q, 1), 0x50000000);
	CHECK_EQ(large_of(&q, 1), 0x40034000);
	put64(&q, FIRST + 0x3008, 0x90000000 | 7);
	put64(&q, FIRST + 0x2008, 0x80000000 | 0x87);
	move(&q, TABLES);
	CHECK_EQ(iom_message(qb_device(&q, SID), &m), IOM_OK);
	CHECK_EQ(rd(&q.b, PQT, 8), 0x20);
	CHECK_EQ(page_of(&q, 1), 0x90000000);
	CHECK_EQ(large_of(&q, 1), 0x40034000);
	CHECK_EQ(page_of(&q, 0), 0x50000000);
	m.flags = 0;
	CHECK_EQ(iom_message(qb_device(&q, SID), &m), IOM_OK);
	CHECK_EQ(page_of(&q, 0), 0x90000000);
	qb_free(&q);
}
