/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A guest's device whose interrupt file is kept in memory: second stage, first stage Bare, one page of
 * messages at MRIF_PAGE, and the file that its table entry names.
 */
#ifndef TESTS_RISCV_MRIF_H
#define TESTS_RISCV_MRIF_H

#include "nested.h"
#include "sheet.h"

#define MRIF_DEVICE 3
#define MRIF_PAGE 0x28000000ull   /* guest-physical address of the interrupt file     */
#define MRIF_NOTICE 0x29005000ull /* where notices go; host.msi hears them            */
#define MRIF_NID 0x5a5u           /* what they say                                    */
#define MRIF_PSCID 3              /* of the device; GSCID is 7                        */
#define CAP_MRIF (CAP_EXT | CAP_MSI_MRIF)

struct mrif {
	struct nested n;
	struct rig *r;
	uint64_t table, dc;
	uint64_t file; /* the 512 bytes, not at the start of their page */
	struct iom_port *port;
};

/* `flags`: of the configuration.  The entry is in place, the fault queue is on. */
void mrif_init(struct mrif *m, uint64_t cap, uint32_t flags);
void mrif_free(struct mrif *m);

/* Both doublewords of a table entry; `file` is aligned to 512 bytes. */
uint64_t mrif_entry(uint64_t file);
uint64_t mrif_notice(uint64_t address, unsigned nid);
void mrif_put(struct mrif *m, uint64_t dw0, uint64_t dw1);

/* Where the pending bit of an identity is: its doubleword and the bit. */
uint64_t mrif_word(const struct mrif *m, unsigned identity);
uint64_t mrif_bit(unsigned identity);

/* A store of `bytes` bytes at offset `off` of the page; `val` as a little-endian device puts it. */
int mrif_store(struct mrif *m, unsigned off, unsigned bytes, uint64_t val, struct iom_reply *reply);
/* A store of 4 bytes that must be accepted. */
void mrif_send(struct mrif *m, unsigned off, uint32_t val);

/* Fills the file with a pattern, and sees that it has not changed since. */
void mrif_fill(struct mrif *m);
void mrif_unchanged(struct mrif *m);
/* The pattern's byte. */
uint8_t mrif_pattern(unsigned at);

#endif
