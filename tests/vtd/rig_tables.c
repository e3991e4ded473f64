/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The bench of rig.h: root, context, PASID and paging tables. */
#include "rig.h"

#define POINTER 0xffffffffff000ull /* bits 51:12 */

void rig_rtaddr(struct rig *r, uint64_t rtaddr)
{
	wr64(r, RTADDR, rtaddr);
	rig_gcmd(r, SRTP, true);
}

void rig_root(struct rig *r, unsigned ttm)
{
	r->root = page(r);
	rig_rtaddr(r, r->root | (uint64_t)ttm << 10);
}

void rig_on(struct rig *r, unsigned ttm)
{
	rig_root(r, ttm);
	rig_gcmd(r, TE, true);
}

/* The table that the pointer at `entry` leads to; made, with `bits` beside the pointer. */
static uint64_t descend(struct rig *r, uint64_t entry, uint64_t bits)
{
	if (!ram64(r, entry))
		put64(r, entry, page(r) | bits);
	return ram64(r, entry) & POINTER;
}

uint64_t rig_context(struct rig *r, uint16_t sid)
{
	return descend(r, r->root + 16ull * (sid >> 8), 1) + 16ull * (sid & 0xff);
}

void rig_context_put(struct rig *r, uint16_t sid, uint64_t qw0, uint64_t qw1)
{
	const uint64_t word[] = { qw0, qw1 };

	puts64(r, rig_context(r, sid), word, 2);
}

uint64_t rig_scontext(struct rig *r, uint16_t sid)
{
	uint64_t half = r->root + 16ull * (sid >> 8) + (sid & 0x80 ? 8 : 0);

	return descend(r, half, 1) + 32ull * (sid & 0x7f);
}

void rig_device(struct rig *r, uint16_t sid, unsigned pdts, uint64_t flags, uint64_t qw1)
{
	uint64_t directory = pages(r, pdts > 2 ? 1u << (pdts - 2) : 1, PAGE);
	const uint64_t word[] = { directory | (uint64_t)pdts << 9 | flags | 1, qw1, 0, 0 };

	puts64(r, rig_scontext(r, sid), word, 4);
}

uint64_t rig_directory(struct rig *r, uint16_t sid, uint32_t pasid)
{
	return (ram64(r, rig_scontext(r, sid)) & POINTER) + 8ull * (pasid >> 6);
}

uint64_t rig_pasid(struct rig *r, uint16_t sid, uint32_t pasid)
{
	return descend(r, rig_directory(r, sid, pasid), 1) + 64ull * (pasid & 0x3f);
}

void rig_pasid_put(struct rig *r, uint16_t sid, uint32_t pasid, uint64_t qw0, uint64_t qw1,
                   uint64_t qw2)
{
	const uint64_t word[8] = { qw0, qw1, qw2 };

	puts64(r, rig_pasid(r, sid, pasid), word, 8);
}

static uint64_t index_of(uint64_t iova, unsigned level)
{
	return iova >> (12 + 9 * (level - 1)) & 0x1ff;
}

static uint64_t map(struct rig *r, uint64_t table, unsigned levels, uint64_t iova, unsigned level,
                    uint64_t entry, uint64_t bits)
{
	uint64_t spa;

	for (; levels > level; levels--)
		table = descend(r, table + 8 * index_of(iova, levels), bits);
	spa = table + 8 * index_of(iova, level);
	put64(r, spa, entry);
	return spa;
}

uint64_t rig_ss(struct rig *r, uint64_t root, unsigned levels, uint64_t iova, unsigned level,
                uint64_t entry)
{
	return map(r, root, levels, iova, level, entry, SS_RW);
}

uint64_t rig_fs(struct rig *r, uint64_t root, unsigned levels, uint64_t iova, unsigned level,
                uint64_t entry)
{
	return map(r, root, levels, iova, level, entry, FS_PRU);
}

uint64_t rig_entry(struct rig *r, uint64_t root, unsigned levels, uint64_t iova, unsigned level)
{
	for (; levels > level; levels--)
		root = ram64(r, root + 8 * index_of(iova, levels)) & POINTER;
	return root + 8 * index_of(iova, level);
}
