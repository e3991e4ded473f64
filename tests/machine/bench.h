/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A machine on a bench: booted, with one engine attached to a translated space. */
#ifndef TESTS_MACHINE_BENCH_H
#define TESTS_MACHINE_BENCH_H

#include "machine/engine_driver.h"
#include "machine/machine.h"

#include "../test.h"

#define BENCH_DEVICE 0x10

/* The architecture of the next machine that is opened; else the first one's. */
extern const struct machine_arch *bench_arch;

/* A test of machines of every architecture. */
#define TEST_EACH(name, requirements)                                                              \
	static void name(void);                                                                    \
	TEST(name##_vtd, requirements)                                                             \
	{                                                                                          \
		bench_arch = &machine_vtd;                                                         \
		name();                                                                            \
	}                                                                                          \
	TEST(name##_riscv, requirements)                                                           \
	{                                                                                          \
		bench_arch = &machine_riscv;                                                       \
		name();                                                                            \
	}                                                                                          \
	static void name(void)

struct bench {
	struct machine *machine;
	struct kernel *kernel;
	struct space *space;
	struct engine_driver *driver;
	struct buffer *from, *to; /* 4 scattered pages each, low and high; from has a pattern */
	uint64_t from_iova, to_iova;
};

/* `kind`: IOM_DOMAIN_*; the buffers are mapped only where the space has tables. */
void bench_open(struct bench *b, unsigned kind, unsigned bits, bool wires);
void bench_close(struct bench *b);

/* One more engine, attached nowhere; freed by the caller. */
struct engine_driver *bench_driver(struct bench *b, unsigned bridge, uint32_t requester,
                                   unsigned bits);

/* A plain copy of `bytes`; returns its report. */
struct engine_report bench_copy(struct bench *b, uint64_t from, uint64_t to, uint32_t bytes);

/* How many leading bytes of the two buffers agree. */
uint64_t bench_same(const struct bench *b);

#endif
