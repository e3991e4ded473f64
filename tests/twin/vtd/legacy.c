/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Legacy mode: root entry, context entry, and what they let in. */
#include "inside.h"

enum { UNTRANSLATED_ONLY, ALL_KINDS, PASS_THROUGH, NO_TYPE };

static unsigned context_of(struct way *y, uint64_t *entry)
{
	uint64_t root[2], above = from(y->u->haw);
	unsigned bus = y->q->sid >> 8, devfn = y->q->sid & 0xff;

	if (!fetch(y, TWIN_ROOT, 0, (y->u->rtaddr & ~0xfffull) + 16ull * bus, 16, root))
		return 0x08;
	if (!(root[0] & 1))
		return 0x01;
	if ((root[0] & (0xffe | above)) || root[1])
		return 0x0a;
	if (!fetch(y, TWIN_CONTEXT, 0, (root[0] & ~0xfffull) + 16ull * devfn, 16, entry))
		return 0x09;
	y->a->fpd = entry[0] >> 1 & 1;
	return entry[0] & 1 ? 0 : 0x02;
}

static unsigned check_context(struct way *y, const uint64_t *entry)
{
	unsigned tt = (unsigned)bits(entry[0], 3, 2), aw = (unsigned)bits(entry[1], 2, 0);
	unsigned did_bits = 4 + 2 * (unsigned)bits(y->u->cap, 2, 0);

	if ((entry[0] & 0xff0) || (entry[1] & 0xffffffffff000080ull) ||
	    bits(entry[1], 23, 8) >> did_bits)
		return 0x0b;
	if (tt != PASS_THROUGH && (entry[0] & from(y->u->haw)))
		return 0x0b;
	if (tt == NO_TYPE || (tt == ALL_KINDS && !ecap(y, ECAP_DT)) ||
	    (tt == PASS_THROUGH && !ecap(y, ECAP_PT)) || !aw_usable(y, aw))
		return 0x03;
	if (y->q->at != TWIN_UNTRANSLATED && tt != ALL_KINDS)
		return 0x0d;
	return 0;
}

/* Addresses of the host: passed through, or translated before */
static unsigned host_address(struct way *y, unsigned pgtt)
{
	if (y->q->iova >> y->u->haw)
		return 0x04;
	if (in_interrupts(y->q->iova))
		return 0x0e;
	pass(y, pgtt);
	return 0;
}

unsigned legacy(struct way *y)
{
	uint64_t entry[2];
	unsigned code = context_of(y, entry);

	if (!code)
		code = check_context(y, entry);
	if (code)
		return code;
	if (bits(entry[0], 3, 2) == PASS_THROUGH)
		return host_address(y, PGTT_PT);
	if (y->q->at == TWIN_TRANSLATED)
		return host_address(y, 0);
	if (y->ats && in_interrupts(y->q->iova)) {
		answer_interrupts(y);
		return 0;
	}
	y->aw = (unsigned)bits(entry[1], 2, 0);
	y->ss_root = entry[0] & ~0xfffull;
	return only_second_stage(y);
}
