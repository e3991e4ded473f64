/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Resets by one thread while another is in the midst of something. */
#include <pthread.h>

#include "ats_rig.h"
#include "dbg.h"

#define DEVICE 3
#define NEVER (~0u)
#define AT_CONTEXT 100u /* a backend is told of a context */

static struct {
	struct rig *r;
	unsigned at;                 /* the unit's next access of this kind, or AT_CONTEXT: ... */
	void (*anew)(struct rig *r); /* ... it is reset, and what software does then is this    */
} plan;

static void *reset(void *none)
{
	(void)none;
	iom_unit_reset(plan.r->unit);
	return NULL;
}

static void happens(unsigned what)
{
	pthread_t thread;

	if (what != plan.at)
		return;
	plan.at = NEVER;
	CHECK_EQ(pthread_create(&thread, NULL, reset, NULL), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	plan.anew(plan.r);
}

static void accessed(void *opaque, uint32_t requester, const struct iom_own_access *access)
{
	(void)opaque, (void)requester;
	happens(access->of);
}

static void context(void *opaque, const struct iom_context_info *info)
{
	(void)opaque, (void)info;
	happens(AT_CONTEXT);
}

static void invalidate(void *opaque, const struct iom_invalidation *what)
{
	(void)opaque, (void)what;
}

static void reset_at(struct rig *r, unsigned at, void (*anew)(struct rig *r))
{
	static const struct iom_observer observer = { .bytes = sizeof observer, .own = accessed };
	static const struct iom_backend backend = { .bytes = sizeof backend,
		                                    .context = context,
		                                    .invalidate = invalidate };

	plan.r = r;
	plan.at = at;
	plan.anew = anew;
	CHECK_EQ(iom_observe(r->unit, &observer, NULL), IOM_OK);
	CHECK_EQ(iom_backend_set(r->unit, &backend, NULL), IOM_OK);
}

static void page_queue(struct rig *r)
{
	ats_pq(r, 4, false);
}

static const struct iom_message page_request = { .kind = IOM_MESSAGE_PAGE_REQUEST,
	                                         .address = 0x7000,
	                                         .code = IOM_PAGE_READ | IOM_PAGE_LAST };

/* The queue is the one that software made since; what let the device ask is of before. */
TEST(a_reset_overtakes_a_page_request, "")
{
	static const uint64_t may[] = { PRI_ON, ATS_ON };
	uint64_t record[2];

	for (unsigned i = 0; i < COUNT(may); i++) {
		struct rig *r = ats_pri(DEVICE, may[i]);

		ats_pq(r, 4, false);
		reset_at(r, IOM_OF_DEVICE, page_queue);
		CHECK_EQ(ats_send(r, DEVICE, &page_request), IOM_EBUSY);
		CHECK_EQ(plan.at, NEVER);
		CHECK(!ats_pq_take(r, record));
		ats_unanswered(r);
		/* Sent again, it meets a unit that is off. */
		CHECK_EQ(ats_send(r, DEVICE, &page_request), IOM_OK);
		ats_answered(r, DEVICE, IOM_PAGES_FAILED, 0, false, 0);
		rig_free(r);
	}
}

/* A record that is stored in a queue of before, or cannot be, is none of the new one's. */
TEST(a_reset_overtakes_a_record, "")
{
	uint64_t record[2];

	for (unsigned there = 0; there < 2; there++) {
		struct rig *r = ats_pri(DEVICE, PRI_ON);

		wr64(r, PQB, PPN_OF(there ? page(r) : RIG_NOWHERE) | 3);
		wr32(r, PQCSR, EN);
		reset_at(r, IOM_OF_QUEUE, page_queue);
		CHECK_EQ(ats_send(r, DEVICE, &page_request), IOM_OK);
		CHECK_EQ(plan.at, NEVER);
		CHECK(!ats_pq_take(r, record));
		CHECK_EQ(rd32(r, PQCSR), EN | ON);
		ats_unanswered(r);
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
	CHECK_EQ(plan.at, NEVER);
	CHECK_EQ(r->messages, 0);
	CHECK_EQ(rd32(r, CQH), 0);
	rig_cmd(r, FENCE, 0);
	CHECK_EQ(rd32(r, CQH), 1);
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	rig_free(r);
}

static void ask_another(struct rig *r)
{
	wr64(r, TR_REQ_CTL, DBG_GO | DBG_NW | DBG_DID(DEVICE));
}

/* The answer is the one to what software asked since: the unit is off, and nothing is granted. */
TEST(a_reset_overtakes_a_debug_translation, "")
{
	struct rig *r = rig_new(CAP_EXT | CAP_DBG);

	rig_ddt(r, 1);
	rig_dc_put(r, DEVICE, 1, 0, 0, 0);
	reset_at(r, IOM_OF_DEVICE, ask_another);
	wr64(r, TR_REQ_IOVA, 0x7000);
	wr64(r, TR_REQ_CTL, DBG_GO | DBG_NW | DBG_DID(DEVICE));
	CHECK_EQ(plan.at, NEVER);
	CHECK_EQ(rd64(r, TR_RESPONSE), 1);
	CHECK_EQ(rd64(r, TR_REQ_CTL), DBG_NW | DBG_DID(DEVICE));
	rig_free(r);
}

static void change_in_a_section(struct rig *r)
{
	iom_begin(r->lane);
	wr64(r, DDTP, BARE);
}

/* A change waits for the sections of its own time. */
TEST(a_reset_overtakes_a_change_of_ddtp, "")
{
	struct rig *r = rig_new(0);

	rig_port(r, DEVICE);
	reset_at(r, AT_CONTEXT, change_in_a_section);
	wr64(r, DDTP, BARE);
	CHECK_EQ(plan.at, NEVER);
	CHECK_EQ(rd64(r, DDTP), BARE | DDTP_BUSY);
	iom_end(r->lane);
	CHECK_EQ(rd64(r, DDTP), BARE);
	rig_free(r);
}
