/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Devices post interrupts while software clears ON and takes what is pending, as a hypervisor's CPU
 * does: each interrupt is found, and the CPU sleeps until a notification comes, so that one that is
 * missing shows as well.
 */
#include "../vtd/interrupt_bench.h"
#include "crew.h"

#define DEVICES 2u
#define VECTOR 0x40u /* of the first device: all in one doubleword of PIR */
#define HUNG_MS 60000

struct stage {
	struct ibench *b;
	unsigned sent[DEVICES], found[DEVICES];
	unsigned gone; /* devices that have stopped */
};

/* Sends, through its port or without one, and waits to be heard. */
static void send(struct hand *h, struct iom_endpoint *endpoint, struct iom_port *port)
{
	const uint64_t address = 0xfee00010 | (uint64_t)h->number << 5;
	const struct iom_request q = { .iova = address };
	struct stage *s = h->what;
	const uint32_t data = 0;
	struct iom_reply reply;
	uint64_t since = crew_ms();
	unsigned sent = __atomic_add_fetch(&s->sent[h->number], 1, __ATOMIC_SEQ_CST);

	if (sent % 2)
		WRONG(h->crew, iom_write(port, &q, &data, 4, &reply) != IOM_OK);
	else
		WRONG(h->crew, iom_msi(endpoint, address, data, &reply) != IOM_OK);
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
			send(h, endpoint, port);
		iom_lane_close(lane);
	}
	__atomic_fetch_add(&s->gone, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static uint64_t *word(struct stage *s, unsigned off)
{
	return (uint64_t *)(void *)(s->b->ram + (IBENCH_DESCRIPTOR - IBENCH_RAM) + off);
}

/*
 * After a notification: ON is cleared, then PIR is taken.  The CPU moves each time, so that an update of
 * its own that is lost shows.  The test runs on little-endian hosts.
 */
static void harvest(struct stage *s)
{
	uint64_t pir;

	__atomic_fetch_add(word(s, 32), 1ull << 32, __ATOMIC_SEQ_CST);
	CHECK(__atomic_fetch_and(word(s, 32), ~1ull, __ATOMIC_SEQ_CST) & 1);
	pir = __atomic_exchange_n(word(s, VECTOR / 8), 0, __ATOMIC_SEQ_CST);
	CHECK_EQ(pir >> DEVICES, 0);
	for (unsigned d = 0; d < DEVICES; d++)
		if (pir >> d & 1)
			__atomic_fetch_add(&s->found[d], 1, __ATOMIC_SEQ_CST);
}

TEST(threads_posting_loses_no_interrupt, "VTD-PI-09 IRQ-PI-08 IRQ-ORD-02")
{
	struct stage s = { .b = ibench_new(0, 0) };
	struct hand hands[DEVICES];
	struct crew crew = { 0 };
	unsigned notified = 0;
	uint64_t end;

	ibench_on(s.b, IRTA_EIME | 3);
	for (unsigned d = 0; d < DEVICES; d++)
		ibench_irte(s.b, d,
		            (IBENCH_DESCRIPTOR & 0xffffffff) << 32 | (uint64_t)(VECTOR + d) << 16 |
		                    1 << 15 | 1,
		            IBENCH_DESCRIPTOR >> 32 << 32);
	ibench_put(s.b, IBENCH_DESCRIPTOR + 32, 0xf2ull << 16);
	alarm(CREW_HUNG_S);
	for (unsigned d = 0; d < DEVICES; d++)
		crew_hire(&crew, &hands[d], device, &s);
	end = crew_ms() + CREW_MS;
	/* Long enough, and until there was enough to go wrong; then to the end of the last message. */
	while (__atomic_load_n(&s.gone, __ATOMIC_SEQ_CST) < DEVICES) {
		if ((crew_ms() >= end && notified > 100) ||
		    __atomic_load_n(&crew.wrong, __ATOMIC_RELAXED))
			__atomic_store_n(&crew.stop, true, __ATOMIC_RELAXED);
		if (__atomic_load_n(&s.b->msis, __ATOMIC_SEQ_CST) > notified) {
			notified++;
			harvest(&s);
		} else {
			sched_yield();
		}
	}
	crew_stop(&crew);
	alarm(0);
	for (unsigned d = 0; d < DEVICES; d++)
		CHECK_EQ(s.found[d], s.sent[d]);
	CHECK_EQ(s.b->msis, notified);
	CHECK_EQ(*word(&s, 32), (uint64_t)notified << 32 | 0xf2ull << 16);
	ibench_free(s.b);
}

/* ---- Entries that change -------------------------------------------------------------------- */

/*
 * Entries of posted format, each with an address whose halves fit no other: so many that none comes again
 * while one is read.
 */
#define ENTRIES 1000u
#define APART (1ull << 32 | 0x1000)
#define ADDRESS(n) (IBENCH_DESCRIPTOR + APART * (n))

static bool whole(uint64_t address)
{
	return (address - IBENCH_DESCRIPTOR) % APART == 0 && address < ADDRESS(ENTRIES);
}

static void *asker(void *arg)
{
	struct hand *h = arg;
	struct ibench *b = h->what;
	struct iom_route route;
	struct iom_reply reply;

	while (crew_goes_on(h->crew)) {
		int result = iom_msi_translate(b->endpoint, 0xfee00010, 0, &route, &reply);

		if (result == IOM_OK)
			WRONG(h->crew, !whole(route.address));
		else
			WRONG(h->crew, result != IOM_EFAULT || reply.fault != 0x22);
	}
	return NULL;
}

TEST(threads_entries_are_read_in_one_piece, "IRQ-ORD-03")
{
	struct ibench *b = ibench_new(IOM_VTD_UNCACHED, 0);
	uint64_t *irte = (uint64_t *)(void *)b->ram;
	struct hand hands[2];
	struct crew crew = { 0 };
	uint64_t end;

	ibench_on(b, IRTA_EIME | 3);
	alarm(CREW_HUNG_S);
	for (unsigned i = 0; i < 2; i++)
		crew_hire(&crew, &hands[i], asker, b);
	end = crew_ms() + CREW_MS;
	/* Not present in between, as software without stores of 16 bytes does it. */
	for (unsigned i = 0; crew_ms() < end; i++) {
		uint64_t address = ADDRESS(i % ENTRIES);

		__atomic_store_n(&irte[0], 0, __ATOMIC_SEQ_CST);
		__atomic_store_n(&irte[1], address >> 32 << 32, __ATOMIC_SEQ_CST);
		__atomic_store_n(&irte[0], address << 32 | 0x30 << 16 | 1 << 15 | 1,
		                 __ATOMIC_SEQ_CST);
		/* A unit tries a bounded number of times to find an entry at rest. */
		sched_yield();
	}
	crew_stop(&crew);
	alarm(0);
	ibench_free(b);
}
