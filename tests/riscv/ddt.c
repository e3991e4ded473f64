/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The device directory: where a device context is found, and what may be wrong on the way. */
#include <stdlib.h>

#include "rig.h"

#define FCTL 0x008
#define DDTP 0x010
#define V 1ull
#define POINTER(spa) ((spa) >> 12 << 10 | V)
#define PAGE 4096
#define IOVA 0x12345678

/* The two formats of a device context. */
static const struct format {
	uint64_t cap;
	unsigned low; /* bits of the device_id that index the last level */
	unsigned bytes;
} formats[] = { { CAP_BASE, 7, 32 }, { CAP_EXT, 6, 64 } };

#define EACH_FORMAT(f)                                                                             \
	(f) = formats;                                                                             \
	(f) < formats + 2;                                                                         \
	(f)++

static unsigned cause(struct rig *r, uint32_t device_id)
{
	return rig_cause(r, device_id, IOVA, IOM_READ);
}

/*
 * A directory of `levels` with one path, placed by hand: table[i] is the table of level i, entry[i]
 * the entry that `device_id` selects in it.  The context is valid and Bare throughout.
 */
struct path {
	uint64_t table[3];
	uint64_t entry[3];
};

static void path_make(struct rig *r, const struct format *f, unsigned levels, uint32_t device_id,
                      struct path *p)
{
	const unsigned shift[3] = { 0, f->low, f->low + 9 };
	unsigned i;

	for (i = 0; i < levels; i++) {
		uint32_t width = i ? 9 : f->low;
		uint64_t index = device_id >> shift[i] & ((1u << width) - 1);

		p->table[i] = page(r);
		p->entry[i] = p->table[i] + index * (i ? 8 : f->bytes);
		if (i)
			put64(r, p->entry[i], POINTER(p->table[i - 1]));
	}
	put64(r, p->entry[0], V);
	wr64(r, DDTP, p->table[levels - 1] >> 12 << 10 | (levels + 1));
	r->levels = levels;
	r->ddt = p->table[levels - 1];
}

/* `device_id` is found, and it alone: its neighbours in every table fail. */
static void finds(uint64_t cap, unsigned levels, uint32_t device_id)
{
	const struct format *f = cap == CAP_EXT ? &formats[1] : &formats[0];
	const unsigned width[4] = { 0, f->low, f->low + 9, 24 };
	struct rig *r = rig_new(cap);
	struct path p;
	unsigned bit;

	path_make(r, f, levels, device_id, &p);
	for (bit = 0; bit < width[levels]; bit++)
		CHECK_MSG(cause(r, device_id ^ 1u << bit) == 258, "id bit %u is not looked at",
		          bit);
	CHECK_EQ(cause(r, device_id), 0);
	CHECK_EQ(rig_spa(r, device_id, IOVA), IOVA);
	rig_free(r);
}

TEST(ddt_1lvl_base, "RV-DDT-01")
{
	finds(CAP_BASE, 1, 0);
	finds(CAP_BASE, 1, 127);
}

TEST(ddt_1lvl_extended, "RV-DDT-02")
{
	finds(CAP_EXT, 1, 0);
	finds(CAP_EXT, 1, 63);
}

TEST(ddt_2lvl_base, "RV-DDT-03")
{
	finds(CAP_BASE, 2, 0x80);
	finds(CAP_BASE, 2, 0xffff);
}

TEST(ddt_2lvl_extended, "RV-DDT-04")
{
	finds(CAP_EXT, 2, 0x40);
	finds(CAP_EXT, 2, 0x7fff);
}

TEST(ddt_3lvl, "RV-DDT-05")
{
	finds(CAP_BASE, 3, 0xffffff);
	finds(CAP_EXT, 3, 0xffffff);
	finds(CAP_BASE, 3, 0x5a35c6);
	finds(CAP_EXT, 3, 0x5a35c6);
}

static void too_wide(unsigned levels)
{
	const struct format *f;

	for (EACH_FORMAT(f)) {
		unsigned width = levels == 1 ? f->low : f->low + 9;
		struct rig *r = rig_new(f->cap);
		struct path p;
		unsigned bit;

		path_make(r, f, levels, 0, &p);
		rig_fq(r, 6, false);
		for (bit = width; bit < 24; bit++) {
			CHECK_MSG(cause(r, 1u << bit) == 260, "id bit %u", bit);
			rig_expect(r, rig_record(260, 2, 1u << bit), IOVA, 0);
		}
		CHECK_EQ(cause(r, 0), 0);
		rig_expect_none(r);
		rig_free(r);
	}
}

TEST(ddt_1lvl_too_wide, "RV-DDT-06")
{
	too_wide(1);
}

TEST(ddt_2lvl_too_wide, "RV-DDT-07")
{
	too_wide(2);
}

/*
 * Runs `round` for each non-leaf entry there is: each level of 2LVL and 3LVL, both formats.
 * The path must be whole again afterwards.
 */
static void each_non_leaf(void (*round)(struct rig *r, uint64_t entry, uint32_t device_id))
{
	const struct format *f;
	unsigned levels, i;

	for (EACH_FORMAT(f))
		for (levels = 2; levels <= 3; levels++)
			for (i = 1; i < levels; i++) {
				struct rig *r = rig_new(f->cap);
				struct path p;
				uint64_t good;

				path_make(r, f, levels, 0x1234, &p);
				good = ram64(r, p.entry[i]);
				round(r, p.entry[i], 0x1234);
				put64(r, p.entry[i], good);
				CHECK_MSG(cause(r, 0x1234) == 0, "%u levels, level %u", levels, i);
				rig_free(r);
			}
}

static void non_leaf_invalid(struct rig *r, uint64_t entry, uint32_t device_id)
{
	uint64_t good = ram64(r, entry);

	put64(r, entry, 0);
	CHECK_EQ(cause(r, device_id), 258);
	put64(r, entry, good & ~V);
	CHECK_EQ(cause(r, device_id), 258);
}

TEST(ddt_non_leaf_invalid, "RV-DDT-08")
{
	each_non_leaf(non_leaf_invalid);
}

static void non_leaf_reserved(struct rig *r, uint64_t entry, uint32_t device_id)
{
	uint64_t good = ram64(r, entry);
	unsigned bit;

	for (bit = 1; bit < 64; bit++) {
		if (bit == 10)
			bit = 54;
		put64(r, entry, good | 1ull << bit);
		CHECK_MSG(cause(r, device_id) == 259, "bit %u", bit);
	}
}

TEST(ddt_non_leaf_reserved, "RV-DDT-09")
{
	each_non_leaf(non_leaf_reserved);
}

static void non_leaf_invalid_first(struct rig *r, uint64_t entry, uint32_t device_id)
{
	uint64_t good = ram64(r, entry);
	unsigned bit;

	for (bit = 1; bit < 64; bit++) {
		put64(r, entry, (good & ~V) | 1ull << bit);
		CHECK_MSG(cause(r, device_id) == 258, "bit %u", bit);
	}
	put64(r, entry, ~V);
	CHECK_EQ(cause(r, device_id), 258);
}

TEST(ddt_invalid_comes_before_reserved, "RV-DDT-16")
{
	each_non_leaf(non_leaf_invalid_first);
}

TEST(ddt_non_leaf_bus_error, "RV-DDT-10")
{
	const struct format *f;
	unsigned levels;

	for (EACH_FORMAT(f))
		for (levels = 2; levels <= 3; levels++) {
			struct rig *r = rig_new(f->cap);
			struct path p;

			wr64(r, DDTP, RIG_NOWHERE >> 12 << 10 | (levels + 1));
			CHECK_EQ(cause(r, 0), 257);
			wr64(r, DDTP, 0);
			path_make(r, f, levels, 0, &p);
			if (levels == 3) {
				put64(r, p.entry[2], POINTER(RIG_NOWHERE));
				CHECK_EQ(cause(r, 0), 257);
				put64(r, p.entry[2], POINTER(p.table[1]));
			}
			CHECK_EQ(cause(r, 0), 0);
			rig_free(r);
		}
}

static void non_leaf_poison(struct rig *r, uint64_t entry, uint32_t device_id)
{
	CHECK_EQ(iom_memory_poison(r->memory, entry, 8), IOM_OK);
	CHECK_EQ(cause(r, device_id), 268);
	CHECK_EQ(iom_memory_cure(r->memory, entry, 8), IOM_OK);
}

TEST(ddt_non_leaf_poison, "RV-DDT-11")
{
	each_non_leaf(non_leaf_poison);
}

/* With memory behind the address, so that the width alone refuses it. */
TEST(ddt_table_beyond_pas, "RV-DDT-12")
{
	const uint64_t high = 1ull << 40;
	const uint64_t no_pas = ~(63ull << 32);
	const struct format *f;
	unsigned levels, i, pas;

	for (EACH_FORMAT(f))
		for (levels = 2; levels <= 3; levels++)
			for (i = 1; i < levels; i++)
				for (pas = 40; pas <= 41; pas++) {
					struct rig *r = rig_new((f->cap & no_pas) | CAP_PAS(pas));
					uint64_t *table = calloc(1, PAGE);
					struct iom_region region = { .spa = high,
						                     .bytes = PAGE,
						                     .host = table };
					struct path p;

					CHECK(table);
					CHECK_EQ(iom_memory_add(r->memory, &region, NULL), IOM_OK);
					path_make(r, f, levels, 0, &p);
					put64(r, p.entry[i], POINTER(high));
					CHECK_EQ(iom_memory_write(r->memory, high,
					                          r->ram + (p.entry[i - 1] -
					                                    RIG_RAM),
					                          8),
					         IOM_OK);
					CHECK_MSG(cause(r, 0) == (pas == 40 ? 257 : 0),
					          "%u levels, level %u, PAS %u", levels, i, pas);
					rig_free(r);
					free(table);
				}
}

TEST(ddt_dc_unreadable, "RV-DDT-13")
{
	const struct format *f;
	unsigned levels, i;

	for (EACH_FORMAT(f))
		for (levels = 1; levels <= 3; levels++) {
			struct rig *r = rig_new(f->cap);
			struct path p;

			if (levels == 1) {
				wr64(r, DDTP, RIG_NOWHERE >> 12 << 10 | 2);
				CHECK_EQ(cause(r, 9), 257);
				wr64(r, DDTP, 0);
			}
			path_make(r, f, levels, 9, &p);
			if (levels > 1) {
				put64(r, p.entry[1], POINTER(RIG_NOWHERE));
				CHECK_EQ(cause(r, 9), 257);
				put64(r, p.entry[1], POINTER(p.table[0]));
			}
			for (i = 0; i < f->bytes; i += 8) {
				CHECK_EQ(iom_memory_poison(r->memory, p.entry[0] + i, 8), IOM_OK);
				CHECK_MSG(cause(r, 9) == 268, "byte %u of the DC", i);
				CHECK_EQ(iom_memory_cure(r->memory, p.entry[0] + i, 8), IOM_OK);
			}
			CHECK_EQ(cause(r, 9), 0);
			rig_free(r);
		}
}

TEST(ddt_dc_invalid, "RV-DDT-14")
{
	const struct format *f;
	unsigned i;

	for (EACH_FORMAT(f)) {
		struct rig *r = rig_new(f->cap);
		struct path p;

		path_make(r, f, 1, 3, &p);
		for (i = 0; i < f->bytes; i += 8)
			put64(r, p.entry[0] + i, ~0ull);
		CHECK_EQ(cause(r, 3), 259);
		put64(r, p.entry[0], ~V);
		CHECK_EQ(cause(r, 3), 258);
		rig_free(r);
	}
}

TEST(ddt_big_endian, "RV-DDT-15")
{
	const struct format *f;
	unsigned levels, i;

	for (EACH_FORMAT(f))
		for (levels = 1; levels <= 3; levels++) {
			struct rig *r = rig_new(f->cap);
			uint64_t root, data;
			struct path p;

			wr32(r, FCTL, 1);
			CHECK_EQ(rd32(r, FCTL) & 1, 1);
			path_make(r, f, levels, 0x2a, &p);
			root = page(r);
			data = page(r);
			rig_map(r, root, 3, false, IOVA, 0, leaf(data));
			put64(r, p.entry[0] + 24, 8ull << 60 | root >> 12);
			CHECK_EQ(cause(r, 0x2a), 258);
			for (i = 0; i < f->bytes; i += 8)
				put64(r, p.entry[0] + i, swap64(ram64(r, p.entry[0] + i)));
			for (i = 1; i < levels; i++) {
				CHECK_EQ(cause(r, 0x2a), 258);
				put64(r, p.entry[i], swap64(ram64(r, p.entry[i])));
			}
			CHECK_EQ(rig_spa(r, 0x2a, IOVA), data + IOVA % PAGE);
			rig_free(r);
		}
}
