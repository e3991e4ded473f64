/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The fault recording registers ("Primary Fault Logging", "Fault Conditions"). */
#include "os/drv/vtd/vtd.h"

/* The half of a record that holds F is read and written by itself, as Linux does. */
#define F_AT 12
#define F_BIT IOM_BIT(31)

struct reason {
	uint8_t code;
	const char *text;
};

static const struct reason reasons[] = {
	{ VTD_FR_ROOT_ABSENT, "the device is attached to no domain: its bus has no context table" },
	{ VTD_FR_CONTEXT_ABSENT, "the device is attached to no domain" },
	{ VTD_FR_CONTEXT, "the device's context entry is malformed" },
	{ VTD_FR_ADDRESS, "the address is beyond the domain's range" },
	{ VTD_FR_WRITE, "write: not mapped, or not permitted" },
	{ VTD_FR_READ, "read: not mapped, or not permitted" },
	{ VTD_FR_PAGING_FETCH, "a page table is outside usable memory" },
	{ VTD_FR_ROOT_FETCH, "the root table is outside usable memory" },
	{ VTD_FR_CONTEXT_FETCH, "a context table is outside usable memory" },
	{ VTD_FR_ROOT_RSVD, "a root entry has reserved bits" },
	{ VTD_FR_CONTEXT_RSVD, "the device's context entry has reserved bits" },
	{ VTD_FR_PAGING_RSVD, "a page-table entry has reserved bits" },
	{ VTD_FR_TT, "a kind of request that the device may not make" },
	{ VTD_FR_INTERRUPT, "the address belongs to interrupts" },
	{ VTD_FR_IR_REQUEST, "interrupt: the message has reserved bits" },
	{ VTD_FR_IR_INDEX, "interrupt: the index is beyond the table" },
	{ VTD_FR_IR_ABSENT, "interrupt: the entry is not there" },
	{ VTD_FR_IR_FETCH, "interrupt: the table is outside usable memory" },
	{ VTD_FR_IR_ENTRY, "interrupt: the entry has reserved bits" },
	{ VTD_FR_IR_COMPATIBILITY, "interrupt: messages in compatibility format are blocked" },
	{ VTD_FR_IR_SOURCE, "interrupt: the entry is another device's" },
	{ VTD_FR_IR_DESCRIPTOR_ACCESS, "interrupt: the posted descriptor is outside usable "
	                               "memory" },
	{ VTD_FR_IR_DESCRIPTOR, "interrupt: the posted descriptor has reserved bits" },
	{ VTD_FR_IR_NO_MESSAGE, "interrupt: no message, but an access to the range of messages" },
	{ VTD_FR_IR_XAPIC, "interrupt: the unit works in x2APIC mode only, which is off" },
	{ VTD_FR_IR_OFF, "interrupt: messages are blocked while remapping is off" },
	{ VTD_FR_TTM, "the root table address is malformed" },
	{ VTD_FR_TTM_PASID, "a request with PASID, in legacy mode" },
	{ VTD_FR_TTM_PAGES, "a request for a page, in legacy mode" },
	{ VTD_FR_TTM_ABORT, "the unit refuses everything" },
	{ VTD_FR_EXECUTE, "a request with PASID to execute" },
	{ VTD_FR_SROOT_FETCH, "the root table is outside usable memory" },
	{ VTD_FR_SROOT_ABSENT, "the device is attached to no domain: its bus has no context "
	                       "table" },
	{ VTD_FR_SROOT_RSVD, "a root entry has reserved bits" },
	{ VTD_FR_SCONTEXT_FETCH, "a context table is outside usable memory" },
	{ VTD_FR_SCONTEXT_ABSENT, "the device is attached to no domain" },
	{ VTD_FR_SCONTEXT_RSVD, "the device's context entry has reserved bits" },
	{ VTD_FR_SCONTEXT, "the device's context entry is malformed" },
	{ VTD_FR_DTE, "the device may not use ATS" },
	{ VTD_FR_PASIDE, "the device may not use PASIDs" },
	{ VTD_FR_PDTS, "the PASID is beyond the device's directory" },
	{ VTD_FR_PRE, "the device may not ask for pages" },
	{ VTD_FR_RID_PASID, "the PASID is that of requests without one" },
	{ VTD_FR_EPTR, "a translated request with PASID" },
	{ VTD_FR_DIRECTORY_FETCH, "the PASID directory is outside usable memory" },
	{ VTD_FR_DIRECTORY_ABSENT, "the process is not known: the PASID directory has no table for "
	                           "it" },
	{ VTD_FR_DIRECTORY_RSVD, "a PASID directory entry has reserved bits" },
	{ VTD_FR_PASID_FETCH, "the PASID table is outside usable memory" },
	{ VTD_FR_PASID_ABSENT, "the process is not known, or the device is attached to no domain" },
	{ VTD_FR_PASID_RSVD, "the PASID table entry has reserved bits" },
	{ VTD_FR_PASID, "the PASID table entry is malformed" },
	{ VTD_FR_ERE, "the device may not execute" },
	{ VTD_FR_SRE, "the device may not access as the supervisor" },
	{ VTD_FR_HPTSZ, "a translated address is beyond the host permission table" },
	{ VTD_FR_FS_FETCH, "a page table of the first stage is outside usable memory" },
	{ VTD_FR_FS_ABSENT, "not mapped by the first stage" },
	{ VTD_FR_FS_RSVD, "a page-table entry of the first stage has reserved bits" },
	{ VTD_FR_FS_FETCH_FIRST, "the root table of the first stage is outside usable memory" },
	{ VTD_FR_FS_ADDRESS, "a table or page of the first stage is beyond the second stage's "
	                     "range" },
	{ VTD_FR_FS_READ_FIRST, "the root table of the first stage is not mapped by the second" },
	{ VTD_FR_FS_READ, "a table of the first stage is not mapped by the second" },
	{ VTD_FR_FS_WRITE, "a table of the first stage is not writable by the second" },
	{ VTD_FR_SS_FETCH, "a page table of the second stage is outside usable memory" },
	{ VTD_FR_SS_ABSENT, "not mapped by the second stage" },
	{ VTD_FR_SS_RSVD, "a page-table entry of the second stage has reserved bits" },
	{ VTD_FR_SS_FETCH_FIRST, "the root table of the second stage is outside usable memory" },
	{ VTD_FR_SS_UNSNOOPED, "a flag of the second stage cannot be set without snooping" },
	{ VTD_FR_SS_UPDATE, "a flag of the second stage could not be set" },
	{ VTD_FR_SM_CANONICAL, "the address is not canonical" },
	{ VTD_FR_SM_USER, "the page is the supervisor's" },
	{ VTD_FR_SM_EXECUTE, "not executable" },
	{ VTD_FR_SM_HOST_ADDRESS, "the address is beyond the host's memory" },
	{ VTD_FR_SM_ADDRESS, "the address is beyond the second stage's range" },
	{ VTD_FR_SM_WRITE, "write: not permitted" },
	{ VTD_FR_SM_READ, "read: not permitted" },
	{ VTD_FR_SM_INTERRUPT, "the address belongs to interrupts" },
	{ VTD_FR_PASID_WIDTH, "the PASID is wider than the unit's" },
	{ VTD_FR_FS_UNSNOOPED, "a flag of the first stage cannot be set without snooping" },
	{ VTD_FR_FS_UPDATE, "a flag of the first stage could not be set" },
	{ VTD_FR_HPT_FETCH, "a host permission table is outside usable memory" },
	{ VTD_FR_HPT_RSVD, "a host permission table entry has reserved bits" },
	{ VTD_FR_HPT_FETCH_FIRST, "the root host permission table is outside usable memory" },
	{ VTD_FR_HPT_ABSENT, "the host permission table says nothing of the page" },
	{ VTD_FR_HPT_WRITE, "write: not permitted by the host permission table" },
	{ VTD_FR_HPT_READ, "read: not permitted by the host permission table" },
};

static const char *reason_of(uint32_t code)
{
	size_t n;

	for (n = 0; n < IOM_COUNT(reasons); n++)
		if (reasons[n].code == code)
			return reasons[n].text;
	return "a reason that this driver does not know";
}

static bool is_interrupt(uint32_t code)
{
	return code >= 0x20 && code <= 0x2f;
}

/* {T1, T2}: 00 write, 01 request for a page, 10 read, 11 atomic access. */
static struct iom_os_fault decode(uint64_t qw0, uint64_t qw1)
{
	uint32_t code = (uint32_t)IOM_GET(VTD_FRCD_1_FR, qw1);

	return (struct iom_os_fault){
		.iova = is_interrupt(code) ? IOM_GET(VTD_FRCD_FI_INDEX, qw0) : qw0 & VTD_FRCD_FI,
		.requester = (uint32_t)IOM_GET(VTD_FRCD_1_SID, qw1),
		.pasid = (uint32_t)IOM_GET(VTD_FRCD_1_PV, qw1),
		.code = code,
		.has_pasid = qw1 & VTD_FRCD_1_PP,
		.write = !(qw1 & VTD_FRCD_1_T1) == !(qw1 & VTD_FRCD_1_T2),
		.reason = reason_of(code),
	};
}

/* One record, if there is one: what it says is read before F gives its place back. */
static bool take(struct vtdd_driver *d, unsigned index, bool report)
{
	uint64_t at = IOM_GET(VTD_CAP_FRO, d->cap) * 16 + (uint64_t)index * VTD_FRCD_BYTES;
	uint32_t high = vtdd_rd32(d, at + F_AT);
	struct iom_os_fault fault;
	uint64_t info;
	uint32_t low;

	if (vtdd_gone(high) || !(high & F_BIT))
		return false;
	low = vtdd_rd32(d, at + 8);
	info = vtdd_rd64(d, at);
	/* Both have bits that are always 0. */
	if (vtdd_gone(low) || info == UINT64_MAX)
		return false;
	fault = decode(info, (uint64_t)high << 32 | low);
	vtdd_wr32(d, at + F_AT, F_BIT);
	if (report && d->base.host.fault)
		d->base.host.fault(d->base.opaque, &fault);
	return true;
}

/*
 * From FRI on, as far as records follow each other; each once, so that no device can hold us.  FRI is as
 * it was when PPF became 1, so the first records may have been taken before.
 */
int vtdd_faults(struct vtdd_driver *d, bool report)
{
	unsigned records = (unsigned)IOM_GET(VTD_CAP_NFR, d->cap) + 1, n, index;
	uint32_t fsts = vtdd_rd32(d, VTD_FSTS);
	int count = 0;

	if (vtdd_gone(fsts))
		return 0;
	index = (unsigned)IOM_GET(VTD_FSTS_FRI, fsts) % records;
	for (n = 0; fsts & VTD_FSTS_PPF && n < records; n++) {
		if (take(d, (index + n) % records, report))
			count++;
		else if (count)
			break;
	}
	if (fsts & VTD_FSTS_PFO) {
		d->base.overflows += report;
		vtdd_wr32(d, VTD_FSTS, VTD_FSTS_PFO);
	}
	return count;
}
