/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The PASID directory. */
#include "rig.h"

#define SID 0x0123
#define IOVA 0x5678ull

static struct rig *scalable(uint64_t flags)
{
	struct rig *r = rig_new();

	rig_on(r, TTM_SCALABLE);
	rig_device(r, SID, 0, PASIDE | flags, 0);
	rig_pasid_put(r, SID, 0x1234, PE_P | PGTT_PASS, 1, 0);
	rig_grants(r, SID, rq_pid(IOVA, IOM_READ, 0x1234), IOVA);
	return r;
}

TEST(directory_index, "VTD-PDIR-01")
{
	/* Bits 19:6 of each are alone in their place; a directory of 32 pages. */
	const uint32_t pasid[] = { 1,      0x40,   0x80,    0x1000,  0x7fc0,  0x8000,
		                   0x8040, 0xffc0, 0x10000, 0x40000, 0x80000, 0xfffc0 };
	const unsigned n = sizeof(pasid) / sizeof(*pasid);
	struct rig *r = rig_new();
	uint64_t directory, table = page(r);
	unsigned i, j;

	rig_on(r, TTM_SCALABLE);
	rig_device(r, SID, 7, PASIDE, 0);
	directory = ram64(r, rig_scontext(r, SID)) & ~0xfffull;
	for (i = 0; i < n; i++) {
		put64(r, table + 64ull * (pasid[i] & 0x3f) + 8, 1);
		put64(r, table + 64ull * (pasid[i] & 0x3f), PE_P | PGTT_PASS);
	}
	for (i = 0; i < n; i++) {
		put64(r, directory + 8ull * (pasid[i] >> 6), table | 1);
		for (j = 0; j < n; j++)
			if (i == j)
				rig_grants(r, SID, rq_pid(IOVA, IOM_READ, pasid[j]), IOVA);
			else
				rig_refuses(r, SID, rq_pid(IOVA, IOM_READ, pasid[j]), 0x51);
		put64(r, directory + 8ull * (pasid[i] >> 6), 0);
	}
	rig_free(r);
}

TEST(directory_unreadable, "VTD-PDIR-02")
{
	struct rig *r = scalable(FPD);
	uint64_t entry = rig_directory(r, SID, 0x1234), context = rig_scontext(r, SID);
	uint64_t was = ram64(r, context);
	struct iom_request q = rq_pid(IOVA, IOM_READ, 0x1234);

	put64(r, entry, ram64(r, entry) | FPD);
	CHECK_EQ(iom_memory_poison(r->memory, entry, 8), IOM_OK);
	rig_refuses(r, SID, q, 0x50);
	CHECK_EQ(iom_memory_cure(r->memory, entry, 8), IOM_OK);
	rig_grants(r, SID, q, IOVA);
	put64(r, context, RIG_NOWHERE | (was & 0xfff));
	rig_refuses(r, SID, q, 0x50);
	/* Only the page where the entry is has to be there. */
	rig_ram_at(r, RIG_NOWHERE + 0x240, 8);
	put64(r, RIG_NOWHERE + 0x240, ram64(r, entry));
	rig_grants(r, SID, q, IOVA);
	rig_refuses(r, SID, rq_pid(IOVA, IOM_READ, 0x1274), 0x50);
	rig_free(r);
}

TEST(directory_entries, "VTD-PDIR-02 VTD-PDIR-03")
{
	struct iom_request q = rq_pid(IOVA, IOM_READ, 0x1234);
	uint64_t quiet;
	unsigned i;

	for (quiet = 0; quiet <= FPD; quiet += FPD) {
		struct rig *r = scalable(quiet);
		uint64_t entry = rig_directory(r, SID, 0x1234), was = ram64(r, entry);

		if (quiet) {
			put64(r, entry, was & ~1ull);
			rig_refuses_quietly(r, SID, q, 0x51);
			put64(r, entry, was | 4);
			rig_refuses_quietly(r, SID, q, 0x52);
		} else {
			put64(r, entry, was & ~1ull);
			rig_refuses(r, SID, q, 0x51);
			put64(r, entry, ~3ull);
			rig_refuses(r, SID, q, 0x51);
			put64(r, entry, ~1ull);
			rig_refuses_quietly(r, SID, q, 0x51);
			put64(r, entry, was);
			rig_reserved(r, entry, 0xffc | ~0ull << RIG_HAW, SID, q, 0x52);
			for (i = 2; i < 12; i++) {
				put64(r, entry, was | FPD | 1u << i);
				rig_refuses_quietly(r, SID, q, 0x52);
			}
			put64(r, entry, was | FPD);
			rig_grants(r, SID, q, IOVA);
		}
		rig_free(r);
	}
}
