/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Vocabulary of page tables.  A format describes what one entry says; the walker (walk.h) and the
 * builder (build.h) are written once over it, and each format has one instance of either, so that
 * the compiler folds the description away.
 *
 * Levels count from 0, the table that holds the smallest pages, upwards, whatever a manual does.
 */
#ifndef PT_PT_H
#define PT_PT_H

#include "base/bits.h"

/*
 * Walker, builder and the functions of a format become one function per instance: without this a
 * format's functions are called through their pointers, at twice the time.
 */
#define PT_INLINE static inline __attribute__((always_inline))

/* No architecture has more levels. */
#define PT_LEVELS_MAX 6

/*
 * Permission bits of entries, and of what an access needs; PT_USER is "user pages".  A format grants
 * only those that it knows, and asks for no others.
 */
#define PT_R 0x1u
#define PT_W 0x2u
#define PT_X 0x4u
#define PT_USER 0x8u
#define PT_PX 0x10u /* execution by privileged software, where PT_X is the unprivileged alone's */
#define PT_ALL (PT_R | PT_W | PT_X | PT_USER | PT_PX)

/* Flags of entries */
#define PT_ACCESSED 0x1u
#define PT_DIRTY 0x2u
#define PT_GLOBAL 0x4u

enum pt_kind {
	PT_EMPTY, /* not present                                    */
	PT_TABLE, /* points to another table                        */
	PT_LEAF,  /* maps a page                                    */
	PT_BAD,   /* reserved bits or encodings, or out of its place */
};

/* Why a walk ended without a page.  0 is success. */
enum pt_why {
	PT_OK,
	PT_WHY_INPUT,      /* the address is outside the input range           */
	PT_WHY_EMPTY,      /* an entry is not present                          */
	PT_WHY_BAD,        /* an entry is malformed                            */
	PT_WHY_PERMISSION, /* the page forbids the access                      */
	PT_WHY_ACCESSED,   /* the accessed flag is clear and may not be set    */
	PT_WHY_DIRTY,      /* the same of the dirty flag, for a write          */
	PT_WHY_BUS,        /* memory refused to give an entry                  */
	PT_WHY_POISON,     /* memory gave a corrupt entry                      */
	PT_WHY_NESTED,     /* the table's own address could not be translated  */
	PT_WHY_RESERVED, /* malformed, by reserved bits: where a manual tells it from PT_WHY_BAD */
	PT_WHY_OUTPUT,   /* an entry's address is outside the output range   */
	PT_WHY_TARGET,   /* the page is where no access may go               */
};

/* One entry, decoded. */
struct pt_entry {
	uint64_t address;    /* the next table, or the page's first byte                       */
	uint8_t kind;        /* enum pt_kind                                                   */
	uint8_t next;        /* PT_TABLE: the next table's level; the walker wants it to sink  */
	uint8_t size_lg2;    /* PT_LEAF: the page's size                                       */
	uint8_t perm;        /* PT_R...: granted by a leaf; let through by a table             */
	uint8_t flags;       /* PT_ACCESSED...; PT_GLOBAL of a table holds for all below it    */
	uint8_t memory_type; /* the format's own number, 0 for the default                     */
	uint8_t why;         /* PT_BAD: enum pt_why; 0 stands for PT_WHY_BAD                   */
};

/* Where a walk starts, and the run-time choices of whoever set up the tables. */
struct pt_root {
	uint64_t address;    /* of the root table                                              */
	uint32_t features;   /* the format's own switches                                      */
	uint8_t levels;      /* 1..PT_LEVELS_MAX                                               */
	uint8_t granule_lg2; /* size of a table below the root, and of the smallest page       */
	uint8_t root_lg2;    /* index bits of the root table, where it is wider or narrower    */
	uint8_t input_bits;  /* width of the input address                                     */
	uint8_t output_bits; /* of addresses in entries, where the format looks at it          */
	bool sign_extended;  /* bits above the input repeat its top bit; else they are 0       */
	bool upper;          /* or they are 1: this root serves the upper end of the input     */
	bool big_endian;     /* of the entries                                                 */
	struct pt_recent *recent; /* the builder's; see build.h.  NULL: none                   */
};

/* What an access wants of the leaf. */
struct pt_want {
	uint8_t perm;    /* PT_R | PT_W | PT_X: all of them are needed                         */
	bool user;       /* user privilege: the leaf must be a user page                       */
	bool user_pages; /* supervisor privilege may read and write user pages (RISC-V SUM)    */
	uint8_t rules;   /* the format's own switches about leaves                             */
	uint8_t marks;   /* PT_ACCESSED, PT_DIRTY: the walk sets them instead of refusing      */
	bool early;      /* ... and PT_DIRTY already of a page that only might be written      */
};

struct pt_format {
	const char *name;
	uint8_t entry_lg2; /* bytes of an entry */
	/*
	 * Set in an entry of the lowest level if its page is larger than the granule, and in no other
	 * leaf.  0: there are none such, or they cannot be told so; then an unmap counts them as many.
	 */
	uint64_t group_mark;
	bool skips;        /* a table may stand more than one level below its entry           */
	bool marks_tables; /* PT_ACCESSED of tables counts                                    */
	bool own_address;  /* each entry of a group of equal ones holds the address of its part */

	/* What an entry of a table at `level` says.  `shift` is the page size of that level. */
	struct pt_entry (*decode)(const struct pt_root *root, uint64_t raw, unsigned level,
	                          unsigned shift);
	/*
	 * True: decode would say nothing of the entry but that it points to *table, at the level below,
	 * and lets everything through.  NULL: always ask decode.
	 */
	bool (*plain_table)(const struct pt_root *root, uint64_t raw, unsigned level,
	                    uint64_t *table);
	/* May this leaf serve that access?  enum pt_why. */
	unsigned (*refuse)(const struct pt_entry *leaf, const struct pt_want *want);
	/* The entry with these flags set, PT_ACCESSED and PT_DIRTY; NULL: hardware sets none. */
	uint64_t (*mark)(const struct pt_root *root, uint64_t raw, unsigned flags);

	/*
	 * The inverse of decode: an entry of a table at `level` for the table below it, or for a leaf of
	 * 2^size_lg2 bytes.
	 */
	uint64_t (*encode_table)(const struct pt_root *root, uint64_t table, unsigned level);
	uint64_t (*encode_leaf)(const struct pt_root *root, uint64_t page, unsigned level,
	                        unsigned size_lg2, unsigned perm, unsigned memory_type);
	/* The largest leaf at `level` that is at most 2^size_lg2 bytes, or 0 where there is none. */
	unsigned (*leaf_size)(const struct pt_root *root, unsigned level, unsigned shift,
	                      unsigned size_lg2);
};

/* Address bits below a table's entry: the size that one entry of `level` covers. */
PT_INLINE unsigned pt_shift(const struct pt_format *fmt, const struct pt_root *root, unsigned level)
{
	return root->granule_lg2 + level * (unsigned)(root->granule_lg2 - fmt->entry_lg2);
}

PT_INLINE unsigned pt_index_lg2(const struct pt_format *fmt, const struct pt_root *root,
                                unsigned level)
{
	return level + 1u == root->levels ? root->root_lg2
	                                  : (unsigned)(root->granule_lg2 - fmt->entry_lg2);
}

/* The byte offset of input's entry in its table at `level`, of 2^index_lg2 entries. */
PT_INLINE uint64_t pt_offset(const struct pt_format *fmt, const struct pt_root *root,
                             unsigned level, unsigned index_lg2, uint64_t input)
{
	uint64_t index = input >> pt_shift(fmt, root, level);

	return (index & iom_low(index_lg2)) << fmt->entry_lg2;
}

PT_INLINE uint64_t pt_entry_offset(const struct pt_format *fmt, const struct pt_root *root,
                                   unsigned level, uint64_t input)
{
	return pt_offset(fmt, root, level, pt_index_lg2(fmt, root, level), input);
}

/* Input bits that an entry of `level` does not decode if its table stands at `next`. */
PT_INLINE uint64_t pt_skipped(const struct pt_format *fmt, const struct pt_root *root,
                              unsigned level, unsigned next)
{
	return iom_low(pt_shift(fmt, root, level)) & ~iom_low(pt_shift(fmt, root, next + 1));
}

/* Is `input` inside the range that the root translates? */
PT_INLINE bool pt_input_ok(const struct pt_root *root, uint64_t input)
{
	uint64_t above;

	if (!root->sign_extended) {
		above = ~iom_low(root->input_bits);
		return (input & above) == (root->upper ? above : 0);
	}
	above = ~iom_low(root->input_bits - 1u);
	return (input & above) == 0 || (input & above) == above;
}

#endif
