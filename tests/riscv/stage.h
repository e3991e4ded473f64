/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * One stage of translation alone on the rig: device 1 with a first stage over a Bare second one, or
 * the other way round.  What both stages have in common is then tested once, for each of them.
 */
#ifndef TESTS_RISCV_STAGE_H
#define TESTS_RISCV_STAGE_H

#include "rig.h"

#define STAGE_DEVICE 1

/* Bits of a page-table entry */
#define PTE_V (1ull << 0)
#define PTE_R (1ull << 1)
#define PTE_W (1ull << 2)
#define PTE_X (1ull << 3)
#define PTE_U (1ull << 4)
#define PTE_G (1ull << 5)
#define PTE_A (1ull << 6)
#define PTE_D (1ull << 7)
#define PTE_PBMT(n) ((uint64_t)(n) << 61)
#define PTE_N (1ull << 63)
#define PTE_PPN(pa) ((pa) >> 12 << 10)
#define PTE_POINTER(pa) (PTE_PPN(pa) | PTE_V)

/* A physical address that is aligned for every page size; no memory is there. */
#define STAGE_FAR (5ull << 48)

struct stage {
	struct rig *r;
	bool second;
	unsigned levels; /* 3 Sv39, 4 Sv48, 5 Sv57, or their x4 forms */
	uint64_t root;
};

/* A new rig with these capabilities, and the stage on it; `tc`: further bits of DC.tc. */
void stage_init(struct stage *s, uint64_t cap, bool second, unsigned levels, uint64_t tc);
/* Puts an entry at `level` of the path of `iova`; returns its SPA. */
uint64_t stage_map(struct stage *s, uint64_t iova, unsigned level, uint64_t pte);

/* The mode field for tables of `levels`, in fsc and iohgatp. */
uint64_t stage_mode(unsigned levels);
/* The page-fault, guest-page-fault and access-fault causes of an access. */
unsigned page_fault(unsigned access);
unsigned guest_page_fault(unsigned access);
unsigned access_fault(unsigned access);
/* TTYP of an untranslated access. */
unsigned ttyp_of(unsigned access);
/* The cause of this stage when it refuses the access for what its tables say. */
unsigned stage_fault(const struct stage *s, unsigned access);
/* All four accesses to `iova` are refused by the stage. */
void stage_refuses(struct stage *s, uint64_t iova, const char *why);
/* What one leaf of `level` maps: 4 KiB, 2 MiB, 1 GiB, 512 GiB, 256 TiB. */
uint64_t stage_page_bytes(unsigned level);

/*
 * An address that selects another entry at each level, below the root entry `top` + 1.  Tests give
 * each structure that they break a `top` of its own.
 */
uint64_t stage_iova(const struct stage *s, unsigned top);

#endif
