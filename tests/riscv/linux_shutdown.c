/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What Linux writes, as raw registers: initialisation, shutdown straight from a directory mode to
 * Bare, and the kdump kernel that finds a running unit.  None of it waits; after it the unit must
 * initialise again.
 */
#include "rig.h"
#include "sheet.h"

struct kernel {
	struct rig *r;
	uint64_t cq, fq, root;
	unsigned cq_lg2, fq_lg2;
};

/* Probes a queue's size and sets it up. */
static uint64_t queue(struct rig *r, uint64_t reg, unsigned index, unsigned wanted_lg2,
                      unsigned entry_lg2, unsigned *lg2)
{
	uint64_t base;

	wr64(r, reg, 0x1f);
	*lg2 = (unsigned)(rd64(r, reg) & 0x1f) + 1;
	CHECK_EQ(rd64(r, reg) >> 10, 0);
	if (*lg2 > wanted_lg2)
		*lg2 = wanted_lg2;
	base = pages(r, 1u << (*lg2 + entry_lg2 - 12), 1ull << (*lg2 + entry_lg2));
	wr64(r, reg, PPN_OF(base) | (*lg2 - 1));
	CHECK_EQ(rd64(r, reg), PPN_OF(base) | (*lg2 - 1));
	wr32(r, index, 0);
	return base;
}

static void enable(struct rig *r, unsigned csr, uint32_t pending)
{
	wr32(r, csr, EN | IE | MF);
	CHECK_EQ(rd32(r, csr) & (ON | BUSY | MF), ON);
	wr32(r, IPSR, pending);
}

static void probe(struct kernel *k, struct rig *r)
{
	k->r = r;
	CHECK_EQ(rd64(r, CAPABILITIES), CAP_EXT);
	for (unsigned v = 0; v < 4; v++) {
		wr64(r, MSI_CFG + 16 * v, 0x28000000);
		wr32(r, MSI_CFG + 16 * v + 8, v);
		wr32(r, MSI_CFG + 16 * v + 12, 0);
	}
	CHECK_EQ(rd64(r, DDTP) & DDTP_BUSY, 0);
	CHECK((rd64(r, DDTP) & 0xf) <= BARE);
	CHECK_EQ(rd32(r, FCTL) & BE, 0);
	wr64(r, ICVEC, 0x3210);
	CHECK_EQ(rd64(r, ICVEC) & ~0x3333ull, 0);
	for (unsigned mode = OFF; mode <= BARE; mode++) {
		wr64(r, DDTP, mode);
		CHECK_EQ(rd64(r, DDTP), mode);
	}
	k->cq = queue(r, CQB, CQT, 13, 4, &k->cq_lg2);
	k->fq = queue(r, FQB, FQH, 12, 5, &k->fq_lg2);
	enable(r, CQCSR, CIP);
	enable(r, FQCSR, FIP);
	rig_ddt(r, 3);
	rig_cmd(r, INVAL_DDT, 0);
	rig_cmd(r, VMA, 0);
	rig_cmd(r, FENCE | FENCE_PR | FENCE_PW, 0);
	CHECK_EQ(rd32(r, CQH), 3);
	CHECK_EQ(rd32(r, CQCSR), EN | IE | ON);
}

/* A device attached, mapped, used; a fault recorded and its interrupt sent. */
static void use(struct kernel *k, uint32_t device)
{
	struct rig *r = k->r;
	uint64_t root = page(r), data = page(r);
	unsigned msis = r->msis;

	rig_map(r, root, 5, false, 0x10000, 0, leaf(data));
	rig_dc_put(r, device, 1, 0, 1 << 12, 10ull << 60 | root >> 12);
	rig_cmd(r, INVAL_DDT | 1ull << 33 | (uint64_t)device << 40, 0);
	rig_cmd(r, VMA | 1ull << 32 | 1 << 12, 0);
	rig_cmd(r, FENCE, 0);
	CHECK_EQ(rd32(r, CQH), rd32(r, CQT));
	CHECK_EQ(rig_spa(r, device, 0x10008), data + 8);
	CHECK_EQ(rig_cause(r, device, 0x20000, IOM_READ), 13);
	rig_expect(r, rig_record(13, 2, device), 0x20000, 0);
	CHECK_EQ(r->msis, msis + 1);
	wr32(r, IPSR, FIP);
}

static void to_bare_without_waiting(struct rig *r)
{
	wr64(r, DDTP, BARE);
	wr32(r, CQCSR, 0);
	wr32(r, FQCSR, 0);
	wr32(r, PQCSR, 0);
}

TEST(shutdown_and_kdump_leave_a_unit_that_starts_again, "RV-DRV-06")
{
	/* quiet; with queues in error and interrupts pending; with a device inside an access */
	for (unsigned how = 0; how < 3; how++) {
		struct rig *r = rig_new(0);
		struct kernel k;

		for (unsigned boot = 0; boot < 3; boot++) {
			probe(&k, r);
			use(&k, 0x100 + boot);
			if (how == 1) {
				rig_cmd(r, 0, 0);
				CHECK_EQ(rig_cause(r, 5, 0, IOM_READ), 258);
			}
			if (how == 2) {
				iom_begin(r->lane);
				rig_cmd(r, FENCE, 0);
				CHECK(rd32(r, CQH) != rd32(r, CQT));
			}
			/* the kdump kernel sees a mode above Bare and does as shutdown did */
			CHECK_EQ(rd64(r, DDTP) & 0xf, LVL3);
			to_bare_without_waiting(r);
			iom_end(r->lane);
			CHECK_EQ(rd64(r, DDTP), BARE);
			CHECK_EQ(rd32(r, CQCSR) & (EN | IE | ON | BUSY), 0);
			CHECK_EQ(rd32(r, FQCSR) & (EN | IE | ON | BUSY), 0);
			CHECK_EQ(rig_spa(r, 0x100 + boot, 0x20000), 0x20000);
		}
		rig_free(r);
	}
}

/* The kernel looks for the deepest directory that the unit takes; a refusal reads back Bare. */
TEST(search_for_the_deepest_directory, "")
{
	for (unsigned levels = 1; levels < 8; levels++) {
		struct iom_riscv_config c = { .ddt_levels = (uint8_t)levels,
			                      .reset_mode = IOM_RISCV_RESET_BARE };
		struct rig *r = rig_new_config(&c);
		unsigned mode = LVL3;

		for (; mode >= LVL1; mode--) {
			wr64(r, DDTP, PPN_OF(RIG_RAM) | mode);
			if ((rd64(r, DDTP) & 0xf) == mode)
				break;
			CHECK_EQ(rd64(r, DDTP), BARE);
		}
		CHECK_EQ(mode, levels & 4 ? LVL3 : levels & 2 ? LVL2 : LVL1);
		rig_free(r);
	}
}
