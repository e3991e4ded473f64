/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Page requests of devices ("Page-Request-Queue", "Handling PCIe Page Requests").  A request is judged
 * by the thread that brings it.  The worker stores it, because the answer depends on how that ends,
 * and answers go out by messages.
 */
#include "model/riscv/riscv.h"

/* Steps 1 to 5: does the device's context let it ask?  No process context is looked at. */
static bool allowed(const struct iom_query *query, struct rv_dc *dc, struct iom_fault *fault)
{
	uint64_t ddtp = rv_get(rv_of(query->unit), RV_DDTP);
	unsigned mode = (unsigned)IOM_GET(RV_DDTP_MODE, ddtp);
	struct rv_context context;

	*dc = (struct rv_dc){ 0 };
	fault->where = mode == RV_DDTP_OFF ? IOM_WHERE_UNIT : IOM_WHERE_TYPE;
	if (mode <= RV_DDTP_BARE || !rv_locate_device(query, ddtp, &context, fault))
		return false;
	*dc = context.dc;
	fault->quiet = dc->tc & RV_TC_DTF;
	return dc->tc & RV_TC_EN_ATS && dc->tc & RV_TC_EN_PRI;
}

static struct rv_page_request page_request(uint32_t requester, const struct iom_message *m)
{
	struct rv_page_request p = { .code = RV_PAGE_STORE };
	bool last = m->code & IOM_PAGE_LAST, pasid = m->flags & IOM_REQ_PASID;
	bool stops = last && pasid && !(m->code & (IOM_PAGE_READ | IOM_PAGE_WRITE));

	p.record[0] = IOM_PUT(RV_PQ_DID, requester);
	if (pasid)
		p.record[0] |= RV_PQ_PV | IOM_PUT(RV_PQ_PID, m->pasid) |
		               (m->flags & IOM_REQ_PRIVILEGED ? RV_PQ_PRIV : 0) |
		               (m->code & IOM_PAGE_EXECUTE ? RV_PQ_EXEC : 0);
	p.record[1] = (m->code & IOM_PAGE_READ ? RV_PQ_1_R : 0) |
	              (m->code & IOM_PAGE_WRITE ? RV_PQ_1_W : 0) | (last ? RV_PQ_1_L : 0) |
	              IOM_PUT(RV_PQ_1_INDEX, m->token) | (m->address & RV_PQ_1_ADDR);
	p.to_answer = last && !stops;
	return p;
}

int rv_page_request(struct rv_unit *rv, struct iom_endpoint *endpoint, const struct iom_message *m)
{
	struct iom_unit *unit = &rv->unit;
	const struct iom_request q = { .flags = m->flags, .pasid = m->pasid };
	struct iom_view view = { .last = unit->spa_last };
	struct iom_query query;
	uint32_t resets = iom_unit_resets(unit);
	struct iom_fault fault = { 0 };
	struct rv_page_request p;
	int result = IOM_EBUSY;
	struct rv_dc dc;
	bool store;

	if (iom_unit_stopped(unit))
		return IOM_EBUSY;
	query = iom_query_of(endpoint, &q, &view);
	p = page_request(query.requester, m);
	store = allowed(&query, &dc, &fault);
	p.prpr = dc.tc & RV_TC_PRPR;

	iom_lock(&unit->lock);
	if (endpoint->removed) {
		result = IOM_ENOENT;
	} else if (resets == unit->resets && !iom_unit_stopped(unit) &&
	           rv->pages_count < RV_PAGES) {
		if (!store)
			p.code = (uint8_t)rv_fault_page_request_locked(&query, &fault);
		rv->pages[(rv->pages_first + rv->pages_count++) % RV_PAGES] = p;
		iom_work_later(unit, RV_WORK_PAGES);
		result = IOM_OK;
	}
	iom_unlock(&unit->lock);
	iom_work(unit, 0);
	return result;
}

void rv_pages_removed_locked(struct rv_unit *rv, uint32_t requester)
{
	for (unsigned i = 0; i < rv->pages_count; i++) {
		struct rv_page_request *p = &rv->pages[(rv->pages_first + i) % RV_PAGES];

		if (IOM_GET(RV_PQ_DID, p->record[0]) == requester)
			p->to_answer = false;
	}
}

static void answer(struct rv_unit *rv, const struct rv_page_request *p, unsigned code)
{
	struct iom_message message = {
		.kind = IOM_MESSAGE_PAGES,
		.token = (uint32_t)IOM_GET(RV_PQ_1_INDEX, p->record[1]),
		.code = (uint8_t)code,
	};

	if (!p->to_answer)
		return;
	if (p->record[0] & RV_PQ_PV && (p->prpr || code == IOM_PAGES_FAILED)) {
		message.flags = IOM_REQ_PASID;
		message.pasid = (uint32_t)IOM_GET(RV_PQ_PID, p->record[0]);
	}
	iom_message_to(&rv->unit, (uint32_t)IOM_GET(RV_PQ_DID, p->record[0]), &message);
}

/* Steps 6 and 7: what a queue that stores nothing has to say. */
static unsigned refusal_locked(const struct rv_unit *rv)
{
	uint64_t csr = rv_get(rv, RV_PQCSR);

	if (!(csr & RV_QCSR_EN) || !(csr & RV_QCSR_ON) || csr & RV_QCSR_MF)
		return IOM_PAGES_FAILED;
	return csr & RV_QCSR_OF ? IOM_PAGES_DONE : RV_PAGE_STORE;
}

/* Steps 8 to 10.  What a reset overtakes gets no answer. */
static void store(struct rv_unit *rv, struct rv_page_request *p)
{
	static const uint8_t codes[] = {
		[IOM_RING_FULL] = IOM_PAGES_DONE, [IOM_RING_FAULT] = IOM_PAGES_FAILED
	};
	enum iom_ring_result result;
	bool overtaken;

	iom_lock(&rv->unit.lock);
	overtaken = iom_overtaken_locked(&rv->unit);
	p->code = (uint8_t)refusal_locked(rv);
	if (p->code == RV_PAGE_STORE && !overtaken) {
		overtaken = !rv_queue_store_locked(rv, &rv_pq, p->record, &result);
		p->code = codes[result];
		p->to_answer = p->to_answer && result != IOM_RING_OK;
	}
	iom_unlock(&rv->unit.lock);
	p->to_answer = p->to_answer && !overtaken;
}

/* Takes the oldest request that waits. */
static bool next(struct rv_unit *rv, struct rv_page_request *p)
{
	bool found;

	iom_lock(&rv->unit.lock);
	found = rv->pages_count && !iom_overtaken_locked(&rv->unit);
	if (found) {
		*p = rv->pages[rv->pages_first];
		rv->pages_first = (rv->pages_first + 1) % RV_PAGES;
		rv->pages_count--;
	}
	iom_unlock(&rv->unit.lock);
	return found;
}

static bool store_one(struct iom_unit *unit)
{
	struct rv_unit *rv = rv_of(unit);
	struct rv_page_request p;

	if (!next(rv, &p))
		return false;
	if (p.code == RV_PAGE_STORE)
		store(rv, &p);
	answer(rv, &p, p.code);
	return true;
}

void rv_pages_store(struct rv_unit *rv)
{
	iom_work_through(&rv->unit, store_one, RV_WORK_PAGES);
}
