/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What devices that cache translations are told to forget, and what they say ("Device-TLB
 * Invalidate Descriptor", "Invalidation Completion Errors").
 */
#include "model/vtd/vtd.h"

/* ---- To devices --------------------------------------------------------------------------- */

static void send(struct vtd_unit *vtd, uint64_t requester, const struct iom_message *message)
{
	iom_message_to(&vtd->unit, (uint32_t)requester, message);
}

static uint64_t pfsid(const uint64_t *d)
{
	return IOM_GET(VTD_QI_PFSID_LOW, d[0]) | IOM_GET(VTD_QI_PFSID_HIGH, d[0]) << 4;
}

/* What both descriptors say: who is asked, for which addresses, and how many may be under way. */
static void device_of(const uint64_t *d, struct iom_itag *itag, struct iom_message *message,
                      unsigned *most)
{
	bool process = IOM_GET(VTD_QI_TYPE, d[0]) == VTD_QI_PASID_DEVICE, s;

	if (process) {
		bool global = d[1] & VTD_QI_PASID_DEVICE_1_G;

		itag->requester = (uint32_t)IOM_GET(VTD_QI_PASID_DEVICE_SID, d[0]);
		*most = (unsigned)IOM_GET(VTD_QI_PASID_DEVICE_MIP, d[0]);
		s = d[1] & VTD_QI_PASID_DEVICE_1_S;
		message->flags = IOM_REQ_PASID | (global ? IOM_MESSAGE_GLOBAL : 0);
		message->pasid = global ? 0 : (uint32_t)IOM_GET(VTD_QI_PASID, d[0]);
	} else {
		itag->requester = (uint32_t)IOM_GET(VTD_QI_DEVICE_SID, d[0]);
		*most = (unsigned)IOM_GET(VTD_QI_DEVICE_MIP, d[0]);
		s = d[1] & VTD_QI_DEVICE_1_S;
	}
	message->size_lg2 = (uint8_t)iom_itag_range_lg2(d[1], s);
	message->address = d[1] & VTD_QI_1_ADDRESS & ~iom_low(message->size_lg2);
}

bool vtd_ats_invalidate(struct vtd_unit *vtd, const uint64_t *d)
{
	struct iom_message message = { .kind = IOM_MESSAGE_INVALIDATE };
	struct iom_itag itag = { .left = vtd->config.ats_timeout_ns };
	unsigned most, tag;

	device_of(d, &itag, &message, &most);
	itag.function = vtd->ecap & VTD_ECAP_DIT ? (uint32_t)pfsid(d) : itag.requester;
	/* Before the message: the device may answer from inside it. */
	if (!iom_itag_take(&vtd->unit, &vtd->itags, &itag, most ? most : IOM_ITAGS, &tag))
		return false;
	message.token = tag;
	send(vtd, itag.requester, &message);
	return true;
}

void vtd_ats_page_response(struct vtd_unit *vtd, const uint64_t *d)
{
	struct iom_message message = {
		.kind = IOM_MESSAGE_PAGES,
		.token = (uint32_t)IOM_GET(VTD_QI_RESPONSE_1_PRGI, d[1]),
		.code = (uint8_t)IOM_GET(VTD_QI_RESPONSE_CODE, d[0]),
	};

	if (d[0] & VTD_QI_RESPONSE_PP) {
		message.flags = IOM_REQ_PASID;
		message.pasid = (uint32_t)IOM_GET(VTD_QI_PASID, d[0]);
	}
	send(vtd, IOM_GET(VTD_QI_RESPONSE_RID, d[0]), &message);
}

/* ---- From devices ------------------------------------------------------------------------- */

/* Invalidations are over: a wait, or one that found no ITag, may have waited for that. */
static void ended_locked(struct vtd_unit *vtd, uint32_t tags)
{
	if (!tags)
		return;
	vtd->tags_ended++;
	vtd->tag_waits = false;
	iom_work_later(&vtd->unit, VTD_WORK_COMMANDS);
}

/* From version 6 on what is wrong with one ITag does not hide the others of a completion. */
static void answered_locked(struct vtd_unit *vtd, uint32_t requester,
                            const struct iom_message *message)
{
	uint32_t strange = iom_itags_strange_locked(&vtd->itags, requester, message->token);

	if (!strange || vtd_major(vtd) >= 6)
		ended_locked(vtd, iom_itags_answered_locked(&vtd->itags, requester, message));
	if (strange)
		vtd_queue_error_locked(vtd, VTD_FSTS_ICE, VTD_IQERCD_ICESID, requester);
}

static int completed(struct vtd_unit *vtd, const struct iom_endpoint *endpoint,
                     const struct iom_message *message)
{
	int result = IOM_OK;

	iom_lock(&vtd->unit.lock);
	if (endpoint->removed)
		result = IOM_ENOENT;
	else
		answered_locked(vtd, endpoint->requester, message);
	iom_unlock(&vtd->unit.lock);
	iom_work(&vtd->unit, 0);
	return result;
}

/* While DMA remapping is off, all that devices with caches say is an Unsupported Request. */
int vtd_message(struct iom_unit *unit, struct iom_endpoint *endpoint,
                const struct iom_message *message)
{
	bool answer = message->kind == IOM_MESSAGE_INVALIDATED;
	struct vtd_unit *vtd = vtd_of(unit);

	if (!(vtd->ecap & (answer ? VTD_ECAP_DT : VTD_ECAP_PRS)))
		return IOM_ENOTSUP;
	if (!iom_message_ok(message))
		return IOM_EINVAL;
	if (!vtd_is_on(vtd, VTD_ON_DMA))
		return IOM_ENOTSUP;
	return answer ? completed(vtd, endpoint, message)
	              : vtd_page_request(vtd, endpoint, message);
}

void vtd_removed(struct iom_unit *unit, struct iom_endpoint *endpoint)
{
	struct vtd_unit *vtd = vtd_of(unit);

	iom_lock(&unit->lock);
	ended_locked(vtd, iom_itags_removed_locked(&vtd->itags, endpoint->requester));
	vtd_pages_removed_locked(vtd, endpoint->requester);
	iom_unlock(&unit->lock);
	iom_work(unit, 0);
}

void vtd_ats_step_locked(struct vtd_unit *vtd, uint64_t passed_ns)
{
	uint32_t late = iom_itags_step_locked(&vtd->itags, passed_ns);

	if (!late)
		return;
	vtd_wait_abort_locked(vtd);
	vtd_queue_error_locked(vtd, VTD_FSTS_ITE, VTD_IQERCD_ITESID,
	                       vtd->itags.itag[iom_ctz(late)].requester);
	ended_locked(vtd, late);
}

void vtd_ats_reset_locked(struct vtd_unit *vtd)
{
	iom_itags_reset_locked(&vtd->itags);
	vtd_pages_reset_locked(vtd);
}

void vtd_ats_save_locked(const struct vtd_unit *vtd, struct iom_stream *stream)
{
	iom_itags_save_locked(&vtd->itags, stream);
}

bool vtd_ats_load(struct vtd_unit *vtd, struct iom_stream *stream, bool commit)
{
	struct iom_itags itags;

	if (!iom_itags_load(&itags, stream, vtd->unit.arch->requester_last,
	                    vtd->config.ats_timeout_ns) ||
	    (itags.used && !(vtd->ecap & VTD_ECAP_DT)))
		return false;
	if (commit)
		iom_itags_set_locked(&vtd->itags, &itags);
	return true;
}
