/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What is VT-d's own: the DMAR, and remapped interrupts. */
#include "../bed.h"
#include "../tests.h"

const struct test machine_tests[] = {
	{ "x", 0 },
};
const size_t machine_test_count = 0;
