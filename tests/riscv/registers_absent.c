/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Registers of options that were not configured, reserved and custom ones, and reserved fields. */
#include "rig.h"
#include "sheet.h"

/* Everything from `from` to `to` reads 0 after ones were written by halves and by wholes. */
static void reads_zero(struct rig *r, uint64_t from, uint64_t to)
{
	for (uint64_t off = from; off < to; off += 4)
		wr32(r, off, ~0u);
	for (uint64_t off = (from + 7) & ~7ull; off + 8 <= to; off += 8)
		wr64(r, off, ~0ull);
	for (uint64_t off = from; off < to; off += 4)
		CHECK_MSG(!rd32(r, off), "0x%llx", (unsigned long long)off);
	for (uint64_t off = (from + 7) & ~7ull; off + 8 <= to; off += 8)
		CHECK_MSG(!rd64(r, off), "0x%llx", (unsigned long long)off);
}

TEST(reserved_offsets_read_zero, "RV-REG-09")
{
	struct rig *r = rig_new(0);

	reads_zero(r, RESERVED_LOW, CUSTOM_LOW);
	reads_zero(r, MSI_END, WINDOW);
	rig_free(r);
}

TEST(page_request_queue_is_absent_without_ats, "RV-REG-10")
{
	struct rig *r = rig_new(0);

	reads_zero(r, PQB, CQCSR);
	reads_zero(r, PQCSR, IPSR);
	rig_free(r);
}

TEST(performance_monitor_is_absent, "RV-REG-11")
{
	struct rig *r = rig_new(0);

	reads_zero(r, HPM_FIRST, HPM_END);
	rig_free(r);
}

TEST(debug_registers_are_absent, "RV-REG-12")
{
	struct rig *r = rig_new(0);

	reads_zero(r, TR_REQ_IOVA, TR_END);
	rig_free(r);
}

TEST(qos_register_is_absent, "RV-REG-13")
{
	struct rig *r = rig_new(0);

	reads_zero(r, QOSID, QOSID + 4);
	rig_free(r);
}

TEST(message_table_is_absent_with_wires_only, "RV-REG-14")
{
	struct rig *r = rig_new((CAP_EXT & ~(3ull << 28)) | CAP_IGS_WSI);

	reads_zero(r, MSI_CFG, MSI_END);
	rig_free(r);
}

/*
 * The bits of every register that are neither reserved nor custom.  Ones are written into all of
 * them; ddtp gets the legal mode Off, since a write of another one is ignored as a whole.
 */
TEST(reserved_and_custom_fields_read_zero, "RV-REG-33 RV-REG-34")
{
	static const struct {
		uint64_t off, ones, defined;
		unsigned bytes;
	} registers[] = {
		{ CAPABILITIES, ~0ull, 0x00000fffffefcfffull, 8 },
		{ FCTL, ~0ull, 0x7, 4 },
		{ DDTP, ~0ull, 0x003ffffffffffc1full, 8 },
		{ DDTP, ~0xfull, 0x003ffffffffffc1full, 8 },
		{ CQB, ~0ull, 0x003ffffffffffc1full, 8 },
		{ FQB, ~0ull, 0x003ffffffffffc1full, 8 },
		{ CQCSR, ~0ull, 0x00030f03, 4 },
		{ FQCSR, ~0ull, 0x00030303, 4 },
		{ PQCSR, ~0ull, 0x00030303, 4 },
		{ IPSR, ~0ull, 0x0000000f, 4 },
		{ ICVEC, ~0ull, 0xffff, 8 },
	};
	struct iom_riscv_config c = { .capabilities = CAP_EXT, .vectors = 16 };
	struct rig *r = rig_new_config(&c);

	for (unsigned i = 0; i < COUNT(registers); i++) {
		uint64_t off = registers[i].off, val;

		if (registers[i].bytes == 8)
			wr64(r, off, registers[i].ones);
		else
			wr32(r, off, (uint32_t)registers[i].ones);
		val = registers[i].bytes == 8 ? rd64(r, off) : rd32(r, off);
		CHECK_MSG(!(val & ~registers[i].defined), "0x%llx reads 0x%llx",
		          (unsigned long long)off, (unsigned long long)val);
	}
	for (uint64_t e = MSI_CFG; e < MSI_END; e += 16) {
		wr64(r, e, ~0ull);
		wr32(r, e + 12, ~0u);
		CHECK_EQ(rd64(r, e) & 0xff00000000000003ull, 0);
		CHECK_EQ(rd32(r, e + 12) & ~1u, 0);
	}
	reads_zero(r, 12, 16);
	reads_zero(r, CUSTOM_LOW, ICVEC);
	rig_free(r);
}

/* The same bit by bit, with nothing else set that could hide it. */
TEST(each_bit_of_a_queue_base_is_kept_or_reserved, "")
{
	static const uint64_t bases[] = { CQB, FQB };

	for (unsigned i = 0; i < COUNT(bases); i++)
		for (unsigned bit = 0; bit < 64; bit++) {
			struct iom_riscv_config c = { .queue_lg2 = 20 };
			struct rig *r = rig_new_config(&c);
			bool kept = bit < 5 || (bit >= 10 && bit <= 53);
			uint64_t val = 1ull << bit;

			wr64(r, bases[i], val);
			if (bit == 4) /* 2^17 entries */
				CHECK_EQ(rd64(r, bases[i]), 16);
			else
				CHECK_EQ(rd64(r, bases[i]), kept ? val : 0);
			rig_free(r);
		}
}
