/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A bench for what is not any architecture's: a memory with a plain, a read-only and a tracked
 * region and a callback, a unit in front of it that passes everything through (RISC-V, Bare), a
 * lane, an endpoint and a port.
 */
#ifndef TESTS_MODEL_BENCH_H
#define TESTS_MODEL_BENCH_H

#include <iommux/iommux.h>

#include <stdlib.h>
#include <string.h>

#include "../test.h"

#define PLAIN 0x100000ull
#define READONLY 0x200000ull
#define TRACKED 0x300000ull
#define TRACKED2 0x304000ull /* lies behind TRACKED without a gap */
#define REGION_BYTES 0x4000ull
#define SERVED 0x800000ull /* SERVED_BYTES that the callback serves */
#define SERVED_BYTES 0x2000ull
#define CORRUPT 0x900000ull /* a page where the callback answers poison */
#define ODD 0x910000ull     /* a page where it answers a code of its own */
#define NOWHERE 0xa00000ull

enum { BENCH_PLAIN, BENCH_READONLY, BENCH_TRACKED, BENCH_TRACKED2, BENCH_REGIONS };

#define BENCH_LOG 64

struct bench {
	struct iom_memory *memory;
	struct iom_unit *unit;
	struct iom_lane *lane;
	struct iom_endpoint *endpoint;
	struct iom_port *port;
	uint64_t bytes[BENCH_REGIONS][REGION_BYTES / 8];
	uint8_t served[SERVED_BYTES];
	/* calls of the callback and of host.dirty, oldest first */
	struct call {
		bool write;
		uint64_t spa, len;
	} call[BENCH_LOG];
	unsigned calls;
	struct {
		uint64_t spa, len;
	} dirty[BENCH_LOG];
	unsigned dirties;
	int (*on_call)(struct bench *, const struct call *);
};

static inline int bench_serve(struct bench *b, bool write, uint64_t spa, size_t len)
{
	const struct call call = { write, spa, len };

	if (b->calls < BENCH_LOG)
		b->call[b->calls] = call;
	b->calls++;
	if (spa >= CORRUPT && spa - CORRUPT < 0x1000)
		return IOM_EPOISON;
	if (spa >= ODD && spa - ODD < 0x1000)
		return -12345;
	if (spa < SERVED || spa - SERVED >= SERVED_BYTES)
		return IOM_EFAULT;
	CHECK(len <= SERVED_BYTES - (spa - SERVED));
	return b->on_call ? b->on_call(b, &call) : IOM_OK;
}

static inline int bench_read(void *opaque, uint64_t spa, void *buf, size_t len)
{
	struct bench *b = opaque;
	int code = bench_serve(b, false, spa, len);

	if (code == IOM_OK)
		memcpy(buf, b->served + (spa - SERVED), len);
	return code;
}

static inline int bench_write(void *opaque, uint64_t spa, const void *buf, size_t len)
{
	struct bench *b = opaque;
	int code = bench_serve(b, true, spa, len);

	if (code == IOM_OK)
		memcpy(b->served + (spa - SERVED), buf, len);
	return code;
}

static inline void bench_dirty(void *opaque, uint64_t spa, uint64_t len)
{
	struct bench *b = opaque;

	if (b->dirties < BENCH_LOG) {
		b->dirty[b->dirties].spa = spa;
		b->dirty[b->dirties].len = len;
	}
	b->dirties++;
}

static inline struct bench *bench_new(void)
{
	static const struct {
		uint64_t spa;
		uint32_t flags;
	} regions[BENCH_REGIONS] = {
		[BENCH_PLAIN] = { PLAIN, 0 },
		[BENCH_READONLY] = { READONLY, IOM_REGION_READONLY },
		[BENCH_TRACKED] = { TRACKED, IOM_REGION_TRACK },
		[BENCH_TRACKED2] = { TRACKED2, IOM_REGION_TRACK },
	};
	const struct iom_memory_ops ops = { .bytes = sizeof ops,
		                            .read = bench_read,
		                            .write = bench_write };
	const struct iom_host host = { .bytes = sizeof host, .dirty = bench_dirty };
	const struct iom_riscv_config config = { .bytes = sizeof config,
		                                 .reset_mode = IOM_RISCV_RESET_BARE };
	struct bench *b = calloc(1, sizeof *b);

	CHECK(b);
	CHECK_EQ(iom_memory_new(&ops, b, &b->memory, NULL), IOM_OK);
	for (unsigned i = 0; i < BENCH_REGIONS; i++) {
		const struct iom_region region = { regions[i].spa, REGION_BYTES, b->bytes[i],
			                           regions[i].flags };

		CHECK_EQ(iom_memory_add(b->memory, &region, NULL), IOM_OK);
	}
	CHECK_EQ(iom_riscv_new(&config, b->memory, &host, b, &b->unit, NULL), IOM_OK);
	CHECK_EQ(iom_lane_open(b->unit, &b->lane), IOM_OK);
	CHECK_EQ(iom_endpoint_get(b->unit, 0x10, &b->endpoint), IOM_OK);
	CHECK_EQ(iom_port_open(b->endpoint, b->lane, &b->port), IOM_OK);
	return b;
}

static inline void bench_free(struct bench *b)
{
	iom_unit_free(b->unit);
	iom_memory_free(b->memory);
	free(b);
}

/* One sentence that names `word`. */
static inline void check_sentence(const struct iom_error *error, int code, const char *word)
{
	CHECK(error->code == code);
	CHECK_MSG(strnlen(error->text, sizeof error->text) < sizeof error->text, "unterminated");
	CHECK_MSG(strlen(error->text) > 10 && !strchr(error->text, '\n') &&
	                  strstr(error->text, word),
	          "\"%s\" does not name %s", error->text, word);
}

#endif
