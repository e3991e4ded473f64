/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* iommux tables: a firmware table in a file, in words. */
#include "tables.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "file.h"
#include "option.h"
#include "verbs.h"

#define ACPI_HEADER_BYTES 36

static const struct table {
	const char *signature;
	int (*print)(struct table_out *out, const uint8_t *bytes, size_t size,
	             struct iom_error *error);
} tables[] = {
	{ "DMAR", table_dmar },
	{ "RIMT", table_rimt },
};

static uint32_t le32(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Without the blanks that fill it up */
static void put_id(struct table_out *out, const char *name, const uint8_t *at, size_t len)
{
	while (len && (at[len - 1] == ' ' || !at[len - 1]))
		len--;
	table_text(out, name, (const char *)at, len);
}

void table_head(struct table_out *out, const uint8_t *bytes)
{
	const char signature[5] = { (char)bytes[0], (char)bytes[1], (char)bytes[2],
		                    (char)bytes[3] };

	table_record(out, 0, NULL, signature);
	table_number(out, "length", le32(bytes + 4));
	table_number(out, "revision", bytes[8]);
	put_id(out, "oem_id", bytes + 10, 6);
	put_id(out, "oem_table_id", bytes + 16, 8);
	table_hex(out, "oem_revision", le32(bytes + 24));
	put_id(out, "creator_id", bytes + 28, 4);
	table_hex(out, "creator_revision", le32(bytes + 32));
}

static int print(const char *path, const uint8_t *bytes, size_t size, bool json)
{
	struct table_out out = { .json = json };
	struct iom_error error;

	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		if (size < ACPI_HEADER_BYTES || memcmp(bytes, tables[i].signature, 4) != 0)
			continue;
		if (tables[i].print(&out, bytes, size, &error))
			return complain("tables: %s: %s", path, error.text);
		return table_end(&out);
	}
	return complain("tables: %s: it does not begin with an ACPI table DMAR or RIMT", path);
}

static int print_file(const char *path, bool json)
{
	const char *why;
	size_t size = 0;
	char *bytes = file_read(path, &size, &why);
	int status;

	if (!bytes)
		return complain("tables: %s cannot be read: %s", path, why);
	status = print(path, (const uint8_t *)bytes, size, json);
	free(bytes);
	return status;
}

struct ask {
	const char *path;
	bool json;
};

static const struct option options[] = {
	{ "--json", NULL, "Prints the table as JSON.", .place = offsetof(struct ask, json) },
	{ NULL, "FILE", "The table, as the firmware wrote it.", .place = offsetof(struct ask, path),
	  .files = "*" },
	{ .name = NULL },
};

static int run(int argc, char **argv)
{
	struct ask ask = { .path = NULL };
	const int status = option_take_all(&verb_tables, &ask, argc, argv);

	if (status)
		return status;
	if (!ask.path)
		return complain("tables: no file was given; try 'iommux tables "
		                "/sys/firmware/acpi/tables/DMAR'");
	return print_file(ask.path, ask.json);
}

const struct verb verb_tables = {
	.name = "tables",
	.summary = "print an ACPI table that describes IOMMUs, and what is wrong with it",
	.synopsis = { "[--json] FILE" },
	.description = {
		"Prints what an ACPI table says that describes IOMMUs, a DMAR (Intel VT-d) or a RIMT "
		"(RISC-V), and what is wrong with it.  Linux has a machine's own tables as files, "
		"which root can read: /sys/firmware/acpi/tables/DMAR.",

		"A line for each structure is followed by a line for each device, wire or range of "
		"it.  Paths of devices are written as 00:1c.0/00.1: function 1 of device 0 on the "
		"bus behind the bridge 1c.0 of bus 0.",

		"Behind the structures stands a sentence for everything that makes no sense, with "
		"what would be right; numbers of structures in it are their offsets in the file.",
	},
	.options = options,
	.examples = {
		{ "Look at what the firmware of this machine says of its IOMMUs:",
		  { "iommux tables /sys/firmware/acpi/tables/DMAR" } },
	},
	.statuses = {
		[EXIT_HELD] = "Nothing is wrong with the table.",
		[EXIT_FAILED] = "Something is wrong with the table.",
		[EXIT_WRONG] = "An option or the file is not as it must be, or the table cannot be "
		               "read; nothing but one sentence is written.",
	},
	.run = run,
};
