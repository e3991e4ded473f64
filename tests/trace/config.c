/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A unit is made again from what the header of its trace says: also where it was made with defaults. */
#include <stdlib.h>
#include <string.h>

#include <iommux/iommux.h>

#include "../test.h"
#include "trace/config.h"

/* What can be seen of both from outside: registers, and what a snapshot holds. */
static void same(struct iom_unit *a, struct iom_unit *b)
{
	size_t bytes, other;
	uint8_t *state[2];

	CHECK_STR(iom_unit_arch(a), iom_unit_arch(b));
	for (uint64_t off = 0; off < iom_mmio_bytes(a, 0); off += 4) {
		uint64_t was, is;

		CHECK_EQ(iom_mmio_read(a, 0, off, 4, &was), iom_mmio_read(b, 0, off, 4, &is));
		CHECK_MSG(was == is, "0x%llx", (unsigned long long)off);
	}
	(void)iom_unit_save(a, NULL, 0, &bytes); /* says how many */
	state[0] = malloc(bytes);
	state[1] = malloc(bytes);
	CHECK_EQ(iom_unit_save(a, state[0], bytes, &bytes), IOM_OK);
	CHECK_EQ(iom_unit_save(b, state[1], bytes, &other), IOM_OK);
	CHECK_EQ(other, bytes);
	CHECK(!memcmp(state[0], state[1], bytes));
	free(state[0]);
	free(state[1]);
}

/* All bits that software may set, and the queues' sizes and the vectors, are there in both. */
static void store_all(struct iom_unit *unit)
{
	for (uint64_t off = 0; off < iom_mmio_bytes(unit, 0); off += 4)
		(void)iom_mmio_write(unit, 0, off, 4, 0xffffffff);
}

static void made_again(struct iom_unit *unit, struct iom_memory *memory,
                       const struct trace_config *config)
{
	struct trace_header header = { 0 };
	struct iom_unit *again;

	CHECK_EQ(trace_config_tell(unit, config, &header, NULL), IOM_OK);
	CHECK_EQ(trace_config_make(&header, memory, NULL, NULL, &again, NULL), IOM_OK);
	same(unit, again);
	iom_unit_reset(unit);
	store_all(unit);
	store_all(again);
	same(unit, again);
	iom_unit_free(again);
	iom_unit_free(unit);
}

TEST(header_makes_the_unit_again_riscv, "")
{
	const struct iom_riscv_config configs[] = {
		{ .bytes = sizeof configs[0] },
		{ .bytes = sizeof configs[0], .flags = IOM_RISCV_UNCACHED },
		{ .bytes = sizeof configs[0],
		  .reset_mode = IOM_RISCV_RESET_BARE,
		  .ddt_levels = IOM_RISCV_2LVL,
		  .vectors = 16,
		  .queue_lg2 = 3,
		  .cache_lg2 = 3,
		  .counters = 2,
		  .counter_bits = 33,
		  .qos_id_bits = 4,
		  .ats_timeout_ns = 7,
		  .busy_ns = 9 },
	};
	struct iom_memory *memory;
	struct iom_unit *unit;

	CHECK_EQ(iom_memory_new(NULL, NULL, &memory, NULL), IOM_OK);
	CHECK_EQ(iom_riscv_new(NULL, memory, NULL, NULL, &unit, NULL), IOM_OK);
	made_again(unit, memory, &(struct trace_config){ 0 });
	for (unsigned i = 0; i < sizeof configs / sizeof configs[0]; i++) {
		CHECK_EQ(iom_riscv_new(&configs[i], memory, NULL, NULL, &unit, NULL), IOM_OK);
		made_again(unit, memory, &(struct trace_config){ .riscv = &configs[i] });
	}
	iom_memory_free(memory);
}

TEST(header_makes_the_unit_again_vtd, "")
{
	const struct iom_vtd_config configs[] = {
		{ .bytes = sizeof configs[0] },
		{ .bytes = sizeof configs[0], .profile = IOM_VTD_SCALABLE },
		{ .bytes = sizeof configs[0], .profile = IOM_VTD_FULL, .version = 0x50 },
		{ .bytes = sizeof configs[0],
		  .address_bits = 39,
		  .cache_lg2 = 3,
		  .protected_lg2 = 12,
		  .ats_timeout_ns = 7,
		  .flags = IOM_VTD_COMPRESS_FAULTS },
	};
	struct iom_memory *memory;
	struct iom_unit *unit;

	CHECK_EQ(iom_memory_new(NULL, NULL, &memory, NULL), IOM_OK);
	CHECK_EQ(iom_vtd_new(NULL, memory, NULL, NULL, &unit, NULL), IOM_OK);
	made_again(unit, memory, &(struct trace_config){ 0 });
	for (unsigned i = 0; i < sizeof configs / sizeof configs[0]; i++) {
		CHECK_EQ(iom_vtd_new(&configs[i], memory, NULL, NULL, &unit, NULL), IOM_OK);
		made_again(unit, memory, &(struct trace_config){ .vtd = &configs[i] });
	}
	iom_memory_free(memory);
}
