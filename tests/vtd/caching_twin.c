/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Two units over the same tables, one with caches and one without: as long as no table changes, each
 * random request must get the same answer from both.
 */
#include "rig.h"

#define SID 0x0123
#define SLOTS 48u /* each has a GiB of addresses, mapped by one leaf or a few */
#define PAGES_OF_A_SLOT 4u
#define REQUESTS 40000u

struct twins {
	struct rig *r;
	struct iom_unit *unit[2];
	struct iom_lane *lane[2];
	struct iom_port *port[2];
	uint64_t seed;
};

static uint32_t any(struct twins *t, uint32_t below)
{
	t->seed = t->seed * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)(t->seed >> 33) % below;
}

/* The page of a slot: its level decides how large it is, and how many there are. */
static uint64_t address(unsigned slot, unsigned level, unsigned n)
{
	return (uint64_t)slot << 30 | (level < 3 ? (uint64_t)n << (12 + 9 * (level - 1)) : 0) |
	       (level == 1 ? 5ull << 21 : 0);
}

static uint64_t target(struct twins *t, unsigned level)
{
	uint64_t to;

	switch (any(t, 8)) {
	case 0:
		to = 0xfee00000; /* in or around the interrupt range */
		break;
	default:
		/* Where the second stage of a nested guest has something, too. */
		to = address(8 + any(t, SLOTS - 8), 1 + any(t, 3), any(t, PAGES_OF_A_SLOT));
	}
	return to & ~((1ull << (12 + 9 * (level - 1))) - 1);
}

/* Tables of the second or the first stage with random rights at each level; their root. */
static uint64_t tables(struct twins *t, bool first, unsigned levels)
{
	struct rig *r = t->r;
	uint64_t root = page(r);
	unsigned slot, n, level;

	for (slot = 8; slot < SLOTS; slot++) {
		unsigned leaf = 1 + any(t, 3);

		for (n = 0; n < (leaf == 3 ? 1 : PAGES_OF_A_SLOT); n++) {
			uint64_t iova = address(slot, leaf, n), entry = target(t, leaf);

			if (first)
				entry |= FS_P | (any(t, 8) ? FS_US : 0) | (any(t, 4) ? FS_RW : 0) |
				         (leaf > 1 ? FS_PS : 0) | FS_A | (any(t, 2) ? FS_D : 0);
			else
				entry |= (any(t, 4) ? SS_R : 0) | (any(t, 4) ? SS_W : 0) |
				         (leaf > 1 ? SS_PS : 0) | (any(t, 2) ? SS_SNP : 0);
			(first ? rig_fs : rig_ss)(r, root, levels, iova, leaf, entry);
		}
		for (level = leaf + 1; level <= 3; level++) {
			uint64_t spa = rig_entry(r, root, levels, address(slot, leaf, 0), level);

			if (!any(t, 4))
				put64(r, spa,
				      ram64(r, spa) & ~(any(t, 2) ? 2ull
				                        : first   ? 4ull
				                                  : 1ull));
		}
	}
	return root;
}

static void twins_init(struct twins *t, uint64_t seed, unsigned ttm)
{
	struct rig *r = rig_new();
	struct iom_vtd_config config = r->config;
	struct iom_endpoint *endpoint;
	unsigned i;

	*t = (struct twins){ .r = r, .seed = seed };
	config.flags = 0;
	config.cache_lg2 = 6; /* so that entries make room for each other */
	rig_on(r, ttm);
	t->unit[0] = r->unit;
	t->unit[1] = rig_unit(r, &config);
	CHECK(t->unit[1]);
	t->lane[0] = r->lane;
	CHECK_EQ(iom_lane_open(t->unit[1], &t->lane[1]), IOM_OK);
	for (i = 0; i < 2; i++) {
		CHECK_EQ(iom_endpoint_get(t->unit[i], SID, &endpoint), IOM_OK);
		CHECK_EQ(iom_port_open(endpoint, t->lane[i], &t->port[i]), IOM_OK);
	}
	CHECK_EQ(iom_mmio_write(t->unit[1], 0, RTADDR, 8, r->root | (uint64_t)ttm << 10), IOM_OK);
	CHECK_EQ(iom_mmio_write(t->unit[1], 0, GCMD, 4, SRTP), IOM_OK);
	CHECK_EQ(iom_mmio_write(t->unit[1], 0, GCMD, 4, TE), IOM_OK);
}

static struct iom_request request(struct twins *t, unsigned pasids)
{
	static const uint8_t kinds[] = { IOM_READ, IOM_READ, IOM_WRITE, IOM_WRITE, IOM_ATOMIC };
	struct iom_request q = rq(address(4 + any(t, SLOTS), 1 + any(t, 3), any(t, 5)), 0);

	q.iova |= any(t, 512) * 8;
	q.access = kinds[any(t, 5)];
	if (!any(t, 16)) {
		q.access = IOM_READ;
		q.bytes = 0;
	}
	if (pasids && any(t, 8)) {
		q.flags |= IOM_REQ_PASID | (any(t, 3) ? 0 : IOM_REQ_PRIVILEGED);
		q.pasid = 1 + any(t, pasids);
	}
	if (!any(t, 3)) {
		q.at = IOM_AT_TRANSLATION_REQUEST;
		q.access = IOM_READ;
		q.flags |= any(t, 2) ? 0 : IOM_REQ_NO_WRITE;
	}
	return q;
}

static void compare(struct twins *t, unsigned pasids)
{
	unsigned n, i, granted = 0;

	for (n = 0; n < REQUESTS; n++) {
		struct iom_request q = request(t, pasids);
		struct iom_reply is[2];
		int err[2];

		for (i = 0; i < 2; i++) {
			iom_begin(t->lane[i]);
			err[i] = iom_translate(t->port[i], &q, &is[i]);
			iom_end(t->lane[i]);
		}
		CHECK_MSG(err[0] == err[1] && is[0].fault == is[1].fault &&
		                  is[0].status == is[1].status,
		          "request %u, 0x%llx, access %u, at %u, flags 0x%x, PASID %u: %d, reason "
		          "0x%x "
		          "without caches; %d, reason 0x%x with them",
		          n, (unsigned long long)q.iova, q.access, q.at, q.flags, q.pasid, err[0],
		          is[0].fault, err[1], is[1].fault);
		if (err[0] != IOM_OK)
			continue;
		granted++;
		CHECK_MSG(is[0].perm == is[1].perm && is[0].ats == is[1].ats &&
		                  is[0].memory_type == is[1].memory_type &&
		                  is[0].target == is[1].target,
		          "request %u, 0x%llx, access %u, at %u, flags 0x%x, PASID %u: perm %u, "
		          "ats %u, "
		          "type %u without caches; %u, %u, %u with them",
		          n, (unsigned long long)q.iova, q.access, q.at, q.flags, q.pasid,
		          is[0].perm, is[0].ats, is[0].memory_type, is[1].perm, is[1].ats,
		          is[1].memory_type);
		if (is[0].perm)
			CHECK_EQ(is[0].spa, is[1].spa);
	}
	CHECK(granted > REQUESTS / 8 && granted < REQUESTS);
	iom_unit_free(t->unit[1]);
	rig_free(t->r);
}

TEST(caches_change_nothing_in_legacy_mode, "")
{
	unsigned levels;

	for (levels = 3; levels <= 5; levels++) {
		struct twins t;

		twins_init(&t, levels, TTM_LEGACY);
		rig_context_put(t.r, SID, CTX_P | TT_ALL | tables(&t, false, levels),
		                AW(levels) | DID(3));
		compare(&t, 0);
	}
}

TEST(caches_change_nothing_in_scalable_mode, "")
{
	unsigned seed, i;

	for (seed = 1; seed <= 4; seed++) {
		struct twins t;
		struct rig *r;
		uint64_t nested;

		twins_init(&t, seed, TTM_SCALABLE);
		r = t.r;
		rig_device(r, SID, 0, DTE | PASIDE, seed & 1 ? RID_PRIV : 0);
		rig_pasid_put(r, SID, 0, PE_P | PGTT_FS, 3 | PWSNP, tables(&t, true, 4) | SRE);
		rig_pasid_put(r, SID, 1, PE_P | PGTT_FS, 4 | PWSNP, tables(&t, true, 4) | SRE);
		rig_pasid_put(r, SID, 2, PE_P | PGTT_FS, 5 | PWSNP | PGSNP,
		              tables(&t, true, 5) | FSPM_5 | SRE | WPE);
		rig_pasid_put(r, SID, 3, PE_P | PGTT_FS, 6 | PWSNP, tables(&t, true, 4));
		rig_pasid_put(r, SID, 4, PE_P | PGTT_SS | PE_AW(3) | tables(&t, false, 3),
		              7 | PWSNP, SRE);
		rig_pasid_put(r, SID, 5, PE_P | PGTT_SS | PE_AW(4) | SSADE | tables(&t, false, 4),
		              8 | PWSNP | PGSNP, SRE);
		rig_pasid_put(r, SID, 6, PE_P | PGTT_PASS, 9, SRE);
		/* The guest's tables stand at their own addresses; its pages lead on into slots. */
		nested = tables(&t, false, 4);
		for (i = 0; i < 8; i++)
			rig_ss(r, nested, 4, RIG_RAM + ((uint64_t)i << 21), 2,
			       (RIG_RAM + ((uint64_t)i << 21)) | SS_RW | SS_PS);
		rig_pasid_put(r, SID, 7, PE_P | PGTT_NEST | PE_AW(4) | nested, 10 | PWSNP,
		              tables(&t, true, 4) | SRE);
		compare(&t, 8);
	}
}
