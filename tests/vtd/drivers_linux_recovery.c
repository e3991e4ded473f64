/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Linux's ways out of queue errors, and how it drains page requests. */
#include "driver.h"

#define SID 0x0123
#define PASID 5
#define DEVTLB (3 | (uint64_t)SID << 32)
#define EVERYTHING 0x7ffffffffffff001ull

/*
 * A device that leaves `deaf` invalidations without an answer, and sends `busy` page requests before
 * each that it gives.
 */
static unsigned deaf, busy, asked, tags;

static void listen(struct rig *r, uint32_t requester, const struct iom_message *m)
{
	(void)r;
	if (m->kind != IOM_MESSAGE_INVALIDATE)
		return;
	CHECK_EQ(requester, SID);
	asked++;
	if (deaf)
		deaf--;
	else
		tags |= 1u << m->token;
}

static void answer(struct driver *d)
{
	const struct iom_message done = { .kind = IOM_MESSAGE_INVALIDATED,
		                          .token = tags,
		                          .code = 1 };
	unsigned i;

	if (!tags)
		return;
	for (i = 0; i < busy; i++)
		rig_page_pid(d->r, SID, i * PAGE, IOM_PAGE_READ, i % 512, PASID, 0);
	tags = 0;
	CHECK_EQ(rig_send(d->r, SID, &done), IOM_OK);
}

static void begin(struct driver *d, bool wide)
{
	struct rig *r = wide ? rig_new() : rig_new_caps(CAP_LEGACY, ECAP_LEGACY);

	deaf = busy = asked = tags = 0;
	r->on_message = listen;
	driver_init(d, r);
	d->devices = answer;
	driver_interrupts(d, true);
	driver_root(d, wide);
	driver_fault_event(d, 0x31);
	if (wide) {
		rig_device(r, SID, 7, DTE | PASIDE | PRE, 0);
		rig_pasid_put(r, SID, 0, PE_P | PGTT_PASS, 1, 0);
		rig_pasid_put(r, SID, PASID, PE_P | PGTT_FS, 1 | PWSNP, page(r));
		driver_page_requests(d);
	}
	driver_translate(d);
}

/* Several rounds of the ring: nothing is left behind by what happened before. */
static void queue_works(struct driver *d)
{
	unsigned i;

	CHECK_EQ(rd32(d->r, FSTS), 0);
	for (i = 0; i < 300; i++)
		driver_flush(d, 2 | 1 << 4, 0);
	CHECK_EQ(rd32(d->r, IQH), rd32(d->r, IQT));
	CHECK_EQ(rd32(d->r, FSTS), 0);
}

TEST(linux_mends_a_descriptor, "VTD-DRV-04 VTD-QI-18 VTD-QI-20")
{
	static const struct {
		uint64_t qw[4];
		unsigned iqei;
	} bad[] = {
		{ { 0 }, 3 },
		{ { 0xe }, 3 },
		{ { 1 }, 4 },
		{ { 2 | 1 << 4, 1 << 7 }, 4 },
	};
	unsigned wide, i, round;

	for (wide = 0; wide < 2; wide++) {
		struct driver d;

		begin(&d, wide);
		for (round = 0; round < 100; round++)
			for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
				unsigned events = d.r->msis, errors = d.iqe;

				CHECK_EQ(driver_submit(&d, &bad[i].qw, 1, false), SUBMIT_INVALID);
				CHECK_EQ(d.iqe, errors + 1);
				CHECK_EQ(d.r->msis, events + 1);
				/* IQEI keeps what it was. */
				CHECK_EQ(rd64(d.r, IQERCD) & 0xf, bad[i].iqei);
				/* Its wait, and the copy, have been carried out. */
				CHECK_EQ(rd32(d.r, IQH), rd32(d.r, IQT));
				CHECK_EQ(rd32(d.r, FSTS), 0);
				driver_flush(&d, 4, 0);
			}
		queue_works(&d);
		rig_free(d.r);
	}
}

TEST(linux_submits_again_after_a_time_out, "VTD-DRV-04 VTD-QI-30")
{
	const uint64_t two[2][4] = { { 2 | 1 << 4 }, { DEVTLB, EVERYTHING } };
	unsigned wide, n;

	for (wide = 0; wide < 2; wide++)
		for (n = 1; n < 4; n++) {
			struct driver d;
			unsigned tries = 1, events;

			begin(&d, wide);
			driver_flush(&d, DEVTLB, EVERYTHING);
			CHECK_EQ(asked, 1);
			deaf = n;
			events = d.r->msis;
			while (driver_submit(&d, two, 2, false) == SUBMIT_AGAIN)
				tries++;
			CHECK_EQ(tries, n + 1);
			CHECK_EQ(asked, n + 2);
			CHECK_EQ(d.ite, n);
			CHECK_EQ(d.ite_sid, SID);
			CHECK_EQ(d.r->msis, events + n);
			queue_works(&d);
			driver_flush(&d, DEVTLB, EVERYTHING);
			rig_free(d.r);
		}
}

TEST(linux_goes_on_after_a_wrong_completion, "VTD-DRV-04 VTD-QI-31")
{
	const struct iom_message wrong = { .kind = IOM_MESSAGE_INVALIDATED,
		                           .token = 1u << 31,
		                           .code = 1 };
	unsigned wide;

	for (wide = 0; wide < 2; wide++) {
		const uint64_t one[1][4] = { { DEVTLB, EVERYTHING } };
		struct driver d;

		begin(&d, wide);
		deaf = 1;
		/* While a device is waited for: the error is seen on the way to its time-out. */
		CHECK_EQ(rig_send(d.r, SID + 1, &wrong), IOM_OK);
		CHECK_EQ(rd32(d.r, FSTS), ICE);
		CHECK_EQ(rd64(d.r, IQERCD) >> 48, SID + 1);
		CHECK_EQ(driver_submit(&d, one, 1, false), SUBMIT_AGAIN);
		CHECK_EQ(d.ice, 1);
		CHECK_EQ(d.ite, 1);
		CHECK_EQ(driver_submit(&d, one, 1, false), SUBMIT_DONE);
		queue_works(&d);
		rig_free(d.r);
	}
}

/* ---- Page requests ------------------------------------------------------------------------ */

/*
 * Before a PASID goes: a fence, the IOTLB, the Device-TLB, and a wait that drains.  While requests
 * overflow the queue it is done again.
 */
static unsigned drain(struct driver *d)
{
	const uint64_t qw[3][4] = { { 1ull << 32 | 1 << 5 | 1 << 6 | 5,
		                      d->words + 4ull * DRIVER_SLOTS },
		                    { 6 | 2 << 4 | 1 << 16 | (uint64_t)PASID << 32 },
		                    { 8 | SID << 16 | (uint64_t)PASID << 32, 0x7ffffffffffff800 } };
	unsigned rounds = 0;

	driver_serve_pages(d);
	do {
		put32(d->r, d->words + 4ull * DRIVER_SLOTS, 0);
		CHECK_EQ(driver_submit(d, qw, 3, true), SUBMIT_DONE);
		CHECK_EQ(ram32(d->r, d->words + 4ull * DRIVER_SLOTS), 1);
		rounds++;
		CHECK(rounds < 10);
		if (!(rd32(d->r, PRS) & 2))
			break;
		driver_serve_pages(d);
		busy = 0;
	} while (true);
	return rounds;
}

TEST(linux_drains_page_requests, "VTD-DRV-05 VTD-PRQ-08")
{
	static const unsigned loads[] = { 0, 1, 100, 2047 };
	struct driver d;
	unsigned i;

	begin(&d, true);
	for (i = 0; i < sizeof(loads) / sizeof(*loads); i++) {
		const uint64_t tail = rd64(d.r, PQT);

		d.requests = 0;
		busy = loads[i];
		CHECK_EQ(drain(&d), 1);
		/* All that the device asked before it answered is there. */
		CHECK_EQ(rd64(d.r, PQT), (tail + 32ull * loads[i]) % (16 * PAGE));
		CHECK_EQ(rd32(d.r, PRS), loads[i] != 0);
		driver_serve_pages(&d);
		CHECK_EQ(d.requests, loads[i]);
		CHECK_EQ(rd64(d.r, PQH), rd64(d.r, PQT));
		CHECK_EQ(rd32(d.r, PRS), 0);
	}
	rig_free(d.r);
}

TEST(linux_drains_more_than_the_queue_holds, "VTD-DRV-05 VTD-PRQ-03")
{
	struct driver d;

	begin(&d, true);
	busy = 2100;
	CHECK_EQ(drain(&d), 2);
	CHECK_EQ(d.requests, 2047);
	CHECK_EQ(rd32(d.r, PRS), 0);
	CHECK_EQ(rd64(d.r, PQH), rd64(d.r, PQT));
	/* Requests are taken again. */
	rig_page_pid(d.r, SID, 0x5000, IOM_PAGE_READ, 3, PASID, 0);
	CHECK_EQ(rd32(d.r, PRS), 1);
	driver_serve_pages(&d);
	CHECK_EQ(d.requests, 2048);
	rig_free(d.r);
}
