/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The four functions that the library asks of whoever links it; the compiler calls them, too. */
#include <string.h>

#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	uint8_t *out = to;
	const uint8_t *in = from;

	while (n--)
		*out++ = *in++;
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	uint8_t *out = to;
	const uint8_t *in = from;

	if ((uintptr_t)out - (uintptr_t)in >= n)
		return memcpy(to, from, n);
	while (n--)
		out[n] = in[n];
	return to;
}

void *memset(void *to, int c, size_t n)
{
	uint8_t *out = to;

	while (n--)
		*out++ = (uint8_t)c;
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *one = a, *other = b;

	for (; n--; one++, other++)
		if (*one != *other)
			return *one - *other;
	return 0;
}
