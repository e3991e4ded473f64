/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Pass-through by a PASID table entry. */
#include "rig.h"

#define SID 0x0123
#define PASID 9
#define LIMIT (1ull << RIG_HAW)

static struct rig *passing(uint64_t qw0)
{
	struct rig *r = rig_new();

	rig_on(r, TTM_SCALABLE);
	rig_device(r, SID, 0, PASIDE, 0);
	rig_pasid_put(r, SID, 0, PE_P | PGTT_PASS | qw0, 1, 0);
	rig_pasid_put(r, SID, PASID, PE_P | PGTT_PASS | qw0, 1, 0);
	return r;
}

TEST(pass_through_is_identity, "VTD-PT-01 VTD-PT-02")
{
	const unsigned kinds[] = { IOM_READ, IOM_WRITE, IOM_ATOMIC };
	struct rig *r = passing(0);
	unsigned i, bit;

	for (i = 0; i < 3; i++) {
		rig_grants(r, SID, rq(0, kinds[i]), 0);
		rig_grants(r, SID, rq_pid(LIMIT - 8, kinds[i], PASID), LIMIT - 8);
		for (bit = 12; bit < 64; bit++) {
			uint64_t iova = 1ull << bit | 0x120;

			if (bit < RIG_HAW) {
				CHECK_EQ(rig_grants(r, SID, rq(iova, kinds[i]), iova).perm & 3, 3);
				rig_grants(r, SID, rq_pid(iova, kinds[i], PASID), iova);
			} else {
				rig_refuses(r, SID, rq(iova, kinds[i]), 0x83);
				rig_refuses(r, SID, rq_pid(iova, kinds[i], PASID), 0x83);
			}
		}
		/* Without a PASID this would be no translation at all. */
		rig_refuses(r, SID, rq_pid(0xfee00000, kinds[i], PASID), 0x87);
		rig_refuses(r, SID, rq_pid(0xfeeffff8, kinds[i], PASID), 0x87);
		rig_grants(r, SID, rq_pid(0xfedffff8, kinds[i], PASID), 0xfedffff8);
		rig_grants(r, SID, rq_pid(0xfef00000, kinds[i], PASID), 0xfef00000);
		rig_grants(r, SID, rq_pid(0x1fee00000, kinds[i], PASID), 0x1fee00000);
	}
	rig_free(r);
}

TEST(pass_through_uses_no_tables, "VTD-PT-03")
{
	struct rig *r = passing(PE_AW(4) | SSADE | RIG_NOWHERE);
	unsigned i, aw;

	for (aw = 0; aw < 8; aw++) {
		put64(r, rig_pasid(r, SID, 0),
		      PE_P | PGTT_PASS | aw << 2 | (aw & 1 ? SSADE : 0) | RIG_NOWHERE);
		rig_grants(r, SID, rq(0x1234, IOM_WRITE), 0x1234);
	}
	rig_watch(r);
	rig_grants(r, SID, rq(0x1234, IOM_WRITE), 0x1234);
	for (i = 0; i < r->owns; i++)
		CHECK(r->own[i].of == IOM_OF_DEVICE || r->own[i].of == IOM_OF_PROCESS);
	rig_free(r);
}
