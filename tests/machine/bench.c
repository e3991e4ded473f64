/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A machine on a bench. */
#include "bench.h"

const struct machine_arch *bench_arch;

#define BYTES (4u * PAGE_BYTES)

static void fill(const struct buffer *b)
{
	for (uint64_t i = 0; i < b->bytes; i++) {
		uint8_t v = (uint8_t)(i * 7 + i / 256);

		buffer_write(b, i, &v, 1);
	}
}

struct engine_driver *bench_driver(struct bench *b, unsigned bridge, uint32_t requester,
                                   unsigned bits)
{
	struct engine_place place = { .iommu = bridge, .requester = requester };
	struct engine_driver *driver;
	struct iom_error error;
	unsigned index;

	CHECK_MSG(!machine_engine_new(b->machine, bridge, requester, bits, &index, &error), "%s",
	          error.text);
	place.engine = &b->machine->engines[index]->engine;
	place.registers = machine_engine_spa(index);
	CHECK_EQ(engine_driver_new(b->kernel, &place, &driver, &error), IOM_OK);
	return driver;
}

void bench_open(struct bench *b, unsigned kind, unsigned bits, bool wires)
{
	const struct machine_config config = {
		.arch = bench_arch, .low_bytes = 4 << 20, .high_bytes = 4 << 20, .seed = 3
	};
	struct iom_error error = { 0 };
	const unsigned prot = IOM_PROT_READ | IOM_PROT_WRITE;

	bench_arch = NULL;
	*b = (struct bench){ 0 };
	CHECK_EQ(machine_new(&config, &b->machine, &error), IOM_OK);
	CHECK_MSG(!kernel_boot(&b->machine->board, wires, &b->kernel, &error), "%s", error.text);
	CHECK_MSG(!space_new(b->kernel, kind, &b->space, &error), "%s", error.text);
	b->driver = bench_driver(b, BRIDGE_CHIP, BENCH_DEVICE, bits);
	CHECK_MSG(!engine_driver_attach(b->driver, b->space, &error), "%s", error.text);
	CHECK_EQ(buffer_new(&b->machine->low, BYTES, true, &b->from, &error), IOM_OK);
	CHECK_EQ(buffer_new(&b->machine->high, BYTES, true, &b->to, &error), IOM_OK);
	fill(b->from);
	if (!space_translates(b->space))
		return;
	CHECK_EQ(space_map(b->space, b->from, SPACE_ANYWHERE, prot, &b->from_iova, &error), IOM_OK);
	CHECK_EQ(space_map(b->space, b->to, SPACE_ANYWHERE, prot, &b->to_iova, &error), IOM_OK);
}

void bench_close(struct bench *b)
{
	engine_driver_free(b->driver);
	CHECK_EQ(space_free(b->space), IOM_OK);
	buffer_free(b->from);
	buffer_free(b->to);
	CHECK_EQ(kernel_halt(b->kernel), IOM_OK);
	CHECK_EQ(b->machine->low.unused, b->machine->low.count);
	CHECK_EQ(b->machine->high.unused, b->machine->high.count);
	machine_free(b->machine);
}

struct engine_report bench_copy(struct bench *b, uint64_t from, uint64_t to, uint32_t bytes)
{
	const struct engine_job job = { .from.iova = from, .to.iova = to, .bytes = bytes };
	struct engine_report report;

	engine_driver_run(b->driver, &job, &report);
	return report;
}

uint64_t bench_same(const struct bench *b)
{
	uint8_t x, y;

	for (uint64_t i = 0; i < BYTES; i++) {
		buffer_read(b->from, i, &x, 1);
		buffer_read(b->to, i, &y, 1);
		if (x != y)
			return i;
	}
	return BYTES;
}
