/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Endpoints that get another number, or go, while ports, grants and contexts of theirs are about. */
#include <stdlib.h>
#include <string.h>

#include "../riscv/rig.h"
#include "../riscv/sheet.h"

#define PAGE 0x1000ull
/* Where IOVA 0x1000 of a device leads */
#define SPA_OF(device) (RIG_RAM + 0x100000 + PAGE * (device))

static struct rig *cached_rig(void)
{
	const struct iom_riscv_config config = { .capabilities = CAP_EXT };
	struct rig *r = rig_new_config(&config);

	rig_fq(r, 4, false);
	rig_ddt(r, 1);
	for (unsigned device = 1; device <= 4; device++) {
		uint64_t root = page(r);

		rig_dc_put(r, device, 1, 0, (uint64_t)device << 12, 8ull << 60 | root >> 12);
		rig_map(r, root, 3, false, PAGE, 0, leaf(SPA_OF(device)));
	}
	return r;
}

static struct iom_endpoint *endpoint_of(struct rig *r, uint32_t requester)
{
	struct iom_endpoint *endpoint;

	CHECK_EQ(iom_endpoint_get(r->unit, requester, &endpoint), IOM_OK);
	return endpoint;
}

static struct iom_port *port_of(struct rig *r, struct iom_endpoint *endpoint)
{
	struct iom_port *port;

	CHECK_EQ(iom_port_open(endpoint, r->lane, &port), IOM_OK);
	return port;
}

static uint64_t spa_of(struct iom_port *port)
{
	const struct iom_request q = { .iova = PAGE, .bytes = 8 };
	struct iom_reply reply;

	CHECK_EQ(iom_translate(port, &q, &reply), IOM_OK);
	return reply.spa;
}

/* The same three times: looked up, from the front, and from the front again. */
static void leads_to(struct iom_port *port, uint32_t device)
{
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(spa_of(port), SPA_OF(device));
}

TEST(ports_follow_a_new_number, "")
{
	struct rig *r = cached_rig();
	struct iom_endpoint *a = endpoint_of(r, 1), *b = endpoint_of(r, 2);
	struct iom_port *pa = port_of(r, a), *pb = port_of(r, b);

	leads_to(pa, 1);
	leads_to(pb, 2);
	CHECK_EQ(iom_endpoint_renumber(a, 3), IOM_OK);
	CHECK_EQ(iom_endpoint_requester(a), 3);
	leads_to(pa, 3);
	leads_to(pb, 2);
	CHECK(endpoint_of(r, 3) == a);
	/* the number that became free */
	CHECK_EQ(iom_endpoint_renumber(b, 1), IOM_OK);
	leads_to(pb, 1);
	leads_to(pa, 3);
	CHECK_EQ(iom_endpoint_renumber(a, 2), IOM_OK);
	leads_to(pa, 2);
	/* A new endpoint for an old number has its own context. */
	leads_to(port_of(r, endpoint_of(r, 3)), 3);
	rig_free(r);
}

TEST(records_name_the_new_number, "")
{
	struct rig *r = cached_rig();
	const struct iom_request q = { .iova = 0x5000 };
	struct iom_endpoint *a = endpoint_of(r, 1);
	struct iom_port *port = port_of(r, a);
	struct iom_reply reply;

	CHECK_EQ(iom_translate(port, &q, &reply), IOM_EFAULT);
	rig_expect(r, rig_record(13, 2, 1), 0x5000, 0);
	CHECK_EQ(iom_endpoint_renumber(a, 4), IOM_OK);
	CHECK_EQ(iom_translate(port, &q, &reply), IOM_EFAULT);
	rig_expect(r, rig_record(13, 2, 4), 0x5000, 0);
	rig_free(r);
}

/* An invalidation by the new number meets the endpoint, one by the old number does not. */
TEST(commands_name_the_new_number, "")
{
	struct rig *r = cached_rig();
	struct iom_endpoint *a = endpoint_of(r, 1);
	struct iom_port *port = port_of(r, a);
	uint64_t other = page(r);

	rig_cq(r, 4, false);
	leads_to(port, 1);
	CHECK_EQ(iom_endpoint_renumber(a, 3), IOM_OK);
	leads_to(port, 3);
	rig_map(r, other, 3, false, PAGE, 0, leaf(SPA_OF(9)));
	rig_dc_put(r, 3, 1, 0, 9ull << 12, 8ull << 60 | other >> 12);
	rig_cmd(r, INVAL_DDT | 1ull << 33 | 1ull << 40, 0);
	leads_to(port, 3);
	rig_cmd(r, INVAL_DDT | 1ull << 33 | 3ull << 40, 0);
	leads_to(port, 9);
	rig_free(r);
}

TEST(refused_numbers, "")
{
	struct rig *r = cached_rig();
	struct iom_endpoint *a = endpoint_of(r, 1);
	struct iom_port *port = port_of(r, a);

	endpoint_of(r, 2);
	leads_to(port, 1);
	CHECK_EQ(iom_endpoint_renumber(a, 0x1000000), IOM_EINVAL);
	CHECK_EQ(iom_endpoint_renumber(a, 2), IOM_EEXIST);
	CHECK_EQ(iom_endpoint_requester(a), 1);
	CHECK_EQ(iom_endpoint_renumber(a, 1), IOM_OK);
	leads_to(port, 1);
	CHECK_EQ(iom_endpoint_renumber(a, 0xffffff), IOM_OK);
	CHECK(endpoint_of(r, 0xffffff) == a);
	rig_free(r);
}

TEST(removed_endpoint_answers_nothing, "")
{
	struct rig *r = cached_rig();
	struct iom_endpoint *a = endpoint_of(r, 1), *again;
	struct iom_port *port = port_of(r, a), *fresh, *none;
	const struct iom_request q = { .iova = PAGE };
	const struct iom_message message = { .kind = IOM_MESSAGE_PAGE_REQUEST };
	struct iom_reply reply;
	uint8_t buf[8] = { 0 };
	uint64_t old;

	leads_to(port, 1);
	iom_endpoint_remove(a);
	for (unsigned i = 0; i < 2; i++) {
		CHECK_EQ(iom_translate(port, &q, &reply), IOM_ENOENT);
		CHECK_EQ(reply.status, IOM_UNSUPPORTED);
		CHECK_EQ(reply.fault, 0);
		CHECK_EQ(iom_read(port, &q, buf, sizeof buf, &reply), IOM_ENOENT);
		CHECK_EQ(buf[0] & buf[7], 0xff);
		CHECK_EQ(iom_write(port, &q, buf, sizeof buf, &reply), IOM_ENOENT);
		CHECK_EQ(iom_atomic(port, &q, IOM_SWAP, 1, 0, 8, &old, &reply), IOM_ENOENT);
		CHECK_EQ(iom_message(a, &message), IOM_ENOENT);
		CHECK_EQ(iom_port_open(a, r->lane, &none), IOM_ENOENT);
		CHECK_EQ(iom_endpoint_renumber(a, 7), IOM_ENOENT);
		iom_endpoint_remove(a); /* once more says nothing new */

		/* The number can be had again at once, by a device of its own. */
		again = endpoint_of(r, 1);
		CHECK(again != a);
		fresh = port_of(r, again);
		leads_to(fresh, 1);
		iom_port_close(fresh);
	}
	CHECK_EQ(ram64(r, SPA_OF(1)), 0);
	rig_expect_none(r);
	iom_port_close(port);
	rig_free(r);
}

/* Every order in which an endpoint, its ports, its lane and its unit may go; the sanitizers watch. */
TEST(removal_in_any_order, "")
{
	for (unsigned order = 0; order < 16; order++) {
		struct rig *r = cached_rig();
		struct iom_endpoint *a = endpoint_of(r, 1);
		struct iom_port *port[2];
		struct iom_lane *lane;

		CHECK_EQ(iom_lane_open(r->unit, &lane), IOM_OK);
		port[0] = port_of(r, a);
		CHECK_EQ(iom_port_open(a, lane, &port[1]), IOM_OK);
		leads_to(port[0], 1);
		iom_begin(lane);
		leads_to(port[1], 1);
		if (order & 1)
			iom_port_close(port[0]);
		if (order & 2)
			iom_endpoint_remove(a);
		if (order & 4)
			iom_lane_close(lane);
		if (order & 8 && !(order & 1))
			iom_port_close(port[0]);
		endpoint_of(r, 1);
		rig_free(r);
	}
}

TEST(many_come_and_go, "")
{
	struct rig *r = cached_rig();

	for (unsigned i = 0; i < 2000; i++) {
		struct iom_endpoint *e = endpoint_of(r, 1 + i % 4);
		struct iom_port *port = port_of(r, e);

		leads_to(port, 1 + i % 4);
		if (i & 1)
			iom_port_close(port);
		iom_endpoint_remove(e);
		if (!(i & 1))
			iom_port_close(port);
	}
	rig_free(r);
}

TEST(messages_that_nobody_understands, "")
{
	static const uint32_t wrong[] = { 0, 1, 2, 3, 4, 7, ~0u };
	struct rig *r = cached_rig();
	struct iom_endpoint *a = endpoint_of(r, 1);
	struct iom_message message = { 0 };

	for (unsigned i = 0; i < COUNT(wrong); i++) {
		message.kind = wrong[i];
		CHECK_EQ(iom_message(a, &message), IOM_EINVAL);
	}
	/* without ATS */
	message.kind = IOM_MESSAGE_INVALIDATED;
	CHECK_EQ(iom_message(a, &message), IOM_ENOTSUP);
	message.kind = IOM_MESSAGE_PAGE_REQUEST;
	CHECK_EQ(iom_message(a, &message), IOM_ENOTSUP);
	rig_free(r);
}

/* Numbers that are a multiple of 64 apart are kept in one list; each place of it is left. */
TEST(numbers_that_share_a_list, "")
{
	for (unsigned first = 0; first < 3; first++) {
		struct rig *r = cached_rig();
		struct iom_endpoint *e[3];

		for (unsigned i = 0; i < 3; i++)
			e[i] = endpoint_of(r, 64 * i + 1);
		iom_endpoint_remove(e[first]);
		for (unsigned i = 0; i < 3; i++) {
			struct iom_endpoint *now = endpoint_of(r, 64 * i + 1);

			CHECK_EQ(iom_endpoint_requester(now), 64 * i + 1);
			if (i != first)
				CHECK(now == e[i]);
		}
		rig_free(r);
	}
}
