/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A RIMT (RISC-V IO Mapping Table 1.0): where things stand in it, and its nodes.  Offsets of fields and
 * of arrays count from the beginning of their node, those of nodes from the beginning of the table.
 */
#ifndef PLATFORM_RIMT_H
#define PLATFORM_RIMT_H

#include <iommux/rimt.h>

#include "platform/acpi.h"

#define RIMT_SIGNATURE "RIMT"
#define RIMT_TABLE_REVISION 1
#define RIMT_NODE_COUNT 36  /* 32 bit */
#define RIMT_NODE_OFFSET 40 /* 32 bit */
#define RIMT_FIXED_BYTES 48

/* Every node */
enum rimt_type { RIMT_IOMMU, RIMT_ROOT, RIMT_DEVICE };
#define RIMT_TYPE 0 /* 8 bit */
#define RIMT_NODE_REVISION 1
#define RIMT_LENGTH 2 /* 16 bit */
#define RIMT_ID 6     /* 16 bit */
#define RIMT_HEAD_BYTES 8

/* IOMMU */
#define RIMT_IOMMU_HARDWARE_ID 8  /* 8 bytes */
#define RIMT_IOMMU_BASE 16        /* 64 bit  */
#define RIMT_IOMMU_FLAGS 24       /* 32 bit  */
#define RIMT_IOMMU_PROXIMITY 28   /* 32 bit  */
#define RIMT_IOMMU_SEGMENT 32     /* 16 bit  */
#define RIMT_IOMMU_BDF 34         /* 16 bit  */
#define RIMT_IOMMU_WIRE_COUNT 36  /* 16 bit  */
#define RIMT_IOMMU_WIRE_OFFSET 38 /* 16 bit  */
#define RIMT_IOMMU_BYTES 40

/* Interrupt wire */
#define RIMT_WIRE_GSI 0
#define RIMT_WIRE_FLAGS 4
#define RIMT_WIRE_BYTES 8

/* PCIe root complex */
#define RIMT_ROOT_FLAGS 8       /* 32 bit */
#define RIMT_ROOT_SEGMENT 14    /* 16 bit */
#define RIMT_ROOT_MAP_OFFSET 16 /* 16 bit */
#define RIMT_ROOT_MAP_COUNT 18  /* 16 bit */
#define RIMT_ROOT_BYTES 20

/* Platform device */
#define RIMT_DEVICE_MAP_OFFSET 8 /* 16 bit */
#define RIMT_DEVICE_MAP_COUNT 10 /* 16 bit */
#define RIMT_DEVICE_NAME 12      /* to its NUL; zeroes to the next multiple of 4 */

/* ID mapping, all fields of 32 bit */
#define RIMT_MAP_SOURCE 0
#define RIMT_MAP_COUNT 4
#define RIMT_MAP_DEVICE_ID 8
#define RIMT_MAP_IOMMU 12 /* offset in the table */
#define RIMT_MAP_FLAGS 16
#define RIMT_MAP_BYTES 20

/* ---- Nodes --------------------------------------------------------------------------------- */

struct rimt_node {
	struct acpi_span span;
	uint32_t offset;
	uint8_t type;
	uint16_t id;
};

struct rimt_nodes {
	struct acpi_list list;
	uint32_t left;
};

struct rimt_nodes rimt_nodes_of(const struct iom_rimt_table *table);
/* Takes the next one; IOM_ENOENT after the last, IOM_EINVAL with a sentence if it leaves the table. */
int rimt_next_node(struct rimt_nodes *nodes, struct rimt_node *node, struct iom_error *error);
/* The IOMMU whose node begins at `offset`; false if there is none. */
bool rimt_find_iommu(const struct iom_rimt_table *table, uint32_t offset, struct rimt_node *node);

static inline bool rimt_known(const struct rimt_node *n)
{
	return n->type <= RIMT_DEVICE;
}

/* An array inside a node: offset and count as the node says them. */
struct rimt_array {
	uint16_t at, count;
};

struct rimt_array rimt_wires_of(const struct rimt_node *n);
struct rimt_array rimt_maps_of(const struct rimt_node *n); /* none of an IOMMU */

struct iom_rimt_iommu rimt_decode_iommu(const struct rimt_node *n);
struct iom_rimt_root rimt_decode_root(const struct rimt_node *n);
/* The bytes that a device's name and its NUL have to fit in. */
struct acpi_span rimt_name_span(const struct rimt_node *n);

struct rimt_range {
	uint32_t source, count, device_id, iommu, flags;
};

struct rimt_range rimt_decode_map(const struct rimt_node *n, unsigned i);

static inline bool rimt_range_has(const struct rimt_range *r, uint32_t source)
{
	return source >= r->source && source - r->source < r->count;
}

#endif
