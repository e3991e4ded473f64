/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Fuzz target: messages between devices and the unit, with what provokes and answers them. */
#include "target.h"
#include "world.h"

static void op_message(struct world *w)
{
	uint64_t address = take(&w->in, 8);
	struct iom_message message = { .address = address,
		                       .kind = (uint32_t)take(&w->in, 1) % 8,
		                       .token = (uint32_t)take(&w->in, 4),
		                       .pasid = (uint32_t)take(&w->in, 3),
		                       .flags = (uint16_t)take(&w->in, 2),
		                       .size_lg2 = (uint8_t)take(&w->in, 1),
		                       .code = (uint8_t)take(&w->in, 1) };

	(void)iom_message(world_endpoint(w, address % DEVICES), &message);
}

/* ATS.INVAL and ATS.PRGR of a device that is there, with any payload. */
static void op_ats(struct world *w)
{
	uint64_t what = take(&w->in, 4);
	const uint64_t command[2] = { UINT64_C(4) | (what & 1) << 7 | (what & 0xffff0000) |
		                              (what >> 8 & 0xff) % DEVICES << 40,
		                      take(&w->in, 8) };

	world_push(w, command, 1);
}

static const struct op ops[] = {
	{ op_message, false }, { op_message, false },  { op_ats, false },  { op_ats, false },
	{ op_forget, false },  { op_register, false }, { op_time, false }, { op_request, false },
	{ op_remove, true },   { op_section, false },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return world_run(data, size, ops, sizeof ops / sizeof ops[0]);
}
