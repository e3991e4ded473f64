/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The ring engine against a plain queue of numbers, in the shapes of all architectures. */
#include "bench.h"
#include "model/ring.h"

#define LIMIT ~0ull /* the bus reaches everything */

struct shape {
	const char *name;
	struct iom_ring ring;
};

/* Shapes that a ring of at most 4 KiB can take in the middle of its life. */
static const struct shape shapes[] = {
	{ "RISC-V commands", { PLAIN, LIMIT, 4, 4, 0, false, false } },
	{ "RISC-V faults, big-endian", { PLAIN, LIMIT, 1, 5, 0, false, true } },
	{ "RISC-V, a page", { PLAIN, LIMIT, 8, 4, 0, false, false } },
	{ "SMMU commands", { PLAIN, LIMIT, 3, 4, 0, true, false } },
	{ "SMMU events", { PLAIN, LIMIT, 5, 5, 0, true, false } },
	{ "SMMU, one entry", { PLAIN, LIMIT, 0, 5, 0, true, false } },
	{ "VT-d, 128 bit", { PLAIN, LIMIT, 8, 4, 4, false, false } },
	{ "VT-d, 256 bit", { PLAIN, LIMIT, 7, 5, 5, false, false } },
	{ "AMD events", { PLAIN, LIMIT, 8, 4, 4, false, false } },
	{ "AMD GA log", { PLAIN, LIMIT, 9, 3, 3, false, false } },
};

static uint64_t roll(uint64_t *seed, uint64_t below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (*seed >> 11) % below;
}

static unsigned places(const struct iom_ring *ring)
{
	return 1u << ring->entries_lg2;
}

static unsigned most(const struct iom_ring *ring)
{
	return ring->wrap_bit ? places(ring) : places(ring) - 1;
}

/* Index registers: an entry's number, or its byte offset, with or without the wrap bit. */
static uint32_t at(const struct iom_ring *ring, uint64_t number)
{
	number %= ring->wrap_bit ? 2 * places(ring) : places(ring);
	return (uint32_t)(number << ring->index_shift);
}

struct queue {
	struct iom_ring ring;
	uint64_t first, end; /* numbers of entries, never reduced */
	uint64_t word[1024]; /* by number; other words of an entry follow from it */
};

static uint64_t word_of(const struct queue *q, uint64_t number, unsigned n)
{
	return q->word[number % 1024] * (2 * n + 1) + n;
}

static void push(struct bench *b, struct queue *q, uint64_t *seed)
{
	uint64_t words[IOM_RING_WORDS_MAX];
	enum iom_ring_result result;
	uint32_t head = at(&q->ring, q->first), tail = at(&q->ring, q->end);
	unsigned n, count = 1u << (q->ring.entry_lg2 - 3);
	uint64_t where;

	CHECK_EQ(iom_ring_used(&q->ring, head, tail), q->end - q->first);
	q->word[q->end % 1024] = roll(seed, ~0ull);
	for (n = 0; n < count; n++)
		words[n] = word_of(q, q->end, n);
	result = iom_ring_put(b->unit, &q->ring, head, tail, words);
	if (q->end - q->first == most(&q->ring)) {
		CHECK_EQ(result, IOM_RING_FULL);
		return;
	}
	CHECK_EQ(result, IOM_RING_OK);
	/* in its place, in its byte order */
	where = q->end % places(&q->ring) * count;
	for (n = 0; n < count; n++)
		for (unsigned byte = 0; byte < 8; byte++)
			CHECK_EQ(((uint8_t *)&b->bytes[BENCH_PLAIN][where + n])[byte],
			         words[n] >> 8 * (q->ring.big_endian ? 7 - byte : byte) & 255);
	q->end++;
	CHECK_EQ(iom_ring_next(&q->ring, tail), at(&q->ring, q->end));
}

static void pop(struct bench *b, struct queue *q)
{
	uint64_t words[IOM_RING_WORDS_MAX] = { 0 };
	enum iom_ring_result result;
	uint32_t head = at(&q->ring, q->first), tail = at(&q->ring, q->end);
	unsigned n;

	result = iom_ring_peek(b->unit, &q->ring, head, tail, words);
	if (q->first == q->end) {
		CHECK_EQ(result, IOM_RING_EMPTY);
		return;
	}
	CHECK_EQ(result, IOM_RING_OK);
	for (n = 0; n < 1u << (q->ring.entry_lg2 - 3); n++)
		CHECK_EQ(words[n], word_of(q, q->first, n));
	q->first++;
	CHECK_EQ(iom_ring_next(&q->ring, head), at(&q->ring, q->first));
}

/* Pushes and pops, and now and then another shape while the ring is empty. */
TEST(ring_against_a_queue, "")
{
	struct bench *b = bench_new();
	struct queue *q = calloc(1, sizeof *q);
	uint64_t seed = 88172645463325252ull;

	assert_non_null(q);
	for (unsigned round = 0; round < 400; round++) {
		unsigned eager;

		q->ring = shapes[round < IOM_COUNT(shapes) ? round : roll(&seed, IOM_COUNT(shapes))]
		                  .ring;
		q->first = q->end = roll(&seed, 4096);
		for (unsigned burst = 0; burst < 10; burst++) {
			eager = (unsigned)roll(&seed, 11);
			for (unsigned n = 0; n < 200; n++) {
				if (roll(&seed, 10) < eager)
					push(b, q, &seed);
				else
					pop(b, q);
			}
		}
		while (q->first != q->end)
			pop(b, q);
		pop(b, q);
	}
	free(q);
	bench_free(b);
}

TEST(ring_fills_to_the_last_place, "")
{
	struct bench *b = bench_new();
	uint64_t words[IOM_RING_WORDS_MAX] = { 1, 2, 3, 4 };

	for (unsigned i = 0; i < IOM_COUNT(shapes); i++) {
		const struct iom_ring *ring = &shapes[i].ring;

		for (unsigned start = 0; start < 2 * places(ring); start++) {
			uint32_t head = at(ring, start), tail = head;
			unsigned n = 0;

			while (iom_ring_put(b->unit, ring, head, tail, words) == IOM_RING_OK) {
				tail = iom_ring_next(ring, tail);
				n++;
			}
			CHECK_MSG(n == most(ring), "%s: %u", shapes[i].name, n);
			while (iom_ring_peek(b->unit, ring, head, tail, words) == IOM_RING_OK) {
				head = iom_ring_next(ring, head);
				n--;
			}
			CHECK_EQ(n, 0);
			CHECK_EQ(head, tail);
		}
	}
	bench_free(b);
}

/* What the callback saw lies in the ring, and is one whole entry. */
static void check_place(const struct bench *b, const struct iom_ring *ring)
{
	uint64_t bytes = 1ull << ring->entry_lg2;

	for (unsigned n = 0; n < b->calls; n++) {
		CHECK(b->call[n].spa >= ring->base &&
		      b->call[n].spa < ring->base + bytes * places(ring));
		CHECK_EQ(b->call[n].len, bytes);
		CHECK_EQ((b->call[n].spa - ring->base) % bytes, 0);
	}
}

/*
 * Any two numbers as indices, also such that the registers could not hold: no place outside the ring
 * is touched, a reader ends after at most one round, a writer never passes the reader.
 */
TEST(ring_survives_any_indices, "")
{
	struct bench *b = bench_new();
	uint64_t words[IOM_RING_WORDS_MAX] = { 0 }, seed = 4711;

	for (unsigned i = 0; i < IOM_COUNT(shapes); i++) {
		struct iom_ring ring = shapes[i].ring;
		uint64_t period = ring.wrap_bit ? 2 * places(&ring) : places(&ring);

		ring.base = SERVED;
		if (ring.entries_lg2 + ring.entry_lg2 > 12)
			ring.entries_lg2 = 12 - ring.entry_lg2;
		for (unsigned n = 0; n < 3000; n++) {
			uint32_t head = (uint32_t)roll(&seed, ~0ull),
				 tail = (uint32_t)roll(&seed, ~0ull);
			uint64_t used, steps;
			enum iom_ring_result peek, put;

			if (n % 2) /* close to each other */
				tail = head + (uint32_t)(roll(&seed, 8) << ring.index_shift);
			period = (ring.wrap_bit ? 2ull : 1ull) << ring.entries_lg2;
			used = ((tail >> ring.index_shift) % period + period -
			        (head >> ring.index_shift) % period) %
			       period;

			b->calls = 0;
			peek = iom_ring_peek(b->unit, &ring, head, tail, words);
			CHECK_EQ(peek,
			         used && used <= places(&ring) ? IOM_RING_OK : IOM_RING_EMPTY);
			CHECK_EQ(b->calls, peek == IOM_RING_OK);
			check_place(b, &ring);
			b->calls = 0;
			put = iom_ring_put(b->unit, &ring, head, tail, words);
			CHECK_EQ(put, used < most(&ring) ? IOM_RING_OK : IOM_RING_FULL);
			CHECK_EQ(b->calls, put == IOM_RING_OK);
			check_place(b, &ring);

			for (steps = 0;
			     iom_ring_peek(b->unit, &ring, head, tail, words) == IOM_RING_OK;
			     steps++)
				head = iom_ring_next(&ring, head);
			CHECK_EQ(steps, used <= places(&ring) ? used : 0);
		}
	}
	bench_free(b);
}

/* Bits beside the index (an overflow flag, an error code) do not disturb it, and are not carried on. */
TEST(ring_ignores_bits_beside_the_index, "")
{
	const struct iom_ring events = { PLAIN, LIMIT, 3, 5, 0, true, false };
	const struct iom_ring bytes = { PLAIN, LIMIT, 8, 4, 4, false, false };

	CHECK_EQ(iom_ring_mask(&events), 0xf);
	CHECK_EQ(iom_ring_next(&events, 0x80000007), 0x8);
	CHECK_EQ(iom_ring_next(&events, 0x8000000f), 0x0);
	CHECK_EQ(iom_ring_used(&events, 0x80000002, 0x3), 1);
	CHECK_EQ(iom_ring_mask(&bytes), 0xff0);
	CHECK_EQ(iom_ring_next(&bytes, 0xff7), 0x0);
	CHECK_EQ(iom_ring_next(&bytes, 0xfe0), 0xff0);
	CHECK_EQ(iom_ring_used(&bytes, 0xff0, 0x20), 3);
	CHECK_EQ(iom_ring_next(&(struct iom_ring){ .entries_lg2 = 32 }, 0xffffffff), 0);
}

TEST(ring_memory_faults, "")
{
	struct bench *b = bench_new();
	uint64_t words[IOM_RING_WORDS_MAX] = { 9, 9, 9, 9 };

	for (unsigned i = 0; i < IOM_COUNT(shapes); i++) {
		struct iom_ring ring = shapes[i].ring;
		uint32_t one = at(&ring, 1);

		ring.base = NOWHERE;
		CHECK_EQ(iom_ring_peek(b->unit, &ring, 0, one, words), IOM_RING_FAULT);
		CHECK_EQ(iom_ring_put(b->unit, &ring, 0, 0, words), IOM_RING_FAULT);
		ring.base = CORRUPT;
		CHECK_EQ(iom_ring_peek(b->unit, &ring, 0, one, words), IOM_RING_FAULT);
		ring.base = READONLY;
		CHECK_EQ(iom_ring_peek(b->unit, &ring, 0, one, words), IOM_RING_OK);
		CHECK_EQ(iom_ring_put(b->unit, &ring, 0, 0, words), IOM_RING_FAULT);

		/* nothing is looked at that cannot be: an empty ring, a full one */
		ring.base = NOWHERE;
		CHECK_EQ(iom_ring_peek(b->unit, &ring, one, one, words), IOM_RING_EMPTY);
		CHECK_EQ(iom_ring_put(b->unit, &ring, 0, at(&ring, most(&ring)), words),
		         IOM_RING_FULL);

		/* the end of what the bus reaches, and of addresses */
		ring.base = PLAIN;
		ring.last = PLAIN - 1;
		CHECK_EQ(iom_ring_peek(b->unit, &ring, 0, one, words), IOM_RING_FAULT);
		CHECK_EQ(iom_ring_put(b->unit, &ring, 0, 0, words), IOM_RING_FAULT);
		ring.last = PLAIN + (1ull << ring.entry_lg2) - 1;
		CHECK_EQ(iom_ring_peek(b->unit, &ring, 0, one, words), IOM_RING_OK);
		if (places(&ring) > 2)
			CHECK_EQ(iom_ring_peek(b->unit, &ring, one, at(&ring, 2), words),
			         IOM_RING_FAULT);
		ring.base = 0ull - (1ull << ring.entry_lg2);
		ring.last = LIMIT;
		if (places(&ring) > 2)
			CHECK_EQ(iom_ring_peek(b->unit, &ring, one, at(&ring, 2), words),
			         IOM_RING_FAULT);
	}
	bench_free(b);
}

/* A store of ours is told to the host. */
TEST(ring_stores_are_tracked, "")
{
	struct bench *b = bench_new();
	const struct iom_ring ring = { TRACKED, LIMIT, 3, 5, 0, true, false };
	const uint64_t words[IOM_RING_WORDS_MAX] = { 1, 2, 3, 4 };

	CHECK_EQ(iom_ring_put(b->unit, &ring, 0x8, 0xa, words), IOM_RING_OK);
	CHECK_EQ(b->dirties, 1);
	CHECK_EQ(b->dirty[0].spa, TRACKED + 2 * 32);
	CHECK_EQ(b->dirty[0].len, 32);
	bench_free(b);
}
