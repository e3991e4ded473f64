/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Invalidation by registers: when CCMD and IOTLB are heard. */
#include "rig.h"

#define IVA RIG_IRO
#define IOTLB (RIG_IRO + 8)
#define ICC (1ull << 63)
#define CIRG(n) ((uint64_t)(n) << 61)
#define CAIG(ccmd) ((ccmd) >> 59 & 3)
#define IVT (1ull << 63)
#define IIRG(n) ((uint64_t)(n) << 60)
#define IAIG(iotlb) ((iotlb) >> 57 & 3)
#define IO_DID(n) ((uint64_t)(n) << 32)

TEST(registers_while_the_queue_is_on, "VTD-CCMD-05")
{
	const struct iom_vtd_config config = {
		.cap = CAP_ALL, .ecap = ECAP_ALL, .version = 0x40, .address_bits = RIG_HAW
	};
	struct iom_vtd_config always = config;
	struct rig *r = rig_new_config(&config);

	rig_queue(r, 0, false);
	wr64(r, IOTLB, IVT | IIRG(1));
	CHECK_EQ(rd64(r, IOTLB) >> 63, 0);
	CHECK_EQ(IAIG(rd64(r, IOTLB)), 0);
	rig_free(r);
	/* A unit that is made so that it takes both. */
	always.flags = IOM_VTD_REGISTERS_ALWAYS;
	r = rig_new_config(&always);
	rig_queue(r, 0, false);
	wr64(r, CCMD, ICC | CIRG(1));
	CHECK_EQ(CAIG(rd64(r, CCMD)), 1);
	wr64(r, IOTLB, IVT | IIRG(1));
	CHECK_EQ(IAIG(rd64(r, IOTLB)), 1);
	rig_free(r);
}

TEST(registers_in_other_modes, "VTD-CCMD-07")
{
	static const unsigned ttm[] = { TTM_SCALABLE, TTM_ABORT };
	unsigned i, g;

	for (i = 0; i < 2; i++) {
		struct rig *r = rig_new_caps(CAP_ALL, ECAP_ALL | ECAP_ADMS);

		rig_on(r, ttm[i]);
		for (g = 0; g < 4; g++) {
			wr64(r, CCMD, ICC | CIRG(g));
			CHECK_EQ(rd64(r, CCMD) >> 63, 0);
			CHECK_EQ(CAIG(rd64(r, CCMD)), 0);
			wr64(r, IOTLB, IVT | IIRG(g));
			CHECK_EQ(rd64(r, IOTLB) >> 63, 0);
			CHECK_EQ(IAIG(rd64(r, IOTLB)), 0);
		}
		/* The mode that was latched counts. */
		wr64(r, RTADDR, r->root);
		wr64(r, CCMD, ICC | CIRG(1));
		CHECK_EQ(CAIG(rd64(r, CCMD)), 0);
		rig_gcmd(r, SRTP, true);
		wr64(r, CCMD, ICC | CIRG(1));
		CHECK_EQ(CAIG(rd64(r, CCMD)), 1);
		rig_free(r);
	}
}

/* Whatever is on. */
TEST(registers_while_translation_is_off, "VTD-CCMD-01 VTD-IOTLB-01")
{
	struct rig *r = rig_new();

	wr64(r, CCMD, ICC | CIRG(1));
	CHECK_EQ(CAIG(rd64(r, CCMD)), 1);
	wr64(r, IOTLB, IVT | IIRG(1));
	CHECK_EQ(IAIG(rd64(r, IOTLB)), 1);
	rig_free(r);
}

TEST(register_commands_of_new_units, "VTD-REG-26")
{
	const struct iom_vtd_config config = {
		.cap = CAP_ALL, .ecap = ECAP_ALL, .version = 0x60, .address_bits = RIG_HAW
	};
	struct rig *r = rig_new_config(&config);
	uint64_t root = page(r), leaf, old = page(r), now = page(r);
	unsigned g;

	rig_on(r, TTM_LEGACY);
	rig_context_put(r, 0x0123, CTX_P | root, AW(4) | DID(5));
	leaf = rig_ss(r, root, 4, 0x7000, 1, old | SS_RW);
	rig_grants(r, 0x0123, rq(0x7000, IOM_READ), old);
	put64(r, leaf, now | SS_RW);
	for (g = 0; g < 4; g++) {
		wr64(r, CCMD, ICC | CIRG(g));
		CHECK_EQ(rd64(r, CCMD) >> 63, 0);
		CHECK_EQ(CAIG(rd64(r, CCMD)), 0);
		wr64(r, IOTLB, IVT | IIRG(g) | IO_DID(5));
		CHECK_EQ(rd64(r, IOTLB) >> 63, 0);
		CHECK_EQ(IAIG(rd64(r, IOTLB)), 0);
	}
	rig_grants(r, 0x0123, rq(0x7000, IOM_READ), old);
	rig_free(r);
}

/* The command is done when DMA that used what it drops is. */
TEST(register_commands_wait_for_dma, "VTD-IOTLB-01")
{
	static const unsigned iirg[] = { 1, 2, 3 };
	struct rig *r = rig_new();
	uint64_t root = page(r), to = page(r);
	struct iom_port *port = rig_port(r, 0x0123);
	struct iom_request q = rq(0x7000, IOM_WRITE);
	unsigned i;

	rig_on(r, TTM_LEGACY);
	rig_context_put(r, 0x0123, CTX_P | root, AW(4) | DID(5));
	rig_ss(r, root, 4, 0x7000, 1, to | SS_RW);
	for (i = 0; i < 3; i++) {
		struct iom_reply reply;

		iom_begin(r->lane);
		CHECK_EQ(iom_translate(port, &q, &reply), IOM_OK);
		wr64(r, IVA, 0x7000);
		wr64(r, IOTLB, IVT | IIRG(iirg[i]) | 5ull << 32);
		CHECK_EQ(rd64(r, IOTLB) >> 63, 1);
		iom_end(r->lane);
		CHECK_EQ(rd64(r, IOTLB) >> 63, 0);
		CHECK_EQ(IAIG(rd64(r, IOTLB)), iirg[i]);
	}
	rig_free(r);
}
