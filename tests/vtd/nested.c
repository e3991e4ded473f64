/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Nested translation: where the two stages meet. */
#include "nest.h"

#define SID NEST_SID

static const unsigned kinds[] = { IOM_READ, IOM_WRITE, IOM_ATOMIC };

#define EACH_NEST(n, fs, ss, qw0, qw2)                                                             \
	for (fs = 4; fs <= 5; fs++)                                                                \
		for (ss = 3; ss <= 5; ss++)                                                        \
			for (nest_init(n, fs, ss, qw0, qw2); (n)->r;                               \
			     rig_free((n)->r), (n)->r = NULL)

TEST(nested_walks, "VTD-NEST-01")
{
	unsigned fs, ss, i;
	struct nest n;

	EACH_NEST(&n, fs, ss, 0, 0)
	{
		uint64_t old = n.fs, gpa;

		for (i = 0; i < 3; i++)
			rig_grants(n.r, SID, rq(n.iova | 0xab8, kinds[i]), n.to | 0xab8);
		rig_refuses(n.r, SID, rq(1ull << (11 + 9 * fs), IOM_READ), 0x80);
		rig_refuses(n.r, SID, rq(n.iova + PAGE, IOM_READ), 0x71);
		/* Another page at the root's guest address is another root. */
		gpa = nest_page(&n);
		put64(n.r, nest_leaf(&n, old), nest_spa(&n, gpa) | SS_RW);
		rig_refuses(n.r, SID, rq(n.iova, IOM_READ), 0x71);
		put64(n.r, nest_leaf(&n, old), nest_spa(&n, old) | SS_RW);
		/* So it is for the page itself. */
		put64(n.r, nest_leaf(&n, n.gpa), nest_spa(&n, gpa) | SS_RW);
		rig_grants(n.r, SID, rq(n.iova, IOM_READ), nest_spa(&n, gpa));
	}
}

/* FSPTPTR is as wide as the second stage, while entries have addresses of 52 bits. */
TEST(nested_root_above_52_bits, "VTD-NEST-01")
{
	unsigned bit;
	struct nest n;

	for (bit = 51; bit < 57; bit++) {
		uint64_t to;

		nest_init(&n, 4, 5, 0, 0);
		to = nest_spa(&n, n.fs);
		put64(n.r, nest_leaf(&n, n.fs), 0);
		rig_refuses(n.r, SID, rq(n.iova, IOM_READ), 0x79);
		rig_ss(n.r, n.ss, 5, n.fs | 1ull << bit, 1, to | SS_RW);
		put64(n.r, n.pasid + 16, n.fs | 1ull << bit);
		rig_grants(n.r, SID, rq(n.iova, IOM_READ), n.to);
		rig_free(n.r);
	}
}

TEST(nested_addresses_too_wide, "VTD-NEST-02 VTD-NEST-06")
{
	unsigned fs, ss, level, bit, i;
	struct nest n;

	EACH_NEST(&n, fs, ss, 0, 0)
	{
		unsigned width = 12 + 9 * ss;

		for (level = 1; level <= fs; level++) {
			uint64_t entry = nest_entry(&n, n.iova, level);
			uint64_t was = ram64(n.r, entry);

			/* An address that fits and is not mapped is another matter. */
			for (bit = 38; bit < 52; bit++)
				for (i = 0; i < 2; i++) {
					put64(n.r, entry, was | 1ull << bit);
					rig_refuses(n.r, SID, rq(n.iova, kinds[i]),
					            bit < width ? 0x79 : 0x74);
				}
			put64(n.r, entry, was);
		}
		rig_grants(n.r, SID, rq(n.iova, IOM_WRITE), n.to);
	}
}

TEST(nested_reads_of_tables, "VTD-NEST-03")
{
	unsigned fs, ss, level, up;
	struct nest n;

	EACH_NEST(&n, fs, ss, 0, 0)
	{
		for (level = 1; level <= fs; level++) {
			uint64_t gpa = nest_table(&n, n.iova, level);
			uint64_t leaf = nest_leaf(&n, gpa), was = ram64(n.r, leaf);

			put64(n.r, leaf, was & ~SS_R);
			rig_refuses(n.r, SID, rq(n.iova, IOM_READ), level == fs ? 0x75 : 0x76);
			rig_refuses(n.r, SID, rq(n.iova, IOM_WRITE), level == fs ? 0x75 : 0x76);
			put64(n.r, leaf, was);
		}
		/* R missing farther up in the second stage concerns the root first. */
		for (up = 2; up <= ss; up++) {
			uint64_t entry = rig_entry(n.r, n.ss, ss, n.fs, up);

			put64(n.r, entry, ram64(n.r, entry) & ~SS_R);
			rig_refuses(n.r, SID, rq(n.iova, IOM_READ), 0x75);
			put64(n.r, entry, ram64(n.r, entry) | SS_R);
		}
		rig_grants(n.r, SID, rq(n.iova, IOM_WRITE), n.to);
	}
}

TEST(nested_updates, "VTD-NEST-04 VTD-NEST-12")
{
	unsigned fs, ss, level;
	struct nest n;

	EACH_NEST(&n, fs, ss, 0, 0)
	{
		for (level = 1; level <= fs; level++) {
			uint64_t leaf = nest_leaf(&n, nest_table(&n, n.iova, level));
			uint64_t was = ram64(n.r, leaf), entry = nest_entry(&n, n.iova, level);

			put64(n.r, leaf, was & ~SS_W);
			put64(n.r, entry, ram64(n.r, entry) & ~FS_A);
			rig_refuses(n.r, SID, rq(n.iova, IOM_READ), 0x77);
			CHECK_EQ(ram64(n.r, entry) & (FS_A | FS_D), 0);
			/* Without anything to write, reading is enough. */
			put64(n.r, entry, ram64(n.r, entry) | FS_A);
			rig_grants(n.r, SID, rq(n.iova, IOM_READ), n.to);
			if (level == 1) {
				rig_refuses(n.r, SID, rq(n.iova, IOM_WRITE), 0x77);
				CHECK_EQ(ram64(n.r, entry) & FS_D, 0);
			}
			put64(n.r, leaf, was);
		}
		rig_grants(n.r, SID, rq(n.iova, IOM_WRITE), n.to);
		CHECK(ram64(n.r, nest_entry(&n, n.iova, 1)) & FS_D);
	}
}

TEST(nested_updates_of_ea, "VTD-NEST-12")
{
	unsigned level;
	struct nest n;

	nest_init(&n, 4, 4, 0, EAFE);
	nest_preset(&n, n.iova);
	for (level = 1; level <= 4; level++) {
		uint64_t leaf = nest_leaf(&n, nest_table(&n, n.iova, level));
		uint64_t was = ram64(n.r, leaf), entry = nest_entry(&n, n.iova, level);

		put64(n.r, leaf, was & ~SS_W);
		put64(n.r, entry, ram64(n.r, entry) & ~FS_EA);
		rig_refuses(n.r, SID, rq(n.iova, IOM_READ), 0x77);
		put64(n.r, entry, ram64(n.r, entry) | FS_EA);
		rig_grants(n.r, SID, rq(n.iova, IOM_READ), n.to);
		put64(n.r, leaf, was);
	}
	rig_free(n.r);
}

TEST(nested_permissions, "VTD-NEST-05")
{
	unsigned fs, ss;
	struct nest n;

	EACH_NEST(&n, fs, ss, 0, 0)
	{
		uint64_t leaf = nest_leaf(&n, n.gpa);
		struct iom_reply reply;

		put64(n.r, leaf, n.to | SS_R);
		reply = rig_grants(n.r, SID, rq(n.iova, IOM_READ), n.to);
		CHECK_EQ(reply.perm & 3, IOM_PERM_READ);
		rig_refuses(n.r, SID, rq(n.iova, IOM_WRITE), 0x85);
		rig_refuses(n.r, SID, rq(n.iova, IOM_ATOMIC), 0x85);
		put64(n.r, leaf, n.to | SS_W);
		rig_grants(n.r, SID, rq(n.iova, IOM_WRITE), n.to);
		rig_refuses(n.r, SID, rq(n.iova, IOM_READ), 0x86);
		rig_refuses(n.r, SID, rq(n.iova, IOM_ATOMIC), 0x86);
		put64(n.r, leaf, n.to);
		rig_refuses(n.r, SID, rq(n.iova, IOM_READ), 0x79);
		put64(n.r, leaf, n.to | SS_RW);
		nest_map(&n, n.iova, 1, n.gpa | FS_P | FS_US);
		reply = rig_grants(n.r, SID, rq(n.iova, IOM_READ), n.to);
		CHECK_EQ(reply.perm & 3, IOM_PERM_READ);
		rig_refuses(n.r, SID, rq(n.iova, IOM_WRITE), 0x85);
		/* Nor does D, which would hold writes back, let them through. */
		nest_map(&n, n.iova, 1, n.gpa | FS_P | FS_US | FS_A | FS_D);
		reply = rig_grants(n.r, SID, rq(n.iova, IOM_READ), n.to);
		CHECK_EQ(reply.perm & 3, IOM_PERM_READ);
		nest_map(&n, n.iova, 1, n.gpa | FS_P | FS_RW);
		rig_refuses(n.r, SID, rq(n.iova, IOM_READ), 0x81);
		nest_map(&n, n.iova, 1, n.gpa | FS_PRU);
		put64(n.r, leaf, 0xfee00000 | SS_RW);
		rig_refuses(n.r, SID, rq(n.iova, IOM_READ), 0x87);
		/* Guest addresses of that range are ordinary ones. */
		rig_ss(n.r, n.ss, ss, 0xfee00000, 1, n.to | SS_RW);
		nest_map(&n, n.iova, 1, 0xfee00000 | FS_PRU);
		rig_grants(n.r, SID, rq(n.iova, IOM_WRITE), n.to);
	}
}

TEST(nested_second_stage_faults, "VTD-NEST-07")
{
	unsigned fs, ss, level, up;
	struct nest n;

	EACH_NEST(&n, fs, ss, 0, 0)
	{
		struct rig *r = n.r;

		for (level = 0; level <= fs; level++) { /* 0: the page itself */
			uint64_t gpa = level ? nest_table(&n, n.iova, level) : n.gpa;
			uint64_t leaf = nest_leaf(&n, gpa), was = ram64(r, leaf);

			put64(r, leaf, 0);
			rig_refuses(r, SID, rq(n.iova, IOM_READ), 0x79);
			put64(r, leaf, was | 1ull << 51);
			rig_refuses(r, SID, rq(n.iova, IOM_READ), 0x7a);
			put64(r, leaf, was);
			CHECK_EQ(iom_memory_poison(r->memory, leaf, 8), IOM_OK);
			rig_refuses(r, SID, rq(n.iova, IOM_READ), 0x78);
			CHECK_EQ(iom_memory_cure(r->memory, leaf, 8), IOM_OK);
			/* A table of the guest that the second stage leads astray. */
			if (level) {
				put64(r, leaf, RIG_NOWHERE | SS_RW);
				rig_refuses(r, SID, rq(n.iova, IOM_READ),
				            level == fs ? 0x73 : 0x70);
				put64(r, leaf, was);
			}
		}
		for (up = 2; up <= ss; up++) {
			uint64_t entry = rig_entry(r, n.ss, ss, n.fs, up);

			CHECK_EQ(iom_memory_poison(r->memory, entry, 8), IOM_OK);
			rig_refuses(r, SID, rq(n.iova, IOM_READ), up == ss ? 0x7b : 0x78);
			CHECK_EQ(iom_memory_cure(r->memory, entry, 8), IOM_OK);
		}
		rig_grants(r, SID, rq(n.iova, IOM_WRITE), n.to);
		put64(r, n.pasid, PE_P | PGTT_NEST | PE_AW(ss) | RIG_NOWHERE);
		rig_refuses(r, SID, rq(n.iova, IOM_READ), 0x7b);
	}
}

TEST(nested_second_stage_flags_faults, "VTD-NEST-07")
{
	uint64_t rom, leaf;
	struct nest n;

	/* Not snooped, so that A cannot be set in the second stage. */
	nest_init(&n, 4, 4, SSADE, 0);
	nest_preset(&n, n.iova);
	put64(n.r, n.pasid + 8, NEST_DID);
	rig_refuses(n.r, SID, rq(n.iova, IOM_READ), 0x7c);
	rig_free(n.r);

	nest_init(&n, 4, 4, SSADE, 0);
	nest_preset(&n, n.iova);
	leaf = nest_leaf(&n, n.fs);
	rom = rom_page(n.r);
	put64(n.r, rom + (leaf & 0xfff), ram64(n.r, leaf));
	put64(n.r, rig_entry(n.r, n.ss, 4, n.fs, 2), rom | SS_RW);
	rig_refuses(n.r, SID, rq(n.iova, IOM_READ), 0x7d);
	CHECK_EQ(ram64(n.r, rom + (leaf & 0xfff)) & (SS_A | SS_D), 0);
	rig_free(n.r);
}

TEST(nested_flags, "VTD-NEST-08")
{
	unsigned fs, ss, level, i;

	for (fs = 4; fs <= 5; fs++)
		for (ss = 3; ss <= 5; ss++)
			for (i = 0; i < 3; i++) {
				bool write = kinds[i] != IOM_READ;
				struct nest n;

				/* The guest's tables have no flags: they are set, by writes. */
				nest_init(&n, fs, ss, SSADE, 0);
				rig_grants(n.r, SID, rq(n.iova, kinds[i]), n.to);
				for (level = 1; level <= fs; level++) {
					uint64_t gpa = nest_table(&n, n.iova, level);

					CHECK_EQ(ram64(n.r, nest_entry(&n, n.iova, level)) &
					                 (FS_A | FS_D),
					         level == 1 && write ? FS_A | FS_D : FS_A);
					CHECK_EQ(ram64(n.r, nest_leaf(&n, gpa)) & (SS_A | SS_D),
					         SS_A | SS_D);
				}
				CHECK_EQ(ram64(n.r, nest_leaf(&n, n.gpa)) & (SS_A | SS_D),
				         write ? SS_A | SS_D : SS_A);
				for (level = 2; level <= ss; level++)
					CHECK_EQ(ram64(n.r,
					               rig_entry(n.r, n.ss, ss, n.gpa, level)) &
					                 (SS_A | SS_D),
					         SS_A);
				rig_free(n.r);

				/* They have them: reads alone. */
				nest_init(&n, fs, ss, SSADE, 0);
				nest_preset(&n, n.iova);
				rig_grants(n.r, SID, rq(n.iova, kinds[i]), n.to);
				for (level = 1; level <= fs; level++) {
					uint64_t gpa = nest_table(&n, n.iova, level);

					CHECK_EQ(ram64(n.r, nest_leaf(&n, gpa)) & (SS_A | SS_D),
					         SS_A);
				}
				CHECK_EQ(ram64(n.r, nest_leaf(&n, n.gpa)) & (SS_A | SS_D),
				         write ? SS_A | SS_D : SS_A);
				rig_free(n.r);

				/* Without SSADE the second stage is left alone. */
				nest_init(&n, fs, ss, 0, 0);
				rig_grants(n.r, SID, rq(n.iova, kinds[i]), n.to);
				CHECK_EQ(ram64(n.r, nest_leaf(&n, n.fs)), n.at[0].spa | SS_RW);
				CHECK_EQ(ram64(n.r, nest_leaf(&n, n.gpa)), n.to | SS_RW);
				rig_free(n.r);
			}
}

TEST(nested_page_sizes, "VTD-NEST-09")
{
	const uint64_t gpa = 0x40000000, to = 0x80000000;
	unsigned fs_level, ss_level;

	for (fs_level = 1; fs_level <= 3; fs_level++)
		for (ss_level = 1; ss_level <= 3; ss_level++) {
			unsigned least = fs_level < ss_level ? fs_level : ss_level;
			uint64_t iova = 0x7654c0000000;
			struct iom_reply reply;
			struct nest n;

			nest_init(&n, 4, 4, 0, 0);
			nest_map(&n, iova, fs_level, gpa | FS_PRU | (fs_level > 1 ? FS_PS : 0));
			rig_ss(n.r, n.ss, 4, gpa, ss_level,
			       to | SS_RW | (ss_level > 1 ? SS_PS : 0));
			reply = rig_grants(n.r, SID, rq(iova | 0x678, IOM_READ), to | 0x678);
			CHECK_EQ(reply.range_lg2, 12 + 9 * (least - 1));
			rig_free(n.r);
		}
}

TEST(nested_tables_that_are_read_only, "VTD-NEST-11")
{
	unsigned fs, ss, level, up, ssade;

	for (fs = 4; fs <= 5; fs++)
		for (ss = 3; ss <= 5; ss++)
			for (ssade = 0; ssade < 2; ssade++) {
				struct nest n;

				nest_init(&n, fs, ss, ssade ? SSADE : 0, 0);
				nest_preset(&n, n.iova);
				for (level = 1; level <= fs; level++) {
					uint64_t gpa = nest_table(&n, n.iova, level);
					uint64_t leaf = nest_leaf(&n, gpa), was = ram64(n.r, leaf);

					put64(n.r, leaf, was & ~SS_W);
					if (ssade)
						rig_refuses(n.r, SID, rq(n.iova, IOM_READ), 0x77);
					else
						rig_grants(n.r, SID, rq(n.iova, IOM_WRITE), n.to);
					put64(n.r, leaf, was);
				}
				/* In every entry that was used. */
				for (up = 2; up <= ss && ssade; up++) {
					uint64_t entry = rig_entry(n.r, n.ss, ss, n.fs, up);

					put64(n.r, entry, ram64(n.r, entry) & ~SS_W);
					rig_refuses(n.r, SID, rq(n.iova, IOM_READ), 0x77);
					put64(n.r, entry, ram64(n.r, entry) | SS_W);
				}
				rig_grants(n.r, SID, rq(n.iova, IOM_WRITE), n.to);
				rig_free(n.r);
			}
}

TEST(nested_zero_length_read, "VTD-NEST-13")
{
	unsigned zlr;

	for (zlr = 0; zlr < 2; zlr++) {
		struct nest n;

		nest_init_caps(&n, zlr ? CAP_ALL : CAP_ALL & ~CAP_ZLR, ECAP_ALL, 4, 4, 0, 0);
		put64(n.r, nest_leaf(&n, n.gpa), n.to | SS_W);
		if (zlr)
			rig_grants(n.r, SID, rq_zero(n.iova), n.to);
		else
			rig_refuses(n.r, SID, rq_zero(n.iova), 0x86);
		rig_refuses(n.r, SID, rq(n.iova, IOM_READ), 0x86);
		rig_free(n.r);
	}
}
