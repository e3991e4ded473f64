/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Devices of a VT-d unit read, answer invalidations from inside the message and from other threads, ask
 * for pages, and go, while software changes a page, invalidates and waits.  Every wait ends, none of it
 * is an error, no device reads a page that a wait took from it, and every page request that was taken is
 * in the queue or answered.
 */
#include "../vtd/queue_bench.h"
#include "crew.h"

#define DEVICES 3
#define SID 0x10u
#define LATE (SID + DEVICES) /* comes and goes, and never answers */
#define PAGE_A (RAM + 0x200000)
#define PAGE_B (RAM + 0x201000)
#define LEAF (TABLES + 0x2008)

static struct {
	struct queue_bench q; /* what the bench logs of messages is not looked at */
	uint32_t owed[DEVICES];
	unsigned taken, answered; /* page requests, and their answers */
	uint32_t turn;
	uint32_t forbidden; /* 1, 2: nobody may get page A, B */
} * us;

static int hear_msi(void *opaque, uint64_t address, uint32_t data)
{
	(void)opaque, (void)address, (void)data;
	return IOM_OK;
}

static void complete(uint32_t sid, uint32_t itags)
{
	(void)qb_complete(&us->q, sid, itags, 1);
}

static void hear(void *opaque, uint32_t sid, const struct iom_message *m)
{
	uint32_t itag = 1u << m->token % 32;

	(void)opaque;
	if (m->kind == IOM_MESSAGE_PAGES)
		__atomic_add_fetch(&us->answered, 1, __ATOMIC_RELAXED);
	else if (sid == LATE)
		return; /* its removal answers */
	else if (__atomic_fetch_add(&us->turn, 1, __ATOMIC_RELAXED) % 2)
		complete(sid, itag);
	else
		__atomic_fetch_or(&us->owed[sid - SID], itag, __ATOMIC_RELAXED);
}

static void *device(void *arg)
{
	const struct iom_request request = { .iova = 0x1000, .bytes = 8 };
	struct hand *h = arg;
	uint32_t me = SID + h->number;
	struct iom_endpoint *endpoint = qb_device(&us->q, me);
	struct iom_lane *lane;
	struct iom_port *port;

	WRONG(h->crew, iom_lane_open(us->q.b.unit, &lane) != IOM_OK);
	WRONG(h->crew, iom_port_open(endpoint, lane, &port) != IOM_OK);
	while (crew_goes_on(h->crew)) {
		const struct iom_message page = { .kind = IOM_MESSAGE_PAGE_REQUEST,
			                          .address = 0x1000 * hand_below(h, 99),
			                          .token = hand_below(h, 512),
			                          .code = IOM_PAGE_WRITE | IOM_PAGE_LAST };
		uint32_t owed, forbidden;
		struct iom_reply reply;
		int result;

		iom_begin(lane);
		forbidden = __atomic_load_n(&us->forbidden, __ATOMIC_SEQ_CST);
		WRONG(h->crew, iom_translate(port, &request, &reply) != IOM_OK);
		/* A wait that ends has awaited this section: the word changes once here at most. */
		WRONG(h->crew,
		      forbidden && forbidden == __atomic_load_n(&us->forbidden, __ATOMIC_SEQ_CST) &&
		              reply.spa == (forbidden == 1 ? PAGE_A : PAGE_B));
		iom_end(lane);
		owed = __atomic_exchange_n(&us->owed[h->number], 0, __ATOMIC_RELAXED);
		if (owed)
			complete(me, owed);
		result = iom_message(endpoint, &page);
		WRONG(h->crew, result != IOM_OK && result != IOM_EBUSY);
		if (result == IOM_OK)
			__atomic_add_fetch(&us->taken, 1, __ATOMIC_RELAXED);
		sched_yield();
	}
	iom_lane_close(lane);
	return NULL;
}

static void *visitor(void *arg)
{
	struct hand *h = arg;

	while (crew_goes_on(h->crew)) {
		struct iom_endpoint *endpoint;

		WRONG(h->crew, iom_endpoint_get(us->q.b.unit, LATE, &endpoint) != IOM_OK);
		sched_yield();
		iom_endpoint_remove(endpoint);
	}
	return NULL;
}

/* Milliseconds count as nanoseconds: it ends nothing. */
static void *clockwork(void *arg)
{
	struct hand *h = arg;

	while (crew_goes_on(h->crew)) {
		iom_step(us->q.b.unit, crew_ms());
		sched_yield();
	}
	return NULL;
}

/* ICS is looked at, not the status: memory is read while nobody stores to it. */
static bool wait_ends(struct queue_bench *q, uint32_t number)
{
	uint64_t since = crew_ms();

	qb_submit(q, WAIT(number) | WAIT_IF | WAIT_PD, STATUS);
	while (!rd(&q->b, ICS, 4)) {
		if (crew_ms() - since > 10000)
			return false;
		iom_step(q->b.unit, 0);
		sched_yield();
	}
	wr(&q->b, ICS, 4, 1);
	return qb_waited(q, number);
}

static void setup(struct queue_bench *q)
{
	const struct iom_vtd_config config = { .bytes = sizeof config,
		                               .profile = IOM_VTD_SCALABLE };
	const struct iom_host host = { .bytes = sizeof host, .msi = hear_msi, .message = hear };
	struct iom_region region = { .spa = RAM, .bytes = RAM_BYTES };

	q->ram = aligned_alloc(4096, RAM_BYTES);
	CHECK(q->ram);
	memset(q->ram, 0, RAM_BYTES);
	region.host = q->ram;
	CHECK_EQ(iom_memory_new(NULL, NULL, &q->b.memory, NULL), IOM_OK);
	CHECK_EQ(iom_memory_add(q->b.memory, &region, NULL), IOM_OK);
	CHECK_EQ(iom_vtd_new(&config, q->b.memory, &host, q, &q->b.unit, NULL), IOM_OK);
	put64(q, ROOT, CONTEXT | 1);
	for (unsigned i = 0; i < DEVICES; i++)
		put64(q, CONTEXT + 32 * (SID + i), DIRECTORY | 0x1d); /* PRE, PASIDE, DTE */
	put64(q, DIRECTORY, PASIDS | 1);
	put64(q, PASIDS + 8, 1);
	put64(q, PASIDS, TABLES | 1 << 2 | 2 << 6 | 1); /* 39 bits, second stage */
	put64(q, TABLES, (TABLES + 0x1000) | 3);
	put64(q, TABLES + 0x1000, (TABLES + 0x2000) | 3);
	put64(q, LEAF, PAGE_A | 3);
	wr(&q->b, PQA, 8, PAGES_QUEUE);
	qb_root(q, 1, true);
	qb_queue(q, 0, true);
}

TEST(threads_of_a_vtd_queue, "")
{
	struct crew crew = { 0 };
	struct hand hand[DEVICES + 2];
	unsigned waits = 0, stored = 0;
	struct queue_bench *q;
	uint64_t until;

	alarm(CREW_HUNG_S);
	us = calloc(1, sizeof *us);
	CHECK(us);
	q = &us->q;
	setup(q);
	for (unsigned i = 0; i < DEVICES; i++)
		crew_hire(&crew, &hand[i], device, NULL);
	crew_hire(&crew, &hand[DEVICES], visitor, NULL);
	crew_hire(&crew, &hand[DEVICES + 1], clockwork, NULL);
	for (until = crew_ms() + CREW_MS;
	     (crew_ms() < until || waits <= 10) && !__atomic_load_n(&crew.wrong, __ATOMIC_RELAXED);
	     waits++) {
		uint64_t *leaf = (uint64_t *)(q->ram + (LEAF - RAM));
		uint64_t tail;

		__atomic_store_n(&us->forbidden, 0, __ATOMIC_SEQ_CST);
		__atomic_store_n(leaf, (waits & 1 ? PAGE_A : PAGE_B) | 3, __ATOMIC_SEQ_CST);
		qb_submit(q, 2ull | G(2 + waits / 2 % 2) | DID(1), 0x1000);
		for (unsigned i = 0; i < 8; i++)
			qb_submit(q, 3ull | (uint64_t)(SID + (waits + i) % (DEVICES + 1)) << 32,
			          0x1000 * i);
		CHECK(wait_ends(q, waits + 1));
		__atomic_store_n(&us->forbidden, waits & 1 ? 2 : 1, __ATOMIC_SEQ_CST);
		CHECK_EQ(rd(&q->b, FSTS, 4), 0);
		tail = rd(&q->b, PQT, 8);
		stored += (unsigned)((tail - rd(&q->b, PQH, 8)) % 4096 / 32);
		wr(&q->b, PQH, 8, tail);
		wr(&q->b, PRS, 4, 3);
	}
	crew_stop(&crew);
	for (unsigned i = 0; i < DEVICES; i++)
		complete(SID + i, us->owed[i]);
	CHECK(wait_ends(q, 0xffff));
	stored += (unsigned)((rd(&q->b, PQT, 8) - rd(&q->b, PQH, 8)) % 4096 / 32);
	CHECK_EQ(stored + us->answered, us->taken);
	CHECK_EQ(rd(&q->b, FSTS, 4), 0);
	qb_free(q);
	free(us);
	alarm(0);
}
