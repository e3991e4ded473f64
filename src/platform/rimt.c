/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The nodes of a RIMT, one by one, and what their bytes mean.  Every field is read through a span that
 * ends where its node ends: a table that changes under its reader gives wrong answers at worst.
 */
#include "platform/rimt.h"

static struct acpi_span table_span(const struct iom_rimt_table *table)
{
	return (struct acpi_span){ table->data, table->length };
}

struct rimt_nodes rimt_nodes_of(const struct iom_rimt_table *table)
{
	struct acpi_span s = table_span(table);

	return (struct rimt_nodes){
		{ s, acpi_32(s, RIMT_NODE_OFFSET), RIMT_HEAD_BYTES, RIMT_LENGTH },
		acpi_32(s, RIMT_NODE_COUNT),
	};
}

int rimt_next_node(struct rimt_nodes *nodes, struct rimt_node *node, struct iom_error *error)
{
	size_t at = nodes->list.at;
	int r;

	if (!nodes->left)
		return IOM_ENOENT;
	if ((r = acpi_next(&nodes->list, &node->span, error)))
		return r;
	nodes->left--;
	node->offset = (uint32_t)at;
	node->type = acpi_8(node->span, RIMT_TYPE);
	node->id = acpi_16(node->span, RIMT_ID);
	return IOM_OK;
}

bool rimt_find_iommu(const struct iom_rimt_table *table, uint32_t offset, struct rimt_node *node)
{
	struct rimt_nodes nodes = rimt_nodes_of(table);

	while (rimt_next_node(&nodes, node, NULL) == IOM_OK) {
		if (node->offset == offset)
			return node->type == RIMT_IOMMU;
	}
	return false;
}

struct rimt_array rimt_wires_of(const struct rimt_node *n)
{
	return (struct rimt_array){ acpi_16(n->span, RIMT_IOMMU_WIRE_OFFSET),
		                    acpi_16(n->span, RIMT_IOMMU_WIRE_COUNT) };
}

struct rimt_array rimt_maps_of(const struct rimt_node *n)
{
	if (n->type == RIMT_ROOT)
		return (struct rimt_array){ acpi_16(n->span, RIMT_ROOT_MAP_OFFSET),
			                    acpi_16(n->span, RIMT_ROOT_MAP_COUNT) };
	if (n->type == RIMT_DEVICE)
		return (struct rimt_array){ acpi_16(n->span, RIMT_DEVICE_MAP_OFFSET),
			                    acpi_16(n->span, RIMT_DEVICE_MAP_COUNT) };
	return (struct rimt_array){ 0, 0 };
}

struct iom_rimt_iommu rimt_decode_iommu(const struct rimt_node *n)
{
	struct iom_rimt_iommu iommu = {
		.base = acpi_64(n->span, RIMT_IOMMU_BASE),
		.flags = acpi_32(n->span, RIMT_IOMMU_FLAGS),
		.proximity = acpi_32(n->span, RIMT_IOMMU_PROXIMITY),
		.segment = acpi_16(n->span, RIMT_IOMMU_SEGMENT),
		.bdf = acpi_16(n->span, RIMT_IOMMU_BDF),
		.wire_count = acpi_16(n->span, RIMT_IOMMU_WIRE_COUNT),
	};

	for (unsigned i = 0; i < sizeof iommu.hardware_id; i++)
		iommu.hardware_id[i] = (char)acpi_8(n->span, RIMT_IOMMU_HARDWARE_ID + i);
	return iommu;
}

struct iom_rimt_root rimt_decode_root(const struct rimt_node *n)
{
	return (struct iom_rimt_root){
		.flags = acpi_32(n->span, RIMT_ROOT_FLAGS),
		.segment = acpi_16(n->span, RIMT_ROOT_SEGMENT),
		.map_count = acpi_16(n->span, RIMT_ROOT_MAP_COUNT),
	};
}

struct acpi_span rimt_name_span(const struct rimt_node *n)
{
	struct rimt_array maps = rimt_maps_of(n);
	size_t end = maps.count ? maps.at : n->span.bytes;

	return acpi_part(n->span, RIMT_DEVICE_NAME,
	                 end > RIMT_DEVICE_NAME ? end - RIMT_DEVICE_NAME : 0);
}

struct rimt_range rimt_decode_map(const struct rimt_node *n, unsigned i)
{
	struct acpi_span s =
		acpi_part(n->span, rimt_maps_of(n).at + (size_t)i * RIMT_MAP_BYTES, RIMT_MAP_BYTES);

	return (struct rimt_range){
		.source = acpi_32(s, RIMT_MAP_SOURCE),
		.count = acpi_32(s, RIMT_MAP_COUNT),
		.device_id = acpi_32(s, RIMT_MAP_DEVICE_ID),
		.iommu = acpi_32(s, RIMT_MAP_IOMMU),
		.flags = acpi_32(s, RIMT_MAP_FLAGS),
	};
}
