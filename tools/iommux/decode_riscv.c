/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* RISC-V IOMMU: messages of Linux. */
#include <iommux/riscv.h>

#include "decode.h"

static bool is_fault(const char *text)
{
	return decode_find(text, "devid:", true) && decode_find(text, "iotval:", true);
}

static bool is_queue(const char *text)
{
	return decode_find(text, "Queue #", true) && decode_find(text, "error; fault:", true);
}

static const struct decode_format formats[] = {
	{ "Fault", KIND_DMA, CLASS_UNMAPPED, PREFIX_UNIT, .is = is_fault },
	{ "Queue #", KIND_UNIT, CLASS_COMMAND, PREFIX_UNIT, .is = is_queue,
	  .what = "a queue of the unit is in trouble" },
	{ "Hardware error: command execution timeout", KIND_INVALIDATION, CLASS_TIMEOUT,
	  PREFIX_UNIT, .what = "the unit did not complete its commands in time" },
};

static const struct decode_rule rules[] = {
	{ "Fault ", FIELD_CODE, SYNTAX_AUTO, 0 },    { "devid:", FIELD_DEVICE, SYNTAX_HEX, 0 },
	{ "iotval:", FIELD_ADDRESS, SYNTAX_HEX, 0 }, { "iotval2:", FIELD_IPA, SYNTAX_HEX, 0 },
	{ "illegal:1", FIELD_ERROR, SYNTAX_IS, 1 },  { "timeout:1", FIELD_ERROR, SYNTAX_IS, 2 },
	{ "full:1", FIELD_ERROR, SYNTAX_IS, 3 },     { "fault:1", FIELD_ERROR, SYNTAX_IS, 4 },
};

/* "Fault record": causes, the access that some imply, and what to make of them */
static const struct {
	uint16_t first, last;
	uint8_t access, class;
} causes[] = {
	{ 1, 1, ACCESS_EXECUTE, CLASS_FETCH },
	{ 5, 5, ACCESS_READ, CLASS_FETCH },
	{ 7, 7, ACCESS_WRITE, CLASS_FETCH },
	{ 12, 12, ACCESS_EXECUTE, CLASS_EXECUTE },
	{ 13, 13, ACCESS_READ, CLASS_READ },
	{ 15, 15, ACCESS_WRITE, CLASS_WRITE },
	{ 20, 20, ACCESS_EXECUTE, CLASS_EXECUTE },
	{ 21, 21, ACCESS_READ, CLASS_READ },
	{ 23, 23, ACCESS_WRITE, CLASS_WRITE },
	{ 256, 256, 0, CLASS_BLOCKED },
	{ 257, 257, 0, CLASS_FETCH },
	{ 258, 258, 0, CLASS_ABSENT },
	{ 259, 259, 0, CLASS_TABLES },
	{ 260, 260, 0, CLASS_ATS },
	{ 261, 261, 0, CLASS_IR_TABLES },
	{ 262, 262, 0, CLASS_IR_ABSENT },
	{ 263, 264, 0, CLASS_IR_TABLES },
	{ 265, 265, 0, CLASS_FETCH },
	{ 266, 266, 0, CLASS_PASID },
	{ 267, 267, 0, CLASS_TABLES },
	{ 268, 269, 0, CLASS_FETCH },
	{ 270, 271, 0, CLASS_IR_TABLES },
	{ 272, 274, 0, CLASS_FETCH },
};

static const char *const errors[] = {
	"",
	"the unit met an illegal command",
	"a command timed out",
	"the queue is full",
	"the queue's memory is not accessible",
};

static void interpret(struct decode_event *e)
{
	const uint64_t code = e->value[FIELD_CODE];

	if (decode_has(e, FIELD_ERROR))
		e->name = errors[e->value[FIELD_ERROR]];
	if (!decode_has(e, FIELD_CODE) || code > 0xfff)
		return;
	/* The model never has this cause, and so no name for it. */
	e->name = code == 272 ? "internal data path error" : iom_riscv_fault_name((uint32_t)code);
	for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
		if (code < causes[i].first || code > causes[i].last)
			continue;
		e->class = causes[i].class;
		if (causes[i].access)
			decode_set(e, FIELD_ACCESS, causes[i].access);
	}
	if (e->class >= CLASS_IR_ABSENT && e->class <= CLASS_IR_TABLES)
		e->kind = KIND_INTERRUPT;
	if (e->value[FIELD_IPA] & 1)
		snprintf(e->more, sizeof e->more, "while a table of the first stage was %s",
		         e->value[FIELD_IPA] & 2 ? "written" : "read");
	if (!e->value[FIELD_IPA])
		e->have &= ~FIELD_BIT(FIELD_IPA);
}

const struct decode_arch decode_riscv = {
	.name = "riscv",
	.title = "RISC-V",
	.formats = formats,
	.format_count = sizeof formats / sizeof formats[0],
	.rules = rules,
	.rule_count = sizeof rules / sizeof rules[0],
	.interpret = interpret,
};
