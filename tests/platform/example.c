/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The RIMT that the tests begin with, twice. */
#include "example.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
const uint8_t example_bytes[EXAMPLE_BYTES] = {
	/* header: 204 bytes, revision 1 */
	'R', 'I', 'M', 'T',  0xcc, 0, 0, 0,  1,  0x67,  'O', 'E', 'M', 'I', 'D', ' ',
	'O', 'E', 'M', 'T', 'A', 'B', 'L', 'E',  1, 0, 0, 0,  'T', 'E', 'S', 'T',
	/* ... creator revision 1; three nodes at 0x30 */
	1, 0, 0, 0,  3, 0, 0, 0,  0x30, 0, 0, 0,  0, 0, 0, 0,
	/* 0x30: IOMMU of 72 bytes, ID 0, proximity domain 1, four wires at its byte 40 */
	0, 1, 0x48, 0,  0, 0, 0, 0,  'R', 'S', 'C', 'V', '0', '0', '0', '4',
	0, 0xd0, 0xcc, 0x1b, 0, 0, 0, 0,  2, 0, 0, 0,  1, 0, 0, 0,
	0, 0, 0, 0,  4, 0, 0x28, 0,
	0x20, 0, 0, 0, 3, 0, 0, 0,  0x21, 0, 0, 0, 3, 0, 0, 0,
	0x22, 0, 0, 0, 3, 0, 0, 0,  0x23, 0, 0, 0, 3, 0, 0, 0,
	/* 0x78: root complex of 40 bytes, ID 1, ATS and PRI, segment 0, one range at its byte 20 */
	1, 1, 0x28, 0,  0, 0, 1, 0,  3, 0, 0, 0,  0, 0,  0, 0,  0x14, 0, 1, 0,
	0, 0, 0, 0,  0, 0, 1, 0,  0, 0, 0, 0,  0x30, 0, 0, 0,  0, 0, 0, 0,
	/* 0xa0: platform device of 44 bytes, ID 2, one range at its byte 24 */
	2, 1, 0x2c, 0,  0, 0, 2, 0,  0x18, 0, 1, 0,
	'\\', '_', 'S', 'B', '.', 'D', 'E', 'V', '0', 0, 0, 0,
	0, 0, 0, 0,  1, 0, 0, 0,  0, 0, 2, 0,  0x30, 0, 0, 0,  3, 0, 0, 0,
};
/* clang-format on */

void example_fill(struct example *e)
{
	memset(e, 0, sizeof *e);
	for (unsigned i = 0; i < 4; i++)
		e->wires[i] = (struct iom_rimt_wire){ 32 + i, 3 };
	e->iommu[0] = (struct iom_rimt_iommu){
		.base = 0x1bccd000,
		.flags = 2,
		.proximity = 1,
		.wire_count = 4,
		.wires = e->wires,
	};
	e->root_maps[0] = (struct iom_rimt_map){ .count = 0x10000 };
	e->root[0] = (struct iom_rimt_root){ .flags = 3, .map_count = 1, .maps = e->root_maps };
	e->device_maps[0] = (struct iom_rimt_map){ .count = 1, .device_id = 0x20000, .flags = 3 };
	e->device[0] = (struct iom_rimt_device){ "\\_SB.DEV0", 1, e->device_maps };
	e->rimt = (struct iom_rimt){
		.bytes = sizeof e->rimt,
		.ids = { "OEMID", "OEMTABLE", "TEST", 1, 1 },
		.iommus = e->iommu,
		.iommu_count = 1,
		.roots = e->root,
		.root_count = 1,
		.devices = e->device,
		.device_count = 1,
	};
}

uint8_t *example_build(const struct example *e, size_t *bytes)
{
	struct iom_error error;
	size_t again = 0;
	uint8_t *table;
	int r;

	CHECK(iom_rimt_build(&e->rimt, NULL, 0, bytes, &error) == IOM_ENOSPC);
	table = malloc(*bytes);
	CHECK(table);
	CHECK(iom_rimt_build(&e->rimt, table, *bytes - 1, &again, NULL) == IOM_ENOSPC);
	CHECK_EQ(again, *bytes);
	r = iom_rimt_build(&e->rimt, table, *bytes, &again, &error);
	CHECK_MSG(r == IOM_OK, "%s", error.text);
	CHECK_STR(error.text, "");
	CHECK_EQ(again, *bytes);
	return table;
}

uint64_t get_le(const uint8_t *at, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

void put_le(uint8_t *at, unsigned bytes, uint64_t value)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

void mend_checksum(uint8_t *table, size_t bytes)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < bytes; i++)
		sum = (uint8_t)(sum + table[i]);
	if (bytes > 9)
		table[9] = (uint8_t)(table[9] - sum);
}

uint8_t *exact_copy(const uint8_t *bytes, size_t size)
{
	uint8_t *own = malloc(size ? size : 1);

	CHECK(own);
	memcpy(own, bytes, size);
	return own;
}

unsigned change_every_byte(const uint8_t *bytes, size_t size,
                           bool (*survives)(const uint8_t *bytes, size_t size))
{
	uint8_t *own = exact_copy(bytes, size);
	unsigned accepted = 0;

	for (size_t at = 0; at < size; at++) {
		for (unsigned v = 1; v < 256; v++) {
			memcpy(own, bytes, size);
			own[at] ^= (uint8_t)v;
			CHECK(!survives(own, size));
			mend_checksum(own, size);
			accepted += survives(own, size);
		}
	}
	free(own);
	return accepted;
}
