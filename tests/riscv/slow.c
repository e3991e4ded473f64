/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A unit that takes its time: ddtp and the queues' csrs stay busy until the clock has moved on. */
#include <string.h>

#include "rig.h"
#include "sheet.h"

#define NS 1000
#define SPOT (RIG_RAM + 0x800000)

static struct rig *slow_rig(void)
{
	const struct iom_riscv_config config = { .capabilities = CAP_EXT,
		                                 .flags = IOM_RISCV_UNCACHED,
		                                 .busy_ns = NS };

	return rig_new_config(&config);
}

TEST(slow_ddtp, "RV-DDTP-10")
{
	struct rig *r = slow_rig();
	uint64_t was = PPN_OF(page(r));

	wr64(r, DDTP, was | LVL1);
	for (uint64_t now = 77; now < 77 + NS; now += NS / 10) {
		/* The first call only sets the clock. */
		iom_step(r->unit, now);
		CHECK_EQ(rd64(r, DDTP), was | LVL1 | DDTP_BUSY);
		/* Stores are dropped meanwhile. */
		wr64(r, DDTP, OFF);
		wr32(r, DDTP, BARE);
	}
	iom_step(r->unit, 77 + NS - 1);
	CHECK_EQ(rd64(r, DDTP), was | LVL1 | DDTP_BUSY);
	iom_step(r->unit, 77 + NS);
	CHECK_EQ(rd64(r, DDTP), was | LVL1);
	/* A store that changes no mode takes no time. */
	wr64(r, DDTP, was | LVL1);
	CHECK_EQ(rd64(r, DDTP), was | LVL1);
	wr64(r, DDTP, OFF);
	CHECK_EQ(rd64(r, DDTP), OFF | DDTP_BUSY);
	CHECK_EQ(rig_cause(r, 1, 0, IOM_READ), 256);
	iom_step(r->unit, 1ull << 40);
	CHECK_EQ(rd64(r, DDTP), OFF);
	rig_free(r);
}

/* Both have to be over: the time, and the sections that were open. */
TEST(slow_ddtp_waits_for_sections_too, "")
{
	for (unsigned section_first = 0; section_first < 2; section_first++) {
		struct rig *r = slow_rig();

		iom_step(r->unit, 0);
		iom_begin(r->lane);
		wr64(r, DDTP, BARE);
		if (section_first)
			iom_end(r->lane);
		else
			iom_step(r->unit, NS);
		CHECK_EQ(rd64(r, DDTP), BARE | DDTP_BUSY);
		if (section_first)
			iom_step(r->unit, NS);
		else
			iom_end(r->lane);
		CHECK_EQ(rd64(r, DDTP), BARE);
		rig_free(r);
	}
}

static const struct {
	unsigned base, csr;
} queues[] = { { CQB, CQCSR }, { FQB, FQCSR } };

TEST(slow_queues, "")
{
	struct rig *r = slow_rig();
	uint64_t now = 0;

	iom_step(r->unit, now);
	for (unsigned q = 0; q < 2; q++) {
		unsigned csr = queues[q].csr;
		uint64_t base = PPN_OF(page(r)) | 3;

		wr64(r, queues[q].base, base);
		wr32(r, csr, EN | IE);
		CHECK_EQ(rd32(r, csr), EN | IE | BUSY);
		wr32(r, csr, 0);
		wr64(r, queues[q].base, 0);
		CHECK_EQ(rd32(r, csr), EN | IE | BUSY);
		iom_step(r->unit, now += NS - 1);
		CHECK_EQ(rd32(r, csr), EN | IE | BUSY);
		iom_step(r->unit, now += 1);
		CHECK_EQ(rd32(r, csr), EN | IE | ON);
		CHECK_EQ(rd64(r, queues[q].base), base);
		/* All but turning on and off is done at once. */
		wr32(r, csr, EN);
		CHECK_EQ(rd32(r, csr), EN | ON);
		wr32(r, csr, 0);
		CHECK_EQ(rd32(r, csr), ON | BUSY);
		wr32(r, csr, EN);
		CHECK_EQ(rd32(r, csr), ON | BUSY);
		iom_step(r->unit, now += NS);
		CHECK_EQ(rd32(r, csr), 0);
		wr32(r, csr, EN);
		iom_step(r->unit, now += NS);
	}
	rig_free(r);
}

/* Commands that were rung for early are carried out once the queue is on. */
TEST(slow_command_queue_does_not_forget, "")
{
	struct rig *r = slow_rig();
	uint64_t base = page(r);

	iom_step(r->unit, 0);
	wr64(r, CQB, PPN_OF(base) | 3);
	put64(r, base, FENCE | FENCE_AV | FENCE_DATA(5));
	put64(r, base + 8, SPOT >> 2);
	wr32(r, CQCSR, EN);
	wr32(r, CQT, 1);
	CHECK_EQ(rd32(r, CQH), 0);
	iom_step(r->unit, NS);
	CHECK_EQ(rd32(r, CQH), 1);
	CHECK_EQ(ram32(r, SPOT), 5);
	rig_free(r);
}

/* Going off takes its time, and a fence that waits besides. */
TEST(slow_command_queue_goes_off, "")
{
	for (unsigned section_first = 0; section_first < 2; section_first++) {
		struct rig *r = slow_rig();

		iom_step(r->unit, 0);
		wr64(r, CQB, PPN_OF(page(r)) | 3);
		wr32(r, CQCSR, EN);
		iom_step(r->unit, NS);
		iom_begin(r->lane);
		rig_cmd(r, FENCE | FENCE_AV | FENCE_DATA(5), SPOT >> 2);
		wr32(r, CQCSR, 0);
		if (section_first)
			iom_end(r->lane);
		else
			iom_step(r->unit, 2 * NS);
		CHECK_EQ(rd32(r, CQCSR), ON | BUSY);
		if (section_first)
			iom_step(r->unit, 2 * NS);
		else
			iom_end(r->lane);
		CHECK_EQ(rd32(r, CQCSR), 0);
		CHECK_EQ(ram32(r, SPOT), 5);
		rig_free(r);
	}
}

TEST(slow_clock_that_goes_back_stands_still, "")
{
	struct rig *r = slow_rig();

	iom_step(r->unit, 1ull << 63);
	wr64(r, DDTP, BARE);
	iom_step(r->unit, 5);
	iom_step(r->unit, 0);
	CHECK(rd64(r, DDTP) & DDTP_BUSY);
	iom_step(r->unit, (1ull << 63) + NS - 1);
	CHECK(rd64(r, DDTP) & DDTP_BUSY);
	iom_step(r->unit, (1ull << 63) - NS);
	iom_step(r->unit, (1ull << 63) + NS - 1);
	CHECK(rd64(r, DDTP) & DDTP_BUSY);
	iom_step(r->unit, ~0ull);
	CHECK_EQ(rd64(r, DDTP), BARE);
	rig_free(r);
}

/* What is left of the time moves with the unit, whatever the clock of its new place shows. */
TEST(slow_changes_move, "")
{
	struct rig *r = slow_rig();

	iom_step(r->unit, 5 * NS);
	wr64(r, DDTP, BARE);
	wr64(r, CQB, PPN_OF(page(r)) | 3);
	wr32(r, CQCSR, EN);
	iom_step(r->unit, 5 * NS + 400);
	wr64(r, FQB, PPN_OF(page(r)) | 3);
	wr32(r, FQCSR, EN);
	rig_move(r);
	CHECK_EQ(rd64(r, DDTP), BARE | DDTP_BUSY);
	iom_step(r->unit, 33);
	iom_step(r->unit, 33 + 599);
	CHECK_EQ(rd64(r, DDTP), BARE | DDTP_BUSY);
	CHECK_EQ(rd32(r, CQCSR), EN | BUSY);
	iom_step(r->unit, 33 + 600);
	CHECK_EQ(rd64(r, DDTP), BARE);
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	CHECK_EQ(rd32(r, FQCSR), EN | BUSY);
	rig_move(r);
	iom_step(r->unit, 0);
	iom_step(r->unit, 400);
	CHECK_EQ(rd32(r, FQCSR), EN | ON);
	rig_free(r);
}

TEST(slow_reset_ends_every_change, "")
{
	struct rig *r = slow_rig();

	iom_step(r->unit, 0);
	wr64(r, DDTP, BARE);
	wr32(r, CQCSR, EN);
	wr32(r, FQCSR, EN);
	iom_unit_reset(r->unit);
	CHECK_EQ(rd64(r, DDTP), OFF);
	CHECK_EQ(rd32(r, CQCSR) | rd32(r, FQCSR), 0);
	iom_step(r->unit, 10 * NS);
	CHECK_EQ(rd32(r, CQCSR) | rd32(r, FQCSR), 0);
	rig_free(r);
}
