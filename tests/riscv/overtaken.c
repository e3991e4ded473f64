/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Resets by one thread while another is in the midst of a device's message, or of a command. */
#include <pthread.h>

#include "ats_rig.h"

#define DEVICE 3

static struct {
	struct rig *r;
	unsigned of;                 /* at the unit's next access of this kind ... */
	void (*anew)(struct rig *r); /* ... it is reset, and what software does then is this */
} plan;

static void *reset(void *none)
{
	(void)none;
	iom_unit_reset(plan.r->unit);
	return NULL;
}

static void saw(void *opaque, uint32_t requester, const struct iom_own_access *access)
{
	pthread_t thread;

	(void)opaque, (void)requester;
	if (access->of != plan.of)
		return;
	plan.of = ~0u;
	CHECK_EQ(pthread_create(&thread, NULL, reset, NULL), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	plan.anew(plan.r);
}

static void reset_at(struct rig *r, unsigned of, void (*anew)(struct rig *r))
{
	static const struct iom_observer observer = { .bytes = sizeof observer, .own = saw };

	plan.r = r;
	plan.of = of;
	plan.anew = anew;
	CHECK_EQ(iom_observe(r->unit, &observer, NULL), IOM_OK);
}

static void page_queue(struct rig *r)
{
	ats_pq(r, 4, false);
}

/* The queue is the one that software made since; what let the device ask is of before. */
TEST(a_reset_overtakes_a_page_request, "")
{
	static const uint64_t may[] = { PRI_ON, ATS_ON };
	const struct iom_message m = { .kind = IOM_MESSAGE_PAGE_REQUEST,
		                       .address = 0x7000,
		                       .code = IOM_PAGE_READ | IOM_PAGE_LAST };
	uint64_t record[2];

	for (unsigned i = 0; i < COUNT(may); i++) {
		struct rig *r = ats_pri(DEVICE, may[i]);

		ats_pq(r, 4, false);
		reset_at(r, IOM_OF_DEVICE, page_queue);
		CHECK_EQ(ats_send(r, DEVICE, &m), IOM_EBUSY);
		CHECK_EQ(plan.of, ~0u);
		CHECK(!ats_pq_take(r, record));
		ats_unanswered(r);
		/* Sent again, it meets a unit that is off. */
		CHECK_EQ(ats_send(r, DEVICE, &m), IOM_OK);
		ats_answered(r, DEVICE, IOM_PAGES_FAILED, 0, false, 0);
		rig_free(r);
	}
}

static void command_queue(struct rig *r)
{
	rig_cq(r, 4, false);
}

/* No device is asked, and no fence waits for one. */
TEST(a_reset_overtakes_an_invalidation, "")
{
	struct rig *r = rig_new(CAP_ALL_ATS);

	rig_cq(r, 4, false);
	reset_at(r, IOM_OF_QUEUE, command_queue);
	rig_cmd(r, ATS_INVAL | CMD_RID(DEVICE), 0);
	CHECK_EQ(plan.of, ~0u);
	CHECK_EQ(r->messages, 0);
	CHECK_EQ(rd32(r, CQH), 0);
	rig_cmd(r, FENCE, 0);
	CHECK_EQ(rd32(r, CQH), 1);
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	rig_free(r);
}
