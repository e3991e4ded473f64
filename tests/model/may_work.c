/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* host.may_work: what a thread leaves undone that may not do it, and who does it then. */
#include "../riscv/rig.h"
#include "../riscv/sheet.h"

#define SPOT (RIG_RAM + 0x800000)

static void fence(struct rig *r, uint32_t data)
{
	rig_cmd(r, FENCE | FENCE_AV | FENCE_DATA(data), SPOT >> 2);
}

/* A unit in which a fault interrupts. */
static struct rig *faulty(void)
{
	struct rig *r = rig_new(0);

	rig_fq(r, 3, true);
	wr64(r, MSI_CFG, RIG_DEVICE);
	return r;
}

TEST(record_and_interrupt_wait_for_who_may_work, "")
{
	struct rig *r = faulty();

	r->idle = true;
	CHECK_EQ(rig_cause(r, 1, 0, IOM_READ), 256);
	CHECK(r->put_off);
	/* Nor does a look at registers help, of a thread that may not. */
	CHECK_EQ(rd32(r, FQT), 0);
	CHECK_EQ(r->msis, 0);
	r->idle = false;
	iom_step(r->unit, 1);
	CHECK_EQ(r->msis, 1);
	rig_expect(r, rig_record(256, 2, 1), 0, 0);
	rig_expect_none(r);
	rig_free(r);
}

TEST(what_waits_to_be_done_is_saved, "")
{
	struct rig *r = faulty();

	r->idle = true;
	CHECK_EQ(rig_cause(r, 1, 0, IOM_READ), 256);
	rig_move(r);
	r->idle = false;
	iom_step(r->unit, 1);
	CHECK_EQ(r->msis, 1);
	rig_expect(r, rig_record(256, 2, 1), 0, 0);
	rig_free(r);
}

static unsigned told;

static void hear_context(void *opaque, const struct iom_context_info *info)
{
	(void)opaque, (void)info;
}

static void hear_invalidation(void *opaque, const struct iom_invalidation *what)
{
	struct rig *r = opaque;

	(void)what;
	CHECK(!r->idle);
	told++;
}

/* The end of a section lets a fence end, and what is behind it begin: not on any thread. */
TEST(end_of_a_section_leaves_the_queue_to_who_may_work, "")
{
	static const struct iom_backend backend = { .bytes = sizeof backend,
		                                    .context = hear_context,
		                                    .invalidate = hear_invalidation };
	struct rig *r = rig_new(0);

	told = 0;
	CHECK_EQ(iom_backend_set(r->unit, &backend, r), IOM_OK);
	rig_cq(r, 3, false);
	iom_begin(r->lane);
	fence(r, 5);
	rig_cmd(r, 1 | 0u << 7, 0); /* IOTINVAL.VMA */
	fence(r, 6);
	r->idle = true;
	r->put_off = 0;
	iom_end(r->lane);
	CHECK_EQ(r->put_off, 1);
	CHECK_EQ(rd32(r, CQH), 0);
	CHECK_EQ(ram32(r, SPOT), 0);
	CHECK_EQ(told, 0);
	r->idle = false;
	CHECK_EQ(rd32(r, CQH), 3);
	CHECK_EQ(ram32(r, SPOT), 6);
	CHECK_EQ(told, 1);
	/* With nothing to do, nobody is asked. */
	r->idle = true;
	r->put_off = 0;
	rd32(r, CQH);
	CHECK_EQ(r->put_off, 0);
	rig_free(r);
}
