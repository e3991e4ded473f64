/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Domains of the RISC-V driver: what devices reach, and what they do not reach any more. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

#define CAP_BARE_BONES (0x10ull | 1ull << 9 | 1ull << 28 | 56ull << 32) /* Sv39, wires */
#define CAP_SV48 (1ull << 10)
#define CAP_SV39X4 (1ull << 17)
#define CAP_MSI_FLAT (1ull << 22)
#define CAP_SVPBMT (1ull << 15)

static struct iom_domain *domain_new(struct bench *b, unsigned kind)
{
	struct iom_domain *domain;

	CHECK_MSG(iom_domain_new(b->driver, kind, &domain, &b->error) == IOM_OK, "%s",
	          b->error.text);
	return domain;
}

static void unmap_now(struct iom_domain *domain, uint64_t iova, uint64_t bytes)
{
	struct iom_gather gather = { 0 };

	CHECK_EQ(iom_domain_unmap(domain, iova, bytes, &gather), IOM_OK);
	CHECK_EQ(iom_domain_sync(domain, &gather), IOM_OK);
	CHECK(!gather.some && !gather.tables);
}

/* The life of a DMA buffer, in either stage and either format of device contexts. */
static void life(struct bench *b, unsigned kind, uint32_t dev)
{
	struct iom_domain *domain = domain_new(b, kind);
	unsigned read = kind == IOM_DOMAIN_STAGE1 ? 13 : 21, write = read + 2;
	struct iom_os_fault *f;
	uint64_t val, phys;

	CHECK_EQ(bench_dma_read(b, dev, 0x12345000, &val), 258);
	f = bench_one_fault(b, 258);
	CHECK_EQ(f->requester, dev);
	CHECK_EQ(f->iova, 0x12345000);
	CHECK(!f->write && !f->has_pasid);
	CHECK(f->reason && *f->reason);

	CHECK_EQ(iom_domain_attach(domain, dev), IOM_OK);
	CHECK_EQ(bench_dma_read(b, dev, 0x12345000, &val), read);
	f = bench_one_fault(b, read);
	CHECK_EQ(f->gpa & ~0xfffull, kind == IOM_DOMAIN_STAGE1 ? 0 : 0x12345000);
	CHECK_EQ(iom_domain_map(domain, 0x12345000, BENCH_DATA, 0x2000,
	                        IOM_PROT_READ | IOM_PROT_WRITE),
	         IOM_OK);
	CHECK_EQ(iom_domain_map(domain, 0x12347000, BENCH_DATA, 0x1000, IOM_PROT_READ), IOM_OK);
	CHECK_EQ(bench_dma_write(b, dev, 0x12346ff8, 0x1122334455667788), 0);
	CHECK_EQ(*bench_word(b, BENCH_DATA + 0x1ff8), 0x1122334455667788);
	*bench_word(b, BENCH_DATA + 0x10) = 77;
	CHECK_EQ(bench_dma_read(b, dev, 0x12347010, &val), 0);
	CHECK_EQ(val, 77);
	CHECK_EQ(bench_dma_write(b, dev, 0x12347010, 1), write);
	CHECK(bench_one_fault(b, write)->write);
	CHECK_EQ(iom_domain_iova_to_phys(domain, 0x12346008, &phys), IOM_OK);
	CHECK_EQ(phys, BENCH_DATA + 0x1008);
	CHECK_EQ(iom_domain_iova_to_phys(domain, 0x12348008, &phys), IOM_ENOENT);

	unmap_now(domain, 0x12346000, 0x1000);
	CHECK_EQ(bench_dma_write(b, dev, 0x12346000, 0), write);
	CHECK_EQ(bench_dma_read(b, dev, 0x12346000, &val), read);
	CHECK_EQ(iom_driver_interrupt(b->driver), 2);
	CHECK_EQ(bench_dma_read(b, dev, 0x12345000, &val), 0);

	CHECK_EQ(iom_domain_free(domain), IOM_EBUSY);
	CHECK_EQ(iom_domain_detach(domain, dev), IOM_OK);
	CHECK_EQ(iom_domain_detach(domain, dev), IOM_ENOENT);
	CHECK_EQ(bench_dma_read(b, dev, 0x12345000, &val), 258);
	bench_one_fault(b, 258);
	CHECK_EQ(iom_domain_free(domain), IOM_OK);
}

TEST(domain_life_stage1, "RV-DRV-03")
{
	unsigned ext;

	for (ext = 0; ext < 2; ext++) {
		struct iom_riscv_config config = {
			.bytes = sizeof config,
			.capabilities = CAP_BARE_BONES | (ext ? CAP_SV39X4 | CAP_MSI_FLAT : 0),
		};
		struct bench *b = bench_ready(&config);

		life(b, IOM_DOMAIN_STAGE1, 0);
		life(b, IOM_DOMAIN_STAGE1, 0xabcdef);
		life(b, IOM_DOMAIN_STAGE1, 0xffffff);
		CHECK_EQ(iom_driver_command_errors(b->driver), 0);
		bench_free(b);
	}
}

TEST(domain_life_stage2, "RV-DRV-03")
{
	struct bench *b = bench_ready(NULL);

	life(b, IOM_DOMAIN_STAGE2, 0);
	life(b, IOM_DOMAIN_STAGE2, 0x00ff3f);
	CHECK_EQ(iom_driver_command_errors(b->driver), 0);
	bench_free(b);
}

/* Sv48 is the widest; and without Svpbmt, registers of devices are mapped as memory is. */
TEST(domain_of_48_bits, "RV-DRV-03")
{
	struct iom_riscv_config config = { .bytes = sizeof config,
		                           .capabilities = CAP_BARE_BONES | CAP_SV48 };
	struct bench *b = bench_ready(&config);
	struct iom_domain *domain = domain_new(b, IOM_DOMAIN_STAGE1);
	const unsigned prot = IOM_PROT_READ | IOM_PROT_WRITE | IOM_PROT_MMIO;
	struct iom_reply reply;
	uint64_t first, last;

	iom_domain_range(domain, &first, &last);
	CHECK_EQ(last, (1ull << 47) - 1);
	CHECK_EQ(iom_domain_attach(domain, 3), IOM_OK);
	CHECK_EQ(iom_domain_map(domain, last - 0xfff, BENCH_DATA, 0x1000, prot), IOM_OK);
	CHECK_EQ(bench_page_lg2(b, 3, last - 0xfff, &reply), 12);
	CHECK_EQ(reply.memory_type, IOM_MEMORY_DEFAULT);
	CHECK_EQ(bench_dma_write(b, 3, last - 7, 77), 0);
	CHECK_EQ(*bench_word(b, BENCH_DATA + 0xff8), 77);
	CHECK_EQ(iom_domain_detach(domain, 3), IOM_OK);
	CHECK_EQ(iom_domain_free(domain), IOM_OK);
	bench_free(b);
}

TEST(domain_kinds_and_ranges, "")
{
	struct iom_riscv_config config = { .bytes = sizeof config, .capabilities = CAP_BARE_BONES };
	struct bench *b = bench_ready(NULL);
	struct iom_domain *domain;
	struct iom_gather gather = { 0 };
	uint64_t first, last, val;

	/* Sv57: the lower half of 57 bits; Sv57x4: 59 bits */
	domain = domain_new(b, IOM_DOMAIN_STAGE1);
	iom_domain_range(domain, &first, &last);
	CHECK_EQ(first, 0);
	CHECK_EQ(last, (1ull << 56) - 1);
	CHECK_EQ(iom_domain_map(domain, last - 0xfff, BENCH_DATA, 0x1000, IOM_PROT_READ), IOM_OK);
	CHECK_EQ(iom_domain_map(domain, last + 1, BENCH_DATA, 0x1000, IOM_PROT_READ), IOM_EINVAL);
	CHECK_EQ(iom_domain_map(domain, 0x1000, BENCH_DATA, 0x1000, IOM_PROT_WRITE), IOM_EINVAL);
	CHECK_EQ(iom_domain_map(domain, 0x1000, BENCH_DATA, 0x1000, 0), IOM_EINVAL);
	CHECK_EQ(iom_domain_map(domain, 0x1000, BENCH_DATA, 0x1000, 0x10 | IOM_PROT_READ),
	         IOM_EINVAL);
	CHECK_EQ(iom_domain_map(domain, 0x1000, 1ull << 56, 0x1000, IOM_PROT_READ), IOM_EINVAL);
	CHECK_EQ(iom_domain_map(domain, 0x1000, 0ull - 0x1000, 0x2000, IOM_PROT_READ), IOM_EINVAL);
	CHECK_EQ(iom_domain_map(domain, last - 0xfff, BENCH_DATA, 0x1000, IOM_PROT_READ),
	         IOM_EEXIST);
	CHECK_EQ(iom_domain_free(domain), IOM_OK);
	domain = domain_new(b, IOM_DOMAIN_STAGE2);
	iom_domain_range(domain, &first, &last);
	CHECK_EQ(last, (1ull << 59) - 1);
	CHECK_EQ(iom_domain_free(domain), IOM_OK);

	domain = domain_new(b, IOM_DOMAIN_IDENTITY);
	CHECK_EQ(iom_domain_map(domain, 0x1000, BENCH_DATA, 0x1000, IOM_PROT_READ), IOM_EINVAL);
	CHECK_EQ(iom_domain_unmap(domain, 0x1000, 0x1000, &gather), IOM_EINVAL);
	CHECK_EQ(iom_domain_iova_to_phys(domain, 0x1234, &val), IOM_OK);
	CHECK_EQ(val, 0x1234);
	CHECK_EQ(iom_domain_attach(domain, 9), IOM_OK);
	CHECK_EQ(bench_dma_write(b, 9, BENCH_DATA + 8, 5), 0);
	CHECK_EQ(*bench_word(b, BENCH_DATA + 8), 5);
	CHECK_EQ(iom_domain_detach(domain, 9), IOM_OK);
	CHECK_EQ(iom_domain_free(domain), IOM_OK);

	domain = domain_new(b, IOM_DOMAIN_BLOCKED);
	iom_domain_range(domain, &first, &last);
	CHECK_EQ(first | last, 0);
	CHECK_EQ(iom_domain_attach(domain, 9), IOM_OK);
	CHECK_EQ(bench_dma_write(b, 9, BENCH_DATA + 8, 5), 258);
	CHECK_EQ(iom_domain_iova_to_phys(domain, 0x1234, &val), IOM_ENOENT);
	CHECK_EQ(iom_domain_free(domain), IOM_EBUSY);
	CHECK_EQ(iom_domain_detach(domain, 9), IOM_OK);
	CHECK_EQ(iom_domain_free(domain), IOM_OK);
	CHECK_EQ(iom_domain_new(b->driver, 4, &domain, &b->error), IOM_EINVAL);
	bench_free(b);

	b = bench_ready(&config);
	CHECK_EQ(iom_domain_new(b->driver, IOM_DOMAIN_STAGE2, &domain, &b->error), IOM_ENOTSUP);
	CHECK(strstr(b->error.text, "second"));
	bench_free(b);
}

/* Large leaves reach the device as large ranges; a register page is I/O memory. */
TEST(domain_large_pages, "")
{
	static const unsigned kinds[] = { IOM_DOMAIN_STAGE1, IOM_DOMAIN_STAGE2 };
	unsigned n, kind;

	for (kind = 0; kind < 2; kind++) {
		struct bench *b = bench_ready(NULL);
		struct iom_domain *domain = domain_new(b, kinds[kind]);
		struct iom_reply reply;

		CHECK_EQ(iom_domain_attach(domain, 3), IOM_OK);
		CHECK_EQ(iom_domain_map(domain, 0x40000000, 0x80000000, 0x40211000, IOM_PROT_READ),
		         IOM_OK);
		CHECK_EQ(bench_page_lg2(b, 3, 0x5a5a5a5a, &reply), 30);
		CHECK_EQ(reply.spa, 0x9a5a5a5a);
		CHECK_EQ(bench_page_lg2(b, 3, 0x80012345, &reply), 21);
		CHECK_EQ(reply.spa, 0xc0012345);
		for (n = 0; n < 16; n++) {
			CHECK_EQ(bench_page_lg2(b, 3, 0x80200123 + 0x1000 * n, &reply), 16);
			CHECK_EQ(reply.spa, 0xc0200123 + 0x1000 * n);
		}
		CHECK_EQ(bench_page_lg2(b, 3, 0x80210fff, &reply), 12);
		CHECK_EQ(reply.memory_type, IOM_MEMORY_DEFAULT);
		CHECK_EQ(iom_domain_map(domain, 0x1000, 0x28000000, 0x1000,
		                        IOM_PROT_READ | IOM_PROT_WRITE | IOM_PROT_MMIO),
		         IOM_OK);
		CHECK_EQ(bench_page_lg2(b, 3, 0x1000, &reply), 12);
		CHECK_EQ(reply.memory_type, IOM_MEMORY_IO);

		/* one invalidation per page of 64 KiB, or for all when a table goes */
		unmap_now(domain, 0x80200000, 0x10000);
		for (n = 0; n < 16; n++)
			CHECK_EQ(bench_page_lg2(b, 3, 0x80200123 + 0x1000 * n, &reply), 0);
		CHECK_EQ(bench_page_lg2(b, 3, 0x80210fff, &reply), 12);
		unmap_now(domain, 0, 1ull << 40);
		CHECK_EQ(bench_page_lg2(b, 3, 0x5a5a5a5a, &reply), 0);
		CHECK_EQ(bench_page_lg2(b, 3, 0x80012345, &reply), 0);
		CHECK_EQ(bench_page_lg2(b, 3, 0x80210fff, &reply), 0);
		CHECK_EQ(iom_domain_detach(domain, 3), IOM_OK);
		CHECK_EQ(iom_domain_free(domain), IOM_OK);
		bench_free(b);
	}
}

TEST(domains_are_apart, "")
{
	static const unsigned kinds[][2] = {
		{ IOM_DOMAIN_STAGE1, IOM_DOMAIN_STAGE1 },
		{ IOM_DOMAIN_STAGE2, IOM_DOMAIN_STAGE2 },
		{ IOM_DOMAIN_STAGE1, IOM_DOMAIN_STAGE2 },
	};
	unsigned n;

	for (n = 0; n < 3; n++) {
		struct bench *b = bench_ready(NULL);
		struct iom_domain *one = domain_new(b, kinds[n][0]);
		struct iom_domain *two = domain_new(b, kinds[n][1]);
		uint64_t val;

		CHECK_EQ(iom_domain_attach(one, 0x100), IOM_OK);
		CHECK_EQ(iom_domain_attach(one, 0x101), IOM_OK);
		CHECK_EQ(iom_domain_attach(two, 0x200), IOM_OK);
		CHECK_EQ(iom_domain_map(one, 0x1000, BENCH_DATA, 0x1000, IOM_PROT_READ), IOM_OK);
		CHECK_EQ(iom_domain_map(two, 0x1000, BENCH_DATA + 0x1000, 0x1000, IOM_PROT_READ),
		         IOM_OK);
		CHECK_EQ(iom_domain_map(two, 0x2000, BENCH_DATA, 0x1000, IOM_PROT_READ), IOM_OK);
		*bench_word(b, BENCH_DATA) = 1;
		*bench_word(b, BENCH_DATA + 0x1000) = 2;
		CHECK_EQ(bench_dma_read(b, 0x100, 0x1000, &val), 0);
		CHECK_EQ(val, 1);
		CHECK_EQ(bench_dma_read(b, 0x101, 0x1000, &val), 0);
		CHECK_EQ(val, 1);
		CHECK_EQ(bench_dma_read(b, 0x200, 0x1000, &val), 0);
		CHECK_EQ(val, 2);
		CHECK(bench_dma_read(b, 0x100, 0x2000, &val) != 0);
		unmap_now(one, 0x1000, 0x1000);
		CHECK(bench_dma_read(b, 0x100, 0x1000, &val) != 0);
		CHECK(bench_dma_read(b, 0x101, 0x1000, &val) != 0);
		CHECK_EQ(bench_dma_read(b, 0x200, 0x1000, &val), 0);

		/* straight from one domain into the other */
		CHECK_EQ(iom_domain_attach(two, 0x101), IOM_OK);
		CHECK_EQ(bench_dma_read(b, 0x101, 0x1000, &val), 0);
		CHECK_EQ(val, 2);
		CHECK_EQ(iom_domain_detach(one, 0x101), IOM_ENOENT);
		CHECK_EQ(iom_domain_detach(one, 0x100), IOM_OK);
		CHECK_EQ(iom_domain_free(one), IOM_OK);
		/* a new domain may get the old one's identifier, and sees nothing of it */
		one = domain_new(b, kinds[n][0]);
		CHECK_EQ(iom_domain_attach(one, 0x100), IOM_OK);
		CHECK(bench_dma_read(b, 0x100, 0x1000, &val) != 0);
		CHECK_EQ(iom_domain_detach(one, 0x100), IOM_OK);
		CHECK_EQ(iom_domain_detach(two, 0x101), IOM_OK);
		CHECK_EQ(iom_domain_detach(two, 0x200), IOM_OK);
		CHECK_EQ(iom_domain_free(one), IOM_OK);
		CHECK_EQ(iom_domain_free(two), IOM_OK);
		bench_free(b);
	}
}

/* More devices and domains than a first table of either holds. */
TEST(domain_many_devices, "")
{
	struct bench *b = bench_ready(NULL);
	struct iom_domain *domains[600];
	uint64_t val;
	unsigned n;

	for (n = 0; n < 600; n++) {
		domains[n] = domain_new(b, n % 3 ? IOM_DOMAIN_IDENTITY : IOM_DOMAIN_STAGE1);
		CHECK_EQ(iom_domain_attach(domains[n], 8 * n), IOM_OK);
	}
	for (n = 0; n < 600; n += 2)
		CHECK_EQ(iom_domain_detach(domains[n], 8 * n), IOM_OK);
	for (n = 0; n < 600; n++) {
		unsigned fault = bench_dma_read(b, 8 * n, BENCH_DATA, &val);

		CHECK_EQ(fault, n % 2 == 0 ? 258 : n % 3 ? 0 : 13);
		CHECK_EQ(iom_domain_detach(domains[n], 8 * n), n % 2 ? IOM_OK : IOM_ENOENT);
		CHECK_EQ(iom_domain_free(domains[n]), IOM_OK);
	}
	bench_free(b);
}

/* Fails the n-th allocation of a domain's life, n = 0, 1, 2 ... */
TEST(domain_enomem, "")
{
	static const unsigned kinds[] = { IOM_DOMAIN_STAGE1, IOM_DOMAIN_STAGE2 };
	unsigned kind;
	int n;

	for (kind = 0; kind < 2; kind++) {
		for (n = 0;; n++) {
			struct bench *b = bench_ready(NULL);
			struct iom_domain *domain = NULL;
			int made, attached = -1, mapped = -1;
			uint64_t val;

			b->countdown = n;
			made = iom_domain_new(b->driver, kinds[kind], &domain, &b->error);
			if (!made)
				attached = iom_domain_attach(domain, 0x654321);
			if (!attached)
				mapped = iom_domain_map(domain, 0x1ff000, BENCH_DATA, 0x2000,
				                        IOM_PROT_READ);
			b->countdown = -1;
			if (made)
				CHECK_EQ(made, IOM_ENOMEM);
			else if (attached)
				CHECK_EQ(attached, IOM_ENOMEM);
			else if (mapped)
				CHECK_EQ(mapped, IOM_ENOMEM);
			if (!made && attached)
				CHECK_EQ(iom_domain_detach(domain, 0x654321), IOM_ENOENT);
			if (mapped) {
				CHECK_EQ(bench_dma_read(b, 0x654321, 0x1ff000, &val), attached ? 258
				                                                      : kind   ? 21
				                                                             : 13);
			} else {
				CHECK_EQ(bench_dma_read(b, 0x654321, 0x1ff000, &val), 0);
			}
			if (!attached)
				CHECK_EQ(iom_domain_detach(domain, 0x654321), IOM_OK);
			CHECK_EQ(iom_domain_free(domain), IOM_OK);
			bench_free(b);
			if (!mapped)
				break;
		}
		CHECK(n >= 10);
	}
}

/* ---- Against a list of pages ---------------------------------------------------------------- */

#define WINDOW 1200u

static uint64_t seed = 88172645463325252ull;

static uint64_t roll(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 11) % below;
}

/* One IOVA space and what it should be. */
struct space {
	struct iom_domain *domain;
	struct iom_gather gather;
	uint64_t to[WINDOW];
	uint32_t dev;
	unsigned read_fault;
};

static void probe(struct bench *b, struct space *s, unsigned n)
{
	uint64_t iova = 0x7ffd80000ull + 0x1000ull * n, spa = s->to[n], phys;
	struct iom_reply reply;
	unsigned lg2 = bench_page_lg2(b, s->dev, iova + 0x18, &reply);

	if (lg2) {
		CHECK_EQ(reply.spa, spa + 0x18);
	} else {
		CHECK_EQ(reply.fault, s->read_fault);
		CHECK_EQ(spa, ~0ull);
	}
	CHECK_EQ(iom_domain_iova_to_phys(s->domain, iova, &phys), lg2 ? IOM_OK : IOM_ENOENT);
	if (lg2)
		CHECK_EQ(phys, spa);
}

TEST(domain_random_against_a_list, "")
{
	struct bench *b = bench_ready(NULL);
	struct space *spaces = calloc(3, sizeof *spaces), *s;
	unsigned step, n;

	assert_non_null(spaces);
	for (n = 0; n < 3; n++) {
		s = &spaces[n];
		s->domain = domain_new(b, n == 2 ? IOM_DOMAIN_STAGE2 : IOM_DOMAIN_STAGE1);
		s->read_fault = n == 2 ? 21 : 13;
		s->dev = 0x1000 * n + 7;
		CHECK_EQ(iom_domain_attach(s->domain, s->dev), IOM_OK);
		memset(s->to, 0xff, sizeof s->to);
	}
	for (step = 0; step < 100000; step++) {
		static const unsigned grain[] = { 1, 1, 1, 16, 128 };
		unsigned g = grain[roll(5)], first, count;
		bool taken = false;
		uint64_t iova;
		int err;

		s = &spaces[roll(3)];
		first = (unsigned)roll(WINDOW / g) * g;
		count = (unsigned)(1 + roll(3)) * g;
		if (first + count > WINDOW)
			count = WINDOW - first;
		iova = 0x7ffd80000ull + 0x1000ull * first;
		for (n = first; n < first + count; n++)
			taken |= s->to[n] != ~0ull;
		if (roll(2)) {
			uint64_t phys = BENCH_DATA + 0x1000ull * (roll(2) ? roll(1024) : first);

			err = iom_domain_map(s->domain, iova, phys, 0x1000ull * count,
			                     IOM_PROT_READ);
			CHECK_EQ(err, taken ? IOM_EEXIST : IOM_OK);
			for (n = 0; !taken && n < count; n++)
				s->to[first + n] = phys + 0x1000ull * n;
		} else {
			struct iom_gather before = s->gather;

			err = iom_domain_unmap(s->domain, iova, 0x1000ull * count, &s->gather);
			if (err == IOM_EINVAL)
				CHECK_EQ(memcmp(&before, &s->gather, sizeof before), 0);
			else
				CHECK_EQ(err, IOM_OK);
			for (n = 0; !err && n < count; n++)
				s->to[first + n] = ~0ull;
			if (roll(8))
				CHECK_EQ(iom_domain_sync(s->domain, &s->gather), IOM_OK);
		}
		/* What is only gathered may still be reached: such spaces are not asked. */
		if (!s->gather.some)
			for (n = 0; n < 4; n++)
				probe(b, s, (unsigned)(n < 2 ? first + roll(count) : roll(WINDOW)));
		if (!roll(64))
			iom_driver_interrupt(b->driver);
	}
	for (s = spaces; s < spaces + 3; s++) {
		CHECK_EQ(iom_domain_sync(s->domain, &s->gather), IOM_OK);
		for (n = 0; n < WINDOW; n++)
			probe(b, s, n);
		CHECK_EQ(iom_domain_detach(s->domain, s->dev), IOM_OK);
		CHECK_EQ(iom_domain_free(s->domain), IOM_OK);
	}
	CHECK_EQ(iom_driver_command_errors(b->driver), 0);
	free(spaces);
	bench_free(b);
}
