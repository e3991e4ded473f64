/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Saving a unit and loading it elsewhere: migration, suspended machines, bug reports.
 */
#ifndef IOMMUX_SNAPSHOT_H
#define IOMMUX_SNAPSHOT_H

#include <stddef.h>

#include <iommux/error.h>
#include <iommux/unit.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Writes the unit's state, with commands and records that are under way, to `buf`.  At any moment
 * between two calls, also while sections are open; no other call on the unit may be under way.
 * Caches are not part of it, nor are memory, endpoints, lanes and ports.  *bytes becomes the length.
 * IOM_ENOSPC: `size` is too small, and *bytes says what it takes; `buf` may then be NULL.
 */
int iom_unit_save(struct iom_unit *unit, void *buf, size_t size, size_t *bytes);

/*
 * Takes over a state that was saved from a unit of the same configuration; no other call on the unit
 * may be under way.  Work that was parked goes on at once, on the new host, or when a stopped unit is
 * started: this may call every function of host and memory.  Wires that were high fall, and wires that
 * are high are told.  Sections that are open here are waited for, those of the saved unit are not.  Time
 * passes from the next iom_step on: the state may be from another clock, or from earlier on this one.
 * IOM_EINVAL: not such a state, or of another version or configuration; `error`, which may be NULL,
 * says what, and the unit is unchanged.
 */
int iom_unit_load(struct iom_unit *unit, const void *buf, size_t size, struct iom_error *error);

#ifdef __cplusplus
}
#endif
#endif
