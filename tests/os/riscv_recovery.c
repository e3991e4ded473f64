/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The RISC-V driver when things go wrong: lost faults, refused commands, silent hardware. */
#include "bench.h"

#define CQB 0x018
#define CQT 0x024
#define CQCSR 0x048
#define FQCSR 0x04c
#define IPSR 0x054

static struct bench *attached(const struct iom_riscv_config *config, struct iom_domain **domain)
{
	struct bench *b = bench_ready(config);

	CHECK_EQ(iom_domain_new(b->driver, IOM_DOMAIN_STAGE1, domain, NULL), IOM_OK);
	CHECK_EQ(iom_domain_attach(*domain, 1), IOM_OK);
	CHECK_EQ(iom_domain_map(*domain, 0x1000, BENCH_DATA, 0x1000, IOM_PROT_READ), IOM_OK);
	return b;
}

static void detached(struct bench *b, struct iom_domain *domain)
{
	CHECK_EQ(iom_domain_detach(domain, 1), IOM_OK);
	CHECK_EQ(iom_domain_free(domain), IOM_OK);
	bench_free(b);
}

TEST(recovers_from_fault_overflow, "RV-DRV-04")
{
	struct iom_riscv_config config = { .bytes = sizeof config, .queue_lg2 = 3 };
	struct iom_domain *domain;
	struct bench *b = attached(&config, &domain);
	uint64_t val;
	unsigned n, round;

	for (round = 1; round < 4; round++) {
		for (n = 0; n < 20; n++)
			CHECK_EQ(bench_dma_read(b, 1, 0x10000ull * n + 0x8000, &val), 13);
		CHECK_EQ(bench_rd32(b, FQCSR) & 0x200, 0x200);
		CHECK_EQ(iom_driver_interrupt(b->driver), 7);
		CHECK_EQ(iom_driver_overflows(b->driver), round);
		CHECK_EQ(bench_rd32(b, FQCSR), 0x10003);
		CHECK_EQ(bench_rd32(b, IPSR), 0);
		CHECK_EQ(b->fault[(b->faults - 1) % BENCH_LOG].iova, 0x68000);
		CHECK_EQ(bench_dma_write(b, 1, 0x5000, 0), 15);
		CHECK_EQ(bench_one_fault(b, 15)->iova, 0x5000);
	}
	detached(b, domain);
}

/* Changes the last command in the ring to a reserved one as the doorbell is rung. */
static void spoil(struct bench *b, uint64_t off, uint64_t val)
{
	uint64_t cqb = bench_rd64(b, CQB), mask = (2ull << (cqb & 0x1f)) - 1;

	if (off != CQT)
		return;
	*bench_word(b, ((cqb >> 10) << 12) + 16 * ((val - 1) & mask)) = 0x7f;
	b->on_write = NULL;
}

TEST(recovers_from_illegal_command, "RV-DRV-04")
{
	struct iom_domain *domain;
	struct bench *b = attached(NULL, &domain);
	struct iom_gather gather = { 0 };
	uint64_t val;

	CHECK_EQ(bench_dma_read(b, 1, 0x1000, &val), 0);
	CHECK_EQ(iom_domain_unmap(domain, 0x1000, 0x1000, &gather), IOM_OK);
	b->on_write = spoil;
	CHECK_EQ(iom_domain_sync(domain, &gather), IOM_EIO);
	CHECK(gather.some);
	CHECK_EQ(iom_driver_command_errors(b->driver), 1);
	CHECK_EQ(bench_rd32(b, CQCSR), 0x10003);
	CHECK_EQ(iom_domain_sync(domain, &gather), IOM_OK);
	CHECK_EQ(bench_dma_read(b, 1, 0x1000, &val), 13);
	iom_driver_interrupt(b->driver);
	CHECK_EQ(bench_rd32(b, IPSR), 0);

	/* moving and leaving can be repeated after a failure */
	b->on_write = spoil;
	CHECK_EQ(iom_domain_detach(domain, 1), IOM_EIO);
	CHECK_EQ(bench_dma_read(b, 1, 0x1000, &val), 258);
	CHECK_EQ(iom_domain_free(domain), IOM_EBUSY);
	b->on_write = spoil;
	CHECK_EQ(iom_domain_attach(domain, 1), IOM_EIO);
	CHECK_EQ(iom_domain_attach(domain, 1), IOM_OK);
	CHECK_EQ(iom_domain_map(domain, 0x1000, BENCH_DATA, 0x1000, IOM_PROT_READ), IOM_OK);
	CHECK_EQ(bench_dma_read(b, 1, 0x1000, &val), 0);
	CHECK_EQ(iom_driver_command_errors(b->driver), 3);
	detached(b, domain);
}

/* A command ring that cannot be read: the call fails in time, and works when memory is well. */
TEST(recovers_from_unreadable_ring, "")
{
	struct iom_domain *domain;
	struct bench *b = attached(NULL, &domain);
	struct iom_gather gather = { 0 };
	uint64_t ring = (bench_rd64(b, CQB) >> 10) << 12, val, since;

	CHECK_EQ(bench_dma_read(b, 1, 0x1000, &val), 0);
	CHECK_EQ(iom_domain_unmap(domain, 0x1000, 0x1000, &gather), IOM_OK);
	CHECK_EQ(iom_memory_poison(b->memory, ring, 0x4000), IOM_OK);
	since = b->now;
	CHECK_EQ(iom_domain_sync(domain, &gather), IOM_ETIMEOUT);
	CHECK(b->now - since < 60000000000ull);
	CHECK(gather.some);
	CHECK_EQ(iom_memory_cure(b->memory, ring, 0x4000), IOM_OK);
	iom_driver_interrupt(b->driver);
	while (iom_domain_sync(domain, &gather) == IOM_EIO)
		CHECK(b->now - since < 120000000000ull);
	CHECK(!gather.some);
	CHECK_EQ(bench_dma_read(b, 1, 0x1000, &val), 13);
	CHECK_EQ(bench_rd32(b, CQCSR), 0x10003);
	detached(b, domain);
}
