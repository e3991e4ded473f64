/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What a unit needs from the program that embeds it, besides memory (memory.h).
 *
 * Every function may be NULL; what happens then stands beside it.  All are called with the `opaque`
 * given at creation, on some thread that is in a call of the library (unit.h).  They may call back
 * into the library, also into the same unit (a device that rings a doorbell from inside an access).
 */
#ifndef IOMMUX_HOST_H
#define IOMMUX_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iommux/error.h>

struct iom_message;

#ifdef __cplusplus
extern "C" {
#endif

struct iom_host {
	size_t bytes; /* sizeof(struct iom_host) */

	/*
	 * Memory for the unit itself: `size` bytes aligned to 64, or NULL.  Called by constructors
	 * only, never while translating.  NULL: the C library's allocator.  Give both or neither.
	 */
	void *(*alloc)(void *opaque, size_t size);
	void (*free)(void *opaque, void *memory, size_t size);

	/*
	 * The unit itself signals an interrupt by message, or sends on a device's that it has remapped:
	 * the 4 bytes `data`, as a little-endian bus carries them, go to `address`.  Returns IOM_OK or
	 * IOM_EFAULT.  NULL: the unit stores the bytes through its memory, as its bus mastering would.
	 * What a device's message calls for comes on the thread of the device, inside its access section.
	 */
	int (*msi)(void *opaque, uint64_t address, uint32_t data);

	/*
	 * What iom_msi_translate answered may hold no more, for messages with handles (VT-d: indices of
	 * the interrupt remapping table) first..last; 0..UINT32_MAX: for all.  Called before software is
	 * told that its change is complete; a route must be out of use by the return.  NULL: nobody
	 * has asked.
	 */
	void (*interrupts_changed)(void *opaque, uint32_t first, uint32_t last);

	/*
	 * A message to the device that is `requester` to this unit.  NULL: devices do not listen; what
	 * they are asked to answer ends by time-out alone (iom_step).
	 */
	void (*message)(void *opaque, uint32_t requester, const struct iom_message *message);

	/* Interrupt wire number `wire` of the unit changes to `level`.  NULL: nobody listens. */
	void (*wire)(void *opaque, unsigned wire, bool level);

	/*
	 * Software asked that earlier device reads and/or writes be globally observable before the
	 * unit goes on (RISC-V IOFENCE.C PR and PW).  The embedder flushes what it has posted.
	 * NULL: every access is complete when its call returns.
	 */
	void (*order)(void *opaque, bool reads, bool writes);

	/*
	 * The library stored `len` bytes at `spa`, inside one region flagged IOM_REGION_TRACK: device
	 * data, queue entries, status words.  Called after the store.  Stores that a device makes
	 * through reply.host are the embedder's own to report.  NULL: nobody tracks.
	 */
	void (*dirty)(void *opaque, uint64_t spa, uint64_t len);

	/*
	 * May this thread do the unit's work: carry out commands, store records, send the unit's own
	 * interrupts and messages, tell a backend?  Asked before it, if there is any.  False: all of it waits,
	 * and with it what software would be told of as complete, until a thread that may is in a call on the
	 * unit; the host sees to it that iom_step is soon called by one.  For embedders whose callbacks need
	 * a lock that not every thread may wait for.  It does not call the library.  NULL: every thread may.
	 */
	bool (*may_work)(void *opaque);
};

#ifdef __cplusplus
}
#endif
#endif
