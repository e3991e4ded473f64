/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Who may use the 32-bit schemes: fctl.GXL, tc.SXL, and the modes of contexts. */
#include "sv32.h"

#define DEVICE 2
#define BARE_ATP 0

static struct rig *fixed(uint64_t cap)
{
	const struct iom_riscv_config config = { .capabilities = cap, .flags = IOM_RISCV_UNCACHED };

	return rig_new_config(&config);
}

/* The cause of a read after the DC got these words. */
static unsigned with_dc(struct rig *r, uint64_t tc, uint64_t iohgatp, uint64_t fsc)
{
	rig_dc_put(r, DEVICE, TC_V | tc, iohgatp, 0, fsc);
	return rig_cause(r, DEVICE, 0x1000, IOM_READ);
}

static uint64_t mode(unsigned n)
{
	return (uint64_t)n << 60;
}

TEST(gxl_register, "RV-REG-22")
{
	static const struct {
		uint64_t cap;
		uint32_t value;
	} rows[] = {
		{ CAP_EXT, 0 },
		{ CAP_BOTH, 0 },
		{ CAP_EXT | CAP_SV32, 0 },
		/* no second stage but Sv32x4: that is all that iohgatp can mean */
		{ CAP_VERSION | CAP_SV32X4 | CAP_PAS(56), GXL },
		{ CAP_VERSION | CAP_SV32 | CAP_SV32X4 | CAP_PAS(56), GXL },
		{ CAP_VERSION | CAP_SV32 | CAP_PAS(56), GXL },
		{ CAP_VERSION | CAP_SV39 | CAP_PAS(56), 0 },
	};
	struct rig *r;

	for (unsigned i = 0; i < COUNT(rows); i++) {
		r = fixed(rows[i].cap);
		CHECK_EQ(rd32(r, FCTL) & GXL, rows[i].value);
		wr32(r, FCTL, rows[i].value ^ GXL);
		CHECK_EQ(rd32(r, FCTL) & GXL, rows[i].value);
		iom_unit_reset(r->unit);
		CHECK_EQ(rd32(r, FCTL) & GXL, rows[i].value);
		rig_free(r);
	}
	r = rig32(CAP_BOTH, 0);
	wr64(r, DDTP, OFF);
	wr32(r, FQCSR, 0);
	wr32(r, FCTL, GXL);
	CHECK_EQ(rd32(r, FCTL), GXL);
	wr32(r, FCTL, 0);
	CHECK_EQ(rd32(r, FCTL), 0);
	wr32(r, FCTL, GXL);
	rig_ddt(r, 1);
	wr32(r, FCTL, 0);
	CHECK_EQ(rd32(r, FCTL), GXL);
	rig_free(r);
}

TEST(gxl_needs_both_widths, "")
{
	static const uint64_t one[] = {
		CAP_VERSION | CAP_SV39 | CAP_PAS(56),
		CAP_EXT,
		CAP_VERSION | CAP_SV32 | CAP_SV32X4 | CAP_PAS(56),
	};
	struct iom_memory *memory;
	struct iom_unit *unit;
	struct iom_error error;

	CHECK_EQ(iom_memory_new(NULL, NULL, &memory, NULL), IOM_OK);
	for (unsigned i = 0; i < COUNT(one); i++) {
		const struct iom_riscv_config config = { .bytes = sizeof config,
			                                 .capabilities = one[i],
			                                 .flags = IOM_RISCV_GXL_WRITABLE };

		CHECK(iom_riscv_new(&config, memory, NULL, NULL, &unit, &error) == IOM_EINVAL);
		CHECK(error.text[0]);
	}
	iom_memory_free(memory);
}

TEST(sxl_follows_gxl, "RV-DC-34 RV-DC-35")
{
	struct rig *r = rig32(CAP_BOTH, GXL);

	CHECK_EQ(with_dc(r, 0, BARE_ATP, BARE_ATP), 259);
	CHECK_EQ(with_dc(r, TC_SXL, BARE_ATP, BARE_ATP), 0);
	rig_free(r);

	r = rig32(CAP_BOTH, 0);
	CHECK_EQ(with_dc(r, 0, BARE_ATP, BARE_ATP), 0);
	CHECK_EQ(with_dc(r, TC_SXL, BARE_ATP, BARE_ATP), 0);
	rig_free(r);

	r = fixed(CAP_BOTH);
	rig_ddt(r, 1);
	CHECK_EQ(with_dc(r, TC_SXL, BARE_ATP, BARE_ATP), 259);
	CHECK_EQ(with_dc(r, 0, BARE_ATP, BARE_ATP), 0);
	rig_free(r);

	r = fixed(CAP_VERSION | CAP_SV32 | CAP_SV32X4 | CAP_PAS(56));
	rig_ddt(r, 1);
	CHECK_EQ(with_dc(r, 0, BARE_ATP, BARE_ATP), 259);
	CHECK_EQ(with_dc(r, TC_SXL, BARE_ATP, BARE_ATP), 0);
	rig_free(r);
}

TEST(sxl_modes_of_the_first_stage, "RV-DC-22 RV-DC-24")
{
	for (uint32_t gxl = 0; gxl <= GXL; gxl += GXL) {
		struct rig *r = rig32(CAP_BOTH, gxl);
		uint64_t root = page(r);

		map32(r, root, false, 0x1000, 0, leaf32(0x7000), false);
		for (unsigned m = 0; m < 16; m++)
			CHECK_EQ(with_dc(r, TC_SXL, BARE_ATP, mode(m) | root >> 12),
			         m == 0 || m == 8 ? 0 : 259);
		CHECK_EQ(with_dc(r, TC_SXL, BARE_ATP, mode(8) | root >> 12), 0);
		CHECK_EQ(rig_spa(r, DEVICE, 0x1234), 0x7234);
		rig_free(r);

		r = rig32(CAP_BOTH & ~CAP_SV32, gxl);
		CHECK_EQ(with_dc(r, TC_SXL, BARE_ATP, mode(8)), 259);
		CHECK_EQ(with_dc(r, TC_SXL, BARE_ATP, BARE_ATP), 0);
		rig_free(r);
	}
}

TEST(gxl_modes_of_the_second_stage, "RV-DC-27 RV-DC-29")
{
	struct rig *r = rig32(CAP_BOTH, GXL);
	uint64_t root = pages(r, 4, 16384);

	map32(r, root, true, 0x1000, 0, leaf32(0x7000), false);
	for (unsigned m = 0; m < 16; m++)
		CHECK_EQ(with_dc(r, TC_SXL, mode(m) | root >> 12, BARE_ATP),
		         m == 0 || m == 8 ? 0 : 259);
	for (unsigned low = 1; low < 4; low++)
		CHECK_EQ(with_dc(r, TC_SXL, mode(8) | root >> 12 | low, BARE_ATP), 259);
	CHECK_EQ(with_dc(r, TC_SXL, mode(8) | root >> 12, BARE_ATP), 0);
	CHECK_EQ(rig_spa(r, DEVICE, 0x1234), 0x7234);
	rig_free(r);

	r = rig32(CAP_EXT | CAP_SV32, GXL);
	CHECK_EQ(with_dc(r, TC_SXL, mode(8), BARE_ATP), 259);
	CHECK_EQ(with_dc(r, TC_SXL, BARE_ATP, BARE_ATP), 0);
	rig_free(r);
	/* with GXL=0 the number means Sv39x4, SXL or not */
	r = rig32(CAP_EXT | CAP_SV32, 0);
	root = pages(r, 4, 16384);
	rig_map(r, root, 3, true, 0x1000, 0, leaf(STAGE_FAR));
	CHECK_EQ(with_dc(r, TC_SXL, mode(8) | root >> 12, BARE_ATP), 0);
	CHECK_EQ(rig_spa(r, DEVICE, 0x1234), STAGE_FAR | 0x234);
	rig_free(r);
}

static unsigned with_pc(struct rig *r, uint64_t pdt, uint64_t fsc)
{
	put64(r, pdt + 16 * 5 + 8, fsc);
	put64(r, pdt + 16 * 5, 1);
	return rig_cause_pid(r, DEVICE, 0x1000, IOM_READ, 5, false);
}

TEST(sxl_modes_of_processes, "RV-PDT-12")
{
	for (unsigned with = 0; with < 2; with++) {
		struct rig *r = rig32(with ? CAP_BOTH : CAP_BOTH & ~CAP_SV32, 0);
		uint64_t pdt = page(r), root = page(r), root64 = page(r);

		map32(r, root, false, 0x1000, 0, leaf32(0x7000), false);
		rig_map(r, root64, 3, false, 0x1000, 0, leaf(0x9000));
		rig_dc_put(r, DEVICE, TC_V | TC_PDTV | TC_SXL, 0, 0, 1ull << 60 | pdt >> 12);
		for (unsigned m = 0; m < 16; m++)
			CHECK_EQ(with_pc(r, pdt, mode(m) | root >> 12),
			         m == 0 || (m == 8 && with) ? 0 : 267);
		rig_dc_put(r, DEVICE, TC_V | TC_PDTV, 0, 0, 1ull << 60 | pdt >> 12);
		CHECK_EQ(with_pc(r, pdt, mode(8) | root64 >> 12), 0);
		rig_free(r);
	}
}

/* The widest guest-physical address is then one of 34 bits. */
TEST(sv32x4_alone_limits_msi_addresses, "")
{
	const uint64_t cap = CAP_VERSION | CAP_SV32X4 | CAP_MSI_FLAT | CAP_PAS(56);
	struct rig *r = fixed(cap);

	rig_ddt(r, 1);
	for (unsigned bit = 0; bit < 52; bit++) {
		for (unsigned word = 5; word <= 6; word++) {
			put64(r, rig_dc(r, DEVICE) + 8 * word, 1ull << bit);
			CHECK_EQ(with_dc(r, TC_SXL, BARE_ATP, BARE_ATP), bit < 22 ? 0 : 259);
			put64(r, rig_dc(r, DEVICE) + 8 * word, 0);
		}
	}
	rig_free(r);
}
