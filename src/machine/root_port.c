/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The root port of the PCI Express bridge. */
#include "machine/root_port.h"

#include <stddef.h>

bool root_port_passes(uint32_t requester)
{
	return requester >> 8 >= ROOT_PORT_SECONDARY && requester >> 8 <= ROOT_PORT_SUBORDINATE;
}

/* Up to `most` hexadecimal digits and the character behind them. */
static const char *take(const char *text, unsigned most, char end, uint32_t last, uint32_t *out)
{
	unsigned digits = 0;

	for (*out = 0; digits < most; digits++, text++) {
		char c = *text;

		if (c >= '0' && c <= '9')
			*out = *out * 16 + (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*out = *out * 16 + (uint32_t)(c - 'a') + 10;
		else
			break;
	}
	return digits && *text == end && *out <= last ? text + 1 : NULL;
}

bool root_port_parse(const char *text, uint32_t *requester)
{
	uint32_t bus, device, function;

	text = take(text, 2, ':', 0xff, &bus);
	if (text)
		text = take(text, 2, '.', 0x1f, &device);
	if (text)
		text = take(text, 1, '\0', 7, &function);
	if (text)
		*requester = bus << 8 | device << 3 | function;
	return text != NULL;
}
