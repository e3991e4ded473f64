/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Reads a flattened device tree (Devicetree Specification, "Flattened Devicetree (DTB) Format"). */
#ifndef BAREMETAL_RISCV64_FDT_H
#define BAREMETAL_RISCV64_FDT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool fdt_start(const void *blob);

/*
 * The first node behind `after` whose property `name`, a list of strings, has `value`, or with
 * NULL anything; 0: there is none.  `after` 0: from the beginning.
 */
uint32_t fdt_find(const char *name, const char *value, uint32_t after);

/* A property of a node; NULL: it has none of this name. */
const uint8_t *fdt_property(uint32_t node, const char *name, size_t *bytes);

/* A number of so many cells. */
uint64_t fdt_number(const uint8_t *at, unsigned cells);

/* A property of one cell; 0 if there is none. */
uint32_t fdt_cell(uint32_t node, const char *name);

#endif
