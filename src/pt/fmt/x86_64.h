/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * x86-64 page tables of 4 or 5 levels: the first stage of VT-d, the guest (v2) tables of AMD-Vi (VT-d,
 * "First-Stage Translation"; Intel SDM volume 3, "4-Level Paging and 5-Level Paging").
 */
#ifndef PT_FMT_X86_64_H
#define PT_FMT_X86_64_H

#include "pt/pt.h"
#include "regs/x86.h"

/* pt_root.features */
#define PT_X86_1GP 0x1u          /* pages of 1 GiB                                    */
#define PT_X86_NXE 0x2u          /* XD counts; else it is reserved ...                */
#define PT_X86_XD_IGNORED 0x4u   /* ... or ignored: VT-d 4.0 and later                */
#define PT_X86_EAFE 0x8u         /* VT-d's extended accessed flag is kept beside A    */
#define PT_X86_MEMORY_TYPE 0x10u /* PAT, PCD and PWT count                            */
#define PT_X86_GUEST 0x20u       /* what is beyond output_bits is PT_WHY_OUTPUT       */

/* pt_want.rules */
#define PT_X86_WPE 0x1u     /* privileged writes heed R/W as well          */
#define PT_X86_SMEP 0x2u    /* privileged software executes no user pages  */
#define PT_X86_UNDIRTY 0x4u /* D is not needed, not even for a write       */

/* pt_entry.memory_type: index into the PAT */
#define PT_X86_PWT 0x1u
#define PT_X86_PCD 0x2u
#define PT_X86_PAT 0x4u

PT_INLINE unsigned pt_x86_64_memory_type(uint64_t raw, unsigned level)
{
	uint64_t pat = level ? X86_PTE_PAT_LARGE : X86_PTE_PAT;

	return (raw & X86_PTE_PWT ? PT_X86_PWT : 0) | (raw & X86_PTE_PCD ? PT_X86_PCD : 0) |
	       (raw & pat ? PT_X86_PAT : 0);
}

PT_INLINE bool pt_x86_64_may_map(const struct pt_root *root, unsigned level)
{
	return level <= 1 || (level == 2 && root->features & PT_X86_1GP);
}

/* Every right, no page, nothing reserved, and A. */
PT_INLINE bool pt_x86_64_plain_table(const struct pt_root *root, uint64_t raw, unsigned level,
                                     uint64_t *table)
{
	uint64_t beyond = X86_PTE_ADDRESS & ~iom_low(root->output_bits);
	uint64_t set = X86_PTE_P | X86_PTE_RW | X86_PTE_US | X86_PTE_A |
	               (root->features & PT_X86_EAFE ? X86_PTE_EA : 0);
	uint64_t clear = X86_PTE_PS | (root->features & PT_X86_XD_IGNORED ? 0 : X86_PTE_XD);

	if (!level || (raw & (set | clear | beyond)) != set)
		return false;
	*table = raw & X86_PTE_ADDRESS;
	return true;
}

PT_INLINE struct pt_entry pt_x86_64_decode(const struct pt_root *root, uint64_t raw, unsigned level,
                                           unsigned shift)
{
	uint64_t seen = root->features & PT_X86_EAFE ? X86_PTE_A | X86_PTE_EA : X86_PTE_A;
	bool leaf = !level || raw & X86_PTE_PS;
	bool guest = root->features & PT_X86_GUEST;
	struct pt_entry e = { .address = raw & X86_PTE_ADDRESS, .kind = PT_BAD };

	if (!(raw & X86_PTE_P)) {
		e.kind = PT_EMPTY;
		return e;
	}
	if ((e.address & ~iom_low(root->output_bits) && !guest) ||
	    (raw & X86_PTE_XD && !(root->features & (PT_X86_NXE | PT_X86_XD_IGNORED))) ||
	    (leaf && !pt_x86_64_may_map(root, level)))
		return e;
	if (leaf && level)
		e.address &= ~X86_PTE_PAT_LARGE;
	if (leaf && e.address & iom_low(shift))
		return e;
	if (guest && e.address & ~iom_low(root->output_bits)) {
		e.why = PT_WHY_OUTPUT;
		return e;
	}

	e.perm = (uint8_t)(PT_R | (raw & X86_PTE_RW ? PT_W : 0) | (raw & X86_PTE_US ? PT_USER : 0) |
	                   (raw & X86_PTE_XD && root->features & PT_X86_NXE ? 0 : PT_X));
	e.flags = (raw & seen) == seen ? PT_ACCESSED : 0;
	if (!leaf) {
		e.kind = PT_TABLE;
		e.next = (uint8_t)(level - 1);
		return e;
	}

	e.kind = PT_LEAF;
	e.size_lg2 = (uint8_t)shift;
	e.flags |= raw & X86_PTE_D ? PT_DIRTY : 0;
	if (root->features & PT_X86_MEMORY_TYPE)
		e.memory_type = (uint8_t)pt_x86_64_memory_type(raw, level);
	return e;
}

PT_INLINE unsigned pt_x86_64_refuse(const struct pt_entry *leaf, const struct pt_want *want)
{
	bool user_page = leaf->perm & PT_USER;

	if (want->user && !user_page)
		return PT_WHY_PERMISSION;
	if (want->perm & PT_W && !(leaf->perm & PT_W) && (want->user || want->rules & PT_X86_WPE))
		return PT_WHY_PERMISSION;
	if (want->perm & PT_X &&
	    (!(leaf->perm & PT_X) || (!want->user && user_page && want->rules & PT_X86_SMEP)))
		return PT_WHY_PERMISSION;
	if (!(leaf->flags & PT_ACCESSED))
		return PT_WHY_ACCESSED;
	if (want->perm & PT_W && !(leaf->flags & PT_DIRTY) && !(want->rules & PT_X86_UNDIRTY))
		return PT_WHY_DIRTY;
	return PT_OK;
}

/* EA is set whenever A is. */
PT_INLINE uint64_t pt_x86_64_mark(const struct pt_root *root, uint64_t raw, unsigned flags)
{
	if (flags & PT_ACCESSED)
		raw |= X86_PTE_A | (root->features & PT_X86_EAFE ? X86_PTE_EA : 0);
	return flags & PT_DIRTY ? raw | X86_PTE_D : raw;
}

/* A table lets everything through, and A, D and EA are preset: this software does not use them. */
PT_INLINE uint64_t pt_x86_64_encode_table(const struct pt_root *root, uint64_t table,
                                          unsigned level)
{
	(void)level;
	return table | X86_PTE_P | X86_PTE_RW | X86_PTE_US | X86_PTE_A |
	       (root->features & PT_X86_EAFE ? X86_PTE_EA : 0);
}

PT_INLINE uint64_t pt_x86_64_encode_leaf(const struct pt_root *root, uint64_t page, unsigned level,
                                         unsigned size_lg2, unsigned perm, unsigned memory_type)
{
	uint64_t raw = page | X86_PTE_P | X86_PTE_A | X86_PTE_D;

	(void)size_lg2;
	if (root->features & PT_X86_EAFE)
		raw |= X86_PTE_EA;
	if (level)
		raw |= X86_PTE_PS;
	if (perm & PT_W)
		raw |= X86_PTE_RW;
	if (perm & PT_USER)
		raw |= X86_PTE_US;
	if (!(perm & PT_X) && root->features & PT_X86_NXE)
		raw |= X86_PTE_XD;
	if (memory_type & PT_X86_PWT)
		raw |= X86_PTE_PWT;
	if (memory_type & PT_X86_PCD)
		raw |= X86_PTE_PCD;
	if (memory_type & PT_X86_PAT)
		raw |= level ? X86_PTE_PAT_LARGE : X86_PTE_PAT;
	return raw;
}

PT_INLINE unsigned pt_x86_64_leaf_size(const struct pt_root *root, unsigned level, unsigned shift,
                                       unsigned size_lg2)
{
	return pt_x86_64_may_map(root, level) && size_lg2 >= shift ? shift : 0;
}

static const struct pt_format pt_x86_64 = {
	.name = "x86-64",
	.entry_lg2 = 3,
	.marks_tables = true,
	.decode = pt_x86_64_decode,
	.plain_table = pt_x86_64_plain_table,
	.refuse = pt_x86_64_refuse,
	.mark = pt_x86_64_mark,
	.encode_table = pt_x86_64_encode_table,
	.encode_leaf = pt_x86_64_encode_leaf,
	.leaf_size = pt_x86_64_leaf_size,
};

/* `levels`: 4 or 5; `output_bits`: the host's address width, or the guest's where tables nest. */
PT_INLINE struct pt_root pt_x86_64_root(uint64_t address, unsigned levels, unsigned output_bits,
                                        unsigned features)
{
	return (struct pt_root){
		.address = address & ~iom_low(12),
		.features = features,
		.levels = (uint8_t)levels,
		.granule_lg2 = 12,
		.root_lg2 = 9,
		.input_bits = (uint8_t)(12 + 9 * levels),
		.output_bits = (uint8_t)output_bits,
		.sign_extended = true,
	};
}

#endif
