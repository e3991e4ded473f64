/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The DMA engine: copying, lists, width, rings, and what a taken-over one gets. */
#include "bench.h"
#include "machine/imsic.h"

#include <string.h>

#include "base/endian.h"

static void set(struct bench *b, unsigned off, unsigned bytes, uint64_t val)
{
	machine_mmio_write(b->machine, machine_engine_spa(0) + off, bytes, val);
}

static uint64_t reg(struct bench *b, unsigned off, unsigned bytes)
{
	return machine_mmio_read(b->machine, machine_engine_spa(0) + off, bytes);
}

TEST_EACH(engine_copies_through_scattered_pages_and_interrupts, "")
{
	struct engine_report r;
	struct bench b;

	bench_open(&b, IOM_DOMAIN_STAGE1, 32, false);
	CHECK(!buffer_is_contiguous(b.from));
	r = bench_copy(&b, b.from_iova, b.to_iova, 4 * PAGE_BYTES);
	CHECK_EQ(r.result, ENGINE_DONE);
	CHECK_EQ(r.bytes, 4 * PAGE_BYTES);
	CHECK(r.interrupt);
	CHECK_EQ(bench_same(&b), 4 * PAGE_BYTES);
	r = bench_copy(&b, b.from_iova, b.to_iova, 0);
	CHECK_EQ(r.result, ENGINE_DONE);
	CHECK_EQ(b.kernel->engine_interrupts[0], 2);
	CHECK_EQ(b.kernel->fault_count, 0);
	bench_close(&b);
}

TEST_EACH(engine_copies_for_a_guest, "")
{
	struct bench b;

	bench_open(&b, IOM_DOMAIN_STAGE2, 32, false);
	CHECK_EQ(bench_copy(&b, b.from_iova + 3, b.to_iova + 3, 9000).result, ENGINE_DONE);
	CHECK_EQ(bench_copy(&b, b.from_iova, b.to_iova, 3).result, ENGINE_DONE);
	CHECK_EQ(bench_same(&b), 9003);
	bench_close(&b);
}

TEST_EACH(engine_goes_round_its_ring, "")
{
	struct bench b;

	bench_open(&b, IOM_DOMAIN_STAGE1, 64, false);
	for (unsigned i = 0; i < 300; i++)
		CHECK_MSG(bench_copy(&b, b.from_iova + i, b.to_iova + i, 1).result == ENGINE_DONE,
		          "order %u", i);
	CHECK_EQ(bench_same(&b), 300);
	CHECK_EQ(reg(&b, ENGINE_HEAD, 4), 300 % (PAGE_BYTES / ENGINE_DESCRIPTOR_BYTES));
	bench_close(&b);
}

TEST_EACH(engine_gathers_and_scatters, "")
{
	struct engine_piece from[3], to[2];
	struct engine_job job = { .bytes = 6000 };
	struct engine_report r;
	uint8_t x[6000], y[6000];
	struct bench b;

	bench_open(&b, IOM_DOMAIN_STAGE1, 32, false);
	from[0] = (struct engine_piece){ b.from_iova + 10000, 1 };
	from[1] = (struct engine_piece){ b.from_iova + 4000, 5000 };
	from[2] = (struct engine_piece){ b.from_iova, 999 };
	to[0] = (struct engine_piece){ b.to_iova + 8191, 2500 };
	to[1] = (struct engine_piece){ b.to_iova, 3500 };
	job.from = (struct engine_side){ .count = 3, .pieces = from };
	job.to = (struct engine_side){ .count = 2, .pieces = to };
	engine_driver_run(b.driver, &job, &r);
	CHECK_EQ(r.result, ENGINE_DONE);
	CHECK_EQ(r.bytes, 6000);
	buffer_read(b.from, 10000, x, 1);
	buffer_read(b.from, 4000, x + 1, 5000);
	buffer_read(b.from, 0, x + 5001, 999);
	buffer_read(b.to, 8191, y, 2500);
	buffer_read(b.to, 0, y + 2500, 3500);
	CHECK(!memcmp(x, y, sizeof x));

	/* a list on one side only, and one that ends too early */
	job.to = (struct engine_side){ .iova = b.to_iova };
	job.bytes = 6001;
	engine_driver_run(b.driver, &job, &r);
	CHECK_EQ(r.result, ENGINE_BAD);
	CHECK_EQ(r.bytes, 6000);
	buffer_read(b.to, 0, y, 6000);
	CHECK(!memcmp(x, y, sizeof x));
	bench_close(&b);
}

TEST_EACH(engine_lists_have_bounds, "")
{
	uint8_t element[ENGINE_ELEMENT_BYTES];
	uint32_t flags = ENGINE_SOURCE_LIST;
	struct dma_engine *e;
	struct bench b;
	uint8_t slot[ENGINE_DESCRIPTOR_BYTES] = { 0 };

	/* A list that lies where nothing is mapped, then one that begins with 0 bytes. */
	bench_open(&b, IOM_DOMAIN_STAGE1, 32, false);
	e = b.driver->place.engine;
	for (unsigned round = 0; round < 2; round++) {
		memset(element, 0, sizeof element);
		buffer_write(b.from, 0, element, sizeof element);
		iom_st64(slot, round ? b.from_iova : 0x7000000, false);
		iom_st64(slot + 8, b.to_iova, false);
		iom_st32(slot + 16, 16, false);
		iom_st32(slot + 20, flags, false);
		CHECK_EQ(dma_engine_store(e, b.to_iova + 0x1000, slot, sizeof slot), IOM_OK);
		set(&b, ENGINE_RING_BASE, 8, b.to_iova + 0x1000);
		set(&b, ENGINE_RING_ENTRIES, 4, 2);
		set(&b, ENGINE_DOORBELL, 4, 1);
		CHECK_EQ(dma_engine_load(e, b.to_iova + 0x1000, slot, sizeof slot), IOM_OK);
		CHECK_EQ(iom_ld32(slot + 24, false), round ? ENGINE_BAD : ENGINE_LIST_REFUSED);
		CHECK_EQ(reg(&b, ENGINE_HEAD, 4), 1);
	}
	bench_close(&b);
}

TEST_EACH(engine_of_32_bits_refuses_wider_addresses, "")
{
	const uint64_t limit = UINT64_C(1) << 32;
	struct engine_report r;
	struct bench b;
	uint8_t byte = 1;

	bench_open(&b, IOM_DOMAIN_IDENTITY, 32, false);
	CHECK(b.to->spa[0] >= limit);
	r = bench_copy(&b, b.from->spa[0], b.to->spa[0], 16);
	CHECK_EQ(r.result, ENGINE_TOO_WIDE);
	CHECK_EQ(r.bytes, 0);
	CHECK(r.interrupt);
	CHECK_EQ(bench_copy(&b, b.from->spa[0], limit - 8, 16).result, ENGINE_TOO_WIDE);
	CHECK_EQ(bench_copy(&b, UINT64_MAX - 3, b.from->spa[0], 16).result, ENGINE_TOO_WIDE);
	CHECK_EQ(dma_engine_store(b.driver->place.engine, limit, &byte, 1), IOM_EINVAL);
	CHECK_EQ(dma_engine_store(b.driver->place.engine, limit - 1, &byte, 2), IOM_EINVAL);
	CHECK_EQ(b.kernel->fault_count, 0);
	bench_close(&b);

	bench_open(&b, IOM_DOMAIN_IDENTITY, 64, false);
	CHECK_EQ(bench_copy(&b, b.from->spa[0], b.to->spa[0], 16).result, ENGINE_DONE);
	CHECK_EQ(bench_same(&b), 16);
	bench_close(&b);

	bench_open(&b, IOM_DOMAIN_STAGE1, 32, false);
	CHECK_EQ(bench_copy(&b, b.from_iova, b.to_iova, 4 * PAGE_BYTES).result, ENGINE_DONE);
	CHECK_EQ(bench_same(&b), 4 * PAGE_BYTES);
	bench_close(&b);
}

/* The first fault since the last one, which must name the device. */
static struct iom_os_fault fault(struct bench *b)
{
	struct kernel_fault f = { .iommu = 7 };

	kernel_interrupts(b->kernel);
	CHECK(kernel_fault(b->kernel, &f));
	CHECK_EQ(f.iommu, BRIDGE_CHIP);
	CHECK_EQ(f.what.requester, BENCH_DEVICE);
	CHECK(f.what.reason && *f.what.reason);
	return f.what;
}

static void check_strays(bool wires)
{
	struct iom_os_fault f;
	struct bench b;
	uint8_t buf[16], after[16], zero[16] = { 0 };

	bench_open(&b, IOM_DOMAIN_STAGE1, 64, wires);
	memset(buf, 0x5a, sizeof buf);
	CHECK_EQ(dma_engine_store(b.driver->place.engine, b.to->spa[0], buf, sizeof buf),
	         IOM_EFAULT);
	f = fault(&b);
	CHECK_EQ(f.iova, b.to->spa[0]);
	CHECK(f.write);
	buffer_read(b.to, 0, after, sizeof after);
	CHECK(!memcmp(after, zero, sizeof zero));
	CHECK_EQ(dma_engine_load(b.driver->place.engine, b.from->spa[0], buf, sizeof buf),
	         IOM_EFAULT);
	f = fault(&b);
	CHECK_EQ(f.iova, b.from->spa[0]);
	CHECK(!f.write);
	CHECK_EQ(buf[0], 0xff);
	/* registers of the IOMMU are as far away as memory */
	CHECK_EQ(dma_engine_store(b.driver->place.engine, MACHINE_IOMMU, buf, 8), IOM_EFAULT);
	CHECK_EQ(fault(&b).iova, MACHINE_IOMMU);
	bench_close(&b);
}

TEST_EACH(engine_strays_are_refused_and_reported_by_message, "")
{
	check_strays(false);
}

TEST(engine_strays_are_refused_and_reported_by_wire, "")
{
	check_strays(true);
}

TEST_EACH(engine_overrun_stops_at_the_mapping, "")
{
	struct bench b;

	bench_open(&b, IOM_DOMAIN_STAGE1, 64, false);
	b.driver->place.engine->overrun = 100;
	CHECK_EQ(bench_copy(&b, b.from_iova, b.to_iova, 4 * PAGE_BYTES).result, ENGINE_DONE);
	CHECK_EQ(fault(&b).iova, b.to_iova + 4 * PAGE_BYTES);
	CHECK_EQ(bench_same(&b), 4 * PAGE_BYTES);
	bench_close(&b);
}

TEST_EACH(engine_forged_interrupts_need_a_mapping, "")
{
	const uint8_t identity[4] = { 77 };
	struct bench b;

	bench_open(&b, IOM_DOMAIN_BLOCKED, 64, false);
	CHECK_EQ(dma_engine_store(b.driver->place.engine, IMSIC_WINDOW, identity, 4), IOM_EFAULT);
	CHECK_EQ(fault(&b).iova, IMSIC_WINDOW);
	CHECK_EQ(b.kernel->spurious, 0);
	bench_close(&b);

	bench_open(&b, IOM_DOMAIN_STAGE1, 64, false);
	CHECK_EQ(dma_engine_store(b.driver->place.engine, IMSIC_WINDOW, identity, 4), IOM_OK);
	kernel_interrupts(b.kernel);
	CHECK_EQ(b.kernel->spurious, 1);
	bench_close(&b);
}

TEST_EACH(engine_blocked_cannot_fetch_its_ring, "")
{
	struct engine_report r;
	struct bench b;

	bench_open(&b, IOM_DOMAIN_BLOCKED, 64, false);
	r = bench_copy(&b, 0x1000, 0x2000, 16);
	CHECK_EQ(r.result, ENGINE_PENDING);
	CHECK(!r.interrupt);
	CHECK_EQ(fault(&b).iova, b.driver->pages[0]->spa[0]);
	CHECK_EQ(reg(&b, ENGINE_STATUS, 4), 0); /* the driver has cleared it */
	bench_close(&b);
}

/* A descriptor may aim at the engine's own doorbell: that must neither nest nor last. */
TEST_EACH(engine_ringing_its_own_doorbell_ends, "")
{
	const uint64_t doorbell = machine_engine_spa(0) + ENGINE_DOORBELL;
	uint64_t ring;
	struct bench b;
	uint8_t slot[ENGINE_DESCRIPTOR_BYTES] = { 0 };

	bench_open(&b, IOM_DOMAIN_IDENTITY, 64, false);
	ring = b.to->spa[0];
	for (unsigned i = 0; i < 2; i++) {
		iom_st64(slot, ring + 2 * sizeof slot + 4 * i, false);
		iom_st64(slot + 8, doorbell, false);
		iom_st32(slot + 16, 4, false);
		CHECK_EQ(dma_engine_store(b.driver->place.engine, ring + i * sizeof slot, slot,
		                          sizeof slot),
		         IOM_OK);
	}
	/* slot 0 sets the tail to 0, slot 1 to 1: there is always something left to do */
	memset(slot, 0, sizeof slot);
	slot[4] = 1;
	CHECK_EQ(dma_engine_store(b.driver->place.engine, ring + 2 * sizeof slot, slot, 8), IOM_OK);
	set(&b, ENGINE_RING_BASE, 8, ring);
	set(&b, ENGINE_RING_ENTRIES, 4, 2);
	set(&b, ENGINE_DOORBELL, 4, 1);
	CHECK_EQ(reg(&b, ENGINE_STATUS, 4), 0);
	CHECK_EQ(b.driver->place.engine->writes, 3 + 2 * 2);
	bench_close(&b);
}

TEST_EACH(engine_registers_take_only_what_they_say, "")
{
	struct bench b;

	bench_open(&b, IOM_DOMAIN_STAGE1, 40, false);
	CHECK_EQ(reg(&b, ENGINE_BITS, 4), 40);
	set(&b, ENGINE_BITS, 4, 64);
	CHECK_EQ(reg(&b, ENGINE_BITS, 4), 40);
	set(&b, ENGINE_RING_ENTRIES, 4, 0);
	CHECK_EQ(reg(&b, ENGINE_RING_ENTRIES, 4), 128);
	set(&b, ENGINE_RING_ENTRIES, 4, ENGINE_RING_MAX + 1);
	CHECK_EQ(reg(&b, ENGINE_RING_ENTRIES, 4), 128);
	set(&b, ENGINE_DOORBELL, 4, 128);
	CHECK_EQ(reg(&b, ENGINE_DOORBELL, 4), 0);
	CHECK_EQ(reg(&b, ENGINE_RING_BASE, 4), 0xffffffff);
	CHECK_EQ(reg(&b, 0x800, 4), 0xffffffff);
	bench_close(&b);
}
