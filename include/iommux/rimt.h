/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The ACPI table that tells which device is behind which RISC-V IOMMU, under which device_id
 * (RISC-V IO Mapping Table 1.0): written for firmware and emulators, read for kernels.  Freestanding,
 * and nothing is allocated.
 */
#ifndef IOMMUX_RIMT_H
#define IOMMUX_RIMT_H

#include <stddef.h>
#include <stdint.h>

#include <iommux/acpi.h>
#include <iommux/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Longer tables are neither written nor read: that bounds the time that checking one takes. */
#define IOM_RIMT_BYTES_MAX 65536u

/* ---- What a table says -------------------------------------------------------------------- */

/* Interrupt wires */
#define IOM_RIMT_WIRE_LEVEL 0x1u /* level-triggered; else edge */
#define IOM_RIMT_WIRE_HIGH 0x2u  /* active high; else low      */

struct iom_rimt_wire {
	uint32_t gsi;   /* global system interrupt */
	uint32_t flags; /* IOM_RIMT_WIRE_*         */
};

/* IOMMUs */
#define IOM_RIMT_IOMMU_PCIE 0x1u      /* a PCIe function, found by segment and bdf; else by base */
#define IOM_RIMT_IOMMU_PROXIMITY 0x2u /* proximity is valid                                      */

struct iom_rimt_iommu {
	char hardware_id[8]; /* platform device: its _HID, which all zeroes make "RSCV0004" when  */
			     /* a table is written; PCIe: vendor and device ID                */
	uint64_t base;       /* of its registers                                              */
	uint32_t flags;      /* IOM_RIMT_IOMMU_*                                              */
	uint32_t proximity;
	uint16_t segment, bdf;
	uint16_t wire_count; /* 0: messages only                                              */
	const struct iom_rimt_wire *wires;
};

/* A range of source IDs; the devices keep their distance from its beginning. */
#define IOM_RIMT_MAP_ATS 0x1u /* the devices need ATS */
#define IOM_RIMT_MAP_PRI 0x2u /* and PRI              */

struct iom_rimt_map {
	uint32_t source;    /* the first: a RID, or a number that the platform device gives     */
	uint32_t count;     /* how many; source + count is not in the range                     */
	uint32_t device_id; /* of the first, 24 bits as the whole range                         */
	uint16_t iommu;     /* writing: index into iommus; reading: the ID of that IOMMU's node */
	uint32_t flags;     /* IOM_RIMT_MAP_*                                                   */
};

/* PCIe root complexes */
#define IOM_RIMT_ROOT_ATS 0x1u
#define IOM_RIMT_ROOT_PRI 0x2u

struct iom_rimt_root {
	uint32_t flags; /* IOM_RIMT_ROOT_* */
	uint16_t segment;
	uint16_t map_count;
	const struct iom_rimt_map *maps;
};

struct iom_rimt_device {
	const char *name; /* the object in the ACPI namespace: "\\_SB.DEV0" */
	uint16_t map_count;
	const struct iom_rimt_map *maps;
};

/* ---- Writing ------------------------------------------------------------------------------ */

/* Nodes are numbered in the order of this struct: IOMMUs from 0, then root complexes, then devices. */
struct iom_rimt {
	size_t bytes; /* sizeof(struct iom_rimt) */
	struct iom_acpi_ids ids;
	const struct iom_rimt_iommu *iommus;
	size_t iommu_count;
	const struct iom_rimt_root *roots;
	size_t root_count;
	const struct iom_rimt_device *devices;
	size_t device_count;
};

/*
 * Writes the table to `buf`.  *bytes becomes its length.  IOM_ENOSPC: `size` is too small, and *bytes
 * says what it takes; `buf` may then be NULL.  IOM_EINVAL: iom_rimt_open would refuse the table, or a
 * field cannot hold what it is to hold; `error`, which may be NULL, says which, and `buf` may have
 * been written to.
 *
 * An IOMMU that is a PCIe function leaves its own RID out of its ranges.  Linux up to 7.1 takes one ID
 * too many at the end of a range, and the first range that fits: where two meet, put the upper first.
 */
int iom_rimt_build(const struct iom_rimt *rimt, void *buf, size_t size, size_t *bytes,
                   struct iom_error *error);

/* ---- Reading ------------------------------------------------------------------------------ */

/* A table that iom_rimt_open found sound.  Its bytes stay where they are, and as they are. */
struct iom_rimt_table {
	const void *data;
	size_t length;
};

/*
 * Checks the table that begins at `buf`, of which `size` bytes may be read: checksum and lengths; that
 * node IDs are unique; that ranges lead to IOMMUs, overlap no other range of their segment or device,
 * and lead no IOMMU to itself.  Nodes of unknown types are passed over.
 * IOM_EINVAL: it is not such a table; `error`, which may be NULL, says what is wrong, and where.
 */
int iom_rimt_open(const void *buf, size_t size, struct iom_rimt_table *out,
                  struct iom_error *error);

/*
 * Called in the order of the table, `id` being the node's; a function that is NULL is not called.  One
 * that returns something else than 0 ends the visit.  Arrays in what is told are NULL: wires and ranges
 * follow their node one by one.  Pointers hold for the duration of the call, names as long as the table.
 */
struct iom_rimt_visitor {
	size_t bytes; /* sizeof(struct iom_rimt_visitor) */
	int (*iommu)(void *opaque, uint16_t id, const struct iom_rimt_iommu *iommu);
	int (*wire)(void *opaque, uint16_t id, const struct iom_rimt_wire *wire);
	int (*root)(void *opaque, uint16_t id, const struct iom_rimt_root *root);
	int (*device)(void *opaque, uint16_t id, const struct iom_rimt_device *device);
	int (*map)(void *opaque, uint16_t id, const struct iom_rimt_map *map);
};

/* Returns IOM_OK, what a function of the visitor returned, or IOM_EINVAL for a visitor without size. */
int iom_rimt_visit(const struct iom_rimt_table *table, const struct iom_rimt_visitor *visitor,
                   void *opaque);

/* Where the DMA of a device arrives. */
struct iom_rimt_answer {
	uint32_t device_id;
	uint16_t iommu_id;           /* of the node              */
	struct iom_rimt_iommu iommu; /* the IOMMU, wires NULL    */
	uint32_t map_flags;          /* IOM_RIMT_MAP_*           */
	uint32_t root_flags;         /* IOM_RIMT_ROOT_*; 0 for platform devices */
};

/* A PCI function; ask for each RID under which its DMA may appear.  IOM_ENOENT: behind no IOMMU. */
int iom_rimt_find_rid(const struct iom_rimt_table *table, uint16_t segment, uint16_t rid,
                      struct iom_rimt_answer *answer);

/* A platform device, under its `source` ID (0 for one that has a single ID).  IOM_ENOENT: as above. */
int iom_rimt_find_device(const struct iom_rimt_table *table, const char *name, uint32_t source,
                         struct iom_rimt_answer *answer);

#ifdef __cplusplus
}
#endif
#endif
