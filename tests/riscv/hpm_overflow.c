/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The performance monitor's overflows, the interrupt that tells of them, and the cycle counter. */
#include "hpm.h"

#define ADDRESS(v) (0x28000000ull + 0x1000 * (v))

/* In Off: each request is one untranslated request.  Messages of vector v go to ADDRESS(v). */
static struct rig *rig_with(unsigned bits)
{
	const struct iom_riscv_config config = { .capabilities = CAP_COUNT,
		                                 .vectors = 16,
		                                 .counter_bits = (uint8_t)bits };
	struct rig *r = rig_new_config(&config);

	for (unsigned v = 0; v < 16; v++) {
		wr64(r, MSI_CFG + 16 * v, ADDRESS(v));
		wr32(r, MSI_CFG + 16 * v + 8, 0x100 + v);
	}
	return r;
}

static uint64_t ones(unsigned bits)
{
	return ~0ull >> (64 - bits);
}

static void request(struct rig *r)
{
	CHECK_EQ(rig_cause(r, 1, 0, IOM_READ), 256);
}

/* One before the overflow. */
static void brink(struct rig *r, unsigned n, uint64_t evt)
{
	wr64(r, IOHPMEVT(n), evt);
	wr64(r, IOHPMCTR(n), ~0ull);
}

TEST(hpm_overflow, "RV-HPM-11 RV-HPM-13 RV-IRQ-01")
{
	static const unsigned widths[] = { 32, 40, 63, 64 };

	for (unsigned w = 0; w < COUNT(widths); w++) {
		struct rig *r = rig_with(widths[w]);

		wr64(r, ICVEC, 0xa00);
		for (unsigned n = 1; n <= 31; n += 6) {
			r->msis = 0;
			brink(r, n, EV_UNTRANSLATED);
			wr64(r, IOHPMCTR(n), ones(widths[w]) - 1);
			request(r);
			CHECK_EQ(rd64(r, IOHPMCTR(n)), ones(widths[w]));
			CHECK_EQ(rd64(r, IOHPMEVT(n)), EV_UNTRANSLATED);
			CHECK_EQ(rd32(r, IOCOUNTOVF), 0);
			CHECK_EQ(rd32(r, IPSR), 0);
			request(r);
			CHECK_EQ(rd64(r, IOHPMCTR(n)), 0);
			CHECK_EQ(rd64(r, IOHPMEVT(n)), EV_UNTRANSLATED | EVT_OF);
			CHECK_EQ(rd32(r, IOCOUNTOVF), 1u << n);
			CHECK_EQ(rd32(r, IPSR), PMIP);
			CHECK_EQ(r->msis, 1);
			CHECK_EQ(r->msi[0].address, ADDRESS(10));
			CHECK_EQ(r->msi[0].data, 0x10a);
			request(r);
			request(r);
			CHECK_EQ(rd64(r, IOHPMCTR(n)), 2);
			CHECK_EQ(r->msis, 1);
			wr32(r, IPSR, 0);
			CHECK_EQ(rd32(r, IPSR), PMIP);
			wr32(r, IPSR, ~PMIP);
			CHECK_EQ(rd32(r, IPSR), PMIP);
			/* An event has passed: the bit is cleared although OF stays. */
			wr32(r, IPSR, PMIP);
			CHECK_EQ(rd32(r, IPSR), 0);
			CHECK_EQ(rd32(r, IOCOUNTOVF), 1u << n);
			wr64(r, IOHPMEVT(n), 0);
			CHECK_EQ(rd32(r, IOCOUNTOVF), 0);
		}
		rig_free(r);
	}
}

/* One request may carry a counter over by more than one: it goes on from what is left. */
TEST(hpm_overflow_by_many, "RV-HPM-11")
{
	static const struct iom_riscv_config config = { .capabilities = CAP_COUNT,
		                                        .counter_bits = 32 };
	struct hpm h;

	hpm_init(&h, &config, false, 1);
	for (unsigned before = 1; before <= 12; before++) {
		hpm_count(&h, 1, EV_STAGE2);
		wr64(h.r, IOHPMCTR(1), 0x100000000ull - before);
		hpm_request(&h, HPM_BOTH, -1);
		CHECK_EQ(hpm_value(&h, 1), 12 - before);
		CHECK_EQ(rd64(h.r, IOHPMEVT(1)), EV_STAGE2 | EVT_OF);
		CHECK_EQ(rd32(h.r, IPSR), PMIP);
		wr32(h.r, IPSR, PMIP);
	}
	hpm_free(&h);
}

TEST(hpm_overflow_again, "RV-HPM-12 RV-HPM-18")
{
	struct rig *r = rig_with(32);

	brink(r, 2, EV_UNTRANSLATED);
	request(r);
	CHECK_EQ(r->msis, 1);
	wr32(r, IPSR, PMIP);
	/* OF stands: only the count goes round. */
	for (unsigned i = 0; i < 3; i++) {
		wr64(r, IOHPMCTR(2), ~0ull);
		request(r);
		CHECK_EQ(rd64(r, IOHPMCTR(2)), 0);
		CHECK_EQ(rd64(r, IOHPMEVT(2)), EV_UNTRANSLATED | EVT_OF);
		CHECK_EQ(rd32(r, IPSR), 0);
		CHECK_EQ(r->msis, 1);
	}
	/* Armed again, by the whole register and by its high half. */
	for (unsigned half = 0; half < 2; half++) {
		if (half)
			wr32(r, IOHPMEVT(2) + 4, 0);
		else
			wr64(r, IOHPMEVT(2), EV_UNTRANSLATED);
		CHECK_EQ(rd32(r, IOCOUNTOVF), 0);
		wr64(r, IOHPMCTR(2), ~0ull);
		request(r);
		CHECK_EQ(rd64(r, IOHPMEVT(2)), EV_UNTRANSLATED | EVT_OF);
		CHECK_EQ(rd32(r, IPSR), PMIP);
		CHECK_EQ(r->msis, 2 + half);
		wr32(r, IPSR, PMIP);
	}
	/* OF set by software: the interrupt is off. */
	brink(r, 3, EV_UNTRANSLATED | EVT_OF);
	request(r);
	CHECK_EQ(rd64(r, IOHPMCTR(3)), 0);
	CHECK_EQ(rd32(r, IPSR), 0);
	CHECK_EQ(r->msis, 3);
	rig_free(r);
}

TEST(hpm_overflow_status, "RV-HPM-13")
{
	struct rig *r = rig_with(0);
	uint32_t should = 0;

	for (unsigned n = 1; n <= 31; n++) {
		wr64(r, IOHPMEVT(n), EVT_OF);
		should |= 1u << n;
		CHECK_EQ(rd32(r, IOCOUNTOVF), should);
		wr32(r, IOCOUNTOVF, ~0u);
		CHECK_EQ(rd32(r, IOCOUNTOVF), should);
		wr32(r, IOCOUNTOVF, 0);
		CHECK_EQ(rd32(r, IOCOUNTOVF), should);
		CHECK_EQ(rd64(r, IOHPMEVT(n)), EVT_OF);
	}
	wr64(r, IOHPMCYCLES, EVT_OF);
	CHECK_EQ(rd32(r, IOCOUNTOVF), ~0u);
	for (unsigned n = 1; n <= 31; n += 2) {
		wr64(r, IOHPMEVT(n), EV_STAGE1);
		should &= ~(1u << n);
		CHECK_EQ(rd32(r, IOCOUNTOVF), should | 1);
	}
	wr64(r, IOHPMCYCLES, 5);
	CHECK_EQ(rd32(r, IOCOUNTOVF), should);
	rig_free(r);
}

/* ---- pmip --------------------------------------------------------------------------------- */

TEST(hpm_pending_by_overflow_only, "RV-IRQ-13")
{
	struct rig *r = rig_with(0);

	for (unsigned n = 1; n <= 31; n++) {
		wr64(r, IOHPMEVT(n), EV_UNTRANSLATED | EVT_OF);
		wr64(r, IOHPMEVT(n), EV_UNTRANSLATED);
		wr32(r, IOHPMEVT(n) + 4, 1u << 31);
	}
	wr64(r, IOHPMCYCLES, EVT_OF);
	wr64(r, IOHPMCYCLES, 0);
	wr32(r, IOHPMCYCLES + 4, 1u << 31);
	CHECK_EQ(rd32(r, IPSR), 0);
	CHECK_EQ(r->msis, 0);
	/* Nor by writing a count that looks as if it had gone round. */
	wr64(r, IOHPMEVT(1), EV_UNTRANSLATED);
	wr64(r, IOHPMCTR(1), ~0ull);
	wr64(r, IOHPMCTR(1), 0);
	CHECK_EQ(rd32(r, IPSR), 0);
	CHECK_EQ(rd64(r, IOHPMEVT(1)), EV_UNTRANSLATED);
	/* It takes no enable bit. */
	wr64(r, IOHPMCTR(1), ~0ull);
	request(r);
	CHECK_EQ(rd32(r, IPSR), PMIP);
	CHECK_EQ(r->msis, 1);
	rig_free(r);
}

/* While pmip stands, another counter's overflow is no edge. */
TEST(hpm_one_message_an_edge, "RV-IRQ-13 RV-IRQ-04")
{
	struct rig *r = rig_with(0);

	for (unsigned n = 1; n <= 4; n++)
		brink(r, n, EV_UNTRANSLATED | EVT_DID(n));
	for (uint32_t device = 1; device <= 4; device++) {
		CHECK_EQ(rig_cause(r, device, 0, IOM_READ), 256);
		CHECK_EQ(rd32(r, IPSR), PMIP);
		CHECK_EQ(rd32(r, IOCOUNTOVF), (2u << device) - 2);
		CHECK_EQ(r->msis, device < 3 ? 1 : device - 1);
		if (device >= 2)
			wr32(r, IPSR, PMIP);
	}
	CHECK_EQ(rd32(r, IPSR), 0);
	rig_free(r);
}

TEST(hpm_pending_drives_its_wire, "RV-IRQ-10 RV-IRQ-11")
{
	struct rig *r = rig_with(0);

	wr32(r, FCTL, WSI);
	wr64(r, ICVEC, 0x7 << 8);
	brink(r, 1, EV_UNTRANSLATED);
	request(r);
	for (unsigned v = 0; v < 16; v++)
		CHECK_EQ(r->wire[v], v == 7);
	CHECK_EQ(r->msis, 0);
	wr32(r, IPSR, CIP | FIP | PIP);
	CHECK(r->wire[7]);
	wr32(r, IPSR, PMIP);
	CHECK(!r->wire[7]);
	rig_free(r);
}

TEST(hpm_stopped_counter_does_not_overflow, "RV-HPM-02 RV-HPM-11")
{
	struct rig *r = rig_with(0);

	brink(r, 6, EV_UNTRANSLATED);
	wr32(r, IOCOUNTINH, 1 << 6);
	request(r);
	CHECK_EQ(rd64(r, IOHPMCTR(6)), ~0ull);
	CHECK_EQ(rd32(r, IPSR), 0);
	wr32(r, IOCOUNTINH, ~(1u << 6));
	request(r);
	CHECK_EQ(rd64(r, IOHPMCTR(6)), 0);
	CHECK_EQ(rd32(r, IPSR), PMIP);
	rig_free(r);
}

/* ---- Cycles ------------------------------------------------------------------------------- */

#define LOW 1000000 /* more than the few steps of a test */

TEST(hpm_cycles_go_on, "RV-HPM-14")
{
	struct rig *r = rig_with(0);
	uint64_t before, was = 0;

	iom_step(r->unit, 5000);
	before = rd64(r, IOHPMCYCLES);
	for (unsigned i = 1; i <= 10; i++) {
		iom_step(r->unit, 5000 + 100 * i);
		CHECK(rd64(r, IOHPMCYCLES) > was);
		was = rd64(r, IOHPMCYCLES);
		/* Neither registers nor requests take time, nor does a clock that stands. */
		request(r);
		iom_step(r->unit, 5000 + 100 * i);
		CHECK_EQ(rd64(r, IOHPMCYCLES), was);
	}
	CHECK(was > before);
	/* From what is written. */
	wr64(r, IOHPMCYCLES, 7ull << 40);
	CHECK_EQ(rd64(r, IOHPMCYCLES), 7ull << 40);
	iom_step(r->unit, 7000);
	CHECK(rd64(r, IOHPMCYCLES) > 7ull << 40);
	CHECK(rd64(r, IOHPMCYCLES) < (7ull << 40) + LOW);
	/* What passes while it is stopped is not counted later. */
	was = rd64(r, IOHPMCYCLES);
	wr32(r, IOCOUNTINH, 1);
	iom_step(r->unit, 1ull << 50);
	CHECK_EQ(rd64(r, IOHPMCYCLES), was);
	wr32(r, IOCOUNTINH, 0);
	CHECK_EQ(rd64(r, IOHPMCYCLES), was);
	iom_step(r->unit, (1ull << 50) + 10);
	CHECK(rd64(r, IOHPMCYCLES) > was);
	CHECK(rd64(r, IOHPMCYCLES) < was + LOW);
	rig_free(r);
}

TEST(hpm_cycles_wrap, "RV-HPM-14 RV-HPM-11 RV-HPM-12 RV-HPM-18")
{
	static const unsigned widths[] = { 32, 48, 63, 64, 0 };

	for (unsigned w = 0; w < COUNT(widths); w++) {
		const unsigned bits = widths[w] && widths[w] < 63 ? widths[w] : 63;
		struct rig *r = rig_with(widths[w]);
		uint64_t now = 100;

		wr64(r, ICVEC, 0x500);
		iom_step(r->unit, now);
		wr64(r, IOHPMCYCLES, ones(bits));
		CHECK_EQ(rd64(r, IOHPMCYCLES), ones(bits));
		CHECK_EQ(rd32(r, IPSR), 0);
		iom_step(r->unit, now += 50);
		CHECK_EQ(rd64(r, IOHPMCYCLES) >> 63, 1);
		CHECK((rd64(r, IOHPMCYCLES) & ones(63)) < LOW);
		CHECK_EQ(rd32(r, IOCOUNTOVF), 1);
		CHECK_EQ(rd32(r, IPSR), PMIP);
		CHECK_EQ(r->msis, 1);
		CHECK_EQ(r->msi[0].address, ADDRESS(5));
		wr32(r, IPSR, PMIP);
		/* Once more with OF: nothing but the count. */
		wr64(r, IOHPMCYCLES, EVT_OF | ones(bits));
		iom_step(r->unit, now += 50);
		CHECK_EQ(rd64(r, IOHPMCYCLES) >> 63, 1);
		CHECK((rd64(r, IOHPMCYCLES) & ones(63)) < LOW);
		CHECK_EQ(rd32(r, IPSR), 0);
		CHECK_EQ(r->msis, 1);
		/* And armed. */
		wr64(r, IOHPMCYCLES, ones(bits));
		iom_step(r->unit, now += 50);
		CHECK_EQ(rd32(r, IPSR), PMIP);
		CHECK_EQ(r->msis, 2);
		rig_free(r);
	}
}

/* More than once round in one step. */
TEST(hpm_cycles_wrap_more_than_once, "RV-HPM-14")
{
	struct rig *r = rig_with(32);

	iom_step(r->unit, 0);
	wr64(r, IOHPMCYCLES, 0);
	iom_step(r->unit, 1ull << 40);
	CHECK_EQ(rd64(r, IOHPMCYCLES) & ~(EVT_OF | ones(32)), 0);
	CHECK_EQ(rd64(r, IOHPMCYCLES) >> 63, 1);
	CHECK_EQ(rd32(r, IPSR), PMIP);
	rig_free(r);
}
