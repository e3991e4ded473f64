/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Return values in words.  Freestanding: the OS side uses it too. */
#include "base/error.h"

#include <stdint.h>

#include "base/bits.h"

struct text {
	char *out;
	size_t size, len;
};

static void put(struct text *t, char c)
{
	if (t->len + 1 < t->size)
		t->out[t->len++] = c;
}

static void put_string(struct text *t, const char *s)
{
	while (*s)
		put(t, *s++);
}

static void put_number(struct text *t, unsigned long long v, unsigned base)
{
	char digits[20]; /* of 2^64 - 1 in decimal */
	unsigned n = 0;

	do
		digits[n++] = "0123456789abcdef"[v % base];
	while ((v /= base) != 0);
	while (n)
		put(t, digits[--n]);
}

void iom_vtext(char *out, size_t size, const char *format, va_list args)
{
	struct text t = { out, size, 0 };

	for (; *format; format++) {
		if (*format != '%') {
			put(&t, *format);
			continue;
		}
		format++;
		if (*format == 's') {
			put_string(&t, va_arg(args, const char *));
		} else if (*format == 'u') {
			put_number(&t, va_arg(args, unsigned), 10);
		} else if (format[0] == 'l' && format[1] == 'l') {
			format += 2;
			put_number(&t, va_arg(args, unsigned long long), *format == 'x' ? 16 : 10);
		} else {
			put(&t, *format);
		}
		if (!*format)
			break;
	}
	if (size)
		out[t.len] = '\0';
}

void iom_text(char *out, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	iom_vtext(out, size, format, args);
	va_end(args);
}

int iom_fail(struct iom_error *error, int code, const char *format, ...)
{
	va_list args;

	if (error) {
		error->code = code;
		va_start(args, format);
		iom_vtext(error->text, sizeof error->text, format, args);
		va_end(args);
	}
	return code;
}

void iom_succeed(struct iom_error *error)
{
	if (error) {
		error->code = IOM_OK;
		error->text[0] = '\0';
	}
}

static const char *const phrases[] = {
	[-IOM_OK] = "success",
	[-IOM_EINVAL] = "invalid argument",
	[-IOM_ENOMEM] = "out of memory",
	[-IOM_ENOTSUP] = "not supported",
	[-IOM_EBUSY] = "in use",
	[-IOM_ENOENT] = "nothing there",
	[-IOM_EEXIST] = "already there",
	[-IOM_ENOSPC] = "table full",
	[-IOM_EFAULT] = "access refused",
	[-IOM_EPOISON] = "data corrupt",
	[-IOM_ETIMEOUT] = "no answer in time",
	[-IOM_EIO] = "unexpected answer from hardware",
};

const char *iom_strerror(int code)
{
	if (code > 0 || code <= -(int)IOM_COUNT(phrases))
		return "unknown error";
	return phrases[-code];
}
