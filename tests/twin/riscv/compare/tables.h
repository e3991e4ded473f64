/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What the makers of random tables share. */
#ifndef TESTS_TWIN_RISCV_COMPARE_TABLES_H
#define TESTS_TWIN_RISCV_COMPARE_TABLES_H

#include "compare.h"

#include "../inside.h"

#define PAGE 4096ull

/* Bits of a PTE */
enum {
	V = 1,
	R = 2,
	W = 4,
	X = 8,
	U = 16,
	G = 32,
	A = 64,
	D = 128,
	FULL = V | R | W | X | U | A | D
};

/* A tree of page tables that is being built */
struct space {
	struct twin_scheme scheme;
	unsigned width; /* of what it translates */
	bool rv32, first, big;
	bool updates;        /* SADE or GADE */
	uint64_t root;       /* SPA */
	const struct vm *vm; /* first stage: in whose memory its tables are */
};

static inline uint64_t low(uint64_t size_lg2)
{
	return (1ull << size_lg2) - 1;
}

/* pages.c */
uint64_t to_gpa(const struct vm *vm, uint64_t spa);
uint64_t to_spa(const struct vm *vm, uint64_t gpa);
/* An empty tree; `vm` for a first stage. */
struct space space_new(struct world *w, unsigned mode, bool rv32, const struct vm *vm, bool big);
unsigned leaf_lg2(const struct space *s, unsigned level);
/* Flags of a leaf: mostly all, so that what else may be wrong is reached. */
uint64_t random_flags(struct world *w, const struct space *s);
/*
 * A page of 2^size_lg2 bytes around `target`, where no other is.  A NAPOT leaf consists of 16 entries,
 * all or none.
 */
void map_page(struct world *w, const struct space *s, uint64_t va, unsigned level, bool napot,
              uint64_t target, uint64_t pte);
/* A random address with the low bits of `target`, sign-extended where that is asked for. */
uint64_t random_address(struct world *w, const struct space *s, unsigned lg2, uint64_t target,
                        uint64_t near);
/* A random place in physical memory. */
uint64_t anywhere(struct world *w);

/* guests.c: a second stage, which vm_finish completes when all other tables are there */
void vm_new(struct world *w, struct device *d, struct space *s);
void vm_finish(struct world *w, const struct device *d, const struct space *s);
/* Words 4 to 6 of a device context */
void messages(struct world *w, struct device *d, uint64_t *dw);

/* processes.c: fsc of a device, with spots to send requests to */
uint64_t first_stage(struct world *w, struct device *d, bool pv, uint32_t process_id);
uint64_t processes(struct world *w, struct device *d, bool dpe);
/* What a first stage may lead to. */
uint64_t guest_address(struct world *w, const struct device *d);
uint64_t random_pscid(struct world *w);
/* Requests of such a kind have first stage Bare. */
uint64_t bare(struct world *w, struct device *d, bool pv, uint32_t process_id);
void add_spot(struct world *w, const struct device *d, bool pv, uint32_t process_id, uint64_t iova,
              unsigned lg2, bool gpa);

#endif
