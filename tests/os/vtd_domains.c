/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Domains over the VT-d driver: what is mapped passes, and what was unmapped is forgotten. */
#include "vtd.h"

#define R IOM_PROT_READ
#define W IOM_PROT_WRITE
#define X IOM_PROT_EXECUTE
#define MIB 0x100000ull

/* One unit of each way to translate, and how it refuses what is not mapped. */
static const struct way {
	const char *name;
	uint64_t cap, ecap;
	unsigned kind;
	unsigned read, write;
	uint64_t last;
} ways[] = {
	{ "legacy", CAP_48, ECAP_LEGACY, IOM_DOMAIN_STAGE1, 6, 5, 0xffffffffffff },
	{ "legacy, a machine's", CAP_48, ECAP_LEGACY, IOM_DOMAIN_STAGE2, 6, 5, 0xffffffffffff },
	{ "legacy, three levels", (CAP_48 & ~(SAGAW_48 | MGAW(48))) | MGAW(39), ECAP_LEGACY,
	  IOM_DOMAIN_STAGE1, 6, 5, 0x7fffffffff },
	{ "legacy, five levels", (CAP_48 & ~MGAW(48)) | SAGAW_57 | MGAW(50), ECAP_LEGACY,
	  IOM_DOMAIN_STAGE1, 6, 5, 0x3ffffffffffff },
	{ "legacy, caching mode", CAP_48 | CM, ECAP_LEGACY, IOM_DOMAIN_STAGE1, 6, 5,
	  0xffffffffffff },
	{ "legacy, whole domains alone", CAP_48 & ~PSI & ~MAMV(18), ECAP_LEGACY, IOM_DOMAIN_STAGE1,
	  6, 5, 0xffffffffffff },
	{ "legacy, single pages", CAP_48 & ~MAMV(18), ECAP_LEGACY, IOM_DOMAIN_STAGE1, 6, 5,
	  0xffffffffffff },
	{ "by registers", CAP_48, COHERENT | PT | IRO, IOM_DOMAIN_STAGE1, 6, 5, 0xffffffffffff },
	{ "by registers, caching mode", CAP_48 | CM, COHERENT | PT | IRO, IOM_DOMAIN_STAGE1, 6, 5,
	  0xffffffffffff },
	{ "by registers, whole domains", CAP_48 & ~PSI & ~MAMV(18), COHERENT | PT | IRO,
	  IOM_DOMAIN_STAGE1, 6, 5, 0xffffffffffff },
	{ "first stage", CAP_48, ECAP_SCALABLE, IOM_DOMAIN_STAGE1, 0x71, 0x71, 0x7fffffffffff },
	{ "first stage, five levels", CAP_48 | FS5LP | FS1GP, ECAP_SCALABLE, IOM_DOMAIN_STAGE1,
	  0x71, 0x71, 0xffffffffffffff },
	{ "first stage, caching mode", CAP_48 | CM, ECAP_SCALABLE, IOM_DOMAIN_STAGE1, 0x71, 0x71,
	  0x7fffffffffff },
	{ "second stage", CAP_48, ECAP_SCALABLE, IOM_DOMAIN_STAGE2, 0x79, 0x79, 0xffffffffffff },
	{ "second stage for a kernel", CAP_48, ECAP_SCALABLE & ~(FSTS | NEST), IOM_DOMAIN_STAGE1,
	  0x79, 0x79, 0xffffffffffff },
	{ "second stage, caching mode", CAP_48 | CM, ECAP_SCALABLE, IOM_DOMAIN_STAGE2, 0x79, 0x79,
	  0xffffffffffff },
};

#define FOR_EACH(way) for (way = ways; way < ways + sizeof ways / sizeof *ways; way++)

static void check_read(const struct way *way, struct bench *b, uint64_t iova, uint64_t word)
{
	uint64_t val = 0;
	unsigned fault = bench_dma_read(b, DEVICE, iova, &val);

	CHECK_MSG(!fault && val == word, "%s: 0x%llx: fault 0x%x, 0x%llx", way->name,
	          (unsigned long long)iova, fault, (unsigned long long)val);
}

static void check_refused(const struct way *way, struct bench *b, uint64_t iova)
{
	uint64_t val;
	unsigned fault = bench_dma_read(b, DEVICE, iova, &val);

	CHECK_MSG(fault == way->read, "%s: 0x%llx: fault 0x%x", way->name, (unsigned long long)iova,
	          fault);
	bench_one_fault(b, fault);
}

static void fill(struct bench *b)
{
	uint64_t at;

	for (at = BENCH_DATA; at < BENCH_DATA + 8 * MIB; at += 0x1000)
		*bench_word(b, at) = at;
}

/* Refused, mapped, unmapped, mapped elsewhere: each is believed at once. */
TEST(vtd_domains_map_and_unmap, "VTD-DRV-02 VTD-DRV-03")
{
	const struct way *way;

	FOR_EACH(way)
	{
		struct bench *b = vtd_ready(way->cap, way->ecap);
		struct iom_domain *domain = vtd_domain(b, way->kind);
		uint64_t first, last, phys;

		fill(b);
		iom_domain_range(domain, &first, &last);
		CHECK_MSG(!first && last == way->last, "%s: 0x%llx", way->name,
		          (unsigned long long)last);
		CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);
		check_refused(way, b, 0x5000);
		vtd_map(domain, 0x5000, BENCH_DATA + 0x1000, 0x2000);
		check_read(way, b, 0x5000, BENCH_DATA + 0x1000);
		check_read(way, b, 0x6000, BENCH_DATA + 0x2000);
		CHECK_EQ(iom_domain_iova_to_phys(domain, 0x6123, &phys), IOM_OK);
		CHECK_EQ(phys, BENCH_DATA + 0x2123);
		vtd_unmap(domain, 0x5000, 0x1000);
		check_refused(way, b, 0x5000);
		check_read(way, b, 0x6000, BENCH_DATA + 0x2000);
		CHECK_EQ(iom_domain_iova_to_phys(domain, 0x5000, &phys), IOM_ENOENT);
		vtd_map(domain, 0x5000, BENCH_DATA + 0x3000, 0x1000);
		check_read(way, b, 0x5000, BENCH_DATA + 0x3000);

		/* the end of the range */
		vtd_map(domain, last - 0xfff, BENCH_DATA, 0x1000);
		check_read(way, b, last - 0xfff, BENCH_DATA);
		CHECK_EQ(iom_domain_map(domain, last + 1, BENCH_DATA, 0x1000, R), IOM_EINVAL);
		vtd_gone(b, domain, DEVICE);
	}
}

/* Large pages where the unit has them, and ranges of any shape. */
TEST(vtd_domains_large_pages, "VTD-DRV-02 VTD-DRV-03")
{
	const struct way *way;

	FOR_EACH(way)
	{
		struct bench *b = vtd_ready(way->cap, way->ecap);
		struct iom_domain *domain = vtd_domain(b, way->kind);
		struct iom_reply reply;
		uint64_t at;

		fill(b);
		CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);
		vtd_map(domain, 0x40000000 + 2 * MIB, BENCH_DATA, 4 * MIB);
		CHECK_EQ(bench_page_lg2(b, DEVICE, 0x40000000 + 2 * MIB, &reply), 21);
		/* 3 pages before the large ones, and one behind */
		vtd_map(domain, 0x40000000 + 2 * MIB - 0x3000, BENCH_DATA + 5 * MIB, 0x3000);
		vtd_map(domain, 0x40000000 + 6 * MIB, BENCH_DATA + 6 * MIB, 0x1000);
		for (at = 2 * MIB - 0x3000; at <= 6 * MIB; at += 0x1000) {
			uint64_t val;

			CHECK_EQ(bench_dma_read(b, DEVICE, 0x40000000 + at, &val), 0);
		}
		vtd_unmap(domain, 0x40000000 + 2 * MIB - 0x2000, 4 * MIB + 0x2000);
		check_read(way, b, 0x40000000 + 2 * MIB - 0x3000, BENCH_DATA + 5 * MIB);
		check_read(way, b, 0x40000000 + 6 * MIB, BENCH_DATA + 6 * MIB);
		for (at = 2 * MIB - 0x2000; at < 6 * MIB; at += 0x7f000)
			check_refused(way, b, 0x40000000 + at);
		/* a table takes the large page's place */
		vtd_map(domain, 0x40000000 + 2 * MIB, BENCH_DATA + 0x1000, 0x1000);
		check_read(way, b, 0x40000000 + 2 * MIB, BENCH_DATA + 0x1000);
		check_refused(way, b, 0x40000000 + 2 * MIB + 0x1000);
		vtd_unmap(domain, 0x40000000, 8 * MIB);
		check_refused(way, b, 0x40000000 + 6 * MIB);
		vtd_gone(b, domain, DEVICE);
	}
}

TEST(vtd_domains_page_sizes, "")
{
	static const struct {
		uint64_t cap, ecap;
		unsigned lg2;
	} rows[] = {
		{ CAP_48 & ~(PAGES_2M | PAGES_1G), ECAP_LEGACY, 12 },
		{ CAP_48 & ~PAGES_1G, ECAP_LEGACY, 21 },
		{ CAP_48, ECAP_LEGACY, 30 },
		{ CAP_48, ECAP_SCALABLE, 21 },
		{ CAP_48 | FS1GP, ECAP_SCALABLE, 30 },
	};
	unsigned n;

	for (n = 0; n < sizeof rows / sizeof rows[0]; n++) {
		struct bench *b = vtd_ready(rows[n].cap, rows[n].ecap);
		struct iom_domain *domain = vtd_domain(b, IOM_DOMAIN_STAGE1);
		struct iom_reply reply;

		CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);
		vtd_map(domain, 0x40000000, 0x80000000, 0x40000000);
		CHECK_EQ(bench_page_lg2(b, DEVICE, 0x40000000, &reply), rows[n].lg2);
		vtd_gone(b, domain, DEVICE);
	}
}

/* Messages' addresses are not mapped, nor mapped to. */
TEST(vtd_domains_interrupt_range, "")
{
	const struct way *way;

	FOR_EACH(way)
	{
		struct bench *b = vtd_ready(way->cap, way->ecap);
		struct iom_domain *domain = vtd_domain(b, way->kind);

		CHECK_EQ(iom_domain_map(domain, 0xfee00000, BENCH_DATA, 0x1000, R), IOM_EINVAL);
		CHECK_EQ(iom_domain_map(domain, 0xfeeff000, BENCH_DATA, 0x1000, R), IOM_EINVAL);
		CHECK_EQ(iom_domain_map(domain, 0xfedff000, BENCH_DATA, 0x2000, R), IOM_EINVAL);
		CHECK_EQ(iom_domain_map(domain, 0xfe000000, BENCH_DATA, 0x2000000, R), IOM_EINVAL);
		CHECK_EQ(iom_domain_map(domain, 0x1000, 0xfee00000, 0x1000, R), IOM_EINVAL);
		CHECK_EQ(iom_domain_map(domain, 0x1000, 0xfeeff000, 0x2000, R), IOM_EINVAL);
		vtd_map(domain, 0xfedff000, 0xfedff000, 0x1000);
		vtd_map(domain, 0xfef00000, 0xfef00000, 0x1000);
		CHECK_EQ(iom_domain_free(domain), IOM_OK);
		bench_free(b);
	}
}

TEST(vtd_domains_protection, "")
{
	const struct way *way;

	FOR_EACH(way)
	{
		struct bench *b = vtd_ready(way->cap, way->ecap);
		struct iom_domain *domain = vtd_domain(b, way->kind);
		bool first = way->read == 0x71;
		uint64_t val;

		CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);
		CHECK_EQ(iom_domain_map(domain, 0x1000, BENCH_DATA, 0x1000, R | X), IOM_OK);
		CHECK_EQ(bench_dma_read(b, DEVICE, 0x1000, &val), 0);
		CHECK_EQ(bench_dma_write(b, DEVICE, 0x1000, 1), way->read == 6 ? 5 : 0x85);
		CHECK(iom_driver_interrupt(b->driver) == 1 && b->fault[0].write);
		/* writing alone is for second stages */
		CHECK_EQ(iom_domain_map(domain, 0x2000, BENCH_DATA, 0x1000, W),
		         first ? IOM_EINVAL : IOM_OK);
		if (!first) {
			CHECK_EQ(bench_dma_write(b, DEVICE, 0x2000, 1), 0);
			CHECK_EQ(bench_dma_read(b, DEVICE, 0x2000, &val),
			         way->read == 6 ? 6 : 0x86);
			CHECK(iom_driver_interrupt(b->driver) == 1 && !b->fault[1].write);
		}
		CHECK_EQ(iom_domain_map(domain, 0x3000, BENCH_DATA, 0x1000, W | X), IOM_EINVAL);
		CHECK_EQ(iom_domain_map(domain, 0x3000, BENCH_DATA, 0x1000, 0), IOM_EINVAL);
		CHECK_EQ(iom_domain_map(domain, 0x3000, 1ull << 52, 0x1000, R), IOM_EINVAL);
		CHECK_EQ(iom_domain_map(domain, 0x1000, BENCH_DATA, 0x1000, R), IOM_EEXIST);
		vtd_gone(b, domain, DEVICE);
	}
}

/* Devices move between domains, and take nothing along. */
TEST(vtd_domains_move, "VTD-CM-03 VTD-CM-06 VTD-CM-07")
{
	const struct way *way;

	FOR_EACH(way)
	{
		struct bench *b = vtd_ready(way->cap, way->ecap);
		struct iom_domain *one = vtd_domain(b, way->kind), *two;
		uint64_t val;

		two = vtd_domain(b, way->kind);
		fill(b);
		vtd_map(one, 0x1000, BENCH_DATA + 0x1000, 0x1000);
		vtd_map(two, 0x1000, BENCH_DATA + 0x2000, 0x1000);
		CHECK(bench_dma_read(b, DEVICE, 0x1000, &val));
		CHECK_EQ(iom_driver_interrupt(b->driver), 1);
		CHECK_EQ(iom_domain_attach(one, DEVICE), IOM_OK);
		CHECK_EQ(iom_domain_attach(two, DEVICE + 1), IOM_OK);
		check_read(way, b, 0x1000, BENCH_DATA + 0x1000);
		CHECK_EQ(bench_dma_read(b, DEVICE + 1, 0x1000, &val), 0);
		CHECK_EQ(val, BENCH_DATA + 0x2000);
		CHECK_EQ(iom_domain_attach(two, DEVICE), IOM_OK);
		check_read(way, b, 0x1000, BENCH_DATA + 0x2000);
		CHECK_EQ(iom_domain_detach(one, DEVICE), IOM_ENOENT);
		CHECK_EQ(iom_domain_free(two), IOM_EBUSY);
		CHECK_EQ(iom_domain_free(one), IOM_OK);
		CHECK_EQ(iom_domain_detach(two, DEVICE), IOM_OK);
		CHECK_EQ(bench_dma_read(b, DEVICE, 0x1000, &val), way->read == 6 ? 2 : 0x41);
		CHECK_EQ(iom_driver_interrupt(b->driver), 1);

		/* what nobody used meanwhile is gone, too */
		CHECK_EQ(iom_domain_detach(two, DEVICE + 1), IOM_OK);
		vtd_unmap(two, 0x1000, 0x1000);
		CHECK_EQ(iom_domain_attach(two, DEVICE), IOM_OK);
		check_refused(way, b, 0x1000);
		CHECK_EQ(iom_domain_detach(two, DEVICE), IOM_OK);
		vtd_map(two, 0x1000, BENCH_DATA + 0x2000, 0x1000);
		CHECK_EQ(iom_domain_attach(two, DEVICE + 1), IOM_OK);
		/* the identifier that was freed begins anew */
		one = vtd_domain(b, way->kind);
		CHECK_EQ(iom_domain_attach(one, DEVICE), IOM_OK);
		check_refused(way, b, 0x1000);
		CHECK_EQ(iom_domain_detach(one, DEVICE), IOM_OK);
		CHECK_EQ(iom_domain_free(one), IOM_OK);
		CHECK_EQ(bench_dma_read(b, DEVICE + 1, 0x1000, &val), 0);
		vtd_gone(b, two, DEVICE + 1);
	}
}

TEST(vtd_domains_blocked, "")
{
	const struct way *way;

	FOR_EACH(way)
	{
		struct bench *b = vtd_ready(way->cap, way->ecap);
		struct iom_domain *domain = vtd_domain(b, IOM_DOMAIN_BLOCKED);
		uint64_t val;

		CHECK_EQ(iom_domain_attach(domain, 0x10000), IOM_EINVAL);
		CHECK_EQ(iom_domain_attach(domain, 0xffff), IOM_OK);
		CHECK_EQ(bench_dma_read(b, 0xffff, BENCH_DATA, &val), way->read == 6 ? 2 : 0x41);
		bench_one_fault(b, way->read == 6 ? 2 : 0x41);
		vtd_gone(b, domain, 0xffff);
	}
}

/* 16 domain-ids, of which two are taken. */
TEST(vtd_domains_ids_run_out, "")
{
	struct bench *b = vtd_ready(CAP_48 & ~ND(6), ECAP_SCALABLE);
	struct iom_domain *domain[14], *more;
	unsigned n;

	for (n = 0; n < 14; n++)
		domain[n] = vtd_domain(b, n & 1 ? IOM_DOMAIN_STAGE1 : IOM_DOMAIN_STAGE2);
	CHECK_EQ(iom_domain_new(b->driver, IOM_DOMAIN_STAGE1, &more, &b->error), IOM_ENOSPC);
	CHECK_EQ(iom_domain_free(domain[3]), IOM_OK);
	domain[3] = vtd_domain(b, IOM_DOMAIN_STAGE1);
	for (n = 0; n < 14; n++)
		CHECK_EQ(iom_domain_free(domain[n]), IOM_OK);
	bench_free(b);
}

TEST(vtd_domains_not_there, "")
{
	struct bench *b = vtd_ready(CAP_48, ECAP_SCALABLE & ~(SSTS | NEST | PT));
	struct iom_domain *domain;

	CHECK_EQ(iom_domain_new(b->driver, IOM_DOMAIN_STAGE2, &domain, &b->error), IOM_ENOTSUP);
	CHECK_EQ(iom_domain_new(b->driver, IOM_DOMAIN_IDENTITY, &domain, &b->error), IOM_ENOTSUP);
	bench_free(b);
	b = vtd_ready(CAP_48, ECAP_LEGACY);
	domain = vtd_domain(b, IOM_DOMAIN_STAGE2);
	CHECK_EQ(iom_domain_msi_window(domain, 0x28000000, 0, &b->error), IOM_ENOTSUP);
	CHECK_EQ(iom_domain_free(domain), IOM_OK);
	bench_free(b);
}

/* The unit reads tables from memory alone, and what the driver forgot to write back is not there. */
TEST(vtd_domains_not_coherent, "VTD-COH-01")
{
	static const struct {
		uint64_t ecap;
		unsigned kind, refused;
	} rows[] = {
		{ ECAP_LEGACY & ~COHERENT, IOM_DOMAIN_STAGE1, 6 },
		{ ECAP_SCALABLE & ~(COHERENT | SMPWCS), IOM_DOMAIN_STAGE1, 0x71 },
		{ ECAP_SCALABLE & ~(COHERENT | SMPWCS), IOM_DOMAIN_STAGE2, 0x79 },
	};
	unsigned n, at;

	for (n = 0; n < sizeof rows / sizeof rows[0]; n++) {
		const struct iom_vtd_config config = vtd_unit(CAP_48, rows[n].ecap);
		struct bench *b = bench_new_vtd_apart(&config);
		struct iom_domain *domain;
		uint64_t val;

		CHECK_MSG(bench_up(b, NULL) == IOM_OK, "%s", b->error.text);
		domain = vtd_domain(b, rows[n].kind);
		fill(b);
		CHECK_EQ(iom_domain_attach(domain, DEVICE), IOM_OK);
		/* pages, one by one and many; a large page; and back */
		vtd_map(domain, 0x1000, BENCH_DATA, 0x1000);
		vtd_map(domain, 0x2000, BENCH_DATA + 0x1000, 0x1000);
		vtd_map(domain, 0x3000, BENCH_DATA + 0x2000, 0x9000);
		vtd_map(domain, 0x40000000 - 0x3000, BENCH_DATA - 0x3000 + 2 * MIB,
		        2 * MIB + 0x6000);
		for (at = 1; at < 12; at++) {
			CHECK_EQ(bench_dma_read(b, DEVICE, 0x1000ull * at, &val), 0);
			CHECK_EQ(val, BENCH_DATA + 0x1000ull * (at - 1));
		}
		for (at = 0; at < 0x206; at++) {
			CHECK_EQ(bench_dma_read(b, DEVICE, 0x40000000 - 0x3000 + 0x1000ull * at,
			                        &val),
			         0);
			CHECK_EQ(val, BENCH_DATA + 2 * MIB - 0x3000 + 0x1000ull * at);
		}
		vtd_unmap(domain, 0x1000, 0x1000);
		vtd_unmap(domain, 0x5000, 0x2000);
		vtd_unmap(domain, 0x40000000 - 0x2000, 2 * MIB + 0x4000);
		CHECK_EQ(bench_dma_read(b, DEVICE, 0x1000, &val), rows[n].refused);
		CHECK_EQ(bench_dma_read(b, DEVICE, 0x5000, &val), rows[n].refused);
		CHECK_EQ(bench_dma_read(b, DEVICE, 0x6000, &val), rows[n].refused);
		CHECK_EQ(bench_dma_read(b, DEVICE, 0x40000000, &val), rows[n].refused);
		CHECK_EQ(bench_dma_read(b, DEVICE, 0x40200000, &val), rows[n].refused);
		CHECK_EQ(bench_dma_read(b, DEVICE, 0x40202000, &val), 0);
		vtd_unmap(domain, 0, 0x80000000);
		CHECK_EQ(bench_dma_read(b, DEVICE, 0x40202000, &val), rows[n].refused);
		CHECK_EQ(iom_driver_interrupt(b->driver), 6);
		vtd_gone(b, domain, DEVICE);
	}
}
