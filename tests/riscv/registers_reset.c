/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Reset: out of every state back to the first one. */
#include <string.h>

#include "rig.h"
#include "sheet.h"

/* Everything on, in error, pending; a fence and a ddtp change wait for the lane's open section. */
static void disturb(struct rig *r)
{
	rig_fq(r, 1, true);
	rig_cause(r, 1, 0, IOM_READ);
	rig_cause(r, 1, 0, IOM_READ);
	rig_cq(r, 4, true);
	rig_cmd(r, 0, 0);
	wr32(r, CQCSR, 0);
	CHECK_EQ(rd32(r, IPSR) & (CIP | FIP), CIP | FIP);
	rig_cq(r, 4, true);
	iom_begin(r->lane);
	rig_cmd(r, FENCE | FENCE_AV | FENCE_DATA(1), RIG_RAM >> 2);
	CHECK_EQ(rd32(r, CQH), 0);
	wr32(r, CQCSR, 0);
	CHECK_EQ(rd32(r, CQCSR) & (ON | BUSY), ON | BUSY);
	wr64(r, DDTP, PPN_OF(page(r)) | LVL1);
	CHECK_EQ(rd64(r, DDTP) & DDTP_BUSY, DDTP_BUSY);
}

TEST(reset_stops_the_queues, "RV-REG-15")
{
	struct rig *r = rig_new(0);

	disturb(r);
	iom_unit_reset(r->unit);
	CHECK_EQ(rd32(r, CQCSR) & (EN | IE | ON | BUSY), 0);
	CHECK_EQ(rd32(r, FQCSR) & (EN | IE | ON | BUSY), 0);
	CHECK_EQ(rd32(r, PQCSR) & (EN | IE | ON | BUSY), 0);
	rig_free(r);
}

/* tr_req_ctl.Go/Busy exists with DBG only, else the register reads 0. */
TEST(reset_clears_what_is_pending_or_busy, "RV-REG-16")
{
	struct rig *r = rig_new(0);

	disturb(r);
	iom_unit_reset(r->unit);
	CHECK_EQ(rd32(r, IPSR), 0);
	CHECK_EQ(rd64(r, DDTP) & DDTP_BUSY, 0);
	CHECK_EQ(rd64(r, TR_REQ_CTL) & 1, 0);
	rig_free(r);
}

TEST(reset_goes_to_the_configured_mode, "RV-REG-17")
{
	for (unsigned mode = OFF; mode <= BARE; mode++) {
		struct iom_riscv_config c = { .reset_mode = (uint8_t)mode };
		struct rig *r = rig_new_config(&c);

		for (unsigned from = OFF; from <= LVL3; from++) {
			CHECK_EQ(rd64(r, DDTP), mode);
			CHECK_EQ(rig_cause(r, 1, 0x1000, IOM_READ), mode == BARE ? 0 : 256);
			wr64(r, DDTP, from);
			CHECK_EQ(rd64(r, DDTP) & 0xf, from);
			iom_unit_reset(r->unit);
		}
		rig_free(r);
	}
}

TEST(reset_gives_the_registers_of_a_new_unit, "")
{
	struct rig *r = rig_new(0), *fresh = rig_new(0);

	wr64(r, ICVEC, 0x3210);
	wr64(r, MSI_CFG, 0x1000);
	wr32(r, MSI_CFG + 8, 7);
	wr32(r, MSI_CFG + 12, 1);
	wr32(r, FCTL, BE);
	wr32(r, FCTL, 0);
	disturb(r);
	iom_unit_reset(r->unit);
	for (uint64_t off = 0; off < WINDOW; off += 4)
		CHECK_MSG(rd32(r, off) == rd32(fresh, off), "0x%llx", (unsigned long long)off);
	rig_free(r);
	rig_free(fresh);
}

TEST(reset_drops_work_that_waited, "")
{
	struct rig *r = rig_new(0);

	disturb(r);
	put32(r, RIG_RAM, 0x1234);
	iom_unit_reset(r->unit);
	iom_end(r->lane);
	CHECK_EQ(ram32(r, RIG_RAM), 0x1234);
	CHECK_EQ(rd32(r, CQH), 0);
	CHECK_EQ(rd32(r, CQCSR), 0);
	/* and it works again */
	rig_cq(r, 4, false);
	rig_cmd(r, FENCE | FENCE_AV | FENCE_DATA(1), RIG_RAM >> 2);
	CHECK_EQ(ram32(r, RIG_RAM), 1);
	rig_free(r);
}

TEST(reset_lets_wires_fall, "")
{
	struct rig *r = rig_new(0);

	wr32(r, FCTL, WSI);
	wr64(r, ICVEC, 2);
	rig_cq(r, 4, true);
	rig_cmd(r, 0, 0);
	CHECK(r->wire[2]);
	iom_unit_reset(r->unit);
	CHECK(!r->wire[2]);
	rig_free(r);
}

TEST(message_masks_after_reset, "")
{
	for (unsigned masked = 0; masked < 2; masked++) {
		struct iom_riscv_config c = {
			.vectors = 16,
			.flags = masked ? IOM_RISCV_MSI_MASKED : 0,
		};
		struct rig *r = rig_new_config(&c);

		for (unsigned v = 0; v < 16; v++) {
			CHECK_EQ(rd32(r, MSI_CFG + 16 * v + 12), masked);
			wr32(r, MSI_CFG + 16 * v + 12, !masked);
		}
		iom_unit_reset(r->unit);
		for (unsigned v = 0; v < 16; v++)
			CHECK_EQ(rd32(r, MSI_CFG + 16 * v + 12), masked);
		rig_free(r);
	}
}
