/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What the device tree says of the machine, and where its IOMMU is. */
#include "unit.h"

#include <string.h>

#include "../bed.h"
#include "../pci.h"
#include "cpu.h"
#include "fdt.h"

#define GIB UINT64_C(0x40000000)
#define FREE_OFFSET UINT64_C(0x8000000) /* of free memory, behind firmware and this program */
#define FREE_BYTES UINT64_C(0x4000000)

#define RANGE_CELLS 7u /* of a row of a PCI host's `ranges`: 3, 2 and 2 */
#define RANGE_MEMORY_32 0x02000000u
#define RANGE_KIND 0x03000000u

#define EXTERNAL_S 9u /* the interrupt of a hart that files of supervisor mode raise */

#define CAPABILITIES 0x00

struct unit_riscv unit_riscv;

static void find_bars(struct machine *machine)
{
	size_t bytes, row = 4ul * RANGE_CELLS;
	const uint8_t *ranges = fdt_property(unit_riscv.pci_host, "ranges", &bytes);

	for (; ranges && bytes >= row; ranges += row, bytes -= row)
		if ((fdt_number(ranges, 1) & RANGE_KIND) == RANGE_MEMORY_32) {
			machine->bars = fdt_number(ranges + 12, 2);
			machine->bars_end = machine->bars + fdt_number(ranges + 20, 2);
		}
}

/* There are files of machine mode as well. */
static void find_files(void)
{
	uint32_t node = 0;
	const uint8_t *value;
	size_t bytes;

	while ((node = fdt_find("compatible", "riscv,imsics", node))) {
		value = fdt_property(node, "interrupts-extended", &bytes);
		if (!value || bytes < 8 || fdt_number(value + 4, 1) != EXTERNAL_S)
			continue;
		value = fdt_property(node, "reg", &bytes);
		imsic_start(fdt_number(value, 2));
	}
}

bool machine_start(const void *boot, struct machine *machine)
{
	const uint8_t *reg;
	uint64_t base, size;
	size_t bytes;

	if (!fdt_start(boot)) {
		say("# the firmware passed no device tree\n");
		return false;
	}
	unit_riscv.pci_host = fdt_find("compatible", "pci-host-ecam-generic", 0);
	reg = fdt_property(fdt_find("device_type", "memory", 0), "reg", &bytes);
	if (!unit_riscv.pci_host || !reg) {
		say("# the device tree has no PCI host, or no memory\n");
		return false;
	}
	base = fdt_number(reg, 2);
	size = fdt_number(reg + 8, 2);
	machine->memory = base + FREE_OFFSET;
	machine->memory_end = machine->memory + FREE_BYTES;
	machine->far = base + size >= 5 * GIB ? 4 * GIB + PAGE : 0;
	reg = fdt_property(unit_riscv.pci_host, "reg", &bytes);
	machine->ecam = fdt_number(reg, 2);
	find_bars(machine);
	find_files();
	return true;
}

/* ---- The IOMMU ------------------------------------------------------------------------------- */

static void look_at(void *opaque, uint16_t rid)
{
	uint8_t space[IOM_RISCV_PCI_BYTES];
	uint64_t *registers = opaque;
	struct iom_error error;
	int err;

	if (pci_read(rid, 0x0b, 1) != 0x08 || pci_read(rid, 0x0a, 1) != 0x06)
		return;
	(void)pci_enable(rid);
	for (unsigned at = 0; at < sizeof space; at++)
		space[at] = (uint8_t)pci_read(rid, at, 1);
	err = iom_riscv_pci_find(space, &unit_riscv.found, &error);
	if (err) {
		say("# 0x%x: %s\n", (unsigned long long)rid, error.text);
		return;
	}
	if (unit_riscv.found.msix)
		pci_write(rid, unit_riscv.found.msix + 2u, 2, IOM_RISCV_PCI_MSIX_ENABLE);
	unit_riscv.is_pci = true;
	unit_riscv.rid = rid;
	unit_riscv.node = fdt_find("compatible", "riscv,pci-iommu", 0);
	*registers = unit_riscv.found.base;
}

static uint64_t find_platform(void)
{
	const uint8_t *reg;
	size_t bytes;

	unit_riscv.node = fdt_find("compatible", "riscv,iommu", 0);
	reg = unit_riscv.node ? fdt_property(unit_riscv.node, "reg", &bytes) : NULL;
	return reg ? fdt_number(reg, 2) : 0;
}

/* Messages where the machine has them, else wires. */
static void set_vectors(struct unit *unit)
{
	struct iom_interrupt_message message;

	unit->config = (struct iom_driver_config){ .bytes = sizeof unit->config };
	unit->config.vectors = unit_riscv.is_pci ? unit_riscv.found.vectors : 4;
	if (unit->config.vectors > UNIT_VECTORS)
		unit->config.vectors = UNIT_VECTORS;
	message = interrupts_message(0, VECTOR_UNIT);
	unit->config.msi_address = message.address;
	unit->config.msi_data = message.data;
}

static int bring_up(const struct iom_driver_config *config, const struct iom_os_host *host,
                    void *opaque, struct iom_driver **out, struct iom_error *error)
{
	return iom_driver_riscv(config, host, opaque, out, error);
}

bool unit_find(const uint16_t *rids, size_t count, struct unit *unit)
{
	uint32_t timebase = fdt_cell(fdt_find("timebase-frequency", NULL, 0), "timebase-frequency");

	(void)rids, (void)count;
	if (timebase)
		cpu_timebase(timebase);
	pci_visit(look_at, &unit->registers);
	unit->name = "RISC-V, PCI function";
	if (!unit->registers) {
		unit->registers = find_platform();
		unit->name = "RISC-V, platform device";
	}
	if (!unit->registers) {
		say("# there is no IOMMU\n");
		return false;
	}
	set_vectors(unit);
	unit->bring_up = bring_up;
	unit->codes = (struct unit_codes){
		.unattached = 258,
		.absent_read = 13,
		.absent_write = 15,
		.no_write = 15,
		.beyond = 15,
	};
	unit->leaf_lg2 = 30;
	unit->fault_unit = 1;
	unit_riscv.capabilities = mmio_read(unit->registers + CAPABILITIES, 8);
	say("# capabilities 0x%x\n", (unsigned long long)unit_riscv.capabilities);
	return true;
}
