/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What a RIMT says when it is read: everything in turn, and where one device belongs. */
#include "example.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void open_ok(const uint8_t *bytes, size_t size, struct iom_rimt_table *table)
{
	struct iom_error error;
	int r = iom_rimt_open(bytes, size, table, &error);

	CHECK_MSG(r == IOM_OK, "%s", error.text);
	CHECK_STR(error.text, "");
}

/* What was told, in order, as a text. */
struct told {
	char text[1024];
	unsigned calls, stop_at;
};

__attribute__((format(printf, 2, 3))) static int say(struct told *t, const char *format, ...)
{
	size_t len = strlen(t->text);
	va_list args;

	va_start(args, format);
	vsnprintf(t->text + len, sizeof t->text - len, format, args);
	va_end(args);
	return ++t->calls == t->stop_at ? 42 : 0;
}

static int on_iommu(void *opaque, uint16_t id, const struct iom_rimt_iommu *i)
{
	CHECK(!i->wires);
	return say(opaque, "iommu %u %.8s %llx flags %x pxm %u at %x:%x wires %u\n", id,
	           i->hardware_id, (unsigned long long)i->base, i->flags, i->proximity, i->segment,
	           i->bdf, i->wire_count);
}

static int on_wire(void *opaque, uint16_t id, const struct iom_rimt_wire *w)
{
	return say(opaque, "wire %u %u %u\n", id, w->gsi, w->flags);
}

static int on_root(void *opaque, uint16_t id, const struct iom_rimt_root *r)
{
	CHECK(!r->maps);
	return say(opaque, "root %u flags %x segment %x maps %u\n", id, r->flags, r->segment,
	           r->map_count);
}

static int on_device(void *opaque, uint16_t id, const struct iom_rimt_device *d)
{
	CHECK(!d->maps);
	return say(opaque, "device %u %s maps %u\n", id, d->name, d->map_count);
}

static int on_map(void *opaque, uint16_t id, const struct iom_rimt_map *m)
{
	return say(opaque, "map %u %x+%x to %x of %u flags %x\n", id, m->source, m->count,
	           m->device_id, m->iommu, m->flags);
}

static const struct iom_rimt_visitor all = {
	sizeof all, on_iommu, on_wire, on_root, on_device, on_map,
};

static const char example_text[] = "iommu 0 RSCV0004 1bccd000 flags 2 pxm 1 at 0:0 wires 4\n"
				   "wire 0 32 3\nwire 0 33 3\nwire 0 34 3\nwire 0 35 3\n"
				   "root 1 flags 3 segment 0 maps 1\n"
				   "map 1 0+10000 to 0 of 0 flags 0\n"
				   "device 2 \\_SB.DEV0 maps 1\n"
				   "map 2 0+1 to 20000 of 0 flags 3\n";

TEST(a_visit_tells_what_was_built, "RV-FW-03 FW-RIMT-03 FW-RIMT-05 FW-RIMT-06 FW-RIMT-11")
{
	struct iom_rimt_table table;
	struct told t = { 0 };
	struct example e;
	uint8_t *bytes;
	size_t size;

	example_fill(&e);
	bytes = example_build(&e, &size);
	open_ok(bytes, size, &table);
	CHECK(iom_rimt_visit(&table, &all, &t) == IOM_OK);
	CHECK_STR(t.text, example_text);
	free(bytes);
}

TEST(a_visit_tells_the_place_of_a_pcie_iommu, "FW-RIMT-04")
{
	struct iom_rimt_table table;
	struct told t = { 0 };
	struct example e;
	uint8_t *bytes;
	size_t size;

	example_fill(&e);
	e.iommu[0] = (struct iom_rimt_iommu){
		.hardware_id = { 'x' }, .flags = 1, .segment = 0x12, .bdf = 0x8
	};
	bytes = example_build(&e, &size);
	open_ok(bytes, size, &table);
	CHECK(iom_rimt_visit(&table, &all, &t) == IOM_OK);
	CHECK(strstr(t.text, "iommu 0 x 0 flags 1 pxm 0 at 12:8 wires 0\nroot"));
	free(bytes);
}

TEST(a_visit_ends_where_the_visitor_says, "")
{
	const struct iom_rimt_visitor none = { .bytes = sizeof none };
	const struct iom_rimt_visitor unsized = { .iommu = on_iommu };
	struct iom_rimt_table table;

	open_ok(example_bytes, EXAMPLE_BYTES, &table);
	for (unsigned stop = 1; stop <= 9; stop++) {
		struct told t = { .stop_at = stop };

		CHECK(iom_rimt_visit(&table, &all, &t) == 42);
		CHECK_EQ(t.calls, stop);
		CHECK(!strncmp(t.text, example_text, strlen(t.text)));
	}
	CHECK(iom_rimt_visit(&table, &none, NULL) == IOM_OK);
	CHECK(iom_rimt_visit(&table, &unsized, NULL) == IOM_EINVAL);
}

TEST(unknown_nodes_are_passed_over, "FW-HDR-07 FW-HDR-09")
{
	/* One of 9 bytes in front, so that all others stand at odd addresses. */
	static const uint8_t unknown[9] = { 3, 1, 9, 0, 0, 0, 0x77, 0, 0xff };
	const size_t size = EXAMPLE_BYTES + sizeof unknown;
	struct iom_rimt_answer answer;
	struct iom_rimt_table table;
	struct told t = { 0 };
	uint8_t *bytes = malloc(size);

	CHECK(bytes);
	memcpy(bytes, example_bytes, EXAMPLE_IOMMU);
	memcpy(bytes + EXAMPLE_IOMMU, unknown, sizeof unknown);
	memcpy(bytes + EXAMPLE_IOMMU + sizeof unknown, example_bytes + EXAMPLE_IOMMU,
	       EXAMPLE_BYTES - EXAMPLE_IOMMU);
	put_le(bytes + 4, 4, size);
	put_le(bytes + 36, 4, 4);
	put_le(bytes + EXAMPLE_ROOT_MAP + sizeof unknown + 12, 4, EXAMPLE_IOMMU + sizeof unknown);
	put_le(bytes + EXAMPLE_DEVICE_MAP + sizeof unknown + 12, 4, EXAMPLE_IOMMU + sizeof unknown);
	mend_checksum(bytes, size);
	open_ok(bytes, size, &table);
	CHECK(iom_rimt_visit(&table, &all, &t) == IOM_OK);
	CHECK_STR(t.text, example_text);
	CHECK(iom_rimt_find_rid(&table, 0, 0x1234, &answer) == IOM_OK);
	CHECK_EQ(answer.device_id, 0x1234);
	free(bytes);
}

TEST(a_table_may_stand_at_any_address, "FW-HDR-09")
{
	for (unsigned shift = 0; shift < 8; shift++) {
		struct iom_rimt_table table;
		struct told t = { 0 };
		uint8_t bytes[EXAMPLE_BYTES + 8];

		memcpy(bytes + shift, example_bytes, EXAMPLE_BYTES);
		open_ok(bytes + shift, EXAMPLE_BYTES, &table);
		CHECK(iom_rimt_visit(&table, &all, &t) == IOM_OK);
		CHECK_STR(t.text, example_text);
	}
}

TEST(bytes_behind_the_table_are_not_its_own, "FW-HDR-02")
{
	struct iom_rimt_table table;
	uint8_t bytes[EXAMPLE_BYTES + 8];

	memset(bytes, 0x5a, sizeof bytes);
	memcpy(bytes, example_bytes, EXAMPLE_BYTES);
	open_ok(bytes, sizeof bytes, &table);
	CHECK_EQ(table.length, EXAMPLE_BYTES);
}

TEST(a_range_has_as_many_ids_as_it_counts, "RV-FW-04 FW-RIMT-08 FW-RIMT-10")
{
	struct iom_rimt_answer a;
	struct iom_rimt_table table;
	struct example e;
	uint8_t *bytes;
	size_t size;

	example_fill(&e);
	e.root_maps[0] = (struct iom_rimt_map){ 0x100, 0x10, 0x5000, 0, 1 };
	bytes = example_build(&e, &size);
	open_ok(bytes, size, &table);
	for (uint32_t rid = 0; rid < 0x10000; rid++) {
		bool in = rid >= 0x100 && rid < 0x110;

		memset(&a, 0xee, sizeof a);
		CHECK(iom_rimt_find_rid(&table, 0, (uint16_t)rid, &a) ==
		      (in ? IOM_OK : IOM_ENOENT));
		if (!in)
			continue;
		CHECK_EQ(a.device_id, 0x5000 + rid - 0x100);
		CHECK_EQ(a.iommu_id, 0);
		CHECK_EQ(a.iommu.base, 0x1bccd000);
		CHECK_EQ(a.map_flags, 1);
		CHECK_EQ(a.root_flags, 3);
	}
	CHECK(iom_rimt_find_rid(&table, 1, 0x100, &a) == IOM_ENOENT);
	free(bytes);
}

TEST(a_range_may_end_with_the_last_rid, "RV-FW-04")
{
	struct iom_rimt_answer a;
	struct iom_rimt_table table;

	open_ok(example_bytes, EXAMPLE_BYTES, &table);
	CHECK(iom_rimt_find_rid(&table, 0, 0, &a) == IOM_OK);
	CHECK_EQ(a.device_id, 0);
	CHECK(iom_rimt_find_rid(&table, 0, 0xffff, &a) == IOM_OK);
	CHECK_EQ(a.device_id, 0xffff);
}

TEST(an_iommu_that_is_a_function_is_behind_none, "RV-FW-04 FW-RIMT-10")
{
	struct iom_rimt_answer a;
	struct iom_rimt_table table;
	struct example e;
	uint8_t *bytes;
	size_t size;

	example_fill(&e);
	e.iommu[0] = (struct iom_rimt_iommu){ .flags = 1, .bdf = 8 };
	e.root_maps[0] = (struct iom_rimt_map){ 9, 0xfff7, 9, 0, 0 };
	e.root_maps[1] = (struct iom_rimt_map){ 0, 8, 0, 0, 0 };
	e.root[0].map_count = 2;
	bytes = example_build(&e, &size);
	open_ok(bytes, size, &table);
	for (uint16_t rid = 0; rid < 32; rid++) {
		int r = iom_rimt_find_rid(&table, 0, rid, &a);

		CHECK(r == (rid == 8 ? IOM_ENOENT : IOM_OK));
		if (!r)
			CHECK_EQ(a.device_id, rid);
	}
	free(bytes);
}

TEST(segments_and_iommus_are_told_apart, "FW-RIMT-08 FW-RIMT-09")
{
	struct iom_rimt_answer a;
	struct iom_rimt_table table;
	struct example e;
	uint8_t *bytes;
	size_t size;

	example_fill(&e);
	e.iommu[1] = (struct iom_rimt_iommu){ .base = 0x20000000 };
	e.rimt.iommu_count = 2;
	e.root_maps[0] = (struct iom_rimt_map){ 0, 0x8000, 0x10000, 0, 0 };
	e.root_maps[1] = (struct iom_rimt_map){ 0x8000, 0x8000, 0, 1, 2 };
	e.root[0].map_count = 2;
	e.root_maps[2] = (struct iom_rimt_map){ 0x7fff, 2, 0x70000, 1, 0 };
	e.root[1] = (struct iom_rimt_root){ 0, 7, 1, &e.root_maps[2] };
	e.rimt.root_count = 2;
	bytes = example_build(&e, &size);
	open_ok(bytes, size, &table);
	CHECK(iom_rimt_find_rid(&table, 0, 0x7fff, &a) == IOM_OK);
	CHECK(a.iommu_id == 0 && a.device_id == 0x17fff && a.iommu.base == 0x1bccd000);
	CHECK(iom_rimt_find_rid(&table, 0, 0x8000, &a) == IOM_OK);
	CHECK(a.iommu_id == 1 && a.device_id == 0 && a.iommu.base == 0x20000000);
	CHECK_EQ(a.map_flags, 2);
	CHECK(iom_rimt_find_rid(&table, 7, 0x8000, &a) == IOM_OK);
	CHECK(a.iommu_id == 1 && a.device_id == 0x70001 && a.root_flags == 0);
	CHECK(iom_rimt_find_rid(&table, 7, 0x8001, &a) == IOM_ENOENT);
	free(bytes);
}

TEST(platform_devices_are_found_by_name, "RV-FW-04 FW-RIMT-07 FW-RIMT-08 FW-RIMT-10")
{
	struct iom_rimt_answer a;
	struct iom_rimt_table table;
	struct example e;
	uint8_t *bytes;
	size_t size;

	example_fill(&e);
	e.device_maps[1] = (struct iom_rimt_map){ 0xfffffff0, 0x10, 0x30000, 0, 0 };
	e.device[0].map_count = 2;
	bytes = example_build(&e, &size);
	open_ok(bytes, size, &table);
	CHECK(iom_rimt_find_device(&table, "\\_SB.DEV0", 0, &a) == IOM_OK);
	CHECK(a.device_id == 0x20000 && a.map_flags == 3 && a.root_flags == 0);
	CHECK(iom_rimt_find_device(&table, "\\_SB.DEV0", 1, &a) == IOM_ENOENT);
	CHECK(iom_rimt_find_device(&table, "\\_SB.DEV0", 0xffffffef, &a) == IOM_ENOENT);
	CHECK(iom_rimt_find_device(&table, "\\_SB.DEV0", 0xfffffff0, &a) == IOM_OK);
	CHECK_EQ(a.device_id, 0x30000);
	CHECK(iom_rimt_find_device(&table, "\\_SB.DEV0", 0xffffffff, &a) == IOM_OK);
	CHECK_EQ(a.device_id, 0x3000f);
	CHECK(iom_rimt_find_device(&table, "\\_SB.DEV", 0, &a) == IOM_ENOENT);
	CHECK(iom_rimt_find_device(&table, "\\_SB.DEV00", 0, &a) == IOM_ENOENT);
	CHECK(iom_rimt_find_device(&table, "", 0, &a) == IOM_ENOENT);
	free(bytes);
}
