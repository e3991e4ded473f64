/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Device-tree nodes of RISC-V IOMMUs in the tree of the "virt" machine.
 *
 * The machine makes its tree in two steps.  When devices are realized, the nodes of the PCI host and of
 * /soc are there, and take our properties; interrupt controllers come when the machine is complete.
 * Then the tree is packed and goes to a ROM, from which each reset copies it into the guest's memory.  What
 * needs the number of an interrupt controller is therefore told with a number of no meaning, and set in
 * the ROM before the first reset copies it.  A tree from dumpdtb still has the former, and may come back
 * with -dtb.
 */
#include "qemu/osdep.h"
#include "riscv.h"

#include "hw/boards.h"
#include "hw/loader.h"
#include "hw/pci/pci_device.h"
#include "hw/riscv/virt.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/units.h"
#include "system/device_tree.h"

#include <iommux/devicetree.h>
#include <libfdt.h>

#define NOBODY UINT32_C(0xfffffffe) /* no node has this phandle */
#define DTB_ALIGN (2 * MiB)         /* of the tree in memory: hw/riscv/boot.c */

struct node {
	void *fdt;
	char *path;
};

static int set_property(void *opaque, const char *name, const void *value, size_t bytes)
{
	const struct node *node = opaque;

	qemu_fdt_setprop(node->fdt, node->path, name, value, (int)bytes);
	return 0;
}

static RISCVVirtState *virt_machine(void)
{
	Object *machine = object_dynamic_cast(qdev_get_machine(), TYPE_RISCV_VIRT_MACHINE);

	return machine && MACHINE(machine)->fdt ? RISCV_VIRT_MACHINE(machine) : NULL;
}

/* The machine, if its tree is of its own making. */
static RISCVVirtState *tree_maker(void)
{
	RISCVVirtState *virt = virt_machine();

	return virt && !MACHINE(virt)->dtb ? virt : NULL;
}

static char *host_path(RISCVVirtState *virt)
{
	return g_strdup_printf("/soc/pci@%" HWADDR_PRIx, virt->memmap[VIRT_PCIE_ECAM].base);
}

static char *sys_path(uint64_t base)
{
	return g_strdup_printf("/soc/iommu@%" PRIx64, base);
}

/* All functions of the PCI host are behind the unit, but for itself. */
static void map_host(RISCVVirtState *virt, uint32_t phandle, const uint16_t *own, size_t owns)
{
	const struct iom_dt_range all = { .count = 0x10000, .phandle = phandle };
	g_autofree char *host = host_path(virt);
	uint8_t map[64];
	size_t bytes;
	int r = iom_dt_iommu_map(&all, 1, own, owns, map, sizeof map, &bytes, NULL);

	g_assert(r == IOM_OK);
	qemu_fdt_setprop(MACHINE(virt)->fdt, host, "iommu-map", map, (int)bytes);
}

void iommux_riscv_tree_pci(PCIDevice *device)
{
	RISCVVirtState *virt = tree_maker();

	if (!virt)
		return;

	g_autofree char *host = host_path(virt);
	uint16_t bdf = pci_get_bdf(device);
	g_autofree char *path =
		g_strdup_printf("%s/iommu@%x,%x", host, PCI_SLOT(bdf), PCI_FUNC(bdf));
	struct node node = { MACHINE(virt)->fdt, path };
	struct iom_dt_riscv_pci is = {
		.bytes = sizeof is,
		.vendor = pci_get_word(device->config + PCI_VENDOR_ID),
		.device = pci_get_word(device->config + PCI_DEVICE_ID),
		.bdf = bdf,
		.phandle = qemu_fdt_alloc_phandle(node.fdt),
	};
	int r;

	qemu_fdt_add_subnode(node.fdt, path);
	r = iom_dt_riscv_pci(&is, set_property, &node, NULL);
	g_assert(r == IOM_OK);
	map_host(virt, is.phandle, &bdf, 1);
}

void iommux_riscv_tree_sys(uint64_t base, const uint32_t *wires, unsigned count, bool msi)
{
	RISCVVirtState *virt = tree_maker();

	if (!virt)
		return;

	g_autofree char *path = sys_path(base);
	struct node node = { MACHINE(virt)->fdt, path };
	struct iom_dt_riscv is = {
		.bytes = sizeof is,
		.base = base,
		.phandle = qemu_fdt_alloc_phandle(node.fdt),
		/* The tree of a machine without IMSICs may not name any: Linux would wait for them. */
		.msi_parent = msi && virt->aia_type == VIRT_AIA_TYPE_APLIC_IMSIC ? NOBODY : 0,
		.wire_parent = NOBODY,
		.wire_cells = virt->aia_type == VIRT_AIA_TYPE_NONE ? FDT_PLIC_INT_CELLS
		                                                   : FDT_APLIC_INT_CELLS,
		.wire_count = count,
	};
	int r;

	memcpy(is.wires, wires, count * sizeof *wires);
	qemu_fdt_add_subnode(node.fdt, path);
	r = iom_dt_riscv(&is, set_property, &node, NULL);
	g_assert(r == IOM_OK);
	map_host(virt, is.phandle, NULL, 0);
}

/* Where the ROM has the machine's tree. */
static void *find_rom(RISCVVirtState *virt)
{
	const void *fdt = MACHINE(virt)->fdt;
	uint64_t bytes = fdt_totalsize(fdt), start = virt->memmap[VIRT_DRAM].base;
	uint64_t at = QEMU_ALIGN_DOWN(start + MACHINE(virt)->ram_size, DTB_ALIGN);

	for (; at >= start; at -= DTB_ALIGN) {
		void *rom = rom_ptr(at, bytes);

		if (rom && !memcmp(rom, fdt, bytes))
			return rom;
	}
	return NULL;
}

/* Gives a property of the unit's node that waits for it the number which another node has there. */
static bool copy_parent(void *fdt, int node, const char *name, int from)
{
	const void *is = fdt_getprop(fdt, node, name, NULL);
	const void *parent = fdt_getprop(fdt, from, name, NULL);

	return !is || ldl_be_p(is) != NOBODY ||
	       (parent && !fdt_setprop_inplace(fdt, node, name, parent, sizeof(uint32_t)));
}

void iommux_riscv_tree_sys_complete(uint64_t base)
{
	RISCVVirtState *virt = virt_machine();

	if (!virt)
		return;

	g_autofree char *path = sys_path(base), *host = host_path(virt);
	g_autofree char *uart =
		g_strdup_printf("/soc/serial@%" HWADDR_PRIx, virt->memmap[VIRT_UART0].base);
	void *fdt = MACHINE(virt)->fdt, *rom = find_rom(virt);
	int node = fdt_path_offset(fdt, path);

	/* One that came with -dtb may not want the unit, or know better. */
	if (node < 0)
		return;
	if (!rom || !copy_parent(fdt, node, "interrupt-parent", fdt_path_offset(fdt, uart)) ||
	    !copy_parent(fdt, node, "msi-parent", fdt_path_offset(fdt, host))) {
		error_report("the device tree of this machine has no interrupt controllers for %s "
		             "where they were expected; give it a tree with -dtb",
		             path);
		exit(1);
	}
	memcpy(rom, fdt, fdt_totalsize(fdt));
}
