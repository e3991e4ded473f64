/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Random requests, most of them to where something is mapped. */
#include "compare.h"

enum { CAP_ATS = 25 };

static uint64_t near_spot(struct rng *rng, const struct spot *s)
{
	uint64_t size = (1ull << s->size_lg2) - 1;

	switch (below(rng, 8)) {
	case 0: /* elsewhere on the page */
		return (s->iova & ~size) | (any(rng) & size);
	case 1: /* one bit elsewhere */
		return s->iova ^ 1ull << below(rng, 64);
	case 2:
		return s->iova ^ (any(rng) & 0xfff);
	default:
		return s->iova;
	}
}

static enum twin_kind random_kind(struct rng *rng)
{
	static const enum twin_kind kinds[] = { TWIN_READ,  TWIN_READ,  TWIN_READ,
		                                TWIN_WRITE, TWIN_WRITE, TWIN_EXECUTE };

	return kinds[below(rng, sizeof kinds / sizeof kinds[0])];
}

static void random_attributes(struct world *w, struct twin_request *q)
{
	struct rng *rng = &w->rng;

	q->kind = random_kind(rng);
	q->priv = chance(rng, 1, 3);
	q->no_write = q->cxl = false;
	if (q->type == TWIN_TRANSLATION_REQUEST && world_cap(w, CAP_ATS)) {
		q->no_write = chance(rng, 1, 3);
		q->cxl = chance(rng, 1, 4);
	}
}

struct twin_request random_request(struct world *w)
{
	struct rng *rng = &w->rng;
	struct twin_request q = { 0 };
	struct spot s = { .device_id = (uint32_t)wide(rng, 24), .iova = any(rng) };

	if (w->n_spots)
		s = w->spots[below(rng, w->n_spots)];
	q.device_id = s.device_id;
	q.pv = s.pv;
	q.process_id = s.process_id;
	q.iova = near_spot(rng, &s);
	/* translated requests carry addresses of the guest, or what nobody looks at */
	if (chance(rng, !world_cap(w, CAP_ATS) ? 1 : s.gpa ? 6 : 2, 20))
		q.type = TWIN_TRANSLATED;
	else if (chance(rng, world_cap(w, CAP_ATS) ? 8 : 1, 20))
		q.type = TWIN_TRANSLATION_REQUEST;
	random_attributes(w, &q);
	/* a few of devices and processes that nobody knows */
	if (chance(rng, 1, 32))
		q.device_id ^= 1u << below(rng, 24);
	if (chance(rng, 1, 24))
		q.pv = !q.pv;
	if (chance(rng, 1, 24))
		q.process_id ^= 1u << below(rng, 20);
	return q;
}

struct twin_request random_sibling(struct world *w, const struct twin_request *q)
{
	struct twin_request sibling = *q;

	random_attributes(w, &sibling);
	if (chance(&w->rng, 1, 2))
		sibling.iova ^= wide(&w->rng, 13);
	return sibling;
}
