/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Device-tree nodes of IOMMUs (bindings riscv,iommu and pci-iommu): what their properties hold, for
 * programs that write trees with libfdt or with a writer of their own.  Freestanding.
 */
#ifndef IOMMUX_DEVICETREE_H
#define IOMMUX_DEVICETREE_H

#include <stddef.h>
#include <stdint.h>

#include <iommux/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Takes one property of the node: `bytes` bytes as the tree holds them, cells in big-endian order, good
 * for the duration of the call.  Something else than 0 ends the telling, and is what the caller gets.
 */
typedef int (*iom_property_fn)(void *opaque, const char *name, const void *value, size_t bytes);

/* Types of an interrupt in its second cell */
#define IOM_DT_EDGE_RISING 1u
#define IOM_DT_LEVEL_HIGH 4u

#define IOM_DT_WIRES_MAX 4u /* that the binding allows */

/* A RISC-V IOMMU that is no PCI function.  All zeroes but base and `bytes` is one without interrupts. */
struct iom_dt_riscv {
	size_t bytes;           /* sizeof(struct iom_dt_riscv)                                */
	const char *compatible; /* before "riscv,iommu"; NULL: "qemu,riscv-iommu"             */
	uint64_t base, size;    /* of the registers; size 0: 4096                             */
	uint32_t address_cells; /* #address-cells of the node above, 1 or 2; 0: 2             */
	uint32_t size_cells;    /* its #size-cells, 1 or 2; 0: 2                              */
	uint32_t phandle;       /* of this node; 0: none                                      */
	uint32_t msi_parent;    /* phandle of the IMSICs; 0: no messages                      */
	uint32_t wire_parent;   /* phandle of the controller of the wires; 0: no wires        */
	uint32_t wire_cells;    /* its #interrupt-cells, 1 or 2; 0: 2                         */
	uint32_t wire_type;     /* IOM_DT_*, told if there are two cells; 0: IOM_DT_LEVEL_HIGH */
	uint32_t wire_count;    /* up to IOM_DT_WIRES_MAX                                     */
	uint32_t wires[IOM_DT_WIRES_MAX]; /* their numbers there, in the order of vectors     */
};

/* A RISC-V IOMMU that is a PCI function; its node stands below the one of its PCI host. */
struct iom_dt_riscv_pci {
	size_t bytes; /* sizeof(struct iom_dt_riscv_pci)   */
	uint16_t vendor, device;
	uint16_t bdf;
	uint32_t phandle; /* of this node; 0: none         */
};

/*
 * Tell the properties of a node, in the order in which the binding has them.  The node is to be called
 * "iommu@..." by its creator.  IOM_EINVAL: the description contradicts the binding; nothing was told, and
 * `error`, which may be NULL, says why.
 */
int iom_dt_riscv(const struct iom_dt_riscv *node, iom_property_fn property, void *opaque,
                 struct iom_error *error);
int iom_dt_riscv_pci(const struct iom_dt_riscv_pci *node, iom_property_fn property, void *opaque,
                     struct iom_error *error);

/* A range of requester IDs of a PCI host that an IOMMU of one #iommu-cells serves. */
struct iom_dt_range {
	uint32_t rid, count; /* rid + count is not in the range */
	uint32_t phandle;    /* of the IOMMU                    */
	uint32_t id;         /* of the first; the others keep their distance */
};

/*
 * Writes the property iommu-map of a PCI host to `buf`: the ranges, without the RIDs in `own`, which are
 * those of IOMMUs that are functions of that host; `own` may be NULL if `owns` is 0.  *bytes becomes
 * the length.  IOM_ENOSPC: `size` is too small, and *bytes says what it takes; `buf` may then be NULL.
 * IOM_EINVAL: a range is empty or goes beyond RID 0xffff, two overlap, or a phandle is 0.
 */
int iom_dt_iommu_map(const struct iom_dt_range *ranges, size_t count, const uint16_t *own,
                     size_t owns, void *buf, size_t size, size_t *bytes, struct iom_error *error);

#ifdef __cplusplus
}
#endif
#endif
