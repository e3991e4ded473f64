/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * VT-d's second-stage page tables of 3, 4 or 5 levels (VT-d specification, "Second-Stage
 * Translation").  There is no right to execute.
 */
#ifndef PT_FMT_VTD_SS_H
#define PT_FMT_VTD_SS_H

#include "pt/pt.h"
#include "regs/vtd.h"

/* pt_root.features */
#define PT_VTD_2MP 0x1u          /* pages of 2 MiB: SSLPS bit 0                         */
#define PT_VTD_1GP 0x2u          /* pages of 1 GiB: SSLPS bit 1                         */
#define PT_VTD_SC 0x4u           /* SNP exists                                          */
#define PT_VTD_SSADE 0x8u        /* accessed and dirty flags are kept                   */
#define PT_VTD_SSIRWE 0x10u      /* IR and IW count in place of R and W                 */
#define PT_VTD_MEMORY_TYPE 0x20u /* EMT and IPAT count                                  */

/* pt_want.rules */
#define PT_VTD_ANY 0x1u     /* one of the two rights must be there, whichever  */
#define PT_VTD_UNDIRTY 0x2u /* D is not needed, not even for a write           */

/* pt_entry.memory_type */
#define PT_VTD_SNP 0x1u
#define PT_VTD_EMT 0xeu
#define PT_VTD_IPAT 0x10u

PT_INLINE bool pt_vtd_ss_may_map(const struct pt_root *root, unsigned level)
{
	return !level || (level == 1 && root->features & PT_VTD_2MP) ||
	       (level == 2 && root->features & PT_VTD_1GP);
}

/* Both rights, no page, nothing reserved, and A where it counts. */
PT_INLINE bool pt_vtd_ss_plain_table(const struct pt_root *root, uint64_t raw, unsigned level,
                                     uint64_t *table)
{
	uint64_t beyond = VTD_SS_ADDR & ~iom_low(root->output_bits);
	uint64_t rights =
		root->features & PT_VTD_SSIRWE ? VTD_SS_IR | VTD_SS_IW : VTD_SS_R | VTD_SS_W;
	uint64_t set = rights | (root->features & PT_VTD_SSADE ? VTD_SS_A : 0);

	if (!level || (raw & (set | beyond | VTD_SS_PS | VTD_SS_SNP | VTD_SS_IW)) != set)
		return false;
	*table = raw & VTD_SS_ADDR;
	return true;
}

PT_INLINE struct pt_entry pt_vtd_ss_decode(const struct pt_root *root, uint64_t raw, unsigned level,
                                           unsigned shift)
{
	bool io = root->features & PT_VTD_SSIRWE, ad = root->features & PT_VTD_SSADE;
	bool leaf = !level || raw & VTD_SS_PS;
	struct pt_entry e = { .address = raw & VTD_SS_ADDR, .kind = PT_BAD };

	e.perm = (uint8_t)((raw & (io ? VTD_SS_IR : VTD_SS_R) ? PT_R : 0) |
	                   (raw & (io ? VTD_SS_IW : VTD_SS_W) ? PT_W : 0));
	if (!e.perm) {
		e.kind = PT_EMPTY;
		return e;
	}
	if (e.address & ~iom_low(root->output_bits) || (!io && raw & VTD_SS_IW) ||
	    (raw & VTD_SS_SNP && !(leaf && root->features & PT_VTD_SC)) ||
	    (leaf && (!pt_vtd_ss_may_map(root, level) || e.address & iom_low(shift))))
		return e;

	e.flags = !ad || raw & VTD_SS_A ? PT_ACCESSED : 0;
	if (!leaf) {
		e.kind = PT_TABLE;
		e.next = (uint8_t)(level - 1);
		return e;
	}
	e.kind = PT_LEAF;
	e.size_lg2 = (uint8_t)shift;
	e.flags |= !ad || raw & VTD_SS_D ? PT_DIRTY : 0;
	e.memory_type = raw & VTD_SS_SNP ? PT_VTD_SNP : 0;
	if (root->features & PT_VTD_MEMORY_TYPE)
		e.memory_type |= (uint8_t)(IOM_PUT(PT_VTD_EMT, IOM_GET(VTD_SS_EMT, raw)) |
		                           (raw & VTD_SS_IPAT ? PT_VTD_IPAT : 0));
	return e;
}

PT_INLINE unsigned pt_vtd_ss_refuse(const struct pt_entry *leaf, const struct pt_want *want)
{
	if (want->perm & (PT_R | PT_W) & ~leaf->perm || (want->perm & PT_X && !(leaf->perm & PT_R)))
		return PT_WHY_PERMISSION;
	if (want->rules & PT_VTD_ANY && !(leaf->perm & (PT_R | PT_W)))
		return PT_WHY_PERMISSION;
	if (!(leaf->flags & PT_ACCESSED))
		return PT_WHY_ACCESSED;
	if (want->perm & PT_W && !(leaf->flags & PT_DIRTY) && !(want->rules & PT_VTD_UNDIRTY))
		return PT_WHY_DIRTY;
	return PT_OK;
}

PT_INLINE uint64_t pt_vtd_ss_mark(const struct pt_root *root, uint64_t raw, unsigned flags)
{
	(void)root;
	return raw | (flags & PT_ACCESSED ? VTD_SS_A : 0) | (flags & PT_DIRTY ? VTD_SS_D : 0);
}

PT_INLINE uint64_t pt_vtd_ss_rights(const struct pt_root *root, unsigned perm)
{
	bool io = root->features & PT_VTD_SSIRWE;

	return (perm & PT_R ? io ? VTD_SS_IR : VTD_SS_R : 0) |
	       (perm & PT_W ? io ? VTD_SS_IW : VTD_SS_W : 0);
}

/* A and D are ignored where they are not kept, so they are preset always. */
PT_INLINE uint64_t pt_vtd_ss_encode_table(const struct pt_root *root, uint64_t table,
                                          unsigned level)
{
	(void)level;
	return table | pt_vtd_ss_rights(root, PT_R | PT_W) | VTD_SS_A;
}

PT_INLINE uint64_t pt_vtd_ss_encode_leaf(const struct pt_root *root, uint64_t page, unsigned level,
                                         unsigned size_lg2, unsigned perm, unsigned memory_type)
{
	(void)size_lg2;
	return page | pt_vtd_ss_rights(root, perm) | VTD_SS_A | VTD_SS_D | (level ? VTD_SS_PS : 0) |
	       (memory_type & PT_VTD_SNP ? VTD_SS_SNP : 0) |
	       IOM_PUT(VTD_SS_EMT, IOM_GET(PT_VTD_EMT, memory_type)) |
	       (memory_type & PT_VTD_IPAT ? VTD_SS_IPAT : 0);
}

PT_INLINE unsigned pt_vtd_ss_leaf_size(const struct pt_root *root, unsigned level, unsigned shift,
                                       unsigned size_lg2)
{
	return pt_vtd_ss_may_map(root, level) && size_lg2 >= shift ? shift : 0;
}

static const struct pt_format pt_vtd_ss = {
	.name = "VT-d second stage",
	.entry_lg2 = 3,
	.marks_tables = true,
	.decode = pt_vtd_ss_decode,
	.plain_table = pt_vtd_ss_plain_table,
	.refuse = pt_vtd_ss_refuse,
	.mark = pt_vtd_ss_mark,
	.encode_table = pt_vtd_ss_encode_table,
	.encode_leaf = pt_vtd_ss_encode_leaf,
	.leaf_size = pt_vtd_ss_leaf_size,
};

/*
 * `levels`: 3, 4 or 5; `input_bits`: the smaller of MGAW and what the levels decode; `output_bits`:
 * HAW.
 */
PT_INLINE struct pt_root pt_vtd_ss_root(uint64_t address, unsigned levels, unsigned input_bits,
                                        unsigned output_bits, unsigned features)
{
	return (struct pt_root){
		.address = address & VTD_SS_ADDR,
		.features = features,
		.levels = (uint8_t)levels,
		.granule_lg2 = 12,
		.root_lg2 = 9,
		.input_bits = (uint8_t)input_bits,
		.output_bits = (uint8_t)output_bits,
	};
}

#endif
