/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Everything at once: devices, commands, resets, regions, lanes, ports and endpoints that come and go.
 * What a device gets is right or refused, nothing hangs, and afterwards the unit works.
 */
#include <stdlib.h>

#include "stand.h"

#define DMA_THREADS 8

/* A refused access may be anybody's doing; a granted one leads where the page led, now or before. */
static void access_once(struct hand *h, struct iom_port *port, unsigned device)
{
	unsigned page = hand_below(h, STAND_PAGES);
	struct iom_request q = { .iova = STAND_IOVA + 4096 * page + 8 * h->number,
		                 .bytes = 8,
		                 .access = hand_below(h, 2) ? IOM_WRITE : IOM_READ };
	struct iom_reply reply;
	uint64_t spa;

	if (device % 2 == 0) {
		q.flags = IOM_REQ_PASID;
		q.pasid = 1 + hand_below(h, STAND_PIDS);
	}
	if (iom_translate(port, &q, &reply) != IOM_OK)
		return;
	spa = reply.spa & ~0xfffull;
	WRONG(h->crew,
	      spa != stand_target(device, page, 0) && spa != stand_target(device, page, 1));
	if (reply.host && q.access == IOM_WRITE)
		*(uint64_t *)reply.host = h->state;
}

static void *dma(void *arg)
{
	struct hand *h = arg;
	struct stand *s = h->what;
	struct iom_port *ports[STAND_DEVICES + 1] = { NULL };
	struct iom_lane *lane = NULL;

	while (crew_goes_on(h->crew)) {
		unsigned device = 1 + hand_below(h, STAND_DEVICES);
		struct iom_request refused = { .iova = 1ull << 60, .bytes = 8 };
		struct iom_reply reply;

		if (!lane && iom_lane_open(s->unit, &lane) != IOM_OK)
			break;
		if (!ports[device])
			ports[device] = stand_port(s, lane, device);
		iom_begin(lane);
		for (unsigned i = 0; i < 8; i++)
			access_once(h, ports[device], device);
		if (!hand_below(h, 4))
			iom_translate(ports[device], &refused, &reply);
		iom_end(lane);
		if (!hand_below(h, 200)) {
			iom_lane_close(lane);
			lane = NULL;
			for (unsigned i = 0; i <= STAND_DEVICES; i++)
				ports[i] = NULL;
		}
		sched_yield();
	}
	iom_lane_close(lane);
	return NULL;
}

/* Software: flips leaves, invalidates in all ways, resets now and then. */
static void *software(void *arg)
{
	static const uint64_t ddt_all = INVAL_DDT, vma_all = VMA, gvma_all = GVMA;
	struct hand *h = arg;
	struct stand *s = h->what;

	while (crew_goes_on(h->crew)) {
		unsigned device = 1 + hand_below(h, STAND_DEVICES);
		uint64_t iova = STAND_IOVA + 4096ull * hand_below(h, STAND_PAGES);

		stand_flip(s, device, hand_below(h, STAND_PAGES), hand_below(h, 2));
		stand_command(s, VMA | 1 << 10, iova >> 12 << 10, hand_below(h, 2));
		stand_command(s, hand_below(h, 2) ? vma_all | 1ull << 32 | device << 12 : gvma_all,
		              0, false);
		if (!hand_below(h, 4))
			stand_command(s, ddt_all | 1ull << 33 | (uint64_t)device << 40, 0, true);
		if (!hand_below(h, 4))
			stand_command(s, INVAL_PDT | 1ull << 33 | 1 << 12 | (uint64_t)device << 40,
			              0, true);
		if (!hand_below(h, 8))
			stand_command(s, hand_below(h, 2) ? ddt_all : vma_all, 0, true);
		WRONG(h->crew, !stand_fence(s));
		if (!hand_below(h, 50)) {
			if (hand_below(h, 2))
				iom_unit_reset(s->unit);
			else
				iom_unit_reset_warm(s->unit);
			stand_up(s);
		} else if (!hand_below(h, 50)) {
			stand_wr(s, DDTP, 8, OFF);
			while (stand_rd32(s, DDTP) & DDTP_BUSY)
				sched_yield();
			stand_wr(s, DDTP, 8, PPN_OF(s->ddt) | LVL1);
		}
	}
	return NULL;
}

/* The fault queue is emptied without a look: its interrupts are answered, its overflows cleared. */
static void *drainer(void *arg)
{
	struct hand *h = arg;
	struct stand *s = h->what;

	while (crew_goes_on(h->crew)) {
		stand_wr(s, FQH, 4, stand_rd32(s, FQT));
		if (stand_rd32(s, FQCSR) & (OF | MF))
			stand_wr(s, FQCSR, 4, EN | IE | OF | MF);
		stand_wr(s, IPSR, 4, CIP | FIP);
		iom_step(s->unit, crew_ms());
		sched_yield();
	}
	return NULL;
}

/* The embedder: regions and endpoints come and go. */
static void *embedder(void *arg)
{
	struct hand *h = arg;
	struct stand *s = h->what;
	const struct iom_region extra = {
		.spa = STAND_EXTRA, .bytes = 4096, .host = s->extra, .flags = IOM_REGION_TRACK
	};
	struct iom_endpoint *guest;

	while (crew_goes_on(h->crew)) {
		WRONG(h->crew, iom_memory_add(s->memory, &extra, NULL) != IOM_OK);
		WRONG(h->crew, iom_memory_poison(s->memory, STAND_EXTRA + 64, 64) != IOM_OK);
		if (iom_endpoint_get(s->unit, 40, &guest) == IOM_OK) {
			WRONG(h->crew, iom_endpoint_renumber(guest, 41) != IOM_OK);
			iom_endpoint_remove(guest);
		}
		WRONG(h->crew, iom_memory_cure(s->memory, STAND_EXTRA + 64, 64) != IOM_OK);
		WRONG(h->crew, iom_memory_remove(s->memory, STAND_EXTRA) != IOM_OK);
		sched_yield();
	}
	return NULL;
}

/* After all of it: a reset, and exact answers. */
static void still_works(struct stand *s)
{
	struct iom_request q = { .bytes = 8 };
	struct iom_reply reply;
	struct iom_lane *lane;
	struct iom_port *port;
	uint32_t fqt;

	iom_unit_reset(s->unit);
	stand_up(s);
	CHECK_EQ(iom_lane_open(s->unit, &lane), IOM_OK);
	port = stand_port(s, lane, 1);
	for (unsigned i = 0; i < STAND_PAGES; i++) {
		for (unsigned which = 0; which < 2; which++) {
			stand_flip(s, 1, i, which);
			stand_command(s, VMA | 1 << 10, (STAND_IOVA + 4096ull * i) >> 12 << 10,
			              false);
			CHECK(stand_fence(s));
			q.iova = STAND_IOVA + 4096ull * i;
			CHECK_EQ(iom_translate(port, &q, &reply), IOM_OK);
			CHECK_EQ(reply.spa, stand_target(1, i, which));
		}
	}
	fqt = stand_rd32(s, FQT);
	q.iova = 0;
	CHECK_EQ(iom_translate(port, &q, &reply), IOM_EFAULT);
	CHECK_EQ(stand_rd32(s, FQT), fqt + 1);
}

static void all_at_once(bool locked)
{
	struct stand *s = stand_new(locked);
	struct hand hand[DMA_THREADS + 3];
	struct crew crew = { 0 };

	alarm(CREW_HUNG_S);
	for (unsigned i = 0; i < DMA_THREADS; i++)
		crew_hire(&crew, &hand[i], dma, s);
	crew_hire(&crew, &hand[DMA_THREADS], software, s);
	crew_hire(&crew, &hand[DMA_THREADS + 1], drainer, s);
	crew_hire(&crew, &hand[DMA_THREADS + 2], embedder, s);
	usleep(CREW_MS * 1000);
	crew_stop(&crew);
	CHECK_MSG(s->orders > 20, "%u fences", s->orders);
	still_works(s);
	stand_free(s);
	alarm(0);
}

TEST(threads_all_at_once, "")
{
	all_at_once(false);
}

/* One lock around every call that is not a device's access, and inside every callback. */
TEST(threads_under_a_big_lock, "")
{
	all_at_once(true);
}
