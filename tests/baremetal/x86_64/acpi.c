/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
#include "acpi.h"

#include <stdbool.h>
#include <string.h>

#include "../machine.h"

/* Where firmware puts the RSDP, if the loader does not tell (ACPI, "Finding the RSDP on IA-PC"). */
#define BIOS 0xe0000u
#define BIOS_END 0x100000u

#define RSDP_REVISION 15
#define RSDP_RSDT 16
#define RSDP_XSDT 24

#define TABLE_LENGTH 4
#define TABLE_HEADER 36

static const uint8_t *rsdp;

static uint64_t number(const uint8_t *from, unsigned bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | from[bytes];
	return value;
}

void acpi_start(uint64_t told)
{
	uintptr_t at;

	rsdp = (const uint8_t *)(uintptr_t)told;
	for (at = BIOS; !rsdp && at < BIOS_END; at += 16)
		if (!memcmp((const void *)at, "RSD PTR ", 8))
			rsdp = (const uint8_t *)at;
}

const void *acpi_table(const char *signature, size_t *bytes)
{
	bool wide = rsdp && rsdp[RSDP_REVISION] >= 2;
	unsigned size = wide ? 8 : 4, at;
	const uint8_t *root;

	if (!rsdp)
		return NULL;
	root = (const uint8_t *)(uintptr_t)number(rsdp + (wide ? RSDP_XSDT : RSDP_RSDT), size);
	for (at = TABLE_HEADER; at + size <= number(root + TABLE_LENGTH, 4); at += size) {
		const uint8_t *table = (const uint8_t *)(uintptr_t)number(root + at, size);

		if (!memcmp(table, signature, 4)) {
			*bytes = (size_t)number(table + TABLE_LENGTH, 4);
			return table;
		}
	}
	return NULL;
}

bool acpi_dmar(struct iom_dmar_table *dmar)
{
	struct iom_error error;
	size_t bytes;
	const void *table = acpi_table("DMAR", &bytes);

	if (!table) {
		say("# firmware has no DMAR\n");
		return false;
	}
	if (iom_dmar_open(table, bytes, dmar, &error)) {
		say("# %s\n", error.text);
		return false;
	}
	return true;
}
