/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A device with a PASID for each kind of PASID table entry. */
#ifndef TESTS_VTD_PASID_KINDS_H
#define TESTS_VTD_PASID_KINDS_H

#include "rig.h"

#define SID 0x0123
#define PASID 9
#define IOVA 0x12345678ull
#define KINDS 4u

/* PGTT_FS, PGTT_SS, PGTT_NEST, PGTT_PASS */
extern const uint64_t pgtts[KINDS];

/*
 * PASID 9 of SID, and RID_PASID 0, by one kind of tables.  The first stage, whose tables stand at the same
 * guest addresses, leads IOVA to itself, and so does the second, which maps the first 4 GiB.
 */
struct kinds {
	struct rig *r;
	uint64_t fs, ss;
	uint64_t entry; /* SPA of PASID 9's */
};

/* On the unit with everything, and asked once; on one with these capabilities. */
struct kinds kinds_new(uint64_t pgtt);
struct kinds kinds_caps(uint64_t cap, uint64_t ecap, uint64_t pgtt);
/* Writes a PASID table entry: what `pgtt` needs, P and a domain, with these bits added. */
void kinds_put(struct kinds *k, uint32_t pasid, uint64_t pgtt, uint64_t qw0, uint64_t qw1,
               uint64_t qw2);
/* A read of IOVA with PASID 9. */
struct iom_request by_pasid(void);

#endif
