/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * When iom_domain_sync has returned, no device uses what was unmapped: a page may be given to
 * somebody else.  Devices keep host pointers over a section and write through them at its very end;
 * the stores are plain ones, so that ThreadSanitizer sees what is not ordered.
 */
#include <stdlib.h>
#include <string.h>

#include "crew.h"
#include "../os/bench.h"

#define DMA_THREADS 8
#define DEVICES 4
#define MAPPERS 2
#define SLOTS 6 /* of a mapper */
#define IOVA(slot) (0x3ff000ull + 0x1000 * (slot))
#define GRANTS 4

/* Writing threads have a word each, in every page; what is behind them is never a device's. */
#define WORDS (DMA_THREADS + 8)

struct machine {
	struct bench *b;
	struct iom_domain *domain[2];
	pthread_mutex_t driver;
	unsigned written[DMA_THREADS];
	unsigned rounds[MAPPERS];
};

static uint64_t *words(struct machine *m, unsigned slot)
{
	return bench_word(m->b, BENCH_DATA + 0x1000 * slot);
}

static struct iom_port *port_of(struct machine *m, struct iom_lane *lane, uint32_t device)
{
	struct iom_endpoint *endpoint;
	struct iom_port *port = NULL;

	if (iom_endpoint_get(m->b->unit, device, &endpoint) == IOM_OK)
		iom_port_open(endpoint, lane, &port);
	return port;
}

/* One section: a few grants are taken, and used when it ends. */
static void section(struct hand *h, struct iom_lane *lane, struct iom_port **ports)
{
	struct machine *m = h->what;
	uint64_t *held[GRANTS];
	unsigned n = 0, pause = hand_below(h, 200);

	iom_begin(lane);
	while (n < GRANTS) {
		struct iom_request q = { .iova = IOVA(hand_below(h, MAPPERS * SLOTS)) +
			                         8 * h->number,
			                 .bytes = 8,
			                 .access = IOM_WRITE };
		struct iom_reply reply;
		int err = iom_translate(ports[hand_below(h, DEVICES)], &q, &reply);

		WRONG(h->crew, err != IOM_OK && err != IOM_EFAULT);
		WRONG(h->crew, err == IOM_OK && (!reply.host || reply.host_bytes < 8));
		held[n++] = err ? NULL : reply.host;
	}
	while (pause--)
		__asm__ volatile("");
	while (n--) {
		if (held[n])
			*held[n] = ++m->written[h->number];
	}
	iom_end(lane);
}

static void *dma(void *arg)
{
	struct hand *h = arg;
	struct machine *m = h->what;
	struct iom_port *ports[DEVICES];
	struct iom_lane *lane;

	if (iom_lane_open(m->b->unit, &lane) != IOM_OK)
		return NULL;
	for (unsigned i = 0; i < DEVICES; i++)
		ports[i] = port_of(m, lane, i);
	while (crew_goes_on(h->crew)) {
		struct iom_request q = { .iova = IOVA(hand_below(h, MAPPERS * SLOTS)) +
			                         8 * h->number };
		uint64_t val = 1;
		struct iom_reply reply;

		section(h, lane, ports);
		iom_write(ports[hand_below(h, DEVICES)], &q, &val, 8, &reply);
		iom_read(ports[hand_below(h, DEVICES)], &q, &val, 8, &reply);
		/* Else threads would lose their CPU mostly inside sections, and all wait for them. */
		sched_yield();
		if (!hand_below(h, 64)) {
			unsigned i = hand_below(h, DEVICES);

			iom_port_close(ports[i]);
			ports[i] = port_of(m, lane, i);
		}
	}
	iom_lane_close(lane);
	return NULL;
}

/* The kernel's side: its own pages come and go, and belong to it in between. */
static void turn(struct hand *h, unsigned mapper, unsigned slot, uint64_t *was)
{
	struct machine *m = h->what;
	unsigned own = mapper * SLOTS + slot;
	struct iom_gather gather = { 0 };
	uint64_t *page = words(m, own);
	int err = IOM_OK;

	/* Untouched since it was filled. */
	for (unsigned i = 0; *was && i < WORDS; i++)
		WRONG(h->crew, page[i] != *was + i);

	pthread_mutex_lock(&m->driver);
	for (unsigned i = 0; i < 2; i++)
		err |= iom_domain_map(m->domain[i], IOVA(own), BENCH_DATA + 0x1000 * own, 4096,
		                      IOM_PROT_READ | IOM_PROT_WRITE);
	pthread_mutex_unlock(&m->driver);
	WRONG(h->crew, err);
	sched_yield();
	pthread_mutex_lock(&m->driver);
	for (unsigned i = 0; i < 2; i++) {
		err |= iom_domain_unmap(m->domain[i], IOVA(own), 4096, &gather);
		err |= iom_domain_sync(m->domain[i], &gather);
	}
	if (!hand_below(h, 16))
		iom_driver_interrupt(m->b->driver);
	pthread_mutex_unlock(&m->driver);
	WRONG(h->crew, err);

	*was = (uint64_t)__atomic_add_fetch(&m->rounds[mapper], 1, __ATOMIC_SEQ_CST) << 32 |
	       1ull << 63;
	for (unsigned i = 0; i < WORDS; i++)
		page[i] = *was + i;
}

static void *map(void *arg)
{
	struct hand *h = arg;
	struct machine *m = h->what;
	unsigned mapper = h->number - DMA_THREADS;
	uint64_t was[SLOTS] = { 0 };

	while (crew_goes_on(h->crew)) {
		for (unsigned slot = 0; slot < SLOTS; slot++)
			turn(h, mapper, slot, &was[slot]);
		/* Devices change domains, too. */
		if (mapper == 0) {
			unsigned device = hand_below(h, DEVICES);
			int err;

			pthread_mutex_lock(&m->driver);
			err = iom_domain_attach(m->domain[hand_below(h, 2)], device);
			pthread_mutex_unlock(&m->driver);
			WRONG(h->crew, err);
		}
	}
	return NULL;
}

/* Time that passes for all threads alike; the bench's own would run out in no time. */
static uint64_t now_ns(void *opaque)
{
	(void)opaque;
	return crew_ms() * 1000000;
}

static void relax(void *opaque)
{
	(void)opaque;
	sched_yield();
}

static unsigned rounds(struct machine *m)
{
	return __atomic_load_n(&m->rounds[0], __ATOMIC_SEQ_CST) +
	       __atomic_load_n(&m->rounds[1], __ATOMIC_SEQ_CST);
}

TEST(threads_drain, "")
{
	struct machine *m = calloc(1, sizeof *m);
	struct hand hand[DMA_THREADS + MAPPERS];
	struct crew crew = { 0 };

	CHECK(m);
	alarm(CREW_HUNG_S);
	m->b = bench_new(NULL);
	m->b->host.now_ns = now_ns;
	m->b->host.relax = relax;
	CHECK_EQ(bench_up(m->b, NULL), IOM_OK);
	pthread_mutex_init(&m->driver, NULL);
	CHECK_EQ(iom_domain_new(m->b->driver, IOM_DOMAIN_STAGE1, &m->domain[0], NULL), IOM_OK);
	CHECK_EQ(iom_domain_new(m->b->driver, IOM_DOMAIN_STAGE2, &m->domain[1], NULL), IOM_OK);
	for (unsigned i = 0; i < DEVICES; i++)
		CHECK_EQ(iom_domain_attach(m->domain[i % 2], i), IOM_OK);
	for (unsigned i = 0; i < DMA_THREADS; i++)
		crew_hire(&crew, &hand[i], dma, m);
	for (unsigned i = DMA_THREADS; i < DMA_THREADS + MAPPERS; i++)
		crew_hire(&crew, &hand[i], map, m);
	do
		usleep(CREW_MS * 1000 * 2);
	while (!__atomic_load_n(&crew.wrong, __ATOMIC_RELAXED) && rounds(m) <= 100);
	crew_stop(&crew);
	CHECK_EQ(iom_driver_command_errors(m->b->driver), 0);
	for (unsigned i = 0; i < DEVICES; i++) {
		iom_domain_detach(m->domain[0], i);
		iom_domain_detach(m->domain[1], i);
	}
	for (unsigned i = 0; i < 2; i++)
		CHECK_EQ(iom_domain_free(m->domain[i]), IOM_OK);
	pthread_mutex_destroy(&m->driver);
	bench_free(m->b);
	free(m);
	alarm(0);
}
