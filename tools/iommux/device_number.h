/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Devices as people name them. */
#ifndef IOMMUX_DEVICE_NUMBER_H
#define IOMMUX_DEVICE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * "01:00.0" and "0000:01:00.0", in hexadecimal and with the segment from bit 16 on, or a number, as
 * "0x100"; false: neither.
 */
bool device_number(const char *text, uint32_t *number);

#endif
