/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The permissions that answers to translation requests give: by stages, no-write and privilege. */
#include "nest.h"
#include "stage.h"

#define SID STAGE_SID
#define PASID 1
#define IOVA 0x12345000ull
#define FAR 0x7654321000ull
#define R IOM_PERM_READ
#define W IOM_PERM_WRITE

static void set(struct rig *r, uint64_t spa, uint64_t bits)
{
	put64(r, spa, ram64(r, spa) | bits);
}

static void clear(struct rig *r, uint64_t spa, uint64_t bits)
{
	put64(r, spa, ram64(r, spa) & ~bits);
}

/* The stage's device may use ATS. */
static void with_ats(struct stage *s)
{
	struct rig *r = s->r;
	uint64_t context = s->scalable ? rig_scontext(r, SID) : rig_context(r, SID);

	put64(r, context, ram64(r, context) | (s->scalable ? DTE : TT_ALL));
}

TEST(ats_permissions_of_the_second_stage, "VTD-ATS-02 VTD-ATS-03")
{
	unsigned scalable, levels, level, rights;
	struct stage s;

	EACH_STAGE(&s, scalable, levels)
	{
		uint64_t iova = stage_iova(&s, 0);
		struct iom_request q = rq_ats(rq(iova, IOM_READ));

		with_ats(&s);
		rig_answers(s.r, SID, q, 0, 0);
		stage_map(&s, iova, 1, STAGE_FAR | SS_RW);
		for (level = 1; level <= levels; level++) {
			uint64_t entry = stage_entry(&s, iova, level), was = ram64(s.r, entry);

			for (rights = 0; rights < 4; rights++) {
				put64(s.r, entry, (was & ~SS_RW) | rights);
				rig_answers(s.r, SID, q,
				            (rights & 1 ? R : 0) | (rights & 2 ? W : 0), STAGE_FAR);
			}
			put64(s.r, entry, was);
		}
		rig_expect_none(s.r);
	}
}

TEST(ats_permissions_of_the_first_stage, "VTD-ATS-02 VTD-ATS-03")
{
	unsigned levels, level;

	for (levels = 4; levels <= 5; levels++) {
		struct stage s;
		uint64_t iova;
		struct iom_request q;

		stage_first(&s, CAP_ALL, ECAP_ALL, levels);
		with_ats(&s);
		iova = stage_iova(&s, 0);
		q = rq_ats(rq(iova, IOM_READ));
		rig_answers(s.r, SID, q, 0, 0);
		stage_map(&s, iova, 1, STAGE_FAR | FS_PRU);
		rig_answers(s.r, SID, q, R | W, STAGE_FAR);
		for (level = 1; level <= levels; level++) {
			uint64_t entry = stage_entry(&s, iova, level), was = ram64(s.r, entry);

			put64(s.r, entry, was & ~FS_RW);
			rig_answers(s.r, SID, q, R, STAGE_FAR);
			put64(s.r, entry, was & ~FS_US);
			rig_answers(s.r, SID, q, 0, 0);
			put64(s.r, entry, was & ~FS_P);
			rig_answers(s.r, SID, q, 0, 0);
			put64(s.r, entry, was);
		}
		rig_expect_none(s.r);
		rig_free(s.r);
	}
}

TEST(ats_permissions_of_both_stages, "VTD-ATS-02")
{
	unsigned rights, writable;

	for (rights = 0; rights < 4; rights++)
		for (writable = 0; writable < 2; writable++) {
			struct nest n;

			nest_init(&n, 4, 4, 0, 0);
			put64(n.r, rig_scontext(n.r, SID),
			      ram64(n.r, rig_scontext(n.r, SID)) | DTE);
			nest_map(&n, n.iova, 1, n.gpa | FS_P | FS_US | (writable ? FS_RW : 0));
			put64(n.r, nest_leaf(&n, n.gpa), n.to | rights);
			rig_answers(n.r, SID, rq_ats(rq(n.iova, IOM_READ)),
			            (rights & 1 ? R : 0) | (rights & 2 && writable ? W : 0), n.to);
			rig_expect_none(n.r);
			rig_free(n.r);
		}
}

TEST(ats_no_write, "VTD-ATS-06")
{
	unsigned nwfs, nw, first;

	for (nwfs = 0; nwfs < 2; nwfs++)
		for (nw = 0; nw < 2; nw++)
			for (first = 0; first < 2; first++) {
				uint64_t ecap = nwfs ? ECAP_ALL : ECAP_ALL & ~ECAP_NWFS;
				bool read = nwfs && nw;
				struct iom_request q;
				struct stage s;
				uint64_t iova, leaf;

				if (first) {
					stage_first(&s, CAP_ALL, ecap, 4);
				} else {
					stage_second(&s, CAP_ALL, ecap, true, 4);
					put64(s.r, s.pasid, ram64(s.r, s.pasid) | SSADE);
				}
				with_ats(&s);
				iova = stage_iova(&s, 0);
				leaf = stage_map(&s, iova, 1, STAGE_FAR | (first ? FS_PRU : SS_RW));
				q = rq_ats(rq(iova, IOM_READ));
				q.flags |= nw ? IOM_REQ_NO_WRITE : 0;
				rig_answers(s.r, SID, q, read ? R : R | W, STAGE_FAR);
				if (first)
					CHECK_EQ(ram64(s.r, leaf) & (FS_A | FS_D),
					         read ? FS_A : FS_A | FS_D);
				else
					CHECK_EQ(ram64(s.r, leaf) & (SS_A | SS_D),
					         read ? SS_A : SS_A | SS_D);
				/* A page that cannot be read. */
				if (!first) {
					stage_map(&s, iova, 1, STAGE_FAR | SS_W);
					rig_answers(s.r, SID, q, read ? 0 : W, STAGE_FAR);
				}
				rig_expect_none(s.r);
				rig_free(s.r);
			}
}

/* What an earlier request left in the caches does not keep the flags from being set. */
TEST(ats_flags_with_caches, "VTD-ATS-06 VTD-SSAD-03 VTD-FS-10")
{
	const struct iom_vtd_config config = {
		.cap = CAP_ALL, .ecap = ECAP_ALL, .version = 0x40, .address_bits = RIG_HAW
	};
	unsigned first, way;

	for (first = 0; first < 2; first++)
		for (way = 0; way < 3; way++) {
			const uint64_t a = first ? FS_A : SS_A, d = first ? FS_D : SS_D;
			struct rig *r = rig_new_config(&config);
			struct iom_request q, nw;
			struct stage s;
			uint64_t iova, leaf;

			if (first) {
				stage_first_on(&s, r, 4);
			} else {
				stage_second_on(&s, r, true, 4);
				set(r, s.pasid, SSADE);
			}
			with_ats(&s);
			iova = stage_iova(&s, 0);
			leaf = stage_map(&s, iova, 1, STAGE_FAR | (first ? FS_PRU : SS_RW));
			q = rq_ats(rq(iova, IOM_READ));
			nw = q;
			nw.flags |= IOM_REQ_NO_WRITE;
			rig_answers(r, SID, nw, R, STAGE_FAR);
			CHECK_EQ(ram64(r, leaf) & (a | d), a);
			rig_grants(r, SID, rq(iova, IOM_READ), STAGE_FAR);
			CHECK_EQ(ram64(r, leaf) & (a | d), a);
			if (way == 0)
				rig_answers(r, SID, q, R | W, STAGE_FAR);
			else
				rig_grants(r, SID, rq(iova, way == 1 ? IOM_WRITE : IOM_ATOMIC),
				           STAGE_FAR);
			CHECK_EQ(ram64(r, leaf) & (a | d), a | d);
			rig_answers(r, SID, nw, R, STAGE_FAR);
			rig_answers(r, SID, q, R | W, STAGE_FAR);
			rig_expect_none(r);
			rig_free(r);
		}
}

/*
 * Permissions are judged before the output is: where nothing can be granted, the interrupt address range
 * is not met, and nothing is marked.
 */
TEST(ats_nothing_to_grant_in_the_interrupt_range, "VTD-ATS-06 VTD-SSAD-06")
{
	const uint64_t to = 0xfee00000;
	unsigned nested;

	for (nested = 0; nested < 2; nested++) {
		struct iom_request q;
		struct stage s;
		struct nest n;
		struct rig *r;
		uint64_t leaf;

		if (nested) {
			/* The first stage lets nobody write, the second nobody read. */
			nest_init(&n, 4, 4, SSADE, 0);
			nest_map(&n, n.iova, 1, n.gpa | (FS_PRU & ~FS_RW));
			r = n.r;
			leaf = nest_leaf(&n, n.gpa);
			set(r, rig_scontext(r, SID), DTE);
			q = rq_ats(rq(n.iova, IOM_READ));
		} else {
			stage_second(&s, CAP_ALL, ECAP_ALL, true, 4);
			r = s.r;
			with_ats(&s);
			set(r, s.pasid, SSADE);
			q = rq_ats(rq(stage_iova(&s, 0), IOM_READ));
			leaf = stage_map(&s, q.iova, 1, to | SS_W);
			rig_declines(r, SID, q, IOM_ABORT, 0x87, true);
			q.flags |= IOM_REQ_NO_WRITE;
		}
		put64(r, leaf, to | SS_W);
		rig_answers(r, SID, q, 0, 0);
		CHECK_EQ(ram64(r, leaf), to | SS_W);
		rig_expect_none(r);
		rig_free(r);
	}
}

TEST(ats_answers_nested, "VTD-ATS-05")
{
	struct iom_request q;
	unsigned reason;

	for (reason = 0x74; reason <= 0x77; reason++) {
		struct nest n;
		uint64_t root, leaf;

		nest_init(&n, 4, 4, 0, 0);
		q = rq_ats(rq(n.iova, IOM_READ));
		set(n.r, rig_scontext(n.r, SID), DTE);
		rig_answers(n.r, SID, q, R | W, n.to);
		root = nest_leaf(&n, n.fs);
		leaf = nest_leaf(&n, nest_table(&n, n.iova, 1));
		switch (reason) {
		case 0x74:
			nest_map(&n, n.iova, 1, 1ull << 50 | FS_PRU);
			break;
		case 0x75:
			clear(n.r, root, SS_R);
			break;
		case 0x76:
			clear(n.r, leaf, SS_R);
			break;
		default:
			clear(n.r, nest_entry(&n, n.iova, 1), FS_A | FS_D);
			clear(n.r, leaf, SS_W);
		}
		rig_answers(n.r, SID, q, 0, 0);
		rig_expect_none(n.r);
		rig_refuses(n.r, SID, rq(n.iova, IOM_READ), reason);
		rig_free(n.r);
	}
}

TEST(ats_supervisor_requests, "VTD-ATS-16 VTD-ATS-19")
{
	const uint64_t ecaps[] = { ECAP_ALL, ECAP_ALL & ~(ECAP_SRS | ECAP_RPRIVS) };
	unsigned i;

	for (i = 0; i < 2; i++) {
		struct rig *r = rig_new_caps(CAP_ALL, ecaps[i]);
		uint64_t fs = page(r), entry;
		struct iom_reply reply;

		rig_on(r, TTM_SCALABLE);
		rig_device(r, SID, 0, DTE | PASIDE, 0);
		rig_fs(r, fs, 4, IOVA, 1, FAR | FS_PRU);
		rig_pasid_put(r, SID, PASID, PE_P | PGTT_FS, 1 | PWSNP, fs);
		rig_pasid_put(r, SID, 0, PE_P | PGTT_FS, 1 | PWSNP, fs | (i ? 0 : SRE));
		entry = rig_pasid(r, SID, PASID);
		reply = rig_answers(r, SID, rq_ats(rq_pid(IOVA, IOM_READ, PASID)), 3, FAR);
		CHECK_EQ(reply.ats, 0);
		reply = rig_answers(r, SID, rq_ats(rq_priv(IOVA, IOM_READ, PASID)), 0, 0);
		CHECK_EQ(reply.ats, IOM_ATS_PRIVILEGED);
		reply = rig_answers(r, SID, rq_ats(rq_pid(IOVA, IOM_EXECUTE, PASID)), 0, 0);
		CHECK_EQ(reply.ats, 0);
		rig_expect_none(r);
		if (!i) {
			put64(r, entry + 16, fs | SRE);
			reply = rig_answers(r, SID, rq_ats(rq_priv(IOVA, IOM_READ, PASID)), 3, FAR);
			CHECK_EQ(reply.ats, IOM_ATS_PRIVILEGED);
			/* A supervisor's page, by RID_PRIV: its rights, but no Priv. */
			rig_fs(r, fs, 4, IOVA, 1, FAR | FS_P | FS_RW);
			rig_answers(r, SID, rq_ats(rq(IOVA, IOM_READ)), 0, 0);
			put64(r, rig_scontext(r, SID) + 8, RID_PRIV);
			reply = rig_answers(r, SID, rq_ats(rq(IOVA, IOM_READ)), 3, FAR);
			CHECK_EQ(reply.ats, 0);
		}
		rig_expect_none(r);
		rig_free(r);
	}
}
