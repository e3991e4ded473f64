/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * ACPI tables, whatever they describe: the header of 36 bytes, numbers in little-endian order at any
 * alignment, lists of structures that say their own length.
 */
#ifndef PLATFORM_ACPI_H
#define PLATFORM_ACPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iommux/acpi.h>
#include <iommux/error.h>

#define ACPI_SIGNATURE 0
#define ACPI_LENGTH 4
#define ACPI_REVISION 8
#define ACPI_CHECKSUM 9
#define ACPI_OEM_ID 10
#define ACPI_OEM_TABLE_ID 16
#define ACPI_OEM_REVISION 24
#define ACPI_CREATOR_ID 28
#define ACPI_CREATOR_REVISION 32
#define ACPI_HEADER_BYTES 36

/* ---- Reading: a piece of a table, beyond whose end there are zeroes ------------------------- */

struct acpi_span {
	const uint8_t *at;
	size_t bytes;
};

static inline uint8_t acpi_8(struct acpi_span s, size_t off)
{
	return off < s.bytes ? s.at[off] : 0;
}

static inline uint16_t acpi_16(struct acpi_span s, size_t off)
{
	return (uint16_t)(acpi_8(s, off) | acpi_8(s, off + 1) << 8);
}

static inline uint32_t acpi_32(struct acpi_span s, size_t off)
{
	return acpi_16(s, off) | (uint32_t)acpi_16(s, off + 2) << 16;
}

static inline uint64_t acpi_64(struct acpi_span s, size_t off)
{
	return acpi_32(s, off) | (uint64_t)acpi_32(s, off + 4) << 32;
}

/* Does [off, off + bytes) lie inside? */
static inline bool acpi_holds(struct acpi_span s, size_t off, uint64_t bytes)
{
	return off <= s.bytes && bytes <= s.bytes - off;
}

/* The part of [off, off + bytes) that lies inside. */
struct acpi_span acpi_part(struct acpi_span s, size_t off, size_t bytes);

/*
 * Checks header, length and checksum of a table of which `size` bytes may be read; `fixed` is how long
 * it is at least.  Refused: IOM_EINVAL with a sentence.
 */
int acpi_open(const void *buf, size_t size, const char *signature, size_t fixed,
              struct acpi_span *out, struct iom_error *error);

/* Structures one behind the other, each with its length in 16 bits at the same place of its head. */
struct acpi_list {
	struct acpi_span table;
	size_t at;          /* where the next one begins in the table */
	unsigned head;      /* bytes that all have                    */
	unsigned length_at; /* where in them the length is            */
};

/* Takes the next one; IOM_EINVAL with a sentence if it is shorter than a head or leaves the table. */
int acpi_next(struct acpi_list *list, struct acpi_span *out, struct iom_error *error);

/* ---- Writing: what does not fit is counted -------------------------------------------------- */

struct acpi_out {
	uint8_t *buf;
	size_t size, at;
};

void acpi_put(struct acpi_out *out, uint64_t value, unsigned bytes);
void acpi_put_bytes(struct acpi_out *out, const void *from, size_t bytes);
void acpi_put_zeroes(struct acpi_out *out, size_t bytes);

/* The header, without length and checksum; IOM_EINVAL if one of the ids is too long. */
int acpi_begin(struct acpi_out *out, const char *signature, uint8_t revision,
               const struct iom_acpi_ids *ids, struct iom_error *error);
/* Length and checksum; IOM_ENOSPC if something did not fit. */
int acpi_finish(struct acpi_out *out);

#endif
