/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The kernel's driver of one DMA engine: it attaches the engine to a space, shows it its ring
 * there, writes descriptors and waits for the interrupt.
 */
#ifndef MACHINE_ENGINE_DRIVER_H
#define MACHINE_ENGINE_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/space.h"

/* One page of them, with the one that ends the list. */
#define ENGINE_JOB_ELEMENTS_MAX (PAGE_BYTES / ENGINE_ELEMENT_BYTES - 1)

struct engine_driver {
	struct kernel *kernel;
	struct dma_engine *engine; /* for its counters; it is driven through registers alone */
	unsigned index;
	uint32_t requester;
	struct space *space;     /* NULL: attached nowhere                   */
	struct buffer *pages[3]; /* ring, source list, destination list      */
	uint64_t iova[3];        /* where the engine sees them               */
	uint32_t tail;
};

/* One side of a job: a place, or a list of pieces if count is not 0. */
struct engine_piece {
	uint64_t iova, bytes;
};

struct engine_side {
	uint64_t iova;
	unsigned count; /* 0..ENGINE_JOB_ELEMENTS_MAX */
	const struct engine_piece *pieces;
};

struct engine_job {
	struct engine_side from, to;
	uint32_t bytes;
};

struct engine_report {
	unsigned result;     /* enum engine_result                                */
	uint32_t bytes;      /* that the engine says it copied                    */
	bool interrupt;      /* its interrupt came                                */
	uint64_t refused_at; /* IOVA of the last refusal, if the result says one */
};

/* Adds an engine to the machine with a driver.  As machine_engine_new; IOM_ENOMEM. */
int engine_driver_new(struct kernel *kernel, uint32_t requester, unsigned bits,
                      struct engine_driver **out, struct iom_error *error);

/* Detaches and frees.  NULL is ignored.  The engine stays in the machine. */
void engine_driver_free(struct engine_driver *driver);

/*
 * Moves the engine into a space, from nowhere or from another space, and programs its ring.
 * On refusal it is attached nowhere.
 */
int engine_driver_attach(struct engine_driver *driver, struct space *space,
                         struct iom_error *error);
int engine_driver_detach(struct engine_driver *driver, struct iom_error *error);

/* Has a job carried out.  The faults that it causes are reported to the kernel. */
void engine_driver_run(struct engine_driver *driver, const struct engine_job *job,
                       struct engine_report *report);

#endif
