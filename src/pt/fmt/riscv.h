/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * RISC-V page tables (Privileged Architecture, "Supervisor-Level ISA" and "Hypervisor Extension"):
 * with 64-bit entries Sv39, Sv48, Sv57 and their x4 forms, Svnapot, Svpbmt, Svrsw60t59b; with 32-bit
 * entries Sv32 and Sv32x4.  The schemes of a width share every rule about entries and differ in the
 * root alone.
 */
#ifndef PT_FMT_RISCV_H
#define PT_FMT_RISCV_H

#include "pt/pt.h"
#include "regs/riscv.h"

/* pt_root.features */
#define PT_RV_SVPBMT 0x1u
#define PT_RV_SVRSW60T59B 0x2u

/* pt_want.rules: a page that may be written must be dirty, as if it were written now. */
#define PT_RV_WRITES 0x1u

#define PT_RV_NAPOT_LG2 16

#define PT_RV_TOP (RV_PTE_N | RV_PTE_PBMT | RV_PTE_RSVD | RV_PTE_RSW60T59)

/* Bits that stand in the order of ours. */
#define PT_RV_PERM (RV_PTE_R | RV_PTE_W | RV_PTE_X | RV_PTE_U)
#define PT_RV_MARKS (RV_PTE_A | RV_PTE_D)
_Static_assert(IOM_GET(PT_RV_PERM, RV_PTE_R) == PT_R && IOM_GET(PT_RV_PERM, RV_PTE_W) == PT_W &&
                       IOM_GET(PT_RV_PERM, RV_PTE_X) == PT_X &&
                       IOM_GET(PT_RV_PERM, RV_PTE_U) == PT_USER &&
                       IOM_GET(PT_RV_MARKS, RV_PTE_A) == PT_ACCESSED &&
                       IOM_GET(PT_RV_MARKS, RV_PTE_D) == PT_DIRTY,
               "one shift takes them over");

PT_INLINE bool pt_rv64_plain_table(const struct pt_root *root, uint64_t raw, unsigned level,
                                   uint64_t *table)
{
	(void)root;
	if (!level || (raw & ~RV_PTE_PPN) != RV_PTE_V)
		return false;
	*table = IOM_GET(RV_PTE_PPN, raw) << 12;
	return true;
}

PT_INLINE struct pt_entry pt_rv64_decode(const struct pt_root *root, uint64_t raw, unsigned level,
                                         unsigned shift)
{
	unsigned pbmt = (unsigned)IOM_GET(RV_PTE_PBMT, raw);
	bool napot = raw & RV_PTE_N;
	struct pt_entry e = { .address = IOM_GET(RV_PTE_PPN, raw) << 12, .kind = PT_BAD };

	/* What most entries of a walk are, at one comparison. */
	if (level && (raw & ~RV_PTE_PPN) == RV_PTE_V) {
		e.kind = PT_TABLE;
		e.next = (uint8_t)(level - 1);
		e.perm = PT_ALL;
		return e;
	}
	if (!(raw & RV_PTE_V)) {
		e.kind = PT_EMPTY;
		return e;
	}
	if ((raw & (RV_PTE_R | RV_PTE_W)) == RV_PTE_W)
		return e;
	/* Few entries have any of the bits at the top. */
	if (raw & PT_RV_TOP) {
		if (root->features & PT_RV_SVRSW60T59B)
			raw &= ~RV_PTE_RSW60T59;
		if (raw & (RV_PTE_RSVD | RV_PTE_RSW60T59) || pbmt == RV_PBMT_RSVD ||
		    (pbmt && !(root->features & PT_RV_SVPBMT)) || (napot && level))
			return e;
	}

	if (raw & RV_PTE_G)
		e.flags = PT_GLOBAL;
	if (!(raw & (RV_PTE_R | RV_PTE_X))) {
		if (!level || pbmt || napot || raw & (RV_PTE_A | RV_PTE_D | RV_PTE_U))
			return e;
		e.kind = PT_TABLE;
		e.next = (uint8_t)(level - 1);
		e.perm = PT_ALL;
		return e;
	}

	if (napot) {
		if (IOM_GET(RV_PTE_NAPOT, raw) != RV_PTE_NAPOT_64K)
			return e;
		shift = PT_RV_NAPOT_LG2;
		e.address &= ~iom_low(shift);
	}
	if (e.address & iom_low(shift))
		return e;
	e.kind = PT_LEAF;
	e.size_lg2 = (uint8_t)shift;
	e.perm = (uint8_t)IOM_GET(PT_RV_PERM, raw);
	e.flags |= (uint8_t)IOM_GET(PT_RV_MARKS, raw);
	e.memory_type = (uint8_t)pbmt;
	return e;
}

/* "Virtual Address Translation Process", steps 5 to 9; who updates A and D is the walker's affair. */
PT_INLINE unsigned pt_rv_refuse(const struct pt_entry *leaf, const struct pt_want *want)
{
	bool user_page = leaf->perm & PT_USER;

	if (want->perm & ~leaf->perm)
		return PT_WHY_PERMISSION;
	if (want->user ? !user_page : user_page && (!want->user_pages || want->perm & PT_X))
		return PT_WHY_PERMISSION;
	if (!(leaf->flags & PT_ACCESSED))
		return PT_WHY_ACCESSED;
	if (leaf->flags & PT_DIRTY)
		return PT_OK;
	return (want->perm | (want->rules & PT_RV_WRITES ? leaf->perm : 0)) & PT_W ? PT_WHY_DIRTY
	                                                                           : PT_OK;
}

PT_INLINE uint64_t pt_rv_mark(const struct pt_root *root, uint64_t raw, unsigned flags)
{
	(void)root;
	return raw | IOM_PUT(PT_RV_MARKS, flags);
}

PT_INLINE uint64_t pt_rv64_encode_table(const struct pt_root *root, uint64_t table, unsigned level)
{
	(void)root;
	(void)level;
	return IOM_PUT(RV_PTE_PPN, table >> 12) | RV_PTE_V;
}

/* A and D are preset, and D only where W is: this software does not use them. */
PT_INLINE uint64_t pt_rv64_encode_leaf(const struct pt_root *root, uint64_t page, unsigned level,
                                       unsigned size_lg2, unsigned perm, unsigned memory_type)
{
	uint64_t raw = IOM_PUT(RV_PTE_PPN, page >> 12) | RV_PTE_V | RV_PTE_A |
	               IOM_PUT(RV_PTE_PBMT, memory_type);

	(void)root;
	(void)level;
	raw |= IOM_PUT(PT_RV_PERM, perm);
	if (perm & PT_W)
		raw |= RV_PTE_D;
	if (size_lg2 == PT_RV_NAPOT_LG2)
		raw = (raw & ~RV_PTE_NAPOT) | IOM_PUT(RV_PTE_NAPOT, RV_PTE_NAPOT_64K) | RV_PTE_N;
	return raw;
}

PT_INLINE unsigned pt_rv64_leaf_size(const struct pt_root *root, unsigned level, unsigned shift,
                                     unsigned size_lg2)
{
	(void)root;
	if (!level && size_lg2 >= PT_RV_NAPOT_LG2)
		return PT_RV_NAPOT_LG2;
	return size_lg2 >= shift ? shift : 0;
}

static const struct pt_format pt_rv64 = {
	.name = "RISC-V 64-bit",
	.entry_lg2 = 3,
	.group_mark = RV_PTE_N,
	.decode = pt_rv64_decode,
	.plain_table = pt_rv64_plain_table,
	.refuse = pt_rv_refuse,
	.mark = pt_rv_mark,
	.encode_table = pt_rv64_encode_table,
	.encode_leaf = pt_rv64_encode_leaf,
	.leaf_size = pt_rv64_leaf_size,
};

/*
 * The root of a table in MODE `mode` of iosatp (RV_ATP_SV39...), or of iohgatp if `stage2`: two more
 * input bits there, taken by a root of four pages.
 */
PT_INLINE struct pt_root pt_rv64_root(uint64_t ppn, unsigned mode, bool stage2)
{
	unsigned levels = 3 + mode - RV_ATP_SV39;

	return (struct pt_root){
		.address = ppn << 12,
		.levels = (uint8_t)levels,
		.granule_lg2 = 12,
		.root_lg2 = stage2 ? 11 : 9,
		.input_bits = (uint8_t)(12 + 9 * levels + (stage2 ? 2 : 0)),
		.sign_extended = !stage2,
	};
}

/* ---- 32-bit entries ----------------------------------------------------------------------- */

PT_INLINE struct pt_entry pt_rv32_decode(const struct pt_root *root, uint64_t raw, unsigned level,
                                         unsigned shift)
{
	struct pt_entry e = { .address = IOM_GET(RV_PTE32_PPN, raw) << 12, .kind = PT_BAD };

	(void)root;
	if (!(raw & RV_PTE_V)) {
		e.kind = PT_EMPTY;
		return e;
	}
	if ((raw & (RV_PTE_R | RV_PTE_W)) == RV_PTE_W)
		return e;
	if (raw & RV_PTE_G)
		e.flags = PT_GLOBAL;
	if (!(raw & (RV_PTE_R | RV_PTE_X))) {
		if (!level || raw & (RV_PTE_A | RV_PTE_D | RV_PTE_U))
			return e;
		e.kind = PT_TABLE;
		e.next = (uint8_t)(level - 1);
		e.perm = PT_ALL;
		return e;
	}
	if (e.address & iom_low(shift))
		return e;
	e.kind = PT_LEAF;
	e.size_lg2 = (uint8_t)shift;
	e.perm = (uint8_t)IOM_GET(PT_RV_PERM, raw);
	e.flags |= (uint8_t)IOM_GET(PT_RV_MARKS, raw);
	return e;
}

PT_INLINE uint64_t pt_rv32_encode_table(const struct pt_root *root, uint64_t table, unsigned level)
{
	(void)root;
	(void)level;
	return IOM_PUT(RV_PTE32_PPN, table >> 12) | RV_PTE_V;
}

/* There are no memory types, and A and D as above. */
PT_INLINE uint64_t pt_rv32_encode_leaf(const struct pt_root *root, uint64_t page, unsigned level,
                                       unsigned size_lg2, unsigned perm, unsigned memory_type)
{
	(void)root;
	(void)level;
	(void)size_lg2;
	(void)memory_type;
	return IOM_PUT(RV_PTE32_PPN, page >> 12) | RV_PTE_V | RV_PTE_A | IOM_PUT(PT_RV_PERM, perm) |
	       (perm & PT_W ? RV_PTE_D : 0);
}

PT_INLINE unsigned pt_rv32_leaf_size(const struct pt_root *root, unsigned level, unsigned shift,
                                     unsigned size_lg2)
{
	(void)root;
	(void)level;
	return size_lg2 >= shift ? shift : 0;
}

static const struct pt_format pt_rv32 = {
	.name = "RISC-V 32-bit",
	.entry_lg2 = 2,
	.decode = pt_rv32_decode,
	.refuse = pt_rv_refuse,
	.mark = pt_rv_mark,
	.encode_table = pt_rv32_encode_table,
	.encode_leaf = pt_rv32_encode_leaf,
	.leaf_size = pt_rv32_leaf_size,
};

/* The root of a table in mode Sv32, or Sv32x4 if `stage2`. */
PT_INLINE struct pt_root pt_rv32_root(uint64_t ppn, bool stage2)
{
	return (struct pt_root){
		.address = ppn << 12,
		.levels = 2,
		.granule_lg2 = 12,
		.root_lg2 = stage2 ? 12 : 10,
		.input_bits = stage2 ? 34 : 32,
	};
}

#endif
