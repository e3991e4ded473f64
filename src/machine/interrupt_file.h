/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * An interrupt file: the page that message-signalled interrupts are written to.  A 4-byte
 * little-endian store of an interrupt identity at offset 0 makes that identity pending.
 */
#ifndef MACHINE_INTERRUPT_FILE_H
#define MACHINE_INTERRUPT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INTERRUPT_IDENTITIES 256u /* 1..255; 0 means no interrupt */

struct interrupt_file {
	bool pending[INTERRUPT_IDENTITIES];
	uint64_t count[INTERRUPT_IDENTITIES]; /* stores of each identity, pending or not  */
	uint64_t dropped;                     /* stores of an identity that does not exist */
};

/* Bus functions; `opaque` is the struct interrupt_file.  Other offsets or sizes: IOM_EFAULT. */
int interrupt_file_read(void *opaque, uint64_t off, void *buf, size_t len);
int interrupt_file_write(void *opaque, uint64_t off, const void *buf, size_t len);

/* Takes the lowest pending identity, or 0. */
unsigned interrupt_file_claim(struct interrupt_file *file);

#endif
