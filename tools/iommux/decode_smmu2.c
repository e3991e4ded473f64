/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Arm SMMUv2: messages of Linux and Xen. */
#include <string.h>

#include "decode.h"

static bool is_context_line(const char *text)
{
	const char *at = decode_find(text, "FSR", true);

	if (!at)
		at = decode_find(text, "FSYNR0", true);
	return at && at[strspn(at, " ")] == '=';
}

static const struct decode_format formats[] = {
	/* clang-format off */
	{ "Unhandled context fault", KIND_DMA, CLASS_UNMAPPED, PREFIX_UNIT,
	  .wanted = FIELD_BIT(FIELD_STATUS) | FIELD_BIT(FIELD_ADDRESS) | FIELD_BIT(FIELD_SYNDROME) },
	{ "Unexpected global fault", KIND_DMA, CLASS_STREAM, PREFIX_UNIT,
	  .wanted = FIELD_BIT(FIELD_STATUS) | FIELD_BIT(FIELD_STREAM), .what = "global fault" },
	{ "Blocked unknown Stream ID", KIND_DMA, CLASS_STREAM, PREFIX_UNIT,
	  .wanted = FIELD_BIT(FIELD_STATUS), .what = "stream that the unit has no match for" },
	{ "GFSR 0x", KIND_DMA, CLASS_STREAM, .part = true,
	  .wanted = FIELD_BIT(FIELD_SYNDROME), .what = "global fault" },
	{ .is = is_context_line, .kind = KIND_DMA, .class = CLASS_UNMAPPED, .part = true,
	  .echoes = true },
	/* clang-format on */
};

static const struct decode_rule rules[] = {
	{ "fsr=", FIELD_STATUS, SYNTAX_HEX, 0 },
	{ "FSR =", FIELD_STATUS, SYNTAX_HEX, 0 },
	{ "GFSR 0x", FIELD_STATUS, SYNTAX_HEX, 0 },
	{ "iova=", FIELD_ADDRESS, SYNTAX_HEX, 0 },
	{ "fsynr=", FIELD_SYNDROME, SYNTAX_HEX, 0 },
	{ "FSYNR0 =", FIELD_SYNDROME, SYNTAX_HEX, 0 },
	{ "GFSYNR0 0x", FIELD_SYNDROME, SYNTAX_HEX, 0 },
	{ "cbfrsynra=", FIELD_STREAM, SYNTAX_HEX, 0 },
	{ "SID=", FIELD_STREAM, SYNTAX_HEX, 0 },
	{ "GFSYNR1 0x", FIELD_STREAM, SYNTAX_HEX, 0 },
	{ "unknown Stream ID", FIELD_STREAM, SYNTAX_HEX, 0 },
	{ "cb=", FIELD_BANK, SYNTAX_AUTO, 0 },
	{ "GFSR 0x", FIELD_NAME, SYNTAX_IS, 1 },
};

/* "FSR" and "GFSR": bits in the order in which they say something */
struct bit {
	uint8_t bit, class;
	const char *name;
};

static const struct bit context_bits[] = {
	{ 1, CLASS_UNMAPPED, "no page is mapped there" },
	{ 3, CLASS_WRITE, "no permission" },
	{ 2, CLASS_TABLES, "access flag clear" },
	{ 4, CLASS_FETCH, "translation table not readable" },
	{ 5, CLASS_COMMAND, "TLB conflict" },
	{ 6, CLASS_COMMAND, "TLB lock fault" },
	{ 7, CLASS_WIDTH, "address size" },
	{ 8, CLASS_BLOCKED, "upstream transaction not supported" },
};

static const struct bit global_bits[] = {
	{ 1, CLASS_STREAM, "stream that the unit has no match for" },
	{ 0, CLASS_STREAM, "invalid context for the stream" },
	{ 2, CLASS_CONFLICT, "several stream match entries for one stream" },
	{ 3, CLASS_STREAM, "context bank not implemented" },
	{ 4, CLASS_STREAM, "context interrupt not implemented" },
	{ 5, CLASS_BLOCKED, "configuration access" },
	{ 6, CLASS_FETCH, "external abort" },
	{ 7, CLASS_BLOCKED, "permission of the global address space" },
	{ 8, CLASS_BLOCKED, "upstream transaction not supported" },
};

static void interpret_bits(struct decode_event *e, const struct bit *bits, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!(e->value[FIELD_STATUS] >> bits[i].bit & 1))
			continue;
		e->name = bits[i].name;
		e->class = bits[i].class;
		return;
	}
}

static void interpret(struct decode_event *e)
{
	const uint64_t syndrome = e->value[FIELD_SYNDROME];
	const bool global = e->value[FIELD_NAME] == 1;
	bool write, execute;

	if (decode_has(e, FIELD_STREAM))
		e->value[FIELD_STREAM] &= 0xffff;
	if (decode_has(e, FIELD_STATUS)) {
		decode_set(e, FIELD_CODE, e->value[FIELD_STATUS]);
		if (global)
			interpret_bits(e, global_bits, sizeof global_bits / sizeof global_bits[0]);
		else
			interpret_bits(e, context_bits,
			               sizeof context_bits / sizeof context_bits[0]);
		if (e->value[FIELD_STATUS] >> 31 & 1)
			snprintf(e->more, sizeof e->more, "others came before it was read");
	}
	if (!decode_has(e, FIELD_SYNDROME))
		return;
	/* FSYNR0 has WNR, PNU and IND three bits above those of GFSYNR0. */
	write = syndrome >> (global ? 1 : 4) & 1;
	execute = syndrome >> (global ? 3 : 6) & 1;
	decode_set(e, FIELD_ACCESS, execute ? ACCESS_EXECUTE : write ? ACCESS_WRITE : ACCESS_READ);
	if (e->class == CLASS_WRITE && !write)
		e->class = execute ? CLASS_EXECUTE : CLASS_READ;
}

const struct decode_arch decode_smmu2 = {
	.name = "smmuv2",
	.title = "SMMUv2",
	.formats = formats,
	.format_count = sizeof formats / sizeof formats[0],
	.rules = rules,
	.rule_count = sizeof rules / sizeof rules[0],
	.interpret = interpret,
};
