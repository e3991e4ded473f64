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
	{ 0x01, false, UR,    UR, "root entry not present" },
	{ 0x02, true,  UR,    UR, "context entry not present" },
	{ 0x03, true,  CA,    UR, "context entry invalid" },
	{ 0x04, true,  EMPTY, UR, "address beyond the guest address width" },
	{ 0x05, true,  EMPTY, UR, "no write permission" },
	{ 0x06, true,  EMPTY, UR, "no read permission" },
	{ 0x07, true,  CA,    UR, "paging entry not readable" },
	{ 0x08, false, CA,    UR, "root entry not readable" },
	{ 0x09, false, CA,    UR, "context entry not readable" },
	{ 0x0a, false, CA,    UR, "reserved field set in root entry" },
	{ 0x0b, true,  CA,    UR, "reserved field set in context entry" },
	{ 0x0c, true,  CA,    UR, "reserved field set in paging entry" },
	{ 0x0d, true,  UR,    UR, "translation type blocks the request" },
	{ 0x0e, true,  CA,    UR, "output in the interrupt address range" },

	{ 0x20, false, UR,    UR, "reserved field set in interrupt request" },
	{ 0x21, false, UR,    UR, "interrupt index beyond the table" },
	{ 0x22, true,  UR,    UR, "interrupt entry not present" },
	{ 0x23, false, UR,    UR, "interrupt entry not readable" },
	{ 0x24, true,  UR,    UR, "reserved field set in interrupt entry" },
	{ 0x25, false, UR,    UR, "compatibility format blocked" },
	{ 0x26, true,  UR,    UR, "source-id not verified" },
	{ 0x27, true,  UR,    UR, "posted interrupt descriptor not accessible" },
	{ 0x28, true,  UR,    UR, "reserved field set in posted interrupt descriptor" },
	{ 0x29, false, UR,    UR, "no interrupt request, but in their address range" },
	{ 0x2a, false, UR,    UR, "extended interrupt mode not enabled" },
	{ 0x2b, false, UR,    UR, "interrupt remapping not enabled" },

	{ 0x30, false, CA,    UR, "root table address invalid" },
	{ 0x31, false, UR,    UR, "request with PASID in legacy mode" },
	{ 0x32, false, UR,    UR, "page request in legacy mode" },
	{ 0x33, false, UR,    UR, "abort-DMA mode" },
	{ 0x34, false, UR,    UR, "request with PASID for execution" },
	{ 0x38, false, CA,    UR, "scalable-mode root entry not readable" },
	{ 0x39, false, UR,    UR, "scalable-mode root entry not present" },
	{ 0x3a, false, CA,    UR, "reserved field set in scalable-mode root entry" },
	{ 0x40, false, CA,    UR, "scalable-mode context entry not readable" },
	{ 0x41, true,  UR,    UR, "scalable-mode context entry not present" },
	{ 0x42, true,  CA,    UR, "reserved field set in scalable-mode context entry" },
	{ 0x43, true,  CA,    UR, "scalable-mode context entry invalid" },
	{ 0x44, true,  UR,    UR, "DTE clear in scalable-mode context entry" },
	{ 0x45, true,  UR,    UR, "PASIDE clear in scalable-mode context entry" },
	{ 0x46, true,  UR,    UR, "PASID beyond the directory" },
	{ 0x47, true,  UR,    UR, "PRE clear in scalable-mode context entry" },
	{ 0x48, true,  UR,    UR, "PASID of the request is RID_PASID" },
	{ 0x49, true,  UR,    UR, "EPTR clear in scalable-mode context entry" },
	{ 0x50, false, CA,    CA, "PASID directory entry not readable" },
	{ 0x51, true,  EMPTY, UR, "PASID directory entry not present" },
	{ 0x52, true,  CA,    CA, "reserved field set in PASID directory entry" },
	{ 0x58, false, CA,    CA, "PASID table entry not readable" },
	{ 0x59, true,  EMPTY, UR, "PASID table entry not present" },
	{ 0x5a, true,  CA,    CA, "reserved field set in PASID table entry" },
	{ 0x5b, true,  CA,    CA, "PASID table entry invalid" },
	{ 0x5c, true,  EMPTY, UR, "execution not enabled in PASID table entry" },
	{ 0x5d, true,  EMPTY, UR, "SRE clear in PASID table entry" },
	{ 0x60, true,  UR,    UR, "address beyond the host permission table" },
	{ 0x70, true,  EMPTY, UR, "first-stage entry not readable" },
	{ 0x71, true,  EMPTY, UR, "first-stage entry not present" },
	{ 0x72, true,  EMPTY, UR, "reserved field set in first-stage entry" },
	{ 0x73, true,  EMPTY, UR, "first first-stage entry not readable" },
	{ 0x74, true,  EMPTY, UR, "first-stage address beyond the second stage" },
	{ 0x75, true,  EMPTY, UR, "second stage forbids to read the first first-stage entry" },
	{ 0x76, true,  EMPTY, UR, "second stage forbids to read a first-stage entry" },
	{ 0x77, true,  EMPTY, UR, "second stage forbids to write a first-stage entry" },
	{ 0x78, true,  CA,    UR, "second-stage entry not readable" },
	{ 0x79, true,  EMPTY, UR, "second-stage entry without permission" },
	{ 0x7a, true,  CA,    UR, "reserved field set in second-stage entry" },
	{ 0x7b, true,  CA,    UR, "first second-stage entry not readable" },
	{ 0x7c, true,  CA,    UR, "accessed or dirty flag needed in second-stage entry not snooped" },
	{ 0x7d, true,  CA,    UR, "accessed or dirty flag of second-stage entry not writable" },
	{ 0x80, true,  EMPTY, UR, "address not canonical" },
	{ 0x81, true,  EMPTY, UR, "user request for a supervisor page" },
	{ 0x82, true,  EMPTY, UR, "no execute permission" },
	{ 0x83, true,  EMPTY, UR, "address beyond the host address width" },
	{ 0x84, true,  EMPTY, UR, "address beyond the second stage" },
	{ 0x85, true,  EMPTY, UR, "no write permission (scalable mode)" },
	{ 0x86, true,  EMPTY, UR, "no read permission (scalable mode)" },
	{ 0x87, true,  CA,    UR, "output in the interrupt address range (scalable mode)" },
	{ 0x89, true,  UR,    UR, "PASID wider than the unit's" },
	{ 0x90, true,  EMPTY, UR, "accessed or dirty flag needed in first-stage entry not snooped" },
	{ 0x91, true,  EMPTY_NOTED, UR, "accessed or dirty flag of first-stage entry not writable" },

	{ 0xa0, true,  UR,    CA, "host permission entry not readable" },
	{ 0xa1, true,  UR,    CA, "reserved field set in host permission entry" },
	{ 0xa2, true,  UR,    CA, "first host permission entry not readable" },
	{ 0xa3, true,  UR,    UR, "host permission missing" },
	{ 0xa4, true,  UR,    UR, "no host write permission" },
	{ 0xa5, true,  UR,    UR, "no host read permission" },
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

const char *vtd_fault_name(uint32_t code)
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
