/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What all architectures are asked; machine.h has their own tests. */
#ifndef BAREMETAL_TESTS_H
#define BAREMETAL_TESTS_H

#include "tap.h"

extern const struct test domain_tests[], fault_tests[];
extern const size_t domain_test_count, fault_test_count;

#define COUNT(array) (sizeof(array) / sizeof *(array))

#endif
