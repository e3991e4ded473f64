/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* ACPI tables, whatever they describe (ACPI Specification, "ACPI Software Programming Model"). */
#include "platform/acpi.h"

#include <string.h>

#include "base/error.h"

struct acpi_span acpi_part(struct acpi_span s, size_t off, size_t bytes)
{
	struct acpi_span part = { s.at, 0 };

	if (off < s.bytes) {
		part.at += off;
		part.bytes = bytes < s.bytes - off ? bytes : s.bytes - off;
	}
	return part;
}

static uint8_t sum(struct acpi_span s)
{
	uint8_t all = 0;

	for (size_t i = 0; i < s.bytes; i++)
		all = (uint8_t)(all + s.at[i]);
	return all;
}

int acpi_open(const void *buf, size_t size, const char *signature, size_t fixed,
              struct acpi_span *out, struct iom_error *error)
{
	struct acpi_span s = { buf, size };
	uint32_t length = acpi_32(s, ACPI_LENGTH);

	if (!buf || size < ACPI_HEADER_BYTES)
		return iom_fail(error, IOM_EINVAL,
		                "%llu bytes are no ACPI table; its header alone takes 36",
		                (unsigned long long)size);
	if (memcmp(s.at + ACPI_SIGNATURE, signature, 4) != 0)
		return iom_fail(error, IOM_EINVAL, "the table does not begin with its name %s",
		                signature);
	if (length < fixed || length > size)
		return iom_fail(error, IOM_EINVAL,
		                "the length of the %s is %llu; it should be from %llu, which its "
		                "fixed part takes, to %llu, which there are",
		                signature, (unsigned long long)length, (unsigned long long)fixed,
		                (unsigned long long)size);
	s.bytes = length;
	if (sum(s))
		return iom_fail(error, IOM_EINVAL,
		                "the bytes of the %s sum up to 0x%llx modulo 256; they should to 0",
		                signature, (unsigned long long)sum(s));
	*out = s;
	return IOM_OK;
}

int acpi_next(struct acpi_list *list, struct acpi_span *out, struct iom_error *error)
{
	struct acpi_span rest = acpi_part(list->table, list->at, list->table.bytes);
	uint16_t length = acpi_16(rest, list->length_at);

	if (rest.bytes < list->head)
		return iom_fail(error, IOM_EINVAL,
		                "the table ends at 0x%llx, inside of or before the head of the "
		                "structure at 0x%llx",
		                (unsigned long long)list->table.bytes,
		                (unsigned long long)list->at);
	if (length < list->head || length > rest.bytes)
		return iom_fail(error, IOM_EINVAL,
		                "the structure at 0x%llx has length %u; it should be from %u, "
		                "which "
		                "its head takes, to %llu, where the table ends",
		                (unsigned long long)list->at, length, list->head,
		                (unsigned long long)rest.bytes);
	*out = acpi_part(rest, 0, length);
	list->at += length;
	return IOM_OK;
}

void acpi_put_bytes(struct acpi_out *out, const void *from, size_t bytes)
{
	if (out->at <= out->size && bytes <= out->size - out->at)
		memcpy(out->buf + out->at, from, bytes);
	out->at += bytes;
}

void acpi_put(struct acpi_out *out, uint64_t value, unsigned bytes)
{
	uint8_t le[8];

	for (unsigned i = 0; i < 8; i++)
		le[i] = (uint8_t)(value >> (8 * i));
	acpi_put_bytes(out, le, bytes);
}

void acpi_put_zeroes(struct acpi_out *out, size_t bytes)
{
	while (bytes--)
		acpi_put(out, 0, 1);
}

/* A name of `width` characters, padded with blanks; false if it is longer. */
static bool put_name(struct acpi_out *out, const char *name, const char *otherwise, unsigned width)
{
	if (!name)
		name = otherwise;
	for (unsigned i = 0; i < width; i++)
		acpi_put(out, *name ? (uint8_t)*name++ : ' ', 1);
	return !*name;
}

int acpi_begin(struct acpi_out *out, const char *signature, uint8_t revision,
               const struct iom_acpi_ids *ids, struct iom_error *error)
{
	bool fit;

	acpi_put_bytes(out, signature, 4);
	acpi_put(out, 0, 4);
	acpi_put(out, revision, 1);
	acpi_put(out, 0, 1);
	fit = put_name(out, ids->oem_id, "IOMMUX", 6);
	fit &= put_name(out, ids->oem_table_id, "IOMMUX", 8);
	acpi_put(out, ids->oem_revision, 4);
	fit &= put_name(out, ids->creator_id, "IOMX", 4);
	acpi_put(out, ids->creator_revision, 4);
	if (!fit)
		return iom_fail(error, IOM_EINVAL,
		                "an ACPI id is too long; oem_id may have 6 characters, "
		                "oem_table_id 8, creator_id 4");
	return IOM_OK;
}

int acpi_finish(struct acpi_out *out)
{
	struct acpi_span all = { out->buf, out->at };
	struct acpi_out field = { out->buf, out->size, ACPI_LENGTH };

	if (out->at > out->size)
		return IOM_ENOSPC;
	acpi_put(&field, out->at, 4);
	field.at = ACPI_CHECKSUM;
	acpi_put(&field, 0, 1);
	field.at = ACPI_CHECKSUM;
	acpi_put(&field, (uint8_t)-sum(all), 1);
	return IOM_OK;
}
