/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What a kernel does around the OS side of the library: it brings the IOMMU's driver up over the
 * machine's registers and memory, takes interrupts and keeps the fault reports.
 */
#ifndef MACHINE_KERNEL_H
#define MACHINE_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include <iommux/os.h>

#include "machine/machine.h"

#define KERNEL_FAULTS_MAX 256

/* Interrupt identities: the IOMMU's vectors, then one for each engine. */
#define KERNEL_IOMMU_IDENTITY 1u
#define KERNEL_IOMMU_VECTORS 4u
#define KERNEL_ENGINE_IDENTITY 32u

struct kernel {
	struct machine *machine;
	struct iom_driver *driver;
	struct iom_os_fault faults[KERNEL_FAULTS_MAX]; /* reported, not yet taken; oldest first */
	unsigned fault_count;
	uint64_t faults_lost; /* reports that came while `faults` was full                  */
	uint64_t iommu_interrupts;
	uint64_t engine_interrupts[MACHINE_ENGINES_MAX];
	uint64_t spurious;  /* interrupts that belong to nobody                           */
	uint64_t cpu_bytes; /* copied by the CPU between buffers                          */
};

/*
 * Brings the driver up; `wires`: the IOMMU signals by wires, else by messages.  On refusal the
 * driver's code and sentence.  `machine` stays the caller's and outlives the kernel.
 */
int kernel_boot(struct machine *machine, bool wires, struct kernel **out, struct iom_error *error);

/* Frees a kernel whose spaces are all freed.  NULL is ignored.  IOM_EBUSY as iom_driver_free. */
int kernel_halt(struct kernel *kernel);

/* Handles every interrupt that is pending now. */
void kernel_interrupts(struct kernel *kernel);

/* Takes the oldest fault report; false: there is none. */
bool kernel_fault(struct kernel *kernel, struct iom_os_fault *fault);

#endif
