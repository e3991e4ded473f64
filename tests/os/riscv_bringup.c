/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The RISC-V driver brings an IOMMU up and lets go of it. */
#include "bench.h"

#include <string.h>

/* Registers */
#define FCTL 0x008
#define DDTP 0x010
#define CQB 0x018
#define FQB 0x028
#define CQCSR 0x048
#define FQCSR 0x04c
#define IPSR 0x054
#define ICVEC 0x2f8
#define MSI_CFG 0x300

/* capabilities: version 1.0, Sv39, Sv39x4, END, PAS 56, and the kinds of interrupt */
#define CAP(igs) (0x10ull | 1ull << 9 | 1ull << 17 | 1ull << 27 | (igs) << 28 | 56ull << 32)
#define IGS_MSI 0ull
#define IGS_WSI 1ull
#define IGS_BOTH 2ull
#define MSI_FLAT (1ull << 22)

TEST(bringup_each_directory_depth, "RV-DRV-01")
{
	/* deepest mode for each subset of depths: 4 is 3LVL, 3 is 2LVL, 2 is 1LVL */
	static const unsigned modes[] = { 0, 2, 3, 3, 4, 4, 4, 4 };
	unsigned levels, ext;

	for (levels = 1; levels < 8; levels++) {
		for (ext = 0; ext < 2; ext++) {
			struct iom_riscv_config config = {
				.bytes = sizeof config,
				.ddt_levels = (uint8_t)levels,
				.capabilities = CAP(IGS_WSI) | (ext ? MSI_FLAT : 0),
			};
			struct bench *b = bench_ready(&config);
			/* the widest device_id of either format */
			static const uint32_t widest[2][5] = {
				{ 0, 0, 0x7f, 0xffff, 0xffffff },
				{ 0, 0, 0x3f, 0x7fff, 0xffffff },
			};
			uint32_t last = widest[ext][modes[levels]];
			struct iom_domain *domain;
			uint64_t val;

			CHECK_EQ(bench_rd64(b, DDTP) & 0xf, modes[levels]);
			CHECK_EQ(bench_rd32(b, CQCSR), 0x10003);
			CHECK_EQ(bench_rd32(b, FQCSR), 0x10003);
			CHECK_EQ(bench_rd32(b, IPSR), 0);
			CHECK_EQ(bench_dma_read(b, last, BENCH_DATA, &val), 258);
			bench_one_fault(b, 258);

			CHECK_EQ(iom_domain_new(b->driver, IOM_DOMAIN_IDENTITY, &domain, NULL),
			         IOM_OK);
			CHECK_EQ(iom_domain_attach(domain, last + 1), IOM_EINVAL);
			CHECK_EQ(iom_domain_attach(domain, last), IOM_OK);
			CHECK_EQ(bench_dma_read(b, last, BENCH_DATA, &val), 0);
			CHECK_EQ(iom_driver_free(b->driver), IOM_EBUSY);
			CHECK_EQ(iom_domain_free(domain), IOM_EBUSY);
			CHECK_EQ(iom_domain_detach(domain, last), IOM_OK);
			CHECK_EQ(iom_domain_free(domain), IOM_OK);
			bench_free(b);
		}
	}
}

TEST(bringup_with_small_queues, "RV-DRV-02")
{
	unsigned lg2;

	for (lg2 = 1; lg2 <= 12; lg2++) {
		struct iom_riscv_config config = {
			.bytes = sizeof config,
			.queue_lg2 = (uint8_t)lg2,
		};
		struct bench *b = bench_ready(&config);
		struct iom_gather gather = { 0 };
		struct iom_domain *domain;
		unsigned n;

		if (lg2 == 8) {
			CHECK_EQ(bench_rd64(b, CQB) & 0x1f, 7);
			CHECK_EQ(bench_rd64(b, FQB) & 0x1f, 7);
		}
		CHECK((bench_rd64(b, CQB) & 0x1f) + 1 <= lg2);

		/* a batch of commands that is longer than the ring */
		CHECK_EQ(iom_domain_new(b->driver, IOM_DOMAIN_STAGE1, &domain, NULL), IOM_OK);
		CHECK_EQ(iom_domain_attach(domain, 5), IOM_OK);
		for (n = 0; n < 300; n++)
			CHECK_EQ(iom_domain_map(domain, 0x1000ull * (n + 1), BENCH_DATA, 0x1000,
			                        IOM_PROT_READ),
			         IOM_OK);
		CHECK_EQ(iom_domain_unmap(domain, 0x1000, 300 * 0x1000, &gather), IOM_OK);
		CHECK_EQ(iom_domain_sync(domain, &gather), IOM_OK);
		/* more faults than the queue holds, in two goes */
		for (n = 0; n < 5; n++)
			CHECK_EQ(bench_dma_write(b, 5, 0x1000ull * n, 0), 15);
		iom_driver_interrupt(b->driver);
		CHECK_EQ(b->faults, lg2 == 1 ? 1 : lg2 == 2 ? 3 : 5);
		CHECK_EQ(iom_driver_overflows(b->driver), lg2 <= 2);
		CHECK_EQ(bench_dma_write(b, 5, 0x1000, 0), 15);
		bench_one_fault(b, 15);
		CHECK_EQ(iom_domain_detach(domain, 5), IOM_OK);
		CHECK_EQ(iom_domain_free(domain), IOM_OK);
		CHECK_EQ(iom_driver_command_errors(b->driver), 0);
		bench_free(b);
	}
}

TEST(bringup_wires_from_bare, "RV-DRV-07")
{
	unsigned strict;

	for (strict = 0; strict < 2; strict++) {
		struct iom_riscv_config config = {
			.bytes = sizeof config,
			.capabilities = CAP(IGS_BOTH),
			.reset_mode = IOM_RISCV_RESET_BARE,
			.vectors = 4,
			.flags = strict ? IOM_RISCV_STRICT_FCTL : 0,
		};
		struct iom_driver_config driver = { .bytes = sizeof driver, .vectors = 4 };
		struct bench *b = bench_new(&config);
		uint64_t val;

		CHECK_EQ(bench_rd64(b, DDTP) & 0xf, 1);
		CHECK_MSG(bench_up(b, &driver) == IOM_OK, "%s", b->error.text);
		CHECK_EQ(bench_rd32(b, FCTL) & 2, 2);
		CHECK_EQ(bench_rd64(b, ICVEC) & 0xff, 0x10);
		CHECK_EQ(bench_dma_read(b, 1, 0x1000, &val), 258);
		CHECK(b->wire[1] && !b->wire[0]);
		bench_one_fault(b, 258);
		CHECK(!b->wire[1]);
		CHECK_EQ(b->msis, 0);
		bench_free(b);
	}
}

/* Where messages would go, and hardware that has none. */
TEST(bringup_wires_in_place_of_messages, "RV-DRV-07")
{
	struct iom_riscv_config config = { .bytes = sizeof config, .capabilities = CAP(IGS_WSI) };
	struct iom_driver_config driver = { .bytes = sizeof driver, .msi_address = BENCH_MSI };
	struct bench *b = bench_new(&config);
	uint64_t val;

	CHECK_MSG(bench_up(b, &driver) == IOM_OK, "%s", b->error.text);
	CHECK_EQ(bench_rd32(b, FCTL) & 2, 2);
	CHECK_EQ(bench_dma_read(b, 1, 0x1000, &val), 258);
	CHECK(b->wire[0]);
	CHECK_EQ(b->msis, 0);
	bench_one_fault(b, 258);
	bench_free(b);
}

TEST(bringup_messages, "")
{
	struct iom_riscv_config config = {
		.bytes = sizeof config,
		.capabilities = CAP(IGS_MSI),
		.vectors = 2,
		.flags = IOM_RISCV_MSI_MASKED,
	};
	struct iom_driver_config driver = {
		.bytes = sizeof driver,
		.msi_address = BENCH_MSI,
		.msi_data = 40,
		.vectors = 2,
	};
	struct bench *b = bench_new(&config);
	uint64_t val;

	CHECK_MSG(bench_up(b, &driver) == IOM_OK, "%s", b->error.text);
	CHECK_EQ(bench_rd64(b, ICVEC) & 0xff, 0x10);
	CHECK_EQ(bench_rd64(b, MSI_CFG + 16), BENCH_MSI);
	CHECK_EQ(bench_dma_read(b, 1, 0x1000, &val), 258);
	CHECK_EQ(b->msis, 1);
	CHECK_EQ(b->msi_data[0], 41);
	CHECK_EQ(bench_dma_read(b, 1, 0x2000, &val), 258);
	CHECK_EQ(b->msis, 1); /* ipsr.fip is still 1 */
	CHECK_EQ(iom_driver_interrupt(b->driver), 2);
	CHECK_EQ(bench_dma_read(b, 1, 0x3000, &val), 258);
	CHECK_EQ(b->msis, 2);
	bench_one_fault(b, 258);
	bench_free(b);
}

/* Refusals say why, and leave the hardware as it was. */
TEST(bringup_refusals, "")
{
	struct iom_riscv_config config = { .bytes = sizeof config, .capabilities = CAP(IGS_MSI) };
	struct iom_driver_config driver = { .bytes = sizeof driver };
	struct bench *b = bench_new(&config), *other;

	CHECK_EQ(bench_up(b, NULL), IOM_ENOTSUP);
	CHECK(strstr(b->error.text, "msi_address"));
	CHECK_EQ(b->mmio_writes, 0);
	CHECK_EQ(b->live, 0);
	driver.msi_address = BENCH_MSI + 2;
	CHECK_EQ(bench_up(b, &driver), IOM_EINVAL);
	driver.msi_address = BENCH_MSI;
	driver.vectors = 17;
	CHECK_EQ(bench_up(b, &driver), IOM_EINVAL);
	driver.vectors = 1;
	driver.held = true;
	CHECK_EQ(bench_up(b, &driver), IOM_ENOTSUP);
	driver.held = false;
	driver.interrupts = 2;
	CHECK_EQ(bench_up(b, &driver), IOM_ENOTSUP);
	driver.interrupts = 0;
	driver.bytes--;
	CHECK_EQ(bench_up(b, &driver), IOM_EINVAL);
	driver.bytes++;
	b->host.bytes--;
	CHECK_EQ(bench_up(b, &driver), IOM_EINVAL);
	b->host.bytes++;
	b->host.at = NULL;
	CHECK_EQ(bench_up(b, &driver), IOM_EINVAL);
	CHECK_EQ(b->mmio_writes, 0);
	CHECK_EQ(b->live, 0);
	bench_free(b);

	/* somebody else's: a second driver on the same hardware */
	b = bench_ready(NULL);
	other = bench_new(NULL);
	{
		struct iom_driver *second;
		unsigned writes = b->mmio_writes, live = b->live;

		CHECK_EQ(iom_driver_riscv(NULL, &b->host, b, &second, &b->error), IOM_EBUSY);
		CHECK_EQ(b->mmio_writes, writes);
		CHECK_EQ(b->live, live);
	}
	bench_free(other);
	bench_free(b);
}

/* Fails the n-th allocation, n = 0, 1, 2 ...: the hardware goes back to where it was. */
TEST(bringup_enomem, "")
{
	unsigned reset;
	int n;

	for (reset = 0; reset < 2; reset++) {
		for (n = 0;; n++) {
			struct iom_riscv_config config = {
				.bytes = sizeof config,
				.reset_mode = (uint8_t)reset,
			};
			struct bench *b = bench_new(&config);
			int err;

			b->countdown = n;
			err = bench_up(b, NULL);
			b->countdown = -1;
			if (err != IOM_OK) {
				CHECK_EQ(err, IOM_ENOMEM);
				CHECK(b->error.text[0]);
				CHECK_EQ(b->live, 0);
				CHECK_EQ(bench_rd64(b, DDTP) & 0xf, reset);
				CHECK_EQ(bench_rd32(b, CQCSR) & 0x30001, 0);
				CHECK_EQ(bench_rd32(b, FQCSR) & 0x30001, 0);
				CHECK_EQ(bench_up(b, NULL), IOM_OK);
			}
			bench_free(b);
			if (err == IOM_OK)
				break;
		}
		CHECK_EQ(n, 4); /* driver, two queues, directory */
	}
}

/* After iom_driver_free the hardware lets nothing pass and touches no memory. */
TEST(bringup_and_back, "")
{
	struct bench *b = bench_ready(NULL);
	uint64_t val;

	CHECK_EQ(iom_driver_free(b->driver), IOM_OK);
	b->driver = NULL;
	CHECK_EQ(b->live, 0);
	CHECK_EQ(bench_rd64(b, DDTP) & 0x1f, 0);
	CHECK_EQ(bench_rd32(b, CQCSR) & 0x30001, 0);
	CHECK_EQ(bench_rd32(b, FQCSR) & 0x30001, 0);
	CHECK_EQ(bench_dma_read(b, 1, 0x1000, &val), 256);
	CHECK_EQ(bench_up(b, NULL), IOM_OK);
	CHECK_EQ(iom_driver_start(b->driver), IOM_OK);
	CHECK_EQ(bench_dma_read(b, 1, 0x1000, &val), 258);
	bench_free(b);
}
