/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Fuzz target: messages between devices and the unit, with what provokes and answers them. */
#include "target.h"
#include "world.h"

static const struct op ops[] = {
	{ op_message, 0 },
	{ op_message, 0 },
	{ op_ats, 0 },
	{ op_ats, 0 },
	{ op_forget, 0 },
	{ op_register, 0 },
	{ op_time, 0 },
	{ op_request, 0 },
	{ op_remove, OUTSIDE },
	{ op_section, 0 },
	{ op_interrupt, VTD_ALONE },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return world_run(data, size, ops, sizeof ops / sizeof ops[0]);
}
