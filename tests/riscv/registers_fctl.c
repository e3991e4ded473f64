/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* fctl: which bits can be written, and when. */
#include "rig.h"
#include "sheet.h"

TEST(byte_order_is_writable_with_end, "RV-REG-20")
{
	for (unsigned end = 0; end < 2; end++) {
		struct rig *r = rig_new(end ? CAP_EXT : CAP_EXT & ~CAP_END);

		CHECK_EQ(rd32(r, FCTL) & BE, 0);
		wr32(r, FCTL, BE);
		CHECK_EQ(rd32(r, FCTL) & BE, end);
		wr32(r, FCTL, 0);
		CHECK_EQ(rd32(r, FCTL) & BE, 0);
		rig_free(r);
	}
}

TEST(wires_are_selectable_with_both_kinds, "RV-REG-21")
{
	for (unsigned igs = 0; igs < 3; igs++) {
		struct rig *r = rig_new((CAP_EXT & ~(3ull << 28)) | (uint64_t)igs << 28);

		if (igs < 2)
			CHECK_EQ(rd32(r, FCTL) & WSI, igs ? WSI : 0);
		wr32(r, FCTL, WSI);
		CHECK_EQ(rd32(r, FCTL) & WSI, igs ? WSI : 0);
		wr32(r, FCTL, 0);
		CHECK_EQ(rd32(r, FCTL) & WSI, igs == 1 ? WSI : 0);
		rig_free(r);
	}
}

TEST(other_fctl_bits_read_zero, "RV-REG-23")
{
	struct rig *r = rig_new(0);

	for (unsigned bit = 2; bit < 32; bit++) { /* GXL is fixed at 0 */
		wr32(r, FCTL, 1u << bit);
		CHECK_EQ(rd32(r, FCTL), 0);
		wr32(r, FCTL, 1u << bit | BE | WSI);
		CHECK_EQ(rd32(r, FCTL), BE | WSI);
		wr32(r, FCTL, 0);
	}
	rig_free(r);
}

/* Writes every combination of BE and WSI and tells whether they stick (or all are dropped). */
static bool writable(struct rig *r)
{
	uint32_t was = rd32(r, FCTL);
	unsigned stuck = 0;

	for (uint32_t val = 0; val < 4; val++) {
		wr32(r, FCTL, val);
		stuck += rd32(r, FCTL) == val;
		if (stuck <= val)
			CHECK_EQ(rd32(r, FCTL), was);
	}
	if (stuck != 4)
		CHECK_EQ(stuck, 1);
	wr32(r, FCTL, was);
	return stuck == 4;
}

TEST(fctl_is_frozen_by_the_directory_mode, "RV-REG-24 RV-REG-35")
{
	for (unsigned strict = 0; strict < 2; strict++)
		for (unsigned mode = OFF; mode <= LVL3; mode++) {
			struct iom_riscv_config c = { .flags = strict ? IOM_RISCV_STRICT_FCTL : 0 };
			struct rig *r = rig_new_config(&c);

			wr64(r, DDTP, PPN_OF(page(r)) | mode);
			CHECK_EQ(rd64(r, DDTP) & 0xf, mode);
			CHECK_EQ(writable(r), mode == OFF || (mode == BARE && !strict));
			wr64(r, DDTP, OFF);
			CHECK(writable(r));
			rig_free(r);
		}
}

TEST(fctl_is_frozen_by_a_queue, "RV-REG-25")
{
	for (unsigned mode = OFF; mode <= BARE; mode++) {
		struct rig *r = rig_new(0);

		wr64(r, DDTP, mode);
		rig_cq(r, 2, false);
		CHECK(!writable(r));
		rig_fq(r, 2, false);
		CHECK(!writable(r));
		wr32(r, CQCSR, 0);
		CHECK(!writable(r));
		wr32(r, FQCSR, 0);
		CHECK(writable(r));
		rig_free(r);
	}
}

TEST(fctl_is_frozen_while_a_queue_is_still_on, "")
{
	struct rig *r = rig_new(0);

	rig_cq(r, 2, false);
	iom_begin(r->lane);
	rig_cmd(r, FENCE, 0);
	wr32(r, CQCSR, 0);
	CHECK_EQ(rd32(r, CQCSR) & (EN | ON), ON);
	CHECK(!writable(r));
	iom_end(r->lane);
	CHECK(writable(r));
	rig_free(r);
}
