/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What the RISC-V driver tells the hardware to forget, read off the command ring as the doorbell
 * rings: hardware that caches nothing would hide what is missing.
 */
#include "bench.h"

#include <string.h>

#define CQB 0x018
#define CQT 0x024
#define COMMANDS 2048u
/* Sv57, Sv57x4, Svpbmt, MSI_FLAT; neither NL nor S: riscv_ranges.c has those */
#define CAP_NO_RANGES                                                                              \
	(0x10ull | 7ull << 9 | 1ull << 15 | 7ull << 17 | 1ull << 22 | 2ull << 28 | 56ull << 32)

/* Doubleword 0: opcode 6:0, func3 9:7 */
#define VMA 0x001ull
#define GVMA 0x081ull
#define AV (1ull << 10)
#define PSCID(n) ((uint64_t)(n) << 12 | 1ull << 32)
#define GSCID(n) ((uint64_t)(n) << 44 | 1ull << 33)
#define DDT_ALL 0x003ull
#define DDT(did) (0x003ull | 1ull << 33 | (uint64_t)(did) << 40)
#define FENCE (0x002ull | 1ull << 12 | 1ull << 13)
#define ADDR(a) ((uint64_t)(a) >> 12 << 10)

static struct {
	uint64_t dw[COMMANDS][2];
	unsigned count, next;
} seen;

static void record(struct bench *b, uint64_t off, uint64_t val)
{
	uint64_t cqb, at, base;

	if (off != CQT)
		return;
	cqb = bench_rd64(b, CQB);
	base = (cqb >> 10 & 0xfffffffffff) << 12;
	for (at = bench_rd32(b, CQT); at != val; at = (at + 1) % (2ull << (cqb & 0x1f))) {
		CHECK(seen.count < COMMANDS);
		memcpy(seen.dw[seen.count++], bench_word(b, base + 16 * at), 16);
	}
}

static void expect(uint64_t dw0, uint64_t dw1)
{
	CHECK_MSG(seen.next < seen.count, "no command where 0x%llx was due",
	          (unsigned long long)dw0);
	CHECK_EQ(seen.dw[seen.next][0], dw0);
	CHECK_EQ(seen.dw[seen.next][1], dw1);
	seen.next++;
}

static void expect_no_more(void)
{
	CHECK_EQ(seen.next, seen.count);
	seen.next = seen.count = 0;
}

static struct bench *watched(const struct iom_riscv_config *config)
{
	struct bench *b = bench_new(config);

	seen.next = seen.count = 0;
	b->on_write = record;
	CHECK_MSG(bench_up(b, NULL) == IOM_OK, "%s", b->error.text);
	return b;
}

static struct iom_domain *domain_new(struct bench *b, unsigned kind)
{
	struct iom_domain *domain;

	CHECK_EQ(iom_domain_new(b->driver, kind, &domain, NULL), IOM_OK);
	expect_no_more();
	return domain;
}

TEST(commands_of_bringup_and_removal, "RV-DRV-01")
{
	struct iom_riscv_config config = {
		.bytes = sizeof config,
		.capabilities = 0x10 | 1ull << 9 | 1ull << 28 | 56ull << 32,
	};
	struct bench *b = watched(NULL);

	expect(DDT_ALL, 0);
	expect(VMA, 0);
	expect(GVMA, 0);
	expect(FENCE, 0);
	expect_no_more();
	CHECK_EQ(iom_driver_free(b->driver), IOM_OK);
	b->driver = NULL;
	expect(DDT_ALL, 0);
	expect(VMA, 0);
	expect(GVMA, 0);
	expect(FENCE, 0);
	expect_no_more();
	bench_free(b);

	/* without a second stage GVMA is a command that hardware need not have */
	b = watched(&config);
	expect(DDT_ALL, 0);
	expect(VMA, 0);
	expect(FENCE, 0);
	expect_no_more();
	bench_free(b);
}

TEST(commands_of_attach_and_detach, "")
{
	struct bench *b = watched(NULL);
	struct iom_domain *d1, *d2, *identity;

	seen.next = seen.count;
	expect_no_more();
	d1 = domain_new(b, IOM_DOMAIN_STAGE1);
	d2 = domain_new(b, IOM_DOMAIN_STAGE2);
	identity = domain_new(b, IOM_DOMAIN_IDENTITY);

	CHECK_EQ(iom_domain_attach(d1, 0x345678), IOM_OK);
	expect(DDT(0x345678), 0);
	expect(VMA | PSCID(1), 0);
	expect(FENCE, 0);
	expect_no_more();
	CHECK_EQ(iom_domain_attach(d2, 0x345678), IOM_OK);
	expect(DDT(0x345678), 0); /* out of the one */
	expect(VMA | PSCID(1), 0);
	expect(FENCE, 0);
	expect(DDT(0x345678), 0); /* into the other */
	expect(VMA | GSCID(1), 0);
	expect(GVMA | GSCID(1), 0);
	expect(FENCE, 0);
	expect_no_more();
	CHECK_EQ(iom_domain_attach(identity, 0x345678), IOM_OK);
	expect(DDT(0x345678), 0);
	expect(VMA | GSCID(1), 0);
	expect(GVMA | GSCID(1), 0);
	expect(FENCE, 0);
	expect(DDT(0x345678), 0);
	expect(FENCE, 0);
	expect_no_more();
	CHECK_EQ(iom_domain_detach(identity, 0x345678), IOM_OK);
	expect(DDT(0x345678), 0);
	expect(FENCE, 0);
	expect_no_more();
	CHECK_EQ(iom_domain_free(d1), IOM_OK);
	CHECK_EQ(iom_domain_free(d2), IOM_OK);
	CHECK_EQ(iom_domain_free(identity), IOM_OK);
	bench_free(b);
}

/* Unmaps and syncs; the commands must be one per `step` bytes, or one for all if that is 0. */
static void unmap(struct iom_domain *domain, uint64_t all, uint64_t iova, uint64_t bytes,
                  uint64_t step)
{
	struct iom_gather gather = { 0 };
	uint64_t a;

	CHECK_EQ(iom_domain_unmap(domain, iova, bytes, &gather), IOM_OK);
	expect_no_more();
	CHECK_EQ(iom_domain_sync(domain, &gather), IOM_OK);
	for (a = iova; step && a < iova + bytes; a += step)
		expect(all | AV, ADDR(a));
	if (!step)
		expect(all, 0);
	expect(FENCE, 0);
	expect_no_more();
}

static void unmaps(struct bench *b, unsigned kind, uint64_t all)
{
	struct iom_domain *domain = domain_new(b, kind);
	struct iom_gather gather = { 0 };
	const unsigned rw = IOM_PROT_READ | IOM_PROT_WRITE;
	uint64_t phys = 0x80000000;

	/* nobody is attached: nobody needs to forget */
	CHECK_EQ(iom_domain_map(domain, 0x1000, phys, 0x1000, rw), IOM_OK);
	CHECK_EQ(iom_domain_unmap(domain, 0x1000, 0x1000, &gather), IOM_OK);
	CHECK_EQ(iom_domain_sync(domain, &gather), IOM_OK);
	expect_no_more();

	CHECK_EQ(iom_domain_attach(domain, 4), IOM_OK);
	seen.next = seen.count;
	expect_no_more();
	CHECK_EQ(iom_domain_map(domain, 0x40001000, phys, 0x3ff000, rw), IOM_OK);
	unmap(domain, all, 0x40001000, 0x1000, 0x1000);
	unmap(domain, all, 0x40002000, 0x5000, 0x1000);
	unmap(domain, all, 0x40007000, 511 * 0x1000ull - 0x6000, 0x1000);
	/* 64 KiB by the pieces of 4 KiB in which hardware may keep them; 2 MiB all at once; a mixture */
	CHECK_EQ(iom_domain_map(domain, 0x80010000, phys, 0x30000, rw), IOM_OK);
	unmap(domain, all, 0x80020000, 0x20000, 0x1000);
	CHECK_EQ(iom_domain_map(domain, 0xc0000000, phys, 0x600000, rw), IOM_OK);
	unmap(domain, all, 0xc0000000, 0x400000, 0);
	CHECK_EQ(iom_domain_map(domain, 0xc0600000, phys + 0x600000, 0x11000, rw), IOM_OK);
	unmap(domain, all, 0xc0600000, 0x11000, 0x1000);
	/* 511 pages at most */
	CHECK_EQ(iom_domain_map(domain, 0x100100000, phys + 0x1000, 0x201000, rw), IOM_OK);
	unmap(domain, all, 0x100100000, 0x1ff000, 0x1000);
	unmap(domain, all, 0x1002ff000, 0x2000, 0x1000);
	CHECK_EQ(iom_domain_map(domain, 0x100100000, phys + 0x1000, 0x201000, rw), IOM_OK);
	unmap(domain, all, 0x100100000, 0x200000, 0);
	unmap(domain, all, 0x100300000, 0x1000, 0x1000);
	/* a table goes: one page, but pointers to its table have to go too */
	CHECK_EQ(iom_domain_map(domain, 0x140005000, phys, 0x1000, rw), IOM_OK);
	unmap(domain, all, 0x140000000, 0x200000, 0);
	/* several unmaps, one sync */
	CHECK_EQ(iom_domain_map(domain, 0x180001000, phys, 0x3000, rw), IOM_OK);
	CHECK_EQ(iom_domain_unmap(domain, 0x180003000, 0x1000, &gather), IOM_OK);
	CHECK_EQ(iom_domain_unmap(domain, 0x180001000, 0x1000, &gather), IOM_OK);
	CHECK_EQ(iom_domain_sync(domain, &gather), IOM_OK);
	expect(all | AV, ADDR(0x180001000));
	expect(all | AV, ADDR(0x180002000));
	expect(all | AV, ADDR(0x180003000));
	expect(FENCE, 0);
	expect_no_more();
	/* nothing was there */
	CHECK_EQ(iom_domain_unmap(domain, 0x200001000, 0x1000, &gather), IOM_OK);
	CHECK_EQ(iom_domain_sync(domain, &gather), IOM_OK);
	expect_no_more();

	CHECK_EQ(iom_domain_detach(domain, 4), IOM_OK);
	CHECK_EQ(iom_domain_free(domain), IOM_OK);
	bench_free(b);
}

TEST(commands_of_unmap, "RV-DRV-02")
{
	static const uint8_t lg2s[] = { 1, 3, 8, 16 };
	unsigned n;

	for (n = 0; n < 4; n++) {
		struct iom_riscv_config config = { .bytes = sizeof config,
			                           .capabilities = CAP_NO_RANGES,
			                           .queue_lg2 = lg2s[n] };
		struct bench *b = watched(&config);

		seen.next = seen.count;
		expect_no_more();
		unmaps(b, IOM_DOMAIN_STAGE1, VMA | PSCID(1));
		b = watched(&config);
		seen.next = seen.count;
		expect_no_more();
		unmaps(b, IOM_DOMAIN_STAGE2, GVMA | GSCID(1));
	}
}
