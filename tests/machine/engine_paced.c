/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Paced engines: they can be met, held and taken elsewhere in the middle of a descriptor. */
#include <string.h>

#include "base/endian.h"
#include "bench.h"

static struct dma_engine *engine_of(const struct bench *b)
{
	return b->driver->place.engine;
}

static uint64_t reg(const struct bench *b, unsigned off, unsigned bytes)
{
	return machine_mmio_read(b->machine, b->driver->place.registers + off, bytes);
}

static int order(struct bench *b, uint64_t offset, uint32_t bytes)
{
	const struct engine_job job = { .from.iova = b->from_iova + offset,
		                        .to.iova = b->to_iova + offset,
		                        .bytes = bytes };

	return engine_driver_order(b->driver, &job);
}

TEST_EACH(engine_paced_works_step_by_step, "")
{
	struct engine_report r;
	struct bench b;

	bench_open(&b, IOM_DOMAIN_STAGE1, 64, false);
	CHECK(!dma_engine_step(engine_of(&b))); /* it is not paced yet */
	dma_engine_pace(engine_of(&b), 1);
	CHECK(!dma_engine_step(engine_of(&b)));
	CHECK_EQ(order(&b, 0, 2 * PAGE_BYTES), IOM_OK);
	CHECK_EQ(order(&b, 2 * PAGE_BYTES, 100), IOM_OK);
	CHECK_EQ(order(&b, 0, 0), IOM_OK);
	CHECK(!engine_driver_collect(b.driver, &r));
	CHECK_EQ(engine_of(&b)->reads, 0);

	CHECK(dma_engine_step(engine_of(&b)));
	CHECK_EQ(bench_same(&b), PAGE_BYTES);
	CHECK(engine_of(&b)->order.open);
	CHECK_EQ(reg(&b, ENGINE_HEAD, 4), 0);
	CHECK(!engine_driver_collect(b.driver, &r));

	CHECK(dma_engine_step(engine_of(&b)));
	CHECK_EQ(reg(&b, ENGINE_HEAD, 4), 1);
	CHECK(engine_driver_collect(b.driver, &r));
	CHECK_EQ(r.result, ENGINE_DONE);
	CHECK_EQ(r.bytes, 2 * PAGE_BYTES);
	CHECK(!engine_driver_collect(b.driver, &r));

	CHECK(dma_engine_step(engine_of(&b)));
	CHECK(!dma_engine_step(engine_of(&b))); /* the one of no bytes was the last */
	CHECK_EQ(bench_same(&b), 2 * PAGE_BYTES + 100);
	CHECK(engine_driver_collect(b.driver, &r));
	CHECK_EQ(r.bytes, 100);
	CHECK(engine_driver_collect(b.driver, &r));
	CHECK_EQ(r.result, ENGINE_DONE);
	CHECK(!engine_driver_collect(b.driver, &r));
	kernel_interrupts(b.kernel);
	CHECK_EQ(b.kernel->spurious, 0);
	/* a copy that waits works as ever */
	CHECK(bench_copy(&b, b.from_iova, b.to_iova, 4 * PAGE_BYTES).interrupt);
	CHECK_EQ(bench_same(&b), 4 * PAGE_BYTES);
	bench_close(&b);
}

TEST_EACH(engine_held_stands_still, "")
{
	struct engine_report r;
	struct bench b;

	bench_open(&b, IOM_DOMAIN_STAGE1, 64, false);
	dma_engine_hold(engine_of(&b), true);
	CHECK_EQ(order(&b, 0, 100), IOM_OK); /* not paced: it would be done by now */
	CHECK_EQ(engine_of(&b)->reads, 0);
	dma_engine_hold(engine_of(&b), false);
	CHECK(engine_driver_collect(b.driver, &r));
	CHECK_EQ(r.bytes, 100);

	dma_engine_pace(engine_of(&b), 1);
	CHECK_EQ(order(&b, 0, 4 * PAGE_BYTES), IOM_OK);
	CHECK(dma_engine_step(engine_of(&b)));
	dma_engine_hold(engine_of(&b), true);
	CHECK(!dma_engine_step(engine_of(&b)));
	CHECK_EQ(engine_of(&b)->order.done, PAGE_BYTES);
	dma_engine_hold(engine_of(&b), false);
	CHECK(dma_engine_step(engine_of(&b)));
	bench_close(&b);
}

TEST_EACH(engine_ring_is_finite, "")
{
	struct engine_piece piece = { 0x1000, 8 };
	struct engine_job list = { .from = { .count = 1, .pieces = &piece }, .bytes = 8 };
	struct engine_report r;
	unsigned given = 0;
	struct bench b;

	bench_open(&b, IOM_DOMAIN_STAGE1, 64, false);
	dma_engine_pace(engine_of(&b), 8);
	while (!order(&b, 0, 8))
		given++;
	CHECK_EQ(given, 127);
	CHECK_EQ(order(&b, 0, 8), IOM_ENOSPC);
	CHECK_EQ(dma_engine_step(engine_of(&b)), true);
	while (engine_driver_collect(b.driver, &r))
		given--;
	CHECK_EQ(given, 127 - 8);
	CHECK_EQ(order(&b, 0, 8), IOM_OK);
	CHECK_EQ(engine_driver_order(b.driver, &list), IOM_EBUSY);
	bench_close(&b);
}

/* What cannot reach its ring rests until software has seen to it; each order is told once. */
TEST_EACH(engine_paced_rests_after_its_ring_was_refused, "")
{
	struct kernel_fault f;
	struct engine_report r;
	struct bench b;

	bench_open(&b, IOM_DOMAIN_STAGE1, 64, false);
	dma_engine_pace(engine_of(&b), 1);
	CHECK_EQ(order(&b, 0, 2 * PAGE_BYTES), IOM_OK);
	CHECK_EQ(order(&b, 0, 8), IOM_OK);
	CHECK(dma_engine_step(engine_of(&b)));
	CHECK_EQ(space_unmap(b.space, b.driver->iova[0], NULL), IOM_OK);
	CHECK(!dma_engine_step(engine_of(&b)));
	CHECK(!dma_engine_step(engine_of(&b)));
	kernel_interrupts(b.kernel);
	CHECK(kernel_fault(b.kernel, &f));
	CHECK(f.what.write);
	CHECK(!kernel_fault(b.kernel, &f));
	CHECK_EQ(reg(&b, ENGINE_STATUS, 4), ENGINE_RING_REFUSED);
	CHECK(engine_driver_collect(b.driver, &r));
	CHECK_EQ(r.result, ENGINE_PENDING);
	CHECK(engine_driver_collect(b.driver, &r));
	CHECK(!engine_driver_collect(b.driver, &r));
	CHECK_EQ(reg(&b, ENGINE_STATUS, 4), 0);

	CHECK_EQ(space_map(b.space, b.driver->pages[0], b.driver->iova[0],
	                   IOM_PROT_READ | IOM_PROT_WRITE, &b.driver->iova[0], NULL),
	         IOM_OK);
	CHECK_EQ(bench_copy(&b, b.from_iova, b.to_iova, 64).result, ENGINE_DONE);
	bench_close(&b);
}

TEST_EACH(engine_new_ring_drops_what_is_under_way, "")
{
	struct bench b;

	bench_open(&b, IOM_DOMAIN_STAGE1, 64, false);
	dma_engine_pace(engine_of(&b), 1);
	CHECK_EQ(order(&b, 0, 4 * PAGE_BYTES), IOM_OK);
	CHECK(dma_engine_step(engine_of(&b)));
	machine_mmio_write(b.machine, b.driver->place.registers + ENGINE_RING_ENTRIES, 4, 64);
	CHECK(!engine_of(&b)->order.open);
	CHECK(!dma_engine_step(engine_of(&b)));
	CHECK_EQ(bench_same(&b), PAGE_BYTES);
	bench_close(&b);
}

/* ---- Going on elsewhere ------------------------------------------------------------------------ */

TEST(engine_goes_on_from_its_state, "")
{
	uint8_t saved[ENGINE_STATE_BYTES];
	struct engine_driver *second;
	struct engine_piece pieces[2];
	struct engine_job job = { .from = { .count = 2, .pieces = pieces } };
	struct dma_engine *other;
	struct engine_report r;
	struct bench b;

	bench_open(&b, IOM_DOMAIN_STAGE1, 64, false);
	second = bench_driver(&b, BRIDGE_CHIP, 0x11, 64);
	other = second->place.engine;
	CHECK_EQ(iom_domain_attach(b.space->domains[BRIDGE_CHIP], 0x11), IOM_OK);
	dma_engine_pace(engine_of(&b), 2);
	dma_engine_pace(other, 2);

	/* in the middle of a list, in the middle of its second element */
	pieces[0] = (struct engine_piece){ b.from_iova, PAGE_BYTES };
	pieces[1] = (struct engine_piece){ b.from_iova + PAGE_BYTES, 3 * PAGE_BYTES };
	job.to.iova = b.to_iova;
	job.bytes = 4 * PAGE_BYTES;
	CHECK_EQ(engine_driver_order(b.driver, &job), IOM_OK);
	CHECK(dma_engine_step(engine_of(&b)));
	CHECK_EQ(engine_of(&b)->order.done, 2 * PAGE_BYTES);
	dma_engine_save(engine_of(&b), saved);
	dma_engine_hold(engine_of(&b), true);
	CHECK_EQ(dma_engine_restore(other, saved), IOM_OK);
	engine_driver_follow(b.driver, other);
	CHECK(!dma_engine_step(other));
	CHECK(engine_driver_collect(b.driver, &r));
	CHECK_EQ(r.result, ENGINE_DONE);
	CHECK_EQ(r.bytes, 4 * PAGE_BYTES);
	CHECK_EQ(bench_same(&b), 4 * PAGE_BYTES);
	CHECK_EQ(other->bytes_written, 2 * PAGE_BYTES + 8 + 4);
	kernel_interrupts(b.kernel);
	CHECK_EQ(b.kernel->engine_interrupts[b.driver->slot], 1);

	CHECK_EQ(iom_domain_detach(b.space->domains[BRIDGE_CHIP], 0x11), IOM_OK);
	engine_driver_free(second);
	bench_close(&b);
}

TEST_EACH(engine_refuses_states_that_none_is_in, "")
{
	/* word, and a value that it cannot have */
	static const struct {
		unsigned word;
		uint64_t val;
	} bad[] = {
		{ 0, 32 },                   /* another width                  */
		{ 2, ENGINE_RING_MAX + 1 },  /* ring entries                   */
		{ 3, 128 },                  /* head                           */
		{ 4, 128 },                  /* tail                           */
		{ 6, UINT64_C(1) << 32 },    /* interrupt data                 */
		{ 7, 4 },                    /* status                         */
		{ 8, 2 },                    /* is a descriptor under way?     */
		{ 12, 2 * PAGE_BYTES + 1 },  /* done: more than its bytes      */
		{ 13, ENGINE_RESULTS },      /* result                         */
		{ 17, ENGINE_LIST_MAX + 1 }, /* elements                       */
		{ 2, 0 },                    /* no ring, but something of it   */
	};
	uint8_t saved[ENGINE_STATE_BYTES], after[ENGINE_STATE_BYTES], wrong[ENGINE_STATE_BYTES];
	struct bench b;

	bench_open(&b, IOM_DOMAIN_STAGE1, 64, false);
	dma_engine_pace(engine_of(&b), 1);
	CHECK_EQ(order(&b, 0, 2 * PAGE_BYTES), IOM_OK);
	CHECK(dma_engine_step(engine_of(&b)));
	dma_engine_save(engine_of(&b), saved);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		memcpy(wrong, saved, sizeof saved);
		iom_st64(wrong + (size_t)bad[i].word * 8, bad[i].val, false);
		CHECK_MSG(dma_engine_restore(engine_of(&b), wrong) == IOM_EINVAL, "row %zu", i);
		dma_engine_save(engine_of(&b), after);
		CHECK_MSG(!memcmp(saved, after, sizeof saved), "row %zu changed it", i);
	}
	CHECK_EQ(dma_engine_restore(engine_of(&b), saved), IOM_OK);
	bench_close(&b);
}
