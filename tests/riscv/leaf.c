/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Leaves that are well formed: sizes, addresses, memory types, permissions, A and D.  The same for
 * either stage, swept over all modes and levels.
 */
#include "stage.h"

static struct iom_reply ask(struct stage *s, uint64_t iova, unsigned access)
{
	const struct iom_request q = { .iova = iova, .bytes = 4, .access = (uint8_t)access };
	struct iom_reply reply;
	int err = rig_translate(s->r, STAGE_DEVICE, &q, &reply);

	CHECK_MSG(err == IOM_OK, "0x%llx, access %u: cause %u", (unsigned long long)iova, access,
	          reply.fault);
	return reply;
}

/* ---- Sizes and addresses ------------------------------------------------------------------ */

/* Each address bit below the page size alone, and all of them, pass from IOVA to SPA. */
static void page_size(struct stage *s, unsigned level)
{
	uint64_t bytes = stage_page_bytes(level), target = STAGE_FAR | bytes << 1;
	uint64_t base = stage_iova(s, level) & ~(bytes - 1);
	struct iom_reply reply;
	uint64_t bit;

	stage_map(s, base, level, leaf(target));
	for (bit = 1; bit < bytes; bit <<= 1) {
		reply = ask(s, base | bit, IOM_READ);
		CHECK_EQ(reply.spa, target | bit);
		reply = ask(s, (base | (bytes - 1)) & ~bit, IOM_WRITE);
		CHECK_EQ(reply.spa, (target | (bytes - 1)) & ~bit);
	}
	reply = ask(s, base, IOM_EXECUTE);
	CHECK_EQ(reply.spa, target);
	/* A Bare stage grants 1 GiB at a time. */
	CHECK_EQ(reply.range_lg2, level > 2 ? 30 : 12 + 9 * level);
	CHECK_EQ(reply.perm, IOM_PERM_READ | IOM_PERM_WRITE | IOM_PERM_EXECUTE);
	CHECK_EQ(reply.memory_type, IOM_MEMORY_DEFAULT);
	/* Nothing is mapped on either side. */
	stage_refuses(s, base - 8, "below the page");
	stage_refuses(s, base + bytes, "above the page");
}

static void page_sizes(bool second, unsigned levels)
{
	struct stage s;
	unsigned level;

	stage_init(&s, CAP_EXT, second, levels, 0);
	for (level = 0; level < levels; level++)
		page_size(&s, level);
	rig_free(s.r);
}

TEST(s1_sv39_pages, "RV-S1-02")
{
	page_sizes(false, 3);
}

TEST(s1_sv48_pages, "RV-S1-03")
{
	page_sizes(false, 4);
}

TEST(s1_sv57_pages, "RV-S1-04")
{
	page_sizes(false, 5);
}

TEST(s2_x4_pages, "")
{
	unsigned levels;

	for (levels = 3; levels <= 5; levels++)
		page_sizes(true, levels);
}

/* 64-KiB pages too, which page_size does not know. */
static void offsets(bool second)
{
	unsigned levels, level;

	for (levels = 3; levels <= 5; levels++) {
		struct stage s;
		uint64_t base, page_off, low;

		stage_init(&s, CAP_EXT, second, levels, 0);
		for (level = 0; level < levels; level++)
			page_size(&s, level);
		base = stage_iova(&s, 20) & ~0xffffull;
		for (page_off = 0; page_off < 0x10000; page_off += 0x1000) {
			stage_map(&s, base + page_off, 0, leaf(STAGE_FAR | 0x8000) | PTE_N);
			for (low = 1; low < 0x1000; low <<= 1)
				CHECK_EQ(ask(&s, base + page_off + low, IOM_READ).spa,
				         STAGE_FAR + page_off + low);
		}
		CHECK_EQ(ask(&s, base + 0x7123, IOM_READ).range_lg2, 16);
		rig_free(s.r);
	}
}

TEST(s1_offset_is_kept, "RV-S1-33")
{
	offsets(false);
}

TEST(s2_offset_is_kept, "")
{
	offsets(true);
}

/* ---- Bits that change the answer, or do not ------------------------------------------------ */

static void memory_types(bool second)
{
	const uint8_t types[3] = { IOM_MEMORY_DEFAULT, IOM_MEMORY_NC, IOM_MEMORY_IO };
	unsigned levels, level, pbmt;

	for (levels = 3; levels <= 5; levels++)
		for (pbmt = 0; pbmt < 3; pbmt++) {
			struct stage s;
			uint64_t iova;

			stage_init(&s, CAP_EXT, second, levels, 0);
			for (level = 0; level < levels; level++) {
				iova = stage_iova(&s, level);
				stage_map(&s, iova, level, leaf(STAGE_FAR) | PTE_PBMT(pbmt));
				/* The second answer may come from what the first left behind. */
				CHECK_EQ(ask(&s, iova, IOM_READ).memory_type, types[pbmt]);
				CHECK_EQ(ask(&s, iova, IOM_WRITE).memory_type, types[pbmt]);
			}
			iova = stage_iova(&s, 20);
			stage_map(&s, iova, 0, leaf(STAGE_FAR | 0x8000) | PTE_N | PTE_PBMT(pbmt));
			CHECK_EQ(ask(&s, iova, IOM_READ).memory_type, types[pbmt]);
			CHECK_EQ(ask(&s, iova, IOM_WRITE).memory_type, types[pbmt]);
			rig_free(s.r);
		}
}

TEST(s1_memory_types, "RV-S1-34 RV-S1-40")
{
	memory_types(false);
}

TEST(s2_memory_types, "")
{
	memory_types(true);
}

/* `bits` make no difference in a leaf of any level, nor in the pointers above it. */
static void ignored(bool second, uint64_t bits)
{
	unsigned levels, level;

	for (levels = 3; levels <= 5; levels++) {
		struct stage s;

		stage_init(&s, CAP_EXT, second, levels, 0);
		for (level = 0; level < levels; level++) {
			uint64_t iova = stage_iova(&s, level), entry, below = 0;
			unsigned i;

			for (i = level; i < levels; i++) {
				entry = stage_map(&s, iova, i,
				                  below ? PTE_POINTER(below) | bits
				                        : leaf(STAGE_FAR) | bits);
				below = i + 1 < levels ? entry & ~0xfffull : 0;
			}
			CHECK_EQ(ask(&s, iova, IOM_WRITE).spa,
			         STAGE_FAR | (iova & (stage_page_bytes(level) - 1)));
		}
		rig_free(s.r);
	}
}

TEST(s1_rsw_is_ignored, "RV-S1-41")
{
	ignored(false, 1ull << 8);
	ignored(false, 1ull << 9);
	ignored(false, 3ull << 8);
}

TEST(s2_global_is_ignored, "RV-S2-08")
{
	const uint64_t iova = 0x5000;
	struct stage s;

	ignored(true, PTE_G);
	/* Nor does it save an entry from the invalidation of its guest. */
	stage_init(&s, CAP_EXT, true, 3, 0);
	rig_cq(s.r, 4, false);
	stage_map(&s, iova, 0, leaf(STAGE_FAR) | PTE_G);
	CHECK_EQ(ask(&s, iova, IOM_READ).spa, STAGE_FAR);
	stage_map(&s, iova, 0, leaf(STAGE_FAR + 0x1000) | PTE_G);
	rig_cmd(s.r, 1 | 1 << 7 | 1ull << 33 | 7ull << 44, 0);
	CHECK_EQ(ask(&s, iova, IOM_READ).spa, STAGE_FAR + 0x1000);
	rig_free(s.r);
}

/* ---- Permissions -------------------------------------------------------------------------- */

static bool permits(uint64_t pte, unsigned access)
{
	if (access == IOM_EXECUTE)
		return pte & PTE_X;
	if (access == IOM_READ)
		return pte & PTE_R;
	return pte & PTE_W;
}

/* Each legal xwr at each level, asked for each access: alone, and after all others were asked. */
static void permissions(bool second)
{
	const uint64_t xwr[5] = { PTE_R, PTE_R | PTE_W, PTE_X, PTE_R | PTE_X,
		                  PTE_R | PTE_W | PTE_X };
	unsigned levels, level, i, first, access, n;

	for (levels = 3; levels <= 5; levels++) {
		struct stage s;

		stage_init(&s, CAP_EXT, second, levels, 0);
		rig_fq(s.r, 4, false);
		for (level = 0; level < levels; level++)
			for (i = 0; i < 5 * 4; i++) {
				uint64_t iova = stage_iova(&s, 20 * level + i);
				uint64_t pte = PTE_PPN(STAGE_FAR) | PTE_V | PTE_U | PTE_A | PTE_D |
				               xwr[i % 5];

				stage_map(&s, iova, level, pte);
				first = i / 5;
				for (n = 0; n < 4; n++) {
					access = (first + n) % 4;
					if (permits(pte, access)) {
						CHECK_EQ(ask(&s, iova, access).perm,
						         (pte >> 1 & 7));
						continue;
					}
					CHECK_EQ(rig_cause(s.r, STAGE_DEVICE, iova, access),
					         stage_fault(&s, access));
					rig_expect(s.r,
					           rig_record(stage_fault(&s, access),
					                      ttyp_of(access), STAGE_DEVICE),
					           iova, second ? iova & ~3ull : 0);
				}
				rig_expect_none(s.r);
			}
		rig_free(s.r);
	}
}

TEST(s1_permissions, "RV-S1-18 RV-S1-19 RV-S1-20 RV-S1-21")
{
	permissions(false);
}

TEST(s2_permissions, "RV-S2-06")
{
	permissions(true);
}

static void accessed(bool second)
{
	unsigned levels, level, access;

	for (levels = 3; levels <= 5; levels++) {
		struct stage s;

		stage_init(&s, CAP_EXT, second, levels, 0);
		for (level = 0; level < levels; level++) {
			uint64_t iova = stage_iova(&s, level), entry;

			entry = stage_map(&s, iova, level, leaf(STAGE_FAR) & ~PTE_A);
			stage_refuses(&s, iova, "A=0");
			put64(s.r, entry, leaf(STAGE_FAR) & ~(PTE_A | PTE_D));
			stage_refuses(&s, iova, "A=0, D=0");
			CHECK_EQ(ram64(s.r, entry), leaf(STAGE_FAR) & ~(PTE_A | PTE_D));
			put64(s.r, entry, leaf(STAGE_FAR));
			for (access = IOM_READ; access <= IOM_ATOMIC; access++)
				ask(&s, iova, access);
		}
		rig_free(s.r);
	}
}

static void dirty(bool second)
{
	unsigned levels, level, round;

	for (levels = 3; levels <= 5; levels++) {
		struct stage s;

		stage_init(&s, CAP_EXT, second, levels, 0);
		for (level = 0; level < levels; level++) {
			uint64_t iova = stage_iova(&s, level), entry;
			uint64_t pte = leaf(STAGE_FAR) & ~PTE_D;

			entry = stage_map(&s, iova, level, pte);
			/* Before and after reads that may leave the entry in a cache. */
			for (round = 0; round < 2; round++) {
				CHECK_EQ(rig_cause(s.r, STAGE_DEVICE, iova, IOM_WRITE),
				         stage_fault(&s, IOM_WRITE));
				CHECK_EQ(rig_cause(s.r, STAGE_DEVICE, iova, IOM_ATOMIC),
				         stage_fault(&s, IOM_ATOMIC));
				/* A write is not granted while the page is clean. */
				CHECK_EQ(ask(&s, iova, IOM_READ).perm,
				         IOM_PERM_READ | IOM_PERM_EXECUTE);
				ask(&s, iova, IOM_EXECUTE);
			}
			CHECK_EQ(ram64(s.r, entry), pte);
		}
		rig_free(s.r);
	}
}

TEST(s1_accessed, "RV-S1-26")
{
	accessed(false);
}

TEST(s1_dirty, "RV-S1-27")
{
	dirty(false);
}

TEST(s2_accessed_without_update, "")
{
	accessed(true);
}

TEST(s2_dirty_without_update, "")
{
	dirty(true);
}
