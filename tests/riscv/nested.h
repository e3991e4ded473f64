/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Guest memory behind a second stage.  No guest-physical address that nested_page gives out is the
 * address of any memory itself, so whoever forgets to translate one finds nothing.
 */
#ifndef TESTS_RISCV_NESTED_H
#define TESTS_RISCV_NESTED_H

#include "stage.h"

struct nested {
	struct rig *r;
	unsigned levels; /* of the second stage */
	uint64_t root;
	uint64_t next; /* next free GPA */
};

/* A page of guest memory: where it is, and the second-stage leaf that maps it. */
struct guest_page {
	uint64_t gpa, spa, leaf;
};

void nested_init(struct nested *n, uint64_t cap, unsigned levels);
/* The same on a rig of the caller's. */
void nested_on(struct nested *n, struct rig *r, unsigned levels);
/* iohgatp for it, with GSCID 7. */
uint64_t nested_iohgatp(const struct nested *n);
struct guest_page nested_page(struct nested *n);

/*
 * A guest's first-stage tables of `levels` with one path: table[i] and entry[i] belong to level i,
 * entry[0] is a leaf for `data`.
 */
struct guest_path {
	uint64_t iova;
	uint64_t fsc;
	unsigned levels;
	struct guest_page table[5];
	uint64_t entry[5];     /* SPA of the entry that `iova` selects */
	uint64_t entry_gpa[5]; /* its GPA */
	struct guest_page data;
};

void nested_path(struct nested *n, struct guest_path *p, unsigned levels);

#endif
