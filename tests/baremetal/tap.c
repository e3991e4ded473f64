/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
#include "tap.h"

#include <stdarg.h>

#include "machine.h"

static struct {
	unsigned number;
	bool failed;
	const char *skipped;
} tap;

static void put(const char *text)
{
	for (; *text; text++)
		console_put(*text);
}

static void put_number(unsigned long long value, unsigned base)
{
	char digits[24], *at = digits + sizeof digits - 1;

	*at = 0;
	do
		*--at = "0123456789abcdef"[value % base];
	while (value /= base);
	put(at);
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	for (; *format; format++) {
		if (*format != '%') {
			console_put(*format);
			continue;
		}
		switch (*++format) {
		case 's':
			put(va_arg(args, const char *));
			break;
		case 'u':
			put_number(va_arg(args, unsigned), 10);
			break;
		case 'x':
			put_number(va_arg(args, unsigned long long), 16);
			break;
		default:
			console_put(*format);
		}
	}
	va_end(args);
}

void tap_fail(const char *file, unsigned line, const char *what)
{
	say("# %s:%u: %s\n", file, line, what);
	tap.failed = true;
}

void tap_skip(const char *why)
{
	tap.skipped = why;
}

void tap_begin(void)
{
	put("\nTAP version 13\n");
}

void tap_run(const struct test *tests, size_t count, bool (*before)(void), void (*after)(void))
{
	const struct test *test;

	for (test = tests; test < tests + count; test++) {
		tap.failed = false;
		tap.skipped = NULL;
		if (before())
			test->run();
		after();
		say("%sok %u - %s", tap.failed ? "not " : "", ++tap.number, test->name);
		if (!tap.failed && tap.skipped)
			say(" # SKIP %s", tap.skipped);
		put("\n");
	}
}

void tap_end(void)
{
	say("1..%u\n", tap.number);
}
