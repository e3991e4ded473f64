/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What an observer hears of the words that a unit reads and stores, and of where devices' data go. */
#include <string.h>

#include "../riscv/ats_rig.h"

static struct seen {
	uint64_t spa;
	uint32_t bytes;
	int result;
	uint8_t of;
	bool write, missed, has_data, has_found;
	uint8_t data[64], found[8];
} seen[64];
static unsigned count;
static struct iom_moved moved;
static unsigned moves;
static uint64_t answer; /* of iom_msi_translate, when it ended */

static void on_own(void *opaque, uint32_t requester, const struct iom_own_access *access)
{
	struct seen *s = &seen[count++];

	(void)opaque, (void)requester;
	CHECK(count <= COUNT(seen));
	CHECK(access->bytes <= sizeof s->data);
	*s = (struct seen){ .spa = access->spa,
		            .bytes = access->bytes,
		            .result = access->result,
		            .of = access->of,
		            .write = access->write,
		            .missed = access->missed,
		            .has_data = access->data,
		            .has_found = access->found };
	if (access->data)
		memcpy(s->data, access->data, access->bytes);
	if (access->found)
		memcpy(s->found, access->found, access->bytes);
}

static void on_moved(void *opaque, uint32_t requester, const struct iom_moved *what)
{
	(void)opaque;
	CHECK_EQ(requester, 1);
	moved = *what;
	moves++;
}

static void on_enter(void *opaque, const struct iom_call *call)
{
	(void)opaque, (void)call;
}

static void on_leave(void *opaque, const struct iom_call *call, int result)
{
	(void)opaque;
	if (call->kind == IOM_CALL_MSI_TRANSLATE && !result)
		answer = call->route->address;
}

static void listen(struct rig *r)
{
	static const struct iom_observer observer = { .bytes = sizeof observer,
		                                      .enter = on_enter,
		                                      .leave = on_leave,
		                                      .own = on_own,
		                                      .moved = on_moved };

	count = moves = 0;
	CHECK_EQ(iom_observe(r->unit, &observer, NULL), IOM_OK);
}

/* The bytes that were told are those in memory now. */
static void as_in_memory(struct rig *r, const struct seen *s)
{
	CHECK(s->has_data);
	CHECK_EQ(memcmp(s->data, r->ram + (s->spa - RIG_RAM), s->bytes), 0);
}

/* Every entry of a walk, in both byte orders, as it is in memory. */
TEST(observer_gets_the_words_of_a_walk, "")
{
	for (unsigned big = 0; big < 2; big++) {
		struct rig *r = rig_new(CAP_EXT);
		uint64_t root, dc;

		wr32(r, 0x8, big);
		rig_ddt(r, 1);
		root = page(r);
		dc = rig_dc(r, 1);
		rig_map(r, root, 3, false, 0x3000, 0, leaf(page(r)));
		rig_dc_put(r, 1, 1, 0, 0x1234000, MODE(8) | root >> 12);
		for (unsigned i = 0; big && i < 8; i++)
			put64(r, dc + 8 * i, swap64(ram64(r, dc + 8 * i)));
		listen(r);
		CHECK_EQ(rig_cause(r, 1, 0x3000, IOM_READ), 0);
		CHECK_EQ(count, 4);
		CHECK_EQ(seen[0].bytes, 64);
		for (unsigned i = 0; i < count; i++) {
			CHECK(!seen[i].write && !seen[i].has_found);
			as_in_memory(r, &seen[i]);
		}
		rig_free(r);
	}
}

TEST(observer_gets_the_words_of_queues, "")
{
	struct rig *r = rig_new(0);
	uint64_t spot = page(r);

	rig_cq(r, 3, false);
	rig_fq(r, 3, true);
	wr64(r, MSI_CFG, spot + 8);
	wr32(r, MSI_CFG + 8, 0x77);
	listen(r);
	rig_cmd(r, FENCE | FENCE_AV | FENCE_DATA(0xabcd), spot >> 2);
	CHECK_EQ(count, 2);
	as_in_memory(r, &seen[0]);
	as_in_memory(r, &seen[1]);
	CHECK_EQ(seen[1].spa, spot);
	CHECK_EQ(ram32(r, spot), 0xabcd);
	CHECK_EQ(rig_cause(r, 1, 0x1000, IOM_READ), 256);
	CHECK_EQ(count, 4);
	as_in_memory(r, &seen[2]);
	CHECK_EQ(seen[3].of, IOM_OF_INTERRUPT);
	CHECK_EQ(seen[3].data[0], 0x77);
	rig_free(r);
}

/* What is refused has no bytes that were read; what would have been stored is told. */
TEST(observer_gets_no_words_that_were_refused, "")
{
	struct rig *r = rig_new(0);

	rig_cq(r, 3, false);
	listen(r);
	rig_cmd(r, FENCE | FENCE_AV | FENCE_DATA(7), RIG_NOWHERE >> 2);
	CHECK_EQ(seen[1].result, IOM_EFAULT);
	CHECK(seen[1].has_data);
	CHECK_EQ(seen[1].data[0], 7);
	wr64(r, DDTP, PPN_OF(RIG_NOWHERE) | LVL1);
	count = 0;
	CHECK_EQ(rig_cause(r, 1, 0, IOM_READ), 257);
	CHECK_EQ(count, 1);
	CHECK_EQ(seen[0].result, IOM_EFAULT);
	CHECK(!seen[0].has_data);
	rig_free(r);
}

/* Accessed and dirty flags: what was found, and what it became. */
TEST(observer_gets_both_sides_of_a_swap, "")
{
	struct stage s;
	uint64_t entry, was;

	stage_init(&s, CAP_EXT | CAP_AMO_HWAD, false, 3, TC_SADE);
	was = leaf(page(s.r)) & ~(PTE_A | PTE_D);
	entry = stage_map(&s, 0x3000, 0, was);
	listen(s.r);
	CHECK_EQ(rig_cause(s.r, 1, 0x3000, IOM_WRITE), 0);
	CHECK_EQ(count, 5);
	CHECK_EQ(seen[4].spa, entry);
	CHECK(seen[4].write && !seen[4].missed && seen[4].has_found);
	CHECK_EQ(memcmp(seen[4].found, &was, 8), 0);
	as_in_memory(s.r, &seen[4]);
	CHECK_EQ(ram64(s.r, entry), was | PTE_A | PTE_D);
	rig_free(s.r);
}

TEST(observer_hears_where_data_go, "")
{
	const struct iom_riscv_config config = { .reset_mode = IOM_RISCV_RESET_BARE };
	struct rig *r = rig_new_config(&config);
	struct iom_port *port = rig_port(r, 1);
	struct iom_endpoint *endpoint;
	struct iom_request q = { .iova = RIG_RAM + 0x40 };
	uint64_t data[8] = { 5 }, old;
	struct iom_reply reply;
	struct iom_route route;

	listen(r);
	CHECK_EQ(iom_write(port, &q, data, sizeof data, &reply), IOM_OK);
	CHECK_EQ(moves, 1);
	CHECK(moved.write && !moved.atomic);
	CHECK_EQ(moved.spa, RIG_RAM + 0x40);
	CHECK_EQ(moved.bytes, 64);
	CHECK_EQ(moved.done, 64);
	CHECK_EQ(iom_read(port, &q, data, 8, &reply), IOM_OK);
	CHECK(!moved.write);
	CHECK_EQ(iom_atomic(port, &q, IOM_SWAP, 6, 0, 8, &old, &reply), IOM_OK);
	CHECK(moved.atomic && moved.write);
	CHECK_EQ(moved.old, 5);
	CHECK_EQ(moves, 3);
	/* Half of it is there: what lies behind the RAM is refused. */
	q.iova = RIG_RAM + RIG_RAM_BYTES - 32;
	CHECK_EQ(iom_write(port, &q, data, sizeof data, &reply), IOM_EFAULT);
	CHECK_EQ(moves, 4);
	CHECK_EQ(moved.bytes, 64);
	CHECK_EQ(moved.done, 32);
	CHECK_EQ(moved.result, IOM_EFAULT);
	CHECK_EQ(reply.done, 32);
	CHECK_EQ(ram64(r, q.iova), 6 - 1);
	CHECK_EQ(iom_endpoint_get(r->unit, 1, &endpoint), IOM_OK);
	CHECK_EQ(iom_msi(endpoint, RIG_RAM, 1, &reply), IOM_OK);
	CHECK_EQ(moves, 5);
	CHECK_EQ(moved.bytes, 4);
	CHECK_EQ(iom_msi_translate(endpoint, RIG_RAM + 4, 1, &route, NULL), IOM_OK);
	CHECK_EQ(moves, 5);
	CHECK_EQ(answer, RIG_RAM + 4);
	rig_free(r);
}

/* With all forgotten, everything is read once more. */
TEST(unit_forgets_what_it_cached, "")
{
	const struct iom_riscv_config config = { .capabilities = CAP_EXT };
	struct rig *r = rig_new_config(&config);
	uint64_t root, spa;

	rig_ddt(r, 1);
	root = page(r);
	spa = page(r);
	rig_map(r, root, 3, false, 0x3000, 0, leaf(spa));
	rig_dc_put(r, 1, 1, 0, 0, MODE(8) | root >> 12);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(rig_spa(r, 1, 0x3000), spa);
		spa = page(r);
		rig_map(r, root, 3, false, 0x3000, 0, leaf(spa));
		iom_forget(r->unit);
	}
	listen(r);
	CHECK_EQ(rig_spa(r, 1, 0x3000), spa);
	CHECK_EQ(count, 4);
	CHECK_EQ(rig_spa(r, 1, 0x3000), spa);
	CHECK_EQ(count, 4);
	iom_forget(r->unit);
	CHECK_EQ(rig_spa(r, 1, 0x3000), spa);
	CHECK_EQ(count, 8);
	rig_free(r);
}
