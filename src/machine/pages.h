/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The page allocator of one RAM, of a machine or of a virtual one.  Single pages come in a seeded
 * pseudo-random order, as they do from a kernel that has been running for a while; runs come first fit.
 */
#ifndef MACHINE_PAGES_H
#define MACHINE_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/ram.h"

#define PAGE_BYTES 4096u

struct pages {
	struct ram ram;  /* its bytes, if they are its own              */
	uint64_t spa;    /* of the first page                           */
	uint8_t *host;   /* its bytes, or NULL ...                      */
	uint8_t **piece; /* ... where each page is somewhere else       */
	uint32_t count;  /* pages in all                                */
	uint32_t unused; /* pages that nobody has                       */
	uint32_t cursor; /* place in `order` where the next search begins */
	uint32_t *order; /* a permutation of 0..count-1                 */
	bool *used;      /* by page number                              */
};

/* Allocates the RAM itself; bytes is a multiple of PAGE_BYTES, 0 for none.  IOM_ENOMEM. */
int pages_init(struct pages *pages, uint64_t spa, uint64_t bytes, uint64_t seed);
/* The same for bytes that are the caller's, `count` pages at `host`.  IOM_ENOMEM. */
int pages_init_at(struct pages *pages, uint64_t spa, uint8_t *host, uint32_t count, uint64_t seed);
/* The RAM of a virtual machine: `count` pages whose bytes are wherever `piece` says.  IOM_ENOMEM. */
int pages_init_pieces(struct pages *pages, uint64_t spa, uint8_t *const *piece, uint32_t count,
                      uint64_t seed);
void pages_release(struct pages *pages);

/* A zeroed page from somewhere; false: none is left. */
bool pages_take(struct pages *pages, uint64_t *spa);

/* `n` zeroed pages in a row, aligned to n rounded up to a power of two if `aligned`. */
bool pages_take_run(struct pages *pages, uint32_t n, bool aligned, uint64_t *spa);

/* Takes back `n` pages in a row, all of which were taken. */
void pages_give(struct pages *pages, uint64_t spa, uint32_t n);

bool pages_contain(const struct pages *pages, uint64_t spa);

/* The CPU's pointer to an address that pages_contain. */
void *pages_at(const struct pages *pages, uint64_t spa);

#endif
