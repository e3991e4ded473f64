/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Posted interrupts: into a descriptor in memory, of 64 bytes ("Posted Interrupt Descriptor"). */
#include "interrupts.h"

#include "../bed.h"
#include "apic.h"
#include "unit.h"

#define CAP_PI (UINT64_C(1) << 59)

#define VIRTUAL 0x95u /* the virtual CPU's vector  */
#define NOTICE (VECTOR_FREE + 9)

/* The word behind the 256 bits of pending vectors */
#define STATE 4
#define ON 0x1u
#define SN 0x2u
#define NV(vector) ((uint64_t)(vector) << 16)
#define NDST(id) ((uint64_t)(id) << 32)

static bool is_pending(const volatile uint64_t *descriptor)
{
	return descriptor[VIRTUAL / 64] >> VIRTUAL % 64 & 1;
}

/* An interrupt of device 0 goes to a descriptor, whose notifications go to the other CPU. */
static volatile uint64_t *posting(uint32_t *index)
{
	volatile uint64_t *descriptor = bed_memory(PAGE);
	uint32_t id = unit_x86.ecap & ECAP_EIM ? apic_id(1) : apic_id(1) << 8;
	const struct iom_interrupt_target target = { .descriptor = phys((const void *)descriptor),
		                                     .vector = VIRTUAL };

	if (!(unit_x86.cap & CAP_PI)) {
		tap_skip("the unit posts no interrupts");
		return NULL;
	}
	if (!remapping())
		return NULL;
	descriptor[STATE] = NV(NOTICE) | NDST(id);
	if (own_interrupt(0, index) && !iom_interrupt_set(bed.driver, *index, &target))
		return descriptor;
	tap_fail(__FILE__, __LINE__, "an interrupt is posted");
	return NULL;
}

void interrupt_posted(void)
{
	uint32_t index;
	volatile uint64_t *descriptor = posting(&index);

	if (!descriptor)
		return;
	CHECK(signals_to(0, 1, NOTICE));
	CHECK(is_pending(descriptor));
	CHECK(descriptor[STATE] & ON);
	/* From the descriptor to a CPU, and nothing to the descriptor any more */
	descriptor[VIRTUAL / 64] = 0;
	CHECK(!go_to(index, 0, VECTOR_FREE));
	CHECK(signals_to(0, 0, VECTOR_FREE));
	CHECK(!is_pending(descriptor));
	CHECK_EQ(bed_faults(), 0);
}

/* While ON is set, or SN, vectors become pending without a notification. */
void interrupt_posted_again(void)
{
	uint32_t index;
	volatile uint64_t *descriptor = posting(&index);

	if (!descriptor)
		return;
	descriptor[STATE] |= ON;
	CHECK(signals_nobody(0));
	CHECK(is_pending(descriptor));
	descriptor[VIRTUAL / 64] = 0;
	descriptor[STATE] = (descriptor[STATE] & ~(uint64_t)ON) | SN;
	CHECK(signals_nobody(0));
	CHECK(is_pending(descriptor));
	CHECK(!(descriptor[STATE] & ON));
	descriptor[STATE] &= ~(uint64_t)SN;
	CHECK(signals_to(0, 1, NOTICE));
	CHECK_EQ(bed_faults(), 0);
}
