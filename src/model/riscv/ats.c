/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Address Translation Services ("PCIe ATS translation request handling", "IOMMU ATS commands"): what
 * devices are told that cache translations themselves, and how they are made to forget it.
 */
#include "model/riscv/riscv.h"

/* ---- Answers to translation requests ------------------------------------------------------ */

/* Privilege is echoed. */
static uint8_t echoed(const struct iom_request *q)
{
	return q->flags & IOM_REQ_PASID && q->flags & IOM_REQ_PRIVILEGED ? IOM_ATS_PRIVILEGED : 0;
}

static bool global(const struct iom_query *query, const struct rv_context *context,
                   const struct pt_result *one)
{
	if (!(query->request->flags & IOM_REQ_PASID))
		return false;
	/* UNSPECIFIED: what nobody translates in the first stage. */
	if (!context->stage1.index)
		return rv_of(query->unit)->config.flags & IOM_RISCV_BARE_GLOBAL;
	return one->flags & PT_GLOBAL;
}

/* What CXL.cache must not be used for: pages that are no plain memory, or not at their address. */
static bool cxl_io(const struct iom_query *query, const struct rv_context *context, bool msi,
                   const struct iom_grant *grant)
{
	return query->request->flags & IOM_REQ_CXL &&
	       (msi || context->dc.tc & RV_TC_T2GPA || grant->memory_type != RV_PBMT_PMA);
}

void rv_ats_answer(const struct iom_query *query, const struct rv_context *context,
                   const struct pt_result *one, struct iom_grant *grant)
{
	const struct iom_request *q = query->request;
	bool msi = rv_msi_match(&context->dc, one->address);

	grant->ats =
		(uint8_t)(echoed(q) | (cxl_io(query, context, msi, grant) ? IOM_ATS_CXL_IO : 0));
	if (!msi && global(query, context, one))
		grant->ats |= IOM_ATS_GLOBAL;
	if (grant->target == IOM_TARGET_MRIF) {
		grant->ats |= IOM_ATS_UNTRANSLATED;
		grant->spa = 0;
	}
	if (context->dc.tc & RV_TC_T2GPA)
		grant->spa = one->address;
	if (!(grant->perm & PT_R) || !rv_ats_executes(q))
		grant->perm &= (uint8_t)~PT_X;
	/* The address of a page that may not be used is nobody's business. */
	if (!grant->perm) {
		grant->spa = 0;
		grant->range_lg2 = 12;
	}
	grant->keep = false;
}

void rv_ats_nothing(const struct iom_request *q, struct iom_reply *reply)
{
	reply->range_lg2 = 12;
	reply->ats = echoed(q);
}

/* ---- Invalidations ------------------------------------------------------------------------ */

static uint32_t requester_of(const uint64_t *c)
{
	uint64_t segment = c[0] & RV_ATS_DSV ? IOM_GET(RV_ATS_DSEG, c[0]) : 0;

	return (uint32_t)(IOM_GET(RV_ATS_RID, c[0]) | segment << 16);
}

static void send(struct rv_unit *rv, const uint64_t *c, struct iom_message *message)
{
	if (c[0] & RV_ATS_PV) {
		message->flags |= IOM_REQ_PASID;
		message->pasid = (uint32_t)IOM_GET(RV_ATS_PID, c[0]);
	}
	iom_message_to(&rv->unit, requester_of(c), message);
}

/* Invalidations are over: a fence, or one that found no ITag, may have waited for that. */
static void ended_locked(struct rv_unit *rv, uint32_t tags)
{
	if (!tags)
		return;
	rv->inval_waits = false;
	iom_work_later(&rv->unit, RV_WORK_COMMANDS);
}

bool rv_ats_invalidate(struct rv_unit *rv, const uint64_t *c)
{
	unsigned lg2 = iom_itag_range_lg2(c[1], c[1] & RV_ATS_INVAL_1_S), tag;
	const struct iom_itag itag = { .requester = requester_of(c),
		                       .left = rv->config.ats_timeout_ns };
	struct iom_message message = {
		.address = c[1] & RV_ATS_INVAL_1_ADDR & ~iom_low(lg2),
		.kind = IOM_MESSAGE_INVALIDATE,
		.flags = c[1] & RV_ATS_INVAL_1_G ? IOM_MESSAGE_GLOBAL : 0,
		.size_lg2 = (uint8_t)lg2,
	};

	/* Before the message: the device may answer from inside it. */
	if (!iom_itag_take(&rv->unit, &rv->itags, &itag, IOM_ITAGS, &tag))
		return false;
	message.token = tag;
	send(rv, c, &message);
	return true;
}

void rv_ats_page_response(struct rv_unit *rv, const uint64_t *c)
{
	struct iom_message message = {
		.kind = IOM_MESSAGE_PAGES,
		.token = (uint32_t)IOM_GET(RV_ATS_PRGR_1_INDEX, c[1]),
		.code = (uint8_t)IOM_GET(RV_ATS_PRGR_1_CODE, c[1]),
	};

	send(rv, c, &message);
}

/* An Invalidate Completion.  What nobody asked this device for is ignored. */
static int completed(struct rv_unit *rv, const struct iom_endpoint *endpoint,
                     const struct iom_message *message)
{
	int result = IOM_OK;

	iom_lock(&rv->unit.lock);
	if (endpoint->removed)
		result = IOM_ENOENT;
	else
		ended_locked(rv,
		             iom_itags_answered_locked(&rv->itags, endpoint->requester, message));
	iom_unlock(&rv->unit.lock);
	iom_work(&rv->unit, 0);
	return result;
}

void rv_ats_step_locked(struct rv_unit *rv, uint64_t passed_ns)
{
	uint32_t late = iom_itags_step_locked(&rv->itags, passed_ns);

	if (late)
		iom_poke(&rv->inval_timed_out, true);
	ended_locked(rv, late);
}

void rv_ats_reset_locked(struct rv_unit *rv)
{
	iom_itags_reset_locked(&rv->itags);
	rv->inval_waits = false;
	iom_poke(&rv->inval_timed_out, false);
}

/* ---- Messages and devices ----------------------------------------------------------------- */

int rv_message(struct iom_unit *unit, struct iom_endpoint *endpoint,
               const struct iom_message *message)
{
	struct rv_unit *rv = rv_of(unit);

	if (!(rv->cap & RV_CAP_ATS))
		return IOM_ENOTSUP;
	if (!iom_message_ok(message))
		return IOM_EINVAL;
	return message->kind == IOM_MESSAGE_INVALIDATED ? completed(rv, endpoint, message)
	                                                : rv_page_request(rv, endpoint, message);
}

void rv_removed(struct iom_unit *unit, struct iom_endpoint *endpoint)
{
	struct rv_unit *rv = rv_of(unit);

	iom_lock(&unit->lock);
	ended_locked(rv, iom_itags_removed_locked(&rv->itags, endpoint->requester));
	rv_pages_removed_locked(rv, endpoint->requester);
	iom_unlock(&unit->lock);
	iom_work(unit, 0);
}
