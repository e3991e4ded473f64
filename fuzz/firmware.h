/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Firmware tables of a fuzzer's making, and what their targets end with. */
#ifndef FUZZ_FIRMWARE_H
#define FUZZ_FIRMWARE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

/*
 * The table `right`, with bits of the input turned and the rest of the input behind it.  Signature, length
 * and checksum are right, unless the last bit of the input says otherwise.  In memory of just its length,
 * so that every byte behind it is forbidden; the caller frees it.
 */
uint8_t *firmware_table(const char *signature, const uint8_t *right, size_t least,
                        const uint8_t *data, size_t size, size_t *bytes);

#endif
