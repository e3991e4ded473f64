/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A small machine. */
#include "machine/machine.h"

#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/error.h"

#define DEFAULT_LOW (UINT64_C(64) << 20)
#define TICK_NS 1000

/* ---- The IOMMU's registers as a window of the bus -------------------------------------------- */

static int unit_read(void *opaque, uint64_t off, void *buf, size_t len)
{
	struct machine *m = opaque;
	uint8_t bytes[8];
	uint64_t val;

	if ((len != 4 && len != 8) || iom_mmio_read(m->unit, 0, off, (unsigned)len, &val))
		return IOM_EFAULT;
	iom_st64(bytes, val, false);
	memcpy(buf, bytes, len);
	return IOM_OK;
}

static int unit_write(void *opaque, uint64_t off, const void *buf, size_t len)
{
	struct machine *m = opaque;
	uint64_t val;

	if (len != 4 && len != 8)
		return IOM_EFAULT;
	val = len == 8 ? iom_ld64(buf, false) : iom_ld32(buf, false);
	return iom_mmio_write(m->unit, 0, off, (unsigned)len, val) ? IOM_EFAULT : IOM_OK;
}

static void unit_wire(void *opaque, unsigned wire, bool level)
{
	struct machine *m = opaque;

	if (wire < MACHINE_WIRES)
		m->wire[wire] = level;
}

/* The unit's own messages go through its memory and so reach the interrupt file. */
static const struct iom_host unit_host = {
	.bytes = sizeof(struct iom_host),
	.wire = unit_wire,
};

/* ---- Construction ---------------------------------------------------------------------------- */

static int check_ram(const char *which, uint64_t bytes, uint64_t min, struct iom_error *error)
{
	if (bytes < min || bytes > MACHINE_RAM_MAX || bytes % PAGE_BYTES)
		return iom_fail(error, IOM_EINVAL,
		                "%s RAM of %llu bytes: it must be %llu to %llu bytes and a "
		                "multiple of %u",
		                which, (unsigned long long)bytes, (unsigned long long)min,
		                (unsigned long long)MACHINE_RAM_MAX, PAGE_BYTES);
	return IOM_OK;
}

static int add_ram(struct machine *m, struct pages *ram, uint64_t spa, uint64_t bytes,
                   uint64_t seed, struct iom_error *error)
{
	struct iom_region region = { .spa = spa, .bytes = bytes };

	if (!bytes)
		return IOM_OK;
	if (pages_init(ram, spa, bytes, seed))
		return iom_fail(error, IOM_ENOMEM, "no memory for %llu bytes of RAM",
		                (unsigned long long)bytes);
	region.host = ram->host;
	return iom_memory_add(m->memory, &region, error);
}

static int add_iommu(struct machine *m, struct iom_error *error)
{
	struct bus_window window = { MACHINE_IOMMU, 0, unit_read, unit_write, m };
	int rc = m->arch->unit_new(m->memory, &unit_host, m, &m->unit, error);

	if (rc)
		return rc;
	window.bytes = iom_mmio_bytes(m->unit, 0);
	rc = bus_add(&m->bus, &window);
	if (!rc)
		rc = iom_lane_open(m->unit, &m->lane);
	return rc ? iom_fail(error, rc, "no memory for the IOMMU") : IOM_OK;
}

static int build(struct machine *m, const struct machine_config *config, uint64_t low,
                 struct iom_error *error)
{
	const struct bus_window interrupts = { MACHINE_INTERRUPT_FILE, PAGE_BYTES,
		                               interrupt_file_read, interrupt_file_write,
		                               &m->interrupts };
	const struct iom_memory_ops ops = {
		.bytes = sizeof ops,
		.read = bus_read,
		.write = bus_write,
	};
	int rc = iom_memory_new(&ops, &m->bus, &m->memory, error);

	if (!rc)
		rc = add_ram(m, &m->low, MACHINE_LOW_RAM, low, config->seed, error);
	if (!rc)
		rc = add_ram(m, &m->high, MACHINE_HIGH_RAM, config->high_bytes, config->seed,
		             error);
	if (!rc)
		rc = bus_add(&m->bus, &interrupts);
	if (!rc)
		rc = add_iommu(m, error);
	return rc;
}

int machine_new(const struct machine_config *config, struct machine **out, struct iom_error *error)
{
	uint64_t low = config->low_bytes ? config->low_bytes : DEFAULT_LOW;
	struct machine *m;
	int rc;

	*out = NULL;
	rc = check_ram("low", low, MACHINE_LOW_MIN, error);
	if (!rc)
		rc = check_ram("high", config->high_bytes, 0, error);
	if (rc)
		return rc;
	m = calloc(1, sizeof *m);
	if (!m)
		return iom_fail(error, IOM_ENOMEM, "no memory for a machine");
	m->arch = config->arch ? config->arch : &machine_archs[0];
	rc = build(m, config, low, error);
	if (rc) {
		machine_free(m);
		return rc;
	}
	*out = m;
	iom_succeed(error);
	return IOM_OK;
}

void machine_free(struct machine *m)
{
	if (!m)
		return;
	iom_unit_free(m->unit);
	iom_memory_free(m->memory);
	for (unsigned i = 0; i < m->engine_count; i++)
		free(m->engines[i]);
	pages_release(&m->low);
	pages_release(&m->high);
	free(m);
}

/* ---- Engines --------------------------------------------------------------------------------- */

uint64_t machine_engine_spa(unsigned index)
{
	return MACHINE_ENGINES + (uint64_t)index * ENGINE_REGISTER_BYTES;
}

static int check_engine(const struct machine *m, uint32_t requester, unsigned bits,
                        struct iom_error *error)
{
	if (requester > m->arch->requester_last)
		return iom_fail(error, IOM_EINVAL, "device 0x%llx: ids of %s go up to 0x%llx",
		                (unsigned long long)requester, m->arch->name,
		                (unsigned long long)m->arch->requester_last);
	if (bits < 12 || bits > 64)
		return iom_fail(error, IOM_EINVAL,
		                "a device of %u address bits: it must have 12 to 64", bits);
	for (unsigned i = 0; i < m->engine_count; i++)
		if (m->requesters[i] == requester)
			return iom_fail(error, IOM_EEXIST,
			                "device 0x%llx is there already; each needs its own id",
			                (unsigned long long)requester);
	if (m->engine_count == MACHINE_ENGINES_MAX)
		return iom_fail(error, IOM_ENOSPC, "a machine has at most %u devices",
		                MACHINE_ENGINES_MAX);
	return IOM_OK;
}

int machine_engine_new(struct machine *m, uint32_t requester, unsigned bits, unsigned *index,
                       struct iom_error *error)
{
	struct bus_window window = { machine_engine_spa(m->engine_count), ENGINE_REGISTER_BYTES,
		                     dma_engine_read, dma_engine_write, NULL };
	struct iom_endpoint *endpoint;
	struct dma_engine *engine;
	struct iom_port *port;
	int rc = check_engine(m, requester, bits, error);

	if (rc)
		return rc;
	engine = malloc(sizeof *engine);
	rc = engine ? iom_endpoint_get(m->unit, requester, &endpoint) : IOM_ENOMEM;
	if (!rc)
		rc = iom_port_open(endpoint, m->lane, &port);
	if (!rc) {
		dma_engine_init(engine, port, bits);
		window.opaque = engine;
		rc = bus_add(&m->bus, &window);
	}
	if (rc) {
		free(engine);
		return iom_fail(error, rc, "device 0x%llx could not be added: %s",
		                (unsigned long long)requester, iom_strerror(rc));
	}
	*index = m->engine_count;
	m->requesters[m->engine_count] = requester;
	m->engines[m->engine_count++] = engine;
	return IOM_OK;
}

/* ---- What the CPU does ----------------------------------------------------------------------- */

uint64_t machine_mmio_read(struct machine *m, uint64_t spa, unsigned bytes)
{
	uint8_t buf[8] = { 0 };

	m->mmio_reads++;
	if (bus_read(&m->bus, spa, buf, bytes))
		memset(buf, 0xff, bytes);
	return iom_ld64(buf, false);
}

void machine_mmio_write(struct machine *m, uint64_t spa, unsigned bytes, uint64_t val)
{
	uint8_t buf[8];

	m->mmio_writes++;
	iom_st64(buf, val, false);
	(void)bus_write(&m->bus, spa, buf, bytes); /* a posted store learns nothing of its fate */
}

struct pages *machine_ram(struct machine *m, uint64_t spa)
{
	if (pages_contain(&m->low, spa))
		return &m->low;
	return pages_contain(&m->high, spa) ? &m->high : NULL;
}

void *machine_at(struct machine *m, uint64_t spa)
{
	struct pages *ram = machine_ram(m, spa);

	return ram ? pages_at(ram, spa) : NULL;
}

uint64_t machine_now_ns(struct machine *m)
{
	return m->clock_ns += TICK_NS;
}
