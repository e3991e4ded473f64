/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * VMSAv8-64 translation tables: stage 1 and stage 2, granules of 4, 16 and 64 KiB, contiguous groups,
 * concatenated tables at the start of stage 2 (Arm Architecture Reference Manual, "The AArch64 Virtual
 * Memory System Architecture"; SMMUv3, "Translation tables").  The manual's level 3 is level 0 here.
 *
 * Reserved types are entries that are not present, and other reserved bits are not looked at.
 */
#ifndef PT_FMT_VMSAV8_H
#define PT_FMT_VMSAV8_H

#include "pt/pt.h"
#include "regs/smmu3.h"

/* pt_root.features */
#define PT_VMSA_AFFD 0x1u          /* the access flag counts as set                    */
#define PT_VMSA_HAD 0x2u           /* stage 1: table descriptors restrict nothing      */
#define PT_VMSA_ONE_PRIVILEGE 0x4u /* stage 1: EL2 and EL3 without E2H                 */
#define PT_VMSA_XNX 0x8u           /* stage 2: XN tells the privileges apart           */
#define PT_VMSA_OA52 0x10u         /* 64-KiB granule: addresses of 52 bits             */

/*
 * pt_want.rules.  PAN is the converse of pt_want.user_pages.
 */
#define PT_VMSA_WXN 0x1u
#define PT_VMSA_ONE 0x2u /* the root's PT_VMSA_ONE_PRIVILEGE */

/* pt_entry.memory_type */
#define PT_VMSA_ATTR_INDX 0x7u
#define PT_VMSA_SH 0x18u
#define PT_VMSA_S2_MEM_ATTR 0xfu
#define PT_VMSA_S2_SH 0x30u

/* Concatenated tables at most: 16 */
#define PT_VMSA_CONCATENATED_LG2 4

/* ---- Geometry ------------------------------------------------------------------------------ */

/* Is there a leaf of one entry at this level? */
PT_INLINE bool pt_vmsa_may_map(const struct pt_root *root, unsigned level)
{
	switch (root->granule_lg2) {
	case 12:
		return level <= 2;
	case 14:
		return level <= 1;
	default:
		return level <= 1 || (level == 2 && root->features & PT_VMSA_OA52);
	}
}

/* Entries of a contiguous group, as log2; 0: there are no groups at this level. */
PT_INLINE unsigned pt_vmsa_group_lg2(const struct pt_root *root, unsigned level)
{
	switch (root->granule_lg2) {
	case 12:
		return level <= 2 ? 4 : 0;
	case 14:
		return level == 0 ? 7 : level == 1 ? 5 : 0;
	default:
		return level <= 1 ? 5 : 0;
	}
}

/* The size of such a group; no more than the input range, beyond which nothing is translated. */
PT_INLINE unsigned pt_vmsa_group_size(const struct pt_root *root, unsigned level, unsigned shift)
{
	unsigned size = shift + pt_vmsa_group_lg2(root, level);

	return size <= root->input_bits ? size : shift;
}

PT_INLINE unsigned pt_vmsa_leaf_size(const struct pt_root *root, unsigned level, unsigned shift,
                                     unsigned size_lg2)
{
	unsigned group = pt_vmsa_group_size(root, level, shift);

	if (!pt_vmsa_may_map(root, level) || size_lg2 < shift)
		return 0;
	return size_lg2 >= group ? group : shift;
}

PT_INLINE bool pt_vmsa_wide(const struct pt_root *root)
{
	return root->granule_lg2 == 16 && root->features & PT_VMSA_OA52;
}

PT_INLINE uint64_t pt_vmsa_address(const struct pt_root *root, uint64_t raw)
{
	uint64_t address = raw & VMSA_ADDRESS & ~iom_low(root->granule_lg2);

	if (pt_vmsa_wide(root))
		address |= IOM_GET(VMSA_ADDRESS_51_48, raw) << 48;
	return address;
}

PT_INLINE uint64_t pt_vmsa_encode_address(const struct pt_root *root, uint64_t address)
{
	uint64_t raw = address & VMSA_ADDRESS & ~iom_low(root->granule_lg2);

	return pt_vmsa_wide(root) ? raw | IOM_PUT(VMSA_ADDRESS_51_48, address >> 48) : raw;
}

/* ---- Entries: what both stages share ---------------------------------------------------------- */

/* Kind, address, next level, size and the access flag. */
PT_INLINE struct pt_entry pt_vmsa_decode(const struct pt_root *root, uint64_t raw, unsigned level,
                                         unsigned shift)
{
	bool leaf = !level || !(raw & VMSA_TABLE);
	struct pt_entry e = { .kind = PT_EMPTY };

	if (!(raw & VMSA_VALID) || (!level && !(raw & VMSA_TABLE)) ||
	    (leaf && !pt_vmsa_may_map(root, level)))
		return e;

	e.address = pt_vmsa_address(root, raw);
	if (leaf)
		e.address &= ~iom_low(shift);
	if (e.address & ~iom_low(root->output_bits)) {
		e.kind = PT_BAD;
		e.why = PT_WHY_OUTPUT;
		return e;
	}
	if (!leaf) {
		e.kind = PT_TABLE;
		e.next = (uint8_t)(level - 1);
		e.perm = PT_ALL;
		return e;
	}
	e.kind = PT_LEAF;
	e.size_lg2 =
		(uint8_t)(raw & VMSA_CONTIGUOUS ? pt_vmsa_group_size(root, level, shift) : shift);
	e.flags = PT_DIRTY | (raw & VMSA_AF || root->features & PT_VMSA_AFFD ? PT_ACCESSED : 0);
	return e;
}

/*
 * A clear access flag comes before what the page forbids; but a walk that may set it does so only for
 * an access that the page serves.
 */
PT_INLINE unsigned pt_vmsa_refuse(const struct pt_entry *leaf, const struct pt_want *want,
                                  bool serves)
{
	bool accessed = leaf->flags & PT_ACCESSED;

	if (!accessed && !(want->marks & PT_ACCESSED))
		return PT_WHY_ACCESSED;
	if (!serves)
		return PT_WHY_PERMISSION;
	return accessed ? PT_OK : PT_WHY_ACCESSED;
}

/* No leaf lacks the dirty flag: DBM is not looked at. */
PT_INLINE uint64_t pt_vmsa_mark(const struct pt_root *root, uint64_t raw, unsigned flags)
{
	(void)root;
	return flags & PT_ACCESSED ? raw | VMSA_AF : raw;
}

PT_INLINE uint64_t pt_vmsa_encode_table(const struct pt_root *root, uint64_t table, unsigned level)
{
	(void)level;
	return pt_vmsa_encode_address(root, table) | VMSA_VALID | VMSA_TABLE;
}

/* AF is preset: this software does not use it. */
PT_INLINE uint64_t pt_vmsa_encode_leaf(const struct pt_root *root, uint64_t page, unsigned level,
                                       unsigned size_lg2)
{
	unsigned shift = root->granule_lg2 + level * (root->granule_lg2 - 3u);

	return pt_vmsa_encode_address(root, page) | VMSA_VALID | (level ? 0 : VMSA_TABLE) |
	       VMSA_AF | (size_lg2 > shift ? VMSA_CONTIGUOUS : 0);
}

/* ---- Stage 1 ----------------------------------------------------------------------------------- */

/* What a table descriptor lets through. */
PT_INLINE unsigned pt_vmsa_s1_through(const struct pt_root *root, uint64_t raw)
{
	bool one = root->features & PT_VMSA_ONE_PRIVILEGE;
	unsigned perm = PT_ALL;

	if (root->features & PT_VMSA_HAD)
		return perm;
	if (raw & VMSA_AP_TABLE_USER && !one)
		perm &= ~PT_USER;
	if (raw & VMSA_AP_TABLE_WRITE)
		perm &= ~PT_W;
	if (raw & VMSA_UXN_TABLE)
		perm &= ~(one ? PT_X | PT_PX : PT_X);
	if (raw & VMSA_PXN_TABLE && !one)
		perm &= ~PT_PX;
	return perm;
}

PT_INLINE struct pt_entry pt_vmsa_s1_decode(const struct pt_root *root, uint64_t raw,
                                            unsigned level, unsigned shift)
{
	struct pt_entry e = pt_vmsa_decode(root, raw, level, shift);
	bool one = root->features & PT_VMSA_ONE_PRIVILEGE;

	if (e.kind == PT_TABLE)
		e.perm = (uint8_t)pt_vmsa_s1_through(root, raw);
	if (e.kind != PT_LEAF)
		return e;
	e.perm = (uint8_t)(PT_R | (raw & VMSA_AP_2 ? 0 : PT_W) |
	                   (raw & VMSA_AP_1 || one ? PT_USER : 0) | (raw & VMSA_UXN ? 0 : PT_X) |
	                   (raw & (one ? VMSA_UXN : VMSA_PXN) ? 0 : PT_PX));
	e.flags |= raw & VMSA_NG ? 0 : PT_GLOBAL;
	e.memory_type = (uint8_t)(IOM_PUT(PT_VMSA_ATTR_INDX, IOM_GET(VMSA_ATTR_INDX, raw)) |
	                          IOM_PUT(PT_VMSA_SH, IOM_GET(VMSA_SH, raw)));
	return e;
}

/* PT_USER is about data alone: a page may be the user's to execute and no more. */
PT_INLINE bool pt_vmsa_s1_may(const struct pt_entry *leaf, const struct pt_want *want)
{
	bool one = want->rules & PT_VMSA_ONE, wxn = want->rules & PT_VMSA_WXN;
	bool user = want->user && !one, user_page = leaf->perm & PT_USER && !one;
	bool write = leaf->perm & PT_W;

	if (want->perm & (PT_R | PT_W) && (user ? !user_page : user_page && !want->user_pages))
		return false;
	if (want->perm & PT_W && !write)
		return false;
	if (!(want->perm & PT_X))
		return true;
	if (!(leaf->perm & (user ? PT_X : PT_PX)))
		return false;
	/* What users may write privileged software never executes; with WXN, nobody what he may write. */
	if (user)
		return !(write && user_page && wxn);
	return !(write && (user_page || wxn));
}

PT_INLINE unsigned pt_vmsa_s1_refuse(const struct pt_entry *leaf, const struct pt_want *want)
{
	return pt_vmsa_refuse(leaf, want, pt_vmsa_s1_may(leaf, want));
}

/* nG: an entry belongs to its ASID. */
PT_INLINE uint64_t pt_vmsa_s1_encode_leaf(const struct pt_root *root, uint64_t page, unsigned level,
                                          unsigned size_lg2, unsigned perm, unsigned memory_type)
{
	uint64_t raw = pt_vmsa_encode_leaf(root, page, level, size_lg2) | VMSA_NG |
	               IOM_PUT(VMSA_ATTR_INDX, IOM_GET(PT_VMSA_ATTR_INDX, memory_type)) |
	               IOM_PUT(VMSA_SH, IOM_GET(PT_VMSA_SH, memory_type));

	if (perm & PT_USER)
		raw |= VMSA_AP_1;
	if (!(perm & PT_W))
		raw |= VMSA_AP_2;
	if (!(perm & PT_X))
		raw |= VMSA_UXN;
	if (!(perm & PT_PX) && !(root->features & PT_VMSA_ONE_PRIVILEGE))
		raw |= VMSA_PXN;
	return raw;
}

static const struct pt_format pt_vmsa_s1 = {
	.name = "VMSAv8-64 stage 1",
	.entry_lg2 = 3,
	.group_mark = VMSA_CONTIGUOUS,
	.own_address = true,
	.decode = pt_vmsa_s1_decode,
	.refuse = pt_vmsa_s1_refuse,
	.mark = pt_vmsa_mark,
	.encode_table = pt_vmsa_encode_table,
	.encode_leaf = pt_vmsa_s1_encode_leaf,
	.leaf_size = pt_vmsa_leaf_size,
};

/* ---- Stage 2 ----------------------------------------------------------------------------------- */

PT_INLINE struct pt_entry pt_vmsa_s2_decode(const struct pt_root *root, uint64_t raw,
                                            unsigned level, unsigned shift)
{
	static const uint8_t executes[] = {
		[VMSA_S2_XN_NONE] = PT_X | PT_PX,
		[VMSA_S2_XN_PRIV] = PT_X,
		[VMSA_S2_XN_ALL] = 0,
		[VMSA_S2_XN_UNPRIV] = PT_PX,
	};
	struct pt_entry e = pt_vmsa_decode(root, raw, level, shift);
	unsigned xn = (unsigned)IOM_GET(VMSA_S2_XN, raw);

	if (e.kind != PT_LEAF)
		return e;
	if (!(root->features & PT_VMSA_XNX))
		xn &= VMSA_S2_XN_ALL;
	e.perm = (uint8_t)((raw & VMSA_S2AP_R ? PT_R : 0) | (raw & VMSA_S2AP_W ? PT_W : 0) |
	                   executes[xn]);
	e.memory_type = (uint8_t)(IOM_PUT(PT_VMSA_S2_MEM_ATTR, IOM_GET(VMSA_S2_MEM_ATTR, raw)) |
	                          IOM_PUT(PT_VMSA_S2_SH, IOM_GET(VMSA_SH, raw)));
	return e;
}

PT_INLINE unsigned pt_vmsa_s2_refuse(const struct pt_entry *leaf, const struct pt_want *want)
{
	unsigned execute = want->user ? PT_X : PT_PX;

	return pt_vmsa_refuse(leaf, want,
	                      !(want->perm & (PT_R | PT_W) & ~leaf->perm) &&
	                              (!(want->perm & PT_X) || leaf->perm & execute));
}

PT_INLINE uint64_t pt_vmsa_s2_encode_leaf(const struct pt_root *root, uint64_t page, unsigned level,
                                          unsigned size_lg2, unsigned perm, unsigned memory_type)
{
	static const uint8_t xn[] = {
		VMSA_S2_XN_ALL,
		VMSA_S2_XN_PRIV,
		VMSA_S2_XN_UNPRIV,
		VMSA_S2_XN_NONE,
	};
	unsigned execute = (perm & PT_X ? 1u : 0) | (perm & PT_PX ? 2u : 0);
	uint64_t raw = pt_vmsa_encode_leaf(root, page, level, size_lg2) |
	               IOM_PUT(VMSA_S2_XN, xn[execute]) |
	               IOM_PUT(VMSA_S2_MEM_ATTR, IOM_GET(PT_VMSA_S2_MEM_ATTR, memory_type)) |
	               IOM_PUT(VMSA_SH, IOM_GET(PT_VMSA_S2_SH, memory_type));

	if (perm & PT_R)
		raw |= VMSA_S2AP_R;
	if (perm & PT_W)
		raw |= VMSA_S2AP_W;
	return raw;
}

static const struct pt_format pt_vmsa_s2 = {
	.name = "VMSAv8-64 stage 2",
	.entry_lg2 = 3,
	.group_mark = VMSA_CONTIGUOUS,
	.own_address = true,
	.decode = pt_vmsa_s2_decode,
	.refuse = pt_vmsa_s2_refuse,
	.mark = pt_vmsa_mark,
	.encode_table = pt_vmsa_encode_table,
	.encode_leaf = pt_vmsa_s2_encode_leaf,
	.leaf_size = pt_vmsa_leaf_size,
};

/* ---- Roots ------------------------------------------------------------------------------------- */

PT_INLINE struct pt_root pt_vmsa_root(uint64_t address, unsigned granule_lg2, unsigned input_bits,
                                      unsigned levels, unsigned output_bits, unsigned features)
{
	unsigned root_lg2 = input_bits - (granule_lg2 + (levels - 1) * (granule_lg2 - 3));
	/* Bits below the table's own size are ignored, and addresses beyond 48 bits want 64 bytes. */
	unsigned align = output_bits > 48 && root_lg2 < 3 ? 6 : root_lg2 + 3;

	return (struct pt_root){
		.address = address & ~iom_low(align),
		.features = features,
		.levels = (uint8_t)levels,
		.granule_lg2 = (uint8_t)granule_lg2,
		.root_lg2 = (uint8_t)root_lg2,
		.input_bits = (uint8_t)input_bits,
		.output_bits = (uint8_t)output_bits,
	};
}

/*
 * TTB0, or TTB1 if `upper`.  The context has seen that `tsz` is in the range that it allows: 12 or 16
 * to 39, or to 48 (47: 64-KiB granule) with small tables.
 */
PT_INLINE struct pt_root pt_vmsa_s1_root(uint64_t ttb, bool upper, unsigned granule_lg2,
                                         unsigned tsz, unsigned output_bits, unsigned features)
{
	unsigned input = 64 - tsz;
	struct pt_root root = pt_vmsa_root(ttb, granule_lg2, input,
	                                   1 + (input - 1 - granule_lg2) / (granule_lg2 - 3),
	                                   output_bits, features);

	root.upper = upper;
	return root;
}

/* Does a stage 2 of `levels` levels fit an input of 64 - tsz bits? */
PT_INLINE bool pt_vmsa_s2_consistent(unsigned granule_lg2, unsigned tsz, unsigned levels)
{
	unsigned below = granule_lg2 + (levels - 1) * (granule_lg2 - 3), input = 64 - tsz;

	return input > below && input - below <= granule_lg2 - 3 + PT_VMSA_CONCATENATED_LG2;
}

/* `levels`: 4 less the start level.  Only for what pt_vmsa_s2_consistent agrees to. */
PT_INLINE struct pt_root pt_vmsa_s2_root(uint64_t ttb, unsigned granule_lg2, unsigned tsz,
                                         unsigned levels, unsigned output_bits, unsigned features)
{
	return pt_vmsa_root(ttb, granule_lg2, 64 - tsz, levels, output_bits, features);
}

/*
 * A context with two roots translates `pt_vmsa_input` through the one that bit 55 selects: with
 * top-byte ignore, bits 63:56 count as copies of that bit.
 */
PT_INLINE bool pt_vmsa_upper(uint64_t va)
{
	return va & IOM_BIT(55);
}

PT_INLINE uint64_t pt_vmsa_input(uint64_t va, bool top_byte_ignored)
{
	uint64_t top = IOM_MASK(63, 56);

	if (!top_byte_ignored)
		return va;
	return pt_vmsa_upper(va) ? va | top : va & ~top;
}

#endif
