/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Interrupt files in memory while a hart takes interrupts out of them: once with harts that are faster
 * in the embedder's compare-and-swap, once with a thread over RAM.
 */
#include <pthread.h>
#include <string.h>

#include "mrif.h"

#define CAPS (CAP_MRIF | CAP_AMO_MRIF)

/* ---- The embedder's memory ---------------------------------------------------------------- */

#define OUTSIDE 0x20000000ull

struct outside {
	struct mrif m;
	struct iom_memory *memory; /* whose callback serves one file, and whose RAM is the rig's */
	uint64_t word[64];
	unsigned swaps, changes; /* the first so many attempts meet a change */
	uint64_t cleared;        /* what the hart takes out meanwhile, a byte each time */
	int refuse;
};

static uint8_t *at(struct outside *o, uint64_t spa, size_t len)
{
	if (spa < OUTSIDE || spa - OUTSIDE > sizeof(o->word) - len)
		return NULL;
	return (uint8_t *)o->word + (spa - OUTSIDE);
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
	uint8_t *p = at(opaque, spa, len);

	CHECK_MSG(!p, "a file that others change was stored to without looking");
	(void)buf;
	return IOM_EFAULT;
}

static int outside_cas(void *opaque, uint64_t spa, unsigned bytes, uint64_t *expected,
                       uint64_t desired)
{
	struct outside *o = opaque;
	uint8_t *p = at(o, spa, bytes);
	uint64_t was = 0;

	if (!p)
		return IOM_EFAULT;
	CHECK(bytes == 4 || bytes == 8);
	CHECK_EQ(spa % bytes, 0);
	if (o->refuse)
		return o->refuse;
	if (o->swaps++ < o->changes)
		o->word[2] &= ~(o->cleared >> (o->swaps - 1) * 8 & 0xff);
	memcpy(&was, p, bytes);
	if (was == *expected)
		memcpy(p, &desired, bytes);
	*expected = was;
	return IOM_OK;
}

static void outside_init(struct outside *o)
{
	const struct iom_memory_ops ops = { .bytes = sizeof(ops),
		                            .read = outside_read,
		                            .write = outside_write,
		                            .cas = outside_cas };
	struct iom_region region = { .spa = RIG_RAM, .bytes = RIG_RAM_BYTES };

	memset(o, 0, sizeof(*o));
	mrif_init(&o->m, CAPS, IOM_RISCV_UNCACHED);
	region.host = o->m.r->ram;
	CHECK_EQ(iom_memory_new(&ops, o, &o->memory, NULL), IOM_OK);
	CHECK_EQ(iom_memory_add(o->memory, &region, NULL), IOM_OK);
	iom_unit_free(o->m.r->unit);
	iom_memory_free(o->m.r->memory);
	o->m.r->memory = o->memory;
	o->m.r->unit = rig_unit(o->m.r);
	CHECK_EQ(iom_lane_open(o->m.r->unit, &o->m.r->lane), IOM_OK);
	o->m.port = rig_port(o->m.r, MRIF_DEVICE);
	wr64(o->m.r, DDTP, PPN_OF(o->m.r->ddt) | LVL1);
	rig_fq(o->m.r, 4, false);
	mrif_put(&o->m, mrif_entry(OUTSIDE), mrif_notice(MRIF_NOTICE, MRIF_NID));
}

TEST(mrif_bit_against_a_faster_hart, "RV-MSI-26 IRQ-MRIF-10")
{
	for (unsigned changes = 0; changes < 8; changes++) {
		struct outside o;

		outside_init(&o);
		o.word[2] = ~0ull >> 1;
		o.changes = changes;
		o.cleared = 0x0102040810204081ull; /* another byte of it each time */
		mrif_send(&o.m, 0, 127);
		{
			uint64_t should = ~0ull;

			for (unsigned i = 0; i < changes; i++)
				should &= ~(o.cleared >> i * 8 & 0xff);
			CHECK_EQ(o.word[2], should);
		}
		CHECK_EQ(o.m.r->msis, 1);
		CHECK(o.swaps >= 1);
		mrif_free(&o.m);
	}
}

TEST(mrif_swap_that_is_refused, "RV-MSI-27")
{
	static const int refusals[] = { IOM_EFAULT, IOM_EPOISON };

	for (unsigned i = 0; i < COUNT(refusals); i++) {
		struct outside o;
		struct iom_reply reply;

		outside_init(&o);
		o.refuse = refusals[i];
		CHECK_EQ(mrif_store(&o.m, 0, 4, 127, &reply), IOM_EFAULT);
		CHECK_EQ(reply.fault, i ? 271 : 264);
		CHECK_EQ(o.m.r->msis, 0);
		rig_expect(o.m.r, rig_record(i ? 271 : 264, 3, MRIF_DEVICE), MRIF_PAGE, 0);
		mrif_free(&o.m);
	}
}

/* ---- RAM ---------------------------------------------------------------------------------- */

#define ROUNDS 50000u
#define LOOKS 100 /* longer than the device takes for a store */
#define HART_BIT (1ull << 33)

struct hart {
	uint64_t *word;
	unsigned lost, come_back;
	int runs, stop;
};

/* Nobody else touches HART_BIT: a bit that goes or comes back was overwritten. */
static void *take_interrupts(void *opaque)
{
	struct hart *h = opaque;

	__atomic_store_n(&h->runs, 1, __ATOMIC_SEQ_CST);
	do {
		__atomic_fetch_or(h->word, HART_BIT, __ATOMIC_SEQ_CST);
		for (unsigned i = 0; i < LOOKS; i++)
			h->lost += !(__atomic_load_n(h->word, __ATOMIC_SEQ_CST) & HART_BIT);
		__atomic_fetch_and(h->word, ~HART_BIT, __ATOMIC_SEQ_CST);
		for (unsigned i = 0; i < LOOKS; i++)
			h->come_back += !!(__atomic_load_n(h->word, __ATOMIC_SEQ_CST) & HART_BIT);
	} while (!__atomic_load_n(&h->stop, __ATOMIC_SEQ_CST));
	return NULL;
}

TEST(mrif_bit_against_a_hart, "RV-MSI-26 IRQ-MRIF-10")
{
	struct mrif m;
	struct hart h = { 0 };
	pthread_t thread;

	mrif_init(&m, CAPS, 0);
	h.word = (uint64_t *)(void *)(m.r->ram + (m.file - RIG_RAM));
	CHECK_EQ(pthread_create(&thread, NULL, take_interrupts, &h), 0);
	while (!__atomic_load_n(&h.runs, __ATOMIC_SEQ_CST))
		;
	for (unsigned i = 0; i < ROUNDS; i++) {
		mrif_send(&m, 0, 5);
		if (!(__atomic_load_n(h.word, __ATOMIC_SEQ_CST) & 1 << 5))
			h.lost++;
		__atomic_fetch_and(h.word, ~(1ull << 5), __ATOMIC_SEQ_CST);
	}
	__atomic_store_n(&h.stop, 1, __ATOMIC_SEQ_CST);
	pthread_join(thread, NULL);
	CHECK_EQ(h.lost, 0);
	CHECK_EQ(h.come_back, 0);
	CHECK_EQ(m.r->msis, ROUNDS);
	mrif_free(&m);
}
