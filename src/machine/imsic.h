/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Interrupt files: pages that message-signalled interrupts are written to (AIA, "Incoming MSI
 * Controller").  Each hart has one for its supervisor, and some for the virtual CPUs that run on it.
 * A store of an identity makes it pending there; a CPU takes what is pending and enabled.
 */
#ifndef MACHINE_IMSIC_H
#define MACHINE_IMSIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMSIC_IDENTITIES 2048u /* 1..2047; 0 means no interrupt */
#define IMSIC_PAGE 4096u
#define IMSIC_WINDOW UINT64_C(0x28000000) /* of a machine, and of a virtual one */
#define IMSIC_HARTS 4u
#define IMSIC_GUEST_BITS 3u /* of a page's number: the file of its hart; 0 is the supervisor's */
#define IMSIC_GUESTS ((1u << IMSIC_GUEST_BITS) - 1)
#define IMSIC_BYTES ((uint64_t)IMSIC_HARTS << IMSIC_GUEST_BITS << 12)

/* Registers of a page; the rest reads 0 and ignores stores */
#define IMSIC_SETEIPNUM_LE 0x0
#define IMSIC_SETEIPNUM_BE 0x4

/* Begins as all zeroes: nothing is enabled, nothing is delivered. */
struct imsic_file {
	uint64_t eip[IMSIC_IDENTITIES / 64]; /* pending */
	uint64_t eie[IMSIC_IDENTITIES / 64]; /* enabled */
	bool eidelivery;
	uint32_t eithreshold; /* 0: none; else only identities below it  */
	uint64_t arrived;     /* stores of an identity that exists       */
	uint64_t ignored;     /* stores of one that does not             */
};

struct imsic {
	struct imsic_file files[IMSIC_HARTS << IMSIC_GUEST_BITS];
};

struct imsic_file *imsic_file(struct imsic *imsic, unsigned hart, unsigned guest);
/* Where a file's page is, from the start of the window. */
uint64_t imsic_offset(unsigned hart, unsigned guest);

/* Bus functions; `opaque` is the struct imsic.  All but aligned 4 bytes: IOM_EFAULT. */
int imsic_read(void *opaque, uint64_t off, void *buf, size_t len);
int imsic_write(void *opaque, uint64_t off, const void *buf, size_t len);
/* The same for the page of one file; `opaque` is the struct imsic_file. */
int imsic_page_write(void *opaque, uint64_t off, const void *buf, size_t len);

/* What a CPU does with its file: switch it on and enable an identity; take the most urgent, or 0. */
void imsic_enable(struct imsic_file *file, unsigned identity);
void imsic_enable_all(struct imsic_file *file);
unsigned imsic_claim(struct imsic_file *file);

/* How many identities are pending. */
unsigned imsic_pending(const struct imsic_file *file);

/*
 * Moves a virtual CPU's interrupts to another file, in two steps around the change of the MSI table:
 * the new file gets the old one's settings, still silent; then what is pending, and goes on.
 */
void imsic_move_begin(struct imsic_file *to, const struct imsic_file *from);
void imsic_move_end(struct imsic_file *to, struct imsic_file *from);

#endif
