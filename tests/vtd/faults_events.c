/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Which faults, and which errors beside them, raise the fault event. */
#include "rig.h"

#define SID 0x0123
#define OTHER 0x0456
#define IP (1u << 30)
#define IM (1u << 31)
#define TO 0xfee01000ull

static void fault(struct rig *r)
{
	struct iom_reply reply;

	CHECK_EQ(rig_translate(r, SID, rq(0x1000, IOM_READ), &reply), IOM_EFAULT);
	CHECK_EQ(reply.fault, 0x01);
}

/* One of the three errors of the queue. */
static void queue_error(struct rig *r)
{
	rig_submit(r, 0, 0);
	CHECK_EQ(rd32(r, FSTS) & IQE, IQE);
}

static void completion_error(struct rig *r)
{
	const struct iom_message nobody = { .kind = IOM_MESSAGE_INVALIDATED,
		                            .token = 4,
		                            .code = 1 };

	CHECK_EQ(rig_send(r, SID, &nobody), IOM_OK);
	CHECK_EQ(rd32(r, FSTS) & ICE, ICE);
}

static void time_out(struct rig *r)
{
	rig_submit(r, (uint64_t)SID << 32 | 3, 0);
	iom_step(r->unit, 0);
	iom_step(r->unit, 120ull * 1000 * 1000 * 1000);
	CHECK_EQ(rd32(r, FSTS) & ITE, ITE);
}

static const struct {
	void (*raise)(struct rig *);
	uint32_t bit;
} errors[] = { { queue_error, IQE }, { completion_error, ICE }, { time_out, ITE } };

static struct rig *ready(unsigned records)
{
	struct rig *r = rig_new_caps((CAP_ALL & ~CAP_NFR(256)) | CAP_NFR(records), ECAP_ALL);

	rig_on(r, TTM_LEGACY);
	rig_queue(r, 0, false);
	rig_event(r, FECTL, TO, 0x31);
	return r;
}

/* Messages since the last time; each must be the fault event's. */
static unsigned events(struct rig *r)
{
	unsigned n = r->msis, i;

	for (i = 0; i < n; i++) {
		CHECK_EQ(r->msi[i].address, TO);
		CHECK_EQ(r->msi[i].data, 0x31);
	}
	r->msis = 0;
	return n;
}

TEST(first_fault_raises_one_event, "VTD-FLT-04 VTD-FLT-05 VTD-EVT-01")
{
	struct rig *r = ready(4);

	fault(r);
	CHECK_EQ(rd32(r, FSTS), PPF);
	CHECK_EQ(events(r), 1);
	CHECK_EQ(rd32(r, FECTL), 0);
	fault(r);
	fault(r);
	CHECK_EQ(events(r), 0);
	CHECK_EQ(rd32(r, FSTS), PPF);
	/* Some are cleared, and some not. */
	wr32(r, RIG_FRO + 12, 1u << 31);
	fault(r);
	CHECK_EQ(events(r), 0);
	wr32(r, RIG_FRO + 16 * 1 + 12, 1u << 31);
	wr32(r, RIG_FRO + 16 * 2 + 12, 1u << 31);
	wr32(r, RIG_FRO + 16 * 3 + 12, 1u << 31);
	CHECK_EQ(rd32(r, FSTS) & 0xff, 0);
	fault(r);
	CHECK_EQ(events(r), 1);
	CHECK_EQ(rd32(r, FSTS) & 0xff, PPF);
	rig_free(r);
}

TEST(overflow_alone_raises_no_event, "VTD-FLT-15 VTD-FLT-06")
{
	struct rig *r = ready(1);

	fault(r);
	CHECK_EQ(events(r), 1);
	fault(r);
	CHECK_EQ(rd32(r, FSTS), PFO | PPF);
	CHECK_EQ(events(r), 0);
	wr32(r, RIG_FRO + 12, 1u << 31);
	CHECK_EQ(rd32(r, FSTS) & 0xff, PFO);
	fault(r);
	CHECK_EQ(events(r), 0);
	/* PFO still counts as a condition that waits. */
	queue_error(r);
	CHECK_EQ(events(r), 0);
	wr32(r, FSTS, PFO | IQE);
	events(r);
	rig_free(r);
}

TEST(fault_beside_an_error_raises_no_event, "VTD-FLT-15 VTD-EVT-05")
{
	unsigned i, k;

	for (i = 0; i < 3; i++) {
		struct rig *r = ready(4);

		errors[i].raise(r);
		CHECK_EQ(rd32(r, FSTS), errors[i].bit);
		CHECK_EQ(events(r), 1);
		fault(r);
		CHECK_EQ(rd32(r, FSTS) & 0xff, errors[i].bit | PPF);
		CHECK_EQ(events(r), 0);
		rig_free(r);

		/* The errors themselves beside a fault, and beside each other */
		r = ready(4);
		fault(r);
		CHECK_EQ(events(r), 1);
		errors[i].raise(r);
		CHECK_EQ(events(r), 0);
		rig_free(r);
		for (k = 0; k < 3; k++) {
			/* The queue has stopped by then. */
			if (i == k || errors[i].bit != ICE)
				continue;
			r = ready(4);
			errors[i].raise(r);
			CHECK_EQ(events(r), 1);
			errors[k].raise(r);
			CHECK_EQ(rd32(r, FSTS), errors[i].bit | errors[k].bit);
			CHECK_EQ(events(r), 0);
			rig_free(r);
		}
	}
}

/* Once all is cleared the next condition is told again. */
TEST(each_error_raises_an_event_again, "VTD-EVT-05 VTD-QI-19")
{
	struct rig *r = ready(4);
	unsigned i;

	for (i = 0; i < 3; i++) {
		completion_error(r);
		CHECK_EQ(events(r), 1);
		completion_error(r);
		CHECK_EQ(events(r), 0);
		wr32(r, FSTS, ICE);
		CHECK_EQ(rd32(r, FSTS), 0);
	}
	rig_free(r);
}

TEST(cleared_records_take_the_event_back, "VTD-FLT-07 VTD-EVT-03")
{
	struct rig *r = ready(4);
	unsigned n;

	wr32(r, FECTL, IM);
	for (n = 0; n < 3; n++)
		fault(r);
	CHECK_EQ(rd32(r, FECTL), IM | IP);
	for (n = 0; n < 3; n++) {
		CHECK_EQ(rd32(r, FSTS), PPF);
		CHECK_EQ(rd32(r, FECTL), IM | IP);
		wr32(r, RIG_FRO + 16 * n + 12, 1u << 31);
	}
	CHECK_EQ(rd32(r, FSTS) & 0xff, 0);
	CHECK_EQ(rd32(r, FECTL), IM);
	wr32(r, FECTL, 0);
	CHECK_EQ(events(r), 0);
	rig_free(r);
}

/* IP stays while any of the conditions does. */
TEST(event_waits_for_the_last_condition, "VTD-FLT-07 VTD-EVT-03")
{
	struct rig *r = ready(1);

	wr32(r, FECTL, IM);
	fault(r);
	fault(r);
	completion_error(r);
	queue_error(r);
	CHECK_EQ(rd32(r, FSTS), PFO | PPF | ICE | IQE);
	CHECK_EQ(rd32(r, FECTL), IM | IP);
	wr32(r, RIG_FRO + 12, 1u << 31);
	CHECK_EQ(rd32(r, FECTL), IM | IP);
	wr32(r, FSTS, ICE);
	CHECK_EQ(rd32(r, FECTL), IM | IP);
	put64(r, r->queue, 5);
	wr32(r, FSTS, IQE);
	CHECK_EQ(rd32(r, FSTS) & 0xff, PFO);
	CHECK_EQ(rd32(r, FECTL), IM | IP);
	wr32(r, FSTS, PFO);
	CHECK_EQ(rd32(r, FSTS) & 0xff, 0);
	CHECK_EQ(rd32(r, FECTL), IM);
	wr32(r, FECTL, 0);
	CHECK_EQ(events(r), 0);
	rig_free(r);
}
