/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Bits and fields, against bit-by-bit twins. */
#include "base/bits.h"
#include "test.h"

static uint64_t slow_mask(unsigned hi, unsigned lo)
{
	uint64_t mask = 0;

	for (unsigned bit = lo; bit <= hi; bit++)
		mask |= (uint64_t)1 << bit;
	return mask;
}

TEST(masks_of_every_width_and_place, "")
{
	for (unsigned hi = 0; hi < 64; hi++)
		for (unsigned lo = 0; lo <= hi; lo++) {
			uint64_t mask = IOM_MASK(hi, lo);

			CHECK_EQ(mask, slow_mask(hi, lo));
			CHECK_EQ(IOM_LSB(mask), IOM_BIT(lo));
		}
}

TEST(fields_go_in_and_out, "")
{
	const uint64_t values[] = { 0, 1, 0x5a5a5a5a5a5a5a5aull, ~0ull };

	for (unsigned hi = 0; hi < 64; hi++)
		for (unsigned lo = 0; lo <= hi; lo++)
			for (unsigned i = 0; i < IOM_COUNT(values); i++) {
				uint64_t mask = IOM_MASK(hi, lo);
				uint64_t fits = values[i] & slow_mask(hi - lo, 0);

				CHECK_EQ(IOM_PUT(mask, values[i]), fits << lo);
				CHECK_EQ(IOM_GET(mask, fits << lo | ~mask), fits);
			}
}

TEST(fields_work_in_constant_expressions, "")
{
	static const uint64_t word = IOM_PUT(IOM_MASK(7, 4), 5) | IOM_BIT(63);

	_Static_assert(IOM_GET(IOM_MASK(7, 4), 0xf5f) == 5, "IOM_GET");
	CHECK_EQ(word, 0x8000000000000050ull);
}

TEST(low_bits_up_to_all, "")
{
	CHECK_EQ(iom_low(0), 0);
	for (unsigned n = 1; n <= 64; n++)
		CHECK_EQ(iom_low(n), slow_mask(n - 1, 0));
	CHECK_EQ(iom_low(65), ~0ull);
}

TEST(powers_of_two, "")
{
	CHECK(!iom_is_pow2(0));
	for (unsigned a = 0; a < 64; a++)
		for (unsigned b = 0; b < 64; b++)
			CHECK_EQ(iom_is_pow2(IOM_BIT(a) | IOM_BIT(b)), a == b);
}

TEST(highest_and_lowest_bit, "")
{
	for (unsigned hi = 0; hi < 64; hi++)
		for (unsigned lo = 0; lo <= hi; lo++) {
			CHECK_EQ(iom_log2(IOM_BIT(hi) | IOM_BIT(lo)), hi);
			CHECK_EQ(iom_ctz(IOM_BIT(hi) | IOM_BIT(lo)), lo);
			CHECK_EQ(iom_log2(slow_mask(hi, lo)), hi);
			CHECK_EQ(iom_ctz(slow_mask(hi, lo)), lo);
		}
}
