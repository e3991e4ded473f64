/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A process of a kernel: virtual memory with page tables of its own, which the CPU walks and devices
 * walk too.  Memory is only promised at first; a page comes when the CPU or a device touches it.
 */
#ifndef MACHINE_PROCESS_H
#define MACHINE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/engine_driver.h"
#include "machine/kernel.h"

#define PROCESS_FIRST UINT64_C(0x10000000) /* where its memory begins      */
#define PROCESS_BYTES_MAX (UINT64_C(1) << 30)

struct process {
	struct kernel *kernel;
	struct process *next;
	uint32_t pasid;
	struct pt_root root;
	struct iom_domain *domains[BOARD_IOMMUS_MAX]; /* as many as the kernel has IOMMUs */
	uint64_t end;         /* of the memory that was promised                   */
	uint64_t pages;       /* that it has now                                   */
	uint64_t asked;       /* for pages, by devices                             */
	uint64_t refused;     /* of those                                          */
	uint64_t asks_to_end; /* it ends when so many were asked for; 0: it does not */
	struct engine_driver *engines[KERNEL_ENGINES_MAX]; /* that work for it, by slot */
	bool ended;
};

/* IOM_ENOTSUP: the kernel has no IOMMU, or none that can read the CPU's tables; IOM_ENOMEM. */
int process_new(struct kernel *kernel, struct process **out, struct iom_error *error);

/* Ends a process: no device works for it any more, and its memory is free.  Once is enough. */
int process_end(struct process *process, struct iom_error *error);
/* Ends it and frees it.  NULL is ignored. */
void process_free(struct process *process);

/* Promises whole pages that hold `bytes`; a page that nobody has follows.  IOM_ENOSPC. */
int process_promise(struct process *process, uint64_t bytes, uint64_t *at, struct iom_error *error);

/* Lets a device work for the process, or no longer. */
int process_attach(struct process *process, struct engine_driver *driver, struct iom_error *error);
int process_detach(struct process *process, struct engine_driver *driver, struct iom_error *error);

/* The CPU's pointer to a byte of the process, whose page comes if need be; NULL: there is none. */
uint8_t *process_at(struct process *process, uint64_t address);

/* Where the process's page is now.  IOM_ENOENT: it has none there. */
int process_lookup(struct process *process, uint64_t address, uint64_t *phys);

/* Takes a page away, from devices too; it comes back empty.  IOM_ENOENT: there is none. */
int process_drop(struct process *process, uint64_t address, struct iom_error *error);

/* A device asks for a page of whatever process. */
void process_asked(struct kernel_iommu *iommu, const struct iom_os_page_request *request);

#endif
