/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Fuzz target: command bytes, while devices work. */
#include "target.h"
#include "world.h"

static const struct op ops[] = {
	{ op_command, false }, { op_command, false }, { op_command, false }, { op_register, false },
	{ op_request, false }, { op_section, false }, { op_time, false },    { op_remove, true },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return world_run(data, size, ops, sizeof ops / sizeof ops[0]);
}
