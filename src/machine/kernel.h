/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What a kernel does around the OS side of the library: it brings up a driver for each IOMMU of its
 * board, takes interrupts and keeps the fault reports.  A guest's kernel is one too; it may have
 * no IOMMU.
 */
#ifndef MACHINE_KERNEL_H
#define MACHINE_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include <iommux/os.h>

#include "machine/board.h"

#define KERNEL_FAULTS_MAX 256
#define KERNEL_ENGINES_MAX 32

/*
 * Interrupt identities, such as every architecture has: one for each engine, each IOMMU's vectors, and what
 * a hypervisor wants to hear of its virtual CPUs.
 */
#define KERNEL_ENGINE_IDENTITY 32u
#define KERNEL_IOMMU_IDENTITY 64u
#define KERNEL_IOMMU_VECTORS 4u
#define KERNEL_NOTICE_IDENTITY 80u
#define KERNEL_NOTICES 33u
/* ... and one for each pin of an I/O APIC. */
#define KERNEL_PIN_IDENTITY 128u
#define KERNEL_PINS 24u

struct kernel_iommu {
	struct kernel *kernel;
	unsigned number;
	struct iom_driver *driver;
};

struct kernel_fault {
	struct iom_os_fault what;
	unsigned iommu; /* that reported it        */
	bool interrupt; /* it is about an interrupt, and what.iova its index */
	uint32_t
		owner; /* the virtual machine that the device was of, by its serial number; 0: none */
};

struct kernel_pin {
	bool used;
	uint32_t interrupt; /* the IOMMU's number for it */
	uint64_t interrupts;
};

struct kernel {
	const struct board *board;
	struct kernel_iommu iommus[BOARD_IOMMUS_MAX];
	struct kernel_fault faults[KERNEL_FAULTS_MAX]; /* reported, not yet taken; oldest first */
	unsigned fault_count;
	uint64_t faults_lost; /* reports that came while `faults` was full                  */
	/* Hears of each fault first, if set; a hypervisor does. */
	void (*on_fault)(void *opaque, struct kernel_fault *fault);
	void *on_fault_opaque;
	/* Hears of notices, if set: which of them came to which CPU. */
	void (*on_notice)(void *opaque, unsigned cpu, unsigned number);
	void *on_notice_opaque;
	struct process *processes;
	uint64_t iommu_interrupts;
	uint32_t engine_slots; /* a bit for each engine that has an identity             */
	uint64_t engine_interrupts[KERNEL_ENGINES_MAX];
	uint64_t cpu_interrupts[BOARD_CPUS_MAX]; /* of devices, by the CPU that took them */
	struct kernel_pin pins[KERNEL_PINS];
	uint64_t spurious;  /* interrupts that belong to nobody                           */
	uint64_t cpu_bytes; /* copied by the CPU between buffers                          */
};

/*
 * Brings the drivers up; `wires`: the IOMMUs signal by wires, else by messages.  On refusal the
 * driver's code and sentence.  `board` stays the caller's and outlives the kernel.
 */
int kernel_boot(const struct board *board, bool wires, struct kernel **out,
                struct iom_error *error);

/* Frees a kernel whose spaces are all freed.  NULL is ignored.  IOM_EBUSY as iom_driver_free. */
int kernel_halt(struct kernel *kernel);

/* Handles every interrupt that is pending now. */
void kernel_interrupts(struct kernel *kernel);

/* Takes the oldest fault report; false: there is none. */
bool kernel_fault(struct kernel *kernel, struct kernel_fault *fault);

/* Gives an engine's driver a number for its interrupt.  IOM_ENOSPC: KERNEL_ENGINES_MAX have one. */
int kernel_engine_take(struct kernel *kernel, unsigned *slot);
void kernel_engine_give(struct kernel *kernel, unsigned slot);

/* How often the hardware of any IOMMU had to drop faults. */
uint64_t kernel_overflows(const struct kernel *kernel);

#endif
