/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Moving a guest to another virtual machine of the same machine, while it and its devices work: its
 * memory is sent in rounds, each of what was stored to since the one before; then it is paused, the
 * rest is sent, and its state goes over.
 */
#ifndef MACHINE_MIGRATE_H
#define MACHINE_MIGRATE_H

#include "machine/vm.h"

/* ---- While it runs --------------------------------------------------------------------------- */

/* Begins to log what is stored to the memory of a virtual machine; all of it counts as stored to. */
int vm_track(struct vm *vm, struct iom_error *error);
/* Ends it; it may not have begun. */
void vm_untrack(struct vm *vm);

struct vm_round {
	uint32_t pages;               /* that were sent                            */
	uint32_t from[DIRTY_SOURCES]; /* that each source had stored to; they may overlap */
};

/*
 * Copies what is dirty to the memory of another virtual machine, always the same one.  IOM_EINVAL: it is
 * not tracked, or the other one has a guest, or not as much memory.
 */
int vm_send(struct vm *vm, struct vm *to, struct vm_round *round, struct iom_error *error);

/* How many pages of the two differ. */
uint32_t vm_compare(const struct vm *vm, const struct vm *to);

/* ---- While it is paused ---------------------------------------------------------------------- */

/*
 * Has devices, CPUs and the guest's IOMMU stand still where they are: nothing is stored to its memory
 * any more.  IOM_EBUSY: an access in the name of a guest's device is under way; ask again after it.
 */
int vm_pause(struct vm *vm, struct iom_error *error);
/* Lets them go on, with what has come meanwhile. */
void vm_resume(struct vm *vm);

/*
 * State beside memory: interrupt files, the guest's IOMMU, devices by their place.  As iom_unit_save;
 * IOM_EINVAL: not paused.
 */
int vm_save(struct vm *vm, void *buf, size_t size, size_t *bytes);
/*
 * Takes such a state over.  The virtual machine is paused, has the guest and its memory already, and
 * a device in each place that has one in the state.  IOM_EINVAL, with a sentence, and nothing changed.
 */
int vm_load(struct vm *vm, const void *buf, size_t size, struct iom_error *error);

/*
 * Moves the guest of one paused virtual machine to another, which waits for it, and its state with it.
 * All that is dirty has been sent.  On refusal, with a sentence, the guest is where it was.
 */
int vm_move(struct vm *vm, struct vm *to, struct iom_error *error);

#endif
