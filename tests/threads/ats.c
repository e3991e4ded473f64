/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Devices with caches of their own: they answer invalidations from inside the message and from other
 * threads, ask for pages and for translations, and go, while software invalidates and answers.  Every
 * fence ends, none tells of a timeout, and every page request that was taken is stored or answered.
 */
#include "stand.h"

#define DEVICES 4 /* 1, 3, 5 without processes, and one more that comes and goes */
#define LATE 7u   /* that one */
#define ATS_INVAL 0x004ull
#define ATS_PRGR 0x084ull
#define RID(n) ((uint64_t)(n) << 40)
#define PQ_LG2 5 /* all of it is answered in one round of the command queue */

static const uint32_t devices[DEVICES] = { 1, 3, 5, LATE };

/* What devices still have to answer: a bit for each ITag, by device. */
struct caches {
	uint32_t owed[LATE + 1];
	unsigned taken, answered; /* page requests, and their answers */
	uint32_t turn;
};

static struct caches *caches; /* of the test that runs */

static int completed(struct stand *s, uint32_t device, uint32_t itags)
{
	const struct iom_message m = { .kind = IOM_MESSAGE_INVALIDATED, .token = itags, .code = 1 };
	struct iom_endpoint *endpoint;

	if (iom_endpoint_get(s->unit, device, &endpoint) != IOM_OK)
		return IOM_ENOMEM;
	return iom_message(endpoint, &m);
}

static void hear(struct stand *s, uint32_t device, const struct iom_message *m)
{
	uint32_t itag = 1u << m->token % 32;

	if (m->kind == IOM_MESSAGE_PAGES) {
		__atomic_add_fetch(&caches->answered, 1, __ATOMIC_RELAXED);
		return;
	}
	if (device == LATE)
		return; /* its removal answers */
	if (__atomic_fetch_add(&caches->turn, 1, __ATOMIC_RELAXED) % 2)
		completed(s, device, itag);
	else
		__atomic_fetch_or(&caches->owed[device], itag, __ATOMIC_RELAXED);
}

static void *device(void *arg)
{
	struct hand *h = arg;
	struct stand *s = h->what;
	uint32_t me = devices[h->number];
	struct iom_endpoint *endpoint;
	struct iom_lane *lane;
	struct iom_port *port;

	if (iom_lane_open(s->unit, &lane) != IOM_OK)
		return NULL;
	port = stand_port(s, lane, me);
	WRONG(h->crew, iom_endpoint_get(s->unit, me, &endpoint) != IOM_OK);
	while (crew_goes_on(h->crew)) {
		uint32_t owed = __atomic_exchange_n(&caches->owed[me], 0, __ATOMIC_RELAXED);
		const struct iom_message page = { .kind = IOM_MESSAGE_PAGE_REQUEST,
			                          .address = 0x1000 * hand_below(h, 99),
			                          .token = hand_below(h, 512),
			                          .code = IOM_PAGE_WRITE | IOM_PAGE_LAST };
		unsigned number = hand_below(h, STAND_PAGES);
		const struct iom_request q = { .iova = STAND_IOVA + 4096 * number,
			                       .at = IOM_AT_TRANSLATION_REQUEST };
		struct iom_reply reply;
		int result;

		if (owed)
			WRONG(h->crew, completed(s, me, owed) != IOM_OK);
		WRONG(h->crew, iom_translate(port, &q, &reply) != IOM_OK);
		WRONG(h->crew, reply.perm && reply.spa != stand_target(me, number, 0) &&
		                       reply.spa != stand_target(me, number, 1));
		result = iom_message(endpoint, &page);
		WRONG(h->crew, result != IOM_OK && result != IOM_EBUSY);
		if (result == IOM_OK)
			__atomic_add_fetch(&caches->taken, 1, __ATOMIC_RELAXED);
		sched_yield();
	}
	iom_lane_close(lane);
	return NULL;
}

/* A device that is plugged and unplugged, and never answers. */
static void *visitor(void *arg)
{
	struct hand *h = arg;
	struct stand *s = h->what;
	struct iom_endpoint *endpoint;

	while (crew_goes_on(h->crew)) {
		WRONG(h->crew, iom_endpoint_get(s->unit, LATE, &endpoint) != IOM_OK);
		sched_yield();
		iom_endpoint_remove(endpoint);
	}
	return NULL;
}

static void *clockwork(void *arg)
{
	struct hand *h = arg;
	struct stand *s = h->what;

	while (crew_goes_on(h->crew)) {
		iom_step(s->unit, crew_ms());
		sched_yield();
	}
	return NULL;
}

/* Takes what the page queue holds; answers go by command. */
static void take_pages(struct stand *s, unsigned *stored)
{
	uint32_t head = stand_rd32(s, PQH), tail = stand_rd32(s, PQT);

	for (; head != tail; head = (head + 1) % (1 << PQ_LG2), ++*stored)
		stand_command(s, ATS_PRGR | RID(1), (uint64_t)head << 32, false);
	stand_wr(s, PQH, 4, head);
	if (stand_rd32(s, PQCSR) & (OF | MF))
		stand_wr(s, PQCSR, 4, EN | OF | MF);
}

/* The clock counts milliseconds as if they were nanoseconds: it ends nothing here. */
static bool fence_ends(struct stand *s)
{
	uint64_t since = crew_ms();

	stand_command(s, FENCE, 0, true);
	while (!stand_done(s)) {
		if (crew_ms() - since > 10000)
			return false;
		sched_yield();
	}
	return true;
}

static void run(bool locked)
{
	struct stand *s = stand_new(locked);
	struct caches mine = { 0 };
	struct hand hand[DEVICES + 1];
	unsigned stored = 0, fences = 0, answers;
	struct crew crew = { 0 };
	uint64_t until;

	alarm(CREW_HUNG_S);
	caches = &mine;
	s->on_message = hear;
	for (unsigned i = 0; i < 3; i++)
		stand_put(s, s->ddt + 64ull * devices[i], 7); /* V, EN_ATS, EN_PRI */
	stand_command(s, INVAL_DDT, 0, false);
	CHECK(stand_fence(s));
	stand_wr(s, PQB, 8, PPN_OF(s->next) | (PQ_LG2 - 1));
	s->next += 4096;
	stand_wr(s, PQCSR, 4, EN);
	CHECK_EQ(stand_rd32(s, PQCSR), EN | ON);
	for (unsigned i = 0; i < 3; i++)
		crew_hire(&crew, &hand[i], device, s);
	crew_hire(&crew, &hand[3], visitor, s);
	crew_hire(&crew, &hand[4], clockwork, s);
	for (until = crew_ms() + CREW_MS;
	     (crew_ms() < until || fences <= 10) && !__atomic_load_n(&crew.wrong, __ATOMIC_RELAXED);
	     fences++) {
		for (unsigned i = 0; i < 12; i++)
			stand_command(s, ATS_INVAL | RID(devices[(fences + i) % DEVICES]),
			              0x1000 * i, i % 3 == 0);
		stand_flip(s, 1, fences % STAND_PAGES, fences & 1);
		stand_command(s, VMA, 0, false);
		take_pages(s, &stored);
		if (!fence_ends(s))
			break;
		if (stand_rd32(s, CQCSR) & CMD_TO)
			break;
	}
	crew_stop(&crew);
	for (unsigned i = 0; i < DEVICES; i++)
		completed(s, devices[i], ~0u);
	CHECK(fence_ends(s));
	CHECK_EQ(stand_rd32(s, CQCSR), EN | IE | ON);
	answers = mine.answered - stored; /* by the unit itself: the queue was full */
	take_pages(s, &stored);
	CHECK_EQ(stored + answers, mine.taken);
	s->on_message = NULL;
	stand_free(s);
	alarm(0);
}

TEST(threads_of_devices_with_caches, "")
{
	run(false);
}

TEST(threads_of_devices_with_caches_under_a_big_lock, "")
{
	run(true);
}
