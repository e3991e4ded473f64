/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* struct iom_host: what happens where a function is missing, and an allocator that runs dry. */
#include "bench.h"

#define COUNTED_MAX 64

struct counted {
	unsigned left; /* allocations that still succeed */
	unsigned live, total;
	struct {
		void *memory;
		size_t size;
	} block[COUNTED_MAX];
};

static void *counted_alloc(void *opaque, size_t size)
{
	struct counted *c = opaque;
	void *memory;

	CHECK(size);
	if (!c->left)
		return NULL;
	c->left--;
	memory = aligned_alloc(64, (size + 63) & ~(size_t)63);
	CHECK(memory);
	memset(memory, 0xee, size); /* the library may not expect zeroes */
	for (unsigned i = 0; i < COUNTED_MAX; i++)
		if (!c->block[i].memory) {
			c->block[i].memory = memory;
			c->block[i].size = size;
			c->live++;
			c->total++;
			return memory;
		}
	fail();
	return NULL;
}

static void counted_free(void *opaque, void *memory, size_t size)
{
	struct counted *c = opaque;

	for (unsigned i = 0; i < COUNTED_MAX; i++)
		if (memory && c->block[i].memory == memory) {
			CHECK_EQ(size, c->block[i].size);
			c->block[i].memory = NULL;
			c->live--;
			free(memory);
			return;
		}
	fail();
}

static const struct iom_host counting = { .bytes = sizeof counting,
	                                  .alloc = counted_alloc,
	                                  .free = counted_free };

TEST(allocator_that_fails_at_every_call, "")
{
	struct iom_memory *memory;
	bool done = false;

	CHECK_EQ(iom_memory_new(NULL, NULL, &memory, NULL), IOM_OK);
	for (unsigned n = 0; !done; n++) {
		struct counted c = { .left = n };
		struct iom_error error;
		struct iom_unit *unit = NULL;
		struct iom_lane *lane = NULL;
		struct iom_endpoint *endpoint = NULL;
		struct iom_port *port = NULL;
		unsigned live;
		int code = iom_riscv_new(NULL, memory, &counting, &c, &unit, &error);

		CHECK(n < COUNTED_MAX);
		if (code != IOM_OK) {
			check_sentence(&error, IOM_ENOMEM, "");
			CHECK(code == IOM_ENOMEM);
			CHECK_EQ(c.live, 0);
			continue;
		}
		live = c.live;
		code = iom_lane_open(unit, &lane);
		if (code == IOM_OK) {
			live = c.live;
			code = iom_endpoint_get(unit, 7, &endpoint);
		}
		if (code == IOM_OK) {
			live = c.live;
			code = iom_port_open(endpoint, lane, &port);
		}
		done = code == IOM_OK;
		if (!done) {
			CHECK(code == IOM_ENOMEM);
			CHECK_EQ(c.live, live); /* the call that failed left nothing behind */
			/* and the same call succeeds once there is memory again */
			c.left = COUNTED_MAX;
			if (!lane)
				CHECK_EQ(iom_lane_open(unit, &lane), IOM_OK);
			CHECK_EQ(iom_endpoint_get(unit, 7, &endpoint), IOM_OK);
			CHECK_EQ(iom_port_open(endpoint, lane, &port), IOM_OK);
		}
		iom_unit_free(unit);
		CHECK_EQ(c.live, 0);
	}
	iom_memory_free(memory);
}

TEST(nothing_is_allocated_while_running, "")
{
	struct counted c = { .left = COUNTED_MAX };
	static uint64_t ram[1024];
	const struct iom_region region = { 0x10000, sizeof ram, ram, 0 };
	const struct iom_request q = { .iova = 0x10000, .bytes = 8 };
	struct iom_memory *memory;
	struct iom_unit *unit;
	struct iom_lane *lane;
	struct iom_endpoint *endpoint;
	struct iom_port *port;
	struct iom_reply reply;
	unsigned total;

	CHECK_EQ(iom_memory_new(NULL, NULL, &memory, NULL), IOM_OK);
	CHECK_EQ(iom_memory_add(memory, &region, NULL), IOM_OK);
	CHECK_EQ(iom_riscv_new(NULL, memory, &counting, &c, &unit, NULL), IOM_OK);
	CHECK_EQ(iom_lane_open(unit, &lane), IOM_OK);
	CHECK_EQ(iom_endpoint_get(unit, 7, &endpoint), IOM_OK);
	CHECK_EQ(iom_port_open(endpoint, lane, &port), IOM_OK);
	total = c.total;
	c.left = 0;
	CHECK(iom_translate(port, &q, &reply) == IOM_EFAULT);
	ram[0] = 2; /* a fence, then an invalidation of everything */
	ram[2] = 1;
	CHECK_EQ(iom_mmio_write(unit, 0, 0x18, 8, 0x10000 >> 12 << 10 | 3), IOM_OK);
	CHECK_EQ(iom_mmio_write(unit, 0, 0x48, 4, 1), IOM_OK);
	iom_begin(lane);
	CHECK_EQ(iom_mmio_write(unit, 0, 0x24, 4, 2), IOM_OK);
	iom_end(lane);
	CHECK_EQ(iom_mmio_write(unit, 0, 0x10, 8, 1), IOM_OK);
	CHECK_EQ(iom_translate(port, &q, &reply), IOM_OK);
	iom_unit_reset(unit);
	CHECK_EQ(c.total, total);
	iom_port_close(port);
	iom_lane_close(lane);
	iom_unit_free(unit);
	CHECK_EQ(c.live, 0);
	iom_memory_free(memory);
}

TEST(half_an_allocator_is_refused, "")
{
	const struct iom_host half[] = {
		{ .bytes = sizeof half[0], .alloc = counted_alloc },
		{ .bytes = sizeof half[0], .free = counted_free },
	};
	struct iom_memory *memory;

	CHECK_EQ(iom_memory_new(NULL, NULL, &memory, NULL), IOM_OK);
	for (unsigned i = 0; i < 2; i++) {
		struct iom_error error;
		struct iom_unit *unit = NULL;

		CHECK(iom_riscv_new(NULL, memory, &half[i], NULL, &unit, &error) == IOM_EINVAL);
		check_sentence(&error, IOM_EINVAL, "alloc");
		CHECK(strstr(error.text, "free"));
	}
	iom_memory_free(memory);
}

TEST(host_of_an_unknown_size, "")
{
	const size_t sizes[] = { 0, 1, sizeof(struct iom_host) - 1, sizeof(struct iom_host) + 1 };
	struct iom_memory *memory;

	CHECK_EQ(iom_memory_new(NULL, NULL, &memory, NULL), IOM_OK);
	for (unsigned i = 0; i < 4; i++) {
		const struct iom_host host = { .bytes = sizes[i] };
		struct iom_error error;
		struct iom_unit *unit = NULL;

		CHECK(iom_riscv_new(NULL, memory, &host, NULL, &unit, &error) == IOM_EINVAL);
		check_sentence(&error, IOM_EINVAL, "bytes");
	}
	iom_memory_free(memory);
}

/* Without host.msi the unit stores the message itself, through its memory and its tracking. */
TEST(message_without_a_host_function, "")
{
	for (unsigned big = 0; big < 2; big++) {
		struct bench *b = bench_new();
		uint8_t should[4] = { 0x11, 0x22, 0x33, 0x44 };
		uint64_t val;

		CHECK_EQ(iom_mmio_write(b->unit, 0, 0x8, 4, big), IOM_OK);
		CHECK_EQ(iom_mmio_write(b->unit, 0, 0x300, 8, TRACKED + 0x44), IOM_OK);
		CHECK_EQ(iom_mmio_write(b->unit, 0, 0x308, 4, big ? 0x11223344 : 0x44332211),
		         IOM_OK);
		/* an illegal command (all zeroes) with cie */
		CHECK_EQ(iom_mmio_write(b->unit, 0, 0x18, 8, PLAIN >> 12 << 10), IOM_OK);
		CHECK_EQ(iom_mmio_write(b->unit, 0, 0x48, 4, 3), IOM_OK);
		memset(b->bytes[BENCH_TRACKED], 0xee, 0x100);
		CHECK_EQ(iom_mmio_write(b->unit, 0, 0x24, 4, 1), IOM_OK);
		CHECK_EQ(iom_mmio_read(b->unit, 0, 0x54, 4, &val), IOM_OK);
		CHECK_EQ(val, 1);
		for (unsigned i = 0; i < 0x100; i++)
			CHECK_EQ(((uint8_t *)b->bytes[BENCH_TRACKED])[i],
			         i >= 0x44 && i < 0x48 ? should[i - 0x44] : 0xee);
		CHECK_EQ(b->dirties, 1);
		CHECK_EQ(b->dirty[0].spa, TRACKED + 0x44);
		CHECK_EQ(b->dirty[0].len, 4);
		bench_free(b);
	}
}

/* The same to nowhere is the fault 273. */
TEST(message_to_nowhere, "")
{
	struct bench *b = bench_new();
	const uint64_t *record = b->bytes[BENCH_TRACKED];

	CHECK_EQ(iom_mmio_write(b->unit, 0, 0x300, 8, NOWHERE + 0x10), IOM_OK);
	CHECK_EQ(iom_mmio_write(b->unit, 0, 0x28, 8, TRACKED >> 12 << 10), IOM_OK);
	CHECK_EQ(iom_mmio_write(b->unit, 0, 0x4c, 4, 1), IOM_OK);
	CHECK_EQ(iom_mmio_write(b->unit, 0, 0x18, 8, PLAIN >> 12 << 10), IOM_OK);
	CHECK_EQ(iom_mmio_write(b->unit, 0, 0x48, 4, 3), IOM_OK);
	CHECK_EQ(iom_mmio_write(b->unit, 0, 0x24, 4, 1), IOM_OK);
	CHECK_EQ(record[0], 273);
	CHECK_EQ(record[2], NOWHERE + 0x10);
	CHECK_EQ(b->dirties, 1);
	CHECK_EQ(b->dirty[0].len, 32);
	bench_free(b);
}

/* Everything else of the host may be missing, too. */
TEST(no_host_at_all, "")
{
	static uint64_t ram[512];
	const struct iom_region region = { 0x10000, sizeof ram, ram, 0 };
	struct iom_memory *memory;
	struct iom_unit *unit;
	uint64_t val;

	memset(ram, 0, sizeof ram);
	CHECK_EQ(iom_memory_new(NULL, NULL, &memory, NULL), IOM_OK);
	CHECK_EQ(iom_memory_add(memory, &region, NULL), IOM_OK);
	CHECK_EQ(iom_riscv_new(NULL, memory, NULL, NULL, &unit, NULL), IOM_OK);
	ram[0] = 2 | 1 << 11 | 3 << 12; /* a fence by wire that orders */
	CHECK_EQ(iom_mmio_write(unit, 0, 0x8, 4, 2), IOM_OK);
	CHECK_EQ(iom_mmio_write(unit, 0, 0x18, 8, 0x10000 >> 12 << 10 | 3), IOM_OK);
	CHECK_EQ(iom_mmio_write(unit, 0, 0x48, 4, 3), IOM_OK);
	CHECK_EQ(iom_mmio_write(unit, 0, 0x24, 4, 1), IOM_OK);
	CHECK_EQ(iom_mmio_read(unit, 0, 0x54, 4, &val), IOM_OK);
	CHECK_EQ(val, 1);
	CHECK_EQ(iom_mmio_read(unit, 0, 0x20, 4, &val), IOM_OK);
	CHECK_EQ(val, 1);
	iom_unit_reset(unit);
	iom_unit_free(unit);
	iom_memory_free(memory);
}
