/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Interrupt posting. */
#include "irte.h"

#define ON 1ull
#define SN 2ull
#define URG (1ull << 14)
#define NV(n) ((uint64_t)(n) << 16)
#define NDST(n) ((uint64_t)(n) << 32)
#define CONTROL 32 /* bytes to ON, SN, NV, NDST */

/* Vector `v` goes to the descriptor at `pd`; `more` adds to qw0. */
static void post_to(struct irt *t, unsigned index, uint64_t pd, unsigned v, uint64_t more)
{
	irt_put(t, index, IRTE_P | IRTE_IM | IRTE_V(v) | (pd & 0xffffffc0) << 32 | more,
	        pd >> 32 << 32);
}

static void posts(struct irt *t, unsigned index)
{
	unsigned reason;
	int err;

	t->r->msis = 0;
	err = rig_msi(t->r, IRTE_SID, irte_address(index, false), 0, &reason);
	CHECK_MSG(err == IOM_OK, "refused (%d) with reason 0x%x", err, reason);
	rig_expect_none(t->r);
}

static void faults(struct irt *t, unsigned index, unsigned reason)
{
	irt_blocks(t, IRTE_SID, irte_address(index, false), 0, reason, index);
}

/* PIR holds exactly vector `v`. */
static void pending(struct irt *t, uint64_t pd, unsigned v)
{
	unsigned i;

	for (i = 0; i < 4; i++)
		CHECK_EQ(ram64(t->r, pd + 8ull * i), v / 64 == i ? 1ull << v % 64 : 0);
}

static void clear(struct irt *t, uint64_t pd)
{
	const uint64_t zero[8] = { 0 };

	puts64(t->r, pd, zero, 8);
}

TEST(every_vector_has_its_bit, "VTD-PI-02 VTD-PI-03 IRQ-PI-01 IRQ-PI-02")
{
	struct irt t;
	uint64_t pd;
	unsigned v;

	irt_on(&t, rig_new(), 7, false);
	pd = page(t.r) + 0x40;
	for (v = 0; v < 256; v++) {
		clear(&t, pd);
		put64(t.r, pd + CONTROL, NV(0xf2) | NDST(0x500));
		post_to(&t, 5, pd, v, 0);
		posts(&t, 5);
		pending(&t, pd, v);
		CHECK_EQ(ram64(t.r, pd + CONTROL), NV(0xf2) | NDST(0x500) | ON);
		CHECK_EQ(t.r->msis, 1);
		CHECK_EQ(t.r->msi[0].address, 0xfee05000);
		CHECK_EQ(t.r->msi[0].data, 0x40f2);
	}
	/* Neighbours in PIR stay, and so does all around the descriptor. */
	post_to(&t, 6, pd, 0x45, 0);
	posts(&t, 6);
	CHECK_EQ(ram64(t.r, pd + 24), 1ull << 63);
	CHECK_EQ(ram64(t.r, pd + 8), 1ull << 5);
	CHECK_EQ(ram64(t.r, pd - 8), 0);
	CHECK_EQ(ram64(t.r, pd + 64), 0);
	rig_free(t.r);
}

TEST(a_notification_is_outstanding, "VTD-PI-04 IRQ-PI-03")
{
	struct irt t;
	uint64_t pd;
	unsigned urg;

	irt_on(&t, rig_new(), 7, false);
	for (urg = 0; urg < 2; urg++) {
		pd = page(t.r);
		put64(t.r, pd + CONTROL, NV(0xf2) | NDST(0x500) | ON);
		post_to(&t, 5, pd, 0x81, urg ? URG : 0);
		posts(&t, 5);
		pending(&t, pd, 0x81);
		CHECK_EQ(ram64(t.r, pd + CONTROL), NV(0xf2) | NDST(0x500) | ON);
		CHECK_EQ(t.r->msis, 0);
		put64(t.r, pd + CONTROL, NV(0xf2) | NDST(0x500) | ON | SN);
		posts(&t, 5);
		CHECK_EQ(ram64(t.r, pd + CONTROL), NV(0xf2) | NDST(0x500) | ON | SN);
		CHECK_EQ(t.r->msis, 0);
	}
	rig_free(t.r);
}

TEST(notifications_are_suppressed, "VTD-PI-05 VTD-PI-06 IRQ-PI-04 IRQ-PI-05")
{
	struct irt t;
	uint64_t pd;

	irt_on(&t, rig_new(), 7, false);
	pd = page(t.r);
	put64(t.r, pd + CONTROL, NV(0xf2) | NDST(0x500) | SN);
	post_to(&t, 5, pd, 0x81, 0);
	post_to(&t, 6, pd, 0x82, URG);
	posts(&t, 5);
	pending(&t, pd, 0x81);
	CHECK_EQ(ram64(t.r, pd + CONTROL), NV(0xf2) | NDST(0x500) | SN);
	CHECK_EQ(t.r->msis, 0);
	posts(&t, 6);
	CHECK_EQ(ram64(t.r, pd + 16), 6);
	CHECK_EQ(ram64(t.r, pd + CONTROL), NV(0xf2) | NDST(0x500) | SN | ON);
	CHECK_EQ(t.r->msis, 1);
	CHECK_EQ(t.r->msi[0].address, 0xfee05000);
	CHECK_EQ(t.r->msi[0].data, 0x40f2);
	rig_free(t.r);
}

/* A bit that is pending already makes no difference. */
TEST(a_vector_that_is_pending_already, "VTD-PI-03")
{
	struct irt t;
	uint64_t pd;

	irt_on(&t, rig_new(), 7, false);
	pd = page(t.r);
	put64(t.r, pd + 16, 2);
	put64(t.r, pd + CONTROL, NV(0xf2) | NDST(0x500));
	post_to(&t, 5, pd, 0x81, 0);
	posts(&t, 5);
	pending(&t, pd, 0x81);
	CHECK_EQ(t.r->msis, 1);
	CHECK_EQ(ram64(t.r, pd + CONTROL) & ON, ON);
	rig_free(t.r);
}

static struct irt *watched;
static uint64_t watched_pd;
static unsigned watched_calls;

static void see_notification(struct rig *r)
{
	CHECK_EQ(ram64(r, watched_pd + 16), 2);
	CHECK_EQ(ram64(r, watched_pd + CONTROL) & ON, ON);
	watched_calls++;
	/* The processor takes it at once; the next interrupt notifies again. */
	if (watched_calls == 1) {
		clear(watched, watched_pd);
		put64(r, watched_pd + CONTROL, NV(0xf2));
		CHECK_EQ(rig_msi(r, IRTE_SID, irte_address(5, false), 0, NULL), IOM_OK);
	}
}

TEST(the_update_comes_before_the_notification, "VTD-PI-03 IRQ-ORD-02")
{
	struct irt t;

	irt_on(&t, rig_new(), 7, false);
	watched = &t;
	watched_pd = page(t.r);
	watched_calls = 0;
	put64(t.r, watched_pd + CONTROL, NV(0xf2));
	post_to(&t, 5, watched_pd, 0x81, 0);
	t.r->on_msi = see_notification;
	posts(&t, 5);
	CHECK_EQ(watched_calls, 2);
	CHECK_EQ(t.r->msis, 2);
	rig_free(t.r);
}

TEST(descriptor_that_cannot_be_accessed, "VTD-PI-07 VTD-IR-28")
{
	struct irt t;
	uint64_t rom;

	irt_on(&t, rig_new(), 7, false);
	post_to(&t, 5, RIG_NOWHERE, 0x81, 0);
	faults(&t, 5, 0x27);
	post_to(&t, 5, RIG_NOWHERE, 0x81, FPD);
	irt_blocks_quietly(&t, IRTE_SID, irte_address(5, false), 0, 0x27);
	/* It must be writable too. */
	rom = rom_page(t.r);
	post_to(&t, 5, rom, 0x81, 0);
	faults(&t, 5, 0x27);
	CHECK_EQ(ram64(t.r, rom + 16), 0);
	/* All 64 bytes of it. */
	rig_ram_at(t.r, 0x50000000, 0x70);
	post_to(&t, 5, 0x50000000, 0x81, 0);
	posts(&t, 5);
	post_to(&t, 5, 0x50000040, 0x81, 0);
	faults(&t, 5, 0x27);
	CHECK_EQ(ram64(t.r, 0x50000050), 0);
	rig_free(t.r);
}

/* Bits of the descriptor from 256 on, by mode: reserved, or without meaning to this update. */
static void sweep_descriptor(bool eime)
{
	const uint64_t qw4 = 0xff00fffcull | (eime ? 0 : 0xffff00ffull << 32);
	const uint64_t start = NV(0xf2) | NDST(0x500);
	struct irt t;
	uint64_t pd;
	unsigned bit, i;

	irt_on(&t, rig_new(), 7, eime);
	pd = page(t.r);
	put64(t.r, pd, 1);
	put64(t.r, pd + CONTROL, start);
	for (bit = 256; bit < 512; bit++) {
		uint64_t spa = pd + bit / 64 * 8, was = ram64(t.r, spa);

		if (bit < 320 && !(qw4 >> (bit - 256) & 1))
			continue;
		put64(t.r, spa, was ^ 1ull << bit % 64);
		post_to(&t, 5, pd, 0x81, 0);
		faults(&t, 5, 0x28);
		post_to(&t, 5, pd, 0x81, FPD | URG);
		irt_blocks_quietly(&t, IRTE_SID, irte_address(5, false), 0, 0x28);
		CHECK_EQ(ram64(t.r, spa), was ^ 1ull << bit % 64);
		put64(t.r, spa, was);
		CHECK_EQ(ram64(t.r, pd), 1);
		for (i = 1; i < 8; i++)
			CHECK_EQ(ram64(t.r, pd + 8ull * i), i == 4 ? start : 0);
	}
	rig_free(t.r);
}

TEST(reserved_bits_of_a_descriptor, "VTD-PI-07 VTD-PI-11 VTD-IR-28")
{
	sweep_descriptor(false);
	sweep_descriptor(true);
}

TEST(where_notifications_go, "VTD-PI-08 IRQ-PI-06 IRQ-PI-07")
{
	struct irt t;
	uint64_t pd;
	unsigned bit, eime;

	for (eime = 0; eime < 2; eime++) {
		irt_on(&t, rig_new(), 7, eime);
		pd = page(t.r);
		post_to(&t, 5, pd, 0x81, 0);
		for (bit = eime ? 0 : 8; bit < (eime ? 32 : 16); bit++) {
			uint64_t to = eime ? 1ull << bit : 1ull << (bit - 8);

			put64(t.r, pd + CONTROL, NV(bit + 0x21) | NDST(1ull << bit));
			posts(&t, 5);
			CHECK_EQ(t.r->msis, 1);
			CHECK_EQ(t.r->msi[0].address,
			         0xfee00000 | (to & 0xff) << 12 | (to & ~0xffull) << 32);
			CHECK_EQ(t.r->msi[0].data, 0x4021 + bit);
		}
		rig_free(t.r);
	}
}

TEST(address_of_a_descriptor, "VTD-PI-10 VTD-PI-12")
{
	struct irt t;
	unsigned bit;

	irt_on(&t, rig_new(), 7, false);
	for (bit = 6; bit < 12; bit++) {
		uint64_t base = page(t.r);

		post_to(&t, 5, base | 1ull << bit, 0x81, 0);
		posts(&t, 5);
		pending(&t, base | 1ull << bit, 0x81);
		pending(&t, base + (bit == 6 ? 0x80 : 0), 0x100);
	}
	/* Each bit from 32 on counts: there is memory, and 0 lies elsewhere. */
	for (bit = 32; bit < RIG_HAW; bit++) {
		uint64_t pd = 1ull << bit | 0x3240;

		rig_ram_at(t.r, pd, 64);
		post_to(&t, 5, pd, 0x81, 0);
		posts(&t, 5);
		pending(&t, pd, 0x81);
	}
	/* The last that there can be. */
	rig_ram_at(t.r, (1ull << RIG_HAW) - PAGE, PAGE);
	post_to(&t, 5, (1ull << RIG_HAW) - 64, 0x81, 0);
	posts(&t, 5);
	pending(&t, (1ull << RIG_HAW) - 64, 0x81);
	for (bit = RIG_HAW; bit < 64; bit++) {
		post_to(&t, 5, page(t.r) | 1ull << bit, 0x81, 0);
		faults(&t, 5, 0x24);
		post_to(&t, 5, page(t.r) | 1ull << bit, 0x81, FPD);
		irt_blocks_quietly(&t, IRTE_SID, irte_address(5, false), 0, 0x24);
	}
	rig_free(t.r);
}

TEST(reserved_bits_of_a_posted_entry, "VTD-IR-11 VTD-PI-12")
{
	/* 7:2, 13:12, 31:24, 37:32; in the second word 31:20. */
	const uint64_t reserved[2] = { 0x3fff0030fcull, 0xfff00000ull };
	unsigned bit, eime;
	struct irt t;
	uint64_t pd;

	for (eime = 0; eime < 2; eime++) {
		irt_on(&t, rig_new(), 7, eime);
		pd = page(t.r);
		post_to(&t, 5, pd, 0x81, 0);
		for (bit = 0; bit < 128; bit++) {
			uint64_t spa = t.table + 16 * 5 + bit / 64 * 8, was = ram64(t.r, spa);

			if (!(reserved[bit / 64] >> bit % 64 & 1))
				continue;
			put64(t.r, spa, was | 1ull << bit % 64);
			faults(&t, 5, 0x24);
			put64(t.r, spa, was);
			CHECK_EQ(ram64(t.r, pd + 16), 0);
		}
		for (bit = 8; bit < 12; bit++) {
			clear(&t, pd);
			post_to(&t, 5, pd, 0x81, 1u << bit);
			posts(&t, 5);
			pending(&t, pd, 0x81);
		}
		rig_free(t.r);
	}
}

TEST(posting_that_the_unit_lacks, "VTD-PI-01")
{
	struct irt t;
	uint64_t pd;

	irt_on(&t, rig_new_caps(CAP_ALL & ~CAP_PI, ECAP_ALL), 7, false);
	pd = page(t.r);
	post_to(&t, 5, pd, 0x81, 0);
	faults(&t, 5, 0x24);
	CHECK_EQ(ram64(t.r, pd + 16), 0);
	irt_put(&t, 5, IRTE_P | IRTE_IM | IRTE_V(0x31) | IRTE_DST(0x500), 0);
	faults(&t, 5, 0x24);
	rig_free(t.r);
}

TEST(a_level_is_posted_like_an_edge, "VTD-PI-13")
{
	struct irt t;
	uint64_t pd;

	irt_on(&t, rig_new(), 7, false);
	pd = page(t.r);
	put64(t.r, pd + CONTROL, NV(0xf2) | NDST(0x500));
	post_to(&t, 5, pd, 0x81, 0);
	/* Level triggered, asserted, then deasserted: what the message says of it does not count. */
	CHECK_EQ(rig_msi(t.r, IRTE_SID, irte_address(5, false), 0xc055, NULL), IOM_OK);
	CHECK_EQ(t.r->msis, 1);
	CHECK_EQ(t.r->msi[0].data, 0x40f2);
	pending(&t, pd, 0x81);
	rig_free(t.r);
}

/* Remapped to posted and back by a store and an invalidation of the index. */
TEST(an_entry_becomes_posted, "VTD-PI-02 VTD-IR-19")
{
	const struct iom_vtd_config config = {
		.cap = CAP_ALL, .ecap = ECAP_ALL, .version = 0x40, .address_bits = RIG_HAW
	};
	struct irt t;
	uint64_t pd;

	irt_on(&t, rig_new_config(&config), 7, false);
	pd = page(t.r);
	irt_put(&t, 5, IRTE_P | IRTE_V(0x31), 0);
	irt_delivers(&t, 5, 0xfee00000, 0x4031);
	post_to(&t, 5, pd, 0x81, 0);
	inv_irte_index(t.r, 5, 0);
	posts(&t, 5);
	pending(&t, pd, 0x81);
	irt_put(&t, 5, IRTE_P | IRTE_V(0x32), 0);
	inv_irte_index(t.r, 5, 0);
	irt_delivers(&t, 5, 0xfee00000, 0x4032);
	pending(&t, pd, 0x81);
	rig_free(t.r);
}
