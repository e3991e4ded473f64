/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A kernel's driver of one DMA engine: it attaches the engine to a space, shows it its ring there,
 * writes descriptors and waits for the interrupt.  Where its kernel has no IOMMU, the engine is given
 * the addresses that the kernel takes for physical.
 */
#ifndef MACHINE_ENGINE_DRIVER_H
#define MACHINE_ENGINE_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/dma_engine.h"
#include "machine/space.h"

/* One page of them, with the one that ends the list. */
#define ENGINE_JOB_ELEMENTS_MAX (PAGE_BYTES / ENGINE_ELEMENT_BYTES - 1)

/* Where a kernel finds an engine. */
struct engine_place {
	struct dma_engine *engine; /* its counters, and its time if it is paced; else registers */
	uint64_t registers;        /* their address on the kernel's board                    */
	unsigned iommu;            /* of the board, that it is behind; if the board has one  */
	uint32_t requester;        /* what that IOMMU knows it by                            */
	bool processes;            /* it is to work for processes, too (process.h)           */
};

struct engine_driver {
	struct kernel *kernel;
	struct engine_place place;
	unsigned slot;           /* of the kernel's interrupts               */
	unsigned cpu;            /* that its interrupt goes to               */
	uint32_t interrupt;      /* of the IOMMU, that is remapped to it ... */
	bool remapped;           /* ... while there is one                   */
	bool ready;              /* attached, or in no need of it            */
	struct space *space;     /* NULL: attached nowhere                   */
	struct buffer *pages[3]; /* ring, source list, destination list      */
	uint64_t iova[3];        /* where the engine sees them               */
	uint32_t tail;           /* slot of the ring that is free ...                     */
	uint32_t first;          /* ... and the oldest one whose end was not collected    */
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
	const uint32_t *pasid; /* of the process that both sides are of; NULL: of none */
};

struct engine_report {
	unsigned result;     /* enum engine_result                                */
	uint32_t bytes;      /* that the engine says it copied                    */
	bool interrupt;      /* its interrupt came                                */
	uint64_t refused_at; /* IOVA of the last refusal, if the result says one */
};

/* On a board without an IOMMU the engine is ready at once.  IOM_ENOMEM, IOM_ENOSPC. */
int engine_driver_new(struct kernel *kernel, const struct engine_place *place,
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

/*
 * Lets the engine keep translations (ATS), or no more: the IOMMU's driver and the engine are told, in the
 * order that is safe.
 */
int engine_driver_ats(struct engine_driver *driver, bool on, struct iom_error *error);

/* Sends the engine's interrupt to another CPU of the board. */
void engine_driver_interrupt_to(struct engine_driver *driver, unsigned cpu);

/*
 * Gives the engine a job and does not wait for it.  IOM_ENOSPC: the ring is full; IOM_EBUSY: a job with
 * lists, while others are under way: there is one page for each side's.
 */
int engine_driver_order(struct engine_driver *driver, const struct engine_job *job);

/*
 * Tells the end of the oldest job that has not been told; false: it has not come, or there is none.
 * Which interrupt was whose cannot be said of jobs that were given together.
 */
bool engine_driver_collect(struct engine_driver *driver, struct engine_report *report);

/* The same registers belong to another engine now, which has gone on where this one was. */
void engine_driver_follow(struct engine_driver *driver, struct dma_engine *engine);

/* Has a job carried out, while no others are under way.  The faults that it causes are reported to the kernel. */
void engine_driver_run(struct engine_driver *driver, const struct engine_job *job,
                       struct engine_report *report);

#endif
