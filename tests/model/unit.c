/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Units, endpoints, lanes, ports: making, finding, breaking. */
#include "bench.h"

TEST(names, "")
{
	struct bench *b = bench_new();

	CHECK_STR(iom_unit_arch(b->unit), "riscv");
	CHECK_STR(iom_version(), "0.1.0");
	CHECK_EQ(IOM_VERSION_MAJOR * 10000 + IOM_VERSION_MINOR * 100 + IOM_VERSION_PATCH, 100);
	bench_free(b);
}

TEST(nothing_is_freed_twice, "")
{
	iom_unit_free(NULL);
	iom_lane_close(NULL);
	iom_port_close(NULL);
	iom_memory_free(NULL);
}

TEST(endpoint_is_one_for_a_requester, "")
{
	static const uint32_t ids[] = {
		0, 1, 0x10, 0xff, 0x100, 0xffff, 0x10000, 0x800000, 0xffffff
	};
	static const uint32_t wrong[] = { 0x1000000, 0x80000000, 0xffffffff };
	struct bench *b = bench_new();
	struct iom_endpoint *first[9], *again;

	for (unsigned i = 0; i < 9; i++) {
		CHECK_EQ(iom_endpoint_get(b->unit, ids[i], &first[i]), IOM_OK);
		CHECK_EQ(iom_endpoint_requester(first[i]), ids[i]);
		for (unsigned k = 0; k < i; k++)
			CHECK(first[k] != first[i]);
	}
	for (unsigned i = 9; i-- > 0;) {
		CHECK_EQ(iom_endpoint_get(b->unit, ids[i], &again), IOM_OK);
		CHECK(again == first[i]);
	}
	CHECK(first[2] == b->endpoint);
	for (unsigned i = 0; i < 3; i++)
		CHECK(iom_endpoint_get(b->unit, wrong[i], &again) == IOM_EINVAL);
	bench_free(b);
}

TEST(very_many_endpoints, "")
{
	struct bench *b = bench_new();
	struct iom_endpoint *endpoint;

	for (unsigned round = 0; round < 2; round++)
		for (uint32_t id = 0; id < 5000; id++) {
			uint32_t requester = id * 0x9e3779b1 & 0xffffff;

			CHECK_EQ(iom_endpoint_get(b->unit, requester, &endpoint), IOM_OK);
			CHECK_EQ(iom_endpoint_requester(endpoint), requester);
		}
	bench_free(b);
}

TEST(port_joins_what_belongs_together, "")
{
	struct bench *a = bench_new(), *b = bench_new();
	struct iom_port *port;

	CHECK(iom_port_open(a->endpoint, b->lane, &port) == IOM_EINVAL);
	CHECK(iom_port_open(b->endpoint, a->lane, &port) == IOM_EINVAL);
	CHECK_EQ(iom_port_open(a->endpoint, a->lane, &port), IOM_OK);
	iom_port_close(port);
	bench_free(a);
	bench_free(b);
}

/* Every order in which lanes and ports may go; the sanitizers see the rest. */
TEST(lanes_and_ports_close_in_any_order, "")
{
	for (unsigned order = 0; order < 8; order++) {
		struct bench *b = bench_new();
		struct iom_lane *lane[2];
		struct iom_port *port[2][2];

		for (unsigned l = 0; l < 2; l++) {
			CHECK_EQ(iom_lane_open(b->unit, &lane[l]), IOM_OK);
			for (unsigned p = 0; p < 2; p++)
				CHECK_EQ(iom_port_open(b->endpoint, lane[l], &port[l][p]), IOM_OK);
		}
		if (order & 1)
			iom_port_close(port[0][0]);
		if (order & 2)
			iom_lane_close(lane[0]);
		if (order & 4) {
			iom_port_close(port[1][1]);
			iom_lane_close(lane[1]);
		}
		{
			const struct iom_request q = { .iova = PLAIN };
			struct iom_reply reply;

			CHECK_EQ(iom_write(b->port, &q, "abcd", 4, &reply), IOM_OK);
		}
		bench_free(b);
	}
}

TEST(everything_survives_a_reset, "")
{
	struct bench *b = bench_new();
	const struct iom_request q = { .iova = PLAIN };
	struct iom_reply reply;
	struct iom_endpoint *again;

	iom_begin(b->lane);
	iom_unit_reset(b->unit);
	CHECK_EQ(iom_translate(b->port, &q, &reply), IOM_OK);
	CHECK_EQ(reply.spa, PLAIN);
	iom_end(b->lane);
	CHECK_EQ(iom_endpoint_get(b->unit, 0x10, &again), IOM_OK);
	CHECK(again == b->endpoint);
	bench_free(b);
}

TEST(units_share_a_memory_and_nothing_else, "")
{
	struct bench *b = bench_new();
	struct iom_unit *other;
	uint64_t val;

	CHECK_EQ(iom_riscv_new(NULL, b->memory, NULL, NULL, &other, NULL), IOM_OK);
	CHECK_EQ(iom_mmio_write(other, 0, 0x300, 8, 0x1234000), IOM_OK);
	CHECK_EQ(iom_mmio_read(b->unit, 0, 0x300, 8, &val), IOM_OK);
	CHECK_EQ(val, 0);
	CHECK_EQ(iom_mmio_read(b->unit, 0, 0x10, 8, &val), IOM_OK);
	CHECK_EQ(val, 1);
	CHECK_EQ(iom_mmio_read(other, 0, 0x10, 8, &val), IOM_OK);
	CHECK_EQ(val, 0);
	iom_unit_free(other);
	bench_free(b);
}
