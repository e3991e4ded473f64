/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Domains: where accesses of devices get to, and where they do not get to any more. */
#include "bed.h"
#include "tests.h"

#include <string.h>

#define MIB UINT64_C(0x100000)
#define GIB UINT64_C(0x40000000)

static struct iom_domain *stage1_of(unsigned device)
{
	struct iom_domain *domain = bed_domain(IOM_DOMAIN_STAGE1);

	return domain && !iom_domain_attach(domain, bed.device[device].rid) ? domain : NULL;
}

static void comes_up_again(void)
{
	for (unsigned n = 0; n < 3; n++)
		CHECK(bed_again(&bed.unit.config));
	CHECK(stage1_of(0));
}

static void identity(void)
{
	uint8_t *page = bed_memory(PAGE), *copy = bed_memory(PAGE);
	struct iom_domain *domain = bed_domain(IOM_DOMAIN_IDENTITY);

	SKIP_IF(!domain, "no identity domains");
	CHECK(!iom_domain_attach(domain, bed.device[0].rid));
	CHECK(bed_arrives(0, phys(page), page, 2048));
	CHECK(bed_copies(0, phys(page) + 100, page + 100, phys(copy), copy, 1000));
	CHECK_EQ(bed_faults(), 0);
}

static void moves_through(unsigned kind)
{
	uint8_t *page = bed_memory(PAGE), *copy = bed_memory(PAGE);
	struct iom_domain *domain = bed_domain(kind);
	uint64_t found;

	SKIP_IF(!domain, "no such tables");
	CHECK(!iom_domain_map(domain, IOVA, phys(page), PAGE, RIGHTS));
	CHECK(!iom_domain_attach(domain, bed.device[0].rid));
	CHECK(!iom_domain_map(domain, IOVA + PAGE, phys(copy), PAGE, RIGHTS));
	CHECK(!iom_domain_iova_to_phys(domain, IOVA + PAGE + 5, &found));
	CHECK_EQ(found, phys(copy) + 5);
	CHECK(bed_arrives(0, IOVA, page, 2048));
	CHECK(bed_arrives(0, IOVA + 2048, page + 2048, 2048));
	CHECK(bed_arrives(0, IOVA + PAGE + 3, copy + 3, 1));
	CHECK(bed_arrives(0, IOVA + 0x123, page + 0x123, 777));
	CHECK(bed_copies(0, IOVA + 0x123, page + 0x123, IOVA + PAGE, copy, 777));
	CHECK_EQ(bed_faults(), 0);
}

static void stage1(void)
{
	moves_through(IOM_DOMAIN_STAGE1);
}

static void stage2(void)
{
	moves_through(IOM_DOMAIN_STAGE2);
}

/* The second page in IOVA is the first in memory. */
static void crosses_pages(void)
{
	uint8_t *pages = bed_memory(2 * PAGE), *copy = bed_memory(PAGE);
	struct iom_domain *domain = stage1_of(0);

	CHECK(domain);
	CHECK(!iom_domain_map(domain, IOVA, phys(pages) + PAGE, PAGE, RIGHTS));
	CHECK(!iom_domain_map(domain, IOVA + PAGE, phys(pages), PAGE, RIGHTS));
	CHECK(!iom_domain_map(domain, IOVA + 4 * PAGE, phys(copy), PAGE, RIGHTS));
	CHECK(edu_store(&bed.device[0], 0, IOVA + PAGE - 600, 1600));
	CHECK(!memcmp(pages + 2 * PAGE - 600, bed.own[0], 600));
	CHECK(!memcmp(pages, bed.own[0] + 600, 1000));
	CHECK(bed_copies(0, IOVA + PAGE, pages, IOVA + 4 * PAGE, copy, 1000));
	CHECK_EQ(bed_faults(), 0);
}

static void unmapped_is_gone(void)
{
	uint8_t *page = bed_memory(2 * PAGE);
	struct iom_domain *domain = stage1_of(0);

	CHECK(domain);
	CHECK(!iom_domain_map(domain, IOVA, phys(page), 2ul * PAGE, RIGHTS));
	CHECK(bed_arrives(0, IOVA, page, 64));
	CHECK(bed_arrives(0, IOVA + PAGE, page + PAGE, 64));
	CHECK(!bed_unmap(domain, IOVA, PAGE));
	memset(page, 0, PAGE);
	CHECK(bed_refused(0, IOVA));
	CHECK(!page[0] && !page[63]);
	CHECK(bed_arrives(0, IOVA + PAGE, page + PAGE, 64));
}

static void mapped_elsewhere(void)
{
	uint8_t *pages = bed_memory(4 * PAGE);
	struct iom_domain *domain = stage1_of(0);

	CHECK(domain);
	for (unsigned n = 0; n < 4; n++) {
		CHECK(!iom_domain_map(domain, IOVA, phys(pages) + n * PAGE, PAGE, RIGHTS));
		memset(pages, 0, 4ul * PAGE);
		CHECK(bed_arrives(0, IOVA, pages + n * PAGE, 64));
		for (unsigned other = 0; other < 4; other++)
			CHECK(other == n || !pages[other * PAGE]);
		CHECK(!bed_unmap(domain, IOVA, PAGE));
	}
}

/* One leaf, around a page: the domain needs a table for each level above it at most. */
static void large_pages(uint64_t bytes)
{
	uint8_t *target = bed_memory(PAGE);
	struct iom_domain *domain = stage1_of(0);
	uint64_t memory = phys(target) & ~(bytes - 1), at = phys(target) - memory;
	size_t before;

	CHECK(domain);
	before = pool_taken();
	CHECK(!iom_domain_map(domain, IOVA, memory, bytes, RIGHTS));
	CHECK(pool_taken() - before <= 3);
	CHECK(bed_arrives(0, IOVA + at, target, 2048));
	CHECK(bed_arrives(0, IOVA + at + 2048, target + 2048, 2048));
	CHECK_EQ(bed_faults(), 0);
	CHECK_EQ(iom_domain_unmap(domain, IOVA + at, PAGE, &(struct iom_gather){ 0 }), IOM_EINVAL);
	CHECK(bed_arrives(0, IOVA + at, target, 8));
	CHECK(!bed_unmap(domain, IOVA, bytes));
	CHECK(bed_refused(0, IOVA + at));
	CHECK(bed_refused(0, IOVA + at + 2048));
}

static void pages_of_2m(void)
{
	SKIP_IF(bed.unit.leaf_lg2 < 21, "no pages of 2 MiB");
	large_pages(2 * MIB);
}

static void pages_of_1g(void)
{
	SKIP_IF(bed.unit.leaf_lg2 < 30, "no pages of 1 GiB");
	large_pages(GIB);
}

/* All of what was cached of a large page goes, not the page alone that was used first. */
static void large_page_is_gone(void)
{
	uint8_t *memory = bed_memory(PAGE_2M);
	struct iom_domain *domain = stage1_of(0);

	CHECK(domain);
	CHECK(!iom_domain_map(domain, IOVA, phys(memory), PAGE_2M, RIGHTS));
	for (unsigned at = 0; at < PAGE_2M; at += PAGE_2M / 8)
		CHECK(bed_arrives(0, IOVA + at, memory + at, 64));
	CHECK(!bed_unmap(domain, IOVA, PAGE_2M));
	for (unsigned at = 0; at < PAGE_2M; at += PAGE_2M / 8) {
		memset(memory + at, 0, 64);
		CHECK(bed_refused(0, IOVA + at));
		CHECK(!memory[at]);
	}
}

/* And a table in the place of a page. */
static void large_for_small(void)
{
	uint8_t *memory = bed_memory(PAGE_2M);
	struct iom_domain *domain = stage1_of(0);

	CHECK(domain);
	for (unsigned round = 0; round < 2; round++) {
		CHECK(!iom_domain_map(domain, IOVA + PAGE, phys(memory), PAGE, RIGHTS));
		CHECK(bed_arrives(0, IOVA + PAGE, memory, 64));
		CHECK(bed_refused(0, IOVA));
		CHECK(!bed_unmap(domain, IOVA + PAGE, PAGE));
		CHECK(!iom_domain_map(domain, IOVA, phys(memory), PAGE_2M, RIGHTS));
		CHECK(bed_arrives(0, IOVA + PAGE, memory + PAGE, 64));
		CHECK(bed_arrives(0, IOVA + MIB, memory + MIB, 64));
		CHECK(!bed_unmap(domain, IOVA, PAGE_2M));
	}
}

static void domain_each(void)
{
	uint8_t *page[DEVICES];

	for (unsigned n = 0; n < DEVICES; n++) {
		struct iom_domain *domain = stage1_of(n);

		page[n] = bed_memory(PAGE);
		CHECK(domain);
		CHECK(!iom_domain_map(domain, IOVA, phys(page[n]), PAGE, RIGHTS));
	}
	for (unsigned round = 0; round < 2; round++)
		for (unsigned n = 0; n < DEVICES; n++)
			CHECK(bed_arrives(n, IOVA, page[n], 512));
	for (unsigned n = 0; n < DEVICES; n++)
		CHECK(!memcmp(page[n], bed.own[n], 512));
	CHECK_EQ(bed_faults(), 0);
}

static void shared_domain(void)
{
	uint8_t *page = bed_memory(PAGE);
	struct iom_domain *domain = stage1_of(0);

	CHECK(domain);
	CHECK(!iom_domain_map(domain, IOVA, phys(page), PAGE, RIGHTS));
	for (unsigned n = 1; n < DEVICES; n++)
		CHECK(!iom_domain_attach(domain, bed.device[n].rid));
	for (unsigned n = 0; n < DEVICES; n++)
		CHECK(bed_arrives(n, IOVA, page, 64));
	CHECK(!iom_domain_detach(domain, bed.device[1].rid));
	CHECK(bed_unknown(1, IOVA));
	CHECK(bed_arrives(0, IOVA, page, 64));
	CHECK(!bed_unmap(domain, IOVA, PAGE));
	CHECK(bed_refused(0, IOVA));
	CHECK(bed_refused(2, IOVA));
}

static void device_moves(void)
{
	uint8_t *pages = bed_memory(2 * PAGE);
	struct iom_domain *one = stage1_of(0), *other = bed_domain(IOM_DOMAIN_STAGE1);

	CHECK(one && other);
	CHECK(!iom_domain_map(one, IOVA, phys(pages), PAGE, RIGHTS));
	CHECK(!iom_domain_map(other, IOVA, phys(pages) + PAGE, PAGE, RIGHTS));
	for (unsigned round = 0; round < 3; round++) {
		CHECK(bed_arrives(0, IOVA, pages, 64));
		CHECK(!iom_domain_attach(other, bed.device[0].rid));
		memset(pages, 0, PAGE);
		CHECK(bed_arrives(0, IOVA, pages + PAGE, 64));
		CHECK(!pages[0]);
		CHECK(!iom_domain_attach(one, bed.device[0].rid));
	}
	CHECK(!iom_domain_detach(one, bed.device[0].rid));
	CHECK(bed_unknown(0, IOVA));
	CHECK_EQ(iom_domain_detach(one, bed.device[0].rid), IOM_ENOENT);
}

static void many_domains(void)
{
	uint8_t *pages = bed_memory(32 * PAGE);

	for (unsigned n = 0; n < 32; n++) {
		struct iom_domain *domain = stage1_of(n % DEVICES);

		CHECK(domain);
		CHECK(!iom_domain_map(domain, IOVA, phys(pages) + n * PAGE, PAGE, RIGHTS));
		CHECK(bed_arrives(n % DEVICES, IOVA, pages + n * PAGE, 64));
	}
	for (unsigned n = 0; n < 32; n += 5) {
		CHECK(!iom_domain_attach(bed.domain[n], bed.device[1].rid));
		CHECK(bed_arrives(1, IOVA, pages + n * PAGE, 64));
	}
	CHECK_EQ(bed_faults(), 0);
}

/* More than once around the queue of commands. */
static void many_invalidations(void)
{
	uint8_t *pages = bed_memory(2 * PAGE);
	struct iom_domain *domain = stage1_of(0);

	CHECK(domain);
	for (unsigned n = 0; n < 1200; n++) {
		uint8_t *page = pages + n % 2 * PAGE;

		CHECK(!iom_domain_map(domain, IOVA, phys(page), PAGE, RIGHTS));
		if (n % 40 < 2)
			CHECK(bed_arrives(0, IOVA, page, 64));
		CHECK(!bed_unmap(domain, IOVA, PAGE));
	}
	CHECK_EQ(iom_driver_command_errors(bed.driver), 0);
	CHECK_EQ(bed_faults(), 0);
}

static void ends_of_the_range(void)
{
	uint8_t *pages = bed_memory(2 * PAGE);
	struct iom_domain *domain = stage1_of(0);
	uint64_t first, last;

	CHECK(domain);
	iom_domain_range(domain, &first, &last);
	CHECK(last > IOVA);
	CHECK(!iom_domain_map(domain, first, phys(pages), PAGE, RIGHTS));
	CHECK(!iom_domain_map(domain, last - (PAGE - 1), phys(pages) + PAGE, PAGE, RIGHTS));
	CHECK_EQ(iom_domain_map(domain, last + 1, phys(pages), PAGE, RIGHTS), IOM_EINVAL);
	CHECK(bed_arrives(0, first, pages, 64));
	CHECK(bed_arrives(0, last - 63, pages + 2 * PAGE - 64, 64));
	CHECK_EQ(bed_faults(), 0);
}

static void memory_above_4g(void)
{
	uint8_t *page = (uint8_t *)(uintptr_t)bed.machine.far;
	struct iom_domain *domain = stage1_of(0);

	SKIP_IF(!page, "the machine has none");
	CHECK(domain);
	CHECK(!iom_domain_map(domain, IOVA, phys(page), PAGE, RIGHTS));
	CHECK(bed_arrives(0, IOVA, page, 2048));
	CHECK_EQ(bed_faults(), 0);
}

/* A map of our own says what should be there; one access of each step judges. */
static void random_steps(void)
{
	enum { SLOTS = 48, PAGES = 16, STEPS = 400 };
	static uint8_t held[SLOTS]; /* the page that is mapped there, and 1; 0: none */
	uint8_t *pages = bed_memory(PAGES * PAGE);
	struct iom_domain *domain = stage1_of(0);
	uint32_t random = 12345;

	CHECK(domain);
	memset(held, 0, sizeof held);
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned slot, page;
		uint64_t iova;

		random = random * 1664525 + 1013904223;
		slot = (random >> 8) % SLOTS;
		page = (random >> 20) % PAGES;
		/* Some are neighbours, some share upper tables only, some nothing. */
		iova = IOVA + slot % 16 * PAGE + (slot / 16) * 5 * GIB;
		if (random >> 30 == 0 && held[slot]) {
			CHECK(!bed_unmap(domain, iova, PAGE));
			held[slot] = 0;
		} else if (!held[slot] && random >> 31) {
			CHECK(!iom_domain_map(domain, iova, phys(pages) + page * PAGE, PAGE,
			                      RIGHTS));
			held[slot] = (uint8_t)(page + 1);
		}
		if (held[slot])
			CHECK(bed_arrives(0, iova, pages + (held[slot] - 1u) * PAGE, 64));
		else
			CHECK(bed_refused(0, iova));
	}
}

const struct test domain_tests[] = {
	{ "driver: ends, and comes up again", comes_up_again },
	{ "domain: identity", identity },
	{ "domain: first stage, or what stands for it", stage1 },
	{ "domain: second stage", stage2 },
	{ "map: an access crosses pages", crosses_pages },
	{ "map: pages of 2 MiB", pages_of_2m },
	{ "map: pages of 1 GiB", pages_of_1g },
	{ "map: both ends of the range", ends_of_the_range },
	{ "map: memory above 4 GiB", memory_above_4g },
	{ "unmap: what was used is gone", unmapped_is_gone },
	{ "unmap: all of a large page is gone", large_page_is_gone },
	{ "unmap: a large page in the place of small ones", large_for_small },
	{ "unmap: the next mapping counts", mapped_elsewhere },
	{ "unmap: more than a queue of commands", many_invalidations },
	{ "attach: each device its own domain", domain_each },
	{ "attach: devices share a domain", shared_domain },
	{ "attach: a device moves", device_moves },
	{ "attach: many domains", many_domains },
	{ "all: random steps, and a map to judge by", random_steps },
};

const size_t domain_test_count = COUNT(domain_tests);
