/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Snapshots: a head that says whose state it is, the registers by offset, the architecture's own state,
 * a tail.  All words are 64 bits, little-endian.
 */
#include "model/snapshot.h"

#include <string.h>

#include "base/endian.h"
#include "base/error.h"
#include "model/observe.h"
#include "model/work.h"

#define MAGIC UINT64_C(0x30786d6d6f69fe01) /* not text, then "iommx0" */
#define VERSION 1
#define TAIL UINT64_C(0x00646e65786d6f69)

void iom_put(struct iom_stream *stream, uint64_t word)
{
	if (stream->at + 8 <= stream->size)
		iom_st64(stream->out + stream->at, word, false);
	stream->at += 8;
}

uint64_t iom_take(struct iom_stream *stream)
{
	if (stream->size - stream->at < 8)
		return 0;
	stream->at += 8;
	return iom_ld64(stream->in + stream->at - 8, false);
}

static uint64_t arch_word(const struct iom_unit *unit)
{
	uint8_t bytes[8] = { 0 };

	for (size_t i = 0; i < sizeof bytes && unit->arch->name[i]; i++)
		bytes[i] = (uint8_t)unit->arch->name[i];
	return iom_ld64(bytes, false);
}

int iom_unit_save(struct iom_unit *unit, void *buf, size_t size, size_t *bytes)
{
	struct iom_stream stream = { .out = buf, .size = size };

	iom_lock(&unit->lock);
	iom_put(&stream, MAGIC);
	iom_put(&stream, VERSION);
	iom_put(&stream, arch_word(unit));
	iom_put(&stream, unit->regs.cells);
	for (unsigned i = 0; i < unit->regs.cells; i++) {
		iom_put(&stream, unit->regs.cell[i].off);
		iom_put(&stream, unit->regs.cell[i].value);
	}
	unit->arch->save_locked(unit, &stream);
	iom_put(&stream, TAIL);
	iom_unlock(&unit->lock);
	*bytes = stream.at;
	return stream.at <= size ? IOM_OK : IOM_ENOSPC;
}

/* Judges everything but the architecture's own part; `regs` gets the registers by cell. */
static int take_head(const struct iom_unit *unit, struct iom_stream *stream, uint64_t *regs,
                     struct iom_error *error)
{
	uint64_t version, off;

	if (iom_take(stream) != MAGIC)
		return iom_fail(error, IOM_EINVAL,
		                "this is not a unit's state: its first 8 bytes are not iommux's");
	version = iom_take(stream);
	if (version != VERSION)
		return iom_fail(error, IOM_EINVAL,
		                "the state is of version %llu; this library reads version %u",
		                (unsigned long long)version, VERSION);
	if (iom_take(stream) != arch_word(unit))
		return iom_fail(error, IOM_EINVAL,
		                "the state is of another architecture; this unit is a %s IOMMU",
		                unit->arch->name);
	if (iom_take(stream) != unit->regs.cells)
		return iom_fail(error, IOM_EINVAL,
		                "the state has another number of registers than this unit, %u",
		                unit->regs.cells);
	for (unsigned i = 0; i < unit->regs.cells; i++) {
		const struct iom_cell *cell = &unit->regs.cell[i];

		off = iom_take(stream);
		regs[i] = iom_take(stream);
		if (off != cell->off || !iom_cell_can_hold(cell, regs[i]))
			return iom_fail(error, IOM_EINVAL,
			                "the state gives register %s at 0x%llx the value 0x%llx, "
			                "which "
			                "it cannot hold in this unit's configuration",
			                cell->reg->name, (unsigned long long)off,
			                (unsigned long long)regs[i]);
	}
	return IOM_OK;
}

static int load(struct iom_unit *unit, const void *buf, size_t size, struct iom_error *error)
{
	struct iom_stream stream = { .in = buf, .size = size };
	uint64_t regs[IOM_CELLS_MAX];
	size_t own;
	int result;

	iom_succeed(error);
	result = take_head(unit, &stream, regs, error);
	if (result)
		return result;
	own = stream.at;
	if (!unit->arch->load(unit, &stream, regs, false, error))
		return IOM_EINVAL;
	if (iom_take(&stream) != TAIL || stream.at != size)
		return iom_fail(error, IOM_EINVAL,
		                "the state has %llu bytes, and not the end that it should have "
		                "there",
		                (unsigned long long)size);

	iom_lock(&unit->lock);
	iom_restart_locked(unit);
	for (unsigned i = 0; i < unit->regs.cells; i++)
		iom_poke(&unit->regs.cell[i].value, regs[i]);
	stream.at = own;
	unit->arch->load(unit, &stream, regs, true, NULL);
	/* The state may come from another clock, or from earlier on this one. */
	unit->stepped = false;
	iom_unlock(&unit->lock);
	iom_invalidate_all(unit);
	iom_work(unit, 0);
	return IOM_OK;
}

int iom_unit_load(struct iom_unit *unit, const void *buf, size_t size, struct iom_error *error)
{
	IOM_TOLD(unit, load(unit, buf, size, error), .kind = IOM_CALL_LOAD,
	         .requester = IOM_NOBODYS, .data = buf, .bytes = size);
}
