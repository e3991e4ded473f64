/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * QEMU's educational device (docs/specs/edu.rst there): one page of its own, which it fills from
 * memory or stores to memory, and one message.
 */
#ifndef BAREMETAL_EDU_H
#define BAREMETAL_EDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EDU_BYTES 4096u

struct edu {
	uint16_t rid;
	uint64_t registers;
};

/* Finds them, up to `most`, and makes them ready. */
size_t edu_find(struct edu *devices, size_t most);

/* Fills [at, at + bytes) of the device's page from memory, or stores it; false: it never ended. */
bool edu_load(const struct edu *device, unsigned at, uint64_t iova, unsigned bytes);
bool edu_store(const struct edu *device, unsigned at, uint64_t iova, unsigned bytes);

/* Lets it send its message. */
void edu_signal(const struct edu *device);

#endif
