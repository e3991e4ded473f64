/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The helpers of kept.h. */
#include "kept.h"

#define GIB_RAM (RIG_RAM & ~0x3fffffffull)

static bool first(const struct way *w)
{
	return w->pgtt == PGTT_FS || w->pgtt == PGTT_NEST;
}

static uint64_t leaf_bits(const struct way *w)
{
	return first(w) ? FS_PRU : SS_RW;
}

static uint64_t map(struct kept *k, unsigned i, uint64_t root, unsigned page_of, unsigned level,
                    uint64_t entry)
{
	return (first(&k->way[i]) ? rig_fs : rig_ss)(k->r, root, 4, KEPT_IOVA + page_of * PAGE,
	                                             level, entry);
}

/* Ways of one domain share their second stage, as they have to. */
static unsigned twin_of(const struct kept *k, unsigned i)
{
	unsigned j;

	for (j = 0; j < i; j++)
		if (k->way[j].did == k->way[i].did && k->way[j].pgtt == k->way[i].pgtt &&
		    !first(&k->way[i]))
			return j;
	return i;
}

static void put_way(struct kept *k, unsigned i, uint64_t root)
{
	const struct way *w = &k->way[i];
	uint32_t pasid = w->pasid == NO_PASID ? 0 : w->pasid;

	if (!w->pgtt) {
		rig_context_put(k->r, w->sid, CTX_P | root, AW(4) | DID(w->did));
		return;
	}
	if (w->pgtt == PGTT_SS) {
		rig_pasid_put(k->r, w->sid, pasid, PE_P | PGTT_SS | PE_AW(4) | root, w->did | PWSNP,
		              0);
	} else if (w->pgtt == PGTT_FS) {
		rig_pasid_put(k->r, w->sid, pasid, PE_P | PGTT_FS, w->did | PWSNP, FSPM_4 | root);
	} else {
		rig_pasid_put(k->r, w->sid, pasid, PE_P | PGTT_NEST | PE_AW(4) | k->ss,
		              w->did | PWSNP, FSPM_4 | root);
	}
}

void kept_new(struct kept *k, uint64_t cap, uint64_t ecap, const struct way *way, unsigned ways)
{
	/* Old units alone may drain only when asked.  So many that nothing has to make room. */
	const struct iom_vtd_config config = { .cap = cap,
		                               .ecap = ecap,
		                               .version = cap & CAP_DRD ? 0x40 : 0x10,
		                               .address_bits = RIG_HAW,
		                               .cache_lg2 = 16 };
	const bool scalable = way[0].pgtt;
	unsigned i, j;

	CHECK(ways <= KEPT_MAX);
	*k = (struct kept){ .r = rig_new_config(&config), .way = way, .ways = ways };
	rig_on(k->r, scalable ? TTM_SCALABLE : TTM_LEGACY);
	rig_queue(k->r, 0, scalable);
	k->r->on_message = queue_answer;
	/* Guest addresses are host addresses. */
	k->ss = page(k->r);
	rig_ss(k->r, k->ss, 4, GIB_RAM, 3, GIB_RAM | SS_PS | SS_RW);
	for (i = 0; i < ways; i++) {
		unsigned twin = twin_of(k, i);

		for (j = 0; scalable && j < i && way[j].sid != way[i].sid; j++)
			;
		if (scalable && j == i)
			rig_device(k->r, way[i].sid, 0, PASIDE | DTE | PRE, 0);
		if (twin != i) {
			k->root[i] = k->root[twin];
			k->other[i] = k->other[twin];
			k->old[i] = k->old[twin];
			k->now[i] = k->now[twin];
		} else {
			k->root[i] = page(k->r);
			k->other[i] = page(k->r);
			k->old[i] = pages(k->r, KEPT_PAGES, PAGE);
			k->now[i] = pages(k->r, KEPT_PAGES, PAGE);
			for (j = 0; j < KEPT_PAGES; j++)
				map(k, i, k->other[i], j, 1,
				    (k->now[i] + j * PAGE) | leaf_bits(&way[i]));
		}
	}
}

static uint64_t serves(struct kept *k, unsigned i, unsigned page_of)
{
	const struct way *w = &k->way[i];
	uint64_t iova = KEPT_IOVA + page_of * PAGE;
	struct iom_request q =
		w->pasid == NO_PASID ? rq(iova, IOM_READ) : rq_pid(iova, IOM_READ, w->pasid);
	struct iom_reply reply;
	int err = rig_translate(k->r, w->sid, q, &reply);

	CHECK_MSG(err == IOM_OK, "way %u: refused (%d) with reason 0x%x", i, err, reply.fault);
	return reply.spa;
}

void kept_fill(struct kept *k)
{
	unsigned i, j;

	for (i = 0; i < k->ways; i++) {
		uint64_t above;

		for (j = 0; j < KEPT_PAGES; j++)
			map(k, i, k->root[i], j, 1, 0);
		/* The entry above the leaves, which may lead to the other table. */
		above = rig_entry(k->r, k->root[i], 4, KEPT_IOVA, 2);
		if ((ram64(k->r, above) & ~0xfffull) ==
		    (ram64(k->r, rig_entry(k->r, k->other[i], 4, KEPT_IOVA, 2)) & ~0xfffull))
			put64(k->r, above, page(k->r) | leaf_bits(&k->way[i]));
		for (j = 0; j < KEPT_PAGES; j++) {
			map(k, i, k->root[i], j, 1, (k->old[i] + j * PAGE) | leaf_bits(&k->way[i]));
			map(k, i, k->other[i], j, 1,
			    (k->now[i] + j * PAGE) | leaf_bits(&k->way[i]));
		}
		put_way(k, i, k->root[i]);
	}
	inv_all(k->r);
	for (i = 0; i < k->ways; i++)
		for (j = 0; j < KEPT_PAGES; j++)
			CHECK_EQ(serves(k, i, j), k->old[i] + j * PAGE);
}

void kept_change_leaves(struct kept *k)
{
	unsigned i, j;

	for (i = 0; i < k->ways; i++)
		for (j = 0; j < KEPT_PAGES; j++)
			map(k, i, k->root[i], j, 1, (k->now[i] + j * PAGE) | leaf_bits(&k->way[i]));
}

void kept_change_tables(struct kept *k)
{
	unsigned i;

	for (i = 0; i < k->ways; i++)
		put64(k->r, rig_entry(k->r, k->root[i], 4, KEPT_IOVA, 2),
		      ram64(k->r, rig_entry(k->r, k->other[i], 4, KEPT_IOVA, 2)));
}

void kept_change_roots(struct kept *k)
{
	unsigned i;

	for (i = 0; i < k->ways; i++)
		put_way(k, i, k->other[i]);
}

void kept_prepare(struct kept *k, void (*change)(struct kept *))
{
	rig_queue(k->r, 0, false);
	kept_fill(k);
	change(k);
	rig_gcmd(k->r, QIE, false);
}

void kept_every(uint8_t *fresh, uint8_t bits)
{
	unsigned i;

	for (i = 0; i < KEPT_MAX; i++)
		fresh[i] = bits;
}

void kept_domain(const struct kept *k, uint8_t *fresh, unsigned did, uint8_t bits)
{
	unsigned i;

	kept_every(fresh, 0);
	for (i = 0; i < k->ways; i++)
		if (k->way[i].did == did)
			fresh[i] = bits;
}

void kept_judge(struct kept *k, const uint8_t *fresh, const char *what)
{
	unsigned i, j;

	for (i = 0; i < k->ways; i++)
		for (j = 0; j < KEPT_PAGES; j++) {
			uint64_t is = serves(k, i, j) - j * PAGE;

			CHECK_MSG(is == (fresh[i] >> j & 1 ? k->now[i] : k->old[i]),
			          "%s: way %u (DID %u), page %u is %s", what, i, k->way[i].did, j,
			          is == k->old[i]   ? "kept"
			          : is == k->now[i] ? "dropped"
			                            : "something else");
		}
}

void kept_drop(struct kept *k, uint64_t qw0, uint64_t qw1)
{
	rig_submit(k->r, qw0, qw1);
	rig_wait(k->r);
}
