/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Queues as registers show them: pending entries, and errors. */
#include <iommux/iommux.h>

#include "regs.h"
#include "test.h"

/* A unit whose memory refuses everything */
struct bench {
	struct iom_memory *memory;
	struct iom_unit *unit;
	struct register_map map;
};

static int refuse_read(void *opaque, uint64_t spa, void *buf, size_t len)
{
	(void)opaque, (void)spa, (void)buf, (void)len;
	return IOM_EFAULT;
}

static int refuse_write(void *opaque, uint64_t spa, const void *buf, size_t len)
{
	(void)opaque, (void)spa, (void)buf, (void)len;
	return IOM_EFAULT;
}

static struct bench bench_new(bool vtd)
{
	static const struct iom_memory_ops ops = {
		.bytes = sizeof ops,
		.read = refuse_read,
		.write = refuse_write,
	};
	static const struct iom_host host = { .bytes = sizeof host };
	struct bench b = { .memory = NULL };

	CHECK_EQ(iom_memory_new(&ops, NULL, &b.memory, NULL), IOM_OK);
	CHECK_EQ(vtd ? iom_vtd_new(NULL, b.memory, &host, NULL, &b.unit, NULL)
	             : iom_riscv_new(NULL, b.memory, &host, NULL, &b.unit, NULL),
	         IOM_OK);
	CHECK(register_map_of(b.unit, &b.map));
	return b;
}

static void bench_free(struct bench *b)
{
	iom_unit_free(b->unit);
	iom_memory_free(b->memory);
}

static void put(struct bench *b, uint64_t off, unsigned bytes, uint64_t value)
{
	CHECK_EQ(iom_mmio_write(b->unit, 0, off, bytes, value), IOM_OK);
}

static void says(struct bench *b, unsigned which, const char *should)
{
	struct queue queues[QUEUES_MAX];
	char text[512];

	CHECK(which < queues_of(b->unit, &b->map, queues));
	CHECK_STR(queue_sentence(&queues[which], text, sizeof text), should);
}

TEST(queues_of_a_riscv_unit, "")
{
	struct bench b = bench_new(false);

	says(&b, 0, "command queue: off");
	put(&b, 0x18, 8, 0x20000002); /* cqb: 8 entries at 0x80000000 */
	says(&b, 0, "command queue: off, 8 entries at 0x80000000, head 0, tail 0: nothing pending");
	put(&b, 0x48, 4, 1);
	put(&b, 0x24, 4, 3);
	says(&b, 0,
	     "command queue: on, 8 entries at 0x80000000, head 0, tail 3: 3 pending; "
	     "cqmf memory fault");
	says(&b, 1, "fault queue: off");
	bench_free(&b);
}

TEST(queues_of_a_vtd_unit, "")
{
	struct bench b = bench_new(true);

	says(&b, 0, "invalidation queue: off");
	says(&b, 1, "fault records: 8, nothing pending");
	put(&b, 0x90, 8, 0x80000000); /* 256 entries of 16 bytes */
	put(&b, 0x18, 4, 0x04000000); /* GCMD.QIE */
	put(&b, 0x88, 8, 0x50);
	says(&b, 0,
	     "invalidation queue: on, 256 entries at 0x80000000, head 0, tail 5: 5 pending; "
	     "IQE invalidation queue error; IQEI descriptor not readable");
	put(&b, 0x88, 8, 0x1000);
	put(&b, 0x34, 4, 0x10); /* FSTS.IQE */
	says(&b, 0,
	     "invalidation queue: on, 256 entries at 0x80000000, head 0, tail 256: "
	     "head or tail is beyond its end; IQE invalidation queue error; "
	     "IQEI tail beyond the queue");
	bench_free(&b);
}
