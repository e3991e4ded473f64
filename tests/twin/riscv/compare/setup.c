/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A random configuration, its registers, its queues. */
#include "compare.h"

#include <string.h>

enum {
	FCTL = 0x008,
	DDTP = 0x010,
	CQB = 0x018,
	CQH = 0x020,
	CQT = 0x024,
	FQB = 0x028,
	FQH = 0x030,
	CQCSR = 0x048,
	FQCSR = 0x04c,
	QOSID = 0x270,
};

enum { ALL_CAPABILITIES = 4, CQ_ENTRIES = 128, FQ_ENTRIES = 128 };

#define BIT(n) (1ull << (n))
#define FQ QUEUES
#define CQ (QUEUES + 4096)

static uint64_t rd(struct iom_unit *unit, uint64_t off, unsigned bytes)
{
	uint64_t val = 0;

	iom_mmio_read(unit, 0, off, bytes, &val);
	return val;
}

static void wr(struct iom_unit *unit, uint64_t off, unsigned bytes, uint64_t val)
{
	iom_mmio_write(unit, 0, off, bytes, val);
}

bool world_cap(const struct world *w, unsigned n)
{
	return w->config.capabilities >> n & 1;
}

static bool accepts(struct iom_memory *memory, uint64_t capabilities, uint32_t flags)
{
	const struct iom_riscv_config config = {
		.bytes = sizeof config,
		/* version, Sv39, Sv39x4, MSI_FLAT, PAS 56 */
		.capabilities = 0x10 | BIT(9) | BIT(17) | BIT(22) | 56ull << 32 | capabilities,
		.flags = flags,
	};
	struct iom_unit *unit = NULL;
	int code = iom_riscv_new(&config, memory, NULL, NULL, &unit, NULL);

	iom_unit_free(unit);
	return code == IOM_OK;
}

struct built what_is_built(void)
{
	static const uint64_t wishes[] = {
		BIT(23),           /* MSI_MRIF */
		BIT(21) | BIT(23), /* AMO_MRIF */
		BIT(25),           /* ATS */
		BIT(25) | BIT(26), /* T2GPA */
		BIT(41),           /* QOSID */
	};
	static const uint32_t flags[] = { IOM_RISCV_NO_MSI_BE, IOM_RISCV_BARE_GLOBAL };
	struct built built = { 0 };
	struct iom_memory *memory;

	if (iom_memory_new(NULL, NULL, &memory, NULL) != IOM_OK)
		return built;
	for (unsigned i = 0; i < sizeof wishes / sizeof wishes[0]; i++)
		if (accepts(memory, wishes[i], 0))
			built.capabilities |= wishes[i];
	for (unsigned i = 0; i < sizeof flags / sizeof flags[0]; i++)
		if (accepts(memory, built.capabilities, flags[i]))
			built.flags |= flags[i];
	iom_memory_free(memory);
	return built;
}

static uint64_t random_capabilities(struct rng *rng, uint64_t optional)
{
	static const uint8_t widths[] = { 32, 33, 34, 36, 40, 44, 46, 50, 55, 56 };
	uint64_t cap = 0x10;

	if (chance(rng, 1, ALL_CAPABILITIES)) {
		cap |= BIT(8) | BIT(9) | BIT(10) | BIT(11) | BIT(14) | BIT(15) | BIT(16) | BIT(17) |
		       BIT(18) | BIT(19) | BIT(22) | BIT(24) | BIT(27) | BIT(38) | BIT(39) |
		       BIT(40) | optional;
	} else {
		/* Sv57 implies Sv48, which implies Sv39; the same for x4 */
		cap |= (BIT(below(rng, 4)) - 1) << 9 | (BIT(below(rng, 4)) - 1) << 17;
		cap |= any(rng) & any(rng) & BIT(14);
		cap |= any(rng) & (BIT(8) | BIT(16));
		cap |= (any(rng) | any(rng)) &
		       (BIT(15) | BIT(22) | BIT(24) | BIT(27) | BIT(38) | BIT(39) | BIT(40));
		cap |= (any(rng) | any(rng)) & optional;
		if (!(cap & BIT(22)))
			cap &= ~(BIT(21) | BIT(23));
		if (!(cap & BIT(23)))
			cap &= ~BIT(21);
		if (!(cap & BIT(25)))
			cap &= ~BIT(26);
	}
	cap |= (uint64_t)below(rng, 3) << 28;
	cap |= (uint64_t)(chance(rng, 1, 2) ? 56 : widths[below(rng, sizeof widths)]) << 32;
	return cap;
}

static void random_config(struct world *w, const struct built *built)
{
	struct rng *rng = &w->rng;
	uint64_t cap = random_capabilities(rng, built->capabilities);

	w->config = (struct iom_riscv_config){
		.bytes = sizeof w->config,
		.capabilities = cap,
		.cache_lg2 = (uint8_t)(3 + below(rng, 7)),
		.queue_lg2 = 8,
		.qos_id_bits = (uint8_t)(1 + below(rng, 12)),
		.flags = (chance(rng, 1, 2) ? IOM_RISCV_UNCACHED : 0) |
		         (chance(rng, 1, 3) ? IOM_RISCV_LENIENT_MSI_MASK : 0) |
		         (chance(rng, 1, 4) ? IOM_RISCV_EAGER_DIRTY : 0) |
		         ((uint32_t)any(rng) & built->flags),
	};
	/* through caches it is not known which reads of a table are made */
	if (!(w->config.flags & IOM_RISCV_UNCACHED))
		w->config.flags &= ~IOM_RISCV_EAGER_DIRTY;
	/* software can choose between the schemes of RV32 and RV64 only where both are */
	if ((cap & (BIT(8) | BIT(16))) && (cap & (BIT(9) | BIT(17))) && chance(rng, 2, 3))
		w->config.flags |= IOM_RISCV_GXL_WRITABLE;
}

static void dirty(void *opaque, uint64_t spa, uint64_t len)
{
	struct world *w = opaque;

	memory_stored(&w->memory, spa, len);
}

static void registers(struct world *w)
{
	struct rng *rng = &w->rng;
	uint32_t fctl = (uint32_t)any(rng) & 7;
	uint64_t ppn_mask = 0x3ffffffffffc00ull;

	/* mostly RV64 */
	if (chance(rng, 1, 2))
		fctl &= 3;
	wr(w->unit, FCTL, 4, fctl);
	fctl = (uint32_t)rd(w->unit, FCTL, 4);
	w->be = fctl & 1;
	w->gxl = fctl >> 2 & 1;
	wr(w->unit, QOSID, 4, any(rng) & 0xffffffff);

	wr(w->unit, FQB, 8, (FQ >> 12) << 10 | 6);
	wr(w->unit, FQCSR, 4, 1);
	wr(w->unit, CQB, 8, (CQ >> 12) << 10 | 6);
	wr(w->unit, CQCSR, 4, 1);
	w->cqt = w->fqh = 0;

	w->twin = (struct twin_unit){
		.capabilities = w->config.capabilities,
		.fctl = fctl,
		.qosid = (uint32_t)rd(w->unit, QOSID, 4),
		.qos_id_bits = w->config.qos_id_bits,
		.gxl_writable = w->config.flags & IOM_RISCV_GXL_WRITABLE,
		.lenient_msi_mask = w->config.flags & IOM_RISCV_LENIENT_MSI_MASK,
		.eager_dirty = w->config.flags & IOM_RISCV_EAGER_DIRTY,
		.bare_global = w->config.flags & IOM_RISCV_BARE_GLOBAL,
		.no_msi_be = w->config.flags & IOM_RISCV_NO_MSI_BE,
		.memory = memory_of_twin(&w->memory),
	};

	w->levels = chance(rng, 1, 40) ? 0 : 1 + below(rng, 3);
	w->ddt = memory_page(&w->memory, rng, 1);
	if (w->levels)
		w->twin.ddtp = (uint64_t)(w->levels + 1) | (w->ddt >> 12) << 10;
	else
		w->twin.ddtp = below(rng, 2); /* Off, Bare */
	wr(w->unit, DDTP, 8, w->twin.ddtp & (ppn_mask | 0xf));
}

bool world_open(struct world *w, uint64_t seed, const struct built *built, struct iom_error *why)
{
	static const struct iom_host host = { .bytes = sizeof host, .dirty = dirty };

	w->seed = seed;
	w->rng = (struct rng){ seed };
	w->unit = NULL;
	w->lane = NULL;
	w->n_ports = w->n_spots = 0;
	w->harm[0] = 0;
	memset(w->devices, 0, sizeof w->devices);
	why->text[0] = 0;
	if (!memory_open(&w->memory, chance(&w->rng, 3, 4)))
		return false;
	random_config(w, built);
	if (iom_riscv_new(&w->config, w->memory.bus, &host, w, &w->unit, why) != IOM_OK)
		return false;
	if (iom_lane_open(w->unit, &w->lane) != IOM_OK)
		return false;
	registers(w);
	return true;
}

void world_close(struct world *w)
{
	iom_unit_free(w->unit);
	memory_close(&w->memory);
}

struct iom_port *world_port(struct world *w, uint32_t device_id)
{
	unsigned i;

	for (i = 0; i < w->n_ports; i++)
		if (w->ports[i].id == device_id)
			return w->ports[i].port;
	if (i == sizeof w->ports / sizeof w->ports[0]) {
		i = below(&w->rng, i);
		iom_port_close(w->ports[i].port);
		iom_endpoint_remove(w->ports[i].endpoint);
	} else {
		w->n_ports++;
	}
	w->ports[i].id = device_id;
	if (iom_endpoint_get(w->unit, device_id, &w->ports[i].endpoint) != IOM_OK ||
	    iom_port_open(w->ports[i].endpoint, w->lane, &w->ports[i].port) != IOM_OK)
		return NULL;
	return w->ports[i].port;
}

static void command(struct world *w, uint64_t dw0, uint64_t dw1)
{
	uint8_t *at = w->memory.queues + 4096 + w->cqt * 16;

	for (unsigned i = 0; i < 8; i++) {
		at[i] = (uint8_t)(dw0 >> 8 * (w->be ? 7 - i : i));
		at[8 + i] = (uint8_t)(dw1 >> 8 * (w->be ? 7 - i : i));
	}
	w->cqt = (w->cqt + 1) % CQ_ENTRIES;
}

/* IOTINVAL.VMA of a guest, whatever the process. */
static void invalidate_guest(struct world *w, uint64_t gscid)
{
	command(w, 0x001 | 1ull << 33 | gscid << 44, 0);
}

void world_invalidate(struct world *w)
{
	if (w->config.flags & IOM_RISCV_UNCACHED)
		return;
	command(w, 0x003, 0); /* IODIR.INVAL_DDT, everything */
	command(w, 0x001, 0); /* IOTINVAL.VMA, host */
	command(w, 0x081, 0); /* IOTINVAL.GVMA, all guests */
	for (unsigned i = 0; i < DEVICES; i++) {
		uint64_t iohgatp = memory_get(&w->memory, w->devices[i].dc + 8, 8, w->be);

		if (!w->devices[i].dc)
			continue;
		invalidate_guest(w, device_gscid(i));
		/* where the tables are harmed, perhaps another one */
		if ((iohgatp >> 44 & 0xffff) != device_gscid(i))
			invalidate_guest(w, iohgatp >> 44 & 0xffff);
	}
	command(w, 0x002, 0); /* IOFENCE.C */
	wr(w->unit, CQT, 4, w->cqt);
	for (unsigned page = 0; page < PAGES; page++)
		w->memory.roles[page] = 0;
	w->memory.tangled = false;
}

bool world_idle(const struct world *w)
{
	return rd(w->unit, CQH, 4) == w->cqt;
}
