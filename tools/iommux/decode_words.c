/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Messages and their fields in words. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "decode.h"

const struct decode_field_name decode_field_names[FIELDS] = {
	[FIELD_REQUESTER] = { "requester", FORM_PCI },
	[FIELD_STREAM] = { "stream", FORM_HEX },
	[FIELD_ENDPOINT] = { "endpoint", FORM_DECIMAL },
	[FIELD_DEVICE] = { "device_id", FORM_HEX },
	[FIELD_PASID] = { "pasid", FORM_HEX },
	[FIELD_DOMAIN] = { "domain", FORM_HEX },
	[FIELD_ACCESS] = { "access", FORM_ACCESS },
	[FIELD_ADDRESS] = { "address", FORM_HEX },
	[FIELD_LAST] = { "last", FORM_HEX },
	[FIELD_IPA] = { "second_address", FORM_HEX },
	[FIELD_INDEX] = { "index", FORM_HEX },
	[FIELD_CODE] = { "code", FORM_HEX },
	[FIELD_FLAGS] = { "flags", FORM_HEX },
	[FIELD_STATUS] = { "status", FORM_HEX },
	[FIELD_SYNDROME] = { "syndrome", FORM_HEX },
	[FIELD_BANK] = { "bank", FORM_DECIMAL },
	[FIELD_COUNT] = { "count", FORM_DECIMAL },
};

const char *const decode_kind_names[KINDS] = {
	[KIND_DMA] = "DMA fault",
	[KIND_INTERRUPT] = "interrupt fault",
	[KIND_PAGE_REQUEST] = "page request",
	[KIND_INVALIDATION] = "invalidation error",
	[KIND_UNIT] = "unit error",
	[KIND_FIRMWARE] = "firmware",
	[KIND_SOFTWARE] = "refusal",
	[KIND_LOST] = "lost messages",
	[KIND_STATUS] = "status",
	[KIND_DETAIL] = "detail",
};

const char *decode_value(const struct decode_event *e, enum decode_field field, char *room,
                         size_t size)
{
	static const char *const accesses[] = {
		[ACCESS_READ] = "read",
		[ACCESS_WRITE] = "write",
		[ACCESS_EXECUTE] = "execute",
	};
	const uint64_t v = e->value[field];

	switch (decode_field_names[field].form) {
	case FORM_PCI:
		snprintf(room, size, "%04x:%02x:%02x.%x", (unsigned)(v >> 16 & 0xfffffff),
		         (unsigned)(v >> 8 & 0xff), (unsigned)(v >> 3 & 0x1f), (unsigned)(v & 7));
		return room;
	case FORM_ACCESS:
		return accesses[v];
	case FORM_DECIMAL:
		snprintf(room, size, "%" PRIu64, v);
		return room;
	default:
		snprintf(room, size, "0x%" PRIx64, v);
		return room;
	}
}

const char *decode_who(const struct decode_event *e, char *room, size_t size)
{
	static const struct {
		uint8_t field;
		const char *name;
	} names[] = {
		{ FIELD_STREAM, "stream " },
		{ FIELD_ENDPOINT, "endpoint " },
		{ FIELD_DEVICE, "device " },
	};
	char value[DECODE_WORD];
	size_t len = 0;

	room[0] = '\0';
	if (decode_has(e, FIELD_REQUESTER))
		len = (size_t)snprintf(room, size, "%s",
		                       decode_value(e, FIELD_REQUESTER, value, sizeof value));
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (!decode_has(e, names[i].field))
			continue;
		snprintf(room + len, size - len, len ? " (%s%s)" : "%s%s", names[i].name,
		         decode_value(e, names[i].field, value, sizeof value));
		break;
	}
	return room;
}

struct sentence {
	char *room;
	size_t size, len;
};

static void say(struct sentence *s, const char *before, const char *text)
{
	if (s->len < s->size)
		s->len +=
			(size_t)snprintf(s->room + s->len, s->size - s->len, "%s%s", before, text);
}

static void say_field(struct sentence *s, const struct decode_event *e, const char *before,
                      enum decode_field field)
{
	char value[DECODE_WORD];

	if (decode_has(e, field))
		say(s, before, decode_value(e, field, value, sizeof value));
}

static void say_code(struct sentence *s, const struct decode_event *e)
{
	char number[32];

	if (!decode_has(e, FIELD_CODE))
		return;
	/* RISC-V's manual has its causes in decimal, all others have hexadecimal ones. */
	snprintf(number, sizeof number, e->arch == &decode_riscv ? "%" PRIu64 : "0x%02" PRIx64,
	         e->value[FIELD_CODE]);
	say(s, " (", number);
	say(s, ")", "");
}

/* A request was refused: who wanted what, and where? */
static void say_request(struct sentence *s, const struct decode_event *e)
{
	char who[2 * DECODE_WORD];
	const bool named = *decode_who(e, who, sizeof who);

	if (e->kind == KIND_INTERRUPT) {
		say(s, "an interrupt of ", named ? who : "a device that is not named");
		say_field(s, e, ", index ", FIELD_INDEX);
	} else {
		static const char *const wanted[] = {
			"a request by ",
			[ACCESS_READ] = "a read by ",
			[ACCESS_WRITE] = "a write by ",
			[ACCESS_EXECUTE] = "a fetch of instructions by ",
		};

		say(s, wanted[decode_has(e, FIELD_ACCESS) ? e->value[FIELD_ACCESS] : 0],
		    named ? who : "a device that is not named");
	}
	say_field(s, e, " at ", FIELD_ADDRESS);
	say_field(s, e, ", PASID ", FIELD_PASID);
	say_field(s, e, ", domain ", FIELD_DOMAIN);
	say_field(s, e, ", context bank ", FIELD_BANK);
	if (e->arch != &decode_other)
		say_field(s, e, ", second-stage address ", FIELD_IPA);
	say(s, ": ", e->name ? e->name : "the log does not say why");
	say_code(s, e);
}

void decode_sentence(const struct decode_event *e, char *room, size_t size)
{
	struct sentence s = { room, size, 0 };
	char who[2 * DECODE_WORD];

	room[0] = '\0';
	say(&s, e->arch->title, " ");
	say(&s, decode_kind_names[e->kind], ": ");
	if (e->kind <= KIND_INTERRUPT) {
		say_request(&s, e);
	} else {
		say(&s, "", e->name ? e->name : "it is recognised, and says no more");
		say_code(&s, e);
		if (*decode_who(e, who, sizeof who))
			say(&s, "; device ", who);
		say_field(&s, e, "; address ", FIELD_ADDRESS);
		say_field(&s, e, " to ", FIELD_LAST);
		say_field(&s, e, ": ", FIELD_COUNT);
	}
	if (e->unit[0])
		say(&s, "; IOMMU ", e->unit);
	if (e->more[0])
		say(&s, "; ", e->more);
}

/* ---- Addresses that say something of themselves -------------------------------------------------- */

static const struct {
	uint64_t first, last;
	const char *hint;
} hints[] = {
	{ 0, 0xfff, "address 0: as of a descriptor or a register that was never written" },
	{ 0xa0000, 0xfffff, "below 1 MiB: memory of firmware or of old graphics" },
	{ 0xfee00000, 0xfeefffff, "interrupts go to this address: it is probably one, not data" },
	{ 0xff000000, 0xffffffff,
	  "just below 4 GiB, from where Linux hands out addresses: it was mapped once, as a rule" },
	{ 0xfdf8000000, 0xfdf8ffffff, "interrupts go to this address on AMD's fabric" },
	{ UINT64_C(0xfffffffdf8000000), UINT64_C(0xfffffffdf8ffffff),
	  "interrupts go to this address on AMD's fabric" },
	{ UINT64_C(0xffff000000000000), UINT64_MAX,
	  "a sign-extended address, or a pointer of the kernel" },
};

const char *decode_hint(const struct decode_event *e)
{
	const uint64_t address = e->value[FIELD_ADDRESS];

	if (!decode_has(e, FIELD_ADDRESS) || e->kind > KIND_INTERRUPT)
		return NULL;
	for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
		if (address >= hints[i].first && address <= hints[i].last)
			return hints[i].hint;
	}
	return NULL;
}
