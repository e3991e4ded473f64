/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Page requests: the queue, its descriptors, its event, and answers. */
#include "queue.h"

#define SID 0x3a45
#define PPR 1u
#define PRO 2u
#define EVENT 0xfee01000ull
#define LAST IOM_PAGE_LAST
#define READ IOM_PAGE_READ
#define WRITE IOM_PAGE_WRITE

/* A device that may ask for pages, with and without PASID; its entries have PGTT 001. */
static struct rig *make(uint64_t ecap, unsigned pqs, uint64_t *base)
{
	struct rig *r = rig_new_caps(CAP_ALL, ecap);
	uint64_t root = page(r);
	unsigned pasid;

	rig_on(r, TTM_SCALABLE);
	rig_queue(r, 0, true);
	rig_device(r, SID, 7, PASIDE | DTE | PRE, 0);
	for (pasid = 0; pasid < 20; pasid++)
		rig_pasid_put(r, SID, pasid ? 1u << pasid : 0, PE_P | PGTT_FS, 5 | PWSNP,
		              FSPM_4 | root | SRE);
	rig_pasid_put(r, SID, 1, PE_P | PGTT_FS, 5 | PWSNP, FSPM_4 | root | SRE);
	*base = rig_page_queue(r, pqs);
	return r;
}

static void holds(struct rig *r, uint64_t spa, uint64_t qw0, uint64_t qw1)
{
	CHECK_EQ(ram64(r, spa), qw0);
	CHECK_EQ(ram64(r, spa + 8), qw1);
	CHECK_EQ(ram64(r, spa + 16), 0);
	CHECK_EQ(ram64(r, spa + 24), 0);
}

/* Without PASID; qw0 1 is the type. */
static uint64_t head_of(uint16_t sid)
{
	return 1 | (uint64_t)sid << 16;
}

TEST(a_ring_of_page_requests, "VTD-PRQ-01")
{
	unsigned pqs;

	for (pqs = 0; pqs < 8; pqs++) {
		uint64_t base, size = PAGE << pqs, at;
		struct rig *r = make(ECAP_ALL, pqs, &base);
		unsigned n = 0;

		/* Once around and a little more; memory behind the ring stays as it is. */
		page(r);
		for (at = 0; at < size + 64; at += 32, n++) {
			uint64_t spa = base + at % size, iova = 0x100000ull + n * PAGE;

			CHECK_EQ(rd64(r, PQT), at % size);
			rig_page(r, SID, iova, READ, 5);
			CHECK_EQ(rd64(r, PQT), (at + 32) % size);
			holds(r, spa, head_of(SID), iova | 5 << 3 | 1);
			wr64(r, PQH, (at + 32) % size);
		}
		CHECK_EQ(ram64(r, base + size), 0);
		CHECK_EQ(rd32(r, PRS), PPR);
		CHECK_EQ(rd64(r, PQH), rd64(r, PQT));
		rig_free(r);
	}
}

TEST(fields_of_a_page_request, "VTD-PRQ-06")
{
	uint64_t base, qw[4];
	struct rig *r = make(ECAP_ALL, 0, &base);
	unsigned bit, code;

	for (bit = 12; bit < 64; bit++) {
		rig_page(r, SID, 1ull << bit, READ, 0);
		CHECK(rig_page_take(r, qw));
		CHECK_EQ(qw[0], head_of(SID));
		CHECK_EQ(qw[1], 1ull << bit | 1);
	}
	for (code = 1; code < 4; code++) {
		rig_page(r, SID, 0x7000, code, 0);
		CHECK(rig_page_take(r, qw));
		CHECK_EQ(qw[1], 0x7000 | code);
		rig_page(r, SID, 0x7000, code | LAST, 0);
		CHECK(rig_page_take(r, qw));
		CHECK_EQ(qw[1], 0x7000 | code | 4);
	}
	for (bit = 0; bit < 9; bit++) {
		rig_page(r, SID, 0x7000, WRITE, 1u << bit);
		CHECK(rig_page_take(r, qw));
		CHECK_EQ(qw[1], 0x7000 | 8u << bit | 2);
	}
	for (bit = 0; bit < 20; bit++) {
		rig_page_pid(r, SID, 0x7000, READ, 0, 1u << bit, 0);
		CHECK(rig_page_take(r, qw));
		CHECK_EQ(qw[0], head_of(SID) | 1u << 8 | 1ull << (32 + bit));
		CHECK_EQ(qw[1], 0x7001);
	}
	rig_page_pid(r, SID, 0x7000, READ, 0, 4, IOM_REQ_PRIVILEGED);
	CHECK(rig_page_take(r, qw));
	CHECK_EQ(qw[0], head_of(SID) | 1u << 8 | 4ull << 32 | 1ull << 53);
	rig_page_pid(r, SID, 0x7000, READ | IOM_PAGE_EXECUTE, 0, 4, 0);
	CHECK(rig_page_take(r, qw));
	CHECK_EQ(qw[0], head_of(SID) | 1u << 8 | 4ull << 32 | 1ull << 52);
	CHECK_EQ(qw[1], 0x7001);
	CHECK_EQ(r->messages, 0);
	rig_expect_none(r);
	rig_free(r);
}

/* Privilege and execution come with a PASID, or not at all. */
TEST(fields_that_need_a_pasid, "VTD-PRQ-06")
{
	const struct iom_message m = { .kind = IOM_MESSAGE_PAGE_REQUEST,
		                       .address = 0x7000,
		                       .pasid = 0xfffff,
		                       .flags = IOM_REQ_PRIVILEGED,
		                       .code = READ | IOM_PAGE_EXECUTE };
	uint64_t base, qw[4];
	struct rig *r = make(ECAP_ALL, 0, &base);

	CHECK_EQ(rig_send(r, SID, &m), IOM_OK);
	CHECK(rig_page_take(r, qw));
	CHECK_EQ(qw[0], head_of(SID));
	CHECK_EQ(qw[1], 0x7001);
	rig_free(r);
}

TEST(requester_of_a_page_request, "VTD-PRQ-06")
{
	uint64_t base, qw[4];
	struct rig *r = make(ECAP_ALL, 0, &base);
	unsigned bit;

	for (bit = 0; bit < 16; bit++) {
		rig_device(r, (uint16_t)(1u << bit), 0, DTE | PRE, 0);
		rig_pasid_put(r, (uint16_t)(1u << bit), 0, PE_P | PGTT_PASS, 1, 0);
		rig_page(r, (uint16_t)(1u << bit), 0x7000, READ, 0);
		CHECK(rig_page_take(r, qw));
		CHECK_EQ(qw[0], head_of((uint16_t)(1u << bit)));
	}
	rig_free(r);
}

static uint64_t seen_base;
static unsigned seen;

static void request_is_there(struct rig *r)
{
	CHECK_EQ(ram64(r, seen_base), head_of(SID));
	CHECK_EQ(rd64(r, PQT), 32);
	CHECK_EQ(rd32(r, PRS), PPR);
	seen++;
}

TEST(event_of_page_requests, "VTD-PRQ-02 VTD-PRQ-05")
{
	struct rig *r = make(ECAP_ALL, 0, &seen_base);

	rig_event(r, PECTL, EVENT, 0x41);
	rig_event(r, FECTL, EVENT, 0x42);
	rig_event(r, IECTL, EVENT, 0x43);
	CHECK_EQ(rd32(r, PRS), 0);
	seen = 0;
	r->on_msi = request_is_there;
	rig_page(r, SID, 0x7000, READ, 0);
	CHECK_EQ(seen, 1);
	CHECK_EQ(r->msis, 1);
	CHECK_EQ(r->msi[0].address, EVENT);
	CHECK_EQ(r->msi[0].data, 0x41);
	r->on_msi = NULL;
	/* PPR is set already. */
	rig_page(r, SID, 0x8000, READ, 0);
	CHECK_EQ(r->msis, 1);
	wr64(r, PQH, 64);
	rig_page(r, SID, 0x9000, READ, 0);
	CHECK_EQ(r->msis, 1);
	/* The driver's way. */
	wr32(r, PRS, PPR);
	CHECK_EQ(rd32(r, PRS), 0);
	wr64(r, PQH, 96);
	rig_page(r, SID, 0xa000, READ, 0);
	CHECK_EQ(r->msis, 2);
	CHECK_EQ(rd32(r, PRS), PPR);
	/* Masked: it stays pending, until it is served. */
	wr32(r, PRS, PPR);
	wr32(r, PECTL, 1u << 31);
	rig_page(r, SID, 0xb000, READ, 0);
	CHECK_EQ(rd32(r, PECTL), 3u << 30);
	wr32(r, PRS, PPR);
	CHECK_EQ(rd32(r, PECTL), 1u << 31);
	wr32(r, PECTL, 0);
	CHECK_EQ(r->msis, 2);
	rig_free(r);
}

/* Fills the queue: one slot always stays empty. */
static void fill(struct rig *r, unsigned pqs)
{
	unsigned i, n = 128u << pqs;

	for (i = 0; i < n - 1; i++)
		rig_page(r, SID, 0x7000 + i * PAGE, READ, 0);
	CHECK_EQ(rd32(r, PRS), PPR);
	CHECK_EQ(rd64(r, PQT), 32 * (n - 1));
}

TEST(a_queue_of_page_requests_that_is_full, "VTD-PRQ-03 VTD-PRQ-04 VTD-PRQ-12")
{
	unsigned pqs;

	for (pqs = 0; pqs < 2; pqs++) {
		uint64_t base, last = (PAGE << pqs) - 32;
		struct rig *r = make(ECAP_ALL, pqs, &base);

		fill(r, pqs);
		rig_page(r, SID, 0x5000, READ, 9);
		CHECK_EQ(rd32(r, PRS), PPR | PRO);
		CHECK_EQ(rd64(r, PQT), last);
		CHECK_EQ(ram64(r, base + last), 0);
		CHECK_EQ(r->messages, 0);
		rig_page(r, SID, 0x6000, WRITE | LAST, 9);
		rig_answered(r, SID, 9, IOM_PAGES_DONE);
		CHECK_EQ(rd64(r, PQT), last);
		/* There is room, but software has not seen to PRO. */
		wr64(r, PQH, last);
		rig_page(r, SID, 0x5000, READ, 3);
		CHECK_EQ(r->messages, 0);
		rig_page_pid(r, SID, 0x5000, READ | LAST, 0x1ff, 4, 0);
		CHECK_EQ(r->message[0].what.flags & IOM_REQ_PASID, IOM_REQ_PASID);
		CHECK_EQ(r->message[0].what.pasid, 4);
		rig_answered(r, SID, 0x1ff, IOM_PAGES_DONE);
		CHECK_EQ(rd64(r, PQT), last);
		CHECK_EQ(ram64(r, base + last), 0);
		wr32(r, PRS, PRO);
		CHECK_EQ(rd32(r, PRS), PPR);
		rig_page(r, SID, 0x5000, READ, 3);
		CHECK_EQ(rd64(r, PQT), 0);
		holds(r, base + last, head_of(SID), 0x5000 | 3 << 3 | 1);
		rig_expect_none(r);
		rig_free(r);
	}
}

TEST(event_of_an_overflow, "VTD-PRQ-02 VTD-PRQ-03")
{
	uint64_t base;
	struct rig *r = make(ECAP_ALL, 0, &base);

	rig_event(r, PECTL, EVENT, 0x41);
	fill(r, 0);
	CHECK_EQ(r->msis, 1);
	/* PPR is set: no event. */
	rig_page(r, SID, 0x5000, READ, 9);
	CHECK_EQ(r->msis, 1);
	wr32(r, PRS, PPR | PRO);
	rig_page(r, SID, 0x5000, READ, 9);
	CHECK_EQ(rd32(r, PRS), PRO);
	CHECK_EQ(r->msis, 2);
	rig_page(r, SID, 0x5000, READ, 9);
	CHECK_EQ(r->msis, 2);
	rig_free(r);
}

TEST(a_stop_marker, "VTD-PRQ-10 VTD-PRQ-03")
{
	uint64_t base, qw[4];
	struct rig *r = make(ECAP_ALL, 0, &base);

	rig_page_pid(r, SID, 0, LAST, 0, 4, 0);
	CHECK(rig_page_take(r, qw));
	CHECK_EQ(qw[0], head_of(SID) | 1u << 8 | 4ull << 32);
	CHECK_EQ(qw[1] & 7, 4);
	CHECK_EQ(r->messages, 0);
	/* Nor does one that finds no room, or no way. */
	wr64(r, PQH, 0);
	wr64(r, PQT, 0);
	fill(r, 0);
	rig_page_pid(r, SID, 0, LAST, 0, 4, 0);
	CHECK_EQ(r->messages, 0);
	CHECK_EQ(rd64(r, PQT), PAGE - 32);
	rig_device(r, SID, 0, PASIDE | DTE, 0);
	rig_page_pid(r, SID, 0, LAST, 0, 4, 0);
	CHECK_EQ(r->messages, 0);
	rig_free(r);
}

TEST(answers_of_software, "VTD-PRQ-07")
{
	static const unsigned codes[] = { 0, 1, 0xf };
	uint64_t base;
	struct rig *r = make(ECAP_ALL, 0, &base);
	unsigned i, bit;

	for (i = 0; i < 3; i++) {
		rig_submit(r, T_RESPONSE | codes[i] << 12 | (uint64_t)SID << 16, 0x155 << 3);
		CHECK_EQ(r->message[0].what.flags & IOM_REQ_PASID, 0);
		rig_answered(r, SID, 0x155, codes[i]);
	}
	for (bit = 0; bit < 20; bit++) {
		rig_submit(r, T_RESPONSE | 0x10 | (uint64_t)SID << 16 | 1ull << (32 + bit), 7 << 3);
		CHECK_EQ(r->message[0].what.flags & IOM_REQ_PASID, IOM_REQ_PASID);
		CHECK_EQ(r->message[0].what.pasid, 1u << bit);
		rig_answered(r, SID, 7, 0);
	}
	for (bit = 0; bit < 16; bit++) {
		rig_submit(r, T_RESPONSE | 0x10000ull << bit, 0x7 << 3);
		rig_answered(r, (uint16_t)(1u << bit), 7, 0);
	}
	for (bit = 0; bit < 9; bit++) {
		rig_submit(r, T_RESPONSE | (uint64_t)SID << 16, 8ull << bit);
		rig_answered(r, SID, 1u << bit, 0);
	}
	rig_wait(r);
	rig_free(r);
}

static uint64_t drain_status;

/* While the unit works on the queue, a device asks for a page, and then answers. */
static void ask_and_answer(struct rig *r, uint32_t requester, const struct iom_message *message)
{
	if (message->kind != IOM_MESSAGE_INVALIDATE)
		return;
	rig_page(r, SID, 0x7000, READ, 0);
	CHECK_EQ(ram32(r, drain_status), 0);
	queue_answer(r, requester, message);
}

TEST(a_drain_of_page_requests, "VTD-PRQ-08")
{
	uint64_t base;
	struct rig *r = make(ECAP_ALL, 0, &base);
	unsigned i;

	drain_status = page(r);
	r->on_message = ask_and_answer;
	rig_store(r, (const uint64_t[4]){ T_DEVICE | (uint64_t)SID << 32, 0x7000 });
	rig_store(r,
	          (const uint64_t[4]){ WAIT_DATA(1) | WAIT_SW | WAIT_PD | T_WAIT, drain_status });
	r->dirties = 0;
	rig_ring(r);
	CHECK_EQ(ram32(r, drain_status), 1);
	CHECK_EQ(rd64(r, PQT), 32);
	holds(r, base, head_of(SID), 0x7001);
	/* The request was in memory first. */
	for (i = 0; i < r->dirties && r->dirty[i].spa != drain_status; i++)
		;
	CHECK(i > 0 && i < r->dirties);
	CHECK(r->dirty[0].spa >= base && r->dirty[0].spa < base + 32);
	rig_free(r);
}
