/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* One stage alone on the rig; see stage.h. */
#include "stage.h"

void stage_init(struct stage *s, uint64_t cap, bool second, unsigned levels, uint64_t tc)
{
	*s = (struct stage){ .r = rig_new(cap), .second = second, .levels = levels };
	s->root = second ? pages(s->r, 4, 16384) : page(s->r);
	rig_ddt(s->r, 1);
	rig_dc_put(s->r, STAGE_DEVICE, 1 | tc,
	           second ? stage_mode(levels) | 7ull << 44 | s->root >> 12 : 0, 3ull << 12,
	           second ? 0 : stage_mode(levels) | s->root >> 12);
}

uint64_t stage_map(struct stage *s, uint64_t iova, unsigned level, uint64_t pte)
{
	return rig_map(s->r, s->root, s->levels, s->second, iova, level, pte);
}

uint64_t stage_mode(unsigned levels)
{
	return (uint64_t)(levels + 5) << 60;
}

unsigned page_fault(unsigned access)
{
	return access == IOM_EXECUTE ? 12 : access == IOM_READ ? 13 : 15;
}

unsigned guest_page_fault(unsigned access)
{
	return access == IOM_EXECUTE ? 20 : access == IOM_READ ? 21 : 23;
}

unsigned access_fault(unsigned access)
{
	return access == IOM_EXECUTE ? 1 : access == IOM_READ ? 5 : 7;
}

unsigned ttyp_of(unsigned access)
{
	return access == IOM_EXECUTE ? 1 : access == IOM_READ ? 2 : 3;
}

unsigned stage_fault(const struct stage *s, unsigned access)
{
	return s->second ? guest_page_fault(access) : page_fault(access);
}

void stage_refuses(struct stage *s, uint64_t iova, const char *why)
{
	unsigned access, is;

	for (access = IOM_READ; access <= IOM_ATOMIC; access++) {
		is = rig_cause(s->r, STAGE_DEVICE, iova, access);
		CHECK_MSG(is == stage_fault(s, access),
		          "%s stage of %u levels, access %u: cause %u (%s)",
		          s->second ? "second" : "first", s->levels, access, is, why);
	}
}

uint64_t stage_page_bytes(unsigned level)
{
	return 4096ull << 9 * level;
}

uint64_t stage_iova(const struct stage *s, unsigned top)
{
	unsigned shift = 12 + 9 * (s->levels - 1);

	return (uint64_t)(top + 1) << shift | (0x6b5a3c5d2e1a78ull & ((1ull << shift) - 1));
}
