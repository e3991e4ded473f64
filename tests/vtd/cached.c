/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The devices of cached.h. */
#include "cached.h"

struct rig *cached(uint64_t cap)
{
	const struct iom_vtd_config config = {
		.cap = CAP_ALL | cap, .ecap = ECAP_ALL, .version = 0x40, .address_bits = RIG_HAW
	};
	struct rig *r = rig_new_config(&config);

	rig_queue(r, 1, true);
	return r;
}

uint64_t second(struct rig *r, bool scalable, uint16_t sid, uint16_t did, uint64_t to)
{
	uint64_t root = page(r);

	rig_ss(r, root, 4, IOVA, 1, to | SS_RW);
	if (scalable) {
		rig_device(r, sid, 0, PASIDE, 0);
		rig_pasid_put(r, sid, 0, PE_P | PGTT_SS | PE_AW(4) | root, did | PWSNP, 0);
	} else {
		rig_context_put(r, sid, CTX_P | TT_UNTRANSLATED | root, AW(4) | DID(did));
	}
	return root;
}

uint64_t first(struct rig *r, uint16_t sid, uint32_t pasid, uint16_t did, uint64_t to)
{
	uint64_t root = page(r);

	rig_fs(r, root, 4, IOVA, 1, to | FS_PRU | FS_A | FS_D);
	rig_pasid_put(r, sid, pasid, PE_P | PGTT_FS, did | PWSNP, root);
	return root;
}
