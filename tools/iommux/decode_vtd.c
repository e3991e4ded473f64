/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Intel VT-d: messages of Linux, Xen, QEMU, Genode and ESXi.
 */
#include <iommux/vtd.h>
#include <inttypes.h>
#include <string.h>

#include "decode.h"

#define WANTED_DMA (FIELD_BIT(FIELD_REQUESTER) | FIELD_BIT(FIELD_ADDRESS) | FIELD_BIT(FIELD_CODE))
#define WANTED_IR (FIELD_BIT(FIELD_REQUESTER) | FIELD_BIT(FIELD_INDEX) | FIELD_BIT(FIELD_CODE))
#define WANTED_QEMU (FIELD_BIT(FIELD_REQUESTER) | FIELD_BIT(FIELD_ADDRESS))
#define REGION (FIELD_BIT(FIELD_ADDRESS) | FIELD_BIT(FIELD_LAST))

static bool is_fault(const char *text)
{
	return decode_find(text, "Request device", true) && !decode_find(text, "INTR-REMAP", false);
}

static bool is_interrupt(const char *text)
{
	return decode_find(text, "Request device", true) && decode_find(text, "INTR-REMAP", false);
}

static bool is_page_request(const char *text)
{
	static const char *const reasons[] = {
		"Page request without PASID",
		"Page request in Privilege Mode",
		"Address is not canonical",
		"Execution request not supported",
	};

	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
		if (decode_find(text, reasons[i], true))
			return decode_find(text, "dmar", true);
	}
	return false;
}

static bool is_left_on(const char *text)
{
	return decode_find(text, "not in kdump mode", true) ||
	       decode_find(text, "translation tables from previous kernel", true) ||
	       decode_find(text, "copy IR table", true);
}

static bool is_allocation(const char *text)
{
	return decode_find(text, "Allocating ", true) &&
	       decode_find(text, "-page iova failed", false);
}

static const struct decode_format formats[] = {
	/* clang-format off */
	{ .is = is_fault, .kind = KIND_DMA, .class = CLASS_UNMAPPED,
	  .wanted = WANTED_DMA | FIELD_BIT(FIELD_TEXT) },
	{ .is = is_interrupt, .kind = KIND_INTERRUPT, .class = CLASS_IR_ABSENT,
	  .wanted = WANTED_IR | FIELD_BIT(FIELD_TEXT) },
	{ "fault reason", KIND_DMA, CLASS_UNMAPPED, .part = true, .wanted = FIELD_BIT(FIELD_TEXT) },
	{ "DMAR: reason", KIND_DMA, CLASS_UNMAPPED, .part = true },
	{ "INTR-REMAP: reason", KIND_INTERRUPT, CLASS_IR_ABSENT, .part = true },
	{ "INTR-REMAP:[", KIND_INTERRUPT, CLASS_IR_ABSENT, .part = true, .echoes = true },
	{ "handling fault status re", KIND_STATUS, .what = "fault status register" },

	{ "Invalid page request:", KIND_PAGE_REQUEST, CLASS_PAGES,
	  .what = "a page request was malformed, or came from a device that may not make any" },
	{ .is = is_page_request, .kind = KIND_PAGE_REQUEST, .class = CLASS_PAGES,
	  .what = "a page request was malformed, or of a kind that is not supported" },
	{ "PRQ overflow", KIND_PAGE_REQUEST, CLASS_OVERFLOW,
	  .what = "the page request queue overflowed" },
	{ "Invalidation Queue Error: Reason", KIND_INVALIDATION, CLASS_COMMAND,
	  .what = "the unit met an invalidation descriptor that it could not take" },
	{ "Invalidation Time-out Error: SID", KIND_INVALIDATION, CLASS_TIMEOUT,
	  .what = "a device did not answer a device-TLB invalidation" },
	{ "Invalidation Completion Error: SID", KIND_INVALIDATION, CLASS_TIMEOUT,
	  .what = "a device answered a device-TLB invalidation wrongly" },
	{ "QI HEAD:", KIND_DETAIL, .part = true, .what = "the descriptor at the queue's head" },
	{ "QI PRIOR:", KIND_DETAIL, .part = true, .what = "the descriptor before the queue's head" },
	{ "Error (IQE) cleared", KIND_DETAIL, .part = true, .what = "the error was cleared" },
	{ "Error (ITE) cleared", KIND_DETAIL, .part = true, .what = "the error was cleared" },
	{ "Error (ICE) cleared", KIND_DETAIL, .part = true, .what = "the error was cleared" },

	{ "table entries for IOVA", KIND_DETAIL, .part = true, .what = "entries of the tables follow" },
	{ "root entry: ", KIND_DETAIL, .part = true, .what = "the root entry" },
	{ "context entry: ", KIND_DETAIL, .part = true, .what = "the context entry" },
	{ "pasid dir entry: ", KIND_DETAIL, .part = true, .what = "the PASID directory entry" },
	{ "pasid table entry", KIND_DETAIL, .part = true, .what = "the PASID table entry" },
	{ "DMAR: PTE not present at level", KIND_DETAIL, .part = true, .what = "where the walk ended" },
	{ "DMAR: pte level", KIND_DETAIL, .part = true, .what = "an entry of the walk" },
	{ "DMAR: fault ", KIND_DETAIL, .part = true, .what = "an entry of the walk" },

	{ "No firmware reserved region can cover this RMRR", KIND_FIRMWARE, CLASS_RMRR,
	  .wanted = REGION, .what = "a reserved region of the DMAR table is ordinary memory in the memory map" },
	{ "bad RMRR", KIND_FIRMWARE, CLASS_RMRR, .wanted = REGION,
	  .what = "a reserved region of the DMAR table is not as it must be" },
	{ "RMRR base:", KIND_STATUS, CLASS_NONE, .wanted = REGION,
	  .what = "a reserved region of the DMAR table" },
	{ "RMRR address range", KIND_FIRMWARE, CLASS_RMRR, .wanted = REGION,
	  .what = "a reserved region of the DMAR table is ordinary memory in the memory map" },
	{ "ACPI_DMAR_RMRR", KIND_STATUS, .what = "a reserved region of the DMAR table" },
	{ "[VT-D] endpoint:", KIND_DETAIL, .part = true, .what = "a device of the structure" },
	{ "RMRR entry for device", KIND_FIRMWARE, CLASS_RMRR,
	  .what = "a reserved region of the DMAR table names a device wrongly; Linux goes around it" },
	{ "DMAR reported at address", KIND_FIRMWARE, CLASS_TABLE_BROKEN,
	  .what = "no remapping unit answers where the DMAR table has one" },
	{ "has no mapping iommu", KIND_FIRMWARE, CLASS_TABLE_BROKEN,
	  .what = "the DMAR table lacks an I/O APIC that the machine has" },
	{ "Failed to enable irq remapping", KIND_SOFTWARE, CLASS_TABLE_BROKEN,
	  .what = "interrupt remapping stays off" },
	{ .is = is_left_on, .kind = KIND_SOFTWARE, .class = CLASS_LEFT_ON,
	  .what = "the unit was on when the kernel began" },
	{ "BIOS vendor:", KIND_DETAIL, .part = true, .what = "the firmware's maker" },
	{ "No SATC found", KIND_STATUS, .what = "the DMAR table has no SATC structure; nothing is wrong with that" },
	{ "No ATSR found", KIND_STATUS, .what = "the DMAR table has no ATSR structure; nothing is wrong with that" },
	{ "Device is ineligible for IOMMU", KIND_SOFTWARE, CLASS_RMRR_TIED, PREFIX_REQUESTER,
	  .what = "the device stays with its reserved region, and gets no other domain" },
	{ "Allocating ", KIND_SOFTWARE, CLASS_NO_IOVA, PREFIX_REQUESTER, .is = is_allocation, .what = "no I/O virtual addresses are left" },
	{ "Setup RID2PASID failed", KIND_SOFTWARE, CLASS_GROUP, PREFIX_REQUESTER,
	  .what = "the PASID for requests without PASID could not be set up" },
	{ "Failed to get a private domain", KIND_SOFTWARE, CLASS_GROUP, PREFIX_REQUESTER,
	  .what = "the device got no domain of its own" },

	/* QEMU */
	{ "pte permission error", KIND_DMA, CLASS_UNMAPPED, .wanted = WANTED_QEMU,
	  .what = "no permission in a paging entry" },
	{ "te reserve non-zero", KIND_DMA, CLASS_TABLES, .wanted = WANTED_QEMU,
	  .what = "reserved field set in a paging entry" },
	{ "detected translation failure", KIND_DMA, CLASS_UNMAPPED, .part = true, .echoes = true,
	  .wanted = WANTED_QEMU, .what = "translation failed" },
	{ "New fault is not recorded", KIND_DETAIL, .part = true,
	  .what = "the unit has a record of that requester already" },
	{ "was REFUSED a", KIND_DMA, CLASS_UNMAPPED, .what = "the request was refused" },
	/* Genode */
	{ "Fault: hi=", KIND_DMA, CLASS_UNMAPPED, .wanted = FIELD_BIT(FIELD_ADDRESS) },
	{ "Faults records for", KIND_STATUS, .what = "fault records follow" },
	/* ESXi; its driver says in words what VT-d says in numbers */
	{ "IOMMU Fault detected for", KIND_DMA, CLASS_UNMAPPED, .what = "the request was refused" },
	{ "caused an IOMMU fault type", KIND_DMA, CLASS_UNMAPPED, .what = "the request was refused" },
	/* clang-format on */
};

static const struct decode_rule rules[] = {
	/* clang-format off */
	{ "Request device", FIELD_REQUESTER, SYNTAX_PCI, 0 },
	{ "RMRR entry for device", FIELD_REQUESTER, SYNTAX_PCI, 0 },
	{ "Fault detected for", FIELD_REQUESTER, SYNTAX_PCI, 0 },
	{ "passthru device", FIELD_REQUESTER, SYNTAX_PCI, 0 },
	{ "dev=", FIELD_REQUESTER, SYNTAX_PCI, 0 },
	{ "endpoint:", FIELD_REQUESTER, SYNTAX_PCI, 0 },
	{ "iommu:", FIELD_REQUESTER, SYNTAX_PCI, 0 },
	{ "Source=", FIELD_REQUESTER, SYNTAX_RID, 0 },
	{ "Error: SID", FIELD_REQUESTER, SYNTAX_RID, 0 },
	{ "fault addr", FIELD_ADDRESS, SYNTAX_HEX, 0 },
	{ "IOaddr:", FIELD_ADDRESS, SYNTAX_HEX, 0 },
	{ "iova=", FIELD_ADDRESS, SYNTAX_HEX, 0 },
	{ "iova ", FIELD_ADDRESS, SYNTAX_HEX, 0 },
	{ "RMRR base:", FIELD_ADDRESS, SYNTAX_HEX, 0 },
	{ "RMRR address range", FIELD_ADDRESS, SYNTAX_HEX, 0 },
	{ "this RMRR", FIELD_ADDRESS, SYNTAX_HEX, 0 },
	{ "bad RMRR", FIELD_ADDRESS, SYNTAX_HEX, 0 },
	{ "reported at address", FIELD_ADDRESS, SYNTAX_HEX, 0 },
	{ "read at", FIELD_ADDRESS, SYNTAX_HEX, 0 },
	{ "write at", FIELD_ADDRESS, SYNTAX_HEX, 0 },
	{ "at address", FIELD_ADDRESS, SYNTAX_HEX, 0 },
	{ " end:", FIELD_LAST, SYNTAX_HEX, 0 },
	{ "fault index", FIELD_INDEX, SYNTAX_HEX, 0 },
	/* Xen writes hexadecimal digits, Linux decimal ones or 0x. */
	{ "fault reason", FIELD_CODE, SYNTAX_AUTO, 0 },
	{ "DMAR: reason", FIELD_CODE, SYNTAX_HEX, 0 },
	{ "INTR-REMAP: reason", FIELD_CODE, SYNTAX_HEX, 0 },
	{ "reason=", FIELD_CODE, SYNTAX_AUTO, 0 },
	{ "(reason", FIELD_CODE, SYNTAX_AUTO, 0 },
	{ "Reason: ", FIELD_CODE, SYNTAX_AUTO, 0 },
	{ "Queue Error: Reason", FIELD_STATUS, SYNTAX_HEX, 0 },
	{ "status re", FIELD_STATUS, SYNTAX_HEX, 0 },
	{ "status reg", FIELD_STATUS, SYNTAX_HEX, 0 },
	{ "status req", FIELD_STATUS, SYNTAX_HEX, 0 },
	{ "PASID", FIELD_PASID, SYNTAX_HEX, 0 },
	{ "Domain:", FIELD_DOMAIN, SYNTAX_HEX, 0 },
	{ "DMA Read", FIELD_ACCESS, SYNTAX_IS, ACCESS_READ },
	{ "DMA Write", FIELD_ACCESS, SYNTAX_IS, ACCESS_WRITE },
	{ "REFUSED a read", FIELD_ACCESS, SYNTAX_IS, ACCESS_READ },
	{ "REFUSED a write", FIELD_ACCESS, SYNTAX_IS, ACCESS_WRITE },
	{ "write=0", FIELD_ACCESS, SYNTAX_IS, ACCESS_READ },
	{ "write=1", FIELD_ACCESS, SYNTAX_IS, ACCESS_WRITE },
	{ "type=0x0", FIELD_ACCESS, SYNTAX_IS, ACCESS_WRITE },
	{ "type=0x1", FIELD_ACCESS, SYNTAX_IS, ACCESS_READ },
	/* clang-format on */
};

/* "[first-last]" and "first..last": the last follows the first. */
static void collect_last(struct decode_event *e, const char *key)
{
	const char *at = decode_find(e->text, key, true);
	uint64_t value;

	if (!at || decode_has(e, FIELD_LAST))
		return;
	at += strspn(at, " [");
	if (!decode_number(&at, true, &value))
		return;
	at += strspn(at, "-.");
	if (decode_number(&at, true, &value))
		decode_set(e, FIELD_LAST, value);
}

/* "Page Request Descriptor": its first two quadwords */
static void collect_page_request(struct decode_event *e)
{
	const char *at = decode_find(e->text, "Invalid page request:", true);
	uint64_t low, high;

	if (!at)
		return;
	at += strspn(at, " ");
	if (!decode_number(&at, true, &low))
		return;
	at += strspn(at, " ");
	if (!decode_number(&at, true, &high))
		return;
	decode_set(e, FIELD_REQUESTER, low >> 16 & 0xffff);
	if (low >> 8 & 1)
		decode_set(e, FIELD_PASID, low >> 32 & 0xfffff);
	decode_set(e, FIELD_ADDRESS, high >> 12 << 12);
	if (high & 2)
		decode_set(e, FIELD_ACCESS, ACCESS_WRITE);
	else if (high & 1)
		decode_set(e, FIELD_ACCESS, ACCESS_READ);
}

static void collect(struct decode_event *e)
{
	const char *at = decode_find(e->text, "fault reason", true);
	uint64_t value;

	collect_page_request(e);
	collect_last(e, "this RMRR");
	collect_last(e, "bad RMRR");
	collect_last(e, "RMRR address range");
	if (at)
		at = strchr(at, ']');
	if ((at && at[1 + strspn(at + 1, " ")]) || decode_find(e->text, ": reason", false))
		decode_set(e, FIELD_TEXT, 1);
	/* Genode: bits 63:12 of the fault information */
	at = decode_find(e->text, "info=", true);
	if (at && decode_number(&at, true, &value))
		decode_set(e, FIELD_ADDRESS, value << 12);
	/* Older kernels: no PASID */
	if (decode_has(e, FIELD_PASID) && e->value[FIELD_PASID] > 0xfffff)
		e->have &= ~FIELD_BIT(FIELD_PASID);
}

/* By the fault reasons in ranges; names are the library's. */
static const struct {
	uint8_t first, last, class;
} classes[] = {
	{ 0x01, 0x02, CLASS_ABSENT },    { 0x03, 0x03, CLASS_TABLES },
	{ 0x04, 0x04, CLASS_WIDTH },     { 0x05, 0x05, CLASS_WRITE },
	{ 0x06, 0x06, CLASS_READ },      { 0x07, 0x09, CLASS_FETCH },
	{ 0x0a, 0x0c, CLASS_TABLES },    { 0x0d, 0x0d, CLASS_ATS },
	{ 0x0e, 0x0e, CLASS_RANGE },     { 0x20, 0x20, CLASS_IR_FORMAT },
	{ 0x21, 0x22, CLASS_IR_ABSENT }, { 0x23, 0x24, CLASS_IR_TABLES },
	{ 0x25, 0x25, CLASS_IR_FORMAT }, { 0x26, 0x26, CLASS_IR_SOURCE },
	{ 0x27, 0x28, CLASS_IR_TABLES }, { 0x29, 0x29, CLASS_RANGE },
	{ 0x2a, 0x2b, CLASS_IR_FORMAT }, { 0x30, 0x30, CLASS_TABLES },
	{ 0x31, 0x31, CLASS_PASID },     { 0x32, 0x32, CLASS_PAGES },
	{ 0x33, 0x33, CLASS_BLOCKED },   { 0x34, 0x34, CLASS_PASID },
	{ 0x38, 0x38, CLASS_FETCH },     { 0x39, 0x39, CLASS_ABSENT },
	{ 0x3a, 0x3a, CLASS_TABLES },    { 0x40, 0x40, CLASS_FETCH },
	{ 0x41, 0x41, CLASS_ABSENT },    { 0x42, 0x43, CLASS_TABLES },
	{ 0x44, 0x44, CLASS_ATS },       { 0x45, 0x46, CLASS_PASID },
	{ 0x47, 0x47, CLASS_PAGES },     { 0x48, 0x48, CLASS_PASID },
	{ 0x49, 0x49, CLASS_ATS },       { 0x50, 0x50, CLASS_FETCH },
	{ 0x51, 0x51, CLASS_PASID },     { 0x52, 0x52, CLASS_TABLES },
	{ 0x58, 0x58, CLASS_FETCH },     { 0x59, 0x59, CLASS_PASID },
	{ 0x5a, 0x5b, CLASS_TABLES },    { 0x5c, 0x5d, CLASS_PRIVILEGE },
	{ 0x60, 0x60, CLASS_ATS },       { 0x70, 0x70, CLASS_FETCH },
	{ 0x71, 0x71, CLASS_UNMAPPED },  { 0x72, 0x72, CLASS_TABLES },
	{ 0x73, 0x73, CLASS_FETCH },     { 0x74, 0x74, CLASS_WIDTH },
	{ 0x75, 0x77, CLASS_TABLES },    { 0x78, 0x78, CLASS_FETCH },
	{ 0x79, 0x79, CLASS_UNMAPPED },  { 0x7a, 0x7a, CLASS_TABLES },
	{ 0x7b, 0x7b, CLASS_FETCH },     { 0x7c, 0x7d, CLASS_TABLES },
	{ 0x80, 0x80, CLASS_WIDTH },     { 0x81, 0x81, CLASS_PRIVILEGE },
	{ 0x82, 0x82, CLASS_EXECUTE },   { 0x83, 0x84, CLASS_WIDTH },
	{ 0x85, 0x85, CLASS_WRITE },     { 0x86, 0x86, CLASS_READ },
	{ 0x87, 0x87, CLASS_RANGE },     { 0x89, 0x89, CLASS_PASID },
	{ 0x90, 0x91, CLASS_TABLES },    { 0xa0, 0xa5, CLASS_ATS },
};

/* "FSTS" */
static const struct {
	uint8_t bit;
	const char *means;
} status_bits[] = {
	{ 0, "records were lost, as all were full" },
	{ 1, "a fault is recorded" },
	{ 2, "the fault log in memory overflowed" },
	{ 3, "a fault is in the log in memory" },
	{ 4, "invalidation queue error" },
	{ 5, "invalidation completion error" },
	{ 6, "invalidation time-out" },
	{ 7, "page requests were lost" },
};

static void interpret_status(struct decode_event *e)
{
	const uint64_t status = e->value[FIELD_STATUS];
	size_t len = 0;

	/* A fault is recorded: that is what the next line is about. */
	if (!(status & 0xff & ~UINT64_C(2)))
		return;
	for (size_t i = 0; i < sizeof status_bits / sizeof status_bits[0]; i++) {
		if (status >> status_bits[i].bit & 1 && len < sizeof e->more)
			len += (size_t)snprintf(e->more + len, sizeof e->more - len, "%s%s",
			                        len ? "; " : "", status_bits[i].means);
	}
}

static void interpret(struct decode_event *e)
{
	const uint64_t code = e->value[FIELD_CODE];

	if (e->kind == KIND_STATUS && decode_has(e, FIELD_STATUS))
		interpret_status(e);
	if (!decode_has(e, FIELD_CODE) || code > 0xff)
		return;
	e->name = iom_vtd_fault_name((uint32_t)code);
	for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
		if (code >= classes[i].first && code <= classes[i].last)
			e->class = classes[i].class;
	}
	if (e->value[FIELD_ACCESS] == ACCESS_READ && (code == 0x05 || code == 0x85))
		snprintf(e->more, sizeof e->more,
		         "a read that wants to write is an AtomicOp, which logs call a read");
}

const struct decode_arch decode_vtd = {
	.name = "vtd",
	.title = "VT-d",
	.formats = formats,
	.format_count = sizeof formats / sizeof formats[0],
	.rules = rules,
	.rule_count = sizeof rules / sizeof rules[0],
	.collect = collect,
	.interpret = interpret,
};
