/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Interrupt remapping: who may use an entry, and the entries that a unit keeps. */
#include "irte.h"

#define GOOD (IRTE_P | IRTE_V(0x31))
#define OUT 0xfee00000ull

/* The entry lets `sid` in, or not; with FPD, the refusal is silent. */
static void judge(struct irt *t, uint64_t qw1, uint16_t sid, bool in)
{
	irt_put(t, 4, GOOD, qw1);
	if (in) {
		irt_sends(t, sid, irte_address(4, false), 0, OUT, 0x4031);
		return;
	}
	irt_blocks(t, sid, irte_address(4, false), 0, 0x26, 4);
	irt_put(t, 4, GOOD | FPD, qw1);
	irt_blocks_quietly(t, sid, irte_address(4, false), 0, 0x26);
}

TEST(any_source, "VTD-IR-12")
{
	struct irt t;
	unsigned bit, sq;

	irt_on(&t, rig_new(), 7, false);
	for (sq = 0; sq < 4; sq++)
		for (bit = 0; bit < 16; bit++) {
			judge(&t, SVT(0) | SQ(sq) | 0xffff, (uint16_t)(1u << bit), true);
			judge(&t, SVT(0) | SQ(sq) | 1u << bit, 0, true);
		}
	rig_free(t.r);
}

TEST(source_by_its_number, "VTD-IR-13 VTD-IR-16 VTD-IR-28")
{
	static const uint16_t ignored[] = { 0, 4, 6, 7 };
	struct irt t;
	unsigned bit, sq;

	irt_on(&t, rig_new(), 7, false);
	for (sq = 0; sq < 4; sq++) {
		judge(&t, SVT(1) | SQ(sq) | IRTE_SID, IRTE_SID, true);
		for (bit = 0; bit < 16; bit++)
			judge(&t, SVT(1) | SQ(sq) | IRTE_SID, (uint16_t)(IRTE_SID ^ 1u << bit),
			      ignored[sq] >> bit & 1);
		judge(&t, SVT(1) | SQ(sq) | IRTE_SID, IRTE_SID ^ ignored[sq], true);
	}
	rig_free(t.r);
}

TEST(source_by_its_bus, "VTD-IR-14 VTD-IR-16")
{
	struct irt t;
	unsigned sq;

	irt_on(&t, rig_new(), 7, false);
	/* Buses 0x12 to 0x34; SQ has no meaning here. */
	for (sq = 0; sq < 4; sq++) {
		judge(&t, SVT(2) | SQ(sq) | 0x1234, 0x11ff, false);
		judge(&t, SVT(2) | SQ(sq) | 0x1234, 0x1200, true);
		judge(&t, SVT(2) | SQ(sq) | 0x1234, 0x2034, true);
		judge(&t, SVT(2) | SQ(sq) | 0x1234, 0x34ff, true);
		judge(&t, SVT(2) | SQ(sq) | 0x1234, 0x3500, false);
	}
	judge(&t, SVT(2) | 0x5050, 0x5012, true);
	judge(&t, SVT(2) | 0x5050, 0x4fff, false);
	judge(&t, SVT(2) | 0x5050, 0x5100, false);
	judge(&t, SVT(2) | 0x00ff, 0xff00, true);
	judge(&t, SVT(2) | 0x00ff, 0x0000, true);
	/* The wrong way round there is no bus at all. */
	judge(&t, SVT(2) | 0x3412, 0x2000, false);
	judge(&t, SVT(2) | 0x3412, 0x3400, false);
	judge(&t, SVT(2) | 0x3412, 0x1200, false);
	rig_free(t.r);
}

TEST(source_type_that_is_reserved, "VTD-IR-15 VTD-IR-16")
{
	struct irt t;

	irt_on(&t, rig_new(), 7, false);
	judge(&t, SVT(3) | IRTE_SID, IRTE_SID, false);
	judge(&t, SVT(3), 0, false);
	rig_free(t.r);
}

TEST(source_before_reserved_bits, "VTD-IR-16")
{
	struct iom_vtd_config config = { .cap = CAP_ALL,
		                         .ecap = ECAP_ALL,
		                         .version = 0x40,
		                         .address_bits = RIG_HAW,
		                         .flags = IOM_VTD_UNCACHED };
	struct irt t;

	irt_on(&t, rig_new_config(&config), 7, false);
	irt_put(&t, 4, GOOD | 1u << 12, SVT(1) | 0x1111);
	irt_blocks(&t, IRTE_SID, irte_address(4, false), 0, 0x26, 4);
	rig_free(t.r);
	config.flags |= IOM_VTD_RESERVED_FIRST;
	irt_on(&t, rig_new_config(&config), 7, false);
	irt_put(&t, 4, GOOD | 1u << 12, SVT(1) | 0x1111);
	irt_blocks(&t, IRTE_SID, irte_address(4, false), 0, 0x24, 4);
	irt_put(&t, 4, GOOD, SVT(1) | 0x1111);
	irt_blocks(&t, IRTE_SID, irte_address(4, false), 0, 0x26, 4);
	rig_free(t.r);
}

/* Requests to a posted entry are judged in the same way. */
TEST(sources_of_posted_entries, "VTD-IR-13 VTD-IR-16")
{
	struct irt t;
	uint64_t pd;

	irt_on(&t, rig_new(), 7, false);
	pd = page(t.r);
	irt_put(&t, 4, IRTE_P | IRTE_IM | IRTE_V(9) | (pd & 0xffffffc0) << 32,
	        SVT(1) | SQ(1) | IRTE_SID | (pd >> 32) << 32);
	irt_blocks(&t, IRTE_SID ^ 1, irte_address(4, false), 0, 0x26, 4);
	CHECK_EQ(ram64(t.r, pd), 0);
	CHECK_EQ(rig_msi(t.r, IRTE_SID ^ 4, irte_address(4, false), 0, NULL), IOM_OK);
	CHECK_EQ(ram64(t.r, pd), 1u << 9);
	rig_free(t.r);
}

/* ---- Entries that the unit keeps ---------------------------------------------------------- */

#define ENTRIES 64u

static void caching(struct irt *t, uint64_t cap, uint64_t ecap)
{
	const struct iom_vtd_config config = {
		.cap = cap, .ecap = ecap, .version = 0x40, .address_bits = RIG_HAW
	};

	irt_on(t, rig_new_config(&config), 7, false);
}

static void put_all(struct irt *t, unsigned vector)
{
	unsigned i;

	for (i = 0; i < ENTRIES; i++)
		irt_put(t, i, IRTE_P | IRTE_V(vector), 0);
}

static void all_send(struct irt *t, unsigned vector)
{
	unsigned i;

	for (i = 0; i < ENTRIES; i++)
		CHECK_EQ(irt_vector(t, i), vector);
}

TEST(an_index_is_forgotten, "VTD-IR-19 VTD-IR-20")
{
	struct irt t;
	unsigned im, i;

	caching(&t, CAP_ALL, ECAP_ALL);
	for (im = 0; im < 6; im++) {
		unsigned first = (37u >> im) << im, end = first + (1u << im);

		put_all(&t, 0x31);
		inv_irte(t.r);
		all_send(&t, 0x31);
		put_all(&t, 0x32);
		/* Low bits of the index have no meaning. */
		inv_irte_index(t.r, 37, im);
		for (i = 0; i < ENTRIES; i++)
			CHECK_MSG(irt_vector(&t, i) == (i >= first && i < end ? 0x32 : 0x31),
			          "IM %u: entry %u", im, i);
	}
	/* Wider than the table. */
	inv_irte_index(t.r, 37, 15);
	all_send(&t, 0x32);
	rig_free(t.r);
}

TEST(all_indices_are_forgotten, "VTD-IR-19")
{
	struct irt t;

	caching(&t, CAP_ALL, ECAP_ALL);
	put_all(&t, 0x31);
	all_send(&t, 0x31);
	put_all(&t, 0x32);
	/* Other invalidations than of interrupt entries leave them alone. */
	inv_context(t.r);
	inv_iotlb(t.r);
	all_send(&t, 0x31);
	inv_irte(t.r);
	all_send(&t, 0x32);
	/* An entry that went is gone. */
	irt_put(&t, 7, 0, 0);
	inv_irte_index(t.r, 7, 0);
	irt_blocks(&t, IRTE_SID, irte_address(7, false), 0, 0x22, 7);
	rig_free(t.r);
}

/* The source is judged for each message anew. */
TEST(an_entry_that_is_kept_is_still_judged, "VTD-IR-13 VTD-IR-19")
{
	struct irt t;

	caching(&t, CAP_ALL, ECAP_ALL);
	irt_put(&t, 4, GOOD, SVT(1) | IRTE_SID);
	irt_delivers(&t, 4, OUT, 0x4031);
	irt_blocks(&t, IRTE_SID + 1, irte_address(4, false), 0, 0x26, 4);
	irt_delivers(&t, 4, OUT, 0x4031);
	rig_free(t.r);
}

TEST(faulting_entries_are_not_kept, "VTD-CM-08")
{
	struct irt t;
	unsigned cm;

	for (cm = 0; cm < 2; cm++) {
		caching(&t, CAP_ALL | (cm ? CAP_CM : 0), ECAP_ALL);
		/* Not present, reserved bits, unreadable descriptor. */
		irt_blocks(&t, IRTE_SID, irte_address(1, false), 0, 0x22, 1);
		irt_put(&t, 2, GOOD | 1u << 12, 0);
		irt_blocks(&t, IRTE_SID, irte_address(2, false), 0, 0x24, 2);
		irt_put(&t, 3, GOOD, SVT(3));
		irt_blocks(&t, IRTE_SID, irte_address(3, false), 0, 0x26, 3);
		irt_put(&t, 1, GOOD, 0);
		if (cm)
			inv_irte(t.r);
		irt_delivers(&t, 1, OUT, 0x4031);
		/* The others were present, and erroneous: software has to invalidate. */
		irt_put(&t, 2, GOOD, 0);
		irt_put(&t, 3, GOOD, 0);
		if (cm) {
			inv_irte_index(t.r, 2, 0);
			inv_irte_index(t.r, 3, 0);
		}
		irt_delivers(&t, 2, OUT, 0x4031);
		irt_delivers(&t, 3, OUT, 0x4031);
		rig_free(t.r);
	}
}
