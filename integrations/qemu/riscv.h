/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What the two devices with a RISC-V IOMMU share: a PCI function and a platform device. */
#ifndef IOMMUX_QEMU_RISCV_H
#define IOMMUX_QEMU_RISCV_H

#include "adapter.h"
#include "hw/qdev-properties.h"

#include <iommux/riscv.h>

/* capabilities.IGS */
#define IOMMUX_RISCV_IGS_MSI UINT64_C(0)
#define IOMMUX_RISCV_IGS_BOTH UINT64_C(2)

/* Properties of both. */
struct iommux_riscv {
	uint64_t capabilities; /* without version, IGS and PAS */
	uint8_t pas;
	uint8_t vectors;
	uint8_t ddt_levels;
	uint8_t queue_lg2;
	bool off;
	bool uncached;
};

/* A bit of the capabilities register. */
#define IOMMUX_RISCV_CAPABILITY(type, name, bit)                                                   \
	DEFINE_PROP_BIT64(name, type, riscv.capabilities, bit, true)

/* In which `type` holds a struct iommux_riscv as `riscv`, and the adapter as `adapter`. */
#define IOMMUX_RISCV_PROPERTIES(type)                                                              \
	IOMMUX_RISCV_CAPABILITY(type, "sv32", 8), IOMMUX_RISCV_CAPABILITY(type, "sv39", 9),        \
		IOMMUX_RISCV_CAPABILITY(type, "sv48", 10),                                         \
		IOMMUX_RISCV_CAPABILITY(type, "sv57", 11),                                         \
		IOMMUX_RISCV_CAPABILITY(type, "svrsw60t59b", 14),                                  \
		IOMMUX_RISCV_CAPABILITY(type, "svpbmt", 15),                                       \
		IOMMUX_RISCV_CAPABILITY(type, "sv32x4", 16),                                       \
		IOMMUX_RISCV_CAPABILITY(type, "sv39x4", 17),                                       \
		IOMMUX_RISCV_CAPABILITY(type, "sv48x4", 18),                                       \
		IOMMUX_RISCV_CAPABILITY(type, "sv57x4", 19),                                       \
		IOMMUX_RISCV_CAPABILITY(type, "amo-mrif", 21),                                     \
		IOMMUX_RISCV_CAPABILITY(type, "msi-flat", 22),                                     \
		IOMMUX_RISCV_CAPABILITY(type, "msi-mrif", 23),                                     \
		IOMMUX_RISCV_CAPABILITY(type, "amo-hwad", 24),                                     \
		IOMMUX_RISCV_CAPABILITY(type, "ats", 25),                                          \
		IOMMUX_RISCV_CAPABILITY(type, "t2gpa", 26),                                        \
		IOMMUX_RISCV_CAPABILITY(type, "end", 27),                                          \
		IOMMUX_RISCV_CAPABILITY(type, "hpm", 30),                                          \
		IOMMUX_RISCV_CAPABILITY(type, "dbg", 31),                                          \
		IOMMUX_RISCV_CAPABILITY(type, "pd8", 38),                                          \
		IOMMUX_RISCV_CAPABILITY(type, "pd17", 39),                                         \
		IOMMUX_RISCV_CAPABILITY(type, "pd20", 40),                                         \
		IOMMUX_RISCV_CAPABILITY(type, "qosid", 41),                                        \
		IOMMUX_RISCV_CAPABILITY(type, "nl", 42), IOMMUX_RISCV_CAPABILITY(type, "s", 43),   \
		DEFINE_PROP_UINT8("pas", type, riscv.pas, 56),                                     \
		DEFINE_PROP_UINT8("vectors", type, riscv.vectors, 4),                              \
		DEFINE_PROP_UINT8("ddt-levels", type, riscv.ddt_levels, 0),                        \
		DEFINE_PROP_UINT8("queue-lg2", type, riscv.queue_lg2, 0),                          \
		DEFINE_PROP_BOOL("off", type, riscv.off, false),                                   \
		DEFINE_PROP_BOOL("uncached", type, riscv.uncached, false), IOMMUX_PROPERTIES(type)

/*
 * Makes the unit that the properties describe, starts the adapter, and puts both in front of a root bus;
 * `flags` as in <iommux/riscv.h>.
 */
bool iommux_riscv_realize(const struct iommux_riscv *riscv, struct iommux_adapter *adapter,
                          DeviceState *device, PCIBus *bus, uint64_t igs, uint32_t flags,
                          Error **errp);

/*
 * riscv_tree.c: how the guest of the "virt" machine finds the unit.  A tree that came with -dtb gets no
 * nodes, and other machines none.
 */

/* A function of the PCI host. */
void iommux_riscv_tree_pci(PCIDevice *device);

/*
 * A platform device at `base`, with the wires `wires`.  The numbers of interrupt controllers are not known
 * yet when devices are realized: the tree is to be completed at the first reset.
 */
void iommux_riscv_tree_sys(uint64_t base, const uint32_t *wires, unsigned count, bool msi);
void iommux_riscv_tree_sys_complete(uint64_t base);

#endif
