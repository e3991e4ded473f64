/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Page requests of devices ("Handling Requests-with-Page-Faults").  A request is judged by the thread
 * that brings it.  The worker stores it, because the answer depends on how that ends.
 */
#include "model/vtd/vtd.h"

#include "model/snapshot.h"

#define PRD_LG2 5

/* Is it a Stop Marker? */
static bool stops(const struct vtd_page_request *p)
{
	return (p->record[1] & (VTD_PRD_1_LPIG | VTD_PRD_1_RD | VTD_PRD_1_WR)) == VTD_PRD_1_LPIG;
}

static struct vtd_page_request page_request(uint32_t requester, const struct iom_message *m)
{
	struct vtd_page_request p = { 0 };
	bool last = m->code & IOM_PAGE_LAST;

	p.record[0] = VTD_PRD_TYPE_PAGE | IOM_PUT(VTD_PRD_RID, requester);
	if (m->flags & IOM_REQ_PASID)
		p.record[0] |= VTD_PRD_PP | IOM_PUT(VTD_PRD_PASID, m->pasid) |
		               (m->code & IOM_PAGE_EXECUTE ? VTD_PRD_EXR : 0) |
		               (m->flags & IOM_REQ_PRIVILEGED ? VTD_PRD_PMR : 0);
	p.record[1] = (m->code & IOM_PAGE_READ ? VTD_PRD_1_RD : 0) |
	              (m->code & IOM_PAGE_WRITE ? VTD_PRD_1_WR : 0) | (last ? VTD_PRD_1_LPIG : 0) |
	              IOM_PUT(VTD_PRD_1_PRGI, m->token) | (m->address & VTD_PRD_1_ADDRESS);
	p.to_answer = last && !stops(&p);
	return p;
}

/* Does the device's context let it ask? */
static void judge(const struct iom_query *query, struct vtd_page_request *p)
{
	struct vtd_unit *vtd = vtd_of(query->unit);
	const struct vtd_context *context;
	struct iom_fault fault = { 0 };
	struct vtd_context room;

	context = vtd_locate(query, __atomic_load_n(&vtd->root, __ATOMIC_SEQ_CST), true, &room,
	                     &fault);
	if (!context) {
		p->fault = fault.code;
		p->quiet = fault.quiet;
		return;
	}
	p->kind = context->kind;
	p->did = context->did;
	p->pasid = context->pasid;
}

int vtd_page_request(struct vtd_unit *vtd, struct iom_endpoint *endpoint,
                     const struct iom_message *m)
{
	struct iom_unit *unit = &vtd->unit;
	const struct iom_request q = {
		.iova = m->address,
		.pasid = m->pasid,
		.flags = m->flags,
		.access = m->code & IOM_PAGE_WRITE ? IOM_WRITE : IOM_READ,
	};
	struct iom_view view = { .last = unit->spa_last };
	struct iom_query query;
	uint32_t resets = iom_unit_resets(unit);
	struct vtd_page_request p;
	int result = IOM_EBUSY;

	if (iom_unit_stopped(unit))
		return IOM_EBUSY;
	query = iom_query_of(endpoint, &q, &view);
	p = page_request(query.requester, m);
	judge(&query, &p);

	iom_lock(&unit->lock);
	if (endpoint->removed) {
		result = IOM_ENOENT;
	} else if (!(vtd->on & VTD_ON_DMA)) {
		result = IOM_ENOTSUP;
	} else if (resets == unit->resets && !iom_unit_stopped(unit) &&
	           vtd->pages_count < VTD_PAGES) {
		vtd->pages[(vtd->pages_first + vtd->pages_count) % VTD_PAGES] = p;
		iom_poke(&vtd->pages_count, vtd->pages_count + 1);
		iom_work_later(unit, VTD_WORK_PAGES);
		result = IOM_OK;
	}
	iom_unlock(&unit->lock);
	iom_work(unit, 0);
	return result;
}

static uint32_t requester_of(const struct vtd_page_request *p)
{
	return (uint32_t)IOM_GET(VTD_PRD_RID, p->record[0]);
}

void vtd_pages_removed_locked(struct vtd_unit *vtd, uint32_t requester)
{
	for (unsigned i = 0; i < vtd->pages_count; i++) {
		struct vtd_page_request *p = &vtd->pages[(vtd->pages_first + i) % VTD_PAGES];

		if (requester_of(p) == requester)
			p->to_answer = false;
	}
}

void vtd_pages_reset_locked(struct vtd_unit *vtd)
{
	iom_poke(&vtd->pages_count, 0);
}

/* The unit's own answers: never Response Failure. */
static void answer(struct vtd_unit *vtd, const struct vtd_page_request *p, unsigned code)
{
	struct iom_message message = {
		.kind = IOM_MESSAGE_PAGES,
		.token = (uint32_t)IOM_GET(VTD_PRD_1_PRGI, p->record[1]),
		.code = (uint8_t)code,
	};

	if (!p->to_answer)
		return;
	if (p->record[0] & VTD_PRD_PP) {
		message.flags = IOM_REQ_PASID;
		message.pasid = (uint32_t)IOM_GET(VTD_PRD_PASID, p->record[0]);
	}
	iom_message_to(&vtd->unit, requester_of(p), &message);
}

/* False: a reset has overtaken it. */
static bool record(struct vtd_unit *vtd, const struct vtd_page_request *p)
{
	const struct vtd_record record = {
		.info = p->record[1] & VTD_PRD_1_ADDRESS,
		.pasid = (uint32_t)IOM_GET(VTD_PRD_PASID, p->record[0]),
		.requester = (uint16_t)requester_of(p),
		.code = p->fault,
		.access = p->record[0] & VTD_PRD_EXR ? IOM_EXECUTE : IOM_READ,
		.page_request = true,
		.has_pasid = p->record[0] & VTD_PRD_PP,
		.privileged = p->record[0] & VTD_PRD_PMR,
		.quiet = p->quiet,
	};

	bool overtaken;

	iom_lock(&vtd->unit.lock);
	overtaken = iom_overtaken_locked(&vtd->unit);
	if (!overtaken)
		vtd_record_locked(vtd, &record);
	iom_unlock(&vtd->unit.lock);
	return !overtaken;
}

/* What made the device ask must not be met again ("Page Request Descriptor"). */
static void forget_page(struct vtd_unit *vtd, const struct vtd_page_request *p)
{
	uint64_t address = p->record[1] & VTD_PRD_1_ADDRESS;

	switch (p->kind) {
	case VTD_KIND_FS:
		vtd_forget_pasid_iotlb(vtd, true, p->did, p->pasid, address, 0);
		break;
	case VTD_KIND_NESTED:
		vtd_forget_iotlb(vtd, VTD_G_DOMAIN, p->did, 0, 0);
		break;
	default:
		vtd_forget_iotlb(vtd, VTD_G_SELECTIVE, p->did, address, 0);
		break;
	}
}

static void status_locked(struct vtd_unit *vtd, uint32_t bit)
{
	bool first = !(vtd_get(vtd, VTD_PRS) & (VTD_PRS_PPR | VTD_PRS_PRO));

	iom_reg_change(&vtd->unit, VTD_PRS, 0, bit);
	if (first)
		vtd_event_locked(vtd, VTD_EVENT_PAGE);
}

static struct iom_ring ring_of(const struct vtd_unit *vtd)
{
	uint64_t pqa = vtd_get(vtd, VTD_PQA);

	return (struct iom_ring){
		.base = pqa & VTD_ADDRESS,
		.last = vtd->unit.spa_last,
		.entries_lg2 = (uint8_t)(12 - PRD_LG2 + IOM_GET(VTD_PQA_PQS, pqa)),
		.entry_lg2 = PRD_LG2,
		.index_shift = PRD_LG2,
	};
}

/* Has the queue room?  If not, PRO says so until software clears it; Stop Markers go silently. */
static bool room_locked(struct vtd_unit *vtd, const struct vtd_page_request *p,
                        const struct iom_ring *ring, uint32_t tail)
{
	uint32_t head = (uint32_t)vtd_get(vtd, VTD_PQH);

	if (!(vtd_get(vtd, VTD_PRS) & VTD_PRS_PRO) &&
	    iom_ring_used(ring, head, tail) < iom_low(ring->entries_lg2))
		return true;
	if (!stops(p))
		status_locked(vtd, VTD_PRS_PRO);
	return false;
}

/* The queue of a unit that was reset is nobody's, and what a reset overtakes gets no answer. */
static void store(struct vtd_unit *vtd, const struct vtd_page_request *p)
{
	const uint64_t words[] = { p->record[0], p->record[1], 0, 0 };
	struct iom_unit *unit = &vtd->unit;
	enum iom_ring_result result;
	bool room, overtaken;
	struct iom_ring ring;
	uint32_t tail;

	iom_lock(&unit->lock);
	overtaken = iom_overtaken_locked(&vtd->unit);
	tail = (uint32_t)vtd_get(vtd, VTD_PQT);
	ring = ring_of(vtd);
	room = !overtaken && room_locked(vtd, p, &ring, tail);
	iom_unlock(&unit->lock);
	if (overtaken)
		return;
	if (!room) {
		/* So that the device asks again. */
		answer(vtd, p, IOM_PAGES_DONE);
		return;
	}

	forget_page(vtd, p);
	/* Software can only make room meanwhile. */
	result = iom_ring_put(unit, &ring, tail, tail, words);

	iom_lock(&unit->lock);
	overtaken = iom_overtaken_locked(&vtd->unit);
	if (result == IOM_RING_OK && !overtaken) {
		iom_reg_set(unit, VTD_PQT, iom_ring_next(&ring, tail));
		status_locked(vtd, VTD_PRS_PPR);
	}
	iom_unlock(&unit->lock);
	/* UNSPECIFIED: a queue that memory refuses. */
	if (result != IOM_RING_OK && !overtaken)
		answer(vtd, p, IOM_PAGES_INVALID);
}

/* Takes the oldest request that waits. */
static bool next(struct vtd_unit *vtd, struct vtd_page_request *p)
{
	bool found;

	iom_lock(&vtd->unit.lock);
	found = !iom_overtaken_locked(&vtd->unit) && vtd->pages_count;
	if (found) {
		*p = vtd->pages[vtd->pages_first];
		vtd->pages_first = (vtd->pages_first + 1) % VTD_PAGES;
		iom_poke(&vtd->pages_count, vtd->pages_count - 1);
	}
	iom_unlock(&vtd->unit.lock);
	return found;
}

static bool store_one(struct iom_unit *unit)
{
	struct vtd_unit *vtd = vtd_of(unit);
	struct vtd_page_request p;

	if (!next(vtd, &p))
		return false;
	if (!p.fault)
		store(vtd, &p);
	else if (record(vtd, &p))
		answer(vtd, &p, IOM_PAGES_INVALID);
	return true;
}

void vtd_pages_store(struct vtd_unit *vtd)
{
	iom_work_through(&vtd->unit, store_one, VTD_WORK_PAGES);
	/* A wait may have waited for this. */
	if (iom_peek(&vtd->wait_waits))
		iom_work_later(&vtd->unit, VTD_WORK_COMMANDS);
}

/* ---- Snapshots ---------------------------------------------------------------------------- */

void vtd_pages_save_locked(const struct vtd_unit *vtd, struct iom_stream *stream)
{
	iom_put(stream, vtd->pages_count);
	for (unsigned i = 0; i < vtd->pages_count; i++) {
		const struct vtd_page_request *p = &vtd->pages[(vtd->pages_first + i) % VTD_PAGES];

		for (unsigned w = 0; w < VTD_PRD_WORDS; w++)
			iom_put(stream, p->record[w]);
		iom_put(stream, p->pasid);
		iom_put(stream, p->did);
		iom_put(stream, p->kind);
		iom_put(stream, p->fault);
		iom_put(stream, p->quiet);
		iom_put(stream, p->to_answer);
	}
}

#define PRD_BITS                                                                                   \
	(VTD_PRD_TYPE | VTD_PRD_PP | VTD_PRD_RID | VTD_PRD_PASID | VTD_PRD_EXR | VTD_PRD_PMR)
#define PRD_PROCESS_BITS (VTD_PRD_PASID | VTD_PRD_EXR | VTD_PRD_PMR)

/* False: no unit has such a request. */
static bool take(struct iom_stream *stream, struct vtd_page_request *p)
{
	uint64_t pasid, did, kind, fault, quiet, to_answer;

	for (unsigned w = 0; w < VTD_PRD_WORDS; w++)
		p->record[w] = iom_take(stream);
	pasid = iom_take(stream);
	did = iom_take(stream);
	kind = iom_take(stream);
	fault = iom_take(stream);
	quiet = iom_take(stream);
	to_answer = iom_take(stream);
	p->pasid = (uint32_t)pasid;
	p->did = (uint16_t)did;
	p->kind = (uint8_t)kind;
	p->fault = (uint8_t)fault;
	p->quiet = quiet;
	p->to_answer = to_answer;
	return IOM_GET(VTD_PRD_TYPE, p->record[0]) == VTD_PRD_TYPE_PAGE &&
	       !(p->record[0] & ~PRD_BITS) &&
	       (p->record[0] & VTD_PRD_PP || !(p->record[0] & PRD_PROCESS_BITS)) &&
	       !(pasid >> 20) && !(did >> 16) && kind <= VTD_KIND_PT && !kind == !!fault &&
	       (!fault || (!(fault >> 8) && vtd_fault_exists((uint32_t)fault))) && quiet <= 1 &&
	       to_answer <= 1;
}

bool vtd_pages_load(struct vtd_unit *vtd, struct iom_stream *stream, bool commit)
{
	uint64_t count = iom_take(stream);

	if (count > VTD_PAGES || (count && !(vtd->ecap & VTD_ECAP_PRS)))
		return false;
	for (unsigned i = 0; i < count; i++) {
		struct vtd_page_request p;

		if (!take(stream, &p))
			return false;
		if (commit)
			vtd->pages[i] = p;
	}
	if (commit) {
		vtd->pages_first = 0;
		iom_poke(&vtd->pages_count, (unsigned)count);
	}
	return true;
}
