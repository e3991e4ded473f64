/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Page-table entries that either stage refuses for their form: each check is swept over all levels
 * of all modes, for the first stage and again for the second.
 */
#include "stage.h"

#define NO_SVPBMT (CAP_EXT & ~CAP_SVPBMT)
#define LEAF leaf(STAGE_FAR)

/* A check: breaks entries of `s` in its way, and ends with entries that are good. */
typedef void sweep(struct stage *s);

static void run(sweep *check, uint64_t cap, bool second)
{
	unsigned levels;

	for (levels = 3; levels <= 5; levels++) {
		struct stage s;

		stage_init(&s, cap, second, levels, 0);
		check(&s);
		rig_free(s.r);
	}
}

static void grants(struct stage *s, uint64_t iova, uint64_t spa)
{
	CHECK_EQ(rig_spa(s->r, STAGE_DEVICE, iova), spa);
}

static uint64_t offset(uint64_t iova, unsigned level)
{
	return iova & (stage_page_bytes(level) - 1);
}

/* Each bit of first..last is refused, in a leaf and in a pointer of each level. */
static void refuses_bits(struct stage *s, unsigned first, unsigned last)
{
	unsigned level, bit;

	for (level = 0; level < s->levels; level++) {
		uint64_t iova = stage_iova(s, level);

		for (bit = first; bit <= last; bit++) {
			stage_map(s, iova, level, LEAF | 1ull << bit);
			stage_refuses(s, iova, "leaf");
		}
		stage_map(s, iova, level, LEAF);
		grants(s, iova, STAGE_FAR | offset(iova, level));
	}
	for (level = 1; level < s->levels; level++) {
		uint64_t iova = stage_iova(s, 16 + level);
		uint64_t below = stage_map(s, iova, level - 1, LEAF) & ~0xfffull;

		for (bit = first; bit <= last; bit++) {
			stage_map(s, iova, level, PTE_POINTER(below) | 1ull << bit);
			stage_refuses(s, iova, "pointer");
		}
		stage_map(s, iova, level, PTE_POINTER(below));
		grants(s, iova, STAGE_FAR | offset(iova, level - 1));
	}
}

static void invalid(struct stage *s)
{
	unsigned level, bit;

	for (level = 0; level < s->levels; level++) {
		uint64_t iova = stage_iova(s, level);

		stage_map(s, iova, level, 0);
		stage_refuses(s, iova, "zero");
		stage_map(s, iova, level, LEAF & ~PTE_V);
		stage_refuses(s, iova, "leaf with V=0");
		stage_map(s, iova, level, ~PTE_V);
		stage_refuses(s, iova, "all ones but V");
		for (bit = 1; bit < 64; bit++) {
			stage_map(s, iova, level, 1ull << bit);
			stage_refuses(s, iova, "one bit");
		}
		stage_map(s, iova, level, LEAF);
		grants(s, iova, STAGE_FAR | offset(iova, level));
	}
}

static void write_without_read(struct stage *s)
{
	unsigned level;

	for (level = 0; level < s->levels; level++) {
		uint64_t iova = stage_iova(s, level);

		stage_map(s, iova, level, LEAF & ~(PTE_R | PTE_X));
		stage_refuses(s, iova, "xwr 010");
		stage_map(s, iova, level, PTE_POINTER(page(s->r)) | PTE_W);
		stage_refuses(s, iova, "pointer with W");
		stage_map(s, iova, level, LEAF & ~PTE_R);
		stage_refuses(s, iova, "xwr 110");
		stage_map(s, iova, level, LEAF);
		grants(s, iova, STAGE_FAR | offset(iova, level));
	}
}

static void reserved_58_54(struct stage *s)
{
	refuses_bits(s, 54, 58);
}

static void reserved_60_59(struct stage *s)
{
	refuses_bits(s, 59, 60);
}

static void pbmt_without_svpbmt(struct stage *s)
{
	refuses_bits(s, 61, 62);
}

static void pbmt_3(struct stage *s)
{
	unsigned level;

	for (level = 0; level < s->levels; level++) {
		uint64_t iova = stage_iova(s, level);

		stage_map(s, iova, level, LEAF | PTE_PBMT(3));
		stage_refuses(s, iova, "PBMT 3");
		stage_map(s, iova, level, LEAF);
		grants(s, iova, STAGE_FAR | offset(iova, level));
	}
}

static void pointer_with_leaf_bits(struct stage *s)
{
	const uint64_t bits[] = {
		PTE_A, PTE_D, PTE_U, PTE_PBMT(1), PTE_PBMT(2), PTE_PBMT(3), PTE_N
	};
	unsigned level, i;

	for (level = 1; level < s->levels; level++) {
		uint64_t iova = stage_iova(s, level);
		uint64_t below = stage_map(s, iova, level - 1, LEAF) & ~0xfffull;

		for (i = 0; i < sizeof(bits) / sizeof(*bits); i++) {
			stage_map(s, iova, level, PTE_POINTER(below) | bits[i]);
			stage_refuses(s, iova, "pointer with a leaf's bit");
		}
		stage_map(s, iova, level, PTE_POINTER(below));
		grants(s, iova, STAGE_FAR | offset(iova, level - 1));
	}
}

static void pointer_at_the_end(struct stage *s)
{
	uint64_t iova = stage_iova(s, 0);
	uint64_t below = page(s->r);
	unsigned i;

	for (i = 0; i < 512; i++)
		put64(s->r, below + 8 * i, LEAF);
	stage_map(s, iova, 0, PTE_POINTER(below));
	stage_refuses(s, iova, "pointer at level 0");
	stage_map(s, iova, 0, LEAF);
	grants(s, iova, STAGE_FAR | offset(iova, 0));
}

static void misaligned_superpage(struct stage *s)
{
	unsigned level, bit;

	for (level = 1; level < s->levels; level++) {
		uint64_t iova = stage_iova(s, level);

		for (bit = 0; bit < 9 * level; bit++) {
			stage_map(s, iova, level, LEAF | 1ull << (10 + bit));
			stage_refuses(s, iova, "misaligned superpage");
		}
		stage_map(s, iova, level, LEAF | 1ull << (10 + 9 * level));
		grants(s, iova, (STAGE_FAR | stage_page_bytes(level)) + offset(iova, level));
	}
}

/* 16 equal entries; each page keeps its own low address bits. */
static void napot(struct stage *s)
{
	uint64_t base = stage_iova(s, 0) & ~0xffffull, spa = STAGE_FAR | 0x12340000;
	uint64_t off;

	for (off = 0; off < 0x10000; off += 0x1000)
		stage_map(s, base + off, 0, leaf(spa | 0x8000) | PTE_N);
	for (off = 0; off < 0x10000; off += 0x1000) {
		grants(s, base + off, spa + off);
		grants(s, base + off + 0xff8, spa + off + 0xff8);
	}
	/* Not from what the first page left behind either: backwards, on other addresses. */
	base = (stage_iova(s, 1) & ~0xffffull);
	for (off = 0x10000; off; off -= 0x1000) {
		stage_map(s, base + off - 0x1000, 0, leaf(spa | 0x8000) | PTE_N);
		grants(s, base + off - 0x1000 + 0x9a8, spa + off - 0x1000 + 0x9a8);
	}
}

static void napot_misused(struct stage *s)
{
	uint64_t iova = stage_iova(s, 0);
	unsigned level, low;

	for (low = 0; low < 16; low++) {
		if (low == 8)
			continue;
		stage_map(s, iova, 0, LEAF | PTE_N | (uint64_t)low << 10);
		stage_refuses(s, iova, "PPN[3:0] is not 8");
	}
	stage_map(s, iova, 0, LEAF | PTE_N | 8ull << 10);
	grants(s, iova, STAGE_FAR | (iova & 0xffff));
	for (level = 1; level < s->levels; level++) {
		uint64_t super = stage_iova(s, level);

		stage_map(s, super, level, LEAF | PTE_N);
		stage_refuses(s, super, "N on a superpage");
		stage_map(s, super, level, LEAF | PTE_N | 8ull << 10);
		stage_refuses(s, super, "N on a superpage, PPN[3:0] 8");
		stage_map(s, super, level, LEAF);
		grants(s, super, STAGE_FAR | offset(super, level));
	}
}

TEST(s1_invalid, "RV-S1-07")
{
	run(invalid, CAP_EXT, false);
}

TEST(s1_write_without_read, "RV-S1-08")
{
	run(write_without_read, CAP_EXT, false);
}

TEST(s1_reserved_58_54, "RV-S1-09")
{
	run(reserved_58_54, CAP_EXT, false);
}

/* What a unit with Svrsw60t59b does with them is another matter. */
TEST(s1_reserved_60_59, "")
{
	run(reserved_60_59, CAP_EXT, false);
}

TEST(s1_pbmt_without_svpbmt, "RV-S1-11")
{
	run(pbmt_without_svpbmt, NO_SVPBMT, false);
}

TEST(s1_pbmt_3, "RV-S1-12")
{
	run(pbmt_3, CAP_EXT, false);
}

TEST(s1_pointer_with_leaf_bits, "RV-S1-13")
{
	run(pointer_with_leaf_bits, CAP_EXT, false);
}

TEST(s1_pointer_at_the_end, "RV-S1-14")
{
	run(pointer_at_the_end, CAP_EXT, false);
}

TEST(s1_misaligned_superpage, "RV-S1-15")
{
	run(misaligned_superpage, CAP_EXT, false);
}

TEST(s1_napot, "RV-S1-16")
{
	run(napot, CAP_EXT, false);
}

TEST(s1_napot_misused, "RV-S1-17")
{
	run(napot_misused, CAP_EXT, false);
}

TEST(s2_pte_checks, "RV-S2-07")
{
	run(invalid, CAP_EXT, true);
	run(write_without_read, CAP_EXT, true);
	run(reserved_58_54, CAP_EXT, true);
	run(reserved_60_59, CAP_EXT, true);
	run(pbmt_without_svpbmt, NO_SVPBMT, true);
	run(pbmt_3, CAP_EXT, true);
	run(pointer_with_leaf_bits, CAP_EXT, true);
	run(pointer_at_the_end, CAP_EXT, true);
	run(misaligned_superpage, CAP_EXT, true);
	run(napot, CAP_EXT, true);
	run(napot_misused, CAP_EXT, true);
}
