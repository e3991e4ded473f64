/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Accessed, extended-accessed and dirty flags of the first stage. */
#include "stage.h"

#define SID STAGE_SID

static const unsigned kinds[] = { IOM_READ, IOM_WRITE, IOM_ATOMIC };

struct flags {
	struct stage s;
	uint64_t iova;
	uint64_t was[6]; /* by level */
};

static void flags_init(struct flags *f, unsigned levels, uint64_t qw1, uint64_t qw2)
{
	unsigned level;

	stage_first(&f->s, CAP_ALL, ECAP_ALL, levels);
	f->iova = stage_iova(&f->s, 0);
	stage_map(&f->s, f->iova, 1, STAGE_FAR | FS_PRU);
	put64(f->s.r, f->s.pasid + 8, STAGE_DID | qw1);
	put64(f->s.r, f->s.pasid + 16, ram64(f->s.r, f->s.pasid + 16) | qw2);
	for (level = 1; level <= levels; level++)
		f->was[level] = ram64(f->s.r, stage_entry(&f->s, f->iova, level));
}

static void flags_are(struct flags *f, uint64_t non_leaf, uint64_t leaf)
{
	unsigned level;

	for (level = 1; level <= f->s.levels; level++)
		CHECK_EQ(ram64(f->s.r, stage_entry(&f->s, f->iova, level)),
		         f->was[level] | (level == 1 ? leaf : non_leaf));
}

TEST(fs_flags, "VTD-FS-10 VTD-FS-11")
{
	unsigned levels, i, eafe;

	for (levels = 4; levels <= 5; levels++)
		for (eafe = 0; eafe < 2; eafe++)
			for (i = 0; i < 3; i++) {
				uint64_t a = eafe ? FS_A | FS_EA : FS_A;
				uint64_t d = kinds[i] == IOM_READ ? 0 : FS_D;
				uint64_t large, leaf;
				struct flags f;

				flags_init(&f, levels, PWSNP, eafe ? EAFE : 0);
				rig_grants(f.s.r, SID, rq(f.iova, kinds[i]), STAGE_FAR);
				flags_are(&f, a, a | d);
				/* After a read, the first write sets D. */
				rig_grants(f.s.r, SID, rq(f.iova, IOM_WRITE), STAGE_FAR);
				flags_are(&f, a, a | FS_D);
				large = stage_iova(&f.s, 3) & ~0x1fffffull;
				leaf = stage_map(&f.s, large, 2, 1ull << 30 | FS_PRU | FS_PS);
				rig_grants(f.s.r, SID, rq(large, kinds[i]), 1ull << 30);
				CHECK_EQ(ram64(f.s.r, leaf), 1ull << 30 | FS_PRU | FS_PS | a | d);
				rig_free(f.s.r);
			}
}

TEST(fs_flags_of_refused_requests, "VTD-FS-10")
{
	struct flags f;

	/* D is never set ahead of a write that is refused. */
	flags_init(&f, 4, PWSNP, 0);
	stage_map(&f.s, f.iova, 1, STAGE_FAR | FS_P | FS_US);
	rig_refuses(f.s.r, SID, rq(f.iova, IOM_WRITE), 0x85);
	CHECK_EQ(ram64(f.s.r, stage_entry(&f.s, f.iova, 1)) & FS_D, 0);
	rig_free(f.s.r);
}

TEST(fs_flags_of_output_in_the_interrupt_range, "VTD-FS-10")
{
	struct flags f;

	flags_init(&f, 4, PWSNP, 0);
	stage_map(&f.s, f.iova, 1, 0xfee00000 | FS_PRU);
	rig_refuses(f.s.r, SID, rq(f.iova, IOM_WRITE), 0x87);
	CHECK_EQ(ram64(f.s.r, stage_entry(&f.s, f.iova, 1)) & FS_D, 0);
	rig_free(f.s.r);
}

TEST(fs_flags_of_walks_that_are_not_snooped, "VTD-FS-12")
{
	unsigned levels, level, i, eafe;

	for (levels = 4; levels <= 5; levels++)
		for (eafe = 0; eafe < 2; eafe++)
			for (i = 0; i < 3; i++) {
				uint64_t a = eafe ? FS_A | FS_EA : FS_A;
				struct flags f;
				struct rig *r;

				flags_init(&f, levels, 0, eafe ? EAFE : 0);
				r = f.s.r;
				rig_refuses(r, SID, rq(f.iova, kinds[i]), 0x90);
				flags_are(&f, 0, 0);
				for (level = 1; level <= levels; level++) {
					f.was[level] |= a;
					if (level == 1 && kinds[i] != IOM_READ)
						f.was[level] |= FS_D;
					put64(r, stage_entry(&f.s, f.iova, level), f.was[level]);
				}
				rig_grants(r, SID, rq(f.iova, kinds[i]), STAGE_FAR);
				for (level = 1; level <= levels; level++) {
					uint64_t entry = stage_entry(&f.s, f.iova, level);

					put64(r, entry, f.was[level] & ~FS_A);
					rig_refuses(r, SID, rq(f.iova, kinds[i]), 0x90);
					put64(r, entry, f.was[level] & ~FS_EA);
					if (eafe)
						rig_refuses(r, SID, rq(f.iova, kinds[i]), 0x90);
					else
						rig_grants(r, SID, rq(f.iova, kinds[i]), STAGE_FAR);
					put64(r, entry, f.was[level]);
				}
				if (kinds[i] != IOM_READ) {
					stage_map(&f.s, f.iova, 1, f.was[1] & ~FS_D);
					rig_refuses(r, SID, rq(f.iova, kinds[i]), 0x90);
					rig_grants(r, SID, rq(f.iova, IOM_READ), STAGE_FAR);
				}
				rig_free(r);
			}
}

TEST(fs_flags_that_cannot_be_stored, "VTD-FS-13")
{
	unsigned levels, level;

	for (levels = 4; levels <= 5; levels++)
		for (level = 1; level <= levels; level++) {
			struct flags f;
			struct rig *r;
			uint64_t table, at;

			flags_init(&f, levels, PWSNP, 0);
			r = f.s.r;
			table = rom_page(r);
			at = table + (stage_entry(&f.s, f.iova, level) & 0xfff);
			put64(r, at, f.was[level]);
			if (level < levels)
				put64(r, stage_entry(&f.s, f.iova, level + 1), table | FS_PRU);
			else
				put64(r, f.s.pasid + 16,
				      (ram64(r, f.s.pasid + 16) & 0xfff) | table);
			rig_refuses(r, SID, rq(f.iova, IOM_WRITE), 0x91);
			CHECK_EQ(ram64(r, at), f.was[level]);
			put64(r, at, f.was[level] | FS_A | FS_D);
			rig_grants(r, SID, rq(f.iova, IOM_WRITE), STAGE_FAR);
			rig_free(r);
		}
}
