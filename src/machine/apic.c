/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Local APICs. */
#include "machine/apic.h"

#include "base/bits.h"

#define BROADCAST_XAPIC 0xffu
#define BROADCAST UINT32_MAX

/* ---- One of them ----------------------------------------------------------------------------- */

void apic_request(struct apic_cpu *cpu, unsigned vector, bool level)
{
	uint64_t bit = IOM_BIT(vector % 64);
	unsigned word = vector / 64;

	if (!cpu->enabled || vector < APIC_VECTOR_FIRST || vector >= APIC_VECTORS) {
		cpu->ignored++;
		return;
	}
	cpu->arrived++;
	cpu->irr[word] |= bit;
	cpu->tmr[word] = level ? cpu->tmr[word] | bit : cpu->tmr[word] & ~bit;
}

unsigned apic_claim(struct apic_cpu *cpu)
{
	for (unsigned i = IOM_COUNT(cpu->irr); i--;) {
		unsigned bit;

		if (!cpu->irr[i])
			continue;
		bit = iom_log2(cpu->irr[i]);
		cpu->irr[i] &= ~IOM_BIT(bit);
		return i * 64 + bit;
	}
	return 0;
}

bool apic_any(const struct apic_cpu *cpu)
{
	return cpu->irr[0] | cpu->irr[1] | cpu->irr[2] | cpu->irr[3];
}

unsigned apic_pending(const struct apic_cpu *cpu)
{
	unsigned count = 0;

	for (unsigned vector = 0; vector < APIC_VECTORS; vector++)
		count += cpu->irr[vector / 64] >> vector % 64 & 1;
	return count;
}

/* ---- Messages -------------------------------------------------------------------------------- */

/*
 * As in x2APIC mode: sets are clusters of 16, with the cluster's number in the upper half.  The sets of 8
 * CPUs that xAPIC mode has ("flat model") have the same bits in the only cluster that is here.
 */
static bool means(uint32_t destination, bool logical, uint32_t id)
{
	if (destination == BROADCAST || (destination == BROADCAST_XAPIC && !logical))
		return true;
	if (logical)
		return destination >> 16 == id >> 4 && destination >> (id & 15) & 1;
	return destination == id;
}

uint32_t apic_targets(uint64_t address, uint32_t data, unsigned cpus)
{
	uint32_t destination = (uint32_t)(IOM_GET(APIC_DESTINATION, address) |
	                                  IOM_GET(APIC_DESTINATION_HIGH, address) << 8);
	bool one = IOM_GET(APIC_DELIVERY, data) == APIC_LOWEST_PRIORITY || address & APIC_REDIRECT;
	uint32_t targets = 0;

	for (uint32_t id = 0; id < cpus && !(one && targets); id++)
		if (means(destination, address & APIC_LOGICAL, id))
			targets |= (uint32_t)IOM_BIT(id);
	return targets;
}

void apic_take(struct apic_cpu *cpu, uint32_t data)
{
	unsigned kind = IOM_GET(APIC_DELIVERY, data);

	if (kind == APIC_FIXED || kind == APIC_LOWEST_PRIORITY)
		apic_request(cpu, data & APIC_VECTOR, data & APIC_LEVEL);
	else
		cpu->ignored++;
}

void apic_message(struct apic *apic, uint64_t address, uint32_t data)
{
	uint32_t targets = apic_targets(address, data, APIC_CPUS);

	apic->lost += !targets;
	for (; targets; targets &= targets - 1)
		apic_take(&apic->cpus[iom_ctz(targets)], data);
}

uint64_t apic_address(uint32_t id)
{
	return APIC_WINDOW | IOM_PUT(APIC_DESTINATION, id & 0xff) |
	       IOM_PUT(APIC_DESTINATION_HIGH, id >> 8);
}
