/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Bits and fields.  A field is one mask; shift and width follow from it.  All of these work in
 * constant expressions.
 */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IOM_BIT(n) (UINT64_C(1) << (n))
#define IOM_MASK(hi, lo) ((~UINT64_C(0) >> (63 - (hi))) & (~UINT64_C(0) << (lo)))

/* The lowest set bit of a field's mask, as a factor. */
#define IOM_LSB(mask) ((mask) & (~(mask) + 1))
#define IOM_GET(mask, word) (((uint64_t)(word) & (mask)) / IOM_LSB(mask))
#define IOM_PUT(mask, value) ((IOM_LSB(mask) * (uint64_t)(value)) & (mask))

#define IOM_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The low `n` bits, n = 0..64. */
static inline uint64_t iom_low(unsigned n)
{
	return n >= 64 ? ~UINT64_C(0) : IOM_BIT(n) - 1;
}

static inline bool iom_is_pow2(uint64_t v)
{
	return v && !(v & (v - 1));
}

/* floor(log2(v)) of a v that is not 0. */
static inline unsigned iom_log2(uint64_t v)
{
#if defined(__riscv) && !defined(__riscv_zbb)
	/* Without the instruction the builtin is a call into the compiler's library. */
	unsigned n = 0;

	for (unsigned step = 32; step; step /= 2) {
		if (v >> step) {
			v >>= step;
			n += step;
		}
	}
	return n;
#else
	return 63 - (unsigned)__builtin_clzll(v);
#endif
}

/* The lowest set bit's number of a v that is not 0. */
static inline unsigned iom_ctz(uint64_t v)
{
#if defined(__riscv) && !defined(__riscv_zbb)
	return iom_log2(IOM_LSB(v));
#else
	return (unsigned)__builtin_ctzll(v);
#endif
}

#endif
