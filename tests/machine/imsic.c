/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Interrupt files: what stores do, what a CPU takes, and moving. */
#include "machine/imsic.h"

#include <iommux/error.h>

#include "../test.h"

static struct imsic imsic;

static int store(uint64_t off, uint32_t le)
{
	const uint8_t data[4] = { (uint8_t)le, (uint8_t)(le >> 8), (uint8_t)(le >> 16),
		                  (uint8_t)(le >> 24) };

	return imsic_write(&imsic, off, data, 4);
}

TEST(imsic_takes_identities_in_both_byte_orders, "")
{
	struct imsic_file *f = imsic_file(&imsic, 0, 0);

	imsic = (struct imsic){ 0 };
	CHECK_EQ(store(0, 5), IOM_OK);
	CHECK_EQ(store(0, 5), IOM_OK);
	CHECK_EQ(store(0, 2047), IOM_OK);
	CHECK_EQ(store(4, 0x02000000), IOM_OK);
	CHECK_EQ(f->arrived, 4);
	CHECK_EQ(imsic_claim(f), 0); /* nothing is enabled */
	imsic_enable(f, 5);
	imsic_enable(f, 2047);
	CHECK_EQ(imsic_claim(f), 5);
	CHECK_EQ(imsic_claim(f), 2047);
	CHECK_EQ(imsic_claim(f), 0);
	imsic_enable(f, 2);
	CHECK_EQ(imsic_claim(f), 2);
}

TEST(imsic_ignores_what_does_not_exist, "")
{
	struct imsic_file *f = imsic_file(&imsic, 0, 0);
	uint8_t four[4] = { 1, 1, 1, 1 };

	imsic = (struct imsic){ 0 };
	CHECK_EQ(store(0, 0), IOM_OK);
	CHECK_EQ(store(0, 2048), IOM_OK);
	CHECK_EQ(store(0, 0x10005), IOM_OK);
	CHECK_EQ(f->ignored, 3);
	CHECK_EQ(store(8, 5), IOM_OK);
	CHECK_EQ(store(0xffc, 5), IOM_OK);
	CHECK_EQ(f->arrived + f->ignored, 3);
	CHECK_EQ(imsic_write(&imsic, 0, four, 2), IOM_EFAULT);
	CHECK_EQ(imsic_write(&imsic, 2, four, 4), IOM_EFAULT);
	CHECK_EQ(imsic_read(&imsic, 0, four, 1), IOM_EFAULT);
	CHECK_EQ(imsic_read(&imsic, 0, four, 4), IOM_OK);
	CHECK_EQ(four[0] | four[1] | four[2] | four[3], 0);
}

TEST(imsic_files_have_pages_of_their_own, "")
{
	imsic = (struct imsic){ 0 };
	CHECK_EQ(imsic_offset(0, 0), 0);
	CHECK_EQ(imsic_offset(0, 7), 0x7000);
	CHECK_EQ(imsic_offset(3, 1), 0x19000);
	CHECK_EQ(IMSIC_BYTES, 0x20000);
	CHECK_EQ(store(0x19000, 9), IOM_OK);
	for (unsigned hart = 0; hart < IMSIC_HARTS; hart++)
		for (unsigned guest = 0; guest <= IMSIC_GUESTS; guest++)
			CHECK_EQ(imsic_file(&imsic, hart, guest)->arrived, hart == 3 && guest == 1);
}

TEST(imsic_threshold_and_delivery_hold_back, "")
{
	struct imsic_file f = { .eidelivery = false };

	imsic_enable(&f, 7);
	f.eip[0] = 1u << 7;
	f.eithreshold = 7;
	CHECK_EQ(imsic_claim(&f), 0);
	f.eithreshold = 8;
	f.eidelivery = false;
	CHECK_EQ(imsic_claim(&f), 0);
	f.eidelivery = true;
	CHECK_EQ(imsic_claim(&f), 7);
}

TEST(imsic_moving_loses_nothing, "")
{
	struct imsic_file from = { .arrived = 2 }, to;

	imsic_enable(&from, 7);
	imsic_enable(&from, 99);
	from.eip[0] = 1u << 7;
	imsic_move_begin(&to, &from);
	CHECK_EQ(imsic_claim(&to), 0);
	to.eip[1] |= UINT64_C(1) << 35; /* 99 comes to the new file first */
	to.arrived++;
	imsic_move_end(&to, &from);
	CHECK_EQ(imsic_claim(&to), 7);
	CHECK_EQ(imsic_claim(&to), 99);
	CHECK_EQ(imsic_claim(&to), 0);
	CHECK_EQ(to.arrived, 3);
	CHECK_EQ(from.arrived, 0);
	CHECK(!from.eidelivery);
}
