/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* IOTINVAL of address ranges (S) and of what leads to leaves (NL). */
#include "sv32.h"

#define AV (1ull << 10)
#define GV (1ull << 33)
#define PSCV (1ull << 32)
#define PSCID_3 (3ull << 12)
#define NL (1ull << 34)
#define S_BIT (1ull << 9)
#define CAP (CAP_EXT | CAP_NL | CAP_S)

/* Doubleword 1 for the naturally aligned `bytes` around `address`, a power of two of 8 KiB at least. */
static uint64_t range(uint64_t address, uint64_t bytes)
{
	uint64_t page = (address & ~(bytes - 1)) >> 12 | (bytes / 2 - 1) >> 12;

	return page << 10 | S_BIT;
}

/* ---- What is legal ------------------------------------------------------------------------ */

/* With NL or S alone, the other's bit is still reserved. */
static void bit_needs(uint64_t cap, unsigned word, uint64_t bit)
{
	const uint64_t with = CAP_EXT | cap, without = (CAP_EXT | CAP_NL | CAP_S) & ~cap;

	for (unsigned has = 0; has < 2; has++)
		for (unsigned func = 0; func < 2; func++)
			for (unsigned operands = 0; operands < 4; operands++) {
				struct rig *r = rig_new(has ? with : without);
				uint64_t dw[2] = { func ? GVMA : VMA, 0 };

				dw[0] |= (operands & 1 ? AV : 0) | (operands & 2 ? GV : 0);
				dw[word] |= bit;
				rig_cq(r, 3, false);
				rig_cmd(r, dw[0], dw[1]);
				CHECK_EQ(rd32(r, CQCSR) & (CMD_ILL | MF | CMD_TO),
				         has ? 0 : CMD_ILL);
				CHECK_EQ(rd32(r, CQH), has);
				rig_free(r);
			}
}

TEST(nl_needs_its_capability, "RV-CQ-13")
{
	bit_needs(CAP_NL, 0, NL);
}

TEST(s_needs_its_capability, "RV-CQ-14")
{
	bit_needs(CAP_S, 1, S_BIT);
}

/* Their neighbours are reserved as before. */
TEST(nl_and_s_bring_no_other_bits, "RV-CQ-09")
{
	for (unsigned func = 0; func < 2; func++)
		for (unsigned bit = 0; bit < 18; bit++) {
			struct rig *r = rig_new(CAP);

			rig_cq(r, 3, false);
			rig_cmd(r,
			        (func ? GVMA : VMA) | AV | NL | (bit < 9 ? 0 : 1ull << (26 + bit)),
			        S_BIT | (bit < 9 ? 1ull << bit : 0));
			CHECK_EQ(rd32(r, CQCSR) & CMD_ILL, CMD_ILL);
			rig_free(r);
		}
}

/* ---- Pages in a cache --------------------------------------------------------------------- */

/* Device 1 has a first stage (PSCID 3), device 2 a second one (GSCID 7). */
struct cached {
	struct rig *r;
	uint64_t root[2];
	struct iom_port *port[2];
	uint64_t other; /* of the next target */
};

static void cached_init(struct cached *c, unsigned cache_lg2)
{
	const struct iom_riscv_config config = { .capabilities = CAP,
		                                 .cache_lg2 = (uint8_t)cache_lg2 };

	*c = (struct cached){ .r = rig_new_config(&config) };
	c->root[0] = page(c->r);
	c->root[1] = pages(c->r, 4, 16384);
	rig_ddt(c->r, 1);
	rig_cq(c->r, 4, false);
	rig_dc_put(c->r, 1, TC_V, 0, PSCID_3, stage_mode(5) | c->root[0] >> 12);
	rig_dc_put(c->r, 2, TC_V, stage_mode(5) | GSCID_7 | c->root[1] >> 12, 0, 0);
	for (unsigned i = 0; i < 2; i++)
		c->port[i] = rig_port(c->r, i + 1);
}

static uint64_t look(struct cached *c, unsigned stage, uint64_t address)
{
	const struct iom_request q = { .iova = address, .bytes = 1 };
	struct iom_reply reply;

	iom_begin(c->r->lane);
	CHECK_EQ(iom_translate(c->port[stage], &q, &reply), IOM_OK);
	iom_end(c->r->lane);
	return reply.spa;
}

struct spot {
	uint64_t address;
	unsigned level;
	bool global, napot;
	bool inside; /* of the range that is named */
};

static void put_spot(struct cached *c, unsigned stage, const struct spot *s, uint64_t target)
{
	uint64_t pte = leaf(target) | (s->global ? PTE_G : 0);

	if (!s->napot) {
		rig_map(c->r, c->root[stage], 5, stage, s->address, s->level, pte);
		return;
	}
	for (unsigned i = 0; i < 16; i++)
		rig_map(c->r, c->root[stage], 5, stage, (s->address & ~0xffffull) + 0x1000 * i, 0,
		        pte | PTE_N | 8ull << 10);
}

/*
 * All spots are cached, changed, and invalidated by a command: those inside must show their new
 * target.  The others keep the old one where `precise`.
 */
static void sweep(struct cached *c, unsigned stage, const struct spot *spots, unsigned count,
                  uint64_t dw0, uint64_t dw1, bool precise)
{
	const uint64_t old = 1ull << 50, new = 3ull << 50;

	rig_cmd(c->r, VMA, 0);
	rig_cmd(c->r, GVMA, 0);
	for (unsigned i = 0; i < count; i++)
		put_spot(c, stage, &spots[i], old);
	for (unsigned i = 0; i < count; i++)
		CHECK_EQ(look(c, stage, spots[i].address) >> 50, 1);
	for (unsigned i = 0; i < count; i++)
		put_spot(c, stage, &spots[i], new);
	for (unsigned i = 0; i < count; i++)
		CHECK_EQ(look(c, stage, spots[i].address) >> 50, 1);
	rig_cmd(c->r, dw0, dw1);
	CHECK_EQ(rd32(c->r, CQCSR) & CMD_ILL, 0);
	for (unsigned i = 0; i < count; i++) {
		uint64_t is = look(c, stage, spots[i].address) >> 50;

		if (spots[i].inside || precise)
			CHECK_MSG(is == (spots[i].inside ? 3 : 1), "stage %u, address 0x%llx",
			          stage + 1, (unsigned long long)spots[i].address);
	}
}

/* The command that names a range, or leaf alone, of either stage. */
static uint64_t command_of(unsigned stage)
{
	return stage ? GVMA | GV | GSCID_7 | AV : VMA | AV;
}

static void around(unsigned bytes_lg2, bool precise)
{
	const uint64_t bytes = 1ull << bytes_lg2,
		       base = 5ull << (bytes_lg2 > 40 ? bytes_lg2 - 3 : 40);
	struct spot spots[] = {
		{ base, 0, false, false, true },
		{ base + bytes / 2, 0, false, false, true },
		{ base + bytes - 1, 0, false, false, true },
		{ base - 1, 0, false, false, false },
		{ base + bytes, 0, false, false, false },
		{ base ^ 1ull << 39, 0, false, false, false },
	};
	unsigned count = COUNT(spots);
	struct cached c;

	cached_init(&c, 12);
	for (unsigned stage = 0; stage < 2; stage++) {
		/* the address may be anywhere in the range as far as the coding leaves bits for it */
		sweep(&c, stage, spots, count, command_of(stage), range(base, bytes), precise);
		if (!stage)
			sweep(&c, stage, spots, count, command_of(0) | PSCV | PSCID_3,
			      range(base, bytes), precise);
		sweep(&c, stage, spots, count, command_of(stage) | NL, range(base, bytes), precise);
	}
	rig_free(c.r);
}

TEST(ranges_of_each_size, "RV-INV-18")
{
	/* small ranges are looked for page by page; large ones may take more with them */
	for (unsigned lg2 = 13; lg2 <= 21; lg2++)
		around(lg2, true);
	for (unsigned lg2 = 22; lg2 <= 39; lg2++)
		around(lg2, false);
}

TEST(range_of_the_whole_space, "RV-INV-18")
{
	static const struct spot low[] = {
		{ 0x1000, 0, false, false, true },
		{ 1ull << 40, 1, false, false, true },
		{ (1ull << 56) - 0x1000, 0, false, false, true },
	};
	/* the topmost bit alone is 0; and all are 1, which means everything here too */
	static const uint64_t codes[] = { ~0ull >> 12 >> 1 << 10 | S_BIT,
		                          ~0ull >> 12 << 10 | S_BIT };
	struct cached c;

	for (unsigned i = 0; i < COUNT(codes); i++) {
		cached_init(&c, 12);
		for (unsigned stage = 0; stage < 2; stage++)
			sweep(&c, stage, low, COUNT(low), command_of(stage), codes[i], false);
		rig_free(c.r);
	}
}

/* Leaves that are larger than the range, and leaves of several sizes in one. */
TEST(ranges_and_large_pages, "RV-INV-18")
{
	static const struct spot large[] = {
		{ 0x40000000, 2, false, false, true },
		{ 0x80000000, 2, false, false, false },
	};
	static const struct spot mixed[] = {
		{ 0x40001000, 0, false, false, true }, { 0x40010000, 0, false, true, true },
		{ 0x40200000, 1, false, false, true }, { 0x40400000, 1, false, false, false },
		{ 0x40600000, 0, false, true, false }, { 0x40611000, 0, false, false, false },
	};
	struct cached c;

	cached_init(&c, 12);
	for (unsigned stage = 0; stage < 2; stage++) {
		sweep(&c, stage, large, 2, command_of(stage), range(0x7fffe000, 0x2000), true);
		rig_map(c.r, c.root[stage], 5, stage, 0x40000000, 2, 0);
		sweep(&c, stage, mixed, COUNT(mixed), command_of(stage),
		      range(0x40000000, 0x400000), true);
	}
	rig_free(c.r);
}

/* A PSCID spares the entries that are marked global, in a range as elsewhere. */
TEST(ranges_and_global_pages, "")
{
	static const struct spot spots[] = {
		{ 0x40001000, 0, false, false, true },
		{ 0x40002000, 0, true, false, false },
	};
	static const struct spot both[] = {
		{ 0x40001000, 0, false, false, true },
		{ 0x40002000, 0, true, false, true },
	};
	static const struct spot wide[] = {
		{ 0x40001000, 0, false, false, true },
		{ 0x40002000, 0, true, false, false },
	};
	struct cached c;

	cached_init(&c, 12);
	sweep(&c, 0, spots, 2, command_of(0) | PSCV | PSCID_3, range(0x40000000, 0x4000), true);
	sweep(&c, 0, both, 2, command_of(0), range(0x40000000, 0x4000), true);
	sweep(&c, 0, wide, 2, command_of(0) | PSCV | PSCID_3, range(0x40000000, 1ull << 36), true);
	rig_free(c.r);
}

/* ---- Operands that do not count ----------------------------------------------------------- */

TEST(s_without_av_is_ignored, "RV-INV-19")
{
	static const struct spot spots[] = {
		{ 0x40001000, 0, false, false, true },
		{ 0x1240001000, 0, false, false, true },
	};
	struct cached c;

	cached_init(&c, 12);
	for (unsigned stage = 0; stage < 2; stage++)
		for (unsigned nl = 0; nl < 2; nl++)
			sweep(&c, stage, spots, 2, (command_of(stage) & ~AV) | (nl ? NL : 0),
			      range(0x40000000, 0x2000), false);
	rig_free(c.r);
}

TEST(operands_that_are_ignored, "RV-CQ-21")
{
	static const struct spot spots[] = {
		{ 0x40001000, 0, false, false, true },
		{ 0x1240001000, 0, false, false, true },
	};
	struct cached c;

	cached_init(&c, 12);
	/* GVMA with GV=0: AV, NL, S, ADDR, PSCID and GSCID */
	sweep(&c, 1, spots, 2, GVMA | AV | NL | 0xfffffull << 12 | 0xffffull << 44,
	      range(0x7000, 0x2000), false);
	/* VMA with AV=0, PSCV=0, GV=0: all the rest */
	sweep(&c, 0, spots, 2, VMA | NL | 0xfffffull << 12 | 0xffffull << 44, range(0x7000, 0x2000),
	      false);
	/* GVMA of one guest with AV=0: ADDR, NL, S, PSCID */
	sweep(&c, 1, spots, 2, GVMA | GV | GSCID_7 | NL | 0xfffffull << 12, range(0x7000, 0x2000),
	      false);
	rig_free(c.r);
}

/* ---- NL ----------------------------------------------------------------------------------- */

/* A pointer leads to another table: its leaf may still be the old one without NL, not with it. */
TEST(nl_takes_what_leads_to_the_leaf, "RV-INV-17")
{
	const uint64_t address = 0x123456789000, old = 1ull << 50, new = 3ull << 50;

	for (unsigned stage = 0; stage < 2; stage++)
		for (unsigned nl = 0; nl < 2; nl++)
			for (unsigned level = 1; level < 5; level++) {
				struct cached c;
				uint64_t pointer, is;

				cached_init(&c, 12);
				rig_map(c.r, c.root[stage], 5, stage, address, 0, leaf(old));
				CHECK_EQ(look(&c, stage, address), old);
				/* a second tree, and the pointer of `level` moved over to it */
				pointer = page(c.r);
				rig_map(c.r, pointer, level, false,
				        address & ((1ull << (12 + 9 * level)) - 1), 0, leaf(new));
				rig_map(c.r, c.root[stage], 5, stage, address, level,
				        PTE_POINTER(pointer));
				rig_cmd(c.r, command_of(stage) | (nl ? NL : 0), PPN_OF(address));
				is = look(&c, stage, address);
				CHECK_MSG(is == new || (!nl && is == old), "level %u", level);
				rig_free(c.r);
			}
}

TEST(nl_applies_to_the_range, "RV-INV-17")
{
	const uint64_t address = 0x123456789000, old = 1ull << 50, new = 3ull << 50;

	for (unsigned stage = 0; stage < 2; stage++)
		for (unsigned level = 1; level < 5; level++) {
			struct cached c;
			uint64_t pointer;

			cached_init(&c, 12);
			rig_map(c.r, c.root[stage], 5, stage, address, 0, leaf(old));
			CHECK_EQ(look(&c, stage, address), old);
			pointer = page(c.r);
			rig_map(c.r, pointer, level, false,
			        address & ((1ull << (12 + 9 * level)) - 1), 0, leaf(new));
			rig_map(c.r, c.root[stage], 5, stage, address, level, PTE_POINTER(pointer));
			rig_cmd(c.r, command_of(stage) | NL, range(address, 0x10000));
			CHECK_EQ(look(&c, stage, address), new);
			rig_free(c.r);
		}
}

/* ---- Addresses that are none -------------------------------------------------------------- */

TEST(ranges_that_no_scheme_has, "RV-INV-20")
{
	static const struct spot spots[] = { { 0x40001000, 0, false, false, false } };
	struct cached c;

	cached_init(&c, 3);
	for (unsigned stage = 0; stage < 2; stage++)
		for (unsigned lg2 = 13; lg2 < 64; lg2++)
			sweep(&c, stage, spots, 1, command_of(stage),
			      range(1ull << 63, 1ull << lg2), false);
	rig_free(c.r);
}
