/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Devices that signal a guest's CPU while the hypervisor moves the CPU's interrupt file from place to
 * place in memory and takes pending bits out: each message is found, once it was sent, and each had
 * its notice.  All messages share one doubleword, so that a lost update shows.
 */
#include <stdlib.h>

#include "../os/bench.h"
#include "crew.h"

#define DEVICES 4u
#define PAGE 0x40000000ull
#define FILES 2
#define FILE_AT(n) (BENCH_DATA + 0x200ull * (n))
#define HUNG_MS 60000

struct stage {
	struct bench *b;
	struct iom_domain *vm;
	unsigned sent[DEVICES], found[DEVICES];
	unsigned gone; /* devices that have stopped */
};

/* Sends, and waits to be heard. */
static void send(struct hand *h, struct iom_port *port)
{
	struct stage *s = h->what;
	const struct iom_request q = { .iova = PAGE };
	const uint32_t identity = h->number;
	struct iom_reply reply;
	uint64_t since = crew_ms();
	unsigned sent;

	WRONG(h->crew, iom_write(port, &q, &identity, 4, &reply) != IOM_OK);
	sent = __atomic_add_fetch(&s->sent[h->number], 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&s->found[h->number], __ATOMIC_SEQ_CST) < sent) {
		if (crew_ms() - since > HUNG_MS) {
			WRONG(h->crew, true);
			return;
		}
		sched_yield();
	}
}

static void *device(void *arg)
{
	struct hand *h = arg;
	struct stage *s = h->what;
	struct iom_endpoint *endpoint;
	struct iom_lane *lane;
	struct iom_port *port;

	if (iom_lane_open(s->b->unit, &lane) == IOM_OK &&
	    iom_endpoint_get(s->b->unit, h->number, &endpoint) == IOM_OK &&
	    iom_port_open(endpoint, lane, &port) == IOM_OK) {
		while (crew_goes_on(h->crew) && !__atomic_load_n(&h->crew->wrong, __ATOMIC_RELAXED))
			send(h, port);
		iom_lane_close(lane);
	}
	__atomic_fetch_add(&s->gone, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

/* Takes what is pending in a file; a bit that nobody set is as wrong as one that is lost. */
static void take(struct stage *s, unsigned n)
{
	uint64_t pending = iom_mrif_take(bench_word(s->b, FILE_AT(n)), 0);

	CHECK_EQ(pending >> DEVICES, 0);
	for (unsigned d = 0; d < DEVICES; d++)
		if (pending >> d & 1)
			__atomic_fetch_add(&s->found[d], 1, __ATOMIC_SEQ_CST);
}

static unsigned sent_by_all(struct stage *s)
{
	unsigned sent = 0;

	for (unsigned d = 0; d < DEVICES; d++)
		sent += __atomic_load_n(&s->sent[d], __ATOMIC_SEQ_CST);
	return sent;
}

static void yields(void *opaque)
{
	(void)opaque;
	sched_yield();
}

TEST(threads_mrif_loses_no_message, "RV-MSI-26")
{
	struct stage s = { .b = bench_new(NULL) };
	struct hand hands[DEVICES];
	struct crew crew = { 0 };
	unsigned moves = 0;
	uint64_t end;

	s.b->host.relax = yields;
	CHECK_EQ(bench_up(s.b, NULL), IOM_OK);
	CHECK_EQ(iom_domain_new(s.b->driver, IOM_DOMAIN_STAGE2, &s.vm, NULL), IOM_OK);
	CHECK_EQ(iom_domain_msi_window(s.vm, PAGE, 0, NULL), IOM_OK);
	alarm(CREW_HUNG_S);
	for (unsigned d = 0; d < DEVICES; d++)
		CHECK_EQ(iom_domain_attach(s.vm, d), IOM_OK);
	CHECK_EQ(iom_domain_msi_map_mrif(s.vm, PAGE,
	                                 &(struct iom_mrif){ .file = FILE_AT(0),
	                                                     .notice = BENCH_MSI }),
	         IOM_OK);
	for (unsigned d = 0; d < DEVICES; d++)
		crew_hire(&crew, &hands[d], device, &s);
	end = crew_ms() + CREW_MS;
	/* Long enough, and until there was enough to go wrong, on a busy machine as well. */
	while ((crew_ms() < end || moves <= 10 || sent_by_all(&s) <= 100) &&
	       !__atomic_load_n(&crew.wrong, __ATOMIC_RELAXED)) {
		unsigned now = ++moves % FILES;
		const struct iom_mrif mrif = { .file = FILE_AT(now),
			                       .notice = BENCH_MSI,
			                       .identity = moves % 3 };

		CHECK_EQ(iom_domain_msi_map_mrif(s.vm, PAGE, &mrif), IOM_OK);
		/* Nobody stores into the former one any more. */
		take(&s, !now);
		CHECK_EQ(*bench_word(s.b, FILE_AT(!now)), 0);
		for (unsigned i = 0; i < 8; i++)
			take(&s, now);
	}
	__atomic_store_n(&crew.stop, true, __ATOMIC_RELAXED);
	while (__atomic_load_n(&s.gone, __ATOMIC_SEQ_CST) < DEVICES)
		take(&s, moves % FILES);
	crew_stop(&crew);
	alarm(0);
	for (unsigned d = 0; d < DEVICES; d++)
		CHECK_EQ(s.found[d], s.sent[d]);
	CHECK_EQ(s.b->msis, sent_by_all(&s));
	for (unsigned d = 0; d < DEVICES; d++)
		CHECK_EQ(iom_domain_detach(s.vm, d), IOM_OK);
	CHECK_EQ(iom_domain_free(s.vm), IOM_OK);
	CHECK_EQ(iom_driver_command_errors(s.b->driver), 0);
	bench_free(s.b);
}
