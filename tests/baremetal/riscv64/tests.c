/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What is RISC-V's own: the device tree, pages of 64 KiB, guests' tables; and the list. */
#include <string.h>

#include <iommux/devicetree.h>

#include "../bed.h"
#include "../tests.h"
#include "fdt.h"
#include "messages.h"
#include "unit.h"

/* ---- The device tree ------------------------------------------------------------------------- */

#define PCI_IOMMU_BYTES_MAX 64u

/* The library's opinion of a property, against the tree's. */
static int compare(void *opaque, const char *name, const void *value, size_t bytes)
{
	uint32_t node = *(uint32_t *)opaque;
	size_t has;
	const uint8_t *there = fdt_property(node, name, &has);

	/* What the device is called has a test of its own. */
	if (name[0] == 'c')
		return 0;
	if (there && has == bytes && !memcmp(there, value, bytes))
		return 0;
	say("# %s is not what the library would write\n", name);
	return 1;
}

static void node_of_pci(void)
{
	struct iom_dt_riscv_pci node = { .bytes = sizeof node };
	struct iom_error error;

	SKIP_IF(!unit_riscv.is_pci || !unit_riscv.node, "no such node");
	node.vendor = unit_riscv.found.vendor;
	node.device = unit_riscv.found.device;
	node.bdf = unit_riscv.rid;
	node.phandle = fdt_cell(unit_riscv.node, "phandle");
	CHECK(!iom_dt_riscv_pci(&node, compare, &unit_riscv.node, &error));
}

static uint32_t node_with(uint32_t phandle)
{
	uint32_t node = 0;

	do
		node = fdt_find("phandle", NULL, node);
	while (node && fdt_cell(node, "phandle") != phandle);
	return node;
}

static void node_of_platform(void)
{
	size_t bytes, wires;
	const uint8_t *compatible, *interrupts;
	struct iom_dt_riscv node = { .bytes = sizeof node };
	struct iom_error error;

	SKIP_IF(unit_riscv.is_pci, "no such node");
	compatible = fdt_property(unit_riscv.node, "compatible", &bytes);
	interrupts = fdt_property(unit_riscv.node, "interrupts", &wires);
	node.compatible = (const char *)compatible;
	node.base = bed.unit.registers;
	node.phandle = fdt_cell(unit_riscv.node, "phandle");
	node.msi_parent = fdt_cell(unit_riscv.node, "msi-parent");
	node.wire_parent = fdt_cell(unit_riscv.node, "interrupt-parent");
	node.wire_cells = fdt_cell(node_with(node.wire_parent), "#interrupt-cells");
	CHECK(node.wire_cells == 1 || node.wire_cells == 2);
	node.wire_count = (uint32_t)(wires / (4 * node.wire_cells));
	CHECK(node.wire_count <= IOM_DT_WIRES_MAX);
	for (uint32_t n = 0; n < node.wire_count; n++)
		node.wires[n] = (uint32_t)fdt_number(interrupts + 4ul * node.wire_cells * n, 1);
	node.wire_type = (uint32_t)fdt_number(interrupts + 4, 1);
	CHECK(!iom_dt_riscv(&node, compare, &unit_riscv.node, &error));
}

/* Bindings riscv,iommu and pci-iommu: two names, the device's own and the kind's. */
static void names(void)
{
	size_t bytes;
	const uint8_t *list = fdt_property(unit_riscv.node, "compatible", &bytes);
	unsigned count = 0;

	CHECK(list);
	for (size_t n = 0; n < bytes; n++)
		count += !list[n];
	CHECK_EQ(count, 2);
}

static void map_of_pci(void)
{
	const struct iom_dt_range all = { .count = 0x10000,
		                          .phandle = fdt_cell(unit_riscv.node, "phandle") };
	uint8_t map[PCI_IOMMU_BYTES_MAX];
	struct iom_error error;
	size_t bytes, has;
	const uint8_t *there = fdt_property(unit_riscv.pci_host, "iommu-map", &has);

	CHECK(!iom_dt_iommu_map(&all, 1, &unit_riscv.rid, unit_riscv.is_pci, map, sizeof map,
	                        &bytes, &error));
	CHECK(there);
	CHECK_EQ(has, bytes);
	CHECK(!memcmp(there, map, bytes));
}

/* ---- Pages of 64 KiB (Svnapot) --------------------------------------------------------------- */

static void pages_of_64k(void)
{
	enum { BYTES = 0x10000 };
	uint8_t *memory = bed_memory(BYTES);
	struct iom_domain *domain = bed_domain(IOM_DOMAIN_STAGE1);

	CHECK(domain);
	CHECK(!iom_domain_map(domain, IOVA, phys(memory), BYTES, RIGHTS));
	CHECK(!iom_domain_attach(domain, bed.device[0].rid));
	for (unsigned at = 0; at < BYTES; at += 5 * PAGE)
		CHECK(bed_arrives(0, IOVA + at, memory + at, 64));
	CHECK_EQ(bed_faults(), 0);
	CHECK(!bed_unmap(domain, IOVA, BYTES));
	for (unsigned at = 0; at < BYTES; at += 5 * PAGE)
		CHECK(bed_refused(0, IOVA + at));
}

/* ---- Guests' tables -------------------------------------------------------------------------- */

/* The guest's memory, where the guest sees it: three tables of Sv39, and pages of data. */
#define GPA UINT64_C(0x90000000)
#define GUEST_PAGES 8u
#define GUEST_IOVA UINT64_C(0x1234567000)

#define PTE_TABLE 0x01u
#define PTE_LEAF 0xd7u /* valid, read, write, user, accessed, dirty */

static uint64_t pte(uint64_t gpa, uint64_t flags)
{
	return gpa >> 12 << 10 | flags;
}

static unsigned index_of(uint64_t iova, unsigned level)
{
	return (unsigned)(iova >> (12 + 9 * level) & 511);
}

/* The guest's tables let GUEST_IOVA lead to its page number `page`. */
static void guest_maps(uint8_t *memory, unsigned page)
{
	uint64_t *root = (void *)memory, *middle = (void *)(memory + PAGE);
	uint64_t *last = (void *)(memory + 2 * PAGE);

	root[index_of(GUEST_IOVA, 2)] = pte(GPA + PAGE, PTE_TABLE);
	middle[index_of(GUEST_IOVA, 1)] = pte(GPA + 2 * PAGE, PTE_TABLE);
	last[index_of(GUEST_IOVA, 0)] = page ? pte(GPA + page * PAGE, PTE_LEAF) : 0;
}

/* The guest's tables let GUEST_IOVA lead to page 4, and the hypervisor gives it the first six. */
static struct iom_domain *guest(uint8_t *memory, struct iom_domain *parent)
{
	const struct iom_stage stage = { .root = GPA, .format = IOM_FORMAT_RISCV_SV39 };
	struct iom_domain *domain;
	struct iom_error error;

	guest_maps(memory, 4);
	if (iom_domain_map(parent, GPA, phys(memory), 6ul * PAGE, RIGHTS) ||
	    iom_domain_new_nested(parent, &stage, &domain, &error))
		return NULL;
	bed_keep(domain);
	return iom_domain_attach(domain, bed.device[0].rid) ? NULL : domain;
}

/* The guest moves its page to another one. */
static int guest_moves(struct iom_domain *domain, uint8_t *memory, unsigned page)
{
	guest_maps(memory, page);
	return iom_domain_invalidate(domain, GUEST_IOVA, GUEST_IOVA + PAGE - 1, false);
}

static void nested(void)
{
	uint8_t *memory = bed_memory(GUEST_PAGES * PAGE);
	struct iom_domain *parent = bed_domain(IOM_DOMAIN_STAGE2), *domain;

	SKIP_IF(!parent, "no second stage");
	domain = guest(memory, parent);
	CHECK(domain);
	CHECK(bed_arrives(0, GUEST_IOVA, memory + 4 * PAGE, 64));
	CHECK(bed_refused(0, GUEST_IOVA + PAGE));
	CHECK_EQ(bed.fault[0].code, 15);
	CHECK(!guest_moves(domain, memory, 5));
	memset(memory + 4 * PAGE, 0, PAGE);
	CHECK(bed_arrives(0, GUEST_IOVA, memory + 5 * PAGE, 64));
	CHECK(!memory[4 * PAGE]);
	CHECK_EQ(bed_faults(), 0);
}

static void nested_beyond(void)
{
	uint8_t *memory = bed_memory(GUEST_PAGES * PAGE);
	struct iom_domain *parent = bed_domain(IOM_DOMAIN_STAGE2), *domain;

	SKIP_IF(!parent, "no second stage");
	domain = guest(memory, parent);
	CHECK(domain);
	CHECK(!guest_moves(domain, memory, 6));
	CHECK(bed_refused(0, GUEST_IOVA + 0x124));
	CHECK_EQ(bed.fault[0].code, 23);
	CHECK_EQ(bed.fault[0].gpa & ~UINT64_C(0xfff), GPA + 6 * PAGE);
	CHECK(!iom_domain_map(parent, GPA + 6 * PAGE, phys(memory) + 7 * PAGE, PAGE, RIGHTS));
	CHECK(bed_arrives(0, GUEST_IOVA, memory + 7 * PAGE, 64));
}

/* What was found through both stages goes with what the second one said. */
static void nested_taken(void)
{
	uint8_t *memory = bed_memory(GUEST_PAGES * PAGE);
	struct iom_domain *parent = bed_domain(IOM_DOMAIN_STAGE2), *domain;

	SKIP_IF(!parent, "no second stage");
	domain = guest(memory, parent);
	CHECK(domain);
	CHECK(bed_arrives(0, GUEST_IOVA, memory + 4 * PAGE, 64));
	CHECK(!bed_unmap(parent, GPA + 4 * PAGE, PAGE));
	CHECK(bed_refused(0, GUEST_IOVA));
	CHECK_EQ(bed.fault[0].code, 23);
}

const struct test machine_tests[] = {
	{ "device tree: node of the PCI IOMMU", node_of_pci },
	{ "device tree: node of the platform IOMMU", node_of_platform },
	{ "device tree: the IOMMU's two names", names },
	{ "device tree: iommu-map", map_of_pci },
	{ "map: pages of 64 KiB", pages_of_64k },
	{ "nested: a guest's tables", nested },
	{ "nested: a guest beyond its memory", nested_beyond },
	{ "nested: memory is taken from a guest", nested_taken },
	{ "message: to an interrupt file that is mapped", message_mapped },
	{ "message: refused where nothing is mapped", message_refused },
	{ "message: a guest's files move", message_guest },
	{ "message: refused where a guest has no file", message_guest_refused },
	{ "message: the record of it tells the address", message_guest_address },
	{ "message: to a file in memory, with a notice", message_in_memory },
	{ "message: to a file in memory, an identity above 63", message_second_group },
	{ "message: to a file in memory, not enabled, with a notice", message_not_enabled },
	{ "wires: a fault is heard", wires },
};

const size_t machine_test_count = COUNT(machine_tests);
