/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Queued invalidation: large pages, upper halves, and what stands below a guest. */
#include "queue.h"

#define IOVA 0x7000ull

/* Kept: a large page of this kind; an invalidation of one small page, inside of it or beside. */
static void large(uint64_t pgtt, unsigned level, uint64_t qw0, uint64_t at, bool drops)
{
	const struct iom_vtd_config config = {
		.cap = CAP_ALL, .ecap = ECAP_ALL, .version = 0x40, .address_bits = RIG_HAW
	};
	const uint64_t iova = 0x180000000, old = 0x100000000, now = 0x200000000;
	struct rig *r = rig_new_config(&config);
	const bool first = pgtt == PGTT_FS;
	uint64_t root = page(r), leaf;

	rig_on(r, TTM_SCALABLE);
	rig_queue(r, 0, true);
	rig_device(r, 0x0123, 0, 0, 0);
	if (first)
		rig_pasid_put(r, 0x0123, 0, PE_P | PGTT_FS, 5 | PWSNP, FSPM_4 | root);
	else
		rig_pasid_put(r, 0x0123, 0, PE_P | PGTT_SS | PE_AW(4) | root, 5 | PWSNP, 0);
	leaf = (first ? rig_fs : rig_ss)(r, root, 4, iova, level,
	                                 old | (first ? FS_PS | FS_PRU : SS_PS | SS_RW));
	rig_grants(r, 0x0123, rq(iova + 0x7000, IOM_READ), old + 0x7000);
	put64(r, leaf, now | (first ? FS_PS | FS_PRU : SS_PS | SS_RW));
	rig_submit(r, qw0 | 6 << 16, at);
	rig_wait(r);
	rig_grants(r, 0x0123, rq(iova + 0x7000, IOM_READ), old + 0x7000);
	rig_submit(r, qw0 | 5 << 16, at);
	rig_wait(r);
	rig_grants(r, 0x0123, rq(iova + 0x7000, IOM_READ), (drops ? now : old) + 0x7000);
	rig_free(r);
}

TEST(a_small_page_inside_of_a_large_one, "VTD-QI-34 VTD-QI-43")
{
	const uint64_t iova = 0x180000000;
	unsigned level;

	for (level = 2; level < 4; level++) {
		uint64_t bytes = level == 2 ? 0x200000 : 0x40000000;
		const uint64_t in[] = { 0, 0x5000, bytes - PAGE }, out[] = { bytes, -PAGE };
		unsigned i;

		for (i = 0; i < 3; i++) {
			large(PGTT_SS, level, T_IOTLB | G(3), iova + in[i], true);
			large(PGTT_FS, level, T_PIOTLB | G(3), iova + in[i], true);
		}
		for (i = 0; i < 2; i++) {
			large(PGTT_SS, level, T_IOTLB | G(3), iova + out[i], false);
			large(PGTT_FS, level, T_PIOTLB | G(3), iova + out[i], false);
		}
		/* Ranges that end in it, or hold all of it. */
		large(PGTT_SS, level, T_IOTLB | G(3), iova | 18, true);
		large(PGTT_FS, level, T_PIOTLB | G(3), iova | 20, true);
		large(PGTT_FS, level, T_PIOTLB | G(3), 40, true);
		large(PGTT_FS, level, T_PIOTLB | G(3), 63, true);
	}
}

/* Addresses of the upper half of a first stage. */
TEST(a_page_of_the_upper_half, "VTD-QI-34 VTD-QI-44")
{
	const struct iom_vtd_config config = {
		.cap = CAP_ALL, .ecap = ECAP_ALL, .version = 0x40, .address_bits = RIG_HAW
	};
	const uint64_t iova = 0xffff800000007000;
	struct rig *r = rig_new_config(&config);
	uint64_t root = page(r), old = page(r), now = page(r), leaf;

	rig_on(r, TTM_SCALABLE);
	rig_queue(r, 0, true);
	rig_device(r, 0x0123, 0, 0, 0);
	rig_pasid_put(r, 0x0123, 0, PE_P | PGTT_FS, 5 | PWSNP, FSPM_4 | root);
	leaf = rig_fs(r, root, 4, iova, 1, old | FS_PRU);
	rig_grants(r, 0x0123, rq(iova, IOM_READ), old);
	put64(r, leaf, now | FS_PRU);
	inv_piotlb_page(r, 5, 0, iova + PAGE, 0, false);
	rig_grants(r, 0x0123, rq(iova, IOM_READ), old);
	inv_piotlb_page(r, 5, 0, iova, 0, false);
	rig_grants(r, 0x0123, rq(iova, IOM_READ), now);
	rig_free(r);
}

/* What changes below a guest goes with the domain, or with the guest's page. */
TEST(second_stage_below_a_guest, "VTD-QI-35 VTD-QI-43")
{
	static const uint64_t by[][2] = { { T_IOTLB | G(1), 0 },
		                          { T_IOTLB | G(2) | 5 << 16, 0 },
		                          { T_IOTLB | G(3) | 5 << 16, 0x5000 } };
	unsigned i;

	for (i = 0; i < 3; i++) {
		const struct iom_vtd_config config = {
			.cap = CAP_ALL, .ecap = ECAP_ALL, .version = 0x40, .address_bits = RIG_HAW
		};
		struct rig *r = rig_new_config(&config);
		uint64_t fs = page(r), ss = page(r), old = page(r), now = page(r), leaf;

		rig_on(r, TTM_SCALABLE);
		rig_queue(r, 0, true);
		rig_device(r, 0x0123, 0, 0, 0);
		rig_pasid_put(r, 0x0123, 0, PE_P | PGTT_NEST | PE_AW(4) | ss, 5 | PWSNP,
		              FSPM_4 | fs);
		/* The guest's tables stand where the host's do; its page does not. */
		rig_ss(r, ss, 4, RIG_RAM, 3, RIG_RAM | SS_PS | SS_RW);
		leaf = rig_ss(r, ss, 4, 0x5000, 1, old | SS_RW);
		rig_fs(r, fs, 4, IOVA, 1, 0x5000 | FS_PRU);
		rig_grants(r, 0x0123, rq(IOVA, IOM_READ), old);
		put64(r, leaf, now | SS_RW);
		inv_iotlb_domain(r, 6);
		inv_piotlb(r, 5, 9);
		rig_grants(r, 0x0123, rq(IOVA, IOM_READ), old);
		rig_submit(r, by[i][0], by[i][1]);
		rig_wait(r);
		rig_grants(r, 0x0123, rq(IOVA, IOM_READ), now);
		rig_free(r);
	}
}
