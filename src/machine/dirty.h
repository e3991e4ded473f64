/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A dirty log: which pages of a buffer were stored to since they were last taken, and by whom.  Devices
 * and IOMMUs report their stores.  CPUs do not: their software is C code.  What they stored is found by
 * comparing with a copy that every reported store is carried over to, so that what a device stored is
 * never put down to a CPU.
 */
#ifndef MACHINE_DIRTY_H
#define MACHINE_DIRTY_H

#include <stdbool.h>
#include <stdint.h>

#include <iommux/error.h>

#include "machine/buffer.h"

enum dirty_source {
	DIRTY_DEVICES, /* stores through the machine's IOMMUs                 */
	DIRTY_IOMMU,   /* of the guest's IOMMU: records, completions          */
	DIRTY_CPUS,
	DIRTY_SOURCES
};

struct dirty_log {
	const struct buffer *memory;
	uint64_t *marks[DIRTY_SOURCES]; /* a bit for each page                                 */
	bool *fresh;                    /* by page: never taken yet                            */
	uint8_t *copy;                  /* of all pages, as reported stores and CPUs left them */
	uint32_t *page_of; /* by page of the RAM: its number in the buffer, or UINT32_MAX     */
	bool deaf[DIRTY_SOURCES];
};

/* Begins with all pages fresh, which counts as stored to.  The buffer outlives the log.  IOM_ENOMEM. */
int dirty_log_new(const struct buffer *memory, struct dirty_log **out, struct iom_error *error);
void dirty_log_free(struct dirty_log *log);

/* Leaves out what this source stores, as a hypervisor would that forgot about it. */
void dirty_log_ignore(struct dirty_log *log, enum dirty_source source);

/* `len` bytes were stored at `spa` of the RAM; those outside of the buffer do not count. */
void dirty_log_stored(struct dirty_log *log, enum dirty_source source, uint64_t spa, uint64_t len);

/* Finds what the CPUs stored.  Call it while they stand. */
void dirty_log_look(struct dirty_log *log);

/* How many pages one source stored to since they were last taken. */
uint32_t dirty_log_count(const struct dirty_log *log, enum dirty_source source);

/* Is any page to be copied? */
bool dirty_log_any(const struct dirty_log *log);

/* Is the page, by its number in the buffer, to be copied?  Taking it makes it clean. */
bool dirty_log_take(struct dirty_log *log, uint32_t page);

#endif
