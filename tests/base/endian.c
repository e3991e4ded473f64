/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Words in memory, at every alignment and in both byte orders. */
#include "base/endian.h"
#include "test.h"

TEST(words_are_loaded_in_the_stated_order, "")
{
	uint8_t bytes[16];

	for (unsigned i = 0; i < 16; i++)
		bytes[i] = (uint8_t)(0x11 * i);
	for (unsigned at = 0; at < 8; at++) {
		uint64_t little = 0, big = 0;

		for (unsigned i = 0; i < 8; i++) {
			little |= (uint64_t)bytes[at + i] << (8 * i);
			big |= (uint64_t)bytes[at + i] << (56 - 8 * i);
		}
		CHECK_EQ(iom_ld64(bytes + at, false), little);
		CHECK_EQ(iom_ld64(bytes + at, true), big);
		CHECK_EQ(iom_ld32(bytes + at, false), (uint32_t)little);
		CHECK_EQ(iom_ld32(bytes + at, true), big >> 32);
	}
}

TEST(words_are_stored_in_the_stated_order_and_nothing_else, "")
{
	for (unsigned big = 0; big < 2; big++)
		for (unsigned at = 0; at < 8; at++) {
			uint8_t bytes[24];

			memset(bytes, 0xee, sizeof bytes);
			iom_st64(bytes + at, 0x0102030405060708ull, big);
			for (unsigned i = 0; i < 8; i++)
				CHECK_EQ(bytes[at + i], big ? i + 1 : 8 - i);
			for (unsigned i = 0; i < sizeof bytes; i++)
				if (i < at || i >= at + 8)
					CHECK_EQ(bytes[i], 0xee);

			memset(bytes, 0xee, sizeof bytes);
			iom_st32(bytes + at, 0x01020304, big);
			for (unsigned i = 0; i < 4; i++)
				CHECK_EQ(bytes[at + i], big ? i + 1 : 4 - i);
			for (unsigned i = 0; i < sizeof bytes; i++)
				if (i < at || i >= at + 4)
					CHECK_EQ(bytes[i], 0xee);
		}
}
