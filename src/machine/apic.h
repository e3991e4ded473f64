/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Local APICs, as far as messages are concerned: each CPU has one, which keeps the vectors that came and
 * were not taken.  A message is a store of 4 bytes to the interrupt address range: the address
 * says which CPUs, the data which vector (Intel SDM 3A, "Message Signalled Interrupts").
 */
#ifndef MACHINE_APIC_H
#define MACHINE_APIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define APIC_WINDOW UINT64_C(0xfee00000) /* the interrupt address range */
#define APIC_WINDOW_BYTES 0x100000u
#define APIC_CPUS 4u /* with the APIC IDs 0..3; in x2APIC mode */
#define APIC_VECTORS 256u
#define APIC_VECTOR_FIRST 16u /* those below are never interrupts */

/* Address of a message; in x2APIC mode the ID's upper bits are 63:40 */
#define APIC_DESTINATION UINT64_C(0xff000)
#define APIC_DESTINATION_HIGH UINT64_C(0xffffff0000000000)
#define APIC_LOGICAL 0x4u
#define APIC_REDIRECT 0x8u
/* Data of a message */
#define APIC_VECTOR 0xffu
#define APIC_DELIVERY 0x700u
enum { APIC_FIXED, APIC_LOWEST_PRIORITY };
#define APIC_LEVEL 0x8000u

/* Begins as all zeroes: disabled, it takes nothing. */
struct apic_cpu {
	uint64_t irr[APIC_VECTORS / 64]; /* requested */
	uint64_t tmr[APIC_VECTORS / 64]; /* by a level; as of the last request */
	bool enabled;
	uint64_t arrived; /* vectors that were requested, also again          */
	uint64_t ignored; /* messages that are no interrupt of a vector       */
};

struct apic {
	struct apic_cpu cpus[APIC_CPUS];
	uint64_t lost; /* messages that mean no CPU */
};

/* The vector is requested, if it is one; of a CPU that is disabled nothing is kept. */
void apic_request(struct apic_cpu *cpu, unsigned vector, bool level);
/* The highest vector that is requested, which is taken, or 0. */
unsigned apic_claim(struct apic_cpu *cpu);
bool apic_any(const struct apic_cpu *cpu);
unsigned apic_pending(const struct apic_cpu *cpu);

/*
 * Which of so many CPUs a message means, a bit for each: by ID or by their bit in a set, all with the ID 0xff
 * or 0xffffffff, the first of them if it is for one.
 */
uint32_t apic_targets(uint64_t address, uint32_t data, unsigned cpus);
/* A message comes to a CPU.  Other kinds than fixed and lowest priority are counted as ignored. */
void apic_take(struct apic_cpu *cpu, uint32_t data);
void apic_message(struct apic *apic, uint64_t address, uint32_t data);

/* Where a message to the CPU with this ID goes. */
uint64_t apic_address(uint32_t id);

#endif
