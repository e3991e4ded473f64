/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A driver that does to the registers what Linux does, in that order: start-up, submits to the
 * invalidation queue with their recovery, fault and page request handlers.  Every poll has an end; a
 * unit that does not come round fails the test.
 */
#ifndef TESTS_VTD_DRIVER_H
#define TESTS_VTD_DRIVER_H

#include "rig.h"

#define DRIVER_SLOTS 256u

/* What became of a submit */
enum submitted { SUBMIT_DONE, SUBMIT_INVALID, SUBMIT_AGAIN };

struct driver {
	struct rig *r;
	uint32_t gcmd; /* level bits, as the driver remembers them */
	uint64_t now;  /* of iom_step, ns */
	bool wide;
	uint64_t queue, words; /* the ring, and a status word for each slot */
	unsigned next;         /* the free slot behind the last */
	uint64_t irt, root, pages;
	bool scalable;
	unsigned faults; /* that the fault handler has met, and the last of them */
	struct record fault;
	unsigned requests; /* that the page request handler has answered */
	uint32_t iqe, ite, ice;
	uint16_t ite_sid;
	/* What devices do while the driver polls; may be NULL. */
	void (*devices)(struct driver *);
};

/* A driver for a unit that may have been used before. */
void driver_init(struct driver *d, struct rig *r);
/* The interrupt half: fault records, queue, table of 2^16 entries.  The DMA half, up to `TE`. */
void driver_interrupts(struct driver *d, bool x2apic);
void driver_root(struct driver *d, bool scalable);
void driver_page_requests(struct driver *d);
void driver_fault_event(struct driver *d, uint32_t data);
void driver_translate(struct driver *d);

void driver_queue_on(struct driver *d);
/* Puts descriptors and a wait into the ring, and waits; `drain` asks for page requests too. */
enum submitted driver_submit(struct driver *d, const uint64_t (*qw)[4], unsigned n, bool drain);
void driver_flush(struct driver *d, uint64_t qw0, uint64_t qw1);
void driver_flush_all(struct driver *d);

/* What handles the fault event and the page request event. */
void driver_faults(struct driver *d);
void driver_serve_pages(struct driver *d);

#endif
