/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Translation requests and translated requests: what they are told, and how far they come. */
#include "stage.h"

#define SID STAGE_SID
#define R IOM_PERM_READ
#define W IOM_PERM_WRITE

/* The stage's device may use ATS. */
static void with_ats(struct stage *s)
{
	struct rig *r = s->r;
	uint64_t context = s->scalable ? rig_scontext(r, SID) : rig_context(r, SID);

	put64(r, context, ram64(r, context) | (s->scalable ? DTE : TT_ALL));
}

/* Refused with Unsupported Request, and nobody hears of it. */
static void unsupported(struct rig *r, uint16_t sid, struct iom_request q)
{
	struct iom_reply reply;

	CHECK_EQ(rig_translate(r, sid, q, &reply), IOM_EFAULT);
	CHECK_EQ(reply.status, IOM_UNSUPPORTED);
	rig_expect_none(r);
}

TEST(ats_without_translation, "VTD-ATS-01")
{
	struct rig *r = rig_new_caps(CAP_ALL, ECAP_ALL | ECAP_PTRS);
	unsigned ttm;

	for (ttm = TTM_LEGACY; ttm <= TTM_SCALABLE; ttm++) {
		rig_root(r, ttm);
		rig_grants(r, SID, rq(0x5678, IOM_READ), 0x5678);
		unsupported(r, SID, rq_ats(rq(0x5678, IOM_READ)));
		unsupported(r, SID, rq_ats(rq_pid(0x5678, IOM_READ, 3)));
		unsupported(r, SID, rq_translated(rq(0x5678, IOM_READ)));
		unsupported(r, SID, rq_translated(rq(0x5678, IOM_WRITE)));
		unsupported(r, SID, rq_translated(rq_pid(0x5678, IOM_WRITE, 3)));
	}
	rig_free(r);
}

TEST(ats_large_pages, "VTD-ATS-07 VTD-ATS-08")
{
	unsigned scalable, levels, level;
	struct stage s;

	EACH_STAGE(&s, scalable, levels)
	{
		with_ats(&s);
		for (level = 1; level <= 3; level++) {
			uint64_t iova = stage_iova(&s, level);
			uint64_t low = (stage_bytes(level) - 1) & ~0xfffull;
			struct iom_reply reply;

			stage_map(&s, iova, level, 2ull << 30 | SS_RW | (level > 1 ? SS_PS : 0));
			reply = rig_answers(s.r, SID, rq_ats(rq(iova, IOM_READ)), R | W,
			                    2ull << 30 | (iova & low));
			CHECK_EQ(reply.range_lg2, 12 + 9 * (level - 1));
			CHECK_EQ(reply.ats, 0);
		}
	}
	for (levels = 4; levels <= 5; levels++) {
		stage_first(&s, CAP_ALL, ECAP_ALL, levels);
		with_ats(&s);
		for (level = 1; level <= 3; level++) {
			uint64_t iova = stage_iova(&s, level);
			uint64_t low = (stage_bytes(level) - 1) & ~0xfffull;
			struct iom_reply reply;

			stage_map(&s, iova, level,
			          2ull << 30 | FS_PRU | FS_G | (level > 1 ? FS_PS : 0));
			reply = rig_answers(s.r, SID, rq_ats(rq(iova, IOM_READ)), R | W,
			                    2ull << 30 | (iova & low));
			CHECK_EQ(reply.range_lg2, 12 + 9 * (level - 1));
			CHECK_EQ(reply.ats, 0);
		}
		rig_free(s.r);
	}
}

TEST(ats_large_pages_over_the_interrupt_range, "VTD-SS-22 VTD-ATS-05")
{
	unsigned scalable, levels;
	struct stage s;

	/* The whole of the answer would reach into it. */
	EACH_STAGE(&s, scalable, levels)
	{
		uint64_t iova = stage_iova(&s, 0) & ~0x1fffffull;

		with_ats(&s);
		stage_map(&s, iova, 2, 0xfee00000 | SS_RW | SS_PS);
		rig_declines(s.r, SID, rq_ats(rq(iova, IOM_READ)), IOM_ABORT,
		             stage_reason(&s, 0x0e, 0x87), true);
	}
}

TEST(ats_translated_requests, "VTD-ATS-09 VTD-ATS-10 VTD-IAR-06")
{
	const unsigned kinds[] = { IOM_READ, IOM_WRITE, IOM_ATOMIC };
	unsigned scalable, levels, i, bit;
	struct stage s;

	EACH_STAGE(&s, scalable, levels)
	{
		/* Nothing is mapped. */
		for (i = 0; i < 3; i++) {
			struct iom_request q = rq_translated(rq(STAGE_FAR | 0x18, kinds[i]));

			with_ats(&s);
			rig_grants(s.r, SID, q, q.iova);
			for (bit = RIG_HAW; bit < 64; bit++) {
				q.iova = STAGE_FAR | 1ull << bit;
				rig_refuses(s.r, SID, q, stage_reason(&s, 0x04, 0x83));
			}
			q.iova = (1ull << RIG_HAW) - 8;
			rig_grants(s.r, SID, q, q.iova);
			q.iova = 0xfee00000;
			rig_refuses(s.r, SID, q, stage_reason(&s, 0x0e, 0x87));
			q.iova = 0xfeeffff8;
			rig_refuses(s.r, SID, q, stage_reason(&s, 0x0e, 0x87));
			q.iova = 0xfedffff8;
			rig_grants(s.r, SID, q, q.iova);
			q.iova = 0xfef00000;
			rig_grants(s.r, SID, q, q.iova);
			if (scalable)
				put64(s.r, rig_scontext(s.r, SID),
				      ram64(s.r, rig_scontext(s.r, SID)) & ~DTE);
			else
				put64(s.r, rig_context(s.r, SID),
				      ram64(s.r, rig_context(s.r, SID)) & ~TT_ALL);
			rig_refuses(s.r, SID, q, stage_reason(&s, 0x0d, 0x44));
		}
		with_ats(&s);
		rig_watch(s.r);
		rig_grants(s.r, SID, rq_translated(rq(STAGE_FAR, IOM_WRITE)), STAGE_FAR);
		for (i = 0; i < s.r->owns; i++)
			CHECK_EQ(s.r->own[i].of, IOM_OF_DEVICE);
	}
}

TEST(ats_pass_through, "VTD-ATS-11")
{
	struct rig *r = rig_new();
	struct iom_reply reply;
	uint64_t iova = 0x123456789000;

	rig_on(r, TTM_SCALABLE);
	rig_device(r, SID, 0, DTE | PASIDE, 0);
	rig_pasid_put(r, SID, 0, PE_P | PGTT_PASS, 1, 0);
	rig_pasid_put(r, SID, 9, PE_P | PGTT_PASS, 1, 0);
	reply = rig_answers(r, SID, rq_ats(rq(iova, IOM_READ)), R | W, iova);
	CHECK_EQ(reply.ats, 0);
	rig_answers(r, SID, rq_ats(rq_pid(iova, IOM_READ, 9)), R | W, iova);
	rig_answers(r, SID, rq_ats(rq(0xfedff000, IOM_READ)), R | W, 0xfedff000);
	reply = rig_answers(r, SID, rq_ats(rq(0xfef00000, IOM_READ)), R | W, 0xfef00000);
	/* The range of the answer keeps clear of the interrupt range. */
	CHECK((0xfef00000ull >> reply.range_lg2) << reply.range_lg2 > 0xfeefffff);
	rig_expect_none(r);
	rig_free(r);
}

TEST(ats_interrupt_range, "VTD-ATS-12 VTD-ATS-18")
{
	const uint64_t iovas[] = { 0xfee00000, 0xfee12000, 0xfeeff000 };
	unsigned scalable, levels, i;
	struct stage s;

	EACH_STAGE(&s, scalable, levels)
	{
		uint64_t context = scalable ? rig_scontext(s.r, SID) : rig_context(s.r, SID);
		uint64_t was;

		with_ats(&s);
		was = ram64(s.r, context);
		for (i = 0; i < 3; i++) {
			struct iom_request q = rq_ats(rq(iovas[i], IOM_READ)), nw = q;
			struct iom_reply reply;

			nw.flags |= IOM_REQ_NO_WRITE;
			/* Mapped or not. */
			reply = rig_answers(s.r, SID, q, W, 0);
			CHECK_EQ(reply.ats, IOM_ATS_UNTRANSLATED);
			CHECK_EQ(reply.range_lg2, 12);
			stage_map(&s, iovas[i], 1, STAGE_FAR | SS_RW);
			reply = rig_answers(s.r, SID, q, W, 0);
			CHECK_EQ(reply.ats, IOM_ATS_UNTRANSLATED);
			CHECK_EQ(rig_answers(s.r, SID, nw, 0, 0).ats & IOM_ATS_UNTRANSLATED, 0);
			rig_expect_none(s.r);

			/* The entries come first. */
			put64(s.r, context, was & ~1ull);
			rig_declines(s.r, SID, q, IOM_UNSUPPORTED, stage_reason(&s, 0x02, 0x41),
			             true);
			put64(s.r, context, was | 1ull << (scalable ? 7 : 4));
			rig_declines(s.r, SID, q, IOM_ABORT, stage_reason(&s, 0x0b, 0x42), true);
			put64(s.r, context, was & ~(scalable ? DTE : TT_ALL));
			rig_declines(s.r, SID, q, IOM_UNSUPPORTED, stage_reason(&s, 0x0d, 0x44),
			             true);
			put64(s.r, context, was);
			if (scalable) {
				uint64_t entry = ram64(s.r, s.pasid);

				put64(s.r, s.pasid, entry & ~PE_P);
				rig_answers(s.r, SID, q, 0, 0);
				put64(s.r, s.pasid, entry | 1 << 5);
				rig_declines(s.r, SID, q, IOM_ABORT, 0x5a, true);
				put64(s.r, s.pasid, entry);
			}
			rig_expect_none(s.r);
		}
	}
}

TEST(ats_interrupt_range_without_no_write, "VTD-ATS-12")
{
	struct stage s;
	struct iom_request q = rq_ats(rq(0xfee00000, IOM_READ));

	stage_second(&s, CAP_ALL, ECAP_ALL & ~ECAP_NWFS, true, 4);
	with_ats(&s);
	q.flags |= IOM_REQ_NO_WRITE;
	CHECK_EQ(rig_answers(s.r, SID, q, W, 0).ats, IOM_ATS_UNTRANSLATED);
	rig_expect_none(s.r);
	rig_free(s.r);
}

TEST(ats_interrupt_range_with_pasid, "VTD-ATS-12")
{
	struct stage s;
	struct iom_reply reply;

	stage_first(&s, CAP_ALL, ECAP_ALL, 4);
	put64(s.r, rig_scontext(s.r, SID), ram64(s.r, rig_scontext(s.r, SID)) | DTE | PASIDE);
	rig_pasid_put(s.r, SID, 9, PE_P | PGTT_FS, STAGE_DID | PWSNP, s.root);
	rig_answers(s.r, SID, rq_ats(rq_pid(0xfee00000, IOM_READ, 9)), 0, 0);
	stage_map(&s, 0xfee00000, 1, STAGE_FAR | FS_PRU);
	reply = rig_answers(s.r, SID, rq_ats(rq_pid(0xfee00000, IOM_READ, 9)), R | W, STAGE_FAR);
	CHECK_EQ(reply.ats, 0);
	rig_expect_none(s.r);
	rig_free(s.r);
}

TEST(ats_malformed_requests, "VTD-ATS-13")
{
	struct stage s;
	struct iom_request q = rq(0x1000, IOM_WRITE);
	struct iom_reply reply;
	struct iom_port *port;
	uint64_t data = 0;

	stage_first(&s, CAP_ALL, ECAP_ALL, 4);
	put64(s.r, rig_scontext(s.r, SID), ram64(s.r, rig_scontext(s.r, SID)) | DTE | PASIDE);
	stage_map(&s, 0x1000, 1, page(s.r) | FS_PRU);
	port = rig_port(s.r, SID);
	q.at = 3;
	CHECK_EQ(iom_write(port, &q, &data, 8, &reply), IOM_EINVAL);
	CHECK_EQ(reply.status, IOM_UNSUPPORTED);
	rig_expect_none(s.r);
	q.at = IOM_AT_TRANSLATION_REQUEST;
	CHECK_EQ(iom_write(port, &q, &data, 8, &reply), IOM_EINVAL);
	CHECK_EQ(reply.status, IOM_UNSUPPORTED);
	rig_expect_none(s.r);
	/* No unit with PTRS=0 knows translated requests with a PASID, whatever its tables say. */
	unsupported(s.r, SID, rq_translated(rq_pid(0x1000, IOM_READ, 9)));
	unsupported(s.r, SID, rq_translated(rq_pid(0x1000, IOM_WRITE, 9)));
	unsupported(s.r, 0x4567, rq_translated(rq_pid(0x1000, IOM_WRITE, 9)));
	rig_free(s.r);

	stage_second(&s, CAP_ALL, ECAP_ALL, false, 4);
	with_ats(&s);
	unsupported(s.r, SID, rq_translated(rq_pid(0x1000, IOM_READ, 9)));
	rig_free(s.r);
}
