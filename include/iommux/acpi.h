/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What every ACPI table says of its maker (ACPI Specification, "System Description Table Header"). */
#ifndef IOMMUX_ACPI_H
#define IOMMUX_ACPI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Strings are padded with blanks.  All zeroes is "IOMMUX", revision 0. */
struct iom_acpi_ids {
	const char *oem_id;       /* up to 6 characters; NULL: "IOMMUX" */
	const char *oem_table_id; /* up to 8; NULL: "IOMMUX"            */
	const char *creator_id;   /* up to 4; NULL: "IOMX"              */
	uint32_t oem_revision;
	uint32_t creator_revision;
};

#ifdef __cplusplus
}
#endif
#endif
