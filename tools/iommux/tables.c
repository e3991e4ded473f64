/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* iommux tables: the tables of an IOMMU, or a firmware table in a file, in words. */
#include "tables.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "colour.h"
#include "complain.h"
#include "file.h"
#include "scene_option.h"
#include "tables_unit.h"
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

struct ask {
	struct scene_spec spec;
	const char *color;
	uint32_t device, pasid;
	bool json, has_device, has_pasid;
};

static int print_acpi(const struct ask *ask, const uint8_t *bytes, size_t size)
{
	struct table_out out = { .json = ask->json, .colours = colour_wanted(ask->color, stdout) };
	struct iom_error error;

	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		if (size < ACPI_HEADER_BYTES || memcmp(bytes, tables[i].signature, 4) != 0)
			continue;
		if (tables[i].print(&out, bytes, size, &error))
			return complain("tables: %s: %s", ask->spec.path, error.text);
		return table_end(&out);
	}
	return complain("tables: %s: it begins neither with an ACPI table DMAR or RIMT, nor as a "
	                "snapshot or a trace does",
	                ask->spec.path);
}

static int print_file(const struct ask *ask)
{
	const char *why;
	size_t size = 0;
	char *bytes = file_read(ask->spec.path, &size, &why);
	int status;

	if (!bytes)
		return complain("tables: %s cannot be read: %s", ask->spec.path, why);
	status = print_acpi(ask, (const uint8_t *)bytes, size);
	free(bytes);
	return status;
}

/* ---- Of an IOMMU ------------------------------------------------------------------------------- */

static int print_unit(const struct ask *ask, struct scene *scene)
{
	struct tables_unit u;
	int status;

	if (!tables_unit_init(&u, scene, ask->json))
		return complain("tables: %s: the tables of %s are not known", scene->name,
		                scene->header.arch);
	u.out.colours = colour_wanted(ask->color, stdout);
	status = ask->has_device ? tables_device(&u, ask->device, ask->has_pasid, ask->pasid)
	                         : tables_directory(&u);
	if (status)
		return status;
	for (unsigned i = 0; i < u.wrongs; i++)
		table_wrong(&u.out, u.wrong[i]);
	if (!ask->json && !u.wrongs) {
		table_close(&u.out);
		return EXIT_HELD;
	}
	return table_end(&u.out);
}

static int print_scene(const struct ask *ask)
{
	const struct scene_question question = { .requester = ask->device };
	struct scene scene;
	int status = scene_open(&ask->spec, ask->has_device ? &question : NULL, &scene);

	if (status)
		return status;
	status = print_unit(ask, &scene);
	scene_close(&scene);
	return status;
}

/* ---- The verb ---------------------------------------------------------------------------------- */

static int set_device(void *opaque, const char *value)
{
	struct ask *ask = opaque;

	ask->has_device = true;
	return scene_option_device(&ask->spec, value, &ask->device);
}

static int set_pasid(void *opaque, const char *value)
{
	struct ask *ask = opaque;

	ask->has_pasid = true;
	return scene_option_pasid(&ask->spec, value, &ask->pasid);
}

static const struct option options[] = {
	{ "--device", "DEVICE",
	  "Of an IOMMU: the contexts of this device, and what they map; 01:00.0, 0000:01:00.0, or "
	  "the number by which the IOMMU knows it, as 0x100.  Without it, all devices that have a "
	  "context.",
	  .set = set_device },
	{ "--pasid", "N", "The same for requests with this PASID (RISC-V: process_id).",
	  .set = set_pasid },
	{ "--json", NULL, "Prints all of it as JSON.", .place = offsetof(struct ask, json) },
	OPTION_COLOR(offsetof(struct ask, color)),
	SCENE_MOMENT_OPTIONS,
	SCENE_CORE_OPTIONS,
	{ NULL, "FILE",
	  "An ACPI table as the firmware wrote it, a snapshot as 'iommux run --snapshot' makes "
	  "them, a trace or a scenario.",
	  .place = offsetof(struct ask, spec.path), .files = "*" },
	{ .name = NULL },
};

static int file_kind(const char *path, unsigned *kind)
{
	uint8_t first[TRACE_FILE_LOOK];
	const char *why;
	uint64_t bytes;
	FILE *file = file_open(path, &bytes, &why);

	if (!file)
		return complain("tables: %s cannot be read: %s", path, why);
	*kind = trace_file_kind(first, fread(first, 1, sizeof first, file));
	fclose(file);
	return EXIT_HELD;
}

static int run(int argc, char **argv)
{
	struct ask ask = { .spec.verb = "tables" };
	int status = option_take_all(&verb_tables, &ask, argc, argv);
	unsigned kind = TRACE_FILE_OTHER;

	if (status)
		return status;
	if (scene_option_given(&ask.spec))
		return ask.spec.path || ask.spec.core ? print_scene(&ask)
		                                      : complain("tables: no scenario was given");
	if (!ask.spec.path)
		return complain("tables: no file was given; try 'iommux tables "
		                "/sys/firmware/acpi/tables/DMAR'");
	if (ask.has_pasid && !ask.has_device)
		return complain("tables: --pasid needs --device, whose PASID it is");
	status = file_kind(ask.spec.path, &kind);
	if (status)
		return status;
	if (kind != TRACE_FILE_OTHER)
		return print_scene(&ask);
	if (ask.has_device || ask.spec.has_event)
		return complain("tables: %s is about snapshots and traces of IOMMUs, and %s is "
		                "none",
		                ask.has_device ? "--device" : "--event", ask.spec.path);
	return print_file(&ask);
}

const struct verb verb_tables = {
	.name = "tables",
	.summary = "show the tables of an IOMMU, or an ACPI table that describes IOMMUs",
	.synopsis = {
		"[--json] FILE",
		"[--device DEVICE [--pasid N]] [--event N | --at STEP [--unit N]] [--json] FILE",
		"--core FILE --arch riscv|vtd --root VALUE [--irta VALUE] [--device DEVICE [--pasid N]]",
	},
	.description = {
		"Of an IOMMU, in a snapshot, a trace, a scenario or the memory of a machine: prints which devices have a context, or of one "
		"device each entry that leads to its context, with what it means, and what is mapped: "
		"ranges of addresses that are mapped in a row, with permissions and sizes of pages, for "
		"both stages; and the entries of its tables of interrupts.",

		"Of an ACPI table that describes IOMMUs, a DMAR (Intel VT-d) or a RIMT (RISC-V): prints what "
		"it says.  Linux has a machine's own tables as files, which root can read: "
		"/sys/firmware/acpi/tables/DMAR.  A line for each structure is followed by a line for each "
		"device, wire or range of it.  Paths of devices are written as 00:1c.0/00.1: function 1 of "
		"device 0 on the bus behind the bridge 1c.0 of bus 0.",

		"Behind all that stands a sentence for everything that makes no sense, with what would be "
		"right; numbers of structures in an ACPI table are their offsets in the file.",
	},
	.options = options,
	.examples = {
		{ "Look at what the firmware of this machine says of its IOMMUs:",
		  { "iommux tables /sys/firmware/acpi/tables/DMAR" } },
		{ "Look at what a device of a scenario can reach after its third step:",
		  { "iommux tables --at 3 --device 01:00.0 examples/os.lua" } },
	},
	.statuses = {
		[EXIT_HELD] = "Nothing is wrong with the tables.",
		[EXIT_FAILED] = "Something is wrong with the tables.",
		[EXIT_WRONG] = "An option or the file is not as it must be, or the table cannot be "
		               "read; nothing but one sentence is written.",
	},
	.run = run,
};
