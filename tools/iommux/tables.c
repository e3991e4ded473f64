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

static const char usage[] =
	"usage: iommux tables [--json] FILE\n"
	"\n"
	"Prints what an ACPI table says that describes IOMMUs, a DMAR or a RIMT, and\n"
	"what is wrong with it.  Linux has a machine's own tables as files, which root\n"
	"can read: /sys/firmware/acpi/tables/DMAR.\n"
	"\n"
	"  --json   print JSON\n"
	"  --help   this text\n"
	"\n"
	"Exit status: 0 nothing is wrong with the table, 1 something is, 2 an option or\n"
	"the file is not as it must be, or the table cannot be read; then nothing but one\n"
	"sentence is written.\n";

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
	bool json, help;
};

static const struct option options[] = {
	{ "--json", NULL, offsetof(struct ask, json) },
	{ "--help", NULL, offsetof(struct ask, help) },
};

static const struct option_set option_set = { "tables", options,
	                                      sizeof options / sizeof options[0] };

int verb_tables(int argc, char **argv)
{
	struct ask ask = { .path = NULL };
	int status = option_take_all(&option_set, &ask, &ask.help, "file", &ask.path, argc, argv);

	if (status)
		return status;
	if (ask.help) {
		fputs(usage, stdout);
		return EXIT_HELD;
	}
	if (!ask.path)
		return complain("tables: no file was given; try 'iommux tables "
		                "/sys/firmware/acpi/tables/DMAR'");
	return print_file(ask.path, ask.json);
}
