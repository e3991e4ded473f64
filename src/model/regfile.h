/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The register file: an architecture gives a const table, an instance keeps values and narrows what
 * its configuration leaves out.  Widths, halves, masks and absence are dealt with here, once.
 */
#ifndef MODEL_REGFILE_H
#define MODEL_REGFILE_H

#include "base/bits.h"

struct iom_unit;

struct iom_reg {
	uint16_t off;
	uint8_t bytes; /* 4 or 8 */
	const char *name;
	uint64_t rw;            /* bits that a store sets   */
	uint64_t w1c;           /* bits that a 1 clears     */
	uint64_t own;           /* further bits, which only hardware changes */
	uint64_t wo;            /* bits of `rw` that loads show as 0         */
	bool keeps;             /* a warm reset leaves the value             */
	uint16_t count, stride; /* a table of such registers; count 0 is one */

	/*
	 * What the register really becomes: `now` is the store merged with `was`, `lanes` the bits that
	 * the store carried.  Must not have effects beyond this register.  Both hooks run under the
	 * unit's lock: what calls out is left to the worker (work.h).
	 */
	uint64_t (*legal)(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now,
	                  uint64_t lanes);
	/* Behaviour, after the register changed or was written with the same value. */
	void (*wrote)(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now);
};

#define IOM_CELLS_MAX 160
#define IOM_REGFILE_BYTES 4096

struct iom_cell {
	const struct iom_reg *reg;
	unsigned off;
	uint64_t value, rw, w1c;
};

struct iom_regfile {
	unsigned cells;
	uint8_t at[IOM_REGFILE_BYTES / 4]; /* cell of each word plus 1; 0: nothing there */
	struct iom_cell cell[IOM_CELLS_MAX];
};

/* Adds a table to a register file that was empty at first; all values are 0. */
void iom_regfile_init(struct iom_regfile *regs, const struct iom_reg *table, size_t rows);
/* Adds one row as a register, at an offset of the instance's own choice. */
void iom_regfile_add(struct iom_regfile *regs, const struct iom_reg *reg, unsigned off);
/* Keeps only `mask` of what software can change in the register at `off`. */
void iom_regfile_narrow(struct iom_regfile *regs, unsigned off, uint64_t mask);
/* Sets values to 0; `warm`: not those of rows that keep theirs. */
void iom_regfile_clear(struct iom_regfile *regs, bool warm);
/* Are these bits that the cell's register can hold? */
bool iom_cell_can_hold(const struct iom_cell *cell, uint64_t value);

/* Changes that the hardware makes to it, under the lock. */
void iom_reg_set(struct iom_unit *unit, unsigned off, uint64_t value);
/* Sets the bits of `set` after clearing those of `clear`. */
void iom_reg_change(struct iom_unit *unit, unsigned off, uint64_t clear, uint64_t set);

/* Software's accesses; what is not a whole, aligned half or register reads 0 and is dropped. */
uint64_t iom_regfile_read(struct iom_unit *unit, uint64_t off, unsigned bytes);
/* Under the lock. */
void iom_regfile_write(struct iom_unit *unit, uint64_t off, unsigned bytes, uint64_t val);

#endif
