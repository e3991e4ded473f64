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
	 * Turns the address of an entry into one that load takes: an implicit access through the next
	 * stage.  NULL where tables are already addressed so.  False: the stage refused; it has left its
	 * reasons in ctx.
	 */
	bool (*output)(void *ctx, uint64_t entry, uint64_t *spa);
	/* Loads an entry of 2^size_lg2 bytes, once.  IOM_OK, IOM_EFAULT or IOM_EPOISON. */
	int (*load)(void *ctx, uint64_t spa, unsigned size_lg2, bool big_endian, uint64_t *raw);
};

/* What a walk found: the page, or how far it came. */
struct pt_result {
	uint64_t address;    /* success: the output address of the input, offset included      */
	uint64_t entry;      /* address of the last entry looked at, before source.output       */
	uint8_t level;       /* its level                                                      */
	uint8_t size_lg2;    /* success: the leaf's true size                                  */
	uint8_t perm;        /* success: what the leaf and all tables above it grant           */
	uint8_t flags;       /* success: PT_ACCESSED, PT_DIRTY of the leaf, PT_GLOBAL inherited */
	uint8_t memory_type; /* success: the leaf's                                            */
};

PT_INLINE enum pt_why pt_walk(const struct pt_format *fmt, const struct pt_source *source,
                              const struct pt_root *root, uint64_t input,
                              const struct pt_want *want, void *ctx, struct pt_result *out)
{
	uint64_t table = root->address, spa, raw;
	unsigned level = root->levels - 1u;
	unsigned perm = PT_ALL, global = 0;
	struct pt_entry e;

	if (!pt_input_ok(root, input))
		return PT_WHY_INPUT;

	for (;;) {
		unsigned refused;
		int bus;

		out->level = (uint8_t)level;
		out->entry = spa = table + pt_entry_offset(fmt, root, level, input);
		if (source->output && !source->output(ctx, out->entry, &spa))
			return PT_WHY_NESTED;
		bus = source->load(ctx, spa, fmt->entry_lg2, root->big_endian, &raw);
		if (bus != IOM_OK)
			return bus == IOM_EPOISON ? PT_WHY_POISON : PT_WHY_BUS;

		e = fmt->decode(root, raw, level, pt_shift(fmt, root, level));
		if (e.kind == PT_EMPTY)
			return PT_WHY_EMPTY;
		if (e.kind == PT_BAD || (e.kind == PT_TABLE && e.next >= level))
			return PT_WHY_BAD;
		perm &= e.perm;
		global |= e.flags & PT_GLOBAL;
		if (e.kind == PT_TABLE) {
			table = e.address;
			level = e.next;
			continue;
		}

		e.perm = (uint8_t)perm;
		refused = fmt->refuse(&e, want);
		if (refused)
			return (enum pt_why)refused;
		break;
	}

	out->address = e.address | (input & iom_low(e.size_lg2));
	out->size_lg2 = e.size_lg2;
	out->perm = e.perm;
	out->flags = (uint8_t)(e.flags | global);
	out->memory_type = e.memory_type;
	return PT_OK;
}

#endif
