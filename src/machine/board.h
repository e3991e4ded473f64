/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A board: what a kernel runs on, as its addresses number it.  The machine is one for its kernel, a
 * virtual machine for its guest's; the kernel cannot tell them apart.
 */
#ifndef MACHINE_BOARD_H
#define MACHINE_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/arch.h"
#include "machine/pages.h"

#define BOARD_IOMMUS_MAX 2u
#define BOARD_CPUS_MAX 4u

struct board_ops {
	/* Loads and stores of device registers, 4 or 8 bytes. */
	uint64_t (*mmio_read)(void *opaque, uint64_t phys, unsigned bytes);
	void (*mmio_write)(void *opaque, uint64_t phys, unsigned bytes, uint64_t val);
	uint64_t (*now_ns)(void *opaque);
	/* The CPU has nothing to do but to wait; may be NULL. */
	void (*relax)(void *opaque);
	/* A CPU begins to take interrupts; it takes the most urgent one's identity, or 0. */
	void (*listen)(void *opaque, unsigned cpu);
	unsigned (*claim)(void *opaque, unsigned cpu);
	/* Is a wire of this IOMMU up? */
	bool (*wire)(void *opaque, unsigned iommu);
	/* The device at this pin has been served, and drives it no more; if there are pins. */
	void (*serve)(void *opaque, unsigned pin);
	/* Whatever runs beside this kernel does what it has to do now. */
	void (*others)(void *opaque);
};

struct board {
	const struct board_ops *ops;
	void *opaque;
	const struct machine_arch *arch;
	struct pages *low, *high;         /* RAM; `high` may have no pages, or be NULL */
	unsigned iommus;                  /* 0..BOARD_IOMMUS_MAX                       */
	uint64_t iommu[BOARD_IOMMUS_MAX]; /* where their registers are                 */
	unsigned cpus;                    /* that take interrupts, 1..BOARD_CPUS_MAX   */
	/* What is stored where, so that a CPU sees an interrupt. */
	struct iom_interrupt_message (*message)(unsigned cpu, unsigned identity);
	unsigned pins;     /* of an I/O APIC; 0: there is none                                 */
	uint32_t remapped; /* how many interrupts of devices the IOMMUs' drivers shall remap  */
};

/* The CPU's pointer to an address in RAM, or NULL. */
static inline void *board_at(const struct board *board, uint64_t phys)
{
	if (pages_contain(board->low, phys))
		return pages_at(board->low, phys);
	return board->high && pages_contain(board->high, phys) ? pages_at(board->high, phys) : NULL;
}

#endif
