/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The RISC-V driver polls hardware that takes its time, and gives up on hardware that never ends. */
#include "bench.h"

#include <stdlib.h>

#define MS 1000000ull
#define DDTP 0x010
#define CQCSR 0x048
#define FQCSR 0x04c

static unsigned relaxed;

/* While the driver waits, the clock of the bench moves on, and hardware sees it. */
static void relax(void *opaque)
{
	struct bench *b = opaque;

	b->now += MS / 10;
	relaxed++;
	iom_step(b->unit, b->now);
}

static void never(void *opaque)
{
	struct bench *b = opaque;

	b->now += 1000 * MS;
}

static struct bench *slow_bench(uint64_t busy_ns, uint8_t reset_mode)
{
	const struct iom_riscv_config config = { .bytes = sizeof config,
		                                 .reset_mode = reset_mode,
		                                 .busy_ns = busy_ns };
	struct bench *b = bench_new(&config);

	b->host.relax = relax;
	iom_step(b->unit, 0);
	relaxed = 0;
	return b;
}

TEST(driver_waits_for_slow_hardware, "RV-DRV-05")
{
	for (uint8_t mode = IOM_RISCV_RESET_OFF; mode <= IOM_RISCV_RESET_BARE; mode++) {
		struct bench *b = slow_bench(2 * MS, mode);
		struct iom_domain *domain;
		uint64_t val;
		unsigned was;

		CHECK_MSG(bench_up(b, NULL) == IOM_OK, "%s", b->error.text);
		/* ddtp and two queues */
		CHECK(relaxed >= 3 * 20);
		CHECK_EQ(bench_rd32(b, CQCSR), 0x10003);
		CHECK_EQ(bench_rd32(b, FQCSR), 0x10003);
		CHECK_EQ(bench_rd64(b, DDTP) & 0x1f, 4);

		CHECK_EQ(iom_domain_new(b->driver, IOM_DOMAIN_IDENTITY, &domain, NULL), IOM_OK);
		CHECK_EQ(iom_domain_attach(domain, 7), IOM_OK);
		CHECK_EQ(bench_dma_read(b, 7, BENCH_DATA, &val), 0);
		CHECK_EQ(iom_domain_detach(domain, 7), IOM_OK);
		CHECK_EQ(bench_dma_read(b, 7, BENCH_DATA, &val), 258);
		CHECK_EQ(iom_domain_free(domain), IOM_OK);
		was = relaxed;
		bench_free(b);
		CHECK(relaxed >= was + 3 * 20);
	}
}

TEST(driver_gives_up_on_hardware_that_never_ends, "RV-DRV-05")
{
	struct bench *b = slow_bench(~0ull, IOM_RISCV_RESET_OFF);

	b->host.relax = never;
	CHECK_EQ(bench_up(b, NULL), IOM_ETIMEOUT);
	CHECK(b->error.text[0]);
	b->driver = NULL;
	/* What hardware did not let go of stays with it. */
	iom_unit_free(b->unit);
	iom_memory_free(b->memory);
	free(b->block);
	free(b);
}
