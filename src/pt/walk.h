/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The one walker.  An instance is a function that calls pt_walk with a constant format and a
 * constant source; everything is inlined there.
 */
#ifndef PT_WALK_H
#define PT_WALK_H

#include <iommux/error.h>

#include "pt/pt.h"

/* How an instance reaches tables. */
struct pt_source {
	/*
	 * Turns the address of an entry into one that load and swap take: an implicit access through the
	 * next stage, to write if swap follows.  NULL where tables are already addressed so.  False: the
	 * stage refused; it has left its reasons in ctx.
	 */
	bool (*output)(void *ctx, uint64_t entry, bool write, uint64_t *spa);
	/* Loads an entry of 2^size_lg2 bytes, once.  IOM_OK, IOM_EFAULT or IOM_EPOISON. */
	int (*load)(void *ctx, uint64_t spa, unsigned size_lg2, bool big_endian, uint64_t *raw);
	/*
	 * Stores `now` if the entry still is *raw, in one step; *raw becomes what was there.  Returns as
	 * load.  NULL: this instance never changes an entry.
	 */
	int (*swap)(void *ctx, uint64_t spa, unsigned size_lg2, bool big_endian, uint64_t *raw,
	            uint64_t now);
	/*
	 * May nobody go to `address`, in a page of 2^size_lg2 bytes that has nothing else against it?
	 * Asked before a flag of the leaf is set.  NULL: everybody may.
	 */
	bool (*denies)(void *ctx, uint64_t address, unsigned size_lg2);
};

/* An entry that others change all the time is tried so often; then it counts as unreachable. */
#define PT_SWAPS_MAX 256

/* What a walk found: the page, or how far it came. */
struct pt_result {
	uint64_t address;    /* success: the output address of the input, offset included      */
	uint64_t entry;      /* address of the last entry looked at, before source.output       */
	uint8_t size_lg2;    /* success: the leaf's true size                                  */
	uint8_t perm;        /* what the leaf and all tables above it grant, also if refused   */
	uint8_t flags;       /* success: PT_ACCESSED, PT_DIRTY of the leaf, PT_GLOBAL inherited */
	uint8_t memory_type; /* success: the leaf's                                            */
	uint8_t level;       /* of that entry                                                  */
};

PT_INLINE enum pt_why pt_bus_why(int bus)
{
	return bus == IOM_OK ? PT_OK : bus == IOM_EPOISON ? PT_WHY_POISON : PT_WHY_BUS;
}

/* Is it only that a flag is not set? */
PT_INLINE bool pt_is_mark(enum pt_why why)
{
	return why == PT_WHY_ACCESSED || why == PT_WHY_DIRTY;
}

/*
 * What an entry, as it now is, has against the access.  Its perm becomes what it grants together with
 * all above it.
 */
PT_INLINE enum pt_why pt_judge(const struct pt_format *fmt, const struct pt_source *source,
                               const struct pt_root *root, uint64_t input,
                               const struct pt_want *want, unsigned level, unsigned above,
                               void *ctx, struct pt_entry *e)
{
	enum pt_why why;

	if (e->kind == PT_EMPTY)
		return PT_WHY_EMPTY;
	if (e->kind == PT_BAD)
		return e->why ? (enum pt_why)e->why : PT_WHY_BAD;
	if (e->kind == PT_TABLE && e->next >= level)
		return PT_WHY_BAD;
	e->perm &= (uint8_t)above;
	if (e->kind == PT_LEAF) {
		why = (enum pt_why)fmt->refuse(e, want);
		if (source->denies && (why == PT_OK || pt_is_mark(why)) &&
		    source->denies(ctx, e->address | (input & iom_low(e->size_lg2)), e->size_lg2))
			return PT_WHY_TARGET;
		return why;
	}
	/* The table serves the low end of what its entry covers. */
	if (fmt->skips && input & pt_skipped(fmt, root, level, e->next))
		return PT_WHY_INPUT;
	if (fmt->marks_tables && !(e->flags & PT_ACCESSED))
		return PT_WHY_ACCESSED;
	return PT_OK;
}

/* The flags that the walk has to set, in an entry that has nothing else against the access. */
PT_INLINE unsigned pt_missing(const struct pt_format *fmt, const struct pt_entry *e,
                              const struct pt_want *want, enum pt_why why)
{
	unsigned flags = PT_ACCESSED;

	if ((why != PT_OK && !pt_is_mark(why)) || (e->kind == PT_TABLE && !fmt->marks_tables))
		return 0;
	if (e->kind == PT_LEAF && (want->perm & PT_W || (want->early && e->perm & PT_W)))
		flags |= PT_DIRTY;
	return flags & want->marks & ~(unsigned)e->flags;
}

/* Sets them.  *raw becomes the entry as it then is, by us or by whoever was faster. */
PT_INLINE enum pt_why pt_set_marks(const struct pt_format *fmt, const struct pt_source *source,
                                   const struct pt_root *root, uint64_t entry, unsigned flags,
                                   void *ctx, uint64_t *raw)
{
	uint64_t spa = entry, was = *raw, seen = was, now = fmt->mark(root, was, flags);
	int bus;

	if (source->output && !source->output(ctx, entry, true, &spa))
		return PT_WHY_NESTED;
	bus = source->swap(ctx, spa, fmt->entry_lg2, root->big_endian, &seen, now);
	*raw = bus == IOM_OK && seen == was ? now : seen;
	return pt_bus_why(bus);
}

/* Stored at the end, not on the way: a store of bytes makes the compiler load everything anew. */
PT_INLINE enum pt_why pt_ended(struct pt_result *out, uint64_t entry, unsigned level,
                               enum pt_why why)
{
	out->entry = entry;
	out->level = (uint8_t)level;
	return why;
}

PT_INLINE enum pt_why pt_walk(const struct pt_format *fmt, const struct pt_source *source,
                              const struct pt_root *root, uint64_t input,
                              const struct pt_want *want, void *ctx, struct pt_result *out)
{
	unsigned index_lg2 = root->root_lg2, level = root->levels - 1u;
	uint64_t table = root->address, entry, spa, raw;
	unsigned perm = PT_ALL, global = 0;
	struct pt_entry e;

	if (!pt_input_ok(root, input))
		return PT_WHY_INPUT;

	for (;;) {
		unsigned missing, swaps = 0;
		enum pt_why why;
		int bus;

		entry = table + pt_offset(fmt, root, level, index_lg2, input);
		index_lg2 = (unsigned)(root->granule_lg2 - fmt->entry_lg2);
		spa = entry;
		if (source->output && !source->output(ctx, entry, false, &spa))
			return pt_ended(out, entry, level, PT_WHY_NESTED);
		bus = source->load(ctx, spa, fmt->entry_lg2, root->big_endian, &raw);
		if (bus != IOM_OK)
			return pt_ended(out, entry, level, pt_bus_why(bus));
		/* What most entries of a walk are, at one comparison. */
		if (fmt->plain_table && fmt->plain_table(root, raw, level, &table)) {
			level--;
			continue;
		}

		/* Once for each time that the entry changed under our hands, and once for good. */
		for (;;) {
			e = fmt->decode(root, raw, level, pt_shift(fmt, root, level));
			why = pt_judge(fmt, source, root, input, want, level, perm, ctx, &e);
			missing = source->swap && fmt->mark ? pt_missing(fmt, &e, want, why) : 0;
			if (!missing)
				break;
			why = swaps++ == PT_SWAPS_MAX
			              ? PT_WHY_BUS
			              : pt_set_marks(fmt, source, root, entry, missing, ctx, &raw);
			if (why)
				return pt_ended(out, entry, level, why);
		}
		if (e.kind == PT_LEAF)
			out->perm = e.perm;
		if (why)
			return pt_ended(out, entry, level, why);
		perm = e.perm;
		global |= e.flags & PT_GLOBAL;
		if (e.kind == PT_LEAF)
			break;
		table = e.address;
		level = e.next;
	}
	/* An entry that is not at its place in the group stands for itself. */
	if (fmt->own_address &&
	    (e.address ^ input) & iom_low(e.size_lg2) & ~iom_low(pt_shift(fmt, root, level)))
		e.size_lg2 = (uint8_t)pt_shift(fmt, root, level);

	out->address = e.address | (input & iom_low(e.size_lg2));
	out->size_lg2 = e.size_lg2;
	out->flags = (uint8_t)(e.flags | global);
	out->memory_type = e.memory_type;
	return pt_ended(out, entry, level, PT_OK);
}

/*
 * How far around the input the tables refuse alike: as far as the entry reaches that the walk ended
 * at; a whole table's reach (`table`) where its page cannot be reached.  Outside the input range,
 * addresses with the same highest bit that is wrong go together.
 */
PT_INLINE uint8_t pt_hole_lg2(const struct pt_format *fmt, const struct pt_root *root,
                              const struct pt_result *found, enum pt_why why, bool table,
                              uint64_t input)
{
	if (why == PT_WHY_INPUT)
		return (uint8_t)iom_log2(root->sign_extended && input >> 63 ? ~input : input);
	return (uint8_t)pt_shift(fmt, root, found->level + table);
}

#endif
