/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Random page tables of either stage, nearly all of them right. */
#include "compare.h"

#include "../inside.h"

#define NOWHERE (~0ull)

/* Bits of either stage's entries; those of the second stage are there for IR and IW, too */
#define SS_RW (3ull | 3ull << 61)
#define SS_AD 0x300ull
#define FS_PRESENT 7ull
#define FS_AD 0x460ull
#define LARGE 0x80ull

static uint64_t low(unsigned lg2)
{
	return (1ull << lg2) - 1;
}

uint64_t anywhere(struct world *w)
{
	struct rng *rng = &w->rng;

	switch (below(rng, 8)) {
	case 0:
		return wide(rng, w->config.address_bits) & ~7ull;
	case 1: /* the interrupt address range and its neighbours */
		return 0xfee00000 + (wide(rng, 22) & ~7ull) - (chance(rng, 1, 2) ? 0x200000 : 0);
	default:
		return RAM + below(rng, PAGES) * PAGE + 8ull * below(rng, 512);
	}
}

uint64_t guest_address(const struct guest *g, uint64_t spa)
{
	return g ? g->ram + (spa - RAM) : spa;
}

static uint64_t host_address(const struct guest *g, uint64_t address)
{
	return g ? address - g->ram + RAM : address;
}

/* Whether SSIRWE is set, bit 62 is there for it. */
static uint64_t without_iw(const struct world *w, uint64_t entry)
{
	return w->twin.rtaddr >> 7 & 1 ? entry : entry & ~(1ull << 62);
}

static uint64_t random_flags(struct world *w, const struct space *s, bool leaf)
{
	struct rng *rng = &w->rng;
	uint64_t all = s->first ? FS_PRESENT : SS_RW, ad = s->first ? FS_AD : SS_AD, flags = all;

	/* mostly all, so that what else may be wrong is reached */
	if (chance(rng, 1, 8))
		flags &= any(rng) | (s->first ? 1 : 0);
	if (s->marked ? !chance(rng, 1, 12) : chance(rng, 1, 3))
		flags |= ad;
	else
		flags |= ad & any(rng);
	/* what nobody looks at */
	if (chance(rng, 1, 4))
		flags |= any(rng) & (s->first ? 0xfff0000000000b18ull : 0xbff000000000047cull);
	if (!s->first && leaf && world_ecap(w, ECAP_SC) && chance(rng, 1, 3))
		flags |= 0x800;
	return s->first ? flags : without_iw(w, flags);
}

/* Where the entry of `level` for `address` is, tables being made on the way; 0: it cannot be there. */
static uint64_t slot(struct world *w, const struct space *s, uint64_t address, unsigned level)
{
	uint64_t table = s->root;

	for (unsigned i = s->levels;; i--) {
		uint64_t at = table + (address >> (12 + 9 * (i - 1)) & 511) * 8;
		uint64_t old = memory_get(&w->memory, at);

		if (i == level)
			return old ? 0 : at;
		if (old && i <= 3 && (old & LARGE))
			return 0;
		if (!old) {
			table = memory_page(&w->memory, &w->rng);
			if (!table)
				return 0;
			old = random_flags(w, s, false) & ~(LARGE | 0x800);
			memory_put(&w->memory, at, guest_address(s->guest, table) | old);
		} else {
			table = host_address(s->guest, old & 0xffffffffff000ull);
			if (!memory_is(table))
				return 0;
		}
	}
}

static bool map_page(struct world *w, const struct space *s, uint64_t address, unsigned level,
                     uint64_t target, uint64_t flags)
{
	unsigned lg2 = 12 + 9 * (level - 1);
	uint64_t at = slot(w, s, address, level);

	flags &= ~LARGE;
	if (!at)
		return false;
	memory_put(&w->memory, at, (target & ~low(lg2)) | flags | (level > 1 ? LARGE : 0));
	return true;
}

/* The level of a leaf that the unit knows, mostly */
static unsigned leaf_level(struct world *w, bool first)
{
	unsigned level = chance(&w->rng, 1, 2) ? 1 : 1 + below(&w->rng, 3);
	bool large = first || world_cap(w, 34), huge = world_cap(w, first ? CAP_FS1GP : 35);

	if (chance(&w->rng, 1, 16))
		return level;
	return level == 3 && !huge ? 1 : level == 2 && !large ? 1 : level;
}

/* A random address with the low bits of `target`, sign-extended where that is asked for. */
static uint64_t random_address(struct world *w, const struct space *s, unsigned lg2,
                               uint64_t target, uint64_t near)
{
	struct rng *rng = &w->rng;
	uint64_t address = wide(rng, s->width);

	/* near another one: so that tables are shared */
	if (near && chance(rng, 2, 3))
		address = near ^ wide(rng, 4) << (12 + 9 * below(rng, 3));
	else if (chance(rng, 1, 12))
		address = 0xfee00000 + wide(rng, 21) - (chance(rng, 1, 4) ? 0x100000 : 0);
	address = (address & ~low(lg2)) | (target & low(lg2));
	address &= low(s->width);
	if (s->first && address >> (s->width - 1) & 1)
		address |= ~low(s->width);
	return address;
}

void add_spot(struct world *w, const struct spot *spot, uint64_t iova, unsigned size_lg2)
{
	if (w->n_spots == SPOTS)
		return;
	w->spots[w->n_spots] = *spot;
	w->spots[w->n_spots].iova = iova;
	w->spots[w->n_spots++].size_lg2 = size_lg2;
}

/* ---- Second stages ------------------------------------------------------------------------ */

/* RAM as the guest sees it: all pages in one table, or one large page */
static void map_ram(struct world *w, struct guest *g)
{
	struct rng *rng = &w->rng;
	struct space *s = &g->space;

	if (s->width <= 22)
		return;
	g->ram = wide(rng, s->width) & ~low(21);
	if (g->ram == 0xfee00000)
		g->ram = 0;
	if (world_cap(w, 34) && chance(rng, 1, 2)) {
		map_page(w, s, g->ram, 2, RAM, random_flags(w, s, true) | without_iw(w, SS_RW));
		return;
	}
	for (unsigned page = 0; page < PAGES; page++)
		map_page(w, s, g->ram + page * PAGE, 1, RAM + page * PAGE,
		         random_flags(w, s, true));
}

static void map_guest(struct world *w, struct guest *g)
{
	for (unsigned n = 2 + below(&w->rng, 5); n--;) {
		unsigned level = leaf_level(w, false), lg2 = 12 + 9 * (level - 1);
		uint64_t target = anywhere(w), near = g->spots ? g->spot[0] : 0, address;

		if (lg2 >= g->space.width)
			continue;
		address = random_address(w, &g->space, lg2, target, near);
		if (!map_page(w, &g->space, address, level, target,
		              random_flags(w, &g->space, true)))
			continue;
		g->spot[g->spots] = address;
		g->lg2[g->spots++] = lg2;
	}
}

struct guest *random_guest(struct world *w)
{
	struct rng *rng = &w->rng;
	struct guest *g = &w->guests[w->n_guests];
	unsigned mgaw = (unsigned)(w->config.cap >> 16 & 63) + 1, agaw, aw = 1 + below(rng, 3);

	if (w->n_guests && (w->n_guests == GUESTS || chance(rng, 1, 3)))
		return &w->guests[below(rng, w->n_guests)];
	for (unsigned tried = 0; tried < 3 && !world_cap(w, 8 + aw); tried++)
		aw = aw % 3 + 1;
	agaw = 30 + 9 * aw;
	*g = (struct guest){ .aw = aw, .ram = NOWHERE };
	g->ssade = world_ecap(w, ECAP_SSADS) && chance(rng, 1, 2);
	g->space = (struct space){
		.levels = aw + 2,
		.width = agaw < mgaw ? agaw : mgaw,
		.root = memory_page(&w->memory, rng),
		.marked = g->ssade && chance(rng, 1, 3),
	};
	if (!g->space.root)
		return w->n_guests ? &w->guests[0] : NULL;
	w->n_guests++;
	map_ram(w, g);
	map_guest(w, g);
	return g;
}

/* ---- First stages ------------------------------------------------------------------------- */

/* What a first stage leads to */
static uint64_t leads_to(struct world *w, const struct guest *g)
{
	unsigned n;

	if (!g)
		return anywhere(w);
	if (!g->spots || chance(&w->rng, 1, 3))
		return g->ram + (wide(&w->rng, 20) & ~7ull);
	if (chance(&w->rng, 1, 16))
		return wide(&w->rng, 52) & ~7ull;
	n = below(&w->rng, g->spots);
	return g->spot[n] ^ (wide(&w->rng, chance(&w->rng, 1, 2) ? 12 : g->lg2[n]) & ~7ull);
}

struct space random_first_stage(struct world *w, const struct guest *g, bool marked,
                                const struct spot *spot)
{
	struct rng *rng = &w->rng;
	uint64_t near = 0;
	struct space s = { .first = true, .guest = g, .levels = 4, .marked = marked };

	if (world_cap(w, CAP_FS5LP) && chance(rng, 1, 2))
		s.levels = 5;
	s.width = 12 + 9 * s.levels;
	s.root = memory_page(&w->memory, rng);
	if (!s.root)
		return s;
	for (unsigned n = 2 + below(rng, 4); n--;) {
		unsigned level = leaf_level(w, true), lg2 = 12 + 9 * (level - 1);
		uint64_t target = leads_to(w, g), address;

		address = random_address(w, &s, lg2, target, near);
		if (!map_page(w, &s, address, level, target, random_flags(w, &s, true)))
			continue;
		near = address;
		add_spot(w, spot, address, lg2);
	}
	return s;
}
