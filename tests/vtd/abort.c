/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Abort-DMA mode. */
#include "rig.h"

#define SID 0x0123
#define IOVA 0x5678ull

static struct rig *aborting(void)
{
	struct rig *r = rig_new_caps(CAP_ALL, ECAP_ALL | ECAP_ADMS | ECAP_PTRS);

	rig_root(r, TTM_SCALABLE);
	rig_device(r, SID, 0, FPD | PASIDE | DTE | PRE | EPTR, 0);
	rig_pasid_put(r, SID, 0, PE_P | FPD | PGTT_PASS, 1, 0);
	rig_pasid_put(r, SID, 9, PE_P | FPD | PGTT_PASS, 1, 0);
	return r;
}

TEST(abort_refuses_everything, "VTD-ADM-01 VTD-ATS-05")
{
	struct rig *r = aborting();
	struct record want = {
		.info = 0x7000, .sid = SID, .reason = 0x33, .type = TYPE_PAGE_REQUEST
	};
	uint8_t data[8] = { 0x5a };
	struct iom_request q;
	struct iom_reply reply;
	uint64_t to;

	/* A root table that is all there, and one that is not. */
	rig_rtaddr(r, r->root | TTM_ABORT << 10);
	rig_gcmd(r, TE, true);
	rig_watch(r);
	rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x33);
	rig_refuses(r, SID, rq(IOVA, IOM_WRITE), 0x33);
	rig_refuses(r, SID, rq(IOVA, IOM_ATOMIC), 0x33);
	rig_refuses(r, SID, rq_zero(IOVA), 0x33);
	rig_refuses(r, SID, rq_pid(IOVA, IOM_READ, 9), 0x33);
	rig_refuses(r, SID, rq_priv(IOVA, IOM_WRITE, 9), 0x33);
	rig_refuses(r, SID, rq_ats(rq(IOVA, IOM_READ)), 0x33);
	rig_refuses(r, SID, rq_ats(rq_pid(IOVA, IOM_READ, 9)), 0x33);
	rig_refuses(r, SID, rq_translated(rq(IOVA, IOM_WRITE)), 0x33);
	rig_refuses(r, SID, rq_translated(rq_pid(IOVA, IOM_WRITE, 9)), 0x33);
	rig_page_queue(r, 0);
	rig_page(r, SID, 0x7000, IOM_PAGE_READ | IOM_PAGE_LAST, 2);
	rig_expect(r, &want);
	rig_answered(r, SID, 2, IOM_PAGES_INVALID);
	CHECK_EQ(rd64(r, PQT), 0);
	CHECK_EQ(r->owns, 0);

	to = page(r);
	q = rq(to, IOM_WRITE);
	CHECK_EQ(iom_write(rig_port(r, SID), &q, data, 8, &reply), IOM_EFAULT);
	CHECK_EQ(reply.done, 0);
	CHECK_EQ(ram64(r, to), 0);
	rig_forget(r);
	rig_rtaddr(r, RIG_NOWHERE | TTM_ABORT << 10);
	rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x33);
	rig_free(r);
}

TEST(abort_leaves_interrupts_alone, "VTD-ADM-02")
{
	struct rig *r = aborting();
	unsigned reason = 0;
	uint64_t irt;

	rig_rtaddr(r, r->root | TTM_ABORT << 10);
	rig_queue(r, 0, true);
	rig_gcmd(r, TE, true);
	irt = rig_irt(r, 7, false);
	/* Index 3: vector 0x41 for APIC 5, from SID. */
	put64(r, irt + 16 * 3 + 8, SID | 1u << 18);
	put64(r, irt + 16 * 3, 1 | 0x41u << 16 | 5ull << 40);
	CHECK_EQ(rig_msi(r, SID, 0xfee00010 | 3 << 5, 0, &reason), IOM_OK);
	CHECK_EQ(r->msis, 1);
	CHECK_EQ(r->msi[0].address & 0xfffff000, 0xfee05000);
	CHECK_EQ(r->msi[0].data & 0xff, 0x41);
	CHECK_EQ(rig_msi(r, SID, 0xfee00010 | 4 << 5, 0, &reason), IOM_EFAULT);
	CHECK_EQ(reason, 0x22);
	rig_free(r);
}

TEST(abort_can_be_left, "VTD-ADM-03")
{
	struct rig *r = aborting();

	rig_rtaddr(r, r->root | TTM_ABORT << 10);
	rig_gcmd(r, TE, true);
	rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x33);
	wr64(r, RTADDR, r->root | TTM_SCALABLE << 10);
	rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x33);
	rig_gcmd(r, SRTP, true);
	rig_grants(r, SID, rq(IOVA, IOM_READ), IOVA);
	rig_rtaddr(r, r->root | TTM_ABORT << 10);
	rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x33);
	rig_root(r, TTM_LEGACY);
	rig_context_put(r, SID, CTX_P | TT_PASS, AW(5));
	rig_grants(r, SID, rq(IOVA, IOM_READ), IOVA);
	rig_free(r);
}

TEST(abort_queue, "VTD-ADM-04")
{
	const uint64_t wait[4] = { 0x1234ull << 32 | 1u << 5 | 5 };
	struct rig *r = aborting();

	rig_rtaddr(r, r->root | TTM_ABORT << 10);
	rig_gcmd(r, TE, true);
	rig_queue(r, 0, true);
	inv_context(r);
	inv_pasid_cache(r);
	inv_iotlb(r);
	inv_piotlb(r, 1, 9);
	inv_irte(r);
	rig_gcmd(r, QIE, false);

	rig_queue(r, 0, false);
	rig_submit4(r, wait);
	CHECK_EQ(rd32(r, FSTS) & IQE, IQE);
	CHECK_EQ(rd64(r, IQERCD) & 0xf, 5);
	CHECK_EQ(rd64(r, IQH), 0);
	rig_free(r);
}
