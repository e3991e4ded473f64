/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Hardware that the RISC-V driver does not take: a register reads as no such register should, or a store
 * has no effect.  The driver says what it met, frees all, and leaves hardware that it can be
 * brought up on afterwards.
 */
#include "bench.h"

#include <string.h>

enum {
	CAPABILITIES = 0x000,
	FCTL = 0x008,
	DDTP = 0x010,
	CQB = 0x018,
	CQH = 0x020,
	FQB = 0x028,
	FQT = 0x034,
	CQCSR = 0x048,
	FQCSR = 0x04c,
	ICVEC = 0x2f8,
};
#define ALWAYS 1000u
#define IGS (3ull << 28)
#define BUSY (1ull << 17)
#define ON (1ull << 16)

/* What a register reads as from its `from`-th look on, `looks` times: bits that are 0, bits that are 1. */
static const struct odd {
	uint16_t off;
	unsigned from, looks;
	uint64_t zero, one;
	int code;
	const char *word; /* in the sentence */
} odds[] = {
	{ CAPABILITIES, 0, ALWAYS, 0xff, 0x20, IOM_ENOTSUP, "version" },
	{ CAPABILITIES, 0, ALWAYS, ~0ull, 0, IOM_ENOTSUP, "version" },
	{ CAPABILITIES, 0, ALWAYS, 0, ~0ull, IOM_ENOTSUP, "version" },
	{ CAPABILITIES, 0, ALWAYS, 0, IGS, IOM_ENOTSUP, "IGS" },
	{ CAPABILITIES, 0, ALWAYS, IGS, 0, IOM_ENOTSUP, "wires" },
	{ DDTP, 0, 1, 0, 0x10, IOM_EBUSY, "in use" },
	{ DDTP, 0, 1, 0, 4, IOM_EBUSY, "in use" },
	{ FCTL, 0, 3, 2, 0, IOM_EIO, "WSI" },
	{ FCTL, 0, 3, 0, 0xffffffff, IOM_EIO, "WSI" },
	{ FCTL, 2, 4, 0, 1, IOM_ENOTSUP, "endian" },
	{ ICVEC, 0, ALWAYS, 0, 0x100, IOM_EIO, "icvec" },
	{ CQB, 0, 1, 0, 1 << 10, IOM_ENOTSUP, "fixed" },
	{ CQB, 1, 2, 0x1f, 0, IOM_EIO, "base" },
	{ CQCSR, 0, 1, ON, 0, IOM_EIO, "command queue" },
	{ CQCSR, 0, 1, 0, 1 << 8, IOM_EIO, "command queue" },
	{ FQB, 0, 1, 0, 1 << 10, IOM_ENOTSUP, "fixed" },
	{ FQCSR, 0, 1, ON, 0, IOM_EIO, "fault queue" },
	{ DDTP, 1, 1, 0, 1ull << 53, IOM_EIO, "root" },     /* another root */
	{ DDTP, 1, 3, 0xf, 0, IOM_EIO, "none of 4, 3, 2" }, /* Off, whatever is stored */
	{ DDTP, 1, 1, 0xf, 15, IOM_EIO, "none of 4, 3, 2" },
};

struct looker {
	struct bench *b;
	const struct odd *odd;
	unsigned looks;
};

static struct looker looker; /* host functions know the bench alone */
static uint64_t (*plain_read)(void *opaque, uint64_t off, unsigned size);

static uint64_t odd_read(void *opaque, uint64_t off, unsigned size)
{
	const struct odd *odd = looker.odd;
	uint64_t val = plain_read(opaque, off, size);

	if (!odd || off != odd->off)
		return val;
	looker.looks++;
	if (looker.looks <= odd->from || looker.looks > odd->from + odd->looks)
		return val;
	return (val & ~odd->zero) | odd->one;
}

static void hasty(void *opaque)
{
	struct bench *b = opaque;

	b->now += 1000000000;
}

static struct bench *odd_bench(const struct odd *odd)
{
	struct bench *b = bench_new(NULL);

	plain_read = b->host.mmio_read;
	b->host.mmio_read = odd_read;
	b->host.relax = hasty;
	looker = (struct looker){ .b = b, .odd = odd };
	return b;
}

TEST(bringup_of_odd_hardware, "")
{
	for (unsigned i = 0; i < sizeof odds / sizeof odds[0]; i++) {
		struct bench *b = odd_bench(&odds[i]);
		int err = bench_up(b, NULL);

		CHECK_MSG(err == odds[i].code, "row %u: %d, %s", i, err, b->error.text);
		CHECK_EQ(b->error.code, err);
		CHECK_MSG(strstr(b->error.text, odds[i].word), "row %u: %s", i, b->error.text);
		CHECK_MSG(b->live == 0, "row %u", i);
		looker.odd = NULL;
		CHECK_MSG(bench_up(b, NULL) == IOM_OK, "row %u: %s", i, b->error.text);
		bench_free(b);
	}
}

TEST(bringup_by_messages_needs_fctl, "")
{
	static const struct odd stays = { FCTL, 0, 3, 0, 2, IOM_EIO, "WSI" };
	const struct iom_driver_config config = { .bytes = sizeof config,
		                                  .msi_address = BENCH_MSI };
	struct bench *b = odd_bench(&stays);

	CHECK_EQ(bench_up(b, &config), IOM_EIO);
	CHECK(strstr(b->error.text, stays.word));
	CHECK_EQ(b->live, 0);
	looker.odd = NULL;
	CHECK_EQ(bench_up(b, &config), IOM_OK);
	bench_free(b);
}

/* GXL=1 for ever, and no scheme that goes with it. */
TEST(bringup_without_a_scheme_of_its_width, "")
{
	static const struct odd wide = { FCTL, 0, ALWAYS, 0, 4, IOM_ENOTSUP, "RV32" };
	const struct iom_riscv_config config = {
		.bytes = sizeof config,
		.capabilities = 0x10ull | 1ull << 9 | 1ull << 17 | 2ull << 28 | 56ull << 32,
	};
	struct bench *b = bench_new(&config);

	plain_read = b->host.mmio_read;
	b->host.mmio_read = odd_read;
	b->host.relax = hasty;
	looker = (struct looker){ .b = b, .odd = &wide };
	CHECK_EQ(bench_up(b, NULL), IOM_ENOTSUP);
	CHECK(strstr(b->error.text, wide.word));
	CHECK_EQ(b->live, 0);
	looker.odd = NULL;
	CHECK_EQ(bench_up(b, NULL), IOM_OK);
	bench_free(b);
}

/* Hardware that never carries out the first commands keeps what it was given. */
TEST(bringup_whose_commands_are_never_done, "")
{
	static const struct odd stuck = { CQH, 0, ALWAYS * 1000, ~0ull, 0, IOM_ETIMEOUT, "first" };
	struct bench *b = odd_bench(&stuck);

	CHECK_EQ(bench_up(b, NULL), IOM_ETIMEOUT);
	CHECK(strstr(b->error.text, stuck.word));
	CHECK(b->live > 0);
	CHECK_EQ(bench_rd64(b, DDTP) & 0xf, 0);
	looker.odd = NULL;
	/* As much as this test can do: nothing refers to that memory any more. */
	iom_unit_reset(b->unit);
	memset(b->used, 0, sizeof b->used);
	b->live = 0;
	CHECK_EQ(bench_up(b, NULL), IOM_OK);
	bench_free(b);
}

/* Off is not taken: nothing may be freed, and the call can be repeated. */
TEST(driver_free_while_hardware_holds_on, "")
{
	static const struct odd holds = { DDTP, 1, 2, 0xf, 4, IOM_EIO, "" };
	struct bench *b = odd_bench(NULL);
	unsigned live;

	CHECK_EQ(bench_up(b, NULL), IOM_OK);
	live = b->live;
	looker.odd = &holds;
	CHECK_EQ(iom_driver_free(b->driver), IOM_EIO);
	CHECK_EQ(b->live, live);
	looker.odd = NULL;
	bench_free(b);
}

static void *(*plain_alloc)(void *opaque, size_t size, uint64_t *phys);
static void (*plain_free)(void *opaque, void *memory, uint64_t phys, size_t size);

/* Memory that is said to be half a page further than it is. */
static void *askew_alloc(void *opaque, size_t size, uint64_t *phys)
{
	void *memory = plain_alloc(opaque, size, phys);

	*phys += 2048;
	return memory;
}

static void askew_free(void *opaque, void *memory, uint64_t phys, size_t size)
{
	plain_free(opaque, memory, phys - 2048, size);
}

TEST(memory_that_hardware_cannot_name, "")
{
	/* The bench's memory begins at 2^31. */
	const struct iom_riscv_config narrow = {
		.bytes = sizeof narrow,
		.capabilities = 0x10ull | 1ull << 9 | 2ull << 28 | 31ull << 32,
	};
	struct bench *b = bench_new(&narrow);

	CHECK_EQ(bench_up(b, NULL), IOM_ENOMEM);
	CHECK_EQ(b->live, 0);
	bench_free(b);

	b = bench_new(NULL);
	plain_alloc = b->host.alloc;
	plain_free = b->host.free;
	b->host.alloc = askew_alloc;
	b->host.free = askew_free;
	CHECK_EQ(bench_up(b, NULL), IOM_ENOMEM);
	CHECK_EQ(b->live, 0);
	bench_free(b);
}

/* A record of a cause that no manual knows. */
TEST(fault_of_an_unknown_cause, "")
{
	struct bench *b = bench_ready(NULL);
	uint64_t ring = (bench_rd64(b, FQB) >> 10 & 0xfffffffffff) << 12, val;

	CHECK_EQ(bench_dma_read(b, 9, 0, &val), 258);
	*bench_word(b, ring) = (*bench_word(b, ring) & ~0xfffull) | 3000;
	bench_one_fault(b, 3000);
	CHECK(strstr(b->fault[0].reason, "not know"));
	CHECK_EQ(b->fault[0].requester, 9);
	bench_free(b);
}

/* ---- Arguments ---------------------------------------------------------------------------- */

TEST(host_without_a_function, "")
{
	static const size_t needed[] = {
		offsetof(struct iom_os_host, mmio_read), offsetof(struct iom_os_host, mmio_write),
		offsetof(struct iom_os_host, alloc),     offsetof(struct iom_os_host, free),
		offsetof(struct iom_os_host, at),        offsetof(struct iom_os_host, now_ns),
	};
	struct bench *b = bench_new(NULL);
	struct iom_driver *driver;
	uint64_t val;

	for (unsigned i = 0; i < sizeof needed / sizeof needed[0]; i++) {
		struct iom_os_host host = b->host;

		memset((char *)&host + needed[i], 0, sizeof(void (*)(void)));
		CHECK_EQ(iom_driver_riscv(NULL, &host, b, &driver, &b->error), IOM_EINVAL);
		CHECK(strstr(b->error.text, "function"));
	}
	CHECK_EQ(iom_driver_riscv(NULL, NULL, b, &driver, &b->error), IOM_EINVAL);
	CHECK_EQ(b->live, 0);
	b->host.fault = NULL;
	b->host.relax = NULL;
	CHECK_EQ(bench_up(b, NULL), IOM_OK);
	CHECK_EQ(bench_dma_read(b, 9, 0, &val), 258);
	CHECK_EQ(iom_driver_interrupt(b->driver), 1);
	bench_free(b);
}

/* Without host.relax the driver polls as fast as it can. */
TEST(waiting_without_relax, "")
{
	static const struct odd slow = { CQCSR, 0, 3, 0, BUSY, 0, "" };
	struct bench *b = odd_bench(&slow);

	b->host.relax = NULL;
	CHECK_EQ(bench_up(b, NULL), IOM_OK);
	CHECK(looker.looks > 3);
	bench_free(b);
}

TEST(ranges_that_cannot_be_mapped, "")
{
	static const struct {
		uint64_t iova, phys, bytes;
	} bad[] = {
		{ 0x1000, 0x80000000, 0 },
		{ 0x1001, 0x80000000, 0x1000 },
		{ 0x1000, 0x80000001, 0x1000 },
		{ 0x1000, 0x80000000, 0x1001 },
		{ 0xfffffffffffff000, 0x80000000, 0x2000 }, /* both ends meet */
		{ 0x1000, 0xfffffffffffff000, 0x2000 },
		{ 0x1000, 1ull << 56, 0x1000 }, /* no address of this hardware */
		{ 1ull << 63, 0x80000000, 0x1000 },
		{ 0, 0x80000000, 1ull << 63 },
	};
	struct bench *b = bench_ready(NULL);
	struct iom_gather gather = { 0 };
	struct iom_domain *domain;
	uint64_t phys;
	unsigned live;

	CHECK_EQ(iom_domain_new(b->driver, IOM_DOMAIN_STAGE2, &domain, NULL), IOM_OK);
	live = b->live;
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		int err = iom_domain_map(domain, bad[i].iova, bad[i].phys, bad[i].bytes,
		                         IOM_PROT_READ);

		CHECK_MSG(err == IOM_EINVAL, "row %u: %d", i, err);
	}
	CHECK_EQ(iom_domain_map(domain, 0x1000, 0x80000000, 0x1000, 0x80), IOM_EINVAL);
	CHECK_EQ(iom_domain_unmap(domain, 0x1000, 0, &gather), IOM_EINVAL);
	CHECK_EQ(iom_domain_unmap(domain, 1ull << 63, 0x1000, &gather), IOM_EINVAL);
	CHECK_EQ(iom_domain_iova_to_phys(domain, 1ull << 63, &phys), IOM_ENOENT);
	CHECK_EQ(b->live, live);
	CHECK(!gather.some);
	CHECK_EQ(iom_domain_free(domain), IOM_OK);
	bench_free(b);
}

/* ---- Guests and rings ---------------------------------------------------------------------- */

TEST(nested_domains_that_cannot_be, "")
{
	const struct iom_riscv_config plain = {
		.bytes = sizeof plain,
		.capabilities = 0x10ull | 1ull << 9 | 1ull << 17 | 2ull << 28 | 56ull << 32,
	};
	struct iom_stage stage = { .root = 0x40000000, .format = IOM_FORMAT_RISCV_SV39 };
	struct bench *b = bench_ready(&plain);
	struct iom_domain *vm, *nested;

	CHECK_EQ(iom_domain_new(b->driver, IOM_DOMAIN_STAGE2, &vm, NULL), IOM_OK);
	stage.big_endian = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
	CHECK_EQ(iom_domain_new_nested(vm, &stage, &nested, &b->error), IOM_ENOTSUP);
	CHECK(strstr(b->error.text, "endian"));
	stage.big_endian = !stage.big_endian;
	b->countdown = 1; /* the domain's page, but none for the numbers */
	CHECK_EQ(iom_domain_new_nested(vm, &stage, &nested, &b->error), IOM_ENOMEM);
	b->countdown = -1;
	CHECK_EQ(iom_domain_new_nested(vm, &stage, &nested, &b->error), IOM_OK);
	CHECK_EQ(iom_domain_msi_window(vm, 0x28000000, 0xf000, &b->error), IOM_EBUSY);
	/* hardware knows nothing yet that it would have to forget */
	b->mmio_writes = 0;
	CHECK_EQ(iom_domain_invalidate(nested, 0, 0xfff, false), IOM_OK);
	CHECK_EQ(b->mmio_writes, 0);
	CHECK_EQ(iom_domain_free(nested), IOM_OK);
	CHECK_EQ(iom_domain_free(vm), IOM_OK);
	bench_free(b);
}

/* More commands than the ring has places, while hardware takes none. */
TEST(ring_that_stays_full, "")
{
	static const struct odd stuck = { CQH, 0, ~0u, ~0ull, 0, IOM_ETIMEOUT, "" };
	const struct iom_riscv_config one_by_one = {
		.bytes = sizeof one_by_one,
		.capabilities = 0x10ull | 1ull << 9 | 2ull << 28 | 56ull << 32,
	};
	struct bench *b = bench_new(&one_by_one);
	struct iom_gather gather = { 0 };
	struct iom_domain *domain;

	plain_read = b->host.mmio_read;
	b->host.mmio_read = odd_read;
	b->host.relax = hasty;
	looker = (struct looker){ .b = b };
	CHECK_EQ(bench_up(b, NULL), IOM_OK);
	CHECK_EQ(iom_domain_new(b->driver, IOM_DOMAIN_STAGE1, &domain, NULL), IOM_OK);
	CHECK_EQ(iom_domain_attach(domain, 7), IOM_OK);
	CHECK_EQ(iom_domain_map(domain, 0x1000, BENCH_DATA, 0x1fe000, IOM_PROT_READ), IOM_OK);
	CHECK_EQ(iom_domain_unmap(domain, 0x1000, 0x1fd000, &gather), IOM_OK);
	looker.odd = &stuck;
	for (unsigned i = 0; i < 4; i++) {
		CHECK_EQ(iom_domain_sync(domain, &gather), IOM_ETIMEOUT);
		CHECK(gather.some);
	}
	looker.odd = NULL;
	CHECK_EQ(iom_domain_sync(domain, &gather), IOM_OK);
	CHECK_EQ(iom_domain_detach(domain, 7), IOM_OK);
	CHECK_EQ(iom_domain_free(domain), IOM_OK);
	bench_free(b);
}
