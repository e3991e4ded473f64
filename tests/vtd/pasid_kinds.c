/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The device of pasid_kinds.h. */
#include "pasid_kinds.h"

const uint64_t pgtts[KINDS] = { PGTT_FS, PGTT_SS, PGTT_NEST, PGTT_PASS };

void kinds_put(struct kinds *k, uint32_t pasid, uint64_t pgtt, uint64_t qw0, uint64_t qw1,
               uint64_t qw2)
{
	if (pgtt == PGTT_SS || pgtt == PGTT_NEST)
		qw0 |= k->ss | PE_AW(4);
	if (pgtt == PGTT_FS || pgtt == PGTT_NEST)
		qw2 |= k->fs;
	rig_pasid_put(k->r, SID, pasid, PE_P | pgtt | qw0, 7 | qw1, qw2);
}

struct kinds kinds_caps(uint64_t cap, uint64_t ecap, uint64_t pgtt)
{
	struct kinds k = { .r = rig_new_caps(cap, ecap) };
	unsigned i;

	k.fs = page(k.r);
	k.ss = page(k.r);
	rig_on(k.r, TTM_SCALABLE);
	rig_device(k.r, SID, 0, PASIDE | DTE, 0);
	for (i = 0; i < 4; i++)
		rig_ss(k.r, k.ss, 4, (uint64_t)i << 30, 3, (uint64_t)i << 30 | SS_RW | SS_PS);
	rig_fs(k.r, k.fs, 4, IOVA, 1, (IOVA & ~0xfffull) | FS_PRU);
	kinds_put(&k, PASID, pgtt, 0, PWSNP, 0);
	kinds_put(&k, 0, pgtt, 0, PWSNP, 0);
	k.entry = rig_pasid(k.r, SID, PASID);
	return k;
}

struct kinds kinds_new(uint64_t pgtt)
{
	struct kinds k = kinds_caps(CAP_ALL, ECAP_ALL, pgtt);

	rig_grants(k.r, SID, rq_pid(IOVA, IOM_READ, PASID), IOVA);
	rig_grants(k.r, SID, rq(IOVA, IOM_READ), IOVA);
	return k;
}

struct iom_request by_pasid(void)
{
	return rq_pid(IOVA, IOM_READ, PASID);
}
