/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Sentences: the small printf, its cut, and the phrases of return values. */
#include "base/error.h"
#include "test.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

TEST(text_knows_its_conversions, "")
{
	char text[128];

	iom_text(text, sizeof text, "plain");
	CHECK_STR(text, "plain");
	iom_text(text, sizeof text, "%s is %u%%, %llu of 0x%llx", "cqb", 42u, 0ull, 0x10ull);
	CHECK_STR(text, "cqb is 42%, 0 of 0x10");
	iom_text(text, sizeof text, "%s%s", "", "");
	CHECK_STR(text, "");
}

TEST(text_prints_numbers_as_printf_does, "")
{
	char is[128], should[128];

	for (unsigned bit = 0; bit < 64; bit++)
		for (int near = -1; near <= 1; near++) {
			unsigned long long v = (1ull << bit) + (unsigned long long)(long long)near;

			iom_text(is, sizeof is, "%u %llu %llx", (unsigned)v, v, v);
			snprintf(should, sizeof should, "%u %llu %llx", (unsigned)v, v, v);
			CHECK_STR(is, should);
		}
}

TEST(text_is_cut_and_terminated, "")
{
	const char whole[] = "0xffffffffffffffff is too long";

	for (size_t size = 0; size <= sizeof whole + 2; size++) {
		char text[sizeof whole + 8];
		size_t len = size > sizeof whole ? sizeof whole - 1 : size - 1;

		memset(text, '#', sizeof text);
		iom_text(text, size, "0x%llx is %s", ~0ull, "too long");
		if (size) {
			CHECK_EQ(memcmp(text, whole, len), 0);
			CHECK_EQ(text[len], '\0');
		}
		for (size_t i = size ? len + 1 : 0; i < sizeof text; i++)
			CHECK_EQ(text[i], '#');
	}
}

TEST(fail_fills_and_returns, "")
{
	struct iom_error error;

	memset(&error, 0xff, sizeof error);
	CHECK(iom_fail(&error, IOM_ENOSPC, "%u of %u", 3u, 2u) == IOM_ENOSPC);
	CHECK(error.code == IOM_ENOSPC);
	CHECK_STR(error.text, "3 of 2");
	CHECK(iom_fail(NULL, IOM_EIO, "nobody listens") == IOM_EIO);

	iom_succeed(&error);
	CHECK(error.code == IOM_OK);
	CHECK_STR(error.text, "");
	iom_succeed(NULL);
}

TEST(fail_cuts_what_does_not_fit, "")
{
	struct {
		struct iom_error error;
		char guard;
	} e;
	char word[400];

	memset(&e, '#', sizeof e);
	memset(word, 'a', sizeof word - 1);
	word[sizeof word - 1] = '\0';
	iom_fail(&e.error, IOM_EINVAL, "%s", word);
	CHECK_EQ(strnlen(e.error.text, sizeof e.error.text), sizeof e.error.text - 1);
	CHECK_EQ(e.guard, '#');
}

TEST(every_code_has_a_phrase_of_its_own, "")
{
	const int unknown[] = { 1, 2, IOM_EIO - 1, -1000, INT_MAX, INT_MIN + 1, INT_MIN };

	for (int a = IOM_EIO; a <= IOM_OK; a++) {
		const char *phrase = iom_strerror(a);

		CHECK(phrase && *phrase && !strchr(phrase, '\n'));
		for (int b = IOM_EIO; b < a; b++)
			CHECK_MSG(strcmp(phrase, iom_strerror(b)), "%d and %d", a, b);
	}
	CHECK_STR(iom_strerror(IOM_ENOMEM), "out of memory");
	for (unsigned i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
		CHECK(*iom_strerror(unknown[i]));
}
