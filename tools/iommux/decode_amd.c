/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* AMD-Vi: messages of Linux and Xen. */
#include <string.h>

#include "decode.h"

/* "Event Log": a field of Linux's and Xen's messages has these bits of a record at 48 and up. */
#define FLAG_GN 0x001u
#define FLAG_I 0x008u
#define FLAG_PR 0x010u
#define FLAG_RW 0x020u
#define FLAG_PE 0x040u
#define FLAG_RZ 0x080u
#define FLAG_TR 0x100u

static const struct kind {
	const char *word;
	uint8_t code, kind, class;
	const char *name;
} kinds[] = {
	/* clang-format off */
	{ "ILLEGAL_DEV_TABLE_ENTRY", 0x1, KIND_DMA, CLASS_TABLES, "device table entry illegal" },
	{ "IO_PAGE_FAULT", 0x2, KIND_DMA, CLASS_UNMAPPED, "I/O page fault" },
	{ "DEV_TAB_HARDWARE_ERROR", 0x3, KIND_UNIT, CLASS_FETCH, "device table not readable" },
	{ "DEV_TABLE_HW_ERROR", 0x3, KIND_UNIT, CLASS_FETCH, "device table not readable" },
	{ "PAGE_TAB_HARDWARE_ERROR", 0x4, KIND_UNIT, CLASS_FETCH, "page table not readable" },
	{ "PAGE_TABLE_HW_ERROR", 0x4, KIND_UNIT, CLASS_FETCH, "page table not readable" },
	{ "ILLEGAL_COMMAND_ERROR", 0x5, KIND_INVALIDATION, CLASS_COMMAND, "illegal command" },
	{ "COMMAND_HARDWARE_ERROR", 0x6, KIND_INVALIDATION, CLASS_COMMAND, "command buffer not accessible" },
	{ "COMMAND_HW_ERROR", 0x6, KIND_INVALIDATION, CLASS_COMMAND, "command buffer not accessible" },
	{ "IOTLB_INV_TIMEOUT", 0x7, KIND_INVALIDATION, CLASS_TIMEOUT,
	  "a device did not answer an IOTLB invalidation" },
	{ "INVALID_DEVICE_REQUEST", 0x8, KIND_DMA, CLASS_RANGE, "request of a kind that the device may not make" },
	{ "INVALID_DEV_REQUEST", 0x8, KIND_DMA, CLASS_RANGE, "request of a kind that the device may not make" },
	{ "INVALID_PPR_REQUEST", 0x9, KIND_PAGE_REQUEST, CLASS_PAGES, "page request that the device may not make" },
	{ "EVENT_COUNTER_ZERO", 0xa, KIND_STATUS, CLASS_NONE, "a performance counter wrapped" },
	{ "GUEST_EVENT_FAULT", 0xb, KIND_UNIT, CLASS_COMMAND, "the event log of a guest is not writable" },
	{ "VIOMMU_HARDWARE_ERROR", 0xc, KIND_UNIT, CLASS_COMMAND, "hardware error of a virtual IOMMU" },
	{ "RMP_PAGE_FAULT", 0xd, KIND_DMA, CLASS_SNP, "refused by the reverse map table" },
	{ "RMP_HW_ERROR", 0xe, KIND_UNIT, CLASS_SNP, "reverse map table not readable" },
	{ "RMP_HARDWARE_ERROR", 0xe, KIND_UNIT, CLASS_SNP, "reverse map table not readable" },
	{ "UNKNOWN event[", 0, KIND_UNIT, CLASS_NONE, "an event that the driver does not know" },
	/* clang-format on */
};

#define KINDS_HERE (sizeof kinds / sizeof kinds[0])

static const struct kind *find_kind(const char *text)
{
	for (size_t i = 0; i < KINDS_HERE; i++) {
		if (decode_find(text, kinds[i].word, true))
			return &kinds[i];
	}
	return NULL;
}

static bool is_event(const char *text)
{
	return find_kind(text);
}

static bool is_dte(const char *text)
{
	return decode_find(text, "AMD-Vi: DTE[", false) ||
	       decode_find(text, "AMD-Vi: CMD[", false) ||
	       decode_find(text, "AMD-Vi: Control Reg", false);
}

static bool is_xen_walk(const char *text)
{
	const char *at = decode_find(text, "(XEN) L", false);

	return decode_find(text, " dfn=", false) ||
	       (at && at[0] >= '1' && at[0] <= '6' && at[1] == '[');
}

static bool is_initialization(const char *text)
{
	return decode_find(text, "AMD-Vi: Error initialization", false) ||
	       decode_find(text, "AMD-Vi: Disabling interrupt remapping", false);
}

static const struct decode_format formats[] = {
	/* clang-format off */
	{ "AMD-Vi: Event logged", KIND_DMA, CLASS_UNMAPPED, PREFIX_REQUESTER,
	  .wanted = FIELD_BIT(FIELD_NAME) | FIELD_BIT(FIELD_TEXT), .what = "an event" },
	{ .is = is_event, .kind = KIND_DMA, .class = CLASS_UNMAPPED, .part = true,
	  .wanted = FIELD_BIT(FIELD_TEXT) },
	{ .is = is_dte, .kind = KIND_DETAIL, .part = true, .what = "a part of what the unit read" },
	{ .is = is_xen_walk, .kind = KIND_DETAIL, .part = true, .what = "an entry of the walk" },
	{ "Completion-Wait loop timed out", KIND_INVALIDATION, CLASS_TIMEOUT,
	  .what = "the unit did not complete its commands in time" },
	{ "Completion wait failed", KIND_INVALIDATION, CLASS_TIMEOUT,
	  .what = "the unit did not complete its commands in time" },
	{ "IOMMU mapping error in map_sg", KIND_SOFTWARE, CLASS_NO_IOVA, PREFIX_REQUESTER,
	  .what = "a scatter-gather list could not be mapped" },
	{ "Event log overflow", KIND_LOST, CLASS_OVERFLOW, .what = "the event log overflowed" },
	{ "event log restarting", KIND_LOST, CLASS_OVERFLOW, .what = "the event log overflowed" },
	{ "PPR log overflow", KIND_LOST, CLASS_OVERFLOW, .what = "the page request log overflowed" },
	{ "not in IVRS table", KIND_FIRMWARE, CLASS_TABLE_BROKEN,
	  .what = "the IVRS table lacks an I/O APIC or an HPET that the machine has" },
	{ "No southbridge IOAPIC found", KIND_FIRMWARE, CLASS_TABLE_BROKEN,
	  .what = "the IVRS table lacks the I/O APIC of the southbridge" },
	{ "is not (entirely) in reserved memory", KIND_FIRMWARE, CLASS_RMRR,
	  .what = "a region of the IVRS table (IVMD) is not reserved in the memory map" },
	{ "IVMD: page at", KIND_FIRMWARE, CLASS_RMRR,
	  .what = "a region of the IVRS table (IVMD) could not be reserved" },
	{ .is = is_initialization, .kind = KIND_SOFTWARE, .class = CLASS_TABLE_BROKEN,
	  .what = "the IOMMU, or a part of it, stays off" },
	/* clang-format on */
};

static const struct decode_rule rules[] = {
	{ "device=", FIELD_REQUESTER, SYNTAX_PCI, 0 },
	{ "device id", FIELD_REQUESTER, SYNTAX_RID, 0 },
	{ "address=", FIELD_ADDRESS, SYNTAX_HEX, 0 },
	{ "fault address", FIELD_ADDRESS, SYNTAX_HEX, 0 },
	{ "gpa=", FIELD_ADDRESS, SYNTAX_HEX, 0 },
	{ "spa=", FIELD_ADDRESS, SYNTAX_HEX, 0 },
	{ "addr", FIELD_ADDRESS, SYNTAX_HEX, 0 },
	{ "page at", FIELD_ADDRESS, SYNTAX_HEX, 0 },
	{ "domain=", FIELD_DOMAIN, SYNTAX_HEX, 0 },
	{ "domain =", FIELD_DOMAIN, SYNTAX_AUTO, 0 },
	{ "pasid=", FIELD_PASID, SYNTAX_HEX, 0 },
	{ "flags", FIELD_FLAGS, SYNTAX_HEX, 0 },
};

/* Xen: "IO_PAGE_FAULT: 0000:00:14.0 d0 addr ..." */
static void collect_xen(struct decode_event *e, const char *at)
{
	uint64_t value;

	at += strspn(at, ": ");
	if (!decode_pci(&at, &value))
		return;
	decode_set(e, FIELD_REQUESTER, value);
	at += strspn(at, " d");
	if (decode_number(&at, false, &value))
		decode_set(e, FIELD_DOMAIN, value);
}

static void collect(struct decode_event *e)
{
	const struct kind *kind = find_kind(e->text);
	const char *at;

	if (!kind)
		return;
	decode_set(e, FIELD_NAME, (uint64_t)(kind - kinds) + 1);
	at = decode_find(e->text, kind->word, true);
	if (at && *at == ':')
		collect_xen(e, at);
	/* All of Linux's are in brackets; Xen's end with the line. */
	if (at && (*at == ':' || strchr(at, ']')))
		decode_set(e, FIELD_TEXT, 1);
}

/* "IO_PAGE_FAULT": rows in order, the first that fits */
static const struct {
	uint32_t mask, value;
	uint8_t kind, class;
	const char *name;
} page_faults[] = {
	/* clang-format off */
	{ FLAG_I | FLAG_PR, FLAG_I, KIND_INTERRUPT, CLASS_IR_ABSENT,
	  "no valid interrupt remapping entry" },
	{ FLAG_I | FLAG_RZ, FLAG_I | FLAG_RZ, KIND_INTERRUPT, CLASS_IR_TABLES,
	  "reserved field set in its remapping entry" },
	{ FLAG_I, FLAG_I, KIND_INTERRUPT, CLASS_IR_TABLES,
	  "its remapping entry does not allow it" },
	{ FLAG_PR, 0, KIND_DMA, CLASS_UNMAPPED, "no page is mapped there" },
	{ FLAG_RZ, FLAG_RZ, KIND_DMA, CLASS_TABLES, "reserved field set in a paging entry" },
	{ FLAG_PE | FLAG_RW, FLAG_PE | FLAG_RW, KIND_DMA, CLASS_WRITE, "no write permission" },
	{ FLAG_PE | FLAG_RW, FLAG_PE, KIND_DMA, CLASS_READ, "no read permission" },
	{ 0, 0, KIND_DMA, CLASS_TABLES, "a page is mapped there, but its level or size is illegal" },
	/* clang-format on */
};

/* "INVALID_DEVICE_REQUEST": the type in bits 11:9 of the flags, for TR = 0 */
static const char *const request_types[] = {
	"read, or write that waits, in the interrupt address range",
	"translated request of a device that may not make any",
	"port I/O without permission",
	"posted write to the system management range without permission",
	"read, or write that waits, in the system management range",
	"posted write to the interrupt address range, where the device may not send interrupts",
	"posted write to a reserved interrupt range",
	"system management or port I/O that would need translation",
};

static void interpret_page_fault(struct decode_event *e, uint32_t flags)
{
	for (size_t i = 0; i < sizeof page_faults / sizeof page_faults[0]; i++) {
		if ((flags & page_faults[i].mask) != page_faults[i].value)
			continue;
		e->kind = page_faults[i].kind;
		e->class = page_faults[i].class;
		e->name = page_faults[i].name;
		break;
	}
	if (e->kind == KIND_INTERRUPT)
		return;
	/* RW tells nothing for sure of a page that is not present; set, it is no accident. */
	if (flags & FLAG_RW)
		decode_set(e, FIELD_ACCESS, ACCESS_WRITE);
	else if (flags & FLAG_PR)
		decode_set(e, FIELD_ACCESS, ACCESS_READ);
}

static void interpret(struct decode_event *e)
{
	const uint32_t flags = (uint32_t)e->value[FIELD_FLAGS];
	const struct kind *kind;

	if (!decode_has(e, FIELD_NAME))
		return;
	kind = &kinds[e->value[FIELD_NAME] - 1];
	if (kind->code)
		decode_set(e, FIELD_CODE, kind->code);
	e->kind = kind->kind;
	e->class = kind->class;
	e->name = kind->name;
	if (!decode_has(e, FIELD_FLAGS))
		return;
	if (kind->code == 0x2) {
		interpret_page_fault(e, flags);
	} else if (kind->code == 0x8 && !(flags & FLAG_TR)) {
		e->name = request_types[flags >> 9 & 7];
		if (flags >> 9 != 0)
			decode_set(e, FIELD_ACCESS, ACCESS_WRITE);
	}
	if (!(flags & FLAG_GN) && e->value[FIELD_PASID] == 0)
		e->have &= ~FIELD_BIT(FIELD_PASID);
	if (flags & FLAG_TR)
		snprintf(e->more, sizeof e->more, "it was a translation request (ATS)");
}

const struct decode_arch decode_amd = {
	.name = "amd",
	.title = "AMD-Vi",
	.formats = formats,
	.format_count = sizeof formats / sizeof formats[0],
	.rules = rules,
	.rule_count = sizeof rules / sizeof rules[0],
	.collect = collect,
	.interpret = interpret,
};
