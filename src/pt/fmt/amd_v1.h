/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * AMD-Vi's host (v1) page tables of 1 to 6 levels: the Next Level field lets a table stand any
 * number of levels lower, and lets a page have any power of two as its size (AMD I/O Virtualization
 * Technology specification, "Host Page Tables").  There is no right to execute.
 */
#ifndef PT_FMT_AMD_V1_H
#define PT_FMT_AMD_V1_H

#include "pt/pt.h"
#include "regs/amd.h"

/* pt_root.features: these flags are kept, by hardware */
#define PT_AMD_A 0x1u
#define PT_AMD_D 0x2u

/* pt_entry.memory_type */
#define PT_AMD_FC 0x1u
#define PT_AMD_U 0x2u

/* The largest page that is built: one of 2^52 bytes could only begin at 0. */
#define PT_AMD_BUILT_LG2_MAX 51

/* The number of the manual's level 6, which holds no pages. */
#define PT_AMD_TOP 5

PT_INLINE struct pt_entry pt_amd_v1_bad(enum pt_why why)
{
	return (struct pt_entry){ .kind = PT_BAD, .why = (uint8_t)why };
}

PT_INLINE struct pt_entry pt_amd_v1_decode_leaf(const struct pt_root *root, uint64_t raw,
                                                unsigned level, unsigned shift)
{
	uint64_t address = raw & AMD_PTE_ADDRESS, clear = ~address & AMD_PTE_ADDRESS;
	unsigned size = shift;

	if (raw & AMD_PTE_RSVD)
		return pt_amd_v1_bad(PT_WHY_RESERVED);
	if (level == PT_AMD_TOP)
		return pt_amd_v1_bad(PT_WHY_BAD);
	if (IOM_GET(AMD_PTE_NEXT_LEVEL, raw) == AMD_NEXT_LEVEL_SIZED) {
		/* The lowest bit that is 0 tells the size. */
		size = clear ? iom_ctz(clear) + 1 : 64;
		if (size <= shift || size >= shift + 9)
			return pt_amd_v1_bad(PT_WHY_BAD);
		address &= ~iom_low(size);
	} else if (address & iom_low(shift)) {
		return pt_amd_v1_bad(PT_WHY_RESERVED);
	}
	if (address & ~iom_low(root->output_bits))
		return pt_amd_v1_bad(PT_WHY_OUTPUT);
	return (struct pt_entry){
		.address = address,
		.kind = PT_LEAF,
		.size_lg2 = (uint8_t)size,
		.perm = (uint8_t)((raw & AMD_PTE_IR ? PT_R : 0) | (raw & AMD_PTE_IW ? PT_W : 0)),
		.flags =
			(uint8_t)((root->features & PT_AMD_A && !(raw & AMD_PTE_A) ? 0
		                                                                   : PT_ACCESSED) |
		                  (root->features & PT_AMD_D && !(raw & AMD_PTE_D) ? 0 : PT_DIRTY)),
		.memory_type = (uint8_t)((raw & AMD_PTE_FC ? PT_AMD_FC : 0) |
		                         (raw & AMD_PTE_U ? PT_AMD_U : 0)),
	};
}

PT_INLINE struct pt_entry pt_amd_v1_decode(const struct pt_root *root, uint64_t raw, unsigned level,
                                           unsigned shift)
{
	unsigned next = (unsigned)IOM_GET(AMD_PTE_NEXT_LEVEL, raw);

	if (!(raw & AMD_PTE_PR))
		return (struct pt_entry){ .kind = PT_EMPTY };
	if (next == AMD_NEXT_LEVEL_PAGE || next == AMD_NEXT_LEVEL_SIZED)
		return pt_amd_v1_decode_leaf(root, raw, level, shift);
	if (raw & AMD_PDE_RSVD)
		return pt_amd_v1_bad(PT_WHY_RESERVED);
	/* The manual's levels begin at 1. */
	if (next > level)
		return pt_amd_v1_bad(PT_WHY_BAD);
	if (raw & AMD_PTE_ADDRESS & ~iom_low(root->output_bits))
		return pt_amd_v1_bad(PT_WHY_OUTPUT);
	return (struct pt_entry){
		.address = raw & AMD_PTE_ADDRESS,
		.kind = PT_TABLE,
		.next = (uint8_t)(next - 1),
		.perm = (uint8_t)((raw & AMD_PTE_IR ? PT_R : 0) | (raw & AMD_PTE_IW ? PT_W : 0)),
		.flags = root->features & PT_AMD_A && !(raw & AMD_PTE_A) ? 0 : PT_ACCESSED,
	};
}

PT_INLINE unsigned pt_amd_v1_refuse(const struct pt_entry *leaf, const struct pt_want *want)
{
	if (want->perm & (PT_R | PT_W) & ~leaf->perm || (want->perm & PT_X && !(leaf->perm & PT_R)))
		return PT_WHY_PERMISSION;
	if (!(leaf->flags & PT_ACCESSED))
		return PT_WHY_ACCESSED;
	if (want->perm & PT_W && !(leaf->flags & PT_DIRTY))
		return PT_WHY_DIRTY;
	return PT_OK;
}

PT_INLINE uint64_t pt_amd_v1_mark(const struct pt_root *root, uint64_t raw, unsigned flags)
{
	(void)root;
	return raw | (flags & PT_ACCESSED ? AMD_PTE_A : 0) | (flags & PT_DIRTY ? AMD_PTE_D : 0);
}

/* A and D are ignored where they are not kept, so they are preset always. */
PT_INLINE uint64_t pt_amd_v1_encode_table(const struct pt_root *root, uint64_t table,
                                          unsigned level)
{
	(void)root;
	return table | AMD_PTE_PR | AMD_PTE_A | AMD_PTE_IR | AMD_PTE_IW |
	       IOM_PUT(AMD_PTE_NEXT_LEVEL, level);
}

PT_INLINE uint64_t pt_amd_v1_encode_leaf(const struct pt_root *root, uint64_t page, unsigned level,
                                         unsigned size_lg2, unsigned perm, unsigned memory_type)
{
	uint64_t raw = page | AMD_PTE_PR | AMD_PTE_A | AMD_PTE_D;

	if (size_lg2 > root->granule_lg2 + 9 * level)
		raw |= IOM_PUT(AMD_PTE_NEXT_LEVEL, AMD_NEXT_LEVEL_SIZED) |
		       (iom_low(size_lg2 - 1) & AMD_PTE_ADDRESS);
	if (perm & PT_R)
		raw |= AMD_PTE_IR;
	if (perm & PT_W)
		raw |= AMD_PTE_IW;
	if (memory_type & PT_AMD_FC)
		raw |= AMD_PTE_FC;
	if (memory_type & PT_AMD_U)
		raw |= AMD_PTE_U;
	return raw;
}

PT_INLINE unsigned pt_amd_v1_leaf_size(const struct pt_root *root, unsigned level, unsigned shift,
                                       unsigned size_lg2)
{
	unsigned most = shift + 8 < PT_AMD_BUILT_LG2_MAX ? shift + 8 : PT_AMD_BUILT_LG2_MAX;

	(void)root;
	if (size_lg2 < shift || level == PT_AMD_TOP)
		return 0;
	return size_lg2 < most ? size_lg2 : most;
}

static const struct pt_format pt_amd_v1 = {
	.name = "AMD-Vi v1",
	.entry_lg2 = 3,
	.group_mark = AMD_PTE_NEXT_LEVEL,
	.skips = true,
	.marks_tables = true,
	.decode = pt_amd_v1_decode,
	.refuse = pt_amd_v1_refuse,
	.mark = pt_amd_v1_mark,
	.encode_table = pt_amd_v1_encode_table,
	.encode_leaf = pt_amd_v1_encode_leaf,
	.leaf_size = pt_amd_v1_leaf_size,
};

/* `mode`: the DTE's, 1 to 6; the table of level 6 is used by 7 bits of the address. */
PT_INLINE struct pt_root pt_amd_v1_root(uint64_t address, unsigned mode, unsigned output_bits,
                                        unsigned features)
{
	return (struct pt_root){
		.address = address & AMD_PTE_ADDRESS,
		.features = features,
		.levels = (uint8_t)mode,
		.granule_lg2 = 12,
		.root_lg2 = mode == 6 ? 7 : 9,
		.input_bits = (uint8_t)(mode == 6 ? 64 : 12 + 9 * mode),
		.output_bits = (uint8_t)output_bits,
	};
}

#endif
