/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A DMA engine with a translation cache, its driver, and the kernel that takes memory back. */
#include "bench.h"

#include <string.h>

#include "base/endian.h"

#define ALL (4 * PAGE_BYTES)

static struct engine_atc *open(struct bench *b, unsigned kind)
{
	bench_open(b, kind, 64, false);
	CHECK_EQ(machine_engine_cache(b->machine, 0, NULL), IOM_OK);
	CHECK_EQ(engine_driver_ats(b->driver, true, NULL), IOM_OK);
	return &b->machine->engines[0]->atc;
}

static uint8_t *first_byte(struct bench *b)
{
	return board_at(&b->machine->board, b->to->spa[0]);
}

TEST_EACH(engine_atc_copies, "")
{
	for (unsigned kind = IOM_DOMAIN_STAGE1; kind <= IOM_DOMAIN_STAGE2; kind++) {
		struct bench b;
		struct engine_atc *atc = open(&b, kind);
		struct engine_report r = bench_copy(&b, b.from_iova, b.to_iova, ALL);
		uint64_t asked = iom_atc_requests(atc->atc);

		CHECK_EQ(r.result, ENGINE_DONE);
		CHECK(r.interrupt);
		CHECK_EQ(bench_same(&b), ALL);
		/* VT-d heeds that who reads does not want to write (NW): the ring takes two. */
		CHECK_EQ(asked, 4 + 4 + (b.machine->arch == &machine_vtd ? 2 : 1));
		CHECK_EQ(bench_copy(&b, b.from_iova, b.to_iova, ALL).result, ENGINE_DONE);
		CHECK_EQ(iom_atc_requests(atc->atc), asked);
		CHECK_EQ(b.kernel->fault_count, 0);
		bench_close(&b);
	}
}

TEST_EACH(engine_atc_register, "")
{
	struct bench b;
	uint64_t at = machine_engine_spa(0) + ENGINE_ATS;

	bench_open(&b, IOM_DOMAIN_STAGE1, 64, false);
	machine_mmio_write(b.machine, at, 4, 1);
	CHECK_EQ(machine_mmio_read(b.machine, at, 4), 0);
	CHECK_EQ(machine_engine_cache(b.machine, 0, NULL), IOM_OK);
	CHECK_EQ(machine_mmio_read(b.machine, at, 4), 0);
	machine_mmio_write(b.machine, at, 4, 3);
	CHECK_EQ(machine_mmio_read(b.machine, at, 4), 1);
	/* The IOMMU does not let it: it goes on untranslated, and the kernel hears of it. */
	CHECK_EQ(bench_copy(&b, b.from_iova, b.to_iova, ALL).result, ENGINE_DONE);
	CHECK_EQ(iom_atc_requests(b.machine->engines[0]->atc.atc), 1);
	CHECK_EQ(b.kernel->fault_count, 1);
	bench_close(&b);
}

TEST_EACH(engine_atc_unmapping_waits_for_an_access, "PCI-ATS-14")
{
	struct bench b;
	struct engine_atc *atc = open(&b, IOM_DOMAIN_STAGE1);
	const char text[] = "late";
	struct iom_reply reply;
	uint64_t since;

	memset(first_byte(&b), 0, sizeof text);
	since = b.machine->clock_ns;
	CHECK_EQ(engine_atc_store_slowly(atc, b.to_iova, text, sizeof text, since + 300000, &reply),
	         IOM_OK);
	CHECK_EQ(engine_atc_store_slowly(atc, b.to_iova, text, 1, 0, &reply), IOM_EBUSY);
	CHECK_EQ(first_byte(&b)[0], 0);
	CHECK_EQ(space_unmap(b.space, b.to_iova, NULL), IOM_OK);
	CHECK(b.machine->clock_ns >= since + 300000);
	CHECK_EQ(memcmp(first_byte(&b), text, sizeof text), 0);
	CHECK_EQ(atc->invalidations, 1);
	CHECK_EQ(engine_atc_store_slowly(atc, b.to_iova, text, 1, 0, &reply), IOM_EFAULT);
	CHECK_EQ(reply.status, IOM_DONE);
	CHECK_EQ(engine_atc_store_slowly(atc, b.from_iova, text, ENGINE_SLOW_MAX + 1, 0, &reply),
	         IOM_EINVAL);
	/* An access without an end keeps nothing alive behind it. */
	CHECK_EQ(space_map(b.space, b.to, b.to_iova, IOM_PROT_READ | IOM_PROT_WRITE, &since, NULL),
	         IOM_OK);
	bench_close(&b);
}

TEST_EACH(engine_atc_that_does_not_answer, "")
{
	struct bench b;
	struct engine_atc *atc = open(&b, IOM_DOMAIN_STAGE1);
	struct iom_error error;
	uint8_t byte = 0x5a;

	CHECK_EQ(dma_engine_store(b.driver->place.engine, b.to_iova, &byte, 1), IOM_OK);
	atc->deaf = true;
	CHECK_EQ(space_unmap(b.space, b.to_iova, &error), IOM_ETIMEOUT);
	CHECK(strstr(error.text, "unmapping 0x"));
	/* Again, and again: nothing has changed. */
	CHECK_EQ(space_unmap(b.space, b.to_iova, NULL), IOM_ETIMEOUT);
	byte = 0x33;
	CHECK_EQ(dma_engine_store(b.driver->place.engine, b.to_iova, &byte, 1), IOM_OK);
	CHECK_EQ(first_byte(&b)[0], 0x33);
	CHECK_EQ(engine_driver_ats(b.driver, false, NULL), IOM_OK);
	CHECK_EQ(space_unmap(b.space, b.to_iova, NULL), IOM_OK);
	byte = 0x77;
	CHECK_EQ(dma_engine_store(b.driver->place.engine, b.to_iova, &byte, 1), IOM_EFAULT);
	CHECK_EQ(first_byte(&b)[0], 0x33);
	CHECK_EQ(atc->invalidations, 0);
	bench_close(&b);
}
