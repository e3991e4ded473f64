/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Memory of which pieces are known, in words of 4 bytes. */
#ifndef IOMMUX_SPARSE_H
#define IOMMUX_SPARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPARSE_WORD 4u

struct sparse_page;

/* A stretch that is zeroes where nothing else is known. */
struct sparse_zeroes {
	uint64_t address, last;
};

#define SPARSE_ZEROES_MAX 64u

/* All zeroes: nothing is known. */
struct sparse {
	struct sparse_page **slot;
	size_t count, room;
	struct sparse_zeroes zeroes[SPARSE_ZEROES_MAX];
	unsigned zero_count;
};

/*
 * Words become known; what is at the ends of others stays.  False: there is no memory for it, or there are 2^19 pages.
 */
bool sparse_put(struct sparse *sparse, uint64_t address, const void *bytes, size_t size);
/* The same with zeroes, whatever the length.  False also: there are SPARSE_ZEROES_MAX stretches. */
bool sparse_clear(struct sparse *sparse, uint64_t address, uint64_t bytes);
/* The aligned word at `address`; false: it is not known. */
bool sparse_get(const struct sparse *sparse, uint64_t address, uint8_t word[SPARSE_WORD]);
/*
 * Calls `piece` with what is known: stretches of zeroes (bytes NULL), then words in a row inside a page,
 * in no order.  Ends where it returns something else than 0, with that.
 */
int sparse_each(const struct sparse *sparse,
                int (*piece)(void *opaque, uint64_t address, uint64_t bytes, const void *data),
                void *opaque);
void sparse_free(struct sparse *sparse);

#endif
