/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Page requests and translation requests while other things happen: many at once, from inside callbacks,
 * of devices that go, across stops, resets and moves.
 */
#include <string.h>

#include "stage.h"
#include "sheet.h"

#define CAPS (CAP_EXT | 1ull << 24 | 3ull << 25) /* AMO_HWAD, ATS, T2GPA */
#define DEVICE 3
#define TC (1ull | 1ull << 1 | 1ull << 2) /* V, EN_ATS, EN_PRI */
#define ROOM 32                           /* requests that wait inside the unit */
#define IOVA 0x12345000ull

static struct iom_endpoint *endpoint(struct rig *r)
{
	struct iom_endpoint *e;

	CHECK_EQ(iom_endpoint_get(r->unit, DEVICE, &e), IOM_OK);
	return e;
}

static int ask(struct rig *r, unsigned group)
{
	const struct iom_message m = { .kind = IOM_MESSAGE_PAGE_REQUEST,
		                       .address = 0x5000,
		                       .token = group,
		                       .code = IOM_PAGE_READ | IOM_PAGE_LAST };

	return iom_message(endpoint(r), &m);
}

/* A page queue of 2^lg2 entries at `base`, or off (lg2 0). */
static struct rig *bench(unsigned lg2, uint64_t base)
{
	const struct iom_riscv_config config = { .capabilities = CAPS };
	struct rig *r = rig_new_config(&config);

	rig_ddt(r, 1);
	rig_fq(r, 4, false);
	rig_cq(r, 4, false);
	rig_dc_put(r, DEVICE, TC, 0, 0, 0);
	if (lg2) {
		wr64(r, PQB, PPN_OF(base ? base : page(r)) | (lg2 - 1));
		wr32(r, PQCSR, EN);
		CHECK_EQ(rd32(r, PQCSR), EN | ON);
	}
	return r;
}

static uint64_t record_at(struct rig *r, unsigned n)
{
	return ram64(r, (rd64(r, PQB) >> 10 << 12) + 16 * n + 8);
}

static uint64_t payload(unsigned group)
{
	return 0x5000 | group << 3 | 5;
}

static unsigned burst, accepted;

static void ask_often(struct rig *r)
{
	r->on_order = NULL;
	for (accepted = 0; accepted < burst; accepted++) {
		int result = ask(r, accepted);

		if (result) {
			CHECK_EQ(result, IOM_EBUSY);
			break;
		}
	}
	/* The worker is in here, and cannot store them yet. */
	CHECK_EQ(rd32(r, PQT), 0);
}

TEST(page_requests_wait_for_the_worker, "")
{
	struct rig *r = bench(7, 0);

	burst = 2 * ROOM;
	r->on_order = ask_often;
	rig_cmd(r, FENCE | FENCE_PR, 0);
	CHECK_EQ(accepted, ROOM);
	CHECK_EQ(rd32(r, PQT), ROOM);
	for (unsigned i = 0; i < ROOM; i++)
		CHECK_EQ(record_at(r, i), payload(i));
	/* There is room again. */
	CHECK_EQ(ask(r, 99), IOM_OK);
	CHECK_EQ(record_at(r, ROOM), payload(99));
	CHECK_EQ(r->messages, 0);
	rig_free(r);
}

static void ask_and_stop(struct rig *r)
{
	ask_often(r);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_EBUSY);
}

TEST(page_requests_that_wait_are_moved, "")
{
	for (unsigned off = 0; off < 2; off++) {
		struct rig *r = bench(off ? 0 : 4, 0);

		burst = 5;
		r->on_order = ask_and_stop;
		rig_cmd(r, FENCE | FENCE_PR, 0);
		CHECK_EQ(accepted, 5);
		CHECK_EQ(rd32(r, PQT), 0);
		CHECK_EQ(ask(r, 77), IOM_EBUSY);
		rig_move(r);
		CHECK_EQ(rd32(r, PQT), off ? 0 : 5);
		CHECK_EQ(r->messages, off ? 5 : 0);
		for (unsigned i = 0; i < 5; i++) {
			if (!off)
				CHECK_EQ(record_at(r, i), payload(i));
			else
				CHECK_EQ(r->message[i].what.token, i);
		}
		CHECK_EQ(ask(r, 77), IOM_OK);
		rig_free(r);
	}
}

/* What was refused as it came keeps its answer, whatever the new unit's queue would say. */
TEST(answers_that_wait_are_moved, "")
{
	struct rig *r = bench(4, 0);

	rig_dc_put(r, DEVICE, TC & ~4ull, 0, 0, 0);
	burst = 3;
	r->on_order = ask_and_stop;
	rig_cmd(r, FENCE | FENCE_PR, 0);
	CHECK_EQ(accepted, 3);
	rig_dc_put(r, DEVICE, TC, 0, 0, 0);
	rig_move(r);
	CHECK_EQ(r->messages, 3);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(r->message[i].requester, DEVICE);
		CHECK_EQ(r->message[i].what.kind, IOM_MESSAGE_PAGES);
		CHECK_EQ(r->message[i].what.code, IOM_PAGES_INVALID);
		rig_expect(r, rig_record(260, 9, DEVICE), 4, 0);
	}
	CHECK_EQ(rd32(r, PQT), 0);
	rig_free(r);
}

static void ask_and_go(struct rig *r)
{
	ask_often(r);
	iom_endpoint_remove(endpoint(r));
}

TEST(a_device_that_is_gone_gets_no_answer, "")
{
	struct rig *r = bench(0, 0);
	struct iom_port *port = rig_port(r, DEVICE);
	struct iom_endpoint *gone = endpoint(r);
	const struct iom_message m = { .kind = IOM_MESSAGE_PAGE_REQUEST, .code = IOM_PAGE_LAST };

	burst = 3;
	r->on_order = ask_and_go;
	rig_cmd(r, FENCE | FENCE_PR, 0);
	CHECK_EQ(accepted, 3);
	CHECK_EQ(r->messages, 0);
	CHECK_EQ(iom_message(gone, &m), IOM_ENOENT);
	/* Its successor does. */
	CHECK_EQ(ask(r, 9), IOM_OK);
	CHECK_EQ(r->messages, 1);
	CHECK_EQ(r->message[0].what.code, IOM_PAGES_FAILED);
	iom_port_close(port);
	rig_free(r);
}

#define ROUNDS 20000

static void ask_again(struct rig *r, uint32_t requester, const struct iom_message *m)
{
	CHECK_EQ(requester, DEVICE);
	CHECK_EQ(m->token, (r->messages - 1) % 512);
	if (r->messages < ROUNDS)
		CHECK_EQ(ask(r, r->messages % 512), IOM_OK);
}

/* A device that asks again inside each answer keeps the worker busy, and not the stack. */
TEST(a_device_that_insists, "")
{
	struct rig *r = bench(0, 0);

	r->on_message = ask_again;
	CHECK_EQ(ask(r, 0), IOM_OK);
	CHECK_EQ(r->messages, ROUNDS);
	rig_free(r);
}

static void turn_off(struct rig *r, uint64_t off, const void *buf, size_t len)
{
	(void)off, (void)buf, (void)len;
	wr32(r, PQCSR, 0);
	CHECK_EQ(rd32(r, PQCSR), ON | BUSY);
	/* Dropped: the change before it is not through. */
	wr32(r, PQCSR, EN);
	wr64(r, PQB, 0);
}

TEST(a_page_queue_goes_off_under_the_store, "")
{
	struct rig *r = bench(3, RIG_DEVICE);

	r->on_device_write = turn_off;
	CHECK_EQ(ask(r, 1), IOM_OK);
	CHECK_EQ(rd32(r, PQCSR), 0);
	CHECK_EQ(rd32(r, PQT), 1);
	CHECK_EQ(rd64(r, PQB), PPN_OF(RIG_DEVICE) | 2);
	CHECK_EQ(r->messages, 0);
	rig_free(r);
}

TEST(a_page_queue_takes_its_time, "")
{
	const struct iom_riscv_config config = { .capabilities = CAPS, .busy_ns = 100 };
	struct rig *r = rig_new_config(&config);

	iom_step(r->unit, 0);
	wr64(r, PQB, PPN_OF(page(r)) | 3);
	wr32(r, PQCSR, EN);
	CHECK_EQ(rd32(r, PQCSR), EN | BUSY);
	iom_step(r->unit, 60);
	rig_move(r);
	iom_step(r->unit, 1000);
	iom_step(r->unit, 1039);
	CHECK_EQ(rd32(r, PQCSR), EN | BUSY);
	iom_step(r->unit, 1040);
	CHECK_EQ(rd32(r, PQCSR), EN | ON);
	wr32(r, FCTL, WSI);
	CHECK_EQ(rd32(r, FCTL), 0);
	wr32(r, PQCSR, 0);
	CHECK_EQ(rd32(r, PQCSR), ON | BUSY);
	iom_step(r->unit, 1140);
	CHECK_EQ(rd32(r, PQCSR), 0);
	wr32(r, FCTL, WSI);
	CHECK_EQ(rd32(r, FCTL), WSI);
	rig_free(r);
}

/* A probe changes nothing, and gets the answer that a real request would. */
TEST(translation_requests_may_be_probes, "")
{
	struct stage s;
	struct iom_request q = { .iova = IOVA, .at = IOM_AT_TRANSLATION_REQUEST };
	struct iom_reply reply;
	uint64_t entry, dc, target;

	stage_init(&s, CAPS, false, 3, 0);
	dc = rig_dc(s.r, STAGE_DEVICE);
	target = page(s.r);
	rig_fq(s.r, 3, false);
	put64(s.r, dc, ram64(s.r, dc) | 1 << 1 | 1 << 8);        /* EN_ATS, SADE */
	entry = stage_map(&s, IOVA, 0, leaf(target) & ~0xc0ull); /* A and D clear */
	q.flags = IOM_REQ_PROBE;
	for (unsigned i = 0; i < 2; i++) {
		CHECK_EQ(rig_translate(s.r, STAGE_DEVICE, &q, &reply), IOM_OK);
		CHECK_EQ(reply.perm, IOM_PERM_READ | IOM_PERM_WRITE);
		CHECK_EQ(reply.spa, target);
		CHECK(!reply.host && !reply.host_bytes);
		CHECK_EQ(ram64(s.r, entry) & 0xc0, i ? 0xc0 : 0);
		q.flags = 0;
	}
	q.flags = IOM_REQ_PROBE;
	q.access = IOM_EXECUTE;
	put64(s.r, dc, 0);
	CHECK_EQ(rig_translate(s.r, STAGE_DEVICE, &q, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 258);
	CHECK_EQ(reply.status, IOM_UNSUPPORTED);
	rig_expect_none(s.r);
	rig_free(s.r);
}

/* What a translation request was told is not what accesses are granted, and the other way round. */
TEST(answers_are_not_grants, "")
{
	const struct iom_riscv_config config = { .capabilities = CAPS };
	struct rig *r = rig_new_config(&config);
	const struct iom_request plain = { .iova = IOVA, .bytes = 8 };
	const struct iom_request ats = { .iova = IOVA, .at = IOM_AT_TRANSLATION_REQUEST };
	const struct iom_request translated = { .iova = RIG_RAM + 8,
		                                .bytes = 8,
		                                .at = IOM_AT_TRANSLATED };
	uint64_t root = page(r), target = page(r);
	struct iom_port *port;
	struct iom_reply reply;

	rig_ddt(r, 1);
	rig_map(r, root, 3, false, IOVA, 0, leaf(target));
	rig_dc_put(r, DEVICE, TC, 0, 0, 8ull << 60 | root >> 12);
	port = rig_port(r, DEVICE);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(iom_translate(port, &plain, &reply), IOM_OK);
		CHECK_EQ(reply.perm, 7);
		CHECK_EQ(reply.ats, 0);
		CHECK(reply.host == r->ram + (target - RIG_RAM));
		CHECK_EQ(iom_translate(port, &ats, &reply), IOM_OK);
		CHECK_EQ(reply.perm, 3);
		CHECK_EQ(reply.spa, target);
		CHECK(!reply.host);
		CHECK_EQ(iom_translate(port, &translated, &reply), IOM_OK);
		CHECK_EQ(reply.spa, RIG_RAM + 8);
		CHECK(reply.host == r->ram + 8);
	}
	rig_free(r);
}
