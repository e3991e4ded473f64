/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Which entries of hardware's table of interrupts are given out, and to whom together. */
#ifndef OS_INTERRUPT_H
#define OS_INTERRUPT_H

#include <iommux/os.h>

/* So many interrupts at most are allocated together, aligned to their number: within one word. */
#define IOM_INTERRUPTS_PER_WORD 64u

/* A bit for each interrupt. */
struct iom_interrupt_word {
	uint64_t taken;
	uint64_t first; /* of those that were allocated together */
};

struct iom_interrupts {
	struct iom_interrupt_word *words;
	uint64_t phys;
	uint32_t count; /* 0: none is remapped */
};

/* Makes the record of driver->interrupts, all free; the driver's ops have the rows for them. */
int iom_interrupts_new(struct iom_driver *driver, uint32_t count);
void iom_interrupts_free(struct iom_driver *driver);

#endif
