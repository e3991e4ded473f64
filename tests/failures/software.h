/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What software and devices do in world.h. */
#ifndef TESTS_FAILURES_SOFTWARE_H
#define TESTS_FAILURES_SOFTWARE_H

#include "world.h"

#define IOVA 0x12345000ull /* two pages of data follow each other here */
#define UNMAPPED 0x12347000ull
#define MSI_IOVA 0x12348000ull  /* a guest's interrupt file: a hart's */
#define MRIF_IOVA 0x12349000ull /* another one: in memory             */
#define PID 1u
#define QUEUE_ENTRIES 128u

#define CQ WORLD_RAM
#define FQ (WORLD_RAM + 0x1000)
#define PQ (WORLD_RAM + 0x2000)
#define STAMP (WORLD_RAM + 0x3000)   /* where fences store                           */
#define VECTORS (WORLD_RAM + 0x4000) /* where the unit's messages go                 */
#define NOTICES (WORLD_RAM + 0x5000) /* where those of the interrupt file in memory go */

/* Makes everything that the unit reads, anew; returns the directory. */
uint64_t tables(struct world *w);
/* Makes the data, and the entries that lead to it, what they were in the beginning. */
void refresh(struct world *w);

/* Commands; a fence that stores, with what became of the queues; an invalidation of everything. */
void command(struct world *w, uint64_t dw0, uint64_t dw1);
void fence(struct world *w);
void forget_all(struct world *w);
void note_queue(struct world *w);

/* Takes the records, and notes what they say; then interrupts. */
void drain(struct world *w);

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
