/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
#include "bench_vtd.h"

#include <string.h>

#define VTD_GCMD 0x18
#define VTD_GCMD_QIE 0x04000000
#define VTD_IQT 0x88
#define VTD_IQA 0x90
#define VTD_IQA_DW 0x800

static uint64_t little(uint64_t word)
{
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? word : __builtin_bswap64(word);
}

/* Where VT-d's queue is, and what it is given. */
void bench_look(struct bench *b, uint64_t off, uint64_t val)
{
	if (off == VTD_IQA) {
		b->queue = val & ~0xfffull;
		b->queue_bytes = 4096ull << (val & 7);
		b->descriptor_bytes = val & VTD_IQA_DW ? 32 : 16;
		b->tail = 0;
	}
	if (off == VTD_GCMD && !(val & VTD_GCMD_QIE))
		b->queue = 0;
	for (; off == VTD_IQT && b->queue && b->tail != val;
	     b->tail = (b->tail + b->descriptor_bytes) % b->queue_bytes) {
		const uint64_t *words = bench_word(b, b->queue + b->tail);
		uint64_t *log = b->descriptor[b->descriptors++ % BENCH_LOG];

		log[0] = little(words[0]);
		log[1] = little(words[1]);
		CHECK(b->descriptor_bytes == 16 || !(words[2] | words[3]));
	}
}

/* ---- Hardware that does not see the CPU's caches -------------------------------------------- */

void bench_flush(void *opaque, const void *memory, size_t bytes)
{
	struct bench *b = opaque;
	size_t at = (size_t)((const uint8_t *)memory - b->ram);

	CHECK(at + bytes <= 4096ull * POOL);
	memcpy(b->written_back + at, memory, bytes);
}

static int apart_read(void *opaque, uint64_t spa, void *buf, size_t len)
{
	struct bench *b = opaque;
	bool queue = spa >= b->queue && spa - b->queue < b->queue_bytes;

	if (spa < BENCH_RAM || spa >= BENCH_DATA)
		return IOM_EFAULT;
	memcpy(buf, (queue ? b->ram : b->written_back) + (spa - BENCH_RAM), len);
	return IOM_OK;
}

static int apart_write(void *opaque, uint64_t spa, const void *buf, size_t len)
{
	struct bench *b = opaque;

	if (spa < BENCH_RAM || spa >= BENCH_DATA)
		return IOM_EFAULT;
	memcpy(b->ram + (spa - BENCH_RAM), buf, len);
	memcpy(b->written_back + (spa - BENCH_RAM), buf, len);
	return IOM_OK;
}

const struct iom_memory_ops bench_apart = {
	.bytes = sizeof bench_apart,
	.read = apart_read,
	.write = apart_write,
};
