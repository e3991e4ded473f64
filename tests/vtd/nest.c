/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The guest of nest.h. */
#include "nest.h"

#define POINTER 0xffffffffff000ull /* bits 51:12 */
#define GUEST 0x1234560000ull

uint64_t nest_spa(const struct nest *n, uint64_t gpa)
{
	unsigned i;

	for (i = 0; i < n->pages; i++)
		if (n->at[i].gpa == (gpa & ~0xfffull))
			return n->at[i].spa | (gpa & 0xfff);
	CHECK_MSG(false, "guest address 0x%llx has no page", (unsigned long long)gpa);
	return 0;
}

uint64_t nest_page(struct nest *n)
{
	uint64_t gpa = GUEST + n->pages * PAGE, spa = page(n->r);

	CHECK(n->pages < NEST_PAGES);
	n->at[n->pages].gpa = gpa;
	n->at[n->pages].spa = spa;
	n->pages++;
	rig_ss(n->r, n->ss, n->ss_levels, gpa, 1, spa | SS_RW);
	return gpa;
}

static uint64_t index_of(uint64_t iova, unsigned level)
{
	return iova >> (12 + 9 * (level - 1)) & 0x1ff;
}

uint64_t nest_table(const struct nest *n, uint64_t iova, unsigned level)
{
	uint64_t gpa = n->fs;
	unsigned i;

	for (i = n->fs_levels; i > level; i--)
		gpa = ram64(n->r, nest_spa(n, gpa) + 8 * index_of(iova, i)) & POINTER;
	return gpa;
}

uint64_t nest_entry(const struct nest *n, uint64_t iova, unsigned level)
{
	return nest_spa(n, nest_table(n, iova, level)) + 8 * index_of(iova, level);
}

uint64_t nest_map(struct nest *n, uint64_t iova, unsigned level, uint64_t entry)
{
	uint64_t spa;
	unsigned i;

	for (i = n->fs_levels; i > level; i--) {
		spa = nest_entry(n, iova, i);
		if (!ram64(n->r, spa))
			put64(n->r, spa, nest_page(n) | FS_PRU);
	}
	spa = nest_entry(n, iova, level);
	put64(n->r, spa, entry);
	return spa;
}

uint64_t nest_leaf(const struct nest *n, uint64_t gpa)
{
	return rig_entry(n->r, n->ss, n->ss_levels, gpa, 1);
}

void nest_preset(struct nest *n, uint64_t iova)
{
	unsigned level;

	for (level = 1; level <= n->fs_levels; level++) {
		uint64_t spa = nest_entry(n, iova, level);

		put64(n->r, spa, ram64(n->r, spa) | FS_A | (level == 1 ? FS_D : 0));
	}
}

void nest_init_caps(struct nest *n, uint64_t cap, uint64_t ecap, unsigned fs_levels,
                    unsigned ss_levels, uint64_t qw0, uint64_t qw2)
{
	*n = (struct nest){ .r = rig_new_caps(cap, ecap),
		            .fs_levels = fs_levels,
		            .ss_levels = ss_levels,
		            .iova = 0x123456789000 };
	n->ss = page(n->r);
	n->fs = nest_page(n);
	rig_on(n->r, TTM_SCALABLE);
	rig_device(n->r, NEST_SID, 0, 0, 0);
	rig_pasid_put(n->r, NEST_SID, 0, PE_P | PGTT_NEST | PE_AW(ss_levels) | n->ss | qw0,
	              NEST_DID | PWSNP, n->fs | (fs_levels == 5 ? FSPM_5 : FSPM_4) | qw2);
	n->pasid = rig_pasid(n->r, NEST_SID, 0);
	n->gpa = nest_page(n);
	n->to = nest_spa(n, n->gpa);
	nest_map(n, n->iova, 1, n->gpa | FS_PRU);
}

void nest_init(struct nest *n, unsigned fs_levels, unsigned ss_levels, uint64_t qw0, uint64_t qw2)
{
	nest_init_caps(n, CAP_ALL, ECAP_ALL, fs_levels, ss_levels, qw0, qw2);
}
