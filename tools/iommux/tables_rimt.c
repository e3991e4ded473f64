/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* iommux tables: a RIMT. */
#include <string.h>

#include <iommux/rimt.h>

#include "tables.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void node(struct table_out *t, const char *type, uint16_t id)
{
	table_record(t, 1, "nodes", type);
	table_number(t, "id", id);
}

static int on_iommu(void *opaque, uint16_t id, const struct iom_rimt_iommu *iommu)
{
	static const char *const types[] = { "IOMMU", "PCIe IOMMU" };
	const bool pcie = iommu->flags & IOM_RIMT_IOMMU_PCIE;
	size_t len = 0;

	while (len < sizeof iommu->hardware_id && iommu->hardware_id[len])
		len++;
	node(opaque, types[pcie], id);
	table_text(opaque, "hardware_id", iommu->hardware_id, len);
	if (pcie) {
		table_number(opaque, "segment", iommu->segment);
		table_hex(opaque, "rid", iommu->bdf);
	} else {
		table_hex(opaque, "base", iommu->base);
	}
	if (iommu->flags & IOM_RIMT_IOMMU_PROXIMITY)
		table_number(opaque, "proximity", iommu->proximity);
	return 0;
}

static int on_wire(void *opaque, uint16_t id, const struct iom_rimt_wire *wire)
{
	static const struct table_flag names[] = {
		{ IOM_RIMT_WIRE_LEVEL, "LEVEL" },
		{ IOM_RIMT_WIRE_HIGH, "HIGH" },
	};

	(void)id;
	table_record(opaque, 2, "wires", "wire");
	table_number(opaque, "gsi", wire->gsi);
	table_flags(opaque, wire->flags, names, COUNT(names));
	return 0;
}

static const struct table_flag uses[] = { { IOM_RIMT_MAP_ATS, "ATS" },
	                                  { IOM_RIMT_MAP_PRI, "PRI" } };

static int on_root(void *opaque, uint16_t id, const struct iom_rimt_root *root)
{
	node(opaque, "root complex", id);
	table_number(opaque, "segment", root->segment);
	table_flags(opaque, root->flags, uses, COUNT(uses));
	return 0;
}

static int on_device(void *opaque, uint16_t id, const struct iom_rimt_device *device)
{
	node(opaque, "platform device", id);
	table_text(opaque, "name", device->name, strlen(device->name));
	return 0;
}

static int on_map(void *opaque, uint16_t id, const struct iom_rimt_map *map)
{
	(void)id;
	table_record(opaque, 2, "ranges", "range");
	table_hex(opaque, "source", map->source);
	table_hex(opaque, "count", map->count);
	table_hex(opaque, "device_id", map->device_id);
	table_number(opaque, "iommu", map->iommu);
	table_flags(opaque, map->flags, uses, COUNT(uses));
	return 0;
}

int table_rimt(struct table_out *out, const uint8_t *bytes, size_t size, struct iom_error *error)
{
	static const struct iom_rimt_visitor visitor = {
		sizeof visitor, on_iommu, on_wire, on_root, on_device, on_map,
	};
	struct iom_rimt_table table;
	int r = iom_rimt_open(bytes, size, &table, error);

	if (r)
		return r;
	table_head(out, bytes);
	(void)iom_rimt_visit(&table, &visitor, out);
	return IOM_OK;
}
