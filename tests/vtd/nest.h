/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A guest that owns the first stage: its tables and pages stand at guest addresses, which the second
 * stage maps, page by page and never to the same number.
 */
#ifndef TESTS_VTD_NEST_H
#define TESTS_VTD_NEST_H

#include "rig.h"

#define NEST_SID 0x0123
#define NEST_DID 5
#define NEST_PAGES 16

struct nest {
	struct rig *r;
	unsigned fs_levels, ss_levels;
	uint64_t fs;       /* guest address of the first stage's root */
	uint64_t ss;       /* SPA of the second stage's */
	uint64_t pasid;    /* SPA of the PASID table entry of RID_PASID 0 */
	uint64_t iova, to; /* mapped by nest_init: a page, and where it is */
	uint64_t gpa;      /* its guest address */
	struct {
		uint64_t gpa, spa;
	} at[NEST_PAGES];
	unsigned pages;
};

/* Scalable mode, PGTT 011, PWSNP; qw0 and qw2 add to the PASID table entry.  `iova` is mapped. */
void nest_init(struct nest *n, unsigned fs_levels, unsigned ss_levels, uint64_t qw0, uint64_t qw2);
void nest_init_caps(struct nest *n, uint64_t cap, uint64_t ecap, unsigned fs_levels,
                    unsigned ss_levels, uint64_t qw0, uint64_t qw2);
/* A new page of the guest; returns its guest address. */
uint64_t nest_page(struct nest *n);
uint64_t nest_spa(const struct nest *n, uint64_t gpa);
/* Stores a first-stage entry; tables on the way are made in pages of the guest. */
uint64_t nest_map(struct nest *n, uint64_t iova, unsigned level, uint64_t entry);
/* SPA of the first-stage entry for `iova` at `level`, and of the page's second-stage leaf. */
uint64_t nest_entry(const struct nest *n, uint64_t iova, unsigned level);
uint64_t nest_leaf(const struct nest *n, uint64_t gpa);
/* Guest address of the first-stage table that holds the entry at `level`. */
uint64_t nest_table(const struct nest *n, uint64_t iova, unsigned level);
/* Sets A, and D in leaves, in all entries for `iova`, so that no walk has anything to write. */
void nest_preset(struct nest *n, uint64_t iova);

#endif
