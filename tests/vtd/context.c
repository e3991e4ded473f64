/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Context entries in legacy mode. */
#include "rig.h"

#define SID 0x0123
#define IOVA 0x5678ull
#define LIMIT (1ull << RIG_HAW)

struct legacy {
	struct rig *r;
	uint64_t root;    /* of the second stage */
	uint64_t to;      /* where it leads IOVA */
	uint64_t context; /* SPA of the context entry */
};

/* A unit in legacy mode; 4 levels lead IOVA of SID to a page. */
static struct legacy legacy_caps(uint64_t cap, uint64_t ecap)
{
	struct legacy l = { .r = rig_new_caps(cap, ecap) };

	rig_on(l.r, TTM_LEGACY);
	l.root = page(l.r);
	l.to = page(l.r) | 0x678;
	rig_ss(l.r, l.root, 4, IOVA, 1, (l.to & ~0xfffull) | SS_RW);
	l.context = rig_context(l.r, SID);
	rig_context_put(l.r, SID, CTX_P | TT_UNTRANSLATED | l.root, AW(4) | DID(3));
	rig_grants(l.r, SID, rq(IOVA, IOM_READ), l.to);
	return l;
}

static struct legacy legacy(void)
{
	return legacy_caps(CAP_ALL, ECAP_ALL);
}

TEST(context_index_is_devfn, "VTD-CTX-01")
{
	const unsigned devfn[] = { 0, 1, 7, 8, 0x23, 0x7f, 0x80, 0xff };
	const unsigned n = sizeof(devfn) / sizeof(*devfn);
	unsigned i, j;

	for (i = 0; i < n; i++) {
		struct rig *r = rig_new();
		uint64_t table = page(r);

		rig_on(r, TTM_LEGACY);
		put64(r, r->root + 16, table | 1);
		put64(r, table + 16ull * devfn[i] + 8, AW(5));
		put64(r, table + 16ull * devfn[i], CTX_P | TT_PASS);
		for (j = 0; j < n; j++) {
			if (i == j)
				rig_grants(r, (uint16_t)(0x100 | devfn[j]), rq(IOVA, IOM_READ),
				           IOVA);
			else
				rig_refuses(r, (uint16_t)(0x100 | devfn[j]), rq(IOVA, IOM_READ),
				            0x02);
		}
		rig_free(r);
	}
}

TEST(context_unreadable, "VTD-CTX-02")
{
	struct legacy l = legacy();
	struct rig *r = l.r;
	uint64_t pointer = ram64(r, r->root + 16);

	put64(r, l.context, ram64(r, l.context) | FPD);
	CHECK_EQ(iom_memory_poison(r->memory, l.context + 8, 8), IOM_OK);
	rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x09);
	rig_refuses(r, SID, rq(IOVA, IOM_WRITE), 0x09);
	CHECK_EQ(iom_memory_cure(r->memory, l.context + 8, 8), IOM_OK);
	rig_grants(r, SID, rq(IOVA, IOM_READ), l.to);
	put64(r, r->root + 16, RIG_NOWHERE | 1);
	rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x09);
	put64(r, r->root + 16, pointer);
	rig_grants(r, SID, rq(IOVA, IOM_READ), l.to);
	rig_free(r);
}

TEST(context_not_present, "VTD-CTX-03 VTD-CTX-04")
{
	struct legacy l = legacy();

	put64(l.r, l.context + 8, ~0ull);
	put64(l.r, l.context, ~(CTX_P | FPD));
	rig_refuses(l.r, SID, rq(IOVA, IOM_READ), 0x02);
	rig_refuses(l.r, SID, rq(IOVA, IOM_WRITE), 0x02);
	put64(l.r, l.context, ~CTX_P);
	rig_refuses_quietly(l.r, SID, rq(IOVA, IOM_READ), 0x02);
	put64(l.r, l.context + 8, 0);
	put64(l.r, l.context, FPD);
	rig_refuses_quietly(l.r, SID, rq(IOVA, IOM_READ), 0x02);
	put64(l.r, l.context, 0);
	rig_refuses(l.r, SID, rq(IOVA, IOM_READ), 0x02);
	rig_free(l.r);
}

TEST(context_reserved, "VTD-CTX-05")
{
	const uint64_t tt[] = { TT_UNTRANSLATED, TT_ALL, TT_PASS };
	unsigned i;

	for (i = 0; i < 3; i++) {
		struct legacy l = legacy();

		rig_context_put(l.r, SID, CTX_P | tt[i] | l.root, AW(4) | DID(3));
		rig_reserved(l.r, l.context, 0xff0, SID, rq(IOVA, IOM_READ), 0x0b);
		rig_reserved(l.r, l.context + 8, 0xffffffffff000080, SID, rq(IOVA, IOM_READ), 0x0b);
		rig_grants(l.r, SID, rq(IOVA, IOM_READ), tt[i] == TT_PASS ? IOVA : l.to);
		rig_free(l.r);
	}
}

TEST(context_domain_width, "VTD-CTX-05")
{
	unsigned nd;

	for (nd = 0; nd < 7; nd++) {
		struct legacy l = legacy_caps((CAP_ALL & ~CAP_ND(7)) | CAP_ND(nd), ECAP_ALL);
		uint64_t wide = 0xffffull & (~0ull << (4 + 2 * nd));

		rig_reserved(l.r, l.context + 8, wide << 8, SID, rq(IOVA, IOM_READ), 0x0b);
		rig_ignored(l.r, l.context + 8, (0xffff & ~wide) << 8, SID, rq(IOVA, IOM_READ),
		            l.to);
		rig_free(l.r);
	}
}

TEST(context_pointer_above_haw, "VTD-CTX-06")
{
	const uint64_t tt[] = { TT_UNTRANSLATED, TT_ALL };
	unsigned i;

	for (i = 0; i < 2; i++) {
		struct legacy l = legacy();

		rig_context_put(l.r, SID, CTX_P | tt[i] | l.root, AW(4) | DID(3));
		rig_reserved(l.r, l.context, ~0ull << RIG_HAW, SID, rq(IOVA, IOM_READ), 0x0b);
		rig_free(l.r);
	}
}

TEST(context_pass_through_needs_no_tables, "VTD-CTX-07 VTD-CTX-12")
{
	struct legacy l = legacy();
	struct iom_reply reply;
	unsigned i;

	rig_context_put(l.r, SID, CTX_P | TT_PASS | RIG_NOWHERE, AW(5) | DID(3));
	rig_ignored(l.r, l.context, ~0xfffull, SID, rq(IOVA, IOM_WRITE), IOVA);
	rig_watch(l.r);
	reply = rig_grants(l.r, SID, rq(0x3456789abcull, IOM_WRITE), 0x3456789abcull);
	CHECK_EQ(reply.perm & 3, IOM_PERM_READ | IOM_PERM_WRITE);
	CHECK_EQ(l.r->owns, 2);
	for (i = 0; i < l.r->owns; i++) {
		CHECK_EQ(l.r->own[i].of, IOM_OF_DEVICE);
		CHECK_EQ(l.r->own[i].bytes, 16);
	}
	CHECK_EQ(l.r->own[0].spa, l.r->root + 16);
	CHECK_EQ(l.r->own[1].spa, l.context);
	rig_free(l.r);
}

TEST(context_reserved_type, "VTD-CTX-08")
{
	struct legacy l = legacy();

	put64(l.r, l.context, CTX_P | 3ull << 2 | l.root);
	rig_refuses(l.r, SID, rq(IOVA, IOM_READ), 0x03);
	rig_refuses(l.r, SID, rq(IOVA, IOM_WRITE), 0x03);
	rig_free(l.r);
}

TEST(context_type_without_capability, "VTD-CTX-09")
{
	struct legacy l = legacy_caps(CAP_LEGACY, ECAP_LEGACY & ~ECAP_DT);

	put64(l.r, l.context, CTX_P | TT_ALL | l.root);
	rig_refuses(l.r, SID, rq(IOVA, IOM_READ), 0x03);
	put64(l.r, l.context, CTX_P | TT_PASS | l.root);
	rig_grants(l.r, SID, rq(IOVA, IOM_READ), IOVA);
	rig_free(l.r);

	l = legacy_caps(CAP_LEGACY, ECAP_LEGACY & ~ECAP_PT);
	put64(l.r, l.context, CTX_P | TT_PASS | l.root);
	rig_refuses(l.r, SID, rq(IOVA, IOM_READ), 0x03);
	put64(l.r, l.context, CTX_P | TT_ALL | l.root);
	rig_grants(l.r, SID, rq(IOVA, IOM_READ), l.to);
	rig_free(l.r);
}

TEST(context_address_width, "VTD-CTX-10")
{
	const uint64_t tt[] = { TT_UNTRANSLATED, TT_ALL, TT_PASS };
	unsigned sagaw, aw, i;

	for (sagaw = 1; sagaw < 8; sagaw++) {
		struct rig *r =
			rig_new_caps((CAP_ALL & ~CAP_SAGAW) | (uint64_t)sagaw << 9, ECAP_ALL);

		rig_on(r, TTM_LEGACY);
		for (i = 0; i < 3; i++)
			for (aw = 0; aw < 8; aw++) {
				uint64_t root = page(r), to = page(r);

				if (aw >= 1 && aw <= 3)
					rig_ss(r, root, aw + 2, IOVA, 1, to | SS_RW);
				rig_context_put(r, SID, CTX_P | tt[i] | root, aw | DID(3));
				if (aw >= 1 && aw <= 3 && sagaw >> (aw - 1) & 1)
					rig_grants(r, SID, rq(IOVA, IOM_READ),
					           tt[i] == TT_PASS ? IOVA : (to | 0x678));
				else
					rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x03);
			}
		rig_free(r);
	}
}

TEST(context_ignored_bits, "VTD-CTX-11")
{
	struct legacy l = legacy();

	rig_ignored(l.r, l.context + 8, 0x78, SID, rq(IOVA, IOM_READ), l.to);
	put64(l.r, l.context + 8, AW(4) | DID(3) | 0x78);
	rig_grants(l.r, SID, rq(IOVA, IOM_WRITE), l.to);
	rig_free(l.r);
}

TEST(context_pass_through_width, "VTD-CTX-13")
{
	struct legacy l = legacy();
	unsigned bit, access;

	rig_context_put(l.r, SID, CTX_P | TT_PASS, AW(5) | DID(3));
	for (access = IOM_READ; access <= IOM_ATOMIC; access++) {
		if (access == IOM_EXECUTE)
			continue;
		rig_grants(l.r, SID, rq(LIMIT - 8, access), LIMIT - 8);
		for (bit = RIG_HAW; bit < 64; bit++)
			rig_refuses(l.r, SID, rq(1ull << bit | IOVA, access), 0x04);
	}
	rig_free(l.r);
}

TEST(context_type_blocks_ats, "VTD-CTX-15")
{
	const uint64_t tt[] = { TT_UNTRANSLATED, TT_PASS };
	unsigned i;

	for (i = 0; i < 2; i++) {
		struct legacy l = legacy();

		rig_context_put(l.r, SID, CTX_P | tt[i] | l.root, AW(4) | DID(3));
		rig_refuses(l.r, SID, rq_ats(rq(IOVA, IOM_READ)), 0x0d);
		rig_refuses(l.r, SID, rq_translated(rq(IOVA, IOM_READ)), 0x0d);
		rig_refuses(l.r, SID, rq_translated(rq(IOVA, IOM_WRITE)), 0x0d);
		rig_free(l.r);
	}
}

/* One way to meet each reason; FPD stands in the entry, or does not. */
static void meet(unsigned reason, uint64_t fpd)
{
	struct legacy l = legacy();
	struct rig *r = l.r;
	struct iom_request q = rq(IOVA, IOM_READ);
	uint64_t qw0 = CTX_P | fpd, qw1 = AW(4) | DID(3);
	bool recorded = !fpd;

	switch (reason) {
	case 0x01:
		put64(r, r->root + 16, ram64(r, r->root + 16) & ~1ull);
		recorded = true;
		break;
	case 0x02:
		qw0 &= ~CTX_P;
		break;
	case 0x03:
		qw1 = AW(6) | DID(3);
		break;
	case 0x04:
		q = rq(1ull << 48, IOM_READ);
		break;
	case 0x05:
		rig_ss(r, l.root, 4, IOVA, 1, (l.to & ~0xfffull) | SS_R);
		q = rq(IOVA, IOM_WRITE);
		break;
	case 0x06:
		rig_ss(r, l.root, 4, IOVA, 1, (l.to & ~0xfffull) | SS_W);
		break;
	case 0x07:
		put64(r, rig_entry(r, l.root, 4, IOVA, 2), RIG_NOWHERE | SS_RW);
		break;
	case 0x08:
		rig_rtaddr(r, RIG_NOWHERE);
		recorded = true;
		break;
	case 0x09:
		put64(r, r->root + 16, RIG_NOWHERE | 1);
		recorded = true;
		break;
	case 0x0a:
		put64(r, r->root + 24, 1);
		recorded = true;
		break;
	case 0x0b:
		qw1 |= 0x80;
		break;
	case 0x0c:
		rig_ss(r, l.root, 4, IOVA, 1, (l.to & ~0xfffull) | SS_RW | SS_IW);
		break;
	case 0x0d:
		q = rq_translated(q);
		break;
	case 0x0e:
		rig_ss(r, l.root, 4, IOVA, 1, 0xfee00000 | SS_RW);
		break;
	default:
		fail();
	}
	put64(r, l.context + 8, qw1);
	put64(r, l.context, qw0 | l.root);
	if (recorded)
		rig_refuses(r, SID, q, reason);
	else
		rig_refuses_quietly(r, SID, q, reason);
	rig_free(r);
}

TEST(context_fault_processing_disable, "VTD-CTX-16")
{
	unsigned reason;

	for (reason = 0x01; reason <= 0x0e; reason++) {
		meet(reason, 0);
		meet(reason, FPD);
	}
}

TEST(context_reserved_comes_first, "VTD-CTX-17")
{
	struct legacy l = legacy();

	put64(l.r, l.context, CTX_P | 3ull << 2 | 1ull << 4 | l.root);
	rig_refuses(l.r, SID, rq(IOVA, IOM_READ), 0x0b);
	put64(l.r, l.context, CTX_P | l.root);
	put64(l.r, l.context + 8, 0x80 | DID(3)); /* AW 000 */
	rig_refuses(l.r, SID, rq(IOVA, IOM_READ), 0x0b);
	put64(l.r, l.context + 8, 1ull << 63 | 7 | DID(3));
	rig_refuses(l.r, SID, rq(IOVA, IOM_READ), 0x0b);
	rig_free(l.r);
}

TEST(root_reserved_comes_before_the_context, "VTD-CTX-18")
{
	struct legacy l = legacy();
	struct rig *r = l.r;

	put64(r, r->root + 16, RIG_NOWHERE | 3);
	rig_watch(r);
	rig_refuses(r, SID, rq(IOVA, IOM_READ), 0x0a);
	CHECK_EQ(r->owns, 1);
	CHECK_EQ(r->own[0].spa, r->root + 16);
	rig_free(r);
}

TEST(legacy_mode_refuses_pasids, "VTD-CTX-19 VTD-ATS-05")
{
	const uint64_t tt[] = { TT_UNTRANSLATED, TT_ALL, TT_PASS };
	unsigned i, fpd;

	for (i = 0; i < 3; i++)
		for (fpd = 0; fpd < 2; fpd++) {
			struct legacy l = legacy();

			/* The reason is not one that FPD hides. */
			rig_context_put(l.r, SID, CTX_P | (fpd ? FPD : 0) | tt[i] | l.root,
			                AW(4) | DID(3));
			rig_refuses(l.r, SID, rq_pid(IOVA, IOM_READ, 0), 0x31);
			rig_refuses(l.r, SID, rq_pid(IOVA, IOM_WRITE, 0xfffff), 0x31);
			rig_refuses(l.r, SID, rq_priv(IOVA, IOM_ATOMIC, 0x12345), 0x31);
			rig_refuses(l.r, SID, rq_ats(rq_pid(IOVA, IOM_READ, 7)), 0x31);
			rig_free(l.r);
		}
}
