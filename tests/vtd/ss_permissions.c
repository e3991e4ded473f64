/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The second stage: permissions, the interrupt range, accesses that are longer than a page. */
#include "stage.h"

#include <string.h>

#define SID STAGE_SID

static const unsigned kinds[] = { IOM_READ, IOM_WRITE, IOM_ATOMIC };

TEST(ss_nothing_granted, "VTD-SS-12 VTD-SS-13 VTD-SS-20")
{
	unsigned scalable, levels, level, i, bit;
	struct stage s;

	EACH_STAGE(&s, scalable, levels)
	{
		uint64_t iova = stage_iova(&s, 0);

		stage_map(&s, iova, 1, STAGE_FAR | SS_RW);
		for (level = 1; level <= levels; level++) {
			uint64_t entry = stage_entry(&s, iova, level), was = ram64(s.r, entry);

			for (i = 0; i < 3; i++) {
				put64(s.r, entry, was & ~SS_RW);
				rig_refuses(s.r, SID, rq(iova, kinds[i]),
				            stage_nothing(&s, kinds[i]));
				put64(s.r, entry, 0);
				rig_refuses(s.r, SID, rq(iova, kinds[i]),
				            stage_nothing(&s, kinds[i]));
				put64(s.r, entry, ~SS_RW);
				rig_refuses(s.r, SID, rq(iova, kinds[i]),
				            stage_nothing(&s, kinds[i]));
			}
			for (bit = 2; bit < 64; bit++) {
				put64(s.r, entry, 1ull << bit);
				rig_refuses(s.r, SID, rq(iova, IOM_WRITE),
				            stage_nothing(&s, IOM_WRITE));
			}
			put64(s.r, entry, was);
		}
	}
}

TEST(ss_permissions_of_all_levels, "VTD-SS-14 VTD-SS-15 VTD-SS-16")
{
	unsigned scalable, levels, level;
	struct stage s;

	EACH_STAGE(&s, scalable, levels)
	{
		uint64_t iova = stage_iova(&s, 0);

		stage_map(&s, iova, 1, STAGE_FAR | SS_RW);
		for (level = 1; level <= levels; level++) {
			uint64_t entry = stage_entry(&s, iova, level), was = ram64(s.r, entry);
			struct iom_reply reply;

			put64(s.r, entry, was & ~SS_W);
			reply = rig_grants(s.r, SID, rq(iova, IOM_READ), STAGE_FAR);
			CHECK_EQ(reply.perm & 3, IOM_PERM_READ);
			rig_refuses(s.r, SID, rq(iova, IOM_WRITE), stage_denied(&s, IOM_WRITE));
			rig_refuses(s.r, SID, rq(iova, IOM_ATOMIC), stage_denied(&s, IOM_WRITE));
			put64(s.r, entry, was & ~SS_R);
			reply = rig_grants(s.r, SID, rq(iova, IOM_WRITE), STAGE_FAR);
			CHECK_EQ(reply.perm & 3, IOM_PERM_WRITE);
			rig_refuses(s.r, SID, rq(iova, IOM_READ), stage_denied(&s, IOM_READ));
			rig_refuses(s.r, SID, rq(iova, IOM_ATOMIC), stage_denied(&s, IOM_READ));
			put64(s.r, entry, was);
		}
		/* Large leaves. */
		for (level = 2; level <= 3; level++) {
			uint64_t large = stage_iova(&s, 10 + level) & ~(stage_bytes(level) - 1);

			stage_map(&s, large, level, 1ull << 30 | SS_R | SS_PS);
			rig_grants(s.r, SID, rq(large, IOM_READ), 1ull << 30);
			rig_refuses(s.r, SID, rq(large, IOM_WRITE), stage_denied(&s, IOM_WRITE));
			stage_map(&s, large, level, 1ull << 30 | SS_W | SS_PS);
			rig_grants(s.r, SID, rq(large, IOM_WRITE), 1ull << 30);
			rig_refuses(s.r, SID, rq(large, IOM_READ), stage_denied(&s, IOM_READ));
		}
	}
}

TEST(ss_permissions_that_meet_nowhere, "VTD-SS-17")
{
	unsigned scalable, levels, level, other, i;
	struct stage s;

	EACH_STAGE(&s, scalable, levels)
	{
		uint64_t iova = stage_iova(&s, 0);

		stage_map(&s, iova, 1, STAGE_FAR | SS_RW);
		for (level = 1; level <= levels; level++)
			for (other = 1; other <= levels; other++) {
				uint64_t a = stage_entry(&s, iova, level);
				uint64_t b = stage_entry(&s, iova, other);

				if (level == other)
					continue;
				put64(s.r, a, ram64(s.r, a) & ~SS_R);
				put64(s.r, b, ram64(s.r, b) & ~SS_W);
				for (i = 0; i < 3; i++)
					rig_refuses(s.r, SID, rq(iova, kinds[i]),
					            stage_nothing(&s, kinds[i]));
				put64(s.r, a, ram64(s.r, a) | SS_RW);
				put64(s.r, b, ram64(s.r, b) | SS_RW);
			}
		/* What is wrong farther down is met first: permissions are judged at the leaf. */
		put64(s.r, stage_entry(&s, iova, levels),
		      ram64(s.r, stage_entry(&s, iova, levels)) & ~SS_W);
		stage_map(&s, iova, 1, STAGE_FAR | SS_RW | 1ull << 51);
		rig_refuses(s.r, SID, rq(iova, IOM_WRITE), stage_reason(&s, 0x0c, 0x7a));
	}
}

TEST(ss_output_in_the_interrupt_range, "VTD-SS-21 VTD-SS-22")
{
	unsigned scalable, levels, i;
	struct stage s;

	EACH_STAGE(&s, scalable, levels)
	{
		unsigned reason = stage_reason(&s, 0x0e, 0x87);
		uint64_t small = stage_iova(&s, 0);
		uint64_t two = stage_iova(&s, 1) & ~0x1fffffull;
		uint64_t one = stage_iova(&s, 2) & ~0x3fffffffull;

		for (i = 0; i < 3; i++) {
			stage_map(&s, small, 1, 0xfedff000 | SS_RW);
			rig_grants(s.r, SID, rq(small | 0xff8, kinds[i]), 0xfedffff8);
			stage_map(&s, small, 1, 0xfee00000 | SS_RW);
			rig_refuses(s.r, SID, rq(small, kinds[i]), reason);
			stage_map(&s, small, 1, 0xfeeff000 | SS_RW);
			rig_refuses(s.r, SID, rq(small | 0xff8, kinds[i]), reason);
			stage_map(&s, small, 1, 0xfef00000 | SS_RW);
			rig_grants(s.r, SID, rq(small, kinds[i]), 0xfef00000);
			stage_map(&s, small, 1, 0x1fee00000 | SS_RW);
			rig_grants(s.r, SID, rq(small, kinds[i]), 0x1fee00000);

			stage_map(&s, two, 2, 0xfee00000 | SS_RW | SS_PS);
			rig_refuses(s.r, SID, rq(two, kinds[i]), reason);
			rig_refuses(s.r, SID, rq(two + 0xffff8, kinds[i]), reason);
			rig_grants(s.r, SID, rq(two + 0x100000, kinds[i]), 0xfef00000);
			rig_grants(s.r, SID, rq(two + 0x1ffff8, kinds[i]), 0xfeffffff & ~7ull);

			stage_map(&s, one, 3, 0xc0000000 | SS_RW | SS_PS);
			rig_grants(s.r, SID, rq(one, kinds[i]), 0xc0000000);
			rig_grants(s.r, SID, rq(one + 0x3edffff8, kinds[i]), 0xfedffff8);
			rig_refuses(s.r, SID, rq(one + 0x3ee00000, kinds[i]), reason);
			rig_refuses(s.r, SID, rq(one + 0x3eeffff8, kinds[i]), reason);
			rig_grants(s.r, SID, rq(one + 0x3ef00000, kinds[i]), 0xfef00000);
		}
	}
}

TEST(ss_ranges_end_at_the_interrupt_range, "VTD-SS-22")
{
	const uint64_t offset[] = { 0, 0x3ed00000, 0x3edff000, 0x3ef00000, 0x3f000000, 0x3ffff000 };
	unsigned scalable, levels, i;
	struct stage s;

	EACH_STAGE(&s, scalable, levels)
	{
		uint64_t iova = stage_iova(&s, 2) & ~0x3fffffffull;

		stage_map(&s, iova, 3, 0xc0000000 | SS_RW | SS_PS);
		for (i = 0; i < 6; i++) {
			uint64_t to = 0xc0000000 + offset[i], low;
			struct iom_reply reply;

			reply = rig_grants(s.r, SID, rq(iova + offset[i], IOM_READ), to);
			low = (1ull << reply.range_lg2) - 1;
			CHECK_MSG((to & ~low) >= 0xfef00000 || (to | low) < 0xfee00000,
			          "0x%llx is granted with 2^%u bytes", (unsigned long long)to,
			          reply.range_lg2);
		}
	}
}

TEST(ss_zero_length_read, "VTD-SS-23")
{
	unsigned scalable, zlr;

	for (scalable = 0; scalable < 2; scalable++)
		for (zlr = 0; zlr < 2; zlr++) {
			struct stage s;
			uint64_t iova;

			stage_second(&s, zlr ? CAP_ALL : CAP_ALL & ~CAP_ZLR, ECAP_ALL, scalable, 4);
			iova = stage_iova(&s, 0);
			stage_map(&s, iova, 1, STAGE_FAR | SS_W);
			if (zlr)
				rig_grants(s.r, SID, rq_zero(iova), STAGE_FAR);
			else
				rig_refuses(s.r, SID, rq_zero(iova), stage_denied(&s, IOM_READ));
			rig_refuses(s.r, SID, rq(iova, IOM_READ), stage_denied(&s, IOM_READ));
			stage_map(&s, iova, 1, STAGE_FAR | SS_R);
			rig_grants(s.r, SID, rq_zero(iova), STAGE_FAR);
			stage_map(&s, iova, 1, STAGE_FAR);
			rig_refuses(s.r, SID, rq_zero(iova), stage_nothing(&s, IOM_READ));
			rig_free(s.r);
		}
}

TEST(ss_pages_are_judged_one_by_one, "VTD-SS-24")
{
	unsigned scalable, write;

	for (scalable = 0; scalable < 2; scalable++)
		for (write = 0; write < 2; write++) {
			struct stage s;
			uint64_t iova, first, second;
			uint8_t data[64], zero[64] = { 0 };
			struct iom_port *port;
			struct iom_reply reply;
			struct iom_request q;
			struct record want;
			unsigned i, kind = write ? IOM_WRITE : IOM_READ;

			stage_second(&s, CAP_ALL, ECAP_ALL, scalable, 4);
			iova = stage_iova(&s, 0) & ~0x1fffull;
			second = page(s.r);
			first = page(s.r);
			stage_map(&s, iova, 1, first | SS_RW);
			stage_map(&s, iova + PAGE, 1, second | SS_RW);
			for (i = 0; i < 4; i++) {
				put64(s.r, first + PAGE - 32 + 8 * i, 0x7777777777777777);
				put64(s.r, second + 8 * i, 0x0707070707070707);
			}
			port = rig_port(s.r, SID);
			q = rq(iova + PAGE - 32, kind);
			memset(data, 0xc3, sizeof(data));
			if (write) {
				CHECK_EQ(iom_write(port, &q, data, 64, &reply), IOM_OK);
				CHECK_EQ(ram64(s.r, first + PAGE - 32), 0xc3c3c3c3c3c3c3c3);
				CHECK_EQ(ram64(s.r, second + 24), 0xc3c3c3c3c3c3c3c3);
				CHECK(ram64(s.r, second + 32) == 0);
			} else {
				CHECK_EQ(iom_read(port, &q, data, 64, &reply), IOM_OK);
				CHECK_EQ(data[31], 0x77);
				CHECK_EQ(data[63], 0x07);
			}
			CHECK_EQ(reply.done, 64);

			/* Now the second page does not permit it. */
			stage_map(&s, iova + PAGE, 1, second | (write ? SS_R : SS_W));
			put64(s.r, second, 0);
			if (write)
				CHECK_EQ(iom_write(port, &q, zero, 64, &reply), IOM_EFAULT);
			else
				CHECK_EQ(iom_read(port, &q, data, 64, &reply), IOM_EFAULT);
			CHECK_EQ(reply.done, 32);
			CHECK_EQ(reply.fault, stage_denied(&s, kind));
			q.iova = iova + PAGE;
			want = rig_record_of(SID, &q, stage_denied(&s, kind));
			rig_expect(s.r, &want);
			rig_expect_none(s.r);
			if (write) {
				CHECK_EQ(ram64(s.r, first + PAGE - 32), 0);
				CHECK_EQ(ram64(s.r, second + 24), 0xc3c3c3c3c3c3c3c3);
			} else {
				CHECK_EQ(data[31], 0x77);
				CHECK_EQ(data[32], 0xff);
			}
			rig_free(s.r);
		}
}
