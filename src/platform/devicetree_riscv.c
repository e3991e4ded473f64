/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Nodes of RISC-V IOMMUs (device-tree binding riscv,iommu), and the generic map that leads to them. */
#include <iommux/devicetree.h>

#include <string.h>

#include "base/endian.h"
#include "base/error.h"

#define CELL 4
#define COMPATIBLE_MAX 64 /* of either string, with its NUL */

struct teller {
	iom_property_fn property;
	void *opaque;
	int result;
};

static void tell(struct teller *t, const char *name, const void *value, size_t bytes)
{
	if (!t->result)
		t->result = t->property(t->opaque, name, value, bytes);
}

static void tell_cell(struct teller *t, const char *name, uint32_t value)
{
	uint8_t cell[CELL];

	iom_st32(cell, value, true);
	tell(t, name, cell, sizeof cell);
}

static void tell_compatible(struct teller *t, const char *own, const char *generic)
{
	char list[2 * COMPATIBLE_MAX];
	size_t bytes = 0;

	iom_text(list, COMPATIBLE_MAX, "%s", own);
	while (list[bytes++])
		;
	iom_text(list + bytes, COMPATIBLE_MAX, "%s", generic);
	while (list[bytes++])
		;
	tell(t, "compatible", list, bytes);
}

/* A number of one cell or two; returns the end. */
static uint8_t *put_number(uint8_t *at, uint64_t value, uint32_t cells)
{
	if (cells == 2) {
		iom_st32(at, (uint32_t)(value >> 32), true);
		at += CELL;
	}
	iom_st32(at, (uint32_t)value, true);
	return at + CELL;
}

static bool fits(uint64_t value, uint32_t cells)
{
	return cells == 2 || (cells == 1 && !(value >> 32));
}

static void tell_wires(struct teller *t, const struct iom_dt_riscv *node)
{
	uint8_t cells[IOM_DT_WIRES_MAX * 2 * CELL], *end = cells;

	for (uint32_t i = 0; i < node->wire_count; i++) {
		end = put_number(end, node->wires[i], 1);
		if (node->wire_cells == 2)
			end = put_number(end, node->wire_type, 1);
	}
	tell_cell(t, "interrupt-parent", node->wire_parent);
	tell(t, "interrupts", cells, (size_t)(end - cells));
}

static void use_defaults(struct iom_dt_riscv *node)
{
	if (!node->compatible)
		node->compatible = "qemu,riscv-iommu";
	if (!node->size)
		node->size = 4096;
	if (!node->address_cells)
		node->address_cells = 2;
	if (!node->size_cells)
		node->size_cells = 2;
	if (!node->wire_cells)
		node->wire_cells = 2;
	if (!node->wire_type)
		node->wire_type = IOM_DT_LEVEL_HIGH;
}

static int check(const struct iom_dt_riscv *node, struct iom_error *error)
{
	bool vendor = false;
	size_t len = 0;

	while (len < COMPATIBLE_MAX && node->compatible[len])
		vendor |= node->compatible[len++] == ',';
	if (len == COMPATIBLE_MAX || !vendor)
		return iom_fail(error, IOM_EINVAL,
		                "compatible should be vendor,model in less than %u characters",
		                (unsigned)COMPATIBLE_MAX);
	if (node->base % 4096 || node->size < 4096)
		return iom_fail(error, IOM_EINVAL,
		                "the registers are 0x%llx bytes at 0x%llx; they should be a page "
		                "at "
		                "least, and begin with one",
		                (unsigned long long)node->size, (unsigned long long)node->base);
	if (!fits(node->base, node->address_cells) || !fits(node->size, node->size_cells))
		return iom_fail(error, IOM_EINVAL,
		                "reg of %u address and %u size cells does not hold 0x%llx and "
		                "0x%llx; each should have 1 cell or 2",
		                node->address_cells, node->size_cells,
		                (unsigned long long)node->base, (unsigned long long)node->size);
	if (node->wire_count > IOM_DT_WIRES_MAX || !node->wire_count != !node->wire_parent ||
	    node->wire_cells > 2)
		return iom_fail(error, IOM_EINVAL,
		                "there are %u wires of %u cells to controller %u; there should be "
		                "1 "
		                "to 4 of 1 or 2 cells to one, or none to 0",
		                node->wire_count, node->wire_cells, node->wire_parent);
	return IOM_OK;
}

int iom_dt_riscv(const struct iom_dt_riscv *node, iom_property_fn property, void *opaque,
                 struct iom_error *error)
{
	struct teller t = { property, opaque, 0 };
	struct iom_dt_riscv n;
	uint8_t reg[4 * CELL], *end;
	int r;

	if (!node || node->bytes != sizeof n || !property)
		return iom_fail(error, IOM_EINVAL,
		                "bytes should be the size of struct iom_dt_riscv, and there should "
		                "be a function that takes the properties");
	n = *node;
	use_defaults(&n);
	if ((r = check(&n, error)))
		return r;

	tell_compatible(&t, n.compatible, "riscv,iommu");
	end = put_number(reg, n.base, n.address_cells);
	end = put_number(end, n.size, n.size_cells);
	tell(&t, "reg", reg, (size_t)(end - reg));
	tell_cell(&t, "#iommu-cells", 1);
	if (n.wire_count)
		tell_wires(&t, &n);
	if (n.msi_parent)
		tell_cell(&t, "msi-parent", n.msi_parent);
	if (n.phandle)
		tell_cell(&t, "phandle", n.phandle);
	iom_succeed(error);
	return t.result;
}

/* "pci" and the numbers as the PCI bus binding has them: lower-case hex without leading zeroes. */
static void pci_name(char *out, size_t size, const struct iom_dt_riscv_pci *node)
{
	iom_text(out, size, "pci%llx,%llx", (unsigned long long)node->vendor,
	         (unsigned long long)node->device);
}

int iom_dt_riscv_pci(const struct iom_dt_riscv_pci *node, iom_property_fn property, void *opaque,
                     struct iom_error *error)
{
	struct teller t = { property, opaque, 0 };
	uint8_t reg[5 * CELL] = { 0 };
	char name[16];

	if (!node || node->bytes != sizeof *node || !property)
		return iom_fail(error, IOM_EINVAL,
		                "bytes should be the size of struct iom_dt_riscv_pci, and there "
		                "should be a function that takes the properties");
	pci_name(name, sizeof name, node);
	tell_compatible(&t, name, "riscv,pci-iommu");
	/* Config space of the function: bus, device and function in bits 23:8, no size. */
	put_number(reg, (uint32_t)node->bdf << 8, 1);
	tell(&t, "reg", reg, sizeof reg);
	tell_cell(&t, "#iommu-cells", 1);
	if (node->phandle)
		tell_cell(&t, "phandle", node->phandle);
	iom_succeed(error);
	return t.result;
}

/* ---- iommu-map ------------------------------------------------------------------------------ */

struct map {
	uint8_t *buf;
	size_t size, at;
};

static void put_row(struct map *map, const struct iom_dt_range *range, uint32_t first, uint32_t end)
{
	uint8_t row[4 * CELL], *at;

	if (first == end)
		return;
	at = put_number(row, first, 1);
	at = put_number(at, range->phandle, 1);
	at = put_number(at, range->id + (first - range->rid), 1);
	put_number(at, end - first, 1);
	if (map->at <= map->size && sizeof row <= map->size - map->at)
		memcpy(map->buf + map->at, row, sizeof row);
	map->at += sizeof row;
}

/* The lowest of the RIDs to be left out in [first, end), or end. */
static uint32_t next_own(const uint16_t *own, size_t owns, uint32_t first, uint32_t end)
{
	for (size_t i = 0; i < owns; i++) {
		if (own[i] >= first && own[i] < end)
			end = own[i];
	}
	return end;
}

static int check_ranges(const struct iom_dt_range *ranges, size_t count, struct iom_error *error)
{
	for (size_t i = 0; i < count; i++) {
		const struct iom_dt_range *r = &ranges[i];

		if (!r->phandle || !r->count || (uint64_t)r->rid + r->count > 0x10000 ||
		    (uint64_t)r->id + r->count > UINT64_C(1) << 32)
			return iom_fail(error, IOM_EINVAL,
			                "range %llu holds %llu RIDs from 0x%llx for IOMMU %u; it "
			                "should hold some, up to 0xffff, whose IDs have 32 bits, "
			                "for a "
			                "phandle that is not 0",
			                (unsigned long long)i, (unsigned long long)r->count,
			                (unsigned long long)r->rid, r->phandle);
		for (size_t j = 0; j < i; j++) {
			if (r->rid < ranges[j].rid + ranges[j].count &&
			    ranges[j].rid < r->rid + r->count)
				return iom_fail(error, IOM_EINVAL, "ranges %llu and %llu overlap",
				                (unsigned long long)j, (unsigned long long)i);
		}
	}
	return IOM_OK;
}

int iom_dt_iommu_map(const struct iom_dt_range *ranges, size_t count, const uint16_t *own,
                     size_t owns, void *buf, size_t size, size_t *bytes, struct iom_error *error)
{
	struct map map = { buf, buf ? size : 0, 0 };
	int r;

	if ((count && !ranges) || (owns && !own) || !bytes)
		return iom_fail(error, IOM_EINVAL,
		                "each number of ranges or RIDs should have its array, and there "
		                "should be a place for the length");
	if ((r = check_ranges(ranges, count, error)))
		return r;
	for (size_t i = 0; i < count; i++) {
		uint32_t first = ranges[i].rid, end = first + ranges[i].count, own_rid;

		while ((own_rid = next_own(own, owns, first, end)) < end) {
			put_row(&map, &ranges[i], first, own_rid);
			first = own_rid + 1;
		}
		put_row(&map, &ranges[i], first, end);
	}
	*bytes = map.at;
	if (map.at > map.size)
		return iom_fail(error, IOM_ENOSPC, "iommu-map takes %llu bytes; there are %llu",
		                (unsigned long long)map.at, (unsigned long long)map.size);
	iom_succeed(error);
	return IOM_OK;
}
