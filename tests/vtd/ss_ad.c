/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Accessed and dirty flags of the second stage. */
#include "stage.h"

#define SID STAGE_SID

/* Scalable mode, second stage with SSADE; the tables have no A or D, and lead `iova` to STAGE_FAR. */
struct flags {
	struct stage s;
	uint64_t iova;
	uint64_t was[6]; /* by level */
};

static void flags_init(struct flags *f, unsigned levels, uint64_t qw0, uint64_t qw1)
{
	unsigned level;

	stage_second(&f->s, CAP_ALL, ECAP_ALL, true, levels);
	f->iova = stage_iova(&f->s, 0);
	stage_map(&f->s, f->iova, 1, STAGE_FAR | SS_RW);
	put64(f->s.r, f->s.pasid + 8, STAGE_DID | qw1);
	put64(f->s.r, f->s.pasid, PE_P | PGTT_SS | PE_AW(levels) | f->s.root | qw0);
	for (level = 1; level <= levels; level++)
		f->was[level] = ram64(f->s.r, stage_entry(&f->s, f->iova, level));
}

/* What has been set in each entry: `non_leaf` above the leaf, `leaf` in it. */
static void flags_are(struct flags *f, uint64_t non_leaf, uint64_t leaf)
{
	unsigned level;

	for (level = 1; level <= f->s.levels; level++)
		CHECK_EQ(ram64(f->s.r, stage_entry(&f->s, f->iova, level)),
		         f->was[level] | (level == 1 ? leaf : non_leaf));
}

TEST(ss_flags_without_ssade, "VTD-SSAD-01")
{
	unsigned levels;

	for (levels = 3; levels <= 5; levels++) {
		struct flags f;

		flags_init(&f, levels, 0, PWSNP);
		rig_grants(f.s.r, SID, rq(f.iova, IOM_WRITE), STAGE_FAR);
		rig_grants(f.s.r, SID, rq(f.iova, IOM_READ), STAGE_FAR);
		rig_grants(f.s.r, SID, rq(f.iova, IOM_ATOMIC), STAGE_FAR);
		flags_are(&f, 0, 0);
		rig_free(f.s.r);
	}
}

TEST(ss_flags_of_reads_and_writes, "VTD-SSAD-02 VTD-SSAD-03")
{
	unsigned levels, level, kind;

	for (levels = 3; levels <= 5; levels++)
		for (kind = IOM_READ; kind <= IOM_ATOMIC; kind++) {
			struct flags f;

			if (kind == IOM_EXECUTE)
				continue;
			flags_init(&f, levels, SSADE, PWSNP);
			rig_grants(f.s.r, SID, rq(f.iova, IOM_READ), STAGE_FAR);
			flags_are(&f, SS_A, SS_A);
			rig_grants(f.s.r, SID, rq(f.iova, kind), STAGE_FAR);
			flags_are(&f, SS_A, kind == IOM_READ ? SS_A : SS_A | SS_D);
			rig_free(f.s.r);

			/* Large leaves, at once. */
			for (level = 2; level <= 3; level++) {
				uint64_t large, leaf;

				flags_init(&f, levels, SSADE, PWSNP);
				large = stage_iova(&f.s, level) & ~(stage_bytes(level) - 1);
				leaf = stage_map(&f.s, large, level, 1ull << 30 | SS_RW | SS_PS);
				rig_grants(f.s.r, SID, rq(large, kind), 1ull << 30);
				CHECK_EQ(ram64(f.s.r, leaf), 1ull << 30 | SS_RW | SS_PS | SS_A |
				                                     (kind == IOM_READ ? 0 : SS_D));
				if (level < levels)
					CHECK_EQ(ram64(f.s.r, stage_entry(&f.s, large, level + 1)) &
					                 (SS_A | SS_D),
					         SS_A);
				rig_free(f.s.r);
			}
		}
}

TEST(ss_flags_in_legacy_mode, "VTD-SSAD-04")
{
	unsigned levels, level;

	for (levels = 3; levels <= 5; levels++) {
		struct stage s;
		uint64_t iova;

		stage_second(&s, CAP_ALL, ECAP_ALL, false, levels);
		iova = stage_iova(&s, 0);
		stage_map(&s, iova, 1, STAGE_FAR | SS_RW);
		rig_grants(s.r, SID, rq(iova, IOM_WRITE), STAGE_FAR);
		rig_grants(s.r, SID, rq(iova, IOM_ATOMIC), STAGE_FAR);
		for (level = 1; level <= levels; level++)
			CHECK_EQ(ram64(s.r, stage_entry(&s, iova, level)) & (SS_A | SS_D), 0);
		rig_free(s.r);
	}
}

TEST(ss_flags_under_pass_through, "VTD-SSAD-05")
{
	struct flags f;

	flags_init(&f, 4, SSADE, PWSNP);
	put64(f.s.r, f.s.pasid, PE_P | PGTT_PASS | PE_AW(4) | SSADE | f.s.root);
	rig_grants(f.s.r, SID, rq(f.iova & ((1ull << RIG_HAW) - 1), IOM_WRITE),
	           f.iova & ((1ull << RIG_HAW) - 1));
	flags_are(&f, 0, 0);
	rig_free(f.s.r);
}

TEST(ss_flags_of_refused_requests, "VTD-SSAD-06 VTD-SSAD-07")
{
	unsigned levels, level;

	for (levels = 3; levels <= 5; levels++) {
		struct flags f;
		struct rig *r;

		flags_init(&f, levels, SSADE, PWSNP);
		r = f.s.r;
		f.was[1] = STAGE_FAR | SS_R;
		stage_map(&f.s, f.iova, 1, f.was[1]);
		rig_refuses(r, SID, rq(f.iova, IOM_WRITE), 0x85);
		flags_are(&f, SS_A, 0);
		rig_free(r);

		/* A reserved bit at each level: no entry from there on changes. */
		for (level = 1; level <= levels; level++) {
			uint64_t entry;
			unsigned i;

			flags_init(&f, levels, SSADE, PWSNP);
			r = f.s.r;
			entry = stage_entry(&f.s, f.iova, level);
			put64(r, entry, f.was[level] | 1ull << 51);
			rig_refuses(r, SID, rq(f.iova, IOM_WRITE), 0x7a);
			CHECK_EQ(ram64(r, entry), f.was[level] | 1ull << 51);
			put64(r, entry, f.was[level]);
			for (i = 1; i <= levels; i++)
				CHECK_EQ(ram64(r, stage_entry(&f.s, f.iova, i)),
				         f.was[i] | (i > level ? SS_A : 0));
			rig_free(r);
		}
	}
}

TEST(ss_flags_of_output_in_the_interrupt_range, "VTD-SSAD-06")
{
	unsigned levels;

	for (levels = 3; levels <= 5; levels++) {
		struct flags f;

		flags_init(&f, levels, SSADE, PWSNP);
		f.was[1] = 0xfee00000 | SS_RW;
		stage_map(&f.s, f.iova, 1, f.was[1]);
		rig_refuses(f.s.r, SID, rq(f.iova, IOM_WRITE), 0x87);
		flags_are(&f, SS_A, 0);
		rig_free(f.s.r);
	}
}

TEST(ss_flags_of_walks_that_are_not_snooped, "VTD-SSAD-08 VTD-SSAD-09")
{
	unsigned levels, level, kind;

	for (levels = 3; levels <= 5; levels++)
		for (kind = IOM_READ; kind <= IOM_ATOMIC; kind++) {
			struct flags f;
			struct rig *r;

			if (kind == IOM_EXECUTE)
				continue;
			flags_init(&f, levels, SSADE, 0);
			r = f.s.r;
			rig_refuses(r, SID, rq(f.iova, kind), 0x7c);
			flags_are(&f, 0, 0);
			/* All set, and then each of them clear. */
			for (level = 1; level <= levels; level++) {
				f.was[level] |= SS_A | (level == 1 && kind != IOM_READ ? SS_D : 0);
				put64(r, stage_entry(&f.s, f.iova, level), f.was[level]);
			}
			rig_grants(r, SID, rq(f.iova, kind), STAGE_FAR);
			flags_are(&f, 0, 0);
			for (level = 1; level <= levels; level++) {
				uint64_t entry = stage_entry(&f.s, f.iova, level);

				put64(r, entry, f.was[level] & ~SS_A);
				rig_refuses(r, SID, rq(f.iova, kind), 0x7c);
				CHECK_EQ(ram64(r, entry), f.was[level] & ~SS_A);
				put64(r, entry, f.was[level]);
			}
			if (kind != IOM_READ) {
				stage_map(&f.s, f.iova, 1, f.was[1] & ~SS_D);
				rig_refuses(r, SID, rq(f.iova, kind), 0x7c);
				rig_grants(r, SID, rq(f.iova, IOM_READ), STAGE_FAR);
			}
			rig_free(r);
		}
}

/* Set by the test below: when the unit has read this entry, software stores another value there. */
static struct {
	uint64_t entry, now;
	unsigned times;
} change;

static void change_it(struct rig *r, const struct iom_own_access *access)
{
	if (access->spa != change.entry || access->write || change.times)
		return;
	change.times++;
	put64(r, change.entry, change.now);
}

TEST(ss_flags_are_set_in_one_step, "VTD-SSAD-10")
{
	unsigned level;

	for (level = 1; level <= 4; level++) {
		struct flags f;
		struct rig *r;
		uint64_t other;

		flags_init(&f, 4, SSADE, PWSNP);
		r = f.s.r;
		change.times = 0;
		change.entry = stage_entry(&f.s, f.iova, level);
		if (level == 1) {
			change.now = (STAGE_FAR + PAGE) | SS_RW;
			other = change.entry;
		} else {
			/* Tables of their own, from this level down. */
			uint64_t root = page(r);

			rig_ss(r, root, 4, f.iova, 1, (STAGE_FAR + PAGE) | SS_RW);
			change.now = ram64(r, rig_entry(r, root, 4, f.iova, level));
			other = rig_entry(r, root, 4, f.iova, 1);
		}
		r->on_own = change_it;
		rig_watch(r);
		rig_grants(r, SID, rq(f.iova, IOM_WRITE), STAGE_FAR + PAGE);
		CHECK_EQ(change.times, 1);
		CHECK_EQ(ram64(r, change.entry), change.now | SS_A | (level == 1 ? SS_D : 0));
		CHECK_EQ(ram64(r, other), (STAGE_FAR + PAGE) | SS_RW | SS_A | SS_D);
		rig_free(r);
	}
	/* The other value refuses. */
	for (level = 1; level <= 4; level++) {
		struct flags f;

		flags_init(&f, 4, SSADE, PWSNP);
		change.times = 0;
		change.entry = stage_entry(&f.s, f.iova, level);
		change.now = 0;
		f.s.r->on_own = change_it;
		rig_watch(f.s.r);
		rig_refuses(f.s.r, SID, rq(f.iova, IOM_WRITE), 0x79);
		CHECK_EQ(ram64(f.s.r, change.entry), 0);
		rig_free(f.s.r);
	}
}

TEST(ss_flags_that_cannot_be_stored, "VTD-SSAD-11")
{
	unsigned level;

	for (level = 1; level <= 4; level++) {
		struct flags f;
		struct rig *r;
		uint64_t old, table;

		flags_init(&f, 4, SSADE, PWSNP);
		r = f.s.r;
		table = rom_page(r);
		old = stage_entry(&f.s, f.iova, level);
		put64(r, table + (old & 0xfff), f.was[level]);
		if (level < 4)
			put64(r, stage_entry(&f.s, f.iova, level + 1), table | SS_RW);
		else
			put64(r, f.s.pasid, PE_P | PGTT_SS | PE_AW(4) | SSADE | table);
		rig_refuses(r, SID, rq(f.iova, IOM_WRITE), 0x7d);
		CHECK_EQ(ram64(r, table + (old & 0xfff)), f.was[level]);
		put64(r, table + (old & 0xfff), f.was[level] | SS_A | SS_D);
		rig_grants(r, SID, rq(f.iova, IOM_WRITE), STAGE_FAR);
		rig_free(r);
	}
}

TEST(ss_flags_that_software_clears, "VTD-SSAD-12")
{
	const struct iom_vtd_config config = {
		.cap = CAP_ALL, .ecap = ECAP_ALL, .version = 0x40, .address_bits = RIG_HAW
	};
	struct stage s;
	uint64_t iova, leaf;

	stage_second_on(&s, rig_new_config(&config), true, 4);
	rig_queue(s.r, 0, true);
	put64(s.r, s.pasid, PE_P | PGTT_SS | PE_AW(4) | SSADE | s.root);
	iova = stage_iova(&s, 0);
	leaf = stage_map(&s, iova, 1, STAGE_FAR | SS_RW);
	/* A cached read does not hide the first write. */
	rig_grants(s.r, SID, rq(iova, IOM_READ), STAGE_FAR);
	CHECK_EQ(ram64(s.r, leaf), STAGE_FAR | SS_RW | SS_A);
	rig_grants(s.r, SID, rq(iova, IOM_WRITE), STAGE_FAR);
	CHECK_EQ(ram64(s.r, leaf), STAGE_FAR | SS_RW | SS_A | SS_D);
	put64(s.r, leaf, STAGE_FAR | SS_RW | SS_A);
	inv_iotlb_page(s.r, STAGE_DID, iova, 0, true);
	rig_grants(s.r, SID, rq(iova, IOM_WRITE), STAGE_FAR);
	CHECK_EQ(ram64(s.r, leaf), STAGE_FAR | SS_RW | SS_A | SS_D);
	put64(s.r, leaf, STAGE_FAR | SS_RW);
	inv_iotlb_domain(s.r, STAGE_DID);
	rig_grants(s.r, SID, rq(iova, IOM_READ), STAGE_FAR);
	CHECK_EQ(ram64(s.r, leaf), STAGE_FAR | SS_RW | SS_A);
	rig_free(s.r);
}
