/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* First-stage translation, alone and nested. */
#include "inside.h"

enum { P = 1, RW = 2, US = 4, A = 1 << 5, D = 1 << 6, PS = 1 << 7, EA = 1 << 10 };

/* Where a walk is */
struct walk {
	bool nested;
	unsigned level;
	uint64_t at, entry;   /* the entry's place in memory, and what it says */
	struct landing table; /* nested: what the second stage says of the place */
	bool user, write;     /* of all entries */
};

static bool is_canonical(uint64_t iova, unsigned width)
{
	uint64_t high = iova & from(width - 1);

	return high == 0 || high == from(width - 1);
}

/* Reads the entry at `address`, which is the guest's if nested. */
static unsigned read_entry(const struct way *y, struct walk *k, uint64_t address)
{
	bool first = k->level == y->fs_levels;
	unsigned code;

	k->at = address;
	if (k->nested) {
		code = second_stage(y, address, FOR_TABLE, 0, &k->table);
		if (code)
			return code;
		if (!k->table.r)
			return first ? 0x75 : 0x76;
		if (y->ssade && !k->table.w)
			return 0x77;
		k->at = k->table.address;
	}
	if (!fetch(y, TWIN_FIRST_STAGE, k->level, k->at, 8, &k->entry))
		return first ? 0x73 : 0x70;
	return k->entry & P ? 0 : 0x71;
}

static bool is_leaf(const struct walk *k)
{
	return k->level == 1 || (k->level <= 3 && (k->entry & PS));
}

static unsigned check_entry(const struct way *y, const struct walk *k)
{
	unsigned shift = 12 + 9 * (k->level - 1);
	uint64_t mask = 0, address = k->entry & from(12) & ~from(52);

	if (!k->nested)
		mask |= from(y->u->haw) & ~from(52);
	if (k->level > 3 || (k->level == 3 && !cap(y, CAP_FS1GP)))
		mask |= PS;
	/* bit 12 of a large leaf is PAT */
	if (is_leaf(k) && k->level > 1)
		mask |= from(13) & ~from(shift);
	if (k->entry & mask)
		return 0x72;
	if (k->nested && address >> second_stage_width(y))
		return 0x74;
	return 0;
}

static unsigned mark(const struct way *y, struct walk *k, bool dirty)
{
	uint64_t set = A | (y->eafe ? EA : 0) | (dirty ? D : 0);
	unsigned code;

	if ((k->entry & set) == set)
		return 0;
	/* where nothing may be set, this is said before what the second stage has against it */
	if (k->nested && y->pwsnp) {
		if (!k->table.w)
			return 0x77;
		code = second_stage_dirty(y, &k->table);
		if (code)
			return code;
	}
	return update(y, TWIN_FIRST_STAGE, k->level, k->at, &k->entry, set);
}

static bool may_write(const struct way *y, const struct walk *k)
{
	return k->write || (y->priv && !y->wpe);
}

static void answer(const struct way *y, const struct walk *k, const struct landing *to)
{
	struct twin_answer *a = y->a;
	unsigned shift = 12 + 9 * (k->level - 1);

	a->address = to->address;
	a->size_lg2 = shift < to->size_lg2 ? shift : to->size_lg2;
	a->r = to->r;
	a->w = may_write(y, k) && to->w && (k->entry & D) && to->dirty && (!y->ats || y->ats_write);
	a->flagged = true;
	a->snoop = y->pgsnp || to->snp;
	a->ats_priv = y->ats && y->q->pp && y->q->priv;
	a->pgtt = k->nested ? PGTT_NESTED : PGTT_FS;
	a->levels[0] = y->fs_levels;
	a->levels[1] = k->nested ? 2 + y->aw : 0;
}

static unsigned leaf(struct way *y, struct walk *k)
{
	unsigned shift = 12 + 9 * (k->level - 1), code;
	struct landing to = { .size_lg2 = shift, .r = true, .w = true, .dirty = true };
	bool ats_write = y->ats_write, write;

	if (!y->priv && !k->user)
		return 0x81;
	if (y->write && !may_write(y, k))
		return 0x85;
	to.address = (k->entry & from(shift) & ~from(52)) | (y->q->iova & ~from(shift));
	y->ats_write &= may_write(y, k);
	if (k->nested) {
		/*
		 * D waits until the second stage has let the request through, unless it cannot be
		 * set anyway.
		 */
		code = mark(y, k, y->write && !y->pwsnp);
		if (code)
			return code;
		code = second_stage(y, to.address, FOR_PAGE, shift, &to);
		if (code)
			return code;
	} else if (in_interrupts(to.address) ||
	           (y->ats && overlaps_interrupts(to.address, shift))) {
		return 0x87;
	}
	write = y->write || (y->ats_write && to.w);
	y->ats_write = ats_write;
	code = mark(y, k, write);
	if (!code && k->nested && write)
		code = second_stage_dirty(y, &to);
	if (!code)
		answer(y, k, &to);
	return code;
}

unsigned first_stage(struct way *y, bool nested)
{
	struct walk k = { .nested = nested, .level = y->fs_levels, .user = true, .write = true };
	uint64_t table = y->fs_root;
	unsigned code;

	if (!is_canonical(y->q->iova, y->fs_levels == 5 ? 57 : 48))
		return 0x80;
	for (;; k.level--) {
		unsigned shift = 12 + 9 * (k.level - 1);

		code = read_entry(y, &k, table + bits(y->q->iova, shift + 8, shift) * 8);
		if (!code)
			code = check_entry(y, &k);
		if (code)
			return code;
		k.user &= (k.entry & US) != 0;
		k.write &= (k.entry & RW) != 0;
		if (is_leaf(&k))
			return leaf(y, &k);
		code = mark(y, &k, false);
		if (code)
			return code;
		table = k.entry & from(12) & ~from(52);
	}
}
