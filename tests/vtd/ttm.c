/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Translation table modes that a unit does not have, and requests that a mode refuses. */
#include "rig.h"

#define SID 0x0123
#define IOVA 0x5678ull

/* Every entry that a walk in either mode could meet has FPD set. */
static void silent(struct rig *r, unsigned ttm)
{
	rig_on(r, TTM_LEGACY);
	if (ttm == TTM_LEGACY) {
		rig_context_put(r, SID, CTX_P | FPD | TT_PASS, AW(5));
	} else {
		rig_device(r, SID, 0, FPD | PASIDE, 0);
		rig_pasid_put(r, SID, 9, PE_P | FPD | PGTT_PASS, 1, 0);
		rig_pasid_put(r, SID, 0, PE_P | FPD | PGTT_PASS, 1, 0);
	}
}

static void refuses_all(struct rig *r, unsigned reason)
{
	rig_refuses(r, SID, rq(IOVA, IOM_READ), reason);
	rig_refuses(r, SID, rq(IOVA, IOM_WRITE), reason);
	rig_refuses(r, SID, rq(IOVA, IOM_ATOMIC), reason);
	rig_refuses(r, SID, rq_zero(IOVA), reason);
	rig_declines(r, SID, rq_ats(rq(IOVA, IOM_READ)), IOM_ABORT, reason, true);
	rig_refuses(r, SID, rq_translated(rq(IOVA, IOM_READ)), reason);
}

TEST(ttm_reserved, "VTD-TTM-01 VTD-TTM-03")
{
	unsigned ttm;

	for (ttm = TTM_LEGACY; ttm <= TTM_SCALABLE; ttm++) {
		struct rig *r = rig_new();

		silent(r, ttm);
		rig_rtaddr(r, r->root | 2u << 10);
		CHECK_EQ(rd64(r, RTADDR), r->root | 2u << 10);
		refuses_all(r, 0x30);
		rig_refuses(r, SID, rq_pid(IOVA, IOM_READ, 9), 0x30);
		rig_free(r);
	}
}

TEST(ttm_without_capability, "VTD-TTM-02 VTD-TTM-03")
{
	struct rig *r = rig_new_caps(CAP_LEGACY, ECAP_LEGACY);

	silent(r, TTM_SCALABLE);
	rig_rtaddr(r, r->root | TTM_SCALABLE << 10);
	refuses_all(r, 0x30);
	rig_rtaddr(r, r->root | TTM_ABORT << 10);
	refuses_all(r, 0x30);
	rig_free(r);

	r = rig_new();
	CHECK_EQ(r->ecap & ECAP_ADMS, 0);
	silent(r, TTM_SCALABLE);
	rig_rtaddr(r, r->root | TTM_ABORT << 10);
	refuses_all(r, 0x30);
	rig_rtaddr(r, r->root | TTM_SCALABLE << 10);
	rig_grants(r, SID, rq(IOVA, IOM_READ), IOVA);
	rig_free(r);
}

TEST(ttm_legacy_with_io_permissions, "VTD-TTM-04 VTD-TTM-03")
{
	struct rig *r = rig_new_caps(CAP_ALL, ECAP_ALL | ECAP_SSIRWS);

	silent(r, TTM_LEGACY);
	rig_rtaddr(r, r->root | 0x80);
	CHECK_EQ(rd64(r, RTADDR), r->root | 0x80);
	refuses_all(r, 0x30);
	rig_rtaddr(r, r->root);
	rig_grants(r, SID, rq(IOVA, IOM_READ), IOVA);
	rig_free(r);
}

TEST(requests_for_execution, "VTD-TTM-05 VTD-ATS-05")
{
	const unsigned versions[] = { 0x40, 0x70, 0x80 };
	unsigned i, fpd;

	for (i = 0; i < 3; i++)
		for (fpd = 0; fpd < 2; fpd++) {
			const struct iom_vtd_config config = { .cap = CAP_ALL,
				                               .ecap = ECAP_ALL,
				                               .version = (uint8_t)versions[i],
				                               .address_bits = RIG_HAW,
				                               .flags = IOM_VTD_UNCACHED };
			struct rig *r = rig_new_config(&config);
			uint64_t quiet = fpd ? FPD : 0;

			rig_on(r, TTM_SCALABLE);
			rig_device(r, SID, 0, quiet | PASIDE | DTE, 0);
			rig_pasid_put(r, SID, 9, PE_P | quiet | PGTT_PASS, 1, 0);
			rig_pasid_put(r, SID, 0, PE_P | quiet | PGTT_PASS, 1, 0);
			rig_grants(r, SID, rq_pid(IOVA, IOM_READ, 9), IOVA);
			if (versions[i] >= 0x80) {
				rig_refuses(r, SID, rq_pid(IOVA, IOM_EXECUTE, 9), 0x34);
				rig_refuses(r, SID, rq_priv(IOVA, IOM_EXECUTE, 9), 0x34);
				rig_refuses(r, SID, rq_ats(rq_pid(IOVA, IOM_EXECUTE, 9)), 0x34);
				/* Before any table is read. */
				rig_refuses(r, 0x0200, rq_pid(IOVA, IOM_EXECUTE, 9), 0x34);
			} else if (fpd) {
				rig_refuses_quietly(r, SID, rq_pid(IOVA, IOM_EXECUTE, 9), 0x5c);
			} else {
				rig_refuses(r, SID, rq_pid(IOVA, IOM_EXECUTE, 9), 0x5c);
				rig_refuses(r, SID, rq_priv(IOVA, IOM_EXECUTE, 9), 0x5c);
			}
			rig_free(r);
		}
}
