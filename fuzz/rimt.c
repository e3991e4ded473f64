/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Fuzz target: a RIMT that somebody else wrote.  The input says which bits differ from a small table
 * that is right, and what follows it; name, length and checksum are mended afterwards, unless the last
 * bit of the input says otherwise, because a fuzzer does not guess checksums.  What is accepted keeps
 * what iommux/rimt.h says of it, and gives the same answers when it is built again.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <iommux/rimt.h>

#include "firmware.h"
#include "target.h"

#define ARRAY 64

/* What a visit told, as it has to be told to the builder; `many`: more than there is room for. */
struct copy {
	struct iom_rimt_iommu iommus[ARRAY];
	uint16_t iommu_ids[ARRAY];
	struct iom_rimt_wire wires[ARRAY][ARRAY];
	struct iom_rimt_root roots[ARRAY];
	struct iom_rimt_map root_maps[ARRAY][ARRAY];
	struct iom_rimt_device devices[ARRAY];
	struct iom_rimt_map device_maps[ARRAY][ARRAY];
	unsigned iommu_count, root_count, device_count, told;
	bool many, of_device;
};

static int on_iommu(void *opaque, uint16_t id, const struct iom_rimt_iommu *iommu)
{
	struct copy *c = opaque;

	c->told = 0;
	if (c->iommu_count == ARRAY || iommu->wire_count > ARRAY)
		return c->many = true;
	c->iommu_ids[c->iommu_count] = id;
	c->iommus[c->iommu_count] = *iommu;
	c->iommus[c->iommu_count].flags &= 3;
	c->iommus[c->iommu_count].wires = c->wires[c->iommu_count];
	c->iommu_count++;
	return 0;
}

static int on_wire(void *opaque, uint16_t id, const struct iom_rimt_wire *wire)
{
	struct copy *c = opaque;

	(void)id;
	MUST(c->iommu_count && c->told < c->iommus[c->iommu_count - 1].wire_count);
	c->wires[c->iommu_count - 1][c->told] = *wire;
	c->wires[c->iommu_count - 1][c->told++].flags &= 3;
	return 0;
}

static int on_root(void *opaque, uint16_t id, const struct iom_rimt_root *root)
{
	struct copy *c = opaque;

	(void)id;
	c->told = 0;
	c->of_device = false;
	if (c->root_count == ARRAY || root->map_count > ARRAY)
		return c->many = true;
	c->roots[c->root_count] = *root;
	c->roots[c->root_count].flags &= 3;
	c->roots[c->root_count].maps = c->root_maps[c->root_count];
	c->root_count++;
	return 0;
}

static int on_device(void *opaque, uint16_t id, const struct iom_rimt_device *device)
{
	struct copy *c = opaque;

	(void)id;
	c->told = 0;
	c->of_device = true;
	if (c->device_count == ARRAY || device->map_count > ARRAY || !*device->name)
		return c->many = true;
	c->devices[c->device_count] = *device;
	c->devices[c->device_count].maps = c->device_maps[c->device_count];
	c->device_count++;
	return 0;
}

/* Ranges lead to IDs; they are numbered anew when the visit is over. */
static int on_map(void *opaque, uint16_t id, const struct iom_rimt_map *map)
{
	struct copy *c = opaque;
	struct iom_rimt_map *to = c->of_device ? &c->device_maps[c->device_count - 1][c->told]
	                                       : &c->root_maps[c->root_count - 1][c->told];

	(void)id;
	MUST(map->count && (uint64_t)map->device_id + map->count <= 0x1000000);
	*to = *map;
	to->flags &= 3;
	c->told++;
	return 0;
}

static void renumber(const struct copy *c, struct iom_rimt_map *maps, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint16_t index = 0;

		while (index < c->iommu_count && c->iommu_ids[index] != maps[i].iommu)
			index++;
		MUST(index < c->iommu_count);
		maps[i].iommu = index;
	}
}

static void same_answer(const struct copy *c, const struct iom_rimt_answer *was,
                        const struct iom_rimt_answer *is)
{
	MUST(is->device_id == was->device_id && is->iommu_id < c->iommu_count);
	MUST(c->iommu_ids[is->iommu_id] == was->iommu_id && is->iommu.base == was->iommu.base);
}

static void build_again(const struct iom_rimt_table *table, struct copy *c)
{
	struct iom_rimt rimt = {
		.bytes = sizeof rimt,
		.iommus = c->iommus,
		.iommu_count = c->iommu_count,
		.roots = c->roots,
		.root_count = c->root_count,
		.devices = c->devices,
		.device_count = c->device_count,
	};
	static uint8_t buf[IOM_RIMT_BYTES_MAX];
	struct iom_rimt_answer was, is;
	struct iom_rimt_table again;
	size_t bytes;

	for (unsigned i = 0; i < c->root_count; i++)
		renumber(c, c->root_maps[i], c->roots[i].map_count);
	for (unsigned i = 0; i < c->device_count; i++)
		renumber(c, c->device_maps[i], c->devices[i].map_count);
	MUST(iom_rimt_build(&rimt, buf, sizeof buf, &bytes, NULL) == IOM_OK);
	MUST(iom_rimt_open(buf, bytes, &again, NULL) == IOM_OK);
	for (unsigned i = 0; i < c->root_count; i++) {
		for (unsigned j = 0; j < c->roots[i].map_count; j++) {
			uint16_t segment = c->roots[i].segment;
			uint16_t rid = (uint16_t)c->root_maps[i][j].source;

			MUST(iom_rimt_find_rid(table, segment, rid, &was) == IOM_OK);
			MUST(iom_rimt_find_rid(&again, segment, rid, &is) == IOM_OK);
			same_answer(c, &was, &is);
		}
	}
	for (unsigned i = 0; i < c->device_count; i++) {
		for (unsigned j = 0; j < c->devices[i].map_count; j++) {
			const char *name = c->devices[i].name;
			uint32_t source = c->device_maps[i][j].source;

			MUST(iom_rimt_find_device(table, name, source, &was) == IOM_OK);
			MUST(iom_rimt_find_device(&again, name, source, &is) == IOM_OK);
			same_answer(c, &was, &is);
		}
	}
}

/* One IOMMU, two ranges of a root complex, a platform device */
static size_t small_table(uint8_t *buf, size_t size)
{
	static const struct iom_rimt_wire wires[2] = { { 32, 3 }, { 33, 3 } };
	static const struct iom_rimt_map maps[3] = {
		{ 9, 0xfff7, 9, 0, 0 },
		{ 0, 8, 0, 0, 1 },
		{ 0, 1, 0x20000, 0, 3 },
	};
	static const struct iom_rimt_iommu iommu = { .bdf = 8, .wire_count = 2, .wires = wires };
	static const struct iom_rimt_root root = { .map_count = 2, .maps = maps };
	static const struct iom_rimt_device device = { "\\_SB.DEV0", 1, &maps[2] };
	static const struct iom_rimt rimt = {
		.bytes = sizeof rimt,
		.iommus = &iommu,
		.iommu_count = 1,
		.roots = &root,
		.root_count = 1,
		.devices = &device,
		.device_count = 1,
	};
	size_t bytes;

	MUST(iom_rimt_build(&rimt, buf, size, &bytes, NULL) == IOM_OK);
	return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct iom_rimt_visitor visitor = {
		sizeof visitor, on_iommu, on_wire, on_root, on_device, on_map,
	};
	struct copy *c = calloc(1, sizeof *c);
	struct iom_rimt_table table;
	struct iom_error error;
	size_t bytes;
	uint8_t right[256];
	size_t least = small_table(right, sizeof right);
	uint8_t *own = firmware_table("RIMT", right, least, data, size, &bytes);

	MUST(c);
	if (iom_rimt_open(own, bytes, &table, &error) == IOM_OK) {
		MUST(iom_rimt_visit(&table, &visitor, c) == IOM_OK || c->many);
		if (!c->many)
			build_again(&table, c);
	} else {
		MUST(error.code == IOM_EINVAL && error.text[0]);
	}
	free(own);
	free(c);
	return 0;
}
