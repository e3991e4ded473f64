/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A device whose requests go through one stage of page tables: the second, in legacy mode or by a PASID
 * table entry, or the first.
 */
#ifndef TESTS_VTD_STAGE_H
#define TESTS_VTD_STAGE_H

#include "rig.h"

#define STAGE_SID 0x0123
/* Nothing has to answer where leaves lead; all bits of 35:12 differ from their neighbours. */
#define STAGE_FAR 0xa5a5a5000ull
#define STAGE_DID 5

struct stage {
	struct rig *r;
	bool scalable;
	bool first;
	unsigned levels;
	uint64_t root;
	uint64_t pasid; /* SPA of the PASID table entry; scalable mode */
};

/* On a unit with these capabilities; untranslated requests without PASID take this way. */
void stage_second(struct stage *s, uint64_t cap, uint64_t ecap, bool scalable, unsigned levels);
/* Scalable mode, PGTT 001; RID_PASID 0. */
void stage_first(struct stage *s, uint64_t cap, uint64_t ecap, unsigned levels);
/* The same on a unit that exists. */
void stage_second_on(struct stage *s, struct rig *r, bool scalable, unsigned levels);
void stage_first_on(struct stage *s, struct rig *r, unsigned levels);

/* An address whose index differs at each level, `n` picks one of many; bits 11:0 are 0. */
uint64_t stage_iova(const struct stage *s, unsigned n);
/* Maps: stores `entry` at `level`, tables on the way. */
uint64_t stage_map(struct stage *s, uint64_t iova, unsigned level, uint64_t entry);
/* The SPA of the entry for `iova` at `level`. */
uint64_t stage_entry(struct stage *s, uint64_t iova, unsigned level);
/* Legacy mode's reason or scalable mode's. */
unsigned stage_reason(const struct stage *s, unsigned legacy, unsigned scalable);
/* Bytes of a page at `level`. */
uint64_t stage_bytes(unsigned level);
/* What a request of this kind lacks: 0x05 / 0x85 or 0x06 / 0x86. */
unsigned stage_denied(const struct stage *s, unsigned access);
/* The reason for an entry with R=W=0. */
unsigned stage_nothing(const struct stage *s, unsigned access);

/* Both modes, and 3 to 5 levels of the second stage, on the unit that has everything. */
#define EACH_STAGE(s, scalable, levels)                                                            \
	for (scalable = 0; scalable < 2; scalable++)                                               \
		for (levels = 3; levels <= 5; levels++)                                            \
			for (stage_second(s, CAP_ALL, ECAP_ALL, scalable, levels); (s)->r;         \
			     rig_free((s)->r), (s)->r = NULL)

#endif
