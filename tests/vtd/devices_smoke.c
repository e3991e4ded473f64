/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What devices are told to forget, what they answer, and the pages that they ask for. */
#include "queue_bench.h"

#define SID 0x0110u
#define DEV_SID(sid) ((uint64_t)(sid) << 32) /* type 3 */
#define MIP(n) ((uint64_t)(n) << 16)
#define PDEV_SID(sid) ((uint64_t)(sid) << 16) /* type 8 */

static void told(struct queue_bench *q, unsigned n, uint32_t requester, uint64_t address,
                 unsigned lg2, unsigned flags, uint32_t pasid)
{
	CHECK_EQ(q->messages, n + 1);
	CHECK_EQ(q->message[n].requester, requester);
	CHECK_EQ(q->message[n].what.kind, IOM_MESSAGE_INVALIDATE);
	CHECK_EQ(q->message[n].what.address, address);
	CHECK_EQ(q->message[n].what.size_lg2, lg2);
	CHECK_EQ(q->message[n].what.flags, flags);
	CHECK_EQ(q->message[n].what.pasid, pasid);
}

TEST(device_tlb_sizes, "VTD-DEV-01 VTD-DEV-02")
{
	struct queue_bench q;

	qb_new(&q, IOM_VTD_FULL, 1, true);
	qb_submit(&q, 3 | DEV_SID(SID), 0x12345000);
	told(&q, 0, SID, 0x12345000, 12, 0, 0);
	qb_submit(&q, 3 | DEV_SID(SID), 0x12345001);
	told(&q, 1, SID, 0x12344000, 14, 0, 0);
	qb_submit(&q, 3 | DEV_SID(SID), 0x12340001);
	told(&q, 2, SID, 0x12340000, 13, 0, 0);
	qb_submit(&q, 3 | DEV_SID(SID), 0x7ffffffffffff001);
	told(&q, 3, SID, 0, 64, 0, 0);
	qb_submit(&q, 8 | PDEV_SID(SID) | PASID(0xabcde), 0x12343800);
	told(&q, 4, SID, 0x12340000, 15, IOM_REQ_PASID, 0xabcde);
	qb_submit(&q, 8 | PDEV_SID(SID) | PASID(0xabcde), 0x12343001);
	told(&q, 5, SID, 0x12343000, 12, IOM_REQ_PASID | IOM_MESSAGE_GLOBAL, 0);
	qb_free(&q);
}

TEST(wait_for_devices, "VTD-QI-31 VTD-QI-21")
{
	struct queue_bench q;

	qb_new(&q, IOM_VTD_FULL, 1, true);
	qb_root(&q, 1, true);
	qb_submit(&q, 3 | DEV_SID(SID), 0);
	qb_submit(&q, 3 | DEV_SID(SID), 0);
	qb_submit(&q, 3 | DEV_SID(SID + 8), 0);
	qb_submit(&q, WAIT(1), STATUS);
	CHECK_EQ(q.messages, 3);
	CHECK_EQ(qb_complete(&q, SID, 3, 2), IOM_OK);
	CHECK(!qb_waited(&q, 1));
	CHECK_EQ(qb_complete(&q, SID, 3, 2), IOM_OK);
	CHECK(!qb_waited(&q, 1));
	/* Not this device's; version 5 then honours none of the completion. */
	CHECK_EQ(rd(&q.b, FSTS, 4), 0);
	CHECK_EQ(qb_complete(&q, SID + 8, 5, 1), IOM_OK);
	CHECK_EQ(rd(&q.b, FSTS, 4), ICE);
	CHECK_EQ(rd(&q.b, IQERCD, 8), (SID + 8ull) << 48);
	CHECK(!qb_waited(&q, 1));
	CHECK_EQ(qb_complete(&q, SID, 1, 1), IOM_OK);
	CHECK_EQ(rd(&q.b, IQERCD, 8), (SID + 8ull) << 48);
	CHECK_EQ(qb_complete(&q, SID + 8, 4, 1), IOM_OK);
	CHECK(qb_waited(&q, 1));
	wr(&q.b, FSTS, 4, ICE);

	/* A device that is gone */
	qb_submit(&q, 3 | DEV_SID(SID), 0);
	qb_submit(&q, WAIT(2), STATUS);
	CHECK(!qb_waited(&q, 2));
	iom_endpoint_remove(qb_device(&q, SID));
	CHECK(qb_waited(&q, 2));
	qb_free(&q);
}

TEST(completions_of_version_6, "VTD-QI-31")
{
	const struct iom_vtd_config config = { .bytes = sizeof config,
		                               .profile = IOM_VTD_SCALABLE,
		                               .version = 0x60 };
	struct queue_bench q;

	qb_new_config(&q, &config);
	qb_root(&q, 1, true);
	qb_queue(&q, 0, true);
	qb_submit(&q, 3 | DEV_SID(SID), 0);
	qb_submit(&q, WAIT(1), STATUS);
	CHECK_EQ(qb_complete(&q, SID, 0x11, 1), IOM_OK);
	CHECK(qb_waited(&q, 1));
	CHECK_EQ(rd(&q.b, FSTS, 4), ICE);
	qb_free(&q);
}

TEST(devices_that_do_not_answer, "VTD-QI-30")
{
	struct queue_bench q;

	qb_new(&q, IOM_VTD_FULL, 1, true);
	qb_root(&q, 1, true);
	wr(&q.b, FECTL, 4, 0);
	qb_submit(&q, 3 | DEV_SID(SID), 0);
	qb_store(&q, WAIT(1) | WAIT_IF, STATUS);
	qb_submit(&q, WAIT(2), STATUS + 8);
	CHECK_EQ(rd(&q.b, IQH, 8), 0x40);
	iom_step(q.b.unit, 59999999999ull);
	CHECK_EQ(rd(&q.b, FSTS, 4), 0);
	iom_step(q.b.unit, 60000000000ull);
	CHECK_EQ(rd(&q.b, FSTS, 4), ITE);
	CHECK_EQ(rd(&q.b, IQERCD, 8), (uint64_t)SID << 32);
	CHECK_EQ(q.b.msis, 1);
	CHECK_EQ(rd(&q.b, IQH, 8), 0x40);
	qb_submit(&q, WAIT(3), STATUS + 16);
	CHECK_EQ(rd(&q.b, IQH, 8), 0x40);
	wr(&q.b, FSTS, 4, ITE);
	CHECK_EQ(rd(&q.b, IQH, 8), q.tail);
	CHECK_EQ(ram64(&q, STATUS), 0);
	CHECK_EQ(ram64(&q, STATUS + 8), 2);
	CHECK_EQ(ram64(&q, STATUS + 16), 3);
	CHECK_EQ(rd(&q.b, ICS, 4), 0);
	/* Too late */
	CHECK_EQ(qb_complete(&q, SID, 1, 1), IOM_OK);
	CHECK_EQ(rd(&q.b, FSTS, 4), ICE);
	qb_free(&q);
}

TEST(invalidations_under_way, "VTD-DEV-03")
{
	struct queue_bench q;

	qb_new(&q, IOM_VTD_FULL, 1, true);
	qb_root(&q, 1, true);
	for (unsigned i = 0; i < 33; i++)
		qb_submit(&q, 3 | DEV_SID(SID), 0);
	CHECK_EQ(q.messages, 32);
	CHECK_EQ(qb_complete(&q, SID, 0x10, 1), IOM_OK);
	CHECK_EQ(q.messages, 33);
	CHECK_EQ(q.message[32].what.token, 4);
	CHECK_EQ(qb_complete(&q, SID, ~0u, 1), IOM_OK);
	/* PFSID 7: two at a time, whichever function */
	q.messages = 0;
	for (unsigned i = 0; i < 4; i++)
		qb_submit(&q, 3 | MIP(2) | 0x7000 | DEV_SID(SID + i), 0);
	CHECK_EQ(q.messages, 2);
	CHECK_EQ(qb_complete(&q, SID, 1, 1), IOM_OK);
	CHECK_EQ(q.messages, 3);
	CHECK_EQ(qb_complete(&q, SID + 1, 2, 1), IOM_OK);
	CHECK_EQ(q.messages, 4);
	CHECK_EQ(rd(&q.b, FSTS, 4), 0);
	qb_free(&q);
}

TEST(page_group_responses, "VTD-PRQ-07")
{
	static const unsigned codes[] = { 0, 1, 0xf };
	struct queue_bench q;

	qb_new(&q, IOM_VTD_FULL, 1, true);
	for (unsigned i = 0; i < 3; i++) {
		q.messages = 0;
		qb_submit(&q, 9 | G(1) | codes[i] << 12 | (uint64_t)SID << 16 | PASID(0x54321),
		          0x1fful << 3 | 4);
		CHECK_EQ(q.messages, 1);
		CHECK_EQ(q.message[0].requester, SID);
		CHECK_EQ(q.message[0].what.kind, IOM_MESSAGE_PAGES);
		CHECK_EQ(q.message[0].what.token, 0x1ff);
		CHECK_EQ(q.message[0].what.code, codes[i]);
		CHECK_EQ(q.message[0].what.flags, IOM_REQ_PASID);
		CHECK_EQ(q.message[0].what.pasid, 0x54321);
	}
	qb_submit(&q, 9 | (uint64_t)SID << 16 | PASID(0x54321), 0);
	CHECK_EQ(q.message[1].what.flags, 0);
	CHECK_EQ(q.message[1].what.pasid, 0);
	qb_free(&q);
}

/* ---- Page requests ------------------------------------------------------------------------ */

/* SID may ask for pages; RID_PASID and PASID 5 pass through. */
static void with_pages(struct queue_bench *q)
{
	qb_new(q, IOM_VTD_FULL, 1, true);
	put64(q, ROOT + 16 * (SID >> 8), CONTEXT | 1);
	put64(q, CONTEXT + 32 * (SID & 0x7f), DIRECTORY | 0x1d); /* PRE, PASIDE, DTE */
	put64(q, DIRECTORY, PASIDS | 1);
	put64(q, PASIDS, 4ull << 6 | 1);
	put64(q, PASIDS + 8, 1);
	put64(q, PASIDS + 5 * 64, 4ull << 6 | 1);
	put64(q, PASIDS + 5 * 64 + 8, 1);
	wr(&q->b, PQA, 8, PAGES_QUEUE);
	wr(&q->b, PECTL, 4, 0);
	qb_root(q, 1, true);
}

static void answered(struct queue_bench *q, unsigned group, unsigned code)
{
	CHECK_EQ(q->messages, 1);
	CHECK_EQ(q->message[0].requester, SID);
	CHECK_EQ(q->message[0].what.kind, IOM_MESSAGE_PAGES);
	CHECK_EQ(q->message[0].what.token, group);
	CHECK_EQ(q->message[0].what.code, code);
	q->messages = 0;
}

TEST(page_requests_are_queued, "VTD-PRQ-01 VTD-PRQ-02 VTD-PRQ-05 VTD-PRQ-06 VTD-PRQ-10")
{
	const struct iom_message process = { .kind = IOM_MESSAGE_PAGE_REQUEST,
		                             .address = 0x123456789000,
		                             .token = 0x1ff,
		                             .pasid = 5,
		                             .flags = IOM_REQ_PASID | IOM_REQ_PRIVILEGED,
		                             .code = IOM_PAGE_READ | IOM_PAGE_EXECUTE };
	struct queue_bench q;

	with_pages(&q);
	CHECK_EQ(qb_page(&q, SID, 0xfffff000, IOM_PAGE_WRITE | IOM_PAGE_LAST, 3), IOM_OK);
	CHECK_EQ(ram64(&q, PAGES_QUEUE), 1 | (uint64_t)SID << 16);
	CHECK_EQ(ram64(&q, PAGES_QUEUE + 8), 0xfffff000 | 6 | 3 << 3);
	CHECK_EQ(ram64(&q, PAGES_QUEUE + 16), 0);
	CHECK_EQ(rd(&q.b, PQT, 8), 0x20);
	CHECK_EQ(rd(&q.b, PRS, 4), 1);
	CHECK_EQ(q.b.msis, 1);
	CHECK_EQ(iom_message(qb_device(&q, SID), &process), IOM_OK);
	CHECK_EQ(ram64(&q, PAGES_QUEUE + 32),
	         0x101 | (uint64_t)SID << 16 | 5ull << 32 | 3ull << 52);
	CHECK_EQ(ram64(&q, PAGES_QUEUE + 40), 0x123456789000 | 1 | 0x1ff << 3);
	CHECK_EQ(q.b.msis, 1);
	wr(&q.b, PRS, 4, 1);
	wr(&q.b, PQH, 8, rd(&q.b, PQT, 8));
	/* A Stop Marker */
	CHECK_EQ(qb_page(&q, SID, 0, IOM_PAGE_LAST, 0), IOM_OK);
	CHECK_EQ(ram64(&q, PAGES_QUEUE + 72), 4);
	CHECK_EQ(q.b.msis, 2);
	CHECK_EQ(q.messages, 0);
	for (unsigned i = 3; i < 128; i++)
		CHECK_EQ(qb_page(&q, SID, 0x1000, IOM_PAGE_READ, 0), IOM_OK);
	CHECK_EQ(rd(&q.b, PQT, 8), 0);
	CHECK_EQ(rd(&q.b, PRS, 4), 1);
	CHECK_EQ(rd(&q.b, FSTS, 4), 0);
	qb_free(&q);
}

TEST(page_queue_that_is_full, "VTD-PRQ-03 VTD-PRQ-04 VTD-PRQ-12")
{
	struct queue_bench q;

	with_pages(&q);
	for (unsigned i = 0; i < 127; i++)
		CHECK_EQ(qb_page(&q, SID, 0x1000, IOM_PAGE_READ, 0), IOM_OK);
	CHECK_EQ(rd(&q.b, PRS, 4), 1);
	CHECK_EQ(qb_page(&q, SID, 0, IOM_PAGE_LAST, 0), IOM_OK);
	CHECK_EQ(rd(&q.b, PRS, 4), 1);
	wr(&q.b, PRS, 4, 1);
	CHECK_EQ(qb_page(&q, SID, 0x1000, IOM_PAGE_READ, 0), IOM_OK);
	CHECK_EQ(rd(&q.b, PRS, 4), 2);
	CHECK_EQ(rd(&q.b, PQT, 8), 127 * 32);
	CHECK_EQ(q.b.msis, 2);
	CHECK_EQ(q.messages, 0);
	wr(&q.b, PQH, 8, 64);
	CHECK_EQ(qb_page(&q, SID, 0x1000, IOM_PAGE_READ | IOM_PAGE_LAST, 9), IOM_OK);
	answered(&q, 9, 0);
	CHECK_EQ(rd(&q.b, PQT, 8), 127 * 32);
	wr(&q.b, PRS, 4, 2);
	CHECK_EQ(qb_page(&q, SID, 0x1000, IOM_PAGE_READ | IOM_PAGE_LAST, 9), IOM_OK);
	CHECK_EQ(rd(&q.b, PQT, 8), 0);
	CHECK_EQ(q.messages, 0);
	/* Memory that refuses */
	wr(&q.b, PQA, 8, 0x40000000);
	CHECK_EQ(qb_page(&q, SID, 0x1000, IOM_PAGE_READ | IOM_PAGE_LAST, 9), IOM_OK);
	answered(&q, 9, 1);
	qb_free(&q);
}

TEST(page_requests_refused, "VTD-PRQ-09 VTD-PRQ-12")
{
	struct queue_bench q;

	with_pages(&q);
	put64(&q, CONTEXT + 32 * (SID & 0x7f), DIRECTORY | 0xd);
	CHECK_EQ(qb_page(&q, SID, 0x5000, IOM_PAGE_READ | IOM_PAGE_LAST, 9), IOM_OK);
	answered(&q, 9, 1);
	CHECK_EQ(rd(&q.b, FRCD, 8), 0x5000);
	/* F, type 01, reason */
	CHECK_EQ(rd(&q.b, FRCD + 8, 8), 1ull << 63 | 1ull << 28 | 0x47ull << 32 | SID);
	CHECK_EQ(qb_page(&q, SID, 0x6000, IOM_PAGE_READ, 9), IOM_OK);
	CHECK_EQ(q.messages, 0);
	CHECK_EQ(rd(&q.b, FRCD + 16, 8), 0x6000);
	CHECK_EQ(rd(&q.b, PQT, 8), 0);
	qb_root(&q, 0, true);
	CHECK_EQ(qb_page(&q, SID, 0x7000, IOM_PAGE_READ | IOM_PAGE_LAST, 1), IOM_OK);
	answered(&q, 1, 1);
	CHECK_EQ(rd(&q.b, FRCD + 40, 8) >> 32 & 0xff, 0x32);
	/* Off: nobody listens */
	wr(&q.b, GCMD, 4, QIE);
	CHECK_EQ(qb_page(&q, SID, 0x7000, IOM_PAGE_READ | IOM_PAGE_LAST, 1), IOM_ENOTSUP);
	CHECK_EQ(q.messages, 0);
	CHECK_EQ(rd(&q.b, FRCD + 56, 8), 0);
	qb_free(&q);
}

static void ask(struct queue_bench *q)
{
	CHECK_EQ(qb_complete(q, SID, 1, 1), IOM_OK);
	CHECK_EQ(qb_page(q, SID, 0x9000, IOM_PAGE_READ, 0), IOM_OK);
}

/* The status stands where the page request does: who stores last is seen. */
TEST(wait_for_page_requests, "VTD-PRQ-08")
{
	struct queue_bench q;

	with_pages(&q);
	q.on_message = ask;
	qb_store(&q, 3 | DEV_SID(SID), 0);
	qb_submit(&q, WAIT(0x600d) | WAIT_PD, PAGES_QUEUE);
	CHECK_EQ(rd(&q.b, PQT, 8), 0x20);
	CHECK_EQ((uint32_t)ram64(&q, PAGES_QUEUE), 0x600d);
	CHECK_EQ(ram64(&q, PAGES_QUEUE + 8), 0x9001);
	qb_free(&q);
}
