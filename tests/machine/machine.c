/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Windows of the bus, the interrupt file, and the machine's limits. */
#include "machine/machine.h"

#include "../test.h"

TEST(bus_access_must_lie_in_one_window, "")
{
	const struct machine_config config = { .low_bytes = 1 << 20 };
	struct machine *m;
	uint8_t buf[8];

	CHECK_EQ(machine_new(&config, &m, NULL), IOM_OK);
	CHECK_EQ(bus_read(&m->bus, MACHINE_IOMMU, buf, 8), IOM_OK);
	CHECK_EQ(bus_read(&m->bus, MACHINE_IOMMU + 0xffc, buf, 4), IOM_OK);
	CHECK_EQ(bus_read(&m->bus, MACHINE_IOMMU + 0xffc, buf, 8), IOM_EFAULT);
	CHECK_EQ(bus_read(&m->bus, MACHINE_IOMMU, buf, 3), IOM_EFAULT);
	CHECK_EQ(bus_write(&m->bus, 0x1000, buf, 4), IOM_EFAULT);
	CHECK_EQ(bus_read(&m->bus, UINT64_MAX, buf, 8), IOM_EFAULT);
	CHECK_EQ(machine_mmio_read(m, 0x1000, 4), 0xffffffff);
	machine_free(m);
}

TEST(interrupt_file_counts_and_hands_out, "")
{
	struct interrupt_file f = { .dropped = 0 };
	const uint8_t five[4] = { 5 }, two[4] = { 2 }, none[4] = { 0 }, wide[4] = { 5, 1 };

	CHECK_EQ(interrupt_file_write(&f, 0, five, 4), IOM_OK);
	CHECK_EQ(interrupt_file_write(&f, 0, five, 4), IOM_OK);
	CHECK_EQ(interrupt_file_write(&f, 0, two, 4), IOM_OK);
	CHECK_EQ(f.count[5], 2);
	CHECK_EQ(interrupt_file_claim(&f), 2);
	CHECK_EQ(interrupt_file_claim(&f), 5);
	CHECK_EQ(interrupt_file_claim(&f), 0);
	CHECK_EQ(interrupt_file_write(&f, 0, none, 4), IOM_OK);
	CHECK_EQ(interrupt_file_write(&f, 0, wide, 4), IOM_OK);
	CHECK_EQ(f.dropped, 2);
	CHECK_EQ(interrupt_file_write(&f, 4, five, 4), IOM_EFAULT);
	CHECK_EQ(interrupt_file_write(&f, 0, five, 2), IOM_EFAULT);
	CHECK_EQ(interrupt_file_claim(&f), 0);
}

TEST(machine_refuses_bad_sizes_and_devices, "")
{
	struct machine_config config = { .low_bytes = 4096 };
	struct iom_error error;
	struct machine *m;
	unsigned index;

	CHECK_EQ(machine_new(&config, &m, &error), IOM_EINVAL);
	CHECK_STR(error.text, "low RAM of 4096 bytes: it must be 1048576 to 1073741824 bytes and a "
	                      "multiple of 4096");
	config = (struct machine_config){ .high_bytes = 4097 };
	CHECK_EQ(machine_new(&config, &m, &error), IOM_EINVAL);
	config = (struct machine_config){ .high_bytes = 1 << 20 };
	CHECK_EQ(machine_new(&config, &m, &error), IOM_OK);
	CHECK_EQ(m->low.count * PAGE_BYTES, 64 << 20);
	CHECK_EQ(machine_engine_new(m, 1, 11, &index, &error), IOM_EINVAL);
	CHECK_EQ(machine_engine_new(m, 1, 65, &index, &error), IOM_EINVAL);
	CHECK_EQ(machine_engine_new(m, 0x1000000, 32, &index, &error), IOM_EINVAL);
	CHECK_EQ(machine_engine_new(m, 1, 32, &index, &error), IOM_OK);
	CHECK_EQ(machine_engine_new(m, 1, 32, &index, &error), IOM_EEXIST);
	for (unsigned i = 2; i <= MACHINE_ENGINES_MAX; i++)
		CHECK_EQ(machine_engine_new(m, i, 32, &index, &error), IOM_OK);
	CHECK_EQ(machine_engine_new(m, 0, 32, &index, &error), IOM_ENOSPC);
	machine_free(m);
}

TEST(machine_architectures_are_found_by_name, "")
{
	CHECK(machine_arch_find("riscv") == &machine_archs[0]);
	CHECK(!machine_arch_find("RISCV"));
	CHECK(!machine_arch_find(""));
}
