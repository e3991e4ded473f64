/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* PASID directory entry and PASID table entry: eight words. */
#include "inside.h"

static unsigned entry_of(const struct way *y, uint64_t directory, uint32_t pasid, uint64_t *entry)
{
	uint64_t de;

	if (!fetch(y, TWIN_DIRECTORY, 0, directory + 8ull * (pasid >> 6), 8, &de))
		return 0x50;
	y->a->fpd |= de >> 1 & 1;
	if (!(de & 1))
		return 0x51;
	if (de & (0xffc | from(y->u->haw)))
		return 0x52;
	if (!fetch(y, TWIN_PASID, 0, (de & ~0xfffull) + 64ull * (pasid & 63), 64, entry))
		return 0x58;
	y->a->fpd |= entry[0] >> 1 & 1;
	return entry[0] & 1 ? 0 : 0x59;
}

static bool reserved(const struct way *y, const uint64_t *e)
{
	unsigned pgtt = (unsigned)bits(e[0], 8, 6);
	unsigned did_bits = 4 + 2 * (unsigned)bits(y->u->cap, 2, 0);
	uint64_t r0 = 0xc20 | from(y->u->haw), r1 = 0xf87f0000, r2 = 0xf02, r4 = 0xff8, r5 = 0;

	if (!ecap(y, ECAP_SSTS))
		r0 |= 0x21c | from(12);
	if (!ecap(y, ECAP_SSADS))
		r0 |= 0x200;
	if (!ecap(y, ECAP_SMPWCS))
		r1 |= 1 << 23;
	if (!ecap(y, ECAP_SC))
		r1 |= 1 << 24;
	if (!ecap(y, ECAP_MTS))
		r1 |= 3 << 25 | from(32);
	if (!ecap(y, ECAP_SRS))
		r2 |= 1;
	if (!ecap(y, ECAP_FSTS))
		r2 |= 0x1c | from(12);
	if (!ecap(y, ECAP_EAFS))
		r2 |= 0x80;
	/* FSPTPTR is an address of the host here, and of the guest in nested mode */
	if (pgtt == PGTT_FS)
		r2 |= from(y->u->haw);
	if (!ecap(y, ECAP_HPTS)) {
		r4 = ~0ull;
		r5 = 0xffff;
	}
	return (e[0] & r0) || (e[1] & r1) || (e[2] & r2) || e[3] || (e[4] & r4) ||
	       (e[5] & (r5 | from(16))) || e[6] || e[7] || bits(e[1], 15, 0) >> did_bits;
}

static bool is_usable(const struct way *y, unsigned pgtt, const uint64_t *e)
{
	unsigned fspm = (unsigned)bits(e[2], 3, 2);
	bool fs = pgtt == PGTT_FS || pgtt == PGTT_NESTED;
	bool ss = pgtt == PGTT_SS || pgtt == PGTT_NESTED;

	if (!fs && !ss && pgtt != PGTT_PT)
		return false;
	if ((pgtt == PGTT_FS && !ecap(y, ECAP_FSTS)) || (pgtt == PGTT_SS && !ecap(y, ECAP_SSTS)) ||
	    (pgtt == PGTT_NESTED && !ecap(y, ECAP_NEST)) || (pgtt == PGTT_PT && !ecap(y, ECAP_PT)))
		return false;
	if (ss && !aw_usable(y, y->aw))
		return false;
	if (fs && (fspm > 1 || (fspm == 1 && !cap(y, CAP_FS5LP))))
		return false;
	return pgtt != PGTT_NESTED || !(y->fs_root >> second_stage_width(y));
}

/* The fields that the walks go by */
static void take(struct way *y, const uint64_t *e)
{
	y->aw = (unsigned)bits(e[0], 4, 2);
	y->ssade = e[0] >> 9 & 1;
	y->ss_root = e[0] & ~0xfffull;
	y->pwsnp = e[1] >> 23 & 1;
	y->pgsnp = e[1] >> 24 & 1;
	y->wpe = e[2] >> 4 & 1;
	y->eafe = e[2] >> 7 & 1;
	y->fs_levels = 4 + (unsigned)bits(e[2], 2, 2);
	y->fs_root = e[2] & ~0xfffull;
}

static unsigned pass_through(const struct way *y)
{
	if (y->q->iova >> y->u->haw)
		return 0x83;
	if (in_interrupts(y->q->iova))
		return 0x87;
	pass(y, PGTT_PT);
	y->a->snoop = y->pgsnp;
	return 0;
}

unsigned by_pasid(struct way *y, uint64_t directory, uint32_t pasid)
{
	uint64_t e[8];
	unsigned code = entry_of(y, directory, pasid, e), pgtt;

	if (code)
		return code;
	if (reserved(y, e))
		return 0x5a;
	take(y, e);
	pgtt = (unsigned)bits(e[0], 8, 6);
	if (!is_usable(y, pgtt, e))
		return 0x5b;
	if (y->q->pp && y->q->kind == TWIN_EXECUTE)
		return 0x5c;
	if (y->priv && !(e[2] & 1)) {
		y->a->ats_priv = y->ats && y->q->pp;
		return 0x5d;
	}
	if (y->ats && !y->q->pp && in_interrupts(y->q->iova)) {
		answer_interrupts(y);
		return 0;
	}
	if (pgtt == PGTT_PT)
		return pass_through(y);
	return pgtt == PGTT_SS ? only_second_stage(y) : first_stage(y, pgtt == PGTT_NESTED);
}
