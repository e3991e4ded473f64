/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A copy of what is mapped, as somebody keeps it who maps it elsewhere (VFIO): made of what a notifier
 * hears alone, with its strictness.  A page that is there cannot be mapped, and what was mapped as one can
 * only go as one.
 */
#include "testdev.h"

/* ---- Keeping ------------------------------------------------------------------------------ */

/* The first mistake counts. */
static void wrong(Testdev *d, uint64_t address)
{
	if (!d->copy_wrong)
		d->copy_address = address;
	d->copy_wrong = true;
}

static void unmap(Testdev *d, const DMAMap *range)
{
	const uint64_t last = range->iova + range->size;
	const DMAMap *found;

	while ((found = iova_tree_find(d->copy, range)) != NULL) {
		if (found->iova < range->iova || found->iova + found->size > last)
			wrong(d, found->iova);
		d->copy_bytes -= found->size + 1;
		iova_tree_remove(d->copy, *found);
	}
}

void td_copy_tell(Testdev *d, const IOMMUTLBEntry *entry)
{
	const DMAMap piece = {
		.iova = entry->iova,
		.translated_addr = entry->translated_addr,
		.size = entry->addr_mask,
		.perm = entry->perm,
	};

	if (!d->copy)
		return;
	if (!piece.perm)
		unmap(d, &piece);
	else if (iova_tree_insert(d->copy, &piece) == IOVA_OK)
		d->copy_bytes += piece.size + 1;
	else
		wrong(d, piece.iova);
}

void td_copy_begin(Testdev *d)
{
	d->copy = iova_tree_new();
	d->copy_bytes = 0;
	d->copy_wrong = false;
}

void td_copy_end(Testdev *d)
{
	g_clear_pointer(&d->copy, iova_tree_destroy);
}

/* ---- Comparing ---------------------------------------------------------------------------- */

struct comparison {
	Testdev *d;
	uint64_t bytes; /* that are mapped and in the copy */
};

static int compare(void *opaque, uint64_t iova, uint64_t spa, uint64_t bytes, unsigned perm)
{
	const IOMMUAccessFlags flags =
		IOMMU_ACCESS_FLAG(perm & IOM_PERM_READ, perm & IOM_PERM_WRITE);
	struct comparison *c = opaque;
	const DMAMap *piece;

	for (uint64_t at = iova, left = bytes, n; left; at += n, left -= n) {
		piece = iova_tree_find(c->d->copy, &(DMAMap){ .iova = at });
		if (!piece || piece->perm != flags ||
		    piece->translated_addr + (at - piece->iova) != spa + (at - iova)) {
			wrong(c->d, at);
			return 1;
		}
		n = MIN(left, piece->size + 1 - (at - piece->iova));
		c->bytes += n;
	}
	return 0;
}

uint32_t td_copy_check(Testdev *d, struct td_answer *answer)
{
	struct comparison c = { .d = d };
	uint64_t from = 0;

	if (!d->copy || !d->endpoint)
		return TD_NOT_THERE;
	while (iom_replay(d->endpoint, from, UINT64_MAX, compare, &c, &from) == IOM_EBUSY)
		;
	answer->moved = d->copy_bytes;
	answer->address = d->copy_wrong ? d->copy_address : 0;
	return d->copy_wrong || c.bytes != d->copy_bytes ? TD_DIFFERENT : TD_DONE;
}
