/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Tables that are wrong in one thing each, and the sentence that says in which. */
#include "example.h"

#include <stdlib.h>
#include <string.h>

static void refused_as(const uint8_t *bytes, size_t size, const char *word)
{
	struct iom_rimt_table table = { bytes, 12345 };
	struct iom_error error = { 0 };
	uint8_t *own = exact_copy(bytes, size);
	int r;

	r = iom_rimt_open(own, size, &table, &error);
	CHECK_MSG(r == IOM_EINVAL && error.code == r && strstr(error.text, word),
	          "%d: \"%s\" should speak of: %s", r, error.text, word);
	CHECK(iom_rimt_open(own, size, &table, NULL) == IOM_EINVAL);
	CHECK(table.data == bytes && table.length == 12345);
	free(own);
}

/* The example with one number changed, its checksum right. */
static void refused(size_t at, unsigned bytes, uint64_t value, const char *word)
{
	uint8_t table[EXAMPLE_BYTES];

	memcpy(table, example_bytes, sizeof table);
	put_le(table + at, bytes, value);
	mend_checksum(table, sizeof table);
	refused_as(table, sizeof table, word);
}

TEST(a_wrong_checksum_is_refused, "FW-HDR-03")
{
	uint8_t table[EXAMPLE_BYTES];

	for (size_t i = 0; i < sizeof table; i++) {
		/* Length and name are judged before. */
		if (i < 8)
			continue;
		memcpy(table, example_bytes, sizeof table);
		table[i] ^= 0x10;
		refused_as(table, sizeof table, "sum");
	}
}

TEST(a_wrong_length_is_refused, "FW-HDR-04")
{
	struct iom_rimt_table table;

	CHECK(iom_rimt_open(NULL, 0, &table, NULL) == IOM_EINVAL);
	for (size_t size = 0; size < 36; size++)
		refused_as(example_bytes, size, "header");
	for (size_t size = 36; size < EXAMPLE_BYTES; size++)
		refused_as(example_bytes, size, "length");
	for (uint32_t length = 0; length < 48; length++)
		refused(4, 4, length, "length of the RIMT");
	refused(4, 4, EXAMPLE_BYTES + 1, "length of the RIMT");
	refused(4, 4, 0xffffffff, "length of the RIMT");
}

TEST(another_table_is_refused, "FW-RIMT-01")
{
	refused(0, 4, 0x54524f49, "RIMT"); /* "IORT" */
	refused(8, 1, 0, "revision");
	refused(40, 4, 0, "nodes of the RIMT begin");
	refused(40, 4, 47, "nodes of the RIMT begin");
	refused(40, 4, EXAMPLE_BYTES + 1, "nodes of the RIMT begin");
}

TEST(a_table_that_is_too_long_is_refused, "")
{
	const size_t size = IOM_RIMT_BYTES_MAX + 1;
	uint8_t *table = calloc(1, size);

	CHECK(table);
	memcpy(table, example_bytes, EXAMPLE_BYTES);
	put_le(table + 4, 4, size);
	mend_checksum(table, size);
	refused_as(table, size, "65536");
	free(table);
}

TEST(a_node_without_length_is_refused, "FW-HDR-05")
{
	static const size_t nodes[] = { EXAMPLE_IOMMU, EXAMPLE_ROOT, EXAMPLE_DEVICE };

	for (unsigned n = 0; n < 3; n++) {
		for (unsigned length = 0; length < 8; length++)
			refused(nodes[n] + 2, 2, length, "has length");
	}
}

TEST(a_node_that_leaves_the_table_is_refused, "FW-HDR-06")
{
	refused(EXAMPLE_DEVICE + 2, 2, 45, "has length 45");
	refused(EXAMPLE_DEVICE + 2, 2, 0xffff, "has length");
	refused(EXAMPLE_IOMMU + 2, 2, 0xffff, "has length");
	/* One node more than there are */
	refused(36, 4, 4, "ends at 0xcc");
	refused(36, 4, 0xffffffff, "ends at 0xcc");
	refused(40, 4, EXAMPLE_BYTES - 4, "ends at 0xcc");
}

TEST(a_node_that_is_too_short_for_its_type_is_refused, "FW-HDR-06")
{
	/* What is behind becomes a node of unknown type, whose length then is no good either. */
	for (unsigned length = 8; length < 40; length++)
		refused(EXAMPLE_IOMMU + 2, 2, length, "40 at least");
	for (unsigned length = 8; length < 20; length++)
		refused(EXAMPLE_ROOT + 2, 2, length, "20 at least");
	for (unsigned length = 8; length < 13; length++)
		refused(EXAMPLE_DEVICE + 2, 2, length, "13 at least");
}

TEST(an_array_that_leaves_its_node_is_refused, "FW-HDR-06 FW-RIMT-05 FW-RIMT-06")
{
	refused(EXAMPLE_IOMMU + 36, 2, 5, "5 wires of node 0");
	refused(EXAMPLE_IOMMU + 36, 2, 0xffff, "wires of node 0");
	refused(EXAMPLE_IOMMU + 38, 2, 41, "wires of node 0");
	refused(EXAMPLE_IOMMU + 38, 2, 39, "wires of node 0");
	refused(EXAMPLE_ROOT + 16, 2, 21, "ranges of node 1");
	refused(EXAMPLE_ROOT + 16, 2, 0, "ranges of node 1");
	refused(EXAMPLE_ROOT + 18, 2, 2, "ranges of node 1");
	refused(EXAMPLE_DEVICE + 8, 2, 25, "ranges of node 2");
	refused(EXAMPLE_DEVICE + 8, 2, 12, "ranges of node 2");
	refused(EXAMPLE_DEVICE + 10, 2, 2, "ranges of node 2");
}

TEST(a_name_without_end_is_refused, "FW-RIMT-07")
{
	refused(EXAMPLE_DEVICE + 21, 3, 0x414141, "name of platform device node 2");
	/* Ranges that begin inside the name */
	refused(EXAMPLE_DEVICE + 8, 2, 20, "name of platform device node 2");
}

TEST(nodes_with_the_same_id_are_refused, "FW-RIMT-02")
{
	refused(EXAMPLE_ROOT + 6, 2, 0, "both have ID 0");
	refused(EXAMPLE_DEVICE + 6, 2, 1, "both have ID 1");
}

TEST(a_range_that_leads_nowhere_is_refused, "FW-RIMT-09 FW-RIMT-13")
{
	static const size_t maps[] = { EXAMPLE_ROOT_MAP, EXAMPLE_DEVICE_MAP };

	for (unsigned i = 0; i < 2; i++) {
		refused(maps[i] + 12, 4, 0, "leads to offset 0x0");
		refused(maps[i] + 12, 4, EXAMPLE_IOMMU + 4, "no IOMMU");
		refused(maps[i] + 12, 4, EXAMPLE_ROOT, "no IOMMU");
		refused(maps[i] + 12, 4, EXAMPLE_BYTES, "no IOMMU");
		refused(maps[i] + 12, 4, 0xffffffff, "no IOMMU");
	}
}

TEST(a_range_beyond_the_ids_there_are_is_refused, "FW-RIMT-10")
{
	refused(EXAMPLE_ROOT_MAP + 4, 4, 0, "0 IDs");
	refused(EXAMPLE_ROOT_MAP, 4, 1, "source ID 0x10000");
	refused(EXAMPLE_ROOT_MAP + 4, 4, 0xffffffff, "source ID");
	refused(EXAMPLE_ROOT_MAP + 8, 4, 0xff0001, "device_id 0x1000000");
	refused(EXAMPLE_DEVICE_MAP + 8, 4, 0xffffffff, "device_id");
	refused(EXAMPLE_DEVICE_MAP, 8, 0x2ffffffff, "source ID 0x100000000");
}

/* A root complex with two ranges, and perhaps another of the given segment with the second one. */
static int open_two(struct iom_rimt_map a, struct iom_rimt_map b, int segment,
                    struct iom_error *error)
{
	uint8_t bytes[512];
	struct example e;
	size_t size;

	example_fill(&e);
	e.root_maps[0] = a;
	e.root_maps[1] = b;
	e.root[0].map_count = segment < 0 ? 2 : 1;
	e.root[1] = (struct iom_rimt_root){ 0, (uint16_t)segment, 1, &e.root_maps[1] };
	e.rimt.root_count = segment < 0 ? 1 : 2;
	return iom_rimt_build(&e.rimt, bytes, sizeof bytes, &size, error);
}

TEST(ranges_that_overlap_are_refused, "FW-RIMT-12")
{
	const struct iom_rimt_map a = { 0x100, 0x10, 0, 0, 0 };
	static const struct {
		uint32_t source, count;
		bool overlaps;
	} b[] = {
		{ 0xf0, 0x10, false }, { 0xf0, 0x11, true }, { 0x100, 0x10, true },
		{ 0x108, 1, true },    { 0x10f, 1, true },   { 0x110, 1, false },
		{ 0, 0x10000, true },
	};

	for (unsigned i = 0; i < sizeof b / sizeof b[0]; i++) {
		const struct iom_rimt_map m = { b[i].source, b[i].count, 0x1000, 0, 0 };
		const int should = b[i].overlaps ? IOM_EINVAL : IOM_OK;
		struct iom_error error;

		CHECK_MSG(open_two(a, m, -1, &error) == should, "%u: %s", i, error.text);
		CHECK(!b[i].overlaps || strstr(error.text, "overlap"));
		CHECK_MSG(open_two(m, a, -1, &error) == should, "%u: %s", i, error.text);
		CHECK_MSG(open_two(a, m, 0, &error) == should, "%u: %s", i, error.text);
		CHECK(!b[i].overlaps || strstr(error.text, "overlap"));
		/* Other segments have RIDs of their own. */
		CHECK_MSG(open_two(a, m, 1, &error) == IOM_OK, "%u: %s", i, error.text);
	}
}

TEST(ranges_of_one_device_that_overlap_are_refused, "FW-RIMT-12")
{
	struct iom_error error;
	uint8_t bytes[512];
	struct example e;
	size_t size;

	example_fill(&e);
	e.device_maps[1] = e.device_maps[0];
	e.device[0].map_count = 2;
	CHECK(iom_rimt_build(&e.rimt, bytes, sizeof bytes, &size, &error) == IOM_EINVAL);
	CHECK(strstr(error.text, "overlap"));

	example_fill(&e);
	e.device[1] = e.device[0];
	e.rimt.device_count = 2;
	CHECK(iom_rimt_build(&e.rimt, bytes, sizeof bytes, &size, &error) == IOM_EINVAL);
	CHECK(strstr(error.text, "overlap"));
	e.device[1].name = "\\_SB.DEV1";
	CHECK(iom_rimt_build(&e.rimt, bytes, sizeof bytes, &size, &error) == IOM_OK);
}

TEST(an_iommu_behind_itself_is_refused, "FW-RIMT-04")
{
	refused(EXAMPLE_IOMMU + 24, 4, 1, "itself");
}
