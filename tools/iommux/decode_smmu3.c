/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Arm SMMUv3: messages of Linux and Xen.  A record's four doublewords stand in a line each; newer
 * kernels say in two more what they mean.
 */
#include <string.h>

#include "decode.h"

#define WORDS                                                                                      \
	(FIELD_BIT(FIELD_WORD0) | FIELD_BIT(FIELD_WORD1) | FIELD_BIT(FIELD_WORD2) |                \
	 FIELD_BIT(FIELD_WORD3))

/* Fields that an event's record has besides StreamID */
#define HAS_INPUT 0x1u  /* doubleword 2: the address              */
#define HAS_ACCESS 0x2u /* doubleword 1: PnU, InD, RnW            */
#define HAS_STAGE 0x4u  /* doubleword 1: S2; doubleword 3 the IPA */

static const struct event {
	uint8_t number;
	uint8_t kind, class;
	uint8_t has;
	const char *word, *name;
} events[] = {
	/* clang-format off */
	{ 0x01, KIND_DMA, CLASS_BLOCKED, HAS_INPUT | HAS_ACCESS, "F_UUT", "transaction type not supported" },
	{ 0x02, KIND_DMA, CLASS_STREAM, 0, "C_BAD_STREAMID", "stream ID beyond the stream table" },
	{ 0x03, KIND_DMA, CLASS_FETCH, 0, "F_STE_FETCH", "stream table entry not readable" },
	{ 0x04, KIND_DMA, CLASS_ABSENT, 0, "C_BAD_STE", "stream table entry invalid" },
	{ 0x05, KIND_DMA, CLASS_ATS, HAS_INPUT, "F_BAD_ATS_TREQ", "translation request where ATS is off" },
	{ 0x06, KIND_DMA, CLASS_PASID, 0, "F_STREAM_DISABLED", "transaction without substream blocked" },
	{ 0x07, KIND_DMA, CLASS_ATS, HAS_INPUT, "F_TRANSL_FORBIDDEN", "translated transaction where ATS is off" },
	{ 0x08, KIND_DMA, CLASS_PASID, 0, "C_BAD_SUBSTREAMID", "substream ID beyond the context descriptor table" },
	{ 0x09, KIND_DMA, CLASS_FETCH, 0, "F_CD_FETCH", "context descriptor not readable" },
	{ 0x0a, KIND_DMA, CLASS_PASID, 0, "C_BAD_CD", "context descriptor invalid" },
	{ 0x0b, KIND_DMA, CLASS_FETCH, HAS_INPUT | HAS_ACCESS | HAS_STAGE, "F_WALK_EABT", "translation table not readable" },
	{ 0x10, KIND_DMA, CLASS_UNMAPPED, HAS_INPUT | HAS_ACCESS | HAS_STAGE, "F_TRANSLATION", "no page is mapped there" },
	{ 0x11, KIND_DMA, CLASS_WIDTH, HAS_INPUT | HAS_ACCESS | HAS_STAGE, "F_ADDR_SIZE", "address size" },
	{ 0x12, KIND_DMA, CLASS_TABLES, HAS_INPUT | HAS_ACCESS | HAS_STAGE, "F_ACCESS", "access flag clear" },
	{ 0x13, KIND_DMA, CLASS_WRITE, HAS_INPUT | HAS_ACCESS | HAS_STAGE, "F_PERMISSION", "no permission" },
	{ 0x20, KIND_UNIT, CLASS_COMMAND, HAS_INPUT | HAS_ACCESS, "F_TLB_CONFLICT", "TLB conflict" },
	{ 0x21, KIND_UNIT, CLASS_COMMAND, 0, "F_CFG_CONFLICT", "configuration cache conflict" },
	{ 0x24, KIND_PAGE_REQUEST, CLASS_NONE, HAS_INPUT, "E_PAGE_REQUEST", "hint that pages will be needed" },
	{ 0x25, KIND_DMA, CLASS_FETCH, 0, "F_VMS_FETCH", "VMS not readable" },
	/* clang-format on */
};

#define EVENTS (sizeof events / sizeof events[0])

/* The doubleword that ends the line; a blank may have got into its middle. */
static bool last_word(const char *text, uint64_t *value)
{
	const char *at = strrchr(text, 'x');
	uint64_t low;

	if (!at || at - text < 2 || at[-1] != '0' || !strchr(": ", at[-2]))
		return false;
	at--;
	if (strlen(at) != 18 && strlen(at) != 19)
		return false;
	if (!decode_number(&at, true, value))
		return false;
	if (*at == ' ') {
		at++;
		if (!decode_number(&at, true, &low))
			return false;
		*value = *value << 32 | low;
	}
	return !*at;
}

static bool is_event(const char *text)
{
	return decode_find(text, "event 0x", true) && decode_find(text, "received", true);
}

static bool is_word(const char *text)
{
	uint64_t value;

	return decode_find(text, "smmu", false) && last_word(text, &value);
}

static bool is_name(const char *text)
{
	return decode_find(text, "event: ", true) && decode_find(text, "client:", true);
}

static const struct decode_format formats[] = {
	/* clang-format off */
	{ "event 0x", KIND_DMA, CLASS_UNMAPPED, PREFIX_UNIT, .wanted = WORDS, .is = is_event },
	{ .is = is_word, .kind = KIND_DETAIL, .part = true, .repeats = true,
	  .what = "a word of an event record whose beginning is not there" },
	{ .is = is_name, .kind = KIND_DMA, .class = CLASS_UNMAPPED, .part = true },
	{ "stag: 0x", KIND_DMA, CLASS_UNMAPPED, .part = true, .what = "the end of an event" },
	{ "unexpected PRI request received", KIND_PAGE_REQUEST, CLASS_PAGES, PREFIX_UNIT,
	  .wanted = FIELD_BIT(FIELD_ADDRESS), .what = "a page request that nobody waits for" },
	{ "CMDQ error (cons", KIND_INVALIDATION, CLASS_COMMAND, PREFIX_UNIT, .part = true,
	  .what = "the unit could not carry out a command" },
	{ "unexpected global error reported", KIND_UNIT, CLASS_COMMAND, PREFIX_UNIT,
	  .what = "global error" },
	{ "CMD_SYNC timeout", KIND_INVALIDATION, CLASS_TIMEOUT, PREFIX_UNIT,
	  .what = "the unit did not complete its commands in time" },
	{ "CMDQ timeout", KIND_INVALIDATION, CLASS_TIMEOUT, PREFIX_UNIT,
	  .what = "the unit did not fetch commands in time" },
	{ "EVTQ overflow", KIND_LOST, CLASS_OVERFLOW, PREFIX_UNIT, .what = "the event queue overflowed" },
	{ "PRIQ overflow", KIND_LOST, CLASS_OVERFLOW, PREFIX_UNIT,
	  .what = "the page request queue overflowed" },
	{ "write aborted", KIND_UNIT, CLASS_COMMAND, .part = true,
	  .what = "the unit could not write to memory" },
	{ "entered Service Failure Mode", KIND_UNIT, CLASS_COMMAND, PREFIX_UNIT, .part = true,
	  .what = "the unit has given up: Service Failure Mode" },
	{ "failed to allocate queue", KIND_SOFTWARE, CLASS_NONE,
	  .what = "there was no memory for a queue" },
	/* clang-format on */
};

static const struct decode_rule rules[] = {
	{ "event 0x", FIELD_CODE, SYNTAX_HEX, 0 },
	{ "sid:", FIELD_STREAM, SYNTAX_HEX, 0 },
	{ "sid 0x", FIELD_STREAM, SYNTAX_HEX, 0 },
	{ "ssid:", FIELD_PASID, SYNTAX_HEX, 0 },
	{ "client:", FIELD_REQUESTER, SYNTAX_PCI, 0 },
	{ "iova:", FIELD_ADDRESS, SYNTAX_HEX, 0 },
	{ "at iova", FIELD_ADDRESS, SYNTAX_HEX, 0 },
	{ "fetch_addr:", FIELD_IPA, SYNTAX_HEX, 0 },
	{ "ipa:", FIELD_IPA, SYNTAX_HEX, 0 },
	{ "reported (", FIELD_STATUS, SYNTAX_HEX, 0 },
	{ "error (cons", FIELD_INDEX, SYNTAX_HEX, 0 },
	{ "data read", FIELD_ACCESS, SYNTAX_IS, ACCESS_READ },
	{ "data write", FIELD_ACCESS, SYNTAX_IS, ACCESS_WRITE },
	{ "inst read", FIELD_ACCESS, SYNTAX_IS, ACCESS_EXECUTE },
	{ "stag:", FIELD_TEXT, SYNTAX_IS, 1 },
};

static const struct event *by_number(uint64_t number)
{
	for (size_t i = 0; i < EVENTS; i++) {
		if (events[i].number == number)
			return &events[i];
	}
	return NULL;
}

/* The doublewords: each 0x and sixteen digits, behind a colon */
static void collect_words(struct decode_event *e)
{
	unsigned next = 0;

	for (const char *at = e->text; next < 4 && (at = strstr(at, "0x")) != NULL; at += 2) {
		const char *end = at;
		uint64_t high, low;

		if (at == e->text || !strchr(": ", at[-1]) || !decode_number(&end, true, &high))
			continue;
		if (end - at == 10 && *end == ' ' &&
		    strspn(end + 1, "0123456789abcdefABCDEF") == 8) {
			end++;
			if (!decode_number(&end, true, &low))
				continue;
			high = high << 32 | low;
		} else if (end - at != 18) {
			continue;
		}
		decode_set(e, FIELD_WORD0 + next++, high);
	}
}

static void collect(struct decode_event *e)
{
	if (is_event(e->text))
		collect_words(e);
	for (size_t i = 0; i < EVENTS; i++) {
		if (decode_find(e->text, events[i].word, true))
			decode_set(e, FIELD_NAME, i + 1);
	}
}

static void set_missing(struct decode_event *e, enum decode_field field, uint64_t value)
{
	if (!decode_has(e, field))
		decode_set(e, field, value);
}

/* "Event records" */
static void interpret_words(struct decode_event *e, const struct event *event)
{
	const uint64_t w0 = e->value[FIELD_WORD0], w1 = e->value[FIELD_WORD1];

	if (decode_has(e, FIELD_WORD0)) {
		set_missing(e, FIELD_STREAM, w0 >> 32);
		if (w0 >> 11 & 1)
			set_missing(e, FIELD_PASID, w0 >> 12 & 0xfffff);
		else
			e->have &= ~FIELD_BIT(FIELD_PASID);
	}
	/* Newer kernels print 0 where there is none. */
	if (!e->value[FIELD_PASID] && !decode_has(e, FIELD_WORD0))
		e->have &= ~FIELD_BIT(FIELD_PASID);
	if (!event)
		return;
	if (event->has & HAS_INPUT && decode_has(e, FIELD_WORD2))
		set_missing(e, FIELD_ADDRESS, e->value[FIELD_WORD2]);
	if (event->has & HAS_ACCESS && decode_has(e, FIELD_WORD1))
		set_missing(e, FIELD_ACCESS,
		            w1 >> 34 & 1   ? ACCESS_EXECUTE
		            : w1 >> 35 & 1 ? ACCESS_READ
		                           : ACCESS_WRITE);
	if (event->has & HAS_STAGE && decode_has(e, FIELD_WORD1)) {
		static const char *const inputs[] = { "fetching the context descriptor",
			                              "reading a table of stage 1",
			                              "the address itself", "?" };
		const bool stage2 = w1 >> 39 & 1;

		snprintf(e->more, sizeof e->more, "stage %d, %s%s", stage2 ? 2 : 1,
		         inputs[w1 >> 40 & 3], w1 >> 31 & 1 ? "; the transaction is stalled" : "");
		if (stage2 && decode_has(e, FIELD_WORD3))
			set_missing(e, FIELD_IPA, e->value[FIELD_WORD3] & 0xfffffffffff000);
	}
}

static const struct {
	uint8_t bit;
	const char *means;
} global_errors[] = {
	{ 0, "a command could not be carried out" },
	{ 2, "the event queue is not writable" },
	{ 3, "the page request queue is not writable" },
	{ 4, "the message of a CMD_SYNC could not be written" },
	{ 5, "the event queue's message could not be written" },
	{ 6, "the page request queue's message could not be written" },
	{ 7, "the global error's message could not be written" },
	{ 8, "Service Failure Mode" },
	{ 9, "an enhanced command queue's command could not be carried out" },
	{ 10, "the device permission table denied an access, or is broken" },
};

static void interpret_global(struct decode_event *e)
{
	size_t len = 0;

	if (decode_find(e->text, "ATC invalidate timeout", true)) {
		e->kind = KIND_INVALIDATION;
		e->class = CLASS_TIMEOUT;
		e->name = "a device did not answer an ATC invalidation";
		return;
	}
	if (!decode_find(e->text, "global error", true))
		return;
	for (size_t i = 0; i < sizeof global_errors / sizeof global_errors[0]; i++) {
		if (e->value[FIELD_STATUS] >> global_errors[i].bit & 1 && len < sizeof e->more)
			len += (size_t)snprintf(e->more + len, sizeof e->more - len, "%s%s",
			                        len ? "; " : "", global_errors[i].means);
	}
}

static void interpret(struct decode_event *e)
{
	const struct event *event = NULL;

	if (decode_has(e, FIELD_CODE))
		event = by_number(e->value[FIELD_CODE]);
	else if (decode_has(e, FIELD_NAME))
		event = &events[e->value[FIELD_NAME] - 1];
	if (!event && !decode_has(e, FIELD_CODE)) {
		interpret_global(e);
		return;
	}
	interpret_words(e, event);
	if (!event) {
		e->name = "an event that the architecture does not define";
		e->class = CLASS_NONE;
		return;
	}
	if (!e->value[FIELD_IPA])
		e->have &= ~FIELD_BIT(FIELD_IPA);
	set_missing(e, FIELD_CODE, event->number);
	e->kind = event->kind;
	e->class = event->class;
	e->name = event->name;
	if (event->class == CLASS_WRITE && e->value[FIELD_ACCESS] == ACCESS_READ)
		e->class = CLASS_READ;
	if (event->class == CLASS_WRITE && e->value[FIELD_ACCESS] == ACCESS_EXECUTE)
		e->class = CLASS_EXECUTE;
}

const struct decode_arch decode_smmu3 = {
	.name = "smmuv3",
	.title = "SMMUv3",
	.formats = formats,
	.format_count = sizeof formats / sizeof formats[0],
	.rules = rules,
	.rule_count = sizeof rules / sizeof rules[0],
	.collect = collect,
	.interpret = interpret,
};
