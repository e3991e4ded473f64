/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Directories of devices and of processes: trees of pages with entries of 8 bytes, and contexts in the
 * leaves ("Device-directory-table", "Process-directory-table").
 */
#ifndef OS_DRV_RISCV_DIRECTORY_H
#define OS_DRV_RISCV_DIRECTORY_H

#include "os/drv/riscv/riscv.h"

struct rvd_directory {
	uint64_t *root;
	uint64_t phys;
	uint8_t levels;   /* 1..3                        */
	uint8_t leaf_lg2; /* contexts in a leaf, as log2 */
};

/* How many bits of an identifier it can tell apart. */
unsigned rvd_directory_bits(const struct rvd_directory *t);

/* The leaf that an identifier is in, which has so many bits; made on demand.  NULL: no memory. */
uint64_t *rvd_directory_leaf(struct rvd_driver *d, const struct rvd_directory *t, uint32_t id);

/* Frees all pages. */
void rvd_directory_free(struct rvd_driver *d, const struct rvd_directory *t);

/* Words of contexts and entries. */
static inline uint64_t rvd_dir_get(const uint64_t *word)
{
	return iom_cpu64(__atomic_load_n(word, __ATOMIC_ACQUIRE), RV_CPU_IS_BIG);
}

static inline void rvd_dir_put(uint64_t *word, uint64_t val)
{
	rvd_store(word, iom_cpu64(val, RV_CPU_IS_BIG));
}

#endif
