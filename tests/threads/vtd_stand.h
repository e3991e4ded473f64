/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A bare VT-d unit in scalable mode for threads to use, driven by hand: devices 1..VTD_DEVICES, the odd
 * ones with a second stage for requests without PASID, the even ones with a first stage for VTD_PASID,
 * that map VTD_PAGES pages from VTD_IOVA on; interrupts 0, remapped, and 1, posted.
 */
#ifndef TESTS_THREADS_VTD_STAND_H
#define TESTS_THREADS_VTD_STAND_H

#include <iommux/iommux.h>

#include "crew.h"

#define VTD_DEVICES 6
#define VTD_PAGES 8
#define VTD_IOVA 0x7ff000ull
#define VTD_PASID 5u
#define VTD_DID(device) (10ull + (device))
#define VTD_MESSAGE(index) (0xfee00010ull | (index) << 5)

/* GCMD and GSTS */
#define VTD_TE 0x80000000u
#define VTD_RTP 0x40000000u
#define VTD_QIE 0x04000000u
#define VTD_IRE 0x02000000u
#define VTD_IRTP 0x01000000u

struct vtd_stand {
	struct iom_memory *memory;
	struct iom_unit *unit;
	uint8_t *ram;
	uint64_t next; /* free RAM */
	uint64_t root, entries, pages, posted, queue, leaves[VTD_DEVICES + 1];
	uint32_t tail;
	unsigned msis, wrong, waits;
	bool awaited; /* software may wait for a device that has to go before it has its answer */
	bool moving;  /* nobody is to enter */
	pthread_rwlock_t calls; /* a move is alone    */
};

struct vtd_stand *vtd_stand_new(void);
void vtd_stand_free(struct vtd_stand *s);

/* Around calls on the unit, which a move has to come between; not around those below. */
void vtd_enter(struct vtd_stand *s);
void vtd_leave(struct vtd_stand *s);

/* Those of one thread, which is software.  false: not in ten seconds. */
bool vtd_global(struct vtd_stand *s, uint32_t bit, bool on);
/* With an empty queue. */
bool vtd_queue_on(struct vtd_stand *s);
void vtd_descriptor(struct vtd_stand *s, uint64_t qw0, uint64_t qw1);
/* Everything is done that was queued. */
bool vtd_wait(struct vtd_stand *s);
/* Saves the state and loads it again. */
bool vtd_move(struct vtd_stand *s);
/* Resets the unit and sets all up again. */
void vtd_reset(struct vtd_stand *s, bool cold);

/* Where a page of a device leads to: `which` 0 or 1.  vtd_flip makes it so, and says nothing. */
uint64_t vtd_target(unsigned device, unsigned page, unsigned which);
void vtd_flip(struct vtd_stand *s, unsigned device, unsigned page, unsigned which);
/* The same for interrupt 0, and silently again. */
void vtd_retarget(struct vtd_stand *s, unsigned which);

/* Takes fault records and page requests; returns how many of the former. */
unsigned vtd_drain(struct vtd_stand *s);

struct iom_port *vtd_port(struct vtd_stand *s, struct iom_lane *lane, uint32_t device);

#endif
