/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * IOTINVAL: what a command names is gone, and what it does not name is still served, be it stale.
 * Which is which is the table of the specification, "I/O MMU Page-Table cache invalidation commands".
 */
#include <string.h>

#include "cache_world.h"

#define AV (1ull << 10)
#define PSCV (1ull << 32)
#define GV (1ull << 33)

struct command {
	bool gvma, av, pscv, gv;
	unsigned pscid, gscid;
	uint64_t addr;
};

static bool inside(const struct witness *n, uint64_t addr)
{
	return addr >= n->page && addr - n->page < n->bytes;
}

static bool named(const struct command *c, const struct witness *n)
{
	if (c->gvma)
		return (n->kind == GPA_LEAF || n->kind == MSI_LEAF) &&
		       (!c->gv || (n->gscid == c->gscid && (!c->av || inside(n, c->addr))));
	return n->kind == (c->gv ? GUEST_LEAF : HOST_LEAF) && (!c->gv || n->gscid == c->gscid) &&
	       (!c->pscv || (n->pscid == c->pscid && !n->global)) && (!c->av || inside(n, c->addr));
}

static void try(struct world *w, const struct command *c)
{
	world_fill(w);
	world_change(w);
	rig_cmd(w->r,
	        (c->gvma ? GVMA : VMA) | (c->av ? AV : 0) | (c->pscv ? PSCV : 0) |
	                (c->gv ? GV : 0) | (uint64_t)c->pscid << 12 | (uint64_t)c->gscid << 44,
	        c->addr >> 12 << 10);
	CHECK_EQ(rd32(w->r, CQCSR), EN | ON);
	for (unsigned i = 0; i < w->count; i++) {
		const struct witness *n = &w->w[i];

		CHECK_MSG(world_sees(w, n) == named(c, n),
		          "%s: IOTINVAL.%s AV=%u PSCV=%u GV=%u PSCID=%u GSCID=%u ADDR=0x%llx",
		          n->name, c->gvma ? "GVMA" : "VMA", c->av, c->pscv, c->gv, c->pscid,
		          c->gscid, (unsigned long long)c->addr);
	}
}

/* Pages of witnesses, each by its first, an inner and its last 4 KiB, and their neighbours. */
static const uint64_t addresses[] = {
	0x1000000,   0x1001000,  0x1002000,  0x1003000,   0x1004000,   0x1005000,
	0xfff000,    0x1230000,  0x1237000,  0x123f000,   0x1240000,   0x124f000,
	0x122f000,   0x1600000,  0x1712000,  0x17ff000,   0x15ff000,   0x1800000,
	0x19ff000,   0x2000000,  0x2001000,  0x480000000, 0x4aaaaa000, 0x4bffff000,
	0x4c0000000, 0x28001000, 0x28002000, 0x28000000,  0x40000000,  0x41000000,
};

static void sweep(bool gvma, bool gv, unsigned levels)
{
	struct world w;

	world_init(&w, 12, levels);
	for (unsigned bits = 0; bits < (gvma ? 2 : 4); bits++) {
		struct command c = { .gvma = gvma, .gv = gv, .av = bits & 1, .pscv = bits & 2 };

		/* Operands that do not count must not count. */
		for (c.pscid = 4; c.pscid < 9; c.pscid += gvma ? 9 : 1) {
			for (c.gscid = 4; c.gscid < 8; c.gscid += gv ? 1 : 4) {
				for (unsigned i = 0; i < COUNT(addresses); i += c.av ? 1 : 13) {
					c.addr = addresses[i];
					try(&w, &c);
				}
			}
		}
	}
	world_free(&w);
}

TEST(cache_vma_of_the_host, "RV-INV-06 RV-INV-07 RV-INV-08 RV-INV-09 RV-INV-11 RV-INV-12 "
                            "RV-INV-26 RV-S1-35")
{
	sweep(false, false, 3);
}

TEST(cache_vma_of_a_guest, "RV-INV-10 RV-INV-26")
{
	sweep(false, true, 4);
}

TEST(cache_gvma_of_all_guests, "RV-INV-13 RV-INV-16 RV-INV-26 RV-S2-08")
{
	sweep(true, false, 5);
}

TEST(cache_gvma_of_one_guest, "RV-INV-14 RV-INV-15 RV-INV-16 RV-INV-26 RV-MSI-30 RV-S2-08")
{
	sweep(true, true, 3);
}

/* All page sizes of all schemes: whichever 4 KiB of it is named, the page is gone, at once. */
TEST(cache_vma_in_large_pages, "RV-INV-11 RV-INV-12")
{
	for (unsigned levels = 3; levels <= 5; levels++) {
		struct world w;

		world_init(&w, 12, levels);
		for (unsigned level = 0; level < levels; level++) {
			uint64_t bytes = stage_page_bytes(level);
			uint64_t iova = (uint64_t)1 << (levels * 9 + 10);
			const uint64_t named_at[] = { 0, bytes / 2, bytes - 4096 };
			uint64_t old = 1ull << 54, new = 1ull << 53, entry;

			entry = rig_map(w.r, w.host_root[0], levels, false, iova, level, leaf(old));
			for (unsigned i = 0; i < COUNT(named_at); i++) {
				put64(w.r, entry, leaf(old));
				rig_cmd(w.r, VMA | AV, iova >> 12 << 10);
				CHECK_EQ(world_look(&w, HOST_A, 0, iova + bytes - 8, IOM_READ),
				         old + bytes - 8);
				CHECK_EQ(world_look(&w, HOST_A, 0, iova, IOM_READ), old);
				put64(w.r, entry, leaf(new));
				rig_cmd(w.r, VMA | AV, (iova + bytes) >> 12 << 10);
				rig_cmd(w.r, VMA | AV, (iova - 4096) >> 12 << 10);
				CHECK_EQ(world_look(&w, HOST_A, 0, iova + bytes / 2, IOM_READ),
				         old + bytes / 2);
				rig_cmd(w.r, VMA | AV, (iova + named_at[i]) >> 12 << 10);
				CHECK_EQ(world_look(&w, HOST_A, 0, iova + bytes - 8, IOM_READ),
				         new + bytes - 8);
				CHECK_EQ(world_look(&w, HOST_A, 0, iova, IOM_READ), new);
			}
			put64(w.r, entry, 0);
			rig_cmd(w.r, VMA, 0);
		}
		world_free(&w);
	}
}

/* ---- Tables of a guest lie behind its second stage ----------------------------------------- */

TEST(cache_implicit_accesses, "RV-INV-15")
{
	struct world w;
	struct witness *n;
	uint64_t copy, table, gpa;

	world_init(&w, 12, 3);
	world_fill(&w);
	n = &w.w[0];
	while (n->kind != GUEST_LEAF)
		n++;
	/* The guest's last table moves: a copy with another leaf takes its place. */
	table = n->word & ~0xfffull;
	gpa = ram64(w.r, w.guest_table[0][1] + 64) >> 10 << 12;
	copy = page(w.r);
	memcpy(w.r->ram + (copy - RIG_RAM), w.r->ram + (table - RIG_RAM), 4096);
	put64(w.r, copy + (n->word & 0xfff), n->pte[1]);
	rig_map(w.r, w.gpa_root[1], 3, true, gpa, 0, leaf(copy));
	CHECK_EQ(world_sees(&w, n), 0);

	/* The leaf is looked for again, in the table where it was: the second stage is cached. */
	rig_cmd(w.r, VMA | AV | GV | 6ull << 44, n->iova >> 12 << 10);
	CHECK_EQ(world_sees(&w, n), 0);
	/* The table is known to have moved, but nobody asked to look for the leaf. */
	rig_cmd(w.r, GVMA | AV | GV | 6ull << 44, gpa >> 12 << 10);
	CHECK_EQ(world_sees(&w, n), 0);
	rig_cmd(w.r, VMA | AV | GV | 6ull << 44, n->iova >> 12 << 10);
	CHECK_EQ(world_sees(&w, n), 1);
	world_free(&w);
}

/* ---- Messages ------------------------------------------------------------------------------ */

/* A second stage whose large page covers the interrupt files: it never serves their addresses. */
TEST(cache_superpage_over_interrupt_files, "RV-MSI-17")
{
	for (unsigned level = 1; level < 3; level++) {
		struct world w;
		const struct witness *n;
		uint64_t base, over, bytes = stage_page_bytes(level);

		world_init(&w, 12, 3);
		n = &w.w[0];
		while (n->kind != MSI_LEAF || n->device != GUEST_S2)
			n++;
		world_fill(&w);
		base = n->page & ~(bytes - 1);
		over = world_target(&w);
		rig_cmd(w.r, GVMA | GV | 5ull << 44, 0);
		/* Below 1 GiB lie other witnesses of this guest; they are not asked. */
		rig_map(w.r, w.gpa_root[0], 3, true, base, level, leaf(over));
		for (unsigned round = 0; round < 2; round++) {
			/* the pages before, behind and between the four files, then the files */
			CHECK_EQ(world_look(&w, GUEST_S2, 0, n->page + 0x4000, IOM_READ),
			         over + (n->page + 0x4000 - base));
			CHECK_EQ(world_look(&w, GUEST_S2, 0, base + bytes - 4096, IOM_READ),
			         over + bytes - 4096);
			CHECK_EQ(world_sees(&w, n), 0);
			CHECK_EQ(world_look(&w, GUEST_S2, 0, n->page - 0x1000, IOM_READ), 262);
			CHECK_EQ(world_look(&w, GUEST_S2, 0, n->page + 0x1000, IOM_WRITE),
			         n[1].spa[0] & ~0xfffull);
		}
		world_free(&w);
	}
}

/* ---- Entries that change by themselves ------------------------------------------------------ */

/*
 * A page becomes part of a larger one, or a larger one falls into pages, with the same attributes
 * and without a command: the address is the same before and after.
 */
TEST(cache_promotion_and_demotion, "RV-INV-27")
{
	for (unsigned both = 0; both < 2; both++) {
		uint64_t iova = 0x40000000, small, table, target;
		struct world w;
		uint64_t entry;

		world_init(&w, both ? 3 : 12, 3);
		target = world_target(&w);
		for (unsigned i = 0; i < 512; i++)
			small = rig_map(w.r, w.host_root[0], 3, false, iova + i * 0x1000ull, 0,
			                leaf(target + i * 0x1000ull));
		table = small & ~0xfffull;
		for (unsigned round = 0; round < 4; round++) {
			for (unsigned i = 0; i < 512; i += 37)
				CHECK_EQ(world_look(&w, HOST_A, 0, iova + i * 0x1000ull, IOM_READ),
				         target + i * 0x1000ull);
			entry = rig_map(w.r, w.host_root[0], 3, false, iova, 1,
			                round & 1 ? PTE_POINTER(table) : leaf(target));
			for (unsigned i = 0; i < 512; i += 11)
				CHECK_EQ(world_look(&w, HOST_A, 0, iova + i * 0x1000ull, IOM_READ),
				         target + i * 0x1000ull);
		}
		/* One command takes out what has been cached at either size. */
		put64(w.r, entry, 0);
		rig_cmd(w.r, VMA | AV, (iova + 0x25000) >> 12 << 10);
		CHECK_EQ(world_look(&w, HOST_A, 0, iova + 0x25000, IOM_READ), 13);
		world_free(&w);
	}
}

/* More rights, and D, are seen without a command: an entry that does not grant is looked up again. */
TEST(cache_rights_that_grow, "")
{
	const struct {
		uint64_t less;
		unsigned access, cause;
	} rounds[] = {
		{ PTE_W | PTE_D, IOM_WRITE, 15 },
		{ PTE_D, IOM_WRITE, 15 },
		{ PTE_X, IOM_EXECUTE, 12 },
		{ PTE_D, IOM_ATOMIC, 15 },
	};
	struct world w;

	world_init(&w, 12, 3);
	for (unsigned i = 0; i < COUNT(rounds); i++) {
		uint64_t iova = 0x3000000 + 0x1000 * i, target = world_target(&w), entry;

		entry = rig_map(w.r, w.host_root[0], 3, false, iova, 0,
		                leaf(target) & ~rounds[i].less);
		CHECK_EQ(world_look(&w, HOST_A, 0, iova, IOM_READ), target);
		CHECK_EQ(world_look(&w, HOST_A, 0, iova, rounds[i].access), rounds[i].cause);
		CHECK_EQ(world_look(&w, HOST_A, 0, iova, IOM_READ), target);
		CHECK_EQ(world_look(&w, HOST_A, 0, iova, rounds[i].access), rounds[i].cause);
		put64(w.r, entry, leaf(target));
		CHECK_EQ(world_look(&w, HOST_A, 0, iova, rounds[i].access), target);
		CHECK_EQ(world_look(&w, HOST_A, 0, iova, IOM_READ), target);
		/* Fewer rights are not, until a command says so. */
		put64(w.r, entry, leaf(target) & ~rounds[i].less);
		CHECK_EQ(world_look(&w, HOST_A, 0, iova, rounds[i].access), target);
		rig_cmd(w.r, VMA | AV | PSCV | 5 << 12, iova >> 12 << 10);
		CHECK_EQ(world_look(&w, HOST_A, 0, iova, rounds[i].access), rounds[i].cause);
	}
	world_free(&w);
}

/* Entries with V=0 and walks that failed leave nothing behind, caches or not. */
TEST(cache_keeps_no_refusals, "RV-INV-21 RV-INV-22")
{
	static const uint64_t broken[] = { 1, 1ull << 54, 1ull << 55, 1 };
	struct world w;

	world_init(&w, 12, 3);
	for (unsigned how = 0; how < COUNT(broken); how++) {
		world_fill(&w);
		rig_cmd(w.r, VMA, 0);
		rig_cmd(w.r, VMA | GV | 6ull << 44, 0);
		rig_cmd(w.r, GVMA, 0);
		for (unsigned i = 0; i < w.count; i++) {
			struct witness *n = &w.w[i];

			put64(w.r, n->word, how ? n->pte[1] ^ broken[how] : 0);
			CHECK_MSG(world_witness(&w, n) < 4096, "%s", n->name);
		}
		for (unsigned i = 0; i < w.count; i++) {
			put64(w.r, w.w[i].word, w.w[i].pte[1]);
			CHECK_MSG(world_sees(&w, &w.w[i]), "%s", w.w[i].name);
		}
	}
	world_free(&w);
}
