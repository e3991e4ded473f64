/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Quality-of-service identifiers: the register, the device context, and what requests carry. */
#include "mrif.h"

#define CAP (CAP_EXT | CAP_QOSID)
#define TA_QOS(rcid, mcid) ((uint64_t)(rcid) << 40 | (uint64_t)(mcid) << 52)
#define REG_QOS(rcid, mcid) ((uint32_t)(rcid) | (uint32_t)(mcid) << 16)

static struct rig *rig_with(unsigned bits, unsigned reset_mode, uint32_t flags)
{
	const struct iom_riscv_config config = { .capabilities = CAP,
		                                 .qos_id_bits = (uint8_t)bits,
		                                 .reset_mode = (uint8_t)reset_mode,
		                                 .flags = flags };

	return rig_new_config(&config);
}

/* ---- The register and the device context -------------------------------------------------- */

TEST(qos_register_width, "RV-REG-32")
{
	for (unsigned bits = 0; bits <= 12; bits++) {
		struct rig *r = rig_with(bits, OFF, 0);
		const uint32_t ones = (1u << (bits ? bits : 12)) - 1;

		CHECK_EQ(rd32(r, QOSID), 0);
		wr32(r, QOSID, ~0u);
		CHECK_EQ(rd32(r, QOSID), REG_QOS(ones, ones));
		for (unsigned bit = 0; bit < 32; bit++) {
			wr32(r, QOSID, 1u << bit);
			CHECK_EQ(rd32(r, QOSID), 1u << bit & REG_QOS(ones, ones));
		}
		wr32(r, QOSID, REG_QOS(ones, 0));
		CHECK_EQ(rd32(r, QOSID), ones);
		wr32(r, QOSID, REG_QOS(0, ones));
		CHECK_EQ(rd32(r, QOSID), ones << 16);
		rig_free(r);
	}
}

TEST(qos_register_after_reset, "RV-REG-19")
{
	for (unsigned mode = OFF; mode <= BARE; mode++) {
		struct rig *r = rig_with(0, mode, 0);

		CHECK_EQ(rd32(r, QOSID), 0);
		wr32(r, QOSID, REG_QOS(0x123, 0x456));
		iom_unit_reset(r->unit);
		CHECK_EQ(rd32(r, QOSID) & 0xfff, 0);
		wr32(r, QOSID, REG_QOS(0x123, 0x456));
		iom_unit_reset_warm(r->unit);
		if (mode == BARE)
			CHECK_EQ(rd32(r, QOSID) & 0xfff, 0);
		rig_free(r);
	}
}

TEST(qos_context_width, "RV-DC-05")
{
	for (unsigned bits = 1; bits <= 12; bits++) {
		struct rig *r = rig_with(bits, OFF, IOM_RISCV_UNCACHED);

		rig_ddt(r, 1);
		rig_fq(r, 4, false);
		for (unsigned bit = 40; bit < 64; bit++) {
			const unsigned cause = (bit - 40) % 12 < bits ? 0 : 259;

			rig_dc_put(r, 1, 1, 0, 1ull << bit, 0);
			CHECK_MSG(rig_cause(r, 1, 0x1000, IOM_READ) == cause, "%u bits: ta bit %u",
			          bits, bit);
			if (cause)
				rig_expect(r, rig_record(259, 2, 1), 0x1000, 0);
		}
		/* All that is implemented, and one more of each. */
		rig_dc_put(r, 1, 1, 0, TA_QOS((1u << bits) - 1, (1u << bits) - 1), 0);
		CHECK_EQ(rig_cause(r, 1, 0x1000, IOM_READ), 0);
		rig_free(r);
	}
}

/* ---- Requests ----------------------------------------------------------------------------- */

static void carries(struct rig *r, uint32_t device, uint64_t iova, unsigned rcid, unsigned mcid)
{
	const struct iom_request q = { .iova = iova, .bytes = 4, .access = IOM_WRITE };
	struct iom_reply reply;
	int err = rig_translate(r, device, &q, &reply);

	CHECK_MSG(err == IOM_OK, "device %u: cause %u", device, reply.fault);
	CHECK_MSG(reply.rcid == rcid && reply.mcid == mcid,
	          "device %u: 0x%x and 0x%x, not 0x%x and 0x%x", device, reply.rcid, reply.mcid,
	          rcid, mcid);
}

TEST(qos_of_requests_in_bare, "RV-QOS-02")
{
	for (unsigned cached = 0; cached < 2; cached++) {
		struct rig *r = rig_with(0, BARE, cached ? 0 : IOM_RISCV_UNCACHED);
		struct iom_port *port = rig_port(r, 9);

		carries(r, 5, 0x1000, 0, 0);
		for (unsigned i = 0; i < 3; i++) {
			const struct iom_request q = { .iova = 0x1000, .bytes = 8 };
			struct iom_reply reply;

			wr32(r, QOSID, REG_QOS(0x123 + i, 0x456 + i));
			for (unsigned again = 0; again < 2; again++) {
				carries(r, 5, 0x1000, 0x123 + i, 0x456 + i);
				carries(r, 0xffffff, RIG_RAM, 0x123 + i, 0x456 + i);
				iom_begin(r->lane);
				CHECK_EQ(iom_translate(port, &q, &reply), IOM_OK);
				iom_end(r->lane);
				CHECK_EQ(reply.rcid, 0x123 + i);
				CHECK_EQ(reply.mcid, 0x456 + i);
			}
		}
		rig_free(r);
	}
}

/* Each kind of translation; two devices of one address space have identifiers of their own. */
TEST(qos_of_translated_requests, "RV-QOS-02")
{
	for (unsigned cached = 0; cached < 2; cached++) {
		struct rig *r = rig_with(0, OFF, cached ? 0 : IOM_RISCV_UNCACHED);
		const uint64_t table = page(r), root = page(r);
		const uint64_t gpa_root = pages(r, 4, 16384), pdt = page(r), iova = 0x5000;
		const uint64_t first = stage_mode(3) | root >> 12;
		const uint64_t second = stage_mode(3) | 7ull << 44 | gpa_root >> 12;

		wr32(r, QOSID, REG_QOS(0x123, 0x456));
		rig_ddt(r, 1);
		rig_map(r, root, 3, false, iova, 0, leaf(STAGE_FAR));
		rig_map(r, gpa_root, 3, true, iova, 0, leaf(STAGE_FAR));
		put64(r, pdt + 8, first);
		put64(r, pdt, 1);
		for (unsigned d = 0; d < 2; d++) {
			const uint64_t ta = TA_QOS(0x10 + d, 0xf00 + d) | 3ull << 12;

			rig_dc_put(r, 8 + d, 1, 0, ta, 0);
			rig_dc_put(r, 10 + d, 1, 0, ta, first);
			rig_dc_put(r, 12 + d, 1, second, ta, 0);
			rig_dc_put(r, 14 + d, 1 | 1 << 5 | 1 << 9, 0, ta, 1ull << 60 | pdt >> 12);
			rig_dc_put(r, 16 + d, 1, second, ta, 0);
			put64(r, rig_dc(r, 16 + d) + 32, 1ull << 60 | table >> 12);
			put64(r, rig_dc(r, 16 + d) + 48, MRIF_PAGE >> 12);
		}
		put64(r, table, PTE_PPN(STAGE_FAR) | 7);
		for (unsigned round = 0; round < 3; round++)
			for (unsigned d = 0; d < 2; d++) {
				for (unsigned device = 8; device < 16; device += 2)
					carries(r, device + d, iova, 0x10 + d, 0xf00 + d);
				carries(r, 16 + d, MRIF_PAGE, 0x10 + d, 0xf00 + d);
			}
		rig_free(r);
	}
}

/* The target of a message, and the answer to the message itself. */
TEST(qos_of_messages_to_files, "RV-QOS-02")
{
	for (unsigned cached = 0; cached < 2; cached++) {
		struct mrif m;
		struct iom_reply reply;

		mrif_init(&m, CAP | CAP_MSI_MRIF, cached ? 0 : IOM_RISCV_UNCACHED);
		put64(m.r, m.dc + 16, TA_QOS(0x234, 0x567));
		for (unsigned again = 0; again < 3; again++) {
			carries(m.r, MRIF_DEVICE, MRIF_PAGE, 0x234, 0x567);
			CHECK_EQ(mrif_store(&m, 0, 4, 5, &reply), IOM_OK);
			CHECK_EQ(reply.rcid, 0x234);
			CHECK_EQ(reply.mcid, 0x567);
		}
		mrif_free(&m);
	}
}

/* A context that has changed is heard of after the directory's invalidation. */
TEST(qos_of_a_changed_context, "RV-QOS-02")
{
	struct rig *r = rig_with(0, OFF, 0);
	uint64_t root = page(r);

	rig_ddt(r, 1);
	rig_cq(r, 4, false);
	rig_map(r, root, 3, false, 0x5000, 0, leaf(STAGE_FAR));
	for (unsigned i = 0; i < 4; i++) {
		rig_dc_put(r, 1, 1, 0, TA_QOS(0x10 + i, 0x20 + i) | 3ull << 12,
		           stage_mode(3) | root >> 12);
		rig_cmd(r, INVAL_DDT | 1ull << 33 | 1ull << 40, 0);
		rig_cmd(r, VMA | 1ull << 32 | 3ull << 12, 0);
		for (unsigned again = 0; again < 3; again++)
			carries(r, 1, 0x5000, 0x10 + i, 0x20 + i);
	}
	rig_free(r);
}

TEST(qos_without_the_capability, "RV-QOS-02")
{
	for (unsigned cached = 0; cached < 2; cached++) {
		const struct iom_riscv_config config = { .capabilities = CAP_EXT,
			                                 .reset_mode = BARE,
			                                 .flags = cached ? 0 : IOM_RISCV_UNCACHED };
		struct rig *r = rig_new_config(&config);

		wr32(r, QOSID, REG_QOS(0x123, 0x456));
		carries(r, 1, 0x1000, 0, 0);
		rig_ddt(r, 1);
		rig_dc_put(r, 1, 1, 0, 0, 0);
		carries(r, 1, 0x1000, 0, 0);
		carries(r, 1, 0x1000, 0, 0);
		rig_free(r);
	}
}
