/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The second stage: widths, sizes, permissions, and what a walk may meet in memory. */
#include "stage.h"

#define SID STAGE_SID

static const unsigned kinds[] = { IOM_READ, IOM_WRITE, IOM_ATOMIC };

TEST(ss_walks, "VTD-SS-01 VTD-SS-02")
{
	unsigned scalable, levels, bit, i;
	struct stage s;

	EACH_STAGE(&s, scalable, levels)
	{
		unsigned width = 12 + 9 * levels;
		uint64_t top = (1ull << width) - PAGE, iova = stage_iova(&s, 0);

		stage_map(&s, 0, 1, STAGE_FAR | SS_RW);
		stage_map(&s, iova, 1, (STAGE_FAR + PAGE) | SS_RW);
		stage_map(&s, top, 1, (STAGE_FAR + 2 * PAGE) | SS_RW);
		for (i = 0; i < 3; i++) {
			rig_grants(s.r, SID, rq(0x10, kinds[i]), STAGE_FAR | 0x10);
			rig_grants(s.r, SID, rq(iova | 0xabc, kinds[i]), STAGE_FAR + 0x1abc);
			rig_grants(s.r, SID, rq(top | 0xff8, kinds[i]), STAGE_FAR + 0x2ff8);
			for (bit = width; bit < 64; bit++) {
				rig_refuses(s.r, SID, rq(0x10 | 1ull << bit, kinds[i]),
				            stage_reason(&s, 0x04, 0x84));
				rig_refuses(s.r, SID, rq(iova | 1ull << bit, kinds[i]),
				            stage_reason(&s, 0x04, 0x84));
			}
		}
		rig_refuses(s.r, SID, rq(top + 0x800 + (1ull << width), IOM_READ),
		            stage_reason(&s, 0x04, 0x84));
		rig_refuses(s.r, SID, rq(1ull << width, IOM_READ), stage_reason(&s, 0x04, 0x84));
	}
}

TEST(ss_mgaw, "VTD-SS-03")
{
	unsigned scalable, width;

	for (scalable = 0; scalable < 2; scalable++)
		for (width = 40; width <= 50; width += 5) {
			const struct iom_vtd_config config = {
				.cap = (CAP_ALL & ~CAP_MGAW(64)) | CAP_MGAW(width),
				.ecap = ECAP_ALL,
				.version = 0x40,
				.address_bits = 40,
				.flags = IOM_VTD_UNCACHED,
			};
			struct stage s;

			stage_second_on(&s, rig_new_config(&config), scalable, 5);
			stage_map(&s, 1ull << (width - 1), 1, STAGE_FAR | SS_RW);
			stage_map(&s, 1ull << width, 1, STAGE_FAR | SS_RW);
			rig_grants(s.r, SID, rq(1ull << (width - 1) | 0x123, IOM_READ),
			           STAGE_FAR | 0x123);
			rig_refuses(s.r, SID, rq(1ull << width, IOM_READ),
			            stage_reason(&s, 0x04, 0x84));
			rig_free(s.r);
			/* AGAW is the smaller. */
			stage_second_on(&s, rig_new_config(&config), scalable, 3);
			stage_map(&s, 0, 1, STAGE_FAR | SS_RW);
			rig_refuses(s.r, SID, rq(1ull << 39, IOM_READ),
			            stage_reason(&s, 0x04, 0x84));
			rig_free(s.r);
		}
}

TEST(ss_large_pages, "VTD-SS-04")
{
	unsigned scalable, levels, level;
	struct stage s;

	EACH_STAGE(&s, scalable, levels)
	{
		for (level = 2; level <= 3; level++) {
			uint64_t bytes = stage_bytes(level);
			uint64_t iova = stage_iova(&s, level) & ~(bytes - 1);
			uint64_t to = 0x2a540000000ull & ~(bytes - 1);
			const uint64_t offsets[] = { 0, 0xfff, 0x1000, 0x123456, bytes - 8 };
			unsigned i;

			stage_map(&s, iova, level, to | SS_RW | SS_PS);
			for (i = 0; i < 5; i++) {
				struct iom_reply reply =
					rig_grants(s.r, SID, rq(iova | offsets[i], IOM_WRITE),
				                   to | offsets[i]);

				CHECK_EQ(reply.range_lg2, 12 + 9 * (level - 1));
				CHECK_EQ(reply.perm & 3, 3);
			}
		}
	}
}

TEST(ss_sizes_without_capability, "VTD-SS-05")
{
	const uint64_t caps[] = { CAP_ALL & ~(CAP_SSLPS_2M | CAP_SSLPS_1G),
		                  CAP_ALL & ~CAP_SSLPS_1G };
	unsigned scalable, i;
	struct stage s;

	for (scalable = 0; scalable < 2; scalable++)
		for (i = 0; i < 2; i++) {
			stage_second(&s, caps[i], ECAP_ALL, scalable, 4);
			stage_map(&s, 0, 2, 0x40000000 | SS_RW | SS_PS);
			stage_map(&s, 1ull << 30, 3, 0x40000000 | SS_RW | SS_PS);
			if (i == 1)
				rig_grants(s.r, SID, rq(0x123456, IOM_READ), 0x40123456);
			else
				rig_refuses(s.r, SID, rq(0x123456, IOM_READ),
				            stage_reason(&s, 0x0c, 0x7a));
			rig_refuses(s.r, SID, rq(1ull << 30, IOM_WRITE),
			            stage_reason(&s, 0x0c, 0x7a));
			rig_free(s.r);
		}
}

TEST(ss_sizes_that_do_not_exist, "VTD-SS-06")
{
	unsigned scalable, levels, level;
	struct stage s;

	EACH_STAGE(&s, scalable, levels)
	{
		uint64_t iova = stage_iova(&s, 0);

		stage_map(&s, iova, 1, STAGE_FAR | SS_RW);
		for (level = 4; level <= levels; level++)
			rig_reserved(s.r, stage_entry(&s, iova, level), SS_PS, SID,
			             rq(iova, IOM_READ), stage_reason(&s, 0x0c, 0x7a));
		rig_grants(s.r, SID, rq(iova, IOM_READ), STAGE_FAR);
	}
}

TEST(ss_large_page_bases, "VTD-SS-07")
{
	unsigned scalable, levels, level;
	struct stage s;

	EACH_STAGE(&s, scalable, levels)
	{
		for (level = 2; level <= 3; level++) {
			uint64_t iova = stage_iova(&s, level);
			uint64_t entry = stage_map(&s, iova, level, 0x2a540000000 | SS_RW | SS_PS);
			uint64_t low = stage_bytes(level) - 1;

			rig_reserved(s.r, entry, low & ~0xfffull, SID, rq(iova, IOM_READ),
			             stage_reason(&s, 0x0c, 0x7a));
			rig_grants(s.r, SID, rq(iova, IOM_READ), 0x2a540000000 | (iova & low));
		}
	}
}

TEST(ss_addresses_above_haw, "VTD-SS-08 VTD-SS-09 VTD-SS-27")
{
	const unsigned widths[] = { 40, 46, 52 };
	unsigned scalable, i, level;

	for (scalable = 0; scalable < 2; scalable++)
		for (i = 0; i < 3; i++) {
			const struct iom_vtd_config config = { .cap = CAP_ALL,
				                               .ecap = ECAP_ALL,
				                               .version = 0x40,
				                               .address_bits = (uint8_t)widths[i],
				                               .flags = IOM_VTD_UNCACHED };
			struct stage s;
			uint64_t iova, mask = ((1ull << 52) - (1ull << widths[i])) | SS_IW;

			stage_second_on(&s, rig_new_config(&config), scalable, 5);
			iova = stage_iova(&s, 0);
			stage_map(&s, iova, 1, STAGE_FAR | SS_RW);
			for (level = 1; level <= 5; level++)
				rig_reserved(s.r, stage_entry(&s, iova, level), mask, SID,
				             rq(iova, IOM_READ), stage_reason(&s, 0x0c, 0x7a));
			for (level = 2; level <= 3; level++) {
				uint64_t large = stage_iova(&s, 10 + level);

				rig_reserved(s.r,
				             stage_map(&s, large, level,
				                       SS_RW | SS_PS | 1ull << 30),
				             mask, SID, rq(large, IOM_READ),
				             stage_reason(&s, 0x0c, 0x7a));
			}
			rig_free(s.r);
		}
}

TEST(ss_snoop_bit, "VTD-SS-10")
{
	const uint64_t ecaps[] = { ECAP_ALL, ECAP_ALL & ~ECAP_SC };
	unsigned scalable, i, level;

	for (scalable = 0; scalable < 2; scalable++)
		for (i = 0; i < 2; i++) {
			struct stage s;
			uint64_t iova;

			stage_second(&s, CAP_ALL, ecaps[i], scalable, 5);
			iova = stage_iova(&s, 0);
			stage_map(&s, iova, 1, STAGE_FAR | SS_RW);
			for (level = 2; level <= 5; level++)
				rig_reserved(s.r, stage_entry(&s, iova, level), SS_SNP, SID,
				             rq(iova, IOM_READ), stage_reason(&s, 0x0c, 0x7a));
			for (level = 1; level <= 3; level++) {
				uint64_t page =
					stage_iova(&s, 10 + level) & ~(stage_bytes(level) - 1);
				uint64_t leaf =
					stage_map(&s, page, level,
				                  1ull << 30 | SS_RW | (level > 1 ? SS_PS : 0));

				if (ecaps[i] & ECAP_SC)
					rig_ignored(s.r, leaf, SS_SNP, SID, rq(page, IOM_READ),
					            1ull << 30);
				else
					rig_reserved(s.r, leaf, SS_SNP, SID, rq(page, IOM_READ),
					             stage_reason(&s, 0x0c, 0x7a));
			}
			rig_free(s.r);
		}
}

TEST(ss_ignored_bits, "VTD-SS-11 VTD-SS-27")
{
	/* 2, 6:3 without memory types, 9:8 without SSADE, 10, 61:52, 63 */
	const uint64_t mask = 0x77cull | 0xbff0000000000000ull;
	unsigned scalable, levels, level;
	struct stage s;

	EACH_STAGE(&s, scalable, levels)
	{
		uint64_t iova = stage_iova(&s, 0);

		stage_map(&s, iova, 1, STAGE_FAR | SS_RW);
		for (level = 1; level <= levels; level++)
			rig_ignored(s.r, stage_entry(&s, iova, level),
			            mask | (level == 1 ? SS_PS : 0), SID, rq(iova, IOM_WRITE),
			            STAGE_FAR);
		for (level = 2; level <= 3; level++) {
			uint64_t large = stage_iova(&s, 10 + level) & ~(stage_bytes(level) - 1);

			rig_ignored(s.r, stage_map(&s, large, level, 1ull << 30 | SS_RW | SS_PS),
			            mask, SID, rq(large, IOM_WRITE), 1ull << 30);
		}
	}
}

TEST(ss_entries_are_read_whole, "VTD-SS-25")
{
	unsigned scalable, levels, i;
	struct stage s;

	EACH_STAGE(&s, scalable, levels)
	{
		uint64_t iova = stage_iova(&s, 0);
		unsigned level = levels;

		stage_map(&s, iova, 1, STAGE_FAR | SS_RW);
		rig_watch(s.r);
		rig_grants(s.r, SID, rq(iova, IOM_READ), STAGE_FAR);
		for (i = 0; i < s.r->owns; i++) {
			if (s.r->own[i].of != IOM_OF_STAGE2)
				continue;
			CHECK(level >= 1);
			CHECK_EQ(s.r->own[i].bytes, 8);
			CHECK_EQ(s.r->own[i].spa, stage_entry(&s, iova, level));
			CHECK(!s.r->own[i].write);
			level--;
		}
		CHECK_EQ(level, 0);
	}
}

TEST(ss_fetch_of_the_first_entry, "VTD-SS-18")
{
	unsigned scalable, levels;
	struct stage s;

	EACH_STAGE(&s, scalable, levels)
	{
		uint64_t iova = stage_iova(&s, 0), entry;

		stage_map(&s, iova, 1, STAGE_FAR | SS_RW);
		entry = stage_entry(&s, iova, levels);
		CHECK_EQ(iom_memory_poison(s.r->memory, entry, 8), IOM_OK);
		rig_refuses(s.r, SID, rq(iova, IOM_READ), stage_reason(&s, 0x03, 0x7b));
		CHECK_EQ(iom_memory_cure(s.r->memory, entry, 8), IOM_OK);
		rig_grants(s.r, SID, rq(iova, IOM_READ), STAGE_FAR);
		if (scalable)
			put64(s.r, s.pasid, PE_P | PGTT_SS | PE_AW(levels) | RIG_NOWHERE);
		else
			put64(s.r, rig_context(s.r, SID), CTX_P | RIG_NOWHERE);
		rig_refuses(s.r, SID, rq(iova, IOM_WRITE), stage_reason(&s, 0x03, 0x7b));
	}
}

TEST(ss_fetch_of_later_entries, "VTD-SS-19")
{
	unsigned scalable, levels, level;
	struct stage s;

	EACH_STAGE(&s, scalable, levels)
	{
		uint64_t iova = stage_iova(&s, 0);

		stage_map(&s, iova, 1, STAGE_FAR | SS_RW);
		for (level = 1; level < levels; level++) {
			uint64_t entry = stage_entry(&s, iova, level);
			uint64_t above = stage_entry(&s, iova, level + 1);
			uint64_t was = ram64(s.r, above);

			CHECK_EQ(iom_memory_poison(s.r->memory, entry, 8), IOM_OK);
			rig_refuses(s.r, SID, rq(iova, IOM_READ), stage_reason(&s, 0x07, 0x78));
			CHECK_EQ(iom_memory_cure(s.r->memory, entry, 8), IOM_OK);
			put64(s.r, above, RIG_NOWHERE | SS_RW);
			rig_refuses(s.r, SID, rq(iova, IOM_WRITE), stage_reason(&s, 0x07, 0x78));
			put64(s.r, above, was);
		}
		rig_grants(s.r, SID, rq(iova, IOM_READ), STAGE_FAR);
	}
}

TEST(ss_io_permissions, "VTD-SS-26")
{
	unsigned levels, level, i;

	for (levels = 3; levels <= 5; levels++) {
		struct stage s;
		uint64_t iova;

		stage_second(&s, CAP_ALL, ECAP_ALL | ECAP_SSIRWS, true, levels);
		iova = stage_iova(&s, 0);
		stage_map(&s, iova, 1, STAGE_FAR | SS_RW);
		rig_rtaddr(s.r, s.r->root | TTM_SCALABLE << 10 | 0x80);
		for (i = 0; i < 3; i++)
			rig_refuses(s.r, SID, rq(iova, kinds[i]), 0x79);
		for (level = 1; level <= levels; level++) {
			uint64_t entry = stage_entry(&s, iova, level);

			put64(s.r, entry, (ram64(s.r, entry) & ~SS_RW) | SS_IR | SS_IW);
		}
		for (i = 0; i < 3; i++)
			rig_grants(s.r, SID, rq(iova, kinds[i]), STAGE_FAR);
		for (level = 1; level <= levels; level++) {
			uint64_t entry = stage_entry(&s, iova, level), was = ram64(s.r, entry);

			rig_ignored(s.r, entry, SS_RW, SID, rq(iova, IOM_ATOMIC), STAGE_FAR);
			put64(s.r, entry, (was & ~SS_IW) | SS_RW);
			rig_grants(s.r, SID, rq(iova, IOM_READ), STAGE_FAR);
			rig_refuses(s.r, SID, rq(iova, IOM_WRITE), 0x85);
			put64(s.r, entry, (was & ~SS_IR) | SS_RW);
			rig_grants(s.r, SID, rq(iova, IOM_WRITE), STAGE_FAR);
			rig_refuses(s.r, SID, rq(iova, IOM_READ), 0x86);
			put64(s.r, entry, (was & ~(SS_IR | SS_IW)) | SS_RW);
			rig_refuses(s.r, SID, rq(iova, IOM_READ), 0x79);
			put64(s.r, entry, was);
		}
		/* SSIRWE=0 again: bit 62 is reserved. */
		rig_rtaddr(s.r, s.r->root | TTM_SCALABLE << 10);
		for (level = 1; level <= levels; level++) {
			uint64_t entry = stage_entry(&s, iova, level);

			put64(s.r, entry, ram64(s.r, entry) | SS_RW);
		}
		rig_refuses(s.r, SID, rq(iova, IOM_READ), 0x7a);
		rig_free(s.r);
	}
}
