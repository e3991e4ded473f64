/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Tests: a thin coat over cmocka.  A test names the requirements that it proves, so that
 * scripts/conformance can count those that ran and passed:
 *
 *	TEST(ddt_walks_one_level, "RV-DDT-01 RV-DDT-02")
 *	{
 *		CHECK_EQ(answer, 42);
 *	}
 *
 * Every test of a program registers itself; test_main.c runs them.
 */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdbool.h>

#include <cmocka.h>

void test_register(const char *name, const char *requirements, void (*run)(void **state));

/* `requirements`: IDs separated by blanks; "" where a test proves something of our own. */
#define TEST(name, requirements)                                                                   \
	static void name(void **state);                                                            \
	__attribute__((constructor)) static void name##_register(void)                             \
	{                                                                                          \
		test_register(#name, requirements, name);                                          \
	}                                                                                          \
	static void name(void **state __attribute__((unused)))

/* Fails the test with a printf-like text that says which round of a sweep went wrong. */
#define CHECK_MSG(condition, ...)                                                                  \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			print_error("%s:%d: %s: ", __FILE__, __LINE__, #condition);                \
			print_error(__VA_ARGS__);                                                  \
			print_error("\n");                                                         \
			fail();                                                                    \
		}                                                                                  \
	} while (0)

#define CHECK(condition) CHECK_MSG(condition, "is false")

#define CHECK_EQ(is, should)                                                                       \
	do {                                                                                       \
		unsigned long long is_ = (unsigned long long)(is);                                 \
		unsigned long long should_ = (unsigned long long)(should);                         \
		CHECK_MSG(is_ == should_, "%s is 0x%llx, should be 0x%llx", #is, is_, should_);    \
	} while (0)

#define CHECK_STR(is, should) assert_string_equal(is, should)

#endif
