/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Invalidation by registers: CCMD. */
#include "kept.h"

#define IOTLB (RIG_IRO + 8)
#define ICC (1ull << 63)
#define CIRG(n) ((uint64_t)(n) << 61)
#define CAIG(ccmd) ((ccmd) >> 59 & 3)
#define CC_SID(n) ((uint64_t)(n) << 16)
#define FM(n) ((uint64_t)(n) << 32)
#define IVT (1ull << 63)
#define IIRG(n) ((uint64_t)(n) << 60)
#define IAIG(iotlb) ((iotlb) >> 57 & 3)

static const struct way legacy[] = {
	{ 0x0108, NO_PASID, 1, 0 }, { 0x0109, NO_PASID, 1, 0 }, { 0x010a, NO_PASID, 2, 0 },
	{ 0x010c, NO_PASID, 2, 0 }, { 0x010f, NO_PASID, 2, 0 }, { 0x0110, NO_PASID, 2, 0 },
	{ 0x0208, NO_PASID, 3, 0 },
};
#define LEGACY (sizeof(legacy) / sizeof(*legacy))

/* CCMD, then everything of the IOTLB. */
static void contexts(struct kept *k, uint64_t ccmd, unsigned caig, const uint8_t *fresh)
{
	uint64_t is;

	kept_prepare(k, kept_change_roots);
	wr64(k->r, CCMD, ccmd | ICC);
	is = rd64(k->r, CCMD);
	CHECK_EQ(is >> 63, 0);
	CHECK_EQ(CAIG(is), caig);
	wr64(k->r, IOTLB, IVT | IIRG(1));
	CHECK_EQ(IAIG(rd64(k->r, IOTLB)), 1);
	kept_judge(k, fresh, "CCMD");
}

static void make(struct kept *k, uint64_t cap, uint64_t ecap)
{
	kept_new(k, cap, ecap, legacy, LEGACY);
	rig_gcmd(k->r, QIE, false);
}

TEST(contexts_all_and_of_a_domain, "VTD-CCMD-01 VTD-CCMD-02")
{
	uint8_t fresh[KEPT_MAX];
	struct kept k;
	unsigned n;

	make(&k, CAP_ALL, ECAP_ALL);
	kept_every(fresh, ALL_PAGES);
	contexts(&k, CIRG(1), 1, fresh);
	contexts(&k, CIRG(1) | 0xffff | CC_SID(0xffff) | FM(3), 1, fresh);
	for (n = 0; n < 5; n++) {
		kept_domain(&k, fresh, n, ALL_PAGES);
		contexts(&k, CIRG(2) | n, 2, fresh);
		contexts(&k, CIRG(2) | n | CC_SID(0x0108) | FM(3), 2, fresh);
	}
	rig_free(k.r);
}

TEST(context_of_a_device, "VTD-CCMD-03")
{
	static const uint16_t ignored[] = { 0, 4, 6, 7 };
	uint8_t fresh[KEPT_MAX];
	struct kept k;
	unsigned fm, i, j;

	make(&k, CAP_ALL, ECAP_ALL);
	for (fm = 0; fm < 4; fm++)
		for (j = 0; j < LEGACY; j++) {
			for (i = 0; i < LEGACY; i++)
				fresh[i] = legacy[i].did == legacy[j].did &&
				                           !((legacy[i].sid ^ legacy[j].sid) &
				                             ~ignored[fm])
				                   ? ALL_PAGES
				                   : 0;
			contexts(&k, CIRG(3) | legacy[j].did | CC_SID(legacy[j].sid) | FM(fm), 3,
			         fresh);
		}
	rig_free(k.r);
}

TEST(context_commands_that_are_rejected, "VTD-CCMD-04 VTD-CCMD-05 VTD-CCMD-06")
{
	uint8_t fresh[KEPT_MAX] = { 0 };
	struct kept k;
	uint64_t is;

	make(&k, CAP_ALL, ECAP_ALL);
	contexts(&k, CIRG(0), 0, fresh);
	contexts(&k, CIRG(0) | 1 | CC_SID(0x0108), 0, fresh);
	/* Without ICC nothing happens. */
	kept_prepare(&k, kept_change_roots);
	wr64(k.r, CCMD, CIRG(1));
	wr64(k.r, IOTLB, IVT | IIRG(1));
	kept_judge(&k, fresh, "CCMD without ICC");
	/* While the queue is on. */
	kept_prepare(&k, kept_change_roots);
	rig_queue(k.r, 0, false);
	wr64(k.r, CCMD, ICC | CIRG(1));
	is = rd64(k.r, CCMD);
	CHECK_EQ(is >> 63, 0);
	CHECK_EQ(CAIG(is), 0);
	inv_iotlb(k.r);
	kept_judge(&k, fresh, "CCMD while QIES=1");
	rig_free(k.r);
}

TEST(context_command_in_halves, "VTD-CCMD-06")
{
	uint8_t fresh[KEPT_MAX];
	struct kept k;

	make(&k, CAP_ALL, ECAP_ALL);
	kept_every(fresh, 0);
	kept_prepare(&k, kept_change_roots);
	wr32(k.r, CCMD, 2 | (uint32_t)CC_SID(0x010c));
	wr64(k.r, IOTLB, IVT | IIRG(1));
	kept_judge(&k, fresh, "the lower half alone");
	/* The upper half uses what the lower one holds. */
	kept_prepare(&k, kept_change_roots);
	wr32(k.r, CCMD, 2 | (uint32_t)CC_SID(0x010c));
	wr32(k.r, CCMD + 4, (uint32_t)((ICC | CIRG(3)) >> 32));
	CHECK_EQ(CAIG(rd64(k.r, CCMD)), 3);
	CHECK_EQ(rd64(k.r, CCMD) >> 63, 0);
	wr64(k.r, IOTLB, IVT | IIRG(1));
	fresh[3] = ALL_PAGES;
	kept_judge(&k, fresh, "both halves");
	rig_free(k.r);
}

/* Bits of DID above its width are ignored. */
TEST(domains_of_contexts_that_are_too_wide, "VTD-CCMD-02")
{
	const uint64_t cap = (CAP_ALL & ~CAP_ND(7)) | CAP_ND(2);
	uint8_t fresh[KEPT_MAX];
	struct kept k;
	unsigned bit;

	make(&k, cap, ECAP_ALL);
	for (bit = 8; bit < 16; bit++) {
		kept_domain(&k, fresh, 2, ALL_PAGES);
		contexts(&k, CIRG(2) | 2 | 1u << bit, 2, fresh);
	}
	rig_free(k.r);
}
