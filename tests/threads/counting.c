/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The performance monitor, with many threads: nothing is lost, and an overflow is told once. */
#include <string.h>

#include "stand.h"

#define CAP_HPM (1ull << 30)
#define IOCOUNTINH 0x5c
#define IOHPMCTR(n) (0x60u + 8 * (n))
#define IOHPMEVT(n) (0x158u + 8 * (n))
#define EVT_DEVICE(n) ((uint64_t)(n) << 36 | 1ull << 61)

#define THREADS 4
#define REQUESTS 5000u

struct asker {
	struct hand hand;
	struct iom_lane *lane;
	struct iom_port *port;
	unsigned device;
};

static void *ask(void *arg)
{
	struct asker *a = (struct asker *)arg;
	struct iom_request q = { .bytes = 8,
		                 .pasid = 1,
		                 .flags = a->device % 2 ? 0 : IOM_REQ_PASID };
	struct iom_reply reply;

	for (unsigned i = 0; i < REQUESTS; i++) {
		q.iova = STAND_IOVA + 4096 * (uint64_t)(i % STAND_PAGES);
		iom_begin(a->lane);
		WRONG(a->hand.crew, iom_translate(a->port, &q, &reply) != IOM_OK);
		iom_end(a->lane);
	}
	return NULL;
}

static uint64_t counter(struct stand *s, unsigned n)
{
	uint64_t val;

	CHECK_EQ(iom_mmio_read(s->unit, 0, IOHPMCTR(n), 8, &val), IOM_OK);
	return val;
}

TEST(threads_count_exactly, "")
{
	struct asker asker[THREADS];
	struct stand *s = stand_new(false);
	struct crew crew = { 0 };
	unsigned msis;

	alarm(CREW_HUNG_S);
	/* Everybody's, each device's, and one that runs over in the middle. */
	stand_wr(s, IOHPMEVT(1), 8, 1);
	for (unsigned i = 0; i < THREADS; i++)
		stand_wr(s, IOHPMEVT(2 + i), 8, 1 | EVT_DEVICE(1 + i));
	stand_wr(s, IOHPMEVT(6), 8, 1);
	stand_wr(s, IOHPMCTR(6), 8, -(uint64_t)(THREADS * REQUESTS / 2));
	/* Misses: what is cached once is not missed again. */
	stand_wr(s, IOHPMEVT(7), 8, 4);
	/* One that is stopped. */
	stand_wr(s, IOHPMEVT(8), 8, 1);
	stand_wr(s, IOCOUNTINH, 4, 1 << 8);
	msis = s->msis;
	for (unsigned i = 0; i < THREADS; i++) {
		struct asker *a = &asker[i];

		a->device = 1 + i;
		CHECK_EQ(iom_lane_open(s->unit, &a->lane), IOM_OK);
		a->port = stand_port(s, a->lane, a->device);
		crew_hire(&crew, &a->hand, ask, s);
	}
	crew_stop(&crew);
	CHECK_EQ(counter(s, 1), THREADS * REQUESTS);
	for (unsigned i = 0; i < THREADS; i++)
		CHECK_EQ(counter(s, 2 + i), REQUESTS);
	CHECK_EQ(counter(s, 6), THREADS * REQUESTS / 2);
	CHECK_EQ(stand_rd32(s, 0x58), 1 << 6);
	CHECK_EQ(s->msis, msis + 1);
	CHECK(counter(s, 7) >= THREADS * STAND_PAGES);
	CHECK(counter(s, 7) < THREADS * REQUESTS / 2);
	CHECK_EQ(counter(s, 8), 0);
	stand_free(s);
	alarm(0);
}

static void *switches(void *arg)
{
	struct hand *h = arg;
	struct stand *s = h->what;

	do {
		stand_wr(s, IOCOUNTINH, 4, 1u << 1);
		stand_wr(s, IOHPMEVT(1), 8, 0);
		stand_wr(s, IOHPMEVT(1), 8, 1);
		stand_wr(s, IOCOUNTINH, 4, 0);
	} while (crew_goes_on(h->crew));
	return NULL;
}

/* Counting begins and ends while requests are under way; what was asked afterwards is all counted. */
TEST(threads_count_from_then_on, "")
{
	struct stand *s = stand_new(false);
	struct crew crew = { 0 }, alone = { 0 };
	struct asker asker[2];
	struct hand hand;

	alarm(CREW_HUNG_S);
	crew_hire(&crew, &hand, switches, s);
	for (unsigned i = 0; i < COUNT(asker); i++) {
		asker[i].device = 1 + i;
		CHECK_EQ(iom_lane_open(s->unit, &asker[i].lane), IOM_OK);
		asker[i].port = stand_port(s, asker[i].lane, 1 + i);
		crew_hire(&crew, &asker[i].hand, ask, s);
	}
	for (unsigned i = 0; i < COUNT(asker); i++)
		pthread_join(crew.thread[1 + i], NULL);
	crew.count = 1;
	crew_stop(&crew);
	CHECK_EQ(stand_rd32(s, IOCOUNTINH), 0);
	stand_wr(s, IOHPMCTR(1), 8, 0);
	/* Ports that were granted these pages before. */
	for (unsigned i = 0; i < COUNT(asker); i++) {
		asker[i].hand.crew = &alone;
		ask(&asker[i]);
	}
	CHECK_EQ(alone.wrong, 0);
	CHECK_EQ(counter(s, 1), COUNT(asker) * REQUESTS);
	stand_free(s);
	alarm(0);
}
