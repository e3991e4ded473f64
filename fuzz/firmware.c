/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
#include "firmware.h"

#include <string.h>

uint8_t *firmware_table(const char *signature, const uint8_t *right, size_t least,
                        const uint8_t *data, size_t size, size_t *bytes)
{
	uint8_t *own, sum = 0;

	*bytes = size > least ? size : least;
	own = calloc(1, *bytes);
	MUST(own);
	memcpy(own, right, least);
	for (size_t i = 0; i < size; i++)
		own[i] ^= data[i];
	if (size && data[size - 1] & 1)
		return own;
	memcpy(own, signature, 4);
	for (unsigned i = 0; i < 4; i++)
		own[4 + i] = (uint8_t)(*bytes >> (8 * i));
	for (size_t i = 0; i < *bytes; i++)
		sum = (uint8_t)(sum + own[i]);
	own[9] = (uint8_t)(own[9] - sum);
	return own;
}
