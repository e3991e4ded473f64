/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Invalidation of ranges by the RISC-V driver, with and without the capabilities S and NL: what the
 * commands on the ring cover, and what devices then reach on hardware that caches.
 */
#include <string.h>

#include "bench.h"

#define CQB 0x018
#define CQT 0x024
#define CAP_NL (1ull << 42)
#define CAP_S (1ull << 43)
/* Sv57, Sv57x4, Svpbmt, MSI_FLAT */
#define CAP_BASE                                                                                   \
	(0x10ull | 7ull << 9 | 1ull << 15 | 7ull << 17 | 1ull << 22 | 2ull << 28 | 56ull << 32)

/* Doublewords of commands */
#define VMA 0x001ull
#define GVMA 0x081ull
#define AV (1ull << 10)
#define PSCV (1ull << 32)
#define GV (1ull << 33)
#define NL (1ull << 34)
#define S_BIT (1ull << 9)

#define DEVICE 4
#define RW (IOM_PROT_READ | IOM_PROT_WRITE)

static struct {
	uint64_t dw[2048][2];
	unsigned count;
} seen;

/* Everything but fences. */
static void record(struct bench *b, uint64_t off, uint64_t val)
{
	uint64_t cqb, at, base;

	if (off != CQT)
		return;
	cqb = bench_rd64(b, CQB);
	base = (cqb >> 10 & 0xfffffffffff) << 12;
	for (at = bench_rd32(b, CQT); at != val; at = (at + 1) % (2ull << (cqb & 0x1f))) {
		CHECK(seen.count < 2048);
		memcpy(seen.dw[seen.count], bench_word(b, base + 16 * at), 16);
		seen.count += (seen.dw[seen.count][0] & 0x7f) != 2;
	}
}

/* What a command with AV names: first and last byte. */
static void range_of(const uint64_t *dw, uint64_t *first, uint64_t *last)
{
	uint64_t page = dw[1] >> 10 & 0xfffffffffffffull, size = 1;

	if (dw[1] & S_BIT) {
		size = 2;
		for (uint64_t low = page; low & 1; low >>= 1)
			size *= 2;
	}
	*first = (page & ~(size - 1)) << 12;
	*last = *first + (size << 12) - 1;
}

static struct bench *bench_with(uint64_t cap, unsigned kind, struct iom_domain **domain)
{
	const struct iom_riscv_config config = { .bytes = sizeof config, .capabilities = cap };
	struct bench *b = bench_new(&config);

	b->on_write = record;
	CHECK_MSG(bench_up(b, NULL) == IOM_OK, "%s", b->error.text);
	CHECK_EQ(iom_domain_new(b->driver, kind, domain, NULL), IOM_OK);
	CHECK_EQ(iom_domain_attach(*domain, DEVICE), IOM_OK);
	return b;
}

static void bench_done(struct bench *b, struct iom_domain *domain)
{
	CHECK_EQ(iom_domain_detach(domain, DEVICE), IOM_OK);
	CHECK_EQ(iom_domain_free(domain), IOM_OK);
	bench_free(b);
}

/*
 * Unmaps, and judges the commands: together they name exactly what was unmapped, in order; `tables`:
 * a table page goes as well.  Pages are of 4 KiB.
 */
static void unmap(struct iom_domain *domain, uint64_t cap, uint64_t all, uint64_t iova,
                  uint64_t bytes, bool tables)
{
	struct iom_gather gather = { 0 };
	uint64_t first, last, at = iova;

	seen.count = 0;
	CHECK_EQ(iom_domain_unmap(domain, iova, bytes, &gather), IOM_OK);
	CHECK_EQ(!!gather.tables, tables);
	CHECK_EQ(iom_domain_sync(domain, &gather), IOM_OK);
	if ((tables && !(cap & CAP_NL)) || (!(cap & CAP_S) && bytes > 512 * 4096)) {
		CHECK_EQ(seen.count, 1);
		CHECK_EQ(seen.dw[0][0], all);
		CHECK_EQ(seen.dw[0][1], 0);
		return;
	}
	for (unsigned i = 0; i < seen.count; i++) {
		CHECK_EQ(seen.dw[i][0], all | AV | (tables ? NL : 0));
		CHECK(cap & CAP_S || !(seen.dw[i][1] & S_BIT));
		range_of(seen.dw[i], &first, &last);
		CHECK_EQ(first, at);
		at = last + 1;
	}
	CHECK_EQ(at, iova + bytes);
	if (cap & CAP_S)
		CHECK(seen.count <= 40);
}

static uint64_t random_of(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void commands(uint64_t cap, unsigned kind, uint64_t all)
{
	uint64_t state = 88172645463325252ull;
	struct iom_domain *domain;
	struct bench *b = bench_with(cap, kind, &domain);

	/* Pages of 4 KiB alone: the two sides are never aligned alike. */
	CHECK_EQ(iom_domain_map(domain, 0x40000000, BENCH_DATA + 0x1000, 0x800000, RW), IOM_OK);
	for (unsigned i = 0; i < 200; i++) {
		uint64_t first = random_of(&state) % 2047,
			 pages = random_of(&state) % (2047 - first) + 1;
		uint64_t iova = 0x40000000 + first * 4096, bytes = pages * 4096;
		/* a table of 512 pages goes where the range covers it, and all go with the last page */
		bool tables = first / 512 * 512 == first ? pages >= 512
		                                         : pages >= 512 + (512 - first % 512);

		unmap(domain, cap, all, iova, bytes, tables);
		CHECK_EQ(iom_domain_map(domain, iova, BENCH_DATA + 0x1000 + first * 4096, bytes,
		                        RW),
		         IOM_OK);
	}
	unmap(domain, cap, all, 0x40000000, 0x800000, true);
	bench_done(b, domain);
}

TEST(commands_name_what_was_unmapped, "")
{
	for (unsigned has = 0; has < 4; has++) {
		uint64_t cap = CAP_BASE | (has & 1 ? CAP_S : 0) | (has & 2 ? CAP_NL : 0);

		commands(cap, IOM_DOMAIN_STAGE1, VMA | PSCV | 1ull << 12);
		commands(cap, IOM_DOMAIN_STAGE2, GVMA | GV | 1ull << 44);
	}
}

/* ---- What devices reach ------------------------------------------------------------------- */

static uint8_t lg2_of(struct bench *b, uint64_t iova, unsigned type)
{
	struct iom_reply reply;
	unsigned lg2 = bench_page_lg2(b, DEVICE, iova, &reply);

	CHECK(lg2 && reply.memory_type == type);
	return (uint8_t)lg2;
}

static void unmap_now(struct iom_domain *domain, uint64_t iova, uint64_t bytes)
{
	struct iom_gather gather = { 0 };

	CHECK_EQ(iom_domain_unmap(domain, iova, bytes, &gather), IOM_OK);
	CHECK_EQ(iom_domain_sync(domain, &gather), IOM_OK);
}

/* A mapping of one shape lives and goes: all its pages are cached first. */
static void lives(struct bench *b, struct iom_domain *domain, uint64_t iova, uint64_t phys,
                  uint64_t bytes, unsigned prot, unsigned lg2, unsigned none)
{
	uint64_t val, a;

	CHECK_EQ(iom_domain_map(domain, iova, phys, bytes, prot), IOM_OK);
	for (a = 0; a < bytes; a += 0x1000) {
		*bench_word(b, phys + a) = phys + a;
		CHECK_EQ(bench_dma_read(b, DEVICE, iova + a, &val), 0);
		CHECK_EQ(val, phys + a);
	}
	CHECK_EQ(lg2_of(b, iova, prot & IOM_PROT_MMIO ? IOM_MEMORY_IO : IOM_MEMORY_DEFAULT), lg2);
	unmap_now(domain, iova, bytes);
	for (a = 0; a < bytes; a += 0x1000)
		CHECK_EQ(bench_dma_read(b, DEVICE, iova + a, &val), none);
	/* the same addresses, elsewhere */
	CHECK_EQ(iom_domain_map(domain, iova, BENCH_DATA + 0x1000, 0x1000, RW), IOM_OK);
	*bench_word(b, BENCH_DATA + 0x1000) = 99;
	CHECK_EQ(bench_dma_read(b, DEVICE, iova, &val), 0);
	CHECK_EQ(val, 99);
	unmap_now(domain, iova, 0x1000);
	CHECK_EQ(bench_dma_read(b, DEVICE, iova, &val), none);
}

TEST(mappings_with_napot_pbmt_and_ranges, "RV-DRV-08")
{
	for (unsigned has = 0; has < 4; has++)
		for (unsigned stage2 = 0; stage2 < 2; stage2++) {
			uint64_t cap = CAP_BASE | (has & 1 ? CAP_S : 0) | (has & 2 ? CAP_NL : 0);
			unsigned none = stage2 ? 21 : 13;
			struct iom_domain *domain;
			struct bench *b =
				bench_with(cap, stage2 ? IOM_DOMAIN_STAGE2 : IOM_DOMAIN_STAGE1,
			                   &domain);

			/* BENCH_DATA is aligned to 16 MiB */
			lives(b, domain, 0x40000000, BENCH_DATA, 0x1000, RW, 12, none);
			lives(b, domain, 0x40003000, BENCH_DATA + 0x1000, 0x7000, RW, 12, none);
			lives(b, domain, 0x40010000, BENCH_DATA + 0x10000, 0x10000, RW, 16, none);
			lives(b, domain, 0x40010000, BENCH_DATA + 0x10000, 0x50000,
			      RW | IOM_PROT_MMIO, 16, none);
			lives(b, domain, 0x40200000, BENCH_DATA + 0x200000, 0x200000, RW, 21, none);
			lives(b, domain, 0x40a00000, BENCH_DATA + 0x200000, 0x611000,
			      RW | IOM_PROT_MMIO, 21, none);
			lives(b, domain, 0x401ff000, BENCH_DATA + 0x1ff000, 0x402000, RW, 12, none);
			lives(b, domain, 0x7fffff0000, BENCH_DATA + 0x1000, 0x20000, RW, 12, none);
			bench_done(b, domain);
		}
}
