/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Invalidations of devices' caches that are under way (PCI Express, "Address Translation Services"):
 * which device was asked, how many of its completions have come, and how long it may still take.
 * All of it is under the unit's lock; whether there is any may be read without.
 */
#ifndef MODEL_ITAGS_H
#define MODEL_ITAGS_H

#include <iommux/message.h>

#include "base/bits.h"
#include "model/work.h"

struct iom_stream;

/* The ITags that there are. */
#define IOM_ITAGS 32

struct iom_itag {
	uint32_t requester;
	uint32_t
		function; /* whose limit of pending invalidations it counts against, if there is one */
	uint8_t answers; /* that have come                                */
	uint64_t left;   /* ns that the device may still take for the rest */
};

struct iom_itags {
	uint32_t used; /* a bit each */
	struct iom_itag itag[IOM_ITAGS];
};

static inline bool iom_itags_any(const struct iom_itags *itags)
{
	return iom_peek_acquire(&itags->used);
}

/*
 * Worker, not under the lock: takes an ITag of the unit's for `what`, of which requester, function and
 * left are filled.  `most`: no more than so many of the function may be under way.  False: that is
 * reached, all are in use, or a reset has overtaken who asks.
 */
bool iom_itag_take(struct iom_unit *unit, struct iom_itags *itags, const struct iom_itag *what,
                   unsigned most, unsigned *tag);

/* Which of these ITags, a bit each, does this device have nothing to say about? */
uint32_t iom_itags_strange_locked(const struct iom_itags *itags, uint32_t requester, uint32_t tags);
/* Counts an Invalidate Completion, as far as it is about the device's own.  Returns those free now. */
uint32_t iom_itags_answered_locked(struct iom_itags *itags, uint32_t requester,
                                   const struct iom_message *message);
/* So much time has passed.  Returns those whose time is over; they are free. */
uint32_t iom_itags_step_locked(struct iom_itags *itags, uint64_t passed_ns);
/* A device that is gone caches nothing any more.  Returns those that are free now. */
uint32_t iom_itags_removed_locked(struct iom_itags *itags, uint32_t requester);
void iom_itags_reset_locked(struct iom_itags *itags);

/* For snapshots.  False: no unit with such requesters and such a time-out can have written this. */
void iom_itags_save_locked(const struct iom_itags *itags, struct iom_stream *stream);
bool iom_itags_load(struct iom_itags *itags, struct iom_stream *stream, uint32_t requester_last,
                    uint64_t timeout_ns);
/* Takes over what was loaded. */
void iom_itags_set_locked(struct iom_itags *itags, const struct iom_itags *loaded);

/* The 2^n bytes that an Invalidate Request names: with S the size stands at the address's lowest 0. */
static inline unsigned iom_itag_range_lg2(uint64_t address, bool s)
{
	uint64_t page = address >> 12;

	if (!s)
		return 12;
	return ~page & iom_low(52) ? 13 + iom_ctz(~page) : 64;
}

#endif
