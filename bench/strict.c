/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The whole round of a careful operating system: the driver maps a page, unmaps it, sends the model
 * the invalidation and its fence, and sees them completed.  A device is attached; it is quiet.
 */
#include <stdlib.h>
#include <string.h>

#include <iommux/iommux.h>
#include <iommux/os.h>

#include "bench.h"

#define RAM 0x80000000ull
#define RAM_BYTES (1u << 20)
#define DEVICE 1u
#define IOVA 0x40000000ull
#define PAGE 0x1000001000ull

struct system {
	uint8_t *ram;
	size_t used;
	struct iom_memory *memory;
	struct iom_unit *unit;
	struct iom_driver *driver;
	struct iom_domain *domain;
	uint64_t clock;
};

static uint64_t mmio_read(void *opaque, uint64_t off, unsigned size)
{
	const struct system *s = opaque;
	uint64_t val = 0;

	iom_mmio_read(s->unit, 0, off, size, &val);
	return val;
}

static void mmio_write(void *opaque, uint64_t off, unsigned size, uint64_t val)
{
	const struct system *s = opaque;

	iom_mmio_write(s->unit, 0, off, size, val);
}

/* Nothing is given back: all is gone with the system. */
static void *os_alloc(void *opaque, size_t size, uint64_t *phys)
{
	struct system *s = opaque;
	size_t begin = (s->used + size - 1) / size * size;

	if (begin + size > RAM_BYTES)
		return NULL;
	s->used = begin + size;
	*phys = RAM + begin;
	return s->ram + begin;
}

static void os_free(void *opaque, void *memory, uint64_t phys, size_t size)
{
	(void)opaque, (void)memory, (void)phys, (void)size;
}

static void *os_at(void *opaque, uint64_t phys)
{
	const struct system *s = opaque;

	return s->ram + (phys - RAM);
}

/* As cheap as a clock can be: what the host's costs is the host's. */
static uint64_t os_now(void *opaque)
{
	struct system *s = opaque;

	return s->clock++;
}

/* argument of a row: whose driver drives whose model */
enum { RISCV, VTD_LEGACY, VTD_SCALABLE };

static int unit_new(struct system *s, unsigned which)
{
	const struct iom_vtd_config config = {
		.bytes = sizeof config,
		.profile = which == VTD_SCALABLE ? IOM_VTD_SCALABLE : IOM_VTD_LEGACY,
	};

	return which == RISCV ? iom_riscv_new(NULL, s->memory, NULL, NULL, &s->unit, NULL)
	                      : iom_vtd_new(&config, s->memory, NULL, NULL, &s->unit, NULL);
}

static void *make(const struct bench_row *row)
{
	static const struct iom_os_host host = {
		.bytes = sizeof host,
		.mmio_read = mmio_read,
		.mmio_write = mmio_write,
		.alloc = os_alloc,
		.free = os_free,
		.at = os_at,
		.now_ns = os_now,
	};
	struct system *s = calloc(1, sizeof *s);
	struct iom_region ram = { .spa = RAM, .bytes = RAM_BYTES };
	struct iom_endpoint *endpoint;

	BENCH_NEED(s);
	ram.host = s->ram = aligned_alloc(4096, RAM_BYTES);
	BENCH_NEED(s->ram);
	memset(s->ram, 0, RAM_BYTES);
	BENCH_NEED(!iom_memory_new(NULL, NULL, &s->memory, NULL) &&
	           !iom_memory_add(s->memory, &ram, NULL) && !unit_new(s, row->argument) &&
	           !iom_endpoint_get(s->unit, DEVICE, &endpoint) &&
	           !(row->argument == RISCV ? iom_driver_riscv
	                                    : iom_driver_vtd)(NULL, &host, s, &s->driver, NULL) &&
	           !iom_domain_new(s->driver, IOM_DOMAIN_STAGE1, &s->domain, NULL) &&
	           !iom_domain_attach(s->domain, DEVICE));
	return s;
}

static void drop(void *state)
{
	struct system *s = state;

	iom_domain_detach(s->domain, DEVICE);
	iom_domain_free(s->domain);
	iom_driver_free(s->driver);
	iom_unit_free(s->unit);
	iom_memory_free(s->memory);
	free(s->ram);
	free(s);
}

static uint64_t run(void *state, uint64_t ops)
{
	struct system *s = state;
	struct iom_gather gather = { 0 };

	while (ops--)
		BENCH_NEED(!iom_domain_map(s->domain, IOVA, PAGE, 4096,
		                           IOM_PROT_READ | IOM_PROT_WRITE) &&
		           !iom_domain_unmap(s->domain, IOVA, 4096, &gather) &&
		           !iom_domain_sync(s->domain, &gather));
	return 0;
}

const struct bench_row bench_strict[] = {
	{ "map-unmap-strict/riscv/4K", NULL, 1 << 14, make, drop, NULL, run, RISCV, false },
	{ "map-unmap-strict/vtd-legacy/4K", NULL, 1 << 14, make, drop, NULL, run, VTD_LEGACY,
	  false },
	{ "map-unmap-strict/vtd-first/4K", NULL, 1 << 14, make, drop, NULL, run, VTD_SCALABLE,
	  false },
	{ 0 },
};
