/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A judge over driver and model: random maps, unmaps, syncs, attaches and detaches, and devices that
 * do DMA all the time.  The judge keeps its own record of what is mapped.  A device must get exactly
 * that; between an unmap and its sync also what was there before.
 */
#include <stdlib.h>
#include <string.h>

#include "../os/bench.h"

#define DOMAINS 5
#define DEVICES 6
#define PORTS 2     /* of a device */
#define PAGES 2048u /* of a domain's window */
#define OLD_MAX 3
#define DATA_PAGES (BENCH_PAGES / 2)
#define PAGE 4096ull

/* What a page may lead to: a physical page, 0 being none; and whether it may be written. */
struct end {
	uint32_t page;
	bool write;
};

struct domain {
	struct iom_domain *domain;
	unsigned kind;
	struct end now[PAGES];
	struct end old[PAGES][OLD_MAX]; /* unmapped, but not synced */
	uint8_t olds[PAGES];
	struct iom_gather gather;
};

struct judge {
	struct bench *b;
	uint32_t large; /* pages of 4 KiB in a page of the second size */
	uint64_t seed, state;
	unsigned step;
	struct domain domain[DOMAINS];
	struct domain *of[DEVICES]; /* NULL: blocked */
	struct iom_endpoint *endpoint[DEVICES];
	struct iom_port *port[DEVICES][PORTS];
	unsigned granted, refused, stale;
};

#define JUDGE(j, condition, ...)                                                                   \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			print_error("seed 0x%llx, step %u: ", (unsigned long long)(j)->seed,       \
			            (j)->step);                                                    \
			CHECK_MSG(condition, __VA_ARGS__);                                         \
		}                                                                                  \
	} while (0)

static uint32_t below(struct judge *j, uint32_t n)
{
	j->state ^= j->state << 13;
	j->state ^= j->state >> 7;
	j->state ^= j->state << 17;
	return (uint32_t)(j->state >> 32) % n;
}

/* The window lies across a boundary of 1 GiB. */
static uint64_t iova_of(uint32_t page)
{
	return 0xc0000000ull - PAGES / 2 * PAGE + page * PAGE;
}

static uint64_t phys_of(uint32_t page)
{
	return BENCH_DATA + (page - 1) * PAGE;
}

static bool translates(const struct domain *d)
{
	return d->kind == IOM_DOMAIN_STAGE1 || d->kind == IOM_DOMAIN_STAGE2;
}

static void sync_now(struct judge *j, struct domain *d)
{
	int err = iom_domain_sync(d->domain, &d->gather);

	JUDGE(j, err == IOM_OK, "sync: %d", err);
	memset(d->olds, 0, sizeof d->olds);
}

/* ---- The driver's side -------------------------------------------------------------------- */

static void map(struct judge *j, struct domain *d)
{
	bool large = !below(j, 8), write = below(j, 4);
	uint32_t count = large ? j->large : 1 + below(j, 12);
	uint32_t page = large ? count * below(j, PAGES / count) : below(j, PAGES - count + 1);
	uint32_t phys = large ? 1 + count * below(j, DATA_PAGES / count)
	                      : 1 + below(j, DATA_PAGES - count + 1);
	bool taken = false;
	int err;

	for (uint32_t i = 0; i < count; i++)
		taken = taken || d->now[page + i].page;
	err = iom_domain_map(d->domain, iova_of(page), phys_of(phys), count * PAGE,
	                     write ? IOM_PROT_READ | IOM_PROT_WRITE : IOM_PROT_READ);
	JUDGE(j, err == (taken ? IOM_EEXIST : IOM_OK), "map: %d", err);
	for (uint32_t i = 0; i < count && !taken; i++)
		d->now[page + i] = (struct end){ phys + i, write };
}

static void unmap(struct judge *j, struct domain *d)
{
	bool large = !below(j, 4);
	uint32_t count = large ? j->large : 1 + below(j, 16);
	uint32_t page = large ? count * below(j, PAGES / count) : below(j, PAGES - count + 1);
	int err;

	for (uint32_t i = 0; i < count; i++) {
		if (d->olds[page + i] == OLD_MAX) {
			sync_now(j, d);
			break;
		}
	}
	err = iom_domain_unmap(d->domain, iova_of(page), count * PAGE, &d->gather);
	if (err == IOM_EINVAL && !large) /* an end lies inside a larger page */
		return;
	JUDGE(j, err == IOM_OK, "unmap: %d", err);
	for (uint32_t i = page; i < page + count; i++) {
		if (d->now[i].page)
			d->old[i][d->olds[i]++] = d->now[i];
		d->now[i].page = 0;
	}
	if (below(j, 2))
		sync_now(j, d);
}

/* The driver's own tables say what the judge says. */
static void lookup(struct judge *j, struct domain *d)
{
	uint32_t page = below(j, PAGES);
	uint64_t phys = 0;
	int err = iom_domain_iova_to_phys(d->domain, iova_of(page), &phys);

	JUDGE(j, err == (d->now[page].page ? IOM_OK : IOM_ENOENT), "page %u: %d", page, err);
	JUDGE(j, err || phys == phys_of(d->now[page].page), "page %u: 0x%llx", page,
	      (unsigned long long)phys);
}

static void move_device(struct judge *j)
{
	unsigned device = below(j, DEVICES);
	struct domain *to = below(j, 4) ? &j->domain[below(j, DOMAINS)] : NULL;
	int err = IOM_OK;

	if (to)
		err = iom_domain_attach(to->domain, device);
	else if (j->of[device])
		err = iom_domain_detach(j->of[device]->domain, device);
	JUDGE(j, err == IOM_OK, "attach or detach: %d", err);
	j->of[device] = to;
}

static void domain_new(struct judge *j, struct domain *d)
{
	static const unsigned kinds[] = { IOM_DOMAIN_STAGE1, IOM_DOMAIN_STAGE2, IOM_DOMAIN_STAGE1,
		                          IOM_DOMAIN_STAGE2, IOM_DOMAIN_IDENTITY };

	memset(d, 0, sizeof *d);
	d->kind = kinds[below(j, sizeof kinds / sizeof *kinds)];
	JUDGE(j, iom_domain_new(j->b->driver, d->kind, &d->domain, NULL) == IOM_OK, "no domain");
}

/* Another domain takes over identifier and table pages of one that nobody uses. */
static void domain_again(struct judge *j, struct domain *d)
{
	for (unsigned i = 0; i < DEVICES; i++) {
		if (j->of[i] == d)
			return;
	}
	sync_now(j, d);
	JUDGE(j, iom_domain_free(d->domain) == IOM_OK, "domain is busy");
	domain_new(j, d);
}

/* ---- The devices' side --------------------------------------------------------------------- */

static void port_again(struct judge *j, unsigned device, unsigned i)
{
	iom_port_close(j->port[device][i]);
	JUDGE(j, iom_port_open(j->endpoint[device], j->b->lane, &j->port[device][i]) == IOM_OK,
	      "no port");
}

static bool grants(const struct end *end, uint64_t spa, bool write)
{
	return end->page && spa == phys_of(end->page) && (end->write || !write);
}

/* Whether this answer may be given: `spa` of the page, or 0 for a refusal. */
static bool allowed(struct judge *j, unsigned device, uint32_t page, uint64_t spa, bool write)
{
	const struct domain *d = j->of[device];

	if (!d)
		return !spa;
	if (!translates(d))
		return spa == iova_of(page);
	if (spa ? grants(&d->now[page], spa, write)
	        : !d->now[page].page || (write && !d->now[page].write))
		return true;
	for (unsigned i = 0; i < d->olds[page]; i++) {
		if (spa ? grants(&d->old[page][i], spa, write) : write && !d->old[page][i].write) {
			j->stale++;
			return true;
		}
	}
	return false;
}

static void dma(struct judge *j)
{
	unsigned device = below(j, DEVICES);
	uint32_t page = below(j, 3) ? below(j, 24) + PAGES / 2 - 12 : below(j, PAGES);
	uint64_t offset = 8 * below(j, 512), val = j->step, spa;
	struct iom_port *port = j->port[device][below(j, PORTS)];
	struct iom_request q = { .iova = iova_of(page) + offset, .bytes = 8 };
	struct iom_reply reply;
	int err;

	q.access = below(j, 2) ? IOM_WRITE : IOM_READ;
	iom_begin(j->b->lane);
	err = iom_translate(port, &q, &reply);
	JUDGE(j, err == IOM_OK || err == IOM_EFAULT, "translate: %d", err);
	spa = err ? 0 : reply.spa;
	j->granted += !err;
	j->refused += err != 0;
	JUDGE(j, !spa || (spa & 0xfff) == offset, "0x%llx", (unsigned long long)spa);
	JUDGE(j, allowed(j, device, page, spa & ~0xfffull, q.access == IOM_WRITE),
	      "device %u, page %u, access %u: 0x%llx, cause %u", device, page, q.access,
	      (unsigned long long)spa, reply.fault);
	if (!err && q.access == IOM_WRITE && j->of[device] && translates(j->of[device])) {
		JUDGE(j, iom_write(port, &q, &val, 8, &reply) == IOM_OK, "granted, then refused");
		JUDGE(j, *bench_word(j->b, spa) == val, "the write went elsewhere");
	}
	iom_end(j->b->lane);
}

/* ---- Sessions ------------------------------------------------------------------------------ */

static void step(struct judge *j)
{
	struct domain *d = &j->domain[below(j, DOMAINS)];
	unsigned what = below(j, 1000);

	if (what < 700)
		dma(j);
	else if (what < 820)
		translates(d) ? map(j, d) : dma(j);
	else if (what < 940)
		translates(d) ? unmap(j, d) : dma(j);
	else if (what < 950)
		translates(d) ? lookup(j, d) : dma(j);
	else if (what < 970)
		sync_now(j, d);
	else if (what < 990)
		move_device(j);
	else if (what < 993)
		port_again(j, below(j, DEVICES), below(j, PORTS));
	else if (what < 995)
		domain_again(j, d);
	else
		iom_driver_interrupt(j->b->driver);
}

static void session(uint64_t seed, unsigned steps, uint32_t large,
                    const struct iom_riscv_config *config)
{
	struct judge *j = calloc(1, sizeof *j);

	CHECK(j);
	j->seed = j->state = seed;
	j->large = large;
	j->b = bench_ready(config);
	for (unsigned i = 0; i < DOMAINS; i++)
		domain_new(j, &j->domain[i]);
	for (unsigned i = 0; i < DEVICES; i++) {
		CHECK_EQ(iom_endpoint_get(j->b->unit, i, &j->endpoint[i]), IOM_OK);
		for (unsigned k = 0; k < PORTS; k++)
			port_again(j, i, k);
	}
	for (j->step = 1; j->step <= steps; j->step++)
		step(j);
	/* The judge has seen something to judge. */
	JUDGE(j, j->granted > steps / 20 && j->refused > steps / 20, "%u granted, %u refused",
	      j->granted, j->refused);
	JUDGE(j, (config->flags & IOM_RISCV_UNCACHED) || j->stale, "nothing stale was ever served");
	JUDGE(j, iom_driver_command_errors(j->b->driver) == 0, "a command was refused");

	for (unsigned i = 0; i < DEVICES; i++) {
		if (j->of[i])
			CHECK_EQ(iom_domain_detach(j->of[i]->domain, i), IOM_OK);
	}
	for (unsigned i = 0; i < DOMAINS; i++) {
		sync_now(j, &j->domain[i]);
		CHECK_EQ(iom_domain_free(j->domain[i].domain), IOM_OK);
	}
	bench_free(j->b);
	free(j);
}

#define STEPS 350000
#define CONFIG(...)                                                                                \
	&(const struct iom_riscv_config)                                                           \
	{                                                                                          \
		.bytes = sizeof(struct iom_riscv_config), __VA_ARGS__                              \
	}

TEST(judge_large_cache, "")
{
	session(0x5eed0001, STEPS, 512, CONFIG(.cache_lg2 = 12));
}

TEST(judge_small_cache, "")
{
	session(0x5eed0002, STEPS, 512, CONFIG(.cache_lg2 = 3));
}

TEST(judge_no_cache, "")
{
	session(0x5eed0003, STEPS, 512, CONFIG(.cache_lg2 = 12, .flags = IOM_RISCV_UNCACHED));
}

/* version 1.0, Sv32, Sv32x4, wires, PAS 34 */
TEST(judge_32_bit_tables, "")
{
	session(0x5eed0004, STEPS / 3, 1024,
	        CONFIG(.cache_lg2 = 6,
	               .capabilities = 0x10 | 1ull << 8 | 1ull << 16 | 1ull << 28 | 34ull << 32));
}
