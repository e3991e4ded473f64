/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Scalable mode: root entry, context entry, and which requests they let in. */
#include "inside.h"

/* Bits of the first word of a context entry */
enum { DTE = 2, PASIDE = 3, PRE = 4, HPTE = 5, EPTR = 6 };

static unsigned context_of(struct way *y, uint64_t *entry)
{
	uint64_t root[2], half;
	unsigned bus = y->q->sid >> 8, devfn = y->q->sid & 0xff;

	if (!fetch(y, TWIN_ROOT, 0, (y->u->rtaddr & ~0xfffull) + 16ull * bus, 16, root))
		return 0x38;
	half = root[devfn >> 7];
	if (!(half & 1))
		return 0x39;
	if (half & (0xffe | from(y->u->haw)))
		return 0x3a;
	if (!fetch(y, TWIN_CONTEXT, 0, (half & ~0xfffull) + 32ull * (devfn & 0x7f), 32, entry))
		return 0x40;
	y->a->fpd = entry[0] >> 1 & 1;
	return entry[0] & 1 ? 0 : 0x41;
}

/* Bits that are reserved unless the unit has what they are for */
static uint64_t without(const struct way *y, unsigned feature, uint64_t mask)
{
	return ecap(y, feature) ? 0 : mask;
}

static unsigned check_context(const struct way *y, const uint64_t *entry)
{
	uint64_t reserved0 = 0x180 | from(y->u->haw), reserved1 = from(21);
	uint64_t limit = 1ull << (bits(entry[0], 11, 9) + 13);

	reserved0 |= without(y, ECAP_DT, 1 << DTE) | without(y, ECAP_PASID, 1 << PASIDE) |
	             without(y, ECAP_PRS, 1 << PRE) | without(y, ECAP_HPTS, 1 << HPTE) |
	             without(y, ECAP_PTRS, 1 << EPTR);
	reserved1 |= without(y, ECAP_RPS, 0xfffff) | without(y, ECAP_RPRIVS, 1 << 20);
	if ((entry[0] & reserved0) || (entry[1] & reserved1) || entry[2] || entry[3])
		return 0x42;
	if ((entry[0] >> PRE & 1) && !(entry[0] >> DTE & 1))
		return 0x43;
	if (bits(entry[1], 19, 0) >= limit)
		return 0x43;
	if ((entry[0] >> EPTR & 1) && !(entry[0] >> PASIDE & 1))
		return 0x43;
	return 0;
}

static unsigned check_pasid(const struct way *y, const uint64_t *entry)
{
	const struct twin_request *q = y->q;

	if (!(entry[0] >> PASIDE & 1))
		return q->at == TWIN_TRANSLATED ? 0x49 : 0x45;
	if (q->pasid >> (bits(entry[0], 11, 9) + 13))
		return 0x46;
	if (q->pasid >> (bits(y->u->ecap, 39, 35) + 1))
		return 0x89;
	if (q->pasid == bits(entry[1], 19, 0) && !y->u->any_pasid)
		return 0x48;
	if (q->at == TWIN_TRANSLATED && !(entry[0] >> EPTR & 1))
		return 0x49;
	return 0;
}

static unsigned translated(const struct way *y)
{
	if (y->q->iova >> y->u->haw)
		return 0x83;
	if (in_interrupts(y->q->iova))
		return 0x87;
	pass(y, 0);
	return 0;
}

unsigned scalable(struct way *y)
{
	const struct twin_request *q = y->q;
	uint64_t entry[4];
	unsigned code = context_of(y, entry);

	if (!code)
		code = check_context(y, entry);
	if (!code && q->at != TWIN_UNTRANSLATED && !(entry[0] >> DTE & 1))
		code = 0x44;
	if (!code && q->pp)
		code = check_pasid(y, entry);
	if (code)
		return code;
	if (q->at == TWIN_TRANSLATED)
		return translated(y);
	y->priv = q->pp ? q->priv : entry[1] >> 20 & 1;
	return by_pasid(y, entry[0] & ~0xfffull,
	                q->pp ? q->pasid : (uint32_t)bits(entry[1], 19, 0));
}
