/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Kinds of transaction: which are let in, and how fault records name them. */
#include "stage.h"

#define DEVICE 3
#define V 1ull
#define PDTV (1ull << 5)
#define PV (1ull << 32)
#define PRIV (1ull << 33)
#define PID(n) ((uint64_t)(n) << 12)
#define DDTP 0x010
#define IOVA 0x12345678

/* Each kind of request that can be made, and the TTYP that belongs to it. */
static const struct kind {
	uint8_t at, access;
	uint16_t flags;
	unsigned ttyp;
} kinds[] = {
	{ IOM_AT_UNTRANSLATED, IOM_EXECUTE, 0, 1 },
	{ IOM_AT_UNTRANSLATED, IOM_EXECUTE, IOM_REQ_PASID, 1 },
	{ IOM_AT_UNTRANSLATED, IOM_READ, 0, 2 },
	{ IOM_AT_UNTRANSLATED, IOM_READ, IOM_REQ_PASID | IOM_REQ_PRIVILEGED, 2 },
	{ IOM_AT_UNTRANSLATED, IOM_WRITE, 0, 3 },
	{ IOM_AT_UNTRANSLATED, IOM_WRITE, IOM_REQ_PASID, 3 },
	{ IOM_AT_UNTRANSLATED, IOM_ATOMIC, 0, 3 },
	{ IOM_AT_TRANSLATED, IOM_EXECUTE, IOM_REQ_PASID, 5 },
	{ IOM_AT_TRANSLATED, IOM_EXECUTE, IOM_REQ_PASID | IOM_REQ_PRIVILEGED, 5 },
	{ IOM_AT_TRANSLATED, IOM_EXECUTE, 0, 6 },
	{ IOM_AT_TRANSLATED, IOM_READ, 0, 6 },
	{ IOM_AT_TRANSLATED, IOM_READ, IOM_REQ_PASID, 6 },
	{ IOM_AT_TRANSLATED, IOM_WRITE, 0, 7 },
	{ IOM_AT_TRANSLATED, IOM_WRITE, IOM_REQ_PASID, 7 },
	{ IOM_AT_TRANSLATED, IOM_ATOMIC, 0, 7 },
	{ IOM_AT_TRANSLATION_REQUEST, IOM_READ, 0, 8 },
	{ IOM_AT_TRANSLATION_REQUEST, IOM_WRITE, 0, 8 },
	{ IOM_AT_TRANSLATION_REQUEST, IOM_READ, IOM_REQ_PASID, 8 },
	{ IOM_AT_TRANSLATION_REQUEST, IOM_EXECUTE, IOM_REQ_PASID, 8 },
};

#define EACH_KIND(k)                                                                               \
	(k) = kinds;                                                                               \
	(k) < kinds + sizeof(kinds) / sizeof(*kinds);                                              \
	(k)++

static struct iom_request request(const struct kind *k)
{
	return (struct iom_request){ .iova = IOVA,
		                     .bytes = 4,
		                     .pasid = 0x9,
		                     .flags = k->flags,
		                     .access = k->access,
		                     .at = k->at };
}

/* The request is refused with `cause`, and recorded as what it was. */
static void refused(struct rig *r, const struct kind *k, unsigned cause)
{
	const struct iom_request q = request(k);
	unsigned is = rig_cause_of(r, DEVICE, &q);
	uint64_t who = 0;

	CHECK_MSG(is == cause, "at %u access %u flags %u: %u instead of %u", k->at, k->access,
	          k->flags, is, cause);
	if (k->flags & IOM_REQ_PASID)
		who = PV | PID(9) | (k->flags & IOM_REQ_PRIVILEGED ? PRIV : 0);
	rig_expect(r, rig_record(cause, k->ttyp, DEVICE) | who, IOVA, 0);
	rig_expect_none(r);
}

TEST(types_off, "RV-TR-01")
{
	struct rig *r = rig_new(CAP_EXT);
	const struct kind *k;

	rig_fq(r, 4, false);
	CHECK_EQ(rd64(r, DDTP), 0);
	for (EACH_KIND(k))
		refused(r, k, 256);
	rig_free(r);
}

TEST(types_bare, "RV-TR-02 RV-TR-03")
{
	struct rig *r = rig_new(CAP_EXT);
	const struct kind *k;
	unsigned bit;

	rig_fq(r, 4, false);
	wr64(r, DDTP, 1);
	for (EACH_KIND(k)) {
		const struct iom_request q = request(k);
		struct iom_reply reply;

		if (k->at != IOM_AT_UNTRANSLATED) {
			refused(r, k, 260);
			continue;
		}
		CHECK_EQ(rig_translate(r, DEVICE, &q, &reply), IOM_OK);
		CHECK_EQ(reply.spa, IOVA);
		CHECK_EQ(reply.perm, 7);
		CHECK_EQ(reply.memory_type, IOM_MEMORY_DEFAULT);
		CHECK(reply.range_lg2 >= 12);
	}
	for (bit = 0; bit < 64; bit++)
		CHECK_EQ(rig_spa(r, 0xffffff, 1ull << bit), 1ull << bit);
	rig_expect_none(r);
	rig_free(r);
}

TEST(types_translated_without_ats, "RV-TR-04")
{
	const uint64_t caps[] = { CAP_BASE, CAP_EXT };
	const struct kind *k;
	unsigned i, levels;

	for (i = 0; i < 2; i++)
		for (levels = 1; levels <= 3; levels++) {
			struct rig *r = rig_new(caps[i]);

			rig_ddt(r, levels);
			rig_fq(r, 4, false);
			rig_dc_put(r, DEVICE, V | PDTV, 0, 0, 0);
			for (EACH_KIND(k))
				if (k->at != IOM_AT_UNTRANSLATED)
					refused(r, k, 260);
			/* It is the kind that is refused. */
			CHECK_EQ(rig_cause(r, DEVICE, IOVA, IOM_READ), 0);
			rig_free(r);
		}
}

/* With a cause that says nothing of the kind: the device is not known. */
TEST(types_ttyp, "RV-TR-07 RV-TR-08")
{
	struct rig *r = rig_new(CAP_EXT);
	const struct kind *k;

	rig_ddt(r, 1);
	rig_fq(r, 4, false);
	for (EACH_KIND(k))
		refused(r, k, 258);
	rig_free(r);
}

TEST(types_translated_judged_by_context_first, "RV-TR-09")
{
	const struct kind *k;

	for (EACH_KIND(k)) {
		struct rig *r = rig_new(CAP_EXT);

		rig_fq(r, 4, false);
		wr64(r, DDTP, RIG_NOWHERE >> 12 << 10 | 2);
		refused(r, k, 257);
		wr64(r, DDTP, 0);
		rig_ddt(r, 1);
		refused(r, k, 258);
		rig_dc_put(r, DEVICE, V | 1ull << 12, 0, 0, 0);
		refused(r, k, 259);
		CHECK_EQ(iom_memory_poison(r->memory, rig_dc(r, DEVICE), 8), IOM_OK);
		refused(r, k, 268);
		rig_free(r);
	}
}

/* Page faults of the kinds that get that far name them too. */
TEST(types_ttyp_of_page_faults, "")
{
	unsigned second, access;

	for (second = 0; second < 2; second++) {
		struct stage s;

		stage_init(&s, CAP_EXT, second, 3, 0);
		rig_fq(s.r, 4, false);
		for (access = IOM_READ; access <= IOM_ATOMIC; access++) {
			CHECK_EQ(rig_cause(s.r, STAGE_DEVICE, IOVA, access),
			         stage_fault(&s, access));
			rig_expect(s.r,
			           rig_record(stage_fault(&s, access), ttyp_of(access),
			                      STAGE_DEVICE),
			           IOVA, second ? IOVA : 0);
		}
		rig_free(s.r);
	}
}
