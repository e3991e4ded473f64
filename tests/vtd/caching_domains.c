/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What is cached stays apart by domain and PASID; entries of the interrupt remapping table. */
#include "cached.h"

TEST(domains_are_kept_apart, "VTD-CM-06")
{
	unsigned scalable, how, only;

	/* Both tables change; one domain is invalidated, and the other goes on with what it had. */
	for (scalable = 0; scalable < 2; scalable++)
		for (how = 0; how < 2; how++)
			for (only = 0; only < 2; only++) {
				const uint16_t sid[] = { SID, OTHER }, did[] = { 5, 6 };
				struct rig *r = cached(0);
				uint64_t root[2];
				unsigned i;

				rig_on(r, scalable ? TTM_SCALABLE : TTM_LEGACY);
				for (i = 0; i < 2; i++) {
					root[i] = second(r, scalable, sid[i], did[i], FAR);
					rig_grants(r, sid[i], rq(IOVA, IOM_READ), FAR);
					rig_ss(r, root[i], 4, IOVA, 1, NEAR | SS_RW);
				}
				if (how)
					inv_iotlb_domain(r, did[only]);
				else
					inv_iotlb_page(r, did[only], IOVA, 0, false);
				rig_grants(r, sid[only], rq(IOVA, IOM_READ), NEAR);
				rig_grants(r, sid[!only], rq(IOVA, IOM_READ), FAR);
				inv_iotlb(r);
				rig_grants(r, sid[!only], rq(IOVA, IOM_READ), NEAR);
				rig_free(r);
			}
}

TEST(domains_of_pasids_are_kept_apart, "VTD-CM-06")
{
	unsigned how, only;

	for (how = 0; how < 4; how++)
		for (only = 0; only < 2; only++) {
			const uint32_t pasid[] = { PASID, PASID + 1 };
			const uint16_t did[] = { 5, 6 };
			struct rig *r = cached(0);
			uint64_t root[2];
			unsigned i;

			rig_on(r, TTM_SCALABLE);
			rig_device(r, SID, 0, PASIDE, 0);
			for (i = 0; i < 2; i++) {
				root[i] = first(r, SID, pasid[i], did[i], FAR);
				rig_grants(r, SID, rq_pid(IOVA, IOM_READ, pasid[i]), FAR);
				rig_fs(r, root[i], 4, IOVA, 1, NEAR | FS_PRU | FS_A);
			}
			if (how == 0)
				inv_piotlb(r, did[only], pasid[only]);
			else if (how == 1)
				inv_piotlb_page(r, did[only], pasid[only], IOVA, 0, false);
			else if (how == 2)
				inv_iotlb_domain(r, did[only]);
			else
				inv_iotlb_page(r, did[only], 0, 0,
				               true); /* all of the domain's FS */
			rig_grants(r, SID, rq_pid(IOVA, IOM_READ, pasid[only]), NEAR);
			rig_grants(r, SID, rq_pid(IOVA, IOM_READ, pasid[!only]), FAR);
			/* The wrong domain, and the wrong PASID. */
			inv_piotlb(r, did[only], pasid[!only]);
			inv_piotlb(r, did[!only], pasid[only]);
			rig_grants(r, SID, rq_pid(IOVA, IOM_READ, pasid[!only]), FAR);
			inv_piotlb(r, did[!only], pasid[!only]);
			rig_grants(r, SID, rq_pid(IOVA, IOM_READ, pasid[!only]), NEAR);
			rig_free(r);
		}
}

/* More address spaces than the cache has places for, so that old ones give theirs to new ones. */
TEST(domains_of_many_pasids, "VTD-CM-06 VTD-QI-35")
{
	const uint16_t did[] = { 5, 6 };
	const uint32_t pasids = 3000;
	struct rig *r = cached(0);
	uint64_t root[2];
	uint32_t pasid;
	unsigned i;

	rig_on(r, TTM_SCALABLE);
	rig_device(r, SID, 0, PASIDE, 0);
	for (i = 0; i < 2; i++) {
		root[i] = page(r);
		rig_fs(r, root[i], 4, IOVA, 1, FAR | FS_PRU | FS_A);
	}
	for (pasid = 1; pasid <= pasids; pasid++) {
		rig_pasid_put(r, SID, pasid, PE_P | PGTT_FS, did[pasid % 2] | PWSNP,
		              root[pasid % 2]);
		rig_grants(r, SID, rq_pid(IOVA, IOM_READ, pasid), FAR);
	}
	/* Who takes a place from another keeps nothing at first. */
	rig_grants(r, SID, rq_pid(IOVA, IOM_READ, pasids - 1), FAR);
	for (i = 0; i < 2; i++)
		rig_fs(r, root[i], 4, IOVA, 1, NEAR | FS_PRU | FS_A);
	inv_iotlb_domain(r, did[0]);
	rig_grants(r, SID, rq_pid(IOVA, IOM_READ, pasids - 1), FAR);
	for (pasid = 2; pasid <= pasids; pasid += 2)
		rig_grants(r, SID, rq_pid(IOVA, IOM_READ, pasid), NEAR);
	inv_iotlb_domain(r, did[1]);
	for (pasid = 1; pasid <= pasids; pasid += 2)
		rig_grants(r, SID, rq_pid(IOVA, IOM_READ, pasid), NEAR);
	rig_free(r);
}

/* ---- Interrupt entries -------------------------------------------------------------------- */

TEST(faulting_interrupt_entries, "VTD-CM-08")
{
	const uint64_t good = 1 | 0x41u << 16 | 5ull << 40;
	const struct {
		uint64_t qw0, qw1;
		unsigned reason;
	} bad[] = {
		{ 0, 0, 0x22 },
		{ good | 1 << 12, 0, 0x24 },
		{ good | 3 << 5, 0, 0x24 },
		{ good, 1u << 18 | OTHER, 0x26 },
	};
	unsigned cm, i, how;

	for (cm = 0; cm < 2; cm++)
		for (i = 0; i < 4; i++)
			for (how = 0; how < 2; how++) {
				struct rig *r = cached(cm ? CAP_CM : 0);
				uint64_t irt = rig_irt(r, 7, false), address = 0xfee00010 | 3 << 5;
				unsigned reason;

				put64(r, irt + 16 * 3 + 8, bad[i].qw1);
				put64(r, irt + 16 * 3, bad[i].qw0);
				CHECK_EQ(rig_msi(r, SID, address, 0, &reason), IOM_EFAULT);
				CHECK_EQ(reason, bad[i].reason);
				put64(r, irt + 16 * 3 + 8, 0);
				put64(r, irt + 16 * 3, good);
				if (cm) {
					rig_msi(r, SID, address, 0, NULL);
					if (how)
						inv_irte(r);
					else
						inv_irte_index(r, 3, 0);
					r->msis = 0;
				}
				CHECK_EQ(rig_msi(r, SID, address, 0, &reason), IOM_OK);
				CHECK_EQ(r->msis, 1);
				rig_free(r);
			}
}
