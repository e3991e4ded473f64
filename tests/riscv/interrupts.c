/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The unit's own interrupts: ipsr, messages, masks, wires. */
#include "rig.h"
#include "sheet.h"

/* A message table with addresses and data that tell the vectors apart. */
#define ADDRESS(v) (0x28000000ull + 0x1000 * (v))
#define DATA(v) (0x1000u + (v))

static struct rig *rig_for(uint32_t fctl)
{
	struct iom_riscv_config c = { .capabilities = CAP_EXT, .vectors = 16 };
	struct rig *r = rig_new_config(&c);

	wr32(r, FCTL, fctl);
	for (unsigned v = 0; v < 16; v++) {
		wr64(r, MSI_CFG + 16 * v, ADDRESS(v));
		wr32(r, MSI_CFG + 16 * v + 8, DATA(v));
		wr32(r, MSI_CFG + 16 * v + 12, 0);
	}
	return r;
}

static void mask(struct rig *r, unsigned v, bool masked)
{
	wr32(r, MSI_CFG + 16 * v + 12, masked);
}

/* In Off each request leaves a record of cause 256. */
static void fault(struct rig *r)
{
	CHECK_EQ(rig_cause(r, 1, 0x1000, IOM_READ), 256);
}

static void illegal(struct rig *r)
{
	rig_cmd(r, 0, 0);
	CHECK_EQ(rd32(r, CQCSR) & CMD_ILL, CMD_ILL);
}

TEST(pending_bits_are_cleared_by_ones, "RV-IRQ-01 RV-IRQ-03")
{
	struct rig *r = rig_for(0);

	rig_cq(r, 3, true);
	rig_fq(r, 3, true);
	for (uint32_t clear = 0; clear < 4; clear++) {
		fault(r);
		illegal(r);
		CHECK_EQ(rd32(r, IPSR), CIP | FIP);
		/* without the error, or cip would come back */
		wr32(r, CQCSR, 0);
		rig_cq(r, 3, true);
		CHECK_EQ(rd32(r, IPSR), CIP | FIP);
		wr32(r, IPSR, 0);
		CHECK_EQ(rd32(r, IPSR), CIP | FIP);
		wr32(r, IPSR, clear | ~3u);
		CHECK_EQ(rd32(r, IPSR), (CIP | FIP) & ~clear);
		wr32(r, IPSR, ~0u);
		CHECK_EQ(rd32(r, IPSR), 0);
	}
	rig_free(r);
}

TEST(writing_ones_sets_nothing, "")
{
	struct rig *r = rig_for(0);

	wr32(r, IPSR, ~0u);
	CHECK_EQ(rd32(r, IPSR), 0);
	CHECK_EQ(r->msis, 0);
	rig_free(r);
}

TEST(error_that_lasts_is_pending_again, "RV-IRQ-02")
{
	struct rig *r = rig_for(0);

	rig_cq(r, 3, true);
	illegal(r);
	CHECK_EQ(r->msis, 1);
	for (unsigned i = 0; i < 3; i++) {
		wr32(r, IPSR, CIP);
		CHECK_EQ(rd32(r, IPSR), CIP);
		CHECK_EQ(r->msis, 2 + i);
	}
	wr32(r, CQCSR, EN); /* without cie the level is gone */
	wr32(r, IPSR, CIP);
	CHECK_EQ(rd32(r, IPSR), 0);
	CHECK_EQ(r->msis, 4);
	rig_free(r);
}

TEST(one_message_an_edge, "RV-IRQ-04")
{
	struct rig *r = rig_for(0);

	rig_fq(r, 4, true);
	for (unsigned edge = 1; edge < 5; edge++) {
		for (unsigned i = 0; i < 3; i++) {
			fault(r);
			CHECK_EQ(r->msis, edge);
		}
		wr32(r, IPSR, FIP);
		CHECK_EQ(r->msis, edge);
	}
	/* an overflow while fip is set is no edge */
	for (unsigned i = 0; i < 5; i++)
		fault(r);
	CHECK_EQ(rd32(r, FQCSR) & OF, OF);
	CHECK_EQ(r->msis, 5);
	rig_free(r);
}

TEST(message_of_each_vector, "RV-IRQ-05")
{
	for (unsigned big = 0; big < 2; big++)
		for (unsigned civ = 0; civ < 16; civ++) {
			unsigned fiv = (civ * 5 + 3) % 16;
			struct rig *r = rig_for(big ? BE : 0);

			wr64(r, ICVEC, fiv << 4 | civ);
			rig_cq(r, 3, true);
			rig_fq(r, 3, true);
			fault(r);
			illegal(r);
			CHECK_EQ(r->msis, 2);
			CHECK_EQ(r->msi[0].address, ADDRESS(fiv));
			CHECK_EQ(r->msi[0].data, big ? __builtin_bswap32(DATA(fiv)) : DATA(fiv));
			CHECK_EQ(r->msi[1].address, ADDRESS(civ));
			CHECK_EQ(r->msi[1].data, big ? __builtin_bswap32(DATA(civ)) : DATA(civ));
			rig_free(r);
		}
}

TEST(message_comes_after_the_pending_bit_and_the_record, "")
{
	struct rig *r = rig_for(0);
	uint64_t base = rig_fq(r, 3, true);

	fault(r);
	CHECK_EQ(ram64(r, base) & 0xfff, 256);
	CHECK_EQ(r->msis, 1);
	rig_free(r);
}

TEST(masked_vector_remembers_one_message, "RV-IRQ-06")
{
	struct rig *r = rig_for(0);

	wr64(r, ICVEC, 0x20);
	rig_fq(r, 5, true);
	mask(r, 2, true);
	for (unsigned i = 0; i < 3; i++) {
		fault(r);
		CHECK_EQ(rd32(r, IPSR), FIP);
		wr32(r, IPSR, FIP);
	}
	CHECK_EQ(r->msis, 0);
	mask(r, 2, true); /* no edge of M */
	mask(r, 1, true); /* another vector */
	mask(r, 1, false);
	CHECK_EQ(r->msis, 0);
	/* the address and data of the moment when it is sent */
	wr64(r, MSI_CFG + 32, ADDRESS(9));
	wr32(r, MSI_CFG + 32 + 8, DATA(9));
	mask(r, 2, false);
	CHECK_EQ(r->msis, 1);
	CHECK_EQ(r->msi[0].address, ADDRESS(9));
	CHECK_EQ(r->msi[0].data, DATA(9));
	/* nothing is left over */
	mask(r, 2, true);
	mask(r, 2, false);
	CHECK_EQ(r->msis, 1);
	fault(r);
	CHECK_EQ(r->msis, 2);
	rig_free(r);
}

TEST(sources_that_share_a_vector, "RV-IRQ-07")
{
	struct rig *r = rig_for(0);

	wr64(r, ICVEC, 0x33);
	rig_cq(r, 3, true);
	rig_fq(r, 3, true);
	fault(r);
	CHECK_EQ(r->msis, 1);
	illegal(r);
	CHECK_EQ(r->msis, 2);
	CHECK_EQ(r->msi[0].address, ADDRESS(3));
	CHECK_EQ(r->msi[1].address, ADDRESS(3));
	wr32(r, IPSR, FIP);
	fault(r);
	CHECK_EQ(r->msis, 3);
	rig_free(r);
}

/* Both are due before either could be sent. */
TEST(sources_that_share_a_vector_at_once, "RV-IRQ-07")
{
	struct rig *r = rig_for(0);

	wr64(r, ICVEC, 0x33);
	rig_cq(r, 3, true);
	rig_fq(r, 1, true);
	fault(r);
	fault(r);
	CHECK_EQ(rd32(r, FQCSR), EN | IE | OF | ON);
	illegal(r);
	CHECK_EQ(rd32(r, IPSR), CIP | FIP);
	r->msis = 0;
	wr32(r, IPSR, CIP | FIP); /* the errors last, and both come back */
	CHECK_EQ(rd32(r, IPSR), CIP | FIP);
	CHECK_EQ(r->msis, 2);
	for (unsigned i = 0; i < 2; i++) {
		CHECK_EQ(r->msi[i].address, ADDRESS(3));
		CHECK_EQ(r->msi[i].data, DATA(3));
	}
	rig_free(r);
}

TEST(refused_message_is_a_fault, "RV-IRQ-08")
{
	for (unsigned v = 0; v < 16; v += 5) {
		struct rig *r = rig_for(0);

		wr64(r, ICVEC, v);
		rig_cq(r, 3, true);
		rig_fq(r, 3, false);
		r->msi_fails = true;
		illegal(r);
		rig_expect(r, 273, ADDRESS(v), 0);
		rig_expect_none(r);
		rig_free(r);
	}
}

TEST(refused_message_of_the_fault_queue_itself, "RV-IRQ-09")
{
	struct rig *r = rig_for(0);

	rig_fq(r, 4, true);
	r->msi_fails = true;
	fault(r);
	CHECK_EQ(rd32(r, FQT), 2);
	rig_expect(r, rig_record(256, 2, 1), 0x1000, 0);
	rig_expect(r, 273, ADDRESS(0), 0);
	rig_expect_none(r);
	CHECK_EQ(rd32(r, IPSR), FIP);
	CHECK_EQ(rd32(r, FQCSR), EN | IE | ON);

	/* nor does it when the queue is full or cannot be stored to */
	wr32(r, FQCSR, 0);
	wr32(r, IPSR, FIP);
	rig_fq(r, 1, true);
	fault(r);
	CHECK_EQ(rd32(r, FQCSR), EN | IE | ON | OF);
	rig_free(r);
}

TEST(wires_follow_the_pending_bits, "RV-IRQ-10")
{
	for (unsigned civ = 0; civ < 16; civ += 3)
		for (unsigned fiv = 0; fiv < 16; fiv += 3) {
			struct rig *r = rig_for(WSI);

			wr64(r, ICVEC, fiv << 4 | civ);
			rig_cq(r, 3, true);
			rig_fq(r, 3, true);
			for (unsigned round = 0; round < 4; round++) {
				fault(r);
				if (round & 1)
					illegal(r);
				for (unsigned v = 0; v < 16; v++)
					CHECK_EQ(r->wire[v], v == fiv || (v == civ && round & 1));
				wr32(r, IPSR, FIP);
				for (unsigned v = 0; v < 16; v++)
					CHECK_EQ(r->wire[v], v == civ && round & 1);
				/* an error that lasts holds its wire */
				wr32(r, IPSR, CIP);
				for (unsigned v = 0; v < 16; v++)
					CHECK_EQ(r->wire[v], v == civ && round & 1);
				wr32(r, CQCSR, 0);
				wr32(r, IPSR, CIP);
				for (unsigned v = 0; v < 16; v++)
					CHECK(!r->wire[v]);
				rig_cq(r, 3, true);
			}
			rig_free(r);
		}
}

TEST(wires_follow_icvec, "")
{
	struct rig *r = rig_for(WSI);

	rig_fq(r, 3, true);
	fault(r);
	for (unsigned v = 0; v < 16; v++) {
		wr64(r, ICVEC, v << 4);
		for (unsigned w = 0; w < 16; w++)
			CHECK_EQ(r->wire[w], w == v);
	}
	rig_free(r);
}

TEST(wires_or_messages, "RV-IRQ-11")
{
	for (unsigned wires = 0; wires < 2; wires++) {
		struct rig *r = rig_for(wires ? WSI : 0);

		rig_cq(r, 3, true);
		rig_fq(r, 3, true);
		mask(r, 0, true);
		fault(r);
		illegal(r);
		mask(r, 0, false);
		wr32(r, IPSR, CIP | FIP);
		fault(r);
		CHECK_EQ(r->msis != 0, !wires);
		CHECK_EQ(r->wire_changes != 0, wires);
		CHECK_EQ(r->wire[0], wires);
		rig_free(r);
	}
}

/* pie needs ATS. */
TEST(enabling_with_an_error_pending, "RV-IRQ-12")
{
	struct rig *r = rig_for(0);

	rig_cq(r, 3, false);
	rig_fq(r, 1, false);
	illegal(r);
	fault(r);
	CHECK_EQ(rd32(r, FQCSR), EN | ON);
	wr32(r, FQCSR, EN | IE); /* a record alone is an event that has passed */
	CHECK_EQ(rd32(r, IPSR), 0);
	wr32(r, FQCSR, EN);
	fault(r);
	CHECK_EQ(rd32(r, FQCSR), EN | ON | OF);
	CHECK_EQ(rd32(r, IPSR), 0);
	wr32(r, CQCSR, EN | IE);
	CHECK_EQ(rd32(r, IPSR), CIP);
	CHECK_EQ(r->msis, 1);
	wr32(r, FQCSR, EN | IE);
	CHECK_EQ(rd32(r, IPSR), CIP | FIP);
	CHECK_EQ(r->msis, 2);

	wr32(r, FQCSR, 0);
	wr32(r, IPSR, FIP);
	CHECK_EQ(rd32(r, IPSR) & FIP, 0);
	wr64(r, FQB, PPN_OF(RIG_NOWHERE) | 3);
	wr32(r, FQCSR, EN);
	fault(r);
	CHECK_EQ(rd32(r, FQCSR), EN | ON | MF);
	CHECK_EQ(rd32(r, IPSR) & FIP, 0);
	wr32(r, FQCSR, EN | IE);
	CHECK_EQ(rd32(r, IPSR) & FIP, FIP);
	rig_free(r);
}

/* A page-request queue, and so pip, exists with ATS only. */
TEST(record_is_an_event_not_a_level, "RV-IRQ-14")
{
	struct rig *r = rig_for(0);

	rig_fq(r, 3, true);
	fault(r);
	fault(r);
	wr32(r, IPSR, FIP);
	CHECK_EQ(rd32(r, IPSR), 0);
	CHECK_EQ(rd32(r, FQT) - rd32(r, FQH), 2); /* unread records do not matter */
	wr32(r, FQCSR, EN | IE);
	CHECK_EQ(rd32(r, IPSR), 0);
	CHECK_EQ(r->msis, 1);
	fault(r);
	CHECK_EQ(rd32(r, IPSR), FIP);
	CHECK_EQ(r->msis, 2);
	rig_free(r);
}
