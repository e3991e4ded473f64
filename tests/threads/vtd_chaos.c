/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Everything at once over a VT-d unit: DMA, interrupts, translation and page requests of several lanes;
 * descriptors, commands, resets and moves; endpoints that come and go.  What a device gets is right or
 * refused, an interrupt is one that software asked for, nothing hangs, and afterwards the unit works.
 */
#include <stdlib.h>
#include <string.h>

#include "vtd_stand.h"

#define DMA_THREADS 4
#define VISITOR 0x70u /* comes and goes, and never answers */

/* ---- Devices ------------------------------------------------------------------------------ */

/* A refused access may be anybody's doing; a granted one leads where the page led, now or before. */
static void access_once(struct hand *h, struct iom_port *port, unsigned device)
{
	struct vtd_stand *s = h->what;
	unsigned page = hand_below(h, VTD_PAGES);
	struct iom_request q = { .iova = VTD_IOVA + 4096 * page + 8 * h->number,
		                 .bytes = 8,
		                 .access = hand_below(h, 2) ? IOM_WRITE : IOM_READ };
	struct iom_reply reply;
	uint64_t spa;

	if (!hand_below(h, 4))
		q.at = IOM_AT_TRANSLATION_REQUEST;
	if (device % 2 == 0) {
		q.flags = IOM_REQ_PASID;
		q.pasid = VTD_PASID;
	}
	vtd_enter(s);
	if (iom_translate(port, &q, &reply) == IOM_OK && reply.perm) {
		spa = reply.spa & ~0xfffull;
		/* The third is what it leads to while nothing is translated. */
		WRONG(h->crew, spa != vtd_target(device, page, 0) &&
		                       spa != vtd_target(device, page, 1) &&
		                       spa != VTD_IOVA + 4096 * page);
		if (reply.host && reply.perm & IOM_PERM_WRITE && !q.at)
			*(uint64_t *)reply.host = h->state;
	}
	vtd_leave(s);
}

/* Through a port, or without one. */
static void interrupt_once(struct hand *h, struct iom_port *port, unsigned device)
{
	const struct iom_request q = { .iova = VTD_MESSAGE(hand_below(h, 2)) };
	struct vtd_stand *s = h->what;
	const uint32_t nothing = 0;
	struct iom_endpoint *endpoint;
	struct iom_route route;
	struct iom_reply reply;

	vtd_enter(s);
	switch (iom_endpoint_get(s->unit, device, &endpoint) ? 0 : hand_below(h, 3)) {
	case 0:
		iom_write(port, &q, &nothing, sizeof nothing, &reply);
		break;
	case 1:
		iom_msi(endpoint, q.iova, 0, &reply);
		break;
	default:
		iom_msi_translate(endpoint, q.iova, 0, &route, &reply);
	}
	vtd_leave(s);
}

static void ask_for_page(struct hand *h, unsigned device)
{
	const struct iom_message ask = {
		.kind = IOM_MESSAGE_PAGE_REQUEST,
		.address = VTD_IOVA,
		.token = hand_below(h, 512),
		.pasid = VTD_PASID,
		.flags = device % 2 ? 0 : IOM_REQ_PASID,
		.code = IOM_PAGE_READ | IOM_PAGE_LAST,
	};
	struct vtd_stand *s = h->what;
	struct iom_endpoint *endpoint;

	vtd_enter(s);
	if (iom_endpoint_get(s->unit, device, &endpoint) == IOM_OK)
		iom_message(endpoint, &ask);
	vtd_leave(s);
}

static void *dma(void *arg)
{
	struct hand *h = arg;
	struct vtd_stand *s = h->what;
	struct iom_port *ports[VTD_DEVICES + 1] = { NULL };
	struct iom_lane *lane = NULL;

	while (crew_goes_on(h->crew)) {
		unsigned device = 1 + hand_below(h, VTD_DEVICES);

		vtd_enter(s);
		if (!lane)
			WRONG(h->crew, iom_lane_open(s->unit, &lane) != IOM_OK);
		if (!ports[device])
			ports[device] = vtd_port(s, lane, device);
		iom_begin(lane);
		vtd_leave(s);
		for (unsigned i = 0; i < 8; i++)
			access_once(h, ports[device], device);
		interrupt_once(h, ports[device], device);
		vtd_enter(s);
		iom_end(lane);
		vtd_leave(s);
		if (!hand_below(h, 8))
			ask_for_page(h, device);
		if (!hand_below(h, 200)) {
			vtd_enter(s);
			iom_lane_close(lane);
			vtd_leave(s);
			lane = NULL;
			memset(ports, 0, sizeof ports);
		}
		sched_yield();
	}
	iom_lane_close(lane);
	return NULL;
}

/* ---- Software ----------------------------------------------------------------------------- */

static void invalidate_once(struct hand *h, struct vtd_stand *s, unsigned device)
{
	uint64_t iova = VTD_IOVA + 4096ull * hand_below(h, VTD_PAGES), did = VTD_DID(device) << 16;
	uint64_t pasid = (uint64_t)VTD_PASID << 32, sid = device;

	switch (hand_below(h, 8)) {
	case 0:
		vtd_descriptor(s, 0xd2, 0); /* everything */
		break;
	case 1:
		vtd_descriptor(s, 0xe2 | did, 0); /* a domain */
		break;
	case 2:
		vtd_descriptor(s, 0xf2 | did, iova | hand_below(h, 3));
		break;
	case 3:
		vtd_descriptor(s, 0x26 | did | pasid, 0);
		break;
	case 4:
		vtd_descriptor(s, 0x36 | did | pasid, iova);
		break;
	case 5:
		vtd_descriptor(s, 0x31 | did | sid << 32, 0); /* contexts, and PASIDs */
		vtd_descriptor(s, 0x37, 0);
		break;
	case 6:
		vtd_descriptor(s, 3 | sid << 32, iova); /* the device's own */
		break;
	default:
		vtd_descriptor(s, 3 | (uint64_t)VISITOR << 32, iova);
	}
}

/* What happens seldom. */
static void upheaval(struct hand *h, struct vtd_stand *s)
{
	switch (hand_below(h, 100)) {
	case 0:
		vtd_reset(s, hand_below(h, 2));
		break;
	case 1:
		WRONG(h->crew, !vtd_global(s, VTD_TE, false) || !vtd_global(s, VTD_TE, true));
		break;
	case 2:
		WRONG(h->crew, !vtd_global(s, VTD_QIE, false) || !vtd_queue_on(s));
		break;
	case 3:
		WRONG(h->crew, !vtd_global(s, VTD_IRE, false) || !vtd_global(s, VTD_IRTP, true) ||
		                       !vtd_global(s, VTD_IRE, true));
		break;
	case 4:
		WRONG(h->crew, !vtd_global(s, VTD_RTP, true));
		break;
	case 5:
		WRONG(h->crew, !vtd_move(s));
		break;
	default:
		break;
	}
}

/* Flips leaves and targets of interrupts, invalidates in all ways, and waits. */
static void *software(void *arg)
{
	struct hand *h = arg;
	struct vtd_stand *s = h->what;

	while (crew_goes_on(h->crew)) {
		unsigned device = 1 + hand_below(h, VTD_DEVICES), n = 1 + hand_below(h, 4);

		vtd_flip(s, device, hand_below(h, VTD_PAGES), hand_below(h, 2));
		vtd_retarget(s, hand_below(h, 2));
		vtd_descriptor(s, hand_below(h, 2) ? 0x14 : 4, 0);
		while (n--)
			invalidate_once(h, s, device);
		WRONG(h->crew, !vtd_wait(s));
		upheaval(h, s);
	}
	__atomic_store_n(&s->awaited, false, __ATOMIC_SEQ_CST);
	return NULL;
}

/* Faults and page requests are taken without a look. */
static void *drainer(void *arg)
{
	struct hand *h = arg;
	struct vtd_stand *s = h->what;

	while (crew_goes_on(h->crew)) {
		vtd_enter(s);
		vtd_drain(s);
		iom_step(s->unit,
		         crew_ms()); /* milliseconds count as nanoseconds: it ends nothing */
		vtd_leave(s);
		sched_yield();
	}
	return NULL;
}

static void *visitor(void *arg)
{
	struct hand *h = arg;
	struct vtd_stand *s = h->what;
	struct iom_endpoint *guest;

	while (crew_goes_on(h->crew) || __atomic_load_n(&s->awaited, __ATOMIC_SEQ_CST)) {
		vtd_enter(s);
		if (iom_endpoint_get(s->unit, VISITOR, &guest) == IOM_OK) {
			iom_msi(guest, VTD_MESSAGE(0), 0, NULL);
			if (hand_below(h, 2)) {
				WRONG(h->crew, iom_endpoint_renumber(guest, VISITOR + 1) != IOM_OK);
				WRONG(h->crew, iom_endpoint_renumber(guest, VISITOR) != IOM_OK);
			}
			vtd_leave(s);
			sched_yield();
			vtd_enter(s);
			iom_endpoint_remove(guest);
		}
		vtd_leave(s);
		sched_yield();
	}
	return NULL;
}

/* After all of it: a reset, and exact answers. */
static void still_works(struct vtd_stand *s)
{
	struct iom_request q = { .bytes = 8 };
	struct iom_endpoint *endpoint;
	struct iom_reply reply;
	struct iom_lane *lane;
	struct iom_port *port;
	unsigned msis;

	vtd_reset(s, true);
	CHECK_EQ(iom_lane_open(s->unit, &lane), IOM_OK);
	port = vtd_port(s, lane, 1);
	for (unsigned i = 0; i < 2 * VTD_PAGES; i++) {
		unsigned page = i / 2, which = i % 2;

		vtd_flip(s, 1, page, which);
		vtd_descriptor(s, 0xf2 | VTD_DID(1) << 16, VTD_IOVA + 4096ull * page);
		CHECK(vtd_wait(s));
		q.iova = VTD_IOVA + 4096ull * page;
		CHECK_EQ(iom_translate(port, &q, &reply), IOM_OK);
		CHECK_EQ(reply.spa, vtd_target(1, page, which));
	}
	CHECK_EQ(iom_endpoint_get(s->unit, 1, &endpoint), IOM_OK);
	msis = s->msis;
	CHECK_EQ(iom_msi(endpoint, VTD_MESSAGE(0), 0, &reply), IOM_OK);
	CHECK_EQ(s->msis, msis + 1);
	q.iova = 0;
	CHECK_EQ(iom_translate(port, &q, &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 0x79);
	CHECK_EQ(vtd_drain(s), 1);
}

TEST(threads_vtd_all_at_once, "")
{
	struct vtd_stand *s = vtd_stand_new();
	struct hand hand[DMA_THREADS + 3];
	struct crew crew = { 0 };
	unsigned waits;

	alarm(CREW_HUNG_S);
	s->awaited = true;
	for (unsigned i = 0; i < DMA_THREADS; i++)
		crew_hire(&crew, &hand[i], dma, s);
	crew_hire(&crew, &hand[DMA_THREADS], software, s);
	crew_hire(&crew, &hand[DMA_THREADS + 1], drainer, s);
	crew_hire(&crew, &hand[DMA_THREADS + 2], visitor, s);
	usleep(CREW_MS * 1000);
	crew_stop(&crew);
	waits = s->waits;
	CHECK_MSG(waits > 20, "%u waits", waits);
	CHECK_EQ(s->wrong, 0);
	still_works(s);
	vtd_stand_free(s);
	alarm(0);
}
