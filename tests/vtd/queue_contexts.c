/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Queued invalidation: the context cache in scalable mode. */
#include "queue.h"

#define IOVA 0x7000ull
#define DEVICES (sizeof(device) / sizeof(*device))

/* Functions of two devices, and another bus; DIDs 1, 2, 3 in turn */
static const uint16_t device[] = { 0x0108, 0x0109, 0x010a, 0x010c, 0x010f, 0x0110, 0x0208, 0x02ff };

struct contexts {
	struct rig *r;
	uint64_t entry[8], old[8], now[8], to_old[8], to_now[8];
};

/* A directory with PASID 0, second stage, that leads IOVA to `to`. */
static uint64_t directory(struct rig *r, unsigned did, uint64_t to)
{
	uint64_t dir = page(r), table = page(r), root = page(r);

	put64(r, dir, table | 1);
	put64(r, table, PE_P | PGTT_SS | PE_AW(4) | root);
	put64(r, table + 8, did | PWSNP);
	rig_ss(r, root, 4, IOVA, 1, to | SS_RW);
	return dir;
}

static void make(struct contexts *c)
{
	const struct iom_vtd_config config = { .cap = CAP_ALL,
		                               .ecap = ECAP_ALL,
		                               .version = 0x40,
		                               .address_bits = RIG_HAW,
		                               .cache_lg2 = 16 };
	unsigned i;

	c->r = rig_new_config(&config);
	rig_on(c->r, TTM_SCALABLE);
	rig_queue(c->r, 0, true);
	for (i = 0; i < DEVICES; i++) {
		c->to_old[i] = page(c->r);
		c->to_now[i] = page(c->r);
		/* A domain has one second stage: so each device has a domain of its own. */
		c->old[i] = directory(c->r, 1 + i, c->to_old[i]);
		c->now[i] = directory(c->r, 1 + i, c->to_now[i]);
		c->entry[i] = rig_scontext(c->r, device[i]);
	}
}

/* Contexts change; this descriptor comes, then everything below contexts goes. */
static void forgets(struct contexts *c, uint64_t qw0, unsigned fresh, const char *what)
{
	unsigned i;

	for (i = 0; i < DEVICES; i++)
		put64(c->r, c->entry[i], c->old[i] | 1);
	inv_all(c->r);
	for (i = 0; i < DEVICES; i++)
		rig_grants(c->r, device[i], rq(IOVA, IOM_READ), c->to_old[i]);
	for (i = 0; i < DEVICES; i++)
		put64(c->r, c->entry[i], c->now[i] | 1);
	rig_submit(c->r, qw0, 0);
	inv_pasid_cache(c->r);
	inv_iotlb(c->r);
	for (i = 0; i < DEVICES; i++) {
		struct iom_reply reply;

		CHECK_EQ(rig_translate(c->r, device[i], rq(IOVA, IOM_READ), &reply), IOM_OK);
		CHECK_MSG(reply.spa == (fresh >> i & 1 ? c->to_now[i] : c->to_old[i]),
		          "%s: device 0x%04x", what, device[i]);
	}
}

TEST(contexts_in_scalable_mode, "VTD-QI-36")
{
	static const uint16_t ignored[] = { 0, 4, 6, 7 };
	struct contexts c;
	unsigned did, fm, i, j;

	make(&c);
	forgets(&c, T_WAIT, 0, "nothing");
	forgets(&c, T_CONTEXT | G(1), 0xff, "context global");
	/* The domain does not matter: any means all. */
	for (did = 0; did < 12; did++)
		forgets(&c, T_CONTEXT | G(2) | (uint64_t)did << 16, 0xff, "context domain");
	for (fm = 0; fm < 4; fm++)
		for (j = 0; j < DEVICES; j++)
			for (did = 0; did < 12; did += 3) {
				unsigned fresh = 0;

				for (i = 0; i < DEVICES; i++)
					if (!((device[i] ^ device[j]) & ~ignored[fm]))
						fresh |= 1u << i;
				forgets(&c,
				        T_CONTEXT | G(3) | (uint64_t)did << 16 |
				                (uint64_t)device[j] << 32 | (uint64_t)fm << 48,
				        fresh, "context device");
			}
	rig_free(c.r);
}
