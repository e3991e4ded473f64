/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Windows of the bus, bridges and root port, and the machine's limits. */
#include "machine/machine.h"
#include "machine/root_port.h"

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
	CHECK_EQ(machine_engine_new(m, BRIDGE_CHIP, 1, 11, &index, &error), IOM_EINVAL);
	CHECK_EQ(machine_engine_new(m, BRIDGE_CHIP, 1, 65, &index, &error), IOM_EINVAL);
	CHECK_EQ(machine_engine_new(m, BRIDGE_CHIP, 0x1000000, 32, &index, &error), IOM_EINVAL);
	CHECK_EQ(machine_engine_new(m, BRIDGE_CHIP, 1, 32, &index, &error), IOM_OK);
	CHECK_EQ(machine_engine_new(m, BRIDGE_CHIP, 1, 32, &index, &error), IOM_EEXIST);
	for (unsigned i = 2; i <= MACHINE_ENGINES_MAX; i++)
		CHECK_EQ(machine_engine_new(m, BRIDGE_CHIP, i, 32, &index, &error), IOM_OK);
	CHECK_EQ(machine_engine_new(m, BRIDGE_CHIP, 0, 32, &index, &error), IOM_ENOSPC);
	machine_free(m);
}

TEST(machine_architectures_are_found_by_name, "")
{
	CHECK(machine_arch_find("riscv") == machine_archs[0]);
	CHECK(!machine_arch_find("RISCV"));
	CHECK(!machine_arch_find(""));
}

TEST(machine_numbers_devices_by_bridge, "")
{
	const struct machine_config config = { .low_bytes = 1 << 20 };
	struct iom_error error;
	struct machine *m;
	unsigned index;

	CHECK_EQ(machine_new(&config, &m, &error), IOM_OK);
	CHECK(m->bridges[BRIDGE_CHIP].unit != m->bridges[BRIDGE_PCI].unit);
	CHECK_EQ(machine_engine_new(m, BRIDGE_CHIP, 0x100, 32, &index, &error), IOM_OK);
	CHECK_EQ(machine_engine_new(m, BRIDGE_PCI, 0x100, 32, &index, &error), IOM_OK);
	CHECK_EQ(machine_engine_new(m, BRIDGE_PCI, 0x100, 32, &index, &error), IOM_EEXIST);
	CHECK_EQ(machine_engine_new(m, BRIDGE_PCI, 0xff, 32, &index, &error), IOM_EINVAL);
	CHECK_STR(error.text, "device 0xff is not behind the root port, whose buses are 1 to 15");
	CHECK_EQ(machine_engine_new(m, BRIDGE_PCI, 0xfff, 32, &index, &error), IOM_OK);
	CHECK_EQ(machine_engine_new(m, BRIDGE_PCI, 0x1000, 32, &index, &error), IOM_EINVAL);
	machine_free(m);
}

TEST(root_port_reads_function_names, "")
{
	static const char *const bad[] = { "",        "1",       "01:00",    "01:00.8",
		                           "01:20.0", "100:0.0", "01:000.0", "01:00.0 ",
		                           ":0.0",    "1.0:0",   "0G:00.0",  "01:00.00" };
	uint32_t requester = 0;

	CHECK(root_port_parse("01:00.0", &requester));
	CHECK_EQ(requester, 0x100);
	CHECK(root_port_parse("f:1f.7", &requester));
	CHECK_EQ(requester, 0xfff);
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CHECK_MSG(!root_port_parse(bad[i], &requester), "'%s'", bad[i]);
	CHECK_EQ(requester, 0xfff);
}
