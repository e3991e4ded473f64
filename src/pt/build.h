/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The one builder: maps and unmaps ranges in tables of any format with entries of 8 or 4 bytes.  An
 * instance is a function that calls these with a constant format; everything is inlined there, and
 * of the two sizes one is left.
 *
 * Several CPUs may map and unmap at once, as long as their ranges do not overlap: an entry that
 * lies inside a range belongs to whoever works on that range; the others are tables, and these are
 * installed by compare-and-swap.
 *
 * A range is walked once from the root; inside it the path of tables is kept, one per level.  A
 * root may remember the lowest tables that were used last; what lies in one of them needs no walk.
 */
#ifndef PT_BUILD_H
#define PT_BUILD_H

#include <iommux/error.h>

#include "base/endian.h"
#include "pt/pt.h"
#include "pt/walk.h"

/* Where tables come from. */
struct pt_pages {
	/*
	 * Zeroed memory of 2^size_lg2 bytes, aligned to its size and not at physical address 0;
	 * NULL: there is none.
	 */
	void *(*alloc)(void *ctx, unsigned size_lg2, uint64_t *phys);
	void (*free)(void *ctx, void *table, uint64_t phys, unsigned size_lg2);
	/* The CPU's pointer for an address inside a table. */
	void *(*at)(void *ctx, uint64_t phys);
	/*
	 * Called after each change of entries, for hardware that does not see the CPU's caches; a
	 * table comes from `alloc` as hardware shall see it.  NULL: hardware sees them.
	 */
	void (*flush)(void *ctx, const void *entries, size_t bytes);
};

/* What is left to do after an unmap; begins as all zeroes and may collect several unmaps. */
struct pt_removed {
	/*
	 * The first of the tables that were unlinked, 0: none.  Hardware may hold pointers to them
	 * until it is told to forget, so they are freed only then (pt_release).  The first
	 * entry of each names the next (pt_link), and is not present, should hardware still come by.
	 */
	uint64_t tables;
	uint8_t step_lg2; /* size of the smallest page that was removed, 0: none */
};

/*
 * Lowest tables that were used last, by the first input address that they serve; all zeroes: none.
 * All CPUs share them: `count` is odd while one of them changes a slot.  No slot names a table that is
 * unlinked: nobody uses a table while another CPU unmaps all of it.
 */
#define PT_RECENT_LG2 4
struct pt_recent {
	struct pt_recent_slot {
		uint64_t first;
		char *table;
		uint32_t count;
	} slot[1 << PT_RECENT_LG2];
};

/* The tables on the way to the current position. */
struct pt_path {
	char *table[PT_LEVELS_MAX];
};

/* ---- Entries ------------------------------------------------------------------------------ */

/* An entry as it stands in memory, `order` being the __ATOMIC one. */
PT_INLINE uint64_t pt_load(const struct pt_format *fmt, const void *entry, int order)
{
	return fmt->entry_lg2 == 2 ? __atomic_load_n((const uint32_t *)entry, order)
	                           : __atomic_load_n((const uint64_t *)entry, order);
}

PT_INLINE void pt_store(const struct pt_format *fmt, void *entry, uint64_t val)
{
	if (fmt->entry_lg2 == 2)
		__atomic_store_n((uint32_t *)entry, (uint32_t)val, __ATOMIC_RELEASE);
	else
		__atomic_store_n((uint64_t *)entry, val, __ATOMIC_RELEASE);
}

/* Between memory's order and the CPU's, either way. */
PT_INLINE uint64_t pt_order(const struct pt_format *fmt, const struct pt_root *root, uint64_t val)
{
	return fmt->entry_lg2 == 2 ? iom_cpu32((uint32_t)val, root->big_endian)
	                           : iom_cpu64(val, root->big_endian);
}

/* Acquire: the table behind an entry that another CPU installed is seen zeroed. */
PT_INLINE uint64_t pt_get(const struct pt_format *fmt, const struct pt_root *root,
                          const void *entry)
{
	return pt_order(fmt, root, pt_load(fmt, entry, __ATOMIC_ACQUIRE));
}

PT_INLINE void pt_put(const struct pt_format *fmt, const struct pt_root *root, void *entry,
                      uint64_t raw)
{
	pt_store(fmt, entry, pt_order(fmt, root, raw));
}

/* Puts `raw` into an empty entry.  Returns what then stands there: `raw`, or what was faster. */
PT_INLINE uint64_t pt_put_first(const struct pt_format *fmt, const struct pt_root *root,
                                void *entry, uint64_t raw)
{
	uint64_t val = pt_order(fmt, root, raw), was8 = 0;
	uint32_t was4 = 0;
	bool done;

	if (fmt->entry_lg2 == 2)
		done = __atomic_compare_exchange_n((uint32_t *)entry, &was4, (uint32_t)val, false,
		                                   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
	else
		done = __atomic_compare_exchange_n((uint64_t *)entry, &was8, val, false,
		                                   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
	return done ? raw : pt_order(fmt, root, was8 | was4);
}

/* `n` entries have been changed. */
PT_INLINE void pt_changed(const struct pt_format *fmt, const struct pt_pages *pages, void *ctx,
                          const void *entry, uint64_t n)
{
	if (pages->flush)
		pages->flush(ctx, entry, (size_t)n << fmt->entry_lg2);
}

/* `n` entries further. */
PT_INLINE char *pt_after(const struct pt_format *fmt, char *entry, uint64_t n)
{
	return entry + (n << fmt->entry_lg2);
}

/*
 * A table's address in an entry that is not present in any format, as its low bits are 0: 12 of them,
 * or 10 where an address of 34 bits goes into 4 bytes.
 */
PT_INLINE uint64_t pt_link(const struct pt_format *fmt, uint64_t table)
{
	return fmt->entry_lg2 == 2 ? table >> 2 : table;
}

PT_INLINE uint64_t pt_linked(const struct pt_format *fmt, uint64_t link)
{
	return fmt->entry_lg2 == 2 ? link << 2 : link;
}

PT_INLINE char *pt_place(const struct pt_format *fmt, const struct pt_root *root,
                         const struct pt_path *path, unsigned level, uint64_t input)
{
	return path->table[level] + pt_entry_offset(fmt, root, level, input);
}

PT_INLINE struct pt_entry pt_read(const struct pt_format *fmt, const struct pt_root *root,
                                  const void *entry, unsigned level)
{
	return fmt->decode(root, pt_get(fmt, root, entry), level, pt_shift(fmt, root, level));
}

/*
 * Entries in a row.  Most of the time of large ranges goes into these loops, so that they are unrolled
 * by hand; each entry is still loaded and stored in one piece.
 */
#define PT_ROW 8

PT_INLINE uint64_t pt_any4(const struct pt_format *fmt, const char *entry)
{
	const size_t bytes = (size_t)1 << fmt->entry_lg2;

	return (pt_load(fmt, entry, __ATOMIC_RELAXED) |
	        pt_load(fmt, entry + bytes, __ATOMIC_RELAXED)) |
	       (pt_load(fmt, entry + 2 * bytes, __ATOMIC_RELAXED) |
	        pt_load(fmt, entry + 3 * bytes, __ATOMIC_RELAXED));
}

/* Stores four entries, each `step` more than the one before it. */
PT_INLINE void pt_put4(const struct pt_format *fmt, char *entry, uint64_t raw, uint64_t step)
{
	const size_t bytes = (size_t)1 << fmt->entry_lg2;

	pt_store(fmt, entry, raw);
	pt_store(fmt, entry + bytes, raw + step);
	pt_store(fmt, entry + 2 * bytes, raw + 2 * step);
	pt_store(fmt, entry + 3 * bytes, raw + 3 * step);
}

/* Stores `count` entries, the first being `raw` and each `step` more than the one before it. */
PT_INLINE void pt_put_row(const struct pt_format *fmt, const struct pt_root *root, char *entry,
                          uint64_t raw, uint64_t step, uint64_t count)
{
	if (root->big_endian == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)) {
		uint64_t raw4 = raw + 4 * step;

		for (; count >= PT_ROW; count -= PT_ROW, entry = pt_after(fmt, entry, PT_ROW)) {
			pt_put4(fmt, entry, raw, step);
			pt_put4(fmt, pt_after(fmt, entry, 4), raw4, step);
			raw += PT_ROW * step;
			raw4 += PT_ROW * step;
		}
	}
	for (; count; count--, entry = pt_after(fmt, entry, 1), raw += step)
		pt_put(fmt, root, entry, raw);
}

/*
 * Clears up to `count` entries, and stops where one has the format's group_mark, or one close behind it
 * has.
 * Returns how many were cleared; *some becomes not 0 if one of them was not empty.
 */
PT_INLINE uint64_t pt_clear_row(const struct pt_format *fmt, const struct pt_root *root,
                                char *entry, uint64_t count, uint64_t *some)
{
	uint64_t mark = pt_order(fmt, root, fmt->group_mark), left = count, raw;

	for (; left >= PT_ROW; left -= PT_ROW, entry = pt_after(fmt, entry, PT_ROW)) {
		raw = pt_any4(fmt, entry) | pt_any4(fmt, pt_after(fmt, entry, 4));
		if (raw & mark)
			return count - left;
		*some |= raw;
		pt_put4(fmt, entry, 0, 0);
		pt_put4(fmt, pt_after(fmt, entry, 4), 0, 0);
	}
	for (; left; left--, entry = pt_after(fmt, entry, 1)) {
		raw = pt_load(fmt, entry, __ATOMIC_RELAXED);
		if (raw & mark)
			break;
		*some |= raw;
		pt_store(fmt, entry, 0);
	}
	return count - left;
}

/* Entries that a leaf of 2^size_lg2 bytes takes at a level of entries of 2^shift bytes. */
PT_INLINE uint64_t pt_copies(unsigned size_lg2, unsigned shift)
{
	return size_lg2 > shift ? IOM_BIT(size_lg2 - shift) : 1;
}

/* What a table takes of pt_pages: a root that is narrower than others takes as much as they. */
PT_INLINE unsigned pt_table_lg2(const struct pt_format *fmt, const struct pt_root *root,
                                unsigned level)
{
	unsigned lg2 = fmt->entry_lg2 + pt_index_lg2(fmt, root, level);

	return lg2 > root->granule_lg2 ? lg2 : root->granule_lg2;
}

/* ---- Checks ------------------------------------------------------------------------------- */

/* Is it a range of whole pages inside the input range, and on one side of its hole? */
PT_INLINE bool pt_range_ok(const struct pt_root *root, uint64_t first, uint64_t bytes)
{
	uint64_t last = first + bytes - 1;

	return bytes && !((first | bytes) & iom_low(root->granule_lg2)) && last >= first &&
	       pt_input_ok(root, first) && pt_input_ok(root, last) &&
	       !((first ^ last) >> 63 && root->sign_extended);
}

/*
 * The entry of a smallest page in *raw.  False: the format cannot say it; what it can say reads back
 * as it was written.
 */
PT_INLINE bool pt_leaf_ok(const struct pt_format *fmt, const struct pt_root *root, uint64_t page,
                          unsigned perm, unsigned memory_type, uint64_t *raw)
{
	struct pt_entry e;

	*raw = fmt->encode_leaf(root, page, 0, root->granule_lg2, perm, memory_type);
	e = fmt->decode(root, *raw, 0, root->granule_lg2);

	return e.kind == PT_LEAF && e.address == page && e.perm == perm &&
	       e.memory_type == memory_type;
}

PT_INLINE bool pt_vacant(const struct pt_format *fmt, const char *entry, uint64_t entries)
{
	const size_t bytes = (size_t)1 << fmt->entry_lg2;
	uint64_t some = 0;

	for (; entries >= 4; entries -= 4, entry += 4 * bytes)
		some |= pt_any4(fmt, entry);
	for (; entries; entries--, entry += bytes)
		some |= pt_load(fmt, entry, __ATOMIC_RELAXED);
	return !some;
}

/* ---- The tables that were used last ------------------------------------------------------- */

/* Input addresses that one lowest table serves, less one. */
PT_INLINE uint64_t pt_lowest_span(const struct pt_format *fmt, const struct pt_root *root)
{
	return iom_low(root->granule_lg2 + (unsigned)(root->granule_lg2 - fmt->entry_lg2));
}

/* Where the lowest table that serves `input` is remembered, if any is. */
PT_INLINE struct pt_recent_slot *pt_recent_slot(const struct pt_format *fmt,
                                                const struct pt_root *root, uint64_t input)
{
	unsigned span_lg2 = root->granule_lg2 + (unsigned)(root->granule_lg2 - fmt->entry_lg2);

	return &root->recent->slot[input >> span_lg2 & iom_low(PT_RECENT_LG2)];
}

/* The lowest table that serves first..last, if it is remembered. */
PT_INLINE char *pt_recent_find(const struct pt_format *fmt, const struct pt_root *root,
                               uint64_t first, uint64_t last)
{
	const struct pt_recent_slot *recent;
	uint64_t base;
	uint32_t count;
	char *table;

	if (!root->recent)
		return NULL;
	recent = pt_recent_slot(fmt, root, first);
	count = __atomic_load_n(&recent->count, __ATOMIC_ACQUIRE);
	base = __atomic_load_n(&recent->first, __ATOMIC_RELAXED);
	table = __atomic_load_n(&recent->table, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (count & 1 || __atomic_load_n(&recent->count, __ATOMIC_RELAXED) != count ||
	    ((first ^ base) | (last ^ base)) & ~pt_lowest_span(fmt, root))
		return NULL;
	return table;
}

/* Remembers a lowest table, or (table NULL) none.  If another CPU is about to, that one's will do. */
PT_INLINE void pt_recent_set(const struct pt_format *fmt, const struct pt_root *root,
                             uint64_t input, char *table)
{
	struct pt_recent_slot *recent;
	uint32_t count;

	if (!root->recent || root->levels == 1)
		return;
	recent = pt_recent_slot(fmt, root, input);
	count = __atomic_load_n(&recent->count, __ATOMIC_RELAXED);
	if (count & 1 || !__atomic_compare_exchange_n(&recent->count, &count, count + 1, false,
	                                              __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&recent->first, input & ~pt_lowest_span(fmt, root), __ATOMIC_RELAXED);
	__atomic_store_n(&recent->table, table, __ATOMIC_RELAXED);
	__atomic_store_n(&recent->count, count + 2, __ATOMIC_RELEASE);
}

/* ---- Map ---------------------------------------------------------------------------------- */

/* log2 of the largest page that may begin here and does not pass `last`. */
PT_INLINE unsigned pt_fit(uint64_t input, uint64_t output, uint64_t last)
{
	unsigned room = iom_log2(last - input + 1);
	unsigned aligned = input | output ? iom_ctz(input | output) : 63;

	return aligned < room ? aligned : room;
}

/*
 * How many leaves of this size can follow each other in this table.  One only, where the next might
 * be larger.
 */
PT_INLINE uint64_t pt_run(const struct pt_format *fmt, const struct pt_root *root, unsigned level,
                          unsigned shift, unsigned size_lg2, uint64_t input, uint64_t output,
                          uint64_t last)
{
	unsigned alike = input ^ output ? iom_ctz(input ^ output) : 63;
	uint64_t span = iom_low(shift + pt_index_lg2(fmt, root, level));
	uint64_t end = (input | span) < last ? (input | span) : last;

	if (fmt->leaf_size(root, level, shift, alike) != size_lg2)
		return 1;
	return (end - input + 1) >> size_lg2;
}

/*
 * Goes down to the table below the entry at `input`, which is made where the entry is empty.
 * IOM_EEXIST: a page is mapped there.
 */
PT_INLINE int pt_down(const struct pt_format *fmt, const struct pt_pages *pages, void *ctx,
                      const struct pt_root *root, struct pt_path *path, unsigned *level,
                      uint64_t input)
{
	char *entry = pt_place(fmt, root, path, *level, input);
	uint64_t raw = pt_get(fmt, root, entry), phys;
	struct pt_entry e;
	char *table;

	if (!raw) {
		table = pages->alloc(ctx, root->granule_lg2, &phys);
		if (!table)
			return IOM_ENOMEM;
		raw = pt_put_first(fmt, root, entry, fmt->encode_table(root, phys, *level));
		if (raw != fmt->encode_table(root, phys, *level))
			pages->free(ctx, table, phys, root->granule_lg2);
		else
			pt_changed(fmt, pages, ctx, entry, 1);
	}
	e = fmt->decode(root, raw, *level, pt_shift(fmt, root, *level));
	if (e.kind != PT_TABLE || e.next >= *level)
		return IOM_EEXIST;
	*level = e.next;
	path->table[e.next] = pages->at(ctx, e.address);
	return IOM_OK;
}

/* Writes `run` leaves, the first for `page`, into a table whose entries cover 2^shift bytes. */
PT_INLINE void pt_write(const struct pt_format *fmt, const struct pt_root *root, char *entry,
                        unsigned level, unsigned shift, uint64_t page, unsigned size, uint64_t run,
                        unsigned perm, unsigned memory_type)
{
	uint64_t copies = pt_copies(size, shift), raw, step, n;
	unsigned unit = size;

	raw = fmt->encode_leaf(root, page, level, size, perm, memory_type);
	if (run * copies == 1) {
		pt_put(fmt, root, entry, raw);
		return;
	}
	if (fmt->own_address && copies > 1) {
		unit = shift;
		run *= copies;
		copies = 1;
	}
	/* What an address adds to an entry is the same everywhere, unless its field has a gap. */
	step = fmt->encode_leaf(root, page + IOM_BIT(unit), level, size, perm, memory_type) - raw;
	if (copies == 1 &&
	    raw + step * (run - 1) == fmt->encode_leaf(root, page + ((run - 1) << unit), level,
	                                               size, perm, memory_type)) {
		pt_put_row(fmt, root, entry, raw, step, run);
		return;
	}
	for (n = 0; n < run; n++, page += IOM_BIT(unit), entry = pt_after(fmt, entry, copies)) {
		raw = fmt->encode_leaf(root, page, level, size, perm, memory_type);
		pt_put_row(fmt, root, entry, raw, 0, copies);
	}
}

/*
 * Goes over first..last below the table at path.table[top], which holds all of it.  Without
 * `commit` it makes tables and sees that every place is free; with it, it writes the leaves, and
 * cannot fail after the former succeeded.
 */
PT_INLINE int pt_fill(const struct pt_format *fmt, const struct pt_pages *pages, void *ctx,
                      const struct pt_root *root, struct pt_path *path, unsigned top,
                      uint64_t first, uint64_t last, uint64_t output, unsigned perm,
                      unsigned memory_type, bool commit)
{
	unsigned level = top;
	uint64_t input = first;

	for (;;) {
		unsigned shift = pt_shift(fmt, root, level);
		uint64_t page = output + (input - first), run = 0;
		char *entry = pt_place(fmt, root, path, level, input);
		unsigned size = fmt->leaf_size(root, level, shift, pt_fit(input, page, last));

		if (size)
			run = pt_run(fmt, root, level, shift, size, input, page, last);
		/* Below the lowest level stands no table, so all has been seen to be free. */
		while (size && (level || !commit) &&
		       !pt_vacant(fmt, entry, run * pt_copies(size, shift))) {
			size = run > 1        ? size
			       : size > shift ? fmt->leaf_size(root, level, shift, shift)
			                      : 0;
			run = 1;
		}
		if (!size) {
			int err = pt_down(fmt, pages, ctx, root, path, &level, input);

			if (err)
				return err;
			continue;
		}

		input += run << size;
		if (commit) {
			pt_write(fmt, root, entry, level, shift, page, size, run, perm,
			         memory_type);
			pt_changed(fmt, pages, ctx, entry, run * pt_copies(size, shift));
		}
		if (input - 1 == last)
			return IOM_OK;
		while (level < top && !(input & iom_low(pt_shift(fmt, root, level + 1))))
			level++;
	}
}

/* The same, both ways, for a range inside the lowest table at path.table[0]. */
PT_INLINE int pt_fill_lowest(const struct pt_format *fmt, const struct pt_pages *pages, void *ctx,
                             const struct pt_root *root, struct pt_path *path, uint64_t first,
                             uint64_t last, uint64_t output, unsigned perm, unsigned memory_type)
{
	unsigned shift = root->granule_lg2;
	uint64_t input = first, count = ((last - first) >> shift) + 1, run;
	char *entry = pt_place(fmt, root, path, 0, first);

	if (!pt_vacant(fmt, entry, count))
		return IOM_EEXIST;
	do {
		uint64_t page = output + (input - first);
		unsigned size = fmt->leaf_size(root, 0, shift, pt_fit(input, page, last));

		run = pt_run(fmt, root, 0, shift, size, input, page, last);
		pt_write(fmt, root, entry, 0, shift, page, size, run, perm, memory_type);
		entry = pt_after(fmt, entry, run << (size - shift));
		input += run << size;
	} while (input - 1 != last);
	pt_changed(fmt, pages, ctx, pt_place(fmt, root, path, 0, first), count);
	return IOM_OK;
}

/*
 * Maps `bytes` bytes from `input` to `output`.  IOM_EINVAL: no range of whole pages, or a leaf that
 * the format cannot say; IOM_EEXIST: a page is mapped inside it; IOM_ENOMEM.  No leaf has been
 * written then.  Tables that were made stay, empty: hardware may know them already, and
 * the next map or unmap there takes care of them.
 */
PT_INLINE int pt_map(const struct pt_format *fmt, const struct pt_pages *pages, void *ctx,
                     const struct pt_root *root, uint64_t input, uint64_t output, uint64_t bytes,
                     unsigned perm, unsigned memory_type)
{
	uint64_t last = input + bytes - 1, granule = IOM_BIT(root->granule_lg2), raw;
	unsigned top = root->levels - 1u, fit;
	struct pt_path path;
	int err;

	if (!pt_range_ok(root, input, bytes) || output + bytes - 1 < output ||
	    !pt_leaf_ok(fmt, root, output, perm, memory_type, &raw) ||
	    (bytes > granule &&
	     !pt_leaf_ok(fmt, root, output + bytes - granule, perm, memory_type, &raw)))
		return IOM_EINVAL;
	fit = pt_fit(input, output, last);

	path.table[0] = pt_recent_find(fmt, root, input, last);
	if (path.table[0]) {
		top = 0;
	} else {
		path.table[top] = pages->at(ctx, root->address);
		while (top && !((input ^ last) >> pt_shift(fmt, root, top)) &&
		       !fmt->leaf_size(root, top, pt_shift(fmt, root, top), fit)) {
			err = pt_down(fmt, pages, ctx, root, &path, &top, input);
			if (err)
				return err;
		}
		if (!top)
			pt_recent_set(fmt, root, input, path.table[0]);
	}
	if (!top)
		return pt_fill_lowest(fmt, pages, ctx, root, &path, input, last, output, perm,
		                      memory_type);
	err = pt_fill(fmt, pages, ctx, root, &path, top, input, last, output, perm, memory_type,
	              false);
	if (err)
		return err;
	return pt_fill(fmt, pages, ctx, root, &path, top, input, last, output, perm, memory_type,
	               true);
}

/* ---- Unmap -------------------------------------------------------------------------------- */

/* Does the page that holds `input`, if there is one, reach out of first..last? */
PT_INLINE bool pt_cuts(const struct pt_format *fmt, const struct pt_pages *pages, void *ctx,
                       const struct pt_root *root, const char *table, unsigned level,
                       uint64_t input, uint64_t first, uint64_t last)
{
	struct pt_entry e;

	for (;;) {
		const char *entry = table + pt_entry_offset(fmt, root, level, input);

		if (!level && fmt->group_mark && !(pt_get(fmt, root, entry) & fmt->group_mark))
			return false;
		e = pt_read(fmt, root, entry, level);
		if (e.kind != PT_TABLE || e.next >= level)
			break;
		level = e.next;
		table = pages->at(ctx, e.address);
	}
	return e.kind == PT_LEAF &&
	       ((input & ~iom_low(e.size_lg2)) < first || (input | iom_low(e.size_lg2)) > last);
}

/* Takes the table at `level`, which ends where `input` begins, out of the tree and gathers it. */
PT_INLINE void pt_unlink(const struct pt_format *fmt, const struct pt_pages *pages, void *ctx,
                         const struct pt_root *root, struct pt_path *path, unsigned level,
                         uint64_t input, struct pt_removed *removed)
{
	char *entry = pt_place(fmt, root, path, level + 1, input - 1);
	uint64_t phys = pt_read(fmt, root, entry, level + 1).address;

	if (!level)
		pt_recent_set(fmt, root, input - 1, NULL);
	pt_put(fmt, root, entry, 0);
	pt_changed(fmt, pages, ctx, entry, 1);
	pt_put(fmt, root, path->table[level], pt_link(fmt, removed->tables));
	removed->tables = phys;
}

/*
 * Unmaps `bytes` bytes from `input`; holes are passed over.  Adds to *removed.  IOM_EINVAL: no
 * range of whole pages, or a larger page reaches out of it; nothing has changed then.
 */
PT_INLINE int pt_unmap(const struct pt_format *fmt, const struct pt_pages *pages, void *ctx,
                       const struct pt_root *root, uint64_t input, uint64_t bytes,
                       struct pt_removed *removed)
{
	uint64_t first = input, last = input + bytes - 1;
	bool whole = last - first == pt_lowest_span(fmt, root);
	unsigned level = root->levels - 1u, step = 64;
	struct pt_entry e = { 0 };
	struct pt_path path;

	if (!pt_range_ok(root, input, bytes))
		return IOM_EINVAL;

	path.table[0] = whole ? NULL : pt_recent_find(fmt, root, first, last);
	if (path.table[0])
		level = 0;
	else
		path.table[level] = pages->at(ctx, root->address);
	while (level && !((first ^ last) >> pt_shift(fmt, root, level))) {
		e = pt_read(fmt, root, pt_place(fmt, root, &path, level, input), level);
		if (e.kind == PT_EMPTY)
			return IOM_OK;
		if (e.kind != PT_TABLE || e.next >= level)
			break;
		level = e.next;
		path.table[level] = pages->at(ctx, e.address);
		if (!level && !whole)
			pt_recent_set(fmt, root, first, path.table[0]);
	}
	if (pt_cuts(fmt, pages, ctx, root, path.table[level], level, first, first, last) ||
	    (bytes >> root->granule_lg2 > 1 &&
	     pt_cuts(fmt, pages, ctx, root, path.table[level], level, last, first, last)))
		return IOM_EINVAL;

	for (;;) {
		unsigned shift = pt_shift(fmt, root, level);
		uint64_t end = input | iom_low(shift + pt_index_lg2(fmt, root, level));
		uint64_t stop = end < last ? end : last, some = 0, n;
		char *entry = pt_place(fmt, root, &path, level, input);
		bool more = true;

		/* No table stands below the lowest, and nothing there reaches out of the range. */
		if (!level) {
			uint64_t count = ((stop - input) >> shift) + 1;

			n = pt_clear_row(fmt, root, entry, count, &some);
			pt_changed(fmt, pages, ctx, entry, n);
			if (some && shift < step)
				step = shift;
			more = n < count;
			entry = pt_after(fmt, entry, n);
			input += (n << shift) - !more;
		}
		/* From hole to hole and leaf to leaf, as far as this table goes. */
		while (more) {
			unsigned size = shift;

			e = pt_read(fmt, root, entry, level);
			if (e.kind == PT_TABLE && e.next < level)
				break;
			if (e.kind == PT_LEAF) {
				size = e.size_lg2;
				for (n = pt_copies(size, shift); n--;)
					pt_put(fmt, root, pt_after(fmt, entry, n), 0);
				pt_changed(fmt, pages, ctx, entry, pt_copies(size, shift));
				if (size < step)
					step = size;
			}
			entry = pt_after(fmt, entry, pt_copies(size, shift));
			input |= iom_low(size);
			more = input < stop;
			input += more;
		}
		if (e.kind == PT_TABLE && e.next < level) {
			level = e.next;
			path.table[level] = pages->at(ctx, e.address);
			continue;
		}
		/* A hole may reach beyond the range. */
		if (input > last)
			break;
		input++;
		for (; level + 1u < root->levels; level++) {
			uint64_t span = iom_low(pt_shift(fmt, root, level + 1));

			if (input & span)
				break;
			if (((input - 1) & ~span) >= first)
				pt_unlink(fmt, pages, ctx, root, &path, level, input, removed);
		}
		if (input - 1 == last)
			break;
	}
	if (step < 64 && (!removed->step_lg2 || step < removed->step_lg2))
		removed->step_lg2 = (uint8_t)step;
	return IOM_OK;
}

/* Frees tables that an unmap gathered; no hardware may know them any more. */
PT_INLINE void pt_release(const struct pt_format *fmt, const struct pt_pages *pages, void *ctx,
                          const struct pt_root *root, uint64_t tables)
{
	while (tables) {
		void *table = pages->at(ctx, tables);
		uint64_t next = pt_linked(fmt, pt_get(fmt, root, table));

		pages->free(ctx, table, tables, root->granule_lg2);
		tables = next;
	}
}

/* Frees all tables, the root too; no hardware may know them any more. */
PT_INLINE void pt_free(const struct pt_format *fmt, const struct pt_pages *pages, void *ctx,
                       const struct pt_root *root)
{
	unsigned level = root->levels - 1u;
	uint64_t phys[PT_LEVELS_MAX], next[PT_LEVELS_MAX];
	struct pt_path path;

	phys[level] = root->address;
	next[level] = 0;
	path.table[level] = pages->at(ctx, root->address);
	for (;;) {
		struct pt_entry e;
		char *entry;

		if (!level || next[level] >> pt_index_lg2(fmt, root, level)) {
			pages->free(ctx, path.table[level], phys[level],
			            pt_table_lg2(fmt, root, level));
			if (++level == root->levels)
				return;
			continue;
		}
		entry = pt_after(fmt, path.table[level], next[level]++);
		e = pt_read(fmt, root, entry, level);
		if (e.kind != PT_TABLE || e.next + 1u != level)
			continue;
		level = e.next;
		phys[level] = e.address;
		next[level] = 0;
		path.table[level] = pages->at(ctx, e.address);
	}
}

/* ---- One page beside another -------------------------------------------------------------- */

/*
 * Maps one page into a table that is remembered: what pt_map would do.  False: nothing is done, and
 * pt_map has to.
 */
PT_INLINE bool pt_map_beside(const struct pt_format *fmt, const struct pt_pages *pages, void *ctx,
                             const struct pt_root *root, uint64_t input, uint64_t output,
                             uint64_t bytes, unsigned perm, unsigned memory_type)
{
	char *entry;
	uint64_t raw;

	if (bytes != IOM_BIT(root->granule_lg2) || input & (bytes - 1))
		return false;
	entry = pt_recent_find(fmt, root, input, input);
	if (!entry)
		return false;
	entry += (input & pt_lowest_span(fmt, root)) >> root->granule_lg2 << fmt->entry_lg2;
	if (!pt_vacant(fmt, entry, 1) || !pt_leaf_ok(fmt, root, output, perm, memory_type, &raw))
		return false;
	pt_put(fmt, root, entry, raw);
	pt_changed(fmt, pages, ctx, entry, 1);
	return true;
}

/* The same of pt_unmap. */
PT_INLINE bool pt_unmap_beside(const struct pt_format *fmt, const struct pt_pages *pages, void *ctx,
                               const struct pt_root *root, uint64_t input, uint64_t bytes,
                               struct pt_removed *removed)
{
	bool groups = fmt->leaf_size(root, 0, root->granule_lg2, 63) > root->granule_lg2;
	char *entry;
	uint64_t raw;

	if (bytes != IOM_BIT(root->granule_lg2) || input & (bytes - 1) ||
	    (groups && !fmt->group_mark))
		return false;
	entry = pt_recent_find(fmt, root, input, input);
	if (!entry)
		return false;
	entry += (input & pt_lowest_span(fmt, root)) >> root->granule_lg2 << fmt->entry_lg2;
	raw = pt_get(fmt, root, entry);
	if (raw & fmt->group_mark)
		return false;
	if (raw) {
		pt_put(fmt, root, entry, 0);
		pt_changed(fmt, pages, ctx, entry, 1);
		removed->step_lg2 = root->granule_lg2;
	}
	return true;
}

/* ---- Lookup ------------------------------------------------------------------------------- */

/* The walker's way to our own tables: ctx is a struct pt_reach. */
struct pt_reach {
	const struct pt_pages *pages;
	void *ctx;
};

PT_INLINE int pt_reach_load(void *ctx, uint64_t spa, unsigned size_lg2, bool big_endian,
                            uint64_t *raw)
{
	const struct pt_reach *reach = ctx;
	const void *entry = reach->pages->at(reach->ctx, spa);

	if (size_lg2 == 2)
		*raw = iom_cpu32(__atomic_load_n((const uint32_t *)entry, __ATOMIC_ACQUIRE),
		                 big_endian);
	else
		*raw = iom_cpu64(__atomic_load_n((const uint64_t *)entry, __ATOMIC_ACQUIRE),
		                 big_endian);
	return IOM_OK;
}

static const struct pt_source pt_reach_source = { .load = pt_reach_load };

/* Finds the page that holds `input`, whatever it permits. */
PT_INLINE enum pt_why pt_lookup(const struct pt_format *fmt, const struct pt_pages *pages,
                                void *ctx, const struct pt_root *root, uint64_t input,
                                struct pt_result *out)
{
	static const struct pt_want anything = { .user_pages = true };
	struct pt_reach reach = { pages, ctx };

	return pt_walk(fmt, &pt_reach_source, root, input, &anything, &reach, out);
}

#endif
