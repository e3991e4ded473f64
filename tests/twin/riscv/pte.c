/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Page-table entries, and what both stages check in every one they read.  A check that is not met
 * is a page fault, or a guest-page fault, whichever check it is.
 */
#include "inside.h"

enum { PTE_V, PTE_R, PTE_W, PTE_X, PTE_U, PTE_G, PTE_A, PTE_D };

/* `mode` is 8, 9 or 10, as iosatp and iohgatp code it. */
struct twin_scheme twin_scheme(unsigned mode, bool rv32, bool x4)
{
	struct twin_scheme s = { .levels = mode - 5, .index_bits = 9, .pte_bytes = 8 };

	if (rv32)
		s = (struct twin_scheme){ .levels = 2, .index_bits = 10, .pte_bytes = 4 };
	s.root_bits = s.index_bits + (x4 ? 2 : 0);
	return s;
}

uint64_t twin_index(const struct twin_scheme *scheme, unsigned level, uint64_t address)
{
	bool root = level == scheme->levels - 1;
	unsigned wide = root ? scheme->root_bits : scheme->index_bits;
	unsigned low = 12 + level * scheme->index_bits;

	return bits(address, low + wide - 1, low);
}

bool twin_pte_is_leaf(uint64_t pte)
{
	return bit(pte, PTE_R) || bit(pte, PTE_X);
}

static uint64_t ppn(const struct twin_scheme *scheme, uint64_t pte)
{
	return scheme->pte_bytes == 4 ? bits(pte, 31, 10) : bits(pte, 53, 10);
}

/* c, d, e, and of f what entries of 4 bytes do not have */
static bool high_bits_ok(const struct twin_unit *unit, unsigned level, uint64_t pte)
{
	bool napot = bit(pte, 63);

	/* c */
	if (bits(pte, 58, 54))
		return false;
	if (bits(pte, 60, 59) && !bit(unit->capabilities, CAP_SVRSW60T59B))
		return false;
	/* d */
	if (bits(pte, 62, 61) == 3)
		return false;
	if (bits(pte, 62, 61) && !bit(unit->capabilities, CAP_SVPBMT))
		return false;
	/* e */
	if (napot && level > 0)
		return false;
	if (napot && twin_pte_is_leaf(pte) && bits(pte, 13, 10) != 8)
		return false;
	/* f */
	return twin_pte_is_leaf(pte) || (bits(pte, 62, 61) == 0 && !napot);
}

bool twin_pte_ok(const struct twin_unit *unit, const struct twin_scheme *scheme, unsigned level,
                 uint64_t pte)
{
	/* a */
	if (!bit(pte, PTE_V))
		return false;
	/* b */
	if (!bit(pte, PTE_R) && bit(pte, PTE_W))
		return false;
	if (scheme->pte_bytes == 8 && !high_bits_ok(unit, level, pte))
		return false;
	if (!twin_pte_is_leaf(pte)) {
		/* f */
		if (bit(pte, PTE_A) || bit(pte, PTE_D) || bit(pte, PTE_U))
			return false;
		/* g */
		return level > 0;
	}
	/* h */
	return ppn(scheme, pte) % (1ull << level * scheme->index_bits) == 0;
}

uint64_t twin_pte_table(const struct twin_scheme *scheme, uint64_t pte)
{
	return ppn(scheme, pte) << 12;
}

void twin_pte_page(const struct twin_scheme *scheme, unsigned level, uint64_t pte, uint64_t address,
                   struct twin_page *page)
{
	uint64_t base = ppn(scheme, pte) << 12, offset;

	page->size_lg2 = 12 + level * scheme->index_bits;
	if (scheme->pte_bytes == 8 && bit(pte, 63))
		page->size_lg2 = 16;
	offset = (1ull << page->size_lg2) - 1;
	page->address = (base & ~offset) | (address & offset);
	page->r = bit(pte, PTE_R);
	page->w = bit(pte, PTE_W);
	page->x = bit(pte, PTE_X);
	page->d = bit(pte, PTE_D);
	page->pbmt = scheme->pte_bytes == 8 ? (enum twin_pbmt)bits(pte, 62, 61) : TWIN_PMA;
}
