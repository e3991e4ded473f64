/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A small machine. */
#include "machine/machine.h"

#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/error.h"
#include "machine/root_port.h"

#define DEFAULT_LOW (UINT64_C(64) << 20)
#define TICK_NS 1000

/* ---- As its kernel sees it ------------------------------------------------------------------- */

static uint64_t board_mmio_read(void *opaque, uint64_t phys, unsigned bytes)
{
	return machine_mmio_read(opaque, phys, bytes);
}

static void board_mmio_write(void *opaque, uint64_t phys, unsigned bytes, uint64_t val)
{
	machine_mmio_write(opaque, phys, bytes, val);
}

static uint64_t board_now_ns(void *opaque)
{
	return machine_now_ns(opaque);
}

static void board_listen(void *opaque, unsigned cpu)
{
	const struct machine *m = opaque;

	m->arch->interrupts->listen(m->controller, cpu);
}

static unsigned board_claim(void *opaque, unsigned cpu)
{
	const struct machine *m = opaque;

	return m->arch->interrupts->claim(m->controller, cpu);
}

static void board_serve(void *opaque, unsigned pin)
{
	const struct machine *m = opaque;

	m->arch->interrupts->drive(m->controller, pin, false);
}

void machine_raise(struct machine *m, unsigned pin)
{
	m->arch->interrupts->drive(m->controller, pin, true);
}

static bool board_wire(void *opaque, unsigned iommu)
{
	const struct machine *m = opaque;

	return bridge_wire_up(&m->bridges[iommu]);
}

static const struct board_ops board_ops = {
	.mmio_read = board_mmio_read,
	.mmio_write = board_mmio_write,
	.now_ns = board_now_ns,
	.listen = board_listen,
	.claim = board_claim,
	.wire = board_wire,
	.serve = board_serve,
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

static int build(struct machine *m, const struct machine_config *config, uint64_t low,
                 struct iom_error *error)
{
	const struct machine_interrupts *i = m->arch->interrupts;
	const struct bus_window interrupts = { i->window, i->window_bytes, i->read, i->write,
		                               m->controller };
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
	for (unsigned b = 0; !rc && b < MACHINE_BRIDGES; b++)
		rc = bridge_init(&m->bridges[b], m->arch, m->memory, &m->bus,
		                 MACHINE_IOMMU + b * MACHINE_IOMMU_STRIDE, m->controller,
		                 config->units, error);
	if (!rc && i->connect && i->connect(m->controller, &m->bus, m->bridges[BRIDGE_CHIP].unit))
		rc = iom_fail(error, IOM_ENOMEM, "no memory for an interrupt controller");
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
	if (m) {
		m->arch = config->arch ? config->arch : machine_archs[0];
		m->controller = calloc(1, m->arch->interrupts->bytes);
	}
	if (!m || !m->controller) {
		free(m);
		return iom_fail(error, IOM_ENOMEM, "no memory for a machine");
	}
	m->seed = config->seed;
	m->units = config->units;
	m->board = (struct board){
		.ops = &board_ops,
		.opaque = m,
		.arch = m->arch,
		.low = &m->low,
		.high = &m->high,
		.iommus = MACHINE_BRIDGES,
		.iommu = { MACHINE_IOMMU, MACHINE_IOMMU + MACHINE_IOMMU_STRIDE },
		.cpus = BOARD_CPUS_MAX,
		.message = m->arch->interrupts->message,
		.pins = m->arch->interrupts->pins,
		.remapped = m->arch->interrupts->remapped,
	};
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
	for (unsigned i = 0; i < m->engine_count; i++)
		engine_atc_release(&m->engines[i]->atc);
	for (unsigned i = 0; i < MACHINE_BRIDGES; i++)
		bridge_release(&m->bridges[i]);
	iom_memory_free(m->memory);
	for (unsigned i = 0; i < m->engine_count; i++)
		free(m->engines[i]);
	pages_release(&m->low);
	pages_release(&m->high);
	free(m->controller);
	free(m);
}

/* ---- Engines --------------------------------------------------------------------------------- */

uint64_t machine_engine_spa(unsigned index)
{
	return MACHINE_ENGINES + (uint64_t)index * ENGINE_REGISTER_BYTES;
}

static int check_engine(const struct machine *m, unsigned bridge, uint32_t requester, unsigned bits,
                        struct iom_error *error)
{
	if (requester > m->arch->requester_last)
		return iom_fail(error, IOM_EINVAL, "device 0x%llx: ids of %s go up to 0x%llx",
		                (unsigned long long)requester, m->arch->name,
		                (unsigned long long)m->arch->requester_last);
	if (bridge == BRIDGE_PCI && !root_port_passes(requester))
		return iom_fail(error, IOM_EINVAL,
		                "device 0x%llx is not behind the root port, whose buses are %u to "
		                "%u",
		                (unsigned long long)requester, ROOT_PORT_SECONDARY,
		                ROOT_PORT_SUBORDINATE);
	if (bridge == BRIDGE_CHIP && m->arch->interrupts->pins &&
	    requester == m->arch->interrupts->requester)
		return iom_fail(error, IOM_EEXIST,
		                "device 0x%llx is the I/O APIC; each needs its own id",
		                (unsigned long long)requester);
	if (bits < 12 || bits > 64)
		return iom_fail(error, IOM_EINVAL,
		                "a device of %u address bits: it must have 12 to 64", bits);
	for (unsigned i = 0; i < m->engine_count; i++)
		if (m->engines[i]->bridge == bridge && m->engines[i]->requester == requester)
			return iom_fail(error, IOM_EEXIST,
			                "device 0x%llx is there already; each needs its own id",
			                (unsigned long long)requester);
	if (m->engine_count == MACHINE_ENGINES_MAX)
		return iom_fail(error, IOM_ENOSPC, "a machine has at most %u devices",
		                MACHINE_ENGINES_MAX);
	return IOM_OK;
}

int machine_engine_new(struct machine *m, unsigned bridge, uint32_t requester, unsigned bits,
                       unsigned *index, struct iom_error *error)
{
	struct bus_window window = { machine_engine_spa(m->engine_count), ENGINE_REGISTER_BYTES,
		                     dma_engine_read, dma_engine_write, NULL };
	struct bridge *b = &m->bridges[bridge];
	struct machine_engine *engine;
	struct iom_endpoint *endpoint;
	struct iom_port *port;
	int rc = check_engine(m, bridge, requester, bits, error);

	if (rc)
		return rc;
	engine = calloc(1, sizeof *engine);
	rc = engine ? iom_endpoint_get(b->unit, requester, &endpoint) : IOM_ENOMEM;
	if (!rc)
		rc = iom_port_open(endpoint, b->lane, &port);
	if (!rc) {
		const struct bridge_device device = { requester, dma_engine_message,
			                              &engine->engine };

		engine->bridge = bridge;
		engine->requester = requester;
		dma_engine_init(&engine->engine, b->lane, endpoint, port, bits);
		window.opaque = &engine->engine;
		rc = bus_add(&m->bus, &window);
		if (!rc)
			rc = bridge_listen(b, &device);
	}
	if (rc) {
		free(engine);
		return iom_fail(error, rc, "device 0x%llx could not be added: %s",
		                (unsigned long long)requester, iom_strerror(rc));
	}
	*index = m->engine_count;
	m->engines[m->engine_count++] = engine;
	return IOM_OK;
}

/* ---- Tracking -------------------------------------------------------------------------------- */

int machine_track(struct machine *m, void (*stored)(void *opaque, uint64_t spa, uint64_t len),
                  void *opaque, struct iom_error *error)
{
	const struct iom_region region = {
		.spa = m->low.spa,
		.bytes = (uint64_t)m->low.count * PAGE_BYTES,
		.host = m->low.host,
		.flags = stored ? IOM_REGION_TRACK : 0,
	};

	for (unsigned i = 0; i < MACHINE_BRIDGES; i++) {
		m->bridges[i].stored = stored;
		m->bridges[i].stored_opaque = opaque;
	}
	/* No device is at work while the CPU is: nobody misses the RAM meanwhile. */
	(void)iom_memory_remove(m->memory, region.spa);
	return iom_memory_add(m->memory, &region, error);
}

int machine_engine_cache(struct machine *m, unsigned index, struct iom_error *error)
{
	struct machine_engine *e = m->engines[index];
	int rc = engine_atc_init(&e->atc, e->engine.port, &m->bridges[e->bridge], error);

	if (!rc)
		e->engine.atc = &e->atc;
	return rc;
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

uint64_t machine_now_ns(struct machine *m)
{
	m->clock_ns += TICK_NS;
	for (unsigned i = 0; i < m->engine_count; i++)
		engine_atc_step(&m->engines[i]->atc, m->clock_ns);
	for (unsigned i = 0; i < MACHINE_BRIDGES; i++)
		iom_step(m->bridges[i].unit, m->clock_ns);
	return m->clock_ns;
}
