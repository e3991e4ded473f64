/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* An interrupt file. */
#include "machine/interrupt_file.h"

#include <string.h>

#include <iommux/error.h>

#include "base/endian.h"

int interrupt_file_read(void *opaque, uint64_t off, void *buf, size_t len)
{
	(void)opaque;
	if (off || len != 4)
		return IOM_EFAULT;
	memset(buf, 0, len);
	return IOM_OK;
}

int interrupt_file_write(void *opaque, uint64_t off, const void *buf, size_t len)
{
	struct interrupt_file *file = opaque;
	uint32_t identity;

	if (off || len != 4)
		return IOM_EFAULT;
	identity = iom_ld32(buf, false);
	if (!identity || identity >= INTERRUPT_IDENTITIES) {
		file->dropped++;
		return IOM_OK;
	}
	file->pending[identity] = true;
	file->count[identity]++;
	return IOM_OK;
}

unsigned interrupt_file_claim(struct interrupt_file *file)
{
	for (unsigned i = 1; i < INTERRUPT_IDENTITIES; i++) {
		if (file->pending[i]) {
			file->pending[i] = false;
			return i;
		}
	}
	return 0;
}
