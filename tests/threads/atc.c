/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Devices with caches (atc.h) work while software maps, unmaps and invalidates: when the fence behind
 * ATS.INVAL has ended, no device uses what was unmapped.  As in drain.c, devices keep host pointers and
 * write through them at the very end of an access, by plain stores.
 */
#include <string.h>

#include "stand.h"

#define CACHES 4 /* of devices 1 and 3, and two of device 5 */
#define GRANTS 3
#define ATS_INVAL 0x004ull
#define RID(n) ((uint64_t)(n) << 40)
#define PAGE_ENTRIES 512
#define EN_ATS 3ull /* DC.tc: V, EN_ATS */

static const uint32_t devices[CACHES] = { 1, 3, 5, 5 };

struct office {
	struct stand *s;
	struct iom_atc *atc[CACHES];
	struct iom_port *port[CACHES];
	struct iom_lane *lane[CACHES];
	uint64_t written[CACHES];
	unsigned granted, heard, hired;
};

static struct office *office; /* of the test that runs */

static void hear(struct stand *s, uint32_t device, const struct iom_message *m)
{
	(void)s;
	__atomic_add_fetch(&office->heard, 1, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < CACHES; i++)
		if (devices[i] == device)
			iom_atc_message(office->atc[i], m);
}

/* ---- Devices ------------------------------------------------------------------------------- */

static struct iom_request request(struct hand *h)
{
	return (struct iom_request){ .iova = STAND_IOVA + 4096ull * hand_below(h, STAND_PAGES) +
		                             8 * h->number,
		                     .bytes = 8,
		                     .access = IOM_WRITE };
}

/* Granted, or without permission while it is unmapped; untranslated it is a fault. */
static bool is_granted(struct hand *h, int err)
{
	WRONG(h->crew, err != IOM_OK && err != IOM_EFAULT);
	return err == IOM_OK;
}

static void access_held(struct hand *h)
{
	struct office *o = h->what;
	struct iom_atc *atc = o->atc[h->number];
	unsigned pause = hand_below(h, 200);
	uint64_t *held[GRANTS];

	iom_atc_begin(atc);
	for (unsigned n = 0; n < GRANTS; n++) {
		struct iom_request q = request(h);
		struct iom_reply reply;
		bool granted = is_granted(h, iom_atc_translate(atc, &q, &reply));

		WRONG(h->crew, granted && (!reply.host || reply.host_bytes < 8));
		held[n] = granted ? reply.host : NULL;
	}
	while (pause--)
		__asm__ volatile("");
	for (unsigned n = 0; n < GRANTS; n++) {
		if (!held[n])
			continue;
		*held[n] = ++o->written[h->number];
		__atomic_add_fetch(&o->granted, 1, __ATOMIC_RELAXED);
	}
	iom_atc_end(atc);
}

static void *device(void *arg)
{
	struct hand *h = arg;
	struct office *o = h->what;
	struct iom_atc *atc = o->atc[h->number];

	while (crew_goes_on(h->crew)) {
		struct iom_request q = request(h);
		uint64_t val = ++o->written[h->number];
		struct iom_reply reply;

		access_held(h);
		is_granted(h, iom_atc_write(atc, &q, &val, 8, &reply));
		is_granted(h, iom_atc_read(atc, &q, &val, 8, &reply));
		/* Else threads would lose their CPU mostly inside accesses. */
		sched_yield();
	}
	return NULL;
}

/* Somebody resets functions, and enables them again. */
static void *resets(void *arg)
{
	struct hand *h = arg;
	struct office *o = h->what;

	while (crew_goes_on(h->crew)) {
		unsigned i = hand_below(h, CACHES);

		iom_atc_enable(o->atc[i], false);
		sched_yield();
		iom_atc_enable(o->atc[i], true);
		for (unsigned n = 0; n < 20; n++)
			sched_yield();
	}
	return NULL;
}

/* ---- Software ------------------------------------------------------------------------------ */

static uint64_t *words(struct stand *s, unsigned dev, unsigned page)
{
	return (uint64_t *)(void *)(s->ram + (stand_target(dev, page, 0) - STAND_RAM));
}

static void unmap(struct stand *s, unsigned dev, unsigned page)
{
	uint64_t iova = STAND_IOVA + 4096ull * page;

	stand_put(s, s->leaves[dev] + (page ? 4096 : 0) + 8 * (iova >> 12 & 0x1ff), 0);
	stand_command(s, VMA, 0, false);
	stand_command(s, ATS_INVAL | RID(dev), iova, false);
}

/* Pages go to devices and come back; in between they are software's own. */
static unsigned rounds(struct stand *s, struct crew *crew)
{
	uint64_t until = crew_ms() + CREW_MS, stamp = 1ull << 63;
	uint64_t was[6][STAND_PAGES] = { 0 };
	unsigned n;

	for (n = 0; crew_ms() < until && !crew->wrong; n++) {
		unsigned page = n % STAND_PAGES;

		for (unsigned dev = 1; dev < 6; dev += 2)
			unmap(s, dev, page);
		if (!stand_fence(s))
			return 0;
		stamp += 1ull << 16;
		for (unsigned dev = 1; dev < 6; dev += 2) {
			uint64_t *word = words(s, dev, page);

			for (unsigned i = 0; i < PAGE_ENTRIES; i++)
				word[i] = stamp + i;
			was[dev][page] = stamp;
		}
		/* The page of the round before last has been its owner's since: untouched? */
		page = (n + STAND_PAGES - 2) % STAND_PAGES;
		for (unsigned dev = 1; dev < 6 && n > 1; dev += 2) {
			for (unsigned i = 0; i < PAGE_ENTRIES; i++)
				WRONG(crew, words(s, dev, page)[i] != was[dev][page] + i);
			stand_flip(s, dev, page, 0);
		}
		sched_yield();
	}
	return n;
}

static void set_up(struct office *o, struct stand *s)
{
	*o = (struct office){ .s = s };
	office = o;
	for (unsigned i = 0; i < CACHES; i++) {
		const struct iom_atc_config config = { .bytes = sizeof config,
			                               .entries_lg2 = i == 1 ? 2 : 0,
			                               .caches = devices[i] == 5 ? 2 : 1 };

		stand_put(s, s->ddt + 64ull * devices[i], EN_ATS);
		CHECK_EQ(iom_lane_open(s->unit, &o->lane[i]), IOM_OK);
		o->port[i] = stand_port(s, o->lane[i], devices[i]);
		CHECK(o->port[i]);
		CHECK_EQ(iom_atc_new(o->port[i], &config, &o->atc[i], NULL), IOM_OK);
		iom_atc_enable(o->atc[i], true);
	}
	stand_command(s, INVAL_DDT, 0, false);
	CHECK(stand_fence(s));
	s->on_message = hear;
}

static void run(bool locked)
{
	struct stand *s = stand_new(locked);
	struct hand hand[CACHES + 1];
	struct crew crew = { 0 };
	struct office o;
	unsigned n;

	alarm(CREW_HUNG_S);
	set_up(&o, s);
	for (unsigned i = 0; i < CACHES; i++)
		crew_hire(&crew, &hand[i], device, &o);
	crew_hire(&crew, &hand[CACHES], resets, &o);
	n = rounds(s, &crew);
	crew_stop(&crew);
	CHECK_MSG(n > 10 && o.granted > 100, "%u rounds, %u grants", n, o.granted);
	CHECK_EQ(o.heard, 3 * n);
	CHECK_EQ(stand_rd32(s, CQCSR), EN | IE | ON);
	s->on_message = NULL;
	for (unsigned i = 0; i < CACHES; i++)
		iom_atc_free(o.atc[i]);
	stand_free(s);
	alarm(0);
}

TEST(threads_of_translation_caches, "PCI-ATS-14")
{
	run(false);
}

TEST(threads_of_translation_caches_under_a_big_lock, "PCI-ATS-14")
{
	run(true);
}
