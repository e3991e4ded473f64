/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* How long a unit is compared with its twin. */
#ifndef TESTS_TWIN_COMPARE_RUN_H
#define TESTS_TWIN_COMPARE_RUN_H

#include <stdint.h>

struct run {
	uint64_t seed, requests; /* at least so many */
	void (*progress)(uint64_t requests);
};

#endif
