/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What a RISC-V IOMMU remembers beside its registers, in snapshots. */
#include "base/error.h"
#include "model/riscv/riscv.h"
#include "model/snapshot.h"

/* What must agree between the unit that was saved and the one that is loaded. */
static uint64_t config_word(const struct rv_unit *rv)
{
	return rv->config.ddt_levels | (uint64_t)rv->config.vectors << 8 |
	       (uint64_t)rv->config.queue_lg2 << 16 | (uint64_t)rv->config.flags << 32;
}

struct state {
	uint64_t ddtp_high, ddtp_high_valid, msi_pending, due;
	uint64_t fence_waits, fence[2];
	uint64_t records, record[RV_FIFO][RV_FQ_WORDS];
};

static void put_state(struct iom_stream *stream, const struct rv_unit *rv)
{
	iom_put(stream, config_word(rv));
	iom_put(stream, rv->ddtp_high);
	iom_put(stream, rv->ddtp_high_valid);
	iom_put(stream, rv->msi_pending);
	iom_put(stream, rv->due);
	iom_put(stream, rv->fence_waits);
	iom_put(stream, rv->fence[0]);
	iom_put(stream, rv->fence[1]);
	iom_put(stream, rv->fifo_count);
	for (unsigned i = 0; i < rv->fifo_count; i++) {
		for (unsigned w = 0; w < RV_FQ_WORDS; w++)
			iom_put(stream, rv->fifo[(rv->fifo_first + i) % RV_FIFO][w]);
	}
}

void rv_save_locked(struct iom_unit *unit, struct iom_stream *stream)
{
	put_state(stream, rv_of(unit));
}

/* False: the numbers cannot be a RISC-V IOMMU's. */
static bool take_state(struct iom_stream *stream, struct state *s)
{
	s->ddtp_high = iom_take(stream);
	s->ddtp_high_valid = iom_take(stream);
	s->msi_pending = iom_take(stream);
	s->due = iom_take(stream);
	s->fence_waits = iom_take(stream);
	s->fence[0] = iom_take(stream);
	s->fence[1] = iom_take(stream);
	s->records = iom_take(stream);
	if (s->ddtp_high >> 32 || s->ddtp_high_valid > 1 || s->msi_pending >> RV_VECTORS_MAX ||
	    s->due & ~(uint64_t)(RV_IPSR_CIP | RV_IPSR_FIP) || s->fence_waits > 1 ||
	    s->records > RV_FIFO)
		return false;
	for (unsigned i = 0; i < s->records; i++) {
		for (unsigned w = 0; w < RV_FQ_WORDS; w++)
			s->record[i][w] = iom_take(stream);
	}
	return IOM_GET(RV_CMD_OPCODE, s->fence[0]) == RV_OP_IOFENCE || !s->fence_waits;
}

static uint64_t value_of(const struct rv_unit *rv, const uint64_t *regs, unsigned off)
{
	return regs[rv->unit.regs.at[off / 4] - 1];
}

static bool registers_ok(const struct rv_unit *rv, const uint64_t *regs)
{
	unsigned igs = (unsigned)IOM_GET(RV_CAP_IGS, rv->cap);
	bool wired = value_of(rv, regs, RV_FCTL) & RV_FCTL_WSI;

	if (value_of(rv, regs, RV_CAP) != rv->cap || (igs == RV_IGS_MSI && wired) ||
	    (igs == RV_IGS_WSI && !wired) ||
	    !rv_ddtp_mode_exists(rv, (unsigned)IOM_GET(RV_DDTP_MODE, value_of(rv, regs, RV_DDTP))))
		return false;
	for (unsigned i = 0; i < RV_QUEUES; i++) {
		uint64_t lg2 = IOM_GET(RV_QB_LOG2SZ_1, value_of(rv, regs, rv_queues[i]->base)) + 1;

		if (lg2 > rv->config.queue_lg2 || value_of(rv, regs, rv_queues[i]->head) >> lg2 ||
		    value_of(rv, regs, rv_queues[i]->tail) >> lg2)
			return false;
	}
	return true;
}

bool rv_load_state(struct iom_unit *unit, struct iom_stream *stream, const uint64_t *regs,
                   bool commit, struct iom_error *error)
{
	struct rv_unit *rv = rv_of(unit);
	struct state s;

	if (iom_take(stream) != config_word(rv) || value_of(rv, regs, RV_CAP) != rv->cap) {
		iom_fail(error, IOM_EINVAL,
		         "the state is of a RISC-V IOMMU with other capabilities, vectors, queue "
		         "sizes "
		         "or flags; create the unit with the configuration of the one that was "
		         "saved");
		return false;
	}
	if (!take_state(stream, &s) || !registers_ok(rv, regs)) {
		iom_fail(error, IOM_EINVAL,
		         "the state contradicts itself: a queue index, a mode or a pending bit is "
		         "out "
		         "of range");
		return false;
	}
	if (!commit)
		return true;

	rv->resets++;
	rv->ddtp_high = (uint32_t)s.ddtp_high;
	rv->ddtp_high_valid = s.ddtp_high_valid;
	rv->msi_pending = (uint16_t)s.msi_pending;
	rv->due = (uint16_t)s.due;
	rv->fence_waits = s.fence_waits;
	rv->fence[0] = s.fence[0];
	rv->fence[1] = s.fence[1];
	rv->fifo_first = 0;
	rv->fifo_count = (unsigned)s.records;
	for (unsigned i = 0; i < s.records; i++) {
		for (unsigned w = 0; w < RV_FQ_WORDS; w++)
			rv->fifo[i][w] = s.record[i][w];
	}
	/* Sections belong to the old process: what waited for them asks again here. */
	unit->drain_asked |= s.fence_waits ? RV_DRAIN_FENCE : 0;
	rv->wires = 0;
	iom_work_later(unit,
	               IOM_WORK_DRAINED | RV_WORK_COMMANDS | RV_WORK_FAULTS | RV_WORK_INTERRUPTS |
	                       (value_of(rv, regs, RV_DDTP) & RV_DDTP_BUSY ? RV_WORK_DDTP : 0));
	return true;
}
