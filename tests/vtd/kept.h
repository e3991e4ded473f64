/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A unit that keeps what it has looked up, and devices whose tables change behind its back: what is
 * served afterwards tells what an invalidation dropped, and what it left.
 */
#ifndef TESTS_VTD_KEPT_H
#define TESTS_VTD_KEPT_H

#include "queue.h"

#define KEPT_MAX 16
#define KEPT_PAGES 8 /* from KEPT_IOVA on */
#define KEPT_IOVA 0x10000ull
#define NO_PASID 0xffffffffu
#define ALL_PAGES 0xffu

/* A device, or one address space of it */
struct way {
	uint16_t sid;
	uint32_t pasid; /* or NO_PASID: then RID_PASID 0 */
	uint16_t did;
	uint64_t pgtt; /* PGTT_FS, PGTT_SS, PGTT_NEST; 0: legacy mode */
};

struct kept {
	struct rig *r;
	const struct way *way;
	unsigned ways;
	uint64_t cap;
	uint64_t ss; /* second stage under all that are nested */
	/* For each way: the tables in use, and others that lead elsewhere. */
	uint64_t root[KEPT_MAX], other[KEPT_MAX];
	uint64_t old[KEPT_MAX], now[KEPT_MAX]; /* SPA of page 0 by either */
};

/* A unit of these capabilities that caches, a queue, and tables for these ways. */
void kept_new(struct kept *k, uint64_t cap, uint64_t ecap, const struct way *way, unsigned ways);
/* Puts all tables as they were, drops everything, and looks every page up. */
void kept_fill(struct kept *k);
/* Behind the unit's back: leaves, or the entries above them, now lead elsewhere. */
void kept_change_leaves(struct kept *k);
void kept_change_tables(struct kept *k);
/* Context entries of legacy mode, or PASID table entries, now hold the other tables. */
void kept_change_roots(struct kept *k);
/* All of that with the queue off afterwards: fills, changes. */
void kept_prepare(struct kept *k, void (*change)(struct kept *));
/* What has to be new: these pages of every way, or of those in a domain and none else. */
void kept_every(uint8_t *fresh, uint8_t bits);
void kept_domain(const struct kept *k, uint8_t *fresh, unsigned did, uint8_t bits);
/* Each page of each way must be new where its bit is set, else old. */
void kept_judge(struct kept *k, const uint8_t *fresh, const char *what);
/* Exactly this descriptor, with a wait. */
void kept_drop(struct kept *k, uint64_t qw0, uint64_t qw1);

#endif
