/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
#ifndef BAREMETAL_RISCV64_CPU_H
#define BAREMETAL_RISCV64_CPU_H

#include <stdint.h>

/* Ticks of the counter `time` in a second */
void cpu_timebase(uint32_t hertz);

/* The page of a CPU's interrupt file; 0: the machine has none. */
uint64_t imsic_file(unsigned cpu);

/* Says where the files begin, in the order of the harts. */
void imsic_start(uint64_t files);

#endif
