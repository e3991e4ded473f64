/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What translation requests leave in the caches obeys the same commands as everything there. */
#include "ats_rig.h"

#define IOVA 0x12345000ull

/* Whether an entry that one kind of request filled is dropped for the other. */
static void refilled(bool ats_first, uint64_t dw0, uint64_t dw1, bool guest)
{
	struct ats a;
	uint64_t iova, old, entry;
	uint32_t d = guest ? GUEST : HOST;

	ats_init(&a, 0, 0);
	rig_cq(a.r, 4, false);
	iova = guest ? a.path.iova : IOVA;
	old = guest ? a.path.data.spa : STAGE_FAR;
	entry = guest ? a.path.data.leaf : rig_map(a.r, a.s1, 3, false, IOVA, 0, leaf(old));
	for (unsigned i = 0; i < 3; i++) {
		if (ats_first)
			ats_grants(a.r, d, ats_plain(iova, 0), PERM_RW, old);
		CHECK_EQ(rig_spa(a.r, d, iova), old);
		ats_grants(a.r, d, ats_plain(iova, 0), PERM_RW, old);
		old += 0x1000000000;
		put64(a.r, entry, leaf(old));
		rig_cmd(a.r, dw0, dw1);
		rig_cmd(a.r, FENCE, 0);
		CHECK_EQ(rd32(a.r, CQCSR), EN | ON);
	}
	ats_grants(a.r, d, ats_plain(iova, 0), PERM_RW, old);
	/* nothing is left of what is taken away */
	put64(a.r, entry, 0);
	rig_cmd(a.r, dw0, dw1);
	rig_cmd(a.r, FENCE, 0);
	ats_nothing(a.r, d, ats_plain(iova, 0), "V=0");
	rig_free(a.r);
}

TEST(ats_cached_entries_are_invalidated, "RV-INV-24")
{
	const uint64_t av = 1ull << 10, pscv = 1ull << 32, gv = 1ull << 33;

	for (unsigned first = 0; first < 2; first++) {
		refilled(first, VMA, 0, false);
		refilled(first, VMA | av, IOVA >> 12 << 10, false);
		refilled(first, VMA | pscv | PSCID(3), 0, false);
		refilled(first, VMA | pscv | av | PSCID(3), IOVA >> 12 << 10, false);
		refilled(first, GVMA, 0, true);
		refilled(first, GVMA | gv | 7ull << 44, 0, true);
		refilled(first, GVMA | gv | av | 7ull << 44, 0x1230000 >> 12 << 10, true);
	}
}

/* A context that an ATS request brought in. */
TEST(ats_cached_contexts_are_invalidated, "RV-INV-24")
{
	struct ats a;

	ats_init(&a, 0, 0);
	rig_cq(a.r, 4, false);
	rig_map(a.r, a.s1, 3, false, IOVA, 0, leaf(STAGE_FAR));
	ats_grants(a.r, HOST, ats_plain(IOVA, 0), PERM_RW, STAGE_FAR);
	ats_grants(a.r, PROC, ats_pid(IOVA, 0, PID), PERM_RW, STAGE_FAR);
	put64(a.r, a.pc, 0);
	ats_tc(&a, HOST, TC_V);
	rig_cmd(a.r, INVAL_PDT | PID << 12 | 1ull << 33 | (uint64_t)PROC << 40, 0);
	rig_cmd(a.r, INVAL_DDT | 1ull << 33 | (uint64_t)HOST << 40, 0);
	rig_cmd(a.r, FENCE, 0);
	CHECK_EQ(rd32(a.r, CQCSR), EN | ON);
	ats_nothing(a.r, PROC, ats_pid(IOVA, 0, PID), "PC.V=0");
	ats_refused(a.r, HOST, ats_plain(IOVA, 0), IOM_UNSUPPORTED, 260, true);
	rig_free(a.r);
}

/* What is known of a page from reading it does not let it be written unmarked. */
TEST(ats_cached_entries_and_dirty, "RV-INV-23 RV-ATS-11 RV-ATS-13 RV-INV-24")
{
	const uint64_t none = leaf(STAGE_FAR) & ~PTE_D;

	for (unsigned first = 0; first < 2; first++) {
		struct ats a;
		uint64_t entry;

		ats_init(&a, 0, 0);
		ats_tc(&a, HOST, ATS_ON | TC_SADE);
		entry = rig_map(a.r, a.s1, 3, false, IOVA, 0, none);
		if (first)
			ats_grants(a.r, HOST, ats_plain(IOVA, IOM_REQ_NO_WRITE), PERM_R, STAGE_FAR);
		else
			CHECK_EQ(rig_spa(a.r, HOST, IOVA), STAGE_FAR);
		ats_grants(a.r, HOST, ats_plain(IOVA, IOM_REQ_NO_WRITE), PERM_R, STAGE_FAR);
		CHECK_EQ(ram64(a.r, entry), none);
		ats_grants(a.r, HOST, ats_plain(IOVA, 0), PERM_RW, STAGE_FAR);
		CHECK_EQ(ram64(a.r, entry), none | PTE_D);
		rig_free(a.r);

		/* and an untranslated write after an answer */
		ats_init(&a, 0, 0);
		ats_tc(&a, HOST, ATS_ON | TC_SADE);
		entry = rig_map(a.r, a.s1, 3, false, IOVA, 0, none);
		ats_grants(a.r, HOST, ats_plain(IOVA, IOM_REQ_NO_WRITE), PERM_R, STAGE_FAR);
		CHECK_EQ(rig_cause(a.r, HOST, IOVA, IOM_WRITE), 0);
		CHECK_EQ(ram64(a.r, entry), none | PTE_D);
		rig_free(a.r);
	}
}

/* A device that hears of an invalidation, and asks again before it completes it. */
static void asks_again(struct rig *r, uint32_t requester, const struct iom_message *m)
{
	ats_grants(r, requester, ats_plain(IOVA, 0), PERM_RW, STAGE_FAR + 0x1000);
	ats_complete(r, requester, 1u << m->token, 1);
}

TEST(ats_inval_comes_after_iotinval, "RV-INV-24 RV-ATS-25")
{
	struct ats a;
	uint64_t entry;

	ats_init(&a, 0, 0);
	rig_cq(a.r, 4, false);
	entry = rig_map(a.r, a.s1, 3, false, IOVA, 0, leaf(STAGE_FAR));
	ats_grants(a.r, HOST, ats_plain(IOVA, 0), PERM_RW, STAGE_FAR);
	put64(a.r, entry, leaf(STAGE_FAR + 0x1000));
	a.r->on_message = asks_again;
	rig_cmd(a.r, VMA | 1ull << 10, IOVA >> 12 << 10);
	rig_cmd(a.r, ATS_INVAL | CMD_RID(HOST), IOVA);
	rig_cmd(a.r, FENCE, 0);
	CHECK_EQ(a.r->messages, 1);
	CHECK_EQ(rd32(a.r, CQH), 3);
	rig_free(a.r);
}

/* ---- The same answers ---------------------------------------------------------------------- */

/* Pages that differ in what an answer says of them. */
static const uint64_t leaves[] = {
	0xdf,
	0xdf & ~PTE_D,
	0xdf & ~PTE_W,
	0xdf & ~PTE_X,
	PTE_V | PTE_R | PTE_U | PTE_A,
	PTE_V | PTE_X | PTE_U | PTE_A,
	0xdf & ~PTE_U,
	0xdf | PTE_G,
	0xdf | PTE_PBMT(1),
	0xdf | PTE_PBMT(2) | PTE_G,
	(0xdf & ~PTE_D) | PTE_G,
	0xdf & ~PTE_A,
	0,
};

#define PAGE_OF(i) (0x70000000ull + 0x1000 * (i))
#define FILES 0x50000000ull

/* Both guests' devices and PROC see all leaves; behind the last a superpage and two message pages. */
static void same_world(struct ats *a, uint32_t flags, uint64_t t2gpa)
{
	uint64_t table;

	ats_init(a, 0, flags);
	rig_map(a->r, a->n.root, 3, true, RIG_RAM, 2, leaf(RIG_RAM));
	rig_map(a->r, a->n.root, 3, true, PAGE_OF(0), 2, leaf(STAGE_FAR));
	for (unsigned i = 0; i < COUNT(leaves); i++)
		rig_map(a->r, a->s1, 3, false, PAGE_OF(i), 0, PTE_PPN(PAGE_OF(i)) | leaves[i]);
	rig_map(a->r, a->s1, 3, false, PAGE_OF(512), 1, leaf(PAGE_OF(512)));
	rig_map(a->r, a->s1, 3, false, FILES, 1, leaf(FILES) | PTE_G);
	put64(a->r, rig_dc(a->r, GUEST) + 24, stage_mode(3) | a->s1 >> 12);
	put64(a->r, a->gpc, PC_V | PC_ENS | PC_SUM | PSCID(3));
	put64(a->r, a->gpc + 8, stage_mode(3) | a->s1 >> 12);
	put64(a->r, a->pc, PC_V | PC_ENS | PSCID(3));
	table = ats_msi(a, GUEST_PROC, 1, FILES >> 12);
	put64(a->r, table, PTE_PPN(STAGE_FAR) | 7);
	ats_tc(a, GUEST_PROC, ATS_ON | TC_PDTV | t2gpa);
	ats_tc(a, GUEST, ATS_ON | t2gpa);
}

static struct iom_reply answer(struct rig *r, uint32_t device, struct iom_request q, int *err)
{
	struct iom_reply reply;

	if (device == GUEST || device == HOST)
		q.flags &= (uint16_t)~IOM_REQ_PASID;
	*err = rig_translate(r, device, &q, &reply);
	CHECK(*err == IOM_OK || *err == IOM_EFAULT);
	return reply;
}

/* What a device sends: all kinds of untranslated requests, and of translation requests. */
static struct iom_request sent(unsigned kind, uint64_t iova)
{
	struct iom_request q = ats_pid(iova, kind & 1 ? IOM_REQ_PRIVILEGED : 0, PID);

	switch (kind / 2) {
	case 0:
		break;
	case 1:
		q.flags |= IOM_REQ_NO_WRITE;
		break;
	case 2:
		q.access = IOM_EXECUTE;
		break;
	case 3:
		q.flags |= IOM_REQ_CXL;
		break;
	default:
		q.at = IOM_AT_UNTRANSLATED;
		q.access = (uint8_t)(kind / 2 - 4);
	}
	return q;
}
#define KINDS 14
#define KINDS_ATS 8

TEST(ats_answers_do_not_depend_on_caches, "RV-ATS-17 RV-ATS-20 RV-ATS-22 RV-ATS-23 RV-INV-24")
{
	static const uint32_t devices[] = { PROC, GUEST, GUEST_PROC, HOST };
	const uint64_t others[] = { PAGE_OF(512),   PAGE_OF(700),   FILES,
		                    FILES + 0x1000, FILES + 0x2000, FILES + 0x100000 };

	for (uint64_t t2gpa = 0; t2gpa <= TC_T2GPA; t2gpa += TC_T2GPA) {
		struct ats walks, caches;

		same_world(&walks, IOM_RISCV_UNCACHED, t2gpa);
		same_world(&caches, 0, t2gpa);
		wr32(walks.r, FQCSR, 0);
		wr32(caches.r, FQCSR, 0);
		rig_cq(caches.r, 4, false);
		for (unsigned first = 0; first < KINDS; first++)
			for (unsigned d = 0; d < COUNT(devices); d++)
				for (unsigned i = 0; i < COUNT(leaves) + COUNT(others); i++) {
					uint64_t iova = i < COUNT(leaves)
					                        ? PAGE_OF(i)
					                        : others[i - COUNT(leaves)];
					struct iom_reply is, should;
					int err, due;

					rig_cmd(caches.r, VMA, 0);
					rig_cmd(caches.r, VMA | 1ull << 33 | 7ull << 44, 0);
					rig_cmd(caches.r, GVMA, 0);
					answer(caches.r, devices[d], sent(first, iova), &err);
					for (unsigned kind = 0; kind < KINDS_ATS; kind++) {
						should = answer(walks.r, devices[d],
						                sent(kind, iova), &due);
						is = answer(caches.r, devices[d], sent(kind, iova),
						            &err);
						CHECK_MSG(err == due && is.fault == should.fault &&
						                  is.perm == should.perm,
						          "0x%llx of %u, %u after %u: %u, not %u",
						          (unsigned long long)iova, devices[d],
						          kind, first, is.perm, should.perm);
						if (err || !is.perm)
							continue;
						CHECK_EQ(is.spa, should.spa);
						CHECK_EQ(is.ats, should.ats);
						CHECK_EQ(is.range_lg2, should.range_lg2);
						CHECK_EQ(is.memory_type, should.memory_type);
					}
				}
		rig_free(walks.r);
		rig_free(caches.r);
	}
}
