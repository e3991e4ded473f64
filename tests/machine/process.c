/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Processes of the machine's kernel, and engines that work for them. */
#include "bench.h"

#include "machine/process.h"

#include <string.h>

#define DEVICE 0x77
#define BYTES (6u * PAGE_BYTES)

struct scene {
	struct bench b;
	struct engine_driver *driver;
	struct process *p;
	uint64_t from, to;
};

static void open_scene(struct scene *s, bool wires)
{
	struct engine_place place = { .iommu = BRIDGE_CHIP,
		                      .requester = DEVICE,
		                      .processes = true };
	unsigned index;

	bench_open(&s->b, IOM_DOMAIN_STAGE1, 64, wires);
	CHECK_EQ(machine_engine_new(s->b.machine, BRIDGE_CHIP, DEVICE, 64, &index, NULL), IOM_OK);
	place.engine = &s->b.machine->engines[index]->engine;
	place.registers = machine_engine_spa(index);
	CHECK_EQ(engine_driver_new(s->b.kernel, &place, &s->driver, NULL), IOM_OK);
	CHECK_EQ(engine_driver_attach(s->driver, s->b.space, NULL), IOM_OK);
	CHECK_EQ(process_new(s->b.kernel, &s->p, NULL), IOM_OK);
	CHECK_EQ(process_promise(s->p, BYTES, &s->from, NULL), IOM_OK);
	CHECK_EQ(process_promise(s->p, BYTES, &s->to, NULL), IOM_OK);
	CHECK_EQ(process_attach(s->p, s->driver, NULL), IOM_OK);
}

static void close_scene(struct scene *s)
{
	process_free(s->p);
	engine_driver_free(s->driver);
	bench_close(&s->b);
}

static void fill(struct scene *s, uint8_t first)
{
	for (uint64_t at = 0; at < BYTES; at += PAGE_BYTES)
		memset(process_at(s->p, s->from + at), first++, PAGE_BYTES);
}

static struct engine_report copy(struct scene *s, uint64_t from, uint64_t to, uint32_t bytes)
{
	const struct engine_job job = {
		.from.iova = from,
		.to.iova = to,
		.bytes = bytes,
		.pasid = &s->p->pasid,
	};
	struct engine_report report;

	engine_driver_run(s->driver, &job, &report);
	return report;
}

/* Pages come while an order is under way, whatever carries the IOMMU's signals. */
TEST_EACH(process_pages_come_on_demand, "")
{
	for (unsigned wires = 0; wires < 2; wires++) {
		struct engine_report report;
		struct kernel_fault fault;
		struct scene s;

		open_scene(&s, wires);
		fill(&s, 1);
		CHECK_EQ(s.p->pages, 6);
		report = copy(&s, s.from, s.to, BYTES);
		CHECK_EQ(report.result, ENGINE_DONE);
		CHECK_EQ(report.bytes, BYTES);
		CHECK(report.interrupt);
		CHECK_EQ(s.p->asked, 6);
		CHECK_EQ(s.p->pages, 12);
		for (unsigned n = 0; n < 6; n++)
			CHECK_EQ(*process_at(s.p, s.to + n * PAGE_BYTES), n + 1);
		/* neither side at the start of a page */
		report = copy(&s, s.from + 100, s.to + 3000, 3 * PAGE_BYTES);
		CHECK_EQ(report.result, ENGINE_DONE);
		CHECK_EQ(*process_at(s.p, s.to + 3000), 1);
		CHECK_EQ(*process_at(s.p, s.to + 3000 + PAGE_BYTES - 100), 2);
		CHECK_EQ(*process_at(s.p, s.to + 2999 + 3 * PAGE_BYTES), 4);
		CHECK_EQ(s.p->asked, 6);
		CHECK(!kernel_fault(s.b.kernel, &fault));
		close_scene(&s);
	}
}

/* More pages than an interrupt handler takes in one go. */
TEST_EACH(process_many_pages, "")
{
	for (unsigned wires = 0; wires < 2; wires++) {
		struct scene s;
		uint64_t from, to;

		open_scene(&s, wires);
		CHECK_EQ(process_promise(s.p, 300 * PAGE_BYTES, &from, NULL), IOM_OK);
		CHECK_EQ(process_promise(s.p, 300 * PAGE_BYTES, &to, NULL), IOM_OK);
		CHECK_EQ(copy(&s, from, to, 300 * PAGE_BYTES).result, ENGINE_DONE);
		CHECK_EQ(s.p->asked, 600);
		CHECK_EQ(s.p->pages, 600);
		close_scene(&s);
	}
}

TEST_EACH(process_memory_that_was_not_promised, "")
{
	struct engine_report report;
	struct scene s;

	open_scene(&s, false);
	fill(&s, 1);
	report = copy(&s, s.from, s.to + BYTES - PAGE_BYTES, 2 * PAGE_BYTES);
	CHECK_EQ(report.result, ENGINE_WRITE_REFUSED);
	CHECK_EQ(report.bytes, PAGE_BYTES);
	CHECK_EQ(report.refused_at, s.to + BYTES);
	CHECK_EQ(s.p->refused, 1);
	CHECK(!process_at(s.p, s.to + BYTES));
	CHECK(!process_at(s.p, s.from - 1));
	/* the engine goes on with the next order */
	CHECK_EQ(copy(&s, s.from, s.to, BYTES).result, ENGINE_DONE);
	close_scene(&s);
}

TEST_EACH(process_page_taken_away, "")
{
	struct scene s;
	uint64_t phys;

	open_scene(&s, false);
	fill(&s, 1);
	CHECK_EQ(copy(&s, s.from, s.to, BYTES).result, ENGINE_DONE);
	CHECK_EQ(process_drop(s.p, s.to + PAGE_BYTES + 5, NULL), IOM_OK);
	CHECK_EQ(process_lookup(s.p, s.to + PAGE_BYTES, &phys), IOM_ENOENT);
	CHECK_EQ(process_drop(s.p, s.to + PAGE_BYTES, NULL), IOM_ENOENT);
	CHECK_EQ(s.p->pages, 11);
	fill(&s, 9);
	CHECK_EQ(copy(&s, s.from, s.to, BYTES).result, ENGINE_DONE);
	CHECK_EQ(s.p->asked, 7);
	CHECK_EQ(*process_at(s.p, s.to + PAGE_BYTES), 10);
	close_scene(&s);
}

/* All memory comes back, and what the device tries later is told with the PASID. */
TEST_EACH(process_ends_at_work, "")
{
	struct engine_report report;
	struct kernel_fault fault;
	struct scene s;
	uint32_t pages;
	uint8_t byte;

	open_scene(&s, false);
	CHECK_EQ(process_detach(s.p, s.driver, NULL), IOM_OK);
	process_free(s.p);
	pages = s.b.machine->low.unused;
	CHECK_EQ(process_new(s.b.kernel, &s.p, NULL), IOM_OK);
	CHECK_EQ(process_promise(s.p, BYTES, &s.from, NULL), IOM_OK);
	CHECK_EQ(process_promise(s.p, BYTES, &s.to, NULL), IOM_OK);
	CHECK_EQ(process_attach(s.p, s.driver, NULL), IOM_OK);
	fill(&s, 1);
	s.p->asks_to_end = 3;
	report = copy(&s, s.from, s.to, BYTES);
	CHECK_EQ(report.result, ENGINE_READ_REFUSED);
	CHECK_EQ(report.bytes, 2 * PAGE_BYTES);
	CHECK(s.p->ended);
	CHECK_EQ(s.b.machine->low.unused, pages);
	CHECK(!kernel_fault(s.b.kernel, &fault));
	CHECK_EQ(dma_engine_load_of(s.driver->place.engine, &s.p->pasid, s.from, &byte, 1),
	         IOM_EFAULT);
	kernel_interrupts(s.b.kernel);
	CHECK(kernel_fault(s.b.kernel, &fault));
	CHECK(fault.what.has_pasid);
	CHECK_EQ(fault.what.pasid, s.p->pasid);
	CHECK_EQ(fault.what.iova, s.from);
	CHECK_EQ(process_end(s.p, NULL), IOM_OK);
	CHECK(process_attach(s.p, s.driver, NULL) != IOM_OK);
	close_scene(&s);
}

/* The kernel has no page to give; the device gives up, and the kernel goes on. */
TEST_EACH(process_without_memory, "")
{
	struct engine_report report;
	struct scene s;
	uint64_t page[1024];
	unsigned taken = 0;

	open_scene(&s, false);
	fill(&s, 1);
	while (pages_take(&s.b.machine->low, &page[taken]))
		taken++;
	report = copy(&s, s.from, s.to, BYTES);
	CHECK_EQ(report.result, ENGINE_WRITE_REFUSED);
	CHECK_EQ(report.bytes, 0);
	while (taken)
		pages_give(&s.b.machine->low, page[--taken], 1);
	CHECK_EQ(copy(&s, s.from, s.to, BYTES).result, ENGINE_DONE);
	close_scene(&s);
}

/* Group 5 was asked for by nobody, and a register write gives an order up. */
TEST_EACH(engine_ignores_strange_answers, "")
{
	const struct iom_message answer = { .kind = IOM_MESSAGE_PAGES, .token = 5 };
	struct scene s;

	open_scene(&s, false);
	fill(&s, 1);
	dma_engine_message(s.driver->place.engine, &answer);
	CHECK_EQ(copy(&s, s.from, s.to, BYTES).result, ENGINE_DONE);
	dma_engine_message(s.driver->place.engine, &answer);
	CHECK_EQ(copy(&s, s.from, s.to, BYTES).result, ENGINE_DONE);
	close_scene(&s);
}
