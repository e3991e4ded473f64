/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Performance monitor and debug translations in snapshots and over resets. */
#include <string.h>

#include "nested.h"
#include "sheet.h"

enum { IOCOUNTOVF = 0x58, IOCOUNTINH = 0x5c, IOHPMCYCLES = 0x60, TR_RESPONSE = 0x268 };
#define IOHPMCTR(n) (0x60u + 8 * (n))
#define IOHPMEVT(n) (0x158u + 8 * (n))
#define EVT_OF (1ull << 63)

#define CAP_BOTH (CAP_EXT | CAP_HPM | CAP_DBG)

static const struct iom_riscv_config config = { .capabilities = CAP_BOTH, .counters = 4 };

static struct rig *counting_rig(void)
{
	struct rig *r = rig_new_config(&config);

	rig_ddt(r, 1);
	rig_dc_put(r, 1, 1, 0, 0, 0);
	wr64(r, IOHPMEVT(1), 1);
	wr64(r, IOHPMEVT(2), 5);
	return r;
}

TEST(counting_goes_on_after_a_move, "")
{
	struct rig *r = counting_rig();

	wr64(r, IOHPMEVT(3), EVT_OF);
	wr64(r, IOHPMCTR(2), ~0ull);
	wr64(r, IOHPMCYCLES, 1000);
	iom_step(r->unit, 500);
	iom_step(r->unit, 502);
	CHECK_EQ(rig_cause(r, 1, 0x1000, IOM_READ), 0);
	rig_move(r);
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(rig_cause(r, 1, 0x1000, IOM_READ), 0);
	CHECK_EQ(rd64(r, IOHPMCTR(1)), 4);
	/* The new unit's contexts are not cached. */
	CHECK_EQ(rd64(r, IOHPMCTR(2)), 1);
	CHECK_EQ(rd64(r, IOHPMEVT(2)), EVT_OF | 5);
	CHECK_EQ(rd32(r, IOCOUNTOVF), 1 << 2 | 1 << 3);
	CHECK_EQ(rd32(r, IPSR), PMIP);
	/* A new clock begins with the first call. */
	iom_step(r->unit, 9000);
	CHECK_EQ(rd64(r, IOHPMCYCLES), 1002);
	iom_step(r->unit, 9001);
	CHECK_EQ(rd64(r, IOHPMCYCLES), 1003);
	rig_free(r);
}

/* The message of an overflow that is due when the unit is saved is sent by the unit that is loaded. */
TEST(overflow_is_told_after_a_move, "")
{
	struct rig *r = counting_rig();

	wr64(r, ICVEC, 0x300);
	wr64(r, MSI_CFG + 3 * 16, RIG_RAM + 0x900000);
	wr32(r, MSI_CFG + 3 * 16 + 8, 0x33);
	wr64(r, IOHPMCYCLES, (1ull << 63) - 1);
	iom_step(r->unit, 0);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	iom_step(r->unit, 1);
	CHECK_EQ(r->msis, 0);
	CHECK_EQ(rd32(r, IPSR), PMIP);
	rig_move(r);
	CHECK_EQ(r->msis, 1);
	CHECK_EQ(r->msi[0].address, RIG_RAM + 0x900000);
	CHECK_EQ(r->msi[0].data, 0x33);
	CHECK_EQ(rd64(r, IOHPMCYCLES), 1ull << 63);
	rig_free(r);
}

/* A request of software that no worker has seen yet is answered by the unit that is loaded. */
TEST(debug_translation_is_answered_after_a_move, "")
{
	struct rig *r = counting_rig();

	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	wr64(r, TR_REQ_IOVA, 0x123456789000);
	wr64(r, TR_REQ_CTL, 1ull << 40 | 1 << 3 | 1);
	CHECK_EQ(rd64(r, TR_REQ_CTL), 1ull << 40 | 1 << 3 | 1);
	/* Meanwhile stores are dropped. */
	wr64(r, TR_REQ_IOVA, 0);
	wr64(r, TR_REQ_CTL, 0);
	rig_move(r);
	CHECK_EQ(rd64(r, TR_REQ_CTL), 1ull << 40 | 1 << 3);
	CHECK_EQ(rd64(r, TR_REQ_IOVA), 0x123456789000);
	/* A stage that is Bare: 1 GiB, 0 at bit 17 of the page number. */
	CHECK_EQ(rd64(r, TR_RESPONSE), (0x123440000ull | 0x1ffff) << 10 | 1 << 9);
	CHECK_EQ(rd64(r, IOHPMCTR(1)), 1);
	rig_free(r);
}

TEST(resets_of_monitor_and_debug, "RV-REG-16")
{
	struct rig *r = counting_rig();

	wr64(r, IOHPMEVT(3), EVT_OF);
	CHECK_EQ(rig_cause(r, 1, 0x1000, IOM_READ), 0);
	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	wr64(r, TR_REQ_CTL, 1);
	iom_unit_reset_warm(r->unit);
	CHECK_EQ(rd64(r, TR_REQ_CTL), 0);
	CHECK_EQ(rd64(r, IOHPMEVT(2)), 5);
	CHECK_EQ(rd32(r, IOCOUNTOVF), 1 << 3);
	iom_unit_start(r->unit);
	CHECK_EQ(rd64(r, TR_REQ_CTL), 0);
	CHECK_EQ(rd64(r, IOHPMCTR(1)), 1);
	CHECK_EQ(rig_cause(r, 1, 0x1000, IOM_READ), 256);
	CHECK_EQ(rd64(r, IOHPMCTR(1)), 2);
	iom_unit_reset(r->unit);
	CHECK_EQ(rd64(r, IOHPMEVT(2)), 0);
	CHECK_EQ(rd64(r, IOHPMCTR(1)), 0);
	CHECK_EQ(rd32(r, IOCOUNTOVF), 0);
	CHECK_EQ(rig_cause(r, 1, 0x1000, IOM_READ), 256);
	CHECK_EQ(rd64(r, IOHPMCTR(1)), 0);
	rig_free(r);
}

/* ---- Snapshots that nobody saved ---------------------------------------------------------- */

struct state {
	size_t bytes;
	uint8_t byte[8192];
};

static void put_word(uint8_t *to, uint64_t word)
{
	for (unsigned i = 0; i < 8; i++, word >>= 8)
		to[i] = (uint8_t)word;
}

/* The state of a fresh unit with another value in the register at `off`: is it taken? */
static bool takes(uint64_t off, uint64_t value, uint64_t off2, uint64_t value2)
{
	struct rig *r = rig_new_config(&config);
	uint64_t offs[] = { off, off2 }, values[] = { value, value2 };
	struct iom_error error;
	struct state s;
	int result;

	CHECK_EQ(iom_unit_save(r->unit, s.byte, sizeof s.byte, &s.bytes), IOM_OK);
	for (unsigned i = 0; i < 2; i++) {
		uint8_t name[8];
		size_t at = 32;

		put_word(name, offs[i]);
		while (memcmp(s.byte + at, name, 8))
			at += 16;
		CHECK(at < s.bytes);
		put_word(s.byte + at + 8, values[i]);
	}
	result = iom_unit_load(r->unit, s.byte, s.bytes, &error);
	CHECK(result == IOM_OK || (result == IOM_EINVAL && strlen(error.text) > 20));
	if (result == IOM_OK)
		rig_cause(r, 1, 0x1000, IOM_READ);
	rig_free(r);
	return result == IOM_OK;
}

TEST(monitor_registers_of_a_snapshot_are_judged, "")
{
	CHECK(takes(IOHPMEVT(4), 8, IOHPMCTR(4), ~0ull));
	/* Events that do not exist. */
	CHECK(!takes(IOHPMEVT(4), 9, IOHPMCTR(4), 0));
	CHECK(!takes(IOHPMEVT(4), 0x7fff, IOHPMCTR(4), 0));
	/* Counters that do not exist. */
	CHECK(!takes(IOHPMEVT(5), 1, IOHPMCTR(4), 0));
	CHECK(!takes(IOHPMEVT(4), 1, IOHPMCTR(5), 1));
	CHECK(takes(IOCOUNTINH, 0x1f, IOHPMCTR(4), 0));
	CHECK(!takes(IOCOUNTINH, 0x20, IOHPMCTR(4), 0));
	/* Overflows that no flag tells of, and flags that tell of none. */
	CHECK(takes(IOHPMEVT(4), EVT_OF, IOCOUNTOVF, 1 << 4));
	CHECK(takes(IOHPMCYCLES, EVT_OF, IOCOUNTOVF, 1));
	CHECK(!takes(IOHPMEVT(4), EVT_OF, IOCOUNTOVF, 0));
	CHECK(!takes(IOHPMEVT(4), 0, IOCOUNTOVF, 1 << 4));
	CHECK(!takes(IOHPMCYCLES, 0, IOCOUNTOVF, 1));
}

TEST(debug_registers_of_a_snapshot_are_judged, "")
{
	CHECK(takes(TR_REQ_IOVA, ~0xfffull, TR_REQ_CTL, ~0xfull << 40 | 1ull << 32 | 0xfffff00f));
	CHECK(!takes(TR_REQ_IOVA, 1, TR_REQ_CTL, 0));
	CHECK(!takes(TR_REQ_IOVA, 0, TR_REQ_CTL, 1ull << 36));
	CHECK(takes(TR_REQ_IOVA, 0, TR_RESPONSE, 1));
	CHECK(takes(TR_REQ_IOVA, 0, TR_RESPONSE, 2ull << 7 | 1ull << 53));
	CHECK(!takes(TR_REQ_IOVA, 0, TR_RESPONSE, 3ull << 7));
	CHECK(!takes(TR_REQ_IOVA, 0, TR_RESPONSE, 1 | 1ull << 20));
	CHECK(!takes(TR_REQ_IOVA, 0, TR_RESPONSE, 2));
}

/* Another unit whose monitor is another one does not take the state. */
TEST(monitor_of_another_size, "")
{
	struct iom_riscv_config other[2] = { config, config };
	struct rig *from = rig_new_config(&config);
	struct state s;

	other[0].counters = 5;
	other[1].counter_bits = 63;
	CHECK_EQ(iom_unit_save(from->unit, s.byte, sizeof s.byte, &s.bytes), IOM_OK);
	for (unsigned i = 0; i < COUNT(other); i++) {
		struct rig *r = rig_new_config(&other[i]);

		CHECK_EQ(iom_unit_load(r->unit, s.byte, s.bytes, NULL), IOM_EINVAL);
		rig_free(r);
	}
	rig_free(from);
}
