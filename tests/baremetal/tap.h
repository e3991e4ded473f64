/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Results in the Test Anything Protocol, version 13. */
#ifndef BAREMETAL_TAP_H
#define BAREMETAL_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct test {
	const char *name;
	void (*run)(void);
};

/* printf's %s, %u (unsigned), %x (unsigned long long) and %%. */
void say(const char *format, ...);

/* The test goes on, but has failed. */
void tap_fail(const char *file, unsigned line, const char *what);
/* The test does not apply. */
void tap_skip(const char *why);

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			tap_fail(__FILE__, __LINE__, #condition);                                  \
			return;                                                                    \
		}                                                                                  \
	} while (0)

#define CHECK_EQ(is, should)                                                                       \
	do {                                                                                       \
		unsigned long long is_ = (unsigned long long)(is);                                 \
		unsigned long long should_ = (unsigned long long)(should);                         \
		if (is_ != should_) {                                                              \
			say("# %s is 0x%x, should be 0x%x\n", #is, is_, should_);                  \
			tap_fail(__FILE__, __LINE__, #is " == " #should);                          \
			return;                                                                    \
		}                                                                                  \
	} while (0)

#define SKIP_IF(condition, why)                                                                    \
	do {                                                                                       \
		if (condition) {                                                                   \
			tap_skip(why);                                                             \
			return;                                                                    \
		}                                                                                  \
	} while (0)

void tap_begin(void);
/* Runs the tests, each between `before` and `after`; what `before` fails is not run. */
void tap_run(const struct test *tests, size_t count, bool (*before)(void), void (*after)(void));
/* Says how many there were. */
void tap_end(void);

#endif
