/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Tables in memory that the embedder serves, and that others change while the unit updates A and D:
 * the embedder's compare-and-swap is where they do it.
 */
#include <string.h>

#include "sheet.h"
#include "stage.h"

#define OUTSIDE 0x80000000ull
#define OUTSIDE_BYTES 0x10000u
#define DDT OUTSIDE
#define FQ (OUTSIDE + 0x1000)
#define ROOT (OUTSIDE + 0x2000)
#define TABLE (OUTSIDE + 0x3000)
#define LOWEST (OUTSIDE + 0x4000)
#define OTHER (OUTSIDE + 0x5000)
#define ENTRY (LOWEST + 8 * 5)
#define IOVA 0x5000ull
#define AD (PTE_A | PTE_D)
#define CAPS (0x10ull | 1ull << 9 | 1ull << 24 | 56ull << 32)

struct outside {
	struct iom_memory *memory;
	struct iom_unit *unit;
	struct iom_lane *lane;
	struct iom_port *port;
	uint8_t byte[OUTSIDE_BYTES];
	unsigned swaps, writes;
	int refuse;            /* what cas returns */
	unsigned changes;      /* how many times somebody is faster */
	uint64_t changed[300]; /* what the entry becomes then */
};

static uint8_t *at(struct outside *o, uint64_t spa, size_t len)
{
	if (spa < OUTSIDE || spa - OUTSIDE > OUTSIDE_BYTES - len)
		return NULL;
	return o->byte + (spa - OUTSIDE);
}

static int outside_read(void *opaque, uint64_t spa, void *buf, size_t len)
{
	uint8_t *p = at(opaque, spa, len);

	if (!p)
		return IOM_EFAULT;
	memcpy(buf, p, len);
	return IOM_OK;
}

static int outside_write(void *opaque, uint64_t spa, const void *buf, size_t len)
{
	struct outside *o = opaque;
	uint8_t *p = at(o, spa, len);

	if (!p)
		return IOM_EFAULT;
	if (spa < FQ || spa >= ROOT)
		o->writes++;
	memcpy(p, buf, len);
	return IOM_OK;
}

static uint64_t load(struct outside *o, uint64_t spa, unsigned bytes)
{
	const uint8_t *p = at(o, spa, bytes);
	uint64_t val = 0;

	while (bytes--)
		val = val << 8 | p[bytes];
	return val;
}

static void store(struct outside *o, uint64_t spa, uint64_t val)
{
	uint8_t *p = at(o, spa, 8);

	for (unsigned i = 0; i < 8; i++)
		p[i] = (uint8_t)(val >> 8 * i);
}

static int outside_cas(void *opaque, uint64_t spa, unsigned bytes, uint64_t *expected,
                       uint64_t desired)
{
	struct outside *o = opaque;
	uint64_t was;

	CHECK_EQ(bytes, 8);
	CHECK_EQ(spa, ENTRY);
	if (o->refuse)
		return o->refuse;
	if (o->swaps < o->changes)
		store(o, spa, o->changed[o->swaps]);
	o->swaps++;
	was = load(o, spa, 8);
	if (was == *expected)
		store(o, spa, desired);
	*expected = was;
	return IOM_OK;
}

static void outside_init(struct outside *o, bool with_cas)
{
	const struct iom_memory_ops ops = { .bytes = sizeof ops,
		                            .read = outside_read,
		                            .write = outside_write,
		                            .cas = with_cas ? outside_cas : NULL };
	const struct iom_riscv_config config = { .bytes = sizeof config,
		                                 .capabilities = CAPS,
		                                 .flags = IOM_RISCV_UNCACHED };
	struct iom_endpoint *endpoint;

	memset(o, 0, sizeof *o);
	CHECK_EQ(iom_memory_new(&ops, o, &o->memory, NULL), IOM_OK);
	CHECK_EQ(iom_riscv_new(&config, o->memory, NULL, NULL, &o->unit, NULL), IOM_OK);
	CHECK_EQ(iom_lane_open(o->unit, &o->lane), IOM_OK);
	CHECK_EQ(iom_endpoint_get(o->unit, 0, &endpoint), IOM_OK);
	CHECK_EQ(iom_port_open(endpoint, o->lane, &o->port), IOM_OK);
	/* V and SADE; Sv39 */
	store(o, DDT, 1 | 1ull << 8);
	store(o, DDT + 24, 8ull << 60 | ROOT >> 12);
	store(o, ROOT, PTE_POINTER(TABLE));
	store(o, TABLE, PTE_POINTER(LOWEST));
	CHECK_EQ(iom_mmio_write(o->unit, 0, DDTP, 8, PPN_OF(DDT) | LVL1), IOM_OK);
}

static void outside_free(struct outside *o)
{
	iom_unit_free(o->unit);
	iom_memory_free(o->memory);
}

static unsigned cause(struct outside *o, unsigned access, struct iom_reply *reply)
{
	const struct iom_request q = { .iova = IOVA, .bytes = 8, .access = (uint8_t)access };

	o->swaps = 0;
	iom_begin(o->lane);
	iom_translate(o->port, &q, reply);
	iom_end(o->lane);
	return reply->fault;
}

TEST(update_by_the_embedders_swap, "")
{
	struct iom_reply reply;
	struct outside o;

	for (unsigned with = 0; with < 2; with++) {
		outside_init(&o, with);
		store(&o, ENTRY, leaf(0x7000) & ~AD);
		CHECK_EQ(cause(&o, IOM_READ, &reply), 0);
		CHECK_EQ(load(&o, ENTRY, 8), (leaf(0x7000) & ~AD) | PTE_A);
		CHECK_EQ(cause(&o, IOM_WRITE, &reply), 0);
		CHECK_EQ(load(&o, ENTRY, 8), leaf(0x7000));
		CHECK_EQ(o.swaps, with);
		CHECK_EQ(o.writes, with ? 0 : 2);
		CHECK_EQ(cause(&o, IOM_WRITE, &reply), 0);
		CHECK_EQ(o.swaps, 0);
		outside_free(&o);
	}
}

/* What stands there when the unit comes to update is judged from the beginning. */
TEST(entry_changes_under_the_update, "RV-S1-29")
{
	static const struct {
		uint64_t now;    /* what the entry was changed to ... */
		unsigned access; /* ... while this was under way      */
		unsigned cause;
		uint64_t after, spa;
	} rows[] = {
		/* another page */
		{ 0x97, IOM_READ, 0, 0xd7, 0x9000 },
		{ 0x57, IOM_READ, 0, 0x57, 0x9000 },
		{ 0x57, IOM_WRITE, 0, 0xd7, 0x9000 },
		{ 0x17, IOM_WRITE, 0, 0xd7, 0x9000 },
		{ 0xd7, IOM_WRITE, 0, 0xd7, 0x9000 },
		/* gone, read-only, not for users, malformed, no leaf any more */
		{ 0x16, IOM_READ, 13, 0x16, 0 },
		{ 0, IOM_WRITE, 15, 0, 0 },
		{ 0x13, IOM_WRITE, 15, 0x13, 0 },
		{ 0x07, IOM_READ, 13, 0x07, 0 },
		{ 0x15, IOM_READ, 13, 0x15, 0 },
		{ 0x01, IOM_READ, 13, 0x01, 0 },
		{ 0x17, IOM_EXECUTE, 12, 0x17, 0 },
	};
	struct iom_reply reply;
	struct outside o;

	outside_init(&o, true);
	for (unsigned i = 0; i < COUNT(rows); i++) {
		store(&o, ENTRY, leaf(0x7000) & ~AD);
		o.changes = 1;
		o.changed[0] = PTE_PPN(0x9000ull) | rows[i].now;
		CHECK_EQ(cause(&o, rows[i].access, &reply), rows[i].cause);
		CHECK_EQ(load(&o, ENTRY, 8), PTE_PPN(0x9000ull) | rows[i].after);
		if (!rows[i].cause)
			CHECK_EQ(reply.spa, rows[i].spa);
	}
	outside_free(&o);
}

/* A superpage that becomes a pointer is walked on from there. */
TEST(entry_becomes_a_table_under_the_update, "RV-S1-29")
{
	struct iom_reply reply;
	struct outside o;

	outside_init(&o, true);
	store(&o, TABLE, PTE_POINTER(OTHER));
	store(&o, OTHER + 8 * 5, leaf(0x7000));
	/* The embedder looks at ENTRY alone: let the table of 2 MiB leaves be there. */
	store(&o, ROOT, PTE_POINTER(LOWEST));
	store(&o, LOWEST, PTE_POINTER(OTHER));
	store(&o, ENTRY, leaf(0) & ~AD);
	o.changes = 1;
	o.changed[0] = PTE_POINTER(OTHER);
	{
		const struct iom_request q = { .iova = 5ull << 21 | IOVA, .bytes = 8 };

		o.swaps = 0;
		CHECK_EQ(iom_translate(o.port, &q, &reply), IOM_OK);
	}
	CHECK_EQ(reply.spa, 0x7000);
	CHECK_EQ(load(&o, ENTRY, 8), PTE_POINTER(OTHER));
	outside_free(&o);
}

/* Somebody who never stops keeps the device out, not the unit busy. */
TEST(entry_that_never_rests, "")
{
	struct iom_reply reply;
	struct outside o;

	outside_init(&o, true);
	for (unsigned changes = 1; changes < 300; changes++) {
		for (unsigned i = 0; i < changes; i++)
			o.changed[i] = (leaf(0x7000) & ~AD) | (i % 2 ? 0 : 1ull << 8);
		o.changes = changes;
		store(&o, ENTRY, leaf(0x7000) & ~AD);
		if (changes < 100)
			CHECK_EQ(cause(&o, IOM_WRITE, &reply), 0);
		else
			cause(&o, IOM_WRITE, &reply);
		CHECK(!reply.fault || reply.fault == 7);
		CHECK(o.swaps <= changes + 1);
		if (reply.fault)
			CHECK_EQ(load(&o, ENTRY, 8) & AD, 0);
	}
	CHECK_EQ(reply.fault, 7);
	outside_free(&o);
}

TEST(update_that_the_embedder_refuses, "RV-S1-36")
{
	struct iom_reply reply;
	struct outside o;

	outside_init(&o, true);
	store(&o, ENTRY, leaf(0x7000) & ~AD);
	o.refuse = IOM_EFAULT;
	for (unsigned access = IOM_READ; access <= IOM_ATOMIC; access++)
		CHECK_EQ(cause(&o, access, &reply), access_fault(access));
	o.refuse = IOM_EPOISON;
	for (unsigned access = IOM_READ; access <= IOM_ATOMIC; access++)
		CHECK_EQ(cause(&o, access, &reply), 274);
	CHECK_EQ(load(&o, ENTRY, 8), leaf(0x7000) & ~AD);
	outside_free(&o);
}
