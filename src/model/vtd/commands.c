/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The invalidation queue ("Queued Invalidation Interface"): a row a descriptor. */
#include "model/vtd/vtd.h"

#include "base/endian.h"
#include "model/snapshot.h"

enum outcome {
	DONE,
	WAITS,
	NO_TAG,
	WRONG, /* a field says what is not allowed                 */
	LOST,  /* memory refused the status                        */
	BAD,   /* it was not carried out, and turn.iqei says why   */
};

struct descriptor {
	uint8_t type;     /* enum vtd_qi                                                    */
	bool wide;        /* needs 256 bits, and another mode than legacy                   */
	bool drains;      /* the next wait awaits what began before                         */
	uint64_t needs;   /* of ECAP, or 0                                                  */
	uint64_t bits[2]; /* what may be set beside the type; all else is reserved          */
	enum outcome (*run)(struct vtd_unit *vtd, const uint64_t *d);
};

static unsigned granularity(const uint64_t *d)
{
	return (unsigned)IOM_GET(VTD_QI_G, d[0]);
}

static uint32_t did(const uint64_t *d)
{
	return (uint32_t)IOM_GET(VTD_QI_DID, d[0]);
}

static uint32_t pasid(const uint64_t *d)
{
	return (uint32_t)IOM_GET(VTD_QI_PASID, d[0]);
}

static unsigned am(const uint64_t *d)
{
	return (unsigned)IOM_GET(VTD_QI_1_AM, d[1]);
}

static enum outcome context(struct vtd_unit *vtd, const uint64_t *d)
{
	if (granularity(d) == VTD_G_NONE)
		return WRONG;
	vtd_forget_contexts(vtd, granularity(d), did(d),
	                    (uint32_t)IOM_GET(VTD_QI_CONTEXT_SID, d[0]),
	                    (unsigned)IOM_GET(VTD_QI_CONTEXT_FM, d[0]));
	return DONE;
}

static enum outcome iotlb(struct vtd_unit *vtd, const uint64_t *d)
{
	unsigned g = granularity(d);

	if (g == VTD_G_NONE || (g == VTD_G_SELECTIVE && !vtd_page_selective(vtd, am(d))))
		return WRONG;
	vtd_forget_iotlb(vtd, g, did(d), d[1], am(d));
	return DONE;
}

static enum outcome pasid_iotlb(struct vtd_unit *vtd, const uint64_t *d)
{
	unsigned g = granularity(d);

	if (g != VTD_QI_PASID_IOTLB_ALL && g != VTD_QI_PASID_IOTLB_PAGE)
		return WRONG;
	vtd_forget_pasid_iotlb(vtd, g == VTD_QI_PASID_IOTLB_PAGE, did(d), pasid(d), d[1], am(d));
	return DONE;
}

static enum outcome pasid_cache(struct vtd_unit *vtd, const uint64_t *d)
{
	unsigned g = granularity(d);

	if (g != VTD_QI_PASID_OF_DOMAIN && g != VTD_QI_PASID_ONE && g != VTD_QI_PASID_GLOBAL)
		return WRONG;
	vtd_forget_pasids(vtd, g, did(d), pasid(d));
	return DONE;
}

static enum outcome interrupt_entries(struct vtd_unit *vtd, const uint64_t *d)
{
	unsigned im = (unsigned)IOM_GET(VTD_QI_IEC_IM, d[0]);
	uint32_t index = (uint32_t)IOM_GET(VTD_QI_IEC_IIDX, d[0]);

	if (!(d[0] & VTD_QI_IEC_G)) {
		vtd_irtes_forget(vtd, 0, UINT32_MAX);
		return DONE;
	}
	if (im > IOM_GET(VTD_ECAP_MHMV, vtd->ecap))
		return WRONG;
	vtd_irtes_forget(vtd, index & ~(uint32_t)iom_low(im), index | (uint32_t)iom_low(im));
	return DONE;
}

static enum outcome device(struct vtd_unit *vtd, const uint64_t *d)
{
	return vtd_ats_invalidate(vtd, d) ? DONE : NO_TAG;
}

static enum outcome page_response(struct vtd_unit *vtd, const uint64_t *d)
{
	vtd_ats_page_response(vtd, d);
	return DONE;
}

/*
 * A wait is over once no access section is open that was open when it was fetched, devices have
 * answered all invalidations, and with PD page requests are in their queue.
 */
static bool wait_may_end(const struct vtd_unit *vtd, const uint64_t *d)
{
	return !iom_drains(&vtd->unit, VTD_DRAIN_WAIT) && !iom_itags_any(&vtd->itags) &&
	       !(d[0] & VTD_QI_WAIT_PD && iom_peek(&vtd->pages_count));
}

static enum outcome wait_complete(struct vtd_unit *vtd, const uint64_t *d)
{
	struct iom_unit *unit = &vtd->unit;
	uint8_t data[4];

	if (!(d[0] & VTD_QI_WAIT_SW))
		return DONE;
	iom_st32(data, (uint32_t)IOM_GET(VTD_QI_WAIT_DATA, d[0]), false);
	return iom_own_write(unit, IOM_OF_QUEUE, d[1] & VTD_QI_WAIT_1_ADDRESS & unit->spa_last,
	                     data, sizeof data)
	               ? LOST
	               : DONE;
}

/* FN asks for nothing more: no descriptor is fetched behind one that waits. */
static enum outcome wait(struct vtd_unit *vtd, const uint64_t *d)
{
	if (vtd->to_drain)
		(void)iom_drain(&vtd->unit, VTD_DRAIN_WAIT, false);
	if (d[0] & VTD_QI_WAIT_PD)
		vtd_pages_store(vtd);
	return wait_may_end(vtd, d) ? wait_complete(vtd, d) : WAITS;
}

#define PAGES (VTD_QI_1_ADDRESS | VTD_QI_1_AM | VTD_QI_1_IH)

static const struct descriptor descriptors[] = {
	{ VTD_QI_CONTEXT,
	  .bits = { VTD_QI_G | VTD_QI_DID | VTD_QI_CONTEXT_SID | VTD_QI_CONTEXT_FM, 0 },
	  .run = context },
	{ VTD_QI_IOTLB, .drains = true,
	  .bits = { VTD_QI_G | VTD_QI_IOTLB_DW | VTD_QI_IOTLB_DR | VTD_QI_DID, PAGES },
	  .run = iotlb },
	{ VTD_QI_DEVICE, .needs = VTD_ECAP_DT,
	  .bits = { VTD_QI_DEVICE_MIP | VTD_QI_DEVICE_SID, VTD_QI_DEVICE_1_S | VTD_QI_1_ADDRESS },
	  .run = device },
	{ VTD_QI_IEC, .drains = true, .needs = VTD_ECAP_IR,
	  .bits = { VTD_QI_IEC_G | VTD_QI_IEC_IM | VTD_QI_IEC_IIDX, 0 }, .run = interrupt_entries },
	{ VTD_QI_WAIT,
	  .bits = { VTD_QI_WAIT_IF | VTD_QI_WAIT_SW | VTD_QI_WAIT_FN | VTD_QI_WAIT_DATA,
	            VTD_QI_WAIT_1_ADDRESS },
	  .run = wait },
	{ VTD_QI_PASID_IOTLB, .wide = true, .drains = true,
	  .bits = { VTD_QI_G | VTD_QI_DID | VTD_QI_PASID, PAGES }, .run = pasid_iotlb },
	{ VTD_QI_PASID_CACHE, .wide = true, .bits = { VTD_QI_G | VTD_QI_DID | VTD_QI_PASID, 0 },
	  .run = pasid_cache },
	{ VTD_QI_PASID_DEVICE, .wide = true, .needs = VTD_ECAP_DT,
	  .bits = { VTD_QI_PASID_DEVICE_MIP | VTD_QI_PASID_DEVICE_SID | VTD_QI_PASID,
	            VTD_QI_PASID_DEVICE_1_G | VTD_QI_PASID_DEVICE_1_S | VTD_QI_1_ADDRESS },
	  .run = device },
	{ VTD_QI_PAGE_RESPONSE, .wide = true, .needs = VTD_ECAP_PRS,
	  .bits = { VTD_QI_RESPONSE_PP | VTD_QI_RESPONSE_CODE | VTD_QI_RESPONSE_RID | VTD_QI_PASID,
	            VTD_QI_RESPONSE_1_LPIG | VTD_QI_RESPONSE_1_PRGI },
	  .run = page_response },
};

/* Bits of the first quadword that are reserved without a capability. */
static const struct {
	uint64_t ecap, bits;
	uint8_t type;
} optional[] = {
	{ VTD_ECAP_DIT, VTD_QI_PFSID_LOW | VTD_QI_PFSID_HIGH, VTD_QI_DEVICE },
	{ VTD_ECAP_DIT, VTD_QI_PFSID_LOW | VTD_QI_PFSID_HIGH, VTD_QI_PASID_DEVICE },
	{ VTD_ECAP_PDS, VTD_QI_WAIT_PD, VTD_QI_WAIT },
};

static const struct descriptor *find(const uint64_t *d)
{
	for (size_t i = 0; i < IOM_COUNT(descriptors); i++) {
		if (descriptors[i].type == IOM_GET(VTD_QI_TYPE, d[0]) && !(d[0] & VTD_QI_TYPE_HIGH))
			return &descriptors[i];
	}
	return NULL;
}

static bool is_wait(const uint64_t *d)
{
	return IOM_GET(VTD_QI_TYPE, d[0]) == VTD_QI_WAIT;
}

static bool reserved_set(const struct vtd_unit *vtd, const struct descriptor *row,
                         const uint64_t *d)
{
	uint64_t bits = row->bits[0] | VTD_QI_TYPE;

	for (size_t i = 0; i < IOM_COUNT(optional); i++) {
		if (row->type == optional[i].type && vtd->ecap & optional[i].ecap)
			bits |= optional[i].bits;
	}
	return d[0] & ~bits || d[1] & ~row->bits[1] || d[2] || d[3];
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

/* UNSPECIFIED: which comes first of these. */
static enum vtd_iqei judge(const struct vtd_unit *vtd, const struct turn *turn,
                           const struct descriptor *row)
{
	bool legacy = turn->ttm == VTD_TTM_LEGACY;

	if (!vtd_mode_ok(vtd, turn->ttm))
		return VTD_IQEI_TTM;
	if (turn->wide ? !(vtd->ecap & (VTD_ECAP_SMTS | VTD_ECAP_ADMS)) : !legacy)
		return VTD_IQEI_WIDTH;
	if (!row || (row->needs && !(vtd->ecap & row->needs)) || (row->wide && legacy))
		return VTD_IQEI_TYPE;
	return reserved_set(vtd, row, turn->d) ? VTD_IQEI_FIELD : VTD_IQEI_NONE;
}

static enum outcome fetch_and_run(struct vtd_unit *vtd, struct turn *turn)
{
	struct iom_unit *unit = &vtd->unit;
	const struct descriptor *row;
	uint64_t *d = turn->d;

	if (turn->waited) {
		d[0] = vtd->wait[0];
		d[1] = vtd->wait[1];
		return wait_complete(vtd, d);
	}
	d[2] = d[3] = 0;
	turn->iqei = VTD_IQEI_FETCH;
	if (iom_ring_peek(unit, &turn->ring, turn->head, turn->tail, d) != IOM_RING_OK)
		return BAD;
	if (unit->observer.command)
		unit->observer.command(unit->observer_opaque, d, turn->wide ? 4 : 2);
	row = find(d);
	turn->iqei = judge(vtd, turn, row);
	if (turn->iqei != VTD_IQEI_NONE)
		return BAD;
	vtd->to_drain |= row->drains;
	return row->run(vtd, d);
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
	return !vtd_overtaken_locked(vtd) && vtd_get(vtd, VTD_GSTS) & VTD_G_QIE &&
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
		return wait_may_end(vtd, vtd->wait);
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
static void commit_locked(struct vtd_unit *vtd, enum outcome outcome, const struct turn *turn)
{
	uint32_t step = UINT32_C(1) << turn->ring.index_shift;

	/* A time-out meanwhile has aborted it. */
	iom_poke(&vtd->wait_waits, outcome == WAITS && !(vtd_get(vtd, VTD_FSTS) & VTD_FSTS_ITE));
	switch (outcome) {
	case DONE:
		if (!turn->waited)
			head_set(vtd, turn, turn->head + step);
		if (is_wait(turn->d))
			wait_ended_locked(vtd, turn->d);
		break;
	case WAITS:
		vtd->wait[0] = turn->d[0];
		vtd->wait[1] = turn->d[1];
		head_set(vtd, turn, turn->head + step);
		break;
	case NO_TAG:
		/* One may have become free meanwhile. */
		vtd->tag_waits = turn->tags_ended == vtd->tags_ended;
		break;
	case WRONG:
		error_locked(vtd, VTD_IQEI_FIELD);
		break;
	case LOST:
		/* UNSPECIFIED: a status that cannot be stored. */
		if (turn->waited)
			head_set(vtd, turn, turn->head - step);
		error_locked(vtd, VTD_IQEI_NONE);
		break;
	case BAD:
		error_locked(vtd, turn->iqei);
		break;
	}
}

/* Carries it out without the lock. */
static void run_locked(struct vtd_unit *vtd, struct turn *turn)
{
	enum outcome outcome;

	iom_unlock(&vtd->unit.lock);
	outcome = fetch_and_run(vtd, turn);
	iom_lock(&vtd->unit.lock);
	if (!vtd_overtaken_locked(vtd))
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
