/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The architectures that a machine can have its IOMMU of: one row each. */
#ifndef MACHINE_ARCH_H
#define MACHINE_ARCH_H

#include <iommux/iommux.h>
#include <iommux/os.h>

#include "machine/interrupts.h"
#include "pt/build.h"

/* The page tables that the CPU of such a machine has for a process. */
struct machine_tables {
	uint32_t format;              /* IOM_FORMAT_*             */
	struct pt_root (*root)(void); /* but for its address      */
	int (*map)(const struct pt_pages *pages, void *ctx, const struct pt_root *root,
	           uint64_t input, uint64_t output, uint64_t bytes, unsigned perm,
	           unsigned memory_type);
	int (*unmap)(const struct pt_pages *pages, void *ctx, const struct pt_root *root,
	             uint64_t input, uint64_t bytes, struct pt_removed *removed);
	enum pt_why (*lookup)(const struct pt_pages *pages, void *ctx, const struct pt_root *root,
	                      uint64_t input, struct pt_result *out);
	void (*release)(const struct pt_pages *pages, void *ctx, const struct pt_root *root,
	                uint64_t tables);
	void (*free)(const struct pt_pages *pages, void *ctx, const struct pt_root *root);
};

struct machine_arch;

/* Who hears of the IOMMUs of a machine and its guests: when one was made, and before it is freed. */
struct machine_units {
	/* `memory` is the unit's; what RAM there is begins at MACHINE_LOW_RAM and MACHINE_HIGH_RAM. */
	void (*made)(void *opaque, struct iom_unit *unit, struct iom_memory *memory,
	             const struct machine_arch *arch, bool guest);
	void (*gone)(void *opaque, struct iom_unit *unit);
	void *opaque;
};

struct machine_arch {
	const char *name;    /* as iommux --arch takes it */
	const char *summary; /* half a line for people    */
	int (*unit_new)(struct iom_memory *memory, const struct iom_host *host, void *opaque,
	                struct iom_unit **out, struct iom_error *error);
	/* One for a guest: it offers what can be stacked on the former. */
	int (*guest_unit_new)(struct iom_memory *memory, const struct iom_host *host, void *opaque,
	                      struct iom_unit **out, struct iom_error *error);
	/* What they are made of: the machine's own, and a guest's; NULL: of another architecture. */
	const struct iom_riscv_config *riscv[2];
	const struct iom_vtd_config *vtd[2];
	int (*driver_new)(const struct iom_driver_config *config, const struct iom_os_host *host,
	                  void *opaque, struct iom_driver **out, struct iom_error *error);
	/* Is a fault of this code about an interrupt, and `iova` its index?  NULL: none is. */
	bool (*of_interrupt)(uint32_t code);
	const struct machine_tables *tables;
	const struct machine_interrupts *interrupts;
	uint32_t requester_last; /* the highest requester number       */
	bool wires;              /* its IOMMUs can interrupt by them   */
};

/* Devices in here answer at once or take milliseconds; a minute would be a long scenario. */
#define MACHINE_ATS_TIMEOUT_NS 10000000u

extern const struct machine_arch machine_riscv, machine_vtd;

/* Ends with NULL; the first one is the default. */
extern const struct machine_arch *const machine_archs[];

/* NULL: no such architecture. */
const struct machine_arch *machine_arch_find(const char *name);

#endif
