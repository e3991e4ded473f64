/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A random configuration, and its registers. */
#include "compare.h"

#include <string.h>

#include "../inside.h"

enum { GCMD = 0x018, RTADDR = 0x020, IQT = 0x088, IQA = 0x090 };

enum { SRTP = 1 << 30, QIE = 1 << 26 };
#define TE (1u << 31)

enum { FRO = 0x220, IRO = 0x0f0, RECORDS = 8 };
enum { LEGACY, SCALABLE, RESERVED, ABORT };

#define BIT(n) (1ull << (n))

uint64_t world_read(const struct world *w, uint64_t offset, unsigned bytes)
{
	uint64_t value = 0;

	iom_mmio_read(w->unit, 0, offset, bytes, &value);
	return value;
}

void world_write(const struct world *w, uint64_t offset, unsigned bytes, uint64_t value)
{
	iom_mmio_write(w->unit, 0, offset, bytes, value);
}

/* Mostly all of them: what is missing takes away what can be reached. */
static uint64_t some(struct rng *rng, uint64_t mask)
{
	uint64_t most = 0;

	for (unsigned i = 0; i < 3; i++)
		most |= any(rng);
	return most & mask;
}

static uint64_t random_ecap(struct rng *rng)
{
	uint64_t ecap = 1 | BIT(1) | (uint64_t)(IRO / 16) << 8;

	ecap |= some(rng,
	             BIT(ECAP_DT) | BIT(ECAP_PT) | BIT(ECAP_SC) | BIT(ECAP_SSTS) | BIT(ECAP_ADMS));
	if (ecap & BIT(ECAP_DT))
		ecap |= some(rng, BIT(ECAP_NWFS));
	if (ecap & BIT(ECAP_SSTS))
		ecap |= some(rng, BIT(57)); /* SSIRWS */
	if (chance(rng, 1, 5))
		return ecap;
	ecap |= BIT(ECAP_SMTS) | some(rng, BIT(ECAP_SRS) | BIT(ECAP_PASID) | BIT(ECAP_FSTS) |
	                                           BIT(ECAP_SMPWCS) | BIT(ECAP_RPS));
	if (ecap & BIT(ECAP_DT))
		ecap |= some(rng, BIT(ECAP_PRS));
	if (ecap & BIT(ECAP_PASID))
		ecap |= (uint64_t)(chance(rng, 2, 3) ? 19 : below(rng, 20)) << 35;
	if ((ecap & BIT(ECAP_PASID)) && (ecap & BIT(ECAP_DT)))
		ecap |= some(rng, BIT(ECAP_PTRS));
	if ((ecap & BIT(ECAP_SRS)) && (ecap & BIT(ECAP_RPS)))
		ecap |= some(rng, BIT(ECAP_RPRIVS));
	if ((ecap & BIT(ECAP_FSTS)) && (ecap & BIT(ECAP_SSTS)))
		ecap |= some(rng, BIT(ECAP_NEST));
	if (ecap & BIT(ECAP_SMPWCS)) {
		ecap |= some(rng, BIT(ECAP_SSADS));
		if (ecap & BIT(ECAP_FSTS))
			ecap |= some(rng, BIT(ECAP_EAFS));
	}
	return ecap;
}

static uint64_t random_cap(struct rng *rng, uint64_t ecap, const struct iom_vtd_config *config)
{
	unsigned haw = config->address_bits, mgaw = haw + below(rng, 58 - haw);
	uint64_t cap =
		(uint64_t)(FRO / 16) << 24 | (uint64_t)(RECORDS - 1) << 40 | BIT(54) | BIT(55);

	if (chance(rng, 1, 2))
		mgaw = 57;
	cap |= (uint64_t)(mgaw - 1) << 16 | some(rng, BIT(9) | BIT(10) | BIT(11) | BIT(CAP_ZLR));
	cap |= any(rng) & (BIT(7) | BIT(63)); /* CM, ESRTPS */
	if (config->version >= 0x60 && !(ecap & BIT(ECAP_SSTS)))
		cap &= ~(BIT(9) | BIT(10) | BIT(11));
	/* 1 GiB pages imply 2 MiB pages */
	cap |= (BIT(chance(rng, 3, 4) ? 2 : below(rng, 3)) - 1) << 34;
	cap |= BIT(39) | 18ull << 48;
	/* domains are told apart by their number alone, so that caches must have enough of them */
	cap |= (config->flags & IOM_VTD_UNCACHED) && chance(rng, 1, 2) ? below(rng, 7) : 6;
	if (ecap & BIT(ECAP_FSTS))
		cap |= some(rng, BIT(CAP_FS1GP) | BIT(CAP_FS5LP));
	return cap;
}

static void random_config(struct world *w)
{
	static const uint8_t widths[] = { 32, 36, 39, 40, 42, 46, 48, 52 };
	static const uint8_t versions[] = { 0x10, 0x20, 0x40, 0x50, 0x60, 0x70, 0x80 };
	struct rng *rng = &w->rng;

	w->config = (struct iom_vtd_config){
		.bytes = sizeof w->config,
		.version = versions[below(rng, sizeof versions)],
		.address_bits = chance(rng, 1, 3) ? 46 : widths[below(rng, sizeof widths)],
		.cache_lg2 = (uint8_t)(3 + below(rng, 7)),
		.flags = (chance(rng, 1, 2) ? IOM_VTD_UNCACHED : 0) |
		         (chance(rng, 1, 4) ? IOM_VTD_ANY_PASID : 0),
	};
	w->config.ecap = random_ecap(rng);
	w->config.cap = random_cap(rng, w->config.ecap, &w->config);
}

static void dirty(void *opaque, uint64_t spa, uint64_t len)
{
	struct world *w = opaque;

	memory_stored(&w->memory, spa, len);
}

static unsigned random_mode(struct world *w)
{
	if (chance(&w->rng, 1, 32))
		return below(&w->rng, 4);
	return world_ecap(w, ECAP_SMTS) && chance(&w->rng, 4, 5) ? SCALABLE : LEGACY;
}

static void registers(struct world *w)
{
	struct rng *rng = &w->rng;
	bool tes = !chance(rng, 1, 64);
	uint64_t rtaddr, ssirwe;

	w->ttm = random_mode(w);
	ssirwe = world_ecap(w, 57) && chance(rng, 1, w->ttm == LEGACY ? 32 : 3);
	w->root = memory_page(&w->memory, rng);
	world_write(w, RTADDR, 8, w->root | (uint64_t)w->ttm << 10 | ssirwe << 7);
	rtaddr = world_read(w, RTADDR, 8);
	world_write(w, GCMD, 4, SRTP);

	w->queue_works =
		w->ttm == LEGACY ? !ssirwe : w->ttm == SCALABLE && world_ecap(w, ECAP_SMTS);
	w->wide = w->ttm != LEGACY;
	w->iqt = 0;
	world_write(w, IQT, 8, 0);
	world_write(w, IQA, 8, QUEUE | (uint64_t)w->wide << 11);
	world_write(w, GCMD, 4, QIE);
	if (tes)
		world_write(w, GCMD, 4, QIE | TE);
	w->twin = (struct twin_unit){
		.cap = w->config.cap,
		.ecap = w->config.ecap,
		.rtaddr = rtaddr,
		.major = w->config.version >> 4,
		.haw = w->config.address_bits,
		.tes = tes,
		.any_pasid = w->config.flags & IOM_VTD_ANY_PASID,
		.memory = memory_of_twin(&w->memory),
	};
}

bool world_open(struct world *w, uint64_t seed, struct iom_error *why)
{
	static const struct iom_host host = { .bytes = sizeof host, .dirty = dirty };

	w->seed = seed;
	w->rng = (struct rng){ seed };
	w->unit = NULL;
	w->lane = NULL;
	w->n_ports = w->n_spots = w->n_guests = w->n_dids = w->record = w->n_harmed = 0;
	w->harm[0] = 0;
	why->text[0] = 0;
	if (!memory_open(&w->memory, chance(&w->rng, 3, 4)))
		return false;
	random_config(w);
	if (iom_vtd_new(&w->config, w->memory.bus, &host, w, &w->unit, why) != IOM_OK)
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

struct iom_port *world_port(struct world *w, uint16_t sid)
{
	unsigned i;

	for (i = 0; i < w->n_ports; i++)
		if (w->ports[i].sid == sid)
			return w->ports[i].port;
	if (i == sizeof w->ports / sizeof w->ports[0]) {
		i = below(&w->rng, i);
		iom_port_close(w->ports[i].port);
		iom_endpoint_remove(w->ports[i].endpoint);
	} else {
		w->n_ports++;
	}
	w->ports[i].sid = sid;
	if (iom_endpoint_get(w->unit, sid, &w->ports[i].endpoint) != IOM_OK ||
	    iom_port_open(w->ports[i].endpoint, w->lane, &w->ports[i].port) != IOM_OK)
		return NULL;
	return w->ports[i].port;
}
