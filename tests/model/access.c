/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* iom_read, iom_write and iom_translate through a unit that passes addresses unchanged. */
#include "bench.h"

static int do_read(struct bench *b, uint64_t iova, void *buf, size_t bytes, struct iom_reply *reply)
{
	const struct iom_request q = { .iova = iova, .access = IOM_READ };

	memset(reply, '#', sizeof *reply);
	return iom_read(b->port, &q, buf, bytes, reply);
}

static int do_write(struct bench *b, uint64_t iova, const void *buf, size_t bytes,
                    struct iom_reply *reply)
{
	const struct iom_request q = { .iova = iova, .access = IOM_WRITE };

	memset(reply, '#', sizeof *reply);
	return iom_write(b->port, &q, buf, bytes, reply);
}

TEST(data_goes_through, "")
{
	struct bench *b = bench_new();
	struct iom_reply reply;
	uint8_t out[0x3000], in[0x3000];

	for (unsigned i = 0; i < sizeof out; i++)
		out[i] = (uint8_t)(i * 7 + (i >> 8));
	for (unsigned from = 0; from < 0x1010; from += 0x101)
		for (unsigned len = 0; len <= sizeof out; len += 0x3f7) {
			memset(b->bytes[BENCH_PLAIN], 0, REGION_BYTES);
			CHECK_EQ(do_write(b, PLAIN + from % 0x1000, out, len, &reply), IOM_OK);
			CHECK_EQ(reply.done, len);
			CHECK_EQ(reply.status, IOM_DONE);
			CHECK_EQ(reply.fault, 0);
			CHECK_EQ(memcmp((uint8_t *)b->bytes[BENCH_PLAIN] + from % 0x1000, out, len),
			         0);
			memset(in, 0, sizeof in);
			CHECK_EQ(do_read(b, PLAIN + from % 0x1000, in, len, &reply), IOM_OK);
			CHECK_EQ(reply.done, len);
			CHECK_EQ(memcmp(in, out, len), 0);
		}
	bench_free(b);
}

TEST(data_goes_to_the_callback, "")
{
	struct bench *b = bench_new();
	struct iom_reply reply;
	uint8_t in[8] = { 0 };

	CHECK_EQ(do_write(b, SERVED + 0xffc, "abcdefgh", 8, &reply), IOM_OK);
	CHECK_EQ(memcmp(b->served + 0xffc, "abcdefgh", 8), 0);
	CHECK_EQ(do_read(b, SERVED + 0xffc, in, 8, &reply), IOM_OK);
	CHECK_EQ(memcmp(in, "abcdefgh", 8), 0);
	CHECK_EQ(reply.done, 8);
	bench_free(b);
}

/* Memory that refuses is the bus's affair: no fault code, an abort, and ones for the device. */
TEST(refusals_of_memory, "")
{
	static const struct {
		uint64_t iova;
		int read, write;
	} rounds[] = {
		{ NOWHERE, IOM_EFAULT, IOM_EFAULT },       { READONLY, IOM_OK, IOM_EFAULT },
		{ CORRUPT, IOM_EPOISON, IOM_EPOISON },     { ODD, IOM_EFAULT, IOM_EFAULT },
		{ ~0ull - 0xfff, IOM_EFAULT, IOM_EFAULT },
	};
	struct bench *b = bench_new();

	for (unsigned i = 0; i < sizeof rounds / sizeof rounds[0]; i++) {
		struct iom_reply reply;
		uint8_t buf[16];

		memset(buf, 0x5a, sizeof buf);
		CHECK(do_write(b, rounds[i].iova, buf, 16, &reply) == rounds[i].write);
		CHECK_EQ(reply.done, 0);
		CHECK_EQ(reply.fault, 0);
		CHECK_EQ(reply.status, IOM_ABORT);
		CHECK(do_read(b, rounds[i].iova, buf, 16, &reply) == rounds[i].read);
		if (rounds[i].read == IOM_OK)
			continue;
		CHECK_EQ(reply.done, 0);
		CHECK_EQ(reply.fault, 0);
		CHECK_EQ(reply.status, IOM_ABORT);
		for (unsigned k = 0; k < 16; k++)
			CHECK_EQ(buf[k], 0xff);
	}
	CHECK_EQ(b->bytes[BENCH_READONLY][0], 0);
	bench_free(b);
}

TEST(pages_before_a_refusal_are_done, "")
{
	struct bench *b = bench_new();
	struct iom_reply reply;
	uint8_t buf[0x3000];

	memset(buf, 0x11, sizeof buf);
	CHECK(do_write(b, PLAIN + REGION_BYTES - 0x1800, buf, sizeof buf, &reply) == IOM_EFAULT);
	CHECK_EQ(reply.done, 0x1800);
	CHECK_EQ(reply.status, IOM_ABORT);
	memset(buf, 0, sizeof buf);
	CHECK(do_read(b, PLAIN + REGION_BYTES - 0x1800, buf, sizeof buf, &reply) == IOM_EFAULT);
	CHECK_EQ(reply.done, 0x1800);
	for (unsigned i = 0; i < sizeof buf; i++)
		CHECK_EQ(buf[i], i < 0x1800 ? 0x11 : 0xff);

	CHECK_EQ(iom_memory_poison(b->memory, PLAIN + 0x2000, 8), IOM_OK);
	memset(buf, 0, sizeof buf);
	CHECK(do_read(b, PLAIN + 0x1000, buf, 0x2000, &reply) == IOM_EPOISON);
	CHECK(reply.done <= 0x1000); /* how much in front of the poison is the model's to say */
	for (unsigned i = 0; i < 0x2000; i++)
		CHECK_EQ(buf[i], i < reply.done ? 0 : 0xff);
	bench_free(b);
}

TEST(nothing_is_moved_by_an_access_of_no_bytes, "")
{
	struct bench *b = bench_new();
	struct iom_reply reply;

	CHECK_EQ(do_read(b, NOWHERE, NULL, 0, &reply), IOM_OK);
	CHECK_EQ(do_write(b, NOWHERE, NULL, 0, &reply), IOM_OK);
	CHECK_EQ(reply.done, 0);
	CHECK_EQ(reply.status, IOM_DONE);
	CHECK_EQ(b->calls, 0);
	CHECK_EQ(iom_mmio_write(b->unit, 0, 0x10, 8, 0), IOM_OK); /* ddtp Off */
	CHECK(do_read(b, NOWHERE, NULL, 0, &reply) == IOM_EFAULT);
	CHECK_EQ(reply.fault, 256);
	bench_free(b);
}

TEST(refusals_of_the_unit_move_nothing, "")
{
	struct bench *b = bench_new();
	struct iom_reply reply;
	uint8_t buf[4] = { 0 };

	CHECK_EQ(iom_mmio_write(b->unit, 0, 0x10, 8, 0), IOM_OK);
	CHECK(do_write(b, PLAIN, "abcd", 4, &reply) == IOM_EFAULT);
	CHECK_EQ(reply.fault, 256);
	CHECK_EQ(reply.status, IOM_UNSUPPORTED);
	CHECK_EQ(reply.done, 0);
	CHECK_EQ(b->bytes[BENCH_PLAIN][0], 0);
	CHECK(do_read(b, PLAIN, buf, 4, &reply) == IOM_EFAULT);
	CHECK_EQ(buf[0] & buf[1] & buf[2] & buf[3], 0xff);
	bench_free(b);
}

TEST(malformed_requests, "")
{
	static const struct iom_request wrong[] = {
		{ .access = 4 },
		{ .access = 255 },
		{ .at = 3 },
		{ .at = 255 },
		{ .flags = 8 },
		{ .flags = 0x8000 },
		{ .pasid = 1 << 20, .flags = IOM_REQ_PASID },
		{ .iova = ~0ull, .bytes = 2 },
		{ .iova = 2, .bytes = ~0ull },
	};
	struct bench *b = bench_new();
	struct iom_reply reply;
	uint8_t buf[4];
	const struct iom_request ats = { .iova = PLAIN, .at = IOM_AT_TRANSLATION_REQUEST };

	for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		memset(&reply, '#', sizeof reply);
		CHECK_MSG(iom_translate(b->port, &wrong[i], &reply) == IOM_EINVAL, "request %u", i);
		CHECK_EQ(reply.status, IOM_UNSUPPORTED);
	}
	CHECK(iom_read(b->port, &ats, buf, 4, &reply) == IOM_EINVAL);
	CHECK_EQ(reply.status, IOM_UNSUPPORTED);
	CHECK(iom_write(b->port, &ats, buf, 4, &reply) == IOM_EINVAL);
	CHECK(do_write(b, ~0ull - 2, "abcd", 4, &reply) == IOM_EINVAL);
	CHECK(do_read(b, ~0ull - 2, buf, 4, &reply) == IOM_EINVAL);
	CHECK_EQ(b->calls, 0);
	bench_free(b);
}

/* Every byte that changed is reported once, and no other; a report stays inside its region. */
TEST(device_stores_are_reported, "")
{
	struct bench *b = bench_new();
	uint8_t buf[0x3000];

	memset(buf, 0x11, sizeof buf);
	for (unsigned from = 0x2801; from < 0x5000; from += 0x333)
		for (unsigned len = 1; len <= sizeof buf && from + len <= 0x8000; len += 0x2b5) {
			struct iom_reply reply;
			uint64_t sum = 0;

			b->dirties = 0;
			CHECK_EQ(do_write(b, TRACKED + from, buf, len, &reply), IOM_OK);
			CHECK(b->dirties && b->dirties < BENCH_LOG);
			for (unsigned i = 0; i < b->dirties; i++) {
				uint64_t spa = b->dirty[i].spa, bytes = b->dirty[i].len;

				CHECK(bytes && spa >= TRACKED + from &&
				      spa + bytes <= TRACKED + from + len);
				CHECK((spa < TRACKED2) == (spa + bytes <= TRACKED2));
				for (unsigned k = 0; k < i; k++)
					CHECK(spa >= b->dirty[k].spa + b->dirty[k].len ||
					      spa + bytes <= b->dirty[k].spa);
				sum += bytes;
			}
			CHECK_EQ(sum, len);
		}
	b->dirties = 0;
	{
		struct iom_reply reply;

		CHECK_EQ(do_read(b, TRACKED, buf, 64, &reply), IOM_OK);
		CHECK_EQ(do_write(b, PLAIN, buf, 64, &reply), IOM_OK);
		CHECK_EQ(do_write(b, TRACKED, buf, 0, &reply), IOM_OK);
		CHECK(do_write(b, READONLY, buf, 64, &reply) == IOM_EFAULT);
	}
	CHECK_EQ(b->dirties, 0);
	bench_free(b);
}

TEST(queue_stores_are_reported, "")
{
	struct bench *b = bench_new();
	uint64_t command[2] = { 0x2 | 1 << 10 | 0x12345678ull << 32, (TRACKED + 0x100) >> 2 };

	/* a fence stores 4 bytes */
	memcpy(b->bytes[BENCH_PLAIN], command, sizeof command);
	CHECK_EQ(iom_mmio_write(b->unit, 0, 0x18, 8, PLAIN >> 12 << 10), IOM_OK);
	CHECK_EQ(iom_mmio_write(b->unit, 0, 0x48, 4, 1), IOM_OK);
	CHECK_EQ(iom_mmio_write(b->unit, 0, 0x24, 4, 1), IOM_OK);
	CHECK_EQ(b->dirties, 1);
	CHECK_EQ(b->dirty[0].spa, TRACKED + 0x100);
	CHECK_EQ(b->dirty[0].len, 4);
	bench_free(b);
}

TEST(host_pointer_of_a_reply, "")
{
	struct bench *b = bench_new();
	struct iom_reply reply;
	struct iom_request q = { .iova = PLAIN + 0x123, .bytes = 4 };

	iom_begin(b->lane);
	CHECK_EQ(iom_translate(b->port, &q, &reply), IOM_OK);
	CHECK_EQ(reply.spa, PLAIN + 0x123);
	CHECK(reply.host == (uint8_t *)b->bytes[BENCH_PLAIN] + 0x123);
	/* bounded by region and by range, and worth something */
	CHECK(reply.host_bytes >= 4 && reply.host_bytes <= REGION_BYTES - 0x123);
	CHECK(reply.range_lg2 >= 12 && reply.range_lg2 <= 64);
	CHECK_EQ(reply.perm, IOM_PERM_READ | IOM_PERM_WRITE | IOM_PERM_EXECUTE);
	CHECK_EQ(reply.memory_type, IOM_MEMORY_DEFAULT);
	CHECK_EQ(reply.status, IOM_DONE);
	CHECK_EQ(reply.fault, 0);

	q.iova = PLAIN + REGION_BYTES - 1;
	CHECK_EQ(iom_translate(b->port, &q, &reply), IOM_OK);
	CHECK_EQ(reply.host_bytes, 1);
	q.iova = SERVED;
	CHECK_EQ(iom_translate(b->port, &q, &reply), IOM_OK);
	CHECK(!reply.host);
	CHECK_EQ(reply.host_bytes, 0);
	iom_end(b->lane);
	CHECK_EQ(b->calls, 0); /* nothing was moved */
	bench_free(b);
}

/* The function says what is done, the request only whether a read is one for execute. */
TEST(function_decides_the_access, "")
{
	static const struct {
		bool write;
		uint8_t access, ttyp;
	} rounds[] = {
		{ false, IOM_READ, 2 },   { false, IOM_WRITE, 2 },   { false, IOM_ATOMIC, 2 },
		{ true, IOM_READ, 3 },    { true, IOM_WRITE, 3 },    { true, IOM_ATOMIC, 3 },
		{ true, IOM_EXECUTE, 3 }, { false, IOM_EXECUTE, 1 },
	};
	struct bench *b = bench_new();

	/* in Off each request leaves a record of 32 bytes with its kind in bits 39:34 */
	CHECK_EQ(iom_mmio_write(b->unit, 0, 0x10, 8, 0), IOM_OK);
	CHECK_EQ(iom_mmio_write(b->unit, 0, 0x28, 8, PLAIN >> 12 << 10 | 4), IOM_OK);
	CHECK_EQ(iom_mmio_write(b->unit, 0, 0x4c, 4, 1), IOM_OK);
	for (unsigned i = 0; i < sizeof rounds / sizeof rounds[0]; i++) {
		const struct iom_request q = { .iova = PLAIN, .access = rounds[i].access };
		struct iom_reply reply;
		uint8_t buf[4] = { 0 };

		if (rounds[i].write)
			CHECK(iom_write(b->port, &q, buf, 4, &reply) == IOM_EFAULT);
		else
			CHECK(iom_read(b->port, &q, buf, 4, &reply) == IOM_EFAULT);
		CHECK_EQ(b->bytes[BENCH_PLAIN][4 * i] >> 34 & 0x3f, rounds[i].ttyp);
	}
	bench_free(b);
}

/* A record that cannot be stored because memory is corrupt is lost as if it did not answer. */
TEST(record_into_corrupt_memory, "")
{
	struct bench *b = bench_new();
	struct iom_reply reply;
	uint64_t csr;

	CHECK_EQ(iom_mmio_write(b->unit, 0, 0x10, 8, 0), IOM_OK);
	CHECK_EQ(iom_mmio_write(b->unit, 0, 0x28, 8, CORRUPT >> 12 << 10 | 4), IOM_OK);
	CHECK_EQ(iom_mmio_write(b->unit, 0, 0x4c, 4, 1), IOM_OK);
	CHECK(do_write(b, PLAIN, "abcd", 4, &reply) == IOM_EFAULT);
	CHECK_EQ(iom_mmio_read(b->unit, 0, 0x4c, 4, &csr), IOM_OK);
	CHECK_EQ(csr, 1 << 16 | 1 << 8 | 1);
	bench_free(b);
}
