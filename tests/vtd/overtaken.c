/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Resets by one thread while another is in the midst of a device's message, or of a descriptor. */
#include <pthread.h>

#include "queue.h"

#define SID 0x0123
#define ADDRESS 0x7000

static void *reset(void *opaque)
{
	iom_unit_reset(opaque);
	return NULL;
}

/* Somebody else resets the unit while the first thread reads memory for it. */
static void reset_now(struct rig *r, const struct iom_own_access *access)
{
	pthread_t thread;

	(void)access;
	r->on_own = NULL;
	CHECK_EQ(pthread_create(&thread, NULL, reset, r->unit), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
}

static void ask(uint64_t pasid_qw0)
{
	const struct iom_message m = { .kind = IOM_MESSAGE_PAGE_REQUEST,
		                       .address = ADDRESS,
		                       .code = IOM_PAGE_READ | IOM_PAGE_LAST };
	struct rig *r = rig_new();

	/* Where the queue of a unit after reset is. */
	rig_ram_at(r, 0, PAGE);
	rig_on(r, TTM_SCALABLE);
	rig_device(r, SID, 0, DTE | PRE, 0);
	rig_pasid_put(r, SID, 0, pasid_qw0, 1, 0);
	rig_page_queue(r, 0);
	rig_watch(r);
	r->on_own = reset_now;
	CHECK_EQ(rig_send(r, SID, &m), IOM_ENOTSUP);
	CHECK_EQ(rd64(r, PQT), 0);
	for (unsigned i = 0; i < 4; i++)
		CHECK_EQ(ram64(r, 8 * i), 0);
	CHECK_EQ(r->messages, 0);
	CHECK_EQ(rd32(r, FSTS), 0);
	rig_free(r);
}

TEST(page_request_and_reset, "VTD-PRQ-01")
{
	ask(PE_P | PGTT_PASS);
	ask(0);
}

/* No device is asked, and no wait waits for one. */
TEST(invalidation_and_reset, "")
{
	struct rig *r = rig_new();

	rig_on(r, TTM_LEGACY);
	rig_queue(r, 0, false);
	rig_watch(r);
	r->on_own = reset_now;
	rig_submit(r, T_DEVICE | (uint64_t)SID << 32, ADDRESS);
	CHECK(!r->on_own);
	CHECK_EQ(r->messages, 0);
	CHECK_EQ(rd32(r, GSTS), 0);
	rig_on(r, TTM_LEGACY);
	rig_queue(r, 0, false);
	rig_wait(r);
	rig_free(r);
}
