/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Words in memory that somebody else reads: loaded and stored once, in a stated byte order, at any
 * alignment of the pointer.
 */
#ifndef BASE_ENDIAN_H
#define BASE_ENDIAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The CPU's own byte order. */
#define IOM_BIG_ENDIAN (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

/* Compilers know these shapes and use the machine's instruction, where it has one. */
static inline uint32_t iom_swap32(uint32_t v)
{
	return v << 24 | (v & 0xff00u) << 8 | (v >> 8 & 0xff00u) | v >> 24;
}

static inline uint64_t iom_swap64(uint64_t v)
{
	return (uint64_t)iom_swap32((uint32_t)v) << 32 | iom_swap32((uint32_t)(v >> 32));
}

static inline uint32_t iom_cpu32(uint32_t v, bool big)
{
	return big == IOM_BIG_ENDIAN ? v : iom_swap32(v);
}

static inline uint64_t iom_cpu64(uint64_t v, bool big)
{
	return big == IOM_BIG_ENDIAN ? v : iom_swap64(v);
}

static inline uint32_t iom_ld32(const void *p, bool big)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return iom_cpu32(v, big);
}

static inline uint64_t iom_ld64(const void *p, bool big)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return iom_cpu64(v, big);
}

static inline void iom_st32(void *p, uint32_t v, bool big)
{
	v = iom_cpu32(v, big);
	memcpy(p, &v, sizeof v);
}

static inline void iom_st64(void *p, uint64_t v, bool big)
{
	v = iom_cpu64(v, big);
	memcpy(p, &v, sizeof v);
}

#endif
