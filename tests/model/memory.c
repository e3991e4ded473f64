/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Memory by itself: the rules for regions, the callback, poison. */
#include "bench.h"

static struct iom_memory *empty(void)
{
	struct iom_memory *memory;
	struct iom_error error;

	memset(&error, '#', sizeof error);
	CHECK_EQ(iom_memory_new(NULL, NULL, &memory, &error), IOM_OK);
	CHECK_EQ(error.code, IOM_OK);
	CHECK_STR(error.text, "");
	return memory;
}

static uint64_t ram[1024];

static int add(struct iom_memory *memory, uint64_t spa, uint64_t bytes)
{
	const struct iom_region region = { .spa = spa, .bytes = bytes, .host = ram };

	return iom_memory_add(memory, &region, NULL);
}

TEST(rules_for_a_region, "")
{
	static const struct {
		struct iom_region region;
		const char *word;
	} wrong[] = {
		{ { 4, 4096, ram, 0 }, "8" },
		{ { 4096, 4092, ram, 0 }, "8" },
		{ { 4096, 0, ram, 0 }, "" },
		{ { 4096, 4096, NULL, 0 }, "host" },
		{ { 4096, 4096, (char *)ram + 4, 0 }, "host" },
		{ { 0ull - 4096, 8192, ram, 0 }, "64" },
		{ { 8, 0ull - 8 + 8, ram, 0 }, "" },
		{ { 4096, 4096, ram, 4 }, "flags" },
		{ { 4096, 4096, ram, 0x80000000 }, "flags" },
	};
	struct iom_memory *memory = empty();

	for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct iom_error error;
		uint64_t word = 1;

		CHECK_MSG(iom_memory_add(memory, &wrong[i].region, &error) == IOM_EINVAL, "%u", i);
		check_sentence(&error, IOM_EINVAL, wrong[i].word);
		CHECK(iom_memory_add(memory, &wrong[i].region, NULL) == IOM_EINVAL);
		/* nothing was added */
		CHECK(iom_memory_read(memory, wrong[i].region.spa, &word, 1) == IOM_EFAULT);
		CHECK(iom_memory_remove(memory, wrong[i].region.spa) == IOM_ENOENT);
	}
	iom_memory_free(memory);
}

TEST(region_at_the_very_end, "")
{
	struct iom_memory *memory = empty();
	uint64_t word = 0;

	ram[1023] = 77;
	CHECK_EQ(add(memory, 0ull - sizeof ram, sizeof ram), IOM_OK);
	CHECK_EQ(iom_memory_read(memory, 0ull - 8, &word, 8), IOM_OK);
	CHECK_EQ(word, 77);
	CHECK(iom_memory_read(memory, 0ull - 4, &word, 8) == IOM_EFAULT); /* no way round to 0 */
	CHECK_EQ(add(memory, 0, sizeof ram), IOM_OK);
	CHECK(iom_memory_read(memory, 0ull - 4, &word, 8) == IOM_EFAULT);
	iom_memory_free(memory);
}

TEST(regions_do_not_overlap, "")
{
	/* against [0x2000, 0x3000) */
	static const struct {
		uint64_t spa, bytes;
		int code;
	} other[] = {
		{ 0x1000, 0x1000, IOM_OK },
		{ 0x3000, 0x1000, IOM_OK },
		{ 0x2000, 0x1000, IOM_EEXIST },
		{ 0x1000, 0x1008, IOM_EEXIST },
		{ 0x2ff8, 8, IOM_EEXIST },
		{ 0x2ff8, 0x100, IOM_EEXIST },
		{ 0x2008, 8, IOM_EEXIST },
		{ 0x1000, 0x2000, IOM_EEXIST },
		{ 0x1ff8, 0x1010, IOM_EEXIST },
		{ 0x3008, 8, IOM_OK },
		{ 0, 8, IOM_OK },
	};

	for (unsigned i = 0; i < sizeof other / sizeof other[0]; i++) {
		struct iom_memory *memory = empty();
		const struct iom_region region = { other[i].spa, other[i].bytes, ram, 0 };
		struct iom_error error;

		CHECK_EQ(add(memory, 0x2000, 0x1000), IOM_OK);
		CHECK_MSG(iom_memory_add(memory, &region, &error) == other[i].code, "%u", i);
		if (other[i].code)
			check_sentence(&error, IOM_EEXIST, "");
		iom_memory_free(memory);
	}
}

TEST(as_many_regions_as_promised, "")
{
	struct iom_memory *memory = empty();
	struct iom_error error;
	const struct iom_region one_more = { 0x900000, 8, ram, 0 };

	/* added from the middle outwards, removed in another order */
	for (unsigned i = 0; i < IOM_REGIONS_MAX; i++)
		CHECK_EQ(add(memory, 0x10000 + 0x100ull * ((i * 37) % IOM_REGIONS_MAX), 8), IOM_OK);
	CHECK(iom_memory_add(memory, &one_more, &error) == IOM_ENOSPC);
	check_sentence(&error, IOM_ENOSPC, "64");
	for (unsigned i = 0; i < IOM_REGIONS_MAX; i++) {
		uint64_t spa = 0x10000 + 0x100ull * ((i * 11) % IOM_REGIONS_MAX), word;

		CHECK_EQ(iom_memory_read(memory, spa, &word, 8), IOM_OK);
		CHECK_EQ(iom_memory_remove(memory, spa), IOM_OK);
		CHECK(iom_memory_read(memory, spa, &word, 8) == IOM_EFAULT);
		CHECK(iom_memory_remove(memory, spa) == IOM_ENOENT);
	}
	CHECK_EQ(add(memory, 0x900000, 8), IOM_OK);
	CHECK(iom_memory_remove(memory, 0x900001) == IOM_ENOENT);
	iom_memory_free(memory);
}

TEST(ops_of_an_unknown_size, "")
{
	const size_t sizes[] = { 0, sizeof(struct iom_memory_ops) - 1,
		                 sizeof(struct iom_memory_ops) + 1 };

	for (unsigned i = 0; i < 3; i++) {
		const struct iom_memory_ops ops = { .bytes = sizes[i] };
		struct iom_memory *memory = NULL;
		struct iom_error error;

		CHECK(iom_memory_new(&ops, NULL, &memory, &error) == IOM_EINVAL);
		check_sentence(&error, IOM_EINVAL, "bytes");
		CHECK(iom_memory_new(&ops, NULL, &memory, NULL) == IOM_EINVAL);
	}
	iom_memory_free(NULL);
}

TEST(missing_callbacks_fault, "")
{
	const struct iom_memory_ops ops = { .bytes = sizeof ops };
	struct iom_memory *memory;
	uint64_t word = 0;

	CHECK_EQ(iom_memory_new(&ops, NULL, &memory, NULL), IOM_OK);
	CHECK(iom_memory_read(memory, 0, &word, 8) == IOM_EFAULT);
	CHECK(iom_memory_write(memory, 0, &word, 8) == IOM_EFAULT);
	iom_memory_free(memory);
}

/* Every place and length around a border is served piece by piece, by whom it belongs to. */
TEST(accesses_across_borders, "")
{
	struct bench *b = bench_new();
	/* a region inside the served page, so that there are two borders */
	const struct iom_region inner = { SERVED + 0x40, 0x40, ram, 0 };

	CHECK_EQ(iom_memory_add(b->memory, &inner, NULL), IOM_OK);
	for (unsigned from = 0x38; from < 0x88; from += 3)
		for (unsigned len = 0; len < 0x60; len += 5) {
			uint8_t out[0x60], in[0x60];

			for (unsigned i = 0; i < len; i++)
				out[i] = (uint8_t)(from + i);
			memset(b->served, 0, sizeof b->served);
			memset(ram, 0, sizeof ram);
			b->calls = 0;
			CHECK_EQ(iom_memory_write(b->memory, SERVED + from, out, len), IOM_OK);
			CHECK_EQ(iom_memory_read(b->memory, SERVED + from, in, len), IOM_OK);
			CHECK_EQ(memcmp(in, out, len), 0);
			for (unsigned i = 0; i < 0x100; i++) {
				bool hit = i >= from && i < from + len;
				bool region = i >= 0x40 && i < 0x80;
				uint8_t served = hit && !region ? (uint8_t)i : 0;

				CHECK_EQ(b->served[i], served);
				if (region)
					CHECK_EQ(((uint8_t *)ram)[i - 0x40], hit ? (uint8_t)i : 0);
			}
			for (unsigned i = 0; i < b->calls; i++) {
				uint64_t first = b->call[i].spa - SERVED;

				CHECK(first + b->call[i].len <= 0x40 || first >= 0x80);
			}
		}
	bench_free(b);
}

TEST(first_refused_piece_answers, "")
{
	struct bench *b = bench_new();
	uint8_t buf[0x40];

	/* the end of a region, then nothing */
	memset(buf, 0x11, sizeof buf);
	CHECK(iom_memory_write(b->memory, PLAIN + REGION_BYTES - 0x20, buf, 0x40) == IOM_EFAULT);
	CHECK_EQ(b->bytes[BENCH_PLAIN][REGION_BYTES / 8 - 4], 0x1111111111111111);
	CHECK_EQ(b->bytes[BENCH_PLAIN][REGION_BYTES / 8 - 1], 0x1111111111111111);
	memset(buf, 0, sizeof buf);
	CHECK(iom_memory_read(b->memory, PLAIN + REGION_BYTES - 0x20, buf, 0x40) == IOM_EFAULT);
	CHECK_EQ(buf[0], 0x11);
	CHECK_EQ(buf[0x1f], 0x11);

	CHECK(iom_memory_read(b->memory, CORRUPT, buf, 8) == IOM_EPOISON);
	CHECK(iom_memory_write(b->memory, CORRUPT, buf, 8) == IOM_EPOISON);
	CHECK(iom_memory_read(b->memory, ODD, buf, 8) == IOM_EFAULT);
	CHECK(iom_memory_write(b->memory, ODD, buf, 8) == IOM_EFAULT);
	CHECK(iom_memory_read(b->memory, NOWHERE, buf, 8) == IOM_EFAULT);
	CHECK(iom_memory_write(b->memory, READONLY, buf, 8) == IOM_EFAULT);
	CHECK_EQ(iom_memory_read(b->memory, READONLY, buf, 8), IOM_OK);
	CHECK_EQ(b->bytes[BENCH_READONLY][0], 0);
	bench_free(b);
}

TEST(the_embedders_own_stores_are_not_reported, "")
{
	struct bench *b = bench_new();

	CHECK_EQ(iom_memory_write(b->memory, TRACKED, "abcdefgh", 8), IOM_OK);
	CHECK_EQ(memcmp(b->bytes[BENCH_TRACKED], "abcdefgh", 8), 0);
	CHECK_EQ(b->dirties, 0);
	bench_free(b);
}

TEST(poison_is_met_by_reads_that_touch_it, "")
{
	struct bench *b = bench_new();
	uint8_t buf[64];

	b->bytes[BENCH_PLAIN][2] = 0x2222222222222222;
	CHECK_EQ(iom_memory_poison(b->memory, PLAIN + 16, 5), IOM_OK);
	for (unsigned from = 0; from < 32; from++)
		for (unsigned len = 1; len < 32; len++) {
			bool touches = from < 21 && from + len > 16;

			CHECK_EQ(iom_memory_read(b->memory, PLAIN + from, buf, len),
			         touches ? IOM_EPOISON : IOM_OK);
		}
	/* a store goes through and cures nothing */
	CHECK_EQ(iom_memory_write(b->memory, PLAIN + 16, "abcdefgh", 8), IOM_OK);
	CHECK_EQ(memcmp(&b->bytes[BENCH_PLAIN][2], "abcdefgh", 8), 0);
	CHECK(iom_memory_read(b->memory, PLAIN + 16, buf, 8) == IOM_EPOISON);
	CHECK(iom_memory_cure(b->memory, PLAIN + 16, 4) == IOM_ENOENT);
	CHECK(iom_memory_cure(b->memory, PLAIN + 15, 6) == IOM_ENOENT);
	CHECK(iom_memory_read(b->memory, PLAIN + 16, buf, 8) == IOM_EPOISON);
	CHECK_EQ(iom_memory_cure(b->memory, PLAIN + 16, 5), IOM_OK);
	CHECK_EQ(iom_memory_read(b->memory, PLAIN + 16, buf, 8), IOM_OK);
	CHECK(iom_memory_cure(b->memory, PLAIN + 16, 5) == IOM_ENOENT);
	bench_free(b);
}

TEST(bounds_of_poison, "")
{
	struct iom_memory *memory = empty();

	CHECK(iom_memory_poison(memory, 0x1000, 0) == IOM_EINVAL);
	CHECK(iom_memory_poison(memory, ~0ull, 2) == IOM_EINVAL);
	CHECK(iom_memory_poison(memory, 1, ~0ull) == IOM_OK); /* up to the last byte */
	CHECK_EQ(iom_memory_cure(memory, 1, ~0ull), IOM_OK);
	CHECK(iom_memory_cure(memory, 0x1000, 0) < 0);
	CHECK(iom_memory_cure(memory, ~0ull, 2) < 0);
	for (unsigned i = 0; i < 16; i++)
		CHECK_EQ(iom_memory_poison(memory, 0x1000 * i, 8), IOM_OK);
	CHECK(iom_memory_poison(memory, 0x100000, 8) == IOM_ENOSPC);
	CHECK_EQ(iom_memory_cure(memory, 0x7000, 8), IOM_OK);
	CHECK_EQ(iom_memory_poison(memory, 0x100000, 8), IOM_OK);
	iom_memory_free(memory);
}

TEST(accesses_past_the_end_of_everything, "")
{
	struct bench *b = bench_new();
	uint64_t buf = 0;

	CHECK_EQ(iom_memory_read(b->memory, ~0ull - 3, &buf, 8), IOM_EFAULT);
	CHECK_EQ(iom_memory_write(b->memory, ~0ull - 3, &buf, 8), IOM_EFAULT);
	CHECK_EQ(b->calls, 0);
	bench_free(b);
}

/* Of a page that is not whole the device gets as much, at every time of asking. */
TEST(region_that_ends_inside_a_page, "")
{
	struct bench *b = bench_new();
	static uint64_t part[0x800 / 8];
	const struct iom_region region = { NOWHERE + 0x400, sizeof part, part, 0 };
	const struct iom_request q = { .iova = NOWHERE + 0x408, .bytes = 8 };
	struct iom_reply reply;
	uint64_t val = 0;

	CHECK_EQ(iom_memory_add(b->memory, &region, NULL), IOM_OK);
	part[1] = 0x1234;
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(iom_translate(b->port, &q, &reply), IOM_OK);
		CHECK(reply.host == &part[1]);
		CHECK_EQ(reply.host_bytes, 0x7f8);
		CHECK_EQ(iom_read(b->port, &q, &val, 8, &reply), IOM_OK);
		CHECK_EQ(val, part[1]);
	}
	bench_free(b);
}
