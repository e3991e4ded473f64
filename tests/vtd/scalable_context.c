/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Context entries in scalable mode. */
#include "rig.h"

#define SID 0x0123
#define IOVA 0x5678ull

struct scalable {
	struct rig *r;
	uint64_t context; /* SPA of the context entry */
};

/* A unit in scalable mode; PASIDs 0 and 9 of SID pass through. */
static struct scalable scalable_caps(uint64_t ecap, uint64_t flags)
{
	struct scalable s = { .r = rig_new_caps(CAP_ALL, ecap) };

	rig_on(s.r, TTM_SCALABLE);
	rig_device(s.r, SID, 0, flags, 0);
	rig_pasid_put(s.r, SID, 0, PE_P | PGTT_PASS, 1, 0);
	rig_pasid_put(s.r, SID, 9, PE_P | PGTT_PASS, 1, 0);
	s.context = rig_scontext(s.r, SID);
	rig_grants(s.r, SID, rq(IOVA, IOM_READ), IOVA);
	return s;
}

static struct scalable scalable(uint64_t flags)
{
	return scalable_caps(ECAP_ALL, flags);
}

static void set(struct scalable *s, unsigned word, uint64_t bits)
{
	put64(s->r, s->context + 8ull * word, ram64(s->r, s->context + 8ull * word) | bits);
}

static void clear(struct scalable *s, unsigned word, uint64_t bits)
{
	put64(s->r, s->context + 8ull * word, ram64(s->r, s->context + 8ull * word) & ~bits);
}

TEST(scontext_unreadable, "VTD-SCTX-02")
{
	struct scalable s = scalable(FPD);
	struct rig *r = s.r;
	uint64_t pointer = ram64(r, r->root + 16);

	CHECK_EQ(iom_memory_poison(r->memory, s.context, 32), IOM_OK);
	rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x40);
	rig_refuses(r, SID, rq(IOVA, IOM_WRITE), 0x40);
	CHECK_EQ(iom_memory_cure(r->memory, s.context, 32), IOM_OK);
	CHECK_EQ(iom_memory_poison(r->memory, s.context + 24, 8), IOM_OK);
	rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x40);
	CHECK_EQ(iom_memory_cure(r->memory, s.context + 24, 8), IOM_OK);
	put64(r, r->root + 16, RIG_NOWHERE | 1);
	rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x40);
	put64(r, r->root + 16, pointer);
	rig_grants(r, SID, rq(IOVA, IOM_READ), IOVA);
	rig_free(r);
}

TEST(scontext_not_present, "VTD-SCTX-02")
{
	struct scalable s = scalable(0);
	unsigned i;

	clear(&s, 0, 1);
	rig_refuses(s.r, SID, rq(IOVA, IOM_READ), 0x41);
	for (i = 1; i < 4; i++)
		put64(s.r, s.context + 8ull * i, ~0ull);
	put64(s.r, s.context, ~3ull);
	rig_refuses(s.r, SID, rq(IOVA, IOM_WRITE), 0x41);
	put64(s.r, s.context, ~1ull);
	rig_refuses_quietly(s.r, SID, rq(IOVA, IOM_READ), 0x41);
	put64(s.r, s.context, FPD);
	rig_refuses_quietly(s.r, SID, rq(IOVA, IOM_WRITE), 0x41);
	rig_free(s.r);
}

TEST(scontext_reserved, "VTD-SCTX-03")
{
	const uint64_t flags[] = { 0, DTE | PASIDE | PRE };
	struct scalable s;
	unsigned i, word;

	for (i = 0; i < 2; i++) {
		s = scalable(flags[i]);
		rig_reserved(s.r, s.context, 0x1e0 | ~0ull << RIG_HAW, SID, rq(IOVA, IOM_READ),
		             0x42);
		rig_reserved(s.r, s.context + 8, 0xffffffffffe00000, SID, rq(IOVA, IOM_READ), 0x42);
		for (word = 2; word < 4; word++)
			rig_reserved(s.r, s.context + 8ull * word, ~0ull, SID, rq(IOVA, IOM_READ),
			             0x42);
		rig_grants(s.r, SID, rq(IOVA, IOM_READ), IOVA);
		rig_free(s.r);
	}
	s = scalable_caps(ECAP_ALL | ECAP_PTRS, PASIDE);
	rig_ignored(s.r, s.context, EPTR, SID, rq(IOVA, IOM_READ), IOVA);
	rig_reserved(s.r, s.context, 0x1a0, SID, rq(IOVA, IOM_READ), 0x42);
	rig_free(s.r);
}

TEST(scontext_fields_without_capability, "VTD-SCTX-04")
{
	const uint64_t no_dt = ECAP_DT | ECAP_PRS | ECAP_NWFS | ECAP_PDS | ECAP_SMS;
	const struct {
		uint64_t without;
		unsigned word;
		uint64_t mask;
	} row[] = {
		{ no_dt, 0, DTE },
		{ ECAP_PASID | ECAP_PSS(32), 0, PASIDE },
		{ ECAP_PRS | ECAP_SMS, 0, PRE },
		{ ECAP_RPS, 1, 0xfffff },
		{ ECAP_RPRIVS, 1, RID_PRIV },
	};
	unsigned i;

	for (i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct scalable s = scalable_caps(ECAP_ALL & ~row[i].without, 0);

		if (row[i].mask == PRE)
			set(&s, 0, DTE);
		rig_reserved(s.r, s.context + 8ull * row[i].word, row[i].mask, SID,
		             rq(IOVA, IOM_READ), 0x42);
		rig_free(s.r);
		/* With the capability it is none of the reserved bits. */
		s = scalable(DTE);
		set(&s, row[i].word, row[i].mask == 0xfffff ? 9 : row[i].mask);
		if (row[i].mask == RID_PRIV)
			rig_refuses(s.r, SID, rq(IOVA, IOM_READ), 0x5d);
		else if (row[i].mask == DTE)
			rig_answers(s.r, SID, rq_ats(rq(IOVA, IOM_READ)), 3, IOVA);
		else
			rig_grants(s.r, SID, rq(IOVA, IOM_READ), IOVA);
		rig_free(s.r);
	}
}

TEST(scontext_directory_size, "VTD-SCTX-05 VTD-SCTX-06 VTD-SCTX-09")
{
	unsigned pdts;

	for (pdts = 0; pdts < 8; pdts++) {
		struct rig *r = rig_new();
		uint32_t limit = 1u << (pdts + 13);

		rig_on(r, TTM_SCALABLE);
		rig_device(r, SID, pdts, PASIDE | DTE | PRE, 0);
		rig_pasid_put(r, SID, limit - 1, PE_P | PGTT_PASS, 1, 0);
		rig_grants(r, SID, rq_pid(IOVA, IOM_WRITE, limit - 1), IOVA);
		rig_refuses(r, SID, rq_pid(IOVA, IOM_WRITE, limit - 2), 0x59);
		if (pdts < 7) {
			rig_refuses(r, SID, rq_pid(IOVA, IOM_READ, limit), 0x46);
			rig_refuses(r, SID, rq_pid(IOVA, IOM_WRITE, limit), 0x46);
			rig_refuses(r, SID, rq_pid(IOVA, IOM_WRITE, 0xfffff), 0x46);
			rig_refuses(r, SID, rq_ats(rq_pid(IOVA, IOM_READ, limit)), 0x46);
			put64(r, rig_scontext(r, SID) + 8, limit);
			rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x43);
			/* Whatever asks. */
			rig_refuses(r, SID, rq_pid(IOVA, IOM_READ, limit - 1), 0x43);
		}
		put64(r, rig_scontext(r, SID) + 8, limit - 1);
		rig_grants(r, SID, rq(IOVA, IOM_READ), IOVA);
		rig_free(r);
	}
}

TEST(scontext_device_tlb, "VTD-SCTX-07")
{
	struct scalable s = scalable(PASIDE);

	rig_refuses(s.r, SID, rq_ats(rq(IOVA, IOM_READ)), 0x44);
	rig_refuses(s.r, SID, rq_ats(rq_pid(IOVA, IOM_READ, 9)), 0x44);
	rig_refuses(s.r, SID, rq_translated(rq(IOVA, IOM_READ)), 0x44);
	rig_refuses(s.r, SID, rq_translated(rq(IOVA, IOM_WRITE)), 0x44);
	set(&s, 0, FPD);
	rig_refuses_quietly(s.r, SID, rq_ats(rq(IOVA, IOM_READ)), 0x44);
	rig_refuses_quietly(s.r, SID, rq_translated(rq(IOVA, IOM_WRITE)), 0x44);
	set(&s, 0, DTE);
	rig_answers(s.r, SID, rq_ats(rq(IOVA, IOM_READ)), 3, IOVA);
	rig_grants(s.r, SID, rq_translated(rq(IOVA, IOM_WRITE)), IOVA);
	rig_free(s.r);
}

TEST(scontext_pasid_enable, "VTD-SCTX-08 VTD-SCTX-17")
{
	struct scalable s = scalable_caps(ECAP_ALL | ECAP_PTRS, DTE | PRE);
	struct record want = { .info = IOVA & ~0xfffull,
		               .sid = SID,
		               .reason = 0x45,
		               .type = TYPE_PAGE_REQUEST,
		               .pp = true,
		               .pasid = 9 };

	rig_refuses(s.r, SID, rq_pid(IOVA, IOM_READ, 9), 0x45);
	rig_refuses(s.r, SID, rq_pid(IOVA, IOM_WRITE, 9), 0x45);
	rig_refuses(s.r, SID, rq_ats(rq_pid(IOVA, IOM_READ, 9)), 0x45);
	rig_refuses(s.r, SID, rq_translated(rq_pid(IOVA, IOM_READ, 9)), 0x49);
	rig_page_queue(s.r, 0);
	rig_page_pid(s.r, SID, IOVA & ~0xfffull, IOM_PAGE_READ | IOM_PAGE_LAST, 3, 9, 0);
	rig_expect(s.r, &want);
	rig_answered(s.r, SID, 3, IOM_PAGES_INVALID);
	set(&s, 0, PASIDE);
	rig_grants(s.r, SID, rq_pid(IOVA, IOM_READ, 9), IOVA);
	rig_refuses(s.r, SID, rq_translated(rq_pid(IOVA, IOM_READ, 9)), 0x49);
	rig_refuses(s.r, SID, rq_translated(rq_pid(IOVA, IOM_WRITE, 9)), 0x49);
	set(&s, 0, EPTR);
	rig_grants(s.r, SID, rq_translated(rq_pid(IOVA, IOM_WRITE, 9)), IOVA);
	clear(&s, 0, EPTR);
	set(&s, 0, FPD);
	rig_refuses_quietly(s.r, SID, rq_translated(rq_pid(IOVA, IOM_READ, 9)), 0x49);
	clear(&s, 0, PASIDE);
	rig_refuses_quietly(s.r, SID, rq_pid(IOVA, IOM_READ, 9), 0x45);
	rig_free(s.r);
}

TEST(scontext_page_requests, "VTD-SCTX-10")
{
	struct scalable s = scalable(DTE | PASIDE);
	struct record want = {
		.info = IOVA & ~0xfffull, .sid = SID, .reason = 0x47, .type = TYPE_PAGE_REQUEST
	};

	rig_page_queue(s.r, 0);
	rig_page(s.r, SID, IOVA & ~0xfffull, IOM_PAGE_READ | IOM_PAGE_LAST, 5);
	rig_expect(s.r, &want);
	rig_answered(s.r, SID, 5, IOM_PAGES_INVALID);
	want.pp = true;
	want.pasid = 9;
	rig_page_pid(s.r, SID, IOVA & ~0xfffull, IOM_PAGE_READ, 5, 9, 0);
	rig_expect(s.r, &want);
	CHECK_EQ(s.r->messages, 0);
	rig_expect_none(s.r);
	CHECK_EQ(rd64(s.r, PQT), 0);
	set(&s, 0, FPD);
	rig_page(s.r, SID, IOVA & ~0xfffull, IOM_PAGE_READ | IOM_PAGE_LAST, 6);
	rig_answered(s.r, SID, 6, IOM_PAGES_INVALID);
	rig_expect_none(s.r);
	set(&s, 0, PRE);
	rig_page(s.r, SID, IOVA & ~0xfffull, IOM_PAGE_READ | IOM_PAGE_LAST, 7);
	CHECK_EQ(s.r->messages, 0);
	CHECK_EQ(rd64(s.r, PQT), 32);
	rig_free(s.r);
}

TEST(scontext_rid_pasid_is_0_without_rps, "VTD-SCTX-11 VTD-SCTX-19")
{
	struct scalable s = scalable_caps(ECAP_ALL & ~ECAP_RPS, PASIDE);

	rig_grants(s.r, SID, rq(IOVA, IOM_READ), IOVA);
	rig_refuses(s.r, SID, rq_pid(IOVA, IOM_READ, 0), 0x48);
	rig_grants(s.r, SID, rq_pid(IOVA, IOM_READ, 9), IOVA);
	put64(s.r, rig_pasid(s.r, SID, 0), 0);
	rig_refuses(s.r, SID, rq(IOVA, IOM_READ), 0x59);
	rig_free(s.r);
}

TEST(scontext_rid_priv, "VTD-SCTX-12")
{
	struct scalable s = scalable(0);
	struct rig *r = s.r;
	uint64_t root = page(r), iova = 0x123456000;

	rig_pasid_put(r, SID, 0, PE_P | PGTT_FS, 1 | PWSNP, root | SRE);
	rig_fs(r, root, 4, iova, 1, 0x5000 | FS_P | FS_RW); /* a supervisor's page */
	rig_refuses(r, SID, rq(iova, IOM_READ), 0x81);
	rig_refuses(r, SID, rq(iova, IOM_WRITE), 0x81);
	set(&s, 1, RID_PRIV);
	rig_grants(r, SID, rq(iova, IOM_READ), 0x5000);
	rig_grants(r, SID, rq(iova, IOM_WRITE), 0x5000);
	/* It says nothing of requests that bring a PASID. */
	set(&s, 0, PASIDE);
	rig_pasid_put(r, SID, 9, PE_P | PGTT_FS, 1 | PWSNP, root | SRE);
	rig_refuses(r, SID, rq_pid(iova, IOM_READ, 9), 0x81);
	rig_grants(r, SID, rq_priv(iova, IOM_READ, 9), 0x5000);
	rig_free(r);
}

TEST(scontext_reserved_comes_first, "VTD-SCTX-13")
{
	struct scalable s = scalable(0);

	set(&s, 0, PRE); /* without DTE */
	set(&s, 1, 1u << 21);
	rig_refuses(s.r, SID, rq(IOVA, IOM_READ), 0x42);
	put64(s.r, s.context + 8, 1u << 13); /* a RID_PASID too large as well */
	set(&s, 0, 1u << 7);
	rig_refuses(s.r, SID, rq(IOVA, IOM_READ), 0x42);
	clear(&s, 0, 1u << 7);
	rig_refuses(s.r, SID, rq(IOVA, IOM_READ), 0x43);
	rig_free(s.r);
}

TEST(scontext_page_requests_without_device_tlb, "VTD-SCTX-14")
{
	struct scalable s = scalable(PASIDE);
	struct record want = {
		.info = IOVA & ~0xfffull, .sid = SID, .reason = 0x43, .type = TYPE_PAGE_REQUEST
	};

	rig_page_queue(s.r, 0);
	set(&s, 0, PRE);
	rig_refuses(s.r, SID, rq(IOVA, IOM_READ), 0x43);
	rig_refuses(s.r, SID, rq(IOVA, IOM_WRITE), 0x43);
	rig_refuses(s.r, SID, rq_pid(IOVA, IOM_READ, 9), 0x43);
	rig_declines(s.r, SID, rq_ats(rq(IOVA, IOM_READ)), IOM_ABORT, 0x43, true);
	rig_refuses(s.r, SID, rq_translated(rq(IOVA, IOM_READ)), 0x43);
	rig_page(s.r, SID, IOVA & ~0xfffull, IOM_PAGE_READ | IOM_PAGE_LAST, 1);
	rig_expect(s.r, &want);
	rig_answered(s.r, SID, 1, IOM_PAGES_INVALID);
	set(&s, 0, FPD);
	rig_refuses_quietly(s.r, SID, rq(IOVA, IOM_READ), 0x43);
	rig_free(s.r);
}

TEST(scontext_translated_pasid_without_pasid, "VTD-SCTX-15")
{
	struct scalable s = scalable_caps(ECAP_ALL | ECAP_PTRS, DTE);

	set(&s, 0, EPTR);
	rig_refuses(s.r, SID, rq(IOVA, IOM_READ), 0x43);
	rig_refuses(s.r, SID, rq_translated(rq(IOVA, IOM_READ)), 0x43);
	set(&s, 0, PASIDE);
	rig_grants(s.r, SID, rq(IOVA, IOM_READ), IOVA);
	rig_free(s.r);
}

TEST(scontext_explicit_rid_pasid, "VTD-SCTX-16")
{
	const struct iom_vtd_config lenient = { .cap = CAP_ALL,
		                                .ecap = ECAP_ALL,
		                                .version = 0x40,
		                                .address_bits = RIG_HAW,
		                                .flags = IOM_VTD_UNCACHED | IOM_VTD_ANY_PASID };
	struct scalable s = scalable(PASIDE | DTE);
	struct rig *r = s.r;

	rig_refuses(r, SID, rq_pid(IOVA, IOM_READ, 0), 0x48);
	rig_grants(r, SID, rq_pid(IOVA, IOM_READ, 9), IOVA);
	set(&s, 1, 9);
	rig_refuses(r, SID, rq_pid(IOVA, IOM_READ, 9), 0x48);
	rig_refuses(r, SID, rq_pid(IOVA, IOM_WRITE, 9), 0x48);
	rig_refuses(r, SID, rq_ats(rq_pid(IOVA, IOM_READ, 9)), 0x48);
	rig_grants(r, SID, rq_pid(IOVA, IOM_READ, 0), IOVA);
	set(&s, 0, FPD);
	rig_refuses_quietly(r, SID, rq_pid(IOVA, IOM_READ, 9), 0x48);
	rig_free(r);

	r = rig_new_config(&lenient);
	rig_on(r, TTM_SCALABLE);
	rig_device(r, SID, 0, PASIDE, 0);
	rig_pasid_put(r, SID, 0, PE_P | PGTT_PASS, 1, 0);
	rig_grants(r, SID, rq_pid(IOVA, IOM_READ, 0), IOVA);
	rig_free(r);
}

TEST(scontext_pasid_width, "VTD-SCTX-18 VTD-ATS-05")
{
	const uint64_t ecap = (ECAP_ALL & ~ECAP_PSS(32)) | ECAP_PSS(10);
	struct scalable s = scalable_caps(ecap, PASIDE | DTE | PRE);
	struct rig *r = s.r;

	rig_pasid_put(r, SID, 0x3ff, PE_P | PGTT_PASS, 1, 0);
	rig_pasid_put(r, SID, 0x400, PE_P | PGTT_PASS, 1, 0);
	rig_grants(r, SID, rq_pid(IOVA, IOM_READ, 0x3ff), IOVA);
	rig_refuses(r, SID, rq_pid(IOVA, IOM_READ, 0x400), 0x89);
	rig_refuses(r, SID, rq_pid(IOVA, IOM_WRITE, 0x1fff), 0x89);
	rig_refuses(r, SID, rq_ats(rq_pid(IOVA, IOM_READ, 0x400)), 0x89);
	rig_page_queue(r, 0);
	rig_page_pid(r, SID, IOVA & ~0xfffull, IOM_PAGE_READ | IOM_PAGE_LAST, 1, 0x400, 0);
	rig_expect_none(r);
	CHECK_EQ(r->messages, 0);
	CHECK_EQ(rd64(r, PQT), 32);
	set(&s, 0, FPD);
	rig_refuses_quietly(r, SID, rq_pid(IOVA, IOM_READ, 0x400), 0x89);
	rig_free(r);
}

TEST(scontext_pasid_width_of_pages, "VTD-SCTX-18")
{
	const struct iom_vtd_config config = { .bytes = sizeof config,
		                               .cap = CAP_ALL,
		                               .ecap = (ECAP_ALL & ~ECAP_PSS(32)) | ECAP_PSS(10),
		                               .version = 0x40,
		                               .address_bits = RIG_HAW };
	struct rig *r = rig_new_config(&config);

	rig_on(r, TTM_SCALABLE);
	rig_device(r, SID, 0, PASIDE | DTE | PRE, 0);
	rig_pasid_put(r, SID, 0x400, PE_P | PGTT_PASS, 1, 0);
	rig_page_queue(r, 0);
	/* What a page request may have is nothing that a cache offers others. */
	rig_page_pid(r, SID, IOVA & ~0xfffull, IOM_PAGE_READ | IOM_PAGE_LAST, 1, 0x400, 0);
	rig_refuses(r, SID, rq_pid(IOVA, IOM_READ, 0x400), 0x89);
	rig_free(r);
}
