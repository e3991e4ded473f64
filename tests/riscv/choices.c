/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Points that the specification leaves open, each decided the other way by the configuration. */
#include <string.h>

#include "nested.h"
#include "sheet.h"

static struct rig *rig_with(uint32_t flags)
{
	const struct iom_riscv_config config = { .capabilities = CAP_EXT,
		                                 .flags = IOM_RISCV_UNCACHED | flags };

	return rig_new_config(&config);
}

TEST(strict_ddtp_leaves_a_directory_for_off_only, "")
{
	struct rig *r = rig_with(IOM_RISCV_STRICT_DDTP);
	uint64_t root = page(r);

	wr64(r, DDTP, BARE);
	CHECK_EQ(rd64(r, DDTP), BARE);
	wr64(r, DDTP, PPN_OF(root) | LVL1);
	CHECK_EQ(rd64(r, DDTP), PPN_OF(root) | LVL1);
	wr64(r, DDTP, BARE);
	CHECK_EQ(rd64(r, DDTP), PPN_OF(root) | LVL1);
	wr64(r, DDTP, OFF);
	CHECK_EQ(rd64(r, DDTP), OFF);
	wr64(r, DDTP, BARE);
	CHECK_EQ(rd64(r, DDTP), BARE);
	rig_free(r);
}

/* Of an address that faulted the unit tells the page; what iotval2 says of the access stays. */
TEST(records_without_offsets, "")
{
	struct nested n = { .levels = 3, .next = 0x1230000 };
	struct guest_path p;
	uint64_t rec[4];

	n.r = rig_with(IOM_RISCV_NO_OFFSETS);
	n.root = pages(n.r, 4, 16384);
	rig_ddt(n.r, 1);
	rig_fq(n.r, 4, false);
	nested_path(&n, &p, 3);
	rig_dc_put(n.r, STAGE_DEVICE, 1, nested_iohgatp(&n), 0, p.fsc);

	put64(n.r, p.data.leaf, 0);
	CHECK(p.iova & 0xfff);
	CHECK_EQ(rig_cause(n.r, STAGE_DEVICE, p.iova, IOM_READ), 21);
	CHECK(rig_fault(n.r, rec));
	CHECK_EQ(rec[2], p.iova & ~0xfffull);
	CHECK_EQ(rec[3], p.data.gpa);

	put64(n.r, p.table[0].leaf, 0);
	CHECK(p.entry_gpa[0] & 0xfff);
	CHECK_EQ(rig_cause(n.r, STAGE_DEVICE, p.iova, IOM_READ), 21);
	CHECK(rig_fault(n.r, rec));
	CHECK_EQ(rec[2], p.iova & ~0xfffull);
	CHECK_EQ(rec[3], p.table[0].gpa | 1);
	rig_free(n.r);
}

static unsigned range_of(struct rig *r, uint64_t iova)
{
	const struct iom_request q = { .iova = iova, .bytes = 8 };
	struct iom_reply reply;

	CHECK_EQ(rig_translate(r, STAGE_DEVICE, &q, &reply), IOM_OK);
	return reply.range_lg2;
}

TEST(bare_stages_answer_page_by_page, "")
{
	for (unsigned small = 0; small < 2; small++) {
		struct rig *r = rig_with(small ? IOM_RISCV_BARE_4K : 0);
		uint64_t root = page(r);

		rig_ddt(r, 1);
		rig_dc_put(r, STAGE_DEVICE, 1, 0, 0, 0);
		CHECK_EQ(range_of(r, 0x1234567000), small ? 12 : 30);
		rig_map(r, root, 3, false, 0x40200000, 1, leaf(STAGE_FAR));
		rig_dc_put(r, STAGE_DEVICE, 1, 0, 0, stage_mode(3) | root >> 12);
		CHECK_EQ(range_of(r, 0x40201000), small ? 12 : 21);
		/* ddtp Bare has no stages. */
		wr64(r, DDTP, OFF);
		wr64(r, DDTP, BARE);
		CHECK_EQ(range_of(r, 0x1234567000), 64);
		rig_free(r);
	}
}
