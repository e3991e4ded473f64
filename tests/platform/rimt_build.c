/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What is written into a RIMT, byte by byte, and what is not written at all. */
#include "example.h"

#include <stdlib.h>
#include <string.h>

static unsigned sum(const uint8_t *table, size_t bytes)
{
	unsigned all = 0;

	for (size_t i = 0; i < bytes; i++)
		all += table[i];
	return all % 256;
}

TEST(the_example_is_written_byte_for_byte, "FW-GOLD-04 FW-HDR-01 FW-HDR-02 FW-RIMT-01 FW-RIMT-03 "
                                           "FW-RIMT-05 FW-RIMT-06 FW-RIMT-07 "
                                           "FW-RIMT-09 FW-RIMT-11")
{
	struct example e;
	uint8_t *table;
	size_t bytes;

	example_fill(&e);
	table = example_build(&e, &bytes);
	CHECK_EQ(bytes, EXAMPLE_BYTES);
	for (size_t i = 0; i < bytes; i++)
		CHECK_MSG(table[i] == example_bytes[i], "byte 0x%zx is 0x%x, should be 0x%x", i,
		          table[i], example_bytes[i]);
	free(table);
}

TEST(header_ids_are_padded_and_have_defaults, "FW-HDR-01 FW-HDR-02 FW-HDR-08")
{
	struct example e;
	uint8_t *table;
	size_t bytes;

	example_fill(&e);
	e.rimt.ids = (struct iom_acpi_ids){ "A", "", "BC", 0x01020304, 0xa0b0c0d0 };
	table = example_build(&e, &bytes);
	CHECK_EQ(memcmp(table + 10, "A             ", 14), 0);
	CHECK_EQ(get_le(table + 24, 4), 0x01020304);
	CHECK_EQ(memcmp(table + 28, "BC  ", 4), 0);
	CHECK_EQ(get_le(table + 32, 4), 0xa0b0c0d0);
	CHECK_EQ(get_le(table + 4, 4), bytes);
	CHECK_EQ(sum(table, bytes), 0);
	free(table);

	e.rimt.ids = (struct iom_acpi_ids){ 0 };
	table = example_build(&e, &bytes);
	CHECK_EQ(memcmp(table + 10, "IOMMUXIOMMUX  ", 14), 0);
	CHECK_EQ(memcmp(table + 28, "IOMX", 4), 0);
	free(table);
}

TEST(a_pcie_iommu_is_written_with_its_place, "FW-RIMT-04")
{
	static const char hid[8] = { '0', '0', '1', '0', '0', '0', '1', '4' };
	struct example e;
	uint8_t *table, *node;
	size_t bytes;

	example_fill(&e);
	e.iommu[0] = (struct iom_rimt_iommu){ .flags = 1, .segment = 0x1234, .bdf = 0x5678 };
	memcpy(e.iommu[0].hardware_id, hid, sizeof hid);
	table = example_build(&e, &bytes);
	node = table + EXAMPLE_IOMMU;
	CHECK_EQ(get_le(node + 2, 2), 40);
	CHECK_EQ(memcmp(node + 8, hid, sizeof hid), 0);
	CHECK_EQ(get_le(node + 16, 8), 0);
	CHECK_EQ(get_le(node + 24, 4), 1);
	CHECK_EQ(get_le(node + 32, 2), 0x1234);
	CHECK_EQ(get_le(node + 34, 2), 0x5678);
	CHECK_EQ(get_le(node + 36, 2), 0);
	CHECK_EQ(get_le(node + 38, 2), 40);
	free(table);
}

TEST(nodes_have_ids_of_their_own, "FW-RIMT-02")
{
	struct example e;
	uint8_t *table, *at;
	size_t bytes;
	unsigned n = 0;

	example_fill(&e);
	e.iommu[1] = (struct iom_rimt_iommu){ .base = 0x20000000 };
	e.rimt.iommu_count = 2;
	e.root[1] = (struct iom_rimt_root){ .segment = 1 };
	e.rimt.root_count = 2;
	e.device[1] = (struct iom_rimt_device){ .name = "\\_SB.DEV1" };
	e.rimt.device_count = 2;
	table = example_build(&e, &bytes);
	CHECK_EQ(get_le(table + 36, 4), 6);
	for (at = table + 48; at < table + bytes; at += get_le(at + 2, 2), n++) {
		CHECK_EQ(at[0], n / 2);
		CHECK_EQ(at[1], 1);
		CHECK_EQ(get_le(at + 4, 2), 0);
		CHECK_EQ(get_le(at + 6, 2), n);
	}
	CHECK_EQ(n, 6);
	CHECK(at == table + bytes);
	free(table);
}

TEST(ranges_of_a_device_are_aligned_behind_its_name, "FW-RIMT-07")
{
	const char *name = "\\_SB.DEVICE";
	struct example e;

	for (unsigned skip = 0; skip < 8; skip++) {
		size_t len, maps_at, bytes;
		uint8_t *table, *node;

		example_fill(&e);
		e.device[0].name = name + skip;
		len = strlen(name + skip);
		table = example_build(&e, &bytes);
		node = table + EXAMPLE_DEVICE;
		maps_at = get_le(node + 8, 2);
		CHECK_EQ(maps_at % 4, 0);
		CHECK(maps_at > 12 + len && maps_at <= 12 + len + 4);
		CHECK_EQ(memcmp(node + 12, name + skip, len), 0);
		for (size_t i = 12 + len; i < maps_at; i++)
			CHECK_EQ(node[i], 0);
		CHECK_EQ(get_le(node + 2, 2), maps_at + 20);
		CHECK_EQ(get_le(node + maps_at + 8, 4), 0x20000);
		free(table);
	}
}

TEST(ranges_lead_to_the_offset_of_their_iommu, "FW-RIMT-09")
{
	struct example e;
	uint8_t *table;
	size_t bytes;

	example_fill(&e);
	e.iommu[1] = (struct iom_rimt_iommu){ .base = 0x20000000 };
	e.rimt.iommu_count = 2;
	e.root_maps[0].iommu = 1;
	table = example_build(&e, &bytes);
	/* The second IOMMU stands where the root complex did; it takes 40 bytes. */
	CHECK_EQ(get_le(table + EXAMPLE_ROOT_MAP + 40 + 12, 4), EXAMPLE_ROOT);
	CHECK_EQ(get_le(table + EXAMPLE_DEVICE_MAP + 40 + 12, 4), EXAMPLE_IOMMU);
	free(table);
}

TEST(nothing_is_written_behind_the_end_of_the_buffer, "")
{
	struct example e;
	size_t bytes;

	example_fill(&e);
	for (size_t size = 0; size < EXAMPLE_BYTES; size++) {
		struct iom_error error;
		uint8_t *buf = malloc(size + 1);

		CHECK(buf);
		buf[size] = 0xa5;
		CHECK(iom_rimt_build(&e.rimt, buf, size, &bytes, &error) == IOM_ENOSPC);
		CHECK(error.code == IOM_ENOSPC && strstr(error.text, "204"));
		CHECK_EQ(bytes, EXAMPLE_BYTES);
		CHECK_EQ(buf[size], 0xa5);
		free(buf);
	}
}

static void refused(struct example *e, const char *word)
{
	static uint8_t buf[0x20000];
	struct iom_error error = { 0 };
	size_t bytes;
	int r = iom_rimt_build(&e->rimt, buf, sizeof buf, &bytes, &error);

	CHECK_MSG(r == IOM_EINVAL && error.code == r && strstr(error.text, word),
	          "%d: \"%s\" should speak of %s", r, error.text, word);
	CHECK(iom_rimt_build(&e->rimt, buf, sizeof buf, &bytes, NULL) == IOM_EINVAL);
	example_fill(e);
}

TEST(what_cannot_be_written_is_refused, "")
{
	static struct iom_rimt_wire many[9000];
	static char name[70000];
	struct example e;

	memset(name, 'N', sizeof name - 1);
	example_fill(&e);
	e.rimt.bytes--;
	refused(&e, "size of struct iom_rimt");
	e.rimt.ids.oem_id = "SEVENTH";
	refused(&e, "too long");
	e.rimt.ids.oem_table_id = "NINECHARS";
	refused(&e, "too long");
	e.rimt.ids.creator_id = "FIVES";
	refused(&e, "too long");
	e.rimt.iommus = NULL;
	refused(&e, "array");
	e.rimt.root_count = 1u << 20;
	refused(&e, "at most 65536");
	e.iommu[0].wires = NULL;
	refused(&e, "wires");
	e.iommu[0].wires = many;
	e.iommu[0].wire_count = 9000;
	refused(&e, "72040");
	e.iommu[0].flags = 4;
	refused(&e, "flags of IOMMU node 0");
	e.wires[3].flags = 4;
	refused(&e, "wire");
	e.root[0].flags = 4;
	refused(&e, "root complex node 1");
	e.root[0].maps = NULL;
	refused(&e, "ranges");
	e.root_maps[0].iommu = 1;
	refused(&e, "IOMMU 1; there are 1");
	e.root_maps[0].flags = 4;
	refused(&e, "range");
	e.device[0].name = NULL;
	refused(&e, "no name");
	e.device[0].name = "";
	refused(&e, "no name");
	e.device[0].name = name;
	refused(&e, "65535");
}

TEST(what_no_reader_would_accept_is_refused, "FW-RIMT-12")
{
	struct example e;

	example_fill(&e);
	e.root[1] = e.root[0];
	e.rimt.root_count = 2;
	refused(&e, "overlap");
	e.root_maps[0].count = 0;
	refused(&e, "0 IDs");
	e.root_maps[0].count = 0x10001;
	refused(&e, "0x10000");
	e.device_maps[0].device_id = 0x1000000;
	refused(&e, "24 bits");
	e.iommu[0].flags = 1;
	refused(&e, "itself");
}
