/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What a bench knows of VT-d: its queue, and units that do not see the CPU's caches. */
#ifndef TESTS_OS_BENCH_VTD_H
#define TESTS_OS_BENCH_VTD_H

#include "bench.h"

/* The pages that the allocator has. */
#define POOL (BENCH_PAGES / 2)

/* A store to a register is about to happen. */
void bench_look(struct bench *b, uint64_t off, uint64_t val);

/* host.flush, and the allocator's half of RAM as such a unit sees it. */
void bench_flush(void *opaque, const void *memory, size_t bytes);
extern const struct iom_memory_ops bench_apart;

#endif
