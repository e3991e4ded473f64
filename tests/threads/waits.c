/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* No call waits for another thread: not for its sections, and not for its callbacks. */
#include <stdlib.h>
#include <string.h>

#include "stand.h"

static void *ring(void *arg)
{
	struct stand *s = ((struct hand *)arg)->what;

	stand_command(s, FENCE, 0, true);
	return NULL;
}

/* A fence of one thread, while another's section is open: parked, and carried out by its end. */
TEST(threads_fence_is_parked, "")
{
	struct stand *s = stand_new(false);
	struct iom_lane *lane[2];
	struct crew crew = { 0 };
	struct hand hand;

	alarm(CREW_HUNG_S);
	for (unsigned i = 0; i < 2; i++)
		CHECK_EQ(iom_lane_open(s->unit, &lane[i]), IOM_OK);
	iom_begin(lane[0]);
	crew_hire(&crew, &hand, ring, s);
	crew_stop(&crew);
	CHECK(!stand_done(s));
	/* A section that begins later is not waited for. */
	iom_begin(lane[1]);
	CHECK(!stand_done(s));
	iom_end(lane[0]);
	CHECK(stand_done(s));
	iom_end(lane[1]);
	stand_free(s);
	alarm(0);
}

/* What waited before a reset does not answer for what waits after it. */
TEST(threads_fence_before_and_after_a_reset, "")
{
	struct stand *s = stand_new(false);
	struct iom_lane *lane[2];

	for (unsigned i = 0; i < 2; i++)
		CHECK_EQ(iom_lane_open(s->unit, &lane[i]), IOM_OK);
	iom_begin(lane[0]);
	stand_command(s, FENCE, 0, true);
	CHECK(!stand_done(s));
	iom_unit_reset(s->unit);
	s->tail = 0;
	stand_wr(s, CQT, 4, 0);
	stand_wr(s, CQB, 8, PPN_OF(s->cq) | 7);
	stand_wr(s, CQCSR, 4, EN | IE);
	iom_begin(lane[1]);
	stand_command(s, FENCE, 0, true);
	CHECK(!stand_done(s));
	iom_end(lane[0]);
	CHECK_MSG(!stand_done(s), "a section that the fence has to wait for is open");
	iom_end(lane[1]);
	CHECK(stand_done(s));
	stand_free(s);
}

static void ring_in_access(struct stand *s)
{
	stand_command(s, FENCE, 0, true);
}

/* A device whose write reaches the doorbell: not before its own section ends, and then at once. */
TEST(threads_doorbell_inside_an_access, "")
{
	struct stand *s = stand_new(false);
	const struct iom_request q = { .iova = STAND_DEVICE };
	struct iom_reply reply;
	struct iom_lane *lane;
	struct iom_port *port;

	stand_wr(s, DDTP, 8, BARE);
	s->on_device_write = ring_in_access;
	CHECK_EQ(iom_lane_open(s->unit, &lane), IOM_OK);
	port = stand_port(s, lane, 1);
	CHECK_EQ(iom_write(port, &q, "1234", 4, &reply), IOM_OK);
	CHECK(stand_done(s));
	iom_begin(lane);
	CHECK_EQ(iom_write(port, &q, "1234", 4, &reply), IOM_OK);
	CHECK_EQ(iom_write(port, &q, "1234", 4, &reply), IOM_OK);
	CHECK(!stand_done(s));
	iom_begin(lane);
	iom_end(lane);
	CHECK(!stand_done(s));
	iom_end(lane);
	CHECK(stand_done(s));
	stand_free(s);
}

/* ---- A callback that does not come back ---------------------------------------------------- */

static pthread_mutex_t hang = PTHREAD_MUTEX_INITIALIZER;

static void hangs(struct stand *s)
{
	(void)s;
	pthread_mutex_lock(&hang);
	pthread_mutex_unlock(&hang);
}

static void *fence_that_hangs(void *arg)
{
	struct stand *s = ((struct hand *)arg)->what;

	stand_command(s, FENCE | FENCE_PW, 0, true);
	return NULL;
}

/* Hires who hangs until the mutex is unlocked, and waits for that. */
static void hang_up(struct stand *s, struct crew *crew, struct hand *hand)
{
	s->on_order = hangs;
	pthread_mutex_lock(&hang);
	crew_hire(crew, hand, fence_that_hangs, s);
	while (!__atomic_load_n(&s->orders, __ATOMIC_RELAXED))
		sched_yield();
}

TEST(threads_hung_callback, "")
{
	struct stand *s = stand_new(false);
	struct iom_request q = { .iova = STAND_IOVA, .bytes = 8 };
	struct crew crew = { 0 };
	struct iom_reply reply;
	struct iom_lane *lane;
	struct iom_port *port;
	struct hand hand;

	alarm(CREW_HUNG_S);
	CHECK_EQ(iom_lane_open(s->unit, &lane), IOM_OK);
	port = stand_port(s, lane, 1);
	hang_up(s, &crew, &hand);
	CHECK(!stand_done(s));
	iom_begin(lane);
	for (unsigned i = 0; i < STAND_PAGES; i++) {
		q.iova = STAND_IOVA + 4096 * i;
		CHECK_EQ(iom_translate(port, &q, &reply), IOM_OK);
		CHECK_EQ(reply.spa, stand_target(1, i, 0));
	}
	/* Refusals are recorded later. */
	q.iova = 0;
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(iom_translate(port, &q, &reply), IOM_EFAULT);
	iom_end(lane);
	CHECK_EQ(stand_rd32(s, FQT), 0);
	stand_wr(s, ICVEC, 8, 0);
	stand_wr(s, CQT, 4, s->tail);
	CHECK_EQ(iom_lane_open(s->unit, &lane), IOM_OK);
	iom_lane_close(lane);
	CHECK(!stand_done(s));

	pthread_mutex_unlock(&hang);
	crew_stop(&crew);
	CHECK(stand_done(s));
	CHECK_EQ(stand_rd32(s, FQT), 3);
	CHECK_EQ(s->msis, 1);
	stand_free(s);
	alarm(0);
}

/* ---- More refusals at once than the unit holds back ---------------------------------------- */

/* While a callback hangs 32 records wait; they are stored, and only what came after is lost. */
TEST(threads_refusals_behind_a_hung_callback, "")
{
	struct stand *s = stand_new(false);
	const struct iom_request q = { .iova = 0, .bytes = 8 };
	struct crew crew = { 0 };
	struct iom_reply reply;
	struct iom_lane *lane;
	struct iom_port *port;
	struct hand hand;

	alarm(CREW_HUNG_S);
	CHECK_EQ(iom_lane_open(s->unit, &lane), IOM_OK);
	port = stand_port(s, lane, 1);
	hang_up(s, &crew, &hand);
	for (unsigned i = 0; i < 40; i++)
		CHECK_EQ(iom_translate(port, &q, &reply), IOM_EFAULT);
	pthread_mutex_unlock(&hang);
	crew_stop(&crew);
	CHECK(stand_rd32(s, FQCSR) & OF);
	CHECK_EQ(stand_rd32(s, FQT), 32);
	stand_wr(s, FQCSR, 4, EN | IE | OF);
	CHECK_EQ(iom_translate(port, &q, &reply), IOM_EFAULT);
	CHECK_EQ(stand_rd32(s, FQT), 33);
	stand_free(s);
	alarm(0);
}

/* ---- Threads that may not work ------------------------------------------------------------ */

#define SPOT (STAND_RAM + STAND_RAM_BYTES - 8)

static _Thread_local bool barred;
static bool asked;            /* that somebody come */
static unsigned wrong_orders; /* callbacks on a thread that may not work */

static bool not_if_barred(struct stand *s)
{
	(void)s;
	if (barred)
		__atomic_store_n(&asked, true, __ATOMIC_SEQ_CST);
	return !barred;
}

static void note_thread(struct stand *s)
{
	(void)s;
	__atomic_fetch_add(&wrong_orders, barred, __ATOMIC_RELAXED);
}

/* Its sections hold fences back, and its faults want to be recorded. */
static void *in_and_out(void *arg)
{
	struct hand *h = arg;
	struct stand *s = h->what;
	struct iom_lane *lane = NULL;
	struct iom_port *port;

	barred = true;
	WRONG(h->crew, iom_lane_open(s->unit, &lane) != IOM_OK);
	port = stand_port(s, lane, 1 + 2 * (h->number % 3));
	while (crew_goes_on(h->crew)) {
		const struct iom_request q = { .iova = STAND_IOVA + 0x1000ull * hand_below(h, 16) };
		struct iom_reply reply;
		int result;

		iom_begin(lane);
		result = iom_translate(port, &q, &reply);
		WRONG(h->crew, result != IOM_OK && result != IOM_EFAULT);
		iom_end(lane);
	}
	return NULL;
}

/* Nobody reads registers meanwhile, which would do it too. */
TEST(threads_that_may_not_work_leave_all_of_it_to_who_is_told, "")
{
	const uint64_t until = crew_ms() + CREW_MS;
	struct stand *s = stand_new(false);
	struct crew crew = { 0 };
	struct hand hands[4];
	uint32_t stored, round = 0;
	uint64_t now = 0;

	alarm(CREW_HUNG_S);
	wrong_orders = 0;
	asked = false;
	s->may_work = not_if_barred;
	s->on_order = note_thread;
	for (unsigned i = 0; i < COUNT(hands); i++)
		crew_hire(&crew, &hands[i], in_and_out, s);
	while (crew_ms() < until) {
		round++;
		stand_command(s, FENCE | FENCE_AV | FENCE_PR | FENCE_DATA(round), SPOT >> 2, true);
		do {
			if (__atomic_exchange_n(&asked, false, __ATOMIC_SEQ_CST))
				iom_step(s->unit, ++now);
			else
				sched_yield();
			memcpy(&stored, s->ram + (SPOT - STAND_RAM), sizeof stored);
		} while (stored != round);
	}
	crew_stop(&crew);
	CHECK(round > 1);
	CHECK_EQ(s->orders, round);
	CHECK_EQ(wrong_orders, 0);
	stand_free(s);
	alarm(0);
}
