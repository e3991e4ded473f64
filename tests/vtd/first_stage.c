/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The first stage: widths, sizes, permissions, and what a walk may meet in memory. */
#include "stage.h"

#define SID STAGE_SID
#define PASID 9

static const unsigned kinds[] = { IOM_READ, IOM_WRITE, IOM_ATOMIC };

/* PASID 9 takes the same way, with these bits of the third word; SRE is what supervisors need. */
static void with_pasid(struct stage *s, uint64_t qw2)
{
	uint64_t context = rig_scontext(s->r, SID);

	put64(s->r, context, ram64(s->r, context) | PASIDE);
	rig_pasid_put(s->r, SID, PASID, PE_P | PGTT_FS, STAGE_DID | PWSNP,
	              s->root | (s->levels == 5 ? FSPM_5 : FSPM_4) | qw2);
}

TEST(fs_walks, "VTD-FS-01 VTD-FS-02")
{
	unsigned levels, i, bit;

	for (levels = 4; levels <= 5; levels++) {
		unsigned width = 12 + 9 * levels; /* the topmost bit repeats itself upwards */
		uint64_t high = ~0ull << (width - 1), top = ~0ull << 12;
		struct stage s;
		uint64_t iova;

		stage_first(&s, CAP_ALL, ECAP_ALL, levels);
		iova = stage_iova(&s, 0);
		stage_map(&s, 0, 1, STAGE_FAR | FS_PRU);
		stage_map(&s, iova, 1, (STAGE_FAR + PAGE) | FS_PRU);
		stage_map(&s, ~high & top, 1, (STAGE_FAR + 2 * PAGE) | FS_PRU);
		stage_map(&s, high, 1, (STAGE_FAR + 3 * PAGE) | FS_PRU);
		stage_map(&s, top, 1, (STAGE_FAR + 4 * PAGE) | FS_PRU);
		for (i = 0; i < 3; i++) {
			rig_grants(s.r, SID, rq(0x10, kinds[i]), STAGE_FAR | 0x10);
			rig_grants(s.r, SID, rq(iova | 0xab8, kinds[i]), STAGE_FAR + 0x1ab8);
			rig_grants(s.r, SID, rq((~high & top) | 0xff8, kinds[i]),
			           STAGE_FAR + 0x2ff8);
			rig_grants(s.r, SID, rq(high, kinds[i]), STAGE_FAR + 0x3000);
			rig_grants(s.r, SID, rq(top | 0xab8, kinds[i]), STAGE_FAR + 0x4ab8);
			for (bit = width; bit < 64; bit++) {
				rig_refuses(s.r, SID, rq(iova ^ 1ull << bit, kinds[i]), 0x80);
				rig_refuses(s.r, SID, rq(top ^ 1ull << bit, kinds[i]), 0x80);
			}
			/* Just outside of both halves. */
			rig_refuses(s.r, SID, rq(1ull << (width - 1), kinds[i]), 0x80);
			rig_refuses(s.r, SID, rq(high - 8, kinds[i]), 0x80);
		}
		rig_free(s.r);
	}
}

TEST(fs_large_pages, "VTD-FS-03")
{
	unsigned levels, level, gigabytes;

	for (levels = 4; levels <= 5; levels++)
		for (gigabytes = 0; gigabytes < 2; gigabytes++) {
			struct stage s;

			stage_first(&s, gigabytes ? CAP_ALL : CAP_ALL & ~CAP_FS1GP, ECAP_ALL,
			            levels);
			for (level = 2; level <= 3; level++) {
				uint64_t bytes = stage_bytes(level);
				uint64_t iova = stage_iova(&s, level) & ~(bytes - 1);
				uint64_t to = 0x2a540000000ull;

				stage_map(&s, iova, level, to | FS_PRU | FS_PS);
				if (level == 3 && !gigabytes) {
					rig_refuses(s.r, SID, rq(iova + 0x1238, IOM_READ), 0x72);
				} else {
					struct iom_reply reply;

					reply = rig_grants(s.r, SID, rq(iova + 0x1238, IOM_READ),
					                   to + 0x1238);
					CHECK_EQ(reply.range_lg2, 12 + 9 * (level - 1));
					rig_grants(s.r, SID, rq(iova + bytes - 8, IOM_WRITE),
					           to + bytes - 8);
				}
			}
			rig_free(s.r);
		}
}

TEST(fs_not_present, "VTD-FS-04")
{
	unsigned levels, level, i;

	for (levels = 4; levels <= 5; levels++) {
		struct stage s;
		uint64_t iova;

		stage_first(&s, CAP_ALL, ECAP_ALL, levels);
		iova = stage_iova(&s, 0);
		stage_map(&s, iova, 1, STAGE_FAR | FS_PRU);
		for (level = 1; level <= levels; level++) {
			uint64_t entry = stage_entry(&s, iova, level), was = ram64(s.r, entry);
			const uint64_t absent[] = { was & ~FS_P, 0, ~FS_P };

			for (i = 0; i < 3; i++) {
				put64(s.r, entry, absent[i]);
				rig_refuses(s.r, SID, rq(iova, kinds[i]), 0x71);
				CHECK_EQ(ram64(s.r, entry), absent[i]);
			}
			put64(s.r, entry, was);
		}
		rig_free(s.r);
	}
}

TEST(fs_reserved, "VTD-FS-05")
{
	const unsigned widths[] = { 40, 46, 52 };
	unsigned levels, level, i;

	for (levels = 4; levels <= 5; levels++)
		for (i = 0; i < 3; i++) {
			const struct iom_vtd_config config = { .cap = CAP_ALL,
				                               .ecap = ECAP_ALL,
				                               .version = 0x40,
				                               .address_bits = (uint8_t)widths[i],
				                               .flags = IOM_VTD_UNCACHED };
			uint64_t above = (1ull << 52) - (1ull << widths[i]);
			struct stage s;
			uint64_t iova;

			stage_first_on(&s, rig_new_config(&config), levels);
			iova = stage_iova(&s, 0);
			stage_map(&s, iova, 1, STAGE_FAR | FS_PRU);
			for (level = 1; level <= levels; level++)
				rig_reserved(s.r, stage_entry(&s, iova, level),
				             above | (level >= 4 ? FS_PS : 0), SID,
				             rq(iova, IOM_READ), 0x72);
			for (level = 2; level <= 3; level++) {
				uint64_t large = stage_iova(&s, 10 + level);
				/* Bit 12 is the memory type's. */
				uint64_t low = (stage_bytes(level) - 1) & ~0x1fffull;

				rig_reserved(s.r,
				             stage_map(&s, large, level,
				                       1ull << 30 | FS_PRU | FS_PS),
				             above | low, SID, rq(large, IOM_READ), 0x72);
			}
			rig_grants(s.r, SID, rq(iova, IOM_READ), STAGE_FAR);
			rig_free(s.r);
		}
}

TEST(fs_fetch, "VTD-FS-06")
{
	unsigned levels, level;

	for (levels = 4; levels <= 5; levels++) {
		struct stage s;
		uint64_t iova;

		stage_first(&s, CAP_ALL, ECAP_ALL, levels);
		iova = stage_iova(&s, 0);
		stage_map(&s, iova, 1, STAGE_FAR | FS_PRU);
		for (level = 1; level <= levels; level++) {
			uint64_t entry = stage_entry(&s, iova, level);
			uint64_t at =
				level < levels ? stage_entry(&s, iova, level + 1) : s.pasid + 16;
			uint64_t was = ram64(s.r, at);

			CHECK_EQ(iom_memory_poison(s.r->memory, entry, 8), IOM_OK);
			rig_refuses(s.r, SID, rq(iova, IOM_READ), level == levels ? 0x73 : 0x70);
			CHECK_EQ(iom_memory_cure(s.r->memory, entry, 8), IOM_OK);
			put64(s.r, at, RIG_NOWHERE | (was & 0xfff));
			rig_refuses(s.r, SID, rq(iova, IOM_WRITE), level == levels ? 0x73 : 0x70);
			put64(s.r, at, was);
		}
		rig_grants(s.r, SID, rq(iova, IOM_READ), STAGE_FAR);
		rig_free(s.r);
	}
}

TEST(fs_user_pages, "VTD-FS-07")
{
	unsigned levels, level, i;

	for (levels = 4; levels <= 5; levels++) {
		struct stage s;
		uint64_t iova;

		stage_first(&s, CAP_ALL, ECAP_ALL, levels);
		with_pasid(&s, SRE);
		iova = stage_iova(&s, 0);
		stage_map(&s, iova, 1, STAGE_FAR | FS_PRU);
		for (level = 1; level <= levels; level++) {
			uint64_t entry = stage_entry(&s, iova, level), was = ram64(s.r, entry);

			for (i = 0; i < 3; i++) {
				put64(s.r, entry, was & ~FS_US);
				rig_refuses(s.r, SID, rq(iova, kinds[i]), 0x81);
				rig_refuses(s.r, SID, rq_pid(iova, kinds[i], PASID), 0x81);
				rig_grants(s.r, SID, rq_priv(iova, kinds[i], PASID), STAGE_FAR);
				/* That the page is read-only as well is judged after it. */
				put64(s.r, entry, was & ~(FS_US | FS_RW));
				rig_refuses(s.r, SID, rq_pid(iova, kinds[i], PASID), 0x81);
			}
			put64(s.r, entry, was);
		}
		rig_free(s.r);
	}
}

TEST(fs_read_only_pages, "VTD-FS-08 VTD-FS-09")
{
	unsigned levels, level, i, wpe;

	for (levels = 4; levels <= 5; levels++)
		for (wpe = 0; wpe < 2; wpe++) {
			struct stage s;
			uint64_t iova;

			stage_first(&s, CAP_ALL, ECAP_ALL, levels);
			with_pasid(&s, SRE | (wpe ? WPE : 0));
			iova = stage_iova(&s, 0);
			stage_map(&s, iova, 1, STAGE_FAR | FS_PRU);
			for (level = 1; level <= levels; level++) {
				uint64_t entry = stage_entry(&s, iova, level);
				uint64_t was = ram64(s.r, entry);
				struct iom_reply reply;

				put64(s.r, entry, was & ~FS_RW);
				reply = rig_grants(s.r, SID, rq_pid(iova, IOM_READ, PASID),
				                   STAGE_FAR);
				CHECK_EQ(reply.perm & 3, IOM_PERM_READ);
				rig_grants(s.r, SID, rq_priv(iova, IOM_READ, PASID), STAGE_FAR);
				for (i = 1; i < 3; i++) {
					rig_refuses(s.r, SID, rq(iova, kinds[i]), 0x85);
					rig_refuses(s.r, SID, rq_pid(iova, kinds[i], PASID), 0x85);
					if (wpe)
						rig_refuses(s.r, SID,
						            rq_priv(iova, kinds[i], PASID), 0x85);
					else
						rig_grants(s.r, SID, rq_priv(iova, kinds[i], PASID),
						           STAGE_FAR);
				}
				put64(s.r, entry, was);
			}
			rig_free(s.r);
		}
}

TEST(fs_output_in_the_interrupt_range, "VTD-FS-14")
{
	unsigned levels, i;

	for (levels = 4; levels <= 5; levels++) {
		struct stage s;
		uint64_t iova, large;

		stage_first(&s, CAP_ALL, ECAP_ALL, levels);
		iova = stage_iova(&s, 0);
		large = stage_iova(&s, 1) & ~0x1fffffull;
		stage_map(&s, large, 2, 0xfee00000 | FS_PRU | FS_PS);
		for (i = 0; i < 3; i++) {
			stage_map(&s, iova, 1, 0xfee00000 | FS_PRU);
			rig_refuses(s.r, SID, rq(iova, kinds[i]), 0x87);
			stage_map(&s, iova, 1, 0xfeeff000 | FS_PRU);
			rig_refuses(s.r, SID, rq(iova | 0xff8, kinds[i]), 0x87);
			stage_map(&s, iova, 1, 0xfedff000 | FS_PRU);
			rig_grants(s.r, SID, rq(iova | 0xff8, kinds[i]), 0xfedffff8);
			stage_map(&s, iova, 1, 0xfef00000 | FS_PRU);
			rig_grants(s.r, SID, rq(iova, kinds[i]), 0xfef00000);
			rig_refuses(s.r, SID, rq(large + 0xffff8, kinds[i]), 0x87);
			rig_grants(s.r, SID, rq(large + 0x100000, kinds[i]), 0xfef00000);
		}
		rig_free(s.r);
	}
}

TEST(fs_ignored, "VTD-FS-16")
{
	/* 3 and 4 (no memory types), 9, 11, 62:52, 63 */
	const uint64_t mask = 0xfff0000000000a18;
	unsigned levels, level;

	for (levels = 4; levels <= 5; levels++) {
		struct stage s;
		uint64_t iova;

		stage_first(&s, CAP_ALL, ECAP_ALL, levels);
		iova = stage_iova(&s, 0);
		stage_map(&s, iova, 1, STAGE_FAR | FS_PRU);
		for (level = 1; level <= levels; level++)
			rig_ignored(s.r, stage_entry(&s, iova, level),
			            mask | FS_G | FS_EA | (level > 1 ? FS_D : 0), SID,
			            rq(iova, IOM_WRITE), STAGE_FAR);
		rig_free(s.r);
	}
}

TEST(fs_global_pages, "VTD-FS-15")
{
	const struct iom_vtd_config config = {
		.cap = CAP_ALL, .ecap = ECAP_ALL, .version = 0x40, .address_bits = RIG_HAW
	};
	unsigned level, all;

	for (level = 1; level <= 3; level++)
		for (all = 0; all < 2; all++) {
			struct stage s;
			uint64_t iova, leaf = FS_PRU | FS_A | FS_D | FS_G | (level > 1 ? FS_PS : 0);

			stage_first_on(&s, rig_new_config(&config), 4);
			rig_queue(s.r, 0, true);
			with_pasid(&s, 0);
			iova = stage_iova(&s, 0) & ~(stage_bytes(level) - 1);
			stage_map(&s, iova, level, 1ull << 30 | leaf);
			rig_grants(s.r, SID, rq_pid(iova, IOM_READ, PASID), 1ull << 30);
			stage_map(&s, iova, level, 2ull << 30 | leaf);
			if (all)
				inv_piotlb(s.r, STAGE_DID, PASID);
			else
				inv_piotlb_page(s.r, STAGE_DID, PASID, iova, 0, false);
			rig_grants(s.r, SID, rq_pid(iova, IOM_READ, PASID), 2ull << 30);
			rig_free(s.r);
		}
}
