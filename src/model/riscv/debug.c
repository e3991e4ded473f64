/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Debug translations ("Translation-request IOVA", "Translation-request control",
 * "Translation-response"): software asks what a device would get.
 */
#include "model/riscv/riscv.h"

/* UNSPECIFIED: stores while a request is under way are dropped. */
static uint64_t request_legal(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now,
                              uint64_t lanes)
{
	(void)off, (void)lanes;
	return rv_get(rv_of(unit), RV_TR_REQ_CTL) & RV_TR_REQ_CTL_GO ? was : now;
}

static void ctl_wrote(struct iom_unit *unit, unsigned off, uint64_t was, uint64_t now)
{
	(void)off, (void)was;
	if (now & RV_TR_REQ_CTL_GO)
		iom_work_later(unit, RV_WORK_DEBUG);
}

static const struct iom_reg debug_regs[] = {
	{ RV_TR_REQ_IOVA, 8, "tr_req_iova", .keeps = true, .rw = RV_TR_REQ_IOVA_VPN,
	  .legal = request_legal },
	{ RV_TR_REQ_CTL, 8, "tr_req_ctl", .keeps = true,
	  .rw = RV_TR_REQ_CTL_GO | RV_TR_REQ_CTL_PRIV | RV_TR_REQ_CTL_EXE | RV_TR_REQ_CTL_NW |
	        RV_TR_REQ_CTL_PID | RV_TR_REQ_CTL_PV | RV_TR_REQ_CTL_DID,
	  .legal = request_legal, .wrote = ctl_wrote },
	{ RV_TR_RESPONSE, 8, "tr_response", .keeps = true,
	  .own = RV_TR_RESPONSE_FAULT | RV_TR_RESPONSE_PBMT | RV_TR_RESPONSE_S |
	         RV_TR_RESPONSE_PPN },
};

void rv_debug_init(struct rv_unit *rv)
{
	if (rv->cap & RV_CAP_DBG)
		iom_regfile_init(&rv->unit.regs, debug_regs, IOM_COUNT(debug_regs));
}

void rv_debug_reset_locked(struct rv_unit *rv)
{
	if (rv->cap & RV_CAP_DBG)
		iom_reg_change(&rv->unit, RV_TR_REQ_CTL, RV_TR_REQ_CTL_GO, 0);
}

/* UNSPECIFIED: Exe without NW asks for writing. */
static unsigned access_of(uint64_t ctl)
{
	if (!(ctl & RV_TR_REQ_CTL_NW))
		return IOM_WRITE;
	return ctl & RV_TR_REQ_CTL_EXE ? IOM_EXECUTE : IOM_READ;
}

static struct iom_request request_of(uint64_t iova, uint64_t ctl)
{
	struct iom_request q = { .iova = iova, .access = (uint8_t)access_of(ctl) };

	if (ctl & RV_TR_REQ_CTL_PV) {
		q.pasid = (uint32_t)IOM_GET(RV_TR_REQ_CTL_PID, ctl);
		q.flags = IOM_REQ_PASID | (ctl & RV_TR_REQ_CTL_PRIV ? IOM_REQ_PRIVILEGED : 0);
	}
	return q;
}

/*
 * A range of more than 4 KiB stands in the PPN as in NAPOT pages: ones, and a 0 above them.  In Bare no
 * page has a size.
 */
static uint64_t granted(const struct rv_unit *rv, const struct iom_grant *grant)
{
	uint64_t ppn = grant->spa >> 12,
		 response = IOM_PUT(RV_TR_RESPONSE_PBMT, grant->memory_type);

	if (grant->range_lg2 > 12 && grant->range_lg2 <= rv_pas(rv) &&
	    !(rv->config.flags & IOM_RISCV_DBG_4K)) {
		ppn = (ppn & ~iom_low(grant->range_lg2 - 12u)) | iom_low(grant->range_lg2 - 13u);
		response |= RV_TR_RESPONSE_S;
	}
	return response | IOM_PUT(RV_TR_RESPONSE_PPN, ppn);
}

static uint64_t translate(const struct iom_query *query)
{
	struct iom_grant grant = { 0 };
	struct iom_fault fault = { 0 };
	struct iom_reply reply = { 0 };

	if (rv_resolve(query, &grant, &fault)) {
		if (grant.target == IOM_TARGET_MEMORY)
			return granted(rv_of(query->unit), &grant);
		/* An MRIF has no address to tell. */
		fault.where = IOM_WHERE_TYPE;
		fault.why = PT_OK;
	}
	rv_refuse(query, &fault, &reply);
	return RV_TR_RESPONSE_FAULT;
}

static uint64_t ask(struct rv_unit *rv, uint32_t device_id, const struct iom_request *q)
{
	struct iom_unit *unit = &rv->unit;
	struct iom_endpoint *endpoint = iom_unit_endpoint(unit, device_id);
	struct iom_view view = { .last = unit->spa_last };
	/* A device that nobody has opened: no context is cached for it, and none must be. */
	struct iom_endpoint nobody = { .unit = unit, .requester = device_id };
	struct iom_query query = {
		.unit = unit,
		.endpoint = endpoint ? endpoint : &nobody,
		.request = q,
		.invalidations = endpoint ? iom_unit_invalidations(unit) : ~UINT64_C(0),
		.requester = device_id,
		.view = &view,
		.watchers = __atomic_load_n(&unit->watchers, __ATOMIC_SEQ_CST),
	};
	uint64_t response = translate(&query);

	if (endpoint)
		iom_endpoint_put(endpoint);
	return response;
}

void rv_debug_run(struct rv_unit *rv)
{
	struct iom_request q = { 0 };
	uint64_t ctl, response;
	bool go;

	if (iom_unit_stopped(&rv->unit)) {
		iom_work_later(&rv->unit, RV_WORK_DEBUG);
		return;
	}
	iom_lock(&rv->unit.lock);
	ctl = rv_get(rv, RV_TR_REQ_CTL);
	q = request_of(rv_get(rv, RV_TR_REQ_IOVA), ctl);
	go = ctl & RV_TR_REQ_CTL_GO && !iom_overtaken_locked(&rv->unit);
	iom_unlock(&rv->unit.lock);
	if (!go)
		return;

	response = ask(rv, (uint32_t)IOM_GET(RV_TR_REQ_CTL_DID, ctl), &q);

	iom_lock(&rv->unit.lock);
	if (!iom_overtaken_locked(&rv->unit)) {
		iom_reg_set(&rv->unit, RV_TR_RESPONSE, response);
		iom_reg_change(&rv->unit, RV_TR_REQ_CTL, RV_TR_REQ_CTL_GO, 0);
	}
	iom_unlock(&rv->unit.lock);
}
