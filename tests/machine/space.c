/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Spaces: choosing addresses, refusing, and taking away. */
#include "bench.h"

#define PROT (IOM_PROT_READ | IOM_PROT_WRITE)

TEST_EACH(space_unmapped_is_out_of_reach, "")
{
	struct kernel_fault f;
	struct bench b;

	bench_open(&b, IOM_DOMAIN_STAGE1, 32, false);
	CHECK_EQ(bench_copy(&b, b.from_iova, b.to_iova, 64).result, ENGINE_DONE);
	CHECK_EQ(space_unmap(b.space, b.to_iova, NULL), IOM_OK);
	CHECK_EQ(b.to->mapped, 0);
	CHECK_EQ(bench_copy(&b, b.from_iova, b.to_iova, 64).result, ENGINE_WRITE_REFUSED);
	CHECK(kernel_fault(b.kernel, &f));
	CHECK_EQ(f.what.iova, b.to_iova);
	CHECK_EQ(space_unmap(b.space, b.to_iova, NULL), IOM_ENOENT);
	bench_close(&b);
}

TEST_EACH(space_chosen_addresses_keep_a_distance, "")
{
	struct bench b;

	bench_open(&b, IOM_DOMAIN_STAGE1, 32, false);
	for (unsigned i = 1; i < b.space->count; i++)
		CHECK(b.space->mappings[i].iova >
		      b.space->mappings[i - 1].iova + b.space->mappings[i - 1].bytes);
	bench_close(&b);
}

TEST_EACH(space_wishes_are_checked, "")
{
	struct iom_error error;
	uint64_t first, last, iova;
	struct bench b;

	bench_open(&b, IOM_DOMAIN_STAGE1, 32, false);
	space_range(b.space, &first, &last);
	CHECK_EQ(space_map(b.space, b.to, 0x5001, PROT, &iova, &error), IOM_EINVAL);
	CHECK_STR(error.text, "address 0x5001 is not a multiple of 4096");
	CHECK_EQ(space_map(b.space, b.to, b.from_iova, PROT, &iova, &error), IOM_EEXIST);
	CHECK_EQ(space_map(b.space, b.to, b.from_iova - 0x3000, PROT, &iova, &error), IOM_EEXIST);
	CHECK_EQ(space_map(b.space, b.to, last - 0xfff, PROT, &iova, &error), IOM_EINVAL);
	CHECK_EQ(space_map(b.space, b.to, b.machine->board.message(0, 1).address & ~0xfffull, PROT,
	                   &iova, &error),
	         IOM_EEXIST);
	CHECK_EQ(space_map(b.space, b.to, 0x5000, PROT, &iova, &error), IOM_OK);
	CHECK_EQ(iova, 0x5000);
	CHECK_EQ(b.to->mapped, 2);
	bench_close(&b);
}

TEST_EACH(space_identity_cannot_gather_pages, "")
{
	struct iom_error error;
	struct buffer *row;
	uint64_t iova;
	struct bench b;

	bench_open(&b, IOM_DOMAIN_IDENTITY, 64, false);
	CHECK_EQ(space_map(b.space, b.from, SPACE_ANYWHERE, PROT, &iova, &error), IOM_EINVAL);
	CHECK_EQ(buffer_new(&b.machine->low, 8192, false, &row, &error), IOM_OK);
	CHECK_EQ(space_map(b.space, row, SPACE_ANYWHERE, PROT, &iova, &error), IOM_OK);
	CHECK_EQ(iova, row->spa[0]);
	buffer_free(row);
	bench_close(&b);
}

TEST_EACH(space_moving_a_device_leaves_nothing_behind, "")
{
	struct iom_error error;
	struct space *other;
	struct bench b;

	bench_open(&b, IOM_DOMAIN_STAGE1, 32, false);
	CHECK_EQ(space_new(b.kernel, IOM_DOMAIN_STAGE1, &other, &error), IOM_OK);
	CHECK_EQ(engine_driver_attach(b.driver, other, &error), IOM_OK);
	CHECK_EQ(b.space->engines, 0);
	/* two buffers, and the interrupt files of four CPUs or the range of messages */
	CHECK_EQ(b.space->count, b.machine->arch == &machine_vtd ? 3 : 6);
	CHECK_EQ(bench_copy(&b, b.from_iova, b.to_iova, 64).result, ENGINE_READ_REFUSED);
	CHECK_EQ(engine_driver_attach(b.driver, b.space, &error), IOM_OK);
	CHECK_EQ(bench_copy(&b, b.from_iova, b.to_iova, 64).result, ENGINE_DONE);
	CHECK_EQ(space_free(other), IOM_OK);
	bench_close(&b);
}

TEST(buffer_refusals_take_nothing, "")
{
	const struct machine_config config = { .low_bytes = 1 << 20 };
	struct iom_error error;
	struct buffer *b, *rest;
	struct machine *m;

	CHECK_EQ(machine_new(&config, &m, &error), IOM_OK);
	CHECK_EQ(buffer_new(&m->low, 0, true, &b, &error), IOM_EINVAL);
	CHECK_EQ(buffer_new(&m->low, (1 << 20) + 1, true, &b, &error), IOM_ENOMEM);
	CHECK_EQ(buffer_new(&m->low, UINT64_MAX, true, &b, &error), IOM_ENOMEM);
	CHECK_EQ(buffer_new(&m->low, 100 * 4096, true, &b, &error), IOM_OK);
	CHECK_EQ(buffer_new(&m->low, 156 * 4096, false, &rest, &error), IOM_ENOMEM);
	CHECK_EQ(m->low.unused, 156);
	CHECK_EQ(buffer_new(&m->low, 156 * 4096, true, &rest, &error), IOM_OK);
	buffer_free(rest);
	buffer_free(b);
	CHECK_EQ(m->low.unused, 256);
	machine_free(m);
}
