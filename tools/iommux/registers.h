/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The registers of a unit: what they are called, where they are, and what their fields mean. */
#ifndef IOMMUX_REGISTERS_H
#define IOMMUX_REGISTERS_H

#include <iommux/unit.h>

#include "anatomy.h"

/* What the offsets of a row count from */
enum register_base { REGISTER_AT_0, REGISTER_AT_IRO, REGISTER_AT_FRO };

struct register_row {
	const char *name;
	const struct anatomy *fields; /* NULL: it is a number                            */
	uint16_t off;
	uint8_t bytes;          /* 4 or 8; 16: two of 8 that are one register           */
	uint8_t base;           /* REGISTER_AT_*                                        */
	uint16_t count, stride; /* of a row of registers, numbered; 0: there is one     */
	uint8_t first;          /* number of the first one                              */
	bool constant;          /* it says what the unit can do                         */
	uint64_t needs[2];      /* capabilities of which it takes all                   */
};

/* Which registers a unit has. */
struct register_map {
	const struct register_row *rows;
	size_t count;
	uint64_t capabilities[2]; /* RISC-V: the register of this name; VT-d: CAP and ECAP */
};

/* One of them. */
struct register_place {
	const struct register_row *row;
	unsigned off;
	char name[24]; /* with its number, "msi_addr_3" */
};

/* `arch` as iom_unit_arch has it; false: another one. */
bool register_map_make(const char *arch, const uint64_t capabilities[2], struct register_map *map);
/* By what the unit's registers say. */
bool register_map_of(struct iom_unit *unit, struct register_map *map);

/* The register that has the byte at `from`, or else the first one behind it; false: there is none. */
bool register_next(const struct register_map *map, uint64_t from, struct register_place *place);

/* What is in it; `word` has two. */
void register_read(struct iom_unit *unit, const struct register_place *place, uint64_t *word);

/*
 * An access to a register in words: its name, and what a value that is stored says, "cqcsr: cqen=1".  `value`
 * may be NULL.  False: there is no register.
 */
bool register_words(const struct register_map *map, uint64_t off, unsigned bytes,
                    const uint64_t *value, char *text, size_t size);

/* The rows of each architecture (registers_riscv.c, registers_vtd.c) */
extern const struct register_row registers_riscv[], registers_vtd[];
extern const size_t registers_riscv_count, registers_vtd_count;

#endif
