/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* ACPI tables: found by their signatures, by way of the RSDP. */
#ifndef BAREMETAL_X86_64_ACPI_H
#define BAREMETAL_X86_64_ACPI_H

#include <stddef.h>
#include <stdint.h>

#include <iommux/dmar.h>

/* `rsdp`: its address if the loader told, else 0. */
void acpi_start(uint64_t rsdp);

/* The table with this signature, and how long it says that it is; NULL: there is none. */
const void *acpi_table(const char *signature, size_t *bytes);

/* The DMAR, opened by the library; false: there is none that can be read, and it was said. */
bool acpi_dmar(struct iom_dmar_table *dmar);

#endif
