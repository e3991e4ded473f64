/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Devices as people name them. */
#include "device_number.h"

#include <stddef.h>

#include "option.h"

/* Takes one to `most` hexadecimal digits; false: there are none, or more. */
static bool take_hex(const char **text, unsigned most, uint32_t *value)
{
	unsigned digits = 0;

	for (*value = 0;; digits++, (*text)++) {
		char c = **text;
		unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
		                 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
		                 : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
		                                        : 16;

		if (digit == 16)
			return digits && digits <= most;
		*value = *value << 4 | digit;
	}
}

static bool take(const char **text, char c)
{
	if (**text != c)
		return false;
	++*text;
	return true;
}

static bool pci(const char *text, uint32_t *number)
{
	uint32_t part[3], function;
	unsigned parts = 0;

	do {
		if (parts == 3 || !take_hex(&text, parts ? 2 : 4, &part[parts]))
			return false;
		parts++;
	} while (take(&text, ':'));
	if (parts < 2 || !take(&text, '.') || !take_hex(&text, 1, &function) || *text)
		return false;
	if (part[parts - 2] > 0xff || part[parts - 1] > 0x1f || function > 7)
		return false;
	*number = (parts == 3 ? part[0] << 16 : 0) | part[parts - 2] << 8 | part[parts - 1] << 3 |
	          function;
	return true;
}

bool device_number(const char *text, uint32_t *number)
{
	uint64_t value;

	if (pci(text, number))
		return true;
	if (!option_number(text, &value) || value > UINT32_MAX)
		return false;
	*number = (uint32_t)value;
	return true;
}
