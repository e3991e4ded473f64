/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What software and devices do in world.h. */
#ifndef TESTS_FAILURES_SOFTWARE_H
#define TESTS_FAILURES_SOFTWARE_H

#include "world.h"

#define IOVA 0x12345000ull /* two pages of data follow each other here */
#define UNMAPPED 0x12347000ull
#define PID 1u
#define STAMP (WORLD_RAM + 0x3000) /* where fences store */

/* Makes the data, and the entries that lead to it, what they were in the beginning. */
void refresh(struct world *w);

/*
 * An invalidation of everything; a fence that stores STAMPED, with what became of the queues; an
 * invalidation that a device has to answer.
 */
#define STAMPED 0x12345678u
void forget_all(struct world *w);
void fence(struct world *w);
void invalidate(struct world *w, unsigned id, uint64_t iova);
void note_queue(struct world *w);

/* Takes the records, and notes what they say; then interrupts. */
void drain(struct world *w);

/* A device's store to where messages go; then what it did is to be noted. */
void store_message(struct world *w, unsigned id, uint64_t iova, uint32_t data);

/* Requests of devices: what they get is noted, and data must be what it should be. */
struct iom_request request(unsigned id, uint64_t iova, unsigned access, unsigned at);
void dma_read(struct world *w, unsigned id, uint64_t iova, unsigned access, uint64_t spa);
void dma_write(struct world *w, unsigned id, uint64_t iova, uint64_t spa);
void dma_atomic(struct world *w, unsigned id, uint64_t iova, uint64_t spa);
void ask(struct world *w, unsigned id, struct iom_request q);
/* All that a device with a cache of its own does; for one with processes, and for one without. */
void cached_dma(struct world *w);
/* Notes an answer, which must fit to a failure.  `elsewhere`: nothing failed in this request. */
void judge(struct world *w, bool elsewhere, unsigned at, int err, const struct iom_reply *reply);

#endif
