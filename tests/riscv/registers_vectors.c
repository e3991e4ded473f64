/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* icvec and msi_cfg_tbl: what sticks. */
#include "rig.h"
#include "sheet.h"

static struct rig *rig_with_vectors(unsigned n)
{
	struct iom_riscv_config c = { .capabilities = CAP_EXT, .vectors = (uint8_t)n };

	return rig_new_config(&c);
}

TEST(icvec_keeps_the_bits_of_its_vectors, "RV-REG-26")
{
	for (unsigned n = 1; n <= 16; n *= 2) {
		struct rig *r = rig_with_vectors(n);

		for (unsigned val = 0; val < 256; val++) {
			unsigned mask = (n - 1) | (n - 1) << 4;

			wr64(r, ICVEC, val);
			CHECK_EQ(rd64(r, ICVEC), val & mask);
		}
		rig_free(r);
	}
}

TEST(icvec_keeps_no_more, "RV-REG-27")
{
	struct rig *r = rig_with_vectors(16);

	for (unsigned bit = 0; bit < 64; bit++) {
		wr64(r, ICVEC, 1ull << bit);
		CHECK_EQ(rd64(r, ICVEC), bit < 8 ? 1ull << bit : 0);
	}
	wr64(r, ICVEC, ~0ull);
	CHECK_EQ(rd64(r, ICVEC), 0xff);
	rig_free(r);
}

TEST(message_address_bits, "RV-REG-28")
{
	for (unsigned pas = 32; pas <= 56; pas += 8) {
		struct rig *r = rig_new((CAP_EXT & ~CAP_PAS(63)) | CAP_PAS(pas));

		for (unsigned v = 0; v < 4; v++) {
			uint64_t off = MSI_CFG + 16 * v;

			for (unsigned bit = 0; bit < 64; bit++) {
				uint64_t val = 1ull << bit;

				wr64(r, off, val);
				if (bit < 2 || bit > 55)
					CHECK_EQ(rd64(r, off), 0);
				else if (bit < pas)
					CHECK_EQ(rd64(r, off), val);
			}
			wr64(r, off, ~0ull);
			CHECK_EQ(rd64(r, off) & 0xff00000000000003ull, 0);
			CHECK_EQ(~rd64(r, off) & ((1ull << pas) - 4), 0);
		}
		rig_free(r);
	}
}

TEST(message_data_is_32_bits, "")
{
	struct rig *r = rig_new(0);

	for (unsigned bit = 0; bit < 32; bit++) {
		wr32(r, MSI_CFG + 8, 1u << bit);
		CHECK_EQ(rd32(r, MSI_CFG + 8), 1u << bit);
	}
	rig_free(r);
}

TEST(vector_control_is_one_bit, "RV-REG-29")
{
	struct rig *r = rig_with_vectors(16);

	for (unsigned v = 0; v < 16; v++)
		for (unsigned bit = 0; bit < 32; bit++) {
			wr32(r, MSI_CFG + 16 * v + 12, 1u << bit);
			CHECK_EQ(rd32(r, MSI_CFG + 16 * v + 12), bit == 0);
		}
	rig_free(r);
}

TEST(entries_beyond_the_vectors_read_zero, "RV-REG-30")
{
	for (unsigned n = 1; n <= 16; n *= 2) {
		struct rig *r = rig_with_vectors(n);

		for (uint64_t off = MSI_CFG; off < MSI_END; off += 4)
			wr32(r, off, ~0u);
		for (unsigned v = 0; v < 16; v++) {
			uint64_t off = MSI_CFG + 16 * v;

			CHECK_EQ(rd64(r, off) != 0, v < n);
			CHECK_EQ(rd32(r, off + 8), v < n ? ~0u : 0);
			CHECK_EQ(rd32(r, off + 12), v < n);
		}
		rig_free(r);
	}
}

TEST(entries_do_not_overlap, "")
{
	struct rig *r = rig_with_vectors(16);

	for (unsigned v = 0; v < 16; v++) {
		wr64(r, MSI_CFG + 16 * v, 0x1000ull * (v + 1));
		wr32(r, MSI_CFG + 16 * v + 8, v + 100);
		wr32(r, MSI_CFG + 16 * v + 12, v & 1);
	}
	for (unsigned v = 0; v < 16; v++) {
		CHECK_EQ(rd64(r, MSI_CFG + 16 * v), 0x1000ull * (v + 1));
		CHECK_EQ(rd32(r, MSI_CFG + 16 * v + 8), v + 100);
		CHECK_EQ(rd32(r, MSI_CFG + 16 * v + 12), v & 1);
	}
	rig_free(r);
}
