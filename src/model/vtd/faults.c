/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * From a refusal to an answer to the device, and a fault record ("Fault Conditions", "Primary Fault
 * Logging"): the one place where any of these is decided.
 */
#include "model/vtd/vtd.h"

enum answer {
	UR,
	CA,
	EMPTY, /* Success without permission, nothing recorded: the device asks for the page */
	EMPTY_NOTED, /* the same, recorded                                                         */
};

/* Untranslated requests are always answered by UR, page requests by Invalid Request. */
static const struct reason {
	uint8_t code;
	bool qualified;     /* FPD keeps it from being recorded */
	uint8_t asked;      /* the answer to a translation request, enum answer */
	uint8_t translated; /* the answer to a translated request: UR or CA     */
	const char *name;
} reasons[] = {
	/* clang-format off */
	{ VTD_FR_ROOT_ABSENT,          false, UR,    UR, "root entry not present" },
	{ VTD_FR_CONTEXT_ABSENT,       true,  UR,    UR, "context entry not present" },
	{ VTD_FR_CONTEXT,              true,  CA,    UR, "context entry invalid" },
	{ VTD_FR_ADDRESS,              true,  EMPTY, UR, "address beyond the guest address width" },
	{ VTD_FR_WRITE,                true,  EMPTY, UR, "no write permission" },
	{ VTD_FR_READ,                 true,  EMPTY, UR, "no read permission" },
	{ VTD_FR_PAGING_FETCH,         true,  CA,    UR, "paging entry not readable" },
	{ VTD_FR_ROOT_FETCH,           false, CA,    UR, "root entry not readable" },
	{ VTD_FR_CONTEXT_FETCH,        false, CA,    UR, "context entry not readable" },
	{ VTD_FR_ROOT_RSVD,            false, CA,    UR, "reserved field set in root entry" },
	{ VTD_FR_CONTEXT_RSVD,         true,  CA,    UR, "reserved field set in context entry" },
	{ VTD_FR_PAGING_RSVD,          true,  CA,    UR, "reserved field set in paging entry" },
	{ VTD_FR_TT,                   true,  UR,    UR, "translation type blocks the request" },
	{ VTD_FR_INTERRUPT,            true,  CA,    UR, "output in the interrupt address range" },

	{ VTD_FR_IR_REQUEST,           false, UR,    UR, "reserved field set in interrupt request" },
	{ VTD_FR_IR_INDEX,             false, UR,    UR, "interrupt index beyond the table" },
	{ VTD_FR_IR_ABSENT,            true,  UR,    UR, "interrupt entry not present" },
	{ VTD_FR_IR_FETCH,             false, UR,    UR, "interrupt entry not readable" },
	{ VTD_FR_IR_ENTRY,             true,  UR,    UR, "reserved field set in interrupt entry" },
	{ VTD_FR_IR_COMPATIBILITY,     false, UR,    UR, "compatibility format blocked" },
	{ VTD_FR_IR_SOURCE,            true,  UR,    UR, "source-id not verified" },
	{ VTD_FR_IR_DESCRIPTOR_ACCESS, true,  UR,    UR, "posted interrupt descriptor not accessible" },
	{ VTD_FR_IR_DESCRIPTOR,        true,  UR,    UR, "reserved field set in posted interrupt descriptor" },
	{ VTD_FR_IR_NO_MESSAGE,        false, UR,    UR, "no interrupt request, but in their address range" },
	{ VTD_FR_IR_XAPIC,             false, UR,    UR, "extended interrupt mode not enabled" },
	{ VTD_FR_IR_OFF,               false, UR,    UR, "interrupt remapping not enabled" },

	{ VTD_FR_TTM,                  false, CA,    UR, "root table address invalid" },
	{ VTD_FR_TTM_PASID,            false, UR,    UR, "request with PASID in legacy mode" },
	{ VTD_FR_TTM_PAGES,            false, UR,    UR, "page request in legacy mode" },
	{ VTD_FR_TTM_ABORT,            false, UR,    UR, "abort-DMA mode" },
	{ VTD_FR_EXECUTE,              false, UR,    UR, "request with PASID for execution" },
	{ VTD_FR_SROOT_FETCH,          false, CA,    UR, "scalable-mode root entry not readable" },
	{ VTD_FR_SROOT_ABSENT,         false, UR,    UR, "scalable-mode root entry not present" },
	{ VTD_FR_SROOT_RSVD,           false, CA,    UR, "reserved field set in scalable-mode root entry" },
	{ VTD_FR_SCONTEXT_FETCH,       false, CA,    UR, "scalable-mode context entry not readable" },
	{ VTD_FR_SCONTEXT_ABSENT,      true,  UR,    UR, "scalable-mode context entry not present" },
	{ VTD_FR_SCONTEXT_RSVD,        true,  CA,    UR, "reserved field set in scalable-mode context entry" },
	{ VTD_FR_SCONTEXT,             true,  CA,    UR, "scalable-mode context entry invalid" },
	{ VTD_FR_DTE,                  true,  UR,    UR, "DTE clear in scalable-mode context entry" },
	{ VTD_FR_PASIDE,               true,  UR,    UR, "PASIDE clear in scalable-mode context entry" },
	{ VTD_FR_PDTS,                 true,  UR,    UR, "PASID beyond the directory" },
	{ VTD_FR_PRE,                  true,  UR,    UR, "PRE clear in scalable-mode context entry" },
	{ VTD_FR_RID_PASID,            true,  UR,    UR, "PASID of the request is RID_PASID" },
	{ VTD_FR_EPTR,                 true,  UR,    UR, "EPTR clear in scalable-mode context entry" },
	{ VTD_FR_DIRECTORY_FETCH,      false, CA,    CA, "PASID directory entry not readable" },
	{ VTD_FR_DIRECTORY_ABSENT,     true,  EMPTY, UR, "PASID directory entry not present" },
	{ VTD_FR_DIRECTORY_RSVD,       true,  CA,    CA, "reserved field set in PASID directory entry" },
	{ VTD_FR_PASID_FETCH,          false, CA,    CA, "PASID table entry not readable" },
	{ VTD_FR_PASID_ABSENT,         true,  EMPTY, UR, "PASID table entry not present" },
	{ VTD_FR_PASID_RSVD,           true,  CA,    CA, "reserved field set in PASID table entry" },
	{ VTD_FR_PASID,                true,  CA,    CA, "PASID table entry invalid" },
	{ VTD_FR_ERE,                  true,  EMPTY, UR, "execution not enabled in PASID table entry" },
	{ VTD_FR_SRE,                  true,  EMPTY, UR, "SRE clear in PASID table entry" },
	{ VTD_FR_HPTSZ,                true,  UR,    UR, "address beyond the host permission table" },
	{ VTD_FR_FS_FETCH,             true,  EMPTY, UR, "first-stage entry not readable" },
	{ VTD_FR_FS_ABSENT,            true,  EMPTY, UR, "first-stage entry not present" },
	{ VTD_FR_FS_RSVD,              true,  EMPTY, UR, "reserved field set in first-stage entry" },
	{ VTD_FR_FS_FETCH_FIRST,       true,  EMPTY, UR, "first first-stage entry not readable" },
	{ VTD_FR_FS_ADDRESS,           true,  EMPTY, UR, "first-stage address beyond the second stage" },
	{ VTD_FR_FS_READ_FIRST,        true,  EMPTY, UR, "second stage forbids to read the first first-stage entry" },
	{ VTD_FR_FS_READ,              true,  EMPTY, UR, "second stage forbids to read a first-stage entry" },
	{ VTD_FR_FS_WRITE,             true,  EMPTY, UR, "second stage forbids to write a first-stage entry" },
	{ VTD_FR_SS_FETCH,             true,  CA,    UR, "second-stage entry not readable" },
	{ VTD_FR_SS_ABSENT,            true,  EMPTY, UR, "second-stage entry without permission" },
	{ VTD_FR_SS_RSVD,              true,  CA,    UR, "reserved field set in second-stage entry" },
	{ VTD_FR_SS_FETCH_FIRST,       true,  CA,    UR, "first second-stage entry not readable" },
	{ VTD_FR_SS_UNSNOOPED,         true,  CA,    UR, "accessed or dirty flag needed in second-stage entry not snooped" },
	{ VTD_FR_SS_UPDATE,            true,  CA,    UR, "accessed or dirty flag of second-stage entry not writable" },
	{ VTD_FR_SM_CANONICAL,         true,  EMPTY, UR, "address not canonical" },
	{ VTD_FR_SM_USER,              true,  EMPTY, UR, "user request for a supervisor page" },
	{ VTD_FR_SM_EXECUTE,           true,  EMPTY, UR, "no execute permission" },
	{ VTD_FR_SM_HOST_ADDRESS,      true,  EMPTY, UR, "address beyond the host address width" },
	{ VTD_FR_SM_ADDRESS,           true,  EMPTY, UR, "address beyond the second stage" },
	{ VTD_FR_SM_WRITE,             true,  EMPTY, UR, "no write permission (scalable mode)" },
	{ VTD_FR_SM_READ,              true,  EMPTY, UR, "no read permission (scalable mode)" },
	{ VTD_FR_SM_INTERRUPT,         true,  CA,    UR, "output in the interrupt address range (scalable mode)" },
	{ VTD_FR_PASID_WIDTH,          true,  UR,    UR, "PASID wider than the unit's" },
	{ VTD_FR_FS_UNSNOOPED,         true,  EMPTY, UR, "accessed or dirty flag needed in first-stage entry not snooped" },
	{ VTD_FR_FS_UPDATE,            true,  EMPTY_NOTED, UR, "accessed or dirty flag of first-stage entry not writable" },

	{ VTD_FR_HPT_FETCH,            true,  UR,    CA, "host permission entry not readable" },
	{ VTD_FR_HPT_RSVD,             true,  UR,    CA, "reserved field set in host permission entry" },
	{ VTD_FR_HPT_FETCH_FIRST,      true,  UR,    CA, "first host permission entry not readable" },
	{ VTD_FR_HPT_ABSENT,           true,  UR,    UR, "host permission missing" },
	{ VTD_FR_HPT_WRITE,            true,  UR,    UR, "no host write permission" },
	{ VTD_FR_HPT_READ,             true,  UR,    UR, "no host read permission" },
	/* clang-format on */
};

static const struct reason *reason_of(uint32_t code)
{
	for (size_t i = 0; i < IOM_COUNT(reasons); i++) {
		if (reasons[i].code == code)
			return &reasons[i];
	}
	return NULL;
}

bool vtd_fault_exists(uint32_t code)
{
	return reason_of(code);
}

const char *iom_vtd_fault_name(uint32_t code)
{
	const struct reason *reason = reason_of(code);

	return reason ? reason->name : "unknown fault reason";
}

/* ---- Status --------------------------------------------------------------------------------- */

/* Sets a bit of FSTS that was clear, and that is a reason for an event. */
static void status_locked(struct vtd_unit *vtd, uint32_t bit)
{
	bool pending = vtd_get(vtd, VTD_FSTS) & VTD_FSTS_ALL;

	iom_reg_change(&vtd->unit, VTD_FSTS, 0, bit);
	if (!pending)
		vtd_event_locked(vtd, VTD_EVENT_FAULT);
}

void vtd_queue_error_locked(struct vtd_unit *vtd, uint32_t bit, uint64_t field, uint64_t value)
{
	if (vtd_get(vtd, VTD_FSTS) & bit)
		return;
	iom_reg_change(&vtd->unit, VTD_IQERCD, field, IOM_PUT(field, value));
	status_locked(vtd, bit);
}

/* ---- Records -------------------------------------------------------------------------------- */

static uint64_t record_word(const struct vtd_unit *vtd, unsigned n)
{
	return vtd_get(vtd, vtd_record_offset(vtd, n) + VTD_FRCD_1);
}

/* Is there a record that software has not cleared yet, of this source-id or (-1) of any? */
static bool pending_locked(const struct vtd_unit *vtd, int requester)
{
	for (unsigned n = 0; n < vtd_fault_records(vtd->cap); n++) {
		uint64_t word = record_word(vtd, n);

		if (word & VTD_FRCD_1_F &&
		    (requester < 0 || IOM_GET(VTD_FRCD_1_SID, word) == (unsigned)requester))
			return true;
	}
	return false;
}

void vtd_records_served_locked(struct vtd_unit *vtd)
{
	if (pending_locked(vtd, -1))
		return;
	iom_reg_change(&vtd->unit, VTD_FSTS, VTD_FSTS_PPF, 0);
	vtd_event_served_locked(vtd, VTD_EVENT_FAULT);
}

/* {T1, T2}, where they are in a record */
static uint64_t type_of(const struct vtd_record *r)
{
	static const uint64_t types[] = {
		[IOM_READ] = VTD_FRCD_1_T1,
		[IOM_WRITE] = 0,
		[IOM_EXECUTE] = VTD_FRCD_1_T1,
		[IOM_ATOMIC] = VTD_FRCD_1_T1 | VTD_FRCD_1_T2,
	};

	return r->page_request ? VTD_FRCD_1_T2 : types[r->access];
}

static uint64_t word_of(const struct vtd_unit *vtd, const struct vtd_record *r)
{
	uint64_t word = VTD_FRCD_1_F | IOM_PUT(VTD_FRCD_1_SID, r->requester) |
	                IOM_PUT(VTD_FRCD_1_FR, r->code);

	if (vtd_is_interrupt_fault(r->code))
		return word;
	word |= type_of(r);
	if (vtd->ecap & VTD_ECAP_DT && !r->page_request)
		word |= IOM_PUT(VTD_FRCD_1_AT, r->at);
	if (vtd->ecap & VTD_ECAP_PASID && r->has_pasid)
		word |= VTD_FRCD_1_PP | IOM_PUT(VTD_FRCD_1_PV, r->pasid) |
		        (r->privileged ? VTD_FRCD_1_PRIV : 0) |
		        (r->access == IOM_EXECUTE ? VTD_FRCD_1_EXE : 0);
	return word;
}

void vtd_record_locked(struct vtd_unit *vtd, const struct vtd_record *r)
{
	const struct reason *reason = reason_of(r->code);
	unsigned n = vtd->fault_next, at = vtd_record_offset(vtd, n);
	uint64_t fsts = vtd_get(vtd, VTD_FSTS);

	if ((r->quiet && reason->qualified) || fsts & VTD_FSTS_PFO ||
	    (vtd->config.flags & IOM_VTD_COMPRESS_FAULTS && pending_locked(vtd, r->requester)))
		return;
	if (record_word(vtd, n) & VTD_FRCD_1_F) {
		iom_reg_change(&vtd->unit, VTD_FSTS, 0, VTD_FSTS_PFO);
		return;
	}
	iom_reg_set(&vtd->unit, at, r->info & VTD_FRCD_FI);
	iom_reg_set(&vtd->unit, at + VTD_FRCD_1, word_of(vtd, r));
	vtd->fault_next = (n + 1) % vtd_fault_records(vtd->cap);
	if (!(fsts & VTD_FSTS_PPF)) {
		iom_reg_change(&vtd->unit, VTD_FSTS, VTD_FSTS_FRI, IOM_PUT(VTD_FSTS_FRI, n));
		status_locked(vtd, VTD_FSTS_PPF);
	}
}

void vtd_record(struct vtd_unit *vtd, const struct vtd_record *r)
{
	iom_lock(&vtd->unit.lock);
	vtd_record_locked(vtd, r);
	iom_unlock(&vtd->unit.lock);
	iom_work(&vtd->unit, 0);
}

/* ---- Answers -------------------------------------------------------------------------------- */

static enum answer answer_of(const struct iom_request *q, const struct reason *reason)
{
	switch (q->at) {
	case IOM_AT_TRANSLATION_REQUEST:
		return reason->asked;
	case IOM_AT_TRANSLATED:
		return reason->translated;
	default:
		return UR;
	}
}

/* Success without permission; privilege is echoed. */
static void answer_empty(const struct iom_request *q, struct iom_reply *reply)
{
	const unsigned both = IOM_REQ_PASID | IOM_REQ_PRIVILEGED;

	reply->status = IOM_DONE;
	reply->range_lg2 = 12;
	reply->ats = (q->flags & both) == both ? IOM_ATS_PRIVILEGED : 0;
}

void vtd_refuse(const struct iom_query *query, const struct iom_fault *fault,
                struct iom_reply *reply)
{
	const struct iom_request *q = query->request;
	const struct reason *reason = reason_of(fault->code);
	const struct vtd_record record = {
		.info = vtd_is_interrupt_fault(fault->code) ? IOM_PUT(VTD_FRCD_FI_INDEX, fault->gpa)
		                                            : q->iova,
		.pasid = q->pasid,
		.requester = (uint16_t)query->requester,
		.code = fault->code,
		.access = q->access,
		.at = q->at,
		.has_pasid = q->flags & IOM_REQ_PASID,
		.privileged = q->flags & IOM_REQ_PRIVILEGED,
		.quiet = fault->quiet,
	};
	enum answer answer = reason ? answer_of(q, reason) : UR;

	if (answer >= EMPTY) {
		answer_empty(q, reply);
	} else {
		reply->status = answer == CA ? IOM_ABORT : IOM_UNSUPPORTED;
		reply->fault = fault->code;
	}
	if (reason && answer != EMPTY && !(q->flags & IOM_REQ_PROBE))
		vtd_record(vtd_of(query->unit), &record);
}
