/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Masks and numbers of src/regs beside those typed from a specification. */
#ifndef TESTS_REGS_FIELD_H
#define TESTS_REGS_FIELD_H

#include "test.h"

struct field {
	const char *name;
	uint64_t mask;
	unsigned char at[6]; /* pairs hi, lo */
	unsigned char pairs;
};

struct number {
	const char *name;
	uint64_t is, should;
};

/* clang-format off */
#define BIT(name, n) { #name, name, { n, n }, 1 }
#define FIELD(name, hi, lo) { #name, name, { hi, lo }, 1 }
#define TWO(name, hi, lo, hi2, lo2) { #name, name, { hi, lo, hi2, lo2 }, 2 }
#define THREE(name, hi, lo, hi2, lo2, hi3, lo3) { #name, name, { hi, lo, hi2, lo2, hi3, lo3 }, 3 }
#define NUMBER(name, should) { #name, name, should }
/* clang-format on */

static inline void check_fields(const struct field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct field *f = &fields[i];
		uint64_t should = 0;

		for (unsigned p = 0; p < f->pairs; p++)
			for (unsigned bit = f->at[2 * p + 1]; bit <= f->at[2 * p]; bit++)
				should |= 1ull << bit;
		CHECK_MSG(f->mask == should, "%s is 0x%llx, should be 0x%llx", f->name,
		          (unsigned long long)f->mask, (unsigned long long)should);
	}
}

static inline void check_numbers(const struct number *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		CHECK_MSG(numbers[i].is == numbers[i].should, "%s is %llu, should be %llu",
		          numbers[i].name, (unsigned long long)numbers[i].is,
		          (unsigned long long)numbers[i].should);
}

#endif
