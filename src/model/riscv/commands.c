/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The command queue ("Command-Queue"): a row a command. */
#include "model/riscv/riscv.h"

#include "base/endian.h"

enum outcome { DONE, ILLEGAL, FAULT, WAITS, NO_TAG, TIMEOUT };

struct command {
	uint8_t opcode, func3;
	uint64_t needs;   /* a capability, or 0 */
	uint64_t bits[2]; /* what may be set beside opcode and func3; all else is reserved */
	enum outcome (*run)(struct rv_unit *rv, const uint64_t *c);
	void (*tell)(struct rv_unit *rv,
	             const uint64_t *c); /* a backend; NULL: not an invalidation */
};

/* The tag of spaces whose second stage is active; 0 is the host's own. */
static uint32_t gscid_tag(const uint64_t *c)
{
	return (uint32_t)IOM_GET(RV_IOTINVAL_GSCID, c[0]) + 1;
}

static uint64_t address(const uint64_t *c)
{
	return IOM_GET(RV_IOTINVAL_1_ADDR, c[1]) << 12;
}

/*
 * NL asks for nothing more: entries that point to tables are not cached, but for what the second
 * stage said of the tables' pages, and that is the second stage's own.
 */
static enum outcome vma(struct rv_unit *rv, const uint64_t *c)
{
	struct iom_scope scope = {
		.kinds = IOM_SPACE_STAGE1,
		.tag = { c[0] & RV_IOTINVAL_GV ? gscid_tag(c) : 0,
		         (uint32_t)IOM_GET(RV_IOTINVAL_PSCID, c[0]) },
		.any_tag = { false, !(c[0] & RV_IOTINVAL_PSCV) },
		.keep_global = c[0] & RV_IOTINVAL_PSCV,
		.by_page = c[0] & RV_IOTINVAL_AV && rv_iotinval_lg2(c) < 64,
		.page = address(c),
		.range_lg2 = (uint8_t)rv_iotinval_lg2(c),
	};

	iom_invalidate(&rv->unit, &scope);
	return DONE;
}

static enum outcome gvma(struct rv_unit *rv, const uint64_t *c)
{
	bool one_guest = c[0] & RV_IOTINVAL_GV;
	struct iom_scope scope = {
		.kinds = IOM_SPACE_STAGE2 | IOM_SPACE_MSI,
		.tag = { gscid_tag(c), 0 },
		.any_tag = { !one_guest, false },
		.by_page = one_guest && c[0] & RV_IOTINVAL_AV && rv_iotinval_lg2(c) < 64,
		.page = address(c),
		.range_lg2 = (uint8_t)rv_iotinval_lg2(c),
	};

	iom_invalidate(&rv->unit, &scope);
	return DONE;
}

static bool device_ok(const struct rv_unit *rv, const uint64_t *c)
{
	return !(c[0] & RV_IODIR_DV) ||
	       !(IOM_GET(RV_IODIR_DID, c[0]) & ~iom_low(rv_device_bits(rv)));
}

static enum outcome inval_ddt(struct rv_unit *rv, const uint64_t *c)
{
	struct iom_endpoint *endpoint;

	if (!device_ok(rv, c))
		return ILLEGAL;
	if (!(c[0] & RV_IODIR_DV)) {
		iom_contexts_forget(&rv->unit, NULL);
		return DONE;
	}
	endpoint = iom_unit_endpoint(&rv->unit, (uint32_t)IOM_GET(RV_IODIR_DID, c[0]));
	if (endpoint) {
		iom_contexts_forget(&rv->unit, endpoint);
		iom_endpoint_put(endpoint);
	}
	return DONE;
}

static enum outcome inval_pdt(struct rv_unit *rv, const uint64_t *c)
{
	uint32_t pid = (uint32_t)IOM_GET(RV_IODIR_PID, c[0]);
	struct iom_endpoint *endpoint;

	if (!(c[0] & RV_IODIR_DV) || pid & ~iom_low(rv_process_bits(rv)) || !device_ok(rv, c))
		return ILLEGAL;
	endpoint = iom_unit_endpoint(&rv->unit, (uint32_t)IOM_GET(RV_IODIR_DID, c[0]));
	if (endpoint) {
		iom_context_forget(&rv->unit, endpoint, pid);
		/* With DPE, requests without a process_id use process 0. */
		if (!pid)
			iom_context_forget(&rv->unit, endpoint, IOM_CONTEXT_NO_PASID);
		iom_endpoint_put(endpoint);
	}
	return DONE;
}

/*
 * A fence completes once no access section is open that was open when it was fetched, and devices
 * have answered all invalidations, or had their time for it.
 */
static bool fence_may_end(const struct rv_unit *rv)
{
	return rv->fence_drained && !iom_itags_any(&rv->itags);
}

static enum outcome fence(struct rv_unit *rv, const uint64_t *c)
{
	if (c[0] & RV_IOFENCE_WSI && !(rv_get(rv, RV_FCTL) & RV_FCTL_WSI))
		return ILLEGAL;
	rv->fence_drained = iom_drain(&rv->unit, RV_DRAIN_FENCE, false) & RV_DRAIN_FENCE;
	return fence_may_end(rv) ? DONE : WAITS;
}

static enum outcome fence_complete(struct rv_unit *rv, const uint64_t *c)
{
	struct iom_unit *unit = &rv->unit;
	bool reads = c[0] & RV_IOFENCE_PR, writes = c[0] & RV_IOFENCE_PW;

	if (iom_peek(&rv->inval_timed_out))
		return TIMEOUT;
	if (reads || writes)
		iom_order(unit, reads, writes);
	if (c[0] & RV_IOFENCE_AV) {
		uint64_t spa = IOM_GET(RV_IOFENCE_1_ADDR, c[1]) << 2;
		uint8_t data[4];

		iom_st32(data, (uint32_t)IOM_GET(RV_IOFENCE_DATA, c[0]), rv_big_endian(rv));
		if (rv_beyond_pas(rv, spa) ||
		    iom_own_write(unit, IOM_OF_QUEUE, spa, data, sizeof data))
			return FAULT;
	}
	return DONE;
}

static enum outcome ats_inval(struct rv_unit *rv, const uint64_t *c)
{
	return rv_ats_invalidate(rv, c) ? DONE : NO_TAG;
}

static enum outcome ats_prgr(struct rv_unit *rv, const uint64_t *c)
{
	rv_ats_page_response(rv, c);
	return DONE;
}

#define ATS_BITS (RV_ATS_PID | RV_ATS_PV | RV_ATS_DSV | RV_ATS_RID | RV_ATS_DSEG)

static const struct command commands[] = {
	{ RV_OP_IOTINVAL,
	  RV_IOTINVAL_VMA,
	  0,
	  { RV_IOTINVAL_AV | RV_IOTINVAL_PSCID | RV_IOTINVAL_PSCV | RV_IOTINVAL_GV |
	            RV_IOTINVAL_GSCID,
	    RV_IOTINVAL_1_ADDR },
	  vma,
	  rv_tell_iotinval },
	{ RV_OP_IOTINVAL,
	  RV_IOTINVAL_GVMA,
	  0,
	  { RV_IOTINVAL_AV | RV_IOTINVAL_PSCID | RV_IOTINVAL_GV | RV_IOTINVAL_GSCID,
	    RV_IOTINVAL_1_ADDR },
	  gvma,
	  rv_tell_iotinval },
	{ RV_OP_IOFENCE,
	  RV_IOFENCE_C,
	  0,
	  { RV_IOFENCE_AV | RV_IOFENCE_WSI | RV_IOFENCE_PR | RV_IOFENCE_PW | RV_IOFENCE_DATA,
	    RV_IOFENCE_1_ADDR },
	  fence,
	  NULL },
	{ RV_OP_IODIR,
	  RV_IODIR_INVAL_DDT,
	  0,
	  { RV_IODIR_DV | RV_IODIR_DID, 0 },
	  inval_ddt,
	  rv_tell_iodir },
	{ RV_OP_IODIR,
	  RV_IODIR_INVAL_PDT,
	  0,
	  { RV_IODIR_PID | RV_IODIR_DV | RV_IODIR_DID, 0 },
	  inval_pdt,
	  rv_tell_iodir },
	/* Bits of the payloads that should be 0 are not looked at. */
	{ RV_OP_ATS, RV_ATS_INVAL, RV_CAP_ATS, { ATS_BITS, ~UINT64_C(0) }, ats_inval, NULL },
	{ RV_OP_ATS, RV_ATS_PRGR, RV_CAP_ATS, { ATS_BITS, ~UINT64_C(0) }, ats_prgr, NULL },
};

/* Bits that are reserved without a capability. */
static const struct {
	uint64_t cap;
	uint8_t opcode, word;
	uint64_t bit;
} optional[] = {
	{ RV_CAP_NL, RV_OP_IOTINVAL, 0, RV_IOTINVAL_NL },
	{ RV_CAP_S, RV_OP_IOTINVAL, 1, RV_IOTINVAL_1_S },
};

static bool reserved_set(const struct rv_unit *rv, const struct command *row, const uint64_t *c)
{
	uint64_t bits[2] = { row->bits[0] | RV_CMD_OPCODE | RV_CMD_FUNC3, row->bits[1] };

	for (size_t i = 0; i < IOM_COUNT(optional); i++) {
		if (row->opcode == optional[i].opcode && rv->cap & optional[i].cap)
			bits[optional[i].word] |= optional[i].bit;
	}
	return c[0] & ~bits[0] || c[1] & ~bits[1];
}

static enum outcome carry_out(struct rv_unit *rv, const uint64_t *c)
{
	enum outcome outcome;

	for (size_t i = 0; i < IOM_COUNT(commands); i++) {
		const struct command *row = &commands[i];

		if (row->opcode != IOM_GET(RV_CMD_OPCODE, c[0]) ||
		    row->func3 != IOM_GET(RV_CMD_FUNC3, c[0]))
			continue;
		if ((row->needs && !(rv->cap & row->needs)) || reserved_set(rv, row, c))
			return ILLEGAL;
		outcome = row->run(rv, c);
		if (outcome == DONE && row->tell) {
			if (rv->unit.backend.invalidate)
				row->tell(rv, c);
			/* A message takes every stage that other requests take. */
			iom_interrupts_changed(&rv->unit, 0, UINT32_MAX);
		}
		return outcome;
	}
	return ILLEGAL;
}

static bool is_fence(const uint64_t *c)
{
	return IOM_GET(RV_CMD_OPCODE, c[0]) == RV_OP_IOFENCE;
}

/* A command's turn. */
struct turn {
	struct iom_ring ring;
	uint32_t head, tail;
	bool waited; /* it is the fence that waited, and need not be fetched again */
	bool fetched;
	uint64_t c[RV_CMD_BYTES / 8];
};

static enum outcome fetch_and_run(struct rv_unit *rv, struct turn *turn)
{
	enum outcome outcome = DONE;
	uint64_t *c = turn->c;

	if (turn->waited) {
		c[0] = rv->fence[0];
		c[1] = rv->fence[1];
	} else {
		if (!turn->fetched) {
			if (iom_ring_peek(&rv->unit, &turn->ring, turn->head, turn->tail, c) !=
			    IOM_RING_OK)
				return FAULT;
			iom_ring_view(&rv->unit, &turn->ring, turn->head, &rv->commands);
		}
		if (rv->unit.observer.command)
			rv->unit.observer.command(rv->unit.observer_opaque, c, RV_CMD_BYTES / 8);
		outcome = carry_out(rv, c);
	}
	return outcome == DONE && is_fence(c) ? fence_complete(rv, c) : outcome;
}

/* The next command, if the queue has one and need not stop; one that is in view is fetched. */
static bool next_locked(struct rv_unit *rv, struct turn *turn)
{
	if (iom_overtaken_locked(&rv->unit))
		return false;
	turn->head = (uint32_t)rv_get(rv, RV_CQH);
	turn->tail = (uint32_t)rv_get(rv, RV_CQT);
	turn->waited = rv->fence_waits && fence_may_end(rv);
	turn->fetched = false;
	if (!turn->waited) {
		if (rv->fence_waits || rv->inval_waits || turn->head == turn->tail ||
		    !rv_queue_works(rv, &rv_cq))
			return false;
		/* Those who watch want to be told of the load. */
		turn->fetched =
			!iom_peek(&rv->unit.watchers) &&
			iom_ring_look(&turn->ring, &rv->commands, turn->head, turn->tail, turn->c);
	}
	return true;
}

/*
 * Has the command been carried out by this look at it?  So it is with a fence that waits for no
 * section and no device, stores and tells nothing.
 */
static bool passes_locked(const struct rv_unit *rv, const struct turn *turn)
{
	const struct iom_unit *unit = &rv->unit;
	uint64_t c = turn->c[0];

	return turn->fetched && is_fence(&c) && !turn->c[1] &&
	       (c & ~(RV_CMD_OPCODE | RV_IOFENCE_PR | RV_IOFENCE_PW)) ==
	               IOM_PUT(RV_CMD_FUNC3, RV_IOFENCE_C) &&
	       !(c & (RV_IOFENCE_PR | RV_IOFENCE_PW) && unit->host.order) &&
	       !iom_itags_any(&rv->itags) && !iom_peek(&rv->inval_timed_out) &&
	       iom_sections_ended_locked(unit);
}

/*
 * What a command leaves behind.  The head moves after the handler, not after the fetch: software
 * that comes to look at an illegal command must find it at the head ("Command-queue CSR").
 */
static void commit_locked(struct rv_unit *rv, enum outcome outcome, const struct turn *turn,
                          const uint64_t *c)
{
	rv->fence_waits = outcome == WAITS;
	switch (outcome) {
	case DONE:
		if (is_fence(c) && c[0] & RV_IOFENCE_WSI)
			rv_queue_status_locked(rv, &rv_cq, RV_CQCSR_FENCE_W_IP);
		iom_reg_set(&rv->unit, RV_CQH, iom_ring_next(&turn->ring, turn->head));
		break;
	case ILLEGAL:
		rv_queue_status_locked(rv, &rv_cq, RV_CQCSR_CMD_ILL);
		break;
	case FAULT:
		rv_queue_status_locked(rv, &rv_cq, RV_QCSR_MF);
		break;
	case WAITS:
		rv->fence[0] = c[0];
		rv->fence[1] = c[1];
		break;
	case NO_TAG:
		/* One may have become free meanwhile. */
		rv->inval_waits = !~rv->itags.used;
		break;
	case TIMEOUT:
		/* Said once: the same fence may pass when software comes back to it. */
		iom_poke(&rv->inval_timed_out, false);
		rv_queue_status_locked(rv, &rv_cq, RV_CQCSR_CMD_TO);
		break;
	}
}

/* Carries it out without the lock. */
static void run_locked(struct rv_unit *rv, struct turn *turn)
{
	enum outcome outcome;

	rv_queue_take_locked(rv, &rv_cq);
	iom_unlock(&rv->unit.lock);
	outcome = fetch_and_run(rv, turn);
	iom_lock(&rv->unit.lock);
	if (!iom_overtaken_locked(&rv->unit))
		commit_locked(rv, outcome, turn, turn->c);
	rv_queue_leave_locked(rv);
}

void rv_commands_run(struct rv_unit *rv)
{
	struct turn turn;
	bool go = true;

	iom_view_begin(&rv->commands);
	iom_lock(&rv->unit.lock);
	/* It is this as long as commands are carried out. */
	turn.ring = rv_ring(rv, &rv_cq);
	while (go && !iom_unit_stopped(&rv->unit) && next_locked(rv, &turn)) {
		if (passes_locked(rv, &turn))
			commit_locked(rv, DONE, &turn, turn.c);
		else
			run_locked(rv, &turn);
		go = iom_work_step(&rv->unit);
	}
	iom_unlock(&rv->unit.lock);
	if (!go || iom_unit_stopped(&rv->unit))
		iom_work_later(&rv->unit, RV_WORK_COMMANDS);
}
