/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The register file, and the only place where a guest's store meets a register. */
#include "model/regfile.h"

#include <assert.h>

#include "model/unit.h"

void iom_regfile_add(struct iom_regfile *regs, const struct iom_reg *reg, unsigned off)
{
	assert(regs->cells < IOM_CELLS_MAX && off + reg->bytes <= IOM_REGFILE_BYTES);
	regs->cell[regs->cells++] = (struct iom_cell){
		.reg = reg,
		.off = off,
		.rw = reg->rw,
		.w1c = reg->w1c,
	};
	for (unsigned word = 0; word < reg->bytes; word += 4)
		regs->at[(off + word) / 4] = (uint8_t)regs->cells;
}

void iom_regfile_init(struct iom_regfile *regs, const struct iom_reg *table, size_t rows)
{
	for (size_t row = 0; row < rows; row++) {
		const struct iom_reg *reg = &table[row];

		for (unsigned i = 0; i < (reg->count ? reg->count : 1); i++)
			iom_regfile_add(regs, reg, reg->off + i * reg->stride);
	}
}

static struct iom_cell *cell_at(struct iom_regfile *regs, unsigned off)
{
	unsigned cell = regs->at[off / 4];

	return cell ? &regs->cell[cell - 1] : NULL;
}

void iom_regfile_narrow(struct iom_regfile *regs, unsigned off, uint64_t mask)
{
	struct iom_cell *cell = cell_at(regs, off);

	cell->rw &= mask;
	cell->w1c &= mask;
}

void iom_regfile_clear(struct iom_regfile *regs, bool warm)
{
	for (unsigned i = 0; i < regs->cells; i++) {
		if (!warm || !regs->cell[i].reg->keeps)
			iom_poke(&regs->cell[i].value, 0);
	}
}

bool iom_cell_can_hold(const struct iom_cell *cell, uint64_t value)
{
	return !(value & ~(cell->rw | cell->w1c | cell->reg->own));
}

void iom_reg_set(struct iom_unit *unit, unsigned off, uint64_t value)
{
	__atomic_store_n(&cell_at(&unit->regs, off)->value, value, __ATOMIC_RELEASE);
}

void iom_reg_change(struct iom_unit *unit, unsigned off, uint64_t clear, uint64_t set)
{
	iom_reg_set(unit, off, (iom_reg_get(unit, off) & ~clear) | set);
}

/* The cell that an access may touch, or NULL; *shift becomes the place of its first bit there. */
static struct iom_cell *access_cell(struct iom_regfile *regs, uint64_t off, unsigned bytes,
                                    unsigned *shift)
{
	struct iom_cell *cell;

	if ((bytes != 4 && bytes != 8) || off % bytes || off + bytes > IOM_REGFILE_BYTES)
		return NULL;
	cell = cell_at(regs, (unsigned)off);
	if (!cell || bytes > cell->reg->bytes)
		return NULL;
	*shift = 8 * ((unsigned)off - cell->off);
	return cell;
}

uint64_t iom_regfile_read(struct iom_unit *unit, uint64_t off, unsigned bytes)
{
	unsigned shift;
	const struct iom_cell *cell = access_cell(&unit->regs, off, bytes, &shift);

	if (!cell)
		return 0;
	return (iom_peek_acquire(&cell->value) & ~cell->reg->wo) >> shift & iom_low(8 * bytes);
}

/* A store of half a register changes, and clears, nothing in the other half. */
static uint64_t merge(const struct iom_cell *cell, uint64_t data, uint64_t lanes)
{
	uint64_t rw = cell->rw & lanes;

	return ((cell->value & ~rw) | (data & rw)) & ~(data & cell->w1c & lanes);
}

void iom_regfile_write(struct iom_unit *unit, uint64_t off, unsigned bytes, uint64_t val)
{
	unsigned shift;
	struct iom_cell *cell = access_cell(&unit->regs, off, bytes, &shift);
	uint64_t was, now, lanes;

	if (!cell)
		return;
	lanes = iom_low(8 * bytes) << shift;
	was = cell->value;
	now = merge(cell, val << shift, lanes);
	if (cell->reg->legal)
		now = cell->reg->legal(unit, cell->off, was, now, lanes);
	__atomic_store_n(&cell->value, now, __ATOMIC_RELEASE);
	if (cell->reg->wrote)
		cell->reg->wrote(unit, cell->off, was, now);
}
