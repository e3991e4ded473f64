/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* ddtp: modes, their transitions, the root pointer, busy. */
#include "rig.h"
#include "sheet.h"

#define LEVELS(mode) (1u << ((mode)-LVL1)) /* as iom_riscv_config.ddt_levels has it */

static struct rig *rig_with_levels(unsigned ddt_levels)
{
	struct iom_riscv_config c = { .capabilities = CAP_EXT, .ddt_levels = (uint8_t)ddt_levels };

	return rig_new_config(&c);
}

/* Reaches `mode` from Off, with the root at `ppn` pages. */
static void enter(struct rig *r, unsigned mode, uint64_t ppn)
{
	wr64(r, DDTP, OFF);
	CHECK_EQ(rd64(r, DDTP), OFF);
	wr64(r, DDTP, ppn << 10 | mode);
	CHECK_EQ(rd64(r, DDTP), ppn << 10 | mode);
}

static bool exists(unsigned ddt_levels, unsigned mode)
{
	return mode <= BARE || (mode <= LVL3 && (ddt_levels & LEVELS(mode)));
}

/* One sweep proves the acceptance rules: every subset of levels, every mode from every mode. */
TEST(modes_from_every_mode, "RV-DDTP-01 RV-DDTP-02 RV-DDTP-03 RV-DDTP-04 RV-DDTP-05 RV-DDTP-06")
{
	for (unsigned levels = 1; levels < 8; levels++) {
		struct rig *r = rig_with_levels(levels);

		for (unsigned from = OFF; from <= LVL3; from++)
			for (unsigned to = 0; to < 16; to++) {
				uint64_t was = 0x80001ull << 10 | from, now = 0x80005ull << 10 | to;
				bool taken = exists(levels, to) && (to <= BARE || from <= BARE);

				if (!exists(levels, from))
					continue;
				enter(r, from, 0x80001);
				wr64(r, DDTP, now);
				CHECK_MSG(rd64(r, DDTP) == (taken ? now : was),
				          "levels %u, mode %u to %u: 0x%llx", levels, from, to,
				          (unsigned long long)rd64(r, DDTP));
			}
		rig_free(r);
	}
}

TEST(leaving_a_directory_for_off_or_bare, "RV-DDTP-07 RV-DDTP-14")
{
	for (unsigned mode = LVL1; mode <= LVL3; mode++) {
		struct rig *r = rig_new(0);

		rig_ddt(r, mode - 1);
		rig_dc_put(r, 1, 1, 0, 0, 0);
		CHECK_EQ(rig_cause(r, 1, 0x1000, IOM_READ), 0);
		CHECK_EQ(rig_cause(r, 2, 0x1000, IOM_READ), 258);

		wr64(r, DDTP, BARE);
		CHECK_EQ(rd64(r, DDTP), BARE);
		CHECK_EQ(rig_spa(r, 2, 0x1000), 0x1000);
		CHECK_EQ(rig_cause(r, 2, 0x1000, IOM_WRITE), 0);
		CHECK_EQ(rig_cause(r, 2, 0x1000, IOM_EXECUTE), 0);

		wr64(r, DDTP, PPN_OF(r->ddt) | mode);
		CHECK_EQ(rig_cause(r, 2, 0x1000, IOM_READ), 258);
		wr64(r, DDTP, OFF);
		CHECK_EQ(rd64(r, DDTP), OFF);
		CHECK_EQ(rig_cause(r, 1, 0x1000, IOM_READ), 256);
		rig_free(r);
	}
}

TEST(root_pointer_is_cut_to_the_physical_width, "RV-DDTP-08")
{
	for (unsigned pas = 32; pas <= 56; pas++) {
		struct rig *r = rig_new((CAP_EXT & ~CAP_PAS(63)) | CAP_PAS(pas));
		uint64_t ppn = ((1ull << (pas - 12)) - 1) << 10;

		for (unsigned mode = OFF; mode <= LVL3; mode++) {
			wr64(r, DDTP, OFF);
			wr64(r, DDTP, (~0ull & ~0x1full) | mode);
			CHECK_EQ(rd64(r, DDTP), ppn | mode);
		}
		rig_free(r);
	}
}

TEST(off_with_no_root_reads_back_zero, "RV-DDTP-09")
{
	struct rig *r = rig_new(0);

	for (unsigned mode = OFF; mode <= LVL3; mode++) {
		enter(r, mode, 0x3ffffffffffull);
		wr64(r, DDTP, 0);
		CHECK_EQ(rd64(r, DDTP), 0);
	}
	rig_free(r);
}

/* The model is synchronous, except for access sections that were open when the mode changed. */
TEST(busy_lasts_as_long_as_old_sections, "RV-DDTP-10")
{
	for (unsigned mode = OFF; mode <= LVL3; mode++) {
		struct rig *r = rig_new(0);

		wr64(r, DDTP, mode == OFF ? BARE : OFF);
		wr64(r, DDTP, mode);
		CHECK_EQ(rd64(r, DDTP) & DDTP_BUSY, 0);

		wr64(r, DDTP, mode == OFF ? BARE : OFF);
		iom_begin(r->lane);
		wr64(r, DDTP, mode);
		CHECK_EQ(rd64(r, DDTP), mode | DDTP_BUSY);
		CHECK_EQ(rd32(r, DDTP), mode | DDTP_BUSY);
		iom_end(r->lane);
		CHECK_EQ(rd64(r, DDTP), mode);
		rig_free(r);
	}
}

TEST(busy_is_read_only, "")
{
	struct rig *r = rig_new(0);

	wr64(r, DDTP, BARE | DDTP_BUSY);
	CHECK_EQ(rd64(r, DDTP), BARE);
	rig_free(r);
}

/* The root is "don't care" in Off and Bare: there a refused mode may leave the new upper half. */
TEST(two_halves_make_one_write, "RV-DDTP-11")
{
	static const uint64_t ppns[] = { 0, 0x80005, 0x12345678abc };

	for (unsigned from = OFF; from <= LVL3; from++)
		for (unsigned to = 0; to < 16; to++)
			for (unsigned i = 0; i < COUNT(ppns) * COUNT(ppns); i++) {
				struct rig *whole = rig_new(0), *halves = rig_new(0);
				uint64_t val = ppns[i % COUNT(ppns)] << 10 | to, differs;

				enter(whole, from, ppns[i / COUNT(ppns)]);
				enter(halves, from, ppns[i / COUNT(ppns)]);
				wr64(whole, DDTP, val);
				wr32(halves, DDTP + 4, (uint32_t)(val >> 32));
				wr32(halves, DDTP, (uint32_t)val);
				differs = rd64(whole, DDTP) ^ rd64(halves, DDTP);
				if (from <= BARE && to > LVL3)
					differs &= 0xffffffff;
				CHECK_MSG(!differs, "mode %u to %u: 0x%llx", from, to,
				          (unsigned long long)rd64(halves, DDTP));
				rig_free(whole);
				rig_free(halves);
			}
}

/* The same with a root in memory above 4 GiB: nothing of the high half may be lost. */
TEST(two_halves_reach_a_high_root, "")
{
	static uint64_t table[512];
	const struct iom_region high = { .spa = 0x7654321000000ull, .bytes = 4096, .host = table };

	for (unsigned split = 0; split < 2; split++) {
		struct rig *r = rig_new(0);

		table[8 * 3] = 1;
		CHECK_EQ(iom_memory_add(r->memory, &high, NULL), IOM_OK);
		if (split) {
			wr32(r, DDTP + 4, (uint32_t)(PPN_OF(high.spa) >> 32));
			wr32(r, DDTP, (uint32_t)PPN_OF(high.spa) | LVL1);
		} else {
			wr64(r, DDTP, PPN_OF(high.spa) | LVL1);
		}
		CHECK_EQ(rig_cause(r, 3, 0x1000, IOM_READ), 0);
		CHECK_EQ(rig_cause(r, 4, 0x1000, IOM_READ), 258);
		rig_free(r);
	}
}

TEST(off_and_back_shows_old_or_new_tables, "")
{
	struct rig *r = rig_new(0);
	uint64_t old_root, spa;

	rig_cq(r, 4, false);
	for (unsigned i = 0; i < 2; i++) {
		uint64_t root = page(r);

		if (i == 0) {
			rig_ddt(r, 1);
			old_root = r->ddt;
		} else {
			wr64(r, DDTP, OFF);
			rig_ddt(r, 1);
			CHECK(r->ddt != old_root);
		}
		rig_map(r, root, 3, false, 0x1000, 0, leaf(0x5000 + 0x1000 * i));
		rig_dc_put(r, 1, 1, 0, 7 << 12, 8ull << 60 | root >> 12);
		spa = rig_spa(r, 1, 0x1000);
		CHECK(spa == 0x5000 || (i == 1 && spa == 0x6000));
	}
	rig_cmd(r, INVAL_DDT, 0);
	rig_cmd(r, VMA, 0);
	rig_cmd(r, FENCE, 0);
	CHECK_EQ(rig_spa(r, 1, 0x1000), 0x6000);
	rig_free(r);
}

TEST(off_refuses_everything, "RV-DDTP-13")
{
	struct rig *r = rig_new(0);

	rig_ddt(r, 1);
	rig_dc_put(r, 1, 1, 0, 0, 0);
	CHECK_EQ(rig_cause(r, 1, 0x1000, IOM_READ), 0);
	wr64(r, DDTP, OFF);
	for (unsigned access = IOM_READ; access <= IOM_ATOMIC; access++)
		for (unsigned at = IOM_AT_UNTRANSLATED; at <= IOM_AT_TRANSLATED; at++)
			for (unsigned flags = 0; flags < 4; flags++)
				for (uint32_t device = 0; device < 3; device++) {
					const struct iom_request q = {
						.iova = 0x1000,
						.bytes = 4,
						.pasid = 1,
						.flags = (uint16_t)flags,
						.access = (uint8_t)access,
						.at = (uint8_t)at,
					};
					struct iom_reply reply;

					if (flags == IOM_REQ_PRIVILEGED)
						continue; /* needs a PASID */
					CHECK(rig_translate(r, device, &q, &reply) == IOM_EFAULT);
					CHECK_EQ(reply.fault, 256);
					CHECK_EQ(reply.status, IOM_UNSUPPORTED);
				}
	rig_free(r);
}

TEST(active_mode_with_another_root_changes_nothing, "RV-DDTP-15")
{
	for (unsigned mode = LVL1; mode <= LVL3; mode++) {
		struct rig *r = rig_new(0);
		uint64_t was;

		rig_ddt(r, mode - 1);
		rig_dc_put(r, 1, 1, 0, 0, 0);
		was = rd64(r, DDTP);
		wr64(r, DDTP, PPN_OF(page(r)) | mode);
		CHECK_EQ(rd64(r, DDTP), was);
		CHECK_EQ(rig_cause(r, 1, 0x1000, IOM_READ), 0);
		rig_free(r);
	}
}
