/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Random requests, most of them to where something is mapped. */
#include "compare.h"

#include "../inside.h"

static uint64_t near_spot(struct rng *rng, const struct spot *s)
{
	uint64_t size = (1ull << s->size_lg2) - 1;

	switch (below(rng, 10)) {
	case 0: /* elsewhere on the page */
		return (s->iova & ~size) | (any(rng) & size);
	case 1: /* one bit elsewhere */
		return s->iova ^ 1ull << below(rng, 64);
	case 2:
		return s->iova ^ (any(rng) & 0xfff);
	case 3:
		if (chance(rng, 1, 4))
			return 0xfee00000 + wide(rng, 21) - (chance(rng, 1, 4) ? 0x1000 : 0);
		/* fallthrough */
	default:
		return s->iova;
	}
}

static void random_attributes(struct world *w, struct twin_request *q)
{
	static const enum twin_kind kinds[] = { TWIN_READ,  TWIN_READ,  TWIN_READ,  TWIN_READ,
		                                TWIN_WRITE, TWIN_WRITE, TWIN_WRITE, TWIN_ATOMIC };
	static const uint8_t lengths[] = { 0, 4, 8, 8 };
	struct rng *rng = &w->rng;

	q->kind = kinds[below(rng, sizeof kinds / sizeof kinds[0])];
	if (q->at == TWIN_TRANSLATION_REQUEST && !chance(rng, 1, 32))
		q->kind = TWIN_READ;
	if (chance(rng, 1, 24))
		q->kind = TWIN_EXECUTE;
	q->bytes = lengths[below(rng, sizeof lengths)];
	q->priv = q->pp && chance(rng, 1, 3);
	q->no_write = q->at == TWIN_TRANSLATION_REQUEST && chance(rng, 1, 3);
}

struct twin_request random_request(struct world *w)
{
	struct rng *rng = &w->rng;
	struct twin_request q = { 0 };
	struct spot s = { .sid = (uint16_t)any(rng), .iova = any(rng) };

	if (w->n_spots)
		s = w->spots[below(rng, w->n_spots)];
	q.sid = s.sid;
	q.pp = s.pp;
	q.pasid = s.pasid;
	if (chance(rng, world_ecap(w, ECAP_DT) ? 8 : 1, 20))
		q.at = TWIN_TRANSLATION_REQUEST;
	else if (chance(rng, 1, 16))
		q.at = TWIN_TRANSLATED;
	if (q.at == TWIN_TRANSLATED && chance(rng, 3, 4))
		s.iova = anywhere(w);
	/* a few of devices and processes that nobody knows */
	if (chance(rng, 1, 32))
		q.sid ^= (uint16_t)(1u << below(rng, 16));
	if (chance(rng, 1, 24))
		q.pp = !q.pp;
	if (chance(rng, 1, 24))
		q.pasid ^= 1u << below(rng, 20);
	q.iova = near_spot(rng, &s) & ~7ull;
	random_attributes(w, &q);
	return q;
}

struct twin_request random_sibling(struct world *w, const struct twin_request *q)
{
	struct twin_request sibling = *q;

	random_attributes(w, &sibling);
	if (chance(&w->rng, 1, 2))
		sibling.iova ^= wide(&w->rng, 13) & ~7ull;
	return sibling;
}
