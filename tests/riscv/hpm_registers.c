/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The performance monitor's registers: how many there are, how wide, what stops them. */
#include "hpm.h"

/* In Off: each request is one untranslated request. */
static struct rig *rig_with(unsigned counters, unsigned bits)
{
	const struct iom_riscv_config config = { .capabilities = CAP_COUNT,
		                                 .counters = (uint8_t)counters,
		                                 .counter_bits = (uint8_t)bits };

	return rig_new_config(&config);
}

static void request(struct rig *r)
{
	CHECK_EQ(rig_cause(r, 1, 0, IOM_READ), 256);
}

TEST(hpm_absent_counters, "RV-HPM-03")
{
	static const unsigned numbers[] = { 1, 2, 7, 30, 31, 0 };

	for (unsigned i = 0; i < COUNT(numbers); i++) {
		struct rig *r = rig_with(numbers[i], 0);
		const unsigned last = numbers[i] ? numbers[i] : 31;

		wr32(r, IOCOUNTINH, ~0u);
		CHECK_EQ(rd32(r, IOCOUNTINH), (2ull << last) - 1);
		wr32(r, IOCOUNTINH, 0);
		CHECK_EQ(rd32(r, IOCOUNTINH), 0);
		for (unsigned n = 1; n <= 31; n++) {
			wr64(r, IOHPMCTR(n), ~0ull);
			wr64(r, IOHPMEVT(n), EV_UNTRANSLATED | EVT_DMASK | EVT_OF);
			CHECK_EQ(rd64(r, IOHPMCTR(n)), n <= last ? ~0ull : 0);
			CHECK_EQ(rd64(r, IOHPMEVT(n)),
			         n <= last ? EV_UNTRANSLATED | EVT_DMASK | EVT_OF : 0);
		}
		CHECK_EQ(rd32(r, IOCOUNTOVF), ((2ull << last) - 1) & ~1ull);
		request(r);
		for (unsigned n = 1; n <= 31; n++)
			CHECK_EQ(rd64(r, IOHPMCTR(n)), 0);
		rig_free(r);
	}
}

TEST(hpm_inhibited_counters, "RV-HPM-02")
{
	struct rig *r = rig_with(0, 0);
	uint64_t cycles;

	iom_step(r->unit, 1);
	for (unsigned n = 1; n <= 31; n++)
		wr64(r, IOHPMEVT(n), EV_UNTRANSLATED);
	for (unsigned stopped = 0; stopped < 32; stopped++) {
		for (unsigned n = 1; n <= 31; n++)
			wr64(r, IOHPMCTR(n), 0);
		wr32(r, IOCOUNTINH, 1u << stopped);
		CHECK_EQ(rd32(r, IOCOUNTINH), 1u << stopped);
		request(r);
		request(r);
		for (unsigned n = 1; n <= 31; n++)
			CHECK_MSG(rd64(r, IOHPMCTR(n)) == (n == stopped ? 0 : 2),
			          "iocountinh bit %u, counter %u", stopped, n);
		cycles = rd64(r, IOHPMCYCLES);
		iom_step(r->unit, 1000 * (stopped + 1));
		CHECK_EQ(rd64(r, IOHPMCYCLES) == cycles, stopped == 0);
	}
	/* All but one. */
	wr32(r, IOCOUNTINH, ~(1u << 9));
	request(r);
	for (unsigned n = 1; n <= 31; n++)
		CHECK_EQ(rd64(r, IOHPMCTR(n)), n == 31 ? 0 : n == 9 ? 3 : 2);
	/* A stopped counter can still be written. */
	wr64(r, IOHPMCTR(3), 77);
	CHECK_EQ(rd64(r, IOHPMCTR(3)), 77);
	rig_free(r);
}

TEST(hpm_counter_width, "RV-HPM-15")
{
	static const unsigned widths[] = { 32, 33, 40, 48, 63, 64, 0 };

	for (unsigned i = 0; i < COUNT(widths); i++) {
		struct rig *r = rig_with(3, widths[i]);
		const unsigned bits = widths[i] ? widths[i] : 64;
		const uint64_t ones = bits == 64 ? ~0ull : (1ull << bits) - 1;
		const uint64_t cycles = bits == 64 ? ~0ull >> 1 : ones & ~0ull >> 1;

		wr32(r, IOCOUNTINH, ~0u);
		for (unsigned n = 1; n <= 3; n++) {
			wr64(r, IOHPMCTR(n), ~0ull);
			CHECK_EQ(rd64(r, IOHPMCTR(n)), ones);
			wr64(r, IOHPMCTR(n), 0);
			CHECK_EQ(rd64(r, IOHPMCTR(n)), 0);
			for (unsigned bit = 0; bit < 64; bit++) {
				wr64(r, IOHPMCTR(n), 1ull << bit);
				CHECK_EQ(rd64(r, IOHPMCTR(n)), bit < bits ? 1ull << bit : 0);
			}
		}
		/* The cycle counter has OF on top. */
		wr64(r, IOHPMCYCLES, ~0ull);
		CHECK_EQ(rd64(r, IOHPMCYCLES), cycles | 1ull << 63);
		wr64(r, IOHPMCYCLES, 0);
		CHECK_EQ(rd64(r, IOHPMCYCLES), 0);
		rig_free(r);
	}
}

/* Each register by its halves, as any other of 64 bits. */
TEST(hpm_registers_by_halves, "RV-REG-05 RV-REG-06")
{
	struct rig *r = rig_with(0, 0);
	static const uint64_t evt =
		EV_STAGE1 | EVT_DMASK | EVT_PID(0x98765) | EVT_DID(0xabcdef) | EVT_IDT | EVT_OF;

	wr32(r, IOCOUNTINH, ~0u);
	for (unsigned n = 0; n <= 31; n++) {
		const unsigned off = IOHPMCYCLES + 8 * n;

		wr64(r, off, 0x123456789abcdef0);
		CHECK_EQ(rd32(r, off), 0x9abcdef0);
		CHECK_EQ(rd32(r, off + 4), 0x12345678);
		wr32(r, off, 0x55555555);
		CHECK_EQ(rd64(r, off), 0x1234567855555555);
		wr32(r, off + 4, 0x2aaaaaaa);
		CHECK_EQ(rd64(r, off), 0x2aaaaaaa55555555);
	}
	for (unsigned n = 1; n <= 31; n++) {
		const unsigned off = IOHPMEVT(n);

		wr64(r, off, evt);
		CHECK_EQ(rd64(r, off), evt);
		CHECK_EQ(rd32(r, off), evt & 0xffffffff);
		CHECK_EQ(rd32(r, off + 4), evt >> 32);
		wr32(r, off, EV_STAGE2);
		CHECK_EQ(rd64(r, off), (evt & ~0xffffffffull) | EV_STAGE2);
		wr32(r, off + 4, 1);
		CHECK_EQ(rd64(r, off), 1ull << 32 | EV_STAGE2);
	}
	rig_free(r);
}

/* Everything is where the sheet puts it: no register answers for its neighbour. */
TEST(hpm_registers_are_apart, "RV-HPM-03")
{
	struct rig *r = rig_with(0, 0);

	wr32(r, IOCOUNTINH, ~0u);
	for (unsigned n = 0; n <= 31; n++)
		wr64(r, IOHPMCYCLES + 8 * n, 0x100 + n);
	for (unsigned n = 1; n <= 31; n++)
		wr64(r, IOHPMEVT(n), EVT_DID(0x200 + n));
	for (unsigned n = 0; n <= 31; n++)
		CHECK_EQ(rd64(r, IOHPMCYCLES + 8 * n), 0x100 + n);
	for (unsigned n = 1; n <= 31; n++)
		CHECK_EQ(rd64(r, IOHPMEVT(n)), EVT_DID(0x200 + n));
	CHECK_EQ(rd64(r, 0x258), 0); /* what follows the last selector */
	rig_free(r);
}

TEST(hpm_vector, "RV-REG-27")
{
	for (unsigned built = 0; built < 2; built++) {
		const struct iom_riscv_config config = { .capabilities =
			                                         built ? CAP_COUNT : CAP_EXT,
			                                 .vectors = 16 };
		struct rig *r = rig_new_config(&config);

		wr64(r, ICVEC, 0xf00);
		CHECK_EQ(rd64(r, ICVEC), built ? 0xf00 : 0);
		rig_free(r);
	}
}

TEST(hpm_reset, "RV-REG-16")
{
	struct rig *r = rig_with(0, 0);

	wr64(r, IOHPMEVT(4), EV_UNTRANSLATED);
	wr64(r, IOHPMCTR(4), ~0ull);
	request(r);
	CHECK_EQ(rd32(r, IPSR), PMIP);
	wr32(r, IOCOUNTINH, 0x55);
	iom_unit_reset(r->unit);
	CHECK_EQ(rd32(r, IPSR), 0);
	/* Nothing is left of a new unit's monitor. */
	for (unsigned off = HPM_FIRST; off < HPM_END; off += 4)
		CHECK_EQ(rd32(r, off), 0);
	request(r);
	CHECK_EQ(rd64(r, IOHPMCTR(4)), 0);
	rig_free(r);
}

/* What was saved goes on in another unit; rig_move compares the registers. */
TEST(hpm_moves, "")
{
	struct rig *r = rig_with(0, 40);

	wr64(r, IOHPMEVT(4), EV_UNTRANSLATED);
	wr64(r, IOHPMCTR(4), 0xfffffffffeull);
	wr64(r, IOHPMEVT(5), EV_UNTRANSLATED | EVT_DID(9));
	wr32(r, IOCOUNTINH, 0x40);
	request(r);
	rig_move(r);
	request(r);
	CHECK_EQ(rd64(r, IOHPMCTR(4)), 0);
	CHECK_EQ(rd64(r, IOHPMCTR(5)), 0);
	CHECK_EQ(rd32(r, IPSR), PMIP);
	rig_move(r);
	CHECK_EQ(rd32(r, IOCOUNTOVF), 1 << 4);
	rig_free(r);
}
