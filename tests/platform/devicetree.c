/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Device-tree nodes, put into a tree by libfdt and read back by it, against what the bindings
 * riscv,iommu and pci-iommu ask for.
 */
#include <iommux/devicetree.h>

#include "../test.h"

#include <libfdt.h>
#include <string.h>

struct tree {
	uint8_t blob[4096];
	char order[256]; /* names of the properties as they came */
	int node;
	unsigned stop_at, calls;
};

static int set(void *opaque, const char *name, const void *value, size_t bytes)
{
	struct tree *t = opaque;

	if (++t->calls == t->stop_at)
		return 42;
	strcat(strcat(t->order, name), " ");
	return fdt_setprop(t->blob, t->node, name, value, (int)bytes);
}

static void plant(struct tree *t)
{
	memset(t, 0, sizeof *t);
	CHECK_EQ(fdt_create_empty_tree(t->blob, sizeof t->blob), 0);
	t->node = fdt_add_subnode(t->blob, 0, "iommu@1bccd000");
	CHECK(t->node > 0);
}

/* The property holds exactly these cells. */
static void cells_are(const struct tree *t, const char *name, unsigned n, const uint32_t *cells)
{
	int len;
	const fdt32_t *p = fdt_getprop(t->blob, t->node, name, &len);

	CHECK_MSG(p, "%s is missing", name);
	CHECK_MSG(len == (int)n * 4, "%s has %d bytes", name, len);
	for (unsigned i = 0; i < n; i++)
		CHECK_MSG(fdt32_ld(p + i) == cells[i], "%s: cell %u is 0x%x, should be 0x%x", name,
		          i, fdt32_ld(p + i), cells[i]);
}

#define CELLS(t, name, ...)                                                                        \
	cells_are(t, name, sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t),                 \
	          (uint32_t[]){ __VA_ARGS__ })

static void compatible_is(const struct tree *t, const char *first, const char *second)
{
	int len;

	CHECK_EQ(fdt_stringlist_count(t->blob, t->node, "compatible"), 2);
	CHECK_STR(fdt_stringlist_get(t->blob, t->node, "compatible", 0, &len), first);
	CHECK_STR(fdt_stringlist_get(t->blob, t->node, "compatible", 1, &len), second);
}

TEST(a_node_with_wires, "RV-FW-02 FW-DT-07")
{
	const struct iom_dt_riscv node = {
		.bytes = sizeof node,
		.base = 0x11bccd000,
		.phandle = 7,
		.wire_parent = 3,
		.wire_count = 4,
		.wires = { 32, 33, 34, 35 },
	};
	struct iom_error error;
	struct tree t;

	plant(&t);
	CHECK(iom_dt_riscv(&node, set, &t, &error) == 0);
	compatible_is(&t, "qemu,riscv-iommu", "riscv,iommu");
	CELLS(&t, "reg", 1, 0x1bccd000, 0, 0x1000);
	CELLS(&t, "#iommu-cells", 1);
	CELLS(&t, "interrupt-parent", 3);
	CELLS(&t, "interrupts", 32, 4, 33, 4, 34, 4, 35, 4);
	CELLS(&t, "phandle", 7);
	CHECK(!fdt_getprop(t.blob, t.node, "msi-parent", NULL));
	CHECK_EQ(fdt_get_phandle(t.blob, t.node), 7);
	CHECK_STR(t.order, "compatible reg #iommu-cells interrupt-parent interrupts phandle ");
}

TEST(a_node_with_messages, "RV-FW-02 FW-DT-07")
{
	const struct iom_dt_riscv node = {
		.bytes = sizeof node,
		.compatible = "vendor,x",
		.base = 0x1bccd000,
		.size = 0x10000,
		.address_cells = 1,
		.size_cells = 1,
		.msi_parent = 9,
	};
	struct tree t;

	plant(&t);
	CHECK(iom_dt_riscv(&node, set, &t, NULL) == 0);
	compatible_is(&t, "vendor,x", "riscv,iommu");
	CELLS(&t, "reg", 0x1bccd000, 0x10000);
	CELLS(&t, "msi-parent", 9);
	CHECK_STR(t.order, "compatible reg #iommu-cells msi-parent ");
}

TEST(a_node_on_a_controller_without_types, "FW-DT-07")
{
	struct iom_dt_riscv node = {
		.bytes = sizeof node,
		.base = 0x1000,
		.wire_parent = 3,
		.wire_cells = 1,
		.wire_count = 1,
		.wires = { 32 },
	};
	struct tree t;

	plant(&t);
	CHECK(iom_dt_riscv(&node, set, &t, NULL) == 0);
	CELLS(&t, "interrupts", 32);
	node.wire_cells = 2;
	node.wire_type = IOM_DT_EDGE_RISING;
	plant(&t);
	CHECK(iom_dt_riscv(&node, set, &t, NULL) == 0);
	CELLS(&t, "interrupts", 32, 1);
}

TEST(a_node_of_a_pci_function, "RV-FW-02 FW-DT-08")
{
	const struct iom_dt_riscv_pci node = {
		.bytes = sizeof node,
		.vendor = 0x1efd,
		.device = 0xedf1,
		.bdf = 0x8,
		.phandle = 5,
	};
	struct iom_error error;
	struct tree t;

	plant(&t);
	CHECK(iom_dt_riscv_pci(&node, set, &t, &error) == 0);
	compatible_is(&t, "pci1efd,edf1", "riscv,pci-iommu");
	CELLS(&t, "reg", 0x800, 0, 0, 0, 0);
	CELLS(&t, "#iommu-cells", 1);
	CHECK_STR(t.order, "compatible reg #iommu-cells phandle ");
}

TEST(bus_and_function_are_in_reg, "FW-DT-08")
{
	const struct iom_dt_riscv_pci node = {
		.bytes = sizeof node,
		.vendor = 0x1b36,
		.device = 0x0014,
		.bdf = 0xabcd,
	};
	struct tree t;

	plant(&t);
	CHECK(iom_dt_riscv_pci(&node, set, &t, NULL) == 0);
	compatible_is(&t, "pci1b36,14", "riscv,pci-iommu");
	CELLS(&t, "reg", 0xabcd00, 0, 0, 0, 0);
}

TEST(the_telling_ends_where_the_listener_says, "")
{
	const struct iom_dt_riscv node = { .bytes = sizeof node, .base = 0x1000, .phandle = 1 };
	const struct iom_dt_riscv_pci pci = { .bytes = sizeof pci, .phandle = 1 };
	struct tree t;

	for (unsigned stop = 1; stop <= 4; stop++) {
		plant(&t);
		t.stop_at = stop;
		CHECK(iom_dt_riscv(&node, set, &t, NULL) == 42);
		CHECK_EQ(t.calls, stop);
		plant(&t);
		t.stop_at = stop;
		CHECK(iom_dt_riscv_pci(&pci, set, &t, NULL) == 42);
		CHECK_EQ(t.calls, stop);
	}
}

static void refused(const struct iom_dt_riscv *node, const char *word)
{
	struct iom_error error = { 0 };
	struct tree t;

	plant(&t);
	CHECK(iom_dt_riscv(node, set, &t, &error) == IOM_EINVAL);
	CHECK_MSG(strstr(error.text, word), "\"%s\" should speak of %s", error.text, word);
	CHECK_EQ(t.calls, 0);
}

TEST(nodes_against_the_binding_are_refused, "")
{
	const struct iom_dt_riscv good = { .bytes = sizeof good, .base = 0x1000 };
	struct iom_dt_riscv node = good;
	char name[80];

	memset(name, 'n', sizeof name);
	name[2] = ',';
	name[sizeof name - 1] = '\0';
	node.bytes--;
	refused(&node, "size of struct");
	node = good, node.compatible = "novendor";
	refused(&node, "vendor,model");
	node = good, node.compatible = name;
	refused(&node, "64 characters");
	node = good, node.base = 0x1008;
	refused(&node, "0x1008");
	node = good, node.size = 2048;
	refused(&node, "0x800");
	node = good, node.base = 1ull << 32, node.address_cells = 1;
	refused(&node, "0x100000000");
	node = good, node.size_cells = 3;
	refused(&node, "3 size cells");
	node = good, node.wire_count = 5, node.wire_parent = 1;
	refused(&node, "5 wires");
	node = good, node.wire_count = 1;
	refused(&node, "1 wires");
	node = good, node.wire_parent = 1;
	refused(&node, "0 wires");
	node = good, node.wire_count = 1, node.wire_parent = 1, node.wire_cells = 3;
	refused(&node, "3 cells");
}

/* A map in a tree, looked into as the generic binding says. */
static bool maps_to(const struct tree *t, uint32_t rid, uint32_t *phandle, uint32_t *id)
{
	int len;
	const fdt32_t *p = fdt_getprop(t->blob, t->node, "iommu-map", &len);

	CHECK(p && len % 16 == 0);
	for (int i = 0; i < len / 16; i++, p += 4) {
		if (rid >= fdt32_ld(p) && rid - fdt32_ld(p) < fdt32_ld(p + 3)) {
			*phandle = fdt32_ld(p + 1);
			*id = rid - fdt32_ld(p) + fdt32_ld(p + 2);
			return true;
		}
	}
	return false;
}

static void plant_map(struct tree *t, const struct iom_dt_range *ranges, size_t count,
                      const uint16_t *own, size_t owns)
{
	uint8_t map[256];
	size_t bytes, again;

	CHECK(iom_dt_iommu_map(ranges, count, own, owns, NULL, 0, &bytes, NULL) == IOM_ENOSPC);
	CHECK(iom_dt_iommu_map(ranges, count, own, owns, map, bytes - 1, &again, NULL) ==
	      IOM_ENOSPC);
	CHECK_EQ(again, bytes);
	CHECK(iom_dt_iommu_map(ranges, count, own, owns, map, bytes, &again, NULL) == IOM_OK);
	CHECK_EQ(again, bytes);
	plant(t);
	CHECK_EQ(fdt_setprop(t->blob, t->node, "iommu-map", map, (int)bytes), 0);
}

TEST(a_map_leaves_out_the_iommu_itself, "RV-FW-02")
{
	const struct iom_dt_range all = { 0, 0x10000, 5, 0 };
	const uint16_t own = 8;
	uint32_t phandle, id;
	struct tree t;

	plant_map(&t, &all, 1, &own, 1);
	CELLS(&t, "iommu-map", 0, 5, 0, 8, 9, 5, 9, 0xfff7);
	for (uint32_t rid = 0; rid < 0x10000; rid++) {
		CHECK(maps_to(&t, rid, &phandle, &id) == (rid != own));
		if (rid != own)
			CHECK(phandle == 5 && id == rid);
	}
	plant_map(&t, &all, 1, NULL, 0);
	CELLS(&t, "iommu-map", 0, 5, 0, 0x10000);
}

TEST(maps_of_several_iommus_keep_their_distance, "RV-FW-02")
{
	const struct iom_dt_range ranges[] = { { 0x100, 0x10, 5, 0x7000 }, { 0x110, 2, 6, 0 } };
	const uint16_t own[] = { 0x10f, 0x100, 0x107, 0x108, 0xffff };
	const uint16_t both[] = { 0x110, 0x111 };
	uint32_t phandle, id;
	struct tree t;

	plant_map(&t, ranges, 2, own, 5);
	CELLS(&t, "iommu-map", 0x101, 5, 0x7001, 6, 0x109, 5, 0x7009, 6, 0x110, 6, 0, 2);
	CHECK(maps_to(&t, 0x10e, &phandle, &id) && id == 0x700e);
	CHECK(!maps_to(&t, 0x112, &phandle, &id));
	/* A range may vanish. */
	plant_map(&t, ranges, 2, both, 2);
	CELLS(&t, "iommu-map", 0x100, 5, 0x7000, 0x10);
}

TEST(ranges_that_are_no_map_are_refused, "")
{
	static const struct iom_dt_range bad[] = {
		{ 0, 0, 5, 0 },          { 0, 1, 0, 0 },          { 0, 0x10001, 5, 0 },
		{ 0xffffffff, 2, 5, 0 }, { 0, 2, 5, 0xffffffff },
	};
	const struct iom_dt_range overlap[] = { { 0, 2, 5, 0 }, { 1, 2, 6, 0 } };
	struct iom_error error;
	size_t bytes = 77;
	uint8_t buf[64];

	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		CHECK(iom_dt_iommu_map(&bad[i], 1, NULL, 0, buf, sizeof buf, &bytes, &error) ==
		      IOM_EINVAL);
		CHECK(strstr(error.text, "range 0"));
	}
	CHECK(iom_dt_iommu_map(overlap, 2, NULL, 0, buf, sizeof buf, &bytes, &error) == IOM_EINVAL);
	CHECK(strstr(error.text, "0 and 1 overlap"));
	CHECK(iom_dt_iommu_map(NULL, 1, NULL, 0, buf, sizeof buf, &bytes, NULL) == IOM_EINVAL);
	CHECK(iom_dt_iommu_map(overlap, 1, NULL, 1, buf, sizeof buf, &bytes, NULL) == IOM_EINVAL);
	CHECK_EQ(bytes, 77);
}
