/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The invalidation queue ("Queued Invalidation Interface"). */
#include "model/vtd/vtd.h"

#include "model/snapshot.h"

static bool is_wait(const uint64_t *d)
{
	return IOM_GET(VTD_QI_TYPE, d[0]) == VTD_QI_WAIT;
}

/* A descriptor's turn. */
struct turn {
	struct iom_ring ring;
	uint32_t head, tail, tags_ended;
	enum vtd_ttm ttm;
	bool wide;
	bool waited; /* it is the wait that waited, and need not be fetched again */
	enum vtd_iqei iqei;
	uint64_t d[IOM_RING_WORDS_MAX];
};

static enum vtd_outcome fetch_and_run(struct vtd_unit *vtd, struct turn *turn)
{
	struct iom_unit *unit = &vtd->unit;
	uint64_t *d = turn->d;

	if (turn->waited) {
		d[0] = vtd->wait[0];
		d[1] = vtd->wait[1];
		return vtd_wait_complete(vtd, d);
	}
	d[2] = d[3] = 0;
	turn->iqei = VTD_IQEI_FETCH;
	if (iom_ring_peek(unit, &turn->ring, turn->head, turn->tail, d) != IOM_RING_OK)
		return VTD_BAD;
	if (unit->observer.command)
		unit->observer.command(unit->observer_opaque, d, turn->wide ? 4 : 2);
	return vtd_descriptor_run(vtd, turn->ttm, turn->wide, d, &turn->iqei);
}

static struct iom_ring ring_of(const struct vtd_unit *vtd, uint64_t iqa)
{
	unsigned entry_lg2 = iqa & VTD_IQA_DW ? 5 : 4;

	return (struct iom_ring){
		.base = iqa & VTD_ADDRESS,
		.last = vtd->unit.spa_last,
		.entries_lg2 = (uint8_t)(12 + IOM_GET(VTD_IQA_QS, iqa) - entry_lg2),
		.entry_lg2 = (uint8_t)entry_lg2,
		.index_shift = (uint8_t)entry_lg2,
	};
}

static bool works_locked(const struct vtd_unit *vtd)
{
	return !iom_overtaken_locked(&vtd->unit) && vtd_get(vtd, VTD_GSTS) & VTD_G_QIE &&
	       !(vtd_get(vtd, VTD_FSTS) & (VTD_FSTS_IQE | VTD_FSTS_ITE));
}

static void error_locked(struct vtd_unit *vtd, enum vtd_iqei iqei)
{
	vtd_queue_error_locked(vtd, VTD_FSTS_IQE, VTD_IQERCD_IQEI, iqei);
}

/* Is the tail where a tail can be? */
static bool tail_ok_locked(struct vtd_unit *vtd, const struct turn *turn)
{
	if (turn->tail & iom_low(turn->ring.entry_lg2))
		error_locked(vtd, VTD_IQEI_ALIGNMENT);
	else if (turn->tail & ~iom_ring_mask(&turn->ring))
		error_locked(vtd, VTD_IQEI_TAIL);
	else
		return true;
	return false;
}

/* The next descriptor's turn, if the queue has one and need not stop. */
static bool next_locked(struct vtd_unit *vtd, struct turn *turn)
{
	uint64_t iqa;

	if (!works_locked(vtd))
		return false;
	iqa = vtd_get(vtd, VTD_IQA);
	*turn = (struct turn){
		.ring = ring_of(vtd, iqa),
		.head = (uint32_t)vtd_get(vtd, VTD_IQH),
		.tail = (uint32_t)vtd_get(vtd, VTD_IQT),
		.tags_ended = vtd->tags_ended,
		.ttm = vtd_ttm(vtd->root),
		.wide = iqa & VTD_IQA_DW,
		.waited = vtd->wait_waits,
	};
	if (turn->waited)
		return vtd_wait_may_end(vtd, vtd->wait);
	return !vtd->tag_waits && tail_ok_locked(vtd, turn) &&
	       iom_ring_used(&turn->ring, turn->head, turn->tail);
}

static void wait_ended_locked(struct vtd_unit *vtd, const uint64_t *d)
{
	vtd->to_drain = false;
	if (!(d[0] & VTD_QI_WAIT_IF) || vtd_get(vtd, VTD_ICS) & VTD_ICS_IWC)
		return;
	iom_reg_change(&vtd->unit, VTD_ICS, 0, VTD_ICS_IWC);
	vtd_event_locked(vtd, VTD_EVENT_INVALIDATION);
}

static void head_set(struct vtd_unit *vtd, const struct turn *turn, uint32_t head)
{
	iom_reg_set(&vtd->unit, VTD_IQH, head & iom_ring_mask(&turn->ring));
}

/*
 * What a descriptor leaves behind.  The head moves after the handler: software that comes to look at
 * a bad one must find it there.  A wait that waits is behind the head, so that it is not fetched once
 * more when a time-out has ended it ("Invalidation Completion Errors and Time-outs").
 */
static void commit_locked(struct vtd_unit *vtd, enum vtd_outcome outcome, const struct turn *turn)
{
	uint32_t step = UINT32_C(1) << turn->ring.index_shift;

	/* A time-out meanwhile has aborted it. */
	iom_poke(&vtd->wait_waits,
	         outcome == VTD_WAITS && !(vtd_get(vtd, VTD_FSTS) & VTD_FSTS_ITE));
	switch (outcome) {
	case VTD_DONE:
		if (!turn->waited)
			head_set(vtd, turn, turn->head + step);
		if (is_wait(turn->d))
			wait_ended_locked(vtd, turn->d);
		break;
	case VTD_WAITS:
		vtd->wait[0] = turn->d[0];
		vtd->wait[1] = turn->d[1];
		head_set(vtd, turn, turn->head + step);
		break;
	case VTD_NO_TAG:
		/* One may have become free meanwhile. */
		vtd->tag_waits = turn->tags_ended == vtd->tags_ended;
		break;
	case VTD_LOST:
		/* UNSPECIFIED: a status that cannot be stored. */
		if (turn->waited)
			head_set(vtd, turn, turn->head - step);
		error_locked(vtd, VTD_IQEI_NONE);
		break;
	case VTD_BAD:
		error_locked(vtd, turn->iqei);
		break;
	}
}

/* Carries it out without the lock. */
static void run_locked(struct vtd_unit *vtd, struct turn *turn)
{
	enum vtd_outcome outcome;

	iom_unlock(&vtd->unit.lock);
	outcome = fetch_and_run(vtd, turn);
	iom_lock(&vtd->unit.lock);
	if (!iom_overtaken_locked(&vtd->unit))
		commit_locked(vtd, outcome, turn);
}

void vtd_commands_run(struct vtd_unit *vtd)
{
	struct turn turn;
	bool go = true;

	if (!(vtd->ecap & VTD_ECAP_QI))
		return;
	iom_lock(&vtd->unit.lock);
	while (go && !iom_unit_stopped(&vtd->unit) && next_locked(vtd, &turn)) {
		run_locked(vtd, &turn);
		go = iom_work_step(&vtd->unit);
	}
	iom_unlock(&vtd->unit.lock);
	if (!go || iom_unit_stopped(&vtd->unit))
		iom_work_later(&vtd->unit, VTD_WORK_COMMANDS);
}

void vtd_wait_abort_locked(struct vtd_unit *vtd)
{
	iom_poke(&vtd->wait_waits, false);
}

void vtd_commands_reset_locked(struct vtd_unit *vtd)
{
	iom_poke(&vtd->wait_waits, false);
	vtd->tag_waits = false;
}

/* ---- Snapshots ---------------------------------------------------------------------------- */

void vtd_commands_save_locked(const struct vtd_unit *vtd, struct iom_stream *stream)
{
	iom_put(stream, vtd->to_drain);
	iom_put(stream, vtd->wait_waits);
	iom_put(stream, vtd->wait_waits ? vtd->wait[0] : 0);
	iom_put(stream, vtd->wait_waits ? vtd->wait[1] : 0);
}

bool vtd_commands_load(struct vtd_unit *vtd, struct iom_stream *stream, bool commit)
{
	uint64_t to_drain = iom_take(stream), waits = iom_take(stream);
	uint64_t wait_0 = iom_take(stream), wait_1 = iom_take(stream);

	if (to_drain > 1 || waits > 1 || (waits && IOM_GET(VTD_QI_TYPE, wait_0) != VTD_QI_WAIT))
		return false;
	if (!commit)
		return true;
	vtd_commands_reset_locked(vtd);
	vtd->to_drain = to_drain;
	iom_poke(&vtd->wait_waits, waits);
	vtd->wait[0] = wait_0;
	vtd->wait[1] = wait_1;
	return true;
}
