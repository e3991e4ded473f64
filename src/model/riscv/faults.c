/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * From a refusal to a cause, an answer to the device, and a record ("Fault/Event-Queue"): the one
 * place where any of these is decided.
 */
#include "model/riscv/riscv.h"

#include <string.h>

enum column { ABSENT, WRONG, BUS, CORRUPT, COLUMNS };

static const uint8_t column_of[] = {
	[PT_OK] = ABSENT, /* no table was asked: UNIT and TYPE */
	[PT_WHY_INPUT] = WRONG,    [PT_WHY_EMPTY] = ABSENT,
	[PT_WHY_BAD] = WRONG,      [PT_WHY_PERMISSION] = WRONG,
	[PT_WHY_ACCESSED] = WRONG, [PT_WHY_DIRTY] = WRONG,
	[PT_WHY_BUS] = BUS,        [PT_WHY_POISON] = CORRUPT,
};

/* A cause that depends on the access is given in its form for reads. */
static const uint16_t causes[IOM_WHERES][COLUMNS] = {
	[IOM_WHERE_UNIT] = { RV_CAUSE_ALL_DISALLOWED },
	[IOM_WHERE_TYPE] = { RV_CAUSE_TYPE_DISALLOWED },
	[IOM_WHERE_DEVICE] = { RV_CAUSE_DDT_INVALID, RV_CAUSE_DDT_MISCONFIGURED,
	                       RV_CAUSE_DDT_ACCESS, RV_CAUSE_DDT_CORRUPT },
	[IOM_WHERE_PROCESS] = { RV_CAUSE_PDT_INVALID, RV_CAUSE_PDT_MISCONFIGURED,
	                        RV_CAUSE_PDT_ACCESS, RV_CAUSE_PDT_CORRUPT },
	[IOM_WHERE_STAGE1] = { RV_CAUSE_READ_PAGE, RV_CAUSE_READ_PAGE, RV_CAUSE_READ_ACCESS,
	                       RV_CAUSE_PT_CORRUPT },
	[IOM_WHERE_STAGE2] = { RV_CAUSE_READ_GUEST_PAGE, RV_CAUSE_READ_GUEST_PAGE,
	                       RV_CAUSE_READ_ACCESS, RV_CAUSE_PT_CORRUPT },
	[IOM_WHERE_MSI] = { RV_CAUSE_MSI_PTE_INVALID, RV_CAUSE_MSI_PTE_MISCONFIGURED,
	                    RV_CAUSE_MSI_PTE_ACCESS, RV_CAUSE_MSI_PT_CORRUPT },
	[IOM_WHERE_MRIF] = { [BUS] = RV_CAUSE_MRIF_ACCESS, [CORRUPT] = RV_CAUSE_MRIF_CORRUPT },
};

struct cause {
	uint16_t code;
	bool despite_dtf; /* recorded although the context asked for silence                   */
	uint8_t status;   /* what the device sees                                              */
	uint8_t ats;      /* the same for a translation request; IOM_DONE: leave to do nothing */
	const char *name;
};

static const struct cause names[] = {
	{ RV_CAUSE_EXEC_ACCESS, false, IOM_UNSUPPORTED, IOM_ABORT, "instruction access fault" },
	{ RV_CAUSE_READ_ACCESS, false, IOM_UNSUPPORTED, IOM_ABORT, "read access fault" },
	{ RV_CAUSE_WRITE_ACCESS, false, IOM_UNSUPPORTED, IOM_ABORT, "write/AMO access fault" },
	{ RV_CAUSE_EXEC_PAGE, false, IOM_UNSUPPORTED, IOM_DONE, "instruction page fault" },
	{ RV_CAUSE_READ_PAGE, false, IOM_UNSUPPORTED, IOM_DONE, "read page fault" },
	{ RV_CAUSE_WRITE_PAGE, false, IOM_UNSUPPORTED, IOM_DONE, "write/AMO page fault" },
	{ RV_CAUSE_EXEC_GUEST_PAGE, false, IOM_UNSUPPORTED, IOM_DONE,
	  "instruction guest-page fault" },
	{ RV_CAUSE_READ_GUEST_PAGE, false, IOM_UNSUPPORTED, IOM_DONE, "read guest-page fault" },
	{ RV_CAUSE_WRITE_GUEST_PAGE, false, IOM_UNSUPPORTED, IOM_DONE,
	  "write/AMO guest-page fault" },
	{ RV_CAUSE_ALL_DISALLOWED, true, IOM_UNSUPPORTED, IOM_UNSUPPORTED,
	  "all inbound transactions disallowed" },
	{ RV_CAUSE_DDT_ACCESS, true, IOM_UNSUPPORTED, IOM_UNSUPPORTED,
	  "DDT entry load access fault" },
	{ RV_CAUSE_DDT_INVALID, true, IOM_UNSUPPORTED, IOM_UNSUPPORTED, "DDT entry not valid" },
	{ RV_CAUSE_DDT_MISCONFIGURED, true, IOM_UNSUPPORTED, IOM_UNSUPPORTED,
	  "DDT entry misconfigured" },
	{ RV_CAUSE_TYPE_DISALLOWED, false, IOM_UNSUPPORTED, IOM_UNSUPPORTED,
	  "transaction type disallowed" },
	{ RV_CAUSE_MSI_PTE_ACCESS, false, IOM_UNSUPPORTED, IOM_ABORT, "MSI PTE load access fault" },
	{ RV_CAUSE_MSI_PTE_INVALID, false, IOM_UNSUPPORTED, IOM_DONE, "MSI PTE not valid" },
	{ RV_CAUSE_MSI_PTE_MISCONFIGURED, false, IOM_UNSUPPORTED, IOM_ABORT,
	  "MSI PTE misconfigured" },
	{ RV_CAUSE_MRIF_ACCESS, false, IOM_UNSUPPORTED, IOM_UNSUPPORTED, "MRIF access fault" },
	{ RV_CAUSE_PDT_ACCESS, false, IOM_UNSUPPORTED, IOM_ABORT, "PDT entry load access fault" },
	{ RV_CAUSE_PDT_INVALID, false, IOM_UNSUPPORTED, IOM_DONE, "PDT entry not valid" },
	{ RV_CAUSE_PDT_MISCONFIGURED, false, IOM_UNSUPPORTED, IOM_ABORT,
	  "PDT entry misconfigured" },
	{ RV_CAUSE_DDT_CORRUPT, true, IOM_ABORT, IOM_ABORT, "DDT data corruption" },
	{ RV_CAUSE_PDT_CORRUPT, false, IOM_ABORT, IOM_ABORT, "PDT data corruption" },
	{ RV_CAUSE_MSI_PT_CORRUPT, false, IOM_ABORT, IOM_ABORT, "MSI PT data corruption" },
	{ RV_CAUSE_MRIF_CORRUPT, false, IOM_ABORT, IOM_ABORT, "MSI MRIF data corruption" },
	{ RV_CAUSE_MSI_WRITE_ACCESS, true, IOM_UNSUPPORTED, IOM_UNSUPPORTED,
	  "IOMMU MSI write access fault" },
	{ RV_CAUSE_PT_CORRUPT, false, IOM_ABORT, IOM_ABORT,
	  "first/second-stage PT data corruption" },
};

static const struct cause *cause_of(uint32_t code)
{
	for (size_t i = 0; i < IOM_COUNT(names); i++) {
		if (names[i].code == code)
			return &names[i];
	}
	return NULL;
}

const char *iom_riscv_fault_name(uint32_t cause)
{
	const struct cause *c = cause_of(cause);

	return c ? c->name : "unknown cause";
}

unsigned rv_access(const struct iom_request *q)
{
	if (q->at != IOM_AT_UNTRANSLATED && q->access == IOM_EXECUTE && !(q->flags & IOM_REQ_PASID))
		return IOM_READ;
	if (q->at == IOM_AT_TRANSLATION_REQUEST && q->access != IOM_EXECUTE)
		return IOM_READ;
	return q->access == IOM_ATOMIC ? IOM_WRITE : q->access;
}

/* The causes that have a form for each kind of access. */
static const uint16_t by_access[][3] = {
	{ RV_CAUSE_READ_ACCESS, RV_CAUSE_WRITE_ACCESS, RV_CAUSE_EXEC_ACCESS },
	{ RV_CAUSE_READ_PAGE, RV_CAUSE_WRITE_PAGE, RV_CAUSE_EXEC_PAGE },
	{ RV_CAUSE_READ_GUEST_PAGE, RV_CAUSE_WRITE_GUEST_PAGE, RV_CAUSE_EXEC_GUEST_PAGE },
};

static uint16_t fault_cause(const struct iom_fault *fault, unsigned access)
{
	uint16_t cause = causes[fault->where][column_of[fault->why]];

	/* Nobody executes from an interrupt file. */
	if (fault->where == IOM_WHERE_MSI && fault->why == PT_WHY_PERMISSION)
		return RV_CAUSE_EXEC_ACCESS;
	for (size_t i = 0; i < IOM_COUNT(by_access); i++) {
		if (by_access[i][IOM_READ] == cause)
			return by_access[i][access];
	}
	return cause;
}

static unsigned ttyp(const struct iom_request *q)
{
	static const uint8_t untranslated[] = {
		[IOM_READ] = RV_TTYP_READ,
		[IOM_WRITE] = RV_TTYP_WRITE,
		[IOM_EXECUTE] = RV_TTYP_EXEC,
	};
	unsigned type = untranslated[rv_access(q)];

	if (q->at == IOM_AT_TRANSLATION_REQUEST)
		return RV_TTYP_ATS_REQUEST;
	if (q->at == IOM_AT_TRANSLATED)
		type += RV_TTYP_TRANSLATED_EXEC - RV_TTYP_EXEC;
	return type;
}

/* Hands a record to the worker.  More than the unit can hold back at once count as overflow. */
static void record_locked(struct rv_unit *rv, const uint64_t *rec)
{
	if (!rv_queue_works(rv, &rv_fq))
		return;
	if (rv->fifo_count < RV_FIFO) {
		memcpy(rv->fifo[(rv->fifo_first + rv->fifo_count++) % RV_FIFO], rec, RV_FQ_BYTES);
		iom_work_later(&rv->unit, RV_WORK_FAULTS);
	} else {
		rv_queue_status_locked(rv, &rv_fq, RV_QCSR_OF);
	}
}

static void record(struct rv_unit *rv, const uint64_t *rec)
{
	iom_lock(&rv->unit.lock);
	record_locked(rv, rec);
	iom_unlock(&rv->unit.lock);
}

/* Stores the oldest record that waits; false if there is none. */
static bool store_one(struct iom_unit *unit)
{
	struct rv_unit *rv = rv_of(unit);
	enum iom_ring_result result;
	uint64_t rec[RV_FQ_WORDS];
	bool go;

	iom_lock(&rv->unit.lock);
	/* After an overflow of what waits here it still has its place in the queue. */
	if (!(rv_get(rv, RV_FQCSR) & RV_QCSR_EN))
		rv->fifo_count = 0;
	go = rv->fifo_count && !iom_overtaken_locked(&rv->unit);
	if (go) {
		memcpy(rec, rv->fifo[rv->fifo_first], sizeof rec);
		rv->fifo_first = (rv->fifo_first + 1) % RV_FIFO;
		rv->fifo_count--;
		/*
		 * A full or unreachable queue drops the record and those that came after it; its
		 * status bit then holds back later ones until software clears it.
		 */
		if (rv_queue_store_locked(rv, &rv_fq, rec, &result) && result != IOM_RING_OK)
			rv->fifo_count = 0;
	}
	iom_unlock(&rv->unit.lock);
	return go;
}

void rv_faults_store(struct rv_unit *rv)
{
	iom_work_through(&rv->unit, store_one, RV_WORK_FAULTS);
}

void rv_fault_msi(struct rv_unit *rv, uint64_t address)
{
	const uint64_t rec[RV_FQ_WORDS] = { IOM_PUT(RV_FQ_CAUSE, RV_CAUSE_MSI_WRITE_ACCESS), 0,
		                            address, 0 };

	record(rv, rec);
}

/* What a record says of a request, whatever its cause. */
static uint64_t who(const struct iom_query *query, unsigned type)
{
	const struct iom_request *q = query->request;
	uint64_t word = IOM_PUT(RV_FQ_TTYP, type) | IOM_PUT(RV_FQ_DID, query->requester);

	if (q->flags & IOM_REQ_PASID)
		word |= RV_FQ_PV | IOM_PUT(RV_FQ_PID, q->pasid) |
		        (q->flags & IOM_REQ_PRIVILEGED ? RV_FQ_PRIV : 0);
	return word;
}

static bool said(const struct iom_fault *fault, const struct cause *cause)
{
	return !fault->quiet || cause->despite_dtf;
}

unsigned rv_fault_page_request_locked(const struct iom_query *query, const struct iom_fault *fault)
{
	const struct cause *cause = cause_of(fault_cause(fault, IOM_READ));
	const uint64_t rec[RV_FQ_WORDS] = { IOM_PUT(RV_FQ_CAUSE, cause->code) |
		                                    who(query, RV_TTYP_MESSAGE),
		                            0, RV_MESSAGE_PAGE_REQUEST, 0 };

	if (said(fault, cause))
		record_locked(rv_of(query->unit), rec);
	return cause->code == RV_CAUSE_TYPE_DISALLOWED ? IOM_PAGES_INVALID : IOM_PAGES_FAILED;
}

void rv_refuse(const struct iom_query *query, const struct iom_fault *fault,
               struct iom_reply *reply)
{
	const struct iom_request *q = query->request;
	const struct cause *cause = cause_of(fault_cause(fault, rv_access(q)));
	bool guest_page = fault->where == IOM_WHERE_STAGE2 && column_of[fault->why] < BUS;
	const struct rv_unit *rv = rv_of(query->unit);
	uint64_t known = rv->config.flags & IOM_RISCV_NO_OFFSETS ? ~iom_low(12) : ~UINT64_C(0);
	uint64_t rec[RV_FQ_WORDS] = { 0 };

	reply->status = q->at == IOM_AT_TRANSLATION_REQUEST ? cause->ats : cause->status;
	if (reply->status == IOM_DONE) {
		rv_ats_nothing(q, reply);
		return;
	}
	reply->fault = cause->code;
	if (q->flags & IOM_REQ_PROBE || !said(fault, cause))
		return;

	rec[0] = IOM_PUT(RV_FQ_CAUSE, cause->code) | who(query, ttyp(q));
	rec[2] = q->iova & known;
	if (guest_page)
		rec[3] = (fault->gpa & known & RV_FQ_IOTVAL2_GPA) |
		         (fault->implicit ? RV_FQ_IOTVAL2_IMPLICIT : 0) |
		         (fault->implicit_write ? RV_FQ_IOTVAL2_WRITE : 0);
	record(rv_of(query->unit), rec);
	iom_work(query->unit, 0);
}
