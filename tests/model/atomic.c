/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Atomic operations of devices. */
#include "bench.h"

#include <pthread.h>

static int atomic_at(struct bench *b, uint64_t iova, unsigned op, uint64_t operand,
                     uint64_t compare, unsigned bytes, uint64_t *old, struct iom_reply *reply)
{
	const struct iom_request q = { .iova = iova, .access = IOM_READ, .bytes = 12345 };

	memset(reply, 0xa5, sizeof *reply);
	return iom_atomic(b->port, &q, op, operand, compare, bytes, old, reply);
}

static uint64_t get(const uint8_t *p, unsigned bytes)
{
	uint64_t v = 0;

	while (bytes--)
		v = v << 8 | p[bytes];
	return v;
}

static void put(uint8_t *p, unsigned bytes, uint64_t v)
{
	for (; bytes--; v >>= 8)
		*p++ = (uint8_t)v;
}

/* op, what is there, operand, compare, what must be there afterwards, for 8 bytes */
static const struct {
	unsigned op;
	uint64_t was, operand, compare, now;
} rows[] = {
	{ IOM_FETCH_ADD, 0, 1, 0, 1 },
	{ IOM_FETCH_ADD, 0x0123456789abcdef, 0x1111111111111111, 0, 0x123456789abcdf00 },
	{ IOM_FETCH_ADD, ~0ull, 1, 0, 0 },
	{ IOM_FETCH_ADD, 5, ~0ull, 5, 4 },
	{ IOM_SWAP, 0x1122334455667788, 0x99aabbccddeeff00, 0, 0x99aabbccddeeff00 },
	{ IOM_SWAP, 0, 0, 0, 0 },
	{ IOM_CAS, 0x1122334455667788, 7, 0x1122334455667788, 7 },
	{ IOM_CAS, 0x1122334455667788, 7, 0x1122334455667789, 0x1122334455667788 },
	{ IOM_CAS, 0, ~0ull, 0, ~0ull },
	{ IOM_CAS, ~0ull, 0, ~0ull, 0 },
	{ IOM_CAS, 1, 2, 0, 1 },
	{ IOM_CAS, 0, 2, 1, 0 },
};

#define ROWS (sizeof rows / sizeof rows[0])

/* In `place`, which is at iova; bytes around it stay. */
static void check_rows(struct bench *b, uint64_t iova, uint8_t *place)
{
	struct iom_reply reply;
	uint64_t old;

	for (unsigned i = 0; i < ROWS; i++) {
		for (unsigned bytes = 4; bytes <= 8; bytes += 4) {
			uint64_t mask = bytes == 8 ? ~0ull : 0xffffffff, was = rows[i].was & mask;
			uint64_t now = rows[i].now & mask;

			if (rows[i].op == IOM_CAS)
				now = was == (rows[i].compare & mask) ? rows[i].operand & mask
				                                      : was;
			memset(place - 8, 0xee, 24);
			put(place, bytes, was);
			old = 0x5555;
			CHECK_EQ(atomic_at(b, iova, rows[i].op, rows[i].operand, rows[i].compare,
			                   bytes, &old, &reply),
			         IOM_OK);
			CHECK_EQ(old, was);
			CHECK_EQ(reply.done, bytes);
			CHECK_EQ(reply.status, IOM_DONE);
			CHECK_EQ(reply.fault, 0);
			CHECK_EQ(reply.spa, iova);
			CHECK_EQ(get(place, bytes), now);
			for (unsigned k = 1; k <= 8; k++)
				CHECK_EQ(place[-(int)k], 0xee);
			CHECK_EQ(place[bytes], 0xee);
		}
	}
}

TEST(atomics_in_ram, "")
{
	struct bench *b = bench_new();

	check_rows(b, PLAIN + 0x100, (uint8_t *)b->bytes[BENCH_PLAIN] + 0x100);
	CHECK_EQ(b->dirties + b->calls, 0);
	check_rows(b, TRACKED + 0x100, (uint8_t *)b->bytes[BENCH_TRACKED] + 0x100);
	bench_free(b);
}

TEST(atomics_outside_ram, "")
{
	struct bench *b = bench_new();

	check_rows(b, SERVED + 0x100, b->served + 0x100);
	CHECK_EQ(b->dirties, 0);
	bench_free(b);
}

/* Each store into a tracked region is reported, once; what stores nothing is not. */
TEST(atomics_are_reported, "")
{
	for (unsigned i = 0; i < ROWS; i++) {
		struct bench *b = bench_new();
		bool stores = rows[i].op != IOM_CAS || rows[i].was == rows[i].compare;
		struct iom_reply reply;
		uint64_t old;

		put((uint8_t *)b->bytes[BENCH_TRACKED], 8, rows[i].was);
		CHECK_EQ(atomic_at(b, TRACKED, rows[i].op, rows[i].operand, rows[i].compare, 8,
		                   &old, &reply),
		         IOM_OK);
		CHECK_EQ(b->dirties, stores);
		if (stores) {
			CHECK_EQ(b->dirty[0].spa, TRACKED);
			CHECK_EQ(b->dirty[0].len, 8);
		}
		bench_free(b);
	}
}

TEST(compare_that_fails_writes_nothing, "")
{
	struct bench *b = bench_new();
	struct iom_reply reply;
	uint64_t old;

	put(b->served, 8, 3);
	CHECK_EQ(atomic_at(b, SERVED, IOM_CAS, 7, 4, 8, &old, &reply), IOM_OK);
	CHECK_EQ(old, 3);
	for (unsigned i = 0; i < b->calls; i++)
		CHECK(!b->call[i].write);
	bench_free(b);
}

TEST(malformed_atomics, "")
{
	static const struct {
		uint64_t iova;
		unsigned op, bytes, at;
	} wrong[] = {
		{ PLAIN, IOM_SWAP, 0, 0 },
		{ PLAIN, IOM_SWAP, 1, 0 },
		{ PLAIN, IOM_SWAP, 2, 0 },
		{ PLAIN, IOM_SWAP, 16, 0 },
		{ PLAIN, IOM_SWAP, 12, 0 },
		{ PLAIN + 1, IOM_SWAP, 4, 0 },
		{ PLAIN + 2, IOM_SWAP, 4, 0 },
		{ PLAIN + 4, IOM_SWAP, 8, 0 },
		{ PLAIN, IOM_CAS + 1, 8, 0 },
		{ PLAIN, ~0u, 8, 0 },
		{ PLAIN, IOM_SWAP, 8, IOM_AT_TRANSLATION_REQUEST },
		{ PLAIN, IOM_SWAP, 8, 3 },
	};
	struct bench *b = bench_new();

	for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		const struct iom_request q = { .iova = wrong[i].iova, .at = (uint8_t)wrong[i].at };
		struct iom_reply reply;
		uint64_t old = 77;

		CHECK_EQ(iom_atomic(b->port, &q, wrong[i].op, 1, 0, wrong[i].bytes, &old, &reply),
		         IOM_EINVAL);
		CHECK_EQ(reply.status, IOM_UNSUPPORTED);
		CHECK_EQ(reply.done, 0);
		CHECK_EQ(old, 77);
		CHECK_EQ(b->bytes[BENCH_PLAIN][0], 0);
	}
	bench_free(b);
}

TEST(atomics_that_memory_refuses, "")
{
	static const struct {
		uint64_t iova;
		int err;
	} wrong[] = {
		{ READONLY, IOM_EFAULT }, { NOWHERE, IOM_EFAULT },     { ODD, IOM_EFAULT },
		{ CORRUPT, IOM_EPOISON }, { 1ull << 56, IOM_EFAULT },  { ~7ull, IOM_EFAULT },
		{ PLAIN, IOM_EPOISON },   { SERVED + 8, IOM_EPOISON },
	};
	struct bench *b = bench_new();
	struct iom_reply reply;

	CHECK_EQ(iom_memory_poison(b->memory, PLAIN + 4, 1), IOM_OK);
	CHECK_EQ(iom_memory_poison(b->memory, SERVED + 8, 8), IOM_OK);
	for (unsigned op = IOM_FETCH_ADD; op <= IOM_CAS; op++) {
		for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
			uint64_t old = 77;

			CHECK_EQ(atomic_at(b, wrong[i].iova, op, 1, 0, 8, &old, &reply),
			         wrong[i].err);
			CHECK_EQ(reply.status, IOM_ABORT);
			CHECK_EQ(reply.fault, 0);
			CHECK_EQ(reply.done, 0);
			CHECK_EQ(old, 77);
		}
	}
	CHECK_EQ(b->bytes[BENCH_READONLY][0] | b->bytes[BENCH_PLAIN][0], 0);
	bench_free(b);
}

TEST(refused_atomics_are_refused_as_writes, "")
{
	struct bench *b = bench_new();
	struct iom_reply reply;
	uint64_t old = 77;

	CHECK_EQ(iom_mmio_write(b->unit, 0, 0x10, 8, 0), IOM_OK);
	CHECK_EQ(atomic_at(b, PLAIN, IOM_SWAP, 1, 0, 8, &old, &reply), IOM_EFAULT);
	CHECK_EQ(reply.status, IOM_UNSUPPORTED);
	CHECK_EQ(reply.fault, 256);
	CHECK_EQ(old, 77);
	CHECK_EQ(iom_unit_stop(b->unit), IOM_OK);
	CHECK_EQ(atomic_at(b, PLAIN, IOM_SWAP, 1, 0, 8, &old, &reply), IOM_EBUSY);
	CHECK_EQ(reply.status, IOM_STALLED);
	CHECK_EQ(reply.token, 0);
	bench_free(b);
}

/* ---- An embedder's own compare-and-swap ----------------------------------------------------- */

struct own {
	uint64_t word;
	unsigned calls, rivals; /* how often somebody else changes the word first */
	int result;
};

static int own_cas(void *opaque, uint64_t spa, unsigned bytes, uint64_t *expected, uint64_t desired)
{
	struct own *own = opaque;
	uint64_t mask = bytes == 8 ? ~0ull : 0xffffffff;

	CHECK(!(spa % bytes));
	own->calls++;
	if (own->result)
		return own->result;
	if (own->rivals) {
		own->rivals--;
		own->word += 0x100;
	}
	if ((own->word & mask) == *expected)
		own->word = (own->word & ~mask) | desired;
	else
		*expected = own->word & mask;
	return IOM_OK;
}

static void own_check(struct own *own, unsigned op, uint64_t operand, uint64_t compare,
                      unsigned bytes, int err, uint64_t old_be, uint64_t now)
{
	const struct iom_memory_ops ops = { .bytes = sizeof ops, .cas = own_cas };
	const struct iom_riscv_config config = { .bytes = sizeof config,
		                                 .reset_mode = IOM_RISCV_RESET_BARE };
	const struct iom_request q = { .iova = 0x1000 };
	struct iom_endpoint *endpoint;
	struct iom_memory *memory;
	struct iom_reply reply;
	struct iom_unit *unit;
	struct iom_lane *lane;
	struct iom_port *port;
	uint64_t old = 0;

	CHECK_EQ(iom_memory_new(&ops, own, &memory, NULL), IOM_OK);
	CHECK_EQ(iom_riscv_new(&config, memory, NULL, NULL, &unit, NULL), IOM_OK);
	CHECK_EQ(iom_lane_open(unit, &lane), IOM_OK);
	CHECK_EQ(iom_endpoint_get(unit, 1, &endpoint), IOM_OK);
	CHECK_EQ(iom_port_open(endpoint, lane, &port), IOM_OK);
	CHECK_EQ(iom_atomic(port, &q, op, operand, compare, bytes, &old, &reply), err);
	CHECK_EQ(reply.status, err ? IOM_ABORT : IOM_DONE);
	CHECK_EQ(old, old_be);
	CHECK_EQ(own->word, now);
	iom_unit_free(unit);
	iom_memory_free(memory);
}

TEST(atomics_by_the_embedder, "")
{
	struct own own = { .word = 5 };

	own_check(&own, IOM_FETCH_ADD, 3, 0, 8, IOM_OK, 5, 8);
	own_check(&own, IOM_SWAP, 0x1122334455667788, 0, 8, IOM_OK, 8, 0x1122334455667788);
	own_check(&own, IOM_FETCH_ADD, ~0ull, 0, 4, IOM_OK, 0x55667788, 0x1122334455667787);
	own.calls = 0;
	own_check(&own, IOM_CAS, 9, 0x1122334455667787, 8, IOM_OK, 0x1122334455667787, 9);
	own_check(&own, IOM_CAS, 10, 8, 8, IOM_OK, 9, 9);
	CHECK_EQ(own.calls, 2);
	own.rivals = 50;
	own_check(&own, IOM_FETCH_ADD, 1, 0, 8, IOM_OK, 9 + 50 * 0x100, 10 + 50 * 0x100);
	/* Nobody tries for ever. */
	own.rivals = 1u << 30;
	own.calls = 0;
	{
		const uint64_t was = own.word;

		own_check(&own, IOM_CAS, 1, was, 8, IOM_OK, was + 0x100, was + 0x100);
		CHECK_EQ(own.calls, 1);
	}
	own.rivals = 0;
	for (unsigned i = 0; i < 3; i++) {
		static const int results[] = { IOM_EFAULT, IOM_EPOISON, -999 };

		own.result = results[i];
		own_check(&own, IOM_SWAP, 1, 0, 8, results[i] == -999 ? IOM_EFAULT : results[i], 0,
		          own.word);
	}
}

/* ---- Together ------------------------------------------------------------------------------- */

#define ADDS 20000u

static void *add(void *opaque)
{
	struct bench *b = opaque;
	const struct iom_request q = { .iova = PLAIN };
	struct iom_reply reply;
	struct iom_lane *lane;
	struct iom_port *port;
	uint64_t old;

	if (iom_lane_open(b->unit, &lane) || iom_port_open(b->endpoint, lane, &port))
		return NULL;
	for (unsigned i = 0; i < ADDS; i++) {
		if (iom_atomic(port, &q, IOM_FETCH_ADD, 1, 0, 8, &old, &reply))
			return NULL;
	}
	iom_lane_close(lane);
	return opaque;
}

TEST(atomics_of_two_threads, "")
{
	struct bench *b = bench_new();
	pthread_t thread[2];
	void *result;

	for (unsigned i = 0; i < 2; i++)
		CHECK_EQ(pthread_create(&thread[i], NULL, add, b), 0);
	for (unsigned i = 0; i < 2; i++) {
		CHECK_EQ(pthread_join(thread[i], &result), 0);
		CHECK(result == b);
	}
	CHECK_EQ(get((uint8_t *)b->bytes[BENCH_PLAIN], 8), 2 * ADDS);
	bench_free(b);
}
