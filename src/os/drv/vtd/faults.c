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
	{ 0x01, "the device is attached to no domain: its bus has no context table" },
	{ 0x02, "the device is attached to no domain" },
	{ 0x03, "the device's context entry is malformed" },
	{ 0x04, "the address is beyond the domain's range" },
	{ 0x05, "write: not mapped, or not permitted" },
	{ 0x06, "read: not mapped, or not permitted" },
	{ 0x07, "a page table is outside usable memory" },
	{ 0x08, "the root table is outside usable memory" },
	{ 0x09, "a context table is outside usable memory" },
	{ 0x0a, "a root entry has reserved bits" },
	{ 0x0b, "the device's context entry has reserved bits" },
	{ 0x0c, "a page-table entry has reserved bits" },
	{ 0x0d, "a kind of request that the device may not make" },
	{ 0x0e, "the address belongs to interrupts" },
	{ 0x20, "interrupt: the message has reserved bits" },
	{ 0x21, "interrupt: the index is beyond the table" },
	{ 0x22, "interrupt: the entry is not there" },
	{ 0x23, "interrupt: the table is outside usable memory" },
	{ 0x24, "interrupt: the entry has reserved bits" },
	{ 0x25, "interrupt: messages in compatibility format are blocked" },
	{ 0x26, "interrupt: the entry is another device's" },
	{ 0x27, "interrupt: the posted descriptor is outside usable memory" },
	{ 0x28, "interrupt: the posted descriptor has reserved bits" },
	{ 0x29, "interrupt: no message, but an access to the range of messages" },
	{ 0x2a, "interrupt: the unit works in x2APIC mode only, which is off" },
	{ 0x2b, "interrupt: messages are blocked while remapping is off" },
	{ 0x30, "the root table address is malformed" },
	{ 0x31, "a request with PASID, in legacy mode" },
	{ 0x32, "a request for a page, in legacy mode" },
	{ 0x33, "the unit refuses everything" },
	{ 0x34, "a request with PASID to execute" },
	{ 0x38, "the root table is outside usable memory" },
	{ 0x39, "the device is attached to no domain: its bus has no context table" },
	{ 0x3a, "a root entry has reserved bits" },
	{ 0x40, "a context table is outside usable memory" },
	{ 0x41, "the device is attached to no domain" },
	{ 0x42, "the device's context entry has reserved bits" },
	{ 0x43, "the device's context entry is malformed" },
	{ 0x44, "the device may not use ATS" },
	{ 0x45, "the device may not use PASIDs" },
	{ 0x46, "the PASID is beyond the device's directory" },
	{ 0x47, "the device may not ask for pages" },
	{ 0x48, "the PASID is that of requests without one" },
	{ 0x49, "a translated request with PASID" },
	{ 0x50, "the PASID directory is outside usable memory" },
	{ 0x51, "the process is not known: the PASID directory has no table for it" },
	{ 0x52, "a PASID directory entry has reserved bits" },
	{ 0x58, "the PASID table is outside usable memory" },
	{ 0x59, "the process is not known, or the device is attached to no domain" },
	{ 0x5a, "the PASID table entry has reserved bits" },
	{ 0x5b, "the PASID table entry is malformed" },
	{ 0x5c, "the device may not execute" },
	{ 0x5d, "the device may not access as the supervisor" },
	{ 0x60, "a translated address is beyond the host permission table" },
	{ 0x70, "a page table of the first stage is outside usable memory" },
	{ 0x71, "not mapped by the first stage" },
	{ 0x72, "a page-table entry of the first stage has reserved bits" },
	{ 0x73, "the root table of the first stage is outside usable memory" },
	{ 0x74, "a table or page of the first stage is beyond the second stage's range" },
	{ 0x75, "the root table of the first stage is not mapped by the second" },
	{ 0x76, "a table of the first stage is not mapped by the second" },
	{ 0x77, "a table of the first stage is not writable by the second" },
	{ 0x78, "a page table of the second stage is outside usable memory" },
	{ 0x79, "not mapped by the second stage" },
	{ 0x7a, "a page-table entry of the second stage has reserved bits" },
	{ 0x7b, "the root table of the second stage is outside usable memory" },
	{ 0x7c, "a flag of the second stage cannot be set without snooping" },
	{ 0x7d, "a flag of the second stage could not be set" },
	{ 0x80, "the address is not canonical" },
	{ 0x81, "the page is the supervisor's" },
	{ 0x82, "not executable" },
	{ 0x83, "the address is beyond the host's memory" },
	{ 0x84, "the address is beyond the second stage's range" },
	{ 0x85, "write: not permitted" },
	{ 0x86, "read: not permitted" },
	{ 0x87, "the address belongs to interrupts" },
	{ 0x89, "the PASID is wider than the unit's" },
	{ 0x90, "a flag of the first stage cannot be set without snooping" },
	{ 0x91, "a flag of the first stage could not be set" },
	{ 0xa0, "a host permission table is outside usable memory" },
	{ 0xa1, "a host permission table entry has reserved bits" },
	{ 0xa2, "the root host permission table is outside usable memory" },
	{ 0xa3, "the host permission table says nothing of the page" },
	{ 0xa4, "write: not permitted by the host permission table" },
	{ 0xa5, "read: not permitted by the host permission table" },
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
	uint64_t low;

	if (vtdd_gone(high) || !(high & F_BIT))
		return false;
	low = vtdd_rd32(d, at + 8);
	fault = decode(vtdd_rd64(d, at), (uint64_t)high << 32 | low);
	vtdd_wr32(d, at + F_AT, F_BIT);
	if (report && d->base.host.fault)
		d->base.host.fault(d->base.opaque, &fault);
	return true;
}

/* From FRI on, as far as records follow each other; each once, so that no device can hold us. */
int vtdd_faults(struct vtdd_driver *d, bool report)
{
	unsigned records = (unsigned)IOM_GET(VTD_CAP_NFR, d->cap) + 1, n, index;
	uint32_t fsts = vtdd_rd32(d, VTD_FSTS);
	int count = 0;

	if (vtdd_gone(fsts))
		return 0;
	index = (unsigned)IOM_GET(VTD_FSTS_FRI, fsts) % records;
	for (n = 0; fsts & VTD_FSTS_PPF && n < records; n++, count++)
		if (!take(d, (index + n) % records, report))
			break;
	if (fsts & VTD_FSTS_PFO) {
		d->base.overflows += report;
		vtdd_wr32(d, VTD_FSTS, VTD_FSTS_PFO);
	}
	return count;
}
