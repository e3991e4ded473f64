/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Interrupt remapping on the bench of rig.h: a table, messages that use it, and how they end.
 */
#ifndef TESTS_VTD_IRTE_H
#define TESTS_VTD_IRTE_H

#include "rig.h"

#define IRTE_SID 0x3a45

/* IRTE, qw0 of the remapped format; P and FPD at the places of rig.h */
#define IRTE_P 1ull
#define IRTE_LOGICAL (1ull << 2)
#define IRTE_RH (1ull << 3)
#define IRTE_LEVEL (1ull << 4)
#define IRTE_DLM(n) ((uint64_t)(n) << 5)
#define IRTE_IM (1ull << 15)
#define IRTE_V(n) ((uint64_t)(n) << 16)
#define IRTE_DST(n) ((uint64_t)(n) << 32)
/* qw1 */
#define SQ(n) ((uint64_t)(n) << 16)
#define SVT(n) ((uint64_t)(n) << 18)

struct irt {
	struct rig *r;
	uint64_t table;
};

/* The address of a message in remappable format. */
uint64_t irte_address(unsigned handle, bool shv);
/* On `r`: a queue, a table of 2^(s+1) entries, IRE. */
void irt_on(struct irt *t, struct rig *r, unsigned s, bool eime);
void irt_put(struct irt *t, unsigned index, uint64_t qw0, uint64_t qw1);
/* A message of IRTE_SID becomes exactly this message. */
void irt_delivers(struct irt *t, unsigned handle, uint64_t address, uint32_t data);
/* The same of another source, and of a message as given. */
void irt_sends(struct irt *t, uint16_t sid, uint64_t from, uint32_t raw, uint64_t address,
               uint32_t data);
/* It is refused with this reason, and a record with this index; nothing is sent. */
void irt_blocks(struct irt *t, uint16_t sid, uint64_t from, uint32_t raw, unsigned reason,
                unsigned index);
/* The same without a record. */
void irt_blocks_quietly(struct irt *t, uint16_t sid, uint64_t from, uint32_t raw, unsigned reason);
/* Takes the next fault record: the reason of an interrupt, its source and index, nothing else. */
void irt_recorded(struct rig *r, uint16_t sid, unsigned reason, unsigned index);
/* Vector of the message of `handle` that is delivered; nothing else of it is judged. */
unsigned irt_vector(struct irt *t, unsigned handle);

#endif
