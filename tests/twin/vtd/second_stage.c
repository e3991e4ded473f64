/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Second-stage translation: "Second-Stage Paging Structures". */
#include "inside.h"

enum { A = 1 << 8, D = 1 << 9 };

/* A reason of legacy mode, and the one of scalable mode */
static unsigned one_of(const struct way *y, unsigned legacy_code, unsigned code)
{
	return y->scalable ? code : legacy_code;
}

unsigned update(const struct way *y, enum twin_use use, unsigned level, uint64_t spa,
                uint64_t *entry, uint64_t set)
{
	const struct twin_access access = { use, level, spa, 8 };
	bool ss = use == TWIN_SECOND_STAGE;

	if ((*entry & set) == set)
		return 0;
	if (!y->pwsnp)
		return ss ? 0x7c : 0x90;
	if (!y->u->memory.write(y->u->memory.ctx, &access, *entry | set))
		return ss ? 0x7d : 0x91;
	*entry |= set;
	return 0;
}

static bool is_leaf(uint64_t entry, unsigned level)
{
	return level == 1 || (level <= 3 && (entry >> 7 & 1));
}

static bool reserved(const struct way *y, uint64_t entry, unsigned level)
{
	bool leaf = is_leaf(entry, level);
	/* 51:HAW */
	uint64_t mask = from(y->u->haw) & ~from(52);

	if (!(y->u->rtaddr >> 7 & 1))
		mask |= 1ull << 62;
	if (!leaf || !ecap(y, ECAP_SC))
		mask |= 1 << 11;
	if (level > 3 || (level == 3 && !cap(y, 35)) || (level == 2 && !cap(y, 34)))
		mask |= 1 << 7;
	if (leaf)
		mask |= from(12) & ~from(12 + 9 * (level - 1));
	return entry & mask;
}

/* Judged when the leaf is reached, by all entries on the way */
static unsigned judge_page(const struct way *y, enum purpose purpose, struct landing *to)
{
	bool read = y->read, write = y->write;

	if (purpose == FOR_TABLE) {
		if (!to->r && !to->w)
			return 0x79;
		/* the caller tells which permission is missing */
		return 0;
	}
	if (!to->r && !to->w)
		return y->scalable ? 0x79 : write ? 0x05 : 0x06;
	if (y->ats) {
		/* reading, or what else the answer can grant */
		if (!to->r && !(to->w && y->ats_write))
			return one_of(y, 0x06, 0x86);
		return 0;
	}
	if (write && !to->w)
		return one_of(y, 0x05, 0x85);
	if (read && !to->r && !(y->zero && cap(y, CAP_ZLR)))
		return one_of(y, 0x06, 0x86);
	return 0;
}

static unsigned leaf(const struct way *y, enum purpose purpose, unsigned size_lg2,
                     struct landing *to)
{
	/* the first stage sets its own D before */
	bool write = purpose == FOR_REQUEST && (y->write || (y->ats_write && to->w));
	unsigned code = judge_page(y, purpose, to);

	if (code)
		return code;
	if (purpose == FOR_REQUEST || size_lg2 > to->size_lg2)
		size_lg2 = to->size_lg2;
	if (purpose != FOR_TABLE &&
	    (in_interrupts(to->address) || (y->ats && overlaps_interrupts(to->address, size_lg2))))
		return one_of(y, 0x0e, 0x87);
	if (purpose == FOR_TABLE && (!to->r || (y->ssade && !to->w)))
		return 0;
	to->dirty = true;
	if (!y->ssade)
		return 0;
	code = update(y, TWIN_SECOND_STAGE, to->level, to->leaf, &to->entry, write ? A | D : A);
	to->dirty = to->entry & D;
	return code;
}

unsigned second_stage(const struct way *y, uint64_t address, enum purpose purpose,
                      unsigned size_lg2, struct landing *to)
{
	unsigned level = 2 + y->aw, top = level, code;
	bool separate = y->u->rtaddr >> 7 & 1;
	uint64_t table = y->ss_root;

	*to = (struct landing){ .r = true, .w = true };
	for (;; level--) {
		unsigned shift = 12 + 9 * (level - 1);
		uint64_t at = table + bits(address, shift + 8, shift) * 8, entry;
		bool r, w;

		if (!fetch(y, TWIN_SECOND_STAGE, level, at, 8, &entry))
			return level == top ? one_of(y, 0x03, 0x7b) : one_of(y, 0x07, 0x78);
		r = separate ? entry >> 61 & 1 : entry & 1;
		w = separate ? entry >> 62 & 1 : entry >> 1 & 1;
		if (!r && !w)
			return y->scalable ? 0x79 : y->write ? 0x05 : 0x06;
		if (reserved(y, entry, level))
			return one_of(y, 0x0c, 0x7a);
		to->r &= r;
		to->w &= w;
		table = entry & from(12) & ~from(52);
		if (is_leaf(entry, level)) {
			to->address = (table & from(shift)) | (address & ~from(shift));
			to->size_lg2 = shift;
			to->snp = entry >> 11 & 1;
			to->leaf = at;
			to->entry = entry;
			to->level = level;
			return leaf(y, purpose, size_lg2, to);
		}
		if (y->ssade) {
			code = update(y, TWIN_SECOND_STAGE, level, at, &entry, A);
			if (code)
				return code;
		}
	}
}

unsigned second_stage_dirty(const struct way *y, struct landing *to)
{
	unsigned code;

	if (!y->ssade)
		return 0;
	code = update(y, TWIN_SECOND_STAGE, to->level, to->leaf, &to->entry, A | D);
	to->dirty = to->entry & D;
	return code;
}

unsigned only_second_stage(struct way *y)
{
	struct twin_answer *a = y->a;
	struct landing to;
	unsigned code;

	if (y->q->iova & from(second_stage_width(y)))
		return one_of(y, 0x04, 0x84);
	code = second_stage(y, y->q->iova, FOR_REQUEST, 0, &to);
	if (code)
		return code;
	a->address = to.address;
	a->size_lg2 = to.size_lg2;
	a->r = to.r;
	a->w = to.w && (!y->ssade || to.dirty) && (!y->ats || y->ats_write);
	a->flagged = y->ssade;
	a->snoop = to.snp || y->pgsnp;
	a->ats_priv = y->ats && y->q->pp && y->q->priv;
	a->pgtt = PGTT_SS;
	a->levels[1] = 2 + y->aw;
	return 0;
}
