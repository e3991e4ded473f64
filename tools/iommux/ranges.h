/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What a stage's page tables map, in ranges.  Entries are read by the library's own formats (src/pt), and
 * tables of a first stage that lie in guest-physical memory are found by its walker.  Whatever the tables
 * hold, a walk ends: it looks at a bounded number of tables, and goes into none that it is inside of.
 */
#ifndef IOMMUX_RANGES_H
#define IOMMUX_RANGES_H

#include <iommux/stage.h>

#include "pt/pt.h"
#include "registers.h"

#define RANGES_TABLES_MAX 16384u
#define RANGES_MAX 65536u
/* So many sentences are told of a stage; more are counted. */
#define RANGES_WRONG_MAX 16u

/* Input that is mapped in a row, with the same permissions, to output in a row. */
struct range {
	uint64_t input, output, bytes;
	unsigned perm;  /* PT_R ... */
	uint64_t sizes; /* bit n: by pages of 2^n bytes */
};

struct ranges_stage {
	const struct pt_format *format;
	struct pt_root root;
	unsigned perms; /* that the format knows */
	char name[16];  /* "Sv48", "4 levels" */
};

/* What tables mean depends on it. */
struct ranges_unit {
	const struct register_map *map;
	unsigned address_bits; /* VT-d: of the host         */
	bool ssirwe;           /* VT-d: RTADDR.SSIRWE       */
};

/*
 * The tables of a stage, as iom_fault_in tells it; `below` is the stage that its output goes through, or
 * NULL.  False: the stage passes addresses through.
 */
bool ranges_stage_make(const struct iom_stage *from, bool second, const struct ranges_unit *unit,
                       const struct ranges_stage *below, struct ranges_stage *stage);

struct ranges_walk {
	const struct ranges_stage *stage;
	const struct ranges_stage *below; /* that translates the addresses of tables; or NULL */
	/* IOM_OK, or else what is there cannot be read. */
	int (*read)(void *opaque, uint64_t spa, void *buf, size_t size);
	void (*range)(void *opaque, const struct range *range);
	void (*wrong)(void *opaque, const char *sentence);
	void *opaque;
};

void ranges_walk(const struct ranges_walk *walk);

/* "rw-u", of what the format knows; `room` has 8 bytes. */
const char *ranges_perm(const struct ranges_stage *stage, unsigned perm, char *room);
/* "4 KiB, 2 MiB" */
const char *ranges_sizes(uint64_t sizes, char *room, size_t size);

#endif
