/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The command queue ("Command-Queue"): a row a command. */
#include "model/riscv/riscv.h"

#include "base/endian.h"

enum outcome { DONE, ILLEGAL, FAULT, WAITS };

struct command {
	uint8_t opcode, func3;
	uint64_t bits[2]; /* what may be set beside opcode and func3; all else is reserved */
	/* NULL: nothing is cached that the command could reach */
	enum outcome (*run)(struct rv_unit *rv, const uint64_t *c);
};

static enum outcome inval_ddt(struct rv_unit *rv, const uint64_t *c)
{
	if (c[0] & RV_IODIR_DV && IOM_GET(RV_IODIR_DID, c[0]) & ~iom_low(rv_device_bits(rv)))
		return ILLEGAL;
	return DONE;
}

static enum outcome inval_pdt(struct rv_unit *rv, const uint64_t *c)
{
	if (!(c[0] & RV_IODIR_DV) || IOM_GET(RV_IODIR_PID, c[0]) & ~iom_low(rv_process_bits(rv)))
		return ILLEGAL;
	return inval_ddt(rv, c);
}

/* A fence completes once no access section is open that was open when it was fetched. */
static enum outcome fence(struct rv_unit *rv, const uint64_t *c)
{
	struct iom_unit *unit = &rv->unit;
	bool reads = c[0] & RV_IOFENCE_PR, writes = c[0] & RV_IOFENCE_PW;

	if (c[0] & RV_IOFENCE_WSI && !(rv_get(rv, RV_FCTL) & RV_FCTL_WSI))
		return ILLEGAL;
	if (!rv->fence_waits)
		rv->fence_mark = iom_sections_mark(unit);
	if (!iom_sections_ended(unit, rv->fence_mark))
		return WAITS;

	if ((reads || writes) && unit->host.order)
		unit->host.order(unit->opaque, reads, writes);
	if (c[0] & RV_IOFENCE_AV) {
		uint64_t spa = IOM_GET(RV_IOFENCE_1_ADDR, c[1]) << 2;
		uint8_t data[4];

		iom_st32(data, (uint32_t)IOM_GET(RV_IOFENCE_DATA, c[0]), rv_big_endian(rv));
		if (rv_beyond_pas(rv, spa) || iom_unit_store(unit, spa, data, sizeof data))
			return FAULT;
	}
	if (c[0] & RV_IOFENCE_WSI)
		rv_queue_status(rv, &rv_cq, RV_CQCSR_FENCE_W_IP);
	return DONE;
}

static const struct command commands[] = {
	{ RV_OP_IOTINVAL,
	  RV_IOTINVAL_VMA,
	  { RV_IOTINVAL_AV | RV_IOTINVAL_PSCID | RV_IOTINVAL_PSCV | RV_IOTINVAL_GV |
	            RV_IOTINVAL_GSCID,
	    RV_IOTINVAL_1_ADDR },
	  NULL },
	{ RV_OP_IOTINVAL,
	  RV_IOTINVAL_GVMA,
	  { RV_IOTINVAL_AV | RV_IOTINVAL_PSCID | RV_IOTINVAL_GV | RV_IOTINVAL_GSCID,
	    RV_IOTINVAL_1_ADDR },
	  NULL },
	{ RV_OP_IOFENCE,
	  RV_IOFENCE_C,
	  { RV_IOFENCE_AV | RV_IOFENCE_WSI | RV_IOFENCE_PR | RV_IOFENCE_PW | RV_IOFENCE_DATA,
	    RV_IOFENCE_1_ADDR },
	  fence },
	{ RV_OP_IODIR, RV_IODIR_INVAL_DDT, { RV_IODIR_DV | RV_IODIR_DID, 0 }, inval_ddt },
	{ RV_OP_IODIR,
	  RV_IODIR_INVAL_PDT,
	  { RV_IODIR_PID | RV_IODIR_DV | RV_IODIR_DID, 0 },
	  inval_pdt },
};

static enum outcome carry_out(struct rv_unit *rv, const uint64_t *c)
{
	for (size_t i = 0; i < IOM_COUNT(commands); i++) {
		const struct command *row = &commands[i];

		if (row->opcode != IOM_GET(RV_CMD_OPCODE, c[0]) ||
		    row->func3 != IOM_GET(RV_CMD_FUNC3, c[0]))
			continue;
		if (c[0] & ~(row->bits[0] | RV_CMD_OPCODE | RV_CMD_FUNC3) || c[1] & ~row->bits[1])
			return ILLEGAL;
		return row->run ? row->run(rv, c) : DONE;
	}
	return ILLEGAL;
}

/* Fetches the command at cqh, unless it is a fence that waits: that one was fetched before. */
static enum iom_ring_result fetch(struct rv_unit *rv, const struct iom_ring *ring, uint32_t head,
                                  uint64_t *c)
{
	if (rv->fence_waits) {
		c[0] = rv->fence[0];
		c[1] = rv->fence[1];
		return IOM_RING_OK;
	}
	return iom_ring_peek(&rv->unit, ring, head, (uint32_t)rv_get(rv, RV_CQT), c);
}

/*
 * One command.  False: the queue stops here, for now.  The head moves after the handler, not after
 * the fetch: software that comes to look at an illegal command must find it at the head
 * ("Command-queue CSR").
 */
static bool step(struct rv_unit *rv)
{
	struct iom_ring ring = rv_ring(rv, &rv_cq);
	uint32_t head = (uint32_t)rv_get(rv, RV_CQH);
	enum iom_ring_result got;
	enum outcome outcome;
	uint64_t c[2];

	got = fetch(rv, &ring, head, c);
	if (got == IOM_RING_EMPTY)
		return false;
	outcome = got == IOM_RING_FAULT ? FAULT : carry_out(rv, c);
	rv->fence_waits = outcome == WAITS;
	switch (outcome) {
	case DONE:
		iom_reg_set(&rv->unit, RV_CQH, iom_ring_next(&ring, head));
		return true;
	case ILLEGAL:
		rv_queue_status(rv, &rv_cq, RV_CQCSR_CMD_ILL);
		return false;
	case FAULT:
		rv_queue_status(rv, &rv_cq, RV_QCSR_MF);
		return false;
	case WAITS:
		rv->fence[0] = c[0];
		rv->fence[1] = c[1];
		rv->unit.parked = true;
		return false;
	}
	return false;
}

/*
 * At most one round of the ring per call: a fence may write to cqt itself, through memory that leads
 * to this unit's registers, and would go on for ever.  What is left has its turn at the next access.
 */
void rv_commands_run(struct rv_unit *rv)
{
	uint64_t budget = IOM_BIT(rv_ring(rv, &rv_cq).entries_lg2);

	if (rv->commands_running)
		return;
	rv->commands_running = true;
	while ((rv->fence_waits || rv_queue_works(rv, &rv_cq)) && budget && step(rv))
		budget--;
	rv->commands_running = false;

	if (!budget)
		rv->unit.parked = true;
	if (!rv->fence_waits && !(rv_get(rv, RV_CQCSR) & RV_QCSR_EN))
		iom_reg_change(&rv->unit, RV_CQCSR, RV_QCSR_ON | RV_QCSR_BUSY, 0);
}
