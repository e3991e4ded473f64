/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A bench for driver tests: RAM, an IOMMU model, one device, and iommux's own driver as the kernel
 * under test would have it.  Copy it and put your driver's register accesses in place of `os_host`.
 */
#ifndef EXAMPLES_TESTBED_H
#define EXAMPLES_TESTBED_H

#include <iommux/iommux.h>
#include <iommux/os.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RAM 0x80000000ull
#define RAM_BYTES 0x200000
#define TABLES 0x100000 /* the upper half of RAM is for the driver's own structures */
#define DEVICE 0x0100   /* PCI 01:00.0 */

struct testbed {
	uint8_t *ram;
	size_t used; /* of the driver's half */
	struct iom_memory *memory;
	struct iom_unit *unit;
	struct iom_lane *lane;
	struct iom_port *port;
	struct iom_driver *driver;
	uint64_t clock;
};

static inline void *testbed_ram(void *opaque, uint64_t phys)
{
	return ((struct testbed *)opaque)->ram + (phys - RAM);
}

static inline uint64_t testbed_read(void *opaque, uint64_t off, unsigned size)
{
	uint64_t val;

	iom_mmio_read(((struct testbed *)opaque)->unit, 0, off, size, &val);
	return val;
}

static inline void testbed_write(void *opaque, uint64_t off, unsigned size, uint64_t val)
{
	iom_mmio_write(((struct testbed *)opaque)->unit, 0, off, size, val);
}

/* Hands out each page once: a test ends before they do. */
static inline void *testbed_alloc(void *opaque, size_t size, uint64_t *phys)
{
	struct testbed *bed = opaque;
	size_t at = (TABLES + bed->used + size - 1) / size * size;

	if (at + size > RAM_BYTES)
		return NULL;
	bed->used = at + size - TABLES;
	*phys = RAM + at;
	return bed->ram + at;
}

static inline void testbed_dealloc(void *opaque, void *memory, uint64_t phys, size_t size)
{
	(void)opaque, (void)memory, (void)phys, (void)size;
}

static inline uint64_t testbed_now(void *opaque)
{
	return ((struct testbed *)opaque)->clock += 1000;
}

static inline struct testbed *testbed_new(void)
{
	static const struct iom_os_host os_host = {
		.bytes = sizeof os_host,
		.mmio_read = testbed_read,
		.mmio_write = testbed_write,
		.alloc = testbed_alloc,
		.free = testbed_dealloc,
		.at = testbed_ram,
		.now_ns = testbed_now,
	};
	struct testbed *bed = calloc(1, sizeof *bed);
	struct iom_region region = { .spa = RAM, .bytes = RAM_BYTES };
	struct iom_endpoint *endpoint;
	struct iom_error error;

	region.host = bed->ram = aligned_alloc(RAM_BYTES, RAM_BYTES);
	memset(bed->ram, 0, RAM_BYTES);
	if (iom_memory_new(NULL, NULL, &bed->memory, &error) ||
	    iom_memory_add(bed->memory, &region, &error) ||
	    iom_riscv_new(NULL, bed->memory, NULL, NULL, &bed->unit, &error) ||
	    iom_driver_riscv(NULL, &os_host, bed, &bed->driver, &error)) {
		fprintf(stderr, "testbed: %s\n", error.text);
		exit(1);
	}
	iom_endpoint_get(bed->unit, DEVICE, &endpoint);
	iom_lane_open(bed->unit, &bed->lane);
	iom_port_open(endpoint, bed->lane, &bed->port);
	return bed;
}

static inline void testbed_free(struct testbed *bed)
{
	iom_driver_free(bed->driver);
	iom_unit_free(bed->unit);
	iom_memory_free(bed->memory);
	free(bed->ram);
	free(bed);
}

#endif
