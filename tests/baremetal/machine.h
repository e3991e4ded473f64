/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What an architecture gives the tests: a console, a clock, memory, PCI, and its IOMMU.  Physical
 * addresses are the CPU's pointers: no paging, or one that maps everything to itself.
 */
#ifndef BAREMETAL_MACHINE_H
#define BAREMETAL_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iommux/os.h>

#include "tap.h"

/* ---- The CPU --------------------------------------------------------------------------------- */

void console_put(char c);
_Noreturn void machine_stop(void);
uint64_t clock_ns(void);

/* Loads and stores of device registers; stores come behind all earlier stores to memory. */
uint64_t mmio_read(uint64_t address, unsigned size);
void mmio_write(uint64_t address, unsigned size, uint64_t val);

/* ---- What the firmware says ------------------------------------------------------------------ */

struct machine {
	uint64_t ecam;               /* config space of PCI segment 0, bus 0 and further */
	uint64_t bars, bars_end;     /* for BARs that have no address; 0: all have       */
	uint64_t memory, memory_end; /* free memory                                      */
	uint64_t far;                /* a free page above 4 GiB; 0: there is none        */
};

/* Fills it from what the boot loader passed; false: something is missing, and it was said. */
bool machine_start(const void *boot, struct machine *machine);

/* ---- Interrupts ------------------------------------------------------------------------------ */

#define CPUS 2u /* the boot CPU is 0 */

/* Vectors of x86, identities of RISC-V's files: small ones mean something else. */
#define VECTOR_UNIT 0x30u /* the IOMMU's own: UNIT_VECTORS of them */
#define UNIT_VECTORS 4u
#define VECTOR_FREE 0x40u

/* Starts the other CPU, and lets both take interrupts.  False: this machine takes no messages. */
bool interrupts_start(void);
/* How many interrupts of this vector the CPU has taken. */
unsigned interrupts_seen(unsigned cpu, unsigned vector);
/*
 * Waits until the CPU has taken more than `before` of them; false: none came.  Longer than an
 * emulator may let one CPU wait for the other.
 */
#define INTERRUPT_NS UINT64_C(500000000)
bool interrupts_wait(unsigned cpu, unsigned vector, unsigned before);
/* The message that reaches a vector of a CPU, if nobody remaps it. */
struct iom_interrupt_message interrupts_message(unsigned cpu, unsigned vector);

/* ---- The IOMMU ------------------------------------------------------------------------------- */

/* Codes of faults, as this unit's manual numbers them. */
struct unit_codes {
	uint32_t unattached, absent_read, absent_write, no_write, beyond;
};

struct unit {
	const char *name;
	uint64_t registers;
	struct iom_driver_config config; /* without remapped interrupts */
	int (*bring_up)(const struct iom_driver_config *config, const struct iom_os_host *host,
	                void *opaque, struct iom_driver **out, struct iom_error *error);
	struct unit_codes codes;
	unsigned leaf_lg2;   /* of the largest pages that its tables have               */
	uint64_t fault_unit; /* records tell addresses as multiples of this             */
};

/* Finds the IOMMU that serves the devices with these RIDs. */
bool unit_find(const uint16_t *rids, size_t count, struct unit *unit);

/* Tests that are the architecture's own. */
extern const struct test machine_tests[];
extern const size_t machine_test_count;

#endif
