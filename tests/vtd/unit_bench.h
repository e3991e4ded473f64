/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A VT-d unit whose registers are looked at, and what it tells its host. */
#ifndef TESTS_VTD_UNIT_BENCH_H
#define TESTS_VTD_UNIT_BENCH_H

#include <iommux/iommux.h>

#include "../test.h"

struct bench {
	struct iom_memory *memory;
	struct iom_unit *unit;
	unsigned msis;
	uint64_t address;
	uint32_t data;
};

static inline int bench_msi(void *opaque, uint64_t address, uint32_t data)
{
	struct bench *b = opaque;

	b->msis++;
	b->address = address;
	b->data = data;
	return IOM_OK;
}

/* The answer of iom_vtd_new; its sentence goes to *error, which may be NULL. */
static inline int bench_try(struct bench *b, const struct iom_vtd_config *config,
                            struct iom_error *error)
{
	const struct iom_host host = { .bytes = sizeof host, .msi = bench_msi };

	*b = (struct bench){ 0 };
	CHECK_EQ(iom_memory_new(NULL, NULL, &b->memory, NULL), IOM_OK);
	return iom_vtd_new(config, b->memory, &host, b, &b->unit, error);
}

static inline void bench_profile(struct bench *b, uint32_t profile)
{
	const struct iom_vtd_config config = { .bytes = sizeof config, .profile = profile };

	CHECK_EQ(bench_try(b, &config, NULL), IOM_OK);
}

static inline void bench_free(struct bench *b)
{
	iom_unit_free(b->unit);
	iom_memory_free(b->memory);
}

static inline uint64_t rd(struct bench *b, unsigned off, unsigned bytes)
{
	uint64_t val;

	CHECK_EQ(iom_mmio_read(b->unit, 0, off, bytes, &val), IOM_OK);
	return val;
}

static inline void wr(struct bench *b, unsigned off, unsigned bytes, uint64_t val)
{
	CHECK_EQ(iom_mmio_write(b->unit, 0, off, bytes, val), IOM_OK);
}

#endif
