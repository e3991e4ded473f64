/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Resets by one thread while another is in the midst of something. */
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

static void reset_when_stored(struct rig *r, const struct iom_own_access *access)
{
	if (access->of == IOM_OF_QUEUE)
		reset_now(r, access);
}

/* A record that is stored in a queue of before, or cannot be, is none of the new one's. */
TEST(record_and_reset, "VTD-PRQ-01")
{
	const struct iom_message m = { .kind = IOM_MESSAGE_PAGE_REQUEST,
		                       .address = ADDRESS,
		                       .code = IOM_PAGE_READ | IOM_PAGE_LAST };

	for (unsigned there = 0; there < 2; there++) {
		struct rig *r = rig_new();

		rig_on(r, TTM_SCALABLE);
		rig_device(r, SID, 0, DTE | PRE, 0);
		rig_pasid_put(r, SID, 0, PE_P | PGTT_PASS, 1, 0);
		wr64(r, PQA, there ? page(r) : RIG_NOWHERE);
		rig_watch(r);
		r->on_own = reset_when_stored;
		CHECK_EQ(rig_send(r, SID, &m), IOM_OK);
		CHECK(!r->on_own);
		CHECK_EQ(rd64(r, PQT), 0);
		CHECK_EQ(rd32(r, PRS), 0);
		CHECK_EQ(r->messages, 0);
		rig_free(r);
	}
}

static void reset_and_go_on(struct rig *r, const struct iom_own_access *access)
{
	reset_now(r, access);
	wr64(r, IQA, r->queue);
	wr32(r, GCMD, QIE);
}

/* No device is asked, and no wait waits for one. */
TEST(invalidation_and_reset, "")
{
	struct rig *r = rig_new();

	rig_on(r, TTM_LEGACY);
	rig_queue(r, 0, false);
	rig_watch(r);
	r->on_own = reset_and_go_on;
	rig_submit(r, T_DEVICE | (uint64_t)SID << 32, ADDRESS);
	CHECK(!r->on_own);
	CHECK_EQ(r->messages, 0);
	CHECK_EQ(rd64(r, IQH), 0);
	r->tail = 0;
	rig_wait(r);
	rig_free(r);
}

static void context(void *opaque, const struct iom_context_info *info)
{
	(void)opaque, (void)info;
}

/* At the first invalidation: software then asks for one of domain 7. */
static void invalidated(void *opaque, const struct iom_invalidation *what)
{
	struct rig *r = opaque;

	(void)what;
	if (!r->on_own)
		return;
	reset_now(r, NULL);
	wr64(r, CCMD, 1ull << 63 | 2ull << 61 | 7);
}

/* The answer is the one to what software asked since. */
TEST(context_command_and_reset, "VTD-CCMD-02")
{
	static const struct iom_backend backend = { .bytes = sizeof backend,
		                                    .context = context,
		                                    .invalidate = invalidated };
	struct rig *r = rig_new();

	CHECK_EQ(iom_backend_set(r->unit, &backend, r), IOM_OK);
	r->on_own = reset_now;
	wr64(r, CCMD, 1ull << 63 | 1ull << 61);
	CHECK(!r->on_own);
	CHECK_EQ(rd64(r, CCMD), 2ull << 61 | 2ull << 59 | 7);
	rig_free(r);
}

/* At the first context: software then sets a root table, while a section is open. */
static void context_told(void *opaque, const struct iom_context_info *info)
{
	struct rig *r = opaque;

	(void)info;
	if (!r->on_own)
		return;
	reset_now(r, NULL);
	iom_begin(r->lane);
	wr32(r, GCMD, SRTP);
}

static void nothing(void *opaque, const struct iom_invalidation *what)
{
	(void)opaque, (void)what;
}

/* A change waits for the sections of its own time. */
TEST(global_command_and_reset, "")
{
	static const struct iom_backend backend = { .bytes = sizeof backend,
		                                    .context = context_told,
		                                    .invalidate = nothing };
	struct rig *r = rig_new();

	rig_port(r, SID);
	CHECK_EQ(iom_backend_set(r->unit, &backend, r), IOM_OK);
	r->on_own = reset_now;
	wr32(r, GCMD, SRTP);
	CHECK(!r->on_own);
	CHECK_EQ(rd32(r, GSTS), 0);
	iom_end(r->lane);
	CHECK_EQ(rd32(r, GSTS), SRTP);
	rig_free(r);
}
