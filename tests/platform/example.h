/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The RIMT that the tests begin with, as a description and as bytes that were typed from the
 * specification: one platform IOMMU with four wires, one root complex, one platform device.
 */
#ifndef TESTS_PLATFORM_EXAMPLE_H
#define TESTS_PLATFORM_EXAMPLE_H

#include <iommux/rimt.h>

#include "../test.h"

#define EXAMPLE_BYTES 204
/* Where its nodes begin, and the ranges of the latter two */
#define EXAMPLE_IOMMU 0x30
#define EXAMPLE_ROOT 0x78
#define EXAMPLE_DEVICE 0xa0
#define EXAMPLE_ROOT_MAP (EXAMPLE_ROOT + 20)
#define EXAMPLE_DEVICE_MAP (EXAMPLE_DEVICE + 24)

extern const uint8_t example_bytes[EXAMPLE_BYTES];

/* The description; its parts may be changed. */
struct example {
	struct iom_rimt rimt;
	struct iom_rimt_iommu iommu[2];
	struct iom_rimt_wire wires[4];
	struct iom_rimt_root root[2];
	struct iom_rimt_map root_maps[4], device_maps[2];
	struct iom_rimt_device device[2];
};
void example_fill(struct example *e);

/* Builds it into new memory of just its length, checks on the way that sizes are told; free() it. */
uint8_t *example_build(const struct example *e, size_t *bytes);

/* Numbers in a table, little-endian */
uint64_t get_le(const uint8_t *at, unsigned bytes);
void put_le(uint8_t *at, unsigned bytes, uint64_t value);
/* The bytes in memory of just that size, so that a sanitizer sees what is read behind it; free() it. */
uint8_t *exact_copy(const uint8_t *bytes, size_t size);
/*
 * Changes each byte of a table in every way: wrong checksums must not survive.  Returns how many survive
 * with a right one.
 */
unsigned change_every_byte(const uint8_t *bytes, size_t size,
                           bool (*survives)(const uint8_t *bytes, size_t size));
/* Makes the sum of `bytes` bytes 0 again. */
void mend_checksum(uint8_t *table, size_t bytes);

#endif
