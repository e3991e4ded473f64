/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Random devices and processes, with all their tables. */
#include "compare.h"

#include "../inside.h"

enum { LEGACY };

static bool is_apart(const struct world *w, uint16_t did)
{
	for (unsigned i = 0; i < w->n_dids; i++)
		if (__builtin_popcount(did ^ w->did[i]) < 2)
			return false;
	return did != 0;
}

/* A domain of its own, one flipped bit away from no other, as far as there are so many */
static uint16_t new_did(struct world *w)
{
	unsigned width = 4 + 2 * (unsigned)(w->config.cap & 7);
	uint16_t did = 1;

	for (unsigned tried = 0; tried < 64; tried++) {
		did = (uint16_t)wide(&w->rng, width);
		if (is_apart(w, did))
			break;
	}
	if (w->n_dids < DIDS)
		w->did[w->n_dids++] = did;
	return did;
}

/* The table that an entry points to, made where there is none; 0 if memory ran out. */
static uint64_t table_at(struct world *w, uint64_t at, unsigned pages, uint64_t flags)
{
	uint64_t entry = memory_get(&w->memory, at), table = entry & ~0xfffull;

	if (entry & 1)
		return table;
	table = memory_pages(&w->memory, &w->rng, pages);
	if (table)
		memory_put(&w->memory, at, table | flags | 1);
	return table;
}

static uint64_t random_fpd(struct world *w)
{
	return chance(&w->rng, 1, 8) ? 2 : 0;
}

/* ---- Legacy mode -------------------------------------------------------------------------- */

static void legacy_device(struct world *w, uint16_t sid)
{
	struct rng *rng = &w->rng;
	const struct spot spot = { .sid = sid };
	uint64_t table = table_at(w, w->root + 16ull * (sid >> 8), 1, 0), at, tt = 0;
	struct guest *g = random_guest(w);

	at = table + 16ull * (sid & 0xff);
	if (!table || !g || memory_get(&w->memory, at))
		return;
	if (world_ecap(w, ECAP_DT) && chance(rng, 2, 3))
		tt = 1;
	else if (world_ecap(w, ECAP_PT) && chance(rng, 1, 3))
		tt = 2;
	memory_put(&w->memory, at + 8,
	           (uint64_t)new_did(w) << 8 | g->aw | (chance(rng, 1, 4) ? wide(rng, 4) << 3 : 0));
	memory_put(&w->memory, at,
	           (tt == 2 && chance(rng, 1, 2) ? any(rng) & ~0xfffull : g->space.root) | tt << 2 |
	                   random_fpd(w) | 1);
	for (unsigned i = 0; i < g->spots; i++)
		add_spot(w, &spot, tt == 2 ? anywhere(w) : g->spot[i], g->lg2[i]);
}

/* ---- Scalable mode ------------------------------------------------------------------------ */

static unsigned random_pgtt(struct world *w)
{
	static const uint8_t needs[] = { 0, ECAP_FSTS, ECAP_SSTS, ECAP_NEST, ECAP_PT };
	static const uint8_t wishes[] = { 1, 1, 2, 2, 3, 3, 3, 4 };
	unsigned pgtt = wishes[below(&w->rng, sizeof wishes)];

	for (unsigned tried = 0; tried < 4 && !world_ecap(w, needs[pgtt]); tried++)
		pgtt = pgtt % 4 + 1;
	return pgtt;
}

static void guest_spots(struct world *w, const struct guest *g, const struct spot *spot)
{
	for (unsigned i = 0; i < g->spots; i++)
		add_spot(w, spot, g->spot[i], g->lg2[i]);
}

/* A PASID table entry */
static void process(struct world *w, uint64_t at, const struct spot *spot)
{
	struct rng *rng = &w->rng;
	unsigned pgtt = random_pgtt(w);
	bool fs = pgtt == PGTT_FS || pgtt == PGTT_NESTED,
	     ss = pgtt == PGTT_SS || pgtt == PGTT_NESTED;
	bool pwsnp = world_ecap(w, ECAP_SMPWCS) && chance(rng, 4, 5);
	struct guest *g = ss ? random_guest(w) : NULL;
	uint64_t qw0 = 1 | pgtt << 6 | random_fpd(w), qw1 = new_did(w), qw2 = 0;
	struct space s = { 0 };

	if (ss && (!g || (fs && g->ram == ~0ull)))
		return;
	if (fs) {
		s = random_first_stage(w, g, !pwsnp && chance(rng, 3, 4), spot);
		qw2 |= s.root ? guest_address(g, s.root) | (uint64_t)(s.levels - 4) << 2 : 0;
		qw2 |= wide(rng, 1) << 4;
		qw2 |= world_ecap(w, ECAP_EAFS) ? wide(rng, 1) << 7 : 0;
	} else if (ss) {
		guest_spots(w, g, spot);
	} else {
		add_spot(w, spot, anywhere(w), 30);
		add_spot(w, spot, anywhere(w), 12);
	}
	if (ss)
		qw0 |= g->space.root | g->aw << 2 | (uint64_t)g->ssade << 9;
	else if (world_ecap(w, ECAP_SSTS) && chance(rng, 1, 4))
		qw0 |= wide(rng, 3) << 2;
	qw1 |= (uint64_t)pwsnp << 23;
	if (world_ecap(w, ECAP_SC))
		qw1 |= wide(rng, 1) << 24;
	if (world_ecap(w, ECAP_SRS) && chance(rng, 3, 4))
		qw2 |= 1;
	if (chance(rng, 1, 4))
		qw2 |= wide(rng, 2) << 5; /* ignored */
	memory_put(&w->memory, at + 16, qw2);
	memory_put(&w->memory, at + 8, qw1);
	memory_put(&w->memory, at, qw0);
}

static void add_process(struct world *w, uint16_t sid, bool pp, uint32_t pasid, uint64_t directory)
{
	const struct spot spot = { .sid = sid, .pp = pp, .pasid = pasid };
	uint64_t at = directory + 8ull * (pasid >> 6), table;

	if (!memory_is(at))
		return;
	table = table_at(w, at, 1, random_fpd(w));
	if (table && !memory_get(&w->memory, table + 64ull * (pasid & 63)))
		process(w, table + 64ull * (pasid & 63), &spot);
}

static uint64_t context(struct world *w, unsigned *pdts)
{
	struct rng *rng = &w->rng;
	uint64_t qw0 = 1 | random_fpd(w);

	*pdts = chance(rng, 2, 3) ? below(rng, 4) : below(rng, 8);
	if (world_ecap(w, ECAP_DT) && chance(rng, 7, 8))
		qw0 |= 4;
	if (world_ecap(w, ECAP_PASID) && chance(rng, 7, 8))
		qw0 |= 8;
	if (world_ecap(w, ECAP_PRS) && (qw0 & 4) && chance(rng, 1, 2))
		qw0 |= 0x10;
	if (world_ecap(w, ECAP_PTRS) && (qw0 & 8) && chance(rng, 1, 2))
		qw0 |= 0x40;
	return qw0 | (uint64_t)*pdts << 9;
}

/* In the pages of the directory that are there */
static uint32_t random_pasid(struct world *w, unsigned pdts)
{
	unsigned width = pdts > 3 ? 16 : pdts + 13;

	return (uint32_t)wide(&w->rng, chance(&w->rng, 1, 2) ? 6 + below(&w->rng, 3) : width);
}

static void scalable_device(struct world *w, uint16_t sid)
{
	struct rng *rng = &w->rng;
	uint64_t at = w->root + 16ull * (sid >> 8) + 8ull * (sid >> 7 & 1), table, qw0, qw1 = 0,
		 directory;
	unsigned pdts;

	table = table_at(w, at, 1, 0);
	at = table + 32ull * (sid & 0x7f);
	qw0 = context(w, &pdts);
	if (!table || memory_get(&w->memory, at))
		return;
	directory = memory_pages(&w->memory, rng, pdts > 2 ? 2 : 1);
	if (!directory)
		return;
	if (world_ecap(w, ECAP_RPS) && chance(rng, 2, 3))
		qw1 |= random_pasid(w, pdts);
	if (world_ecap(w, ECAP_RPRIVS) && chance(rng, 1, 3))
		qw1 |= 1 << 20;
	memory_put(&w->memory, at + 8, qw1);
	memory_put(&w->memory, at, qw0 | directory);
	add_process(w, sid, false, (uint32_t)(qw1 & 0xfffff), directory);
	if (qw0 & 8)
		for (unsigned n = 1 + below(rng, 3); n--;)
			add_process(w, sid, true, random_pasid(w, pdts), directory);
}

void world_tables(struct world *w)
{
	uint16_t sid = (uint16_t)any(&w->rng);

	for (unsigned n = 2 + below(&w->rng, 3); n--;) {
		(w->ttm == LEGACY ? legacy_device : scalable_device)(w, sid);
		/* the next one may be near */
		sid = chance(&w->rng, 1, 2) ? sid ^ (uint16_t)(1u << below(&w->rng, 16))
		                            : (uint16_t)any(&w->rng);
	}
}
