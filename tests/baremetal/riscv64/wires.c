/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The IOMMU's own interrupts by wire, to a PLIC: claimed from it, as a hart's handler would. */
#include "messages.h"

#include "../bed.h"
#include "fdt.h"
#include "unit.h"

#define PRIORITY(wire) (4ul * (wire))
#define ENABLE(context, wire) (0x2000ul + (context)*0x80ul + (wire) / 32 * 4)
#define THRESHOLD(context) (0x200000ul + (context)*0x1000ul)
#define CLAIM(context) (THRESHOLD(context) + 4)

#define CONTEXT 1u /* supervisor mode of hart 0 */

static uint64_t plic(void)
{
	uint32_t node = fdt_find("compatible", "riscv,plic0", 0);
	size_t bytes;
	const uint8_t *reg = node ? fdt_property(node, "reg", &bytes) : NULL;

	return reg ? fdt_number(reg, 2) : 0;
}

static void enable(uint64_t base, uint32_t wire)
{
	uint64_t at = base + ENABLE(CONTEXT, wire);

	mmio_write(base + PRIORITY(wire), 4, 1);
	mmio_write(at, 4, mmio_read(at, 4) | UINT64_C(1) << wire % 32);
}

/* Claims what there is; true: it is one of the IOMMU's wires, and nothing else. */
static bool claimed(uint64_t base, uint32_t first)
{
	uint32_t wire = (uint32_t)mmio_read(base + CLAIM(CONTEXT), 4);

	mmio_write(base + CLAIM(CONTEXT), 4, wire);
	return wire >= first && wire < first + bed.unit.config.vectors;
}

void wires(void)
{
	uint64_t base = plic();
	size_t bytes;
	const uint8_t *interrupts = fdt_property(unit_riscv.node, "interrupts", &bytes);
	uint32_t first;

	SKIP_IF(!base || unit_riscv.is_pci || bed.unit.config.msi_address, "there are no wires");
	CHECK(interrupts);
	first = (uint32_t)fdt_number(interrupts, 1);
	for (uint32_t n = 0; n < bed.unit.config.vectors; n++)
		enable(base, first + n);
	mmio_write(base + THRESHOLD(CONTEXT), 4, 0);
	(void)claimed(base, first);
	CHECK(!claimed(base, first));
	for (unsigned n = 0; n < DEVICES; n++) {
		CHECK(edu_store(&bed.device[n], 0, IOVA, 4));
		CHECK(claimed(base, first));
		CHECK_EQ(bed_faults(), 1);
		CHECK_EQ(bed.fault[0].requester, bed.device[n].rid);
	}
}
