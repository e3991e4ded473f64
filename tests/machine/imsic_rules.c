/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Interrupt files by the book: every identity, every offset, every file. */
#include <string.h>

#include <iommux/error.h>

#include "machine/imsic.h"

#include "../test.h"

static struct imsic imsic; /* large */

static struct imsic_file *fresh(void)
{
	memset(&imsic, 0, sizeof(imsic));
	return imsic_file(&imsic, 0, 0);
}

static int store(uint64_t off, uint32_t val, bool big)
{
	uint8_t data[4];

	for (unsigned i = 0; i < 4; i++)
		data[big ? 3 - i : i] = (uint8_t)(val >> 8 * i);
	return imsic_write(&imsic, off, data, 4);
}

/* Exactly the pending bit of `identity`, or none if it is 0. */
static void pending_is(const struct imsic_file *f, unsigned identity)
{
	for (unsigned i = 0; i < 32; i++)
		CHECK_EQ(f->eip[i], identity && i == identity / 64 ? 1ull << identity % 64 : 0);
}

TEST(imsic_identities, "IRQ-IMSIC-01 IRQ-IMSIC-02")
{
	for (unsigned big = 0; big < 2; big++)
		for (unsigned identity = 1; identity < 2048; identity++) {
			struct imsic_file *f = fresh();

			CHECK_EQ(store(big ? 4 : 0, identity, big), IOM_OK);
			pending_is(f, identity);
			CHECK_EQ(store(big ? 4 : 0, identity, big), IOM_OK);
			pending_is(f, identity);
		}
}

TEST(imsic_identities_that_are_not, "IRQ-IMSIC-03 IRQ-IMSIC-04")
{
	for (unsigned big = 0; big < 2; big++) {
		struct imsic_file *f = fresh();

		CHECK_EQ(store(big ? 4 : 0, 0, big), IOM_OK);
		for (unsigned bit = 11; bit < 32; bit++)
			for (unsigned low = 0; low < 2048; low += 31)
				CHECK_EQ(store(big ? 4 : 0, 1u << bit | low, big), IOM_OK);
		pending_is(f, 0);
	}
}

TEST(imsic_offsets, "IRQ-IMSIC-05 IRQ-IMSIC-07")
{
	struct imsic_file *f = fresh();

	memset(f->eip, 0x55, sizeof(f->eip));
	memset(f->eie, 0x55, sizeof(f->eie));
	for (unsigned off = 0; off < 4096; off += 4) {
		uint32_t word = ~0u;

		CHECK_EQ(imsic_read(&imsic, off, &word, 4), IOM_OK);
		CHECK_EQ(word, 0);
	}
	f = fresh();
	for (unsigned off = 8; off < 4096; off += 4) {
		CHECK_EQ(store(off, 5, false), IOM_OK);
		CHECK_EQ(store(off, 5, true), IOM_OK);
	}
	pending_is(f, 0);
}

TEST(imsic_other_accesses, "IRQ-IMSIC-06")
{
	struct imsic_file *f = fresh();
	uint8_t data[16] = { 5, 0, 0, 0, 5 };

	for (unsigned off = 0; off < 16; off++)
		for (unsigned len = 1; len <= 16; len++) {
			if (len == 4 && off % 4 == 0)
				continue;
			CHECK_EQ(imsic_write(&imsic, off, data, len), IOM_EFAULT);
			CHECK_EQ(imsic_read(&imsic, off, data, len), IOM_EFAULT);
		}
	pending_is(f, 0);
}

TEST(imsic_delivery, "IRQ-IMSIC-08")
{
	struct imsic_file *f = fresh();

	imsic_enable(f, 9);
	CHECK_EQ(store(0, 9, false), IOM_OK);
	f->eidelivery = false;
	CHECK_EQ(imsic_claim(f), 0);
	pending_is(f, 9);
	f->eidelivery = true;
	CHECK_EQ(imsic_claim(f), 9);
}

TEST(imsic_threshold, "IRQ-IMSIC-09")
{
	static const uint32_t thresholds[] = { 0, 1, 5, 6, 64, 65, 2047 };

	for (unsigned i = 0; i < sizeof(thresholds) / sizeof(*thresholds); i++)
		for (unsigned identity = 1; identity < 2048; identity++) {
			struct imsic_file *f = fresh();
			const uint32_t t = thresholds[i];

			imsic_enable(f, identity);
			f->eithreshold = t;
			CHECK_EQ(store(0, identity, false), IOM_OK);
			CHECK_EQ(imsic_claim(f), t == 0 || identity < t ? identity : 0);
		}
}

/* What is claimed is the lowest that is pending and enabled, and only that is taken. */
TEST(imsic_claims, "IRQ-IMSIC-11")
{
	static const unsigned identities[] = { 1, 2, 63, 64, 65, 700, 2047 };
	const unsigned n = sizeof(identities) / sizeof(*identities);
	struct imsic_file *f = fresh();

	for (unsigned i = n; i--;)
		CHECK_EQ(store(0, identities[i], false), IOM_OK);
	CHECK_EQ(imsic_claim(f), 0);
	for (unsigned i = 0; i < n; i += 2)
		imsic_enable(f, identities[i]);
	for (unsigned i = 0; i < n; i += 2)
		CHECK_EQ(imsic_claim(f), identities[i]);
	CHECK_EQ(imsic_claim(f), 0);
	for (unsigned i = 0; i < n; i++)
		CHECK_EQ(f->eip[identities[i] / 64] >> identities[i] % 64 & 1, i & 1);
}

TEST(imsic_pages, "IRQ-IMSIC-17")
{
	for (unsigned hart = 0; hart < 4; hart++)
		for (unsigned guest = 0; guest < 8; guest++) {
			fresh();
			/* a hart's number above the three bits of its guests' */
			CHECK_EQ(store((uint64_t)hart << 15 | guest << 12, 77, false), IOM_OK);
			for (unsigned h = 0; h < 4; h++)
				for (unsigned g = 0; g < 8; g++)
					pending_is(imsic_file(&imsic, h, g),
					           h == hart && g == guest ? 77 : 0);
		}
}
