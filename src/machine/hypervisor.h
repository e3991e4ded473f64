/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The hypervisor's part of the machine's kernel: which virtual machines there are, which interrupt
 * files they hold, and whose device a fault is about.
 */
#ifndef MACHINE_HYPERVISOR_H
#define MACHINE_HYPERVISOR_H

#include "machine/imsic.h"
#include "machine/kernel.h"
#include "machine/machine.h"

#define HYPERVISOR_VMS_MAX 8
/* The notice, behind those for each virtual CPU that sleeps, for those that run on a hart. */
#define HYPERVISOR_NOTIFIED 32u

struct vm;

struct hypervisor {
	struct machine *machine;
	struct kernel *kernel;
	struct vm *vms[HYPERVISOR_VMS_MAX];        /* NULL: a free place */
	bool files[IMSIC_HARTS][IMSIC_GUESTS + 1]; /* vm_imsic.c: taken, by hart and guest file */
	uint32_t serials;                          /* that were given out */
	unsigned next_hart; /* where the next virtual CPU goes, if there is room */
};

/* From now on the kernel's fault reports name the virtual machine. */
void hypervisor_init(struct hypervisor *hypervisor, struct machine *machine, struct kernel *kernel);

#endif
